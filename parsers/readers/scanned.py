"""What the engine saw on a picture of a page → blocks, once for each of its two looks. For pictures and scanned PDF pages.

In: a `ScannedPage`. Out: two runs of blocks of one shape: the same tables and lines at the same places, each with the text
of one look. Pictures of the cells stand in the first. Must not: choose between the looks; both are compared after reading.
"""

from collections.abc import Iterator

from parsers.document import Block, Cell, Grid, LaidPage, Paragraph
from parsers.engines import Box, ScannedLine, ScannedPage, ScannedTable
from parsers.text import clean


def blocks(page: ScannedPage, number: int) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Given what stands on page `number` (one-based), return its lines and tables from top to bottom, as each look saw them.

    A place is for example ``"page 1, line 3, box 118,90-560,121"`` or ``"page 1, table 1, R2C4, box 310,200-480,240"``.
    """
    first: list[Block] = []
    second: list[Block] = []
    lines = tables = 0
    for one in _top_to_bottom(page):
        if isinstance(one, ScannedTable):
            tables += 1
            place = f"page {number}, table {tables}"
            first.append(_grid(one, place, second=False))
            second.append(_grid(one, place, second=True))
        else:
            lines += 1
            place = f"page {number}, line {lines}, box {one.box}"
            first.append(Paragraph(clean(one.text), place, one.score))
            second.append(Paragraph(clean(one.second), place, one.score))
    return tuple(first), tuple(second)


def laid(page: ScannedPage, number: int, turn: int = 0) -> tuple[LaidPage, ...]:
    """Given what stands on page `number`, which was drawn turned by `turn`, return how it lay; () if the engine can't tell."""
    return (LaidPage(number, page.width, page.height, turn, page.whence),) if page.whence else ()


def _top_to_bottom(page: ScannedPage) -> Iterator[ScannedLine | ScannedTable]:
    """Yield the lines in the engine's reading order, each table before the first line that lies below its middle."""
    tables = sorted(page.tables, key=lambda table: (table.box.top, table.box.left))
    for line in page.lines:
        while tables and _middle(tables[0].box) < _middle(line.box):
            yield tables.pop(0)
        yield line
    yield from tables


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2


def _grid(table: ScannedTable, place: str, *, second: bool) -> Grid:
    cells = tuple(
        Cell(
            cell.row,
            cell.column,
            clean(cell.second if second else cell.text),
            f"{place}, R{cell.row + 1}C{cell.column + 1}, box {cell.box}",
            row_span=cell.row_span,
            column_span=cell.column_span,
            picture="" if second else cell.picture,
            score=cell.score,
        )
        for cell in table.cells
    )
    return Grid(table.rows, table.columns, cells, place)
