import time
from dataclasses import replace

import pytest

from parsers.document import DEFAULT_BUDGET, Cell, Document, FailureCode, Grid, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers import word
from tests.builders import word as w
from tests.builders.layouts import LAYOUTS
from tests.builders.rendering import CONTAINERS, render
from tests.builders.word import cell, para, row, run, table

ROWS = [
    ("单位", "洛江演示办公室"),
    ("姓　名", "林一二"),
    ("手机", "13900001234"),
    ("地址", "演示路1号\n二楼"),
    ("备注", ""),
]
WORD_CONTAINERS = [name for name in CONTAINERS if name.startswith(("docx", "docm", "dotx", "flat"))]


def read(*blocks: str, **changes: int) -> Document:
    return word.read(w.package(*blocks), replace(DEFAULT_BUDGET, **changes))


def line(*runs: str) -> str:
    """The text of a paragraph of these runs, "" if nothing is to be seen in it."""
    blocks = read(para(*runs), para("·")).blocks
    assert all(isinstance(block, Paragraph) for block in blocks)
    return "|".join(block.text for block in blocks if isinstance(block, Paragraph)).removesuffix("·").removesuffix("|")


def grid(*blocks: str, **changes: int) -> Grid:
    return next(read(*blocks, **changes).grids())


def texts(found: Grid) -> list[str]:
    return [entry.text for entry in found.cells]


def only(*content: str) -> Cell:
    return grid(table(row(cell(*content)))).cells[0]


def codes(document: Document) -> set[NoteCode]:
    return {note.code for note in document.notes}


def failure(data: bytes, **changes: int) -> FailureCode:
    with pytest.raises(ReadFailure) as caught:
        word.read(data, replace(DEFAULT_BUDGET, **changes))
    return caught.value.failure.code


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("container", WORD_CONTAINERS)
def test_every_value_of_a_form_is_read_in_every_flavor(container: str, layout: str) -> None:
    document = word.read(render(container, "反馈表", ROWS, layout, above=["附件2"], below=["注：无"]), DEFAULT_BUDGET)
    assert [block.text for block in document.blocks if isinstance(block, Paragraph)] == ["附件2", "反馈表", "注：无"]
    (found,) = document.grids()
    expected = (
        [f"{label}：{value}" for label, value in ROWS]
        if layout == "colon"
        else [part for pair in ROWS for part in pair]
    )
    assert sorted(texts(found)) == sorted(expected)
    assert document.notes == ()
    assert document.reader.startswith("word/1 python-docx ")


def test_blocks_stand_in_reading_order_with_places_for_people() -> None:
    document = read(para("一"), table(row("a", "b")), para(""), para("二"), table(row("c")))
    assert [block.place for block in document.blocks] == ["para 1", "table 1", "para 2", "table 2"]
    assert next(document.grids()).cells[1].place == "table 1, R1C2"


def test_the_main_part_may_have_any_name() -> None:
    data = w.package(para("x"), main_part="word/document2.xml")
    assert word.read(data, DEFAULT_BUDGET).blocks == (Paragraph("x", "para 1"),)


# What nobody sees


def test_a_deleted_phone_is_no_value() -> None:
    assert line(w.deleted("13500000001"), w.inserted(run("13900001234"))) == "13900001234"


def test_moved_text_stands_once_where_it_went() -> None:
    assert line(w.moved_from("13500000001"), run("手机"), w.moved_to("13900001234")) == "手机13900001234"


def test_tracked_changes_are_told() -> None:
    assert codes(read(para(w.deleted("x"), run("y")))) == {NoteCode.TRACKED_CHANGES}
    assert codes(read(para(w.inserted(run("y"))))) == {NoteCode.TRACKED_CHANGES}


