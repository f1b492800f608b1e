"""Rules → ruled tables: which rectangles are cells, which cells make a table, which tables stand in a cell of another.

In: the rules of a page that mark no text. Out: `Table` values, the nested ones inside. pdfplumber finds the rectangles.
Must not: look at text; take more rules than its search can bear (it holds every upright line against every one across).
Home of pdfplumber.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import pdfplumber
from pdfplumber import table as finder

from parsers.readers.pdfguard import PageTooBusyError
from parsers.readers.pdfink import Rule
from parsers.readers.ruled import Position, Rectangle, arrange

VERSION = f"pdfplumber {pdfplumber.__version__}"

# Points within which lines are one line. Borders of two cells that Word draws apart lie 0.5 apart, double ones 1.5 (LibreOffice)
# to 3 (Word); the lowest row of small print is 8 high.
_SNAP = 3.0
_MEET = 2.0  # … and within which two lines meet
_SHORTEST = 4.0
_LINES = 6_000  # before joining; a page full of dotted lines has some thousand pieces
_JOINED = 600
_CROSSINGS = 4_000  # a sheet of 60 rows × 30 columns has 1,900; 2,500 cost 0.2 s, 10,000 3 s
_BAND = 24.0


@dataclass(slots=True)
class Slot:
    """One ruled cell: where it lies on the page, and in its table. `nested` are the tables inside it."""

    box: Rectangle
    position: Position
    nested: list["Table"] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A ruled table of `rows` × `columns`, its cells in reading order."""

    box: Rectangle
    rows: int
    columns: int
    slots: list[Slot]

    def edges(self) -> list[float]:
        """The x of its upright lines, from left to right."""
        found: dict[int, float] = {}
        for slot in self.slots:
            found[slot.position.column] = slot.box[0]
            found[slot.position.column + slot.position.column_span] = slot.box[2]
        return [found[number] for number in sorted(found)]


def tables_of(rules: Sequence[Rule], width: float, height: float) -> list[Table]:
    """Given the rules of a page of `width` × `height`, return its outermost tables from top to bottom.

    A frame around the page, or around whole tables, is not a table. Raise PageTooBusyError.
    """
    found = [_table(cells) for cells in _groups(_cells(_closed(rules)))]
    return _nest([table for table in found if table is not None], width * height)


class Places:
    """Finds the cell, the innermost one, in which a point lies."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._bands: dict[int, list[Slot]] = {}
        slots = sorted(_all(tables), key=lambda slot: _size(slot.box))
        for slot in slots:
            for band in range(int(slot.box[1] // _BAND), int(slot.box[3] // _BAND) + 1):
                self._bands.setdefault(band, []).append(slot)

    def find(self, x: float, y: float) -> Slot | None:
        """Given a point, return its cell, or None outside all tables."""
        for slot in self._bands.get(int(y // _BAND), ()):
            left, top, right, bottom = slot.box
            if left <= x < right and top <= y < bottom:
                return slot
        return None


def _all(tables: Iterable[Table]) -> Iterator[Slot]:
    for table in tables:
        for slot in table.slots:
            yield slot
            yield from _all(slot.nested)


def _cells(rules: Sequence[Rule]) -> list[Rectangle]:
    if len(rules) > _LINES:
        raise PageTooBusyError
    edges = finder.merge_edges([_edge(rule) for rule in rules], _SNAP, _SNAP, _SNAP, _SNAP) if rules else []
    edges = [edge for edge in edges if max(edge["x1"] - edge["x0"], edge["bottom"] - edge["top"]) >= _SHORTEST]
    if len(edges) > _JOINED:
        raise PageTooBusyError
    crossings = finder.edges_to_intersections(edges, _MEET, _MEET)
    if len(crossings) > _CROSSINGS:
        raise PageTooBusyError
    return cast("list[Rectangle]", finder.intersections_to_cells(crossings)) if len(crossings) > 3 else []


def _edge(rule: Rule) -> dict[str, object]:
    if rule.across:
        box = {"x0": rule.start, "x1": rule.end, "top": rule.at, "bottom": rule.at}
    else:
        box = {"x0": rule.at, "x1": rule.at, "top": rule.start, "bottom": rule.end}
    size = {"width": box["x1"] - box["x0"], "height": box["bottom"] - box["top"]}
    return {**box, **size, "orientation": "h" if rule.across else "v", "object_type": "line"}


def _closed(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules, with the sides that an open table lacks: many Chinese forms have no outer upright lines.

    Three lines across of one length, one under the other, that an upright line crosses, are a table all the same.
    """
    across = [rule for rule in rules if rule.across and rule.end - rule.start > 10 * _SNAP]
    upright = [rule for rule in rules if not rule.across]
    groups: list[list[Rule]] = []
    for rule in sorted(across, key=lambda rule: (round(rule.start / _SNAP), round(rule.end / _SNAP), rule.at)):
        last = groups[-1][-1] if groups else None
        if last is not None and abs(last.start - rule.start) <= _SNAP and abs(last.end - rule.end) <= _SNAP:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    added = []
    for group in groups:
        top, bottom = group[0].at, group[-1].at
        start, end = group[0].start, group[0].end
        inside = [
            one for one in upright if start + _SNAP < one.at < end - _SNAP and one.start < bottom and one.end > top
        ]
        sides = [one for one in upright if min(abs(one.at - start), abs(one.at - end)) <= _SNAP and one.end > top]
        if len(group) >= 3 and inside and not any(one.start < bottom for one in sides):
            added += [Rule(False, side, top, bottom) for side in (start, end)]
    return [*rules, *added]


