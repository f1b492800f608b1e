"""The workbook says what the ledger says, in words that a clerk can print, and holds no formula."""

import base64
import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from intake.ledger import keep_ledger
from intake.model import CellState, FormId, ReminderRecord, StoredSubmission, UnitName
from intake.roster import Unit
from intake.settings import Audience, Campaign
from intake.summary import build_summary
from intake.summary_matter import Waiting
from parsers.forms import FieldReading, Problem, ProblemCode
from tests.builders.reminding import CASE, LIAISON, REGISTRATION, SUMMARY, campaign, collection, roster, unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY, SATURDAY = date(2025, 5, 30), date(2025, 6, 28)
NOTICE = campaign(
    collection(FRIDAY, form=REGISTRATION, voluntary=True, letter_label="附件1"),
    collection(FRIDAY),
    collection(SATURDAY, form=SUMMARY, letter_label=""),
    collection(None, form=CASE, letter_label=""),
    published_on=date(2025, 5, 27),
)
QINGSHI, BAISHA, HAIWAN = (
    unit("青石镇人民政府", "qingshi@example.com"),
    unit("白沙镇人民政府", contact_name="陈立冬", phone="0595-27390002"),
    unit("海湾镇人民政府"),
)
UNITS = (QINGSHI, BAISHA, HAIWAN)
LATE_AFTER = {
    FormId("registration"): datetime(2025, 5, 30, 23, 59, 59, tzinfo=SHANGHAI),
    FormId("liaison"): datetime(2025, 5, 30, 23, 59, 59, tzinfo=SHANGHAI),
    FormId("summary"): datetime(2025, 6, 30, 23, 59, 59, tzinfo=SHANGHAI),
}
BEFORE, AFTER = (datetime(2025, month, day, 9, 0, tzinfo=SHANGHAI) for month, day in ((5, 29), (6, 3)))


def at(day: int, hour: int = 10, minute: int = 42, month: int = 5) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=SHANGHAI)


def sent(
    number: int,
    form: str,
    to: Unit | None,
    values: dict[str, str | bool | None],
    *,
    arrived_at: datetime | None = None,
    state: CellState = CellState.ACCEPTED,
    mail: int | None = None,
    written: str = "",
    problems: tuple[Problem, ...] = (),
    raws: dict[str, str] | None = None,
    notes: tuple[str, ...] = (),
    attachment: str | None = "附件.docx",
) -> StoredSubmission:
    name = "" if to is None else to.name
    filled: dict[str, str | bool | None] = {**values, "unit": written or name}
    fields = tuple(
        FieldReading(key, (raws or {}).get(key, "" if value is None else str(value)), value, key, "table 1", "right")
        for key, value in filled.items()
    )
    return StoredSubmission(
        id=number,
        message_id=mail or number,
        form=FormId(form),
        unit=None if to is None else UnitName(to.name),
        version=0,
        state=state,
        current=False,
        fields=fields,
        problems=problems,
        attachment=attachment,
        arrived_at=arrived_at or at(28),
        late=False,
        from_address=f"sender{number}@example.com",
        notes=notes,
    )


def officer(number: int, to: Unit | None, name: str, mobile: str | None, **more) -> StoredSubmission:
    values = {"name": name, "position": "安全办主任", "mobile": mobile, "address": "示例路1号"}
    return sent(number, "liaison", to, values, **more)


def workbook(
    tmp_path: Path,
    *submissions: StoredSubmission,
    units: Iterable[Unit] = UNITS,
    notice: Campaign = NOTICE,
    reminders: Iterable[ReminderRecord] = (),
    now: datetime = BEFORE,
    waiting: Iterable[Waiting] = (),
) -> Workbook:
    path = tmp_path / "汇总表.xlsx"
    ledger = keep_ledger(notice.id, submissions, late_after=LATE_AFTER, rolling=frozenset({FormId("case")}))
    build_summary(
        path,
        campaign=notice,
        roster=roster(*units),
        ledger=ledger,
        late_after=LATE_AFTER,
        reminders=reminders,
        generated_at=now,
        waiting=waiting,
    )
    return openpyxl.load_workbook(path)


