"""A grid as a plane: which cell lies where, what is right of it and below it. Merged areas count as one cell.

In: a `document.Grid`, and the rows of it that are of interest. Out: `GridView`. Must not: look at texts beyond asking
whether a cell is empty. Spans are clamped to the grid, a position claimed twice belongs to the first cell: a hostile
table (gridSpan 2·10⁹) costs nothing.
"""

from collections.abc import Iterator

from parsers.document import Cell, Grid

_POSITIONS_LIMIT = 400_000  # positions mapped; the largest grid of the default budget has 2,000 × 64


class GridView:
    """Rows `first` to `last` (exclusive) of a grid, with every position mapped to the cell that covers it."""

    def __init__(self, grid: Grid, first: int = 0, last: int | None = None) -> None:
        self.grid = grid
        self.first = first
        self.last = grid.rows if last is None else min(last, grid.rows)
        self.cells: tuple[Cell, ...] = tuple(cell for cell in grid.cells if first <= cell.row < self.last)
        self._at: dict[tuple[int, int], Cell] = {}
        self._rows: dict[int, list[Cell]] = {}
        for cell in self.cells:
            self._rows.setdefault(cell.row, []).append(cell)
            self._map(cell)
        self.rows: tuple[int, ...] = tuple(sorted(self._rows))

    def _map(self, cell: Cell) -> None:
        down, across = self.height(cell), self.width(cell)
        if len(self._at) + down * across > _POSITIONS_LIMIT:
            down = across = 1
        for row in range(cell.row, cell.row + down):
            for column in range(cell.column, cell.column + across):
                self._at.setdefault((row, column), cell)

    def height(self, cell: Cell) -> int:
        """Return how many rows of the view the cell covers, at least one."""
        return max(1, min(cell.row_span, self.last - cell.row))

    def width(self, cell: Cell) -> int:
        """Return how many columns of the grid the cell covers, at least one."""
        return max(1, min(cell.column_span, self.grid.columns - cell.column))

    def at(self, row: int, column: int) -> Cell | None:
        """Return the cell that covers a position, or None."""
        return self._at.get((row, column))

    def row(self, row: int) -> tuple[Cell, ...]:
        """Return the cells that begin in a row, from left to right."""
        return tuple(self._rows.get(row, ()))

    def right_of(self, cell: Cell, row: int | None = None) -> Cell | None:
        """Return the cell right of `cell` (in `row`, if it covers several), or None at the edge."""
        return self.at(cell.row if row is None else row, cell.column + self.width(cell))

    def below(self, cell: Cell) -> Cell | None:
        """Return the cell below the left edge of `cell`, or None at the edge."""
        return self.at(cell.row + self.height(cell), cell.column)

    def covering(self, row: int) -> Iterator[Cell]:
        """Yield the cells that cover a row, also those that began above, from left to right, each once."""
        column = 0
        while column < self.grid.columns:
            cell = self.at(row, column)
            if cell is None:
                column += 1
                continue
            yield cell
            column = max(column + 1, cell.column + self.width(cell))

    def alone(self, cell: Cell) -> bool:
        """Return whether `cell` is the only one with text in its row."""
        return not any(other is not cell and other.text.strip() for other in self.covering(cell.row))
