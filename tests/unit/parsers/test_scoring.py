"""The reading that explains most wins, and only by a margin."""

from parsers.extract import hypotheses, plain_reading
from parsers.forms import ProblemCode
from parsers.grid import GridView
from parsers.labels import label_index
from parsers.scoring import Judge, choose, score
from parsers.tags import tag_grid
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, Box, grid
from tests.builders.reading import faults, one

INDEX = label_index(FORMS)
ROWS = [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]]


def verdict(rows):
    tagged = tag_grid(GridView(grid(rows)), LIAISON, INDEX)
    judge = Judge(LIAISON, AREA_CODE)
    return choose(hypotheses(tagged), judge), judge


def test_the_best_reading_of_a_plain_form_has_no_rival():
    found, judge = verdict(ROWS)
    assert found.reading.mode == "beside"
    assert found.rival is None
    assert found.score == score(found.reading, judge)


def test_two_readings_that_say_different_things_are_ambiguous():
    reading = one(
        LIAISON.title, [["姓名", "王晓云", "单位名称"], ["李志明", "手机", "13805950002"], ["职务", "科员", "青石镇"]]
    )
    assert faults(reading)[None] is ProblemCode.AMBIGUOUS


def test_merged_cells_do_not_win_by_being_counted_often():
    rows = [
        ["单位名称", Box("青石镇人民政府", 3)],
        ["姓名", "王晓云", "手机", "13805950002"],
        ["通信地址", Box("中山路1号", 3)],
        ["职务", Box("科员", 3)],
    ]
    assert verdict(rows)[0].reading.mode == "beside"


def test_the_shortcut_needs_every_cell_explained_and_every_value_fitting():
    judge = Judge(LIAISON, AREA_CODE)

    def plain(rows):
        return plain_reading(tag_grid(GridView(grid(rows)), LIAISON, INDEX), judge)

    assert plain(ROWS) is not None
    assert plain([*ROWS[:3], ["单位名称", "13805950002"]]) is None
    assert plain([[*row, "x"] for row in ROWS]) is None
    assert plain([["姓名", "职务", "手机"], ["王晓云", "科员", "13805950002"]]) is None
