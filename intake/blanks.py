"""The office's own forms as Word files: blank ones to send out, filled ones for the demo and the tests.

In: a form's specification and values. Out: the bytes of a .docx in the layout of the notice's appendices: a title, one
table of labels and values (two pairs a row where a form has many short fields), a note. The same input always gives the
same bytes. Stage after: a letter's attachment. Must not: read a clock or a file.

Home of python-docx for writing; `parsers.readers.word` is its home for reading.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import docx
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt

from parsers.document import EMPTY_BOX, TICKED
from parsers.forms import FieldSpec, FieldType, FormSpec
from parsers.text import clean

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph

# Fonts and sizes of official documents (GB/T 9704-2012 §7.2: 小标宋 or 宋体 title, 仿宋 body; tables one size down).
_TITLE_FONT, _TITLE_SIZE = "宋体", Pt(18)
_BODY_FONT, _BODY_SIZE = "仿宋", Pt(16)
_CELL_SIZE, _NOTE_SIZE = Pt(14), Pt(12)

# Fields whose values are a few characters: two of them share a row in a form of many fields, as in 附件2 of the notice.
_SHORT = frozenset({FieldType.PERSON, FieldType.GENDER, FieldType.POSITION, FieldType.MOBILE, FieldType.PHONE})
_MANY_FIELDS = 7  # 附件1 has five and gives each its own row, 附件2 nine

_PAIRED_WIDTHS = (Cm(3.0), Cm(4.8), Cm(3.0), Cm(4.8))  # A4 less the margins: 15.6 cm
_SINGLE_WIDTHS = (Cm(4.6), Cm(11.0))
_ROW_HEIGHT, _TEXT_HEIGHT = Cm(1.2), Cm(4.0)

_SPACE = "\u3000"  # IDEOGRAPHIC SPACE: 姓　名
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the zip format's first day: a file must not depend on the day it was made


def docx_form(form: FormSpec, values: Mapping[str, object] | None = None, *, note: str = "") -> bytes:
    """Given a form and values by field key, return it as a .docx; a field without a value stays empty.

    A yes/no field shows two boxes, ticked by True or False. `note` is the line under the table (注：…).
    """
    given = values or {}
    document = _new_document(form.title)
    rows = tuple(_rows(form.fields))
    widths = _PAIRED_WIDTHS if any(len(row) == 2 for row in rows) else _SINGLE_WIDTHS
    table = document.add_table(rows=len(rows), cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for number, fields in enumerate(rows):
        for cell, width in zip(table.rows[number].cells, widths, strict=True):
            cell.width = width  # Word goes by the cells, LibreOffice by the columns
        _fill_row(table, number, fields, given)
    # Always a last paragraph, as Word has one: LibreOffice 7.4 saves a table that ends the text as a .doc without its cells.
    _write(document.add_paragraph(), note, size=_NOTE_SIZE)
    return _saved(document)


def docx_document(title: str, lines: Sequence[str]) -> bytes:
    """Given a title and the lines of a text, return it as a .docx: what a unit would write as its 活动总结."""
    document = _new_document(title)
    for line in lines:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.first_line_indent = _BODY_SIZE * 2
        _write(paragraph, line, size=_BODY_SIZE)
    return _saved(document)


def _rows(fields: Sequence[FieldSpec]) -> Iterator[tuple[FieldSpec, ...]]:
    """Yield the fields row by row: one or two a row, in the form's order."""
    waiting: FieldSpec | None = None
    for field in fields:
        if len(fields) < _MANY_FIELDS or field.type not in _SHORT:
            if waiting is not None:
                yield (waiting,)
                waiting = None
            yield (field,)
        elif waiting is None:
            waiting = field
        else:
            yield (waiting, field)
            waiting = None
    if waiting is not None:
        yield (waiting,)


def _fill_row(table: "Table", number: int, fields: tuple[FieldSpec, ...], values: Mapping[str, object]) -> None:
    row = table.rows[number]
    tall = any(field.type is FieldType.TEXT for field in fields)
    row.height_rule = WD_ROW_HEIGHT_RULE.AT_LEAST
    row.height = _TEXT_HEIGHT if tall else _ROW_HEIGHT
    cells = row.cells
    if len(fields) == 1 and len(cells) > 2:
        cells = (cells[0], cells[1].merge(cells[-1]))
    for field, label, value in zip(fields, cells[0::2], cells[1::2], strict=True):
        _fill(label, _spread(field.label), centered=True)
        _fill(value, _shown(field, values.get(field.key)), centered=len(fields) == 2)


def _fill(cell: "_Cell", text: str, *, centered: bool) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph = cell.paragraphs[0]
    if centered:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(paragraph, text, size=_CELL_SIZE)


def _spread(label: str) -> str:
    """Given a label, return it as printed forms set it: two characters are spread."""
    return f"{label[0]}{_SPACE}{label[1]}" if len(label) == 2 else label


def _shown(field: FieldSpec, value: object) -> str:
    if field.type is FieldType.YESNO and (value is None or isinstance(value, bool)):
        yes, no = (TICKED if value is True else EMPTY_BOX), (TICKED if value is False else EMPTY_BOX)
        return f"{yes}是{_SPACE}{no}否"
    return "" if value is None else str(value)


def _new_document(title: str) -> "Document":
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.7)
    section.top_margin = section.bottom_margin = Cm(3.0)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = clean(title, limit=200), "", ""
    heading = document.add_paragraph()
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
    heading.paragraph_format.space_after = Pt(18)
    _write(heading, title, size=_TITLE_SIZE, font=_TITLE_FONT, bold=True)
    return document


def _write(paragraph: "Paragraph", text: str, *, size: Length, font: str = _BODY_FONT, bold: bool = False) -> None:
    # Cleaned: a control character would make a file that Word refuses to open.
    run = paragraph.add_run(clean(text))
    run.bold = bold or None
    run.font.size = size
    run.font.name = font
    # python-docx sets the western fonts only.
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)  # noqa: SLF001


def _saved(document: "Document") -> bytes:
    """Return the package with the date of every member fixed: zipfile would write the present time."""
    written, fixed = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            target.writestr(zipfile.ZipInfo(member.filename, _EARLIEST), source.read(member), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
