"""Old workbooks (.xls of Excel 5 to 2003, .et of WPS) → `Document`: one grid a visible sheet.

In: bytes that `sniff` called an .xls. Out: what a person would see on the sheets. `ole` takes the stream out of the
file, `biffscan` checks and reduces it, xlrd reads strings, numbers, fonts and formats, `sheetcells` and `sheetgrid` lay the
cells out. python-calamine reads the same values but shows neither struck-out text, fonts, number formats nor hidden rows
and columns. Must not: show hidden sheets, rows, columns or comments on them, run macros, raise anything but ReadFailure.
Standard: MS-XLS.
"""

import io
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import xlrd
from xlrd.xldate import xldate_as_datetime

from parsers.document import Block, Budget, Cell, Document, FailureCode, NoteCode, ReadFailure
from parsers.ole import Compound
from parsers.readers import biffcolors, biffscan
from parsers.readers.border import reads
from parsers.readers.comments import comment_notes
from parsers.readers.ink import Look
from parsers.readers.numbers import shown
from parsers.readers.sheetcells import NAMES_IN_NOTES, Collector
from parsers.text import decode

READER = f"oldexcel/1 xlrd {xlrd.__version__}"

_STREAMS = ("Workbook", "Book")  # a file saved for both has both; the newer one holds more
_MACROS, _EMBEDDED = "_VBA_PROJECT_CUR", "MBD"  # storages: the macros; an embedded object and its number
_LAST_DATE = 2_958_465  # 31 December 9999: a "date" beyond it is a number in a wrongly formatted cell
_EPOCH_1904_DAYS = 1_462
_ELAPSED = ("[h", "[m", "[s")
_WPS_PICTURE = "=DISPIMG("  # WPS: a picture in a cell


class _Nowhere(io.TextIOBase):
    """xlrd tells what it finds odd to a log file, by default stdout, where the worker's answers go."""

    def write(self, text: str) -> int:
        return len(text)


def read(data: bytes, budget: Budget) -> Document:
    """Given an old workbook, return what a person would see in it.

    Raise ReadFailure if it is encrypted, damaged, empty, hostile or over the budget.
    """
    with reads("an old workbook"):
        return _document(data, budget)


def _document(data: bytes, budget: Budget) -> Document:
    compound = Compound(data)
    stream = next((content for name in _STREAMS if (content := compound.stream(name)) is not None), None)
    if stream is None:
        raise ReadFailure(FailureCode.DAMAGED, "no workbook in the file")
    book = biffscan.scan(stream, budget)
    names = [node.name for node in compound.children(compound.root)]
    found = Collector(budget)
    for name in book.hidden[:NAMES_IN_NOTES]:
        found.note(NoteCode.HIDDEN_SHEET, name)
    if book.macros or _MACROS in names:
        found.note(NoteCode.MACROS)
    for name in sorted(name for name in names if name.startswith(_EMBEDDED))[:NAMES_IN_NOTES]:
        found.note(NoteCode.EMBEDDED_FILE, name)
    if book.clipped:
        found.note(NoteCode.CLIPPED, "sheets")
    if not book.certain:
        found.note(NoteCode.UNCERTAIN_ENCODING, book.encoding)
    for note in comment_notes(_comments(book)):
        found.note(note.code, note.detail)
    blocks = tuple(_blocks(book, found))
    pictures = sum(sheet.found.pictures for sheet in book.sheets)
    if not blocks and not pictures and not found.notes:
        raise ReadFailure(FailureCode.EMPTY, "no cell with content")
    return Document(blocks, READER, found.notes, pictures)


def _comments(book: biffscan.Book) -> Iterator[str]:
    for sheet in book.sheets:
        yield from sheet.found.comments
        yield from (decode(text, book.encoding).text for text in sheet.found.old_comments)


def _blocks(book: biffscan.Book, found: Collector) -> Iterator[Block]:
    if not book.sheets:
        return
    opened = xlrd.open_workbook(
        file_contents=book.stream,
        logfile=_Nowhere(),
        encoding_override=book.encoding or None,
        formatting_info=True,
        on_demand=True,
        ragged_rows=True,
    )
    for number, sheet in enumerate(book.sheets):
        reading = _Sheet(opened, opened.sheet_by_index(number), sheet.name, found)
        reading.colored = None if sheet.scan.painted else book.colored
        cells: dict[tuple[int, int], Cell] = {}
        for row, column in sheet.scan.positions:
            cell = reading.cell(sheet.found.dense[row], row, column)
            if cell is not None:
                cells[row, column] = cell
        sheet.found.pictures += reading.pictures
        opened.unload_sheet(number)
        yield from found.sheet(sheet.name, cells, sheet.scan, sheet.found.shapes)


