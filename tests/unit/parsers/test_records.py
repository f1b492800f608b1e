"""Pairs become people and fields: nobody gets another person's value, and doubt is told."""

from dataclasses import replace

import pytest

from parsers.forms import Doubt, ProblemCode
from tests.builders.forms import LIAISON, NOTE, REGISTRATION, Box, grid
from tests.builders.reading import faults, forms, one, people, values

TITLE = LIAISON.title
LEADER = {"name": "李志明", "position": "副镇长", "mobile": "13805950001"}
OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002"}


BESIDE = [
    ["单位名称", Box("青石镇人民政府", 4)],
    [Box("分管领导", rows=2), "姓名", "李志明", "职务", "副镇长"],
    ["手机", Box("13805950001", 3)],
    [Box("联络员", rows=2), "姓名", "王晓云", "职务", "科员"],
    ["手机", Box("13805950002", 3)],
]
ABOVE = [
    ["单位名称", Box("青石镇人民政府", 3)],
    [Box("分管领导", 4)],
    ["姓名", "李志明", "职务", "副镇长"],
    ["手机", Box("13805950001", 3)],
    [Box("联络员信息", 4)],
    ["姓名", "王晓云", "职务", "科员"],
    ["手机", Box("13805950002", 3)],
]


@pytest.mark.parametrize("rows", [BESIDE, ABOVE, [ABOVE[0], *ABOVE[4:], *ABOVE[1:4]]])
def test_the_group_under_the_form_s_own_word_is_the_form(rows):
    assert people(TITLE, rows) == [{**OFFICER, "unit": "青石镇人民政府"}]
    assert faults(one(TITLE, rows)) == {}
    assert one(TITLE, rows).others == ("分管领导",)


@pytest.mark.parametrize(
    "rows",
    [
        [
            [Box("分管领导", 3), Box("联络员信息", 3)],
            ["姓名", "职务", "手机"] * 2,
            [*LEADER.values(), *OFFICER.values()],
        ],
        [
            [Box("单位名称", rows=2), Box("分管领导", 3), Box("备用联络员", 3), Box("联络员", 3)],
            ["姓名", "职务", "手机"] * 3,
            ["青石镇", *LEADER.values(), "陈建国", "科员", "13805950003", *OFFICER.values()],
        ],
        [*ABOVE[:4], *ABOVE[5:]],  # the second heading is missing
        [ABOVE[0], *ABOVE[4:], *ABOVE[1:4], ["电子邮箱", Box("w@unit.example.com", 3)]],  # whose address is it?
        [BESIDE[0], [Box("原联络员", rows=2), *BESIDE[1][1:]], BESIDE[2], *BESIDE[3:]],
    ],
)
def test_groups_that_are_not_told_apart_are_never_read_silently(rows):
    found = forms(TITLE, rows)
    assert all(None in faults(reading) or faults(reading) for reading in found)
    assert ProblemCode.AMBIGUOUS in {code for reading in found for code in faults(reading).values()}


@pytest.mark.parametrize(
    "rows",
    [
        [
            ["", "分管领导", "原联络员"],
            ["姓名", "李志明", "王晓云"],
            ["职务", "副镇长", "科员"],
            ["手机", "13805950001", "13805950002"],
        ],
        [
            ["", "姓名", "职务", "手机"],
            ["分管领导", "李志明", "副镇长", "13805950001"],
            ["", "王晓云", "科员", "13805950002"],
        ],
        [
            ["", "姓名", "职务", "手机"],
            ["分管领导", "李志明", "副镇长", "13805950001"],
            ["领队", "王晓云", "科员", "13805950002"],
        ],
        [
            ["项目", "原联络员", "现联络员"],
            ["姓名", "李志明", "王晓云"],
            ["职务", "副镇长", "科员"],
            ["手机", "13805950001", "13805950002"],
        ],
        [["姓名", "职务", "手机"], ["李志明", "分管领导", "13805950001"], ["王晓云", "联络员", "13805950002"]],
    ],
)
def test_people_in_different_roles_are_never_read_silently(rows):
    found = forms(TITLE, rows)
    assert [reading.field("name").value for reading in found] == ["李志明", "王晓云"]
    assert all(faults(reading)[None] is ProblemCode.AMBIGUOUS for reading in found)


