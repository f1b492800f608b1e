"""The commands as an office types them: what they do, and what they say when something is not in order.

Each message is read: what happened, what it means, what to do; no traceback, the exit code of whose fault it is, and
nothing lost by it.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook

from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

ADDRESS = "a27398830@126.com"
TOWN = "青石镇人民政府"


@pytest.fixture
def mailbox():
    with DemoMailbox(ADDRESS, office.PASSWORD) as server:
        yield server


@pytest.fixture
def sink():
    with SmtpSink(login=ADDRESS, password=office.PASSWORD) as server:
        yield server


@pytest.fixture
def config(mailbox, sink, tmp_path):
    return site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)


def deliver(mailbox, number: int = 1, **changes) -> bytes:
    raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN, **changes), number=number)
    mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=number))
    return raw


def run(capsys, *arguments) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out, captured.err


def answers(sink) -> list:
    """The letters to units; what goes to the clerk depends on the hour at which the test runs."""
    return [letter for letter in sink.delivered if letter.recipients != (office.CLERK,)]


def cells(capsys, config) -> dict:
    _, out, _ = run(capsys, "status", "--json", "--config", config)
    return {(cell["unit"], cell["form"]): cell for cell in json.loads(out)["cells"]}


# --- the way through -------------------------------------------------------------------------------------------------


def test_one_round_takes_a_mail_to_the_matrix_the_answer_and_the_workbook(capsys, config, mailbox, sink, tmp_path):
    deliver(mailbox)
    assert run(capsys, "run", "--once", "--config", config)[0] == 0
    cell = cells(capsys, config)[TOWN, "liaison"]
    assert cell["state"] == "accepted"
    assert cell["submissions"][0]["mobile"] == "13900000001"
    assert [letter.recipients for letter in answers(sink)] == [(office.UNITS[TOWN],)]
    code, out, _ = run(capsys, "export", tmp_path / "汇总表.xlsx", "--config", config)
    assert (code, "已导出" in out) == (0, True)
    texts = [
        str(cell.value)
        for sheet in load_workbook(tmp_path / "汇总表.xlsx")
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert "13900000001" in texts


def test_a_dry_run_files_everything_and_sends_nothing(capsys, config, mailbox, sink):
    deliver(mailbox)
    code, out, _ = run(capsys, "run", "--once", "--dry-run", "--config", config)
    assert (code, "待放行的信 1 封" in out) == (1, True)
    assert sink.delivered == (), "a dry run sends nothing, to the clerk neither"
    assert cells(capsys, config)[TOWN, "liaison"]["state"] == "accepted"


def test_in_hold_mode_a_letter_waits_for_its_release(capsys, mailbox, sink, tmp_path):
    config = site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port, mode="hold")
    deliver(mailbox)
    run(capsys, "run", "--once", "--config", config)
    assert answers(sink) == []
    code, out, _ = run(capsys, "outbox", "list", "--json", "--config", config)
    letter = json.loads(out)
    assert (code, letter["state"]) == (1, "held")
    assert "13900000001" in run(capsys, "outbox", "show", letter["id"], "--config", config)[1]
    assert run(capsys, "outbox", "release", letter["id"], "--yes", "--config", config)[0] == 0
    run(capsys, "run", "--once", "--config", config)
    assert len(answers(sink)) == 1
    assert run(capsys, "outbox", "cancel", letter["id"], "--config", config)[0] == 2


def test_a_second_round_answers_nobody_again_and_a_replay_neither(capsys, config, mailbox, sink):
    deliver(mailbox)
    deliver(mailbox, 2, mobile="1390000")
    run(capsys, "run", "--once", "--config", config)
    before = cells(capsys, config)
    code, out, _ = run(capsys, "replay", "--config", config)
    assert (code, "重新识别 2 封" in out) == (0, True)
    assert cells(capsys, config) == before
    run(capsys, "run", "--once", "--config", config)
    assert len(answers(sink)) == 2


def test_a_plain_reply_closes_the_correction_it_answers(capsys, config, mailbox, sink):
    deliver(mailbox, mobile="")
    run(capsys, "run", "--once", "--config", config)
    assert cells(capsys, config)[TOWN, "liaison"]["state"] == "correction"
    asked = answers(sink)[0].raw
    message_id = next(line for line in asked.decode().splitlines() if line.startswith("Message-ID: ")).split()[1]
    reply = office.mail(
        office.UNITS[TOWN], "回复：请补正", text="手机：13900000009\n", number=2, In_Reply_To=message_id
    )
    mailbox.deliver("INBOX", reply, office.START + timedelta(minutes=5))
    rest(config)
    run(capsys, "run", "--once", "--config", config)
    cell = cells(capsys, config)[TOWN, "liaison"]
    assert cell["state"] == "accepted"
    assert (cell["submissions"][0]["mobile"], cell["submissions"][0]["name"]) == ("13900000009", "林小满")


def rest(config) -> None:
    """Let the poll interval pass: the record is told that the last poll was long ago."""
    with sqlite3.connect(config.parent / "data" / "intake.db") as connection:
        connection.execute("UPDATE heartbeats SET ok_at = '2025-01-01 00:00:00.000000' WHERE tick = 'fetch'")
    connection.close()


@pytest.mark.long
def test_check_says_that_all_is_well_and_names_the_folders(capsys, config):
    code, out, _ = run(capsys, "check", "--config", config)
    assert code == 0, out
    assert "INBOX 0 封" in out
    assert "全部正常" in out


@pytest.mark.usefixtures("brief")
def test_check_writes_every_letter_by_the_offices_own_templates(capsys, config):
    folder = config.parent / "templates"
    folder.mkdir()
    config.write_text(config.read_text().replace('#template_dir = "templates"', 'template_dir = "templates"', 1))
    (folder / "question.txt.j2").write_text("收到您的来信\n\n{{ received_at|moment }}\n", encoding="utf-8")
    code, out, _ = run(capsys, "check", "--offline", "--config", config)
    assert (code, "种样张都能写成" in out) == (0, True)
    for kind, words in (("question", "主题\n\n{{ nobody_knows }}\n"), ("reminder", "主题\n\n{% if %}\n")):
        (folder / f"{kind}.txt.j2").write_text(words, encoding="utf-8")
    code, out, _ = run(capsys, "check", "--offline", "--config", config)
    assert code == 2
    assert "信件模板 question.txt.j2" in out
    assert "信件模板 reminder.txt.j2 第3行" in out


@pytest.mark.usefixtures("brief")
def test_check_tries_the_doors_of_the_service(capsys, config):
    whole = config.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(whole.replace("[desk]\n", f"[desk]\nport = {port}\n", 1))
        code, out, _ = run(capsys, "check", "--offline", "--config", config)
        assert (code, f"端口{port}正在使用" in "".join(out.split())) == (0, True)
    code, out, _ = run(capsys, "check", "--offline", "--config", config)
    assert (code, f"http://127.0.0.1:{port}可以打开" in "".join(out.split())) == (0, True)
    config.write_text(whole.replace("[desk]\n", f'[desk]\nport = {port}\nhost = "192.0.2.7"\n', 1))
    code, out, _ = run(capsys, "check", "--offline", "--config", config)
    assert (code, "本机没有这个地址" in "".join(out.split())) == (2, True)


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("brief")
def test_a_clock_that_the_server_contradicts_is_named_everywhere_and_a_person_may_call_it_right(
    capsys, mailbox, tmp_path, monkeypatch
):
    def behind() -> datetime:
        return datetime.now(UTC) - timedelta(hours=3)

    with SmtpSink(login=ADDRESS, password=office.PASSWORD, now=behind) as sink:
        config = site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)
        deliver(mailbox)
        run(capsys, "run", "--once", "--config", config)
        code, _, err = run(capsys, "run", "--once", "--config", config)
    assert (code, "本机时间比邮件服务器快约3小时" in err) == (2, True)
    code, out, _ = run(capsys, "check", "--offline", "--config", config)
    words = out.replace("\n", "")
    assert (code, f"问题  本机时间：{datetime.now(office.SHANGHAI).year}年" in words) == (2, True)
    assert ("快约3小时" in words, "intake clock --confirm" in words) == (True, True)
    status = run(capsys, "status", "--config", config)[1].replace("\n", "")
    assert ("运行状况：异常" in status, status.count("快约3小时")) == (True, 1)
    code, out, _ = run(capsys, "clock", "--config", config)
    assert (code, "快约3小时" in out) == (1, True)
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    assert run(capsys, "clock", "--confirm", "--config", config)[0] == 1
    assert run(capsys, "clock", "--config", config)[0] == 1
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    assert run(capsys, "clock", "--confirm", "--who", "小林", "--config", config)[0] == 0
    code, out, _ = run(capsys, "clock", "--config", config)
    assert (code, "没有发现不准" in out) == (0, True)
    assert "确认本机时间正确 │ 本机时间" in run(capsys, "audit", "--config", config)[1]
    assert run(capsys, "check", "--offline", "--config", config)[0] == 0


def test_a_wrong_password_names_the_authorization_code_and_is_not_repeated_at_once(capsys, mailbox, sink, tmp_path):
    config = site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port, password="wrong-code")
    code, out, err = run(capsys, "run", "--once", "--config", config)
    assert (code, "授权码" in err) == (3, True)
    tried = mailbox.logins
    assert tried == 1
    code, out, err = run(capsys, "run", "--once", "--config", config)
    words = (out + err).replace("\n", "")
    assert (code, "本轮没有收信" in words, "授权码" in words, "本轮完成" in words) == (3, True, True, False)
    assert mailbox.logins == tried, "a refused login must rest"
    assert "wrong-code" not in out + err


@pytest.mark.long
def test_check_of_a_wrong_password_names_the_authorization_code(capsys, mailbox, sink, tmp_path):
    config = site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port, password="wrong-code")
    code, out, _ = run(capsys, "check", "--config", config)
    assert (code, "授权码" in out, "wrong-code" in out) == (3, True, False)


def test_a_wrong_folder_lists_the_folders_there_are_and_the_others_are_fetched(capsys, config, mailbox):
    config.write_text(config.read_text().replace('folders = ["INBOX"]', 'folders = ["INBOX", "报表"]'))
    deliver(mailbox)
    code, _, err = run(capsys, "run", "--once", "--config", config)
    assert code == 3
    assert "报表" in err
    assert "已发送" in err
    assert cells(capsys, config)[TOWN, "liaison"]["state"] == "accepted"


def test_a_server_that_is_down_is_a_servers_error_and_nothing_is_lost(capsys, sink, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = site(tmp_path, imap_port=port, smtp_port=sink.port)
    code, _, err = run(capsys, "run", "--once", "--config", config)
    assert code == 3
    assert "连" in err


def test_a_broken_docx_is_asked_for_again_and_kept(capsys, config, mailbox, sink, tmp_path):
    raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN)[:900])
    mailbox.deliver("INBOX", raw, office.START)
    run(capsys, "run", "--once", "--config", config)
    assert cells(capsys, config)[TOWN, "liaison"]["state"] != "accepted"
    assert len(answers(sink)) == 1
    assert [path.read_bytes() for path in (tmp_path / "data" / "archive").rglob("*.eml")] == [raw]


def test_a_roster_with_duplicates_names_both_lines(capsys, config, tmp_path):
    doubled = office.roster_bytes() + f"{TOWN},,,,,\r\n".encode()
    (tmp_path / "roster.csv").write_bytes(doubled)
    code, _, err = run(capsys, "run", "--once", "--config", config)
    assert code == 2
    assert TOWN in err
    assert "第 2 行" in err


def test_a_half_written_config_names_the_line_and_starts_nothing(capsys, config, mailbox):
    text = config.read_text()
    config.write_text(text[: len(text) // 2] + '\nname = "没写完')
    code, _, err = run(capsys, "run", "--once", "--config", config)
    assert code == 2
    assert "行" in err
    assert mailbox.logins == 0


def test_all_mistakes_of_a_config_are_told_at_once_with_a_hint_for_a_typing_error(capsys, config):
    text = config.read_text().replace("contact_phone", "contact_phon", 1).replace('mode = "auto"', 'mode = "sometimes"')
    config.write_text(text)
    code, _, err = run(capsys, "check", "--offline", "--config", config)
    assert code == 2
    assert "contact_phone" in err
    assert "sometimes" in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.name == "nt", reason="needs POSIX limits")
def test_a_full_disk_pauses_fetching_says_so_and_loses_nothing(config, mailbox, tmp_path):
    raw = office.mail(office.UNITS[TOWN], "联络员表", text="长" * 400_000, attachment=office.liaison(TOWN))
    mailbox.deliver("INBOX", raw, office.START)
    # RLIMIT_FSIZE stands for the full disk: every write beyond 600 kB of a file fails with EFBIG, as ENOSPC would
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000));"
        "from scheduler.desk.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", limited, "run", "--once", "--config", str(config)]
    full = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert full.returncode == 2, full.stderr
    assert "存档" in full.stderr
    assert "没有丢失" in full.stderr
    assert not list((tmp_path / "data" / "archive").rglob("*.tmp"))
    with sqlite3.connect(tmp_path / "data" / "intake.db") as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        connection.execute("DELETE FROM heartbeats")
    connection.close()
    free = subprocess.run(
        [sys.executable, "-m", "tests.run_intake", "run", "--once", "--config", str(config)], check=False, timeout=60
    )
    assert free.returncode == 0
    assert [path.read_bytes() for path in (tmp_path / "data" / "archive").rglob("*.eml")] == [raw]


# --- the daemon ------------------------------------------------------------------------------------------------------


@pytest.fixture
def daemon(config):
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.run_intake", "run", "--verbose", "--config", str(config)],
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def wait_until(condition, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def test_the_daemon_answers_refuses_a_second_instance_and_ends_on_sigterm(daemon, capsys, config, mailbox, sink):
    deliver(mailbox)
    wait_until(lambda: len(answers(sink)) == 1, 75)
    code, _, err = run(capsys, "run", "--once", "--config", config)
    assert (code, "已有一个 intake" in err) == (2, True)
    begun = time.monotonic()
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=15) == 0
    assert time.monotonic() - begun <= 10


def test_the_daemon_ends_in_time_while_a_server_says_nothing(capsys, sink, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = site(tmp_path, imap_port=silent.getsockname()[1], smtp_port=sink.port)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.run_intake", "run", "--config", str(config)], stderr=subprocess.DEVNULL
        )
        try:
            silent.settimeout(40)
            connection, _ = silent.accept()  # the daemon now waits for a greeting
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=15) == 0
            assert time.monotonic() - begun <= 10
            connection.close()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.mark.long
def test_an_invalid_edit_leaves_the_old_configuration_in_force_and_a_valid_one_takes_over(
    daemon, config, mailbox, sink
):
    deliver(mailbox)
    wait_until(lambda: len(answers(sink)) == 1, 75)
    good = config.read_text()
    config.write_text(good[: len(good) // 2])
    wait_until(lambda: "action=config.failed" in "".join(iter_lines(daemon)), 75)
    assert daemon.poll() is None
    config.write_text(good.replace("per_day =", "per_day = 77 #", 1))
    wait_until(lambda: "action=daemon.reloaded" in "".join(iter_lines(daemon)), 75)
    assert daemon.poll() is None


def iter_lines(daemon) -> list[str]:
    """Read one line more of the daemon's log and return all that was read so far."""
    seen = daemon.__dict__.setdefault("seen", [])
    seen.append(daemon.stderr.readline())
    return seen


