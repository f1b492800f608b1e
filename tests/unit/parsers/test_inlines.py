"""Forms written as lines in the text of a mail, and signatures that only look like them."""

import pytest

from parsers.forms import ProblemCode
from tests.builders.forms import NOTE
from tests.builders.reading import body, faults, one, values

OFFICER = {
    "name": "王晓云",
    "gender": "女",
    "position": "科员",
    "mobile": "13805950002",
    "email": "w@unit.example.com",
    "unit": "青石镇人民政府",
    "address": "中山路1号",
}
ENTRY = {"unit": "青石镇人民政府", "has_program": False, "contact_name": "王晓云", "contact_phone": "13805950002"}
LINES = """姓名：王晓云
性别：女
职务：科员
手机：13805950002
传真：
电子邮箱：w@unit.example.com
单位名称：青石镇人民政府
通信地址：中山路1号"""


def found(text):
    return [(reading.form, values(reading)) for reading in body(text).forms]


def test_labels_with_nothing_but_the_line_to_write_on_between_them_are_told_apart():
    text = "姓名：王晓云____性别：女__\n职务：科员_____手机：13805950002___传真：____\n电子邮箱：w@unit.example.com__单位名称：青石镇人民政府___通信地址：中山路1号____"
    (form,) = body(text).forms
    assert (values(form), faults(form)) == (OFFICER, {})


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        f"区安办同志：\n现报送我镇联络员：\n{LINES}\n特此反馈\n\n青石镇人民政府\n2025年5月28日",
        LINES.replace("\n", "；"),
        LINES.replace("\n", "  "),
        LINES.replace("\n", " "),
        LINES.replace("：", ":").replace("姓名", "姓    名"),
        "您好，" + LINES.replace("\n", "，"),
        LINES.replace("：", "：\n"),
        LINES.replace("：", "\n"),
        LINES.replace("：", "  "),
        "".join(f"【{line.replace('：', '】')}\n" for line in LINES.splitlines()),
        "".join(f"{number}. {line}\n" for number, line in enumerate(LINES.splitlines(), 1)),
        LINES.replace("\n", "\n\n"),
        LINES + "\n\n" + NOTE,
    ],
)
def test_one_form_in_many_manners(text):
    assert found(text) == [("liaison", OFFICER)]


def test_the_place_is_the_line_of_each_value():
    reading = body(LINES).forms[0]
    assert reading.place == "line 1"
    assert (reading.field("mobile").place, reading.field("mobile").rule) == ("line 4", "line")


def test_a_value_in_the_next_line_has_that_place():
    reading = body(LINES.replace("：", "：\n")).forms[0]
    assert (reading.field("name").place, reading.field("name").rule) == ("line 2", "line_below")


def test_a_blank_label_does_not_take_the_end_of_the_letter():
    text = "姓名：王晓云\n职务：科员\n手机：13805950002\n单位：青石镇\n通信地址：\n特此反馈"
    reading = body(text).forms[0]
    assert reading.field("address").value is None


def test_a_text_goes_on_in_the_next_line_if_the_form_does():
    text = "单位：青石镇\n现场是否提供节目：是\n节目概况：小品《安全回家》，\n约8分钟\n联系人：王晓云\n联系方式：13805950002\n谢谢！"
    assert body(text).forms[0].field("program_summary").value == "小品《安全回家》，\n约8分钟"


def test_two_people_are_two():
    other = LINES.replace("王晓云", "李志明").replace("13805950002", "13805950001")
    assert [one["name"] for _, one in found(f"{LINES}\n\n{other}")] == ["王晓云", "李志明"]


def test_two_forms_are_two():
    text = f"意向报名表\n单位：青石镇人民政府\n现场是否提供节目：否\n联系人：王晓云\n联系方式：13805950002\n\n联络员反馈表\n{LINES}"
    assert found(text) == [("registration", ENTRY), ("liaison", OFFICER)]


@pytest.mark.parametrize(
    "text",
    [
        "您好，附件为我单位报名表，请查收。\n\n王晓云\n青石镇人民政府\n电话：0595-27390001\n手机：13805950002\n传真：0595-27390002\n地址：中山路1号",
        "附件请查收\n联系人：王晓云\n单位：青石镇人民政府\n电话：0595-27390001\n手机：13805950002\n邮箱：w@unit.example.com",
        "收到，谢谢\n手机：13805950002",
        "请问报名表在哪里下载？\n\n--\n王晓云\n手机：13805950002",
        "联系人:赵建国;联系方式:27390001;电子邮箱:office@unit.example.com\n附件:1.意向报名表",
        "见附件\n手机：13805950002",
        "青石镇人民政府\n手机：13805950002",
        NOTE,
        "请各乡镇于6月28日前将活动总结报送区安办。\n联系人:赵建国;联系方式:27390001;电子邮箱:office@unit.example.com",
        "区安办：我单位有意向参加，现场不提供节目，联系人：王晓云，联系方式：13805950002。",
    ],
)
def test_signatures_and_covering_letters_are_no_forms(text):
    assert found(text) == []


def test_prose_with_a_signature_is_no_form():
    prose = "今年以来，我镇认真开展安全生产月活动，成效明显。\n" * 40
    text = (
        f"2025年安全生产月活动总结\n{prose}\n联系人：王晓云 联系电话：13805950002\n单位：青石镇人民政府\n2025年6月20日"
    )
    reading = body(text)
    assert reading.forms == ()
    assert reading.head[0] == "2025年安全生产月活动总结"
    assert reading.tail[-1] == "2025年6月20日"


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("手机：13805950002", {"mobile": "13805950002"}),
        ("您好！\n手机：13805950002\n\n王晓云", {"mobile": "13805950002"}),
        ("更正如下：\n手机号码改为13805950002，谢谢", {"mobile": "13805950002"}),
        ("手机：13805950002；电子邮箱：w@unit.example.com", {"mobile": "13805950002", "email": "w@unit.example.com"}),
        ("补充：\n职务：科员", {"position": "科员"}),
    ],
)
def test_a_partial_answer_is_told_by_its_place_and_has_no_problems(text, given):
    reading = next(reading for reading in body(text).forms if reading.form == "liaison")
    assert reading.place == "lines"
    assert reading.problems == ()
    assert values(reading) == given
    assert {field.key for field in reading.fields} == set(given)


