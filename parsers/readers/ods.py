"""OpenDocument spreadsheets (.ods) → `Document`: one grid a visible table.

In: bytes that `sniff` called an .ods. Out: what a person would see. The format stores the shown text of every cell beside
its value, so one walk over content.xml is enough; no other program is needed (LibreOffice → .xlsx → `excel` gives the
same texts in 1 to 2 s instead of 2 ms). Must not: show hidden tables, rows, columns, covered cells or comments, expand a
repetition beyond the budget, raise anything but ReadFailure. Standard: ODF 1.3 part 3 §9 (tables), §19.385 (values).
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from lxml.etree import _Element as Element

from parsers.archives import Package, open_package
from parsers.document import Block, Budget, Cell, Document, FailureCode, NoteCode, ReadFailure
from parsers.readers import opc
from parsers.readers.border import reads
from parsers.readers.comments import comment_notes
from parsers.readers.ink import PLAIN, Look
from parsers.readers.numbers import shown
from parsers.readers.odsstyles import DRAW, OFFICE, TABLE, TEXT, Styles, styles_of
from parsers.readers.sheetcells import NAMES_IN_NOTES, Collector
from parsers.readers.sheetscan import Box, Scan, column_letters
from parsers.text import clean

READER = "ods/1 lxml"

_ROW, _COLUMN, _CELL, _COVERED = (
    f"{TABLE}{name}" for name in ("table-row", "table-column", "table-cell", "covered-table-cell")
)
_ROW_GROUP, _COLUMN_GROUP = f"{TABLE}table-row-group", f"{TABLE}table-column-group"
_WRAPPERS = {
    _ROW_GROUP,
    _COLUMN_GROUP,
    *(f"{TABLE}table-{name}" for name in ("header-rows", "rows", "header-columns", "columns")),
}
_PARAGRAPHS = (f"{TEXT}p", f"{TEXT}h")
_COMMENT = f"{OFFICE}annotation"
_NOT_TEXT = {_COMMENT, f"{OFFICE}annotation-end", f"{TEXT}note", f"{TEXT}ruby-text"}
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_EMPTY_HIDDEN_ROWS = 10_000  # of one repetition that are remembered: what is not used is not shown either
_MERGES = 20_000
_SHEETS = 200  # visible ones that are read
_BLANKS = re.compile("[ \t\r\n]+")  # count as one; more of them are written as elements
_MASKED = re.compile(r"[0-9\-\u2010-\u2015 ()/+\uff08\uff09]+")
_TIME = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,]\d{0,12})?S")
_NUMERAL = re.compile(r"[\d.,Ee]")  # beside the digits: they are not all, or not alone
_EXACT = 10**15  # as in `numbers`
_OBJECT = re.compile(r"Object \d+")


def read(data: bytes, budget: Budget) -> Document:
    """Given an OpenDocument spreadsheet, return what a person would see in it.

    Raise ReadFailure if it is encrypted, damaged, empty, hostile or over the budget.
    """
    with reads("a spreadsheet"):
        return _document(open_package(data, budget), budget)


def _document(package: Package, budget: Budget) -> Document:
    if package.has("META-INF/manifest.xml") and b"encryption-data" in package.read("META-INF/manifest.xml"):
        raise ReadFailure(FailureCode.ENCRYPTED, "encryption-data in the manifest")
    root = opc.parse(package.xml("content.xml"))
    roots = [opc.parse(package.xml("styles.xml"))] if package.has("styles.xml") else []
    styles = styles_of([*roots, root])
    found = Collector(budget)
    if any(name.lower().startswith("basic/") for name in package.names):
        found.note(NoteCode.MACROS)
    for name in [name for name in package.names if _OBJECT.fullmatch(name)][:NAMES_IN_NOTES]:
        found.note(NoteCode.EMBEDDED_FILE, name)
    left = [budget.cells]
    tables = list(root.iterfind(f"{OFFICE}body/{OFFICE}spreadsheet/{TABLE}table"))
    if not tables:
        raise ReadFailure(FailureCode.DAMAGED, "a spreadsheet without tables")
    hidden = [table for table in tables if ("table", table.get(f"{TABLE}style-name", "")) in styles.invisible]
    for table in hidden[:NAMES_IN_NOTES]:
        found.note(NoteCode.HIDDEN_SHEET, _name(table))
    visible = [table for table in tables if table not in hidden]
    if len(visible) > _SHEETS:
        found.note(NoteCode.CLIPPED, "sheets")
    blocks: list[Block] = []
    for table in visible[:_SHEETS]:
        sheet = _Sheet(_name(table), styles, found, left)
        sheet.walk(table, hidden=False)
        blocks += found.sheet(sheet.name, sheet.cells, sheet.scan, sheet.shapes)
    for note in comment_notes(text for table in visible[:_SHEETS] for text in _comments(table)):
        found.note(note.code, note.detail)
    pictures = sum(name.startswith("Pictures/") and not name.endswith("/") for name in package.names)
    if not blocks and not pictures and not found.notes:
        raise ReadFailure(FailureCode.EMPTY, "no cell with content")
    return Document(tuple(blocks), READER, found.notes, pictures)


def _name(table: Element) -> str:
    return clean(table.get(f"{TABLE}name", ""))[:31] or "?"


def _comments(table: Element) -> Iterator[str]:
    for comment in table.iter(_COMMENT):
        yield "\n".join(
            "".join(text for text, _ in _pieces(line, Styles(), PLAIN)) for line in comment.iter(f"{TEXT}p")
        )


@dataclass(slots=True)
class _Sheet:
    """One table on the way: the next row and column (zero-based), and what was found."""

    name: str
    styles: Styles
    found: Collector
    left: list[int]  # cells that may still be kept in the whole file
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    scan: Scan = field(default_factory=Scan)
    shapes: list[str] = field(default_factory=list)
    column_styles: list[tuple[int, str]] = field(default_factory=list)  # last column (one-based), default cell style
    row: int = 0
    column: int = 0

    def walk(self, parent: Element, *, hidden: bool) -> None:
        """Take columns, rows and shapes in their order; groups may be closed."""
        for child in parent:
            if child.tag == _ROW:
                self._row(child, hidden=hidden or self._unseen(child, "table-row"))
            elif child.tag == _COLUMN:
                self._column(child, hidden=hidden or self._unseen(child, "table-column"))
            elif child.tag in _WRAPPERS:
                closed = child.tag in (_ROW_GROUP, _COLUMN_GROUP) and child.get(f"{TABLE}display") == "false"
                self.walk(child, hidden=hidden or closed)
            elif child.tag == f"{TABLE}shapes":
                self._shapes(child)

    def _unseen(self, strip: Element, family: str) -> bool:
        visibility = strip.get(f"{TABLE}visibility", "visible")
        return visibility != "visible" or (family, strip.get(f"{TABLE}style-name", "")) in self.styles.invisible

    def _column(self, column: Element, *, hidden: bool) -> None:
        last = min(self.column + _repeated(column, "columns"), _LAST_COLUMN)
        if hidden and last > self.column:
            self.scan.hidden_columns[self.column + 1 : last + 1] = b"\1" * (last - self.column)
        self.column_styles.append((last, column.get(f"{TABLE}default-cell-style-name", "")))
        self.column = last

    def _row(self, row: Element, *, hidden: bool) -> None:
        first, times = self.row + 1, _repeated(row, "rows")
        self.row += times
        used = self._cells(row, first, times)
        if hidden and row.get(f"{TABLE}visibility") == "filter":
            self.scan.filtered_rows.update(range(first, first + max(used, 1)))
        if hidden:
            self.scan.hidden_rows.update(range(first, first + max(used, min(times, _EMPTY_HIDDEN_ROWS))))

    def _cells(self, row: Element, first: int, times: int) -> int:
        """Given a row that stands `times` times from row `first` on, take its cells; return how many rows have some."""
        column = used = 0
        row_style = row.get(f"{TABLE}default-cell-style-name", "")
        for cell in row.iterchildren(_CELL, _COVERED):
            begin, across = column + 1, _repeated(cell, "columns")
            column += across
            if begin > _LAST_COLUMN or first > _LAST_ROW:
                self.scan.clipped = self.scan.clipped or len(cell) > 0
                continue
            self._merge(cell, first, begin)
            self._shapes(cell)
            if not len(cell) and f"{OFFICE}value-type" not in cell.attrib and f"{TABLE}formula" not in cell.attrib:
                continue
            if self.left[0] <= 0:
                self.scan.clipped = True
                continue
            style = cell.get(f"{TABLE}style-name") or row_style or self._column_style(begin)
            content = _content(cell, self.styles, self.styles.look("table-cell", style, PLAIN))
            for place in self._places(first, times, begin, across):
                used = max(used, place[0] - first + 1)
                self._keep(cell, content, place)
        return used

    def _places(self, first: int, times: int, begin: int, across: int) -> Iterator[tuple[int, int]]:
        for row in range(first, min(first + times, _LAST_ROW + 1)):
            for column in range(begin, min(begin + across, _LAST_COLUMN + 1)):
                if self.left[0] <= 0:
                    self.scan.clipped = True
                    return
                yield row, column

    def _keep(self, cell: Element, content: "_Content", place: tuple[int, int]) -> None:
        if content.hidden:
            self.found.note(NoteCode.HIDDEN_TEXT, self.name)
        if not len(cell) and f"{OFFICE}value-type" not in cell.attrib:  # a formula, see `_cells`
            self.scan.missing_results.append(f"{column_letters(place[1])}{place[0]}")
        kept = self.found.cell(
            self.name, place, content.pieces, "General" if content.numeric else "", numeric=content.numeric
        )
        if kept is not None:
            self.left[0] -= 1
            self.cells[place] = kept

    def _column_style(self, column: int) -> str:
        at = bisect_left(self.column_styles, (column, ""))
        return self.column_styles[at][1] if at < len(self.column_styles) else ""

    def _merge(self, cell: Element, row: int, column: int) -> None:
        down, across = (_whole(cell.get(f"{TABLE}number-{what}-spanned")) for what in ("rows", "columns"))
        if (down, across) != (1, 1):
            bottom, right = min(row + down - 1, _LAST_ROW), min(column + across - 1, _LAST_COLUMN)
            self.scan.merges.append(Box(row, column, bottom, right))
            if len(self.scan.merges) > _MERGES:
                raise ReadFailure(FailureCode.TOO_LARGE, "too many merged areas in a sheet")

    def _shapes(self, parent: Element) -> None:
        """Take the texts of text boxes and shapes; a comment is none."""
        for drawing in parent:
            if drawing.tag.startswith(DRAW):
                lines = (
                    "".join(text for text, _ in _pieces(line, Styles(), PLAIN)) for line in drawing.iter(f"{TEXT}p")
                )
                text = clean("\n".join(lines)).strip()
                if text:
                    self.shapes.append(text)


@dataclass(frozen=True, slots=True)
class _Content:
    """The pieces of a cell's text; `hidden`: it has a value that its number format does not show."""

    pieces: tuple[tuple[str, Look], ...] = ()
    numeric: bool = False
    hidden: bool = False


