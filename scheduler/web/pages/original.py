"""The left side of one item: the documents of a mail as tables and lines, each piece that a value came from marked.

In: outlines, the places of the values. Out: frozen values for the template, and the anchor of each value. Pure.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from intake.fault_words import failure_text
from intake.words import KIND_WORDS
from parsers.panels import Outline, Panel, Spot

_SQUARES = 20_000  # cells of one table on a page


@dataclass(frozen=True, slots=True)
class Square:
    """One cell, or paragraph. `anchor` is empty but where a value came from."""

    text: str
    anchor: str
    rows: int
    columns: int
    struck: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A table as rows of cells (gaps filled), or one paragraph (`is_table` false, one cell)."""

    is_table: bool
    rows: tuple[tuple[Square, ...], ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """One document. `part` and `document` name it in addresses; `pages` of it can be drawn, `trouble` says what is wrong."""

    part: int
    document: int
    name: str
    kind: str
    pages: int
    blocks: tuple[Block, ...]
    trouble: str
    is_scan: bool


@dataclass(frozen=True, slots=True)
class Whence:
    """Where the values of the shown submission came from: its part, the name of its document, and the place of each field."""

    path: str
    document: str
    places: Mapping[str, str]


def copies(
    outlines: Iterable[tuple[int, str, Iterable[Outline]]], whence: Whence | None
) -> tuple[tuple[Copy, ...], dict[str, str]]:
    """Given the documents of a mail by (number, path) of their part, return them with marks, and by field key its anchor."""
    anchors: dict[str, str] = {}
    found = []
    for part, path, documents in outlines:
        for number, outline in enumerate(documents):
            marks: dict[str, str] = {}
            for key, place in () if whence is None else whence.places.items():
                local = _local(place, path, outline.name, whence)
                if (
                    local
                    and key not in anchors
                    and any(spot.place == local for panel in outline.panels for spot in panel.spots)
                ):
                    anchors[key] = marks.setdefault(local, f"from-{part}-{number}-{len(marks)}")
            found.append(_copy(part, number, outline, marks))
    return tuple(found), anchors


def _local(place: str, path: str, name: str, whence: Whence | None) -> str:
    """Return the place within this document, "" if it is in another. A merged field's place begins with the document's name."""
    if whence is not None and path == whence.path and name == whence.document:
        return place.removeprefix(f"{name or 'body'}: ")
    head = f"{name or 'body'}: "
    return place.removeprefix(head) if place.startswith(head) else ""


def _copy(part: int, number: int, outline: Outline, marks: Mapping[str, str]) -> Copy:
    trouble = ""
    if outline.failure is not None and not outline.pages:
        trouble = failure_text(outline.failure.code, outline.kind, engine=outline.failure.detail, clerk=True)
    elif outline.clipped:
        trouble = "内容很多，这里只显示前面一部分，其余请看原件"
    return Copy(
        part=part,
        document=number,
        name=outline.name,
        kind=KIND_WORDS.get(outline.kind, ""),
        pages=outline.pages,
        blocks=tuple(_block(panel, marks) for panel in outline.panels),
        trouble=trouble,
        is_scan=bool(outline.pages) and not outline.panels,
    )


def _block(panel: Panel, marks: Mapping[str, str]) -> Block:
    if not panel.columns:
        return Block(is_table=False, rows=(tuple(_square(one, marks) for one in panel.spots),))
    return Block(is_table=True, rows=tuple(_rows(panel, marks)))


def _rows(panel: Panel, marks: Mapping[str, str]) -> list[tuple[Square, ...]]:
    """Lay the cells out as HTML wants them. Rows and columns in which no cell begins are left out; gaps get an empty cell.

    The child that sent the panel has held hostile bytes: nothing here grows with a number that stands in it.
    """
    starts = {(spot.row, spot.column): spot for spot in panel.spots}
    rows, columns = sorted({row for row, _ in starts}), sorted({column for _, column in starts})
    covered: set[tuple[int, int]] = set()
    laid: list[tuple[Square, ...]] = []
    for down, row in enumerate(rows):
        squares: list[Square] = []
        for right, column in enumerate(columns):
            if (down, right) in covered:
                continue
            spot = starts.get((row, column))
            if spot is None:
                squares.append(Square("", "", 1, 1, ()))
                continue
            height = bisect_left(rows, row + spot.row_span) - down
            width = bisect_left(columns, column + spot.column_span) - right
            height, width = max(height, 1), max(width, 1)
            covered.update((down + one, right + other) for one in range(height) for other in range(width))
            squares.append(_square(spot, marks, height, width))
        laid.append(tuple(squares))
        if len(covered) + sum(map(len, laid)) > _SQUARES:
            break
    return laid


def _square(spot: Spot, marks: Mapping[str, str], height: int = 1, width: int = 1) -> Square:
    return Square(spot.text, marks.get(spot.place, ""), height, width, spot.struck)
