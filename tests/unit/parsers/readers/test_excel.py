import re
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from parsers.document import DEFAULT_BUDGET, Document, FailureCode, Note, NoteCode, Paragraph
from parsers.readers import excel
from tests.builders.excel import SHEET, WORKSHEET, changed, shared, workbook
from tests.builders.layouts import LAYOUTS
from tests.builders.rendering import render
from tests.builders.word import DECLARED, strict, zipped
from tests.unit.parsers.readers.seeing import codes, only, refusal, seen

ROWS = [("单位", "洛江演示办公室"), ("姓　名", "林一二"), ("手机", "13900001234"), ("地址", "演示路1号\n二楼")]


def cells(**values: object) -> Callable[[Worksheet], None]:
    def fill(sheet: Worksheet) -> None:
        for coordinate, value in values.items():
            sheet[coordinate] = value

    return fill


def read(data: bytes, **changes: int) -> Document:
    return excel.read(data, replace(DEFAULT_BUDGET, **changes))


def failure(data: bytes, **changes: int) -> FailureCode:
    return refusal(lambda: read(data, **changes))


def with_sheet(xml: str) -> bytes:
    """A workbook whose only sheet has this XML between its root's tags."""
    return changed(workbook(cells(A1="x")), {SHEET: lambda _: f'<worksheet xmlns="{WORKSHEET}">{xml}</worksheet>'})


def inline(coordinate: str, text: str = "x") -> str:
    return f'<c r="{coordinate}" t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("container", ["xlsx", "xlsx_strict"])
def test_every_value_of_a_form_is_read(container: str, layout: str) -> None:
    document = read(render(container, "反馈表", ROWS, layout, above=["附件2"], below=["注：无"]))
    form = (
        [f"{label}：{value}" for label, value in ROWS]
        if layout == "colon"
        else [part for pair in ROWS for part in pair]
    )
    assert sorted(seen(document).values()) == sorted([*form, "附件2", "反馈表", "注：无"])
    assert document.notes == ()
    assert document.reader.startswith("excel/1 openpyxl ")


def test_places_are_the_sheets_own_and_gaps_are_one_strip() -> None:
    document = read(workbook(cells(B3="姓名", D3="林一", B9="手机", D9="139")))
    assert seen(document) == {"表!B3": "姓名", "表!D3": "林一", "表!B9": "手机", "表!D9": "139"}
    assert (only(document).rows, only(document).columns) == (3, 3)
    assert [cell.place for cell in only(document).cells if cell.row == 0] == ["表!B3", "表!C3", "表!D3"]


def test_a_date_in_a_format_that_only_chinese_programs_have_built_in() -> None:
    data = changed(
        workbook(cells(A1=45807)),
        {
            SHEET: lambda xml: xml.replace('r="A1"', 'r="A1" s="1"'),
            "xl/styles.xml": lambda xml: xml.replace("</cellXfs>", '<xf numFmtId="31" fontId="0"/></cellXfs>'),
        },
    )
    assert seen(read(data)) == {"表!A1": "2025-05-30"}


# What nobody sees


def test_hidden_sheets_are_skipped_and_told() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet["A1"] = "13500000001"
        sheet.sheet_state = "hidden"

    def hide_well(sheet: Worksheet) -> None:
        sheet["A1"] = "13500000002"
        sheet.sheet_state = "veryHidden"

    document = read(workbook(cells(A1="x"), ("旧表", hide), ("参数", hide_well)))
    assert seen(document) == {"表!A1": "x"}
    assert document.notes == (Note(NoteCode.HIDDEN_SHEET, "旧表"), Note(NoteCode.HIDDEN_SHEET, "参数"))


def test_hidden_rows_and_columns_are_skipped_and_told() -> None:
    def fill(sheet: Worksheet) -> None:
        cells(A1="a", B1="旧", C1="c", A2="旧", A3="d")(sheet)
        sheet.column_dimensions["B"].hidden = True
        sheet.row_dimensions[2].hidden = True

    document = read(workbook(fill))
    assert seen(document) == {"表!A1": "a", "表!C1": "c", "表!A3": "d"}
    assert document.notes == (Note(NoteCode.HIDDEN_TEXT, "表"), Note(NoteCode.HIDDEN_ROWS, "表!2"))
    assert (only(document).rows, only(document).columns) == (2, 2)


