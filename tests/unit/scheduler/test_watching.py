"""The watch on a real record: it tells the robot and the switch, remembers over restarts, and outlives a lost record."""

import json
import logging
import sqlite3
import threading
import time
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from urllib.parse import urlsplit

import pytest
from sqlalchemy.exc import OperationalError

from intake.db import heartbeats
from intake.db.models import OutboxRow
from intake.errors import PermanentServerError
from intake.settings import Secret, Watching
from scheduler import guard, jobs, recovery, watching
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.health import State
from tests.builders import office
from tests.servers.robot import Robot

ADDRESS = "a27398830@126.com"
TOKEN = "tokentoken123"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def robot():
    with Robot() as server:
        yield server


@pytest.fixture
def clock():
    return SteppedClock(office.START)


@pytest.fixture
def settings(robot, tmp_path):
    given = office.settings(tmp_path / "data", imap_port=1, smtp_port=1)
    health = Watching(
        webhook_url=Secret(robot.url(f"/hook?key={TOKEN}")), ping_url=Secret(robot.url("/ping-uuid-0001"))
    )
    return replace(given, health=health)


@pytest.fixture
def app(settings, clock):
    with open_app(settings, clock, roster=office.roster()) as opened:
        recovery.recover(opened)
        yield opened


def refused(_app):
    raise PermanentServerError("登录被拒绝 13900000001 lin@example.com")


def well(app, *ticks):
    with app.bench.sessions.begin() as session:
        for tick in ticks or ("fetch", "process", "deliver"):
            heartbeats.note_tick(session, tick, now=app.clock.now())


def texts(robot):
    return [json.loads(one.body)["text"] for one in robot.asked if one.method == "POST"]


def pings(robot):
    return [urlsplit(one.path).path for one in robot.asked if one.method == "GET"]


def look(app, clock, seconds=60):
    clock.sleep(seconds)
    watching.watch(app)
    return app.board.latest()[0]


def test_a_refused_login_is_told_once_in_the_hour_without_the_servers_words_and_its_end_once(app, robot, clock):
    watching.watch(app)
    guard.guarded(app, "fetch", refused)
    for _ in range(30):
        assert look(app, clock).state is State.BAD
    (alarm,) = texts(robot)
    assert "收信失败" in alarm
    assert "区安办" in alarm or app.settings.office.short_name in alarm
    for private in ("139", "lin@", "登录被拒绝", ADDRESS):
        assert private not in alarm
    well(app)
    assert look(app, clock).state is State.OK
    look(app, clock)
    assert len(texts(robot)) == 2
    assert "收信已恢复正常" in texts(robot)[1]


def test_a_restart_tells_nothing_twice(app, robot, clock, settings):
    watching.watch(app)
    guard.guarded(app, "fetch", refused)
    look(app, clock)
    for _ in range(3):
        with open_app(settings, clock, roster=office.roster()) as again:
            recovery.recover(again)
            assert look(again, clock).state is State.BAD
    assert len(texts(robot)) == 1
    clock.sleep(3600)
    guard.guarded(app, "fetch", refused)
    look(app, clock)
    look(app, clock)
    assert len(texts(robot)) == 2, "it lasts, so the next hour hears of it"


def test_what_is_told_is_written_down_before_it_is_told(app, robot, clock, monkeypatch):
    watching.watch(app)
    guard.guarded(app, "fetch", refused)

    def killed(*_arguments):
        raise SystemExit

    monkeypatch.setattr(watching, "_call", killed)
    with pytest.raises(SystemExit):
        look(app, clock)
    monkeypatch.undo()
    look(app, clock)
    assert texts(robot) == [], "it may have gone, so the hour is kept"


def test_a_robot_that_refuses_is_asked_again_later_and_fails_nothing(app, robot, clock, caplog):
    caplog.set_level(logging.DEBUG)
    robot.status = 500
    watching.watch(app)
    guard.guarded(app, "fetch", refused)
    for _ in range(6):
        look(app, clock)
    assert len(texts(robot)) == 2
    robot.status = 200
    for _ in range(20):
        look(app, clock)
    assert len(texts(robot)) == 3
    assert TOKEN not in caplog.text
    assert "ping-uuid-0001" not in caplog.text
    assert "outcome=refused" in caplog.text


def test_each_good_round_is_one_ping_and_a_bad_state_is_a_fail(app, robot, clock):
    watching.watch(app)
    assert pings(robot) == [], "nothing has succeeded yet"
    well(app)
    look(app, clock)
    look(app, clock)
    assert pings(robot) == ["/ping-uuid-0001"]
    well(app, "fetch")
    look(app, clock)
    assert len(pings(robot)) == 1, "reading and sending have not come round yet"
    well(app)
    look(app, clock)
    assert len(pings(robot)) == 2
    guard.guarded(app, "deliver", refused)
    look(app, clock)
    look(app, clock)
    assert pings(robot)[2:] == ["/ping-uuid-0001/fail"]
    well(app)
    look(app, clock)
    assert pings(robot)[3:] == ["/ping-uuid-0001"]


