"""A link where a file should be is recognised by host, markup or words, and an ordinary link is not."""

import pytest

from intake.links import links_in_page, links_in_text
from intake.model import CloudLink
from intake.page import read_page


def in_html(source):
    return links_in_page(read_page(source), 0, len(source))


@pytest.mark.parametrize(
    ("source", "link"),
    [
        (
            '<a href="https://mail.163.com/large-attachment-download/index.html?p=x">反馈表.docx</a> (80.96M, 2026年8月17日 0:49 到期)',
            CloudLink("反馈表.docx", "mail.163.com"),
        ),
        (
            '<a href="http://dashi.163.com/html/cloud-attachment-download/?key=x">a.docx</a>',
            CloudLink("a.docx", "dashi.163.com"),
        ),
        (
            '<a class="bigattach-mailmaster-download" href="https://other.example.com/x">a</a>',
            CloudLink("a", "other.example.com"),
        ),
        (
            '<div id="QQMailBigAttach"><a class="qqmailbgattach" expiretime="1" href="https://x.example.com/y">b</a></div>',
            CloudLink("b", "x.example.com"),
        ),
        ('<a href="https://wx.mail.qq.com/ftn/download?func=3">c.zip</a>', CloudLink("c.zip", "wx.mail.qq.com")),
        ('<a href="http://mail.qq.com/cgi-bin/ftnExs_download?k=x">d</a>', CloudLink("d", "mail.qq.com")),
        ('<a href="https://pan.baidu.com/s/1abc">https://pan.baidu.com/s/1abc</a>', CloudLink("", "pan.baidu.com")),
        ('<a href="https://www.alipan.com/s/x">材料</a>', CloudLink("材料", "www.alipan.com")),
    ],
)
def test_a_cloud_link_is_found_in_html(source, link):
    assert in_html(f"<p>见附件</p>{source}") == (link,)


def test_the_words_alone_tell_that_a_file_is_missing():
    assert in_html("<div>从网易163邮箱发来的超大附件</div>") == (CloudLink("", ""),)
    assert links_in_text("从QQ邮箱发来的超大附件\n\na.zip (100M)") == (CloudLink("", ""),)


def test_a_cloud_link_is_found_in_plain_text():
    text = "材料在这里：https://pan.baidu.com/s/1abc 提取码 1234，谢谢"
    assert links_in_text(text) == (CloudLink("", "pan.baidu.com"),)


@pytest.mark.parametrize(
    "source",
    [
        "<a href='https://www.example.com/'>官网</a>",
        "<a href='https://mail.163.com/'>网易邮箱</a>",
        "<a href='https://pan.baidu.com.evil.example/s/1'>x</a>",
        "<a href='mailto:a@example.com'>a</a>",
        "<a href='javascript:pan.baidu.com/s/1'>x</a>",
        "<a class=bigattach href='cid:x'>x</a>",
        "<a href='http://[::1'>x</a>",
        "<p>超大附件发不出去，请问能否现场提交？</p>",
        "<p>请问附件要云附件吗</p>",
    ],
)
def test_an_ordinary_link_or_sentence_is_none(source):
    assert in_html(source) == ()


def test_links_outside_the_range_are_not_taken():
    source = '<p>x</p><a href="https://pan.baidu.com/s/1">a</a>'
    assert links_in_page(read_page(source), 0, 8) == ()


def test_a_link_given_twice_is_one():
    link = '<a href="https://pan.baidu.com/s/1">a</a>'
    assert len(in_html(link + link)) == 1
