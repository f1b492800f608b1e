"""Workbooks made in code: by openpyxl, and with the sheet's XML changed by hand where openpyxl would not write it."""

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

import openpyxl
from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from tests.builders.layouts import Box, width
from tests.builders.word import zipped

WORKSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"


def workbook(fill: Callable[[Worksheet], None], *more: tuple[str, Callable[[Worksheet], None]]) -> bytes:
    """Given a function that fills the first sheet (named 表) and further named sheets, return the file."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "表"
    fill(sheet)
    for name, fill_more in more:
        fill_more(book.create_sheet(name))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def changed(data: bytes, changes: Mapping[str, Callable[[str], str]]) -> bytes:
    """Given a workbook and changes by part name, return it with those parts rewritten."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        parts[name] = change(parts[name].decode()).encode()
    return zipped(parts)


def shared(data: bytes) -> bytes:
    """Given a workbook of openpyxl (texts inside the cells), return it with shared strings, as Excel and WPS write it."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    strings: list[str] = []

    def share(match: re.Match[str]) -> str:
        strings.append(match.group(2))
        return f'{match.group(1)} t="s"><v>{len(strings) - 1}</v></c>'

    for name, content in parts.items():
        if name.startswith("xl/worksheets/"):
            parts[name] = re.sub(r'(<c [^>]*?) t="inlineStr"><is>(.*?)</is></c>', share, content, flags=re.DOTALL)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    items = "".join(f"<si>{content}</si>" for content in strings)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{WORKSHEET}">{items}</sst>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    )
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>", f'<Relationship Id="shared" Type="{link}" Target="sharedStrings.xml"/></Relationships>'
    )
    return zipped(parts)


def xlsx_form(title: str, boxes: Sequence[Sequence[Box]], above: Sequence[str], below: Sequence[str]) -> bytes:
    """Given a form, return it as a workbook: the title merged over the table, numbers stored as text."""

    def fill(sheet: Worksheet) -> None:
        columns = width(boxes)
        number = 0
        for text in (*above, title):
            number += 1
            sheet.cell(number, 1, text)
            if text == title and columns > 1:
                sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=columns)
        for line in boxes:
            number += 1
            column = 1
            for box in line:
                sheet.cell(number, column, box.text or None)
                if box.columns > 1:
                    sheet.merge_cells(
                        start_row=number, end_row=number, start_column=column, end_column=column + box.columns - 1
                    )
                column += box.columns
        for text in below:
            number += 1
            sheet.cell(number, 1, text)

    return shared(workbook(fill))


def printable_form(title: str, boxes: Sequence[Sequence[Box]], above: Sequence[str], below: Sequence[str]) -> bytes:
    """The same form as an office prints it: ruled, wrapped, on one page across."""
    book = openpyxl.load_workbook(BytesIO(xlsx_form(title, boxes, above, below)))
    sheet = book.active
    thin = Side(style="thin")
    first = len(above) + 2
    for line in sheet.iter_rows(min_row=first, max_row=first + len(boxes) - 1, max_col=width(boxes)):
        for cell in line:
            cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
    for column in range(1, width(boxes) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = max(24, 80 / width(boxes))
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def spreadsheet_2003(title: str, boxes: Sequence[Sequence[Box]], above: Sequence[str], below: Sequence[str]) -> bytes:
    """The same form as Excel 2003 XML, which LibreOffice reads and no longer writes."""
    rows = [[Box(line, width(boxes))] for line in (*above, title)]
    rows += [list(line) for line in boxes] + [[Box(line, width(boxes))] for line in below]
    cells = "".join(f"<Row>{''.join(map(_cell_2003, line))}</Row>" for line in rows)
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        f'<Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet ss:Name="Sheet1"><Table>{cells}</Table></Worksheet></Workbook>'
    ).encode()


def _cell_2003(box: Box) -> str:
    merged = f' ss:MergeAcross="{box.columns - 1}"' if box.columns > 1 else ""
    return f'<Cell{merged}><Data ss:Type="String">{escape(box.text)}</Data></Cell>'
