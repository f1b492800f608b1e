"""`intake outbox` as a clerk types it: skip, send again, halt all sending and let it go on."""

import sqlite3
from datetime import timedelta

import pytest

from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

ADDRESS = "a27398830@126.com"
TOWN = "青石镇人民政府"


@pytest.fixture
def sink():
    with SmtpSink(login=ADDRESS, password=office.PASSWORD) as server:
        yield server


@pytest.fixture
def config(sink, tmp_path):
    with DemoMailbox(ADDRESS, office.PASSWORD) as mailbox:
        raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN))
        mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=1))
        path = site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)
        yield path


def run(capsys, *arguments) -> tuple[int, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out + captured.err


def to_units(sink) -> int:
    return sum(letter.recipients == (office.UNITS[TOWN],) for letter in sink.delivered)


def ask(config, query):
    connection = sqlite3.connect(config.parent / "data" / "intake.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_while_sending_is_halted_a_round_sends_nothing_and_status_says_so(capsys, config, sink):
    assert "已暂停全部发送" in run(capsys, "outbox", "pause", "--config", config)[1]
    assert "没有改动" in run(capsys, "outbox", "pause", "--config", config)[1]
    run(capsys, "run", "--once", "--config", config)
    assert not sink.delivered
    assert ask(config, "SELECT DISTINCT state FROM outbox WHERE kind = 'acknowledgement'") == [("queued",)]
    assert "全部发送已暂停" in run(capsys, "status", "--config", config)[1]
    assert '"halted_since": "20' in run(capsys, "status", "--json", "--config", config)[1]
    assert "全部发送已暂停" in run(capsys, "outbox", "list", "--config", config)[1]
    assert "已恢复发送" in run(capsys, "outbox", "resume", "--config", config)[1]
    run(capsys, "run", "--once", "--config", config)
    assert to_units(sink) == 1
    assert "没有暂停" in run(capsys, "outbox", "resume", "--config", config)[1]
    assert [row[0] for row in ask(config, "SELECT action FROM audit ORDER BY id")] == ["pause", "resume"]


def test_a_letter_that_went_is_sent_again_once_and_verify_finds_nothing_wrong(capsys, config, sink):
    run(capsys, "run", "--once", "--config", config)
    ((number,),) = ask(config, "SELECT id FROM outbox WHERE kind = 'acknowledgement'")
    code, words = run(capsys, "outbox", "resend", number, "--config", config)
    assert (code, "可能会收到两封" in words) == (0, True)
    code, words = run(capsys, "outbox", "resend", number, "--config", config)
    assert (code, "一分钟内" in words) == (2, True)
    assert run(capsys, "outbox", "resend", 999, "--config", config)[0] == 2
    run(capsys, "run", "--once", "--config", config)
    assert to_units(sink) == 2
    assert "was answered twice" not in run(capsys, "verify", "--config", config)[1]


def test_only_a_reminder_that_waits_can_be_skipped(capsys, config, sink):
    run(capsys, "run", "--once", "--config", config)
    ((number,),) = ask(config, "SELECT id FROM outbox WHERE kind = 'acknowledgement'")
    code, words = run(capsys, "outbox", "skip", number, "--config", config)
    assert (code, "已跳过 0 封" in words) == (2, True)


def test_one_mail_is_read_again_by_its_number_and_answered_no_second_time(capsys, config, sink):
    run(capsys, "run", "--once", "--config", config)
    code, words = run(capsys, "replay", 1, "--config", config)
    assert (code, "重新识别 1 封" in words) == (0, True)
    code, words = run(capsys, "replay", 1, 7, "--config", config)
    assert (code, "没有重新识别" in words) == (2, True)
    assert ask(config, "SELECT state FROM messages") == [("filed",)]
    run(capsys, "run", "--once", "--config", config)
    assert to_units(sink) == 1
