"""是/否 and 男/女 in all the ways they are given; what is unclear stays unclear."""

import pytest

from parsers.answers import GENDERS, YES_NO, Answer, chosen


def answer(text, **marks):
    return chosen(text, YES_NO, words=True, **marks)


@pytest.mark.parametrize(
    "text",
    [
        *("是", "有", "是的", "提供", "可以", "能提供", "Ｙ", "yes", "是。", "√", "☑"),
        *(
            "☑是 □否",
            "■是□否",
            "√是  □否",
            "是☑ 否□",
            "是☑ □否",
            "是√ 否",
            "√ 是 / 否",
            "□√是 □否",
            "是 √\n否",
            "是 √ \n 否",
            "●是 ○否",
            "☒是 ☐否",
        ),
        *("是（√） 否（ ）", "( √ )是 ( )否", "[x]是 [ ]否", "是(✔)/否()", "☑ 有　☐ 无"),
        *("可以提供小品一个", "是，提供小品1个", "能提供", "有1个节目", "现场可提供节目", "是（提供舞蹈）", "否× 是√"),
    ],
)
def test_yes(text):
    assert answer(text) is Answer.FIRST


@pytest.mark.parametrize(
    "text",
    [
        *("否", "无", "没有", "不", "不提供", "暂不提供", "no", "×", "否。"),
        *("□是 ☑否", "是□ 否☑", "是 √否", "是/否√", "( )是 (√)否", "是× 否√", "是×  否", "是\n√ 否"),
        *("不能提供", "无节目", "没有节目", "我单位无法提供节目", "我局不提供", "暂无节目安排", "提供□ 不提供☑"),
    ],
)
def test_no(text):
    assert answer(text) is Answer.SECOND


@pytest.mark.parametrize("text", ["", "是/否", "是 否", "□是 □否", "○是 ○否", "（ ）是 （ ）否", "是□否□"])
def test_a_printed_choice_without_a_mark_is_no_answer(text):
    assert answer(text) is Answer.NONE


@pytest.mark.parametrize(
    "text", ["☑是 ☑否", "是√否", "是 √ 否", "是\n√\n否", "不是不提供", "提供节目，不提供道具", "是，但不能现场提供"]
)
def test_two_answers_are_none(text):
    assert answer(text) is Answer.BOTH


@pytest.mark.parametrize("text", ["待定", "视情况", "小品《安全无小事》", "快板安全无小事", "消防功能展示", "另行通知"])
def test_other_words_are_neither(text):
    assert answer(text) is Answer.UNKNOWN


def test_an_underlined_option_is_chosen():
    assert answer("是 否", underlined=("否",)) is Answer.SECOND
    assert answer("是/否", underlined=("是",)) is Answer.FIRST


def test_a_line_under_both_says_nothing():
    assert answer("是 否", underlined=("是 否",)) is Answer.NONE


def test_a_struck_option_leaves_the_other():
    assert answer("是", struck=("否",)) is Answer.FIRST
    assert answer("/否", struck=("是",)) is Answer.SECOND


def test_both_struck_is_no_answer():
    assert answer("", struck=("是", "否")) is Answer.NONE


def test_mark_and_underline_that_disagree_are_told():
    assert answer("☑是 □否", underlined=("否",)) is Answer.BOTH


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("男", Answer.FIRST),
        ("女性", Answer.SECOND),
        ("□男 ☑女", Answer.SECOND),
        ("男√ 女", Answer.FIRST),
        ("男/女", Answer.NONE),
        ("先生", Answer.FIRST),
        ("保密", Answer.UNKNOWN),
        ("☑男 ☑女", Answer.BOTH),
    ],
)
def test_genders(text, wanted):
    assert chosen(text, GENDERS) is wanted


@pytest.mark.parametrize("text", ["是□ √否□", "是□√否□", "是 □ √ 否 □"])
def test_a_tick_between_the_box_of_the_first_option_and_the_second_option_is_asked_about(text):
    assert answer(text) is Answer.BOTH


@pytest.mark.parametrize("text", ["是□√ 否□", "□√是 □否", "是 □ √\n否 □"])
def test_a_tick_in_a_box_is_still_read_where_only_one_option_can_be_meant(text):
    assert answer(text) is Answer.FIRST


@pytest.mark.parametrize("text", ["□是 □√否", "是□ 否□√"])
def test_a_tick_in_the_second_options_box_is_still_a_no(text):
    assert answer(text) is Answer.SECOND
