"""Lines under a label that nobody knows: what stands there is asked, and what follows is read."""

from dataclasses import replace

import pytest

from parsers.forms import RUN_ON, UNLABELLED, ProblemCode
from tests.builders.forms import LIAISON, REGISTRATION, grid
from tests.builders.reading import body, one, values

CELLS = """姓名
王晓云
性别
女
职务
科员
办公电话
0595-27398802
手机
13805950002
传真
0595-27391234
电子邮箱
w@unit.example.com
单位名称
青石镇人民政府
通信地址
中山路1号"""


def of(text):
    (reading,) = body(f"{LIAISON.title}\n{text}").forms
    return reading


def is_asked(reading, key, given):
    field = reading.field(key)
    return (
        field is not None
        and field.value is None
        and field.problem is not None
        and (field.problem.code, field.problem.given, field.problem.detail)
        == (ProblemCode.AMBIGUOUS, given, UNLABELLED)
    )


def test_cells_behind_an_unknown_label_are_read_and_its_value_is_asked():
    reading = of(CELLS.replace("传真", "口真"))
    assert values(reading) == {key: value for key, value in values(of(CELLS)).items() if key != "fax"}
    assert is_asked(reading, "fax", "0595-27391234")


def test_a_misspelt_label_alone_in_its_line_is_one_among_labels_that_stand_so():
    assert values(of(CELLS.replace("通信地址", "通号地址"))) == values(of(CELLS))


def test_a_misspelt_label_is_not_the_value_of_the_empty_one_above():
    reading = of(CELLS.replace("科员\n办公电话", "办号电话"))
    assert values(reading) == {key: value for key, value in values(of(CELLS)).items() if key != "position"}


LINES = """姓名：王晓云　　性别：女
职务：科员　　办公电话：0595-27398802
手机：13805950002　　传真：0595-27391234
电子邮箱：w@unit.example.com　　单位名称：青石镇人民政府
通信地址：中山路1号"""


@pytest.mark.parametrize(
    ("right", "wrong", "key", "given"),
    [
        ("　　办公电话", "　　办号电话", "office_phone", "0595-27398802"),
        ("传真", "传真号号码", "fax", "0595-27391234"),
        ("\n通信地址", "　　通号地址", "address", "中山路1号"),
    ],
)
def test_a_value_that_fits_under_a_label_that_is_nearly_ours_is_asked(right, wrong, key, given):
    reading = of(LINES.replace(right, wrong))
    assert values(reading) == {name: value for name, value in values(of(LINES)).items() if name != key}
    assert is_asked(reading, key, given)


def test_a_value_under_a_label_of_others_is_not_asked_for_a_field_of_ours():
    reading = of(LINES.replace("　　办公电话", "　　家庭电话"))
    assert reading.field("office_phone") is None


def test_a_value_that_does_not_fit_is_not_asked_for_the_field_whose_label_is_near():
    reading = of(LINES.replace("办公电话：0595-27398802", "办号电话：见后"))
    assert reading.field("office_phone") is None


ENTRY = """单位：青石镇人民政府　　现场是否提供节目：是
节目概况：消防器材展示　　联系号姓名：王晓云
联系方式：13805950002"""


def test_a_label_one_slip_away_from_ours_ends_a_text_behind_a_wide_blank():
    (reading,) = body(f"{REGISTRATION.title}\n{ENTRY}").forms
    assert reading.field("program_summary").value == "消防器材展示"
    assert is_asked(reading, "contact_name", "王晓云")


def test_a_text_keeps_what_only_looks_like_a_label():
    (reading,) = body(f"{REGISTRATION.title}\n{ENTRY.replace('联系号姓名：王晓云', '演出时长：8分钟')}").forms
    assert reading.field("program_summary").value == "消防器材展示  演出时长：8分钟"


BARE = """姓名　王晓云
性别　女
职务　科员
办公电话　0595-27398802
手机　13805950002
传真　0595-27391234
单位名称　青石镇人民政府
通信地址　中山路1号"""


@pytest.mark.parametrize(
    ("right", "wrong", "key", "given"),
    [
        ("性别", "区别", "gender", "女"),
        ("传真", "号真", "fax", "0595-27391234"),
        ("办公电话", "办的电活", "office_phone", "0595-27398802"),
        ("通信地址　", "地口：", "address", "中山路1号"),
    ],
)
def test_a_value_behind_a_misspelt_label_without_a_colon_is_asked(right, wrong, key, given):
    reading = of(BARE.replace(right, wrong))
    assert values(reading) == {name: value for name, value in values(of(BARE)).items() if name != key}
    assert is_asked(reading, key, given)


