"""One sheet's records in an old workbook → where its non-empty cells are, rebuilt for xlrd, and the texts that lie on it.

In: the stream and the offset of the sheet's BOF. Out: `SheetFound`. Must not: decode cell values, believe DIMENSIONS,
follow an index out of range, take a comment for a text on the sheet. Standard: MS-XLS §2.4, §2.5.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from parsers.document import EMPTY_BOX, TICKED, FailureCode, ReadFailure
from parsers.readers.sheetscan import Box, Scan, column_letters
from parsers.text import clean

BOF, EOF, CONTINUE = 0x809, 0x0A, 0x3C
_ROW, _COLINFO, _DEFAULT_ROW, _MERGED = 0x208, 0x7D, 0x225, 0xE5
_LABEL_SST, _LABEL, _RSTRING, _RK, _NUMBER, _MULRK, _BOOLERR = 0xFD, 0x204, 0xD6, 0x27E, 0x203, 0xBD, 0x205
_STRING, _OBJECT, _TEXT_OBJECT, _NOTE = 0x207, 0x5D, 0x1B6, 0x1C
_FORMULAS: Final = frozenset({0x06, 0x206, 0x406})
_BETWEEN: Final = frozenset({0x221, 0x4BC, 0x236, 0x37, CONTINUE})  # ARRAY, SHRFMLA, TABLE may follow a FORMULA
# The shortest record that xlrd can read.
_CELLS: Final = {_LABEL_SST: 10, _LABEL: 8, _RSTRING: 8, _RK: 10, _NUMBER: 14, _BOOLERR: 8}
# What puts something behind cells that their styles do not say: conditional formats, tables, a picture under the sheet.
_PAINTERS: Final = frozenset({0x1B0, 0x879, 0x872, 0x878, 0xE9})  # CONDFMT, CONDFMT12, FEATURE11, FEATURE12, BKHIM
_COMMENT, _PICTURE, _CONTROLS = 0x19, 0x08, frozenset({0x0B, 0x0C})  # object types; check box and option button
_CONTROL_STATE = 0x12  # ftCblsData
_ROWS, _OLD_ROWS, _COLUMNS = 65_536, 16_384, 256
_MERGES = 20_000
_OLD_COMMENT = 32_768  # bytes, more than Excel 95 allows
_NO_NUMBER = b"\xff\xff"  # in place of the exponent of a formula's result


class Record(NamedTuple):
    """One record: its code and what it holds."""

    code: int
    payload: bytes

    def raw(self) -> bytes:
        """Return the record as it stands in a stream."""
        return struct.pack("<HH", self.code, len(self.payload)) + self.payload


class Records:
    """The whole records of a stream from an offset on. `left` counts down over all sheets of a workbook.

    Raises ReadFailure if more are looked at than any real file has, and where the stream ends without an EOF record.
    """

    def __init__(self, stream: bytes, at: int, left: list[int]) -> None:
        self._stream = stream
        self._at = at
        self._left = left

    def next(self) -> Record:
        """Return the next record."""
        self._left[0] -= 1
        if self._left[0] < 0:
            raise ReadFailure(FailureCode.TOO_LARGE, "too many records in a workbook")
        if self._at + 4 > len(self._stream):
            raise ReadFailure(FailureCode.DAMAGED, "a workbook is cut off")
        code, length = struct.unpack_from("<HH", self._stream, self._at)
        begin, end = self._at + 4, self._at + 4 + length
        if end > len(self._stream):
            raise ReadFailure(FailureCode.DAMAGED, "a workbook is cut off")
        self._at = end
        return Record(code, self._stream[begin:end])

    def following(self, *codes: int) -> Iterator[Record]:
        """Yield the next records as long as they have one of these codes."""
        while self._stream[self._at : self._at + 2] in [struct.pack("<H", code) for code in codes]:
            yield self.next()


@dataclass(slots=True)
class Context:
    """What the head of the workbook has: numbers of styles and shared strings; `limit` cells may still be kept."""

    styles: int
    strings: int
    limit: int
    wide: bool  # BIFF8


@dataclass(slots=True)
class SheetFound:
    """What one sheet holds. `dense` numbers its used rows (one-based) without gaps.

    `texts` are the bytes of texts before BIFF8, `shapes` the texts of text boxes, buttons and check boxes,
    `comments` those of comments, before BIFF8 as bytes in `old_comments`.
    """

    scan: Scan = field(default_factory=Scan)
    cells: list[bytes] = field(default_factory=list)
    dense: dict[int, int] = field(default_factory=dict)
    texts: list[bytes] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    old_comments: list[bytes] = field(default_factory=list)
    pictures: int = 0

    def stream(self, bof: bytes) -> bytes:
        """Given what the workbook's BOF holds, return the rebuilt sheet."""
        return b"".join([Record(BOF, bof[:2] + b"\x10\0" + bof[4:]).raw(), *self.cells, Record(EOF, b"").raw()])


