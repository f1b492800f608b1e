"""The head of a mail: dates, ids, signals, and the one result of authentication that can be believed."""

from datetime import UTC, datetime

import pytest

from intake.head import SIGNAL_HEADERS, VERIFIED_RESULTS, read_head
from intake.headers import split_header
from tests.builders.mail import mail, text, word


def head(**more):
    return read_head(split_header(mail(text("x"), **more)))


def test_an_ordinary_head_is_read():
    read = head(subject=word("联络员反馈表", "gb18030"), to='"区安办" <office@example.org>, b@example.org')
    assert read.subject == "联络员反馈表"
    assert (read.from_address, read.from_name) == ("li@unit.example.com", "李青")
    assert read.to_addresses == ("office@example.org", "b@example.org")
    assert read.message_id == "<1@unit.example.com>"
    assert read.date == datetime(2025, 5, 28, 0, 35, 41, tzinfo=UTC)
    assert not read.damaged


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Wed, 28 May 2025 08:35:41 +0800", datetime(2025, 5, 28, 0, 35, 41, tzinfo=UTC)),
        ("Wed, 28 May 2025 08:35:41 +0800 (CST)", datetime(2025, 5, 28, 0, 35, 41, tzinfo=UTC)),
        ("Wed, 28 May 2025 08:35:41 CST", datetime(2025, 5, 28, 0, 35, 41, tzinfo=UTC)),
        ("28 May 2025 08:35:41 +0800 CST", datetime(2025, 5, 28, 0, 35, 41, tzinfo=UTC)),
        ("Wed, 28 May 2025 08:35:41 GMT", datetime(2025, 5, 28, 8, 35, 41, tzinfo=UTC)),
        ("Wed, 28 May 2025 08:35 +0800", datetime(2025, 5, 28, 0, 35, tzinfo=UTC)),
        ("Wed, 28 May 2025 08:35:41", None),  # no zone
        ("Wed, 28 May 2025 08:35:41 -0000", None),  # RFC 5322 §3.3: the zone is unknown
        ("2025年5月28日", None),
        ("Wed, 99 May 2025 08:35:41 +0800", None),
        ("Wed, 28 May 2025 08:35:41 +9999", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Fri, 31 Dec 99999 00:00:00 +0000", None),
        ("", None),
        ("0" * 10_000, None),
    ],
)
def test_the_date_is_an_aware_instant_or_nothing(value, expected):
    assert head(date=value).date == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b>", "<a@b>"),
        (" <a\r\n b@c> (comment)", "<ab@c>"),
        ("a@b", "a@b"),
        ("", ""),
        ("<a@b> <c@d>", "<a@b>"),
        ("<a\x00b@c>", "<ab@c>"),
    ],
)
def test_the_message_id_is_the_first_one(value, expected):
    assert head(message_id=value).message_id == expected


def test_references_and_the_answer_to():
    read = head(extra=(b"In-Reply-To: <o@x>", b"References: <a@x>\r\n <b@x>,<c@x>", b"Reply-To: C <C@x.example>"))
    assert read.in_reply_to == "<o@x>"
    assert read.references == ("<a@x>", "<b@x>", "<c@x>")
    assert read.reply_to == "c@x.example"


def test_a_subject_is_cut_and_damage_is_told():
    assert len(head(subject="长" * 1_000).subject) == 500
    assert head(subject="=?utf-8?B?a?=").damaged
    assert head(sender="=?utf-8?B?a?= <li@unit.example.com>").damaged


def test_a_missing_head_is_empty_and_not_an_error():
    read = read_head(split_header(b""))
    assert (read.message_id, read.from_address, read.subject, read.date, read.signals) == ("", "", "", None, ())


# --- signals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in SIGNAL_HEADERS if name != "content-type"])
def test_every_signal_header_comes_through(name):
    read = head(extra=(f"{name.title()}: some\r\n value".encode(),))
    assert read.signal(name) == "some value"


def test_signals_keep_their_order_and_their_number():
    read = head(extra=(b"Precedence: bulk", b"List-Id: <x>", b"Precedence: junk", b"X-Other: y"))
    assert [pair for pair in read.signals if pair[0] != "content-type"] == [
        ("precedence", "bulk"),
        ("list-id", "<x>"),
        ("precedence", "junk"),
    ]


def test_the_content_type_is_reduced_to_what_tells_a_machine():
    raw = b"Content-Type: Multipart/REPORT; boundary=x;\r\n report-type=Delivery-Status\r\n\r\n"
    assert read_head(split_header(raw)).signal("content-type") == "multipart/report; report-type=delivery-status"
    assert (
        read_head(split_header(b"Content-Type: text/plain; charset=x\r\n\r\n")).signal("content-type") == "text/plain"
    )


def test_only_the_topmost_received_is_given():
    read = head(first=(b"Received: from a by ours", b"Received: from b by theirs"))
    assert [value for name, value in read.signals if name == "received"] == ["from a by ours"]


def test_a_signal_can_not_be_invented_by_a_field_of_that_name():
    assert head(extra=(f"{VERIFIED_RESULTS}: mx; spf=pass".encode(),)).signal(VERIFIED_RESULTS) == ""


# --- authentication --------------------------------------------------------------------------------------------------

