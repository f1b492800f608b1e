"""Which text is the body, which of two alternatives is read, and what of it is handed in."""

import pytest

from intake.bodies import read_bodies
from intake.structure import walk
from tests.builders.mail import attached, attachment, html, mail, multipart, part, text, web_mail

TABLE = "<table><tr><td>手机</td><td>13900000001</td></tr></table>"
QUOTED = "-----原始邮件-----\n发件人：李青\n发送时间：2025-05-29\n\n手机：13900000002"


def bodies(entity, **more):
    return read_bodies(walk(mail(entity, **more)))


def body(entity, **more):
    (one,) = bodies(entity, **more)
    return one


def test_of_two_alternatives_the_text_is_read():
    one = body(multipart("alternative", text("手机：13900000001"), html("<p>手机：13900000001</p>")))
    assert (one.path, one.text, one.html, one.quoted) == ("1", "手机：13900000001", "", "")


def test_html_with_a_table_is_read_as_html():
    one = body(multipart("alternative", text("手机 13900000001"), html(TABLE)))
    assert one.path == "2"
    assert one.html == TABLE
    assert one.text == "手机\t13900000001"


def test_html_is_read_where_it_gives_another_number():
    both = multipart("alternative", text("手机：13900000001"), html("<p>手机：13900000002</p>"))
    assert body(both).text == "手机：13900000002"
    same = multipart("alternative", text("手机：13900000001"), html("<p>手机：<b>13900000001</b></p>"))
    assert body(same).html == ""


def test_html_alone_is_read_as_html():
    one = body(html("<p>请查收</p>"))
    assert (one.path, one.text) == ("1", "请查收")
    assert one.html == "<p>请查收</p>"


def test_html_is_read_where_the_text_says_nothing():
    assert body(multipart("alternative", text(" \r\n"), html("<p>请查收</p>"))).text == "请查收"
    assert body(multipart("alternative", text(" \r\n"), html("<p>&nbsp;</p>"))).path == "1"


def test_html_is_read_where_only_it_shows_the_quotation():
    marked = f'<p>请查收</p><blockquote id="isReplyContent">{TABLE}</blockquote>'
    one = body(multipart("alternative", text("请查收\n手机 13900000001"), html(marked)))
    assert one.text == "请查收"
    assert "13900000001" not in one.html
    assert "13900000001" in one.quoted


def test_a_table_that_is_only_quoted_is_no_reason_to_read_html():
    one = body(multipart("alternative", text(f"请查收\n{QUOTED}"), html(f"<p>请查收</p>-----原始邮件-----{TABLE}")))
    assert one.path == "1"
    assert one.text == "请查收"


