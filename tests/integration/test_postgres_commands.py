"""The commands of an office whose record lies on a PostgreSQL, as it types them: what they say, and what they never show."""

import re
from contextlib import ExitStack

import pytest

from scheduler.desk import check
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.postgres import GUARDED_PASSWORD, Site
from tests.builders.site import site as site_on_disk

pytestmark = pytest.mark.integration

TOWN, _, _ = office.UNITS


@pytest.fixture
def url(postgres):
    with postgres.database() as name:
        yield postgres.url(name)


@pytest.fixture
def site(tmp_path, url):
    with ExitStack() as stack:
        yield Site(tmp_path, url, stack)


@pytest.fixture
def config(site, url, tmp_path, monkeypatch):
    monkeypatch.setattr(check, "_reader_findings", lambda _settings: ())  # seconds each, and no matter here
    path = site_on_disk(tmp_path, imap_port=site.imap.port, smtp_port=site.sink.port)
    text = path.read_text(encoding="utf-8")
    changed, found = re.subn(r"(?m)^#backup_dir = .*$", f'backup_dir = "{tmp_path}/elsewhere"', text)
    assert found == 1
    path.write_text(changed, encoding="utf-8")
    return pointed_at(path, url)


def pointed_at(path, url):
    changed, found = re.subn(r"(?m)^#?database_url = .*$", f'database_url = "{url}"', path.read_text(encoding="utf-8"))
    assert found == 1
    path.write_text(changed, encoding="utf-8")
    return path


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, "".join(captured.out.split()), captured.err  # a console breaks lines where it likes


COMMANDS = (
    ("run", "--once"),
    ("check", "--offline"),
    ("status",),
    ("verify",),
    ("backup",),
    ("outbox", "list"),
    ("restore", "--hold"),
)


@pytest.mark.usefixtures("brief")
def test_the_commands_work_and_say_who_backs_up(site, config, capsys, tmp_path):
    site.write(TOWN, 1)
    assert run(capsys, "run", "--once", "--config", config)[0] == 0
    assert "运行状况：正常" in run(capsys, "status", "--config", config)[1]
    code, out, _ = run(capsys, "check", "--offline", "--config", config)
    assert (code, "PostgreSQL1" in out, "pg_dump" in out) == (0, True, True)
    code, out, _ = run(capsys, "backup", "--config", config)
    assert (code, "本程序不备份它" in out, "已备份并校验" in out) == (0, True, False)
    code, out, _ = run(capsys, "verify", "--config", config)
    assert (code, "pg_dump" in out, "不符" in out) == (0, True, False)
    for way in ((), ("--list",), ("copy.sqlite",)):
        code, _, err = run(capsys, "restore", *way, "--config", config)
        assert (code, "pg_restore" in err, "--hold" in err) == (2, True, True)
    next((tmp_path / "data" / "archive").rglob("*.eml")).unlink()
    code, out, _ = run(capsys, "restore", "--hold", "--config", config)
    assert (code, "补回来件原件1封" in out, "发信已全部暂停" in out) == (1, True, True)
    assert run(capsys, "verify", "--config", config)[0] == 0


def test_what_people_look_up_and_note_is_the_same_on_postgresql(site, config, capsys):
    site.write(TOWN, 1)
    run(capsys, "run", "--once", "--config", config)
    assert run(capsys, "note", "call", TOWN, "--text", "已催", "--who", "王芳", "--config", config)[0] == 0
    typed = ("姓名=林小满", "职务=主任", "手机=13900000005")
    assert run(capsys, "note", "paper", TOWN, "附件2", *typed, "--who", "王芳", "--config", config)[0] == 0
    code, out, _ = run(capsys, "review", "set", "1", "手机=13900000008", "--who", "王芳", "--yes", "--config", config)
    assert code == 0
    for command, told in (
        (("unit", TOWN), ("收到纸质件", "核实", "电话联系")),
        (("mails", "--search", TOWN, "--fate", "accepted"), ("共1封",)),
        (("mails", "1"), ("13900000008", "因此写的信")),
        (("stats",), ("来信去向",)),
        (("audit", "--who", "王芳"), ("共3条", "改值", "标记已电话催办", "补录纸质件")),
    ):
        code, out, _ = run(capsys, *command, "--config", config)
        assert (code, [words for words in told if words not in out]) == (0, [])


def test_a_record_that_is_lost_is_built_anew_from_the_archive_in_an_empty_database(postgres, site, config, capsys):
    site.write(TOWN, 1)
    run(capsys, "run", "--once", "--config", config)
    with postgres.database() as empty:
        pointed_at(config, postgres.url(empty))
        code, _, err = run(capsys, "run", "--once", "--config", config)
        assert (code, "数据库是空的" in err) == (2, True)
        code, out, _ = run(capsys, "restore", "--from-archive", "--config", config)
        assert (code, "补登来件1封" in out, "发信已全部暂停" in out) == (1, True, True)
        assert site.answered() == [office.UNITS[TOWN]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_its_server_every_command_says_what_to_do_and_shows_no_password(config, capsys, monkeypatch, command):
    monkeypatch.setenv("PGPASSWORD", GUARDED_PASSWORD)
    pointed_at(config, "postgresql+psycopg://guarded@127.0.0.1:9/record")
    code, out, err = run(capsys, *command, "--config", config)
    assert (code, "请检查数据库服务是否启动" in out + err) == (2, True)
    assert GUARDED_PASSWORD not in out + err


@pytest.mark.parametrize("command", COMMANDS[:4], ids=" ".join)
def test_a_refused_login_is_told_by_every_command_without_the_password(config, url, capsys, monkeypatch, command):
    monkeypatch.setenv("PGPASSWORD", f"wrong-{GUARDED_PASSWORD}")
    pointed_at(config, url.replace("office@", "guarded@"))
    code, out, err = run(capsys, *command, "--config", config)
    assert (code, "PGPASSWORD" in out + err) == (2, True)
    assert GUARDED_PASSWORD not in out + err
