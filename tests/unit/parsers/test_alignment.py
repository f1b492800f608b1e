"""A received table beside the office's blank form: spoilt labels, the office's own hints, forms of another year."""

from dataclasses import replace

import pytest

from parsers.codec import from_json, to_json
from parsers.extract import extract
from parsers.forms import RELABELLED, Doubt, FormSpec, ProblemCode
from parsers.template import Template, find_blank
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE, document

TITLE = LIAISON.title
OFFICE = [
    ["姓名", "", "性别", "男□ 女□"],
    ["职务", "", "微信号", ""],
    ["办公电话", "", "手机", "（11位手机号）"],
    ["传真", "", "电子邮箱", "例：abc@163.com"],
    ["身高", "", "单位名称", ""],
    ["通信地址", ""],
]
FILLED = [
    ["姓名", "王晓云", "性别", "女"],
    ["职务", "科员", "微信号", "wx_0595"],
    ["办公电话", "0595-27391234", "手机", "13805950002"],
    ["传真", "0595-27391235", "电子邮箱", "wang@unit.example.com"],
    ["身高", "170", "单位名称", "青石镇人民政府"],
    ["通信地址", "青石镇中山路12号"],
]
VALUES = {
    "name": "王晓云",
    "gender": "女",
    "position": "科员",
    "office_phone": "0595-27391234",
    "mobile": "13805950002",
    "fax": "0595-27391235",
    "email": "wang@unit.example.com",
    "unit": "青石镇人民政府",
    "address": "青石镇中山路12号",
}


def template(rows, *around) -> Template:
    return find_blank(document(TITLE, rows, *around), "liaison", FORMS)


def forms_with(blank) -> tuple[FormSpec, ...]:
    return tuple(replace(form, blank=blank) if form.id == "liaison" else form for form in FORMS)


def read(rows, office=OFFICE, title=TITLE):
    (reading,) = extract(document(title, rows), forms_with(template(office).blank), area_code=AREA_CODE).forms
    return reading


def told(reading):
    return {field.key: field.problem.detail for field in reading.fields if field.problem is not None}


def values(reading):
    return {field.key: field.value for field in reading.fields if field.value is not None}


def changed(row, column, text):
    rows = [list(cells) for cells in FILLED]
    rows[row][column] = text
    return rows


def test_a_blank_tells_its_labels_those_of_nobody_and_its_hints():
    found = template(OFFICE, NOTE)
    assert found.blank.keys == (
        "name",
        "gender",
        "position",
        "office_phone",
        "mobile",
        "fax",
        "email",
        "unit",
        "address",
    )
    assert found.blank.foreign == ("微信号", "身高")
    assert [hint.key for hint in found.blank.hints] == ["gender", "mobile", "email"]
    assert (found.filled, found.missing) == ((), ())


def test_a_filled_form_and_a_lacking_label_are_told_of_a_blank():
    found = template(FILLED[:5])
    assert "mobile" in found.filled
    assert found.missing == ("address",)


def test_a_blank_survives_the_way_to_the_worker():
    form = forms_with(template(OFFICE).blank)[1]
    assert from_json(FormSpec, to_json(form)) == form


def test_a_form_as_the_office_made_it_is_read_as_ever():
    reading = read(FILLED)
    assert (values(reading), told(reading), reading.problems) == (VALUES, {}, ())


@pytest.mark.parametrize(("row", "column", "label"), [(0, 2, "区别"), (0, 0, "姓各"), (3, 0, "传本"), (2, 2, "手木")])
def test_a_misspelt_label_of_two_signs_is_read_by_its_place(row, column, label):
    reading = read(changed(row, column, label))
    assert (values(reading), told(reading), reading.problems) == (VALUES, {}, ())


@pytest.mark.parametrize(
    ("row", "column", "key"), [(0, 2, "gender"), (2, 2, "mobile"), (5, 0, "address"), (0, 0, "name")]
)
@pytest.mark.parametrize("label", ["", "编制情况", "科室"])
def test_a_label_that_is_gone_or_another_one_is_asked_with_what_stands_in_its_place(row, column, key, label):
    reading = read(changed(row, column, label))
    assert values(reading) == VALUES
    assert told(reading) == {key: f"{RELABELLED}: {label}"}
    assert reading.field(key).problem.code is ProblemCode.AMBIGUOUS


def test_a_label_overwritten_by_another_of_ours_is_asked_and_so_are_the_two_values():
    reading = read(changed(3, 0, "办公电话"))
    assert told(reading) == {"office_phone": "several values", "fax": f"{RELABELLED}: 办公电话"}


def test_a_misspelt_label_over_a_value_that_does_not_suit_it_is_asked():
    rows = changed(1, 0, "职业")
    rows[1][1] = "自由"
    assert told(read(rows)) == {"position": f"{RELABELLED}: 职业"}


