"""What a person types wrong, or in haste: numbers that no row has, a folder that is a file. Words and exit code 2, never a
traceback, and nothing is changed by it.
"""

import sqlite3

import pytest

from scheduler.desk.cli import main
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