def test_a_merged_title_whose_first_column_is_hidden_is_seen() -> None:
    def fill(sheet: Worksheet) -> None:
        cells(A1="标题", B2="姓名", C2="林一")(sheet)
        sheet.merge_cells("A1:C1")
        sheet.column_dimensions["A"].hidden = True

    assert seen(read(workbook(fill))) == {"表!A1": "标题", "表!B2": "姓名", "表!C2": "林一"}


def test_values_under_a_merge_and_values_without_a_format_are_hidden() -> None:
    xml = f'<sheetData><row r="1">{inline("A1", "a")}{inline("B1", "13500000001")}</row></sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
    document = read(with_sheet(xml))
    assert seen(document) == {"表!A1": "a"}
    assert codes(document) == {NoteCode.HIDDEN_TEXT}

    def fill(sheet: Worksheet) -> None:
        sheet["A1"], sheet["B1"] = "a", "13500000001"
        sheet["B1"].number_format = ";;;"

    document = read(workbook(fill))
    assert (seen(document), codes(document)) == ({"表!A1": "a"}, {NoteCode.HIDDEN_TEXT})


def test_a_formula_without_a_result_is_told_and_no_value() -> None:
    document = read(workbook(cells(A1="合计", B1="=A2+A3")))
    assert seen(document) == {"表!A1": "合计"}
    assert document.notes == (Note(NoteCode.FORMULA_WITHOUT_VALUE, "表!B1"),)


def test_the_stored_result_of_a_formula_is_its_value() -> None:
    formula = '<c r="A1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c><c r="B1"><f>1+1</f><v>2</v></c><c r="C1" t="str"><f>""</f><v></v></c>'
    document = read(with_sheet(f'<sheetData><row r="1">{formula}</row></sheetData>'))
    assert seen(document) == {"表!A1": "ab", "表!B1": "2"}
    assert document.notes == ()


def test_struck_and_underlined_text() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "13500000001"
        sheet["A1"].font = Font(strike=True)
        sheet["B1"] = CellRichText(
            "是/", TextBlock(InlineFont(strike=True), "否"), TextBlock(InlineFont(u="single"), "一")
        )
        sheet["C1"] = "底"
        sheet["C1"].font = Font(underline="single")

    document = read(workbook(fill))
    assert [(cell.text, cell.struck, cell.underlined) for cell in only(document).cells] == [
        ("", ("13500000001",), ()),
        ("是/一", ("否",), ("一",)),
        ("底", (), ("底",)),
    ]
    assert codes(document) == {NoteCode.STRUCK_TEXT}


def test_shared_strings_keep_their_runs() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = CellRichText("是/", TextBlock(InlineFont(strike=True), "否"))

    (found,) = only(read(shared(workbook(fill)))).cells
    assert (found.text, found.struck) == ("是/", ("否",))


def test_a_run_without_a_look_of_its_own_looks_like_its_cell() -> None:
    runs = "<is><r><t>13500000001</t></r><r><rPr><b/></rPr><t>13900001234</t></r></is>"
    data = changed(
        workbook(cells(A1="x")),
        {
            SHEET: lambda xml: re.sub(r'<c r="A1".*</c>', f'<c r="A1" s="1" t="inlineStr">{runs}</c>', xml),
            "xl/styles.xml": lambda xml: xml.replace("</fonts>", "<font><strike/></font></fonts>").replace(
                "</cellXfs>", '<xf numFmtId="0" fontId="1"/></cellXfs>'
            ),
        },
    )
    (found,) = only(read(data)).cells
    assert (found.text, found.struck) == ("13900001234", ("13500000001",))


def test_a_shared_string_that_does_not_exist_is_told() -> None:
    data = changed(shared(workbook(cells(A1="a", B1="b"))), {SHEET: lambda xml: xml.replace("<v>1</v>", "<v>77</v>")})
    document = read(data)
    assert (seen(document), codes(document)) == ({"表!A1": "a"}, {NoteCode.CLIPPED})


