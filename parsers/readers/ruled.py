"""Rectangles between ruled lines → places in a grid: rows, columns and spans. For printed pages and for scans.

In: the cells of one table as rectangles (PDF points or pixels). Out: where each one stands. Edges that lie closer than a
tolerance are one ruled line, drawn or scanned a little crooked. Must not: let two cells overlap, know any file format.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom; top < bottom


@dataclass(frozen=True, slots=True)
class Position:
    """Where the rectangle number `index` of the input stands, zero-based."""

    index: int
    row: int
    column: int
    row_span: int
    column_span: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """A table of `rows` × `columns`, its positions in reading order."""

    rows: int
    columns: int
    positions: tuple[Position, ...]


def arrange(rectangles: Sequence[Rectangle], tolerance: float) -> Ruling:
    """Given the cells of one table, return their places. A cell thinner than the tolerance, or one that overlaps a cell
    before it (an edge seen twice), is left out."""
    columns = _lines((edge for one in rectangles for edge in (one[0], one[2])), tolerance)
    rows = _lines((edge for one in rectangles for edge in (one[1], one[3])), tolerance)
    found: list[Position] = []
    taken: set[tuple[int, int]] = set()
    for index in sorted(range(len(rectangles)), key=lambda index: _area(rectangles[index])):
        left, top, right, bottom = rectangles[index]
        column, after_column = _nearest(columns, left), _nearest(columns, right)
        row, after_row = _nearest(rows, top), _nearest(rows, bottom)
        places = {(y, x) for y in range(row, after_row) for x in range(column, after_column)}
        if not places or places & taken:
            continue
        taken |= places
        found.append(Position(index, row, column, after_row - row, after_column - column))
    found.sort(key=lambda one: (one.row, one.column))
    return Ruling(max(len(rows) - 1, 0), max(len(columns) - 1, 0), tuple(found))


def _area(one: Rectangle) -> float:
    return (one[2] - one[0]) * (one[3] - one[1])


def _lines(edges: Iterable[float], tolerance: float) -> list[float]:
    """Given edges, return one position for each group of them that lie closer together than the tolerance."""
    groups: list[list[float]] = []
    for edge in sorted(edges):
        if groups and edge - groups[-1][-1] <= tolerance:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    return [sum(group) / len(group) for group in groups]


def _nearest(lines: Sequence[float], edge: float) -> int:
    return min(range(len(lines)), key=lambda number: abs(lines[number] - edge))
