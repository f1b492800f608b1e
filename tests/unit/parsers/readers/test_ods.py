import time
import tracemalloc
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from parsers.document import DEFAULT_BUDGET, Document, FailureCode, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers import excel, ods
from parsers.sniff import Kind, sniff
from tests.builders.excel import workbook
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.word import zipped
from tests.unit.parsers.readers.seeing import codes, only, refusal, seen

URN = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(
    f'xmlns:{prefix}="{URN}{name}:1.0"'
    for prefix, name in [
        ("office", "office"),
        ("style", "style"),
        ("table", "table"),
        ("text", "text"),
        ("draw", "drawing"),
        ("fo", "xsl-fo-compatible"),
        ("svg", "svg-compatible"),
    ]
)
MIME = "application/vnd.oasis.opendocument.spreadsheet"


def style(name: str, family: str, properties: str = "", parent: str = "") -> str:
    inherits = f' style:parent-style-name="{parent}"' if parent else ""
    return f'<style:style style:name="{name}" style:family="{family}"{inherits}>{properties}</style:style>'


def look(**properties: str) -> str:
    attributes = " ".join('style:{}="{}"'.format(key.replace("_", "-"), value) for key, value in properties.items())
    return f"<style:text-properties {attributes}/>"


STYLES = (
    '<style:font-face style:name="W2" svg:font-family="&apos;Wingdings 2&apos;"/>'
    + style("struck", "table-cell", look(text_line_through_style="solid", text_line_through_type="single"))
    + style("inherits", "table-cell", look(text_underline_style="solid"), "struck")
    + style("unstruck", "text", look(text_line_through_style="none"))
    + style("s", "text", look(text_line_through_type="single"))
    + style("u", "text", look(text_underline_style="solid"))
    + style("w", "text", look(font_name="W2"))
    + style("away", "table", '<style:table-properties table:display="false"/>')
    + style("flat", "table-row", '<style:table-row-properties style:row-height="0cm"/>')
    + style("tall", "table-row", '<style:table-row-properties style:row-height="0.5cm"/>')
    + style("thin", "table-column", '<style:table-column-properties style:column-width="0.000in"/>')
)


def cell(text: str | None = None, attributes: str = "", inside: str = "") -> str:
    content = "" if text is None else "".join(f"<text:p>{line}</text:p>" for line in text.split("\n"))
    kind = "" if "value-type" in attributes or text is None else ' office:value-type="string"'
    return f"<table:table-cell{kind} {attributes}>{inside}{content}</table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def sheet(*rows: str, name: str = "表", attributes: str = "") -> str:
    return f'<table:table table:name="{name}" {attributes}>{"".join(rows)}</table:table>'


def file_of(*sheets: str, parts: dict[str, str] | None = None, before: str = "") -> bytes:
    content = (
        f"{before}<office:document-content {SPACES}><office:automatic-styles>{STYLES}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{''.join(sheets)}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": MIME, "content.xml": content, **(parts or {})})


def number(value: str, text: str | None) -> str:
    return cell(text, f'office:value-type="float" office:value="{value}"')


def read(data: bytes, **changes: int) -> Document:
    return ods.read(data, replace(DEFAULT_BUDGET, **changes))


def failure(data: bytes, **changes: int) -> FailureCode:
    return refusal(lambda: read(data, **changes))


def test_a_file_is_known_and_its_cells_are_read_where_they_stand() -> None:
    gap = '<table:table-cell table:number-columns-repeated="2"/>'
    empty = row(cell(), attributes='table:number-rows-repeated="7"')
    data = file_of(sheet(row(cell("单位"), gap, cell("洛江\n二楼")), empty, row(gap, cell("手机"))))
    assert sniff(data) is Kind.ODS
    document = read(data)
    assert seen(document) == {"表!A1": "单位", "表!D1": "洛江\n二楼", "表!C9": "手机"}
    assert document.notes == ()
    assert document.reader == "ods/1 lxml"


