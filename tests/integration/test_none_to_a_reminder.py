"""A unit answers our reminder by 无: the office is asked whether it excuses the unit, and the unit is told so."""

import re
from datetime import timedelta
from email import message_from_bytes

import pytest

from intake import decide, noting
from intake.cases import RefusedError
from intake.db.models import MessageRow, OutboxRow
from intake.mime import unpack
from intake.model import CellState, LetterKind
from scheduler.web.accounts import Accounts
from scheduler.web.application import make_application
from tests.builders import office
from tests.rig.clerk import LIAISON, TOWN
from tests.web.conftest import NAME, PASSWORD, Client

ADDRESS = office.UNITS[TOWN]
ASKED = "请确认是否同意免报"


@pytest.fixture
def reminded(desk):
    """The reminder of the obligatory form, as it went to the unit."""
    while not (sent := reminders(desk)):
        desk.goes_on(timedelta(hours=1))
    assert "如无此项内容，请回复“无”。" in unpack(sent[-1].raw).own_text
    return sent[-1]


def reminders(desk):
    return [
        row
        for row in desk.rows(OutboxRow)
        if row.kind == LetterKind.REMINDER and row.unit == TOWN and LIAISON in row.forms and row.state == "sent"
    ]


def answered(desk, letter, words: str, **headers: str) -> int:
    headers = {"In_Reply_To": message_from_bytes(letter.raw)["Message-ID"], **headers}
    return desk.receives(ADDRESS, f"回复：{letter.subject}", text=f"{words}\n", **headers)


def letters(desk) -> list[str]:
    """The bodies of what the unit got but for reminders."""
    rows = [row for row in desk.rows(OutboxRow) if row.to_address == ADDRESS and row.kind != LetterKind.REMINDER]
    return [unpack(row.raw).own_text for row in rows]


@pytest.mark.parametrize(
    "words",
    [
        "无",
        "我单位无。",
        "没有",
        "本单位不涉及",
        "您好！我镇不涉及此项工作，谢谢。",
        "您好：\n我单位无此项内容。\n林小满",
        "经核实，我镇没有此类情况",
        "无需报送",
        "我镇不涉及，不报送。",
        "零报告",
    ],
)
def test_the_clerk_is_asked_and_the_unit_told_what_happens_next(desk, reminded, words):
    number = answered(desk, reminded, words)
    assert desk.is_open(number)
    (why,) = desk.case(number).reasons
    assert ASKED in why
    assert "联络员反馈表" in why
    (body,) = letters(desk)
    assert "说明无此项内容" in body
    assert "联络员反馈表》" in body
    assert "待工作人员确认" in body
    assert "未识别" not in body


def test_the_cell_waits_for_the_clerk_and_no_reminder_says_that_nothing_came(desk, reminded):
    before = len(reminders(desk))
    answered(desk, reminded, "无")
    assert desk.cell().state is CellState.REVIEW
    while desk.now.day != 31:
        desk.goes_on(timedelta(hours=1))
    assert len(reminders(desk)) == before
    assert len(letters(desk)) == 1


def test_an_excuse_that_is_noted_ends_it(desk, reminded):
    number = answered(desk, reminded, "无")
    noting.exempt(desk.bench, TOWN, LIAISON, text="无此项", who="王芳", now=desk.now)
    assert desk.cell().state is CellState.EXEMPT
    assert not desk.acts(decide.dismiss, number, note="已登记免报").open
    assert desk.cell().state is CellState.EXEMPT
    again = answered(desk, reminded, "无")
    assert not desk.is_open(again)
    assert len(letters(desk)) == 1


def test_where_the_office_does_not_agree_the_form_is_owed_again(desk, reminded):
    number = answered(desk, reminded, "无")
    desk.acts(decide.dismiss, number, note="已电话说明须报送")
    assert desk.cell().state is CellState.NOT_SUBMITTED


def test_a_form_that_comes_after_all_is_taken(desk, reminded):
    answered(desk, reminded, "无")
    desk.receives_form(TOWN)
    assert desk.cell().state is CellState.ACCEPTED


def test_the_same_word_once_more_is_asked_about_in_the_same_words_and_not_answered_twice(desk, reminded):
    answered(desk, reminded, "无")
    again = answered(desk, reminded, "我单位无")
    assert ASKED in desk.case(again).reasons[0]
    assert len(letters(desk)) == 1


def test_a_machine_that_says_it_is_not_answered(desk, reminded):
    answered(desk, reminded, "无", Auto_Submitted="auto-replied")
    assert letters(desk) == []
    assert desk.cell().state is CellState.NOT_SUBMITTED


@pytest.mark.parametrize("words", ["无\n表稍后再报", "请问我单位无此项内容要回复吗？", "我镇无意向联合举办"])
def test_what_says_something_else_is_not_taken_for_it(desk, reminded, words):
    number = answered(desk, reminded, words)
    assert desk.is_open(number)
    assert not any(ASKED in one for one in desk.case(number).reasons)
    assert desk.cell().state is CellState.NOT_SUBMITTED


def test_none_in_answer_to_a_request_to_mend_is_about_the_value(desk):
    desk.receives_form(TOWN, mobile="")
    (request,) = [row for row in desk.rows(OutboxRow) if row.kind == LetterKind.CORRECTION]
    number = answered(desk, request, "无")
    assert desk.is_open(number)
    assert desk.case(number).reasons == ("单位回信只写“无”，未能判明所指，请对照我方去信核实",)
    assert desk.cell().state is CellState.CORRECTION


def test_the_review_page_s_reasons_and_the_record_name_the_same_form(desk, reminded):
    number = answered(desk, reminded, "无")
    (item,) = desk.case(number).items
    assert (item.now.form, item.now.unit, item.now.fields) == (LIAISON, TOWN, ())
    with desk.bench.sessions() as session:
        assert session.get_one(MessageRow, number).disposition == "review"


def test_the_office_that_does_not_agree_says_so_in_a_letter_to_the_unit(desk, reminded):
    number = answered(desk, reminded, "无")
    with pytest.raises(RefusedError, match="请写明要单位补正什么"):
        desk.acts(decide.return_for_correction, number, 1)
    (letter,) = desk.acts(decide.return_for_correction, number, 1, note="各镇均须报送联络员").letters
    assert "经工作人员核对：各镇均须报送联络员。" in letter.body
    assert desk.cell().state is CellState.CORRECTION


def test_the_review_page_leads_to_the_note(desk, reminded):
    number = answered(desk, reminded, "无")
    Accounts(desk.place.data).put(NAME, PASSWORD)
    client = Client(make_application(desk.app))
    client.log_in()
    page = client.get(f"/review/{number}").text
    assert "单位答复“无”，请确认是否同意免报" in page
    step = re.search(r'<form method="post" action="(/units/\d+/exempt)".*?</form>', page, re.DOTALL)
    held = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', step[0]))
    asked = client.post(step[1], held)
    assert asked.status_code == 200
    assert "联络员反馈表" in asked.text
    seen = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked.text))
    assert client.post(step[1], seen).status_code == 303
    assert desk.cell().state is CellState.EXEMPT
    assert f"第{number}号来件" in desk.cell().by_hand


@pytest.mark.parametrize(
    "words", ["好的，附件2明天报", "附件1我单位不涉及，附件2已经在弄了，明天报", "无法打开附件，请重发"]
)
def test_what_is_promised_or_asked_for_is_no_forgotten_attachment(desk, reminded, words):
    number = answered(desk, reminded, words)
    assert desk.is_open(number)
    assert all("未见附件" not in body for body in letters(desk))
