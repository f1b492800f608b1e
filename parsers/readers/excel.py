"""Workbooks (.xlsx .xlsm .xltx, strict ones) → `Document`: one grid a visible sheet.

In: bytes that `sniff` called a workbook package. Out: what a person would see on the sheets. `workbook` checks and
reduces the package, openpyxl reads it in normal mode (its read-only mode believes a wrong `dimension` and loses every
row), `sheetgrid` lays the cells out. Must not: show hidden sheets, rows, columns or a formula as a value, run macros,
raise anything but ReadFailure. Standard: ECMA-376 part 1 §18.
"""

import warnings
from collections.abc import Iterator
from io import BytesIO

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet.worksheet import Worksheet

from parsers.archives import Package, open_package
from parsers.document import Block, Budget, Cell, Document, FailureCode, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers import workbook
from parsers.readers.ink import Line, Look
from parsers.readers.numbers import shown
from parsers.readers.sheetgrid import place
from parsers.readers.sheetscan import column_letters
from parsers.readers.symbols import has_private, is_symbol_font, translate

READER = f"excel/1 openpyxl {openpyxl.__version__}"

_NAMES_IN_NOTES = 5


def read(data: bytes, budget: Budget) -> Document:
    """Given a workbook package, return what a person would see in it.

    Raise ReadFailure if it is damaged, empty, hostile or over the budget.
    """
    try:
        return _Reading(budget).document(open_package(data, budget))
    except ReadFailure:
        raise
    except (MemoryError, RecursionError) as error:
        raise ReadFailure(FailureCode.TOO_LARGE, type(error).__name__) from error
    except Exception as error:
        # Broken workbooks break openpyxl in many ways (KeyError, ValueError, TypeError, IndexError …, 6 % of a public
        # corpus): each of them means the same to the sender. The class is kept for us.
        raise ReadFailure(FailureCode.DAMAGED, f"{type(error).__name__} in a workbook") from error


class _Reading:
    """One reading: gathers notes on its way through the sheets."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._notes: dict[Note, None] = {}  # an ordered set
        self._characters = 0

    def document(self, package: Package) -> Document:
        book = workbook.reduce(package, self._budget)
        for name in book.hidden[:_NAMES_IN_NOTES]:
            self._note(NoteCode.HIDDEN_SHEET, name)
        lower = [name.lower() for name in package.names]
        if any(name.endswith("vbaproject.bin") for name in lower):
            self._note(NoteCode.MACROS)
        for name in [name for name in lower if "/embeddings/" in name][:_NAMES_IN_NOTES]:
            self._note(NoteCode.EMBEDDED_FILE, name.rpartition("/")[2])
        if book.clipped:
            self._note(NoteCode.CLIPPED, "sheets")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out; nothing of that is in our package
            opened = openpyxl.load_workbook(BytesIO(book.package), data_only=True, rich_text=True, keep_links=False)
        blocks = [
            block
            for sheet, opened_sheet in zip(book.sheets, opened.worksheets, strict=True)
            for block in self._sheet(sheet, opened_sheet)
        ]
        pictures = sum("/media/" in name for name in lower)
        if not blocks and not pictures and not self._notes:
            raise ReadFailure(FailureCode.EMPTY, "no cell with content")
        return Document(tuple(blocks), READER, tuple(self._notes), pictures)

    def _note(self, code: NoteCode, detail: str = "") -> None:
        self._notes.setdefault(Note(code, detail))

    def _sheet(self, sheet: workbook.Sheet, opened: Worksheet) -> Iterator[Block]:
        cells: dict[tuple[int, int], Cell] = {}
        for row, column in sheet.scan.positions:
            cell = self._cell(opened, row, column, sheet.name)
            if cell is not None:
                cells[row, column] = cell
        placed = place(sheet.name, cells, sheet.scan, self._budget)
        if placed.covered:
            self._note(NoteCode.HIDDEN_TEXT, sheet.name)
        if placed.clipped or sheet.scan.clipped:
            self._note(NoteCode.CLIPPED, sheet.name)
        for name in sheet.scan.missing_results[:_NAMES_IN_NOTES]:
            self._note(NoteCode.FORMULA_WITHOUT_VALUE, f"{sheet.name}!{name}")
        if placed.grid.cells:
            yield placed.grid
        for number, text in enumerate(sheet.shapes, start=1):
            yield Paragraph(text, f"{sheet.name}, text box {number}")

    def _cell(self, sheet: Worksheet, row: int, column: int, name: str) -> Cell | None:
        """Given a position, return the cell with its text; None if nothing is to be seen in it."""
        cell = sheet.cell(row, column)
        number_format = str(cell.number_format)
        if number_format.startswith(";;;"):
            self._note(NoteCode.HIDDEN_TEXT, name)
            return None
        font = cell.font
        look = Look(struck=bool(font.strike), underlined=bool(font.u), font=font.name or "")
        line = Line()
        if isinstance(cell.value, CellRichText):
            for piece in cell.value:
                self._add(line, *_run(piece, look))
        else:
            self._add(line, shown(cell.value, number_format), look)
        text, struck = line.text(), line.struck()
        if struck:
            self._note(NoteCode.STRUCK_TEXT)
        if not text and not struck:
            return None
        self._characters += len(text)
        if self._characters > self._budget.text_characters:
            raise ReadFailure(FailureCode.TOO_LARGE, "too much text in a workbook")
        numeric = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
        return Cell(
            row=0,
            column=0,
            text=text,
            place=f"{name}!{column_letters(column)}{row}",
            underlined=line.underlined(text),
            struck=struck,
            number_format=number_format if numeric else "",
        )

    def _add(self, line: Line, text: str, look: Look) -> None:
        if is_symbol_font(look.font) or has_private(text):
            text, unknown = translate(text, look.font)
            for name in unknown:
                self._note(NoteCode.UNKNOWN_SYMBOL, name)
        line.add(text, look)


def _run(piece: TextBlock | str, base: Look) -> tuple[str, Look]:
    """Given a piece of rich text, return its text and look; a plain piece looks like its cell."""
    if isinstance(piece, str):
        return piece, base
    font = piece.font
    return str(piece.text), Look(struck=bool(font.strike), underlined=bool(font.u), font=font.rFont or "")