@pytest.mark.parametrize(
    ("value", "text", "read_as"),
    [
        ("13900001234", "13900001234", "13900001234"),
        ("13900001234", "1.39E+10", "13900001234"),
        ("13900001234", "13,900,001,234", "13900001234"),
        ("13900001234", "139000012", "13900001234"),
        ("59527000001", "0595-27000001", "0595-27000001"),
        ("3.50500199001011E+017", "3.50500199001011E+017", "3.50500E+17"),
        ("5", "5.00", "5"),
        ("0.125", "0.13", "0.125"),
        ("0", "0", "0"),
        ("-5", "-5", "-5"),
        ("1", "TRUE", "TRUE"),
        ("0.5", "50%", "50%"),
        ("5", "5万元", "5万元"),
        ("5.6", "￥5.6", "￥5.6"),
        ("12345", "1.2万", "12345"),
        ("5000", "5千", "5000"),
        ("7", None, "7"),
    ],
)
def test_a_number_is_read_with_all_its_digits(value: str, text: str | None, read_as: str) -> None:
    (found,) = only(read(file_of(sheet(row(number(value, text)))))).cells
    assert (found.text, found.number_format) == (read_as, "General")


@pytest.mark.parametrize(
    ("attributes", "text", "read_as"),
    [
        ('office:value-type="date" office:date-value="2025-05-30"', "2025年5月30日", "2025-05-30"),
        ('office:value-type="date" office:date-value="2025-05-30T14:30:00"', "30/5/25", "2025-05-30 14:30:00"),
        ('office:value-type="date" office:date-value="nonsense"', "五月", "五月"),
        ('office:value-type="time" office:time-value="PT08H30M00S"', "8:30", "08:30:00"),
        ('office:value-type="time" office:time-value="PT36H00M00S"', "36:00", "36:00:00"),
        ('office:value-type="boolean" office:boolean-value="true"', "WAHR", "TRUE"),
        ('office:value-type="string" office:string-value="甲"', None, "甲"),
        ('office:value-type="string"', "甲  \n  乙", "甲\n乙"),
    ],
)
def test_a_value_is_read_as_the_other_readers_read_it(attributes: str, text: str | None, read_as: str) -> None:
    assert "".join(seen(read(file_of(sheet(row(cell(text, attributes)))))).values()).replace(" \n ", "\n") == read_as


def test_spaces_and_lines_written_as_elements_are_text() -> None:
    text = '林<text:s text:c="2"/>一<text:line-break/><text:a>二</text:a>\n  三<text:ruby><text:ruby-base>四</text:ruby-base><text:ruby-text>si</text:ruby-text></text:ruby>'
    listed = "<text:list><text:list-item><text:p>五</text:p></text:list-item></text:list>"
    data = file_of(sheet(row(cell(None, inside=f"<text:p>{text}</text:p>{listed}"))))
    assert seen(read(data)) == {"表!A1": "林  一\n二 三四\n五"}


# What nobody sees


def test_hidden_tables_are_skipped_and_told() -> None:
    hidden = sheet(row(cell("13500000001")), name="旧表", attributes='table:style-name="away"')
    document = read(file_of(hidden, sheet(row(cell("x")))))
    assert (seen(document), document.notes) == ({"表!A1": "x"}, (Note(NoteCode.HIDDEN_SHEET, "旧表"),))


@pytest.mark.parametrize("attributes", ['table:visibility="collapse"', 'table:style-name="flat"'])
def test_hidden_rows_are_skipped_and_told(attributes: str) -> None:
    data = file_of(
        sheet(
            row(cell("a"), attributes='table:style-name="tall"'),
            row(cell("旧"), attributes=attributes + ' table:number-rows-repeated="3"'),
            row(cell("d")),
        )
    )
    document = read(data)
    assert seen(document) == {"表!A1": "a", "表!A5": "d"}
    assert document.notes == (Note(NoteCode.HIDDEN_TEXT, "表"), Note(NoteCode.HIDDEN_ROWS, "表!2-4"))
    assert only(document).rows == 2


