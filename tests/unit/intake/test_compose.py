from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest

from intake.compose import Attachment, addressable, mark, mark_prefix, new_message_id, own_reference
from intake.model import LetterKind
from tests.builders.mailing import ADDRESS, KEY, raw_letter

PARENT = "<12345.abc@163smtp10>"


def read(raw):
    return message_from_bytes(raw, policy=policy.default)


def test_a_letter_goes_from_the_login_address_to_one_recipient_and_to_nobody_else():
    letter = read(raw_letter(to_address="a@example.org"))
    assert letter["From"].addresses[0].addr_spec == ADDRESS
    assert letter["From"].addresses[0].display_name == "示例区安委办"
    assert [one.addr_spec for one in letter["To"].addresses] == ["a@example.org"]
    assert not {"reply-to", "cc", "bcc", "sender", "disposition-notification-to"} & {name.lower() for name in letter}


def test_date_is_the_given_moment_in_chinese_time():
    assert read(raw_letter())["Date"] == "Wed, 28 May 2025 10:00:00 +0800"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (kind, "auto-generated" if kind in ("reminder", "digest", "alarm", "test") else "auto-replied")
        for kind in LetterKind
    ],
)
def test_every_kind_says_that_a_machine_wrote_it(kind, value):
    letter = read(raw_letter(kind=kind))
    assert letter["Auto-Submitted"] == value
    assert letter["X-Auto-Response-Suppress"] == "All"


def test_text_and_html_say_the_same_and_survive_the_way():
    body = "各单位：\n\n  第一项 “手机” <必填> & 其他\n第二项 😀\n\n此件由系统自动发出。\n"
    letter = read(raw_letter(body=body))
    assert letter.get_content_type() == "multipart/alternative"
    text, markup = letter.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == body
    assert text["Content-Transfer-Encoding"] == "base64"
    shown = markup.get_content().replace("\r\n", "\n")
    assert "&lt;必填&gt; &amp; 其他<br>\n第二项" in shown
    assert shown.count("<p>") == 3


def test_bytes_are_ascii_with_crlf_and_short_lines():
    raw = raw_letter(
        subject="长" * 500, body="长" * 5_000, attachments=[Attachment("长" * 300 + ".docx", "x/y", b"\xff" * 999)]
    )
    raw.decode("ascii")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


def test_an_answer_belongs_to_the_thread_of_the_mail_it_answers():
    long = f"<{'a' * 90}@mail.example.org>"
    letter = read(raw_letter(in_reply_to=long, references=("<1@x>", "<2@x>")))
    assert letter["In-Reply-To"] == long
    assert letter["References"] == f"<1@x> <2@x> {long}"
    assert f"In-Reply-To: {long}\r\n".encode() in raw_letter(in_reply_to=long)
    assert read(raw_letter(in_reply_to=PARENT, references=(PARENT, "<1@x>")))["References"] == f"<1@x> {PARENT}"


def test_a_long_thread_keeps_its_first_and_its_newest_messages():
    letter = read(raw_letter(in_reply_to=PARENT, references=tuple(f"<{n}@x>" for n in range(100))))
    kept = letter["References"].split()
    assert len(kept) == 10
    assert kept[0] == "<0@x>"
    assert kept[-2:] == ["<99@x>", PARENT]


@pytest.mark.parametrize(
    "bad", ["", "no brackets@x", "<a b@x>", "<a@x>\r\nBcc: e@x", "<a@x> <b@x>", "<中@x>", f"<{'a' * 999}@x>"]
)
def test_a_message_id_that_is_none_is_left_out(bad):
    letter = read(raw_letter(in_reply_to=bad, references=("<1@x>", bad)))
    assert letter["In-Reply-To"] is None
    assert letter["References"] is None
    letter = read(raw_letter(in_reply_to=PARENT, references=("<1@x>", bad)))
    assert letter["References"] == f"<1@x> {PARENT}"


@pytest.mark.parametrize(
    "text",
    [
        "标题\r\nBcc: evil@example.net",
        "标题\nX: y",
        "标题\u2028Bcc: x",
        "标题\x85Bcc: x",
        "\ud800标题\x00",
        "=?utf-8?q?a?=",
    ],
)
def test_a_subject_or_name_stays_one_line_and_is_shown_literally(text):
    letter = read(raw_letter(subject=text, sender_name=text))
    assert letter["Bcc"] is None
    assert letter["X"] is None
    shown = " ".join(text.replace("\ud800", "").replace("\x00", "").split())
    assert letter["Subject"] == shown
    assert letter["From"].addresses[0].display_name == shown
    assert letter.defects == []


