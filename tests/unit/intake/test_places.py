"""Places and rules as a clerk reads them."""

import pytest

from intake.identify import Source
from intake.places import place_words, rule_words


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("table 1, R2C3", "表1第2行第3列"),
        ("page 2, table 1, R4C2", "第2页表1第4行第2列"),
        ("page 1, line 7", "第1页第7行"),
        ("page 1, line 7, box 118,90-560,121", "第1页第7行"),
        ("page 1, table 1, R2C4, box 310,200-480,240", "第1页表1第2行第4列"),
        ("表.jpg: page 1, table 1, R2C4, box 310,200-480,240", "“表.jpg”，第1页表1第2行第4列"),
        ("Sheet1!B3", "Sheet1工作表 B3"),
        ("row 9, C1", "第9行第1列"),
        ("para 7", "第7段"),
        ("line 3", "第3行"),
        ("message 7: table 1, R2C4", "第7号来件，表1第2行第4列"),
        ("反馈表.pdf: page 1, table 1, R2C2", "“反馈表.pdf”，第1页表1第2行第2列"),
        ("body: line 3", "邮件正文，第3行"),
        ("by hand: 王芳 5月29日11:00", "经办人填写（王芳 5月29日11:00）"),
        ("message 7: by hand: 王芳 5月29日11:00", "第7号来件，经办人填写（王芳 5月29日11:00）"),
        ("paper: 王芳 5月29日11:00", "纸质件（王芳 5月29日11:00）"),
        ("file name", "文件名"),
        ("title", "标题"),
        ("subject", "邮件主题"),
        ("signature", "落款或发件人名称"),
        ("letter", "所回复的信件"),
        ("sender", "发件邮箱"),
        ("document", "全文"),
        ("header, para 1", "页眉第1段"),
        ("header 2, table 1, R1C2", "页眉2表1第1行第2列"),
        ("text box 1, para 2", "文本框1第2段"),
        ("loose text box 2, table 1, R2C2", "文本框2表1第2行第2列"),
        ("", ""),
        ("somewhere else", "somewhere else"),
    ],
)
def test_a_place_is_told_as_people_count(place, words):
    assert place_words(place) == words


@pytest.mark.parametrize("source", Source)
def test_every_source_of_a_unit_has_words_as_a_place_and_as_a_rule(source):
    """`assess` writes them into the reading of a free document's unit; `field` stands in the form itself."""
    if source is not Source.FIELD:
        assert place_words(source.replace("_", " ")).isascii() is False
        assert rule_words(source).isascii() is False


def test_rules_are_told_in_words_and_unknown_ones_stay():
    assert rule_words("right") == "栏目右边一格"
    assert rule_words("something") == "something"
