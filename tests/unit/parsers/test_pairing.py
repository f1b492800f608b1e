"""Label and value by position: beside, below, in one cell, with gaps, with labels nobody knows."""

import pytest

from parsers.forms import ProblemCode
from tests.builders.forms import LIAISON, REGISTRATION, Box
from tests.builders.reading import faults, forms, one, people, values

OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇人民政府"}
TITLE = LIAISON.title


@pytest.mark.parametrize(
    "rows",
    [
        [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]],
        [["姓名", "王晓云", "职务", "科员"], ["手机", "13805950002", "单位名称", "青石镇人民政府"]],
        [["姓名", "王晓云", "职务", "科员"], ["手机", Box("13805950002", 3)], ["单位名称", Box("青石镇人民政府", 3)]],
        [["姓名", "职务"], ["王晓云", "科员"], ["手机", "单位名称"], ["13805950002", "青石镇人民政府"]],
        [["姓名", "职务", "手机", "单位名称"], ["王晓云", "科员", "13805950002", "青石镇人民政府"]],
        [["姓名：王晓云", "职务：科员"], ["手机：13805950002", "单位名称：青石镇人民政府"]],
        [["姓名：王晓云 职务：科员"], ["手机：13805950002；单位名称：青石镇人民政府"]],
        [["姓名", "王晓云"], ["职务：科员", "手机：13805950002"], ["单位名称", "青石镇人民政府"]],
        [["姓名"], ["王晓云"], ["职务"], ["科员"], ["手机"], ["13805950002"], ["单位名称"], ["青石镇人民政府"]],
        [["", "姓名", "王晓云"], ["", "职务", "科员"], ["", "手机", "13805950002"], ["", "单位名称", "青石镇人民政府"]],
        [
            [Box("基本情况", rows=4), "姓名", "王晓云"],
            ["职务", "科员"],
            ["手机", "13805950002"],
            ["单位名称", "青石镇人民政府"],
        ],
        [
            ["1", "姓名", "王晓云"],
            ["2", "职务", "科员"],
            ["3", "手机", "13805950002"],
            ["4", "单位名称", "青石镇人民政府"],
        ],
        [["姓名\n王晓云"], ["职务：科员"], ["手机\n13805950002"], ["单位名称：青石镇人民政府"]],
    ],
)
def test_one_form_in_many_layouts(rows):
    reading = one(TITLE, rows)
    assert values(reading) == OFFICER
    assert faults(reading) == {}
    assert reading.leftovers == ()


def test_a_blank_value_does_not_take_its_neighbour():
    rows = [["姓名", "", "职务", "科员"], ["手机", "13805950002", "传真", ""], ["单位名称", Box("青石镇人民政府", 3)]]
    reading = one(TITLE, rows)
    assert values(reading) == {key: value for key, value in OFFICER.items() if key != "name"}
    assert faults(reading) == {"name": ProblemCode.MISSING}


def test_a_blank_in_colon_style_does_not_take_the_next_cell():
    reading = one(TITLE, [["姓名：", "职务：科员"], ["手机：13805950002", "单位名称：青石镇人民政府"]])
    assert reading.field("name").value is None
    assert faults(reading) == {"name": ProblemCode.MISSING}


@pytest.mark.parametrize("function", ["联络员", "负责人", "分管领导"])
def test_a_function_that_is_also_a_label_is_a_value_beside_its_label(function):
    rows = [["姓名", "王晓云"], ["职务", function], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]]
    reading = one(TITLE, rows)
    assert values(reading) == {**OFFICER, "position": function}
    assert faults(reading) == {}


def test_a_foreign_label_owns_its_neighbour():
    rows = [
        ["姓名", "王晓云", "微信号", "13900000000"],
        ["职务", "科员", "特长", "唱歌"],
        ["手机", "", "单位名称", "青石镇人民政府"],
    ]
    reading = one(TITLE, rows)
    assert reading.field("mobile").value is None
    assert reading.leftovers == ()


def test_an_empty_cell_between_label_and_value_is_stepped_over_if_the_value_is_beyond_doubt():
    rows = [
        ["姓名", "", "王晓云"],
        ["职务", "", "科员"],
        ["手机", "", "13805950002"],
        ["单位名称", "", "青石镇人民政府"],
    ]
    assert values(one(TITLE, rows)) == OFFICER