class _Sheet:
    """One sheet as xlrd opened it; rows are numbered as in the reduced stream."""

    def __init__(self, book: Any, sheet: Any, name: str, found: Collector) -> None:
        self._book = book
        self._sheet = sheet
        self._name = name
        self._found = found
        self.pictures = 0
        self.colored: frozenset[int] | None = None  # styles behind whose text may be a color; None: any

    def cell(self, dense: int, row: int, column: int) -> Cell | None:
        """Given a position (one-based) and its row in the reduced stream, return its cell, None if nothing is seen."""
        kind: int = self._sheet.cell_type(dense, column - 1)
        value: object = self._sheet.cell_value(dense, column - 1)
        number_format, look = self._style(self._sheet.cell_xf_index(dense, column - 1))
        pieces = [("", look)]
        if kind == xlrd.XL_CELL_TEXT:
            text = str(value)
            if text.startswith(_WPS_PICTURE):
                self.pictures += 1
                return None
            pieces = list(self._pieces(text, self._sheet.rich_text_runlist_map.get((dense, column - 1), ()), look))
        elif kind == xlrd.XL_CELL_BOOLEAN:
            pieces = [(shown(bool(value), number_format), look)]
        elif kind == xlrd.XL_CELL_ERROR:
            pieces = [(xlrd.error_text_from_code.get(value, "#ERR!"), look)]
        elif isinstance(value, float):
            date = _date(value, number_format, self._book.datemode) if kind == xlrd.XL_CELL_DATE else None
            pieces = [(shown(value if date is None else date, number_format), look)]
            kind = xlrd.XL_CELL_NUMBER if date is None else xlrd.XL_CELL_DATE
        numeric = kind == xlrd.XL_CELL_NUMBER
        if numeric and value and not pieces[0][0]:
            self._found.note(NoteCode.HIDDEN_TEXT, self._name)  # as in `excel`
        return self._found.cell(self._name, (row, column), pieces, number_format, numeric=numeric)

    def _style(self, number: int) -> tuple[str, Look]:
        """Given the number of a cell style, return its number format and how its text looks."""
        if not 0 <= number < len(self._book.xf_list):
            return "General", Look()
        style = self._book.xf_list[number]
        known = self._book.format_map.get(style.format_key)
        number_format = "General" if known is None or known.format_str is None else str(known.format_str)
        ground = self.colored is not None and number not in self.colored and biffcolors.is_clear(self._book, style)
        return number_format, self._look(style.font_index, ground=ground)

    def _look(self, number: int, *, ground: bool) -> Look:
        fonts = self._book.font_list
        if not 0 <= number < len(fonts):
            return Look()
        font = fonts[number]
        hidden = ground and biffcolors.is_white(self._book, font.colour_index)
        return Look(hidden, bool(font.struck_out), bool(font.underline_type), str(font.name), ground=ground)

    def _pieces(self, text: str, runs: Any, look: Look) -> Iterator[tuple[str, Look]]:
        """Given a text and its runs (place of the first character, number of the font), yield its pieces.

        Places count the units of the stored text: UTF-16, before BIFF8 bytes.
        """
        stored = "utf-16-le" if self._book.biff_version >= 80 else self._book.encoding
        unit = 2 if stored == "utf-16-le" else 1
        encoded = text.encode(stored, "surrogatepass" if unit == 2 else "strict")
        begin = 0
        for place, font in (*runs, (len(encoded), -1)):
            end = min(place * unit, len(encoded))
            if end > begin:
                yield encoded[begin:end].decode(stored, "replace"), look
                begin = end
            look = self._look(font, ground=bool(look.ground))


def _date(value: float, number_format: str, mode: int) -> datetime | time | timedelta | None:
    """Given a number in a date format, return the date, None if it cannot be one."""
    if not 0 <= value <= _LAST_DATE - (_EPOCH_1904_DAYS if mode else 0):
        return None
    if number_format.lower().startswith(_ELAPSED):
        return timedelta(seconds=round(value * 86_400))
    moment: datetime = xldate_as_datetime(value, mode)
    return moment.time() if value < 1 else moment
