"""Where the cells of an HTML table lie: spans → areas that do not overlap.

In: the spans of each row's cells. Out: `Layout`. Browsers let areas overlap and allow colspan=1000; here a cell ends
where another one stands already, and columns in which no cell begins are dropped. Must not: look into cells.
Standard: WHATWG HTML §4.9.12.1.
"""

from dataclasses import dataclass

from parsers.document import Budget, Cell

_SPAN_LIMIT = 1_000  # the standard's own limit for colspan


@dataclass(frozen=True, slots=True)
class Span:
    """What a cell claims; `rows` 0 means "to the end of the table"."""

    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An empty cell at its position, and the row and number in it of the cell it came from."""

    cell: Cell
    source: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """The areas in reading order; `clipped` if some lie beyond the budget."""

    rows: int
    columns: int
    areas: tuple[Placed, ...]
    clipped: bool


def lay_out(rows: list[list[Span]], budget: Budget) -> Layout:
    """Given the spans of each row's cells, return where they lie."""
    height = min(len(rows), budget.rows)
    covered_until: dict[int, int] = {}  # column → first row in which it is free again
    raw: list[tuple[int, int, int, int, tuple[int, int]]] = []  # row, column, row span, end column, source
    clipped = len(rows) > height
    for row, spans in enumerate(rows[:height]):
        column = 0
        for number, span in enumerate(spans):
            while covered_until.get(column, 0) > row:
                column += 1
            if column >= _SPAN_LIMIT:
                clipped = True
                break
            end = column + 1
            while end - column < min(span.columns, _SPAN_LIMIT) and covered_until.get(end, 0) <= row:
                end += 1
            down = min(span.rows or height, height - row)
            if down > 1:
                covered_until.update(dict.fromkeys(range(column, end), row + down))
            raw.append((row, column, down, end, (row, number)))
            column = end
    edges = sorted({edge for _, column, _, end, _ in raw for edge in (column, end)})
    rank = {edge: number for number, edge in enumerate(edges)}
    width = max((rank[column] + 1 for _, column, _, _, _ in raw), default=0)
    kept = min(width, budget.columns)
    areas = tuple(
        Placed(Cell(row, rank[column], "", "", down, min(rank[end], kept) - rank[column]), source)
        for row, column, down, end, source in raw
        if rank[column] < kept
    )
    return Layout(height, kept, areas, clipped or width > kept)