def test_a_deleted_row_and_a_deleted_cell_are_gone() -> None:
    rows = (
        row("a", "1"),
        row("b", "2", properties='<w:del w:id="1"/>'),
        row("c", cell("3", properties='<w:cellDel w:id="2"/>')),
    )
    assert texts(grid(table(*rows))) == ["a", "1", "c", ""]
    for changed in rows[1:]:
        assert codes(read(para("x"), table(changed))) == {NoteCode.TRACKED_CHANGES}


def test_former_properties_of_a_tracked_change_do_not_count() -> None:
    look = "<w:rPrChange w:id='1'><w:rPr><w:vanish/><w:strike/></w:rPr></w:rPrChange>"
    assert line(run("13900001234", look)) == "13900001234"


def test_hidden_text_is_no_value_and_is_told() -> None:
    document = read(para(run("13500000001", w.HIDDEN), run("13900001234")))
    assert document.blocks == (Paragraph("13900001234", "para 1"),)
    assert codes(document) == {NoteCode.HIDDEN_TEXT}
    assert read(para(run(" ", w.HIDDEN), run(" ", w.STRUCK), run("x"))).notes == ()


@pytest.mark.parametrize("off", ["0", "false", "off"])
def test_a_property_that_is_switched_off_hides_nothing(off: str) -> None:
    assert line(run("x", f'<w:vanish w:val="{off}"/><w:strike w:val="{off}"/>')) == "x"


STYLES = f"""<w:styles {w.DECLARED}>
<w:style w:type="character" w:styleId="a1"><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="a2"><w:basedOn w:val="a1"/></w:style>
<w:style w:type="paragraph" w:styleId="a3"><w:rPr><w:strike/></w:rPr></w:style>
<w:style w:type="character" w:styleId="a4"><w:basedOn w:val="a5"/><w:rPr><w:rFonts w:ascii="Wingdings 2"/></w:rPr></w:style>
<w:style w:type="character" w:styleId="a5"><w:basedOn w:val="a4"/></w:style>
<w:style w:type="character" w:styleId="a6"><w:basedOn w:val="a1"/><w:rPr><w:vanish w:val="0"/></w:rPr></w:style>
<w:style w:type="character" w:styleId="a7"><w:rPr><w:strike/></w:rPr></w:style></w:styles>"""


def styled(*blocks: str) -> Document:
    parts, links = {"word/styles.xml": STYLES}, [("rId1", "styles", "styles.xml")]
    return word.read(w.package(*blocks, parts=parts, links=links), DEFAULT_BUDGET)


def test_styles_hide_strike_and_set_symbol_fonts() -> None:
    document = styled(
        para(
            run("x", '<w:rStyle w:val="a2"/>'), run("y", '<w:rStyle w:val="a6"/>'), run("R", '<w:rStyle w:val="a4"/>')
        ),
        table(row(cell(para(run("13500000001"), properties='<w:pStyle w:val="a3"/>')))),
    )
    assert document.blocks[0] == Paragraph("y\u2611", "para 1")
    (found,) = document.grids()
    assert (found.cells[0].text, found.cells[0].struck) == ("", ("13500000001",))


def test_the_look_of_a_run_adds_to_that_of_its_style() -> None:
    (found,) = styled(
        table(row(cell(para(run("否", '<w:rStyle w:val="a7"/>' + w.UNDERLINED), run("是", w.UNDERLINED)))))
    ).grids()
    assert (found.cells[0].struck, found.cells[0].underlined) == (("否",), ("是",))


def test_a_hidden_row_is_not_seen() -> None:
    document = read(table(row("a"), row("b", properties="<w:hidden/>")))
    assert texts(next(document.grids())) == ["a"]
    assert codes(document) == {NoteCode.HIDDEN_TEXT}


def test_a_placeholder_is_no_value() -> None:
    assert line(run("姓名："), w.control(run("单击此处输入文字。"), properties=w.HINT)) == "姓名："
    assert only(w.control(para("请选择"), properties=w.HINT)).text == ""
    assert texts(grid(table(row(cell("姓名"), w.control(cell("单击此处"), properties=w.HINT))))) == ["姓名", ""]


