"""What stands beside a value in its cell and counts is registered elsewhere in the form, or asked about: never dropped."""

from dataclasses import replace

import pytest

from parsers.accounted import accounted
from parsers.blank import Blank, Hint
from parsers.forms import UNREGISTERED, FieldReading, ProblemCode
from tests.builders.forms import LIAISON, REGISTRATION
from tests.builders.reading import faults, forms, one

FORM = {
    "姓名": "王晓云",
    "性别": "女",
    "职务": "科员",
    "办公电话": "0595-27391234",
    "手机": "13805950002",
    "传真": "0595-27391235",
    "电子邮箱": "wxy@unit.example.com",
    "单位名称": "青石镇人民政府",
    "通信地址": "青石镇东海路1号",
}
PROGRAM = {
    "单位": "青石镇",
    "现场是否提供节目": "是",
    "节目概况": "小品《安全帽》",
    "联系人": "王晓云",
    "联系方式": "13805950002",
}


def filled(**given):
    return one(LIAISON.title, [list(pair) for pair in {**FORM, **given}.items()])


@pytest.mark.parametrize(
    ("key", "label", "raw"),
    [
        ("name", "姓名", "王晓云13959760035"),
        ("name", "姓名", "王晓云 13959760035"),
        ("name", "姓名", "王晓云、13959760035"),
        ("name", "姓名", "王晓云（请联系13959760035）"),
        ("name", "姓名", "王晓云（电话27390001）"),
        ("name", "姓名", "王晓云（other@unit.example.com）"),
        ("position", "职务", "科员（请打13959760035）"),
        ("mobile", "手机", "13805950002、0595-27390001"),
        ("mobile", "手机", "13805950002（请打13959760035）"),
        ("mobile", "手机", "13805950002 other@unit.example.com"),
        ("office_phone", "办公电话", "0595-27391234（请打13959760035）"),
    ],
)
def test_a_number_or_an_address_beside_a_value_that_stands_nowhere_else_is_asked_about(key, label, raw):
    reading = filled(**{label: raw})
    assert faults(reading) == {key: ProblemCode.AMBIGUOUS}
    assert reading.field(key).problem.detail == UNREGISTERED
    assert reading.field(key).problem.given == reading.field(key).raw == raw
    assert reading.field(key).value is not None


@pytest.mark.parametrize(
    ("label", "raw"),
    [
        ("姓名", "王晓云13805950002"),
        ("姓名", "王晓云（手机138-0595-0002）"),
        ("姓名", "王晓云（电话27391234）"),
        ("姓名", "王晓云（wxy@unit.example.com）"),
        ("姓名", "王晓云主任"),
        ("姓名", "王晓云先生"),
        ("姓名", "王晓云（女，汉族）"),
        ("手机", "13805950002（短号660002）"),
        ("手机", "13805950002、0595-27391234"),
        ("手机", "+86 138 0595 0002"),
        ("手机", "13805950002，微信同号"),
        ("办公电话", "27391234-801、27390009"),
        ("办公电话", "59527391234"),
        ("电子邮箱", "wxy＠unit。example。com"),
        ("通信地址", "青石镇东海路1号 13959760035"),
    ],
)
def test_what_is_registered_in_the_form_or_kept_in_the_value_is_no_doubt(label, raw):
    assert faults(filled(**{label: raw})) == {}


def test_a_cell_with_nothing_but_a_request_to_call_somewhere_else_is_not_empty():
    reading = filled(传真="请打13959760035")
    assert faults(reading) == {"fax": ProblemCode.AMBIGUOUS}
    assert faults(filled(传真="例：0595-27390000")) == {}


@pytest.mark.parametrize("raw", ["是，13959760035", "是（联系李志明13959760035）"])
def test_what_stands_beside_an_answer_is_asked_about(raw):
    reading = one(REGISTRATION.title, [list(pair) for pair in {**PROGRAM, "现场是否提供节目": raw}.items()])
    assert faults(reading) == {"has_program": ProblemCode.AMBIGUOUS}


def test_a_number_beside_a_name_in_a_list_is_asked_about_in_its_own_row():
    rows = [
        ["姓名", "职务", "手机", "单位名称"],
        ["李志明13959760035", "副镇长", "13805950001", "青石镇人民政府"],
        ["王晓云", "科员", "13805950002", "青石镇人民政府"],
    ]
    first, second = forms(LIAISON.title, rows)
    assert faults(first) == {"name": ProblemCode.AMBIGUOUS}
    assert faults(second) == {}


def test_the_number_of_another_row_is_not_registered_for_this_person():
    rows = [
        ["姓名", "职务", "手机", "单位名称"],
        ["李志明13805950002", "副镇长", "13805950001", "青石镇人民政府"],
        ["王晓云", "科员", "13805950002", "青石镇人民政府"],
    ]
    assert faults(forms(LIAISON.title, rows)[0]) == {"name": ProblemCode.AMBIGUOUS}


@pytest.mark.parametrize("raw", ["王晓云（李志明）", "王晓云(李志明 代转)"])
def test_a_second_name_in_brackets_is_several_names(raw):
    assert faults(filled(姓名=raw)) == {"name": ProblemCode.AMBIGUOUS}


@pytest.mark.parametrize(
    "remark", ["高工", "常委", "党办", "女", "汉族", "副镇长", "主任", "党政办", "常务副镇长", "经办人", "A角"]
)
def test_a_title_or_an_office_in_brackets_is_no_second_name(remark):
    assert faults(filled(姓名=f"王晓云（{remark}）")) == {}


def test_what_the_office_itself_printed_in_a_cell_is_nobody_s():
    hint = "（请填写传真，咨询0595-27395529）"
    field = FieldReading("fax", hint, None, "传真", "R1C2", "right")
    (asked,) = accounted(LIAISON, (field,), {})
    assert asked.problem.detail == UNREGISTERED
    known = replace(LIAISON, blank=Blank(LIAISON.title, (), (Hint("fax", hint),)))
    assert accounted(known, (field,), {}) == (field,)
