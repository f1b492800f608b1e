"""The office's forms as Word files: the notice's layout, every value where its label says, never a broken package."""

import io
import zipfile

import docx
import pytest

from intake.blanks import docx_document, docx_form
from intake.config import example_path, load
from parsers.document import EMPTY_BOX, TICKED
from parsers.forms import FieldSpec, FieldType, FormKind, FormSpec

PEOPLE = FormSpec(
    id="people",
    title="“安全生产月”活动联络员反馈表",
    kind=FormKind.TABLE,
    fields=(
        FieldSpec("name", "姓名", FieldType.PERSON),
        FieldSpec("gender", "性别", FieldType.GENDER),
        FieldSpec("position", "职务", FieldType.POSITION),
        FieldSpec("office_phone", "办公电话", FieldType.PHONE),
        FieldSpec("mobile", "手机", FieldType.MOBILE),
        FieldSpec("fax", "传真", FieldType.PHONE),
        FieldSpec("email", "电子邮箱", FieldType.EMAIL),
        FieldSpec("unit", "单位名称", FieldType.UNIT),
        FieldSpec("address", "通信地址", FieldType.ADDRESS),
    ),
)
PROGRAM = FormSpec(
    id="program",
    title="意向报名表",
    kind=FormKind.TABLE,
    fields=(
        FieldSpec("unit", "单位", FieldType.UNIT),
        FieldSpec("has_program", "现场是否提供节目", FieldType.YESNO),
        FieldSpec("summary", "节目概况", FieldType.TEXT),
    ),
)


def opened(data):
    return docx.Document(io.BytesIO(data))


def rows_of(data):
    """Return the table's rows as texts, each merged cell once."""
    (table,) = opened(data).tables
    rows = []
    for row in table.rows:
        distinct = dict.fromkeys(cell._tc for cell in row.cells)
        rows.append([next(cell.text for cell in row.cells if cell._tc is tc) for tc in distinct])
    return rows


def test_a_form_of_many_fields_has_two_pairs_a_row_and_wide_rows_below():
    values = {"name": "王小明", "mobile": "13900000000", "email": "wang@example.com"}
    assert rows_of(docx_form(PEOPLE, values)) == [
        ["姓\u3000名", "王小明", "性\u3000别", ""],
        ["职\u3000务", "", "办公电话", ""],
        ["手\u3000机", "13900000000", "传\u3000真", ""],
        ["电子邮箱", "wang@example.com"],
        ["单位名称", ""],
        ["通信地址", ""],
    ]


def test_a_form_of_few_fields_has_one_pair_a_row():
    assert [row[0] for row in rows_of(docx_form(PROGRAM))] == ["单\u3000位", "现场是否提供节目", "节目概况"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, f"{EMPTY_BOX}是\u3000{EMPTY_BOX}否"),
        (True, f"{TICKED}是\u3000{EMPTY_BOX}否"),
        (False, f"{EMPTY_BOX}是\u3000{TICKED}否"),
        ("视情况", "视情况"),
    ],
)
def test_a_yes_no_field_shows_its_boxes(value, shown):
    assert rows_of(docx_form(PROGRAM, {"has_program": value}))[1][1] == shown


def test_a_single_short_field_left_over_gets_a_row_of_its_own():
    odd = FormSpec("odd", "表", FormKind.TABLE, (PEOPLE.fields[0], *PEOPLE.fields[6:], *PEOPLE.fields[1:4]))
    assert [row[0] for row in rows_of(docx_form(odd))][:2] == ["姓\u3000名", "电子邮箱"]
    assert sum(len(row) // 2 for row in rows_of(docx_form(odd))) == len(odd.fields)


def test_title_and_note_stand_above_and_below_the_table():
    texts = [paragraph.text for paragraph in opened(docx_form(PEOPLE, note="注：请于5月30日前发送")).paragraphs]
    assert texts == [PEOPLE.title, "注：请于5月30日前发送"]
    assert [paragraph.text for paragraph in opened(docx_form(PEOPLE)).paragraphs] == [PEOPLE.title, ""]


@pytest.mark.parametrize("note", ["", "注：请于5月30日前发送"])
def test_a_paragraph_ends_the_form(note):
    """LibreOffice saves a text that ends in a table as a .doc in which the table's cells have run together."""
    body = opened(docx_form(PEOPLE, note=note)).element.body
    assert [child.tag.rpartition("}")[2] for child in body] == ["p", "tbl", "p", "sectPr"]


def test_chinese_text_has_a_chinese_font():
    (run,) = opened(docx_form(PEOPLE)).paragraphs[0].runs
    assert 'w:eastAsia="宋体"' in run._element.xml


def test_the_same_form_is_the_same_bytes_whenever_it_is_made():
    first = docx_form(PEOPLE, {"name": "王小明"})
    assert docx_form(PEOPLE, {"name": "王小明"}) == first
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        assert {member.date_time[0] for member in package.infolist()} == {1980}


def test_it_names_no_author():
    properties = opened(docx_form(PEOPLE)).core_properties
    assert (properties.author, properties.title) == ("", PEOPLE.title)


def test_control_characters_never_make_a_broken_file():
    assert rows_of(docx_form(PROGRAM, {"unit": "财\x00政\x07局\ud800", "summary": "第一行\n第二行"}))[0][1] == "财政局"


def test_a_document_has_its_title_and_lines():
    texts = [paragraph.text for paragraph in opened(docx_document("活动总结", ["第一段", "第二段"])).paragraphs]
    assert texts == ["活动总结", "第一段", "第二段"]


@pytest.mark.parametrize("form", ["registration", "liaison"])
def test_the_example_campaigns_appendices_hold_every_label_once(form):
    spec = load(example_path(), environment={}, need_password=False).campaign.collection(form).form
    cells = [text.replace("\u3000", "") for row in rows_of(docx_form(spec)) for text in row]
    assert [cells.count(field.label) for field in spec.fields] == [1] * len(spec.fields)
