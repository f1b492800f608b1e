"""Laws of unpacking: nothing raises, nothing dirty comes out, no byte of an attachment is lost or invented."""

import base64
import email
import email.policy
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from intake.headers import file_name, header_text, parameters
from intake.mime import payload, unpack
from intake.structure import walk
from parsers.text import clean
from tests.builders.mail import (
    attached,
    attachment,
    bounce,
    html,
    mail,
    multipart,
    nested_multiparts,
    part,
    picture,
    rfc2231,
    text,
    web_mail,
    word,
)

SEEDS = (
    web_mail("手机：13900000001", attachment("附件2（喆）.docx", bytes(range(256)))),
    web_mail("请收", attached(web_mail("领导好", attachment("意向表.docx", b"PK\x03\x04")))),
    mail(multipart("related", html("<img src='cid:a'><table><tr><td>手机<td>1</table>"), picture("a", b"x"))),
    mail(
        text("请收\n-----原始邮件-----\n发件人：x\n发送时间：y\n主题：z\n> 手机"), subject=word("转发：表", "gb18030")
    ),
    bounce(original=web_mail("催报")),
    mail(part("application/x", b"x" * 50, encoding="x-uuencode", disposition=rfc2231("附件.doc"))),
    mail(text("联络员", charset="gb18030", label="gb2312"), subject="联络员".encode("gb18030")),
    nested_multiparts(30),
)
INTERESTING = (
    b"\r\n",
    b"\n\n",
    b"--",
    b";",
    b'"',
    b"=?gbk?B?",
    b"?=",
    b"<",
    b">",
    b"\x00",
    b"\xff",
    b"\xb0\xb2",
    b"boundary=",
    b"Content-Type: ",
    b"base64",
    b"=",
    b"*0*=",
    b"%E5",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from strings(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from strings(getattr(value, name))


def check(raw):
    started = time.process_time()
    unpacked = unpack(raw)
    assert time.process_time() - started < 5
    for one in strings(unpacked):
        assert clean(one) == one, "a string is not clean"
    assert len(unpacked.own_text) <= 20_000
    assert len(unpacked.parts) <= 200
    paths = [one.path for one in unpacked.parts]
    assert len(set(paths)) == len(paths)
    assert {body.path for body in unpacked.bodies} <= set(paths)
    for one in unpacked.parts:
        assert len(payload(raw, one.path)) == one.size_bytes


@st.composite
def mutants(draw):
    """A seed with pieces cut out, doubled, moved or replaced."""
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        length = draw(st.integers(0, 40))
        match draw(st.integers(0, 4)):
            case 0:
                del raw[at : at + length]
            case 1:
                raw[at:at] = raw[at : at + length]
            case 2:
                raw[at:at] = draw(st.sampled_from(INTERESTING))
            case 3:
                raw[at : at + length] = draw(st.binary(max_size=20))
            case 4:
                del raw[at:]
    return bytes(raw)


@given(st.binary(max_size=2_000))
@example(b"")
def test_any_bytes_are_unpacked(raw):
    check(raw)


@given(mutants())
def test_any_mutant_of_a_mail_is_unpacked(raw):
    check(raw)


@given(st.lists(st.sampled_from((*INTERESTING, b"a", b" ", b"\t", b"multipart/mixed", b"message/rfc822")), max_size=60))
def test_any_mixture_of_what_mail_is_made_of_is_unpacked(pieces):
    check(b"".join(pieces))


@given(st.binary(max_size=500), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "binary"]), st.booleans())
def test_every_byte_of_an_attachment_survives(data, encoding, nested):
    entity = attachment("a.docx", data, encoding=encoding)
    raw = mail(multipart("mixed", text("x"), entity, boundary="=_never in the data_="))
    path = "2"
    if nested:
        raw = mail(multipart("mixed", text("y"), attached(raw), boundary="=_outer_="))
        path = "2/2"
    assert payload(raw, path) == data


FILE_NAMES = st.text(
    st.characters(
        min_codepoint=0x20, max_codepoint=0x9FFF, exclude_categories=("C", "Z", "M"), exclude_characters='\\/"%='
    ),
    min_size=1,
    max_size=40,
).filter(lambda name: clean(name) == name and name == name.strip("'"))


@given(FILE_NAMES, st.sampled_from(["utf-8", "gb18030"]), st.integers(0, 2))
def test_a_file_name_survives_every_way_of_writing_it(name, charset, way):
    disposition = [
        f'attachment; filename="{word(name, charset)}"',
        f'attachment; filename="{word(name, charset, "Q")}"',
        rfc2231(name, charset),
    ][way]
    assert file_name(parameters(disposition.encode()), parameters(b"")).text == name


@given(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=60),
    st.integers(1, 20),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_a_subject_split_anywhere_is_read_whole(subject, step, charset):
    data = subject.encode(charset)
    words = [word(data[start : start + step], charset) for start in range(0, len(data), step)]
    assert header_text("\r\n ".join(words).encode()).text == subject


@st.composite
def trees(draw, depth=0):
    """Well-formed entities."""
    if depth < 3 and draw(st.booleans()):
        kind = draw(st.sampled_from(["mixed", "alternative", "related"]))
        inner = draw(st.lists(trees(depth=depth + 1), min_size=1, max_size=3))
        return multipart(kind, *inner, boundary=f"=_{depth}_{draw(st.integers(0, 999))}")
    if draw(st.booleans()):
        return text(draw(st.sampled_from(["x", "手机：1", ""])))
    return part(
        "application/x", draw(st.binary(max_size=60)), encoding=draw(st.sampled_from(["base64", "quoted-printable"]))
    )


@given(trees())
def test_of_a_well_formed_mail_the_leaves_are_those_that_the_standard_library_finds(entity):
    raw = mail(entity)
    theirs = [
        (one.get_content_type(), one.get_payload(decode=True))
        for one in email.message_from_bytes(raw, policy=email.policy.compat32).walk()
        if not one.is_multipart()
    ]
    assert [(leaf.type, leaf.payload().data) for leaf in walk(raw).leaves] == theirs


@pytest.mark.long
@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_a_mail_cut_at_every_byte_is_unpacked(seed):
    for end in range(len(SEEDS[seed])):
        check(SEEDS[seed][:end])


def test_base64_of_the_seeds_is_what_it_seems():
    """The builders themselves: an attachment of known bytes stands in the mail as base64."""
    assert base64.b64encode(bytes(range(256)))[:40] in SEEDS[0].replace(b"\r\n", b"")
