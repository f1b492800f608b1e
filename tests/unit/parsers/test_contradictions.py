"""What is written around a form, or twice in it, against what its cells say."""

import pytest

from parsers.forms import Doubt
from tests.builders.forms import LIAISON, NOTE, REGISTRATION
from tests.builders.reading import one

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
