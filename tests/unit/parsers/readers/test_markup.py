import time
from dataclasses import replace

import pytest

from parsers.document import DEFAULT_BUDGET, Cell, Document, FailureCode, Grid, NoteCode, Paragraph, ReadFailure
from parsers.readers import markup
from tests.builders.layouts import LAYOUTS
from tests.builders.rendering import render

ROWS = [("单位", "洛江演示办公室"), ("姓　名", "林一二"), ("手机", "13900001234"), ("地址", "演示路1号\n二楼")]


def read(text: str, **changes: int) -> Document:
    return markup.read(text, replace(DEFAULT_BUDGET, **changes))


def lines(text: str) -> list[str]:
    return [block.text for block in read(text).blocks if isinstance(block, Paragraph)]


def grid(text: str, **changes: int) -> Grid:
    (found,) = read(text, **changes).grids()
    return found


def only(content: str) -> Cell:
    return grid(f"<table><tr><td>{content}</td><td>·</td></tr></table>").cells[0]


def codes(document: Document) -> set[NoteCode]:
    return {note.code for note in document.notes}


def failure(text: str, **changes: int) -> FailureCode:
    with pytest.raises(ReadFailure) as caught:
        read(text, **changes)
    return caught.value.failure.code


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_value_of_a_form_is_read(layout: str) -> None:
    page = render("html", "反馈表", ROWS, layout, above=["附件2"], below=["注：无"]).decode()
    document = read(page)
    form = (
        [f"{label}：{value}" for label, value in ROWS]
        if layout == "colon"
        else [part for pair in ROWS for part in pair]
    )
    (found,) = document.grids()
    assert sorted(cell.text for cell in found.cells) == sorted(form)
    assert lines(page) == ["附件2", "反馈表", "注：无"]


def test_lines_are_what_a_browser_breaks() -> None:
    page = "<p>a\n  b&nbsp;c</p>d<br>e<div>f<div>g</div></div><ul><li>h<li>i</ul><span>j</span><span> k</span>"
    assert lines(page) == ["a b c", "d", "e", "f", "g", "h", "i", "j k"]
    assert [block.place for block in read("<p>a<p><p>b").blocks] == ["line 1", "line 2"]


def test_preformatted_text_keeps_its_lines() -> None:
    assert lines("<pre>a\n  b</pre>") == ["a", "b"]
    assert lines('<div style="white-space: pre-wrap">a\nb   c</div>') == ["a", "b   c"]


def test_a_number_split_over_tags_is_one_number() -> None:
    assert lines("<p>手机：<b>139</b><font>0000</font><span>1234</span></p>") == ["手机：13900001234"]


@pytest.mark.parametrize(
    "hidden",
    [
        '<span style="display:none">13500000001</span>',
        '<span style="DISPLAY : none !important">13500000001</span>',
        '<span style="mso-hide:all">13500000001</span>',
        '<span style="visibility:hidden">13500000001</span>',
        '<span style="font-size:0px">13500000001</span>',
        '<span style="color:red;max-height:0">13500000001</span>',
        "<span hidden>13500000001</span>",
    ],
)
def test_hidden_text_is_no_value_and_is_told(hidden: str) -> None:
    document = read(f"<p>{hidden}13900001234</p>")
    assert document.blocks == (Paragraph("13900001234", "line 1"),)
    assert codes(document) == {NoteCode.HIDDEN_TEXT}


@pytest.mark.parametrize(
    "sheet",
    [
        ".x{text-decoration:line-through} .y{display:none}",
        "<!--\n.x, td.z {color:red; text-decoration: line-through;}\nspan.y\n{mso-hide:all}\n-->",
        "/* .x{display:block} */ .X{display:none} .x{color:red} .x{text-decoration-line:line-through} .y{visibility:hidden}",
    ],
)
def test_classes_hide_and_strike_as_the_style_sheet_says(sheet: str) -> None:
    page = f"<style>{sheet}</style><table><tr><td><i class='a x'>李丽</i>王建国<span class=y>无</span></td><td>·</td></tr></table>"
    cell = grid(page).cells[0]
    assert (cell.text, cell.struck) == ("王建国", ("李丽",))


@pytest.mark.parametrize(
    "sheet", [".x .y{display:none}", ".x:hover{display:none}", "#x{display:none}", "@media print{.x{display:none}}"]
)
def test_other_selectors_than_a_class_change_nothing(sheet: str) -> None:
    page = f"<style>{sheet}</style><p class='x y' id=x>王建国</p>"
    assert lines(page) == ["王建国"]


def test_styles_that_would_fill_the_memory_are_refused() -> None:
    rules = "".join(f".c{number}{{font-family:{'x' * 90};display:block}}" for number in range(20))
    classes = " ".join(f"c{number}" for number in range(20))
    page = f"<style>{rules}</style>" + f"<p class='{classes}'>1</p>" * 20_000
    assert failure(page) is FailureCode.TOO_LARGE


def test_an_empty_hidden_part_is_not_worth_telling() -> None:
    assert read('<p><img hidden><span style="display:none"> </span>x</p>').notes == ()