def test_ticks_in_symbol_fonts() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "R"
        sheet["A1"].font = Font(name="Wingdings 2")
        sheet["B1"] = CellRichText(
            TextBlock(InlineFont(rFont="Wingdings 2"), "R"),
            "是 ",
            TextBlock(InlineFont(rFont="Wingdings 2"), "£"),
            "否",
        )

    assert list(seen(read(workbook(fill))).values()) == ["☑", "☑是 ☐否"]


def test_an_unknown_sign_is_told() -> None:
    document = read(workbook(cells(A1="\uf0f6是")))
    assert (seen(document), codes(document)) == ({"表!A1": "是"}, {NoteCode.UNKNOWN_SYMBOL})


def test_phonetic_hints_are_no_text() -> None:
    hinted = f'<sst xmlns="{WORKSHEET}"><si><t>林一</t><rPh sb="0" eb="1"><t>LIN</t></rPh></si></sst>'
    data = changed(shared(workbook(cells(A1="林一"))), {"xl/sharedStrings.xml": lambda _: hinted})
    assert seen(read(data)) == {"表!A1": "林一"}


def test_a_picture_in_a_cell_is_counted_and_no_text() -> None:
    picture = '<c r="A1" t="str"><f>DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>'
    data = with_sheet(f'<sheetData><row r="1">{picture}{inline("B1")}</row></sheetData>')
    assert seen(read(data)) == {"表!B1": "x"}


def test_text_boxes_on_a_sheet_are_read() -> None:
    drawing = f'<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" {DECLARED}><xdr:sp><xdr:txBody><a:p><a:r><a:t>填报</a:t></a:r><a:r><a:t>单位</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>'
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://x/drawing" Target="../drawings/d.xml"/></Relationships>'
    with zipfile.ZipFile(BytesIO(workbook(cells(A1="x")))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    data = zipped({**parts, "xl/worksheets/_rels/sheet1.xml.rels": rels, "xl/drawings/d.xml": drawing})
    assert read(data).blocks[1] == Paragraph("填报单位", "表, text box 1")


# What breaks readers


def test_a_lying_dimension_loses_nothing() -> None:
    data = changed(workbook(cells(A1="a", C9="c")), {SHEET: lambda xml: xml.replace('ref="A1:C9"', 'ref="A1"')})
    assert seen(read(data)) == {"表!A1": "a", "表!C9": "c"}


def test_a_strict_workbook_has_its_sheets() -> None:
    assert seen(read(strict(workbook(cells(A1="a", B1=5))))) == {"表!A1": "a", "表!B1": "5"}


@pytest.mark.parametrize("style", ["99", "-1", "x", "4294967295"])
def test_a_bad_style_number_is_passed_over(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = changed(workbook(cells(A1="a")), {SHEET: lambda xml: xml.replace('r="A1"', f'r="A1" s="{style}"')})
    assert seen(read(data)) == {"表!A1": "a"}
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda xml: xml.replace(
            "<fonts", '<fonts x="y"><font><family val="99"/><color rgb="nonsense"/></font></fonts><fonts'
        ),
        lambda xml: xml.replace("<borders", '<borders><border><left style="none such"/></border></borders><borders'),
        lambda _: f'<styleSheet xmlns="{WORKSHEET}"/>',
    ],
)
def test_odd_styles_do_not_lose_the_workbook(spoil: Callable[[str], str]) -> None:
    assert seen(read(changed(workbook(cells(A1="a")), {"xl/styles.xml": spoil}))) == {"表!A1": "a"}


def test_a_far_cell_costs_nothing() -> None:
    started = time.perf_counter()
    document = read(
        with_sheet(
            f'<sheetData><row r="1">{inline("A1", "a")}</row><row r="1048576">{inline("XFD1048576", "z")}</row></sheetData>'
        )
    )
    assert seen(document) == {"表!A1": "a", "表!XFD1048576": "z"}
    assert (only(document).rows, only(document).columns) == (3, 3)
    assert time.perf_counter() - started < 2


def test_styled_but_empty_cells_do_not_stretch_the_sheet() -> None:
    empty = "".join(f'<row r="{number}"><c r="XFD{number}" s="0"/></row>' for number in range(2, 3000))
    document = read(with_sheet(f'<sheetData><row r="1">{inline("A1", "a")}</row>{empty}</sheetData>'))
    assert (only(document).rows, only(document).columns) == (1, 1)


