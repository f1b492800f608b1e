"""What the clerk is written of troubles: one letter of a cause at a time, the newest; the digest when the mailbox was read."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest

from intake.db import heartbeats
from intake.errors import PermanentServerError
from intake.roster import parse_roster
from scheduler import guard, jobs, watching
from scheduler.app import open_app
from scheduler.demo.faults import Answer, Drop, Rule, Stage
from scheduler.demo.habits import Habits
from scheduler.health import State
from scheduler.lookup.audit import find
from tests.builders import office
from tests.rig.checker import subject_of
from tests.rig.inprocess import Office, a_round

TOWN = next(iter(office.UNITS))
EVENING = office.START.replace(hour=20)
REFUSED = Habits(login_answer=b"LOGIN Login fail. Account is abnormal, service is not open")


@pytest.fixture
def place(tmp_path):
    with Office(tmp_path / "data", EVENING) as world:
        yield world


def refused(_app) -> None:
    raise PermanentServerError("邮箱登录被拒绝")


def fails(app) -> None:
    with app.bench.sessions.begin() as session:
        heartbeats.end_rests(session)
    guard.guarded(app, "fetch", refused)


def works(app) -> None:
    with app.bench.sessions.begin() as session:
        heartbeats.end_rests(session)
    guard.guarded(app, "fetch", lambda _app: None)


def ticks(app, *names: str) -> None:
    for name in names:
        guard.guarded(app, name, jobs.TICKS[name])


def alarms(place) -> list[tuple[str, str]]:
    rows = place.rows("SELECT subject, state FROM outbox WHERE kind = 'alarm' ORDER BY id")
    return [("已恢复" if "已恢复" in row["subject"] else "异常", row["state"]) for row in rows]


def test_an_alarm_that_still_waits_when_its_cause_has_ended_gives_way_to_the_all_clear(place):
    app = place.open()
    fails(app)
    ticks(app, "housekeep")
    assert alarms(place) == [("异常", "queued")]
    works(app)
    ticks(app, "housekeep", "deliver")
    assert alarms(place) == [("异常", "cancelled"), ("已恢复", "sent")]


def test_of_two_alarms_of_one_cause_that_wait_only_the_newer_goes(place):
    app = place.open()
    fails(app)
    ticks(app, "housekeep")
    works(app)
    ticks(app, "housekeep")
    place.pass_time(timedelta(hours=2))
    fails(app)
    ticks(app, "housekeep", "deliver")
    assert alarms(place) == [("异常", "cancelled"), ("已恢复", "cancelled"), ("异常", "sent")]


def test_a_trouble_that_comes_and_goes_is_told_once_an_hour(place):
    app = place.open()
    for _ in range(11):  # ten minutes ill, ten minutes well
        fails(app)
        ticks(app, "housekeep", "deliver")
        place.pass_time(timedelta(minutes=10))
        works(app)
        ticks(app, "housekeep", "deliver")
        place.pass_time(timedelta(minutes=10))
    told = [state for state, _ in alarms(place)]
    assert told.count("异常") == 4, "three hours and forty minutes"
    assert told.count("已恢复") == 4, "each that was told has its end"


def test_a_new_trouble_within_the_hour_is_told_when_it_outlasts_it(place):
    app = place.open()
    fails(app)
    ticks(app, "housekeep")
    works(app)
    ticks(app, "housekeep", "deliver")
    place.pass_time(timedelta(minutes=10))
    fails(app)
    ticks(app, "housekeep", "deliver")
    assert len(alarms(place)) == 2
    place.pass_time(timedelta(minutes=51))
    fails(app)
    ticks(app, "housekeep", "deliver")
    assert alarms(place)[2:] == [("异常", "sent")]


def test_an_alarm_from_before_a_stop_waits_until_this_process_has_looked(place):
    app = place.open()
    fails(app)
    ticks(app, "housekeep")
    place.close_app()
    place.pass_time(timedelta(days=1))
    app = place.open()
    ticks(app, "deliver")
    assert alarms(place) == [("异常", "queued")], "nobody knows yet whether it is still true"
    with app.bench.sessions.begin() as session:
        heartbeats.end_rests(session)
    ticks(app, "fetch", "process", "housekeep")
    place.pass_time(timedelta(minutes=1))
    ticks(app, "deliver")
    assert alarms(place) == [("异常", "cancelled"), ("已恢复", "sent")]


def test_an_alarm_from_before_a_stop_goes_when_it_is_still_true(place):
    app = place.open()
    fails(app)
    ticks(app, "housekeep")
    place.close_app()
    place.pass_time(timedelta(days=1))
    place.imap.habits = REFUSED
    app = place.open()
    a_round(app)
    assert alarms(place) == [("异常", "sent")]


# --- the digest ------------------------------------------------------------------------------------------------------


def digest(place) -> str | None:
    found = place.rows("SELECT raw FROM outbox WHERE kind = 'digest' ORDER BY id")
    if not found:
        return None
    return message_from_bytes(found[-1]["raw"]).get_payload(0).get_payload(decode=True).decode()


@pytest.fixture
def morning(place):
    place.pass_time(timedelta(hours=13, minutes=5))  # 9:05 of the next day, a working one
    return place


def test_the_digest_waits_until_this_process_has_read_what_came(morning):
    unit, address = next(iter(office.UNITS.items()))
    morning.deliver(office.mail(address, "联络员表", attachment=office.liaison(unit), number=1), address)
    app = morning.open()
    ticks(app, "housekeep")
    assert digest(morning) is None, "the daemon begins all at once, and a poll takes its time"
    ticks(app, "fetch", "housekeep")
    assert digest(morning) is None, "it is fetched, and nobody has looked into it yet"
    ticks(app, "process", "housekeep")
    assert "已受理1" in digest(morning)
    assert "还没有读完邮箱" not in digest(morning)


def test_a_mailbox_that_can_not_be_read_holds_the_digest_for_an_hour_and_it_says_so(morning):
    morning.imap.habits = REFUSED
    app = morning.open()
    for _ in range(5):
        a_round(app)
        morning.pass_time(timedelta(minutes=10))
    assert digest(morning) is None
    morning.pass_time(timedelta(minutes=11))
    a_round(app)
    assert "还没有读完邮箱" in digest(morning)


def test_no_digest_is_lost_to_the_end_of_its_day(morning):
    morning.pass_time(timedelta(hours=14, minutes=40))  # 23:45
    app = morning.open()
    ticks(app, "housekeep")
    assert "还没有读完邮箱" in digest(morning)


def test_an_office_that_runs_single_rounds_gets_its_digest_though_the_mailbox_can_not_be_read(morning):
    morning.imap.habits = REFUSED
    for _ in range(8):
        a_round(morning.open())
        morning.close_app()
        morning.pass_time(timedelta(minutes=10))
    assert "还没有读完邮箱" in digest(morning)


def test_a_failure_of_the_run_before_says_nothing_of_this_one(morning):
    morning.imap.habits = REFUSED
    a_round(morning.open())
    morning.close_app()
    morning.pass_time(timedelta(hours=2))
    app = morning.open()
    ticks(app, "housekeep")
    assert digest(morning) is None


# --- a unit that is on the roster no more ----------------------------------------------------------------------------


def without(*units: str):
    lines = office.roster_bytes().decode("utf-8-sig").splitlines(keepends=True)
    return parse_roster("".join(line for line in lines if not line.startswith(units)).encode(), "roster.csv")


def told(place, roster) -> list[str]:
    """Every letter and line of the audit about units that are gone, after a round by that roster."""
    with open_app(place.settings, place.clock, roster=roster) as app:
        a_round(app)
        a_round(app)
        lines = [(one.who, one.words, one.subject) for one in find(app).lines]
    assert {(who, words, thing) for who, words, thing in lines} <= {
        ("程序", "名册中已没有，但已有报送", TOWN),
        ("程序", "名册里的单位少了许多", "名册"),
    }
    bodies = [
        message_from_bytes(row["raw"]).get_payload(0).get_payload(decode=True).decode()
        for row in place.rows("SELECT raw FROM outbox WHERE kind = 'alarm' ORDER BY id")
    ]
    assert len(bodies) == len(lines)
    return bodies


def test_a_unit_that_has_sent_and_is_on_the_roster_no_more_is_told_once(place):
    place.deliver(
        office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN), number=1), office.UNITS[TOWN]
    )
    assert told(place, office.roster()) == []
    (body,) = told(place, without(TOWN))
    assert f"名册中已没有{TOWN}，但它已有报送" in body
    assert "曾用名" in body
    assert "错误原文" not in body
    place.pass_time(timedelta(hours=2))
    assert len(told(place, without(TOWN))) == 1, "the same news is none"
    assert len(told(place, office.roster())) == 1
    place.pass_time(timedelta(hours=2))
    assert len(told(place, without(TOWN))) == 2, "it was there again, and is gone again"


def test_a_unit_that_has_sent_nothing_may_leave_the_roster_in_silence(place):
    assert told(place, office.roster()) == []
    assert told(place, without(TOWN)) == []


def test_a_roster_that_has_lost_several_units_is_told_once_though_none_of_them_has_sent(place):
    names = [one.name for one in office.roster().units]
    assert told(place, office.roster()) == []
    assert told(place, without(names[-1])) == [], "one that goes is an office's everyday"
    assert told(place, office.roster()) == []
    (body,) = told(place, without(*names[1:]))
    assert f"名册原有 {len(names)} 个单位，现在只有 1 个" in body
    assert len(told(place, without(*names[1:]))) == 1
    assert len(told(place, office.roster())) == 1


# --- a form that the notice has no more -------------------------------------------------------------------------------


def renamed(settings, former: str, now: str):
    """The settings with another id for one form."""
    campaign = settings.campaign
    collections = tuple(
        replace(one, form=replace(one.form, id=now)) if one.id == former else one for one in campaign.collections
    )
    return replace(settings, campaign=replace(campaign, collections=collections))


def alarms_about_forms(place, settings) -> list[str]:
    with open_app(settings, place.clock, roster=office.roster()) as app:
        a_round(app)
        a_round(app)
        assert all((one.who, one.subject) == ("程序", "liaison") for one in find(app).lines)
    rows = place.rows("SELECT raw FROM outbox WHERE kind = 'alarm' ORDER BY id")
    return [message_from_bytes(row["raw"]).get_payload(0).get_payload(decode=True).decode() for row in rows]


def test_a_form_that_has_been_sent_and_whose_id_was_changed_is_told_once(place):
    place.deliver(
        office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN), number=1), office.UNITS[TOWN]
    )
    assert alarms_about_forms(place, place.settings) == []
    other = renamed(place.settings, "liaison", "liaison2")
    (body,) = alarms_about_forms(place, other)
    assert "配置中已没有 id 为 liaison 的表，但已收到 1 份" in body
    assert "改回原来的 id" in body
    place.pass_time(timedelta(hours=2))
    assert len(alarms_about_forms(place, other)) == 1
    assert len(alarms_about_forms(place, place.settings)) == 1


def test_a_form_that_nobody_has_sent_may_leave_the_notice_in_silence(place):
    assert alarms_about_forms(place, renamed(place.settings, "summary", "summary2")) == []


# --- a notice whose id was edited ---------------------------------------------------------------------------------------


def test_an_edited_id_of_the_notice_is_told_once_and_a_later_notice_is_not(place):
    place.deliver(
        office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN), number=1), office.UNITS[TOWN]
    )

    def alarms_with(**changed) -> list[str]:
        settings = replace(place.settings, campaign=replace(place.settings.campaign, **changed))
        with open_app(settings, place.clock, roster=office.roster()) as app:
            a_round(app)
            a_round(app)
            told = [(one.who, one.words, one.subject) for one in find(app).lines]
        assert told in ([], [("程序", "配置中这次收集的编号已改，但已有报送", place.settings.campaign.id)])
        rows = place.rows("SELECT raw FROM outbox WHERE kind = 'alarm' ORDER BY id")
        return [message_from_bytes(row["raw"]).get_payload(0).get_payload(decode=True).decode() for row in rows]

    tomorrow = place.clock.now().date() + timedelta(days=1)
    assert alarms_with() == []
    assert alarms_with(id="month-2026", starts_on=tomorrow) == []
    (body,) = alarms_with(id="month-2025")
    assert f"以 id {place.settings.campaign.id} 收到过 1 份" in body
    assert "改回原来的 id" in body
    place.pass_time(timedelta(hours=2))
    assert len(alarms_with(id="month-2025")) == 1


# --- an alarm that nothing can be sent ----------------------------------------------------------------------------------

BUSY = Answer(b"451 Temporary failure, try again later")


def letters_to_clerk(place) -> list[str]:
    return [subject_of(one.raw) for _, one in place.to_clerk()]


@pytest.mark.parametrize("reaction", [BUSY, Answer(b"550 Connection frequency limited, auth first"), Drop()])
def test_that_nothing_could_be_sent_is_told_when_it_is_over_with_its_beginning_and_its_end(place, reaction):
    stage = Stage.CONNECT if isinstance(reaction, Drop) else Stage.MAIL
    place.sink.script(Rule(stage, reaction, times=None))
    unit, address = next(iter(office.UNITS.items()))
    place.deliver(office.mail(address, "联络员表", attachment=office.liaison(unit), number=1), address)
    app = place.open()
    for _ in range(8):  # from 20:00 to 21:20
        a_round(app)
        place.pass_time(timedelta(minutes=10))
    assert alarms(place) == [("异常", "queued")]
    assert [one.cause for one in watching.examine(app).symptoms if one.state is State.BAD] == ["deliver"]
    place.sink.clear_script()
    place.pass_time(timedelta(hours=5))
    for _ in range(4):
        a_round(app)
        place.pass_time(timedelta(minutes=1))
    assert len(place.letters()) == 1
    assert place.sent[0] == place.letters()[0], "the receipt goes first"
    told = [subject for subject in letters_to_clerk(place) if "日报" not in subject]
    assert len(told) == 1
    assert "已恢复" in told[0]
    (row,) = place.rows("SELECT raw FROM outbox WHERE kind = 'alarm' AND state = 'sent'")
    body = message_from_bytes(row["raw"]).get_payload(0).get_payload(decode=True).decode()
    assert re.search(r"（\d+月\d+日20:00至\d+月\d+日0?2:20）", body.replace(" ", "")), body


def test_the_digest_of_a_morning_on_which_nothing_could_be_sent_does_not_say_so_when_it_arrives(morning):
    morning.sink.script(Rule(Stage.MAIL, BUSY, times=None))
    unit, address = next(iter(office.UNITS.items()))
    morning.deliver(office.mail(address, "联络员表", attachment=office.liaison(unit), number=1), address)
    app = morning.open()
    ticks(app, "fetch", "process", "deliver", "housekeep")
    assert "已受理1" in digest(morning)
    assert "发信失败" not in digest(morning)
