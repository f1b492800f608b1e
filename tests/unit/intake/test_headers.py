"""Header bytes become the text that the sender wrote, however his program encoded it, or they are called damaged."""

import time

import pytest

from intake.headers import (
    HEADER_BYTES,
    HeaderText,
    decode_words,
    file_name,
    header_text,
    media_type,
    parameters,
    split_header,
    unfold,
)
from tests.builders.mail import rfc2231, word

SUBJECT = "联络员反馈表（喆堃镕）"


def names(raw):
    block = split_header(raw)
    return [(field.name, field.value) for field in block.fields], raw[block.body_at :]


# --- the block -------------------------------------------------------------------------------------------------------


def test_fields_are_split_and_the_body_begins_behind_the_empty_line():
    fields, body = names(b"Subject: a\r\nTo: b\r\n c\r\n\r\nbody\r\n")
    assert fields == [("subject", b" a"), ("to", b" b\r\n c")]
    assert body == b"body\r\n"


@pytest.mark.parametrize(
    ("raw", "expected", "body"),
    [
        (b"", [], b""),
        (b"\r\nbody", [], b"body"),
        (b"Subject: a", [("subject", b" a")], b""),
        (b"Subject: a\n\nbody", [("subject", b" a")], b"body"),
        (b"Subject : a\r\n\r\n", [("subject", b" a")], b""),
        (b"no header at all", [], b"no header at all"),
        (b"Subject: a\r\nbody without an empty line", [("subject", b" a")], b"body without an empty line"),
        # a subject broken by hand: the line is lost, the fields behind it are not
        (b"Subject: a\r\nb c\r\nTo: d\r\n\r\nx", [("subject", b" a"), ("to", b" d")], b"x"),
        (b"From someone Wed May 28\r\nTo: d\r\n\r\nx", [("to", b" d")], b"x"),  # mbox
        (b"A: 1\r\n \r\nbody", [("a", b" 1")], b" \r\nbody"),
    ],
)
def test_broken_headers_are_split_sensibly(raw, expected, body):
    fields, rest = names(raw)
    assert fields == expected
    assert rest == body


def test_in_a_part_the_first_line_that_is_no_field_is_text():
    raw = b"Content-Type: text/plain\r\nDear office\r\nPhone: 1\r\n"
    block = split_header(raw, message=False)
    assert [field.name for field in block.fields] == ["content-type"]
    assert raw[block.body_at :].startswith(b"Dear office")


def test_a_header_over_the_limit_is_cut_and_told():
    raw = b"Subject: a\r\n" + b"X: y\r\n" * 100_000 + b"\r\nbody"
    block = split_header(raw)
    assert block.cut
    assert len(block.fields) < 2_100
    assert raw[block.body_at :] == b"body"


def test_a_header_without_an_end_is_no_endless_field():
    block = split_header(b"Subject: " + b"a" * 10 * HEADER_BYTES)
    assert block.cut
    assert len(block.fields[0].value) <= HEADER_BYTES


def test_unfolding_keeps_the_blank():
    assert unfold(b" a\r\n\tb\n c\rd ") == b"a\tb c d"


# --- encoded words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "gb2312", "GBK", "gb18030", "cp936", "GB2312", "x-gbk"])
@pytest.mark.parametrize("how", ["B", "Q"])
def test_an_encoded_word_is_decoded_under_every_label_in_use(charset, how):
    """Text labelled gb2312 holds characters that are none of its own: 喆 堃 镕."""
    data = SUBJECT.encode("utf-8" if "utf" in charset.lower() else "gb18030")
    assert decode_words(word(data, charset, how)) == HeaderText(SUBJECT)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain words", "plain words"),
        ("=?utf-8?B?5a6J5YWo?=", "安全"),
        ("=?utf-8?b?5a6J?= =?utf-8?q?=E5=85=A8?=", "安全"),
        ("=?utf-8?B?5a6J?=\r\n =?utf-8?B?5YWo?=", "安全"),  # folded
        ("=?utf-8?B?5a6J?=\t=?GBK?B?yKs=?=", "安全"),  # two charsets
        ("a =?utf-8?B?5a6J?= b", "a 安 b"),
        ("=?utf-8?B?5a?= =?utf-8?B?6J?=", "安"),  # base64 split inside a group
        ("=?utf-8?B?5a4=?= =?utf-8?B?iQ==?=", "安"),  # bytes split inside a character
        ("=?utf-8?Q?=E5=AE?= =?utf-8?Q?=89?=", "安"),
        ("=?utf-8*zh-CN?B?5a6J?=", "安"),  # RFC 2231 §5: a language
        ("Re: =?utf-8?B?5a6J?=:x", "Re: 安:x"),
        ("=?utf-8?B?5a6J?= b =?utf-8?B?5YWo?=", "安 b 全"),
        ('"=?GBK?B?sLI=?=" <x>', '"安" <x>'),  # inside quotes, where it is forbidden
        ("=?utf-8?Q?a_b=5Fc?=", "a b_c"),
        ("=?utf-8?Q?a b?=", "a b"),
        ("=?gb2312?Q?=B0=B2_=C8=AB?=", "安 全"),
        ("=?utf-8?B??=", ""),
        ("1 + 1 =? 2 ?= x", "1 + 1 =? 2 ?= x"),
        ("", ""),
    ],
)
def test_words_and_what_stands_around_them(raw, expected):
    assert header_text(raw.encode()) == HeaderText(expected)


