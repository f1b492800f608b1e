"""What the engine saw becomes blocks from top to bottom, twice, of one shape."""

from parsers.document import Grid, Paragraph
from parsers.engines import Box, ScannedCell, ScannedLine, ScannedPage, ScannedTable
from parsers.readers.scanned import blocks


def line(top, text, second=None):
    return ScannedLine(Box(10, top, 200, top + 20), text, text if second is None else second, 0.9)


def cell(row, column, text, second, picture="", **spans):
    box = Box(10 + 100 * column, 100 + 50 * row, 110 + 100 * column, 150 + 50 * row)
    return ScannedCell(
        box, row, column, spans.get("row_span", 1), spans.get("column_span", 1), text, second, 0.9, picture
    )


TABLE = ScannedTable(
    Box(10, 100, 210, 200),
    2,
    2,
    (
        cell(0, 0, "姓名", "姓名", "bmFtZQ=="),
        cell(0, 1, "张三", "张二", "emhhbmc="),
        cell(1, 0, "备注", "备注", "eA==", column_span=2),
    ),
)


def page(*lines, tables=(TABLE,)):
    return ScannedPage(300, 400, 0, tuple(tables), tuple(lines), "engine 1")


def test_a_table_stands_between_the_line_above_and_the_line_below_it():
    first, _ = blocks(page(line(50, "标题"), line(220, "注")), 1)
    assert [type(block) for block in first] == [Paragraph, Grid, Paragraph]


def test_lines_keep_the_order_of_the_engine():
    first, _ = blocks(page(line(20, "甲"), line(18, "乙"), tables=()), 1)
    assert [block.text for block in first] == ["甲", "乙"]


def test_two_tables_and_the_line_between_them_are_in_order():
    lower = ScannedTable(Box(10, 300, 210, 350), 1, 1, (cell(0, 0, "下", "下"),))
    first, _ = blocks(page(line(240, "之间"), tables=(lower, TABLE)), 1)
    assert [block.place for block in first] == [
        "page 1, table 1",
        "page 1, line 1, box 10,240-200,260",
        "page 1, table 2",
    ]
    assert first[2].cells[0].text == "下"


def test_both_looks_have_the_same_shape_and_each_its_own_text():
    first, second = blocks(page(line(50, "单位：甲", "单位：乙")), 1)
    assert [block.place for block in first] == [block.place for block in second]
    assert [(one.row, one.column, one.place) for one in first[1].cells] == [
        (one.row, one.column, one.place) for one in second[1].cells
    ]
    assert (first[0].text, second[0].text) == ("单位：甲", "单位：乙")
    assert [one.text for one in second[1].cells] == ["姓名", "张二", "备注"]


def test_every_cell_and_line_has_a_place_of_its_own_that_a_person_can_find():
    first, _ = blocks(page(line(50, "标题"), line(220, "注")), 3)
    places = [first[0].place, first[2].place, *(one.place for one in first[1].cells)]
    assert len(set(places)) == len(places)
    assert places[3] == "page 3, table 1, R1C2, box 110,100-210,150"


def test_the_picture_of_a_cell_stands_in_the_first_look_only():
    first, second = blocks(page(), 1)
    assert [one.picture for one in first[0].cells] == ["bmFtZQ==", "emhhbmc=", "eA=="]
    assert {one.picture for one in second[0].cells} == {""}


def test_spans_are_kept():
    first, _ = blocks(page(), 1)
    assert first[0].cells[2].column_span == 2
    assert (first[0].rows, first[0].columns) == (2, 2)


def test_text_of_the_engine_is_cleaned_and_ink_that_nobody_could_read_stays():
    first, _ = blocks(page(line(50, "a\u200bb\r\n\ufffd"), tables=()), 1)
    assert first[0].text == "ab\n\ufffd"


def test_an_empty_page_gives_nothing():
    assert blocks(page(tables=()), 1) == ((), ())
