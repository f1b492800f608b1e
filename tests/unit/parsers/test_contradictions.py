"""What is written around a form, or twice in it, against what its cells say."""

from dataclasses import replace

import pytest

from parsers.extract import extract
from parsers.forms import Doubt
from parsers.template import find_blank
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE, REGISTRATION, document
from tests.builders.reading import forms, one

PERSON = [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]]


def doubts(reading):
    return [problem.detail for problem in reading.problems]


@pytest.mark.parametrize(
    "line", ["备注：6月起手机改为15905950003。", "手机号更正为15905950003", "联系人已调离，由他人接任"]
)
def test_a_line_beside_the_table_that_takes_a_value_back_sends_the_form_to_a_person(line):
    assert doubts(one(LIAISON.title, PERSON, line)) == [Doubt.CORRECTED]


@pytest.mark.parametrize(
    "line", [NOTE, "如联络员有变更，请及时报送新的联系方式", "填表说明：手机请勿错填", "祝工作顺利"]
)
def test_the_offices_own_note_beside_the_table_changes_nothing(line):
    assert doubts(one(LIAISON.title, PERSON, line)) == []


def registration(answer, program):
    rows = [["单位", "青石镇人民政府"], ["现场是否提供节目", answer], ["节目概况", program]]
    return one(REGISTRATION.title, [*rows, ["联系人", "王晓云"], ["联系方式", "13805950002"]])


def test_a_no_beside_a_described_program_sends_the_form_to_a_person():
    assert doubts(registration("否", "小品《安全帽》，时长8分钟")) == [Doubt.ANSWERED_TWICE]


@pytest.mark.parametrize(
    ("answer", "program"), [("否", ""), ("否", "无"), ("否", "暂无节目"), ("是", "小品《安全帽》")]
)
def test_an_answer_that_agrees_with_the_program_stands(answer, program):
    assert doubts(registration(answer, program)) == []


# --- numbers that no field explains --------------------------------------------------------------------------------------


def footed(*lines):
    made = document(LIAISON.title, PERSON)
    return one(replace(made, footers=lines))


LOOSE = ["13959760035", "手机：13959760035", "手机号码: 139 5976 0035", "0595-27390009"]


@pytest.mark.parametrize("line", LOOSE)
def test_a_number_alone_beside_the_table_that_no_field_has_sends_the_form_to_a_person(line):
    assert doubts(one(LIAISON.title, PERSON, line)) == [Doubt.CORRECTED]
    assert doubts(one(line, LIAISON.title, PERSON)) == [Doubt.CORRECTED]


@pytest.mark.parametrize(
    "line", [*LOOSE, "手机有变：13959760035", "新号码13959760035", "本表作废", "联系人已调离，由他人接任"]
)
def test_the_foot_of_the_page_is_heard_as_what_stands_beside_the_table_is(line):
    reading = footed("第1页 共1页", line)
    assert [(problem.detail, problem.given) for problem in reading.problems] == [(Doubt.CORRECTED, line)]


@pytest.mark.parametrize(
    "line",
    [
        "第 1 页 共 2 页",
        "2025年5月28日",
        "13805950002",
        "手机：138-0595-0002",
        "地址：海湾大道1号  电话：0595-27395529  传真：0595-27395530",
        "电话：0595-27395529",
        "联系电话：13959760035",
        "咨询电话：0595-27395529，如有变更请及时告知",
        "填表人：赵建国 手机：13959760035",
        NOTE,
    ],
)
def test_a_letterhead_a_signature_and_a_page_number_change_nothing(line):
    assert doubts(footed(line)) == []
    assert doubts(one(LIAISON.title, PERSON, line)) == []


@pytest.mark.parametrize("signer", ["填表人：赵建国", "赵建国", "经办人 赵建国"])
def test_the_number_of_who_signs_below_the_table_is_no_doubt(signer):
    assert doubts(one(LIAISON.title, PERSON, signer, "13959760035")) == []


def test_the_number_in_a_signature_below_the_table_is_no_doubt():
    signature = ["--", "周秘书", "某某公司", "手机：13611110000"]
    assert doubts(one(LIAISON.title, PERSON, *signature)) == []


def test_the_number_of_another_form_in_the_document_is_no_loose_one():
    other = [["姓名", "李志明"], ["职务", "副镇长"], ["手机", "13805950001"], ["单位名称", "白沙镇人民政府"]]
    read = forms(LIAISON.title, PERSON, "手机：13805950001", LIAISON.title, other)
    assert [doubts(reading) for reading in read] == [[], []]


def test_what_stands_at_the_foot_of_the_office_s_own_blank_form_is_nobody_s():
    line = "手机有变请拨打0595-27395529"
    office = replace(document(LIAISON.title, [[label, ""] for label, _ in PERSON]), footers=(line,))
    blank = find_blank(office, "liaison", FORMS).blank
    assert line in blank.around
    known = tuple(replace(form, blank=blank) if form.id == "liaison" else form for form in FORMS)
    made = replace(document(LIAISON.title, PERSON), footers=(line,))
    (reading,) = extract(made, known, area_code=AREA_CODE).forms
    assert doubts(reading) == []
    (reading,) = extract(made, FORMS, area_code=AREA_CODE).forms
    assert doubts(reading) == [Doubt.CORRECTED]
