"""The outer layers of a Word 97–2003 file: its streams, the FIB that says where everything lies, Word's arrays.

In: bytes that `sniff` called .doc (or .wps of that content). Out: `File`: the streams and slices of the table stream.
Must not: know text, sprms or tables. Standard: MS-DOC §2.1 (streams), §2.5 (FIB).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.document import FailureCode, ReadFailure
from parsers.ole import Compound

_WORD_97 = 0xC1  # nFib; Word 6 writes 0x65, Word 95 0x68: another format
_IDENT = 0xA5EC
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_LENGTHS, _PLACES = 0x4C, 0x9A  # ccpText and its neighbors; FibRgFcLcb97
_MAIN_LENGTHS = 8


def unhandled() -> ReadFailure:
    """Return what to raise where the file holds something that this reader does not know: wrong is worse than later."""
    return ReadFailure(FailureCode.NEEDS_ENGINE, "office")


def unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    """Given a layout, return its integers at an offset. Raise ReadFailure if the data ends before."""
    if offset < 0 or offset + struct.calcsize(f"<{layout}") > len(data):
        raise ReadFailure(FailureCode.DAMAGED, "an offset beyond its stream")
    return struct.unpack_from(f"<{layout}", data, offset)


@dataclass(frozen=True, slots=True)
class File:
    """The streams, and the lengths of the stories in characters: main text, footnotes, headers, macros, comments,
    endnotes, text boxes, text boxes of headers."""

    word: bytes
    table: bytes
    data: bytes
    lengths: tuple[int, ...]
    embedded: bool
    macros: bool

    def part(self, number: int) -> bytes:
        """Given the number of a pair in FibRgFcLcb97, return what it points to in the table stream, often nothing."""
        place, length = unpack("II", self.word, _PLACES + 8 * number)
        if length == 0:
            return b""
        if place + length > len(self.table):
            raise ReadFailure(FailureCode.DAMAGED, "a part beyond the table stream")
        return self.table[place : place + length]


def plex(data: bytes, size: int) -> Iterator[tuple[int, int, bytes]]:
    """Given a PLC with elements of `size` bytes, yield (begin, end, element). Raise ReadFailure if it runs backwards."""
    count = (len(data) - 4) // (4 + size) if len(data) >= 4 else 0
    ends = unpack(f"{count + 1}I", data, 0) if count else ()
    for number in range(count):
        if ends[number] > ends[number + 1]:
            raise unhandled()
        at = 4 * (count + 1) + size * number
        yield ends[number], ends[number + 1], data[at : at + size]


def opened(data: bytes) -> File:
    """Given a .doc, return its layers. Raise ReadFailure: ENCRYPTED, NEEDS_ENGINE (Word 6 and 95), DAMAGED, REFUSED."""
    compound = Compound(data)
    word = _stream(compound, "WordDocument")
    ident, version = unpack("HH", word, 0)
    (flags,) = unpack("H", word, 10)
    if flags & _ENCRYPTED:
        raise ReadFailure(FailureCode.ENCRYPTED, "fEncrypted")
    if ident != _IDENT or version < _WORD_97:
        raise unhandled()
    table = _stream(compound, "1Table" if flags & _SECOND_TABLE else "0Table")
    lengths = unpack(f"{_MAIN_LENGTHS}i", word, _LENGTHS)
    if min(lengths) < 0:
        raise ReadFailure(FailureCode.DAMAGED, "a negative length")
    objects = compound.find("ObjectPool")
    return File(
        word,
        table,
        compound.stream("Data") or b"",
        lengths,
        embedded=objects is not None and bool(compound.children(objects)),
        macros=compound.find("Macros") is not None,
    )


def _stream(compound: Compound, name: str) -> bytes:
    content = compound.stream(name)
    if content is None:
        raise ReadFailure(FailureCode.DAMAGED, f"no stream {name}")
    return content
