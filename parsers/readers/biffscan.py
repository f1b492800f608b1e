"""The record stream of an old workbook (.xls) → what its visible sheets hold, and a reduced stream for xlrd.

In: the `Workbook` (BIFF8, Excel 97–2003, WPS .et) or `Book` (BIFF5/7, Excel 5 and 95) stream. Out: `Book`: a `Scan` a visible
sheet, and a stream made of nothing but fonts, formats, strings and non-empty cells, rows numbered without gaps. xlrd lays
out every row up to a far cell, fills a dictionary for every cell of a hyperlink's range (A1:IV65536), evaluates names,
takes string −1 for the last one, and stops at whatever it does not expect in records that no reading needs: none of
that reaches it. Must not: decode values, keep more cells than the budget, skip a visible sheet silently. Standard: MS-XLS.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from parsers.document import Budget, FailureCode, ReadFailure
from parsers.readers.biffcolors import is_palette, not_white
from parsers.readers.biffsheet import BOF, CONTINUE, EOF, Context, Record, Records, SheetFound, scan_sheet
from parsers.readers.sheetscan import Scan
from parsers.text import clean, decode

_CODEPAGE, _DATEMODE, _FILEPASS, _BOUNDSHEET, _SST = 0x42, 0x22, 0x2F, 0x85, 0xFC
_FONT, _FORMAT, _XF = 0x31, 0x41E, 0xE0
_PALETTE, _XF_EXTENSION = 0x92, 0x87D
_KEPT: Final = frozenset({_DATEMODE, _FONT, _FORMAT, _XF})
_STYLES = 8_192  # fonts, formats, cell styles each: Excel allows 4,000, LibreOffice 8,192; xlrd takes 3 KB a style
_FORMAT_BYTES = 1_100  # a format has at most 255 characters; xlrd's patterns are quadratic in it
_STRING_BYTES = 4  # of shared strings to a character of the budget, runs included
_STRINGS = 1_000_000  # shared ones: xlrd takes 4 s for them, empty or not
_SHEETS = 200  # visible ones that are read
_RECORDS = 2_000_000  # looked at: as many as 30 MB can hold; sheets may overlap in a hostile file
_WORKSHEET, _MACRO_SHEET, _VISUAL_BASIC = 0, 1, 6
_BIFF8, _BIFF5 = 0x600, 0x500
# Windows numbers of code pages that Python knows by another name. 1252 and none: programs that knew no better wrote
# the bytes of a Chinese Windows all the same, so the text decides (`text.decode` takes 1252 for no more than a hint).
_CHARSETS: Final = {936: "gb18030", 950: "cp950", 10008: "gb18030", 65001: "utf-8", 32769: "cp1252", 0: ""}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visible sheet: the name on its tab, what stands in it, and which row of the reduced sheet holds which row."""

    name: str
    found: SheetFound

    @property
    def scan(self) -> Scan:
        """The positions of its cells, merges, hidden rows and columns."""
        return self.found.scan


@dataclass(frozen=True, slots=True)
class Book:
    """The visible sheets in order, the names of hidden ones, and the reduced stream.

    `encoding` is the codec of the texts before BIFF8, "" where they are Unicode; `certain` is False where their bytes
    could be read in two ways, or in none. `colored` are the numbers of cell styles with a newer color that is not white.
    """

    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...]
    stream: bytes
    encoding: str
    certain: bool
    macros: bool
    clipped: bool
    colored: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Listed:
    offset: int
    hidden: bool
    kind: int
    name: bytes  # as stored: length, in BIFF8 a flag, characters


@dataclass(slots=True)
class _Globals:
    bof: bytes
    version: int
    kept: list[bytes] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    codepage: int = 0
    strings: int = 0
    listed: list[_Listed] = field(default_factory=list)
    formats: list[bytes] = field(default_factory=list)
    colored: set[int] = field(default_factory=set)


def scan(stream: bytes, budget: Budget) -> Book:
    """Given a workbook's stream, return it scanned and reduced.

    Raise ReadFailure if it is encrypted, damaged, older than Excel 5, or over the budget.
    """
    left = [_RECORDS]
    head = _globals(stream, left, budget)
    worksheets = [listed for listed in head.listed if listed.kind == _WORKSHEET]
    if not head.listed:
        raise ReadFailure(FailureCode.DAMAGED, "a workbook without sheets")
    visible = [listed for listed in worksheets if not listed.hidden]
    context = Context(head.counts.get(_XF, 0), head.strings, budget.cells, wide=head.version == _BIFF8)
    found: list[SheetFound] = []
    for listed in visible[:_SHEETS]:
        found.append(scan_sheet(stream, listed.offset, context, left))
        context.limit -= len(found[-1].scan.positions)
    encoding, certain = _encoding(head, found)
    names = [_name(listed.name, encoding) for listed in visible]
    return Book(
        tuple(Sheet(name, sheet) for name, sheet in zip(names, found, strict=False)),
        tuple(_name(listed.name, encoding) for listed in head.listed if listed.hidden),
        _reduced(head, found),
        encoding,
        certain,
        macros=any(listed.kind in (_MACRO_SHEET, _VISUAL_BASIC) for listed in head.listed),
        clipped=len(visible) > _SHEETS,
        colored=frozenset(head.colored),
    )


