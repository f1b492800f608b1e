"""An .rtf is whole when its outermost brace closes, and at the end."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.readers.rtfend import is_whole
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.rendering import render


@pytest.mark.parametrize(
    "data",
    [
        rb"{\rtf1 x}",
        b"\n {\\rtf1 x}",
        b"{\\rtf1 x}\r\n\0",
        b"{\\rtf1 x}\x1a",
        rb"{\rtf1 {a}{b{c}}}",
        rb"{\rtf1 a\{b}",
        rb"{\rtf1 a\}b}",
        rb"{\rtf1 a\\}",
        rb"{\rtf1 a\\\}}",
        rb"{\rtf1 \'7d\'7b}",
        rb"{\rtf1 x}}}",  # LibreOffice has stopped at the first
        rb"{\rtf1 {\pict\bin3 }}}}}",
        rb"{\rtf1 {\pict\bin3 {\\}}",
        b"{\\rtf1 {\\bin1 \\}\\}}",  # the byte is a backslash; the next one escapes
        rb"{\rtf1 {\bin0 }}",
        rb"{\rtf1 a\\bin9}",  # a backslash and a word
        rb"{\rtf1 \binary}",
    ],
)
def test_an_rtf_that_ends_with_its_last_brace_is_whole(data):
    assert is_whole(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        rb"{\rtf1 x",
        rb"{\rtf1 {x}",
        rb"{\rtf1 x\}",
        rb"{\rtf1 x\\\}",
        rb"{\rtf1 {\bin3 }}}",
        rb"{\rtf1 {\bin99 }}",
        rb"{\rtf1 {\bin9999999999 }}",
        rb"{\rtf1 x}y",
        rb"{\rtf1 x}{\rtf1 y}",
        rb"{\rtf1 x}\}",
        rb"{\rtf1 x}}}\{",
        rb"}{\rtf1 x}",
        b"{\\rtf1 \xb0} y}",  # half a character of raw GBK
        b"{" + rb"\bin0" * 20_000 + b"}",
    ],
)
def test_an_rtf_that_ends_before_or_after_is_not_whole(data):
    assert not is_whole(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_whole_or_not(data):
    assert is_whole(data) in {True, False}


TOKENS = st.sampled_from([b"{", b"}", b"\\{", b"\\}", b"\\\\", b"\\bin2 ", b"\\bin1", b"\\par ", b"a", b" ", b"\0"])


@given(st.lists(TOKENS, max_size=12), st.integers(0, 2))
def test_braces_count_as_a_reader_that_goes_step_by_step_counts_them(tokens, closing):
    data = b"{" + b"".join(tokens) + b"}" * closing
    assert is_whole(data) == step_by_step(data)


def step_by_step(data):
    at, depth = 0, 0
    while at < len(data):
        if data[at : at + 1] == b"\\":
            digits = data[at + 4 : at + 5]
            if data[at : at + 4] == b"\\bin" and digits.isdigit():
                at += 5 + (data[at + 5 : at + 6] == b" ") + int(digits)
            else:
                at += 2
            continue
        depth += {b"{": 1, b"}": -1}.get(data[at : at + 1], 0)
        at += 1
        if depth == 0:
            return not data[at:].strip(b"\0 \t\r\n\x1a}")
    return False


@pytest.mark.parametrize(
    "data", [b"{" * 10**6, b"\\" * 10**6, b"{\\bin0" + b"\\bi" * 300_000, b"{\\bin" + b"9" * 10**6]
)
def test_what_an_enemy_writes_takes_linear_time(data):
    started = time.process_time()
    assert not is_whole(data)
    assert time.process_time() - started < 3


@pytest.mark.integration
@needs_libreoffice
def test_what_libreoffice_writes_is_whole_and_no_beginning_of_it_is():
    made = render("docx", "反馈表", [("姓名", "林一"), ("备注", "见{附件}\\")])
    data = converted({"a.docx": made}, "rtf:Rich Text Format")["a.docx"]
    assert is_whole(data)
    body = data.rstrip(b"\r\n\0 ")
    assert not any(is_whole(body[: len(body) * part // 200]) for part in range(200))
    assert not is_whole(body[:-1])
