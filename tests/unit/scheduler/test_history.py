"""What went between the office and a unit, in words and in order."""

from datetime import UTC, datetime, timedelta

import pytest

from intake.model import DecisionKind, FormId
from scheduler.lookup.history import Decided, Letter, Mail, UnitNote, Way, fate_words, history

START = datetime(2025, 5, 28, 1, tzinfo=UTC)
TITLES = {FormId("liaison"): "联络员反馈表"}


def mail(number: int = 1, **more) -> Mail:
    values = {
        "arrived_at": START,
        "from_address": "a@example.com",
        "subject": "附件2",
        "state": "filed",
        "disposition": "accepted",
        "sender_kind": "person",
        "review_open": False,
    }
    return Mail(number, **(values | more))


def letter(number: int, **more) -> Letter:
    values = {
        "kind": "reminder",
        "to_address": "a@example.com",
        "subject": "【报送提醒】",
        "state": "sent",
        "created_at": START,
        "sent_at": START,
        "forms": ("liaison",),
    }
    return Letter(number, **(values | more))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "受理"),
        ({"disposition": "correction"}, "请补正"),
        ({"disposition": "review", "state": "held", "review_open": True}, "待人工核实"),
        ({"disposition": "review", "state": "held"}, "已由人工处理"),
        ({"disposition": "ignored", "state": "ignored"}, "不是报送"),
        ({"disposition": "ignored", "state": "ignored", "sender_kind": "bounce"}, "不是报送（退信）"),
        ({"disposition": "", "state": "archived"}, "等待处理"),
        ({"disposition": "accepted", "state": "archived"}, "等待处理"),  # it is read once more
        ({"disposition": "", "state": "shunted"}, "处理出错，已搁置，待人工处理"),
    ],
)
def test_the_fate_of_a_mail_is_told_in_words(options, words):
    assert fate_words(mail(**options)) == words


def test_the_newest_stands_first_and_an_answer_above_what_it_answers():
    note = UnitNote(1, "call", "liaison", "已答应", "章某某", START + timedelta(hours=1), None, None)
    mails = [mail(1), mail(2, arrived_at=START + timedelta(hours=2))]
    found = history(mails, [letter(1)], [note], submissions=(), titles=TITLES)
    assert [(one.way, one.number) for one in found] == [(Way.IN, 2), (Way.NOTE, 1), (Way.OUT, 1), (Way.IN, 1)]
    assert found[1].fate == "电话联系《联络员反馈表》"


def test_a_letter_stands_where_it_was_sent_not_where_it_was_written():
    late = letter(1, sent_at=START + timedelta(days=1))
    waiting = letter(2, state="held", sent_at=None, created_at=START + timedelta(hours=1))
    found = history([], [waiting, late], [], submissions=(), titles=TITLES)
    assert [one.number for one in found] == [1, 2]
    assert [one.fate for one in found] == ["报送提醒：已发送", "报送提醒：待放行"]
    assert [bool(one.tone) for one in found] == [False, True]


def test_what_has_no_subject_and_no_sender_says_so():
    (only,) = history([mail(subject="", from_address="")], [], [], submissions=(), titles=TITLES)
    assert (only.subject, only.party) == ("（无主题）", "（发件人不明）")


def decided(kind: str, **more) -> Decided:
    values = {
        "message_id": 7,
        "place": 1,
        "forms": ("liaison",),
        "unit": None,
        "was": None,
        "labels": (),
        "note": "",
        "subject": "附件2",
        "who": "章某某",
        "at": START,
        "undone_at": None,
        "undone_by": None,
    }
    return Decided(kind=kind, **(values | more))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (decided("accept"), "通过《联络员反馈表》"),
        (decided("accept", place=None, forms=("liaison", "liaison")), "通过《联络员反馈表》"),
        (decided("values", labels=("手机", "邮箱")), "改值《联络员反馈表》：手机、邮箱"),
        (decided("assign", unit="白沙镇"), "归属单位《联络员反馈表》：白沙镇（原为未能对应）"),
        (decided("assign", unit="白沙镇", was="青石镇"), "归属单位《联络员反馈表》：白沙镇（原为青石镇）"),
        (decided("dismiss", place=None), "标为“不是报送”"),
        (decided("return"), "退回补正《联络员反馈表》"),
        (decided("return", place=None, forms=()), "退回补正"),
    ],
)
def test_what_a_person_decided_is_told_in_words(one, words):
    (event,) = history([], [], [], [one], submissions=(), titles=TITLES)
    assert (event.way, event.number, event.place, event.fate) == (Way.DECISION, 7, one.place, words)
    assert (event.party, event.subject, event.tone, event.more) == ("章某某", "附件2", "", ())


def test_a_decision_shows_its_remark_and_one_that_was_undone_says_by_whom():
    undone_at = START + timedelta(hours=1)
    one = decided("return", note="请盖章", undone_at=undone_at, undone_by="李某某")
    (event,) = history([], [], [], [one], submissions=(), titles=TITLES)
    assert (event.subject, event.tone, event.more) == ("请盖章", "nothing", ("已由李某某于5月28日10:00撤销",))


def test_every_kind_of_decision_has_words_of_its_own():
    told = {history([], [], [], [decided(kind)], submissions=(), titles=TITLES)[0].fate for kind in DecisionKind}
    assert len(told) == len(DecisionKind)
    assert not any(word.isascii() for one in told for word in one if word.isalpha())