def _globals(stream: bytes, left: list[int], budget: Budget) -> _Globals:
    steps = Records(stream, 0, left)
    code, bof = steps.next()
    version = int.from_bytes(bof[:2], "little")
    if code != BOF or version not in (_BIFF8, _BIFF5) or len(bof) < 8:
        raise ReadFailure(FailureCode.UNSUPPORTED, "a workbook older than Excel 5")
    head = _Globals(bof, version)
    while (record := steps.next()).code != EOF:
        code, payload = record
        if code == _FILEPASS:
            raise ReadFailure(FailureCode.ENCRYPTED, "FilePass")
        if code == _CODEPAGE and len(payload) >= 2:
            head.codepage = int.from_bytes(payload[:2], "little")
        elif code == _BOUNDSHEET and len(payload) > 6:
            offset, state, kind = struct.unpack_from("<IBB", payload)
            head.listed.append(_Listed(offset, state & 3 != 0, kind, payload[6:]))
        elif code == _SST and len(payload) >= 8 and not head.strings:
            head.strings = max(0, int.from_bytes(payload[4:8], "little", signed=True))
            parts = [record, *steps.following(CONTINUE)]
            size = sum(len(part.payload) for part in parts)
            if head.strings > _STRINGS or size > _STRING_BYTES * budget.text_characters:
                raise ReadFailure(FailureCode.TOO_LARGE, "too much text in a workbook")
            head.kept += [part.raw() for part in parts]
        elif code == _PALETTE and is_palette(payload):
            head.kept.append(record.raw())
        elif code == _XF_EXTENSION:
            head.colored.update(not_white(payload))
        elif code in _KEPT and not (code == _FORMAT and len(payload) > _FORMAT_BYTES):
            head.counts[code] = head.counts.get(code, 0) + 1
            if head.counts[code] > _STYLES:
                raise ReadFailure(FailureCode.TOO_LARGE, "too many styles in a workbook")
            plain = code == _FONT and version == _BIFF5
            head.kept.append(Record(code, _ascii(payload, 15)).raw() if plain else record.raw())
            if code == _FORMAT:
                head.formats.append(payload[3:])
    return head


def _encoding(head: _Globals, found: list[SheetFound]) -> tuple[str, bool]:
    """Given the head of a workbook and its sheets, return the codec of its texts and whether that is certain."""
    if head.version == _BIFF8:
        return "", True
    charset = _CHARSETS.get(head.codepage, f"cp{head.codepage}")
    texts = [text for sheet in found for text in sheet.texts] + [listed.name[1:] for listed in head.listed]
    decoded = decode(b"\n".join(text for text in (*texts, *head.formats) if not text.isascii()), charset)
    encoding = "gb18030" if decoded.encoding == "ascii" else decoded.encoding
    return encoding, decoded.certain and not decoded.damaged


def _ascii(payload: bytes, start: int) -> bytes:
    """Given a FONT record before BIFF8, return it with a name that any codec reads: names are in the writer's own."""
    return payload[:start] + bytes(byte if byte < 0x80 else 0x3F for byte in payload[start:])


def _name(stored: bytes, encoding: str) -> str:
    if encoding:
        text = stored[1 : 1 + stored[0]].decode(encoding, "replace")
    elif len(stored) > 1 and stored[1] & 1:
        text = stored[2 : 2 + 2 * stored[0]].decode("utf-16-le", "replace")
    else:
        text = stored[2 : 2 + stored[0]].decode("latin-1")
    return clean(text)[:31] or "?"


def _reduced(head: _Globals, found: list[SheetFound]) -> bytes:
    """Given what was kept, return a stream of it; its sheets are named by their numbers."""
    before = Record(BOF, head.bof).raw() + b"".join(head.kept)
    flag = b"\0" if head.version == _BIFF8 else b""
    names = [b"\3" + flag + b"%03d" % number for number in range(len(found))]
    offset = len(before) + sum(4 + 6 + len(name) for name in names) + 4
    parts = [before]
    sheets: list[bytes] = []
    for name, sheet in zip(names, found, strict=True):
        parts.append(Record(_BOUNDSHEET, struct.pack("<IBB", offset, 0, _WORKSHEET) + name).raw())
        sheets.append(sheet.stream(head.bof))
        offset += len(sheets[-1])
    return b"".join([*parts, Record(EOF, b"").raw(), *sheets])