@pytest.mark.parametrize(
    "rows",
    [
        [["", "姓名", "职务", "手机"], ["分管领导", *LEADER.values()], ["联络员", *OFFICER.values()]],
        [
            ["", "分管领导", "联络员"],
            *(
                [label, *pair]
                for label, *pair in zip(["姓名", "职务", "手机"], LEADER.values(), OFFICER.values(), strict=True)
            ),
        ],
        [["序号", "", "姓名", "职务", "手机"], ["1", "联络员", *OFFICER.values()], ["2", "分管领导", *LEADER.values()]],
        [["类别", "姓名", "职务", "手机"], ["一、分管领导", *LEADER.values()], ["二、联络员", *OFFICER.values()]],
    ],
)
def test_the_head_of_a_row_or_of_columns_tells_whose_they_are(rows):
    assert people(TITLE, rows) == [OFFICER]
    assert faults(one(TITLE, rows)) == {}
    assert [role.removeprefix("一、") for role in one(TITLE, rows).others] == ["分管领导"]


@pytest.mark.parametrize("last", [["办公电话", Box("0595-27391111", 2)], ["性别", Box("女", 2)]])
def test_a_cell_beside_both_is_not_lost_with_the_one_who_is_left_out(last):
    columns = zip(["姓名", "职务", "手机"], LEADER.values(), OFFICER.values(), strict=True)
    found = forms(TITLE, [["", "分管领导", "联络员"], *map(list, columns), last])
    assert [faults(reading).get(None) for reading in found] == [ProblemCode.AMBIGUOUS] * 2


def test_an_empty_cell_beside_both_is_no_doubt_and_a_numbered_former_one_is():
    columns = [list(one) for one in zip(["姓名", "职务", "手机"], LEADER.values(), OFFICER.values(), strict=True)]
    rows = [["", "1.分管领导", "2.联络员"], *columns, ["办公电话", Box("", 2)]]
    assert people(TITLE, rows) == [OFFICER]
    former = [["", "1、原联络员", "2、联络员"], *columns]
    assert [faults(reading).get(None) for reading in forms(TITLE, former)] == [ProblemCode.AMBIGUOUS] * 2


def test_the_unit_beside_groups_of_columns_is_that_of_the_form_s_own_group():
    heads = [Box("单位名称", rows=2), Box("分管领导", 3), Box("联络员", 3)]
    rows = [heads, ["姓名", "职务", "手机"] * 2, ["青石镇", *LEADER.values(), *OFFICER.values()]]
    assert people(TITLE, rows) == [{**OFFICER, "unit": "青石镇"}]
    assert faults(one(TITLE, rows)) == {}
    lacking = one(TITLE, [*rows[:2], ["青石镇", *LEADER.values(), "", "", ""]])
    assert values(lacking) == {**LEADER, "unit": "青石镇"}
    assert [one.detail for one in lacking.problems] == [Doubt.ROLES], "only the leader is filled in: a person looks"
    flat = [["单位名称", *heads[1:]], ["", *rows[1]], rows[2]]
    assert people(TITLE, flat) == [{**OFFICER, "unit": "青石镇"}]


def test_rows_that_all_say_their_role_are_told_apart():
    header = ["角色", "姓名", "职务", "手机"]
    leader, officer = ["分管领导", "李志明", "副镇长", "13805950001"], ["联络员", "王晓云", "科员", "13805950002"]
    assert people(TITLE, [header, leader, officer]) == [OFFICER]
    assert one(TITLE, [header, leader, officer]).others == ("分管领导",)
    for unclear in ([["原联络员", *leader[1:]], officer], [leader, ["联络员", "王晓云", "同上", "13805950002"]]):
        assert any(ProblemCode.AMBIGUOUS in faults(reading).values() for reading in forms(TITLE, [header, *unclear]))