def head_of(sheet: Worksheet) -> int:
    """Return the row of the headings: the one that is frozen last."""
    assert sheet.freeze_panes is not None
    return int(sheet.freeze_panes[1:]) - 1


def headings(sheet: Worksheet) -> list[str]:
    return [cell.value for cell in sheet[head_of(sheet)]]


def rows(sheet: Worksheet) -> list[dict[str, object]]:
    """Return the rows below the headings, by heading."""
    names = headings(sheet)
    return [
        {name: cell.value for name, cell in zip(names, row, strict=True)}
        for row in sheet.iter_rows(min_row=head_of(sheet) + 1)
    ]


def liaison(book: Workbook) -> list[dict[str, object]]:
    return rows(book["附件2 联络员反馈表"])


def fill(sheet: Worksheet, row: int, heading: str) -> str:
    return sheet.cell(head_of(sheet) + row, headings(sheet).index(heading) + 1).fill.start_color.rgb


# --- the workbook -----------------------------------------------------------------------------------------------------


def test_the_sheets_stand_in_the_order_of_the_notice(tmp_path):
    assert workbook(tmp_path).sheetnames == [
        "进度",
        "附件1 意向报名表",
        "附件2 联络员反馈表",
        "活动总结",
        "典型案例",
        "未报名单",
        "情况说明",
        "待处理来件",
    ]


def test_every_mail_that_waits_for_a_person_is_listed_whether_a_form_was_found_in_it_or_not(tmp_path):
    question = Waiting(7, BEFORE, "林小满 a@example.com", "=请教", "来信提出问题")
    (row,) = rows(workbook(tmp_path, waiting=(question,))["待处理来件"])
    assert (row["编号"], row["主题"], row["原因"]) == (7, "=请教", "来信提出问题")


def test_every_sheet_is_ready_for_the_printer(tmp_path):
    for sheet in workbook(tmp_path, officer(1, QINGSHI, "林小满", "13900000001")).worksheets:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == f"$1:${head_of(sheet)}"
        assert "示安委办〔2025〕1号" in sheet["A2"].value
        assert "截至2025年5月29日09:00" in sheet["A2"].value
        assert sheet.freeze_panes == f"C{head_of(sheet) + 1}"
        if sheet.max_row > head_of(sheet):
            assert sheet.auto_filter.ref.startswith(f"A{head_of(sheet)}:")


def test_a_campaign_from_which_nothing_has_come_still_gives_a_workbook(tmp_path):
    book = workbook(tmp_path)
    assert liaison(book) == []
    assert [row["单位"] for row in rows(book["进度"])] == [one.name for one in UNITS]
    assert len(rows(book["未报名单"])) == 3


def test_columns_are_wide_enough_for_chinese_and_long_text_wraps_into_a_higher_row(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001"),
        sent(2, "liaison", BAISHA, {"name": "陈立冬", "address": "某某大道" * 20}),
    )
    sheet = book["附件2 联络员反馈表"]
    assert sheet.column_dimensions["B"].width >= 2 * len("青石镇人民政府")
    head = head_of(sheet)
    assert sheet.row_dimensions[head + 2].height > 3 * sheet.row_dimensions[head + 1].height
    assert sheet.column_dimensions["F"].width <= 22
    assert sheet.cell(head + 2, 6).alignment.wrap_text


def test_a_title_over_a_narrow_table_gets_the_lines_that_it_needs(tmp_path):
    notice = replace(NOTICE, name="很长的通知名称" * 12)
    sheet = workbook(tmp_path, notice=notice)["典型案例"]
    assert sheet.row_dimensions[2].height > 50
    assert sheet.row_dimensions[1].height < 50


# --- text stays text --------------------------------------------------------------------------------------------------

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://example.com","x")',
    "+86 139",
    "-1",
    "@SUM(A1)",
    "#N/A",
    "#REF!",
    "0595-27390001",
    "00123",
    "1e5",
    "2025-05-30",
    "TRUE",
    "第一行\n第二行",
    " 两边有空格 ",
    "<b>&amp;</b>",
    "😀",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_what_a_unit_wrote_is_read_back_as_the_same_text(tmp_path, value):
    book = workbook(tmp_path, officer(1, QINGSHI, value, value, notes=(value,), written=value, attachment=value))
    (row,) = liaison(book)
    assert (row["姓名"], row["手机"]) == (value, value)
    cells = [cell for sheet in book.worksheets for line in sheet.iter_rows() for cell in line]
    assert not [cell.coordinate for cell in cells if cell.data_type in ("f", "e")]
    texts = [cell for cell in cells if cell.data_type == "s"]
    assert texts
    assert all(cell.number_format == "@" for cell in texts)


