"""A broken database on a Monday: what the office types, what it is told, and that nobody is written to twice."""

import json
import sqlite3
from datetime import timedelta

import pytest

from scheduler.clock import SystemClock
from scheduler.daemon import single_instance
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

ADDRESS = "a27398830@126.com"
TOWN, SANDS, _ = office.UNITS


@pytest.fixture
def mailbox():
    with DemoMailbox(ADDRESS, office.PASSWORD) as server:
        yield server


@pytest.fixture
def sink(mailbox):
    """The provider, which files what it sends under 已发送."""

    def file(letter):
        mailbox.deliver(SENT, letter.raw, SystemClock().now())  # the commands run on the real clock

    with SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=file) as server:
        yield server


@pytest.fixture
def config(mailbox, sink, tmp_path):
    return site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)


def deliver(mailbox, unit, number):
    raw = office.mail(office.UNITS[unit], "联络员表", attachment=office.liaison(unit), number=number)
    mailbox.deliver(INBOX, raw, office.START + timedelta(minutes=number))


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out, captured.err


def answers(sink):
    return [letter.recipients[0] for letter in sink.delivered if letter.recipients != (office.CLERK,)]


def states(capsys, config):
    _, out, _ = run(capsys, "outbox", "list", "--all", "--json", "--config", config)
    letters = [json.loads(line) for line in out.splitlines()]
    return [one["state"] for one in letters if one["kind"] not in ("digest", "alarm")]  # they depend on the hour


@pytest.mark.parametrize("how", ["from the backup", "from the archive"])
def test_a_damaged_database_comes_back_and_nobody_is_answered_twice(capsys, config, mailbox, sink, tmp_path, how):
    deliver(mailbox, TOWN, 1)
    run(capsys, "run", "--once", "--config", config)
    code, out, _ = run(capsys, "backup", "--config", config)
    assert (code, "已备份并校验" in out, "来件原件没有另存" in out) == (0, True, True)
    deliver(mailbox, SANDS, 2)
    run(capsys, "run", "--once", "--config", config)
    assert answers(sink) == [office.UNITS[TOWN], office.UNITS[SANDS]]
    (tmp_path / "data" / "intake.db").write_bytes(b"not a database" * 1000)

    code, out, err = run(
        capsys, "restore", *(["--from-archive"] if "archive" in how else []), "--yes", "--config", config
    )
    assert (code, "发信已全部暂停" in out, "没有删除" in out) == (1, True, True)
    assert "action=" not in err, "told in words already"
    assert "还没有备份" not in run(capsys, "verify", "--config", config)[1]
    for _ in range(2):
        run(capsys, "run", "--once", "--config", config)
    assert len(answers(sink)) == 2, "written to again after a restore"
    assert set(states(capsys, config)) == {"sent"}, "both letters were found in the Sent folder"
    assert "暂停已解除" in run(capsys, "outbox", "release", "--all", "--yes", "--config", config)[1]
    code, out, _ = run(capsys, "status", "--json", "--config", config)
    cells = {(one["unit"], one["form"]): one["state"] for one in json.loads(out)["cells"]}
    assert (cells[TOWN, "liaison"], cells[SANDS, "liaison"]) == ("accepted", "accepted")
    assert run(capsys, "verify", "--deep", "--config", config)[0] == 0


def test_what_was_never_sent_waits_after_a_restore_until_it_is_released(capsys, config, mailbox, sink):
    run(capsys, "backup", "--config", config)
    run(capsys, "restore", "--yes", "--config", config)
    deliver(mailbox, TOWN, 1)
    for _ in range(2):
        run(capsys, "run", "--once", "--config", config)
    assert (answers(sink), states(capsys, config)) == ([], ["held"])
    run(capsys, "outbox", "release", "--all", "--yes", "--config", config)
    run(capsys, "run", "--once", "--config", config)
    assert answers(sink) == [office.UNITS[TOWN]]


@pytest.mark.parametrize("how", [(), ("--from-archive",)])
def test_where_the_provider_files_no_copies_nobody_is_told_that_a_letter_was_not_sent(capsys, mailbox, tmp_path, how):
    with SmtpSink(login=ADDRESS, password=office.PASSWORD) as silent:
        config = site(tmp_path, imap_port=mailbox.port, smtp_port=silent.port)
        deliver(mailbox, TOWN, 1)
        run(capsys, "run", "--once", "--config", config)
        run(capsys, "backup", "--config", config)
        deliver(mailbox, SANDS, 2)
        run(capsys, "run", "--once", "--config", config)
        run(capsys, "restore", *how, "--yes", "--config", config)
        for _ in range(2):
            run(capsys, "run", "--once", "--config", config)
        assert len(answers(silent)) == 2
    out = run(capsys, "outbox", "list", "--json", "--config", config)[1]
    assert "看不出" in out
    assert "很可能没有发出过" not in out


def test_without_a_backup_the_other_way_is_named(capsys, config):
    code, _, err = run(capsys, "restore", "--config", config)
    assert (code, "--from-archive" in err) == (2, True)
    assert "没有备份" in run(capsys, "restore", "--list", "--config", config)[1]


