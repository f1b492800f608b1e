"""The export page: the office's papers and files as they are in force, under our own names, each export noted."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from io import BytesIO
from urllib.parse import unquote, urlencode
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from intake.db.models import AuditRow, MessageRow, PartRow
from intake.summary import formula_cells
from scheduler import exports
from scheduler.app import App
from scheduler.web.application import make_application
from scheduler.web.pages import export
from scheduler.web.serving import serving
from tests.builders import office
from tests.rig.inprocess import Office, a_round
from tests.web.conftest import NAME, SANDS, SCHOOLS, STONE, Client

FORM = "泉州台商投资区“安全生产月”活动联络员反馈表"
FORMULA = '=HYPERLINK("http://example.net")'


@dataclass
class Exporting:
    office: Office
    app: App
    client: Client

    def audit(self) -> list[tuple[str, str, str, str]]:
        with self.app.bench.sessions() as session:
            rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
            return [(row.who, row.action, row.subject, json.dumps(row.details, sort_keys=True)) for row in rows]

    def leftovers(self) -> list[str]:
        return [path.name for path in self.app.settings.storage.data_dir.glob("export-*")]


@pytest.fixture(scope="module")
def export_data(morning_data, tmp_path_factory):
    """The morning, a new version of its form, a form in a mail's text, and a subject that would be a formula."""
    folder = tmp_path_factory.mktemp("export")
    with Office(folder / "data", office.START + timedelta(hours=1), template=morning_data) as office_:
        app = office_.open()
        newer = office.liaison(STONE, mobile="13900000009")
        office_.deliver(
            office.mail(office.UNITS[STONE], FORMULA, attachment=newer, number=8, name="../../新.docx"),
            office.UNITS[STONE],
        )
        text = f"联络员反馈表\n姓名：陶喆\n性别：男\n职务：科长\n手机：13900000003\n单位名称：{SCHOOLS}\n"
        office_.deliver(office.mail(office.UNITS[SCHOOLS], "联络员反馈表", text=text, number=9), office.UNITS[SCHOOLS])
        a_round(app)
        office_.close_app()
    return folder / "data"


@pytest.fixture
def exporting(export_data, tmp_path) -> Iterator[Exporting]:
    with Office(tmp_path / "data", office.START + timedelta(hours=2), template=export_data) as office_:
        app = office_.open()
        client = Client(make_application(app))
        client.log_in()
        yield Exporting(office_, app, client)


def rows_of(data: bytes, sheet: str) -> list[list[str]]:
    return [[str(cell.value or "") for cell in row] for row in load_workbook(BytesIO(data))[sheet].iter_rows()]


def name_of(answer) -> str:
    return unquote(answer.headers["Content-Disposition"])


def test_the_page_shows_what_there_is_with_counts_and_asks_by_post(exporting):
    page = exporting.client.get("/export").text
    for words in ("3 个单位", "已受理 2 份", "2 个文件", "1 份写在邮件正文里", "5 封来信", "1 件来信待核实"):
        assert words in page, words
    assert exporting.client.get("/export/summary").status_code == 405
    assert exporting.client.post("/export/everything", buffered=True).status_code == 404
    assert exporting.audit() == []


@pytest.mark.parametrize(
    ("what", "name", "details"),
    [
        ("summary", "汇总表", "{}"),
        ("missing", "未报名单", '{"units": 3}'),
        ("attachments", "附件打包", '{"failed": 0, "files": 2}'),
        ("originals", "归档包", '{"failed": 0, "mails": 5}'),
    ],
)
def test_every_export_is_a_file_with_a_stamp_in_its_name_is_noted_and_leaves_nothing_behind(
    exporting, what, name, details
):
    answer = exporting.client.post(f"/export/{what}", buffered=True)
    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")
    assert f"filename*=UTF-8''{name}-20250528-1100." in name_of(answer)
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    answer.close()
    assert exporting.audit() == [(NAME, "export", name, details)]
    assert exporting.leftovers() == []


def test_over_a_real_connection_the_file_comes_whole_and_is_removed_when_it_is_out(exporting):
    cookie = exporting.client.raw.get_cookie("intake_desk", domain="127.0.0.1")
    with exporting.client.raw.session_transaction(base_url="http://127.0.0.1") as session:
        token = session["token"]
    with serving(make_application(exporting.app), port=0) as port:
        headers = {
            "Cookie": f"intake_desk={cookie.value}",
            "Origin": f"http://127.0.0.1:{port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", "/export/originals", urlencode({"token": token}), headers)
        answer = connection.getresponse()
        with ZipFile(BytesIO(answer.read())) as packed:
            assert packed.testzip() is None
        connection.close()
        end = time.monotonic() + 10
        while exporting.leftovers() and time.monotonic() < end:
            time.sleep(0.02)
    assert exporting.leftovers() == []


