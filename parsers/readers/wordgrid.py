"""Where the cells of a Word table lie: spans and merges → areas that do not overlap.

In: rows and cell properties in reading order. Out: `Area` values on a grid without unused columns. Word's own grid has a
column for every edge that was ever dragged, and gridSpan may say 2,000,000,000 (python-docx then takes 22 s and all
memory): so columns are counted by the edges that are used. Must not: look into cells. Standard: ECMA-376 part 1 §17.4.
"""

from dataclasses import dataclass

from lxml.etree import _Element as Element

from parsers.document import Budget
from parsers.readers.wordlook import W

_VAL = f"{W}val"
_TR_PR = f"{W}trPr"
_SPAN_LIMIT = 10_000  # columns; Word itself allows 63


@dataclass(slots=True)
class Area:
    """One cell or merged area; `content` is the number that the caller gave it."""

    row: int
    column: int
    end: int
    content: int
    row_span: int = 1

    @property
    def column_span(self) -> int:
        return self.end - self.column


class Table:
    """Collects the cells of one table, row by row."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._areas: list[Area] = []
        self._open: dict[tuple[int, int], Area] = {}  # vertical merges that reach down to the row before
        self._reaching: dict[tuple[int, int], Area] = {}  # … to this row
        self._edge = 0
        self.rows = 0

    def start_row(self, row: Element) -> bool:
        """Begin a row; return False if the budget's rows are used up."""
        if self.rows >= self._budget.rows:
            return False
        self.rows += 1
        self._open, self._reaching = self._reaching, {}
        self._edge = _number(row.find(f"{_TR_PR}/{W}gridBefore"), 0)
        return True

    def add(self, properties: Element | None, content: int) -> bool:
        """Place the next cell of the row; return False if it only continues a merged area (its content is not seen)."""
        span, down, across = 1, None, None
        if properties is not None:
            span = max(1, _number(properties.find(f"{W}gridSpan"), 1))
            down = _merge(properties.find(f"{W}vMerge"))
            across = _merge(properties.find(f"{W}hMerge"))
        begin, self._edge = self._edge, self._edge + span
        if across == "continue" and self._areas and self._areas[-1].end == begin and self._in_this_row():
            self._areas[-1].end = self._edge
            return False
        place = (begin, self._edge)
        if down == "continue" and place in self._open:
            area = self._open[place]
            area.row_span += 1
            self._reaching[place] = area
            return False
        area = Area(self.rows - 1, begin, self._edge, content)
        self._areas.append(area)
        if down is not None:
            self._reaching[place] = area
        return True

    def areas(self) -> tuple[tuple[Area, ...], int, bool]:
        """Return the areas by row and column, the number of columns, and whether some lie beyond the budget."""
        edges = sorted({edge for area in self._areas for edge in (area.column, area.end)})
        rank = {edge: number for number, edge in enumerate(edges)}
        limit = self._budget.columns
        kept: list[Area] = []
        for area in self._areas:
            area.column, area.end = rank[area.column], min(rank[area.end], limit)
            if area.column < limit:
                kept.append(area)
        columns = max((area.end for area in kept), default=0)
        return tuple(kept), columns, len(edges) - 1 > limit

    def _in_this_row(self) -> bool:
        last = self._areas[-1]
        return last.row == self.rows - 1 and last.row_span == 1 and (last.column, last.end) not in self._reaching


def _merge(element: Element | None) -> str | None:
    """Given a vMerge or hMerge, return "restart" or "continue" (the default), None if there is none."""
    if element is None:
        return None
    return "restart" if element.get(_VAL) == "restart" else "continue"


def _number(element: Element | None, default: int) -> int:
    value = "" if element is None else element.get(_VAL, "")
    return min(int(value[:8]), _SPAN_LIMIT) if value.isdecimal() else default
