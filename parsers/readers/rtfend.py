r"""Whether an .rtf came whole, before LibreOffice is asked: what it leaves unread it does not tell.

In: the bytes of an RTF file. Out: yes or no. An .rtf is one group in braces: a lost end leaves it open. A brace that closes
it before the end (the second byte of a Chinese character in raw GBK may be one) ends LibreOffice's reading there: of
``{\rtf1 one}{\rtf1 two}`` it makes a document with "one", exit code 0 (7.4, measured). Must not: understand more of RTF
than where a brace counts, take more than linear time. Standard: RTF 1.9.1, "RTF Syntax".
"""

import re
from itertools import accumulate
from operator import indexOf

_BINARY = re.compile(rb"\\bin\d")
_BACKSLASHES = re.compile(rb"(\\++)(?:bin(\d{1,10}) ?)?")
_STEPS = {ord("{"): 1, ord("}"): -1}
_BINARIES = 10_000  # nobody sends so many pictures; each costs 3 microseconds
_NO_BRACES = bytes(set(range(256)) - set(_STEPS))
# What may stand behind the end: line ends, NULs, the end-of-file mark of DOS, and closing braces that LibreOffice no longer
# reads.
_BEHIND = b"\0 \t\r\n\x1a}"


def is_whole(data: bytes) -> bool:
    """Given an .rtf, return whether its outermost group closes, and at the end. Never raises."""
    if data.count(b"\\bin") > _BINARIES:
        return False
    text = _without_binary(data)
    for escaped in (b"\\\\", b"\\{", b"\\}"):  # in this order: three backslashes and a brace are two escapes
        text = text.replace(escaped, b"..")
    braces = text.translate(None, _NO_BRACES)
    try:
        closed = indexOf(accumulate(map(_STEPS.__getitem__, braces)), 0)
    except ValueError:
        return False
    end = len(text.rstrip(_BEHIND))
    return text.count(b"}", end) >= len(braces) - closed


def _without_binary(data: bytes) -> bytes:
    r"""Given RTF, return it without the bytes that ``\bin5`` announces: a brace among them is none."""
    if not _BINARY.search(data):
        return data
    kept: list[bytes] = []
    begin = 0
    going = True
    while going:
        going = False
        for found in _BACKSLASHES.finditer(data, begin):
            if found[2] and len(found[1]) % 2:  # an even number: escaped backslashes, and the word "bin5"
                kept.append(data[begin : found.end()])
                begin = found.end() + int(found[2])
                going = True
                break
    return b"".join([*kept, data[begin:]])