def test_the_misspelt_label_tells_which_of_two_empty_fields_is_meant():
    text = BARE.replace("办公电话　0595-27398802\n", "").replace("传真", "号真")
    reading = of(text)
    assert is_asked(reading, "fax", "0595-27391234")
    assert reading.field("office_phone") is None


@pytest.mark.parametrize("line", ["赵填表　13911112222", "微信号　13911112222", "\n号真　0595-27391234"])
def test_the_end_of_the_letter_is_not_asked_for_a_field(line):
    reading = of(f"{BARE.replace('传真　0595-27391234', '传真　')}\n{line}")
    assert all(field.problem is None for field in reading.fields)


def test_a_misspelt_label_at_the_beginning_of_a_line_does_not_hide_the_second():
    reading = of(LINES.replace("职务", "职本"))
    assert reading.field("office_phone").value == "0595-27398802"
    assert is_asked(reading, "position", "科员")


@pytest.mark.parametrize(
    "name", ["，联的人：王晓云", "\n联的人：王晓云", "\n4、本系人：王晓云", "\n联号人　王晓云", "　　联系区：王晓云"]
)
def test_a_text_that_goes_on_over_a_misspelt_label_is_asked_and_so_is_what_stands_there(name):
    text = ENTRY.replace("　　联系号姓名：王晓云", name)
    (reading,) = body(f"{REGISTRATION.title}\n{text}").forms
    summary = reading.field("program_summary")
    assert (summary.value, summary.problem.detail) == (None, RUN_ON)
    assert is_asked(reading, "contact_name", "王晓云")


def test_a_text_is_not_doubted_for_a_label_that_has_its_value():
    text = ENTRY.replace("　　联系号姓名：王晓云", "，联的人：王晓云\n联系人：王晓云")
    (reading,) = body(f"{REGISTRATION.title}\n{text}").forms
    assert reading.field("program_summary").problem is None


def test_a_value_behind_a_misspelt_label_in_one_cell_is_asked():
    rows = [
        ["姓名：王晓云", "性别：女"],
        ["手机：13805950002", "本真：0595-27391234"],
        ["单位名称：青石镇人民政府", ""],
    ]
    reading = one(LIAISON.title, rows)
    assert is_asked(reading, "fax", "0595-27391234")


@pytest.mark.parametrize("last", [["电子邮箱", "白沙镇", "通信地址", ""], ["电子邮箱", "", "传真", "科员"]])
def test_a_row_of_labels_below_others_is_no_header_for_nobody(last):
    rows = [["姓名", "王晓云", "职务", "科员"], ["手机", "13805950002", "单位名称", "青石镇人民政府"], last]
    reading = one(LIAISON.title, rows)
    (asked,) = [field for field in reading.fields if field.problem is not None]
    assert (asked.problem.code, asked.raw) == (ProblemCode.INVALID, "".join(last[1::2]))


def test_what_is_no_unit_in_the_line_above_is_asked_where_the_table_has_none():
    rows = [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"]]
    reading = one(LIAISON.title, "单位名称：0595-87363566", rows)
    assert reading.field("unit").problem.code is ProblemCode.INVALID
    reading = one(LIAISON.title, "单位名称：0595-87363566", [*rows, ["单位名称", "青石镇人民政府"]])
    assert (reading.field("unit").value, reading.field("unit").problem) == ("青石镇人民政府", None)


def test_a_row_around_a_nested_table_belongs_to_the_form_though_its_neighbor_is_misspelt():
    inner = grid([["职务", "科员"], ["手机", "13805950002"], ["传真", ""], ["单位名称", "青石镇人民政府"]])
    outer = grid([["姓区", "王晓云"], ["性别", "女"], ["详细情况", ""]])
    cells = tuple(replace(cell, nested=(inner,)) if (cell.row, cell.column) == (2, 1) else cell for cell in outer.cells)
    reading = one(LIAISON.title, replace(outer, cells=cells))
    assert reading.field("gender").value == "女"
    assert is_asked(reading, "name", "王晓云")
