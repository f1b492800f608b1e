"""`intake roster`, `intake calendar`, `intake sending` as a clerk types them."""

import builtins
import re
import sqlite3

import pytest

from intake.config import load
from intake.settings import SendMode
from scheduler.clock import SystemClock
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

LONGER = office.roster_bytes() + "海湾镇人民政府,海湾镇,成员单位,周立春,bay@example.com,0595-27390009\r\n".encode()


@pytest.fixture
def config(tmp_path):
    return site(tmp_path, imap_port=9, smtp_port=9, mode="hold")


@pytest.fixture
def answers(monkeypatch):
    """What is asked at the keyboard; the answer is no unless a test says so."""
    asked = []

    def answer(question=""):
        asked.append(question)
        return "y" if "yes" in asked else "n"

    monkeypatch.setattr(builtins, "input", answer)
    return asked


def run(capsys, config, *arguments) -> tuple[int, str]:
    code = main([*map(str, arguments), "--config", str(config)])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out + captured.err


def settings(config):
    return load(config, environment={}, need_password=False)


def audit(config):
    connection = sqlite3.connect(config.parent / "data" / "intake.db")
    try:
        return [row[0] for row in connection.execute("SELECT action FROM audit ORDER BY id")]
    finally:
        connection.close()


def test_a_new_roster_is_compared_asked_about_and_put_in_force(capsys, config, answers, tmp_path):
    new = tmp_path / "新名册.csv"
    new.write_bytes(LONGER)
    assert "3 个单位" in run(capsys, config, "roster")[1]
    code, words = run(capsys, config, "roster", new)
    assert (code, "新增：海湾镇人民政府" in words, "没有改动" in words) == (1, True, True)
    assert len(answers) == 1
    assert settings(config).roster_file.read_bytes() == office.roster_bytes()
    answers.append("yes")
    code, words = run(capsys, config, "roster", new)
    assert (code, "已导入 4 个单位" in words) == (0, True)
    assert settings(config).roster_file.read_bytes() == LONGER
    assert audit(config) == ["roster"]


def test_a_roster_with_mistakes_is_told_and_not_put_in_force(capsys, config, tmp_path):
    new = tmp_path / "新名册.csv"
    new.write_bytes(LONGER.replace(b"bay@example.com", b"bay@"))
    code, words = run(capsys, config, "roster", new, "--yes")
    assert (code, "bay@" in words, "没有导入" in words) == (2, True, True)
    assert settings(config).roster_file.read_bytes() == office.roster_bytes()
    assert run(capsys, config, "roster", tmp_path / "none.csv")[0] == 2


def test_a_broken_roster_is_mended_by_a_new_one(capsys, config, tmp_path):
    settings(config).roster_file.write_bytes(b"nothing")
    assert run(capsys, config, "roster")[0] == 2
    new = tmp_path / "新名册.csv"
    new.write_bytes(LONGER)
    assert run(capsys, config, "roster", new, "--yes")[0] == 0
    assert "4 个单位" in run(capsys, config, "roster")[1]


def test_a_day_is_declared_shown_and_taken_away(capsys, config):
    year = SystemClock().now().year
    code, words = run(capsys, config, "calendar", "add", f"{year}-02-16", "holiday", "春节")
    assert (code, "已添加" in words) == (0, True), words
    assert [one.name for one in settings(config).calendar] == ["春节"]
    assert re.search(rf"{year}年2月16日（周.） 放假 春节（不声明时：", run(capsys, config, "calendar")[1])
    assert run(capsys, config, "calendar", "add", f"{year}-02-16", "workday")[0] == 2
    assert run(capsys, config, "calendar", "add", "16.2.", "workday")[0] == 2
    assert run(capsys, config, "calendar", "remove", f"{year}-02-16")[0] == 0
    assert run(capsys, config, "calendar", "remove", f"{year}-02-16")[0] == 2
    assert settings(config).calendar == ()
    assert audit(config) == ["add_day", "remove_day"]


def test_the_mode_of_sending_is_told_and_changed_after_a_yes(capsys, config, answers):
    assert "先留待放行" in run(capsys, config, "sending")[1]
    assert run(capsys, config, "sending", "auto")[0] == 1
    assert settings(config).sending.mode is SendMode.HOLD
    code, words = run(capsys, config, "sending", "auto", "--yes")
    assert (code, "已改为“自动发送”" in words) == (0, True)
    assert settings(config).sending.mode is SendMode.AUTO
    assert run(capsys, config, "sending", "auto", "--yes")[0] == 2
    assert audit(config) == ["send_mode"]


def test_letters_are_previewed_and_a_broken_template_is_an_error(capsys, config):
    code, words = run(capsys, config, "letters", "preview")
    assert (code, words.count("本邮件由系统自动发送") > 10) == (0, True)
    code, words = run(capsys, config, "letters", "preview", "咨询告知")
    assert (code, words.count("本邮件由系统自动发送")) == (0, 1)
    assert run(capsys, config, "letters", "preview", "情书")[0] == 2
    folder = config.parent / "own"
    folder.mkdir()
    (folder / "question.txt.j2").write_text("{{", encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('#template_dir = "templates"', 'template_dir = "own"'), encoding="utf-8")
    code, words = run(capsys, config, "letters", "preview")
    assert (code, "question.txt.j2" in words, "【收件回执】" in words) == (2, True, True)


def test_a_test_letter_is_shown_asked_about_and_queued_for_the_clerk_alone(capsys, config, answers):
    code, words = run(capsys, config, "outbox", "test")
    assert (code, office.CLERK in words, "【测试】" in words, "没有发出" in words) == (1, True, True, True)
    assert run(capsys, config, "outbox", "test", "stranger@example.com", "--yes")[0] == 2
    code, words = run(capsys, config, "outbox", "test", office.CLERK, "--yes")
    assert (code, "已排队" in words) == (0, True)
    assert "测试信" in run(capsys, config, "outbox", "list")[1]
    assert audit(config) == ["test_letter"]
