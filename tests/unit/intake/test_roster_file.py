"""The clerk's roster file: read as it is kept, every mistake told with its row, no unit left out silently."""

import io

import pytest
from openpyxl import Workbook

from intake.config import example_path, load
from intake.errors import OfficeError
from intake.roster import parse_roster

HEAD = "序号,单位名称,简称,曾用名,分组,联系人,邮箱,电话,应报项"
ROWS = """\
1,白沙镇人民政府,白沙镇;白沙,,乡镇,王某某,a@example.com；b@example.com,0599-20000001,
2,云台区应急管理局,应急局,安监局,成员单位,李某某,c@example.com,20000002,
3,云台区气象局,,,成员单位,,,,liaison
"""


def csv_of(rows=ROWS, head=HEAD):
    return f"{head}\n{rows}".encode()


def workbook(*sheets, change=None):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def table(rows=ROWS, head=HEAD):
    return [head.split(","), *(row.split(",") for row in rows.splitlines())]


def problems(data, name="名册.csv", **options):
    with pytest.raises(OfficeError) as caught:
        parse_roster(data, name, **options)
    return caught.value.problems


# --- what is read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        csv_of(),
        csv_of().decode().encode("utf-8-sig"),
        csv_of().decode().encode("gb18030"),
        csv_of().replace(b"\n", b"\r\n"),
        csv_of().replace(b",", b"\t"),
        workbook(("名册", table())),
        workbook(("说明", [["本表由区安办保管"]]), ("名册", [["云台区安委会成员单位名册"], [], *table()])),
    ],
    ids=["utf-8", "excel's utf-8", "gb18030", "crlf", "tabs", "xlsx", "xlsx with a title and another sheet"],
)
def test_the_same_roster_is_read_from_every_kind_of_file(data):
    roster = parse_roster(data, "名册")
    first, second, third = roster.units
    assert (first.name, first.aliases, first.group, first.order) == ("白沙镇人民政府", ("白沙镇", "白沙"), "乡镇", 1)
    assert first.addresses == ("a@example.com", "b@example.com")
    assert (first.contact_name, first.phone, first.owes) == ("王某某", "0599-20000001", None)
    assert (second.former_names, second.phone) == (("安监局",), "20000002")
    assert (third.owes, third.addresses) == ({"liaison"}, ())


def test_english_headings_and_only_a_name_will_do():
    roster = parse_roster(
        b"name,aliases,group,contact_name,contact_email\nA Bureau,AB;Bureau A,x,N,a@example.com\n", "r.csv"
    )
    assert roster.units[0].aliases == ("AB", "Bureau A")
    assert [unit.name for unit in parse_roster("单位名称\n甲局\n乙局\n".encode(), "r.csv").units] == ["甲局", "乙局"]


def test_the_order_is_that_of_the_rows():
    units = parse_roster("单位名称\n乙局\n甲局\n".encode(), "r.csv").units
    assert [(unit.name, unit.order) for unit in units] == [("乙局", 1), ("甲局", 2)]


def test_the_order_is_that_of_the_numbers_where_every_row_has_its_own():
    units = parse_roster("序号,单位名称\n２,乙局\n10,丙局\n1,甲局\n".encode(), "r.csv").units
    assert [(unit.name, unit.order) for unit in units] == [("甲局", 1), ("乙局", 2), ("丙局", 3)]


def test_numbers_that_begin_anew_in_each_group_leave_the_rows_as_they_stand():
    roster = parse_roster("序号,单位名称\n1,白沙镇\n2,海湾镇\n1,财政局\n".encode(), "r.csv")
    assert [unit.name for unit in roster.units] == ["白沙镇", "海湾镇", "财政局"]
    assert any("重复" in warning for warning in roster.warnings)


def test_several_addresses_are_separated_by_anything_that_people_use():
    text = '单位名称,邮箱\n甲局,"a@example.com、b＠example.com c@example.com\nd@example.com/A@example.com"\n'
    (unit,) = parse_roster(text.encode(), "r.csv").units
    assert unit.addresses == ("a@example.com", "b@example.com", "c@example.com", "d@example.com")