def test_a_column_of_remarks_gives_no_values():
    rows = [
        ["项目", "填写内容", "填写说明"],
        ["姓名", "王晓云", "与身份证一致"],
        ["职务", "", "请填写现任职务"],
        ["手机", "13805950002", "11位手机号"],
        ["单位名称", "青石镇人民政府", "全称"],
    ]
    reading = one(TITLE, rows)
    assert reading.field("position").value is None
    assert values(reading) == {key: value for key, value in OFFICER.items() if key != "position"}


def test_numbers_with_their_own_labels_in_one_cell_stay_apart():
    rows = [
        ["姓名", "王晓云"],
        ["职务", "科员"],
        ["单位名称", "青石镇人民政府"],
        ["联系方式", "手机：13805950002\n座机：0595-27390001"],
    ]
    assert values(one(TITLE, rows)) == {**OFFICER, "office_phone": "0595-27390001"}


def test_a_cell_of_details_is_one_text():
    details = "节目名称：小品《安全》\n时长：8分钟\n演员：5人"
    rows = [
        ["单位", "青石镇"],
        ["现场是否提供节目", "是"],
        ["节目概况", details],
        ["联系人", "王晓云"],
        ["联系方式", "13805950002"],
    ]
    assert values(one(REGISTRATION.title, rows))["program_summary"] == details


def test_a_wide_label_has_its_value_below():
    rows = [
        ["单位", "青石镇", "现场是否提供节目", "是"],
        [Box("节目概况", 4)],
        [Box("小品《安全回家》，约8分钟", 4)],
        ["联系人", "王晓云", "联系方式", "13805950002"],
    ]
    assert values(one(REGISTRATION.title, rows))["program_summary"] == "小品《安全回家》，约8分钟"


def test_a_heading_of_a_section_is_no_label():
    rows = [
        [Box("一、单位情况", 4)],
        ["单位", "青石镇", "联系人", "王晓云"],
        ["联系方式", Box("13805950002", 3)],
        [Box("二、节目情况", 4)],
        ["现场是否提供节目", "是", "节目概况", "小品"],
    ]
    reading = one(REGISTRATION.title, rows)
    assert reading.field("program_summary").value == "小品"
    assert faults(reading) == {}


def test_a_merged_value_supports_one_label_only():
    rows = [["姓名", Box("王晓云", rows=2)], ["职务"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]]
    reading = one(TITLE, rows)
    assert reading.field("position").value is None


def test_two_forms_that_share_a_page_do_not_mix():
    first = [["单位", "青石镇"], ["现场是否提供节目", "否"], ["联系人", "张三"], ["联系方式", "13805950001"]]
    second = [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]]
    found = people(REGISTRATION.title, first, TITLE, second)
    assert found == [
        {"unit": "青石镇", "has_program": False, "contact_name": "张三", "contact_phone": "13805950001"},
        OFFICER,
    ]


def test_every_leftover_is_shown():
    rows = [
        ["姓名", "王晓云", ""],
        ["职务", "科员", "已电话告知"],
        ["手机", "13805950002", ""],
        ["单位名称", "青石镇人民政府", ""],
    ]
    (reading,) = forms(TITLE, rows)
    assert [left.text for left in reading.leftovers] == ["已电话告知"]
    assert values(reading) == OFFICER


def test_a_vague_value_behind_an_empty_cell_is_in_doubt():
    rows = [
        ["姓名", "王晓云", ""],
        ["职务", "科员", ""],
        ["手机", "", "13805950002"],
        ["单位名称", "青石镇人民政府", ""],
        ["通信地址", "", "二楼"],
    ]
    reading = one(TITLE, rows)
    assert (reading.field("mobile").value, reading.field("address").value) == ("13805950002", "二楼")
    assert faults(reading) == {"address": ProblemCode.AMBIGUOUS}


def test_a_function_with_its_own_name_behind_it_is_a_label():
    rows = [
        ["姓名", "王晓云", ""],
        ["职务", "负责人", "李志明"],
        ["手机", "13805950002", ""],
        ["单位名称", "青石镇人民政府", ""],
    ]
    assert one(TITLE, rows).field("position").value is None
