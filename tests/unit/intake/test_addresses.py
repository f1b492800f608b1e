"""A sender is somebody only if the field names exactly one well-formed address."""

import time

import pytest

from intake.addresses import is_address, mailboxes, single
from tests.builders.mail import word


def sender(*values):
    return single(
        entry for value in values for entry in mailboxes(value if isinstance(value, bytes) else value.encode())
    )


@pytest.mark.parametrize(
    ("value", "address", "name"),
    [
        ("li@unit.example.com", "li@unit.example.com", ""),
        ("<li@unit.example.com>", "li@unit.example.com", ""),
        ("Li@Unit.Example.COM", "li@unit.example.com", ""),
        ("李青 <li@unit.example.com>", "li@unit.example.com", "李青"),
        ('"李青" <li@unit.example.com>', "li@unit.example.com", "李青"),
        ('"李, 青" < li@unit.example.com >', "li@unit.example.com", "李, 青"),
        ("Li, Qing <li@unit.example.com>", "li@unit.example.com", "Li"),
        (f"{word('李青', 'gb18030')} <li@unit.example.com>", "li@unit.example.com", "李青"),
        (f'"{word("李青", "gb18030")}" <li@unit.example.com>', "li@unit.example.com", "李青"),
        (f"{word('李,青')} <li@unit.example.com>", "li@unit.example.com", "李,青"),
        ("=?utf-8?Q?Li,_Qing?= <li@unit.example.com>", "li@unit.example.com", "Li, Qing"),
        ("li@unit.example.com (李青)", "li@unit.example.com", ""),
        ("(a (b@evil.example) c) li@unit.example.com (d@evil.example, e)", "li@unit.example.com", ""),
        ("李:) 青 <li@unit.example.com>", "li@unit.example.com", "李:) 青"),
        ("x" * 64 + "@unit.example.com", "x" * 64 + "@unit.example.com", ""),
        ("li@unit.example.com <li@unit.example.com>", "li@unit.example.com", "li@unit.example.com"),
        ('"li@unit.example.com" <li@unit.example.com>', "li@unit.example.com", "li@unit.example.com"),
        ("li@unit.example.com;", "li@unit.example.com", ""),
        # the whole field in one encoded word, as some OA systems write it
        (word("李青 <li@unit.example.com>"), "li@unit.example.com", "李青"),
        (word("li@unit.example.com"), "li@unit.example.com", ""),
        (f"<{word('li@unit.example.com')}>", "li@unit.example.com", ""),
        # the name in raw GBK
        ("李青 <li@unit.example.com>".encode("gb18030"), "li@unit.example.com", "李青"),
    ],
)
def test_one_well_formed_address_is_the_sender(value, address, name):
    entry = sender(value)
    assert (entry.address, entry.name) == (address, name)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "李青",
        "a@126.com <b@evil.example>",  # email.utils.parseaddr takes the first
        "<a@126.com> b@evil.example",
        "<a@126.com> <b@evil.example>",
        "a@126.com, b@evil.example",
        "a@126.com; 李青 <b@evil.example>",
        word("a@126.com <b@evil.example>"),
        f"a@126.com {word('x')} <b@evil.example>",
        "a@126.com b@evil.example",
        "a@126.com@evil.example",
        "a b@evil.example",
        "李@unit.example.com",
        "li@单位.中国",
        "li@localhost",
        "li@-x.example",
        "li@unit..example",
        ".li@unit.example",
        "@unit.example",
        '"li qing"@unit.example.com',
        "li@unit.example.com\u202e",
        "<@relay.example:li@unit.example.com>",
        "undisclosed-recipients:;",
        "<>",
        "<nobody>, li@unit.example.com",
        "x@localhost, li@unit.example.com",
        '"li@unit.example.com',
        "x" * 65 + "@unit.example.com",
        "li@" + "x." * 130 + "example",
    ],
)
def test_anything_else_is_nobody(value):
    if value.endswith("\u202e"):  # invisible characters are removed, then it is one address
        assert sender(value).address == "li@unit.example.com"
    else:
        assert sender(value).address == ""


def test_two_from_fields_are_nobody_unless_they_agree():
    assert sender("a@x.example", "b@x.example").address == ""
    assert sender("a@x.example", "A <a@x.example>").address == "a@x.example"
    assert sender("a@x.example", "b@x.example <c@x.example>").address == ""


def test_a_broken_name_is_damaged_and_the_address_stands():
    entry = sender("=?utf-8?B?a?= <li@unit.example.com>")
    assert entry.address == "li@unit.example.com"
    assert entry.damaged


def test_many_recipients_are_all_read():
    value = ", ".join(f'"收件人 {number}" <u{number}@example.com>' for number in range(50))
    assert [entry.address for entry in mailboxes(value.encode())] == [f"u{number}@example.com" for number in range(50)]


@pytest.mark.parametrize(
    "value",
    [
        b"(" * 200_000,
        b'"' * 200_001,
        b"<" * 200_000,
        b"a@b.c," * 100_000,
        b"=?" * 100_000,
        b"a@" + b"a." * 100_000,
        b"\\" * 200_000,
    ],
)
def test_hostile_fields_take_linear_time(value):
    started = time.process_time()
    single(mailboxes(value))
    assert time.process_time() - started < 2


def test_is_address_is_strict():
    assert is_address("a.b-c_d+e@unit.example.com")
    assert not is_address("a@b.example ")
    assert not is_address("a@b.example\n")