def test_a_placeholder_in_unusual_words_is_told() -> None:
    usual, unusual = (w.control(run(text), properties=w.HINT) for text in ("点击此处输入文字", "林一"))
    assert codes(read(para(run("姓名："), usual))) == set()
    document = read(para(run("姓名："), unusual))
    assert document.blocks == (Paragraph("姓名：", "para 1"),)
    assert codes(document) == {NoteCode.HIDDEN_TEXT}


def test_a_control_around_a_table_is_never_taken_for_a_placeholder() -> None:
    assert texts(grid(w.control(table(row("a")), properties=w.HINT))) == ["a"]


def test_the_fallback_copy_of_a_text_box_is_not_read() -> None:
    document = read(para(run("上"), w.text_box(para("单位：演示办"), table(row("a")))), para("下"))
    assert [
        (block.place, block.text if isinstance(block, Paragraph) else texts(block)) for block in document.blocks
    ] == [
        ("para 1", "上"),
        ("text box 1, para 1", "单位：演示办"),
        ("text box 1, table 1", ["a"]),
        ("para 2", "下"),
    ]


def test_a_text_box_in_a_cell_belongs_to_the_cell() -> None:
    assert only(para(run("手机"), w.text_box(para("13900001234")))).text == "手机\n13900001234"


def test_instructions_of_fields_are_not_read_but_their_results_are() -> None:
    assert line(w.field(' HYPERLINK "mailto:a@example.com" ', "a@example.com")) == "a@example.com"
    assert line(f'<w:fldSimple w:instr="AUTHOR">{run("林一")}</w:fldSimple>') == "林一"
    assert line(f"<w:hyperlink>{run('b@example.com')}</w:hyperlink>") == "b@example.com"


def test_an_unfinished_field_does_not_swallow_the_next_paragraph() -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> TOC </w:instrText></w:r>'
    assert read(para(begin), para("x")).blocks == (Paragraph("x", "para 1"),)


def test_headers_that_are_missing_or_named_twice_do_not_matter() -> None:
    references = "".join(f'<w:headerReference r:id="{name}"/>' for name in ("rId7", "rId7", "rId8", "none"))
    data = w.package(
        para("正文"),
        f"<w:sectPr>{references}</w:sectPr>",
        parts={"word/header1.xml": f"<w:hdr {w.DECLARED}>{para('附件2')}</w:hdr>"},
        links=[("rId7", "header", "header1.xml"), ("rId8", "header", "none.xml")],
    )
    assert [block.place for block in word.read(data, DEFAULT_BUDGET).blocks] == ["header, para 1", "para 1"]


# What people see although it stands in odd places


@pytest.mark.parametrize(
    "runs",
    [
        (w.smart_tag(run("13900"), run("001234")),),
        (w.control(run("13900001234")),),
        (w.control(w.control(run("139")), run("00001234")),),
        (f'<w:customXml w:element="x">{run("13900001234")}</w:customXml>',),
        tuple(run(sign) for sign in "13900001234"),
        (f'<w:bdo w:val="ltr">{run("13900001234")}</w:bdo>',),
        (run("\u202d13900001234\u202c"),),
    ],
)
def test_a_number_is_read_whatever_wraps_it(runs: tuple[str, ...]) -> None:
    assert line(*runs) == "13900001234"


def test_no_break_hyphens_tabs_and_line_breaks_are_kept() -> None:
    assert line("<w:r><w:t>0595</w:t><w:noBreakHyphen/><w:t>27000001</w:t></w:r>") == "0595-27000001"
    assert (
        line("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:softHyphen/><w:cr/><w:t>d</w:t></w:r>")
        == "a\tb\nc\nd"
    )