def _named(first, second, position="副镇长"):
    return [
        ["姓名", first, "姓名", second],
        ["职务", position, "职务", "科员"],
        ["手机", "13805950001", "手机", "13805950002"],
        ["单位名称", Box("青石镇人民政府", 3)],
    ]


def test_a_role_in_brackets_behind_a_name_tells_people_apart_like_a_heading():
    expected = {**OFFICER, "unit": "青石镇人民政府"}
    rows = _named("李志明（分管领导）", "王晓云(联络员)")
    assert people(TITLE, rows) == [expected]
    assert faults(one(TITLE, rows)) == {}
    assert one(TITLE, rows).others == ("分管领导",)
    by_row = [
        ["姓名", "职务", "手机"],
        ["李志明（分管领导）", *list(LEADER.values())[1:]],
        ["王晓云（联络员）", *list(OFFICER.values())[1:]],
    ]
    assert people(TITLE, by_row) == [OFFICER]
    labels = [
        ["姓名（分管领导）", "李志明", "手机", "13805950001"],
        ["姓名（联络员）", "王晓云", "手机", "13805950002"],
    ]
    assert [one["name"] for one in people(TITLE, labels)] == ["王晓云"]
    blocks = [
        ["姓名", "李志明（分管领导）"],
        ["手机", "13805950001"],
        ["姓名", "王晓云（联络员）"],
        ["手机", "13805950002"],
    ]
    assert [one["name"] for one in people(TITLE, blocks)] == ["王晓云"]


@pytest.mark.parametrize(
    "rows",
    [
        _named("李志明（分管领导）", "王晓云"),  # only one says who he is
        _named("李志明", "王晓云（分管负责人）"),
        _named("李志明（主任）", "王晓云（联络员）"),  # a function, and perhaps a second officer
        _named("李志明（分管领导）", "王晓云（主要领导）"),
        _named("李志明", "王晓云", position="副镇长（分管领导）"),
    ],
)
def test_people_of_whom_only_some_have_a_clear_role_in_brackets_are_asked_about(rows):
    found = forms(TITLE, rows)
    assert [reading.field("name").value for reading in found] == ["李志明", "王晓云"]
    assert all(faults(reading)[None] is ProblemCode.AMBIGUOUS for reading in found)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("李志明（联络员）", "王晓云（联络员）"),
        ("李志明（主任）", "王晓云（书记）"),
        ("李志明（A角）", "王晓云"),
        ("李志明（联系人）", "王晓云（联络员）"),  # another word for the same
    ],
)
def test_what_stands_in_brackets_behind_names_of_equals_is_no_doubt(first, second):
    assert [None in faults(reading) for reading in forms(TITLE, _named(first, second))] == [False, False]


def test_roles_in_brackets_are_heard_in_lines_too():
    block = [
        "姓名：李志明（分管领导）",
        "职务：副镇长",
        "手机：13805950001",
        "姓名：王晓云（联络员）",
        "职务：科员",
        "手机：13805950002",
    ]
    assert [one["name"] for one in people(TITLE, *block)] == ["王晓云"]
    block[3] = "姓名：王晓云"
    assert all(faults(reading)[None] is ProblemCode.AMBIGUOUS for reading in forms(TITLE, *block))


@pytest.mark.parametrize("role", [("分管领导", "联络员", "", ""), ("", "", "（分管领导）", "（联络员）")])
def test_nobody_is_left_out_whose_unit_has_nobody_else(role):
    header = ["单位", "", "姓名", "职务", "手机"]
    leader = ["青石镇", role[0], f"李志明{role[2]}", "副镇长", "13805950001"]
    officer = ["东湾乡", role[1], f"王晓云{role[3]}", "科员", "13805950002"]
    found = forms(TITLE, [header, leader, officer])
    assert [faults(reading).get(None) for reading in found] == [ProblemCode.AMBIGUOUS] * 2
    officer[0] = "青石镇"
    assert people(TITLE, [header, leader, officer]) == [{**OFFICER, "unit": "青石镇"}]


