"""What the readers of workbooks have in common: cells with their looks → blocks and notes, within the budget.

In: for each sheet the texts of its cells in pieces, and its `Scan`. Out: cells, blocks, notes. Must not: know any file
format, show a cell whose number format hides it or a piece that is white on white.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from parsers.document import Block, Budget, Cell, FailureCode, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers.ink import Line, Look
from parsers.readers.sheetgrid import place
from parsers.readers.sheetscan import Scan, column_letters
from parsers.readers.symbols import has_private, is_symbol_font, translate

NAMES_IN_NOTES = 5
# A color in a number format (``[Red]``) goes before that of the font; other brackets are conditions, times, money.
_COLORED = re.compile(r"\[(?!h+\]|m+\]|s+\]|dbnum|\$|[<>=])", re.IGNORECASE)


class Collector:
    """One reading of a workbook: gathers notes and counts characters on its way through the sheets."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._notes: dict[Note, None] = {}  # an ordered set
        self._characters = 0

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted so far, each once."""
        return tuple(self._notes)

    def note(self, code: NoteCode, detail: str = "") -> None:
        """Keep a note."""
        self._notes.setdefault(Note(code, detail))

    def cell(
        self,
        sheet: str,
        position: tuple[int, int],
        pieces: Iterable[tuple[str, Look]],
        number_format: str,
        *,
        numeric: bool,
    ) -> Cell | None:
        """Given the pieces of a cell's text, return the cell; None if nothing is to be seen in it.

        `position` is row and column, one-based. Raise ReadFailure if the workbook's text is over the budget.
        """
        if number_format.startswith(";;;"):
            self.note(NoteCode.HIDDEN_TEXT, sheet)
            return None
        line = Line()
        colored = _COLORED.search(number_format) is not None
        for text, look in pieces:
            if look.hidden and not colored:
                if text.strip():
                    self.note(NoteCode.HIDDEN_TEXT, sheet)
                continue
            line.add(self._translated(text, look.font), look)
        text, struck = line.text(), line.struck()
        if struck:
            self.note(NoteCode.STRUCK_TEXT)
        if not text and not struck:
            return None
        self._count(text)
        row, column = position
        return Cell(
            row=0,
            column=0,
            text=text,
            place=f"{sheet}!{column_letters(column)}{row}",
            underlined=line.underlined(text),
            struck=struck,
            number_format=number_format if numeric else "",
        )

    def sheet(
        self, name: str, cells: Mapping[tuple[int, int], Cell], scan: Scan, shapes: Iterable[str]
    ) -> Iterator[Block]:
        """Given the cells of a sheet by position, its scan and the texts that lie on it, yield its blocks."""
        placed = place(name, cells, scan, self._budget)
        if placed.covered:
            self.note(NoteCode.HIDDEN_TEXT, name)
        for code, rows in ((NoteCode.HIDDEN_ROWS, placed.hidden), (NoteCode.FILTERED_ROWS, placed.filtered)):
            if rows:
                self.note(code, f"{name}!{_ranges(rows)}")
        if placed.clipped or scan.clipped:
            self.note(NoteCode.CLIPPED, name)
        for missing in scan.missing_results[:NAMES_IN_NOTES]:
            self.note(NoteCode.FORMULA_WITHOUT_VALUE, f"{name}!{missing}")
        if placed.grid.cells:
            yield placed.grid
        for number, text in enumerate(shapes, start=1):
            self._count(text)
            yield Paragraph(text, f"{name}, text box {number}")

    def _count(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > self._budget.text_characters:
            raise ReadFailure(FailureCode.TOO_LARGE, "too much text in a workbook")

    def _translated(self, text: str, font: str) -> str:
        if not is_symbol_font(font) and not has_private(text):
            return text
        text, unknown = translate(text, font)
        for name in unknown:
            self.note(NoteCode.UNKNOWN_SYMBOL, name)
        return text


def _ranges(rows: Iterable[int]) -> str:
    """Given row numbers in order, return them as ranges: ``"3-4,7"``."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)