def test_two_rows_that_changed_places_are_read_by_their_labels():
    rows = [list(cells) for cells in FILLED]
    rows[2] = [*rows[2][2:], *rows[2][:2]]
    reading = read(rows)
    assert (values(reading), told(reading)) == (VALUES, {})


def test_the_hint_of_the_office_is_no_value_and_comes_off_one():
    untouched = read(changed(3, 3, "例：abc@163.com"))
    assert untouched.field("email").value is None
    beside = read(changed(3, 3, "例：abc@163.com\nwang@unit.example.com"))
    assert beside.field("email").value == "wang@unit.example.com"


def test_a_hint_that_does_not_look_like_one_is_no_value_but_stays_on_a_value():
    office = [list(cells) for cells in OFFICE]
    office[2][1] = "0595-"
    assert read(changed(2, 1, "0595-"), office).field("office_phone").problem is None
    assert read(FILLED, office).field("office_phone").value == "0595-27391234"


def test_what_is_ticked_in_brackets_is_not_the_hint_of_the_office():
    office = [list(cells) for cells in OFFICE]
    office[0][3] = "男（）女（）"
    assert read(changed(0, 3, "男（）女（√）"), office).field("gender").value == "女"
    assert read(changed(0, 3, "男（）女（）"), office).field("gender").value is None


def test_a_form_sent_back_as_it_was_is_blank():
    office = [list(cells) for cells in OFFICE]
    office[2][1] = "0595-"
    assert read(office, office).blank


def test_a_label_of_the_blank_that_nobody_asks_owns_its_neighbor():
    office = [["姓名", "", "职务", ""], ["手机", "", "值班安排", ""], ["单位名称", ""]]
    rows = [
        ["姓名", "王晓云", "职务", "科员"],
        ["手机", "13805950002", "值班安排", "0595-27391234"],
        ["单位名称", "青石镇"],
    ]
    blank = find_blank(document(TITLE, office), "liaison", FORMS).blank
    (reading,) = extract(document(TITLE, rows), forms_with(blank), area_code=AREA_CODE).forms
    (without,) = extract(document(TITLE, rows), FORMS, area_code=AREA_CODE).forms
    assert told(reading) == {}
    assert "office_phone" in told(without)


def test_a_form_of_another_year_that_lacks_a_label_is_told():
    rows = [["姓名", "王晓云"], ["职务", "科员"], ["手机", "13805950002"], ["单位名称", "青石镇人民政府"]]
    blank = replace(template(OFFICE).blank, title="2025年安全生产月活动联络员反馈表")
    for title, doubts in (
        ("2024年安全生产月活动联络员反馈表", [Doubt.OTHER_BLANK]),
        ("2025年安全生产月活动联络员反馈表", []),
    ):
        (reading,) = extract(document(title, rows), forms_with(blank), area_code=AREA_CODE).forms
        assert [problem.detail for problem in reading.problems] == doubts
    (whole,) = extract(
        document("2024年安全生产月活动联络员反馈表", FILLED), forms_with(blank), area_code=AREA_CODE
    ).forms
    assert whole.problems == ()


# --- worksheets: the grid ends with the last column that is used -----------------------------------------------------


def narrowed(rows, width=3):
    return [row[:width] for row in rows]


@pytest.mark.parametrize("office", [OFFICE, narrowed(OFFICE)])
@pytest.mark.parametrize("row", [0, 2])
def test_a_blank_without_its_last_empty_column_explains_the_filled_form(office, row):
    blank = [[*line[:3], ""][: len(line)] if len(line) == 4 else line for line in office]
    reading = read(changed(row, 2, ("区别", "", "手木")[row]), blank)
    assert (values(reading), told(reading), reading.problems) == (VALUES, {}, ())


def test_a_filled_form_whose_last_column_is_empty_is_explained_by_the_whole_blank():
    rows = narrowed(changed(0, 2, "区别"))
    reading = read(rows)
    assert {key: value for key, value in values(reading).items() if key in {"name", "position", "office_phone"}} == {
        "name": "王晓云",
        "position": "科员",
        "office_phone": "0595-27391234",
    }
    assert "gender" in {field.key for field in reading.fields}, "the place is known, although nothing stands there"


def test_something_more_behind_the_last_value_is_another_row():
    """A fifth cell that says something: the row is not the office's any more, and the label stays unknown."""
    rows = [[*line, ""] if len(line) == 4 else line for line in changed(0, 2, "区别")]
    rows[0][4] = "待定"
    assert values(read(rows)).get("gender") is None
    rows[0][4] = ""
    assert values(read(rows)) == VALUES