RECEIVED = b"Received: from out1.example.com (unknown [192.0.2.1])\r\n\tby gzga-mx-1 (Coremail) with SMTP id _____wA1B2--.47S2;\r\n\tWed, 28 May 2025 08:35:44 +0800 (CST)"
TRANSID = b"X-CM-TRANSID: _____wA1B2--.47S2"
RESULTS = b"Authentication-Results: gzga-mx-1; spf=pass smtp.mail=li@unit.exa\r\n\tmple.com; dki\r\n\tm=pass header.i=@unit.example.com"
READ = "gzga-mx-1; spf=pass smtp.mail=li@unit.example.com; dkim=pass header.i=@unit.example.com"


def test_our_provider_s_result_is_verified_and_its_folds_in_mid_token_are_mended():
    read = head(first=(RECEIVED,), extra=(b"X-Mailer: x", TRANSID, RESULTS))
    assert read.signal(VERIFIED_RESULTS) == READ
    assert read.signal("authentication-results") == READ


@pytest.mark.parametrize(
    ("first", "extra"),
    [
        ((), (TRANSID, RESULTS)),  # no Received of our provider on top
        ((RECEIVED,), (RESULTS,)),  # not next to the id of the delivery
        ((RECEIVED,), (TRANSID, b"X-Mailer: x", RESULTS)),
        ((RECEIVED,), (b"X-CM-TRANSID: _____wOTHER.1", RESULTS)),
        ((RECEIVED,), (TRANSID, RESULTS.replace(b"gzga-mx-1", b"gzga-mx-2"))),  # names another host
        ((RECEIVED,), (RESULTS.replace(b"li@", b"wang@"), TRANSID, RESULTS)),  # two of them
        ((b"Received: from x by relay.example", RECEIVED), (TRANSID, RESULTS)),
        ((RESULTS, RECEIVED), (TRANSID, b"X-Mailer: x")),  # a twin on top, as an attacker would
        ((RECEIVED,), (RESULTS, TRANSID, RESULTS)),  # the same twice is two as well
        ((RECEIVED,), (TRANSID, RESULTS + b"; x=" + b"y" * 2_000)),  # cut off: it might end in another domain
    ],
)
def test_a_result_that_anybody_could_have_written_is_not_verified(first, extra):
    assert head(first=first, extra=extra).signal(VERIFIED_RESULTS) == ""


@pytest.mark.parametrize(
    ("folded", "read"),
    [
        (b"dki\r\n\tm=pass", "dkim=pass"),
        (b"dki\n\tm=pass", "dkim=pass"),
        (b"spf=pass\r\n\t smtp.mail=a@b.cn", "spf=pass smtp.mail=a@b.cn"),  # the column fell on a blank
        (b"spf=pass \r\n\tsmtp.mail=a@b.cn", "spf=pass smtp.mail=a@b.cn"),
        (b"spf=pass smtp.mail=a@serverdata.c\r\n\tom.cn;", "spf=pass smtp.mail=a@serverdata.com.cn;"),
    ],
)
def test_a_fold_takes_the_line_end_and_one_tab_and_nothing_else(folded, read):
    results = b"Authentication-Results: gzga-mx-1; " + folded
    assert head(first=(RECEIVED,), extra=(TRANSID, results)).signal(VERIFIED_RESULTS) == f"gzga-mx-1; {read}"


FORGED_ID = b"_____wFORGED.1"
FORGED = (b"X-CM-TRANSID: " + FORGED_ID, RESULTS)


@pytest.mark.parametrize(
    "hello",
    [
        b"x by gzga-mx-1 (Coremail) with SMTP id " + FORGED_ID,
        b"=?utf-8?Q?x_by_gzga-mx-1_(Coremail)_with_SMTP_id__=5F_=5F_?=",
        word("x by gzga-mx-1 (Coremail) with SMTP id _____wFORGED.1").encode(),
    ],
)
def test_the_name_that_a_client_gives_itself_is_no_stamp_of_our_provider(hello):
    """HELO stands in the topmost Received, in front of the stamp; encoded words in it would be decoded to blanks."""
    received = RECEIVED.replace(b"out1.example.com", hello)
    assert head(first=(received,), extra=FORGED).signal(VERIFIED_RESULTS) == ""
    encoded = b"=?" in hello
    assert head(first=(received,), extra=(TRANSID, RESULTS)).signal(VERIFIED_RESULTS) == (READ if encoded else "")


def test_twins_of_a_stranger_do_not_hide_the_real_one():
    twin = RESULTS.replace(b"li@unit", b"wang@other")
    for first, extra in (
        ((RECEIVED, twin), (TRANSID, RESULTS)),
        ((RECEIVED,), (twin, b"X-Mailer: x", TRANSID, RESULTS)),
        ((RECEIVED,), (b"X-CM-TRANSID: " + FORGED_ID, twin, b"X-Mailer: x", TRANSID, RESULTS)),
    ):
        assert head(first=first, extra=extra).signal(VERIFIED_RESULTS) == READ


def test_many_fields_of_a_stranger_do_not_crowd_it_out():
    read = head(first=(RECEIVED,), extra=(*(b"X-Loop: x",) * 200, TRANSID, RESULTS))
    assert read.signal(VERIFIED_RESULTS) == READ


def test_encoded_words_within_the_results_stay_what_they_are():
    """The envelope's local part may hold one: decoded it would be a result of its own."""
    hidden = word("; dkim=pass header.i=@qs.example.com; x=").encode()
    results = b"Authentication-Results: gzga-mx-1; spf=pass smtp.mail=" + hidden + b"@example.net"
    assert "dkim=pass" not in head(first=(RECEIVED,), extra=(TRANSID, results)).signal(VERIFIED_RESULTS)
