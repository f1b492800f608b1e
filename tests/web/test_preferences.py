"""设置: the roster is compared before it counts, days and the mode of sending are changed in the file and nowhere else."""

import os
import re
import stat
from datetime import date
from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import select

from intake import config_edit
from intake.config import load
from intake.config_edit import fingerprint
from intake.db import lists
from intake.db.models import DecisionRow, MessageRow, SubmissionRow, UnitNoteRow
from intake.model import LetterKind, OutboxState
from intake.roster_file import read_units
from intake.settings import SendMode
from intake.texts import Texts
from scheduler import rosters
from scheduler.desk.run import ConfigWatch
from tests.builders import office
from tests.web.conftest import NAME, SANDS, STONE
from tests.web.preferences_desk import preferences_desk

ROSTER = office.roster_bytes().decode("utf-8-sig")
LONGER = ROSTER + "海湾镇人民政府,海湾镇,成员单位,周立春,bay@example.com,0595-27390009\r\n"


@pytest.fixture
def desk(morning_data, tmp_path):
    with preferences_desk(tmp_path, morning_data) as opened:
        yield opened


def upload(desk, text: str | bytes, name="名册.csv"):
    data = text if isinstance(text, bytes) else text.encode("utf-8-sig")
    return desk.client.post("/preferences/roster", {"file": (BytesIO(data), name)}, content_type="multipart/form-data")


def put_in_force(desk, location):
    return desk.submit(location, location.partition("?")[0])


def units_of(desk) -> list[str]:
    return [unit.name for unit in read_units(desk.roster.read_bytes(), "roster.csv", None)[0]]


def kept(desk) -> list[str]:
    folder = desk.config.parent / "data" / "rosters"
    return sorted(path.name for path in folder.glob("*.*")) if folder.exists() else []


# --- the roster ------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_roster_with_its_warnings_and_no_address_in_full(desk):
    text = desk.client.get("/preferences").text
    assert "roster.csv" in text
    assert "3 个" in text
    assert not re.search("@(?:qs|bs|qu)[.]example", text.replace("***@", ""))
    desk.roster.write_text(ROSTER.replace(office.UNITS[STONE], office.UNITS[SANDS]), encoding="utf-8")
    text = desk.client.get("/preferences").text
    assert "b***@bs.example.com 由 青石镇人民政府、白沙镇人民政府 共用" in text
    assert "一分钟内自动采用" in text


def test_an_upload_changes_nothing_before_it_was_seen_and_confirmed(desk):
    before = desk.roster.read_bytes()
    answer = upload(desk, LONGER)
    assert answer.status_code == 303
    text = desk.client.get(answer.location).text
    assert "新增 1 个" in text
    assert "海湾镇人民政府" in text
    assert "b***@example.com" in text
    assert "bay@example.com" not in text
    assert desk.roster.read_bytes() == before
    assert desk.audit() == []
    answer = put_in_force(desk, answer.location)
    assert (answer.status_code, answer.location) == (303, "/preferences#roster")
    assert units_of(desk) == [*office.UNITS, "海湾镇人民政府"]
    assert desk.audit()[0][:2] == (NAME, "roster")
    assert {"units": 4, "added": 1, "gone": 0, "renamed": 0}.items() <= desk.audit()[0][2].items()
    (old,) = kept(desk)
    assert re.fullmatch(r"名册-20250528-090000\.csv", old)
    assert (desk.config.parent / "data" / "rosters" / old).read_bytes() == before
    assert "已导入新名册" in desk.client.get("/preferences").text
    assert not list((desk.config.parent / "data" / "rosters" / "uploads").iterdir())


def test_the_running_daemon_takes_a_new_roster_after_two_looks(desk):
    watch = ConfigWatch(desk.config, load(desk.config, environment={}, need_password=True), dry_run=False)
    put_in_force(desk, upload(desk, LONGER).location)
    assert watch.changed() is None
    assert watch.changed() is not None
    assert watch.changed() is None


def test_a_unit_that_goes_is_told_with_what_it_has_sent_and_who_it_may_be_now(desk):
    renamed = ROSTER.replace("白沙镇人民政府,白沙镇", "白砂镇人民政府,白砂镇").replace(
        f"{STONE},", "红土镇人民政府,", 1
    )
    text = desk.client.get(upload(desk, renamed).location).text
    assert "减少 2 个" in text
    assert re.search(rf"<bdi>{SANDS}</bdi></td><td class=\"due\">1 张表</td><td>像是新增的“<bdi>白砂镇人民政府", text)


