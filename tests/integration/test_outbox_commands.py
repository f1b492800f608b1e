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
    code, words = run(capsys, "outbox", "resend", number, "--yes", "--config", config)
    assert (code, "可能会收到两封" in words) == (0, True)
    code, words = run(capsys, "outbox", "resend", number, "--yes", "--config", config)
    assert (code, "一分钟内" in words) == (2, True)
    assert run(capsys, "outbox", "resend", 999, "--yes", "--config", config)[0] == 2
    run(capsys, "run", "--once", "--config", config)
    assert to_units(sink) == 2
    assert "was answered twice" not in run(capsys, "verify", "--config", config)[1]


def test_only_a_reminder_that_waits_can_be_skipped(capsys, config, sink):
    run(capsys, "run", "--once", "--config", config)
    ((number,),) = ask(config, "SELECT id FROM outbox WHERE kind = 'acknowledgement'")
    code, words = run(capsys, "outbox", "skip", number, "--config", config)
    assert (code, "不能跳过" in words) == (2, True)


def test_one_mail_is_read_again_by_its_number_and_answered_no_second_time(capsys, config, sink):
    run(capsys, "run", "--once", "--config", config)
    code, words = run(capsys, "replay", 1, "--config", config)
    assert (code, "重新识别 1 封" in words) == (0, True)
    code, words = run(capsys, "replay", 1, 7, "--config", config)
    assert (code, "没有重新识别" in words) == (2, True)
    assert ask(config, "SELECT state FROM messages") == [("filed",)]
    run(capsys, "run", "--once", "--config", config)
    assert to_units(sink) == 1


def test_a_letter_is_sent_again_only_after_a_yes(capsys, config, sink, answers):
    run(capsys, "run", "--once", "--config", config)
    ((number,),) = ask(config, "SELECT id FROM outbox WHERE kind = 'acknowledgement'")
    before = ask(config, "SELECT id, state FROM outbox")
    for typed, told in ((["n"], "没有重发"), ([], "请加 --yes")):
        answers.extend(typed)
        code, words = run(capsys, "outbox", "resend", number, "--config", config)
        assert (code, told in words, f"第{number}号" in words, "收件人" in words) == (1, True, True, True)
        assert office.UNITS[TOWN] not in words
    assert ask(config, "SELECT id, state FROM outbox") == before
    assert ask(config, "SELECT action FROM audit") == []
    code, words = run(capsys, "outbox", "resend", 999, "--config", config)
    assert (code, "确认" in words) == (2, False)
    answers.append("y")
    assert run(capsys, "outbox", "resend", number, "--config", config)[0] == 0
    assert ask(config, "SELECT action FROM audit") == [("resend",)]


def hold(config, copies: int, *, state: str = "held") -> None:
    """Let the answer to the unit wait, and as many letters more as are wanted."""
    connection = sqlite3.connect(config.parent / "data" / "intake.db")
    with connection:
        connection.execute("DELETE FROM outbox WHERE kind <> 'acknowledgement'")
        connection.execute("UPDATE outbox SET state = ?, attempt = 0", (state,))
        for at in range(copies):
            connection.execute("CREATE TEMP TABLE one AS SELECT * FROM outbox WHERE id = 1")
            connection.execute(
                "UPDATE one SET id = NULL, key = key || :at, header_message_id = header_message_id || :at,"
                " reference = reference || :at",
                {"at": at},
            )
            connection.execute("INSERT INTO outbox SELECT * FROM one")
            connection.execute("DROP TABLE one")
    connection.close()


@pytest.mark.parametrize("which", ["--all", "1"])
def test_letters_are_released_only_after_a_yes_and_a_long_list_is_cut(capsys, config, sink, answers, which):
    run(capsys, "run", "--once", "--config", config)
    hold(config, 30)
    for typed, told in ((["n"], "没有放行"), ([], "请加 --yes")):
        answers.extend(typed)
        code, words = run(capsys, "outbox", "release", which, "--config", config)
        assert (code, told in words, "第1号" in words, office.UNITS[TOWN] in words) == (1, True, True, False)
        assert ("另有 11 封，共 31 封" in words) == (which == "--all")
    assert ask(config, "SELECT DISTINCT state FROM outbox") == [("held",)]
    assert ask(config, "SELECT action FROM audit") == []
    answers.append("y")
    code, words = run(capsys, "outbox", "release", which, "--config", config)
    number = 31 if which == "--all" else 1
    assert (code, f"已放行 {number} 封" in words) == (0, True)
    assert ask(config, "SELECT count(*) FROM outbox WHERE state = 'queued'") == [(number,)]
    assert ask(config, "SELECT action FROM audit") == [("release",)]


@pytest.mark.parametrize("which", [["--all"], ["1", "2"]])
def test_who_releases_reminders_is_told_that_the_needless_ones_will_not_go(capsys, config, sink, which):
    run(capsys, "run", "--once", "--config", config)
    hold(config, 1)
    code, words = run(capsys, "outbox", "release", *which, "--yes", "--config", config)
    assert (code, "已放行 2 封" in words, "撤销" in words) == (0, True, False)
    connection = sqlite3.connect(config.parent / "data" / "intake.db")
    with connection:
        connection.execute("UPDATE outbox SET state = 'held'")
        connection.execute("UPDATE outbox SET kind = 'reminder' WHERE id = 1")
    connection.close()
    code, words = run(capsys, "outbox", "release", *which, "--yes", "--config", config)
    assert (code, "已放行 2 封" in words, "其中提醒 1 封，已不需要的会在发出前自动撤销" in words) == (0, True, True)


def test_a_letter_that_may_have_arrived_is_not_released_unseen(capsys, config, sink, answers):
    run(capsys, "run", "--once", "--config", config)
    hold(config, 0, state="uncertain")
    code, words = run(capsys, "outbox", "release", "1", "--yes", "--config", config)
    assert (code, "可能已经收到" in words, "不加 --yes" in words) == (2, True, True)
    answers.append("y")
    code, words = run(capsys, "outbox", "release", "1", "--config", config)
    assert (code, "对方可能会收到两封" in words, "已放行 1 封" in words) == (0, True, True)


def test_what_could_not_be_done_is_refused_in_words_and_noted_nowhere(capsys, config, sink):
    run(capsys, "run", "--once", "--config", config)
    ((sent,),) = ask(config, "SELECT id FROM outbox WHERE kind = 'acknowledgement'")
    for action, verb in (("cancel", "取消"), ("skip", "跳过"), ("release", "放行")):
        asked = ("--yes",) if action == "release" else ()
        code, words = run(capsys, "outbox", action, 999, *asked, "--config", config)
        assert (code, "没有编号为 999 的信" in words, "没有改动" in words) == (2, True, True)
        code, words = run(capsys, "outbox", action, sent, *asked, "--config", config)
        assert (code, f"不能{verb}" in words) == (2, True)
    assert run(capsys, "outbox", "release", "--all", "--yes", "--config", config) == (0, "没有待放行的信，没有改动。\n")
    assert ask(config, "SELECT action FROM audit") == []
    hold(config, 0)
    code, words = run(capsys, "outbox", "cancel", 1, 999, "--config", config)
    assert (code, "已取消 1 封" in words, "没有编号为 999 的信" in words) == (2, True, True)
    assert ask(config, "SELECT action, subject FROM audit") == [("cancel", "letter 1")]
