"""What the sender wrote is told from what he quotes, as the mail programs of China mark it."""

import time

import pytest

from intake.page import read_page
from intake.quotes import below_letter, is_forward, split_html, split_text

OWN = "联系人已换。\n手机：13900000001"
ORIGINAL = "贵单位报送的反馈表已收到。\n手机：13900000002"

QUOTATIONS = {
    "netease": f'在 2025-05-29 10:00:00，"区安办" <office@example.org> 写道：\n\n{ORIGINAL}',
    "netease, marked": '在 2025-05-29 10:00:00，"区安办" <office@example.org> 写道：\n>'
    + ORIGINAL.replace("\n", "\n>"),
    "netease, old": f'At 2025-05-29 10:00:00,"office" <office@example.org> wrote:\n{ORIGINAL}',
    "netease master": f"---- 回复的原邮件 ----\n| 发件人 | 区安办 |\n| 发送日期 | 2025年5月29日 |\n{ORIGINAL}",
    "netease forward": f'-------- 转发邮件信息 --------\n发件人："x" <x@example.com>\n发送日期：2025-05-29\n{ORIGINAL}',
    "dashes": f"-----原始邮件-----\n发件人:区安办\n{ORIGINAL}",
    "coremail": f"-----原始邮件-----\n发件人:区安办 <office@example.org>\n发送时间:2025-05-29 10:00:00 (星期四)\n收件人: x\n主题: y\n{ORIGINAL}",
    "qq": f'------------------ 原始邮件 ------------------\n发件人: "区安办" <office@example.org>;\n发送时间: 2025年5月29日\n{ORIGINAL}',
    "qq, entities": f"------------------&nbsp;原始邮件&nbsp;------------------\n{ORIGINAL}",
    "outlook": f"发件人: 区安办 <office@example.org>\n发送时间: 2025年5月29日 10:00\n收件人: x\n主题: y\n\n{ORIGINAL}",
    "outlook, wide colons": f"发件人：区安办\n发送时间：2025年5月29日\n收件人：x\n主题：y\n{ORIGINAL}",
    "outlook, english": f"From: office <office@example.org>\nSent: Thursday, May 29, 2025 10:00\nTo: x\nSubject: y\n{ORIGINAL}",
    "outlook, dashes": f"-----Original Message-----\nFrom: office\n{ORIGINAL}",
    "apple": "在 2025年5月29日，10:00，区安办 <office@example.org> 写道：\n> " + ORIGINAL.replace("\n", "\n> "),
    "apple, wrapped": "在 2025年5月29日，10:00，区安办\n<office@example.org> 写道：\n\n> "
    + ORIGINAL.replace("\n", "\n> "),
    "apple forward": f"下面是被转发的邮件：\n\n发件人: 区安办\n日期: 2025年5月29日\n{ORIGINAL}",
    "gmail": f"区安办 <office@example.org> 于2025年5月29日周四 10:00写道：\n\n{ORIGINAL}",
    "gmail, english": f"On Thu, May 29, 2025 at 10:00 AM office <office@example.org> wrote:\n\n{ORIGINAL}",
    "gmail forward": f"---------- Forwarded message ---------\nFrom: office\n{ORIGINAL}",
    "bare marks": "> " + ORIGINAL.replace("\n", "\n> "),
}


@pytest.mark.parametrize("name", QUOTATIONS)
def test_a_quotation_of_every_program_is_cut_off(name):
    split = split_text(f"{OWN}\n\n\n{QUOTATIONS[name]}\n")
    assert split.own.strip() == OWN
    assert "13900000002" in split.quoted
    assert "13900000001" not in split.quoted


@pytest.mark.parametrize("name", [name for name in QUOTATIONS if name != "bare marks"])  # HTML marks with elements
def test_the_same_in_html(name):
    lines = "".join(f"<div>{line}</div>" for line in QUOTATIONS[name].replace("<", "&lt;").split("\n"))
    source = f"<html><body><div>{OWN}</div><div><br></div>{lines}</body></html>"
    split = split_html(source, read_page(source))
    assert "13900000001" in split.own
    assert "13900000002" not in split.own
    assert "13900000002" in split.quoted