@pytest.mark.parametrize("reference", ["A1:XFD1048576", "A1:XFD200", "A1:A1048576"])
def test_a_merge_bomb_costs_nothing(reference: str) -> None:
    xml = f'<sheetData><row r="1">{inline("A1", "a")}</row><row r="2">{inline("A2", "b")}</row></sheetData><mergeCells><mergeCell ref="{reference}"/></mergeCells>'
    tracemalloc.start()
    document = read(with_sheet(xml))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen(document)["表!A1"] == "a"
    assert peak < 10 * 2**20


def test_absurdly_many_or_large_merges_are_too_large() -> None:
    far = f'<sheetData><row r="1">{inline("A1")}</row><row r="60000">{inline("BZ60000")}</row></sheetData>'
    assert failure(with_sheet(f'{far}<mergeCells><mergeCell ref="A1:BZ60000"/></mergeCells>')) is FailureCode.TOO_LARGE
    many = "".join(f'<mergeCell ref="A{number}:B{number}"/>' for number in range(1, 200))
    assert failure(with_sheet(f"{far}<mergeCells>{many}</mergeCells>"), cells=100) is FailureCode.TOO_LARGE


def test_overlapping_merges_do_not_overlap_in_the_grid() -> None:
    xml = f'<sheetData><row r="1">{inline("A1", "a")}{inline("C1", "c")}</row><row r="3">{inline("C3", "z")}</row></sheetData><mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="B1:C2"/></mergeCells>'
    found = only(read(with_sheet(xml)))
    taken = [
        (r, c)
        for cell in found.cells
        for r in range(cell.row, cell.row + cell.row_span)
        for c in range(cell.column, cell.column + cell.column_span)
    ]
    assert len(taken) == len(set(taken)) == found.rows * found.columns
    assert [cell.text for cell in found.cells if cell.text] == ["a", "c", "z"]


@pytest.mark.parametrize("limit", [{"cells": 6}, {"rows": 2}, {"columns": 2}])
def test_a_sheet_over_the_budget_is_cut_and_that_is_told(limit: dict[str, int]) -> None:
    data = workbook(lambda sheet: [sheet.append([1, 2, 3]) for _ in range(4)] and None)
    document = read(data, **limit)
    assert codes(document) == {NoteCode.CLIPPED}
    assert len(seen(document)) < 12
    assert read(data, cells=12, rows=4, columns=3).notes == ()


def test_a_merge_that_crosses_the_budget_is_cut() -> None:
    def fill(sheet: Worksheet) -> None:
        cells(A1="a", C1="c", A4="z", D4="y")(sheet)
        sheet.merge_cells("A1:B3")
        sheet.merge_cells("C1:D3")

    found = only(read(workbook(fill), rows=1, columns=3))
    assert [(cell.text, cell.row_span, cell.column_span) for cell in found.cells] == [("a", 1, 2), ("c", 1, 1)]


def test_a_row_outside_the_sheet_is_told() -> None:
    document = read(
        with_sheet(f'<sheetData><row r="1">{inline("A1")}</row><row r="1048577">{inline("A1048577")}</row></sheetData>')
    )
    assert (seen(document), codes(document)) == ({"表!A1": "x"}, {NoteCode.CLIPPED})


def test_cells_without_coordinates_follow_each_other() -> None:
    row = "<row><c t='inlineStr'><is><t>a</t></is></c><c t='inlineStr'><is><t>b</t></is></c></row>"
    assert seen(read(with_sheet(f"<sheetData>{row}{row}</sheetData>"))) == {
        "表!A1": "a",
        "表!B1": "b",
        "表!A2": "a",
        "表!B2": "b",
    }


def test_a_missing_sheet_is_not_passed_over_in_silence() -> None:
    data = changed(
        workbook(cells(A1="x")), {"xl/_rels/workbook.xml.rels": lambda xml: xml.replace("sheet1.xml", "none.xml")}
    )
    assert failure(data) is FailureCode.DAMAGED


def test_a_workbook_without_sheets_is_damaged() -> None:
    data = changed(workbook(cells(A1="x")), {"xl/workbook.xml": lambda _: f'<workbook xmlns="{WORKSHEET}"/>'})
    assert failure(data) is FailureCode.DAMAGED