def test_numbers_are_only_counts(tmp_path):
    book = workbook(tmp_path, officer(1, QINGSHI, "林小满", "13900000001"))
    numbers = {
        headings(sheet)[cell.column - 1]
        for sheet in book.worksheets
        for line in sheet.iter_rows(min_row=head_of(sheet) + 1)
        for cell in line
        if cell.data_type == "n" and cell.value is not None
    }
    assert numbers == {"序号", "版本", "已提醒次数"}


def test_what_no_workbook_can_hold_is_cleaned_away(tmp_path):
    (row,) = liaison(workbook(tmp_path, officer(1, QINGSHI, "林\x00小\ud800满\ufffe\u202e", "139\x0b1")))
    assert row["姓名"] == "林小满"


def test_a_text_that_is_too_long_is_cut_with_a_mark(tmp_path):
    (row,) = liaison(workbook(tmp_path, officer(1, QINGSHI, "x" + "😀" * 20_000, "13900000001")))
    name = str(row["姓名"])
    assert name.endswith("……（内容过长，此处截断，全文见原件）")
    assert 32_760 < len(name.encode("utf-16-le")) // 2 <= 32_767
    assert "\ufffd" not in name


def test_a_text_that_looks_like_an_escape_of_excel_is_shown_as_it_is(tmp_path):
    (row,) = liaison(workbook(tmp_path, officer(1, QINGSHI, "_x0041_ a_x4E2D_b _x_", "13900000001")))
    assert (
        row["姓名"] == "_x005F_x0041_ a_x005F_x4E2D_b _x_"
    )  # "_x005F_" is the underline to Excel, WPS and LibreOffice


# --- one sheet a form -------------------------------------------------------------------------------------------------


def test_a_form_has_the_columns_of_the_notice_and_the_values_of_the_record_in_roster_order(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, HAIWAN, "黄秋分", "13900000003", arrived_at=at(27)),
        officer(2, QINGSHI, "林小满", "13900000001", arrived_at=at(29)),
    )
    assert headings(book["附件2 联络员反馈表"]) == [
        "序号",
        "单位",
        "姓名",
        "职务",
        "手机",
        "通信地址",
        "报送时间",
        "版本",
        "备注",
    ]
    assert liaison(book) == [
        {
            "序号": 1,
            "单位": "青石镇人民政府",
            "姓名": "林小满",
            "职务": "安全办主任",
            "手机": "13900000001",
            "通信地址": "示例路1号",
            "报送时间": "2025-05-29 10:42",
            "版本": 1,
            "备注": None,
        },
        {
            "序号": 2,
            "单位": "海湾镇人民政府",
            "姓名": "黄秋分",
            "职务": "安全办主任",
            "手机": "13900000003",
            "通信地址": "示例路1号",
            "报送时间": "2025-05-27 10:42",
            "版本": 1,
            "备注": None,
        },
    ]


def test_several_people_of_one_unit_have_a_row_each(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", mail=1),
        officer(2, QINGSHI, "陈立冬", "13900000002", mail=1),
    )
    assert [(row["序号"], row["单位"], row["姓名"]) for row in liaison(book)] == [
        (1, "青石镇人民政府", "林小满"),
        (2, "青石镇人民政府", "陈立冬"),
    ]
    assert rows(book["进度"])[0]["附件2 联络员反馈表\n5月30日（周五）前"] == "已受理 5-28（2份）"


def test_yes_and_no_are_chinese_words(tmp_path):
    book = workbook(
        tmp_path,
        sent(1, "registration", QINGSHI, {"has_program": True, "contact_phone": "27390001"}),
        sent(2, "registration", BAISHA, {"has_program": False, "contact_phone": None}),
    )
    assert [row["是否提供节目"] for row in rows(book["附件1 意向报名表"])] == ["是", "否"]