def test_a_display_name_with_comma_and_quotes_makes_no_second_sender():
    letter = read(raw_letter(sender_name='甲, "乙" <c@example.net>'))
    assert len(letter["From"].addresses) == 1
    assert letter["From"].addresses[0].addr_spec == ADDRESS


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "a",
        "a@",
        "@b",
        "a@b,c@d",
        "a@b c",
        "a b@c",
        "a@b\r\nX: y",
        "甲@example.com",
        "a@例.中国",
        "<a@b>",
        "a@b;c",
        'a"b"@c',
        f"{'a' * 65}@b",
        f"{'a' * 60}@{'b' * 250}",
    ],
)
def test_what_is_no_single_plain_address_is_refused(bad):
    assert not addressable(bad)
    with pytest.raises(ValueError):
        raw_letter(to_address=bad)


@pytest.mark.parametrize(
    "good", ["a@b", "3_x-y.z+1@mail.example.com", "a..b@example.com", "o'neil@example.com", "123456789@example.com"]
)
def test_addresses_as_people_have_them_are_accepted(good):
    assert addressable(good)
    assert read(raw_letter(to_address=good))["To"].addresses[0].addr_spec == good


@pytest.mark.parametrize(
    ("name", "value"),
    [("message_id", "<a@b>\r\nBcc: c"), ("reference", "2025 1"), ("sender_address", "a"), ("message_id", "x")],
)
def test_our_own_identifiers_must_be_in_order(name, value):
    with pytest.raises(ValueError):
        raw_letter(**{name: value})


def test_the_same_letter_has_the_same_bytes():
    assert raw_letter(7) == raw_letter(7)
    assert raw_letter(7) != raw_letter(8)


def test_a_message_id_is_ours_and_the_same_for_the_same_letter_in_another_database():
    one = new_message_id("k", address=ADDRESS, key=KEY)
    assert one.startswith("<intake.")
    assert one.endswith("@example.com>")
    assert one == new_message_id("k", address=ADDRESS, key=KEY)
    assert one != new_message_id("another k", address=ADDRESS, key=KEY)
    assert one != new_message_id("k", address=ADDRESS, key=b"another key")


def test_our_own_letter_is_known_by_its_mark_and_a_forged_mark_is_not_believed():
    header = read(raw_letter(42))["X-Intake-Id"]
    assert own_reference(header, key=KEY) == "2025-0042"
    assert own_reference(f" {header}\r\n", key=KEY) == "2025-0042"
    assert own_reference(header, key=b"another key") is None
    assert own_reference(header.replace("0042", "0043"), key=KEY) is None
    assert own_reference(header[:-1] + ("0" if header[-1] != "0" else "1"), key=KEY) is None
    assert own_reference("2025-0042", key=KEY) is None
    assert own_reference("", key=KEY) is None


def test_the_mark_of_a_letter_begins_with_what_is_known_without_the_key():
    assert mark("2025-0042", "<a@b>", key=KEY).startswith(mark_prefix("2025-0042", "<a@b>"))
    assert mark_prefix("2025-0042", "<a@b>") != mark_prefix("2025-0042", "<c@b>")


def test_an_attachment_bears_its_name_twice_for_clients_old_and_new():
    data = bytes(range(256)) * 20
    raw = raw_letter(attachments=[Attachment("附件2 联络员反馈表（空白）.docx", "application/msword", data)])
    letter = read(raw)
    assert letter.get_content_type() == "multipart/mixed"
    content, file = letter.iter_parts()
    assert content.get_content_type() == "multipart/alternative"
    assert file.get_filename() == "附件2 联络员反馈表（空白）.docx"
    assert file.get_content() == data
    assert file.get_content_type() == "application/msword"
    # The way QQ and old Foxmail take: the name of Content-Type, an RFC 2047 word inside quotes.
    old_way = message_from_bytes(raw).get_payload()[1].get_param("name")
    assert str(make_header(decode_header(old_way))) == "附件2 联络员反馈表（空白）.docx"
    assert b"filename*0*" not in raw


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", ".._.._etc_passwd"),
        ('a"\r\nX: y.docx', "a_ X_ y.docx"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "file"),
    ],
)
def test_an_attachment_name_cannot_leave_its_place(name, shown):
    _, file = read(raw_letter(attachments=[Attachment(name, "no type\r\nX: y", b"x")])).iter_parts()
    assert file.get_filename() == shown
    assert file.get_content_type() == "application/octet-stream"
    assert file["X"] is None


def test_an_empty_body_is_still_a_letter():
    text, _ = read(raw_letter(body="")).iter_parts()
    assert text.get_content() == "\r\n"