def scan_sheet(stream: bytes, offset: int, context: Context, left: list[int]) -> SheetFound:
    """Given where a sheet begins, return what it holds. Raise ReadFailure if it is not there or not whole."""
    steps = Records(stream, offset, left)
    if steps.next().code != BOF:
        raise ReadFailure(FailureCode.DAMAGED, "a sheet is missing")
    walk = _Walk(context, steps)
    depth = 1
    while depth > 0:
        record = steps.next()
        if record.code == BOF:
            depth += 1  # a chart that lies on the sheet
        elif record.code == EOF:
            depth -= 1
        elif depth == 1:
            walk.take(record)
    return walk.finished()


class _Walk:
    """One way through a sheet's records."""

    def __init__(self, context: Context, steps: Records) -> None:
        self._context = context
        self._steps = steps
        self._found = SheetFound()
        self._default_hidden = False
        self._listed_rows: set[int] = set()
        self._object = (0, "")  # type and sign of the last drawing object

    def take(self, record: Record) -> None:
        code, payload = record
        if code in _CELLS:
            self._cell(record)
        elif code == _MULRK:
            self._many(payload)
        elif code in _FORMULAS:
            self._formula(record)
        elif code == _ROW and len(payload) >= 16:
            self._row(payload)
        elif code == _COLINFO and len(payload) >= 10:
            self._column(payload)
        elif code == _DEFAULT_ROW and len(payload) >= 4:
            self._default_hidden = payload[0] & 2 != 0  # fDyZero
        elif code == _MERGED:
            self._merged(payload)
        elif code == _OBJECT and len(payload) >= 6:
            self._drawn(payload)
        elif code == _TEXT_OBJECT and len(payload) >= 12:
            self._shape(int.from_bytes(payload[10:12], "little"))
        elif code == _NOTE and not self._context.wide:
            self._old_comment(payload)
        elif code in _PAINTERS:
            self._found.scan.painted = True

    def finished(self) -> SheetFound:
        if self._default_hidden:
            self._found.scan.hidden_rows.update(set(range(1, _ROWS + 1)) - self._listed_rows)
        return self._found

    # --- cells ---------------------------------------------------------------------------------------------------------

    def _cell(self, record: Record) -> None:
        code, payload = record
        if len(payload) < _CELLS[code] or len(self._found.scan.positions) >= self._context.limit:
            self._found.scan.clipped = True
            return
        if code == _LABEL_SST and not 0 <= int.from_bytes(payload[6:10], "little", signed=True) < self._context.strings:
            self._found.scan.clipped = True
            return
        if self._keep(record) and code in (_LABEL, _RSTRING):
            self._text(payload[8:])

    def _many(self, payload: bytes) -> None:
        """Take a MULRK record apart: numbers in neighboring columns."""
        row, first = struct.unpack_from("<HH", payload.ljust(4, b"\0"))
        for number in range((len(payload) - 6) // 6):
            item = payload[4 + 6 * number : 10 + 6 * number]
            self._keep(Record(_RK, struct.pack("<HH", row, first + number) + item))

    def _formula(self, record: Record) -> None:
        payload = record.payload
        if len(payload) < 20:
            self._found.scan.clipped = True
            return
        if payload[12:14] != _NO_NUMBER or payload[6] != 0:
            self._keep(record)
            return
        results = [step for step in self._steps.following(_STRING, *_BETWEEN) if step.code in (_STRING, CONTINUE)]
        if not results or results[0].code != _STRING:
            row, column = struct.unpack_from("<HH", payload)
            self._found.scan.missing_results.append(f"{column_letters(column + 1)}{row + 1}")
        elif self._keep(record):
            self._found.cells += [result.raw() for result in results]
            self._text(results[0].payload[2:])

    def _keep(self, record: Record) -> bool:
        """Keep a cell's record, its row renumbered, its style checked; return whether it counts."""
        row, column, style = struct.unpack_from("<HHH", record.payload)
        scan, dense = self._found.scan, self._found.dense
        position = (row + 1, column + 1)
        outside = column >= _COLUMNS or (not self._context.wide and row >= _OLD_ROWS)
        # A doubled cell: which of the two counts, programs do not agree.
        if outside or position in scan.positions or len(scan.positions) >= self._context.limit:
            scan.clipped = True
            return False
        scan.positions[position] = None
        dense_row = dense.setdefault(row + 1, len(dense))
        head = struct.pack("<HHH", dense_row, column, style if style < self._context.styles else 0)
        self._found.cells.append(Record(record.code, head + record.payload[6:]).raw())
        return True

    def _text(self, text: bytes) -> None:
        if not self._context.wide and not text.isascii():
            self._found.texts.append(text)

    # --- the sheet -----------------------------------------------------------------------------------------------------

    def _row(self, payload: bytes) -> None:
        row, height, flags = struct.unpack_from("<H4xH4xI", payload)
        self._listed_rows.add(row + 1)
        if flags & 0x20 or height & 0x7FFF == 0:  # fDyZero: hidden by hand, by a filter or in a closed group
            self._found.scan.hidden_rows.add(row + 1)

    def _column(self, payload: bytes) -> None:
        first, last, width, _, flags = struct.unpack_from("<HHHHH", payload)
        if first <= last and first < _COLUMNS and (flags & 1 or width == 0):
            last = min(last, _COLUMNS - 1)
            self._found.scan.hidden_columns[first + 1 : last + 2] = b"\1" * (last + 1 - first)

    def _merged(self, payload: bytes) -> None:
        merges = self._found.scan.merges
        for at in range(2, len(payload) - 7, 8):
            top, bottom, left, right = struct.unpack_from("<HHHH", payload, at)
            if top <= bottom and left <= right < _COLUMNS and (top, left) != (bottom, right):
                merges.append(Box(top + 1, left + 1, bottom + 1, right + 1))
        if len(merges) > _MERGES:
            raise ReadFailure(FailureCode.TOO_LARGE, "too many merged areas in a sheet")

    # --- what lies on the sheet ----------------------------------------------------------------------------------------

    def _drawn(self, payload: bytes) -> None:
        """Given an OBJ record, remember its type, and for a check box or option button whether it is on."""
        kind = int.from_bytes(payload[4:6], "little")
        self._found.pictures += kind == _PICTURE
        sign = ""
        at = 0
        while kind in _CONTROLS and at + 6 <= len(payload):
            part, length, state = struct.unpack_from("<HHH", payload, at)
            if part == _CONTROL_STATE:
                sign = {0: EMPTY_BOX, 1: TICKED}.get(state, "")
            at += 4 + length
        self._object = (kind, sign)

    def _shape(self, length: int) -> None:
        """Take the text of a TXO record: it stands in the CONTINUE records behind it."""
        kind, sign = self._object
        text = ""
        for record in self._steps.following(CONTINUE):
            piece, wide = record.payload[1:], record.payload[:1] == b"\1"
            if len(text) < length:  # what follows are its fonts
                text += piece.decode("utf-16-le", "replace") if wide else piece.decode("latin-1")
        text = clean(text[:length]).strip()
        if text and kind == _COMMENT:
            self._found.comments.append(text)
        elif text:
            self._found.shapes.append(sign + text)

    def _old_comment(self, payload: bytes) -> None:
        """Take a NOTE record before BIFF8, which holds the text; a row of 0xFFFF goes on with the last one."""
        found = self._found.old_comments
        if payload[:2] != b"\xff\xff" or not found:
            found.append(payload[6:])
        elif len(found[-1]) < _OLD_COMMENT:
            found[-1] += payload[6:]