def test_forms_that_would_leave_their_unit_are_told_before_all_else(desk):
    swallowed = "\r\n".join(line for line in ROSTER.splitlines() if STONE not in line)
    swallowed = swallowed.replace("白沙镇人民政府,白沙镇,", f"白沙镇人民政府,白沙镇；{STONE},")
    text = desk.client.get(upload(desk, swallowed + "\r\n").location).text
    assert "改名 1 个" in text  # by the former name in its row, the record counts them as one
    dropped = ROSTER.replace("青石镇,成员单位", "青石,成员单位")
    assert "会归错单位" not in desk.client.get(upload(desk, dropped).location).text


def test_a_roster_that_changed_meanwhile_is_not_overwritten(desk):
    location = upload(desk, LONGER).location
    page = desk.client.get(location).text
    seen = re.search('name="seen" value="([^"]*)"', page)[1]
    changed = ROSTER.replace("林小满", "周立春").encode("utf-8-sig")
    desk.roster.write_bytes(changed)
    answer = desk.client.post(location, {"seen": seen})
    assert answer.status_code == 409
    assert "被改动了" in answer.text
    assert desk.roster.read_bytes() == changed
    assert desk.audit() == []
    assert kept(desk) == []


def test_a_file_with_mistakes_shows_them_all_and_has_no_button(desk):
    wrong = ROSTER.replace(office.UNITS[STONE], "qingshi@").replace(SANDS, "合计")
    location = upload(desk, wrong).location
    text = desk.client.get(location).text
    assert "2 处错误" in text
    assert "确认导入" not in text
    answer = desk.client.post(location, {"seen": fingerprint(desk.roster.read_bytes())})
    assert (answer.status_code, "合计" in answer.text) == (409, True)
    assert units_of(desk) == list(office.UNITS)
    assert desk.audit() == []


@pytest.mark.parametrize("text", ["单位名称\r\n" + "\r\n" * 10_001, ROSTER])
def test_a_table_that_is_far_too_long_is_told_before_it_is_read_for_minutes(desk, monkeypatch, text):
    if text == ROSTER:
        monkeypatch.setattr(rosters, "MOST_UNITS", 2)
    answer = desk.client.get(upload(desk, text).location).text
    assert "多半选错了文件" in answer
    assert "确认导入" not in answer


def test_changed_numbers_and_addresses_are_masked_and_a_change_that_masking_hides_is_told(desk):
    changed = ROSTER.replace(office.UNITS[STONE], "quiet@qs.example.com").replace("0595-27390001", "0595-27380001")
    text = desk.client.get(upload(desk, changed).location).text
    assert "quiet@" not in text
    assert office.UNITS[STONE] not in text
    assert "27380001" not in text
    assert text.count("不同处未显示") == 2


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"PK\x03\x04nothing", "白话\r\n".encode(), b"\xff\xfe\xfd"])
def test_what_is_no_roster_is_refused_in_words(desk, data):
    answer = upload(desk, data)
    text = answer.text if answer.status_code == 409 else desk.client.get(answer.location).text
    assert "名册" in text
    assert "确认导入" not in text
    assert units_of(desk) == list(office.UNITS)


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), "桌面/街镇.xls", "名册 街镇.xls 是旧版 Excel"),
        (b"MZ\x90\x00\xff\xfe\x00", "setup.exe", "名册 setup.exe 的文字编码"),
        ("就是一段文字".encode(), "notx.xlsx", "名册 notx.xlsx 里没有找到标题行"),
        (b"PK\x03\x04", "长" * 200 + ".xlsx", f"名册 {'长' * 50}…{'长' * 4}.xlsx 读不出来"),
    ],
)
def test_the_mistakes_of_a_file_name_the_file_that_was_uploaded(desk, data, name, words):
    text = desk.client.get(upload(desk, data, name).location).text
    assert words in text
    assert "新名册." not in text


def test_an_empty_sheet_and_a_heading_alone_are_told_for_what_they_are(desk):
    book = BytesIO()
    openpyxl.Workbook().save(book)
    text = desk.client.get(upload(desk, book.getvalue(), "空.xlsx").location).text
    assert "名册 空.xlsx 的工作表是空的" in text
    assert "已损坏" not in text
    text = desk.client.get(upload(desk, ROSTER.splitlines()[0] + "\r\n").location).text
    assert "标题行下面一个单位也没有" in text
    assert "1 处错误" in text