def test_ruby_math_and_emoji() -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('lin')}</w:rt><w:rubyBase>{run('林')}</w:rubyBase></w:ruby></w:r>"
    assert line(ruby) == "林"
    assert line("<m:oMath><m:r><m:t>√</m:t></m:r></m:oMath>") == "√"
    emoji = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="w16se"><w16se:symEx w16se:font="Segoe UI Emoji" w16se:char="2611"/>'
        "</mc:Choice><mc:Fallback><w:t>☑</w:t></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert line(emoji) == "☑"
    alone = '<w:r><w16se:symEx w16se:font="Segoe UI Emoji" w16se:char="{}"/></w:r>'
    assert [line(alone.format(code)) for code in ("2611", "D800", "x")] == ["☑", "", ""]


def test_custom_xml_around_rows_and_cells() -> None:
    def wrapped(content: str) -> str:
        return f'<w:customXml w:element="x"><w:customXmlPr/>{content}</w:customXml>'

    assert texts(grid(wrapped(table(wrapped(row(wrapped(cell(wrapped(para("a")))), "b")))))) == ["a", "b"]


@pytest.mark.parametrize("level", ["block", "row", "cell"])
def test_content_controls_at_every_level(level: str) -> None:
    inner = w.control(cell("13900001234")) if level == "cell" else cell("13900001234")
    line_of = w.control(row("手机", inner)) if level == "row" else row("手机", inner)
    whole = w.control(table(line_of)) if level == "block" else table(line_of)
    assert texts(grid(whole)) == ["手机", "13900001234"]


def test_headers_are_read_and_footers_are_kept_apart() -> None:
    references = "".join(
        f'<w:{kind}Reference w:type="default" r:id="{name}"/>'
        for kind, name in (("header", "rId7"), ("footer", "rId8"))
    )
    foot = f"{para('第1页')}{table(row('手机有变', '13900001234'))}{para(w.inserted(run('新')), w.deleted('旧'))}"
    data = w.package(
        para("正文"),
        f"<w:p><w:pPr><w:sectPr>{references}</w:sectPr></w:pPr></w:p>",
        parts={
            "word/header1.xml": f"<w:hdr {w.DECLARED}>{para('附件2')}</w:hdr>",
            "word/footer1.xml": f"<w:ftr {w.DECLARED}>{foot}</w:ftr>",
        },
        links=[("rId7", "header", "header1.xml"), ("rId8", "footer", "footer1.xml")],
    )
    document = word.read(data, DEFAULT_BUDGET)
    assert document.blocks == (Paragraph("附件2", "header, para 1"), Paragraph("正文", "para 1"))
    assert document.footers == ("第1页", "手机有变 13900001234", "新")


# Ticks


@pytest.mark.parametrize(
    ("on", "off"),
    [
        (run("☑"), run("☐")),
        (w.symbol("Wingdings", "F0FE"), w.symbol("Wingdings", "F0A8")),
        (w.symbol("Wingdings", "00FE"), w.symbol("Wingdings", "006F")),
        (w.symbol("Wingdings 2", "F052"), w.symbol("Wingdings 2", "F0A3")),
        (run("R", w.font("Wingdings 2")), run("£", w.font("Wingdings 2"))),
        (run("þ", w.font("Wingdings")), run("¨", w.font("Wingdings"))),
        (run("\uf0fe", w.font("Wingdings")), run("\uf0a8", w.font("Wingdings"))),
        (run("\uf052"), run("\uf0a3")),  # the font is lost, as LibreOffice writes it
        (w.checkbox(checked=True), w.checkbox(checked=False)),
        (w.checkbox(checked=True, content=w.symbol("Wingdings 2", "F052")), w.checkbox(checked=False)),
        (w.form_checkbox(checked=True), w.form_checkbox(checked=False)),
        (w.form_checkbox(checked=None, default=True), w.form_checkbox(checked=None)),
        (w.overlay("□", "√"), run("☐")),
        (w.overlay("□", "√").replace("eq", "EQ").replace(",", "，"), run("☐")),
    ],
)
def test_every_kind_of_tick_is_one_sign(on: str, off: str) -> None:
    assert line(on, run("是 "), off, run("否")) == "☑是 ☐否"