def test_inspect_of_a_folder_says_what_it_did_not_look_at(capsys, config, tmp_path):
    folder = tmp_path / "来件"
    folder.mkdir()
    code, _, words = run(capsys, "inspect", folder, "--config", config)
    assert (code, "没有文件" in words) == (2, True)
    (folder / "表.docx").write_bytes(office.liaison(TOWN))
    code, out, _ = run(capsys, "inspect", folder, "--json", "--config", config)
    assert [json.loads(line)["source"].endswith("表.docx") for line in out.splitlines()] == [True]
    (folder / "信.eml").write_bytes(office.mail(office.UNITS[TOWN], "表", attachment=office.liaison(TOWN)))
    code, out, words = run(capsys, "inspect", folder, "--json", "--config", config)
    assert [json.loads(line)["source"].endswith("信.eml") for line in out.splitlines()] == [True]
    assert "另有 1 个文件没有看" in words


def test_inspect_shows_place_and_rule_of_each_value_and_what_is_left_over(capsys, config, tmp_path):
    page = "<p>联络员反馈表</p><table><tr><td>姓名<td>林小满<tr><td>职务<td>科员<tr><td>手机<td>13900000001"
    page += f"<tr><td>单位名称<td>{TOWN}<tr><td><td>纸质材料另寄</table>"
    file = tmp_path / "表.html"
    file.write_text(page, encoding="utf-8")
    code, out, _ = run(capsys, "inspect", file, "--config", config)
    shown = "".join(out.replace("│", "").split())
    assert code == 0
    assert "没有对应栏目的文字：“纸质材料另寄”（表1第5行第2列）" in shown
    assert "栏目右边一格" in shown
    assert "table 1" not in out