def test_a_document_is_listed_with_its_file(tmp_path):
    book = workbook(tmp_path, sent(1, "summary", QINGSHI, {"title": "活动总结"}, attachment="总结（盖章）.docx"))
    (row,) = rows(book["活动总结"])
    assert (row["标题"], row["文件"]) == ("活动总结", "总结（盖章）.docx")


def test_only_the_version_in_force_is_listed_and_says_that_it_was_changed(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", arrived_at=at(28)),
        officer(2, QINGSHI, "林小满", "13900000009", arrived_at=at(29, 8)),
    )
    (row,) = liaison(book)
    assert (row["手机"], row["版本"], row["备注"]) == ("13900000009", 2, "已更正（第2版）")


def test_the_same_form_sent_twice_is_not_called_a_change(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", arrived_at=at(28)),
        officer(2, QINGSHI, "林小满", "139 0000 0001", arrived_at=at(29, 8)),
    )
    (row,) = liaison(book)
    assert (row["版本"], row["备注"]) == (2, None)
    assert rows(book["情况说明"]) == []


def test_a_late_form_says_by_how_many_days(tmp_path):
    book = workbook(tmp_path, officer(1, QINGSHI, "林小满", "13900000001", arrived_at=at(1, month=6)), now=AFTER)
    (row,) = liaison(book)
    assert row["备注"] == "逾期2天"
    assert rows(book["进度"])[0]["附件2 联络员反馈表\n5月30日（周五）前"] == "已受理 6-1（逾期2天）"


def test_the_unit_as_it_is_written_is_shown_where_it_differs(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", written="青石镇"),
        officer(2, BAISHA, "陈立冬", "13900000002", written="白沙镇 人民政府（盖章）"),
    )
    assert [row["备注"] for row in liaison(book)] == ["表内单位写作“青石镇”", None]


def test_a_form_to_be_mended_shows_what_is_known_and_names_the_rest(tmp_path):
    faulty = officer(
        1,
        QINGSHI,
        "林小满",
        None,
        state=CellState.CORRECTION,
        problems=(Problem(ProblemCode.INVALID, "mobile", "1390000"),),
    )
    book = workbook(tmp_path, faulty)
    (row,) = liaison(book)
    assert (row["姓名"], row["手机"]) == ("林小满", None)
    assert row["备注"] == "待补正：“手机”填写为“1390000”，号码位数不对"
    assert fill(book["附件2 联络员反馈表"], 1, "备注") == "00FFF2CC"


def test_a_mended_form_says_so(tmp_path):
    faulty = officer(1, QINGSHI, "林小满", None, state=CellState.CORRECTION, raws={"mobile": "1390000"})
    book = workbook(tmp_path, faulty, officer(2, QINGSHI, "林小满", "13900000001", arrived_at=at(29, 8)))
    assert liaison(book)[0]["备注"] == "补正后受理"
    (event,) = rows(book["情况说明"])
    assert event["情况"] == "手机：1390000 → 13900000001（第1版 2025-05-28 10:42 → 第2版）"


def test_a_row_that_nobody_has_checked_is_tinted_and_marked(tmp_path):
    doubtful = officer(1, QINGSHI, "林小满", "13900000001", state=CellState.REVIEW, notes=("扫描件，待核",))
    book = workbook(tmp_path, doubtful)
    (row,) = liaison(book)
    assert row["备注"] == "待核实；扫描件，待核"
    sheet = book["附件2 联络员反馈表"]
    assert {fill(sheet, 1, heading) for heading in headings(sheet)} == {"00E4DFEC"}


def test_no_intent_is_no_row_of_the_form(tmp_path):
    book = workbook(tmp_path, sent(1, "registration", QINGSHI, {}, state=CellState.NO_INTENT))
    assert rows(book["附件1 意向报名表"]) == []
    (event,) = rows(book["情况说明"])
    assert (event["类别"], event["单位"], event["表名"]) == ("无意向", "青石镇人民政府", "附件1 意向报名表")


