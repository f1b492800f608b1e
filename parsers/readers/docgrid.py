"""Where the cells of a Word 97–2003 table lie: edges in twips, row by row → areas that do not overlap.

In: the `Row` of each row. Out: `Area` values on a grid whose columns are the edges that are used. People drag the edges
of single rows by a hair: edges closer than the tolerance are one, unless a cell would vanish. Must not: look into cells.
Standard: MS-DOC §2.9.333 (TDefTable), §2.9.325 (TCGRF: merges).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from parsers.readers.docsprms import Row

_TOLERANCE = 50  # twips: 0.9 mm; Word's own cell margins are 108 on each side
_CONTINUED, _BEGUN = (1, 2), 3  # of vertical merges


@dataclass(slots=True)
class Area:
    """One cell or merged area: its place, and the cell whose content it shows, as (row, number in the row)."""

    row: int
    column: int
    end: int
    content: tuple[int, int]
    row_span: int = 1

    @property
    def column_span(self) -> int:
        return self.end - self.column


@dataclass(frozen=True, slots=True)
class Layout:
    """The areas in reading order; `covered`: cells that show nothing, because an area lies over them."""

    columns: int
    areas: tuple[Area, ...]
    covered: tuple[tuple[int, int], ...]
    clipped: bool


def arrange(rows: Sequence[Row], limit: int) -> Layout:
    """Given rows whose edges rise, return their areas in at most `limit` columns."""
    lines = _lines(rows, _TOLERANCE)
    if any(_rank(lines, left) == _rank(lines, right) for row in rows for left, right in _sides(row)):
        lines = _lines(rows, 0)
    areas: list[Area] = []
    covered: list[tuple[int, int]] = []
    reaching: dict[tuple[int, int], Area] = {}
    for number, row in enumerate(rows):
        before, reaching = reaching, {}
        for area, down in _merged(number, row, lines, covered):
            place = (area.column, area.end)
            above = before.get(place) if down in _CONTINUED else None
            if above is not None:
                above.row_span += 1
                covered.append(area.content)
            else:
                above = area
                areas.append(area)
            if down:
                reaching[place] = above
    kept = [area for area in areas if area.column < limit]
    for area in kept:
        area.end = min(area.end, limit)
    columns = max((area.end for area in kept), default=0)
    return Layout(columns, tuple(kept), tuple(covered), len(lines) - 1 > limit)


def _merged(number: int, row: Row, lines: list[int], covered: list[tuple[int, int]]) -> list[tuple[Area, int]]:
    """Given a row, return its areas, those merged sideways as one, with their vertical merges."""
    found: list[tuple[Area, int]] = []
    for cell, (left, right) in enumerate(_sides(row)):
        if row.across[cell] and found:
            found[-1][0].end = _rank(lines, right)
            covered.append((number, cell))
        else:
            found.append((Area(number, _rank(lines, left), _rank(lines, right), (number, cell)), row.down[cell]))
    return found


def _sides(row: Row) -> list[tuple[int, int]]:
    return list(zip(row.edges[:-1], row.edges[1:], strict=True))


def _lines(rows: Sequence[Row], tolerance: int) -> list[int]:
    """Given rows, return the first edge of each group of edges that are one column's."""
    lines: list[int] = []
    for edge in sorted({edge for row in rows for edge in row.edges}):
        if not lines or edge - lines[-1] > tolerance:
            lines.append(edge)
    return lines


def _rank(lines: list[int], edge: int) -> int:
    return bisect_right(lines, edge) - 1