def _content(cell: Element, styles: Styles, look: Look) -> _Content:
    paragraphs = [
        paragraph
        for child in cell.iterchildren(*_PARAGRAPHS, f"{TEXT}list")
        for paragraph in (child.iter(*_PARAGRAPHS) if child.tag == f"{TEXT}list" else (child,))
    ]
    pieces: list[tuple[str, Look]] = []
    for number, paragraph in enumerate(paragraphs):
        pieces += [("\n", look)] if number else []
        pieces += _pieces(paragraph, styles, look)
    text = "".join(piece for piece, _ in pieces)
    kind = cell.get(f"{OFFICE}value-type", "")
    if paragraphs and not text:
        value = cell.get(f"{OFFICE}string-value") or cell.get(f"{OFFICE}value") or ""
        return _Content(hidden=value not in ("", "0"))  # a format such as ";;;"; a zero is hidden for being nothing
    if kind in ("float", "percentage", "currency"):
        return _Content(((_number(cell.get(f"{OFFICE}value", ""), text), look),), numeric=True)
    if kind == "date":
        return _Content(((_date(cell.get(f"{OFFICE}date-value", ""), text), look),))
    if kind == "time":
        return _Content(((_time(cell.get(f"{OFFICE}time-value", ""), text), look),))
    if kind == "boolean":
        return _Content(((shown(cell.get(f"{OFFICE}boolean-value") == "true", ""), look),))
    return _Content(tuple(pieces) or ((cell.get(f"{OFFICE}string-value", ""), look),))


