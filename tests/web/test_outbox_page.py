"""The letters' page: what waits is seen and decided; nothing is mailed that was not shown; while all is halted nothing leaves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from intake import restored
from intake.compose import Attachment, compose
from intake.db.models import AuditRow, OutboxRow
from intake.model import LetterKind
from intake.own_letter import read_own
from scheduler.app import App
from scheduler.web.application import make_application
from tests.builders import office
from tests.rig.inprocess import Office, a_round
from tests.web.conftest import NAME, SANDS, Client


@dataclass
class Sending:
    """An office with its servers, a desk before it, and the letters of a morning, made to wait."""

    office: Office
    app: App
    client: Client

    def hold(self, state: str = "held") -> list[int]:
        with self.app.bench.sessions.begin() as session:
            session.execute(update(OutboxRow).values(state=state, attempt=0, sent_at=None))
            return list(session.scalars(select(OutboxRow.id).order_by(OutboxRow.id)))

    def states(self) -> dict[int, str]:
        with self.app.bench.sessions() as session:
            return {row.id: row.state for row in session.scalars(select(OutboxRow))}

    def audit(self) -> list[tuple[str, str, str]]:
        with self.app.bench.sessions() as session:
            rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
            return [(row.who, row.action, row.subject) for row in rows]

    def confirm(self, page: str, **more: str):
        """Send the form of a page that asks, as a browser does."""
        answer = self.client.get(page)
        assert answer.status_code == 200, answer.text
        names = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
        data: dict[str, object] = {}
        for name, value in names:
            data[name] = [*data[name], value] if name in data else [value]
        target = re.search(r'<form method="post" action="(/outbox[^"]*)"', answer.text)[1]
        return self.client.post(target, data | more)


@pytest.fixture
def sending(morning_data, tmp_path) -> Iterator[Sending]:
    with Office(tmp_path / "data", office.START + timedelta(hours=2), template=morning_data) as office_:
        app = office_.open()
        client = Client(make_application(app))
        client.log_in()
        yield Sending(office_, app, client)


def test_every_letter_stands_on_its_shelf_with_its_address_masked(sending):
    answer = sending.client.get("/outbox?tab=sent").text
    assert "收件回执" in answer
    assert "补正通知" in answer
    assert office.UNITS[SANDS] not in answer
    assert "b***@bs.example.com" in answer
    assert "这里没有信" in sending.client.get("/outbox").text


def test_a_letter_is_shown_as_its_reader_sees_it_with_its_cause(sending):
    number = min(sending.states())
    answer = sending.client.get(f"/outbox/{number}").text
    with sending.app.bench.sessions() as session:
        own = read_own(session.get_one(OutboxRow, number).raw)
    assert own.subject in answer
    assert own.text.splitlines()[0] in answer
    assert 'href="/mails/' in answer
    assert sending.client.get("/outbox/999").status_code == 404


def test_nothing_is_released_before_it_was_shown_and_confirmed(sending):
    first, *others = sending.hold()
    asked = sending.client.get(f"/outbox/confirm?do=release&id={first}").text
    assert "确认放行" in asked
    assert "发出后不能收回" in asked
    assert set(sending.states().values()) == {"held"}
    answer = sending.confirm(f"/outbox/confirm?do=release&id={first}")
    assert (answer.status_code, answer.location) == (303, "/outbox")
    assert sending.states()[first] == "queued"
    assert {sending.states()[one] for one in others} == {"held"}
    assert sending.audit() == [(NAME, "release", f"letter {first}")]
    assert "已放行 1 封" in sending.client.get("/outbox").text


def test_who_releases_reminders_is_told_that_the_needless_ones_will_not_go(sending):
    first, *_ = sending.hold()
    with sending.app.bench.sessions.begin() as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == first).values(kind="reminder"))
    sending.confirm("/outbox/confirm?do=release&all=1")
    assert "其中提醒 1 封，已不需要的会在发出前自动撤销" in sending.client.get("/outbox").text


def test_all_that_are_held_go_by_one_confirmation_and_reach_their_readers_once(sending):
    numbers = sending.hold()
    before = len(sending.office.sent)
    sending.confirm("/outbox/confirm?do=release&all=1")
    a_round(sending.app)
    a_round(sending.app)
    assert len(sending.office.sent) - before == len(numbers)
    assert set(sending.states().values()) == {"sent"}


def test_a_letter_that_moved_on_meanwhile_stops_the_whole_action(sending):
    numbers = sending.hold()
    shown = {"do": "release", "letter": [f"{number}:held" for number in numbers]}
    with sending.app.bench.sessions.begin() as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == numbers[0]).values(state="cancelled"))
    answer = sending.client.post("/outbox/do", shown)
    assert answer.status_code == 409
    assert "没有执行" in answer.text
    assert set(sending.states().values()) == {"held", "cancelled"}
    assert sending.audit() == []


def test_a_hold_for_letters_of_another_life_is_told_and_ended_though_no_letter_waits(sending):
    with sending.app.bench.sessions.begin() as session:
        restored.hold(session, restored.Held(office.START, elsewhere=2))
    page = sending.client.get("/outbox").text
    assert "本程序的 2 封信，这份登记里却没有发过" in page
    assert "请先停掉一台" in page
    assert "解除暂停" in page
    assert "没有等待放行的信" in sending.client.get("/outbox/confirm?do=release&all=1").text
    sending.confirm("/outbox/confirm?do=release&all=1")
    with sending.app.bench.sessions() as session:
        assert not restored.is_on_hold(session)
    assert "解除暂停" not in sending.client.get("/outbox").text
    assert sending.audit()[-1][1:] == ("end_hold", "outbox")
    assert sending.client.get("/outbox/confirm?do=release&all=1").status_code == 409


@pytest.mark.parametrize(
    "data", [{"do": "release"}, {"do": "burn", "letter": "1:held"}, {"do": "cancel", "letter": "x"}]
)
def test_what_no_page_of_ours_sends_changes_nothing(sending, data):
    sending.hold()
    assert sending.client.post("/outbox/do", data).status_code in (400, 409)
    assert set(sending.states().values()) == {"held"}


def test_what_was_cancelled_never_goes(sending):
    numbers = sending.hold()
    before = len(sending.office.sent)
    sending.confirm(f"/outbox/confirm?do=cancel&id={numbers[0]}&id={numbers[1]}")
    a_round(sending.app)
    assert [sending.states()[one] for one in numbers[:2]] == ["cancelled", "cancelled"]
    assert len(sending.office.sent) == before
    assert "已取消 2" in sending.client.get("/outbox?tab=cancelled").text


# --- sending again ---------------------------------------------------------------------------------------------------


def test_a_letter_that_went_is_sent_again_under_a_name_of_its_own_after_a_warning(sending):
    number = min(sending.states())
    asked = sending.client.get(f"/outbox/confirm?do=resend&id={number}").text
    assert "再发对方会收到两封" in asked
    assert "5月28日" in asked
    before = len(sending.office.sent)
    assert sending.confirm(f"/outbox/confirm?do=resend&id={number}").status_code == 303
    a_round(sending.app)
    (_, letter), *others = sending.office.sent[before:]
    assert others == []
    with sending.app.bench.sessions() as session:
        first = session.get_one(OutboxRow, number)
        second = session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc())).first()
    one, two = read_own(first.raw), read_own(second.raw)
    assert letter.raw == second.raw
    assert (first.state, second.state, first.raw == second.raw) == ("sent", "sent", False)
    assert second.header_message_id != first.header_message_id
    assert first.reference not in two.subject + two.text
    assert two.text.replace(second.reference, first.reference) == one.text
    assert (two.in_reply_to, two.to_address, second.cause_id) == (one.in_reply_to, one.to_address, first.cause_id)


def test_a_second_click_within_the_minute_sends_nothing_more(sending):
    number = min(sending.states())
    assert sending.confirm(f"/outbox/confirm?do=resend&id={number}").status_code == 303
    held = len(sending.states())
    sending.office.pass_time(timedelta(seconds=50))
    answer = sending.confirm(f"/outbox/confirm?do=resend&id={number}")
    assert (answer.status_code, "一分钟内" in answer.text) == (409, True)
    assert len(sending.states()) == held
    sending.office.pass_time(timedelta(seconds=10))
    assert sending.confirm(f"/outbox/confirm?do=resend&id={number}").status_code == 303
    assert len(sending.states()) == held + 1


def test_a_letter_of_uncertain_fate_is_tried_again_as_the_same_letter(sending):
    (number, *_) = sending.hold("uncertain")
    assert "对方可能已经收到" in sending.client.get(f"/outbox/confirm?do=resend&id={number}").text
    count = len(sending.states())
    sending.confirm(f"/outbox/confirm?do=resend&id={number}")
    assert sending.states()[number] == "queued"
    assert len(sending.states()) == count


# --- reminders -------------------------------------------------------------------------------------------------------


def test_a_reminder_that_was_skipped_is_not_written_again_while_its_step_lasts(sending):
    sending.client.post("/outbox/pause")  # so that they wait
    sending.office.pass_time(timedelta(days=27))  # 24 June: three working days before the summary's deadline
    a_round(sending.app)
    with sending.app.bench.sessions() as session:
        first = session.scalars(select(OutboxRow.id).where(OutboxRow.kind == LetterKind.REMINDER)).first()
    assert sending.states()[first] == "queued"
    sending.client.log_in()
    assert "跳过本次提醒" in sending.client.get(f"/outbox/{first}").text
    sending.confirm(f"/outbox/confirm?do=skip&id={first}")
    assert sending.states()[first] == "cancelled"
    assert "已跳过" in sending.client.get("/outbox?tab=cancelled").text
    sending.office.pass_time(timedelta(days=1))  # the step's window is open for a second day
    a_round(sending.app)
    with sending.app.bench.sessions() as session:
        skipped = session.get_one(OutboxRow, first)
        again = session.scalars(
            select(OutboxRow).where(OutboxRow.kind == LetterKind.REMINDER, OutboxRow.unit == skipped.unit)
        ).all()
    assert [row.id for row in again] == [first]


# --- the switch ------------------------------------------------------------------------------------------------------


def test_while_all_is_halted_nothing_leaves_not_even_after_a_restart(sending, tmp_path):
    assert "确认暂停" in sending.client.get("/outbox/pause").text
    numbers = sending.hold("queued")
    assert sending.confirm("/outbox/pause").status_code == 303
    before = len(sending.office.sent)
    a_round(sending.app)
    sending.office.close_app()
    app = sending.office.open()
    sending.app, sending.client = app, Client(make_application(app))
    sending.client.log_in()
    sending.office.pass_time(timedelta(minutes=20))
    a_round(app)
    assert len(sending.office.sent) == before
    assert set(sending.states().values()) == {"queued"}
    assert "全部发送已暂停" in sending.client.get("/").text
    asked = sending.client.get("/outbox/resume").text
    assert f"排队的 {len(numbers)} 封信" in asked
    assert sending.confirm("/outbox/resume").status_code == 303
    assert "全部发送已暂停" not in sending.client.get("/").text
    a_round(app)
    assert len(sending.office.sent) - before == len(numbers)
    assert [action for _, action, _ in sending.audit()] == ["pause", "resume"]


def test_a_halt_that_is_on_is_neither_put_on_nor_taken_off_twice(sending):
    assert sending.client.post("/outbox/resume", {"since": "x"}).status_code == 409
    assert sending.client.get("/outbox/resume").status_code == 409
    sending.client.post("/outbox/pause")
    assert sending.client.post("/outbox/pause").status_code == 409
    assert sending.client.post("/outbox/resume", {"since": "2025-01-01T00:00:00+00:00"}).status_code == 409
    assert [action for _, action, _ in sending.audit()] == ["pause"]


# --- hostile words ---------------------------------------------------------------------------------------------------


def test_markup_in_a_letter_and_in_a_servers_words_stays_text(sending):
    hostile = "<script>alert(1)</script>\u202e" + "长" * 200
    mailbox = sending.app.settings.mailbox.address
    with sending.app.bench.sessions.begin() as session:
        row = session.scalars(select(OutboxRow)).first()
        row.raw = compose(
            hostile,
            hostile,
            kind=LetterKind.QUESTION,
            to_address="someone@example.net",
            sender_address=mailbox,
            sender_name=hostile,
            message_id=row.header_message_id,
            reference=row.reference,
            key=b"k",
            now=sending.app.clock.now(),
            attachments=(Attachment(hostile, "text/plain", b"x"),),
        )
        row.state, row.unit, row.subject = "held", hostile, hostile
        row.answer = "550 <img src=x onerror=alert(1)>"
        number = row.id
    for page in ("/outbox", f"/outbox/{number}", f"/outbox/confirm?do=release&id={number}"):
        answer = sending.client.get(page).text
        assert "&lt;script&gt;" in answer
        assert "<script" not in answer
        assert "<img" not in answer
