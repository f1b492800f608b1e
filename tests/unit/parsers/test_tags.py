"""What each cell is, seen with the eyes of one form."""

from parsers.grid import GridView
from parsers.labels import label_index
from parsers.tags import Tag, tag_grid, transposed
from tests.builders.forms import FORMS, LIAISON, NOTE, REGISTRATION, Box, grid

INDEX = label_index(FORMS)


def tags(rows, form=LIAISON):
    tagged = tag_grid(GridView(grid(rows)), form, INDEX)
    return [one.tag for one in tagged.tags.values()]


def test_the_kinds_of_cells():
    rows = [
        [Box(LIAISON.title, 4)],
        ["姓名", "张三", "微信号", ""],
        ["手机：13805950001", "节目概况", "x", "y"],
        [Box(NOTE, 4)],
    ]
    assert tags(rows) == [
        *(Tag.HEADING, Tag.LABEL, Tag.OTHER, Tag.FOREIGN, Tag.BLANK),
        *(Tag.ENTRIES, Tag.FOREIGN, Tag.OTHER, Tag.OTHER, Tag.NOTE),
    ]


def test_a_label_of_another_form_is_foreign_here():
    assert tags([["节目概况", "x"]]) == [Tag.FOREIGN, Tag.OTHER]
    assert tags([["节目概况", "x"]], REGISTRATION) == [Tag.LABEL, Tag.OTHER]


def test_a_cell_with_nothing_but_struck_text_is_not_blank():
    from dataclasses import replace  # noqa: PLC0415

    made = grid([["现场是否提供节目", ""]])
    struck = replace(made, cells=(made.cells[0], replace(made.cells[1], struck=("是",))))
    tagged = tag_grid(GridView(struck), REGISTRATION, INDEX)
    assert [one.tag for one in tagged.tags.values()] == [Tag.LABEL, Tag.OTHER]


def test_a_label_with_its_colon_and_a_hint_is_blank_not_filled():
    tagged = tag_grid(GridView(grid([["姓名：（请填写）", "职务：科员"]])), LIAISON, INDEX)
    first, second = tagged.tags.values()
    assert (first.tag, first.colon) == (Tag.LABEL, True)
    assert second.tag is Tag.ENTRIES


def test_the_mirror_image_keeps_the_real_cells():
    tagged = tag_grid(GridView(grid([["姓名", Box("张三", rows=2)], ["手机"]])), LIAISON, INDEX)
    mirror = transposed(tagged)
    assert {id(one.origin) for one in mirror.tags.values()} == {id(one.cell) for one in tagged.tags.values()}
    assert [(one.cell.row, one.cell.column) for one in mirror.tags.values()] == [(0, 0), (1, 0), (0, 1)]


def test_a_line_across_the_table_above_labels_heads_a_section():
    rows = [
        ["单位", "青石镇"],
        [Box("二、节目情况", 2)],
        ["节目概况", "x"],
        [Box("节目简介", 2)],
        [Box("小品", 2)],
        ["联系人", "张三"],
    ]
    assert tags(rows, REGISTRATION)[2] is Tag.HEADING
    assert tags(rows, REGISTRATION)[5:7] == [Tag.LABEL, Tag.OTHER]