def test_long_styles_take_linear_time() -> None:
    started = time.perf_counter()
    read(("<p style='" + "text-decoration:" * 300 + "'>x") * 1000)
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    "style",
    [
        "font-size:0.9em",
        "font-size:10px",
        "line-height:0",
        "display:inline",
        "overflow:hidden",
        "visibility:visible",
        "mso-hide:screen",
        "white-space:nowrap",
        "font-family:pre",
    ],
)
def test_ordinary_styles_hide_nothing(style: str) -> None:
    assert lines(f'<p style="{style}">x</p>') == ["x"]


@pytest.mark.parametrize(
    "junk",
    [
        "<style>p{}</style>",
        "<script>x()</script>",
        "<!-- x -->",
        "<!--[if gte mso 9]><xml>x</xml><![endif]-->",
        "<xml><o:x>1</o:x></xml>",
        "<title>x</title>",
        "<template>x</template>",
    ],
)
def test_what_is_no_text_of_the_page_is_left_out(junk: str) -> None:
    assert lines(f"<html><body>{junk}<p>y</p></body></html>") == ["y"]


@pytest.mark.parametrize("tag", ["s", "del", "strike", 'span style="text-decoration:line-through"'])
def test_struck_text_stands_beside_the_text(tag: str) -> None:
    found = only(f"<{tag}>13500000001</{tag.split(maxsplit=1)[0]}>13900001234")
    assert (found.text, found.struck) == ("13900001234", ("13500000001",))
    assert lines(f"<p><{tag}>13500000001</{tag.split(maxsplit=1)[0]}>13900001234</p>") == ["13900001234"]


def test_underlined_words_are_told() -> None:
    found = only('<u>是</u>/否 <span style="text-decoration:underline">一</span>')
    assert (found.text, found.underlined) == ("是/否 一", ("是", "一"))


@pytest.mark.parametrize(
    ("on", "off"),
    [
        ("<input type=checkbox checked>", "<input type=checkbox>"),
        ('<input type="radio" checked="checked"/>', "<input type='radio'/>"),
        ('<font face="Wingdings 2">R</font>', '<font face="Wingdings 2">&pound;</font>'),
        ("<span style='font-family:Wingdings'>&thorn;</span>", "<span style=\"font-family:'Wingdings'\">&uml;</span>"),
        ("<span style='mso-symbol-font-family:\"Wingdings 2\";font-family:Arial'>R</span>", "&#9744;"),
        ("&#xF052;", "&#xF0A3;"),
    ],
)
def test_every_kind_of_tick_is_one_sign(on: str, off: str) -> None:
    assert only(f"{on}是 {off}否").text == "☑是 ☐否"


def test_form_controls_show_what_they_hold() -> None:
    assert lines('<p><input value="林一"><input type=hidden value=x><textarea>二楼</textarea></p>') == ["林一二楼"]
    assert lines("<select><option>男<option selected>女</select>") == ["女"]


def spans(found: Grid) -> list[tuple[str, int, int, int, int]]:
    return [(cell.text, cell.row, cell.column, cell.row_span, cell.column_span) for cell in found.cells]


def test_spans_are_areas() -> None:
    page = "<table><tr><th colspan=3>标题<tr><td rowspan=2>组<td>a<td>b<tr><td>c<td>d</table>"
    assert spans(grid(page)) == [
        ("标题", 0, 0, 1, 3),
        ("组", 1, 0, 2, 1),
        ("a", 1, 1, 1, 1),
        ("b", 1, 2, 1, 1),
        ("c", 2, 1, 1, 1),
        ("d", 2, 2, 1, 1),
    ]


def test_areas_do_not_overlap_where_browsers_let_them() -> None:
    found = grid("<table><tr><td>a<td rowspan=3>b<tr><td colspan=5>c<tr><td>d<td>e</table>")
    taken = [
        (r, c)
        for cell in found.cells
        for r in range(cell.row, cell.row + cell.row_span)
        for c in range(cell.column, cell.column + cell.column_span)
    ]
    assert len(taken) == len(set(taken))
    assert [cell.text for cell in found.cells] == ["a", "b", "c", "d", "e"]


def test_a_title_over_a_hundred_columns_makes_no_hundred_columns() -> None:
    assert grid("<table><tr><td colspan=100>标题<tr><td>a<td>b</table>").columns == 2


def test_rowspan_zero_reaches_to_the_end() -> None:
    assert grid("<table><tr><td rowspan=0>a<td>b<tr><td>c<tr><td>d</table>").cells[0].row_span == 3


def test_nested_tables_keep_their_grid_and_place() -> None:
    cell = only("外<table><tr><td>a<td>b</table>")
    assert cell.text == "外"
    assert [(inner.place, inner.cells[1].place) for inner in cell.nested] == [
        ("table 1, R1C1 > table 1", "table 1, R1C1 > table 1, R1C2")
    ]


def test_a_frame_of_one_cell_is_no_table() -> None:
    document = read("<table><tr><td><p>您好</p><table><tr><td>姓名<td>林一</table></td></tr></table>")
    assert [type(block) for block in document.blocks] == [Paragraph, Grid]
    assert document.blocks[1].place == "table 1"