def test_two_officers_of_one_role_are_no_doubt():
    rows = [
        ["", "A角", "B角"],
        ["姓名", "李志明", "王晓云"],
        ["职务", "副镇长", "科员"],
        ["手机", "13805950001", "13805950002"],
    ]
    assert [None in faults(reading) for reading in forms(TITLE, rows)] == [False, False]


def test_a_name_with_its_number_in_one_cell_gives_both():
    rows = [["单位", "青石镇"], ["现场是否提供节目", "否"], ["联系人", "王晓云 13805950002"], ["联系方式", ""]]
    found = one(REGISTRATION.title, rows)
    assert (found.field("contact_name").value, found.field("contact_phone").value) == ("王晓云", "13805950002")
    assert found.field("contact_phone").place == found.field("contact_name").place
    rows[-1][1] = "0595-27390001"
    assert one(REGISTRATION.title, rows).field("contact_phone").value == "0595-27390001"


def test_the_only_group_may_be_the_wrong_one_too():
    rows = [
        [Box("分管领导", rows=4), "姓名", "李志明"],
        ["职务", "副镇长"],
        ["手机", "13805950001"],
        ["单位名称", "青石镇"],
    ]
    assert faults(one(TITLE, rows)) == {None: ProblemCode.AMBIGUOUS}


def test_the_form_s_own_role_over_its_labels_is_no_doubt():
    rows = [
        [Box("联络员信息", rows=4), "姓名", "王晓云"],
        ["职务", "科员"],
        ["手机", "13805950002"],
        ["单位名称", "青石镇"],
    ]
    assert faults(one(TITLE, rows)) == {}


def test_a_number_behind_somebody_else_s_name_is_in_doubt():
    rows = [
        ["单位名称", Box("青石镇", 3)],
        ["分管领导", "李志明", "手机", "13805950001"],
        ["联络员", "王晓云", "职务", "科员"],
    ]
    reading = one(TITLE, rows)
    assert reading.field("mobile").value == "13805950001"
    assert faults(reading) == {"mobile": ProblemCode.AMBIGUOUS}


def test_the_number_behind_the_right_name_wins():
    rows = [
        ["单位名称", Box("青石镇", 3)],
        ["分管领导", "李志明", "手机", "13805950001"],
        ["联络员", "王晓云", "手机", "13805950002"],
        ["职务", Box("科员", 3)],
    ]
    reading = one(TITLE, rows)
    assert values(reading) == {**OFFICER, "unit": "青石镇"}
    assert faults(reading) == {}


def test_the_same_labels_again_are_another_person():
    block = [["姓名", "李志明", "职务", "副镇长"], ["手机", "13805950001", "单位名称", "青石镇"]]
    other = [["姓名", "王晓云", "职务", "科员"], ["手机", "13805950002", "单位名称", "青石镇"]]
    assert people(TITLE, [*block, *other]) == [{**LEADER, "unit": "青石镇"}, {**OFFICER, "unit": "青石镇"}]