@pytest.mark.parametrize(
    "raw",
    [
        "=?utf-8?B?a?=",  # the one that raises HeaderParseError in the standard library
        "=?utf-8?B?5a6J5YW?=",
        "=?utf-8?B?!!!!?=",
        "=?utf-8?B?5a6J",
        "=?utf-8?Q?=E5=AE?=",
        "=?utf-8?B?5a6J?",
    ],
)
def test_a_broken_word_is_damaged_and_not_silently_shorter(raw):
    assert header_text(raw.encode()).damaged


def test_an_unknown_charset_is_guessed_from_the_bytes():
    assert header_text(b"=?x-nonsense?B?5a6J5YWo?=").text == "安全"
    assert header_text(b"=??B?5a6J5YWo?=").text == "安全"
    assert header_text(b"=?a\0b?B?5a6J5YWo?=").text == "安全"


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_raw_eight_bit_headers_are_read_as_they_were_meant(charset):
    assert header_text(SUBJECT.encode(charset)) == HeaderText(SUBJECT)


def test_bytes_that_are_no_text_are_damaged():
    assert header_text(b"\xb0\xff\xff\x80").damaged


def test_control_characters_and_directions_do_not_pass():
    raw = "a\u202eb\x00c\x1bd\u200be\ufeff".encode()
    assert header_text(raw).text == "abcde"
    hidden = word("a\nb\x07\u202dc")
    assert header_text(hidden.encode()).text == "a bc"


def test_a_long_value_is_cut():
    assert len(header_text(b"a" * 100_000, limit=500).text) == 500


@pytest.mark.parametrize(
    "raw",
    [
        b"=?utf-8?q?a?=" * 20_000,
        b"=?utf-8?q?" * 20_000,
        b"=?" * 100_000,
        b"=" * 200_000,
        b"=?a?b?" * 30_000,
        b"(" * 200_000,
        b"\xb0\xb2" * 100_000,
    ],
)
def test_hostile_values_take_linear_time(raw):
    started = time.process_time()
    header_text(raw)
    parameters(raw)
    assert time.process_time() - started < 2


# --- parameters and names --------------------------------------------------------------------------------------------


def name_of(disposition=b"attachment", content_type=b"application/msword"):
    return file_name(parameters(disposition), parameters(content_type))


FILE = "附件2 联络员反馈表（喆）.docx"


@pytest.mark.parametrize(
    "disposition",
    [
        f'attachment; filename="{word(FILE, "gb18030")}"',
        f'attachment; filename="{word(FILE, "utf-8", "Q")}"',
        f"attachment; filename={word(FILE, 'utf-8')}",
        f'ATTACHMENT; FILENAME="{word(FILE, "gb18030")}"; size=3',
        rfc2231(FILE),
        rfc2231(FILE, "gb18030"),
        rfc2231(FILE).replace("filename*=utf-8''", "filename*=UTF-8'zh-CN'"),
        f'{rfc2231(FILE)}; filename="fallback.docx"',
        f'attachment; filename="fallback.docx"; {rfc2231(FILE).partition("; ")[2]}',
        f'attachment; filename="{FILE}"',  # raw UTF-8
        f"attachment; filename={FILE}",  # without quotes
        f'attachment;\r\n\tfilename="{FILE}"',
        'attachment; filename="' + rfc2231(FILE).partition("''")[2] + '"',  # percent-encoded without a star
        f'attachment; filename="C:\\Users\\x\\{FILE}"',
        f'attachment; filename="../../{FILE}"',
    ],
)
def test_a_file_name_is_read_in_every_form_in_use(disposition):
    assert name_of(disposition.encode()) == HeaderText(FILE)