def test_a_chart_sheet_is_passed_over() -> None:
    data = changed(
        workbook(cells(A1="x"), ("图", cells(A1="y"))),
        {
            "xl/_rels/workbook.xml.rels": lambda xml: xml.replace(
                '/worksheet" Target="/xl/worksheets/sheet2', '/chartsheet" Target="/xl/worksheets/sheet2'
            )
        },
    )
    assert seen(read(data)) == {"表!A1": "x"}


def test_more_sheets_than_anybody_reads_are_told() -> None:
    document = read(workbook(cells(A1="x"), *((f"表{number}", cells(A1="y")) for number in range(2, 203))))
    assert (len(seen(document)), codes(document)) == (200, {NoteCode.CLIPPED})


def test_too_much_text_is_too_large() -> None:
    assert failure(workbook(cells(A1="字" * 1000)), text_characters=999) is FailureCode.TOO_LARGE


def test_an_empty_workbook_is_empty() -> None:
    assert failure(workbook(cells())) is FailureCode.EMPTY


def test_a_dtd_in_any_part_is_refused() -> None:
    for part in (SHEET, "xl/styles.xml", "xl/workbook.xml"):
        data = changed(workbook(cells(A1="x")), {part: lambda xml: '<!DOCTYPE a [<!ENTITY x "y">]>' + xml})
        assert failure(data) is FailureCode.REFUSED


@pytest.mark.parametrize("cut", [0, 20, 2000, -30])
def test_a_truncated_workbook_is_damaged(cut: int) -> None:
    assert failure(workbook(cells(A1="x"))[:cut]) is FailureCode.DAMAGED


def test_macros_and_embedded_files_are_told() -> None:
    with zipfile.ZipFile(BytesIO(workbook(cells(A1="x")))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert codes(read(zipped({**parts, "xl/vbaProject.bin": b"x", "xl/embeddings/a.docx": b"x"}))) == {
        NoteCode.MACROS,
        NoteCode.EMBEDDED_FILE,
    }


def test_dates_of_old_macintosh_workbooks() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = 44345
        sheet["A1"].number_format = "yyyy-mm-dd"

    data = changed(
        workbook(fill), {"xl/workbook.xml": lambda xml: xml.replace("<workbookPr/>", '<workbookPr date1904="1"/>')}
    )
    assert seen(read(data)) == {"表!A1": "2025-05-30"}


# Rows that are not to be seen


def listed(sheet: Worksheet) -> None:
    cells(A1="姓名", B1="手机", A2="林一", B2="13500000001", A3="王二", B3="13500000002", A4="陈三")(sheet)


def test_rows_that_a_filter_hides_are_read_and_told() -> None:
    def fill(sheet: Worksheet) -> None:
        listed(sheet)
        sheet.auto_filter.ref = "A1:B3"
        for row in (3, 4):
            sheet.row_dimensions[row].hidden = True

    document = read(workbook(fill))
    assert seen(document)["表!A3"] == "王二"
    assert "表!A4" not in seen(document)
    assert document.notes == (
        Note(NoteCode.HIDDEN_TEXT, "表"),
        Note(NoteCode.HIDDEN_ROWS, "表!4"),
        Note(NoteCode.FILTERED_ROWS, "表!3"),
    )


def test_rows_that_the_filter_of_a_table_hides_are_read_and_told() -> None:
    def fill(sheet: Worksheet) -> None:
        listed(sheet)
        sheet.add_table(Table(displayName="t", ref="A1:B4"))
        for row in (2, 3):
            sheet.row_dimensions[row].hidden = True

    document = read(workbook(fill))
    assert seen(document)["表!A2"] == "林一"
    assert document.notes == (Note(NoteCode.FILTERED_ROWS, "表!2-3"),)


def test_a_hidden_header_of_a_filter_and_hidden_rows_without_text_are_no_filtered_rows() -> None:
    def fill(sheet: Worksheet) -> None:
        listed(sheet)
        sheet.auto_filter.ref = "A1:B9"
        for row in (1, 7):
            sheet.row_dimensions[row].hidden = True

    assert read(workbook(fill)).notes == (Note(NoteCode.HIDDEN_TEXT, "表"), Note(NoteCode.HIDDEN_ROWS, "表!1"))