def test_one_name_typed_twice_is_one_person():
    rows = [["姓名", "王晓云"], ["职务", "科员"], ["姓名", "王晓云"], ["手机", "13805950002"], ["单位名称", "青石镇"]]
    assert people(TITLE, rows) == [
        {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇"},
    ]


def test_namesakes_in_two_units_are_two_people():
    block = [["姓名", "王晓云", "职务", "副镇长"], ["手机", "13805950001", "单位名称", "青石镇"]]
    other = [["姓名", "王晓云", "职务", "科员"], ["手机", "13805950002", "单位名称", "东湾乡"]]
    assert [one["unit"] for one in people(TITLE, [*block, *other])] == ["青石镇", "东湾乡"]


def test_it_does_not_matter_which_label_begins_a_person():
    block = [["手机", "13805950001", "单位名称", "青石镇"], ["职务", "副镇长", "姓名", "李志明"]]
    other = [["手机", "13805950002", "单位名称", "东湾乡"], ["职务", "科员", "姓名", "王晓云"]]
    assert people(TITLE, [*block, *other]) == [{**LEADER, "unit": "青石镇"}, {**OFFICER, "unit": "东湾乡"}]


def test_people_side_by_side_share_the_line_below():
    rows = [
        ["姓名", "李志明", "姓名", "王晓云"],
        ["职务", "副镇长", "职务", "科员"],
        ["手机", "13805950001", "手机", "13805950002"],
        ["单位名称", Box("青石镇", 3)],
    ]
    assert people(TITLE, rows) == [{**LEADER, "unit": "青石镇"}, {**OFFICER, "unit": "青石镇"}]


def test_a_value_that_one_person_left_out_is_not_taken_from_the_other():
    block = [["姓名", "李志明", "职务", "副镇长"], ["手机", "13805950001", "通信地址", "中山路1号"]]
    other = [["姓名", "王晓云", "职务", "科员"], ["手机", "13805950002", "通信地址", ""]]
    _, second = forms(TITLE, [*block, *other])
    assert second.field("address").value is None


def test_a_second_form_left_blank_is_nobody():
    block = [["姓名", "李志明", "职务", "副镇长"], ["手机", "13805950001", "单位名称", "青石镇"]]
    other = [["姓名", "", "职务", ""], ["手机", "", "单位名称", ""]]
    assert len(people(TITLE, [*block, *other])) == 1


def test_a_double_label_is_divided_by_type():
    rows = [["单位", "青石镇"], ["现场是否提供节目", "否"], ["联系人及联系电话", "王晓云 13805950002"]]
    found = values(one(REGISTRATION.title, rows))
    assert (found["contact_name"], found["contact_phone"]) == ("王晓云", "13805950002")


def test_a_double_label_that_cannot_be_divided_is_in_doubt():
    rows = [["单位及联系人", "青石镇王晓云"], ["现场是否提供节目", "否"], ["联系方式", "13805950002"]]
    reading = one(REGISTRATION.title, rows)
    assert set(faults(reading)) == {"unit", "contact_name"}


def test_one_field_given_twice_with_different_values_is_told():
    rows = [["姓名", "王晓云"], ["联络员", "李志明"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇"]]
    assert faults(one(TITLE, rows))["name"] is ProblemCode.AMBIGUOUS


def test_one_field_given_twice_alike_is_no_doubt():
    rows = [
        ["姓名", "王晓云"],
        ["联络员", "王 晓 云"],
        ["职务", "科员"],
        ["手机", "13805950002"],
        ["单位名称", "青石镇"],
    ]
    assert faults(one(TITLE, rows)) == {}


def test_mobile_and_office_number_side_by_side_reach_the_same_person():
    rows = [
        ["单位", "青石镇"],
        ["现场是否提供节目", "否"],
        ["联系人", "王晓云"],
        ["办公电话", "0595-27390001"],
        ["手机", "13805950002"],
    ]
    reading = one(REGISTRATION.title, rows)
    assert reading.field("contact_phone").value == "13805950002"
    assert faults(reading) == {}


def test_the_template_is_blank_whatever_is_printed_in_it():
    rows = [
        ["单位", "（盖章）"],
        ["现场是否提供节目", "□是 □否"],
        ["节目概况", "（请填写节目名称、时长）"],
        ["联系人", ""],
        ["联系方式", "（11位手机号）"],
        [Box(NOTE, 2)],
    ]
    reading = one(REGISTRATION.title, rows)
    assert reading.blank
    assert values(reading) == {}
    assert faults(reading) == {}


def test_text_that_nobody_can_place_keeps_a_form_from_being_blank():
    rows = [["姓名", "", ""], ["职务", "", ""], ["手机", "", "李志明，副镇长，电话见名册"], ["单位名称", "", ""]]
    reading = one(TITLE, rows)
    assert not reading.blank
    assert faults(reading)[None] is ProblemCode.AMBIGUOUS


def test_fields_stand_in_the_form_s_order_with_place_label_and_rule():
    reading = one(
        TITLE, [["手机：", "138 0595 0002"], ["姓　名", "王 晓 云"], ["职务", "科员"], ["单位名称", "青石镇"]]
    )
    assert [field.key for field in reading.fields] == ["name", "position", "mobile", "unit"]
    name = reading.field("name")
    assert (name.raw, name.value, name.label, name.place, name.rule) == (
        "王 晓 云",
        "王晓云",
        "姓　名",
        "table 2, R2C2",
        "right",
    )


def test_a_number_behind_both_names_belongs_to_the_nearer():
    rows = [
        ["单位名称", Box("青石镇", 5)],
        ["分管领导", "李志明", "联络员", "王晓云", "手机", "13805950002"],
        ["职务", Box("科员", 5)],
    ]
    assert faults(one(TITLE, rows)) == {}


OWN = [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]]


@pytest.mark.parametrize(
    "row", [["", "w@unit.example.com"], ["w@unit.example.com", ""], ["电子邮盒子", "w@unit.example.com"]]
)
def test_a_value_under_no_label_is_asked_about_where_its_field_is_empty(row):
    reading = one(TITLE, [*OWN, row])
    assert reading.field("email").value is None
    assert reading.field("email").raw == "w@unit.example.com"
    assert faults(reading) == {"email": ProblemCode.AMBIGUOUS}


def test_a_value_under_a_known_label_of_others_is_not():
    reading = one(TITLE, [*OWN, ["家庭电话", "0595-27391234"], ["微信号", "wx@unit.example.com"]])
    assert faults(reading) == {}


def test_the_outer_rows_of_a_nested_table_belong_to_its_form():
    inner = grid([["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]])
    outer = grid([["姓名", "王晓云"], ["性别", "女"], ["详细情况", ""]])
    cells = tuple(replace(cell, nested=(inner,)) if (cell.row, cell.column) == (2, 1) else cell for cell in outer.cells)
    assert values(one(TITLE, replace(outer, cells=cells))) == {
        "name": "王晓云",
        "gender": "女",
        "position": "科员",
        "mobile": "13805950002",
        "unit": "青石镇人民政府",
    }


def test_one_label_twice_with_two_numbers_is_not_decided():
    rows = [["单位", "青石镇"], ["是否提供节目", "否"], ["联系人", "王晓云"]]
    rows += [["1、联系方式", "13805950002"], ["2、联系方式", "13805950003"]]
    assert faults(one(REGISTRATION.title, rows)) == {"contact_phone": ProblemCode.AMBIGUOUS}


def test_a_number_beside_the_name_and_another_in_the_table_within_are_asked_about():
    inner = grid([["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]])
    outer = grid([["姓名", "王晓云 13805950003"], ["性别", "女"], ["详细情况", ""]])
    cells = tuple(replace(cell, nested=(inner,)) if (cell.row, cell.column) == (2, 1) else cell for cell in outer.cells)
    assert faults(one(TITLE, replace(outer, cells=cells))) == {"mobile": ProblemCode.AMBIGUOUS}


def test_a_footer_across_the_table_is_no_value_of_an_empty_column():
    header = ["序号", "姓名", "职务", "手机", "传真", "单位名称"]
    rows = [header, ["1", "王晓云", "科员", "13805950002", "", "青石镇"], [Box("0595-27391234", 6)]]
    reading = one(TITLE, rows)
    assert reading.field("fax").value is None
    assert faults(reading) == {"fax": ProblemCode.AMBIGUOUS}
