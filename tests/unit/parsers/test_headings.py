"""A heading names a form; a sentence that mentions it does not."""

import pytest

from parsers.headings import titles_of
from tests.builders.forms import FORMS

TITLES = titles_of(FORMS)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("某某区“安全生产月”活动联络员反馈表", "liaison"),
        ("附件2：联络员反馈表", "liaison"),
        ("附件1 意向报名表", "registration"),
        ("2025年安全生产月活动总结", "summary"),
        ("联络员反馈表（盖章）", "liaison"),
    ],
)
def test_headings(text, form):
    assert TITLES.heading(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "现将联络员反馈表报送你办，请查收。",
        "附件2联络员反馈表已填好",
        "请填写意向报名表",
        "附件:1.意向报名表;",
        "关于报送联络员反馈表的通知",
        "意向报名表、联络员反馈表",
        "姓名",
        "",
    ],
)
def test_sentences_and_lists_are_no_headings(text):
    assert TITLES.heading(text) is None


def test_two_forms_in_one_title_name_neither():
    assert TITLES.named("报名表和活动总结") is None
    assert TITLES.named("典型案例活动总结") is None


def test_a_file_name_names_a_form():
    assert TITLES.named("青石镇联络员反馈表（已填）.docx") == "liaison"
    assert TITLES.named("新建 Microsoft Word 文档.docx") is None
