"""The text of a Word 97–2003 file in the order it is read, and which formatting lies on each character.

In: `docstreams.File`. Out: `Text`: one character a position (CP), and the property lists ("grpprl") of paragraphs and
runs. The piece table puts together what fast saves have scattered and leaves out what they only struck from it. Pages of
formatting are read when they are asked for. Must not: interpret properties. Standard: MS-DOC §2.4.1 (text), §2.4.6
(formatting), §2.8.35 (PlcPcd), §2.9.33–2.9.174 (FKPs).
"""

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.document import FailureCode, ReadFailure
from parsers.readers.docstreams import File, plex, unhandled, unpack

_CLX, _CHARACTER_PAGES, _PARAGRAPH_PAGES = 33, 12, 13  # numbers in FibRgFcLcb97
_PAGE = 512
_COMPRESSED = 0x40000000
_PROPERTIES, _TABLE = 1, 2  # clxt
_RUNS = 500_000  # runs looked at; a paper of 200 pages has some 10,000
_WESTERN = {byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0xA0)}
_WESTERN = {byte: sign for byte, sign in _WESTERN.items() if sign != "\ufffd"}
# Prm0: the short form of one property of a piece (MS-DOC §2.9.214) → sprm. The others change nothing that is read here.
_SHORT = {
    0x18: 0x2416,
    0x19: 0x2417,
    0x41: 0x0800,
    0x42: 0x0801,
    0x53: 0x2A33,
    0x57: 0x0837,
    0x5C: 0x083C,
    0x5E: 0x2A3E,
    0x73: 0x2A53,
    0x75: 0x0855,
}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters `start` to `end`, at `offset` bytes of the main stream, `width` bytes each; `extra`: its grpprl."""

    start: int
    end: int
    offset: int
    width: int
    extra: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """Characters with the same direct formatting: that of the formatted page, then that of the piece."""

    start: int
    end: int
    properties: bytes
    extra: bytes


class Text:
    """All stories of a file, one behind the other, as UTF-16 code units: `units[cp]`."""

    def __init__(self, file: File, limit: int) -> None:
        """Raise ReadFailure: TOO_LARGE if there are more than `limit` characters."""
        self._pieces = _pieces(file.part(_CLX))
        self._starts = [piece.start for piece in self._pieces]
        if not self._pieces or self._starts[0] != 0 or self._pieces[-1].end < sum(file.lengths):
            raise unhandled()
        if self._pieces[-1].end > limit:
            raise ReadFailure(FailureCode.TOO_LARGE, "too much text")
        self.units = "".join(_decoded(file.word, piece) for piece in self._pieces)
        self._characters = _Pages(file, _CHARACTER_PAGES, paragraphs=False)
        self._paragraphs = _Pages(file, _PARAGRAPH_PAGES, paragraphs=True)
        self._runs = 0

    def shown(self, start: int, end: int) -> str:
        """Return the text of a range, surrogates joined to characters."""
        text = self.units[start:end]
        if text.isascii():
            return text
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def paragraph(self, mark: int) -> tuple[int, bytes, bytes]:
        """Given the position of a paragraph's mark, return its style's number and its two property lists."""
        piece = self._piece(mark)
        _, content = self._paragraphs.at(piece.offset + (mark - piece.start) * piece.width)
        if len(content) < 2:
            return 0, b"", piece.extra
        return int.from_bytes(content[:2], "little"), content[2:], piece.extra

    def runs(self, start: int, end: int) -> Iterator[Run]:
        """Yield the runs of a range in reading order."""
        while start < end:
            self._runs += 1
            if self._runs > _RUNS:
                raise ReadFailure(FailureCode.TOO_LARGE, "too many runs")
            piece = self._piece(start)
            offset = piece.offset + (start - piece.start) * piece.width
            until, content = self._characters.at(offset)
            stop = min(end, piece.end, start + max(1, (until - offset) // piece.width))
            yield Run(start, stop, content, piece.extra)
            start = stop

    def _piece(self, position: int) -> _Piece:
        return self._pieces[bisect_right(self._starts, position) - 1]


def _pieces(clx: bytes) -> list[_Piece]:
    """Given the Clx, return its pieces that hold text, in reading order."""
    lists: list[bytes] = []
    at = 0
    while at < len(clx) and clx[at] == _PROPERTIES:
        (length,) = unpack("h", clx, at + 1)
        if length < 0:
            raise unhandled()
        lists.append(clx[at + 3 : at + 3 + length])
        at += 3 + length
    if at >= len(clx) or clx[at] != _TABLE:
        raise unhandled()
    (length,) = unpack("I", clx, at + 1)
    if at + 5 + length > len(clx):
        raise ReadFailure(FailureCode.DAMAGED, "the piece table is cut off")
    found: list[_Piece] = []
    for start, end, element in plex(clx[at + 5 : at + 5 + length], 8):
        place, prm = unpack("IH", element, 2)
        if start == end:
            continue
        if place & _COMPRESSED:
            found.append(_Piece(start, end, (place & ~_COMPRESSED) // 2, 1, _extra(prm, lists)))
        else:
            found.append(_Piece(start, end, place, 2, _extra(prm, lists)))
    return found


def _extra(prm: int, lists: list[bytes]) -> bytes:
    """Given the Prm of a piece, return the properties it adds."""
    if not prm & 1:
        sprm = _SHORT.get(prm >> 1 & 0x7F)
        return b"" if sprm is None else sprm.to_bytes(2, "little") + bytes([prm >> 8])
    if prm >> 1 >= len(lists):
        raise unhandled()
    return lists[prm >> 1]


def _decoded(word: bytes, piece: _Piece) -> str:
    length = (piece.end - piece.start) * piece.width
    raw = word[piece.offset : piece.offset + length]
    if len(raw) < length:
        raise ReadFailure(FailureCode.DAMAGED, "a piece lies beyond its stream")
    if piece.width == 1:
        return raw.decode("latin-1").translate(_WESTERN)
    units = array("H", raw)
    if sys.byteorder == "big":
        units.byteswap()
    return "".join(map(chr, units))


class _Pages:
    """The formatted pages (FKPs) of one kind: which property list lies on a byte of the main stream."""

    def __init__(self, file: File, number: int, *, paragraphs: bool) -> None:
        self._word = file.word
        self._paragraphs = paragraphs
        self._begins: list[int] = []
        self._numbers: list[int] = []
        for begin, _, element in plex(file.part(number), 4):
            self._begins.append(begin)
            self._numbers.append(int.from_bytes(element, "little") & 0x3FFFFF)
        self._read: dict[int, tuple[list[int], list[bytes]]] = {}

    def at(self, offset: int) -> tuple[int, bytes]:
        """Given a byte offset, return where its run ends and its property list."""
        index = bisect_right(self._begins, offset) - 1
        if index < 0:
            raise unhandled()
        number = self._numbers[index]
        if number not in self._read:
            self._read[number] = self._page(number)
        ends, contents = self._read[number]
        run = bisect_right(ends, offset) - 1
        if not 0 <= run < len(contents):
            raise unhandled()  # nothing tells whether this text is deleted or hidden, or lies in a table
        return ends[run + 1], contents[run]

    def _page(self, number: int) -> tuple[list[int], list[bytes]]:
        page = self._word[number * _PAGE : (number + 1) * _PAGE]
        if len(page) < _PAGE:
            raise ReadFailure(FailureCode.DAMAGED, "a formatted page beyond its stream")
        count, size = page[_PAGE - 1], 13 if self._paragraphs else 1
        after = 4 * (count + 1)
        if after + size * count >= _PAGE:
            raise unhandled()
        ends = list(unpack(f"{count + 1}I", page, 0))
        if ends != sorted(ends):
            raise unhandled()
        return ends, [self._content(page, 2 * page[after + size * run]) for run in range(count)]

    def _content(self, page: bytes, at: int) -> bytes:
        """Return the list at an offset of a page; 0 stands for no properties. A paragraph's begins with its style."""
        if at == 0:
            return b""
        length = page[at]
        at += 1
        if self._paragraphs:
            if length:
                length = 2 * length - 1
            else:
                length = 2 * page[at] if at < _PAGE else 0
                at += 1
        if at + length > _PAGE:
            raise unhandled()
        return page[at : at + length]