@pytest.mark.parametrize("name", [name for name in QUOTATIONS if "forward" in name])
def test_a_forward_says_so_itself(name):
    assert split_text(f"{OWN}\n{QUOTATIONS[name]}").forward
    assert divided(f"{OWN}<br>{QUOTATIONS[name].replace('<', '&lt;').replace(chr(10), '<br>')}").forward


def test_an_answer_s_quotation_does_not_say_that_it_forwards():
    assert not split_text(f"{OWN}\n{QUOTATIONS['qq']}").forward
    assert not divided(f"{OWN}<br>{QUOTATIONS['dashes'].replace(chr(10), '<br>')}").forward


def test_behind_a_line_of_dashes_all_is_quoted_whatever_elements_follow():
    source = f"<div>-----原始邮件-----</div><blockquote type='cite'>x</blockquote><p>{ORIGINAL}</p>"
    assert read_page(divided(source).own).text() == ""


@pytest.mark.parametrize(
    "words",
    [
        OWN,
        "单位：青石镇人民政府\n发件人：王某\n手机：13900000001",  # a word of a form
        "领导批示写道：请各单位抓紧。\n手机：13900000001",
        "发件人：王某\n日期：5月29日\n手机：13900000001",
        "会议时间：2025年5月29日\n主题：安全生产\n日期：周四",
        "--\n王某\n青石镇人民政府",
        "------------------\n一、基本情况\n------------------",
        "原始邮件在附件里",
        "请把转发邮件信息告诉我",
        "a > b\n1 -> 2",
        "",
    ],
)
def test_own_words_are_not_taken_for_a_quotation(words):
    split = split_text(words)
    assert split.own == words
    assert split.quoted == ""
    source = "".join(f"<p>{line}</p>" for line in words.replace(">", "&gt;").split("\n"))
    assert split_html(source, read_page(source)).quoted == ""


def test_an_answer_below_the_quotation_is_found():
    below = "在 2025-05-29 10:00:00，office 写道：\n> 手机：13900000002\n> 此致\n\n手机：13900000001"
    split = split_text(below)
    assert split.own.strip() == "手机：13900000001"
    assert "13900000002" in split.quoted


def test_lines_marked_among_own_words_are_quoted():
    split = split_text("> 手机号码是？\n13900000001\n> 单位是？\n青石镇")
    assert split.own == "13900000001\n青石镇"


# --- elements --------------------------------------------------------------------------------------------------------


def divided(source):
    return split_html(source, read_page(source))


@pytest.mark.parametrize(
    "element",
    [
        '<blockquote id="isReplyContent" style="margin:0">{}</blockquote>',
        '<div id="isReplyContent"><div>{}</div></div>',
        '<blockquote type="cite">{}</blockquote>',
        '<div class="gmail_quote">{}</div>',
        "<div class='yahoo_quoted' id=x>{}</div>",
        "<div id=divRplyFwdMsg>{}</div>",
        '<div id="ntes-pcmail-quote">{}</div>',
    ],
)
def test_elements_that_only_quote_are_cut_off(element):
    split = divided(f"<div>{OWN}</div>" + element.format(f"<p>{ORIGINAL}</p>"))
    assert "13900000001" in split.own
    assert "13900000002" not in split.own
    assert "13900000002" in split.quoted


def test_an_indented_form_is_no_quotation():
    source = f"<div>如下</div><blockquote style='margin-left:40px'><p>{OWN}</p></blockquote>"
    assert divided(source).quoted == ""
    assert divided(f'<div class="qmbox"><p>{OWN}</p></div>').quoted == ""


def test_a_blockquote_that_a_cue_introduces_is_one():
    source = (
        f"<div>{OWN}</div><div>在 2025-05-29 10:00:00，office 写道：</div><blockquote><p>{ORIGINAL}</p></blockquote>"
    )
    assert "13900000002" not in divided(source).own
    head = "<b>发件人：</b>office<br><b>发送时间：</b>2025-05-29<br><b>收件人：</b>x<br><b>主题：</b>y<br>"
    source = f"<div>{OWN}</div><blockquote><div>{head}</div><p>{ORIGINAL}</p></blockquote>"
    assert "13900000002" not in divided(source).own


