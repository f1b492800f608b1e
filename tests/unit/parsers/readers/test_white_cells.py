"""White text on white cells is no value; white text on anything else is (workbooks of every kind)."""

from collections.abc import Callable

import pytest
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Color, Font, GradientFill, PatternFill

from parsers.document import DEFAULT_BUDGET, Document, NoteCode
from parsers.readers import excel, ods, oldexcel
from tests.builders.excel import SHEET, changed, shared, workbook
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.oldexcel import EOF, file_of, old_workbook, records
from tests.builders.word import zipped
from tests.unit.parsers.readers.seeing import codes, seen

WHITE = Font(color="FFFFFFFF")
BLUE, PAPER = PatternFill("solid", fgColor="FF1F3864"), PatternFill("solid", fgColor="FFFFFFFF")
SECRET = "13900000001"


def is_read(document: Document) -> bool:
    """Whether the white value was read; the note must agree."""
    found = SECRET in str(document.blocks)
    assert found is (NoteCode.HIDDEN_TEXT not in codes(document))
    assert "单位" in str(document.blocks)
    return found


def new(font: Font = WHITE, fill: object = None, value: object = SECRET, number_format: str = "General") -> bytes:
    def write(sheet) -> None:
        sheet["A1"] = "单位"
        cell = sheet["B1"]
        cell.value, cell.font, cell.number_format = value, font, number_format
        if fill is not None:
            cell.fill = fill

    return workbook(write)


def read(data: bytes) -> Document:
    return excel.read(data, DEFAULT_BUDGET)


@pytest.mark.parametrize("value", [SECRET, int(SECRET)])
@pytest.mark.parametrize(
    "data",
    [
        lambda value: new(value=value),
        lambda value: shared(new(value=value)),
        lambda value: new(Font(color="FFF2F2F2"), value=value),
        lambda value: new(Font(color=Color(theme=0)), value=value),
        lambda value: new(Font(color=Color(theme=0, tint=-0.0499893185216834)), value=value),
        lambda value: new(Font(color=Color(indexed=9)), value=value),
        lambda value: new(fill=PAPER, value=value),
        lambda value: new(fill=PatternFill("solid", fgColor=Color(theme=0)), value=value),
        lambda value: new(value=value, number_format="[>9]0;0"),
    ],
)
def test_white_text_in_a_white_cell_is_hidden(data: Callable[[object], bytes], value: object) -> None:
    assert not is_read(read(data(value)))


@pytest.mark.parametrize(
    "data",
    [
        new(Font(color="FFD9D9D9")),
        new(Font(color=Color(theme=1))),
        new(Font(color=Color(theme=0, tint=-0.15))),
        new(Font(color=Color(indexed=64))),
        new(Font(color="FFFFFFFF", outline=True)),
        new(fill=BLUE),
        new(fill=PatternFill("solid", fgColor=Color(theme=4))),
        new(fill=PatternFill("gray125", fgColor="FFFFFFFF")),
        new(fill=GradientFill(stop=("FFFFFF", "FFFFFF"))),
        new(value=int(SECRET), number_format="[Red]0"),
    ],
)
def test_text_in_a_cell_that_may_be_seen_is_read(data: bytes) -> None:
    assert is_read(read(data))


def test_a_theme_and_a_palette_may_say_that_white_is_not_white() -> None:
    dark = {"xl/theme/theme1.xml": lambda xml: xml.replace('lastClr="FFFFFF"', 'lastClr="203040"')}
    assert is_read(read(changed(new(Font(color=Color(theme=0))), dark)))
    broken = {"xl/theme/theme1.xml": lambda _: "<broken"}
    assert is_read(read(changed(new(Font(color=Color(theme=0))), broken)))
    own = {"xl/styles.xml": lambda xml: xml.replace('<rgbColor rgb="00FFFFFF"/>', '<rgbColor rgb="00102030"/>')}
    assert is_read(read(changed(new(Font(color=Color(indexed=9))), own)))


@pytest.mark.parametrize("painter", ['<picture r:id="rId9"/>', '<tableParts count="0"/>'])
def test_what_may_lie_behind_the_cells_of_a_sheet_leaves_white_text_to_be_read(painter: str) -> None:
    namespace = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    painter = painter.replace(" r:id", f" {namespace} r:id")
    assert is_read(read(changed(new(), {SHEET: lambda xml: xml.replace("</worksheet>", f"{painter}</worksheet>")})))