def test_a_unit_with_the_collecting_mailbox_as_its_own_is_told(desk):
    collecting = desk.app.settings.mailbox.address
    text = desk.client.get(upload(desk, ROSTER.replace(office.UNITS[STONE], collecting.upper())).location).text
    assert f"请留意：</p><ul><li><bdi>{STONE} 的邮箱写成了本程序的收件邮箱" in text
    assert "收件邮箱" not in desk.client.get(upload(desk, ROSTER).location).text


def test_a_file_that_is_too_large_is_refused(desk):
    settings = desk.client.raw.application.config
    assert settings["MAX_CONTENT_LENGTH"] == 8 * 2**20
    settings["MAX_CONTENT_LENGTH"] = 1000  # 8 MB would be spooled to a file by the test's own client
    assert upload(desk, b"a" * 1001).status_code == 413


def test_a_workbook_in_place_of_a_csv_gets_its_own_name_and_the_configuration_says_so(desk):
    book = desk.client.post("/preferences/roster/file").data
    location = upload(desk, book, "名册.xlsx").location
    desk.roster.chmod(0o644)
    watch = ConfigWatch(desk.config, load(desk.config, environment={}, need_password=True), dry_run=False)
    assert "换成 <bdi>roster.xlsx</bdi>" in desk.client.get(location).text
    put_in_force(desk, location)
    assert load(desk.config, environment={}, need_password=False).roster_file.name == "roster.xlsx"
    assert desk.config.with_name("roster.xlsx").read_bytes() == book
    assert desk.config.with_name("roster.xlsx").stat().st_mode & 0o777 == 0o644
    assert not desk.roster.exists()
    assert len(kept(desk)) == 1
    assert watch.changed() is None
    assert watch.changed().roster_file.name == "roster.xlsx"
    answer = desk.client.post(upload(desk, LONGER).location, {"seen": ""})  # the program runs with the old name still
    assert "等一分钟" in answer.text


def test_a_workbook_does_not_take_the_place_of_another_file(desk):
    book = desk.client.post("/preferences/roster/file").data
    desk.config.with_name("roster.xlsx").write_bytes(b"somebody's")
    before = desk.config.read_bytes()
    answer = put_in_force(desk, upload(desk, book).location)
    assert "已有这个文件" in answer.text
    assert desk.config.with_name("roster.xlsx").read_bytes() == b"somebody's"
    assert desk.config.read_bytes() == before
    assert units_of(desk) == list(office.UNITS)


def test_the_roster_is_taken_away_as_a_workbook_that_changes_nothing_and_the_audit_knows(desk):
    answer = desk.client.post("/preferences/roster/file")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    text = desk.client.get(upload(desk, answer.data).location).text
    assert "各栏都和现用名册相同" in text
    assert [row[1] for row in desk.audit()] == ["export"]
    assert not list((desk.config.parent / "data").glob("export-*"))


def test_a_broken_roster_is_told_and_can_be_replaced(desk):
    desk.roster.write_bytes(b"nothing")
    assert "名册文件需要改正" in desk.client.get("/preferences").text
    put_in_force(desk, upload(desk, LONGER).location)
    assert len(units_of(desk)) == 4


def test_hostile_names_neither_execute_nor_break_the_page(desk):
    hostile = [
        "<script>alert(1)</script>局",
        "长" * 10_000,
        "\u202e倒写局",
        "控\x07制\x1b局",
        "=cmd|' /C calc'!A0",
        "{{ 7 * 7 }}局",
    ]
    rows = "".join(f'"{name}",,成员单位,,,\r\n' for name in hostile)
    text = desk.client.get(upload(desk, ROSTER + rows).location).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "\x07" not in text
    assert "49局" not in text