def _groups(cells: Sequence[Rectangle]) -> list[list[Rectangle]]:
    """Given cells, return them by table: cells that share a corner, or a corner and a side, belong together."""
    parents = list(range(len(cells)))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    corners: dict[tuple[float, float], int] = {}
    for number, (left, top, right, bottom) in enumerate(cells):
        for corner in ((left, top), (left, bottom), (right, top), (right, bottom)):
            first = corners.setdefault(corner, number)
            parents[root(number)] = root(first)
    groups: dict[int, list[Rectangle]] = {}
    for number, cell in enumerate(cells):
        groups.setdefault(root(number), []).append(cell)
    return list(groups.values())


def _table(cells: Sequence[Rectangle]) -> Table | None:
    ruling = arrange(cells, _SNAP)
    if not ruling.positions:
        return None
    slots = [Slot(cells[position.index], position) for position in ruling.positions]
    box = (
        min(slot.box[0] for slot in slots),
        min(slot.box[1] for slot in slots),
        max(slot.box[2] for slot in slots),
        max(slot.box[3] for slot in slots),
    )
    return Table(box, ruling.rows, ruling.columns, slots)


def _nest(tables: Sequence[Table], page: float) -> list[Table]:
    """Put each table into the innermost cell that holds it; frames are dropped, and what they hold stands by itself."""
    ordered = sorted(tables, key=lambda table: _size(table.box))
    top: list[Table] = []
    for number, table in enumerate(ordered):
        if len(table.slots) == 1 and (
            _size(table.box) > 0.5 * page or any(_inside(one.box, table.box) for one in ordered[:number])
        ):
            continue
        home = next(
            (
                slot
                for other in ordered[number + 1 :]
                for slot in other.slots
                if len(other.slots) > 1 and _inside(table.box, slot.box)
            ),
            None,
        )
        if home is None:
            top.append(table)
        else:
            home.nested.append(table)
    for table in ordered:
        for slot in table.slots:
            slot.nested.sort(key=lambda one: (one.box[1], one.box[0]))
    return sorted(top, key=lambda table: (table.box[1], table.box[0]))


def _inside(one: Rectangle, other: Rectangle) -> bool:
    return (
        one[0] >= other[0] - _MEET
        and one[1] >= other[1] - _MEET
        and one[2] <= other[2] + _MEET
        and one[3] <= other[3] + _MEET
    )


def _size(box: Rectangle) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
