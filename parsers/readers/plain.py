"""Plain text (mail bodies, .txt) and comma-separated values → `Document`.

In: decoded text. Out: one paragraph a line; lines that carry columns (tabs, commas) become a grid. Must not: guess
columns from blanks, raise anything but ReadFailure. Standard: RFC 4180 for .csv, loosely, as programs write it.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby

from parsers.document import Block, Budget, Cell, Document, FailureCode, Grid, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers.symbols import has_private, translate
from parsers.text import clean

READER = "plain/1"

_DELIMITERS = ",\t;|"
_SAMPLE_LINES = 50


def read(text: str, budget: Budget) -> Document:
    """Given plain text, return its lines; two or more lines in a row with the same number of tabs become a grid.

    Raise ReadFailure if there is no text or too much of it.
    """
    lines = _lines(text, budget)
    blocks: list[Block] = []
    clipped = tables = 0
    numbered = [(number, line, line.count("\t") + 1) for number, line in enumerate(lines, start=1)]
    for columns, group in groupby(numbered, key=lambda entry: entry[2]):
        entries = list(group)
        if columns >= 2 and len(entries) >= 2:
            tables += 1
            rows = [line.split("\t") for _, line, _ in entries]
            places = [f"line {number}" for number, _, _ in entries]
            grid = _grid(rows, f"table {tables}", places, budget)
            clipped += grid.rows < len(rows) or grid.columns < columns
            blocks.append(grid)
        else:
            blocks += (Paragraph(line.strip(), f"line {number}") for number, line, _ in entries if line.strip())
    return _document(blocks, clipped=bool(clipped))


def read_csv(text: str, budget: Budget) -> Document:
    """Given the text of a .csv file, return its rows as one grid. Raise ReadFailure as `read`."""
    lines = _lines(text, budget)
    sample = lines[:_SAMPLE_LINES]
    counts = {sign: sum(sign in line for line in sample) for sign in _DELIMITERS}
    # one line with a mark makes no columns: two addresses with a ; between in a file of one column
    delimiter = max(counts, key=lambda sign: counts[sign]) if max(counts.values()) > 1 else ","
    try:
        rows = [
            row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if any(map(str.strip, row))
        ]
    except csv.Error as error:  # a field over 131,072 characters
        raise ReadFailure(FailureCode.TOO_LARGE, "a field is too long") from error
    if not rows:
        raise ReadFailure(FailureCode.EMPTY, "no text")
    grid = _grid(rows, "table 1", [f"row {number}" for number in range(1, len(rows) + 1)], budget)
    return _document([grid], clipped=grid.rows < len(rows) or grid.columns < max(map(len, rows)))


def _lines(text: str, budget: Budget) -> list[str]:
    if len(text) > budget.text_characters:
        raise ReadFailure(FailureCode.TOO_LARGE, "too much text")
    if has_private(text):
        text, _ = translate(text, "")
    return clean(text, limit=budget.text_characters).split("\n")


def _document(blocks: Sequence[Block], *, clipped: bool) -> Document:
    if not blocks:
        raise ReadFailure(FailureCode.EMPTY, "no text")
    return Document(tuple(blocks), READER, (Note(NoteCode.CLIPPED),) if clipped else ())


def _grid(rows: list[list[str]], place: str, places: list[str], budget: Budget) -> Grid:
    """Given rows of texts, which may differ in length, return them as a grid with a cell for every position."""
    width = min(max(map(len, rows)), budget.columns)
    height = min(len(rows), budget.rows, max(1, budget.cells // width))

    def cells() -> Iterator[Cell]:
        for row in range(height):
            for column in range(width):
                text = rows[row][column].strip() if column < len(rows[row]) else ""
                yield Cell(row, column, text, f"{places[row]}, C{column + 1}")

    return Grid(height, width, tuple(cells()), place)
