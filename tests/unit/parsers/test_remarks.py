"""Notes and hints are told from values."""

import pytest

from parsers.remarks import is_covering, is_hint, is_note, is_rule, is_sample, is_sign_off, note_goes_on, without_hints
from tests.builders.forms import NOTE


@pytest.mark.parametrize(
    "text",
    [
        NOTE,
        "注:请于530日前将此表电子档发送至邮箱:office@unit.example.com",
        "填表说明：1.本表由各单位填写。",
        "备注：如有变动请及时告知",
        "（注：手机须为本人号码）",
        "※ 说明：以下各项均须填写",
        "请各单位于5月30日前反馈。",
        "此表一式两份",
        "填报须知",
    ],
)
def test_notes(text):
    assert is_note(text)


@pytest.mark.parametrize(
    "text", ["备注", "注", "说明", "本表演由职工演出", "张三", "小品《注意安全》", "青石镇人民政府", "联系人：张三"]
)
def test_values_and_labels_are_no_notes(text):
    assert not is_note(text)


def test_a_note_that_breaks_off_goes_on_in_the_next_line():
    assert note_goes_on("注：请将此表发送至")
    assert not note_goes_on("注：请于5月30日前报送。")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "（请填写）",
            "请填写详细地址",
            "必填",
            "（选填）",
            "例：abc@unit.example.com",
            "如：张三",
            "示例：13900000000",
            "（11位手机号）",
        ),
        *(
            "11位手机号码",
            "点击或轻触此处输入文字",
            "单击此处输入文字。",
            "（盖章）",
            "（单位公章）",
            "请在方框内打√",
            "不超过200字",
            "【请注明区号】",
        ),
        *("填写单位全称", "（没有可不填）", "格式：0595-xxxxxxxx"),
    ],
)
def test_hints(text):
    assert is_hint(text)


@pytest.mark.parametrize(
    "text",
    [
        "张三",
        "13805950001",
        "小品《请安全回家》",
        "中山路12号",
        "（张三）",
        "是",
        "如意镇",
        "青石镇人民政府（盖章）",
        "例会制度宣讲",
    ],
)
def test_values_are_no_hints(text):
    assert not is_hint(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("13805950001（11位手机号）", "13805950001"),
        ("青石镇人民政府（盖章）", "青石镇人民政府"),
        ("张三（主任）", "张三（主任）"),
        ("(0595)27391234", "(0595)27391234"),
    ],
)
def test_a_hint_beside_a_value_is_cut_off(text, left):
    assert without_hints(text) == left


@pytest.mark.parametrize("text", ["例", "示例", "（例）", "例：张三", "（示例）李四"])
def test_samples(text):
    assert is_sample(text)


def test_a_name_that_begins_like_a_sample_is_none():
    assert not is_sample("如意")


@pytest.mark.parametrize(
    "text", ["--", "此致", "敬礼！", "谢谢！", "发自我的iPhone", "----- 原始邮件 -----", "发件人: 张三"]
)
def test_sign_offs(text):
    assert is_sign_off(text)


@pytest.mark.parametrize("text", ["姓名：张三", "您好！", "谢安"])
def test_what_begins_a_letter_is_no_sign_off(text):
    assert not is_sign_off(text)


def test_rules_and_covering_words():
    assert is_rule("__________")
    assert not is_rule("2025-05-28")
    assert is_covering("报名表见附件，请查收")
