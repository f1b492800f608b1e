"""A comment may say that a value no longer holds: then a person sees the form, whatever program made it."""

import pytest

from parsers.document import Note, NoteCode
from parsers.engines import Converted
from parsers.forms import Doubt, Problem, ProblemCode
from parsers.parse import parse_document
from parsers.remarks import may_change_a_value, takes_back
from tests.builders import pdf as make
from tests.builders.engines import GivenEngines
from tests.builders.forms import AREA_CODE, FORMS, LIAISON
from tests.builders.reading import values
from tests.builders.remarked import docx_remarked, ods_remarked, xlsx_remarked

OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇人民政府"}
ROWS = (("姓名", "王晓云"), ("职务", "科员"), ("单位名称", "青石镇人民政府"), ("手机", "13805950002"))
REMARK = "手机已换，请以13900000002为准"
DOUBT = Problem(ProblemCode.AMBIGUOUS, given=REMARK, detail=Doubt.COMMENTED)


def read(data, name="附件2.docx", **rest):
    return parse_document(data, name=name, declared_type="", forms=FORMS, area_code=AREA_CODE, **rest)


def only(data, name="附件2.docx"):
    """The only form of a file."""
    (form,) = read(data, name).forms
    return form


def pdf(*annotations: str, rows=ROWS) -> bytes:
    page = make.text(60, 80, LIAISON.title) + make.table([list(row) for row in rows])
    return make.file(make.Page(page, annotations=annotations))


def sticky(words: str) -> str:
    return make.annotation("Text", make.rectangle(300, 300, 320, 320), f"/Contents {make.string(words)}")


FILES = {
    "附件2.docx": lambda *remarks: docx_remarked(LIAISON.title, ROWS, *remarks),
    "附件2.xlsx": lambda *remarks: xlsx_remarked((("", LIAISON.title), *ROWS), *remarks),
    "附件2.ods": lambda *remarks: ods_remarked(((LIAISON.title, ""), *ROWS), *remarks),
    "附件2.pdf": lambda *remarks: pdf(*map(sticky, remarks)),
}


@pytest.mark.parametrize("name", FILES)
def test_a_comment_with_another_number_sends_the_form_to_a_person_and_stays_out_of_its_values(name):
    form = only(FILES[name](REMARK), name)
    assert values(form) == OFFICER
    assert form.problems == (DOUBT,)
    assert REMARK not in repr(form.leftovers)


@pytest.mark.parametrize("name", FILES)
def test_a_harmless_comment_is_a_note_and_no_doubt(name):
    reading = read(FILES[name]("请填写全称"), name)
    assert [form.problems for form in reading.forms] == [()]
    assert Note(NoteCode.COMMENT, "请填写全称") in reading.notes
    assert reading.characters == read(FILES[name](), name).characters


def test_all_that_telling_comments_say_is_quoted_in_one_problem():
    form = only(docx_remarked(LIAISON.title, ROWS, "已阅", "王晓云已调离", REMARK))
    assert form.problems == (Problem(ProblemCode.AMBIGUOUS, given=f"王晓云已调离 / {REMARK}", detail=Doubt.COMMENTED),)


def test_a_blank_form_with_a_comment_stays_the_offices_own_form():
    blank = tuple((label, "") for label, _ in ROWS)
    assert [(form.blank, form.problems) for form in read(docx_remarked(LIAISON.title, blank, REMARK)).forms] == [
        (True, ())
    ]


def test_the_comment_is_the_first_doubt_that_the_clerk_is_told():
    """Of two doubts of one code about a whole form only the first is worded (`assess`)."""
    lines = [make.text(60, 80, LIAISON.title)]
    lines += [make.text(60, 100 + 20 * number, f"{label}：{value}") for number, (label, value) in enumerate(ROWS)]
    form = only(make.file(make.Page("".join(lines), annotations=[sticky(REMARK)])), "附件2.pdf")
    assert [problem.detail for problem in form.problems] == [Doubt.COMMENTED, Doubt.UNRULED]