def test_the_line_that_introduces_and_the_original_are_one_quotation_in_two_elements():
    head = '<div class="moz-cite-prefix">在 2025/5/29 10:00, 区安办 写道:<br></div>'
    original = f'<blockquote type="cite" cite="mid:1@example.org">{ORIGINAL.replace(chr(10), "<br>")}</blockquote>'
    split = divided(f"{head}{original}<p>手机：13900000001</p>")
    assert ("13900000001" in split.own, "13900000002" in split.own) == (True, False)
    between = divided(f"{head}{original}<p>手机：13900000001</p>{original}<p>谢谢</p>")
    assert "13900000002" not in between.own


def test_an_answer_below_a_quoting_element_is_found():
    source = f'<blockquote type="cite"><div><blockquote>{ORIGINAL}</blockquote></div></blockquote><p>{OWN}</p>'
    split = divided(source)
    assert "13900000001" in split.own
    assert "13900000002" not in split.own


def test_a_quotation_alone_leaves_no_own_words():
    source = f'<div><br></div><blockquote id="isReplyContent">{ORIGINAL}</blockquote>'
    assert read_page(divided(source).own).text() == ""


def test_both_parts_together_are_the_whole():
    source = f"<table><tr><td>{OWN}</td></tr></table><hr>-----原始邮件-----<br>{ORIGINAL}"
    split = divided(source)
    assert split.own + split.quoted == source


@pytest.mark.parametrize("subject", ["转发：反馈表", "转发:反馈表", "Fw: x", "FWD：x", " fwd:x", "轉寄: x"])
def test_a_forward_is_known_by_its_subject(subject):
    assert is_forward(subject)


@pytest.mark.parametrize("subject", ["反馈表", "回复：转发：x", "Re: Fw: x", "关于转发：的通知", "", "转发通知"])
def test_other_subjects_are_no_forward(subject):
    assert not is_forward(subject)


@pytest.mark.parametrize(
    "text",
    [
        "发件人：" * 200_000,
        "发件人：\n" * 50_000,
        "写道：\n" * 50_000,
        "写道" + " " * 500_000 + "x",
        "-" * 500_000,
        "--\n" * 200_000,
        ">" * 500_000,
    ],
)
def test_hostile_texts_take_linear_time(text):
    started = time.process_time()
    split_text(text)
    split_html(text, read_page(text))
    assert time.process_time() - started < 3


ANSWER = "手机：13900000001"
UNMARKED = [name for name in QUOTATIONS if "forward" not in name]


@pytest.mark.parametrize("name", UNMARKED)
def test_what_stands_below_our_whole_letter_is_the_senders_own(name):
    assert below_letter(f"{QUOTATIONS[name]}\n\n{ANSWER}\n", ORIGINAL) == ANSWER


def test_other_blanks_and_line_ends_make_no_other_letter():
    assert below_letter(f"\ufeff贵单位报送的\n反馈表 已收到。\u3000手机：139\n00000002\n{ANSWER}", ORIGINAL) == ANSWER


HEAD = '在 2025-05-29 10:00:00，"区安办" <office@example.org> 写道：\n'


@pytest.mark.parametrize(
    "quoted",
    [
        f"{HEAD}{ORIGINAL.replace('00002', '00009')}\n{ANSWER}",  # not our words
        f"{HEAD}{ORIGINAL[4:]}\n{ANSWER}",  # not all of them
        f"{HEAD}{ORIGINAL}\n{ORIGINAL}\n{ANSWER}",
        f"{HEAD}{ORIGINAL}已停用\n{ANSWER}",  # on our line
        f"{HEAD}手机：13900000003\n{ORIGINAL}\n{ANSWER}",  # an earlier answer, quoted
        f"手机：13900000003\n{ORIGINAL}\n{ANSWER}",
        f"{HEAD}{ORIGINAL}\n> {ANSWER}",  # quoted like the letter
        f"{HEAD}{ORIGINAL}\n-----原始邮件-----\n{ANSWER}",  # an older mail under ours
        f"{HEAD}{ORIGINAL}\n\n",
        f"{HEAD}{ORIGINAL}\n\n-- \n林小满\n{ANSWER}",  # only a signature
        f"{HEAD}{ANSWER}",
    ],
)
def test_nothing_is_taken_from_below_a_letter_that_is_not_ours_whole_or_from_what_is_quoted(quoted):
    assert below_letter(quoted, ORIGINAL) == ""
    assert below_letter(quoted, "") == ""
