"""What short Chinese mails say: cues, and what looks like one and is none."""

import pytest

from intake import phrases


@pytest.mark.parametrize(
    "text",
    [
        "请问怎么填？",
        "请教一下，联络员要几个人",
        "想咨询一下报名表的要求",
        "附件打不开",
        "无法打开附件，请重发",
        "我单位需要报吗",
        "咨询日在哪里举办?",
        "没有收到附件",
    ],
)
def test_somebody_asks(text):
    assert phrases.asks(text)


@pytest.mark.parametrize(
    "text", ["参加安全宣传咨询日。", "如缺项请告知。", "如有问题请联系我", "请查收", "", "表已填好，妥否请示。"]
)
def test_nobody_asks(text):
    assert not phrases.asks(text)


@pytest.mark.parametrize(
    "text", ["请问是否收到？", "收到了吗？", "以上妥否？", "请查收，格式是否符合要求？", "如缺项请告知。"]
)
def test_politeness_beside_a_form_is_no_question(text):
    assert not phrases.asks_beside_a_form(text)


@pytest.mark.parametrize(
    "text", ["现场是否提供节目：否", "现场是否提供节目\t否\n节目概况 无", "性别 男\n是否参加 □是 ☑否"]
)
def test_the_answer_no_of_a_form_in_the_text_is_no_question(text):
    assert not phrases.asks_beside_a_form(text)


@pytest.mark.parametrize("text", ["表已填好。请问几点集合？", "另外节目时长有限制吗？", "请教一下附件1要不要报"])
def test_a_real_question_beside_a_form_is_one(text):
    assert phrases.asks_beside_a_form(text)


@pytest.mark.parametrize(
    "text", ["见附件", "附上填好的表", "反馈表在附件里，请查收。", "请领导过目", "随信附上，烦请查阅", "请收"]
)
def test_a_file_is_announced(text):
    assert phrases.speaks_of_attachment(text)


@pytest.mark.parametrize("text", ["收到", "章同志不在", "我镇不参加"])
def test_no_file_is_announced(text):
    assert not phrases.speaks_of_attachment(text)


@pytest.mark.parametrize(
    "text", ["我局无意向。", "经研究，我镇 暂无 联合举办的意向", "我单位不参加此次活动", "零报告", "没有意向，谢谢"]
)
def test_no_intent_is_said(text):
    assert phrases.says_no_intent(text)


@pytest.mark.parametrize("text", ["我局有意向参加", "意向报名表已填", "无意向的要回复吗？", "请问不参加可以吗？"])
def test_no_intent_is_not_said(text):
    assert not phrases.says_no_intent(text)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("无", True),
        ("无。\n发自我的iPhone", True),
        ("没有", True),
        ("我单位无", True),
        ("领导您好：\n本街道不涉及相关工作，特此说明。\n林小满", True),
        ("我镇没有此项内容，谢谢！", True),
        ("无需报送", True),
        ("无法打开附件", False),
        ("无\n附件2稍后再报", False),
        ("无？", False),
        ("我单位无联络员变动，表已报", False),
        ("不涉及的栏目已填无", False),
        ("您好", False),
        ("", False),
    ],
)
def test_a_bare_none(text, bare):
    assert phrases.says_bare_none(text) is bare


@pytest.mark.parametrize(
    "text",
    ["收到", "收到，谢谢！", "好的，辛苦了", "已收到，谢谢领导。\n林小满\n青石镇", "OK", "收到！\n\n发自我的华为手机"],
)
def test_thanks_are_put_away(text):
    assert phrases.is_courtesy(text)


@pytest.mark.parametrize(
    "text", ["收到，明天报送", "好的，请问电话多少", "", "林小满", "收到，但我镇没有此项", "谢谢，另附件有误请更换"]
)
def test_what_says_more_than_thanks_is_not_put_away(text):
    assert not phrases.is_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "我局已于11月29日用 jtj2@mail.example.com 发送，请查收。",
        "我镇已于昨天报送",
        "已发送至邮箱",
        "之前发过了",
        "已报，请查收。",
        "反馈表已报",
    ],
)
def test_already_sent(text):
    assert phrases.says_already_sent(text)


def test_not_yet_sent():
    assert not phrases.says_already_sent("明天报送")
    assert not phrases.says_already_sent("反馈表已报，见附件")


@pytest.mark.parametrize(("text", "bare"), [("", True), ("\n 。\n", True), ("发自我的iPhone", True), ("请查收", False)])
def test_a_text_without_a_word(text, bare):
    assert phrases.is_bare(text) is bare


def test_hostile_lengths_take_no_time():
    assert not phrases.is_courtesy("收" * 100_000)
    assert not phrases.says_already_sent("已" * 20_000)


@pytest.mark.parametrize(
    "text",
    [
        "我正在出差，无法及时回复。",
        "培训期间不能及时查看邮件，敬请谅解。",
        "此邮箱不再使用，请另发。",
        "您好，本邮箱已于2026年10月停止使用，请将邮件发送至新邮箱。",
        "您发送给 a@edu.example.cn 的邮件因疑似垃圾邮件已被网关隔离，如需放行请联系管理员。",
        "您发往本单位的邮件需要验证，请点击以下链接确认您不是机器人。",
        "您的来信我们已收到（工单号 88231）。",
        "This is an automatic reply, confirming that your e-mail was received.",
        "I am on annual leave.",
        "休假回来后处理。",
    ],
)
def test_a_note_of_absence_is_known_without_headers(text):
    assert phrases.is_absence_note(text)
    assert phrases.is_absence_note(f"{text}\n\n林小满\n青石镇人民政府安全办\n电话：0595-27390001\n手机：13900000001")


@pytest.mark.parametrize("text", ["已报送，请查收。", "邮件已及时查看。", "The form is on leaves 3 and 4."])
def test_other_mails_are_none(text):
    assert not phrases.is_absence_note(text)
