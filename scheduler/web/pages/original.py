"""The left side of one item: the documents of a mail as tables, lines and pages, each piece that a value came from marked.

In: outlines, how scanned pages lay when they were read, the places of the values. Out: frozen values for the template, and
the mark of each value. What is shown of all documents is bounded; what a value came from is always shown. Pure.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from intake.fault_words import failure_text
from intake.words import KIND_WORDS
from parsers.codec import CodecError, from_json
from parsers.document import LaidPage
from parsers.forms import DocumentReading
from parsers.panels import Outline, Panel, Spot

_SQUARES = 20_000  # cells of one table on a page
_ROOM_BYTES = 100_000  # of all documents of a mail in HTML: the page of one item has 200 KB at most
_SQUARE_BYTES = 40  # of a cell without its text
_SIGN_SHARE = 36  # of a page's width: its signs are that high, legible in half a screen
_BOX = re.compile(r"page (\d{1,4}), .*box (\d{1,5}),(\d{1,5})-(\d{1,5}),(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Square:
    """One cell, or paragraph. `used`: a value came from it; `anchor` is empty but where that is marked here, on no picture."""

    text: str
    anchor: str
    rows: int
    columns: int
    struck: tuple[str, ...]
    used: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A table as rows of cells (gaps filled), or one paragraph (`is_table` false, one cell)."""

    is_table: bool
    rows: tuple[tuple[Square, ...], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell on the picture of a page, in pixels of the page. `sign` stands beside the field that was read there, too."""

    anchor: str
    sign: str
    left: int
    top: int
    width: int
    height: int
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page that can be drawn, by its zero-based place. `width` and `height` are zero where nobody knows how it was read."""

    place: int
    width: int = 0
    height: int = 0
    marks: tuple[Mark, ...] = ()

    @property
    def sign_height(self) -> int:
        return max(12, self.width // _SIGN_SHARE)


@dataclass(frozen=True, slots=True)
class Copy:
    """One document. `part` and `document` name it in addresses, `sheets` can be drawn, `trouble` says what is wrong."""

    part: int
    document: int
    name: str
    kind: str
    sheets: tuple[Sheet, ...]
    blocks: tuple[Block, ...]
    trouble: str
    is_scan: bool

    @property
    def open_sheets(self) -> tuple[Sheet, ...]:
        """The pages that are seen at once: of a scan all, of other documents those that a value was read from."""
        return tuple(one for one in self.sheets if self.is_scan or one.marks)

    @property
    def is_marked(self) -> bool:
        return any(one.marks for one in self.sheets)

    @property
    def folded_sheets(self) -> tuple[Sheet, ...]:
        return tuple(one for one in self.sheets if one not in self.open_sheets)


@dataclass(frozen=True, slots=True)
class Papers:
    """The documents of one part of a mail: as the worker shows them, and how it read the pages of each, by the same places."""

    part: int
    path: str
    outlines: tuple[Outline, ...]
    laid: tuple[tuple[LaidPage, ...], ...]


@dataclass(frozen=True, slots=True)
class Whence:
    """Where the values of the shown submission came from: its part, the name of its document, the place of each field.

    `doubtful` are the fields that a person must look at.
    """

    path: str
    document: str
    places: Mapping[str, str]
    doubtful: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the page shows what a value came from. `sign` is what stands beside a box on a picture, else ""."""

    id: str
    sign: str = ""


@dataclass(slots=True)
class _Room:
    """How much HTML may still be made of documents."""

    left: int = _ROOM_BYTES
    used_up: bool = False

    def takes(self, squares: Iterable[Square]) -> bool:
        """Return whether there is room for a row; one that a value came from is taken in any case."""
        row = tuple(squares)
        self.left -= sum(_SQUARE_BYTES + len(one.text.encode()) for one in row)
        if self.left >= 0 or any(one.used for one in row):
            return True
        self.used_up = True
        return False


@dataclass(slots=True)
class _Marks:
    """The marks of one document, by place, as they are made; signs are counted over all documents."""

    anchors: dict[str, Anchor]
    known: dict[str, Anchor] = field(default_factory=dict)

    def put(self, key: str, place: str, prefix: str, *, signed: bool) -> None:
        if place not in self.known:
            count = len({one.sign for one in self.anchors.values() if one.sign}) + 1
            self.known[place] = Anchor(f"{prefix}-{len(self.known)}", str(count) if signed else "")
        self.anchors[key] = self.known[place]


@dataclass(frozen=True, slots=True)
class _Found:
    """A document with the marks of the values that came from it."""

    part: int
    number: int
    outline: Outline
    marks: _Marks
    laid: Mapping[int, LaidPage]


def reading_of(stored: object) -> DocumentReading:
    """Given the reading of a part as the record has it, return it; an empty one if another version wrote it otherwise.

    Then the item is shown without boxes, instead of not at all.
    """
    try:
        return from_json(DocumentReading, stored)
    except CodecError:
        return DocumentReading("", "")


def leaves(reading: DocumentReading) -> Iterator[DocumentReading]:
    """Given the reading of a part, yield those of its documents, in the order of their outlines."""
    if not reading.members:
        yield reading
    for member in reading.members:
        yield from leaves(member)


def laid_as(reading: DocumentReading, outlines: Iterable[str]) -> tuple[tuple[LaidPage, ...], ...]:
    """Given the reading of a part and the names of its outlines, return how the pages of each lay; () for another document."""
    known = [*leaves(reading)]
    return tuple(
        known[place].laid if place < len(known) and known[place].name == name else ()
        for place, name in enumerate(outlines)
    )


def copies(parts: Iterable[Papers], whence: Whence | None) -> tuple[tuple[Copy, ...], dict[str, Anchor]]:
    """Given the documents of a mail, return them with marks, and by field key its anchor."""
    anchors: dict[str, Anchor] = {}
    found: list[_Found] = []
    for one in parts:
        for number, outline in enumerate(one.outlines):
            marks = _Marks(anchors)
            lay = one.laid[number] if number < len(one.laid) else ()
            laid = {page.number: page for page in lay if page.number <= outline.pages}
            spots = {spot.place for panel in outline.panels for spot in panel.spots}
            for key, place in () if whence is None else whence.places.items():
                local = _local(place, one.path, outline.name, whence)
                boxed = _box(local, laid) is not None
                if local and key not in anchors and (boxed or local in spots):
                    marks.put(key, local, f"from-{one.part}-{number}", signed=boxed)
            found.append(_Found(one.part, number, outline, marks, laid))
    room, doubtful = _Room(), _doubtful(anchors, whence)
    made: dict[int, Copy] = {}
    for index in sorted(
        range(len(found)), key=lambda index: not found[index].marks.known
    ):  # what was read has room first
        made[index] = _copy(found[index], doubtful, room)
    return tuple(made[index] for index in range(len(found))), anchors


def _doubtful(anchors: Mapping[str, Anchor], whence: Whence | None) -> frozenset[str]:
    return frozenset(anchors[key].id for key in anchors if whence is not None and key in whence.doubtful)


def _box(place: str, laid: Mapping[int, LaidPage]) -> tuple[int, int, int, int, int] | None:
    """Given a place, return its page, left, top, right and bottom if that page is known and has such a box."""
    match = _BOX.fullmatch(place)
    page = laid.get(int(match[1])) if match else None
    if match is None or page is None:
        return None
    number, left, top, right, bottom = (int(one) for one in match.groups())
    right, bottom = min(right, page.width), min(bottom, page.height)
    return (number, left, top, right, bottom) if left < right and top < bottom else None


def _local(place: str, path: str, name: str, whence: Whence | None) -> str:
    """Return the place within this document, "" if it is in another. A merged field's place begins with the document's name."""
    if whence is not None and path == whence.path and name == whence.document:
        return place.removeprefix(f"{name or 'body'}: ")
    head = f"{name or 'body'}: "
    return place.removeprefix(head) if place.startswith(head) else ""


def _copy(found: _Found, doubtful: frozenset[str], room: _Room) -> Copy:
    outline = found.outline
    room.used_up = False
    blocks = tuple(one for panel in outline.panels if (one := _block(panel, found.marks, room)).rows)
    trouble = ""
    if outline.failure is not None and not outline.pages:
        trouble = failure_text(outline.failure.code, outline.kind, engine=outline.failure.detail, clerk=True)
    elif outline.clipped or room.used_up:
        trouble = "内容很多，这里只显示前面一部分和读取内容的地方，其余请看原件"
    return Copy(
        part=found.part,
        document=found.number,
        name=outline.name,
        kind=KIND_WORDS.get(outline.kind, ""),
        sheets=tuple(_sheets(found, doubtful)),
        blocks=blocks,
        trouble=trouble,
        is_scan=bool(outline.pages) and not outline.panels,
    )


def _sheets(found: _Found, doubtful: frozenset[str]) -> Iterator[Sheet]:
    boxes: dict[int, list[Mark]] = {}
    for place, anchor in found.marks.known.items():
        boxed = _box(place, found.laid)
        if boxed is not None:
            number, left, top, right, bottom = boxed
            mark = Mark(anchor.id, anchor.sign, left, top, right - left, bottom - top, anchor.id in doubtful)
            boxes.setdefault(number, []).append(mark)
    for index in range(found.outline.pages):
        page = found.laid.get(index + 1)
        if page is None or not page.width or not page.height:
            yield Sheet(index)
        else:
            yield Sheet(index, page.width, page.height, tuple(boxes.get(index + 1, ())))


def _block(panel: Panel, marks: _Marks, room: _Room) -> Block:
    if panel.columns:
        return Block(is_table=True, rows=tuple(row for row in _rows(panel, marks) if room.takes(row)))
    squares = tuple(_square(one, marks) for one in panel.spots)
    return Block(is_table=False, rows=(squares,) if room.takes(squares) else ())


def _rows(panel: Panel, marks: _Marks) -> list[tuple[Square, ...]]:
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


def _square(spot: Spot, marks: _Marks, height: int = 1, width: int = 1) -> Square:
    anchor = marks.known.get(spot.place)
    here = "" if anchor is None or anchor.sign else anchor.id
    return Square(spot.text, here, height, width, spot.struck, anchor is not None)