@pytest.mark.parametrize(
    ("charset", "label"),
    [
        ("gb18030", "gb2312"),
        ("gb18030", "GBK"),
        ("gb18030", ""),
        ("utf-8", ""),
        ("utf-8", "x-nonsense"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", ""),
    ],
)
def test_a_body_is_decoded_whatever_its_label(charset, label):
    words = "联络员：陶喆，镇安办，手机 13900000001"
    one = body(text(words, charset=charset, label=label or '""'))
    assert one.text == words
    assert not one.damaged


def test_the_charset_in_the_html_serves_where_the_mail_names_none():
    source = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><body>陶喆</body></html>'
    one = body(part("text/html", source.encode("gb18030")))
    assert one.text == "陶喆"
    assert one.certain


def test_a_wrong_label_is_uncertain_and_lost_bytes_are_damage():
    assert not body(text("联络员反馈表", charset="utf-8", label="gb2312")).certain
    assert body(part("text/plain; charset=utf-8", "联络员".encode() + b"\xff\xff")).damaged


def test_invisible_characters_do_not_pass():
    assert body(text("手机：\u202d13900000001\u202c\x00\ufeff")).text == "手机：13900000001"


def test_soft_line_ends_of_flowed_text_are_joined():
    flowed = "通信地址：青石镇人民路 \r\n1号\r\n手机：1\r\n> 引 \r\n> 文"
    one = body(text(flowed, parameters="; format=flowed; delsp=yes"))
    assert one.text == "通信地址：青石镇人民路1号\n手机：1"
    assert one.quoted == "> 引文"
    assert body(text("a \r\nb", parameters="; format=flowed")).text == "a b"
    assert body(text("a \r\nb")).text == "a \nb"


def test_text_around_an_attachment_is_all_body():
    """Apple Mail divides a text where a file was dropped into it."""
    found = bodies(multipart("mixed", text("前"), attachment("a.docx", b"x"), text("后")))
    assert [(one.path, one.text) for one in found] == [("1", "前"), ("3", "后")]


def test_an_attached_text_is_no_body():
    found = bodies(
        multipart(
            "mixed",
            text("正文"),
            part('text/plain; name="报名表.txt"', "手机：1".encode()),
            part("text/html", b"<p>x</p>", disposition="attachment"),
            part("text/csv", b"a,b"),
        )
    )
    assert [one.path for one in found] == ["1"]


def test_an_attached_message_has_a_body_of_its_own():
    raw = web_mail("请看", attached(web_mail("领导好", subject="转发：x")))
    found = read_bodies(walk(raw))
    assert [(one.path, one.enclosing, one.text) for one in found] == [("1.1", "", "请看"), ("2/1", "2", "领导好")]


def test_what_a_bounce_returns_is_no_body():
    report = multipart(
        "report", text("退信"), part("message/delivery-status", b"x", encoding=""), attached(mail(text("催报")))
    )
    assert [one.text for one in bodies(report)] == ["退信"]


# --- forwards --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["转发：联络员反馈表", "Fw: x", "Fwd：x"])
def test_the_original_of_a_forward_is_handed_in(subject):
    one = body(text(f"请收\n{QUOTED}"), subject=subject)
    assert one.forwarded
    assert one.text == "请收"
    assert "13900000002" in one.quoted


def test_the_original_of_an_answer_is_not():
    assert not body(text(f"请收\n{QUOTED}"), subject="回复：联络员反馈表").forwarded
    assert not body(text(f"请收\n{QUOTED}"), subject="联络员反馈表").forwarded


def test_a_quotation_that_calls_itself_a_forward_is_one():
    assert body(text("请收\n-------- 转发邮件信息 --------\n发件人：x\n手机：1"), subject="联络员").forwarded


def test_a_forward_of_our_own_letter_hands_in_nothing():
    own = "请收\n-------- 转发邮件信息 --------\n发件人：区安办\n主题：【已收到】联络员反馈表〔2025-0042〕\n手机：13900000002"
    assert not body(text(own), subject="转发：【已收到】联络员反馈表〔2025-0042〕").forwarded
    assert body(text(own.replace("〔2025-0042〕", "〔2025〕32号")), subject="转发：x").forwarded


def test_a_forward_without_an_original_hands_in_nothing_more():
    assert not body(text("请收"), subject="转发：x").forwarded


def test_the_html_of_a_forward_keeps_its_table():
    source = f"<p>请收</p><div>-------- 转发邮件信息 --------</div>{TABLE}"
    one = body(html(source), subject="转发：x")
    assert one.forwarded
    assert TABLE in one.quoted_html
    assert TABLE not in one.html


# --- links -----------------------------------------------------------------------------------------------------------

LINK = '<a href="https://mail.163.com/large-attachment-download/index.html?p=1">反馈表.docx</a>'


def test_cloud_links_of_the_sender_are_told_and_quoted_ones_are_not():
    assert [link.name for link in body(html(f"<p>请收</p>{LINK}")).links] == ["反馈表.docx"]
    quoted = f'<p>请收</p><blockquote id="isReplyContent">{LINK}</blockquote>'
    assert body(html(quoted)).links == ()
    assert [link.name for link in body(html(quoted), subject="转发：x").links] == ["反馈表.docx"]


def test_cloud_links_are_found_in_the_html_though_the_text_is_read():
    one = body(multipart("alternative", text("请收"), html(f"<p>请收</p>{LINK}")))
    assert one.path == "1"
    assert [link.name for link in one.links] == ["反馈表.docx"]


def test_pictures_inside_the_source_do_not_push_the_words_out():
    source = "<img src='data:image/png;base64," + "A" * 3_000_000 + "'><p>手机：13900000001</p>"
    assert body(html(source)).text == "手机：13900000001"


def test_a_text_longer_than_anybody_writes_is_cut_and_says_so():
    one = body(text("x" * 1_000_001))
    assert len(one.text) == 1_000_000
    assert one.cut
    assert not body(text("x" * 1_000_000)).cut


def test_all_bodies_together_are_bounded():
    found = bodies(multipart("mixed", *[text("x" * 900_000) for _ in range(5)]))
    assert [len(one.text) for one in found] == [900_000, 900_000, 900_000, 300_000, 0]
    assert [one.cut for one in found] == [False, False, False, True, True]


def test_the_pictures_that_the_html_shows_are_named():
    assert body(multipart("alternative", text("x"), html("<img src='cid:logo@1'>"))).cids == {"logo@1"}
