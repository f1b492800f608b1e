"""Found by attacking the program from its README: what once stored a wrong value or showed one to a stranger.

Each mail goes the whole way through the ticks, on loopback servers and a real database.
"""

from datetime import timedelta

import pytest

from intake.db import queries
from intake.db.models import MessageRow
from intake.model import CellState, FormId, UnitName
from scheduler import jobs, recovery
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office

ADDRESS = "a27398830@126.com"
TOWN = "青石镇人民政府"
STRANGER = "stranger@example.net"


class Stage:
    """One office; `send` brings a mail through a whole round and returns what became of it."""

    def __init__(self, app, mailbox, sink) -> None:
        self.app, self.mailbox, self.sink, self.number = app, mailbox, sink, 0

    def send(self, sender: str, subject: str = "联络员表", *, minutes: int | None = None, **mail) -> str:
        self.number += 1
        raw = office.mail(sender, subject, number=self.number, **mail)
        at = office.START + timedelta(minutes=self.number if minutes is None else minutes)
        self.mailbox.deliver("INBOX", raw, at)
        assert jobs.one_round(self.app) is None
        self.app.clock.sleep(600)
        with self.app.bench.sessions() as session:
            return session.query(MessageRow).order_by(MessageRow.id.desc()).first().disposition

    def cell(self, form: str = "liaison"):
        with self.app.bench.sessions() as session:
            ledger = queries.load_ledger(
                session, self.app.settings.campaign, self.app.bench.roster, self.app.bench.late_after
            )
        return ledger.state.cell(UnitName(TOWN), FormId(form))

    def value(self, key: str):
        (submission,) = self.cell().submissions
        return next((field.value for field in submission.fields if field.key == key), None)

    def newest_letter_to(self, address: str) -> str:
        letters = [one.raw.decode() for one in self.sink.delivered if one.recipients == (address,)]
        return next(line for line in letters[-1].splitlines() if line.startswith("Message-ID: ")).split()[1]


@pytest.fixture
def stage(tmp_path):
    with DemoMailbox(ADDRESS, office.PASSWORD) as mailbox, SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
        settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=sink.port)
        with open_app(settings, SteppedClock(office.START), roster=office.roster()) as app:
            recovery.recover(app)
            yield Stage(app, mailbox, sink)


OWN = office.UNITS[TOWN]


def test_a_one_line_reply_from_another_address_does_not_wipe_the_form(stage):
    stage.send(OWN, attachment=office.liaison(TOWN, mobile=""))
    asked = stage.newest_letter_to(OWN)
    subject = "回复：【请补正】青石镇人民政府《泉州台商投资区“安全生产月”活动联络员反馈表》手机需补正〔2025-0001〕"
    assert stage.send(STRANGER, subject, text="手机：13900000077\n", In_Reply_To=asked) == "review"
    assert (stage.cell().state, stage.value("name")) == (CellState.CORRECTION, "林小满")


def test_a_stranger_may_not_mend_what_the_unit_has_to_mend(stage):
    stage.send(OWN, attachment=office.liaison(TOWN, mobile=""))
    assert stage.send(STRANGER, attachment=office.liaison(TOWN, name="赵冒名", mobile="13700000001")) == "review"
    assert stage.value("name") == "林小满"
    assert stage.send(OWN, attachment=office.liaison(TOWN)) == "accepted"
    assert stage.value("name") == "林小满"


def test_two_mails_of_one_second_are_judged_as_if_one_had_come_later(stage):
    stage.send(OWN, attachment=office.liaison(TOWN), minutes=5)
    assert stage.send(STRANGER, attachment=office.liaison(TOWN, mobile="13700000001"), minutes=5) == "review"
    assert stage.value("mobile") == "13900000001"


def test_a_reply_to_an_old_receipt_changes_only_what_it_says(stage):
    stage.send(OWN, attachment=office.liaison(TOWN))
    old = stage.newest_letter_to(OWN)
    stage.send(OWN, attachment=office.liaison(TOWN, mobile="13900000055"))
    assert stage.send(OWN, "回复：收件回执", text="职务：副主任\n", In_Reply_To=old) == "accepted"
    assert (stage.value("mobile"), stage.value("position")) == ("13900000055", "副主任")


@pytest.mark.parametrize("words", ["附件里手机写错了，正确的是13900000088。\n", "附件作废，请不要登记，稍后重发。\n"])
def test_words_that_contradict_the_attachment_go_to_a_person(stage, words):
    assert stage.send(OWN, text=words, attachment=office.liaison(TOWN)) == "review"


def test_words_that_say_that_the_file_is_right_are_no_contradiction(stage):
    words = "此前报送的手机13900000088有误，以本表为准。\n"
    assert stage.send(OWN, text=words, attachment=office.liaison(TOWN)) == "accepted"


def test_not_without_interest_is_not_no_interest(stage):
    stage.send(OWN, "关于咨询日", text="我镇不是没有意向，待研究后再报。\n")
    assert stage.cell("registration").state is CellState.NOT_SUBMITTED


def test_our_own_receipt_quoted_without_a_mark_is_nobodys_form(stage):
    stage.send(OWN, attachment=office.liaison(TOWN))
    echo = (
        "收到，谢谢！\n\n青石镇人民政府：\n贵单位报送的《泉州台商投资区“安全生产月”活动联络员反馈表》已收到并登记。\n"
        "姓名：林大满\n性别：男\n职务：主任\n手机：13700000009\n单位名称：青石镇人民政府\n"
        "本邮件由系统自动发送，可直接回复，回复由工作人员处理。\n"
    )
    stage.send(OWN, "联络员反馈表", text=echo)
    assert (stage.value("name"), stage.value("mobile")) == ("林小满", "13900000001")


@pytest.mark.parametrize("words", ["我正在休假，12月1日回来后回复您。\n", "本人外出学习，返岗后尽快处理。\n"])
def test_an_absence_note_without_headers_is_not_answered(stage, words):
    stage.send(OWN, attachment=office.liaison(TOWN))
    sent = len(stage.sink.delivered)
    stage.send(OWN, "回复：收件回执", text=words, In_Reply_To=stage.newest_letter_to(OWN))
    assert len(stage.sink.delivered) == sent


def test_a_reply_that_all_is_right_is_nobodys_work(stage):
    stage.send(OWN, attachment=office.liaison(TOWN))
    assert (
        stage.send(OWN, "回复：收件回执", text="核对无误，谢谢。\n", In_Reply_To=stage.newest_letter_to(OWN))
        == "ignored"
    )