def test_a_value_that_is_struck_out_in_a_pdf_is_missing_and_a_stroke_beside_it_is_a_doubt():
    def mark(x0, y0, x1, y1):
        return make.annotation("StrikeOut", make.rectangle(x0, y0, x1, y1))

    form = only(pdf(mark(175, 178, 235, 190)), "附件2.pdf")
    assert "mobile" not in values(form)
    assert form.problems == ()
    form = only(pdf(mark(400, 400, 440, 412)), "附件2.pdf")
    assert values(form) == OFFICER
    assert form.problems == (Problem(ProblemCode.AMBIGUOUS, detail=Doubt.STROKE),)


def test_what_comes_by_way_of_libreoffice_is_doubted_as_well():
    engines = GivenEngines(converted=Converted(docx_remarked(LIAISON.title, ROWS, REMARK), "test"))
    reading = read(b"{\\rtf1 x}", "附件2.rtf", engines=engines)
    assert [form.problems for form in reading.forms] == [(DOUBT,)]


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "更正：手机为新号",
        "改为李四",
        "号码改成办公室的",
        "手机已改",
        "这个要改",
        "改一下",
        "换了",
        "作　废 了",
        "已停用",
        "作废",
        "以盖章件为准",
        "以附件2的电话为准。",
        "应为李四",
        "应是副主任",
        "应该是女",
        "写错了",
        "错",
        "此处有误",
        "已调离",
        "林一二调走了",
        "已退休",
        "不再担任",
        "已不在本单位",
        "请用新号码",
        "请更换联系人",
        "请打办公室电话",
        "删",
        "删除此人",
        "取消",
        "待定",
        "待核",
        "待核实",
        "请核实",
        "需核实",
        "职务有变动",
        "联系人变更",
        "不是这个号",
        "原号码不用了",
        "旧号",
        "请找李四",
        "现任主任",
        "暂定",
        "重新填报",
        "电话不对",
        "与附件不符",
        "此号打不通",
        "已轮岗",
        "已借调",
        "后续由办公室负责",
        "不参加了",
        "换届后再定",
        "性别应女",
        "少了一位",
        "漏了一个人",
        "加上王五",
        "另加一名",
        "改",
    ],
)
def test_words_that_take_a_value_back(text):
    assert takes_back(text)
    assert may_change_a_value(text)


@pytest.mark.parametrize(
    "text",
    [
        "请填写全称",
        "已阅",
        "同意",
        "收到",
        "填写单位全称，不要用简称",
        "11位手机号",
        "此项必填",
        "不是必填",
        "请用黑色签字笔填写",
        "请使用全称",
        "请勿修改表格格式",
        "请勿删除本行",
        "不得更改表样",
        "核实后填写",
        "已核实",
        "核对无误",
        "没错",
        "不错",
        "整改办公室",
        "区委改革办",
        "交换机房",
        "转换为PDF",
        "王主任 2025-05-20 已阅",
        "2025年5月20日 10:30 已阅",
        "附件2第3页",
        "共12人",
        "至少一人",
        "不对外公开",
        "不符合要求的将退回",
        "请勿漏填",
        "可另加页",
        "请如实填写",
        "此栏由主管部门填写",
        "单位名称要与公章一致",
        "如无请填“无”",
    ],
)
def test_words_that_change_nothing(text):
    assert not may_change_a_value(text)


@pytest.mark.parametrize(
    "text",
    [
        "13900000002",
        "139 0000 0002",
        "139-0000-0002",
        "１３９００００",
        "27391234",
        "短号66123",
        "a@example.com",
        "ａ＠example.com",
        "一三九零零零零",
        "是这个号吗？",
        "女?",
    ],
)
def test_a_number_an_address_or_a_question_may_change_a_value_though_nothing_is_taken_back(text):
    assert not takes_back(text)
    assert may_change_a_value(text)
