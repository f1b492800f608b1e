"""Workbooks (.xlsx .xlsm .xltx, strict ones) → `Document`: one grid a visible sheet.

In: bytes that `sniff` called a workbook package. Out: what a person would see on the sheets. `workbook` checks and
reduces the package, openpyxl reads it in normal mode (its read-only mode believes a wrong `dimension` and loses every
row), `sheetcells` and `sheetgrid` lay the cells out. Must not: show hidden sheets, rows, columns or a formula as a
value, run macros, raise anything but ReadFailure. Standard: ECMA-376 part 1 §18.
"""

import warnings
from collections.abc import Iterator
from io import BytesIO

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet.worksheet import Worksheet

from parsers.archives import Package, open_package
from parsers.document import Block, Budget, Cell, Document, FailureCode, NoteCode, ReadFailure
from parsers.readers import workbook
from parsers.readers.border import reads
from parsers.readers.comments import comment_notes
from parsers.readers.ink import Look
from parsers.readers.numbers import shown
from parsers.readers.sheetcells import NAMES_IN_NOTES, Collector

READER = f"excel/1 openpyxl {openpyxl.__version__}"


def read(data: bytes, budget: Budget) -> Document:
    """Given a workbook package, return what a person would see in it.

    Raise ReadFailure if it is damaged, empty, hostile or over the budget.
    """
    with reads("a workbook"):
        return _Reading(budget).document(open_package(data, budget))


class _Reading:
    """One reading: from the reduced package through openpyxl to blocks."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._found = Collector(budget)

    def document(self, package: Package) -> Document:
        book = workbook.reduce(package, self._budget)
        found = self._found
        for name in book.hidden[:NAMES_IN_NOTES]:
            found.note(NoteCode.HIDDEN_SHEET, name)
        lower = [name.lower() for name in package.names]
        if any(name.endswith("vbaproject.bin") for name in lower):
            found.note(NoteCode.MACROS)
        for name in [name for name in lower if "/embeddings/" in name][:NAMES_IN_NOTES]:
            found.note(NoteCode.EMBEDDED_FILE, name.rpartition("/")[2])
        if book.clipped:
            found.note(NoteCode.CLIPPED, "sheets")
        for note in comment_notes(text for sheet in book.sheets for text in sheet.comments):
            found.note(note.code, note.detail)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out; nothing of that is in our package
            opened = openpyxl.load_workbook(BytesIO(book.package), data_only=True, rich_text=True, keep_links=False)
        blocks = [
            block
            for sheet, opened_sheet in zip(book.sheets, opened.worksheets, strict=True)
            for block in self._sheet(sheet, opened_sheet)
        ]
        pictures = sum("/media/" in name for name in lower)
        if not blocks and not pictures and not found.notes:
            raise ReadFailure(FailureCode.EMPTY, "no cell with content")
        return Document(tuple(blocks), READER, found.notes, pictures)

    def _sheet(self, sheet: workbook.Sheet, opened: Worksheet) -> Iterator[Block]:
        cells: dict[tuple[int, int], Cell] = {}
        for row, column in sheet.scan.positions:
            cell = self._cell(opened, row, column, sheet)
            if cell is not None:
                cells[row, column] = cell
        yield from self._found.sheet(sheet.name, cells, sheet.scan, sheet.shapes)

    def _cell(self, opened: Worksheet, row: int, column: int, sheet: workbook.Sheet) -> Cell | None:
        """Given a position, return the cell with its text; None if nothing is to be seen in it."""
        cell, name = opened.cell(row, column), sheet.name
        number_format = str(cell.number_format)
        font = cell.font
        rich = isinstance(cell.value, CellRichText)
        white = font.color is not None  # no other color is left, nor any fill but none and one that is not white
        ground = (rich or white) and not sheet.scan.painted and cell.fill.fill_type is None
        look = Look(white and ground, bool(font.strike), bool(font.u), font.name or "", ground=ground)
        if isinstance(cell.value, CellRichText):
            pieces = [_run(piece, look) for piece in cell.value]
        else:
            pieces = [(shown(cell.value, number_format), look)]
        numeric = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
        if numeric and cell.value and not pieces[0][0]:
            self._found.note(NoteCode.HIDDEN_TEXT, name)  # its format shows nothing; a zero is hidden for being nothing
        return self._found.cell(name, (row, column), pieces, number_format, numeric=numeric)


def _run(piece: TextBlock | str, base: Look) -> tuple[str, Look]:
    """Given a piece of rich text, return its text and look; a plain piece looks like its cell."""
    if isinstance(piece, str):
        return piece, base
    font = piece.font
    hidden = font.color is not None and bool(base.ground)
    return str(piece.text), Look(hidden, bool(font.strike), bool(font.u), font.rFont or "")
