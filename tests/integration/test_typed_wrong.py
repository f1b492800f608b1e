"""What a person types wrong, or in haste: numbers that no row has, a folder that is a file. Words and exit code 2, never a
traceback, and nothing is changed by it.
"""

import json
import socket
import sqlite3

import pytest

from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

HUGE = "9" * 23


@pytest.fixture
def config(tmp_path):
    return site(tmp_path, imap_port=1, smtp_port=1)


def run(capsys, *arguments) -> tuple[int, str]:
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as ended:  # argparse refuses
        code = ended.code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out + captured.err


def ask(config, query):
    connection = sqlite3.connect(config.parent / "data" / "intake.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [HUGE, "9" * 5000, "0", "-1", "2147483648", "一", "1.5"])
@pytest.mark.parametrize(
    "command",
    [
        "review show",
        "review dismiss --yes",
        "review accept 1 --item",
        "outbox show",
        "outbox release",
        "outbox cancel",
        "outbox skip",
        "outbox resend",
        "note undo",
        "replay",
        "mails",
        "mails --limit",
        "audit --limit",
    ],
)
def test_a_number_that_no_row_can_have_is_refused_in_words(capsys, config, command, number):
    code, words = run(capsys, *command.split(), number, "--config", config)
    assert (code, "整数" in words) == (2, True)
    assert len(words) < 2000


@pytest.mark.parametrize("port", ["99999", "-1", HUGE, "http"])
def test_a_port_that_there_is_not_is_refused_before_the_demo_begins(capsys, tmp_path, port):
    code, words = run(capsys, "demo", "--web", "--output", tmp_path / "demo", "--port", port)
    assert (code, "0 到 65535" in words) == (2, True)
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("where", ["/proc/x", "a file", "below a file"])
def test_the_demo_says_why_it_can_not_write_where_it_is_told_to(capsys, tmp_path, where):
    (tmp_path / "f").write_text("x")
    folder = {"a file": tmp_path / "f", "below a file": tmp_path / "f" / "x"}.get(where, where)
    code, words = run(capsys, "demo", "--output", folder)
    assert (code, "演示不能写到" in words, "--output" in words) == (2, True, True)
    assert (tmp_path / "f").read_text() == "x"


@pytest.mark.parametrize("more", [(), ("--explain",)])
def test_a_file_name_obeys_nobody_at_the_terminal(capsys, config, tmp_path, more):
    folder = tmp_path / "来件"
    folder.mkdir()
    (folder / "名\x1b[31m.docx").write_bytes(office.liaison("青石镇人民政府"))
    (folder / "坏\x1b[32m.zip").write_bytes(b"PK\x03\x04 no zip")
    code, words = run(capsys, "inspect", folder, *more, "--config", config)
    assert (code in (0, 1), "名[31m.docx" in words, "\x1b[3" in words) == (True, True, False)
    code, words = run(capsys, "inspect", tmp_path / "没\x1b[33m有", *more, "--config", config)
    assert (code, "没[33m有" in words) == (2, True)
    code, words = run(capsys, "inspect", folder, "--json", *more, "--config", config)
    assert any(json.loads(line)["source"].endswith("名\x1b[31m.docx") for line in words.splitlines())
    assert "\x1b" not in words


def test_a_taken_port_is_told_before_the_demo_is_played(capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, words = run(capsys, "demo", "--web", "--output", tmp_path / "demo", "--port", port)
    assert (code, f"--port 的端口 {port}" in words, "[desk]" in words) == (2, True, False)
    assert not (tmp_path / "demo").exists()


def test_the_help_of_config_and_the_refusal_of_replay_name_what_is_there(capsys, config):
    _, words = run(capsys, "status", "--help")
    assert "只有inspect在没有它时" in "".join(words.split())
    code, words = run(capsys, "replay", 999, "--config", config)
    assert (code, "intake mails" in words) == (2, True)
