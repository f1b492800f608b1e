"""What can be decoded is decoded, and loss is told."""

import base64
import binascii

import pytest

from intake.transfer import Payload, decode_base64, decode_transfer
from tests.builders.mail import encoded

DATA = bytes(range(256)) * 7


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "", "7bit", "8bit", "binary"])
def test_every_encoding_gives_back_every_byte(encoding):
    assert decode_transfer(encoded(DATA, encoding), encoding) == Payload(DATA)


@pytest.mark.parametrize("name", ["BASE64", " base64 ", '"base64"', "Base64;"])
def test_the_name_of_an_encoding_is_taken_as_people_write_it(name):
    assert decode_transfer(b"5a6J", name).data == "安".encode()


def test_an_unknown_encoding_leaves_the_bytes_and_is_told():
    assert decode_transfer(b"abc", "x-zip") == Payload(b"abc", "unknown transfer encoding")


@pytest.mark.parametrize(
    ("text", "data", "damaged"),
    [
        (b"", b"", False),
        (b"5a6J5YWo", "安全".encode(), False),
        (b"5a6J\r\n5YWo\r\n", "安全".encode(), False),
        (b"5a6J5YW", "安全".encode()[:5], True),  # cut short
        (b"5a6J5", "安".encode(), True),  # six bits too many
        (b"YQ==", b"a", False),
        (b"YQ", b"a", True),
        (b"5a*6J", "安".encode(), True),  # a foreign character
        (b"YQ==\r\nYg==", b"ab", True),  # two blocks joined by a gateway: nothing is lost, but it is odd
        (b"=====", b"", True),
        (b"\xff\xfe", b"", True),
    ],
)
def test_base64_is_decoded_as_far_as_it_goes(text, data, damaged):
    payload = decode_base64(text)
    assert payload.data == data
    assert bool(payload.defect) is damaged


def test_bytes_behind_a_padding_are_not_lost():
    """binascii.a2b_base64 stops there without a word."""
    first, second = b"first block of a file", b"second block"
    joined = base64.b64encode(first) + b"\r\n" + base64.b64encode(second)
    assert decode_base64(joined).data == first + second


def test_a_broken_escape_of_quoted_printable_is_told_and_the_rest_read():
    payload = decode_transfer(b"a=E5=AE=89b=ZZc", "quoted-printable")
    assert payload.data == b"a" + "安".encode() + b"b=ZZc"
    assert payload.defect


def test_a_soft_line_break_of_quoted_printable_is_no_defect():
    assert decode_transfer(b"abc=\r\ndef= \t\r\nghi=", "quoted-printable").defect == ""


def test_characters_behind_the_count_of_a_uuencoded_line_do_no_harm():
    line = binascii.b2a_uu(b"abcdef").rstrip(b"\n")
    assert decode_transfer(b"begin 644 x\n" + line + b"XYZ\n`\nend\n", "uuencode") == Payload(b"abcdef")
    assert decode_transfer(b"begin 644 x\n\xff\xff\xff\nend\n", "uuencode") == Payload(b"", "damaged uuencode")


def test_uuencode_without_its_end_is_read_and_told():
    text = encoded(b"x" * 100, "x-uuencode").rpartition(b"end")[0]
    assert decode_transfer(text, "x-uuencode") == Payload(b"x" * 100, "uuencode without end")
    assert decode_transfer(b"no such thing", "uuencode").defect == "uuencode without begin"