def test_two_phone_columns_become_one_text():
    (unit,) = parse_roster("单位名称,办公电话,手机,备注\n甲局,20000001,13900000000,新来\n".encode(), "r.csv").units
    assert unit.phone == "20000001、13900000000"


def test_a_phone_that_is_a_number_in_excel_keeps_its_digits():
    data = workbook(("名册", [["单位名称", "电话"], ["甲局", 13900000000]]))
    assert parse_roster(data, "r.xlsx").units[0].phone == "13900000000"


def test_a_group_merged_over_its_rows_belongs_to_all_of_them():
    rows = [["分组", "单位名称"], ["乡镇", "白沙镇"], [None, "海湾镇"], ["成员单位", "财政局"]]
    data = workbook(("名册", rows), change=lambda book: book.active.merge_cells("A2:A3"))
    assert [unit.group for unit in parse_roster(data, "r.xlsx").units] == ["乡镇", "乡镇", "成员单位"]


def test_empty_rows_are_passed_over():
    assert len(parse_roster("单位名称\n甲局\n,\n\n乙局\n".encode(), "r.csv").units) == 2


def test_an_address_shared_by_offices_is_a_warning_only():
    roster = parse_roster("单位名称,邮箱\n甲局,a@example.com\n乙局,A@example.com\n丙局,\n".encode(), "r.csv")
    assert any("甲局、乙局 共用" in warning for warning in roster.warnings)
    assert any("丙局" in warning and "打电话" in warning for warning in roster.warnings)


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_all_mistakes_are_told_at_once_with_their_rows():
    rows = """\
1,白沙镇人民政府,白沙镇,,乡镇,,a@example,,
2,云台区应急管理局,应急局,,成员单位,,,,
3,,无名,,,,,,
4,云台区应急 管理局,,,,,,,
5,云台区消防大队,应急局,,,,,,
"""
    found = problems(csv_of(rows))
    assert len(found) == 4
    assert "第 2 行" in found[0]
    assert "a@example" in found[0]
    assert "第 4 行：没有单位名称" in found[1]
    assert "第 5 行" in found[2]
    assert "第 3 行重复" in found[2]
    assert "第 6 行" in found[3]
    assert "“应急局”也是第 3 行“云台区应急管理局”的名称" in found[3]


def test_rows_of_a_workbook_are_named_as_excel_numbers_them():
    data = workbook(("单位", [["名册"], [], [], ["单位名称", "邮箱"], [], [], ["甲局", "坏地址"]]))
    (told,) = problems(data, "名册.xlsx")
    assert told.startswith("名册.xlsx 工作表“单位” 第 7 行：")


def test_a_short_name_may_not_be_another_units_name_or_former_name():
    assert "海湾镇" in problems("单位名称,简称\n白沙镇,海湾镇\n海湾镇,\n".encode())[0]
    assert "安监局" in problems("单位名称,曾用名\n甲局,安监局\n乙局,安监局\n".encode())[0]


@pytest.mark.parametrize("alias", ["办公室", "管理局", "分公司", "局"])
def test_a_short_name_that_everybody_bears_is_a_mistake(alias):
    assert "太笼统" in problems(f"单位名称,简称\n甲局,{alias}\n".encode())[0]


def test_the_own_name_among_the_short_names_is_no_mistake():
    (unit,) = parse_roster("单位名称,简称,曾用名\n甲局,甲 局;甲;甲,甲\n".encode(), "r.csv").units
    assert (unit.aliases, unit.former_names) == (("甲",), ())


@pytest.mark.parametrize("name", ["合计", "合计：3家", "一、乡镇（3个）", "注：以上为应报单位", "共计3家"])
def test_headings_sums_and_notes_within_the_list_are_no_units(name):
    assert "不是单位" in problems(f"单位名称\n甲局\n{name}\n".encode())[0]


@pytest.mark.parametrize("number", ["一", "1.5", "", "第1"])
def test_a_number_that_is_none_is_told(number):
    assert "不是数字" in problems(f"序号,单位名称\n1,甲局\n{number},乙局\n".encode())[0]


