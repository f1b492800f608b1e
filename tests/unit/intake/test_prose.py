"""Free documents: what names a form, which line is the heading, which lines are a signature."""

import pytest

from intake.model import PartPath, PartRole
from intake.pieces import Piece
from intake.prose import document_form, forms_named, signature_lines, title_reading, titled_for_now
from parsers.forms import Doubt, FieldReading, FormReading
from tests.builders.judging import CAMPAIGN, CASE, OFFICER, REPORT, file, prose


def piece(document, role=PartRole.ATTACHMENT):
    return Piece(PartPath("2"), role, PartPath(""), document)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("联络员反馈表.docx", ["officer"]),
        ("平安行活动联络员反馈表", ["officer"]),
        ("报送附件2", ["officer"]),
        ("附件 1：意向报名表", ["entry"]),
        ("附件21", []),
        ("报送报名表和活动总结", ["report", "entry"]),
        ("安全材料", []),
        ("“平安行”活动总结", ["report"]),
    ],
)
def test_a_text_names_forms(text, named):
    assert sorted(forms_named(text, CAMPAIGN)) == sorted(named)


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (("青石镇“平安行”活动总结",), "青石镇“平安行”活动总结"),
        (("附件3", "青石镇活动总结", "一、加强领导"), "青石镇活动总结"),
        (("青石镇人民政府关于", "“平安行”活动的总结"), "青石镇人民政府关于“平安行”活动的总结"),
        (("青石镇人民政府", "活动总结"), "活动总结"),
        (("活动总结", "青石镇人民政府"), "活动总结"),
        (("标题：青石镇活动总结",), "青石镇活动总结"),
        (("现将活动总结报送如下，请查收。",), "材料"),
    ],
)
def test_the_heading_is_the_title(head, title):
    reading = title_reading(piece(prose("材料.docx", *head)), REPORT)
    assert reading.value == title


def test_a_case_is_called_by_its_own_name():
    assert title_reading(piece(prose("a.docx", "典型案例", "某仓库私拉电线案")), CASE).value == "某仓库私拉电线案"
    assert title_reading(piece(prose("某仓库案.docx", "2025年6月3日，检查组发现隐患。")), CASE).value == "某仓库案"


@pytest.mark.parametrize(
    ("document", "subject", "form"),
    [
        (prose("材料.docx", "青石镇活动总结"), "材料", "report"),
        (prose("青石镇总结.docx", "工作情况"), "材料", "report"),
        (prose("新建文档.docx", "工作情况"), "报送活动总结", "report"),
        (prose("新建文档.docx", "工作情况"), "材料", None),
        (prose("活动总结.docx", "关于开展“平安行”活动的通知"), "", None),
        (prose("活动方案.docx", "“平安行”活动方案"), "活动总结", None),
        (file("活动总结.docx", head=("活动总结",), characters=20), "", None),
        (
            file("活动总结.docx", head=("活动总结", "现将本单位活动总结随文报送如下，请予查收并登记。"), characters=30),
            "",
            None,
        ),
        (
            file("活动总结.docx", head=("活动总结", "六月共检查企业十二家，隐患均已整改完毕，无事故。"), characters=30),
            "",
            "report",
        ),
        (file("活动总结.docx", head=("活动总结",), characters=900), "", "report"),
    ],
)
def test_which_document_it_is(document, subject, form):
    spec = document_form(piece(document), CAMPAIGN, subject=subject, alone=True)
    assert (None if spec is None else spec.id) == form


def test_the_subject_speaks_for_one_file_only():
    document = prose("新建文档.docx", "工作情况")
    assert document_form(piece(document), CAMPAIGN, subject="报送活动总结", alone=False) is None


def test_a_mails_text_needs_more_than_a_file():
    document = prose("", "青石镇活动总结", characters=200)
    assert document_form(piece(document, PartRole.BODY), CAMPAIGN, subject="", alone=False) is None


def test_signature_lines_are_short_and_name_no_place():
    lines = ("请查收，谢谢。", "青石镇安办", "地址：白沙镇某路", "报送单位：青石镇", "各乡镇人民政府", "2025年6月1日")
    assert signature_lines(lines) == ("青石镇安办", "青石镇", "2025年6月1日")


@pytest.mark.parametrize(
    ("spec", "title", "beside", "doubted"),
    [
        (OFFICER, "2024年“平安行”活动联络员反馈表", (), True),
        (OFFICER, "2025年“平安行”活动联络员反馈表", (), False),
        (OFFICER, "第24个全国“平安行”活动联络员反馈表", (), False),
        (REPORT, "某局防汛活动总结", ("工作总结.docx", "总结"), True),
        (REPORT, "某局防汛活动总结", ("平安行活动总结.docx", "总结"), False),
        (CASE, "2023年某仓库火灾典型案例", (), False),
    ],
)
def test_a_title_of_another_year_or_another_subject_is_shown_to_a_person(spec, title, beside, doubted):
    named = FieldReading("title", title, title, "", "line 1", "title")
    reading = FormReading(spec.id, title, (named,) if spec in {REPORT, CASE} else (), "table 1")
    told = titled_for_now(reading, spec, CAMPAIGN, beside=beside).problems
    assert [one.detail for one in told] == ([Doubt.OTHER_TITLE] if doubted else [])