def test_a_record_that_cannot_be_read_is_told_all_the_same_and_once(app, robot, clock, monkeypatch):
    watching.watch(app)
    well(app)

    def broken(*_arguments):
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(watching.condition, "all_beats", broken)
    states = [look(app, clock).state for _ in range(12)]
    assert states[0] is State.WARN
    assert states[-1] is State.BAD
    assert watching.examine(app).symptoms[0].cause == "record"
    (alarm,) = texts(robot)
    assert "数据库读不出来" in alarm
    monkeypatch.undo()
    well(app)
    look(app, clock)
    look(app, clock)
    assert len(texts(robot)) == 2
    assert "数据库已恢复正常" in texts(robot)[1]


def test_a_bug_in_the_watch_spreads_nowhere_and_leaves_the_board_to_grow_old(app, clock, monkeypatch, caplog):
    watching.watch(app)
    before = app.board.latest()[0]

    def bug(*_arguments):
        raise KeyError("13900000001")

    monkeypatch.setattr(watching, "judge", bug)
    assert look(app, clock) is before
    assert "action=watch.bug" in caplog.text
    assert "139" not in caplog.text


def test_a_hanging_robot_is_left_as_soon_as_the_process_has_to_stop(app, robot, clock):
    watching.watch(app)
    guard.guarded(app, "fetch", refused)
    robot.hang = True
    clock.sleep(60)
    thread = threading.Thread(target=watching.watch, args=(app,))
    began = time.monotonic()
    thread.start()
    while not robot.asked:
        time.sleep(0.01)
    app.running.stop()
    assert app.running.wait(8)
    thread.join()
    assert time.monotonic() - began < 5


def test_without_any_channel_it_looks_all_the_same(settings, clock):
    quiet = replace(settings, health=Watching())
    with open_app(quiet, clock, roster=office.roster()) as app:
        guard.guarded(app, "fetch", refused)
        assert look(app, clock).state is State.WARN
        assert look(app, clock).state is State.BAD


def test_a_whole_round_on_real_servers_is_well(robot, settings, clock):
    with DemoMailbox(ADDRESS, office.PASSWORD) as imap, SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
        provider = replace(settings.mailbox.provider, imap_port=imap.port, smtp_port=sink.port)
        reachable = replace(settings, mailbox=replace(settings.mailbox, provider=provider))
        with open_app(reachable, clock, roster=office.roster()) as app:
            recovery.recover(app)
            raw = office.mail("qingshi@qs.example.com", "联络员表", attachment=office.liaison("青石镇人民政府"))
            imap.deliver("INBOX", raw, office.START)
            assert jobs.one_round(app) is None
            watching.watch(app)
            assert app.board.latest()[0].state is State.OK
    assert pings(robot) == ["/ping-uuid-0001"]
    assert texts(robot) == []


def test_what_other_troubles_were_told_outlives_a_lost_record(app, robot, clock, monkeypatch):
    watching.watch(app)
    guard.guarded(app, "fetch", refused)
    look(app, clock)

    def broken(*_arguments):
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(watching.condition, "all_beats", broken)
    for _ in range(8):
        look(app, clock)
    monkeypatch.undo()
    look(app, clock)
    assert sum("收信失败" in text for text in texts(robot)) == 1


def test_an_office_that_runs_single_rounds_hears_of_a_trouble_that_lasts_over_rounds(app, robot, clock):
    for _ in range(3):  # every half hour; to the watch that is a gap each time
        with app.bench.sessions.begin() as session:
            heartbeats.end_rests(session)
        guard.guarded(app, "fetch", refused)
        watching.watch(app, just_ran=True)
        clock.sleep(1800)
    (alarm,) = texts(robot)
    assert "收信失败，已持续 30 分钟" in alarm


def test_the_digest_tells_the_clerk_what_is_not_in_order(app, clock):
    settings = replace(app.settings, clerk=replace(app.settings.clerk, addresses=(office.CLERK,)))
    stationery = replace(app.bench.stationery, settings=settings)
    told = replace(app, bench=replace(app.bench, settings=settings, stationery=stationery))
    guard.guarded(told, "fetch", refused)
    clock.sleep(3600)  # so long it waits for the mailbox
    jobs.housekeep(told)
    with app.bench.sessions() as session:
        row = session.query(OutboxRow).filter(OutboxRow.kind == "digest").one()
    body = message_from_bytes(row.raw).get_payload(0).get_payload(decode=True).decode()
    assert "留意：收信失败，已试 1 次。新来件暂时不能登记和答复" in body


def test_who_was_asleep_excuses_what_is_old_and_a_command_that_looks_at_a_stopped_service_does_not(app, clock):
    well(app)
    watching.watch(app)
    clock.sleep(3 * 86_400)
    assert watching.examine(app).state is State.BAD
    with app.bench.sessions() as session:
        assert watching.judged(app, session, clock.now()).state is State.OK
    watching.watch(app)
    assert watching.examine(app).state is State.OK
