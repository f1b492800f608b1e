"""Documents as a whole: several forms, forms in pieces, the unit around them, what is left outside."""

from dataclasses import replace

import pytest

from parsers.document import Cell, Document, Grid, Paragraph
from parsers.extract import extract
from parsers.forms import ProblemCode
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE, REGISTRATION, Box, document, grid
from tests.builders.reading import faults, forms, one, people, read, values

TITLE = LIAISON.title
ROWS = [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"]]
OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002"}
UNIT = {"unit": "青石镇人民政府"}
NOTICE = (
    "关于开展安全生产月活动的通知",
    "各乡镇人民政府，区安委会各成员单位：",
    "请各单位于5月30日前反馈（附件1）。",
    "联系人:赵建国;联系方式:27390001;电子邮箱:office@unit.example.com",
    "附件:1.“安全宣传咨询日”活动意向报名表;",
    "2.“安全生产月”活动联络员反馈表",
)


def test_the_whole_notice_with_one_appendix_filled():
    blank = [["单位", ""], ["现场是否提供节目", ""], ["节目概况", ""], ["联系人", ""], ["联系方式", ""]]
    first, second = forms(
        *NOTICE, "附件1", REGISTRATION.title, blank, NOTE, "附件2", TITLE, [*ROWS, ["单位名称", "青石镇"]], NOTE
    )
    assert (first.form, first.blank) == ("registration", True)
    assert (second.form, second.blank) == ("liaison", False)
    assert values(second) == {**OFFICER, "unit": "青石镇"}


def test_the_notice_come_back_as_it_was_is_blank():
    blank = [["单位", ""], ["现场是否提供节目", ""], ["联系人", ""], ["联系方式", ""]]
    empty = [["姓名", ""], ["职务", ""], ["手机", ""], ["单位名称", ""]]
    assert [reading.blank for reading in forms(*NOTICE, REGISTRATION.title, blank, NOTE, TITLE, empty, NOTE)] == [
        True,
        True,
    ]


def test_one_form_over_two_tables_is_one():
    reading = one(TITLE, ROWS, "", [["传真", ""], ["单位名称", "青石镇人民政府"]])
    assert values(reading) == OFFICER | UNIT
    assert reading.title == TITLE


def test_a_row_that_stands_in_both_halves_makes_them_no_two_forms():
    reading = one(TITLE, ROWS, "", [["手机", "13805950002"], ["传真", ""], ["单位名称", "青石镇人民政府"]])
    assert values(reading) == OFFICER | UNIT


def test_a_row_that_differs_in_the_second_half_is_asked_about():
    reading = one(TITLE, ROWS, "", [["手机", "13805950003"], ["传真", ""], ["单位名称", "青石镇人民政府"]])
    assert faults(reading) == {"mobile": ProblemCode.AMBIGUOUS}
    assert reading.field("unit").value == "青石镇人民政府"


def test_a_number_without_its_label_in_one_half_is_asked_about_whatever_the_other_half_says():
    first = [*ROWS, ["办公电话", "0595-27391234"]]
    reading = one(TITLE, first, "", [["传口", "0595-27395678"], ["电子邮箱", ""], ["单位名称", "青石镇人民政府"]])
    assert reading.field("office_phone").value == "0595-27391234"
    assert reading.field("fax").problem.given == "0595-27395678"


@pytest.mark.parametrize("first", ["姓名", "序号"])
def test_a_number_alone_in_the_row_below_a_list_is_asked_about(first):
    header = ["姓名", "性别", "职务", "手机", "办公电话", "传真", "单位名称", "通信地址"]
    row = ["王晓云", "女", "科员", "13805950002", "0595-27391234", "", "青石镇人民政府", "海丰路88号"]
    if first == "序号":
        header, row = ["序号", *header], ["1", *row]
    reading = one(TITLE, [header, row, ["0595-27395678"]])
    assert reading.field("fax").problem is not None
    assert reading.field("fax").problem.given == "0595-27395678"


def test_a_gender_alone_in_the_row_below_a_list_is_asked_about():
    header = ["序号", "姓名", "性别", "职务", "手机", "单位名称"]
    reading = one(TITLE, [header, ["1", "王晓云", "", "科员", "13805950002", "青石镇人民政府"], ["女"]])
    assert reading.field("gender").problem is not None


def test_a_second_name_with_nothing_of_its_own_is_asked_about_and_is_no_second_person():
    reading = one(
        TITLE,
        [["姓名", "王晓云"], ["姓名", "李志明"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇"]],
    )
    assert faults(reading) == {"name": ProblemCode.AMBIGUOUS}


def test_a_second_table_with_a_heading_of_its_own_is_another_form():
    rows = [*ROWS, ["单位名称", "青石镇人民政府"]]
    assert people(TITLE, rows, TITLE, rows) == [OFFICER | UNIT, OFFICER | UNIT]


def test_the_unit_above_the_table_fills_in():
    reading = one(TITLE, "填报单位：青石镇人民政府（盖章）    填报人：李志明  联系电话：13805950009", ROWS)
    assert values(reading) == OFFICER | UNIT
    assert reading.field("unit").rule == "line"


def test_the_unit_below_the_table_fills_in():
    assert values(one(TITLE, ROWS, "填报单位：青石镇人民政府")) == OFFICER | UNIT


def test_each_table_has_the_unit_above_it():
    other = [["姓名", "李志明"], ["职务", "副镇长"], ["手机", "13805950001"]]
    found = people("单位：青石镇", TITLE, ROWS, "单位：东湾乡", TITLE, other)
    assert [one["unit"] for one in found] == ["青石镇", "东湾乡"]


def test_a_unit_beside_the_table_never_overrides():
    rows = [*ROWS, ["单位名称", "青石镇人民政府"]]
    assert faults(one(TITLE, "填报单位：青石镇", rows)) == {}
    reading = one(TITLE, "填报单位：东湾乡人民政府", rows)
    assert reading.field("unit").value == "青石镇人民政府"
    assert faults(reading) == {"unit": ProblemCode.AMBIGUOUS}


def test_a_contact_line_above_a_table_is_not_the_person_in_it():
    reading = one(
        TITLE, "联系人：李志明 手机：13805950009", [["姓名", "王晓云"], ["职务", "科员"], ["单位名称", "青石镇"]]
    )
    assert values(reading) == {"name": "王晓云", "position": "科员", "unit": "青石镇"}


def test_a_table_and_the_same_form_in_the_signature_are_one():
    rows = [*ROWS, ["单位名称", "青石镇"]]
    assert len(forms(TITLE, rows, "联系人：李志明", "电话：27390001", "手机：13805950009")) == 1


def test_a_table_without_labels_under_our_heading_is_shown():
    (reading,) = forms(TITLE, [["王晓云", "科员"], ["13805950002", "青石镇"]])
    assert reading.fields == ()
    assert faults(reading) == {None: ProblemCode.AMBIGUOUS}
    assert len(reading.leftovers) == 4


def test_two_forms_that_explain_a_table_equally_well_are_ambiguous():
    rows = [["单位", "青石镇"], ["姓名", "王晓云"], ["联系电话", "13805950002"]]
    assert faults(one(rows))[None] is ProblemCode.AMBIGUOUS
    assert faults(one(TITLE, rows)) == {}


def test_prose_with_a_table_of_figures_has_no_form():
    rows = [["单位", "活动场次", "参加人数", "联系人"], ["青石镇", "3", "120", "王晓云"]]
    assert (
        forms("安全生产月活动总结", "今年以来，我镇认真开展活动。" * 20, rows, "联系人：王晓云 联系电话：13805950002")
        == ()
    )


def test_lines_outside_forms_are_kept_in_order():
    found = read("区安办：", "现报送如下：", TITLE, [*ROWS, ["单位名称", "青石镇"]], "特此报送", "青石镇人民政府")
    assert found.outside == ("区安办：", "现报送如下：", TITLE, "特此报送", "青石镇人民政府")


def test_answers_by_underline_and_strike_reach_the_value():
    made = grid([["单位", "青石镇"], ["现场是否提供节目", "是 否"], ["联系人", "王晓云"], ["联系方式", "13805950002"]])
    cells = tuple(replace(cell, underlined=("否",)) if cell.text == "是 否" else cell for cell in made.cells)
    assert one(REGISTRATION.title, replace(made, cells=cells)).field("has_program").value is False
    cells = tuple(replace(cell, text="是", struck=("否",)) if cell.text == "是 否" else cell for cell in made.cells)
    assert one(REGISTRATION.title, replace(made, cells=cells)).field("has_program").value is True


def test_an_answer_struck_out_altogether_is_missing():
    made = grid([["单位", "青石镇"], ["现场是否提供节目", ""], ["联系人", "王晓云"], ["联系方式", "13805950002"]])
    cells = tuple(
        replace(cell, struck=("是", "否")) if cell.column == 1 and not cell.text else cell for cell in made.cells
    )
    reading = one(REGISTRATION.title, replace(made, cells=cells))
    assert faults(reading) == {"has_program": ProblemCode.MISSING}


def test_a_table_within_a_cell_is_read_with_the_form_around_it():
    inner = grid([["手机", "13805950002"], ["传真", "0595-27390001"]], "table 1.1")
    rows = grid([["姓名", "王晓云"], ["职务", "科员"], ["单位名称", "青石镇"], ["通讯方式", ""]])
    cells = (*rows.cells[:-1], replace(rows.cells[-1], nested=(inner,)))
    reading = one(TITLE, replace(rows, cells=cells))
    assert values(reading) == {**OFFICER, "unit": "青石镇", "fax": "0595-27390001"}


def test_a_partial_answer_is_looked_for_in_the_text_of_a_mail_only():
    made = document("手机：13805950002")
    assert extract(made, FORMS, area_code=AREA_CODE).forms == ()
    assert len(extract(made, FORMS, area_code=AREA_CODE, body=True).forms) == 2


def test_without_forms_nothing_is_found():
    assert extract(document(TITLE, ROWS), ()).forms == ()


def test_an_empty_document_is_empty():
    assert extract(Document((), "x"), FORMS).forms == ()
    assert extract(Document((Grid(0, 0, (), "t"), Paragraph("", "p")), "x"), FORMS).outside == ()


def test_cells_that_overlap_or_lie_outside_do_no_harm():
    cells = (
        Cell(0, 0, "姓名", "a", 9, 9),
        Cell(0, 0, "王晓云", "b"),
        Cell(99, 99, "手机", "c"),
        Cell(0, 1, "职务", "d"),
    )
    assert isinstance(extract(Document((Grid(1, 1, cells, "t"),), "x"), FORMS).forms, tuple)


def test_a_people_list_with_the_unit_in_a_box_above():
    rows = [
        ["单位名称", Box("青石镇", 2)],
        ["姓名", "职务", "手机"],
        ["王晓云", "科员", "13805950002"],
        ["李志明", "副镇长", "13805950001"],
    ]
    assert [(one["name"], one["unit"]) for one in people(TITLE, rows)] == [("王晓云", "青石镇"), ("李志明", "青石镇")]


@pytest.mark.parametrize(
    ("title", "hint", "told"),
    [
        ("某区防汛工作联络员反馈表", "", "某区防汛工作联络员反馈表"),
        ("联络员反馈表", "防汛联络员反馈表.docx", "防汛联络员反馈表.docx"),
        ("“安全生产月”活动联络员反馈表", "防汛联络员反馈表.docx", None),
        ("联络员反馈表", "附件2.docx", None),
    ],
)
def test_a_form_of_another_campaign_with_our_labels_is_shown_to_a_person(title, hint, told):
    rows = [["姓名", "林晓云", "职务", "科员"], ["手机", "13800001234", "单位名称", "青石镇人民政府"]]
    (reading,) = extract(document(title, rows), FORMS, hint=hint).forms
    assert [one.given for one in reading.problems] == ([] if told is None else [told])


@pytest.mark.parametrize("line", ["（续表）", "续上表", "接上页", "续表 2", "联络员反馈表（续）"])
def test_people_below_a_line_that_says_continued_are_of_the_list_above(line):
    header = ["姓名", "职务", "手机"]
    first, second = ["李志明", "副镇长", "13805950001"], ["王晓云", "科员", "13805950002"]
    found = forms(LIAISON.title, [header, first], line, [header, second])
    assert [(form.field("name").value, form.place) for form in found] == [("李志明", "table 2"), ("王晓云", "table 2")]
    assert found[1].field("name").place.startswith("table 4")
    assert found[1].title


@pytest.mark.parametrize("line", ["陆续报送", "继续使用", "旧表", "续聘人员名单", ""])
def test_other_lines_between_two_tables_make_no_list_of_them(line):
    header = ["姓名", "职务", "手机"]
    first, second = ["李志明", "副镇长", "13805950001"], ["王晓云", "科员", "13805950002"]
    found = forms(LIAISON.title, [header, first], line, [header, second])
    assert [form.place for form in found] == ["table 2", "table 4"]