def test_every_typical_case_is_listed_and_none_is_called_a_change(tmp_path):
    book = workbook(
        tmp_path,
        sent(1, "case", QINGSHI, {"title": "案例一"}),
        sent(2, "case", QINGSHI, {"title": "案例二"}, arrived_at=at(29, 8)),
    )
    assert [(row["标题"], row["备注"]) for row in rows(book["典型案例"])] == [("案例一", None), ("案例二", None)]
    assert rows(book["情况说明"]) == []


def test_a_faulty_case_is_not_called_the_former_version_of_the_next_one(tmp_path):
    book = workbook(
        tmp_path,
        sent(1, "case", QINGSHI, {"title": None}, state=CellState.CORRECTION),
        sent(2, "case", QINGSHI, {"title": "案例二"}, arrived_at=at(29, 8)),
    )
    assert [(row["标题"], row["备注"]) for row in rows(book["典型案例"])] == [("案例二", None)]
    assert rows(book["情况说明"]) == []


def test_a_unit_that_has_left_the_roster_comes_last_and_says_so(tmp_path):
    gone = unit("旧单位管理中心")
    book = workbook(tmp_path, officer(1, gone, "苏小暑", "13900000010"), officer(2, HAIWAN, "黄秋分", "13900000003"))
    assert [(row["单位"], row["备注"]) for row in liaison(book)] == [
        ("海湾镇人民政府", None),
        ("旧单位管理中心", "单位不在现行名册"),
    ]
    assert rows(book["进度"])[-1]["单位"] == "旧单位管理中心（不在名册）"
    assert [row["类别"] for row in rows(book["情况说明"])] == ["不在名册"]


@pytest.mark.parametrize("to", [QINGSHI, None])
def test_a_form_that_the_campaign_does_not_ask_any_more_is_passed_over(tmp_path, to):
    faulty = officer(1, to, "林小满", None, state=CellState.CORRECTION)
    assert rows(workbook(tmp_path, replace(faulty, form=FormId("withdrawn")))["情况说明"]) == []


# --- 进度 -------------------------------------------------------------------------------------------------------------


def test_the_matrix_has_words_and_colours_for_every_state(tmp_path):
    units = [unit(f"第{number}单位") for number in range(1, 6)]
    states = [CellState.ACCEPTED, CellState.CORRECTION, CellState.REVIEW, CellState.NO_INTENT]
    submissions = [
        officer(number, one, "林小满", "13900000001", state=held)
        for number, (one, held) in enumerate(zip(units, states, strict=False), start=1)
    ]
    book = workbook(tmp_path, *submissions, units=units)
    sheet = book["进度"]
    column = "附件2 联络员反馈表\n5月30日（周五）前"
    assert [row[column] for row in rows(sheet)] == ["已受理 5-28", "待补正 5-28", "待核实 5-28", "无意向 5-28", "未报"]
    assert len({fill(sheet, row, column) for row in range(1, 6)}) == 5
    totals = sheet.cell(head_of(sheet) - 1, headings(sheet).index(column) + 1).value
    assert totals.replace("\n", "　").split("　") == [
        "应报5",
        "已报3",
        "已受理1",
        "待补正1",
        "待核实1",
        "无意向1",
        "未报1",
    ]


def test_after_the_deadline_the_missing_are_overdue_but_nobody_is_for_a_voluntary_or_rolling_form(tmp_path):
    book = workbook(tmp_path, now=AFTER)
    (first, *_) = rows(book["进度"])
    assert first == {
        "序号": 1,
        "单位": "青石镇人民政府",
        "附件1 意向报名表\n5月30日（周五）前（自愿）": "—",
        "附件2 联络员反馈表\n5月30日（周五）前": "逾期未报",
        "活动总结\n6月28日（周六）前": "未报",
        "典型案例\n随时报送": "—",
    }


# --- 未报名单 -----------------------------------------------------------------------------------------------------------


