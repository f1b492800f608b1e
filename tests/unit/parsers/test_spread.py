"""A question whose options and marks stand in cells of their own: 是 | | 否 | √."""

import pytest

from parsers.forms import ProblemCode
from tests.builders.forms import LIAISON, REGISTRATION, Box
from tests.builders.reading import faults, forms, one, values


def answered(*cells):
    """Return the form with the question answered in `cells`."""
    width = len(cells)
    rows = [
        ["单位", Box("青石镇", width)],
        ["现场是否提供节目", *cells],
        ["节目概况", Box("小品《安全回家》", width)],
        ["联系人", Box("王晓云", width)],
        ["联系方式", Box("13805950002", width)],
    ]
    return one(REGISTRATION.title, rows)


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        (["是", "√", "否", ""], "R2C2"),
        (["√", "是", "", "否"], "R2C3"),
        (["□", "否", "☑", "是"], "R2C5"),
        (["是√", "否"], "R2C2"),
        (["√是", "否", ""], "R2C2"),
        (["□否", "☑是"], "R2C3"),
        (["提供", "√", "不提供", "×"], "R2C2"),
    ],
)
def test_the_option_with_the_mark_is_the_answer(cells, place):
    found = answered(*cells)
    assert (found.field("has_program").value, faults(found), found.leftovers) == (True, {}, ())
    assert found.field("has_program").place.endswith(place)


@pytest.mark.parametrize(
    "cells",
    [
        ["是", "", "否", "√"],
        ["", "是", "√", "否"],
        ["□", "是", "☑", "否"],
        ["是", "否√"],
        ["是", "√否"],
        ["是", "", "否", "√", "", ""],
        ["提供", "×", "不提供", "√"],
        ["☐ 是", "☑ 否"],
    ],
)
def test_the_second_option_is_as_good_as_the_first(cells):
    found = answered(*cells)
    assert (found.field("has_program").value, found.leftovers) == (False, ())


@pytest.mark.parametrize(
    "cells",
    [
        ["是", "√", "否"],  # between the two
        ["是", "否", "√"],
        ["是", "√", "否", "√"],
        ["√", "是", "否", "√"],
        ["", "是", "否", "", "√"],
    ],
)
def test_a_mark_that_may_be_meant_for_either_is_asked_about(cells):
    assert faults(answered(*cells))["has_program"] is ProblemCode.AMBIGUOUS


@pytest.mark.parametrize("cells", [["是", "", "否", ""], ["是", "否"], ["□", "是", "□", "否"], ["□是", "□否"]])
def test_options_without_a_mark_are_no_answer(cells):
    found = answered(*cells)
    assert (found.field("has_program").value, faults(found)) == (None, {"has_program": ProblemCode.MISSING})


def test_a_mark_below_its_option_is_never_taken_for_that_of_the_first_option():
    rows = [
        ["单位", Box("青石镇", 2)],
        ["现场是否提供节目", "是", "否"],
        ["", "", "√"],
        ["联系人", Box("王晓云", 2)],
        ["联系方式", Box("13805950002", 2)],
    ]
    assert "has_program" in faults(one(REGISTRATION.title, rows))


def test_other_choices_stand_so_too():
    rows = [
        ["姓名", Box("王晓云", 4)],
        ["性别", "男", "", "女", "√"],
        ["职务", Box("科员", 4)],
        ["手机", Box("13805950002", 4)],
        ["单位名称", Box("青石镇", 4)],
    ]
    assert values(one(LIAISON.title, rows))["gender"] == "女"


def test_what_stands_beside_an_answer_in_words_is_left_over_as_before():
    found = answered("是", "", "联系后定", "")
    assert (found.field("has_program").value, [left.text for left in found.leftovers]) == (True, ["联系后定"])


AROUND = [["联系人", Box("王晓云", 2)], ["联系方式", Box("13805950002", 2)]]


@pytest.mark.parametrize(
    "rows",
    [
        [["单位", "青石镇", ""], ["现场是否提供节目", "是", ""], ["", "否", "√"], *AROUND],
        [["单位", "青石镇", ""], [Box("现场是否提供节目", rows=2), "是", "否"], ["", "√"], *AROUND],
        [["单位", Box("青石镇", 2)], ["现场是否提供节目", Box("是", 2)], ["", Box("否√", 2)], *AROUND],
        [
            ["单位", Box("现场是否提供节目", 2), "联系人", "联系方式"],
            ["", "是", "否", "", ""],
            ["青石镇", "", "√", "王晓云", "13805950002"],
        ],
    ],
)
def test_an_answer_is_asked_about_where_another_option_is_left_over(rows):
    (*_, found) = [reading for reading in forms(REGISTRATION.title, rows) if values(reading).get("unit")]
    assert faults(found)["has_program"] is ProblemCode.AMBIGUOUS


def test_a_gender_is_asked_about_where_the_other_is_left_over_and_not_for_a_tick_somewhere():
    rows = [
        ["姓名", "王晓云"],
        ["性别", "男"],
        ["", "女"],
        ["职务", "科员"],
        ["手机", "13805950002"],
        ["单位名称", "青石镇"],
    ]
    assert faults(one(LIAISON.title, rows)) == {"gender": ProblemCode.AMBIGUOUS}
    rows[2][1] = "√"
    assert faults(one(LIAISON.title, rows)) == {}
