"""The walk finds every leaf within its bounds, keeps every byte, and tells what is broken."""

import time

import pytest

from intake.structure import DEPTH, PARTS, RAW_BYTES, find_leaf, walk
from tests.builders.mail import (
    attached,
    attachment,
    html,
    mail,
    multipart,
    nested_messages,
    nested_multiparts,
    part,
    text,
    web_mail,
)

DATA = bytes(range(256)) * 3 + b"\r\n--\r\n\r\n"


def shape(raw):
    return [(leaf.path, leaf.enclosing, leaf.type) for leaf in walk(raw).leaves]


def test_paths_count_like_people():
    raw = web_mail("x", attachment("a.docx", b"1"), attachment("b.docx", b"2", content_type="application/x"))
    assert [(path, kind.partition("/")[0]) for path, _, kind in shape(raw)] == [
        ("1.1", "text"),
        ("1.2", "text"),
        ("2", "application"),
        ("3", "application"),
    ]


def test_a_mail_without_multipart_has_part_1():
    assert shape(mail(text("x"))) == [("1", "", "text/plain")]
    assert shape(b"") == [("1", "", "text/plain")]


def test_an_attached_message_is_walked_with_its_own_paths():
    inner = web_mail("内", attachment("form.docx", DATA))
    raw = mail(multipart("mixed", text("外"), html("x"), attached(inner)))
    assert [(path, enclosing) for path, enclosing, _ in shape(raw)] == [
        ("1", ""),
        ("2", ""),
        ("3/1.1", "3"),
        ("3/1.2", "3"),
        ("3/2", "3"),
    ]
    assert list(walk(raw).messages) == ["3"]
    assert find_leaf(raw, "3/2").payload().data == DATA


def test_messages_in_messages_name_the_whole_way():
    paths = [path for path, _, _ in shape(nested_messages(3))]
    assert paths == ["1/1/1/1"]
    raw = mail(multipart("mixed", text("a"), attached(mail(multipart("mixed", text("b"), attached(mail(text("c"))))))))
    assert shape(raw) == [("1", "", "text/plain"), ("2/1", "2", "text/plain"), ("2/2/1", "2/2", "text/plain")]


@pytest.mark.parametrize(
    ("encoding", "content_type", "name"),
    [
        ("", "message/rfc822", None),
        ("base64", "message/rfc822", None),
        ("quoted-printable", "message/rfc822", "a.eml"),
        ("base64", "application/octet-stream", "转发.eml"),
        ("8bit", "application/octet-stream", "a.EML"),
    ],
)
def test_an_attached_message_is_known_by_type_or_name_and_may_be_encoded(encoding, content_type, name):
    raw = mail(
        multipart(
            "mixed", text("x"), attached(mail(text("inner")), encoding=encoding, content_type=content_type, name=name)
        )
    )
    assert shape(raw)[1] == ("2/1", "2", "text/plain")
    assert find_leaf(raw, "2/1").payload().data == b"inner"


def test_what_only_calls_itself_a_message_is_a_leaf():
    raw = mail(multipart("mixed", text("x"), part("application/octet-stream; name=a.eml", DATA)))
    assert shape(raw)[1] == ("2", "", "application/octet-stream")
    assert find_leaf(raw, "2").payload().data == DATA


def test_a_text_that_looks_like_a_header_is_no_message():
    words = "Name: Li Qing\r\nPhone: 13900000001\r\n\r\nthanks"
    raw = mail(
        multipart("mixed", text(words), part("text/plain; name=a.txt", words.encode(), disposition="attachment"))
    )
    assert shape(raw) == [("1", "", "text/plain"), ("2", "", "text/plain")]


def test_a_remark_is_made_once():
    broken = multipart("alternative", text("a"), closed=False)
    assert walk(mail(multipart("mixed", broken, text("b"), closed=False, boundary="outer"))).defects == [
        "multipart not closed"
    ]


def test_nameless_parts_and_parts_without_a_header_are_leaves():
    raw = mail(
        multipart(
            "mixed", part(None, b"plain", encoding=""), part("application/msword", DATA, disposition="attachment")
        )
    )
    assert shape(raw) == [("1", "", "text/plain"), ("2", "", "application/msword")]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "binary"])
@pytest.mark.parametrize("tail", [b"", b"\r\n", b"\n", b"\r\n\r\n", b"\r"])
def test_every_byte_of_an_attachment_survives(encoding, tail):
    data = DATA + tail
    raw = mail(
        multipart(
            "mixed",
            text("x"),
            attachment("a.docx", data, encoding=encoding),
            attachment("b.docx", data, encoding=encoding),
        )
    )
    assert find_leaf(raw, "2").payload().data == data
    assert find_leaf(raw, "3").payload().data == data


