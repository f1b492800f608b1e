"""The visible cells of a worksheet → a grid without the far distances and hidden strips of the sheet.

In: cell contents by row and column, merges, hidden rows and columns. Out: a `Grid`. Between used rows (columns) any
number of unused ones counts as one empty strip, so that a cell in row 60,000 makes no grid of 60,000 rows. Must not:
let merges overlap, show what a merge or a hidden strip covers.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from parsers.document import Budget, Cell, FailureCode, Grid, ReadFailure
from parsers.readers.sheetscan import Box, Scan, column_letters


@dataclass(frozen=True, slots=True)
class Placed:
    """The grid, the positions of cells that merges or hidden strips cover, and whether anything was cut off.

    `hidden` are rows that hold text and are not shown, `filtered` those that only a filter hides: they are.
    """

    grid: Grid
    covered: tuple[tuple[int, int], ...]
    clipped: bool
    hidden: tuple[int, ...] = ()
    filtered: tuple[int, ...] = ()


def place(name: str, cells: Mapping[tuple[int, int], Cell], scan: Scan, budget: Budget) -> Placed:
    """Given the contents of a sheet's non-empty cells, return them as a grid. Raise ReadFailure on absurd merges."""
    boxes, owner = _merged(scan.merges, cells, budget)

    def shown_row(number: int) -> bool:
        return number not in scan.hidden_rows or scan.is_filtered(number)

    def shown_column(number: int) -> bool:
        return not scan.hidden_columns[number]

    kept: dict[Box, Cell] = {}
    covered: list[tuple[int, int]] = []
    for (row, column), cell in cells.items():
        box = owner.get((row, column)) or Box(row, column, row, column)
        seen = any(map(shown_row, range(box.top, box.bottom + 1))) and any(
            map(shown_column, range(box.left, box.right + 1))
        )
        if (row, column) == (box.top, box.left) and seen:
            kept[box] = cell
        else:
            covered.append((row, column))
    for box in boxes:
        kept.setdefault(box, Cell(0, 0, "", _name(name, box.top, box.left)))
    rows = _strips(((box.top, box.bottom) for box in kept), shown_row)
    columns = _strips(((box.left, box.right) for box in kept), shown_column)
    placed = _grid(name, kept, rows, columns, tuple(covered), budget)
    texts = {position[0] for position, cell in cells.items() if cell.text.strip()}
    hidden = {row for row, column in covered if not shown_row(row) and cells[row, column].text.strip()}
    filtered = {row for row in texts & scan.hidden_rows if shown_row(row)}
    return replace(placed, hidden=tuple(sorted(hidden)), filtered=tuple(sorted(filtered)))


def _grid(
    name: str,
    kept: Mapping[Box, Cell],
    rows: list[tuple[int, int]],
    columns: list[tuple[int, int]],
    covered: tuple[tuple[int, int], ...],
    budget: Budget,
) -> Placed:
    height, width = min(len(rows), budget.rows), min(len(columns), budget.columns)
    cells: list[Cell] = []
    taken: set[tuple[int, int]] = set()
    for box, cell in kept.items():
        top, bottom = _range(rows, box.top, box.bottom)
        left, right = _range(columns, box.left, box.right)
        if top > bottom or left > right or top >= height or left >= width:
            continue
        bottom, right = min(bottom, height - 1), min(right, width - 1)
        taken.update((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))
        cells.append(replace(cell, row=top, column=left, row_span=bottom - top + 1, column_span=right - left + 1))
    if height * width <= budget.cells:
        cells += [
            Cell(row, column, "", _name(name, rows[row][0], columns[column][0]))
            for row in range(height)
            for column in range(width)
            if (row, column) not in taken
        ]
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Placed(Grid(height, width, tuple(cells), name), covered, height < len(rows) or width < len(columns))


def _merged(
    merges: Iterable[Box], cells: Mapping[tuple[int, int], Cell], budget: Budget
) -> tuple[list[Box], dict[tuple[int, int], Box]]:
    """Given the merges, return those that count, cut to the used range, and the merge that owns each position."""
    last_row = max((row for row, _ in cells), default=0)
    last_column = max((column for _, column in cells), default=0)
    boxes: list[Box] = []
    owner: dict[tuple[int, int], Box] = {}
    looked_at = 0
    for merge in merges:
        box = Box(merge.top, merge.left, min(merge.bottom, last_row), min(merge.right, last_column))
        area = (box.bottom - box.top + 1) * (box.right - box.left + 1)
        if box.top > last_row or box.left > last_column or area <= 1:
            continue
        looked_at += area
        if looked_at > 10 * budget.cells:
            raise ReadFailure(FailureCode.TOO_LARGE, "merged areas too large")
        places = [(row, column) for row in range(box.top, box.bottom + 1) for column in range(box.left, box.right + 1)]
        if not any(position in owner for position in places):
            boxes.append(box)
            owner.update(dict.fromkeys(places, box))
    return boxes, owner


def _strips(intervals: Iterable[tuple[int, int]], shown: Callable[[int], bool]) -> list[tuple[int, int]]:
    """Given used intervals, return the strips of the grid: the pieces between their edges, hidden ones left out."""
    edges = sorted({edge for first, last in intervals for edge in (first, last + 1)})
    pieces = ((first, after - 1) for first, after in pairwise(edges))
    return [(first, last) for first, last in pieces if any(shown(number) for number in range(first, last + 1))]


def _range(strips: list[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """Given strips and an interval, return the first and last number of the strips within it."""
    return bisect_left(strips, (first,)), bisect_left(strips, (last + 1,)) - 1


def _name(sheet: str, row: int, column: int) -> str:
    return f"{sheet}!{column_letters(column)}{row}"