def test_the_list_of_the_missing_is_a_list_to_telephone_by(tmp_path):
    reminders = [
        ReminderRecord(UnitName(BAISHA.name), (FormId("liaison"),), date(2025, 5, 29)),
        ReminderRecord(UnitName(BAISHA.name), (FormId("liaison"), FormId("registration")), date(2025, 5, 30)),
        ReminderRecord(UnitName(BAISHA.name), (FormId("registration"),), date(2025, 5, 31)),
        ReminderRecord(UnitName(HAIWAN.name), (FormId("liaison"),), date(2025, 5, 30)),
    ]
    done = [officer(1, QINGSHI, "林小满", "13900000001"), sent(2, "summary", QINGSHI, {"title": "总结"})]
    book = workbook(tmp_path, *done, reminders=reminders, now=AFTER)
    first, second = rows(book["未报名单"])
    assert first == {
        "序号": 1,
        "单位": "白沙镇人民政府",
        "联系人": "陈立冬",
        "电话": "0595-27390002",
        "缺报项": "附件2 联络员反馈表\n活动总结",
        "期限": "5月30日（周五）（已逾期）\n6月28日（周六）",
        "已提醒次数": 2,
        "最近提醒": "2025-05-30",
    }
    assert (second["单位"], second["已提醒次数"]) == ("海湾镇人民政府", 1)


def test_a_unit_of_which_nothing_is_asked_is_not_missing(tmp_path):
    towns_only = campaign(
        collection(FRIDAY, audience=Audience(everybody=False, groups=frozenset({"乡镇"}))),
        published_on=date(2025, 5, 27),
    )
    units = [QINGSHI, unit("示例区教育文体局", group="成员单位"), unit("海湾镇人民政府", owes=frozenset())]
    book = workbook(tmp_path, units=units, notice=towns_only)
    assert [row["单位"] for row in rows(book["未报名单"])] == ["青石镇人民政府"]


def test_a_unit_whose_form_waits_for_mending_or_review_is_not_missing(tmp_path):
    waiting = [
        officer(1, QINGSHI, "林小满", None, state=CellState.CORRECTION),
        officer(2, BAISHA, "陈立冬", "13900000002", state=CellState.REVIEW),
    ]
    listed = rows(workbook(tmp_path, *waiting)["未报名单"])
    assert [row["缺报项"] for row in listed] == ["活动总结", "活动总结", "附件2 联络员反馈表\n活动总结"]


# --- 情况说明 -----------------------------------------------------------------------------------------------------------


def test_events_are_told_by_kind_and_then_in_roster_order(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, None, "杨清明", "13900000009", state=CellState.REVIEW, written="教体旅游局"),
        officer(2, HAIWAN, "黄秋分", "13900000003", arrived_at=at(31)),
        officer(3, QINGSHI, "林小满", "13900000001", arrived_at=at(1, month=6)),
        sent(4, "registration", BAISHA, {}, state=CellState.NO_INTENT),
        officer(
            5,
            BAISHA,
            "陈立冬",
            None,
            state=CellState.CORRECTION,
            problems=(Problem(ProblemCode.MISSING, "mobile"),),
        ),
        now=AFTER,
    )
    told = [(row["类别"], row["单位"], row["情况"]) for row in rows(book["情况说明"])]
    assert told == [
        ("逾期报送", "青石镇人民政府", "逾期2天"),
        ("逾期报送", "海湾镇人民政府", "逾期1天"),
        ("待补正", "白沙镇人民政府", "“手机”未填写"),
        ("无意向", "白沙镇人民政府", "回复无意向或零报告"),
        ("不在名册", "（未能对应）", "表内单位写作“教体旅游局”；需人工核实"),
    ]


def test_a_change_says_what_stood_there_before_and_what_stands_there_now(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", arrived_at=at(28)),
        sent(
            2,
            "liaison",
            QINGSHI,
            {"name": "林小满", "position": None, "mobile": "13900000009", "address": "示例路1号"},
            arrived_at=at(29, 8),
        ),
    )
    (event,) = rows(book["情况说明"])
    assert event["类别"] == "更正"
    assert event["情况"] == (
        "职务：安全办主任 → （空）；手机：13900000001 → 13900000009（第1版 2025-05-28 10:42 → 第2版）"
    )
    assert event["来件邮箱"] == "sender2@example.com"


@pytest.mark.parametrize("held", [CellState.REVIEW, CellState.NO_INTENT])
def test_what_was_never_accepted_was_not_changed(tmp_path, held):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", state=held),
        officer(2, QINGSHI, "林小满", "13900000009", arrived_at=at(29, 8)),
    )
    assert [row["备注"] for row in liaison(book)] == [None]
    assert rows(book["情况说明"]) == []