@pytest.mark.parametrize("name", ["0" * 64, "../../../config.toml", "0" * 63 + "g", "%2e%2e%2fcode.txt", "file"])
def test_only_what_was_uploaded_can_be_put_in_force(desk, name):
    assert desk.client.get(f"/preferences/roster/{name}").status_code in (404, 409)
    assert desk.client.post(f"/preferences/roster/{name}", {"seen": ""}).status_code in (200, 404, 405, 409)
    assert units_of(desk) == list(office.UNITS)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_what_was_uploaded_is_for_this_account_alone_and_goes_after_a_day(desk):
    upload(desk, LONGER)
    folder = desk.config.parent / "data" / "rosters" / "uploads"
    (first,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    os.utime(first, (office.START.timestamp(),) * 2)
    desk.app.clock.sleep(25 * 3600)
    desk.client.log_in()
    upload(desk, ROSTER)
    assert len(list(folder.iterdir())) == 1
    assert not first.exists()


# --- the working days ------------------------------------------------------------------------------------------------


def test_a_day_is_added_to_the_file_and_taken_away_again(desk):
    before = desk.config.read_text(encoding="utf-8")
    answer = desk.submit("/preferences", "/preferences/days", day="2026-02-16", kind="holiday", name="春节")
    assert (answer.status_code, answer.location) == (303, "/preferences#calendar")
    (day,) = load(desk.config, environment={}, need_password=False).calendar
    assert (day.day, day.working, day.name) == (date(2026, 2, 16), False, "春节")
    text = desk.client.get("/preferences").text
    assert "已添加 2026-02-16（放假）。正在运行的程序一分钟内自动采用。" in text
    assert "2026年2月16日（周一）" in text
    assert desk.submit("/preferences", "/preferences/days/remove").status_code == 303
    assert desk.config.read_text(encoding="utf-8") == before
    assert [(row[1], row[2]) for row in desk.audit()] == [("add_day", {"working": False}), ("remove_day", {})]


@pytest.mark.parametrize(
    ("day", "words"), [("2026-02-30", "看不明白"), ("", "看不明白"), ("2062-02-16", "年份多半写错")]
)
def test_a_day_that_is_none_is_refused(desk, day, words):
    answer = desk.submit("/preferences", "/preferences/days", day=day, kind="holiday")
    assert answer.status_code == 409
    assert words in answer.text
    assert load(desk.config, environment={}, need_password=False).calendar == ()
    assert desk.audit() == []


def test_a_day_is_not_added_to_a_file_that_changed_meanwhile(desk):
    seen = re.search('name="seen" value="([^"]*)"', desk.client.get("/preferences").text)[1]
    desk.config.write_text(desk.config.read_text(encoding="utf-8") + "\n# 手工\n", encoding="utf-8")
    answer = desk.client.post("/preferences/days", {"day": "2026-02-16", "kind": "holiday", "seen": seen})
    assert "被改动了" in answer.text
    assert desk.client.post("/preferences/days", {"day": "2026-02-16", "kind": "holiday"}).status_code == 400
    assert "calendar.day]]\ndate = 2026" not in desk.config.read_text(encoding="utf-8")


def test_the_page_says_whether_the_next_year_is_decreed(desk):
    assert desk.client.get("/preferences").text.count("国务院的放假安排已收录") == 2  # 2025 and 2026
    desk.app.clock.sleep(3600 * 24 * 365 * 3)
    desk.client.log_in()
    text = desk.client.get("/preferences").text
    assert "2029年" in text
    assert "尚未收录" in text


def test_a_faulty_configuration_is_told_and_nothing_is_offered(desk):
    desk.config.write_text(desk.config.read_text(encoding="utf-8").replace("per_day = 80", "per_day = 0"), "utf-8")
    text = desk.client.get("/preferences").text
    assert "config.toml 现在有错" in text
    assert "添加这一天" not in text
    assert desk.client.get("/preferences/sending?mode=auto").status_code == 409


# --- how letters are sent --------------------------------------------------------------------------------------------


def test_the_switch_to_auto_is_asked_about_and_held_letters_stay_held(desk):
    numbers = desk.hold()
    assert "先留待放行" in desk.client.get("/preferences").text
    asked = desk.client.get("/preferences/sending?mode=auto").text
    assert f"已有的 {len(numbers)} 封待放行的信<strong>仍然留着" in asked
    assert load(desk.config, environment={}, need_password=False).sending.mode is SendMode.HOLD
    answer = desk.submit("/preferences/sending?mode=auto", "/preferences/sending")
    assert (answer.status_code, answer.location) == (303, "/preferences#sending")
    assert load(desk.config, environment={}, need_password=False).sending.mode is SendMode.AUTO
    assert set(desk.states()) == {OutboxState.HELD}
    assert desk.audit() == [(NAME, "send_mode", {"mode": "auto"})]
    assert "已经是" in desk.submit("/preferences/sending?mode=auto", "/preferences/sending").text


def test_the_running_daemon_takes_the_new_mode(desk):
    watch = ConfigWatch(desk.config, load(desk.config, environment={}, need_password=True), dry_run=False)
    desk.submit("/preferences/sending?mode=auto", "/preferences/sending")
    watch.changed()
    assert watch.changed().sending.mode is SendMode.AUTO


def test_an_unknown_mode_is_refused(desk):
    assert desk.client.get("/preferences/sending?mode=never").status_code == 400


# --- specimens of letters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*LetterKind])
def test_each_kind_of_letter_can_be_looked_at(desk, kind):
    text = desk.client.get(f"/preferences/letters?kind={kind}").text
    assert "〔2025-0000〕" in text
    assert "本邮件由系统自动发送" in text
    assert not [one for one in (*office.UNITS, *office.UNITS.values()) if one in text]


def test_a_broken_template_of_the_office_is_told_and_its_words_do_not_execute(desk, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "question.txt.j2").write_text("【已收到】<script>alert(1)</script>\n\n正文\n", "utf-8")
    object.__setattr__(desk.app.bench.stationery, "texts", Texts(folder))
    text = desk.client.get("/preferences/letters?kind=question").text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    (folder / "question.txt.j2").write_text("{% if <b> %}\n\n正文\n", "utf-8")
    text = desk.client.get("/preferences/letters?kind=question").text
    assert "信件模板 question.txt.j2 第1行有误" in text
    assert desk.client.get("/preferences/letters?kind=nothing").status_code == 404


# --- the example -----------------------------------------------------------------------------------------------------


def test_on_the_example_that_comes_with_the_program_everything_is_seen_and_nothing_changed(
    served, monkeypatch, tmp_path
):
    example = tmp_path / "config.example.toml"  # a copy: if this test failed, it would change the real one
    example.write_bytes(served.app.settings.source.read_bytes())
    object.__setattr__(served.app.settings, "source", example)
    monkeypatch.setattr(config_edit, "example_path", lambda: example)
    before = example.read_bytes()
    text = served.client.get("/preferences").text
    assert "示例配置，只能看" in text
    assert "添加这一天" not in text
    assert "上传并对比" not in text
    roster = {"file": (BytesIO(office.roster_bytes()), "a.csv")}
    assert served.client.post("/preferences/roster", roster, content_type="multipart/form-data").status_code == 409
    seen = {"seen": fingerprint(before), "mode": "auto", "day": "2026-02-16", "kind": "holiday"}
    for path in ("/preferences/sending", "/preferences/days", "/preferences/days/remove"):
        assert served.client.post(path, seen).status_code == 409
    assert example.read_bytes() == before


# --- what the comparison asks of the record --------------------------------------------------------------------------


def test_the_record_tells_every_name_that_forms_bear_and_what_was_undone_counts_no_more(desk):
    campaign, now = desk.app.settings.campaign.id, office.START
    with desk.app.bench.sessions.begin() as session:
        mail = session.scalars(select(MessageRow).order_by(MessageRow.id)).first()
        for number, undone in ((1, None), (2, now)):
            session.add(
                DecisionRow(
                    sha256=mail.sha256, ordinal=session.scalars(select(SubmissionRow.ordinal)).first(), kind="assign",
                    unit=f"判给{number}", form=None, values={}, note="", who=NAME, at=now, undone_at=undone,
                )
            )  # fmt: skip
            session.add(
                UnitNoteRow(
                    campaign=campaign, unit=f"纸质{number}", form="summary", kind="paper", values={}, text="", who=NAME,
                    at=now, undone_at=undone,
                )
            )  # fmt: skip
        session.add(
            UnitNoteRow(
                campaign=campaign, unit="打过电话", form=None, kind="call", values={}, text="", who=NAME, at=now
            )
        )
    with desk.app.bench.reading() as record:
        found = lists.forms_by_name(record, campaign)
        assert lists.forms_by_name(record, "another") == {}
    assert found == {
        STONE: {"liaison"},
        SANDS: {"liaison"},
        "判给1": {"liaison"},
        "纸质1": {"summary"},
    }