def test_a_raw_gbk_file_name_is_read_even_with_a_backslash_in_a_character():
    name = "誠表\\附件.doc".replace("\\", "") + "乗俓.doc"  # the second byte of 俓 is 0x5C in GBK
    assert b"\\" in name.encode("gb18030")
    assert name_of(b'attachment; filename="' + name.encode("gb18030") + b'"') == HeaderText(name)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 30])
def test_rfc_2231_continuations_may_be_split_anywhere_even_inside_an_escape(step):
    value = rfc2231(FILE).partition("=")[2]
    pieces = [value[start : start + step] for start in range(0, len(value), step)]
    if step < 7:  # the charset itself must stand in the first piece
        pieces = [value[:8], *[value[start : start + step] for start in range(8, len(value), step)]]
    disposition = "attachment" + "".join(f";\r\n filename*{number}*={piece}" for number, piece in enumerate(pieces))
    assert name_of(disposition.encode()) == HeaderText(FILE)


def test_continuations_may_mix_plain_and_encoded_pieces_in_any_order():
    disposition = b"attachment; filename*2=.docx; filename*0*=utf-8''%E9%99%84; filename*1*=%E4%BB%B6"
    assert name_of(disposition) == HeaderText("附件.docx")


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("filename*0*=utf-8''%E9%99%84; filename*1=50%25.doc", "附50%25.doc"),  # a plain section is not percent-decoded
        ("filename*=%E9%99%84.doc", "附.doc"),  # the charset forgotten
        ("filename*='zh'%E9%99%84.doc", "附.doc"),
        ("filename*=utf-8'%E9%99%84.doc", "utf-8'附.doc"),
        ('filename="附.doc', "附.doc"),  # the quote never closed
        ("filename=\"=?utf-8?B?a?=x\"; filename*=utf-8''%81", "\ufffd"),  # all damaged: the first
    ],
)
def test_odd_parameters_are_read_sensibly(parameter, name):
    assert name_of(f"attachment; {parameter}".encode()).text == name


def test_a_missing_continuation_is_damaged():
    assert name_of(b"attachment; filename*0*=utf-8''%E9%99%84; filename*2=.docx").damaged


def test_the_encoded_word_of_netease_folded_inside_the_quotes():
    first, second = word("附件一".encode("gb18030"), "GBK", "Q"), word(".doc", "GBK", "Q")
    assert name_of(f'attachment; filename="{first}\r\n {second}"'.encode()) == HeaderText("附件一.doc")


def test_the_name_of_content_type_serves_where_the_disposition_has_none_or_a_damaged_one():
    content_type = f'application/msword; name="{word(FILE, "gb18030")}"'.encode()
    assert name_of(b"attachment", content_type) == HeaderText(FILE)
    assert name_of(b'attachment; filename="=?utf-8?B?a?="', content_type) == HeaderText(FILE)
    assert name_of(b'attachment; filename="other.doc"', content_type) == HeaderText("other.doc")


def test_no_name_is_an_empty_name():
    assert name_of() == HeaderText("")
    assert name_of(b"attachment; filename=", b"") == HeaderText("")


@pytest.mark.parametrize("name", ["50%.docx", "100%25.docx", "a%20b.docx", "%zz.doc"])
def test_percent_signs_that_encode_no_chinese_stay(name):
    assert name_of(f'attachment; filename="{name}"'.encode()).text == name


def test_a_long_name_keeps_its_extension():
    name = name_of(("attachment; filename=" + "长" * 1_000 + ".docx").encode()).text
    assert len(name) == 200
    assert name.endswith("长.docx")
    assert name_of(("attachment; filename=" + "长" * 1_000).encode()).text == "长" * 200
    assert name_of(("attachment; filename=a." + "长" * 1_000).encode()).text == "a." + "长" * 198
    assert name_of(("attachment; filename=" + "长" * 195 + ".docx").encode()).text == "长" * 195 + ".docx"


def test_a_semicolon_in_quotes_divides_nothing():
    found = parameters(b'text/plain; name="a;b\\"c"; charset=gbk')
    assert (found.get("name"), found.get("charset"), found.get("boundary")) == ('a;b"c', "gbk", "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", "text/plain"),
        (b"TEXT/HTML; charset=x", "text/html"),
        (b"text", "text/plain"),
        (b"application", "application/octet-stream"),
        (b"image /png", "application/octet-stream"),
        (b"; charset=utf-8", "text/plain"),
        ("表格/docx".encode(), "application/octet-stream"),
    ],
)
def test_a_malformed_type_is_text_or_bytes(value, expected):
    assert media_type(parameters(value), "text/plain") == expected
