"""Nobody is told that nothing has come by a program that has not looked: neither written nor sent, only later."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from intake import halt
from intake.db import condition
from intake.model import OutboxState
from intake.settings import Polling
from scheduler import guard, jobs
from scheduler.clock import Steady
from scheduler.demo.habits import Habits
from scheduler.last_read import LastRead
from tests.builders import office
from tests.rig.checker import subject_of
from tests.rig.inprocess import Office, a_round

TOWN, SANDS, SCHOOLS = office.UNITS
MORNING = datetime(2025, 5, 30, 8, 29, tzinfo=office.SHANGHAI)  # the deadline's; reminders go from 8:30
POLLING = Polling(120, 60.0, 600.0, 1, 2)
REFUSED = Habits(login_answer=b"LOGIN Login fail. Account is abnormal, service is not open")


@pytest.fixture
def place(tmp_path):
    with Office(tmp_path / "data", MORNING - timedelta(days=1, hours=12), clerk=False) as world:
        yield world


def arrives(place, unit: str = TOWN) -> None:
    raw = office.mail(office.UNITS[unit], "联络员表", attachment=office.liaison(unit), number=len(place.mails) + 1)
    place.deliver(raw, office.UNITS[unit])


def reminders(place) -> dict[str, str]:
    """The state of every unit's reminder of today."""
    rows = place.rows("SELECT unit, state, key FROM outbox WHERE kind = 'reminder'")
    return {row["unit"]: row["state"] for row in rows if row["key"].endswith(f"{place.truth:%Y-%m-%d}")}


def subjects_to(place, unit: str) -> list[str]:
    return [subject_of(one.raw) for _, one in place.letters() if one.recipients == (office.UNITS[unit],)]


def ticks(app, *names: str) -> None:
    for name in names:
        guard.guarded(app, name, jobs.TICKS[name])


def until(place, moment: datetime) -> None:
    place.pass_time(moment - place.truth)


@pytest.mark.parametrize("off_for", [timedelta(minutes=5), timedelta(hours=24)], ids=["5 minutes", "24 hours"])
def test_a_start_on_the_deadlines_morning_reminds_only_after_it_has_read_what_came_meanwhile(place, off_for):
    until(place, MORNING + timedelta(minutes=6) - off_for)
    app = place.open()
    ticks(app, "fetch", "process")
    place.close_app()
    arrives(place)
    until(place, MORNING + timedelta(minutes=6))
    app = place.open()
    ticks(app, "remind", "deliver")  # the daemon begins all at once, and a poll takes its time
    assert reminders(place) == {}
    ticks(app, "fetch", "remind", "deliver")
    assert reminders(place) == {}, "it is fetched, and nobody has looked into it yet"
    ticks(app, "process", "remind", "deliver")
    assert reminders(place) == {SANDS: "sent", SCHOOLS: "sent"}, "the others get theirs in the same hour"
    assert [subject[:6] for subject in subjects_to(place, TOWN)] == ["【收件回执】"]
    a_round(app)
    assert len(place.letters()) == 3


def test_while_the_login_is_refused_nothing_is_written_and_all_of_it_when_it_works_again(place):
    until(place, MORNING - timedelta(minutes=40))
    app = place.open()
    a_round(app)
    arrives(place)
    place.imap.habits = REFUSED
    for _ in range(13):
        place.pass_time(timedelta(minutes=10))
        a_round(app)
    assert reminders(place) == {}
    assert place.letters() == []
    place.imap.habits = Habits()
    for _ in range(30):  # the rest that the refusals began
        place.pass_time(timedelta(minutes=10))
        a_round(app)
    assert reminders(place) == {SANDS: "sent", SCHOOLS: "sent"}
    assert [subject[:6] for subject in subjects_to(place, TOWN)] == ["【收件回执】"]


def test_a_mailbox_that_was_read_a_day_ago_tells_nothing_of_who_is_late(place):
    until(place, datetime(2025, 6, 3, 9, 0, tzinfo=office.SHANGHAI))  # the first working day after the deadline
    app = place.open()
    ticks(app, "fetch", "process")
    place.imap.habits = REFUSED
    place.pass_time(timedelta(hours=24))
    a_round(app)
    assert place.letters() == []
    place.imap.habits = Habits()
    place.pass_time(timedelta(minutes=10))
    a_round(app)
    assert len(place.letters()) == 3
    assert all("逾期" in subject_of(one.raw) for _, one in place.letters()), "the step is not lost, only later"