def _pieces(parent: Element, styles: Styles, look: Look) -> Iterator[tuple[str, Look]]:
    """Yield the pieces of a paragraph or span, spaces written as elements included."""
    if parent.text:
        yield _BLANKS.sub(" ", parent.text), look
    for child in parent:
        if child.tag == f"{TEXT}s":
            yield " " * min(_whole(child.get(f"{TEXT}c")), 1_000), look
        elif child.tag == f"{TEXT}tab":
            yield "\t", look
        elif child.tag == f"{TEXT}line-break":
            yield "\n", look
        elif child.tag not in _NOT_TEXT:
            style = child.get(f"{TEXT}style-name", "") if child.tag == f"{TEXT}span" else ""
            yield from _pieces(child, styles, styles.look("text", style, look))
        if child.tail:
            yield _BLANKS.sub(" ", child.tail), look


def _number(value: str, text: str) -> str:
    """Given a stored number and its shown text, return the text where it shows all digits, else the number.

    ``0595-27391234`` is shown so by its format only, as is the unit of measure behind a 5; ``1.39E+10``, ``1,234`` and ``5.00``
    are not how anyone writes it.
    """
    number = float(value)
    digits = "".join(character for character in text if character.isdecimal())
    if text and (not digits or text.endswith("%")):
        return text
    if number == number // 1 and abs(number) < _EXACT and _MASKED.fullmatch(text):
        return text if digits.lstrip("0") == str(int(abs(number))) else shown(number, "General")
    plain = shown(number, "General")
    before, found, after = text.partition(plain)
    return text if found and not _NUMERAL.search(before + after) else plain


def _date(value: str, text: str) -> str:
    try:
        return shown(datetime.fromisoformat(value), "")
    except ValueError:  # a date before the year 1, or none at all
        return text


def _time(value: str, text: str) -> str:
    match = _TIME.fullmatch(value)
    if match is None:
        return text
    hours, minutes, seconds = map(int, match.groups())
    if hours < 24 and minutes < 60 and seconds < 60:
        return shown(time(hours, minutes, seconds), "")
    return shown(timedelta(hours=hours, minutes=minutes, seconds=seconds), "")


def _repeated(element: Element, what: str) -> int:
    return _whole(element.get(f"{TABLE}number-{what}-repeated"))


def _whole(text: str | None) -> int:
    """Given an attribute, return it as a number of at least 1."""
    return max(1, int(text[:9])) if text is not None and text.isdecimal() else 1
