"""Content-Transfer-Encoding undone, leniently and in linear time: what can be decoded is decoded, loss is told.

In: the bytes of a part as they stand in the mail, and the name of the encoding. Out: bytes, and whether something was
damaged. Standards: RFC 2045 §6 (base64, quoted-printable); uuencode as POSIX defines it.
"""

import binascii
import re
from dataclasses import dataclass

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_WHITE = b" \t\r\n\x0b\x0c"
_OUTSIDE_ALPHABET = bytes(set(range(256)) - set(_ALPHABET))
_BROKEN_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_UU = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})


@dataclass(frozen=True, slots=True)
class Payload:
    """Decoded bytes. `defect` is an English remark, "" if all is well."""

    data: bytes
    defect: str = ""


def decode_transfer(data: bytes, encoding: str) -> Payload:
    """Given the bytes of a part and its Content-Transfer-Encoding (any case), return what they stand for."""
    name = encoding.strip(" \t\r\n\"';").lower()
    if name in _PLAIN:
        return Payload(data)
    if name == "base64":
        return decode_base64(data)
    if name == "quoted-printable":
        broken = _BROKEN_ESCAPE.search(data) is not None
        return Payload(binascii.a2b_qp(data), "damaged quoted-printable" if broken else "")
    if name in _UU:
        return _decode_uu(data)
    return Payload(data, "unknown transfer encoding")


def decode_base64(data: bytes) -> Payload:
    """Given base64 text, return the bytes as far as they can be decoded.

    Foreign characters are skipped. Several padded blocks in a row (gateways join them) are all decoded: binascii alone
    stops silently at the first padding.
    """
    text = data.translate(None, _OUTSIDE_ALPHABET)
    blocks = [block for block in text.split(b"=") if block]
    white = sum(data.count(character) for character in _WHITE)
    damaged = len(blocks) > 1 or len(text) + white != len(data)
    decoded = []
    for block in blocks:
        rest = len(block) % 4
        if rest == 1:  # six bits are no byte
            damaged = True
            block = block[:-1]  # noqa: PLW2901 - cut, then decoded like the others
        decoded.append(binascii.a2b_base64(block + b"=" * (-len(block) % 4)))
    if len(text) % 4 or (text and not blocks):
        damaged = True
    return Payload(b"".join(decoded), "damaged base64" if damaged else "")


def _decode_uu(data: bytes) -> Payload:
    """uuencode: lines between ``begin`` and ``end``; a line that can't be decoded is left out and told."""
    lines = data.splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(b"begin ")), None)
    if start is None:
        return Payload(data, "uuencode without begin")
    decoded = []
    defect = "uuencode without end"
    for line in lines[start + 1 :]:
        if line.strip() == b"end":
            defect = ""
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders leave characters behind the count they announce (CPython's email does the same).
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                decoded.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                return Payload(b"".join(decoded), "damaged uuencode")
    return Payload(b"".join(decoded), defect)