def test_a_ringed_word_is_ticked_and_a_ringed_number_is_a_number() -> None:
    assert line(w.overlay("○", "是"), run(" 否")) == "☑是 否"
    assert line(w.overlay("○", "3")) == "③"
    assert line(w.overlay("□", "是")) == "是"
    assert line(w.field(" eq \\o(□)")) == "☐"
    assert line(w.field(" eq \\f(1,2)")) == ""


def test_what_a_check_box_field_holds_is_not_read_beside_its_sign() -> None:
    field = w.form_checkbox(checked=True).replace(
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>', run("x") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    assert line(field, run("是")) == "☑是"
    unseparated = field.replace('<w:r><w:fldChar w:fldCharType="separate"/></w:r>', "")
    assert line(unseparated, run("是")) == "☑是"


def test_fields_within_instructions_show_nothing() -> None:
    outer = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> IF </w:instrText></w:r>{}<w:r><w:fldChar w:fldCharType="separate"/></w:r>{}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    inner = w.overlay("□", "√") + w.field(" MERGEFIELD x ", "旧") + w.form_checkbox(checked=True)
    assert line(outer.format(inner, run("新"))) == "新"
    assert line('<w:r><w:fldChar w:fldCharType="end"/></w:r>', run("x")) == "x"


def test_a_checkbox_control_in_a_cell_of_its_own() -> None:
    boxed = w.checkbox(checked=True, content=cell("☒"))
    assert texts(grid(table(row("是", boxed, "否", w.checkbox(checked=False, content=cell("☐")))))) == [
        "是",
        "☑",
        "否",
        "☐",
    ]


def test_the_chosen_entry_of_a_dropdown_is_shown() -> None:
    assert line(w.form_dropdown(["请选择", "男", "女"], 2)) == "女"
    assert line(w.form_dropdown(["请选择", "男"], None)) == "请选择"
    assert line(w.form_dropdown(["男"], 9)) == ""


def test_an_unknown_sign_is_told_and_not_guessed() -> None:
    document = read(para(w.symbol("Wingdings", "F0F6"), run("是")))
    assert document.blocks == (Paragraph("是", "para 1"),)
    assert document.notes == (Note(NoteCode.UNKNOWN_SYMBOL, "Wingdings F0F6"),)
    assert codes(read(para(run("\uf0f6是")))) == {NoteCode.UNKNOWN_SYMBOL}


def test_chinese_and_digits_keep_their_shape_in_a_symbol_font() -> None:
    assert line(run("手机13900001234", w.font("Wingdings 2"))) == "手机13900001234"


def test_struck_words_stand_beside_the_text() -> None:
    found = only(para(run("是"), run("/"), run("否", w.STRUCK)))
    assert (found.text, found.struck) == ("是/", ("否",))
    assert only(para(run("13500000001", "<w:dstrike/>"), run("13900001234"))).text == "13900001234"
    assert codes(read(para(run("x", w.STRUCK), run("y")))) == {NoteCode.STRUCK_TEXT}


def test_underlined_words_are_told() -> None:
    found = only(
        para(run("是", w.UNDERLINED), run("  ", w.UNDERLINED), run("否")),
        para(run("林", w.UNDERLINED), run("一", w.UNDERLINED)),
    )
    assert (found.text, found.underlined) == ("是  否\n林一", ("是", "林一"))
    assert only(para(run("否", '<w:u w:val="none"/>'))).underlined == ()


# Tables


def test_nested_tables_keep_their_grid() -> None:
    found = only(para("外"), table(row("姓名", "林一")), para("尾"))
    assert found.text == "外\n尾"
    assert [(inner.place, texts(inner)) for inner in found.nested] == [("table 1, R1C1 > table 1", ["姓名", "林一"])]


def spans(found: Grid) -> list[tuple[str, int, int, int, int]]:
    return [(entry.text, entry.row, entry.column, entry.row_span, entry.column_span) for entry in found.cells]


def test_merged_cells_are_one_area() -> None:
    found = grid(
        table(
            row(cell("标题", span=3)),
            row(cell("组", merge="restart"), "姓名", "林一"),
            row(cell(merge="continue"), "手机", "139"),
            row(cell("组", merge="restart"), "职务", "员"),
        )
    )
    assert (found.rows, found.columns) == (4, 3)
    assert spans(found) == [
        ("标题", 0, 0, 1, 3),
        ("组", 1, 0, 2, 1),
        ("姓名", 1, 1, 1, 1),
        ("林一", 1, 2, 1, 1),
        ("手机", 2, 1, 1, 1),
        ("139", 2, 2, 1, 1),
        ("组", 3, 0, 1, 1),
        ("职务", 3, 1, 1, 1),
        ("员", 3, 2, 1, 1),
    ]
    assert read(table(row(cell("组", merge="restart")), row(cell(" ", merge="continue")))).notes == ()


def test_text_under_a_vertical_merge_is_hidden() -> None:
    document = read(table(row(cell("a", merge="restart")), row(cell("13500000001", merge="continue"))))
    assert texts(next(document.grids())) == ["a"]
    assert codes(document) == {NoteCode.HIDDEN_TEXT}


def test_rows_that_begin_late_and_old_horizontal_merges() -> None:
    found = grid(
        table(
            row("a", "b", "c"),
            row("d", properties='<w:gridBefore w:val="2"/>'),
            row(cell("e", properties='<w:hMerge w:val="restart"/>'), cell("", properties="<w:hMerge/>"), "f"),
        )
    )
    assert spans(found)[3:] == [("d", 1, 2, 1, 1), ("e", 2, 0, 1, 2), ("f", 2, 2, 1, 1)]


def test_columns_that_no_cell_uses_do_not_count() -> None:
    found = grid(table(row(cell("姓名", span=3), cell("林一", span=5)), row(cell("手机", span=3), cell("139", span=5))))
    assert (found.rows, found.columns) == (2, 2)


def test_an_absurd_span_costs_nothing() -> None:
    started = time.perf_counter()
    found = grid(table(row(cell("a", span=2_000_000_000), "b"), row("c")))
    assert spans(found) == [("a", 0, 0, 1, 2), ("b", 0, 2, 1, 1), ("c", 1, 0, 1, 1)]
    assert time.perf_counter() - started < 1


def test_a_thousand_merged_rows_are_read_in_linear_time() -> None:
    rows = (
        row(cell("组", merge="restart"), "0"),
        *(row(cell(merge="continue"), str(number)) for number in range(1, 1200)),
    )
    found = grid(table(*rows))
    assert (found.rows, found.cells[0].row_span, found.cells[-1].text) == (1200, 1200, "1199")


def test_no_two_areas_overlap_in_ragged_tables() -> None:
    found = grid(
        table(
            row(cell("a", merge="restart"), cell("b", span=2, merge="restart")),
            row(cell("c", merge="continue", span=2), cell("d", merge="continue")),
            row(cell("e", merge="continue"), "f", "g", "h"),
        )
    )
    taken = [
        (r, c)
        for entry in found.cells
        for r in range(entry.row, entry.row + entry.row_span)
        for c in range(entry.column, entry.column + entry.column_span)
    ]
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(("limit", "number"), [("rows", 3), ("columns", 2), ("cells", 6)])
def test_a_table_over_the_budget_is_cut_and_that_is_told(limit: str, number: int) -> None:
    document = read(table(*(row(str(line), "b", "c") for line in range(5))), **{limit: number})
    found = next(document.grids())
    assert codes(document) == {NoteCode.CLIPPED}
    assert (found.rows, found.columns) == {"rows": (3, 3), "columns": (5, 2), "cells": (2, 3)}[limit]
    assert read(table(*(row("a", "b", "c") for _ in range(5))), rows=5, columns=3, cells=15).notes == ()


# Packages


def test_pictures_are_counted_and_make_a_document() -> None:
    document = read(para(w.picture(), w.picture()), para(""))
    assert (document.blocks, document.pictures, document.notes) == ((), 2, ())


def test_macros_and_embedded_files_are_told() -> None:
    data = w.package(
        para("x"), main_type=w.MACRO_MAIN, parts={"word/vbaProject.bin": b"x", "word/embeddings/表1.xlsx": b"x"}
    )
    assert word.read(data, DEFAULT_BUDGET).notes == (Note(NoteCode.EMBEDDED_FILE, "表1.xlsx"), Note(NoteCode.MACROS))


def test_an_embedded_object_is_told() -> None:
    document = read(para('<w:r><w:object><v:shape><v:imagedata r:id="rId5"/></v:shape></w:object></w:r>', run("x")))
    assert (codes(document), document.pictures) == ({NoteCode.EMBEDDED_FILE}, 1)


def test_a_missing_picture_or_broken_other_part_does_not_matter() -> None:
    data = w.package(
        para("x"),
        parts={"word/settings.xml": b"<broken"},
        links=[("rId9", "image", "media/none.png"), ("rId2", "styles", "none.xml")],
    )
    assert word.read(data, DEFAULT_BUDGET).blocks == (Paragraph("x", "para 1"),)


def test_a_document_without_content_is_empty() -> None:
    assert failure(w.package(para(""), table())) is FailureCode.EMPTY


def test_imported_html_is_not_passed_over_in_silence() -> None:
    assert failure(w.package('<w:altChunk r:id="rId5"/>')) is FailureCode.UNSUPPORTED
    document = read(para("x"), '<w:altChunk r:id="rId5"/>')
    assert codes(document) == {NoteCode.EMBEDDED_FILE}


def test_a_dtd_is_refused() -> None:
    bomb = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + w.document(para("&x;")).partition("?>")[2]
    assert failure(w.package(xml=bomb)) is FailureCode.REFUSED
    assert failure(w.package(xml=bomb.encode("utf-16"))) is FailureCode.REFUSED


@pytest.mark.parametrize("cut", [0, 10, 100, 500, -30])
def test_a_truncated_file_is_damaged(cut: int) -> None:
    assert failure(w.package(para("x"))[:cut]) is FailureCode.DAMAGED


@pytest.mark.parametrize(
    "xml", [b"", b"<w:document", b"<a/>", w.document().encode().replace(b"w:body", b"w:none"), b"\xff\xfe\0"]
)
def test_a_broken_main_part_is_damaged(xml: bytes) -> None:
    assert failure(w.package(xml=xml)) is FailureCode.DAMAGED


def test_a_package_without_main_part_is_damaged() -> None:
    assert failure(w.zipped({"a": "x"})) is FailureCode.DAMAGED


def test_tables_nested_without_end_are_too_large() -> None:
    nested = "x"
    for _ in range(12):
        nested = table(row(cell(nested)))
    assert failure(w.package(nested)) is FailureCode.TOO_LARGE


def test_text_boxes_nested_without_end_are_too_large() -> None:
    nested = para("x")
    for _ in range(10):
        nested = para(
            w.text_box(nested).replace("<mc:Fallback>", "<mc:Fallback/>", 1).partition("<mc:Fallback/>")[0]
            + "</mc:AlternateContent></w:r>"
        )
    assert failure(w.package(nested)) is FailureCode.TOO_LARGE
    assert failure(w.package(table(row(cell(nested))))) is FailureCode.TOO_LARGE


def test_too_much_text_is_too_large() -> None:
    assert failure(w.package(para("字" * 1000)), text_characters=999) is FailureCode.TOO_LARGE


def test_four_million_paragraphs_are_refused_before_they_are_parsed() -> None:
    started = time.perf_counter()
    assert failure(w.package("<w:p/>" * 4_000_000)) is FailureCode.TOO_LARGE
    assert time.perf_counter() - started < 5