def test_a_conditional_format_leaves_white_text_to_be_read() -> None:
    def write(sheet) -> None:
        sheet["A1"], sheet["B1"] = "单位", SECRET
        sheet["B1"].font = WHITE
        sheet.conditional_formatting.add("B1", CellIsRule(operator="notEqual", formula=['""'], fill=BLUE))

    assert is_read(read(workbook(write)))


def test_a_piece_of_a_text_has_its_own_color() -> None:
    def rich(base: Font, piece: InlineFont, fill: object = None) -> str:
        value = CellRichText("甲", TextBlock(piece, "乙"), TextBlock(InlineFont(b=True), "丙"))
        return seen(read(new(base, fill, value))).get("表!B1", "")

    assert rich(Font(), InlineFont(color="FFFFFFFF")) == "甲丙"
    assert rich(Font(), InlineFont(color="FFFFFFFF"), BLUE) == "甲乙丙"
    assert rich(WHITE, InlineFont(color="FF000000")) == "乙丙"


def old(style: str = "font: color white", value: object = SECRET) -> bytes:
    def write(sheet) -> None:
        sheet.write(0, 0, "单位")
        sheet.write(0, 1, value, xlwt.easyxf(style))

    return old_workbook(write)


def read_old(data: bytes) -> Document:
    return oldexcel.read(data, DEFAULT_BUDGET)


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("font: color white", False),
        ("font: color white; pattern: pattern solid, fore_colour white", False),
        ("font: color white; pattern: pattern solid, fore_colour dark_blue", True),
        ("font: color white; pattern: pattern fine_dots, fore_colour white", True),
        ("font: color gray25", True),
        ("font: color black", True),
    ],
)
@pytest.mark.parametrize("value", [SECRET, int(SECRET)])
def test_white_text_of_an_old_workbook_is_hidden_on_white_alone(style: str, value: object, *, shown: bool) -> None:
    assert is_read(read_old(old(style, value))) is shown


def test_a_palette_and_newer_colors_of_an_old_workbook_count() -> None:
    def with_head(code: int, payload: bytes) -> bytes:
        found = records(old())
        last = next(number for number, record in enumerate(found) if record[0] == EOF)
        return file_of([*found[:last], (code, payload), *found[last:]])

    def extension(kind: int, color: bytes) -> bytes:
        styles = sum(code == 0xE0 for code, _ in records(old()))
        head = bytes(14) + (styles - 1).to_bytes(2, "little") + bytes(2) + b"\1\0"
        return head + kind.to_bytes(2, "little") + (4 + len(color)).to_bytes(2, "little") + color

    blue, white = b"\2\0\0\0\xdd\xeb\xf7\xff" + bytes(8), b"\2\0\0\0\xff\xff\xff\xff" + bytes(8)
    assert is_read(read_old(with_head(0x92, b"\x38\0" + b"\x10\x20\x30\0" * 56)))
    assert not is_read(read_old(with_head(0x92, b"\x38\0" + b"\xff\xff\xff\0" * 56)))
    assert not is_read(read_old(with_head(0x92, b"\x38\0" + b"\x10\x20\x30\0" * 5)))  # cut off: not taken
    assert is_read(read_old(with_head(0x87D, extension(4, blue))))
    assert is_read(read_old(with_head(0x87D, extension(6, bytes(40)))))
    assert not is_read(read_old(with_head(0x87D, extension(13, white))))


def test_a_conditional_format_of_an_old_workbook_leaves_white_text_to_be_read() -> None:
    found = records(old())
    assert is_read(read_old(file_of([*found[:-1], (0x1B0, bytes(14)), (EOF, b"")])))


ODS = {name: f"urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0" for name, uri in (
    ("office", "office"), ("style", "style"), ("table", "table"), ("text", "text"), ("fo", "xsl-fo-compatible"),
    ("number", "datastyle"),
)}  # fmt: skip
CALCEXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
ODS_WHITE = '<style:text-properties fo:color="#ffffff"/>'
ODS_BLUE = '<style:table-cell-properties fo:background-color="#1f3864"/>'