def test_rows_that_a_filter_hides_are_read_and_told() -> None:
    filtered = row(cell("b"), attributes='table:visibility="filter"')
    document = read(file_of(sheet(row(cell("a")), filtered, row(cell("d")))))
    assert seen(document) == {"表!A1": "a", "表!A2": "b", "表!A3": "d"}
    assert document.notes == (Note(NoteCode.FILTERED_ROWS, "表!2"),)


@pytest.mark.parametrize("attributes", ['table:visibility="collapse"', 'table:style-name="thin"'])
def test_hidden_columns_are_skipped_and_told(attributes: str) -> None:
    columns = f'<table:table-column/><table:table-column {attributes} table:number-columns-repeated="2"/>'
    document = read(file_of(sheet(columns, row(cell("a"), cell("旧"), cell("旧"), cell("d")))))
    assert (seen(document), codes(document)) == ({"表!A1": "a", "表!D1": "d"}, {NoteCode.HIDDEN_TEXT})


def test_a_closed_group_is_hidden_and_an_open_one_is_not() -> None:
    def group(text: str, display: str) -> str:
        return f'<table:table-row-group table:display="{display}">{row(cell(text))}</table:table-row-group>'

    headed = f"<table:table-header-rows>{row(cell('头'))}</table:table-header-rows>"
    document = read(file_of(sheet(headed, group("旧", "false"), group("c", "true"))))
    assert (seen(document), codes(document)) == (
        {"表!A1": "头", "表!A3": "c"},
        {NoteCode.HIDDEN_TEXT, NoteCode.HIDDEN_ROWS},
    )


def test_covered_cells_comments_deletions_and_unshown_values_are_hidden() -> None:
    merged = cell("标题", 'table:number-columns-spanned="2" table:number-rows-spanned="1"')
    covered = "<table:covered-table-cell><text:p>13500000001</text:p></table:covered-table-cell>"
    document = read(file_of(sheet(row(merged, covered, cell("c")), row(cell("a"), cell("b"), cell("c")))))
    assert seen(document) == {"表!A1": "标题", "表!C1": "c", "表!A2": "a", "表!B2": "b", "表!C2": "c"}
    assert [found.column_span for found in only(document).cells] == [2, 1, 1, 1, 1]
    assert codes(document) == {NoteCode.HIDDEN_TEXT}
    unshown = cell("", 'office:value-type="string" office:string-value="13500000001"')
    document = read(file_of(sheet(row(cell("a"), unshown))))
    assert (seen(document), codes(document)) == ({"表!A1": "a"}, {NoteCode.HIDDEN_TEXT})
    comment = cell("a", inside="<office:annotation><text:p>旧号码</text:p></office:annotation>")
    deleted = f"<table:tracked-changes><table:cell-content-deletion>{cell('旧')}</table:cell-content-deletion></table:tracked-changes>"
    document = read(file_of(deleted, sheet(row(comment))))
    assert (seen(document), len(document.blocks)) == ({"表!A1": "a"}, 1)
    assert document.notes == (Note(NoteCode.COMMENT, "旧号码"),)


def test_struck_underlined_and_symbol_text() -> None:
    def span(name: str, text: str) -> str:
        return f'<text:span text:style-name="{name}">{text}</text:span>'

    data = file_of(
        sheet(
            '<table:table-column table:default-cell-style-name="struck"/><table:table-column table:number-columns-repeated="9"/>',
            row(
                cell("列"),
                cell(f"是/{span('s', '否')}{span('u', '一')}"),
                cell(f"旧{span('unstruck', '新')}", 'table:style-name="struck"'),
                cell("x", 'table:style-name="inherits"'),
                cell(f"{span('w', 'R')}是"),
            ),
        )
    )
    document = read(data)
    assert [(found.text, found.struck, found.underlined) for found in only(document).cells] == [
        ("", ("列",), ()),
        ("是/一", ("否",), ("一",)),
        ("新", ("旧",), ()),
        ("", ("x",), ()),
        ("☑是", (), ()),
    ]
    assert codes(document) == {NoteCode.STRUCK_TEXT}