def test_cells_are_found_whatever_stands_around_them() -> None:
    page = "<table><caption>名单</caption>散<tbody><form><tr><form><td>a</td><td>b</td></form></tr></form></tbody><tfoot><tr><td>z<td>y</tfoot><tr><td>c<td>d</table>"
    document = read(page)
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["名单", "散"]
    (found,) = document.grids()
    assert [cell.text for cell in found.cells] == ["a", "b", "c", "d", "z", "y"]


def test_rows_of_sections_and_rows_without_a_tag() -> None:
    found = grid("<table><thead><tr><td>a<td>b</thead><tbody><tr><td>c<td>d<tr><td>e<td>f</tbody></table>")
    assert (found.rows, found.columns) == (3, 2)
    found = grid("<table><td>a</td><td>b</td></table>")
    assert [cell.text for cell in found.cells] == ["a", "b"]


def test_hidden_rows_and_cells_are_not_there() -> None:
    page = '<table><tr style="display:none"><td>x<td>x<tr><td>a<td style="display:none">x<td>b<tbody hidden><tr><td>x</table>'
    assert spans(grid(page)) == [("a", 0, 0, 1, 1), ("b", 0, 1, 1, 1)]


def test_lines_within_a_cell() -> None:
    assert only("演示路1号<br>二楼<p>三</p>").text == "演示路1号\n二楼\n三"


def test_pictures_are_counted() -> None:
    document = read(f'<p><img src="cid:1"><img src="data:image/png;base64,{"A" * 5000}"></p>')
    assert (document.blocks, document.pictures) == ((), 2)


@pytest.mark.parametrize("text", ["", "  ", "<html></html>", "<p>&nbsp;</p>", "<br><br>"])
def test_a_page_without_text_is_empty(text: str) -> None:
    assert failure(text) is FailureCode.EMPTY


def test_a_page_nested_too_deep_is_not_cut_in_silence() -> None:
    document = read("<p>a</p>" + "<div>" * 5000 + "x")
    assert document.blocks == (Paragraph("a", "line 1"),)
    assert codes(document) == {NoteCode.CLIPPED}
    assert failure("<div>" * 5000 + "x") is FailureCode.TOO_LARGE
    assert failure("<table><tr><td>a<td>" * 50 + "x") is FailureCode.TOO_LARGE


@pytest.mark.parametrize(
    "text", ["<" * 400_000, "<b>a" * 100_000, "<table>" + "<tr><td colspan=1000 rowspan=1000>x" * 3000, "&" * 1_000_000]
)
def test_hostile_pages_take_no_long_time(text: str) -> None:
    started = time.perf_counter()
    read(text)
    assert time.perf_counter() - started < 3


def test_a_table_over_the_budget_is_cut_and_that_is_told() -> None:
    page = "<table>" + "<tr><td>a<td>b<td>c" * 5 + "</table>"
    for limit in ({"rows": 2}, {"columns": 2}, {"cells": 6}):
        document = read(page, **limit)
        assert codes(document) == {NoteCode.CLIPPED}
    assert read(page, rows=5, columns=3, cells=15).notes == ()
    assert failure("<p>" + "字" * 1000, text_characters=999) is FailureCode.TOO_LARGE
    assert failure("<p>" * 500_001) is FailureCode.TOO_LARGE


def test_entities_of_a_doctype_are_not_resolved() -> None:
    page = '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>a&x;b</p>'
    assert "root" not in "".join(lines(page))


@pytest.mark.parametrize(
    ("data", "declared", "text", "certain"),
    [
        ("<meta charset=gbk>姓名".encode("gbk"), "", "姓名", True),
        ('<meta http-equiv=Content-Type content="text/html; charset=gb2312">姓名'.encode("gbk"), "", "姓名", True),
        ("<meta charset=gbk>姓名".encode(), "utf-8", "姓名", True),  # the mail program converted it
        ("<meta charset=utf-8>姓名".encode("gbk"), "gb2312", "姓名", True),
        ("<meta charset=gbk>姓名".encode("gbk"), "utf-8", "姓名", True),
        ("<p>姓名".encode(), "", "姓名", True),
        ("<meta charset=utf-8>姓名".encode("gbk"), "utf-8", "姓名", False),
    ],
)
def test_the_charset_of_a_page(data: bytes, declared: str, text: str, certain: bool) -> None:  # noqa: FBT001
    decoded = markup.decode_html(data, declared)
    assert decoded.text.endswith(text)
    assert decoded.certain is certain


def test_the_page_inside_an_mht() -> None:
    page = "<html><body><table><tr><td>姓名<td>林一</table>"
    data = (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html;\r\n'
        b' charset="gb2312"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' + page.encode("gbk") + b"\r\n--b--\r\n"
    )
    assert [cell.text for cell in grid(markup.decode_mht(data).text).cells] == ["姓名", "林一"]
    with pytest.raises(ReadFailure):
        markup.decode_mht(b"MIME-Version: 1.0\r\n\r\nx")
