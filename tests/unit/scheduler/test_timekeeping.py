"""I18 in the ticks: what a 250, a Sent copy and two mails show stops the letters; a clock set right lets them go on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from intake import outbox
from intake.db import heartbeats
from intake.db.models import HeartbeatRow, OutboxRow
from intake.model import LetterKind, OutboxState
from scheduler import guard, jobs, recovery, timekeeping, watching
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.faults import Answer, Rule, Stage
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.health import State
from tests.builders import office
from tests.rig.checker import subject_of

ADDRESS = "a27398830@126.com"
TOWN, SANDS, SCHOOLS = office.UNITS
TRUE = office.START  # the servers' clock, which stands
OFF = timedelta(hours=3)


@pytest.fixture
def mailbox():
    with DemoMailbox(ADDRESS, office.PASSWORD) as server:
        yield server


@pytest.fixture(params=["timed 250", "Sent copy"])
def sink(request, mailbox):
    timed = request.param == "timed 250"
    with SmtpSink(
        login=ADDRESS,
        password=office.PASSWORD,
        on_mail=lambda letter: mailbox.deliver("已发送", letter.raw, TRUE),
        now=(lambda: TRUE) if timed else None,
    ) as server:
        yield server


@pytest.fixture
def clock():
    return SteppedClock(TRUE)


@pytest.fixture
def app(mailbox, sink, clock, tmp_path):
    settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=sink.port)
    settings = replace(settings, clerk=replace(settings.clerk, addresses=(office.CLERK,)))
    with open_app(settings, clock, roster=office.roster()) as opened:
        recovery.recover(opened)
        yield opened


def put(mailbox, unit: str, number: int, at=TRUE) -> None:
    raw = office.mail(office.UNITS[unit], "联络员表", attachment=office.liaison(unit), number=number)
    mailbox.deliver("INBOX", raw, at)


def to_units(sink) -> int:
    return sum(one.recipients != (office.CLERK,) for one in sink.delivered)


def beat(app, tick: str = "clock"):
    with app.bench.sessions() as session:
        return session.get(HeartbeatRow, tick)


@pytest.mark.parametrize("off", [OFF, -OFF])
def test_a_letter_shows_that_the_clock_is_wrong_and_the_next_goes_when_it_is_right(app, mailbox, sink, clock, off):
    clock.set_to(TRUE + off)
    put(mailbox, TOWN, 1)
    jobs.one_round(app)
    first = to_units(sink)
    jobs.fetch(app)  # the Sent folder is asked here, if the 250 told nothing
    put(mailbox, SANDS, 2)
    error = jobs.one_round(app)
    assert "本机时间比邮件服务器" in str(error)
    assert to_units(sink) == first <= 1
    assert beat(app).permanent
    assert [one.cause for one in watching.examine(app).symptoms if one.state is State.BAD] == ["clock"]
    clock.set_to(TRUE)
    assert jobs.one_round(app) is None
    assert to_units(sink) == 2
    assert beat(app).failures == 0
    with app.bench.sessions() as session:
        told = session.scalars(select(OutboxRow.subject).where(OutboxRow.kind == LetterKind.ALARM)).all()
    assert ["系统异常" in told[0], "已恢复" in told[-1]] == [True, True]


def test_a_clock_that_was_put_right_while_nothing_ran_is_no_alarm_of_the_next_run(app, mailbox, clock):
    clock.set_to(TRUE - timedelta(days=1))
    put(mailbox, TOWN, 1)
    put(mailbox, SANDS, 2)
    jobs.one_round(app)
    assert beat(app).failures
    clock.set_to(TRUE)
    recovery.recover(app)  # before the watch looks for the first time
    assert beat(app).failures == 0


def test_two_mails_from_the_future_stop_the_letters_before_any_has_gone(app, mailbox, sink, clock):
    clock.set_to(TRUE - timedelta(days=1))
    put(mailbox, TOWN, 1)
    put(mailbox, SANDS, 2)
    jobs.one_round(app)
    assert [one.recipients for one in sink.delivered] == [(office.CLERK,)], "the notice that the clock is wrong"
    clock.set_to(TRUE)
    jobs.one_round(app)
    assert to_units(sink) == 2


def test_one_mail_with_a_wrong_date_stops_nothing(app, mailbox, sink):
    put(mailbox, TOWN, 1, at=TRUE + timedelta(days=40))
    assert jobs.one_round(app) is None
    assert to_units(sink) == 1


def test_after_a_step_the_notice_of_it_goes_first_and_asks_the_server(app, mailbox, sink, clock):
    put(mailbox, TOWN, 1)
    jobs.one_round(app)
    jobs.fetch(app)
    before = len(sink.delivered)
    put(mailbox, SANDS, 2)
    clock.set_to(TRUE + timedelta(days=1))
    jobs.one_round(app)
    jobs.one_round(app)
    assert [one.recipients for one in sink.delivered[before:]] == [(office.CLERK,)], "no unit before the answer"
    assert beat(app).permanent, "a question at first, proved by the 250 to its notice"
    clock.set_to(TRUE)
    jobs.one_round(app)
    assert to_units(sink) == 2


def test_if_the_notice_of_a_step_is_refused_nothing_goes_to_a_unit_for_an_hour_and_then_as_before(
    app, mailbox, sink, clock
):
    put(mailbox, TOWN, 1)
    jobs.one_round(app)
    jobs.fetch(app)
    letter(app, LetterKind.ACKNOWLEDGEMENT, "receipt", at=TRUE)
    sink.script(Rule(Stage.RCPT, Answer(b"451 local error"), recipient=office.CLERK, times=None))
    clock.set_to(TRUE + timedelta(days=1))
    for _ in range(4):
        jobs.one_round(app)
        clock.sleep(360)
    assert to_units(sink) == 1
    for _ in range(10):
        clock.sleep(360)
        jobs.one_round(app)
    assert to_units(sink) == 2


MISDATED = timedelta(hours=3)


@pytest.fixture
def misdating(mailbox, clock, tmp_path):
    """An office whose provider tells no time and dates the copies of what was sent by a clock of its own."""
    now = clock.now

    def file(sent) -> None:
        mailbox.deliver("已发送", sent.raw, now() - MISDATED)

    with SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=file, now=None) as server:
        settings = office.settings(tmp_path / "data", imap_port=mailbox.port, smtp_port=server.port)
        settings = replace(settings, clerk=replace(settings.clerk, addresses=(office.CLERK,)))
        with open_app(settings, clock, roster=office.roster()) as opened:
            recovery.recover(opened)
            clock.set_to(TRUE + MISDATED)  # the copies are then dated as the record was begun
            put(mailbox, TOWN, 1, at=clock.now())  # it lay there when the program began: it shows nothing
            jobs.one_round(opened)
            jobs.fetch(opened)
            yield opened, server


def notices(sink) -> list[str]:
    return [one for one in (subject_of(one.raw) for one in sink.delivered) if "本机时间不准" in one]


def test_a_copy_with_a_wrong_date_stops_the_letters_tells_the_office_once_and_two_new_mails_end_it(
    misdating, mailbox, clock
):
    app, sink = misdating
    before = to_units(sink)
    for number, unit in ((2, SANDS), (3, TOWN)):
        for _ in range(3):
            clock.sleep(300)
            jobs.one_round(app)
        assert to_units(sink) == before
        assert len(notices(sink)) == 1
        put(mailbox, unit, number, at=clock.now())
        jobs.fetch(app)
    jobs.one_round(app)
    assert to_units(sink) == 2, "each unit has its receipt"
    jobs.fetch(app)  # the copies of these are dated wrong again
    put(mailbox, SCHOOLS, 4, at=clock.now() - timedelta(hours=1))
    jobs.one_round(app)
    assert to_units(sink) == 3
    assert beat(app).failures == 0


def test_single_rounds_end_the_doubt_as_well(misdating, mailbox, clock):
    app, sink = misdating
    before, settings = to_units(sink), app.settings
    for number, unit in ((2, SANDS), (3, SCHOOLS)):
        for mail in (None, number):
            if mail is not None:
                put(mailbox, unit, mail, at=clock.now())
            with open_app(settings, clock, roster=office.roster()) as once:
                jobs.one_round(once)
            clock.sleep(120)
        assert to_units(sink) == (before if number == 2 else 3)


def test_a_mail_that_lay_there_while_nothing_polled_ends_no_doubt(misdating, mailbox, clock):
    app, sink = misdating
    before, settings = to_units(sink), app.settings
    for number, unit in ((2, SANDS), (3, SCHOOLS)):
        clock.sleep(2 * 3600)
        put(mailbox, unit, number, at=clock.now())
        with open_app(settings, clock, roster=office.roster()) as once:
            jobs.one_round(once)
    assert to_units(sink) == before


def test_a_person_may_call_the_clock_right(misdating, mailbox, clock):
    app, sink = misdating
    before = to_units(sink)
    jobs.one_round(app)
    assert to_units(sink) == before
    timekeeping.confirm(app)
    for number, unit in ((2, SANDS), (3, SCHOOLS)):
        put(mailbox, unit, number, at=clock.now() - timedelta(hours=1))
        for _ in range(3):
            clock.sleep(300)
            jobs.one_round(app)
        assert to_units(sink) == number, "the dates of the copies change nothing"
    clock.set_to(clock.now() + timedelta(days=1))
    assert timekeeping.doubt(app) is not None, "it was right then"


def letter(app, kind: LetterKind, key: str, *, at, state=OutboxState.QUEUED) -> None:
    raw = f"From: {ADDRESS}\r\nSubject: s\r\nMessage-ID: <{key}@x>\r\n\r\nx\r\n".encode()
    new = outbox.NewLetter(key, kind, "c", "a@example.com", "s", f"<{key}@x>", key, raw, not_before=at)
    with app.bench.sessions.begin() as session:
        outbox.enqueue(session, new, state=state, now=at)


def test_what_was_written_by_a_fast_clock_goes_when_it_is_set_back_but_a_reminder_on_its_day(app, clock):
    later = TRUE + timedelta(days=365)
    letter(app, LetterKind.ACKNOWLEDGEMENT, "receipt", at=later)
    letter(app, LetterKind.REMINDER, "reminder", at=later)
    with app.bench.sessions.begin() as session:
        claimed = outbox.claim(session, TRUE, app.settings.sending)
        assert claimed is not None
        assert claimed.kind == LetterKind.ACKNOWLEDGEMENT
        assert outbox.claim(session, TRUE, app.settings.sending) is None


def test_a_rest_that_a_fast_clock_began_is_over_when_it_is_set_back(app, clock):
    calls = []

    def broken(_app) -> None:
        calls.append(clock.now())
        raise timekeeping.OfficeError("x")

    clock.set_to(TRUE + timedelta(days=3))
    guard.guarded(app, "process", broken)
    guard.guarded(app, "process", broken)
    assert len(calls) == 1, "it rests"
    clock.set_to(TRUE)
    guard.guarded(app, "process", broken)
    assert len(calls) == 2


def test_a_rest_that_is_longer_than_any_is_over(app, clock):
    with app.bench.sessions.begin() as session:
        heartbeats.note_tick_failure(session, "process", now=TRUE, message="x", paused_until=TRUE + timedelta(days=300))
        assert heartbeats.rests_until(session.get_one(HeartbeatRow, "process"), TRUE) is None
        heartbeats.note_tick_failure(session, "process", now=TRUE, message="x", paused_until=TRUE + timedelta(hours=24))
        assert heartbeats.rests_until(session.get_one(HeartbeatRow, "process"), TRUE) is not None


def test_letters_that_a_fast_clock_sent_do_not_use_up_the_caps_for_a_year(app):
    sending = replace(app.settings.sending, per_quarter_hour=1)
    letter(app, LetterKind.ACKNOWLEDGEMENT, "future", at=TRUE + timedelta(days=365))
    letter(app, LetterKind.ACKNOWLEDGEMENT, "now", at=TRUE)
    with app.bench.sessions.begin() as session:
        row = session.scalar(select(OutboxRow).where(OutboxRow.key == "future"))
        row.state, row.sent_at, row.claimed_at = "sent", TRUE + timedelta(days=365), TRUE + timedelta(days=365)
        session.flush()
        assert outbox.claim(session, TRUE, sending) is not None