def test_named_styles_of_the_other_part_count() -> None:
    named = style("deep", "table-cell", look(text_line_through_style="solid"))
    part = f"<office:document-styles {SPACES}><office:styles>{named}</office:styles></office:document-styles>"
    data = file_of(sheet(row(cell("旧", 'table:style-name="deep"'), cell("x"))), parts={"styles.xml": part})
    assert seen(read(data)) == {"表!B1": "x"}


def test_a_formula_without_a_result_is_told_and_an_empty_result_is_not() -> None:
    document = read(
        file_of(sheet(row(cell("a"), cell(None, 'table:formula="of:=1"'), cell("", 'table:formula="of:=2"'))))
    )
    assert (seen(document), document.notes) == ({"表!A1": "a"}, (Note(NoteCode.FORMULA_WITHOUT_VALUE, "表!B1"),))


def test_text_boxes_pictures_macros_and_objects_are_told() -> None:
    box = "<draw:frame><draw:text-box><text:p>填报</text:p><text:p>单位</text:p></draw:text-box></draw:frame>"
    data = file_of(
        sheet(f"<table:shapes>{box}</table:shapes>", row(cell("x", inside=box))),
        parts={"Pictures/1.png": "x", "Basic/Standard/Module1.xml": "<x/>", "Object 1": "x"},
    )
    document = read(data)
    assert document.blocks[1:] == (
        Paragraph("填报\n单位", "表, text box 1"),
        Paragraph("填报\n单位", "表, text box 2"),
    )
    assert (document.pictures, codes(document)) == (1, {NoteCode.MACROS, NoteCode.EMBEDDED_FILE})
    assert seen(document) == {"表!A1": "x"}


# What breaks readers