def test_a_reminder_that_waits_in_the_queue_stays_there_while_the_mailbox_can_not_be_read(place):
    until(place, MORNING + timedelta(minutes=2))
    app = place.open()
    with app.bench.sessions.begin() as session:
        halt.pause(session, who="章某某", now=app.clock.now())
    a_round(app)
    assert set(reminders(place).values()) == {"queued"}
    arrives(place)
    place.imap.habits = REFUSED
    place.pass_time(timedelta(minutes=40))
    with app.bench.sessions.begin() as session:
        halt.resume(session)
    a_round(app)
    assert set(reminders(place).values()) == {"queued"}, "neither sent nor cancelled"
    assert place.letters() == []
    place.imap.habits = Habits()
    for _ in range(3):
        place.pass_time(timedelta(minutes=10))
        a_round(app)
    assert reminders(place) == {TOWN: OutboxState.CANCELLED, SANDS: "sent", SCHOOLS: "sent"}
    assert [subject[:6] for subject in subjects_to(place, TOWN)] == ["【收件回执】"]


def test_a_reminder_that_was_written_before_a_stop_waits_until_the_next_process_has_read(place):
    until(place, MORNING + timedelta(minutes=2))
    app = place.open()
    ticks(app, "fetch", "process", "remind")
    assert set(reminders(place).values()) == {"queued"}
    place.close_app()
    arrives(place)
    place.pass_time(timedelta(minutes=2))
    app = place.open()
    ticks(app, "deliver")
    assert place.letters() == []
    ticks(app, "fetch", "deliver")
    assert place.letters() == [], "it is fetched, and nobody has looked into it yet"
    place.pass_time(timedelta(minutes=2))
    ticks(app, "process", "deliver")
    assert reminders(place) == {TOWN: OutboxState.CANCELLED, SANDS: "sent", SCHOOLS: "sent"}


def test_an_answer_goes_out_past_the_reminders_that_wait(place):
    until(place, MORNING + timedelta(minutes=2))
    app = place.open()
    ticks(app, "fetch", "process", "remind")
    arrives(place)
    ticks(app, "fetch", "process")
    arrives(place, SANDS)
    place.pass_time(timedelta(seconds=10))
    ticks(app, "fetch", "deliver")
    assert [one.recipients[0] for _, one in place.letters()] == [office.UNITS[TOWN]]
    assert reminders(place) == {TOWN: OutboxState.CANCELLED, SANDS: "queued", SCHOOLS: "queued"}
    with app.bench.sessions() as session:
        assert condition.unsent_letters(session, app.clock.now()).count == 0, "the watch must not take it for a fault"


def test_what_the_server_never_gives_does_not_end_all_reminders(place):
    until(place, MORNING + timedelta(minutes=2))
    arrives(place)
    place.imap.habits = Habits(nil_bodies=True)
    app = place.open()
    a_round(app)
    assert reminders(place) == {}, "it may come with the next poll"
    for _ in range(7):
        place.pass_time(timedelta(minutes=10))
        a_round(app)
    assert set(reminders(place).values()) == {"sent"}


def test_a_folder_of_the_office_that_can_not_be_read_keeps_the_reminders_back(place):
    until(place, MORNING + timedelta(minutes=2))
    app = place.open()
    mailbox = replace(
        app.settings.mailbox, folders=("INBOX", "\u8868\u683c")
    )  # no such folder: told as a failure of fetch
    app = replace(app, bench=replace(app.bench, settings=replace(app.settings, mailbox=mailbox)))
    for _ in range(8):
        a_round(app)
        place.pass_time(timedelta(minutes=20))
    assert reminders(place) == {}
    app = replace(app, bench=replace(app.bench, settings=place.settings))
    place.pass_time(timedelta(hours=1, minutes=20))
    a_round(app)
    assert set(reminders(place).values()) == {"sent"}


def test_recent_is_half_an_hour_and_two_polls_of_an_office_that_polls_slowly():
    last = LastRead()
    assert not last.is_recent(MORNING, POLLING)
    last.note(MORNING, Steady("a", 100.0), whole=True)
    for minutes, slow, expected in ((30, False, True), (31, False, False), (31, True, True), (141, True, False)):
        rhythm = replace(POLLING, interval_s=3600) if slow else POLLING
        for later in (1, -1):  # a clock that was set back
            assert last.is_recent(MORNING + later * timedelta(minutes=minutes), rhythm) is expected


def test_what_a_poll_finds_came_since_the_poll_before_it_if_that_one_got_everything():
    last = LastRead()
    assert last.seconds_since_everything(Steady("a", 90.0)) is None, "the first look finds what lies there for days"
    last.note(MORNING, Steady("a", 100.0), whole=True)
    assert last.seconds_since_everything(Steady("a", 400.0)) == 300.0
    assert last.seconds_since_everything(Steady("b", 400.0)) is None
    last.note(MORNING, Steady("a", 400.0), whole=False)
    assert last.seconds_since_everything(Steady("a", 500.0)) is None, "what was left over is old"