def test_an_unknown_heading_is_told_with_a_hint():
    (told,) = problems("单位名称,邮箱地扯\n甲局,a@example.com\n".encode())
    assert "第 1 行" in told
    assert "是不是想写“邮箱”？请改成单位名称" in told


def test_two_columns_of_one_meaning_are_told():
    assert "意思相同" in problems("单位名称,全称\n甲局,乙局\n".encode())[0]


@pytest.mark.parametrize("data", [b"", "甲局\n乙局\n".encode(), b"a,b\n1,2\n", workbook(("空", [[1]]))])
def test_a_file_without_headings_says_what_is_missing(data):
    assert "标题行" in problems(data)[0]


def test_a_roster_without_units_is_told():
    assert "一个单位也没有" in problems(csv_of(""))[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "另存为 .xlsx"),
        (b"PK\x03\x04" + bytes(100), "已损坏"),
        (b"\xff\x20\x80\xff" * 50, "编码认不出来"),
        ('单位名称\n"甲局\n'.encode() + b"x" * 200_000, "引号没有成对"),
    ],
)
def test_a_file_that_is_no_roster_says_why(data, words):
    assert words in problems(data)[0]


def test_hidden_rows_are_told_rather_than_left_out():
    def hide(book):
        book.active.row_dimensions[3].hidden = True

    assert "隐藏" in problems(workbook(("名册", table()), change=hide), "r.xlsx")[0]


def test_two_sheets_that_look_like_rosters_are_told():
    found = problems(workbook(("乡镇", table()), ("部门", table())), "r.xlsx")
    assert "“乡镇”、“部门”" in found[0]


# --- with the campaign -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def campaign():
    return load(example_path(), environment={}, need_password=False).campaign


def test_forms_owed_may_be_named_by_id_title_or_label(campaign):
    rows = "1,甲局,,,成员单位,,,,附件2；活动总结\n2,乙局,,,成员单位,,,,无\n3,丙局,,,成员单位,,,,case\n"
    first, second, third = parse_roster(csv_of(rows), "r.csv", campaign=campaign).units
    assert (first.owes, second.owes, third.owes) == ({"liaison", "summary"}, frozenset(), {"case"})


def test_a_form_that_the_campaign_has_not_is_told(campaign):
    (told,) = problems(csv_of("1,甲局,,,成员单位,,,,liasion\n"), campaign=campaign)
    assert "是不是想写“liaison”" in told
    assert "id" in problems(csv_of("1,甲局,,,成员单位,,,,附件2\n"))[0]  # without a campaign nobody knows its titles


def test_a_group_of_the_audience_that_the_roster_has_not_is_told(campaign):
    (told,) = problems(csv_of("1,甲局,,,各成员单位,,,,\n"), campaign=campaign)
    assert "“成员单位”" in told
    assert "是不是想写“各成员单位”" in told
    assert "没有“分组”一列" in problems("单位名称\n甲局\n".encode(), campaign=campaign)[0]


def test_a_unit_of_the_audience_may_be_named_by_its_short_name(tmp_path):
    text = example_path().read_text(encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(text.replace('groups = ["成员单位"]', 'units = ["应急局", "区气象台"]'), encoding="utf-8")
    campaign = load(path, environment={}, need_password=False).campaign
    (told,) = problems(csv_of(), campaign=campaign)
    assert "“区气象台”" in told


@pytest.mark.parametrize(
    ("heading", "meant"), [("联系电活", "电话"), ("部门名秤", "单位名称"), ("通讯地止", "备注"), ("曾用明", "曾用名")]
)
def test_the_hint_at_a_heading_is_one_of_those_that_it_asks_for(heading, meant):
    with pytest.raises(OfficeError) as raised:
        parse_roster(f"单位名称,{heading}\n青石镇,x\n".encode(), "roster.csv")
    (told,) = [one for one in raised.value.problems if "不认识" in one]
    hint, _, asked = told.partition("请改成")
    assert f"是不是想写“{meant}”？" in hint
    assert meant in asked