def read_ods(looks: str, styles: str = "", text: str = SECRET, extra: str = "") -> Document:
    declared = " ".join(f'xmlns:{name}="{uri}"' for name, uri in (*ODS.items(), ("calcext", CALCEXT)))
    content = (
        f"<office:document-content {declared}><office:automatic-styles>{styles}"
        f'<style:style style:name="c" style:family="table-cell">{looks}</style:style></office:automatic-styles>'
        "<office:body><office:spreadsheet>"
        '<table:table table:name="表" table:style-name="ta"><table:table-row>'
        '<table:table-cell office:value-type="string"><text:p>单位</text:p></table:table-cell>'
        f'<table:table-cell table:style-name="c" office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        f"</table:table-row>{extra}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return ods.read(
        zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}), DEFAULT_BUDGET
    )


def styled(family: str, content: str, name: str = "x") -> str:
    return f'<style:style style:name="{name}" style:family="{family}">{content}</style:style>'


@pytest.mark.parametrize(
    ("looks", "styles"),
    [
        (ODS_WHITE, ""),
        (ODS_WHITE + '<style:table-cell-properties fo:background-color="transparent"/>', ""),
        (ODS_WHITE + '<style:table-cell-properties fo:background-color="#ffffff"/>', ""),
        (ODS_WHITE, styled("table-cell", ODS_BLUE)),
    ],
)
def test_white_text_of_an_open_document_is_hidden(looks: str, styles: str) -> None:
    assert not is_read(read_ods(looks, styles))


@pytest.mark.parametrize(
    ("looks", "styles", "extra"),
    [
        (ODS_WHITE.replace("#ffffff", "#d9d9d9"), "", ""),
        (ODS_WHITE.replace("/>", ' style:use-window-font-color="true"/>'), "", ""),
        (ODS_WHITE.replace("/>", ' style:text-outline="true"/>'), "", ""),
        (ODS_WHITE + ODS_BLUE, "", ""),
        (ODS_WHITE + '<style:map style:condition="cell-content()=1" style:apply-style-name="x"/>', "", ""),
        (ODS_WHITE, styled("table", ODS_BLUE.replace("table-cell-", "table-")), ""),
        (ODS_WHITE, styled("table-row", ODS_BLUE.replace("table-cell-", "table-row-")), ""),
        (ODS_WHITE, "", "<calcext:conditional-formats><calcext:conditional-format/></calcext:conditional-formats>"),
    ],
)
def test_text_of_an_open_document_that_may_be_seen_is_read(looks: str, styles: str, extra: str) -> None:
    assert is_read(read_ods(looks, styles, extra=extra))


def test_a_span_of_an_open_document_has_its_own_color() -> None:
    white = styled("text", ODS_WHITE)
    lit = styled("text", ODS_WHITE.replace("/>", ' fo:background-color="#000000"/>'))
    black = styled("text", ODS_WHITE.replace("#ffffff", "#000000"))
    span = f'<text:span text:style-name="x">{SECRET}</text:span>'
    assert not is_read(read_ods("", white, span))
    assert is_read(read_ods("", lit, span))
    assert is_read(read_ods(ODS_WHITE, black, span))
    assert is_read(read_ods(ODS_BLUE, white, span))


# --- real producers ----------------------------------------------------------------------------------------------------

FILES = {
    "white.xlsx": (new(), False),
    "number.xlsx": (new(value=int(SECRET)), False),
    "paper.xlsx": (new(fill=PAPER), False),
    "blue.xlsx": (new(fill=BLUE), True),
    "black.xlsx": (new(Font(color="FF000000")), True),
    "red.xlsx": (new(value=int(SECRET), number_format="[Red]0"), True),
}
READERS = {"xls:MS Excel 97": oldexcel.read, "ods": ods.read, "xlsx:Calc MS Excel 2007 XML": excel.read}


@pytest.mark.integration
@needs_libreoffice
@pytest.mark.parametrize("to", READERS)
def test_white_cells_are_the_same_as_libreoffice_writes_them(to: str) -> None:
    made = converted({name: data for name, (data, _) in FILES.items()}, to)
    found = {name: is_read(READERS[to](data, DEFAULT_BUDGET)) for name, data in made.items()}
    assert found == {name: expected for name, (_, expected) in FILES.items()}
