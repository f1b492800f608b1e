"""`intake export` as a clerk types it: who is missing, the attachments, every original."""

import sqlite3
from datetime import timedelta
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk.cli import main
from tests.builders import office
from tests.builders.site import site

ADDRESS = "a27398830@126.com"
TOWN, SANDS, SCHOOLS = office.UNITS


@pytest.fixture
def config(tmp_path):
    with DemoMailbox(ADDRESS, office.PASSWORD) as mailbox, SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
        raw = office.mail(office.UNITS[TOWN], "联络员表", attachment=office.liaison(TOWN))
        mailbox.deliver("INBOX", raw, office.START + timedelta(minutes=1))
        path = site(tmp_path, imap_port=mailbox.port, smtp_port=sink.port)
        main(["run", "--once", "--config", str(path)])
        yield path


def export(capsys, config, *arguments) -> tuple[int, str]:
    code = main(["export", *map(str, arguments), "--config", str(config)])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out + captured.err


def test_each_export_writes_its_file_says_what_is_in_it_and_is_noted(capsys, config, tmp_path):
    code, words = export(capsys, config, tmp_path / "missing.xlsx", "--missing")
    assert (code, "3 个单位" in words) == (0, True)
    assert load_workbook(tmp_path / "missing.xlsx").sheetnames == ["未报名单"]
    code, words = export(capsys, config, tmp_path / "files.zip", "--attachments")
    assert (code, "1 个文件" in words) == (0, True)
    with ZipFile(tmp_path / "files.zip") as packed:
        assert packed.read(packed.namelist()[0]) == office.liaison(TOWN)
    code, words = export(capsys, config, tmp_path / "all.zip", "--archive")
    assert (code, "1 封来信" in words) == (0, True)
    assert sorted(path.name for path in tmp_path.glob("*.zip")) == ["all.zip", "files.zip"]
    assert not list(tmp_path.glob(".*"))
    connection = sqlite3.connect(tmp_path / "data" / "intake.db")
    try:
        assert connection.execute("SELECT subject FROM audit").fetchall() == [("未报名单",), ("附件打包",), ("归档包",)]
    finally:
        connection.close()


def test_two_kinds_at_once_and_a_folder_that_is_not_there_are_refused_in_words(capsys, config, tmp_path):
    with pytest.raises(SystemExit):
        export(capsys, config, "--missing", "--archive")
    for kind in ("--missing", "--attachments", "--archive"):
        code, words = export(capsys, config, tmp_path / "nowhere" / "x", kind)
        assert (code, "没有写成" in words) == (2, True)