def test_the_list_of_the_missing_names_who_owes_what_and_nothing_else(exporting):
    answer = exporting.client.post("/export/missing", buffered=True)
    book = load_workbook(BytesIO(answer.data))
    assert book.sheetnames == ["未报名单"]
    rows = rows_of(answer.data, "未报名单")
    assert [row[1] for row in rows[3:]] == [STONE, SANDS, SCHOOLS]
    assert "联络员" not in rows[3][4]
    assert "活动总结" in rows[3][4]


def test_the_attachments_in_force_bear_names_of_ours_and_the_contents_say_what_has_none(exporting):
    with ZipFile(BytesIO(exporting.client.post("/export/attachments", buffered=True).data)) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        assert names == [f"{STONE}-{FORM}-1.docx", f"{SANDS}-{FORM}-1.docx", "附件目录.xlsx"]
        assert packed.read(names[0]) == office.liaison(STONE, mobile="13900000009")
        contents = rows_of(packed.read("附件目录.xlsx"), "附件目录")
    assert [(row[1], row[3] != "", row[7]) for row in contents[3:]] == [
        (STONE, True, "已收入"),
        (SANDS, True, "已收入"),
        (SCHOOLS, False, "写在邮件正文里，没有附件"),
    ]


def test_the_archive_holds_every_mail_as_it_came_by_arrival(exporting, tmp_path):
    data = exporting.client.post("/export/originals", buffered=True).data
    with exporting.app.bench.sessions() as session:
        order = select(MessageRow.sha256).order_by(MessageRow.arrived_at, MessageRow.id)
        hashes = list(session.scalars(order))
    with ZipFile(BytesIO(data)) as packed:
        names = packed.namelist()
        assert names[:1] == ["0001-20250528-0900.eml"]
        assert [hashlib.sha256(packed.read(name)).hexdigest() for name in names[:-1]] == hashes
        contents = packed.read("来信目录.xlsx")
    (tmp_path / "contents.xlsx").write_bytes(contents)
    assert formula_cells(tmp_path / "contents.xlsx") == ()
    rows = rows_of(contents, "来信目录")
    assert FORMULA in [row[4] for row in rows]
    assert [row[8] for row in rows[3:]] == hashes


def test_what_can_not_be_had_spoils_nothing_and_stands_in_the_contents(exporting):
    with exporting.app.bench.sessions.begin() as session:
        session.execute(update(PartRow).where(PartRow.message_id == 2).values(sha256="0" * 64))
        mail = session.get_one(MessageRow, 3)
    exporting.app.bench.archive.path(mail.sha256).write_bytes(b"spoiled")
    with ZipFile(BytesIO(exporting.client.post("/export/attachments", buffered=True).data)) as packed:
        assert f"{STONE}-{FORM}-1.docx" in packed.namelist()
        assert f"{SANDS}-{FORM}-1.docx" not in packed.namelist()
        assert any("没有收入" in row[7] for row in rows_of(packed.read("附件目录.xlsx"), "附件目录"))
    with ZipFile(BytesIO(exporting.client.post("/export/originals", buffered=True).data)) as packed:
        assert len(packed.namelist()) == 5
        assert any("没有收入" in row[9] for row in rows_of(packed.read("来信目录.xlsx"), "来信目录"))


def test_what_is_too_large_for_the_browser_is_told_with_the_command(exporting, monkeypatch):
    monkeypatch.setattr(export, "MOST_BYTES", 1_000)
    assert "intake export --archive" in exporting.client.get("/export").text
    answer = exporting.client.post("/export/originals", buffered=True)
    assert (answer.status_code, "intake export --archive" in answer.text) == (409, True)
    assert exporting.leftovers() == []
    assert exporting.audit() == []


def test_an_export_that_would_fill_the_disk_is_not_begun(exporting, monkeypatch):
    monkeypatch.setattr(exports, "SPARE_BYTES", 2**60)
    answer = exporting.client.post("/export/attachments", buffered=True)
    assert (answer.status_code, "影响收信" in answer.text) == (409, True)


def test_one_export_at_a_time(exporting):
    with export._alone():
        answer = exporting.client.post("/export/summary", buffered=True)
    assert (answer.status_code, "另一个导出正在进行" in answer.text) == (409, True)
    assert exporting.client.post("/export/summary", buffered=True).status_code == 200


def test_what_a_crash_left_behind_goes_with_a_later_export(exporting):
    left = exporting.app.settings.storage.data_dir / "export-crashed"
    left.mkdir()
    (left / "file").write_bytes(b"x")

    old = (exporting.app.clock.now() - timedelta(days=2)).timestamp()
    os.utime(left, (old, old))
    exporting.client.post("/export/missing", buffered=True).close()
    assert exporting.leftovers() == []