def test_a_form_that_is_still_faulty_after_mending_is_not_called_accepted(tmp_path):
    first = officer(1, QINGSHI, "林小满", None, state=CellState.CORRECTION)
    second = officer(2, QINGSHI, "林小满", None, arrived_at=at(29, 8), state=CellState.CORRECTION)
    assert [row["备注"] for row in liaison(workbook(tmp_path, first, second))] == ["待补正"]


def test_a_second_copy_of_a_form_that_is_about_the_unit_is_told_by_number(tmp_path):
    filled = {"has_program": True, "contact_phone": "27390001"}
    book = workbook(
        tmp_path,
        sent(1, "registration", QINGSHI, filled, mail=1),
        sent(2, "registration", QINGSHI, filled, mail=2, arrived_at=at(29, 8)),
        sent(3, "registration", QINGSHI, filled, mail=2, arrived_at=at(29, 8)),
    )
    (event,) = rows(book["情况说明"])
    assert str(event["情况"]).startswith("原1份，现2份（第1版")


def test_a_unit_name_that_could_not_be_matched_is_told_once(tmp_path):
    problems = (Problem(ProblemCode.UNKNOWN_UNIT, "unit", "教体旅游局"),)
    stranger = officer(
        1, None, "杨清明", "13900000009", state=CellState.REVIEW, written="教体旅游局", problems=problems
    )
    (event,) = rows(workbook(tmp_path, stranger)["情况说明"])
    assert event["情况"] == "单位名称“教体旅游局”未能与参加单位名册对应"


def test_another_way_of_writing_the_unit_is_no_change(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", written="青石镇"),
        officer(2, QINGSHI, "林小满", "13900000001", arrived_at=at(29, 8)),
    )
    assert rows(book["情况说明"]) == []


def test_no_intent_is_never_late(tmp_path):
    book = workbook(
        tmp_path, sent(1, "registration", QINGSHI, {}, state=CellState.NO_INTENT, arrived_at=at(31)), now=AFTER
    )
    assert [row["类别"] for row in rows(book["情况说明"])] == ["无意向"]
    assert rows(book["进度"])[0]["附件1 意向报名表\n5月30日（周五）前（自愿）"] == "无意向 5-31"


def test_people_are_paired_by_name_when_a_list_of_people_changes(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", mail=1),
        officer(2, QINGSHI, "陈立冬", "13900000002", mail=1),
        officer(3, QINGSHI, "黄秋分", "13900000003", mail=3, arrived_at=at(29, 8)),
        officer(4, QINGSHI, "林小满", "13900000009", mail=3, arrived_at=at(29, 8)),
    )
    (event,) = rows(book["情况说明"])
    assert str(event["情况"]).startswith("新增黄秋分；林小满：手机：13900000001 → 13900000009；不再列出陈立冬（第1版")


def test_a_document_sent_again_names_both_files(tmp_path):
    book = workbook(
        tmp_path,
        sent(1, "summary", QINGSHI, {"title": "总结"}, attachment="总结.docx"),
        sent(2, "summary", QINGSHI, {"title": "总结"}, attachment="总结（新）.docx", arrived_at=at(29, 8)),
    )
    (event,) = rows(book["情况说明"])
    assert str(event["情况"]).startswith("重新报送材料：总结.docx → 总结（新）.docx（第1版")


@pytest.mark.parametrize(("held", "kind"), [(CellState.REVIEW, "待核实"), (CellState.CORRECTION, "待补正")])
def test_an_update_that_waits_is_told_beside_the_version_in_force(tmp_path, held, kind):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001"),
        officer(2, QINGSHI, "林小满", "13900000009", arrived_at=at(29, 8), state=held),
    )
    assert [row["手机"] for row in liaison(book)] == ["13900000001"]
    (event,) = rows(book["情况说明"])
    assert (event["类别"], event["情况"]) == (kind, "需人工核实（汇总表仍用第1版）")


def test_what_an_accepted_version_has_settled_is_not_told_again(tmp_path):
    book = workbook(
        tmp_path,
        officer(1, QINGSHI, "林小满", "13900000001", state=CellState.REVIEW),
        officer(2, QINGSHI, "林小满", "13900000001", arrived_at=at(29, 8)),
    )
    assert rows(book["情况说明"]) == []