def test_a_wide_blank_ends_a_value_and_begins_a_label():
    lines = (
        "单位：青石镇人民政府　　是否提供节目：是",
        "节目概况：三句半《说安全》，4人，5分钟　　联系人姓名：王子涵",
        "联系方式：13805950001",
    )
    assert values(one(*lines))["program_summary"] == "三句半《说安全》，4人，5分钟"
    assert values(one(*lines))["contact_name"] == "王子涵"


def test_a_number_is_not_cut_where_the_next_label_begins():
    lines = (
        "姓名：王子涵",
        "职务：科员",
        "手机：13805950001",
        "单位：青石镇",
        "传真：0595-27391234/88，邮箱：w@unit.example.com",
    )
    reading = one(*lines)
    assert faults(reading) == {"fax": ProblemCode.INVALID}
    assert values(reading)["email"] == "w@unit.example.com"


def test_numbered_and_starred_lines_are_read_like_others():
    reading = one(
        "1、*姓名：王子涵",
        "2、*职务：科员",
        "3、*手机：13805950001",
        "4、*单位名称：青石镇",
        "5、电子邮厢：w@unit.example.com",
    )
    assert values(reading) == {
        "name": "王子涵",
        "position": "科员",
        "mobile": "13805950001",
        "unit": "青石镇",
        "email": "w@unit.example.com",
    }


def test_a_label_of_a_person_s_data_ends_a_free_text():
    lines = (
        "单位：青石镇",
        "是否提供节目：是",
        "节目概况：小品《安全》，身份证号码：350500199001011234",
        "联系人：王子涵",
    )
    assert values(one(*lines, "联系方式：13805950001"))["program_summary"] == "小品《安全》"


def test_every_line_of_a_cell_belongs_to_its_value():
    rows = [["姓名：王子涵"], ["职务：科员"], ["手机：13805950001\n13805950002"], ["单位名称：青石镇"]]
    assert values(one(rows))["mobile"] == "13805950001/13805950002"


def test_a_partial_answer_goes_to_each_form_that_knows_its_labels():
    assert {reading.form for reading in body("手机：13805950002").forms} == {"liaison", "registration"}


def test_a_faulty_partial_answer_keeps_its_fault():
    reading = next(reading for reading in body("手机：1380595").forms if reading.form == "liaison")
    assert faults(reading) == {"mobile": ProblemCode.INVALID}


def test_somebody_else_s_number_is_in_doubt():
    text = "单位：青石镇\n现场是否提供节目：否\n联系人：王晓云\n分管领导：李志明\n联系电话：13805950001"
    assert faults(body(text).forms[0]) == {"contact_phone": ProblemCode.AMBIGUOUS}


def test_the_number_after_the_right_name_is_not():
    text = "单位：青石镇\n现场是否提供节目：否\n填报人：李志明 联系电话：13805950001\n联系人：王晓云\n联系方式：13805950002"
    reading = body(text).forms[0]
    assert reading.field("contact_phone").value == "13805950002"
    assert faults(reading) == {}


def test_the_template_in_a_mail_is_blank():
    text = "\n".join(line.partition("：")[0] + "：" for line in LINES.splitlines())
    (reading,) = body(text).forms
    assert reading.blank
    assert values(reading) == {}


def test_columns_of_a_text_are_a_table():
    text = "姓名\t职务\t手机\t单位名称\n王晓云\t科员\t13805950002\t青石镇\n李志明\t副镇长\t13805950001\t青石镇"
    assert [one["name"] for _, one in found(text)] == ["王晓云", "李志明"]


def test_a_form_below_the_dashes_of_a_forwarded_mail_is_read_if_it_is_complete():
    text = f"---------- 转发的邮件 ----------\n发件人：赵建国\n主题：联络员\n\n{LINES}"
    assert found(text) == [("liaison", OFFICER)]


def test_a_signature_that_has_most_of_a_form_is_none_below_the_sign_off():
    signature = "姓名：王晓云\n职务：科员\n手机：13805950002"
    assert found(f"材料已寄出。\n谢谢！\n{signature}") == []
    assert [form for form, _ in found(f"联络员如下：\n{signature}")] == ["liaison"]


def test_lines_below_a_filled_table_are_another_copy_only_if_they_are_complete():
    table = "姓名\t职务\t手机\t单位名称\n王晓云\t科员\t13805950002\t青石镇\n"
    assert len(found(table + "\n姓名：李志明\n职务：副镇长\n手机：13805950001")) == 1
    assert len(found(table + "\n姓名：李志明\n职务：副镇长\n手机：13805950001\n单位：东湾乡")) == 2


def test_a_text_that_sounds_like_a_note_is_still_the_text():
    summary = "小品一个，请于演出前10分钟安排候场"
    text = f"单位：青石镇\n现场是否提供节目：是\n节目概况：{summary}\n联系人：王晓云\n联系方式：13805950002"
    assert body(text).forms[0].field("program_summary").value == summary


def test_lines_to_write_on_are_blank():
    (reading,) = body("姓名：______\n职务：______\n手机：______\n单位名称：______").forms
    assert reading.blank
