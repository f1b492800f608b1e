"""`intake export` as a clerk types it: who is missing, the attachments, every original."""

import re
import sqlite3
from datetime import timedelta
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

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
    for name, kind in (("x.xlsx", "--missing"), ("x.zip", "--attachments"), ("x.zip", "--archive")):
        code, words = export(capsys, config, tmp_path / "nowhere" / name, kind)
        assert (code, "没有写成" in words) == (2, True)


def packed_by_somebody(path) -> None:
    with ZipFile(path, "w") as packed:
        packed.writestr("附件目录.xlsx", b"not ours")


def booked_by_somebody(path) -> None:
    workbook = Workbook()
    workbook.properties.creator = "王芳"
    workbook.save(path)


def worked_in(path) -> None:
    workbook = Workbook()
    workbook.properties.creator = "form-intake"
    workbook.properties.lastModifiedBy = "王芳"
    workbook.save(path)


REFUSED = (
    ("config.toml", (), ".xlsx 结尾"),
    ("roster.csv", (), ".xlsx 结尾"),
    ("data/intake.db", (), ".xlsx 结尾"),
    ("/dev/full", (), ".xlsx 结尾"),
    ("表.xlsx", ("--archive",), ".zip 结尾"),
    ("附件.zip", ("--missing",), ".xlsx 结尾"),
    ("名册.xlsx", (), "名册"),
    ("data/表.xlsx", (), "数据文件夹"),
    ("link/表.xlsx", (), "数据文件夹"),
    ("backups/包.zip", ("--attachments",), "备份文件夹"),
    ("folder.xlsx", (), "不是普通文件"),
    ("full.xlsx", (), "不是普通文件"),
    ("theirs.xlsx", (), "已有同名文件"),
    ("theirs.xlsx", ("--missing",), "已有同名文件"),
    ("worked.xlsx", (), "已有同名文件"),
    ("words.xlsx", (), "已有同名文件"),
    ("theirs.zip", ("--attachments",), "已有同名文件"),
    ("theirs.zip", ("--archive",), "已有同名文件"),
)


def test_an_export_takes_the_place_of_nothing_that_is_not_an_export(capsys, config, tmp_path):
    text = config.read_text(encoding="utf-8").replace('file = "roster.csv"', 'file = "名册.xlsx"', 1)
    config.write_text(re.sub(r"(?m)^#? ?backup_dir = .*$", 'backup_dir = "backups"', text, count=1), encoding="utf-8")
    booked_by_somebody(tmp_path / "theirs.xlsx")
    worked_in(tmp_path / "worked.xlsx")
    packed_by_somebody(tmp_path / "theirs.zip")
    (tmp_path / "words.xlsx").write_text("要紧的话", encoding="utf-8")
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "full.xlsx").symlink_to("/dev/full")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    before = everything(tmp_path)
    for name, kind, told in REFUSED:
        code, words = export(capsys, config, tmp_path / name, *kind)
        assert (code, told in words, "没有导出" in words) == (2, True, True), (name, words)
        assert everything(tmp_path) == before, name


def everything(folder) -> dict:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def test_an_earlier_export_is_replaced_by_the_newer(capsys, config, tmp_path):
    kinds = (("表.xlsx", ()), ("未报.XLSX", ("--missing",)), ("a.zip", ("--attachments",)), ("b.zip", ("--archive",)))
    for name, kind in kinds:
        assert export(capsys, config, tmp_path / name, *kind)[0] == 0
        first = (tmp_path / name).stat().st_ino
        assert export(capsys, config, tmp_path / name, *kind)[0] == 0, name
        assert (tmp_path / name).stat().st_ino != first