# --- the file ---------------------------------------------------------------------------------------------------------


def test_an_older_workbook_is_replaced_and_nothing_else_is_left_behind(tmp_path):
    (tmp_path / "汇总表.xlsx").write_bytes(b"old")
    workbook(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["汇总表.xlsx"]


def test_a_file_that_cannot_be_put_in_place_leaves_the_old_one_and_no_rubbish(tmp_path):
    (tmp_path / "汇总表.xlsx").mkdir()
    (tmp_path / "汇总表.xlsx" / "kept").write_bytes(b"old")
    with pytest.raises(OSError):
        workbook(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["汇总表.xlsx"]
    assert (tmp_path / "汇总表.xlsx" / "kept").read_bytes() == b"old"


def test_a_missing_folder_is_said_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError):
        workbook(tmp_path / "没有")


def test_titles_that_excel_does_not_take_for_a_tab_are_made_fit_and_kept_apart(tmp_path):
    forms = [
        replace(LIAISON, id="a", title="进度"),
        replace(LIAISON, id="b", title="甲/乙:丙?" + "很长的表名" * 10),
        replace(LIAISON, id="c", title="甲/乙:丙?" + "很长的表名" * 10),
        replace(LIAISON, id="d", title="'***'"),
    ]
    odd = campaign(
        *(collection(FRIDAY, form=form, letter_label="", cutoff=time(12)) for form in forms),
        published_on=date(2025, 5, 27),
    )
    names = workbook(tmp_path, notice=odd).sheetnames
    assert len({name.casefold() for name in names}) == len(names) == 8
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert names[1] == "进度(2)"
    assert names[3].endswith("(2)")
    assert names[4] == "表"


# --- what was read off a scan ------------------------------------------------------------------------------------------

# A JPEG of 300 × 60 pixels as far as its header goes: nobody decodes it here.
JPEG = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x3c\x01\x2c\x01\x01\x11\x00" + b"\0" * 40


def doubtful(picture: bytes) -> StoredSubmission:
    one = officer(1, QINGSHI, "王晓云", "13805950002", state=CellState.REVIEW)
    problem = Problem(ProblemCode.UNREADABLE, "mobile", given="13805950002", detail="two looks differ: 13805950008")
    shown = base64.b64encode(picture).decode()
    fields = tuple(
        replace(field, problem=problem, picture=shown) if field.key == "mobile" else field for field in one.fields
    )
    return replace(one, fields=fields, problems=(problem,))


def test_what_a_scan_left_in_doubt_stands_beside_the_picture_of_its_cell(tmp_path):
    book = workbook(tmp_path, doubtful(JPEG))
    sheet = book["图像核对"]
    (row,) = rows(sheet)
    assert (row["单位"], row["栏目"], row["识别结果"], row["另一遍"]) == (
        "青石镇人民政府",
        "手机",
        "13805950002",
        "13805950008",
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.xlsx"))) as package:
        (media,) = [name for name in package.namelist() if name.startswith("xl/media/")]
        assert package.read(media) == JPEG
        drawing = package.read("xl/drawings/drawing1.xml").decode()
    at_column, at_row = (int(re.search(f"<(?:xdr:)?{name}>(\\d+)<", drawing).group(1)) for name in ("col", "row"))
    assert (headings(sheet)[at_column], at_row + 1) == ("图像", head_of(sheet) + 1)
    assert sheet.row_dimensions[at_row + 1].height >= 45, "the row is as high as the picture"


def test_without_a_doubtful_scan_there_is_no_such_sheet(tmp_path):
    assert "图像核对" not in workbook(tmp_path, officer(1, QINGSHI, "王晓云", "13805950002")).sheetnames


@pytest.mark.parametrize("picture", [b"<svg/>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + JPEG])
def test_what_is_no_jpeg_is_left_out_and_the_row_stays(tmp_path, picture):
    assert len(rows(workbook(tmp_path, doubtful(picture))["图像核对"])) == 1
    with zipfile.ZipFile(next(tmp_path.glob("*.xlsx"))) as package:
        assert not [name for name in package.namelist() if name.startswith("xl/media/")]
