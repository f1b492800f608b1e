"""A mail unpacked: roles, hashes, words, links, reports, remarks."""

import hashlib
import json

import pytest

from intake.mime import TEXT_CHARACTERS, payload, unpack, unpack_head
from intake.model import CloudLink, PartRole
from tests.builders.mail import (
    DOCX,
    Entity,
    attached,
    attachment,
    bounce,
    field,
    html,
    mail,
    multipart,
    nested_messages,
    nested_multiparts,
    part,
    picture,
    text,
    web_mail,
)

DATA = bytes(range(256)) * 4


def roles(raw):
    return {one.path: one.role for one in unpack(raw).parts}


def test_an_ordinary_mail_is_unpacked():
    unpacked = unpack(web_mail("您好，材料见附件。", attachment("附件2（喆）.docx", DATA), subject="联络员反馈表"))
    assert unpacked.head.subject == "联络员反馈表"
    assert unpacked.own_text == "您好，材料见附件。"
    assert unpacked.quoted_text == ""
    assert unpacked.defects == ()
    one = unpacked.parts[2]
    assert (one.path, one.name, one.type, one.role) == ("2", "附件2（喆）.docx", DOCX, PartRole.ATTACHMENT)
    assert (one.size_bytes, one.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert [(body.path, body.text, body.html) for body in unpacked.bodies] == [("1.1", "您好，材料见附件。", False)]


def test_the_payload_of_a_part_is_its_bytes():
    raw = web_mail("x", attachment("a.docx", DATA))
    assert payload(raw, "2") == DATA
    with pytest.raises(KeyError):
        payload(raw, "9")


@pytest.mark.parametrize(
    "entity",
    [
        part("application/msword", DATA, disposition="attachment"),  # nameless: invisible to imap-tools
        part("application/octet-stream", DATA, disposition=None),
        part('application/msword; name="a.doc"', DATA, disposition="inline"),
        part('image/jpeg; name="scan.jpg"', DATA, disposition='inline; filename="scan.jpg"'),  # iPhone
        part('application/ms-tnef; name="winmail.dat"', DATA, disposition="attachment"),
        part('text/plain; name="报名表.txt"', DATA, disposition="attachment"),
        part("nonsense", DATA, disposition="attachment"),
    ],
)
def test_whatever_may_hold_a_form_is_an_attachment(entity):
    raw = mail(multipart("mixed", text("x"), entity))
    assert roles(raw)["2"] is PartRole.ATTACHMENT
    assert payload(raw, "2") == DATA


def test_a_picture_that_the_html_shows_is_inline():
    related = multipart("related", html('<p>请收</p><img src="cid:logo@1">'), picture("logo@1", b"x" * 3_000))
    assert roles(mail(multipart("mixed", related, attachment("a.docx", DATA))))["1.2"] is PartRole.INLINE


def test_a_picture_that_nothing_shows_is_an_attachment():
    related = multipart("related", html('<img src="cid:other@1">'), picture("logo@1", b"x" * 3_000))
    assert roles(mail(related))["2"] is PartRole.ATTACHMENT


def test_a_photo_pasted_into_an_otherwise_empty_mail_is_what_is_handed_in():
    photo = picture("scan@1", b"x" * 200_000)
    related = multipart("related", html('<img src="cid:scan@1">'), photo)
    assert roles(mail(related))["2"] is PartRole.ATTACHMENT
    assert roles(mail(multipart("mixed", related, attachment("a.docx", DATA))))["1.2"] is PartRole.INLINE


def test_reports_calendars_and_returned_originals_are_neither_body_nor_attachment():
    unpacked = unpack(bounce(original=web_mail("回执", attachment("a.docx", DATA))))
    assert {one.path: one.role for one in unpacked.parts} == {
        "1": PartRole.BODY,
        "2": PartRole.REPORT,
        "3/1.1": PartRole.REPORT,
        "3/1.2": PartRole.REPORT,
        "3/2": PartRole.REPORT,
    }
    assert unpacked.own_text == "Undelivered"
    assert "回执" not in unpacked.quoted_text
    assert [report.recipient for report in unpacked.reports] == ["dead@unit.example.com"]
    invitation = multipart("alternative", text("会议"), part("text/calendar; method=REQUEST", b"BEGIN:VCALENDAR"))
    assert roles(mail(multipart("mixed", invitation, part('application/x; name="i.ICS"', b"x")))) == {
        "1.1": PartRole.BODY,
        "1.2": PartRole.CALENDAR,
        "2": PartRole.CALENDAR,
    }


def test_the_parts_of_an_attached_message_name_it():
    unpacked = unpack(web_mail("请收", attached(web_mail("领导好", attachment("意向表.docx", DATA)))))
    inner = [one for one in unpacked.parts if one.enclosing == "2"]
    assert [(one.path, one.role) for one in inner] == [
        ("2/1.1", PartRole.BODY),
        ("2/1.2", PartRole.BODY),
        ("2/2", PartRole.ATTACHMENT),
    ]
    assert unpacked.own_text == "请收"
    assert unpacked.quoted_text == "领导好"


def test_what_the_sender_quotes_is_not_his_own_text():
    words = "手机：13900000001\n\n-----原始邮件-----\n发件人：区安办\n手机：13900000002"
    unpacked = unpack(mail(text(words), subject="回复：补正"))
    assert unpacked.own_text == "手机：13900000001"
    assert "13900000002" in unpacked.quoted_text
    assert not unpacked.bodies[0].forwarded


def test_cloud_links_come_through():
    link = '<a href="https://mail.163.com/large-attachment-download/?p=1">a.docx</a>'
    assert unpack(mail(html(link))).cloud_links == (CloudLink("a.docx", "mail.163.com"),)


def test_long_texts_are_cut():
    unpacked = unpack(mail(text("长" * 100_000 + "\n-----原始邮件-----\n" + "引" * 100_000)))
    assert len(unpacked.own_text) == TEXT_CHARACTERS
    assert len(unpacked.quoted_text) == TEXT_CHARACTERS
    assert len(unpacked.bodies[0].text) == TEXT_CHARACTERS


@pytest.mark.parametrize(
    ("entity", "remark"),
    [
        (part("application/x", b"", extra=()), None),
        (Entity((field("Content-Transfer-Encoding", "base64"),), b"5a6J5"), "part 1: damaged base64"),
        (Entity((field("Content-Transfer-Encoding", "zip"),), b"x"), "part 1: unknown transfer encoding"),
        (part('application/x; name="=?utf-8?B?a?="', b"x"), "part 1: damaged file name"),
        (part("text/plain; charset=utf-8", b"\xff\xff\xb0"), "part 1: undecodable characters"),
        (part("text/plain", b"x" * 1_000_001), "part 1: text cut"),
        (part("multipart/mixed", b"x"), "multipart without parts"),
    ],
)
def test_what_is_broken_is_told(entity, remark):
    assert unpack(mail(entity)).defects == ((remark,) if remark else ())


def test_a_damaged_attachment_is_kept_as_far_as_it_decodes():
    broken = Entity(
        (field("Content-Type", "application/x"), field("Content-Transfer-Encoding", "base64")), b"QUJD*REVG\r\n=QQ"
    )
    raw = mail(multipart("mixed", text("x"), broken))
    assert payload(raw, "2").startswith(b"ABCDEF")
    assert unpack(raw).defects == ("part 2: damaged base64",)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from strings(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from strings(getattr(value, name))


HOSTILE = "\x00\x1b[31m\u202e\u200b\ufeff\r\n\ud800".encode("utf-8", "surrogatepass")


def test_no_string_carries_what_nobody_sees():
    name = part(b'application/x; name="a' + HOSTILE + b'b.doc"', b"x")
    raw = mail(
        multipart(
            "mixed",
            part("text/plain", b"x" + HOSTILE + b"y"),
            html("<a href='https://pan.baidu.com/s/1'>a\x1b</a>"),
            name,
        ),
        subject=b"s" + HOSTILE.replace(b"\r\n", b"") + b"t",
        sender=b"n" + HOSTILE.replace(b"\r\n", b"") + b" <a@example.com>",
        extra=(
            b"List-Id: l" + HOSTILE.replace(b"\r\n", b""),
            b"References: <a" + HOSTILE.replace(b"\r\n", b"") + b"@b>",
        ),
    )
    for one in strings(unpack(raw)):
        assert not any(ord(character) < 32 and character not in "\n\t" for character in one), one
        assert not any("\ud800" <= character <= "\udfff" or character in "\u202e\u200b\ufeff" for character in one)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\x00" * 1_000,
        b"\xff" * 1_000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: text/html; charset=\x00\r\n\r\n<",
        nested_multiparts(3_000),
        nested_messages(30),
        b"Subject: " + b"=?utf-8?q?a?=" * 15_000 + b"\r\n\r\n",
        b"To: " + b"(" * 20_000 + b"\r\n\r\n",
        b"Content-Type: text/plain" + b"; a=b" * 50_000 + b"\r\n\r\n",
    ],
)
def test_nothing_makes_it_raise(raw):
    unpacked = unpack(raw)
    json.dumps(list(strings(unpacked)), ensure_ascii=False).encode()


def test_the_head_alone_can_be_read_of_a_mail_that_can_not():
    unpacked = unpack_head(web_mail("x", attachment("a.docx", DATA), subject="联络员"))
    assert unpacked.head.subject == "联络员"
    assert unpacked.parts == ()
    assert unpacked.defects == ("only the header was read",)
