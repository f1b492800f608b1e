"""IMAP answers are matched by name, and nonsense is an error, never a guess."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.imap_wire import (
    Folder,
    RemoteMail,
    WireError,
    encoded_folder_name,
    fetch_answers,
    folder_list,
    folder_name,
    internal_date,
    parse_values,
    refusal,
    remote_mail,
    search_result,
    sent_mail,
)

DATE = b'INTERNALDATE "30-May-2025 09:00:00 +0800"'


def test_a_mail_is_described_whatever_the_order_of_attributes():
    answers = fetch_answers([b"12 (RFC822.SIZE 345 FLAGS (\\Seen) " + DATE + b" UID 77)"])
    assert [remote_mail(answer) for answer in answers] == [RemoteMail(77, 345, datetime(2025, 5, 30, 1, 0, tzinfo=UTC))]


def test_a_flag_change_of_another_client_describes_nothing():
    (answer,) = fetch_answers([b"3 (FLAGS (\\Seen UID 5 RFC822.SIZE) UID 9)"])
    assert remote_mail(answer) is None


def test_a_body_is_found_between_other_answers_and_with_the_uid_behind_it():
    items = [
        b"1 (FLAGS (\\Seen))",
        (b"2 (BODY[] {5}", b"a)b\r\n"),
        b" UID 8 FLAGS (\\Seen foo[bar {x))",
        b"3 (UID 9 BODY[] NIL)",
        b'4 (UID 10 BODY[]<0> "q\\"uoted")',
        None,
    ]
    bodies = [(answer.get("UID"), answer.get("BODY[]")) for answer in fetch_answers(items)]
    assert bodies == [(None, None), (8, b"a)b\r\n"), (9, None), (10, b'q"uoted')]


def test_two_literals_in_one_answer_keep_apart():
    items = [(b"1 (UID 5 BODY[HEADER] {2}", b"AA"), (b" BODY[TEXT] {3}", b"BBB"), b")"]
    assert list(fetch_answers(items)) == [{"UID": 5, "BODY[HEADER]": b"AA", "BODY[TEXT]": b"BBB"}]


@pytest.mark.parametrize(
    "item",
    [b"", b"1", b"1 (UID", b"1 UID 5)", b"1 (UID 5) (UID 6)", b"1 (UID 5 FLAGS)", b'1 (UID "5)', b"1 ((UID) 5)"],
)
def test_a_malformed_answer_is_refused(item):
    with pytest.raises(WireError):
        list(fetch_answers([item]))


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.tuples(st.binary(max_size=40), st.binary(max_size=40))), max_size=4)
)
def test_arbitrary_bytes_give_values_or_a_wire_error(items):
    try:
        for answer in fetch_answers(items):
            remote_mail(answer)
            sent_mail(answer)
    except WireError:
        pass
    folder_list(items)


def test_deep_nesting_costs_no_stack():
    assert parse_values([b"(" * 50_000 + b")" * 50_000])
    with pytest.raises(WireError):
        parse_values([b"(" * 50_000])


def test_folders_are_decoded_and_know_their_use():
    listed = folder_list(
        [
            b'(\\HasNoChildren \\Sent) "/" "&XfJT0ZAB-"',
            b'() "/" "&dcVr0mWHTvZZOQ-"',
            b'(\\Noselect) "/" "[Gmail]"',
            (b'() "/" {5}', b"a\"b'c"),
            b"",
            b"nonsense (",
            b"(\\HasNoChildren) NIL INBOX",
        ]
    )
    assert [folder.name for folder in listed] == ["已发送", "病毒文件夹", "[Gmail]", "a\"b'c", "INBOX"]
    assert listed[0] == Folder("已发送", frozenset({"\\hasnochildren", "\\sent"}))
    assert [folder.selectable for folder in listed] == [True, True, False, True, True]


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_every_folder_name_survives_modified_utf_7(name):
    encoded = encoded_folder_name(name)
    assert all(0x20 <= byte <= 0x7E for byte in encoded)
    assert folder_name(encoded) == name


@pytest.mark.parametrize(
    ("raw", "name"),
    [(b"&XfJT0ZAB-", "已发送"), (b"A&-B", "A&B"), (b"A&B", "A&B"), ("收件箱".encode(), "收件箱"), (b"&!!!-", "&!!!-")],
)
def test_names_that_are_no_utf_7_stay_as_they_are(raw, name):
    assert folder_name(raw) == name


def test_all_lines_of_a_search_answer_count_once_and_ascending():
    assert search_result([b"7 5", b"", None, b"6 5"]) == (5, 6, 7)
    for line in (b"5 six", b"5 4294967296", b"5 " + b"9" * 30):
        with pytest.raises(WireError):
            search_result([line])
    assert search_result([b"4294967295"]) == (2**32 - 1,)


@pytest.mark.parametrize("size", [2**31, 3_900_000_000, 10**18, 9_999_999_999_999_999_999])
def test_a_size_that_no_column_holds_is_told_as_the_largest_one(size):
    (answer,) = fetch_answers([b"12 (UID 77 RFC822.SIZE %d " % size + DATE + b")"])
    assert remote_mail(answer).size_bytes == 2**31 - 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"30-May-2025 23:59:59 +0800", datetime(2025, 5, 30, 15, 59, 59, tzinfo=UTC)),
        (b" 1-jun-2025 00:00:00 +0800", datetime(2025, 5, 31, 16, 0, tzinfo=UTC)),
        (b"30-May-2025 10:00:00 -0700", datetime(2025, 5, 30, 17, 0, tzinfo=UTC)),
        (b"31-Feb-2025 10:00:00 +0800", None),
        (b"30-Mai-2025 10:00:00 +0800", None),
        (b"30-May-2025 10:00:00 CST", None),
        (b"01-Jan-0001 00:00:00 +0800", None),
        (b"01-Jan-2025 00:00:00 +9900", None),
    ],
)
def test_internal_dates_are_instants_or_nothing(raw, expected):
    assert internal_date(raw) == expected


def test_refusals_are_decoded_from_gbk_and_cleaned():
    words = "登录太频繁".encode("gb18030")
    assert refusal(b"A1 NO LOGIN " + words + b"\x07\r\n") == "LOGIN 登录太频繁"
    assert refusal("* BYE 再见\r\n".encode()) == "再见"
    assert len(refusal(b"A1 NO " + b"x" * 5_000)) == 300


def test_what_is_no_refusal_is_not_quoted():
    """The last line before a cut may be anything; what a mail says belongs into no log."""
    assert refusal(b"* 1 FETCH (UID 5 BODY[] {100}\r\n") == ""
    assert refusal(b"A1 OK done\r\n") == ""


def test_the_marks_of_sent_mail_are_read_from_folded_and_encoded_headers():
    block = (
        b"Subject: =?utf-8?B?44CUMjAyNS0wMDQy44CV?=\r\n =?utf-8?B?5Zue5omn?=\r\n"
        b"message-id:\r\n <a.b@mail.example.com>\r\nX-INTAKE-ID: 2025-0042.ab.cd\r\n\r\n"
    )
    items = [(b"1 (UID 5 " + DATE + b" BODY[HEADER.FIELDS (MESSAGE-ID X-INTAKE-ID SUBJECT)] {99}", block), b")"]
    (answer,) = fetch_answers(items)
    sent = sent_mail(answer)
    assert sent is not None
    assert (sent.uid, sent.message_id, sent.intake_id) == (5, "<a.b@mail.example.com>", "2025-0042.ab.cd")
    assert sent.subject == "\u30142025-0042\u3015回执"
    assert sent.internal_at == datetime(2025, 5, 30, 1, 0, tzinfo=UTC)
