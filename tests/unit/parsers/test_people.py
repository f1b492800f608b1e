"""A header over rows, or a column of labels beside columns: several people in one table."""

import pytest

from parsers.forms import ProblemCode
from tests.builders.forms import LIAISON, NOTE, Box
from tests.builders.reading import faults, forms, one, people

TITLE = LIAISON.title
LI = {"name": "李志明", "position": "副镇长", "mobile": "13805950001", "unit": "青石镇人民政府"}
WANG = {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇人民政府"}
HEADER = ["序号", "单位名称", "姓名", "职务", "手机"]


def row(person, number="1"):
    return [number, person["unit"], person["name"], person["position"], person["mobile"]]


def test_a_row_a_person():
    assert people(TITLE, [HEADER, row(LI), row(WANG, "2")]) == [LI, WANG]


def test_a_column_a_person():
    rows = [
        ["姓名", "李志明", "王晓云"],
        ["职务", "副镇长", "科员"],
        ["手机", "13805950001", "13805950002"],
        ["单位名称", "青石镇人民政府", "青石镇人民政府"],
    ]
    assert people(TITLE, rows) == [LI, WANG]


def test_rows_with_nothing_but_their_number_are_nobody():
    assert people(TITLE, [HEADER, row(LI), ["2", "", "", "", ""], ["3", "", "/", "", ""]]) == [LI]


def test_an_example_row_is_nobody():
    sample = ["例", "某某镇人民政府", "张三", "主任", "13900000000"]
    assert people(TITLE, [HEADER, sample, row(LI)]) == [LI]
    assert people(TITLE, [HEADER, ["1", "某某镇", "例：张三", "主任", "13900000000"], row(LI, "2")]) == [LI]


def test_a_note_below_the_people_is_nobody():
    assert people(TITLE, [HEADER, row(LI), [Box(NOTE, 5)]]) == [LI]


def test_a_unit_merged_beside_its_people_belongs_to_each():
    rows = [
        HEADER[1:],
        [Box("青石镇人民政府", rows=2), "李志明", "副镇长", "13805950001"],
        ["王晓云", "科员", "13805950002"],
    ]
    assert people(TITLE, rows) == [LI, WANG]


def test_a_merged_number_is_not_handed_to_the_second_person():
    rows = [
        HEADER[1:],
        ["青石镇人民政府", "李志明", "副镇长", Box("13805950001", rows=2)],
        ["青石镇人民政府", "王晓云", "科员"],
    ]
    _, second = forms(TITLE, rows)
    assert second.field("mobile").value is None
    assert faults(second) == {"mobile": ProblemCode.MISSING}


def test_ditto_is_the_value_above_with_its_place():
    first, second = forms(TITLE, [HEADER, row(LI), ["2", "同上", "王晓云", "〃", "13805950002"]])
    assert second.field("unit").value == "青石镇人民政府"
    assert second.field("unit").place == first.field("unit").place
    assert second.field("unit").rule == "ditto"
    assert second.field("position").value == "副镇长"


def test_lines_above_and_below_the_list_hold_for_everybody_or_for_nobody():
    rows = [
        [Box("填报单位：青石镇人民政府", 3), Box("填表日期：2025年5月28日", 2)],
        ["序号", "姓名", "职务", "手机", "备注"],
        ["1", "李志明", "副镇长", "13805950001", ""],
        ["2", "王晓云", "科员", "13805950002", ""],
        [Box("填表人：赵建国", 2), Box("联系电话：13805950009", 3)],
    ]
    assert people(TITLE, rows) == [LI, WANG]


def test_two_header_rows_are_one():
    rows = [
        [Box("序号", rows=2), Box("单位名称", rows=2), Box("姓名", rows=2), Box("职务", rows=2), Box("通讯方式", 2)],
        ["手机", "电子邮箱"],
        ["1", "青石镇人民政府", "李志明", "副镇长", "13805950001", "l@unit.example.com"],
    ]
    assert people(TITLE, rows) == [{**LI, "email": "l@unit.example.com"}]


def test_a_header_typed_again_on_the_next_page_is_nobody():
    assert people(TITLE, [HEADER, row(LI), HEADER, row(WANG, "2")]) == [LI, WANG]


def test_a_function_in_the_first_column_does_not_end_the_list():
    rows = [
        ["职务", "姓名", "手机", "单位名称"],
        ["联络员", "李志明", "13805950001", "青石镇"],
        ["联络员", "王晓云", "13805950002", "东湾乡"],
    ]
    assert [person["name"] for person in people(TITLE, rows)] == ["李志明", "王晓云"]


def test_a_missing_value_is_told_of_the_person_it_is_missing_of():
    first, second = forms(TITLE, [HEADER, row(LI), ["2", "青石镇人民政府", "王晓云", "科员", ""]])
    assert faults(first) == {}
    assert faults(second) == {"mobile": ProblemCode.MISSING}


def test_a_list_without_people_is_the_blank_form():
    reading = one(TITLE, [HEADER, ["1", "", "", "", ""], ["2", "", "", "", ""]])
    assert reading.blank
    assert all(field.value is None for field in reading.fields)


def test_a_list_of_two_thousand_people_loses_nobody():
    rows = [HEADER, *(row({**LI, "name": f"李{'一二三四五六七八九'[n % 9]}明"}, str(n)) for n in range(1_900))]
    assert len(forms(TITLE, rows)) == 1_900


def test_a_word_for_another_field_is_not_the_value_above():
    header = ["姓名", "职务", "办公电话", "手机", "单位名称"]
    rows = [["李志明", "副镇长", "0595-27391234", "13805950001", "青石镇"]]
    first, second = forms(TITLE, [header, *rows, ["王晓云", "科员", "同手机", "13805950002", "青石镇"]])
    assert first.field("office_phone").value == "0595-27391234"
    assert second.field("office_phone").value is None


def test_a_reference_that_no_cell_above_answers_is_asked_about_in_an_optional_column_too():
    header = ["序号", "姓名", "职务", "手机", "办公电话", "传真", "单位名称"]
    rows = [
        header,
        ["1", "李志明", "副镇长", "13805950001", "", "同左", "青石镇人民政府"],
        ["2", "王晓云", "科员", "13805950002", "同上", "0595-27391235", "青石镇人民政府"],
    ]
    first, second = forms(TITLE, rows)
    assert faults(first) == {"fax": ProblemCode.INVALID}
    assert faults(second) == {"office_phone": ProblemCode.INVALID}


@pytest.mark.parametrize("raw", ["同手机", "同办公电话", "同左", "同上", "同单位", "同座机"])
@pytest.mark.parametrize("label", ["传真", "办公电话", "通信地址"])
def test_a_reference_beside_a_label_is_asked_about_and_no_label_itself(label, raw):
    pairs = {"姓名": "王晓云", "职务": "科员", "手机": "13805950002", "单位名称": "青石镇人民政府", label: raw}
    wanted = {spec.key for spec in LIAISON.fields if spec.label == label}
    assert set(faults(one(TITLE, [list(pair) for pair in pairs.items()]))) == wanted
    assert set(faults(one(TITLE, [list(pairs), list(pairs.values())]))) == wanted
    assert set(faults(one(TITLE, *(f"{name}：{value}" for name, value in pairs.items())))) == wanted
