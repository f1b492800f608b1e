"""winmail.dat (TNEF), in which Outlook and Exchange wrap body and attachments: its files, its body, messages within.

In: bytes that start with the TNEF signature. Out: members in a `Bag`; an embedded message is a member of its own that is
TNEF again. Must not: take a cut off attribute for a whole one, loop by a count that the file merely claims.
Standards: MS-OXTNEF (attributes §2.1.3, property lists §2.1.3.4), MS-OXCDATA §2.11.1 (types).

Why not tnefparse 1.4: it loops over a claimed property count (2**32 steps in a 60-byte file), copies the rest of the file
for every attribute (hours for 30 MB), swallows what it cannot decode, reads attachment names as strict UTF-8 (a GBK title
is a UnicodeDecodeError) and strips zero bytes from the ends of attachments.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.document import FailureCode, ReadFailure
from parsers.packed.bag import Bag, code_page, labelled, unicode
from parsers.packed.mapi import decompressed_rtf
from parsers.text import decode

_ATTRIBUTE = struct.Struct("<BII")  # level, id (with type in the upper half), length; a checksum follows the data
_ATTRIBUTES = 20_000  # each attachment has about five
_FIRST_AT = 6

# Lower halves of attribute ids (MS-OXTNEF §2.1.3.3)
_BODY, _PROPERTIES, _ATTACHMENT_PROPERTIES, _CODE_PAGE = 0x800C, 0x9003, 0x9005, 0x9007
_NEW_ATTACHMENT, _TITLE, _DATA, _TRANSPORT_NAME = 0x9002, 0x8010, 0x800F, 0x9001

# Property ids (MS-OXPROPS) and types (MS-OXCDATA)
_TEXT, _RTF, _HTML, _INTERNET_CODE_PAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_OBJECT, _SHORT_NAME, _LONG_NAME, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_FIXED = {1: 0, 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING8, _UNICODE, _BINARY, _EMBEDDED = 0x1E, 0x1F, 0x102, 0xD
_MULTIPLE = 0x1000
_NAMED = 0x8000
_MESSAGE_INTERFACE = bytes.fromhex("0703020000000000c000000000000046")
_INTERFACE_BYTES = 16


@dataclass(slots=True)
class _Value:
    kind: int
    data: bytes


@dataclass(slots=True)
class _Attachment:
    data: bytes | None = None
    title: bytes = b""
    properties: dict[int, _Value] = field(default_factory=dict)


def unpack(data: bytes, bag: Bag) -> None:
    """Given a TNEF file, put its attachments and its body into the bag. Raise ReadFailure if it is damaged."""
    charset = ""
    body = b""
    properties: dict[int, _Value] = {}
    attachments: list[_Attachment] = []
    for number, content in _attributes(data):
        if number == _CODE_PAGE:
            charset = code_page(int.from_bytes(content[:4], "little"))
        elif number == _BODY:
            body = content.rstrip(b"\0")
        elif number == _PROPERTIES:
            properties = _properties(content)
        elif number == _NEW_ATTACHMENT:
            attachments.append(_Attachment())
        elif number in {_TITLE, _DATA, _ATTACHMENT_PROPERTIES, _TRANSPORT_NAME}:
            if not attachments:
                attachments.append(_Attachment())
            _describe(attachments[-1], number, content)
    _add_body(bag, body, properties, charset)
    for attachment in attachments:
        _add_attachment(bag, attachment, charset)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = _FIRST_AT
    for _ in range(_ATTRIBUTES):
        rest = data[at : at + _ATTRIBUTE.size]
        if not rest or rest[0] not in {1, 2}:
            _check_end(data, at)
            return
        if len(rest) < _ATTRIBUTE.size:
            raise ReadFailure(FailureCode.DAMAGED, "TNEF cut off")
        _, number, size = _ATTRIBUTE.unpack(rest)
        begin = at + _ATTRIBUTE.size
        at = begin + size + 2
        if at > len(data):
            raise ReadFailure(FailureCode.DAMAGED, "TNEF cut off")
        content = data[begin : begin + size]
        if sum(content) & 0xFFFF != int.from_bytes(data[at - 2 : at], "little"):
            raise ReadFailure(FailureCode.DAMAGED, "TNEF: checksum of an attribute differs")
        yield number & 0xFFFF, content
    raise ReadFailure(FailureCode.TOO_LARGE, f"more than {_ATTRIBUTES} TNEF attributes")


def _check_end(data: bytes, at: int) -> None:
    """Mail programs add line ends or zeros behind the last attribute; anything else is a file out of step."""
    if at == _FIRST_AT or data[at:].strip(b"\0\r\n \t"):
        raise ReadFailure(FailureCode.DAMAGED, "TNEF: no attribute where one must be")


def _describe(attachment: _Attachment, number: int, content: bytes) -> None:
    if number == _DATA:
        attachment.data = content
    elif number == _ATTACHMENT_PROPERTIES:
        attachment.properties = _properties(content)
    elif number == _TITLE or not attachment.title:
        attachment.title = content.rstrip(b"\0")


def _properties(data: bytes) -> dict[int, _Value]:
    """Given a property list, return its unnamed properties by id, the first value of each."""
    found: dict[int, _Value] = {}
    try:
        (count,) = struct.unpack_from("<I", data)
        at = 4
        for _ in range(count):  # every step takes at least four bytes or raises
            kind, number = struct.unpack_from("<HH", data, at)
            at += 4
            if number >= _NAMED:
                at = _after_name(data, at)
            value, at = _value(data, at, kind)
            if number < _NAMED and value is not None:
                found.setdefault(number, value)
    except struct.error as error:
        raise ReadFailure(FailureCode.DAMAGED, "TNEF: property list cut off") from error
    return found


def _after_name(data: bytes, at: int) -> int:
    is_text, size = struct.unpack_from("<II", data, at + 16)
    return int(at + 24 + (_padded(size) if is_text else 0))


def _value(data: bytes, at: int, kind: int) -> tuple[_Value | None, int]:
    """Given where a value begins, return it and where it ends; None for one of zero or several values."""
    several, kind = bool(kind & _MULTIPLE), kind & ~_MULTIPLE
    count = 1
    if several or kind in {_STRING8, _UNICODE, _BINARY, _EMBEDDED}:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    if kind in _FIXED:
        size = 2 if several and kind in {2, 0xB} else _FIXED[kind]
        end = at + _padded(size * count)
        if end > len(data):
            raise ReadFailure(FailureCode.DAMAGED, "TNEF: property list cut off")
        return (None if several else _Value(kind, data[at:end])), end
    if kind not in {_STRING8, _UNICODE, _BINARY, _EMBEDDED}:
        raise ReadFailure(FailureCode.DAMAGED, f"TNEF: property type {kind:#x}")
    first = None
    for _ in range(count):  # every step takes at least four bytes or raises
        (size,) = struct.unpack_from("<I", data, at)
        begin, at = at + 4, at + 4 + _padded(size)
        if begin + size > len(data):
            raise ReadFailure(FailureCode.DAMAGED, "TNEF: property list cut off")
        first = first or _Value(kind, data[begin : begin + size])
    return first, at


def _padded(size: int) -> int:
    return -(-size // 4) * 4


def _add_body(bag: Bag, body: bytes, properties: dict[int, _Value], charset: str) -> None:
    internet = properties.get(_INTERNET_CODE_PAGE)
    inside = code_page(int.from_bytes(internet.data[:4], "little")) if internet else charset
    text = properties.get(_TEXT)
    plain = _body_bytes(text, charset) if text else labelled(body, charset)
    html = properties.get(_HTML)
    rtf = properties.get(_RTF)
    bag.add_body(
        "",
        text=plain,
        html=_body_bytes(html, inside) if html else b"",
        rtf=_rtf(rtf.data) if rtf else b"",
    )


def _rtf(data: bytes) -> bytes:
    """A body that cannot be unpacked must not hide the attachments: it goes on as it is and is told to be unreadable."""
    try:
        return decompressed_rtf(data)
    except ReadFailure:
        return data


def _body_bytes(value: _Value, charset: str) -> bytes:
    if value.kind == _UNICODE:
        return unicode(_text(value, charset))
    return labelled(value.data.rstrip(b"\0"), charset)


def _text(value: _Value, charset: str) -> str:
    if value.kind == _UNICODE:
        return value.data.decode("utf-16-le", "replace").partition("\0")[0]
    return decode(value.data.partition(b"\0")[0], charset).text


def _add_attachment(bag: Bag, attachment: _Attachment, charset: str) -> None:
    properties = attachment.properties
    names = (_text(properties[one], charset) for one in (_LONG_NAME, _SHORT_NAME) if one in properties)
    name = next((name for name in names if name.strip()), "") or decode(attachment.title, charset).text
    if not name.strip() and _DISPLAY_NAME in properties:
        name = _text(properties[_DISPLAY_NAME], charset)
    value = properties.get(_OBJECT)
    data = attachment.data or b""
    if value is not None and value.data:
        data = value.data
        if value.kind == _EMBEDDED:
            is_message = data.startswith(_MESSAGE_INTERFACE)
            data = data[_INTERFACE_BYTES:]
            name += ".tnef" if is_message else ""
    bag.add(name, data)  # without data (a link to a file of the sender's) it is told to be empty, never left out
