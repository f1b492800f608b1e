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


@pytest.mark.parametrize(
    "title",
    [
        "某某区“119”消防宣传月活动意向报名表",
        "2025年防汛防台风应急演练活动报名表",
        "全区职工消防运动会报名表",
        "青石镇防汛工作联络员反馈表",
        "禁毒宣传联络员信息表",
        "“质量月”活动联络员反馈表",
    ],
)
def test_a_title_that_ends_like_ours_and_speaks_of_another_subject_is_another_campaigns(title):
    assert TITLES.is_other_occasion(title)


@pytest.mark.parametrize(
    "title",
    [
        "联络员反馈表",
        "青石镇人民政府“安全生产月”活动联络员反馈表",
        "消防救援大队“安全生产月”活动联络员反馈表",
        "消防救援大队联络员反馈表",
        "青石镇联络员反馈表（定稿）",
        "2025年安全月联络员反馈表",
        "第24个全国安全生产月联络员反馈表",
        "各成员单位联络员信息表",
        "党员信息表",
    ],
)
def test_units_years_abbreviations_and_words_of_any_campaign_make_a_title_no_other(title):
    assert not TITLES.is_other_occasion(title)


def test_a_persons_name_in_a_file_name_is_no_other_subject():
    assert not TITLES.is_other_occasion("林晓云联络员反馈表.docx", file_name=True)
    assert TITLES.is_other_occasion("防汛联络员反馈表.docx", file_name=True)