@pytest.mark.parametrize(
    "table",
    [
        sheet(
            row(
                cell("a", 'table:number-columns-repeated="16384"'),
                attributes='table:number-rows-repeated="1048576"',
            )
        ),
        sheet(row(cell("a")), row(cell(), attributes='table:number-rows-repeated="999999999" table:visibility="collapse"')),
        sheet(row(cell("a", 'table:number-columns-spanned="999999999" table:number-rows-spanned="999999999"')), row(cell("b"))),
        sheet('<table:table-column table:visibility="collapse" table:number-columns-repeated="999999999"/>', row(cell("a"))),
        sheet(row(cell("a"), cell(f'<text:s text:c="{"9" * 9}"/>'))),
    ],
    ids=["repeated", "hidden rows", "merged", "hidden columns", "spaces"],
)  # fmt: skip
def test_a_bomb_costs_nothing(table: str) -> None:
    started = time.perf_counter()
    tracemalloc.start()
    read(file_of(table, sheet(row(cell("x")), name="二")), cells=500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2**20
    assert time.perf_counter() - started < 2


def test_repeated_content_is_read_at_each_of_its_places_within_the_budget() -> None:
    repeated = row(cell("a", 'table:number-columns-repeated="2"'), attributes='table:number-rows-repeated="2"')
    assert seen(read(file_of(sheet(repeated)))) == dict.fromkeys(("表!A1", "表!B1", "表!A2", "表!B2"), "a")
    document = read(file_of(sheet(repeated, row(cell("z")))), cells=3)
    assert (len(seen(document)), codes(document)) == (3, {NoteCode.CLIPPED})


def test_what_lies_outside_the_sheet_is_told() -> None:
    below = row(cell("z"))
    document = read(
        file_of(sheet(row(cell("a")), row(cell(), attributes='table:number-rows-repeated="1048576"'), below))
    )
    assert (seen(document), codes(document)) == ({"表!A1": "a"}, {NoteCode.CLIPPED})


def test_a_password_is_told() -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    assert failure(file_of(sheet(), parts={"META-INF/manifest.xml": manifest})) is FailureCode.ENCRYPTED


def test_a_dtd_is_refused() -> None:
    assert failure(file_of(sheet(), before='<!DOCTYPE a [<!ENTITY x "y">]>')) is FailureCode.REFUSED


def test_broken_and_empty_files() -> None:
    whole = file_of(sheet(row(cell("x"))))
    for data in (
        b"",
        whole[:40],
        whole[:-30],
        zipped({"mimetype": MIME}),
        file_of(),
        file_of(sheet(row(number("x", "1")))),
    ):
        assert failure(data) is FailureCode.DAMAGED
    assert failure(file_of(sheet(row(cell())))) is FailureCode.EMPTY
    assert failure(file_of(sheet(row(cell("字" * 100)))), text_characters=99) is FailureCode.TOO_LARGE
    many = row(*[cell(None, 'table:number-columns-spanned="2"')] * 10_001)
    assert failure(file_of(sheet(many, many))) is FailureCode.TOO_LARGE


def test_more_tables_than_anybody_reads_are_told() -> None:
    document = read(file_of(*(sheet(row(cell("y")), name=f"表{number}") for number in range(201))))
    assert (len(seen(document)), codes(document)) == (200, {NoteCode.CLIPPED})


WORDS = st.sampled_from(
    [b"<table:table-row>", b"</text:p>", b'table:number-rows-repeated="-1"', b"<text:s/>", b"\0", b"&x;"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 30), st.one_of(WORDS, st.binary(max_size=6))), max_size=5)
)
def test_a_spoiled_file_is_read_or_refused(changes: list[tuple[int, int, bytes]]) -> None:
    with zipfile.ZipFile(BytesIO(file_of(sheet(row(cell("单位"), number("5", "5")), row(cell("x")))))) as archive:
        parts: dict[str, bytes] = {name: archive.read(name) for name in archive.namelist()}
    content = bytearray(parts["content.xml"])
    for place, length, new in changes:
        begin = place * len(content) // 1000
        content[begin : begin + length] = new
    try:
        document = read(zipped({**parts, "content.xml": bytes(content)}))
    except ReadFailure as error:
        assert error.failure.code is not FailureCode.CRASHED  # noqa: PT017 - any of its codes will do
    else:
        assert document.reader


# A real producer


@pytest.mark.integration
@needs_libreoffice
def test_what_libreoffice_writes_is_read_as_its_xlsx_is() -> None:
    def fill(table: Worksheet) -> None:
        table["A1"], table["A2"], table["B2"] = "标题", "手机", 13900001234
        table.merge_cells("A1:C1")
        table["C2"], table["C2"].number_format = 59527000001, "0000-00000000"
        table["A3"], table.row_dimensions[3].hidden = "13500000001", True
        table["E2"], table.column_dimensions["E"].hidden = "旧", True
        table["A4"], table["A4"].font = "旧", Font(strike=True)
        table["B4"] = CellRichText("是/", TextBlock(InlineFont(strike=True), "否"))
        table["A5"], table["A5"].font = "R", Font(name="Wingdings 2")
        table["B5"], table["C5"] = "=1/0", '=""'
        table["A6"], table["A6"].number_format = "秘", ";;;"
        table["B6"] = "x"

    source = {"a.xlsx": workbook(fill)}
    own = read(converted(source, "ods")["a.xlsx"])
    new = excel.read(converted(source, "xlsx:Calc MS Excel 2007 XML")["a.xlsx"], DEFAULT_BUDGET)

    def plain(document: Document) -> list[tuple[object, ...]]:
        return [(c.place, c.text, c.struck, c.row_span, c.column_span) for g in document.grids() for c in g.cells]

    assert seen(own)["表!C2"] == "0595-27000001"
    assert (plain(own), own.notes) == (plain(new), new.notes)
