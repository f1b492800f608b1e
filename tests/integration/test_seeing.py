"""How the office sees whether all is well: `status`, `check`, /healthz and the robot, with the real program."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from intake.config import load
from intake.settings import DeskDoor, Watching
from scheduler.clock import SystemClock
from scheduler.daemon import Daemon
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk import check
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site
from tests.servers.robot import Robot, wait_until

ADDRESS = "a27398830@126.com"
TOKEN = "tokentoken123"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def mailbox():
    with DemoMailbox(ADDRESS, office.PASSWORD) as server:
        yield server


@pytest.fixture
def sink():
    with SmtpSink(login=ADDRESS, password=office.PASSWORD) as server:
        yield server


@pytest.fixture
def robot():
    with Robot() as server:
        yield server


@pytest.fixture
def config(mailbox, sink, tmp_path):
    return site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)


def add(config, *lines):
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[health]\n", "\n".join(["[health]", *lines, ""])), encoding="utf-8")


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out, captured.err


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def healthz(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
    except OSError:
        return 0, {}


def told(port):
    return healthz(port)[1].get("problems", [])


def causes(port):
    return {one["cause"] for one in told(port)}


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status
    except OSError:
        return 0


def test_status_says_in_words_and_in_json_how_it_does(capsys, config, mailbox):
    run(capsys, "run", "--once", "--config", config)
    assert "运行状况：正常" in run(capsys, "status", "--config", config)[1]
    told = json.loads(run(capsys, "status", "--json", "--config", config)[1])["health"]
    assert (told["state"], told["problems"]) == ("ok", [])
    mailbox.habits = replace(mailbox.habits, login_answer=b"LOGIN Login error or password error")
    assert run(capsys, "run", "--once", "--config", config)[0] == 3
    told = json.loads(run(capsys, "status", "--json", "--config", config)[1])["health"]
    assert [one["cause"] for one in told["problems"]] == ["fetch"]
    assert "请确认程序在运行" in told["problems"][0]["text"]
    assert "收信失败" in run(capsys, "status", "--config", config)[1]


def test_check_tries_the_ways_out_and_tells_the_answers_without_the_urls(capsys, robot, monkeypatch, config):
    with Robot(answer=b"OK") as switch:
        webhook, ping = robot.url(f"/hook?key={TOKEN}"), switch.url("/ping-uuid-0001")
        add(config, f'webhook_url = "{webhook}"', f'ping_url = "{ping}"')
        robot.answer = f"ok, {webhook} {TOKEN}".encode()
        monkeypatch.setattr(check, "_office_findings", lambda _settings: iter(()))  # the engines take half a minute
        code, out, err = run(capsys, "check", "--config", config)
        flat = "".join(out.split())
        assert code == 0
        assert "测试消息已发出，请到群里看一眼；服务器回答200：ok,********" in flat
        assert "报平安（127.0.0.1）：服务器回答200：OK" in flat
        assert [TOKEN in out + err, "ping-uuid-0001" in out + err] == [False, False]
        (asked,) = robot.asked
        assert "测试消息" in json.loads(asked.body)["text"]
        robot.status = switch.status = 404
        code, out, _ = run(capsys, "check", "--config", config)
        flat = "".join(out.split())
        assert code == 3
        assert "没有发成；服务器回答404" in flat
        assert "报平安（127.0.0.1）：服务器回答404" in flat
        before = len(robot.asked) + len(switch.asked)
        run(capsys, "check", "--offline", "--config", config)
        assert len(robot.asked) + len(switch.asked) == before


def test_a_dry_run_tells_nobody_that_a_service_is_running(capsys, config, robot):
    add(config, f'webhook_url = "{robot.url()}"', f'ping_url = "{robot.url("/ping-uuid-0001")}"')
    run(capsys, "run", "--once", "--dry-run", "--config", config)
    assert robot.asked == []
    run(capsys, "run", "--once", "--config", config)
    assert [one.path for one in robot.asked] == ["/ping-uuid-0001"]


def test_check_says_when_others_can_read_the_urls(config, robot, monkeypatch):
    add(config, f'ping_url = "{robot.url("/ping-uuid-0001")}"')
    settings = load(config, environment={}, need_password=True)
    config.chmod(0o644)
    monkeypatch.setattr(check, "_reader_findings", lambda _settings: iter(()))
    words = [one.words for one in check._office_findings(settings) if one.what == "配置文件的权限"]
    assert "chmod 600" in words[0]
    assert "ping-uuid" not in words[0]
    assert not check._others_can_read(config.parent / "code.txt")


def make_an_hour_old(config):
    """Let the failures of the record have begun an hour ago, and the service have been awake since."""
    past = office.START.isoformat()
    with closing(sqlite3.connect(config.parent / "data" / "intake.db")) as database, database:
        database.execute("UPDATE heartbeats SET failed_at = datetime('now', '-1 hour') WHERE failures > 0")
        database.execute("UPDATE heartbeats SET details = ? WHERE tick = 'watch'", (json.dumps({"awake_since": past}),))


def start(config):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.run_intake", "run", "--verbose", "--config", str(config)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM is POSIX")
def test_the_daemon_answers_alarms_and_stops_though_the_robot_hangs(capsys, config, robot, mailbox):
    port = free_port()
    robot.hang = True
    mailbox.habits = replace(mailbox.habits, login_answer=b"LOGIN Login error or password error")
    add(config, f"port = {port}", f'webhook_url = "{robot.url()}"', f'ping_url = "{robot.url("/ping-uuid-0001")}"')
    run(capsys, "run", "--once", "--config", config)
    make_an_hour_old(config)
    robot.asked.clear()
    daemon = start(config)
    try:
        wait_until(lambda: healthz(port)[1].get("state") == "bad", 30)
        assert healthz(port)[0] == 503
        wait_until(lambda: robot.asked, 10)
        began = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=15)
    finally:
        daemon.kill()
        daemon.wait()
    assert daemon.returncode == 0
    assert time.monotonic() - began < 10
    assert "action=daemon.stopped" in log
    assert "Traceback" not in log
    assert TOKEN not in log
    assert "ping-uuid-0001" not in log


@pytest.mark.skipif(os.name != "posix", reason="pthread_kill is POSIX")
def test_a_signal_that_does_not_interrupt_the_main_thread_ends_the_service_all_the_same(config):
    """As when it comes in the instant before the main thread falls asleep: measured, one start in eight under load."""
    daemon = Daemon(load(config, environment={}, need_password=True), SystemClock(), reload=lambda: None)
    told_at = []

    def tell():
        time.sleep(3)
        told_at.append(time.monotonic())
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)  # the interpreter's handler runs here, not there
        time.sleep(6)
        daemon.stop()

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    threading.Thread(target=tell, daemon=True).start()
    try:
        daemon.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert time.monotonic() - told_at[0] < 5


def test_a_port_that_is_taken_keeps_no_mail_waiting_is_told_and_opens_when_it_is_free(
    config, mailbox, sink, caplog, monkeypatch
):
    monkeypatch.setattr("scheduler.daemon._WATCH_S", 2)
    raw = office.mail(office.UNITS["青石镇人民政府"], "联络员表", attachment=office.liaison("青石镇人民政府"))
    mailbox.deliver("INBOX", raw, office.START)
    health = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        desk = taken.getsockname()[1]
        settings = replace(
            load(config, environment={}, need_password=True), health=Watching(port=health), desk=DeskDoor(port=desk)
        )
        daemon = Daemon(settings, SystemClock(), reload=lambda: None)
        thread = threading.Thread(target=daemon.run, daemon=True)
        thread.start()
        try:
            wait_until(lambda: mailbox.logins > 0, 60)
            wait_until(lambda: "desk" in causes(health), 90)
            (words,) = [one["text"] for one in told(health) if one["cause"] == "desk"]
            assert f"[desk] port 写的端口 {desk} 不能使用" in words
            assert "收信、识别、发信照常" in words
            assert caplog.text.count("action=desk.not_open") == 1, "it is tried often and told once"
            taken.close()
            wait_until(lambda: page(desk, "/login") == 200, 30)
            wait_until(lambda: "desk" not in causes(health), 90)
        finally:
            daemon.stop()
            thread.join(15)
    assert not thread.is_alive()


def test_a_bug_that_keeps_the_desk_shut_is_told_and_tried_again_and_the_service_goes_on(config, caplog, monkeypatch):
    settings = replace(load(config, environment={}, need_password=True), health=Watching(port=free_port()))
    assert settings.health.port is not None
    monkeypatch.setattr("scheduler.daemon._WATCH_S", 2)
    health, desk = settings.health.port, free_port()
    daemon = Daemon(settings, SystemClock(), reload=lambda: None)
    thread = threading.Thread(target=daemon.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: healthz(health)[0] == 200, 30)
        with monkeypatch.context() as planted:
            planted.setattr("scheduler.web.serving.make_application", lambda *_, **__: {}["13900001111"])
            daemon._new_settings = replace(settings, desk=DeskDoor(port=desk))
            daemon._reload_wanted.set()
            wait_until(lambda: "action=desk.bug" in caplog.text, 20)
            wait_until(lambda: "desk" in causes(health), 30)
            assert thread.is_alive()
        wait_until(lambda: page(desk, "/login") == 200, 30)
        wait_until(lambda: "desk" not in causes(health), 30)
    finally:
        daemon.stop()
        thread.join(15)
    assert not thread.is_alive()
    assert caplog.text.count("action=desk.bug") == 1
    assert "13900001111" not in caplog.text


def test_a_port_that_is_taken_at_a_reload_does_not_end_the_service(config, caplog, robot):
    settings = replace(load(config, environment={}, need_password=True), health=Watching(port=free_port()))
    assert settings.health.port is not None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port, changes = settings.health.port, [replace(settings, health=Watching(port=taken.getsockname()[1]))]
        daemon = Daemon(settings, SystemClock(), reload=lambda: None)
        ended = []
        thread = threading.Thread(target=lambda: ended.append(daemon.run()), daemon=True)
        thread.start()
        try:
            wait_until(lambda: healthz(port)[0] == 200, 30)
            daemon._new_settings = changes.pop()
            daemon._reload_wanted.set()
            wait_until(lambda: "action=healthz.not_open" in caplog.text, 20)
            assert healthz(port)[0] == 0
            assert thread.is_alive()
        finally:
            daemon.stop()
            thread.join(15)
    assert ended == [None]