def test_backups_are_listed_newest_first(capsys, config, tmp_path):
    run(capsys, "backup", "--config", config)
    code, out, _ = run(capsys, "restore", "--list", "--config", config)
    assert (code, "nightly-" in out, len(out.splitlines())) == (0, True, 1)


def test_nothing_is_restored_under_a_running_program(capsys, config, tmp_path):
    run(capsys, "backup", "--config", config)
    before = (tmp_path / "data" / "intake.db").read_bytes()
    with single_instance(tmp_path / "data"):
        code, _, err = run(capsys, "restore", "--config", config)
    assert (code, "正在使用" in err) == (2, True)
    assert (tmp_path / "data" / "intake.db").read_bytes() == before


def test_verify_names_what_is_missing(capsys, config, mailbox, tmp_path):
    deliver(mailbox, TOWN, 1)
    run(capsys, "run", "--once", "--config", config)
    run(capsys, "backup", "--config", config)
    assert run(capsys, "verify", "--config", config)[0] == 0
    next((tmp_path / "data" / "archive").rglob("*.eml")).unlink()
    code, out, _ = run(capsys, "verify", "--config", config)
    assert (code, "缺失" in out) == (1, True)


def test_verify_sees_the_password_where_it_must_not_stand(capsys, config, tmp_path):
    run(capsys, "backup", "--config", config)
    assert run(capsys, "verify", "--config", config)[0] == 0
    (tmp_path / "data" / "notes.txt").write_text(office.PASSWORD)
    code, out, _ = run(capsys, "verify", "--config", config)
    assert (code, "notes.txt" in out) == (1, True)
    (tmp_path / "code.txt").unlink()
    assert "没有核对" in run(capsys, "verify", "--config", config)[1]


# --- what a restore asks before ---------------------------------------------------------------------------------------


def worked_on(capsys, config, mailbox) -> None:
    """A day's work: a mail, a backup, and after it what only people did."""
    deliver(mailbox, TOWN, 1)
    run(capsys, "run", "--once", "--config", config)
    run(capsys, "note", "call", SANDS, "--who", "王芳", "--config", config)
    run(capsys, "backup", "--config", config)
    run(capsys, "note", "exempt", SANDS, "--who", "王芳", "--config", config)
    run(capsys, "review", "set", 1, "职务=科长", "--who", "王芳", "--yes", "--config", config)


@pytest.mark.parametrize(
    ("way", "notes"), [((), "单位登记 1 条（免报 1）"), (("--from-archive",), "单位登记 2 条（已电话催办 1、免报 1）")]
)
def test_a_restore_tells_what_will_be_lost_and_asks(capsys, config, mailbox, answers, way, notes):
    worked_on(capsys, config, mailbox)
    for typed, told in ((["n"], "没有恢复"), ([], "请加 --yes")):
        answers.extend(typed)
        code, out, _ = run(capsys, "restore", *way, "--config", config)
        assert (code, told in out, notes in out) == (1, True, True), out
        assert "人工处理 1 项（改值 1）" in out
        assert f"操作记录 {3 if way else 2} 条" in out
        assert "不会删除，移到" in out
    assert not list(config.parent.glob("data/replaced-*"))
    assert "免报" in run(capsys, "note", "list", "--config", config)[1]
    answers.append("y")
    code, out, _ = run(capsys, "restore", *way, "--config", config)
    assert (code, "发信已全部暂停" in out) == (1, True)
    assert "免报" not in run(capsys, "note", "list", "--config", config)[1]


def test_a_restore_of_a_database_that_can_not_be_read_asks_too(capsys, config, mailbox, answers, tmp_path):
    worked_on(capsys, config, mailbox)
    (tmp_path / "data" / "intake.db").write_bytes(b"not a database" * 1000)
    for way in ((), ("--from-archive",)):
        code, out, _ = run(capsys, "restore", *way, "--config", config)
        assert (code, "无法列出" in out, "没有恢复" in out) == (1, True, True)
    assert not list(config.parent.glob("data/replaced-*"))


def test_what_is_no_backup_is_refused_in_words(capsys, config, tmp_path):
    run(capsys, "backup", "--config", config)
    (tmp_path / "text").write_text("hostname")
    with sqlite3.connect(tmp_path / "theirs.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    (tmp_path / "folder").mkdir()
    for name, told in (
        ("nonexist", "没有这个备份文件"),
        ("text", "这不是本程序的备份"),
        ("theirs.db", "这不是本程序的备份"),
        ("folder", "这是文件夹"),
        ("data/intake.db", "就是现在的数据库"),
    ):
        code, out, err = run(capsys, "restore", tmp_path / name, "--yes", "--config", config)
        assert (code, told in err, "没有恢复" in err) == (2, True, True), out + err
        assert not any(words in err for words in ("unable", "not a database", "no such table"))
    assert not list(config.parent.glob("data/replaced-*"))