def test_line_feeds_alone_divide_a_mail_too():
    raw = web_mail("x", attachment("a.docx", DATA)).replace(b"\r\n", b"\n")
    assert [path for path, _, _ in shape(raw)] == ["1.1", "1.2", "2"]
    assert find_leaf(raw, "2").payload().data == DATA


def test_a_boundary_that_begins_like_another_is_not_taken_for_it():
    inner = multipart("alternative", text("a"), html("b"), boundary="----=_Part_1_2")
    raw = mail(multipart("mixed", inner, attachment("a.docx", DATA), boundary="----=_Part_1"))
    assert [path for path, _, _ in shape(raw)] == ["1.1", "1.2", "2"]


def test_dashes_in_a_text_are_no_boundary():
    raw = mail(multipart("mixed", text("x\r\n--b\r\ny\r\n --bb--", encoding=""), boundary="bb"))
    assert find_leaf(raw, "1").payload().data == b"x\r\n--b\r\ny\r\n --bb--"


def test_preamble_and_epilogue_are_no_parts():
    raw = mail(multipart("mixed", text("x"), preamble=b"This is a multi-part message\r\n", epilogue=b"bye\r\n"))
    assert shape(raw) == [("1", "", "text/plain")]


def test_a_mail_that_was_cut_short_gives_what_it_holds_and_tells():
    raw = web_mail("x", attachment("a.docx", DATA))
    tree = walk(raw[:-100])
    assert [leaf.path for leaf in tree.leaves] == ["1.1", "1.2", "2"]
    assert tree.defects == ["multipart not closed"]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed",
        "multipart/mixed; boundary=",
        "multipart/mixed; boundary=nowhere",
        "multipart/mixed; boundary=" + "x" * 2_000,
    ],
)
def test_a_multipart_without_parts_is_the_text_it_holds(content_type):
    words = b"words\r\n--\r\nand\r\n--" + b"x" * 2_000 + b"\r\nmore"
    tree = walk(mail(part(content_type, words, encoding="")))
    assert [(leaf.path, leaf.type) for leaf in tree.leaves] == [("1", "text/plain")]
    assert tree.leaves[0].payload().data == words
    assert tree.defects == ["multipart without parts"]


def test_three_thousand_nested_multiparts_are_one_opaque_leaf():
    tree = walk(nested_multiparts(3_000))
    assert len(tree.leaves) == 1
    assert tree.leaves[0].path.count(".") <= DEPTH
    assert "nested too deep" in tree.defects


def test_nested_messages_end_at_the_depth():
    tree = walk(nested_messages(20))
    assert len(tree.leaves) == 1
    assert tree.leaves[0].type == "message/rfc822"
    assert "nested too deep" in tree.defects


def test_a_depth_within_the_bound_is_read_to_the_bottom():
    entity = text("bottom")
    for _ in range(DEPTH):
        entity = multipart("mixed", entity)
    tree = walk(mail(entity))
    assert tree.leaves[0].payload().data == b"bottom"
    assert tree.defects == []


def test_more_parts_than_the_bound_are_told():
    tree = walk(mail(multipart("mixed", *[text(str(number)) for number in range(PARTS + 50)])))
    assert len(tree.leaves) == PARTS
    assert tree.defects == ["too many parts"]


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n" * 300_000,
        b"--" * 1_000_000,
        b"\r\n" * 1_000_000,
        b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 30_000,
    ],
)
def test_hostile_bodies_take_linear_time(body):
    started = time.process_time()
    tree = walk(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)
    assert time.process_time() - started < 3
    assert len(tree.leaves) <= PARTS


def test_a_mail_over_the_bound_is_cut_and_told():
    tree = walk(mail(part("application/x", bytes(RAW_BYTES), encoding="binary")))
    assert tree.defects == ["cut at 64 MB"]


def test_alternatives_and_reports_are_known_by_their_leaves():
    alternative = multipart(
        "alternative", text("a"), multipart("related", html("b"), attachment("a.png", b"x", content_type="image/png"))
    )
    leaves = walk(mail(multipart("mixed", alternative, text("c")))).leaves
    assert [bool(leaf.alternative) for leaf in leaves] == [True, True, True, False]
    assert len({leaf.alternative for leaf in leaves[:3]}) == 1
    report = walk(mail(multipart("report", text("a"), text("b"), attached(mail(text("c")))))).leaves
    assert [leaf.returned for leaf in report] == [False, True, True]


def test_a_digest_holds_messages():
    raw = mail(
        multipart("digest", part(None, mail(text("one")), encoding=""), part(None, mail(text("two")), encoding=""))
    )
    assert [path for path, _, _ in shape(raw)] == ["1/1", "2/1"]


def test_there_is_no_leaf_of_another_name():
    assert find_leaf(mail(text("x")), "7") is None
