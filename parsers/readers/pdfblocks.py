"""Glyphs and tables of the pages → blocks of a `Document`.

In: for each page its glyphs (marked, visible) and tables. Out: grids and lines in reading order, their places with boxes in
pixels of the page's `Frame`, for the person who compares; a table that goes on over the page break is one grid, so that no
record is cut in two. Must not: join tables that only look alike: a title, a line or half
an empty page between them keeps them apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from parsers.document import Block, Budget, Cell, Grid, LaidPage, Note, NoteCode, Paragraph
from parsers.readers.pdfink import Glyph, Sheet
from parsers.readers.pdflines import TextLine, Written, lines_of, written
from parsers.readers.pdftables import Places, Slot, Table
from parsers.readers.ruled import Rectangle
from parsers.text import clean

_SAME_EDGE = 3.0  # points by which the edges of a continued table may differ
_FOOT, _HEAD = 0.75, 0.2  # of the page's height: where a continued table ends, and begins again
_PAGE_NUMBER = 14  # characters of a line in the margin that is passed over: "- 12 -", "第 1 页 共 2 页"
_MARGIN = 0.1
_BELOW = 0.25  # em: the feet of letters below their baseline
_SCALE = 2.0  # pixels a point: a hair's breadth is no less than one
_LONGEST = 10_000  # pixels; of larger pages (a map, an attack) less is told


@dataclass(frozen=True, slots=True)
class Frame:
    """What a viewer shows of a page, in pixels from its top left corner: the boxes in the places of its text."""

    number: int
    window: Rectangle
    turn: int
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        left, top, right, bottom = self.window
        return max(1, round((right - left) * self.scale)), max(1, round((bottom - top) * self.scale))

    def box(self, left: float, top: float, right: float, bottom: float) -> str:
        """Given a rectangle in points, return it as it stands at the end of a place."""
        width, height = self.size
        x, y = self.window[:2]
        across = (min(max(round((one - x) * self.scale), 0), width) for one in (left, right))
        down = (min(max(round((one - y) * self.scale), 0), height) for one in (top, bottom))
        (first, last), (upper, lower) = across, down
        return f", box {first},{upper}-{last},{lower}"

    @property
    def laid(self) -> LaidPage:
        """The page as it is to be drawn: nothing was straightened."""
        width, height = self.size
        return LaidPage(self.number, width, height, self.turn, (1 / width, 0.0, 0.0, 0.0, 1 / height, 0.0, 0.0, 0.0))


def frame_of(number: int, sheet: Sheet) -> Frame:
    """Given a page by its number (one-based) and what is drawn on it, return its frame."""
    left, top, right, bottom = sheet.window
    longest = max(right - left, bottom - top)
    return Frame(number, sheet.window, sheet.turn, min(_SCALE, _LONGEST / longest) if longest > 0 else _SCALE)


@dataclass(slots=True)
class _Part:
    """A cell on its way to a grid."""

    row: int
    column: int
    row_span: int
    column_span: int
    lines: list[TextLine]
    left: float
    right: float
    place: str
    nested: tuple[Grid, ...]


@dataclass(slots=True)
class _Sheaf:
    """A table while the pages go by: `edges` are the x of its upright lines on the page where it was last seen."""

    rows: int
    columns: int
    parts: list[_Part]
    place: str
    edges: list[float]
    open_below: bool


@dataclass(slots=True)
class Writer:
    """Collects the blocks of a document, page by page."""

    budget: Budget
    blocks: list[Block | _Sheaf] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    struck: bool = False
    clipped: bool = False
    _characters: int = 0
    _cells: int = 0

    def add_page(self, frame: Frame, glyphs: Sequence[Glyph], tables: Sequence[Table], height: float) -> None:
        """Append what stands on a page of `height` points."""
        inside, outside = _sorted_in(glyphs, tables)
        lines = lines_of(outside)
        above = [line for line in lines if not _is_page_number(line, height)]
        counted = 0
        things: list[TextLine | Table] = [*lines, *tables]
        for order, one in enumerate(sorted(things, key=_top)):
            if isinstance(one, TextLine):
                counted += 1
                box = frame.box(one.left, one.baseline - one.size, one.right, one.baseline + _BELOW * one.size)
                self._add_line(one, f"page {frame.number}, line {counted}{box}")
                continue
            label = f"page {frame.number}, table {tables.index(one) + 1}"
            sheaf = self._sheaf(one, inside, label, frame, height)
            first = not any(line.baseline < one.box[1] for line in above) and order - counted == 0
            before = self._continued(sheaf, one, height) if first else None
            if before is None:
                self.blocks.append(sheaf)
            else:
                _join(before, sheaf)

    def add_blocks(self, blocks: Sequence[Block]) -> None:
        """Append the blocks of a page that was read off a picture."""
        self.blocks.extend(blocks)

    def finished(self) -> tuple[Block, ...]:
        """Return all blocks; nothing can be added afterwards."""
        return tuple(self._grid(block) if isinstance(block, _Sheaf) else block for block in self.blocks)

    def notes(self) -> Iterator[Note]:
        """Yield what a clerk may want to know of the text."""
        if self.struck:
            yield Note(NoteCode.STRUCK_TEXT)
        yield from (Note(NoteCode.UNKNOWN_SYMBOL, name) for name in list(self.unknown)[:5])
        if self.clipped:
            yield Note(NoteCode.CLIPPED)

    def _add_line(self, line: TextLine, place: str) -> None:
        self.unknown.update(dict.fromkeys(line.unknown))
        self.struck = self.struck or any(look.struck for _, look in line.pieces)
        text = self._counted(clean(line.text).strip())
        if text:
            self.blocks.append(Paragraph(text, place))

    def _counted(self, text: str) -> str:
        left = max(self.budget.text_characters - self._characters, 0)
        self._characters += len(text)
        self.clipped = self.clipped or len(text) > left
        return text[:left]

    def _sheaf(self, table: Table, inside: dict[int, list[Glyph]], label: str, frame: Frame, height: float) -> _Sheaf:
        parts = []
        for slot in table.slots:
            position = slot.position
            self._cells += 1
            if position.row >= self.budget.rows or position.column >= self.budget.columns:
                self.clipped = True
                continue
            if self._cells > self.budget.cells:
                self.clipped = True
                break
            place = f"{label}, R{position.row + 1}C{position.column + 1}"
            lines = lines_of(inside.get(id(slot), ()))
            nested = tuple(
                self._grid(self._sheaf(one, inside, f"{place}, table {count}", frame, height))
                for count, one in enumerate(slot.nested, start=1)
            )
            spans = (position.row_span, min(position.column_span, self.budget.columns - position.column))
            sides = (slot.box[0], slot.box[2])
            place += frame.box(*slot.box)
            parts.append(_Part(position.row, position.column, *spans, lines, *sides, place, nested))
        rows, columns = min(table.rows, self.budget.rows), min(table.columns, self.budget.columns)
        return _Sheaf(rows, columns, parts, label, table.edges(), table.box[3] > _FOOT * height)

    def _continued(self, sheaf: _Sheaf, table: Table, height: float) -> _Sheaf | None:
        """Return the table of the page before that this one goes on with, or None."""
        if table.box[1] > _HEAD * height:
            return None
        last = next((block for block in reversed(self.blocks) if not _is_number_block(block)), None)
        if not isinstance(last, _Sheaf) or not last.open_below or len(last.edges) != len(sheaf.edges):
            return None
        if any(abs(a - b) > _SAME_EDGE for a, b in zip(last.edges, sheaf.edges, strict=True)):
            return None
        return last if last.rows + sheaf.rows <= self.budget.rows else None

    def _grid(self, sheaf: _Sheaf) -> Grid:
        cells = []
        for part in sorted(sheaf.parts, key=lambda part: (part.row, part.column)):
            for line in part.lines:
                self.unknown.update(dict.fromkeys(line.unknown))
            found = written(part.lines, part.left, part.right) if part.lines else Written("")
            self.struck = self.struck or bool(found.struck)
            cells.append(
                Cell(
                    part.row,
                    part.column,
                    self._counted(found.text),
                    part.place,
                    part.row_span,
                    part.column_span,
                    underlined=found.underlined,
                    struck=found.struck,
                    nested=part.nested,
                )
            )
        return Grid(sheaf.rows, sheaf.columns, tuple(cells), sheaf.place)


def _sorted_in(glyphs: Sequence[Glyph], tables: Sequence[Table]) -> tuple[dict[int, list[Glyph]], list[Glyph]]:
    places = Places(tables)
    inside: dict[int, list[Glyph]] = {}
    outside: list[Glyph] = []
    for glyph in glyphs:
        slot: Slot | None = places.find(*glyph.middle) if glyph.turn >= 0 else None  # a watermark lies across the cells
        if slot is None:
            outside.append(glyph)
        else:
            inside.setdefault(id(slot), []).append(glyph)
    return inside, outside


def _top(one: TextLine | Table) -> float:
    return one.baseline - 0.35 * one.size if isinstance(one, TextLine) else one.box[1]


def _is_page_number(line: TextLine, height: float) -> bool:
    """A short line with a digit in the upper or lower margin."""
    margin = line.baseline < _MARGIN * height or line.baseline > (1 - _MARGIN) * height
    text = "".join(line.text.split())
    return margin and len(text) <= _PAGE_NUMBER and any(character.isdigit() for character in text)


def _is_number_block(block: Block | _Sheaf) -> bool:
    if not isinstance(block, Paragraph):
        return False
    text = "".join(block.text.split())
    return (
        len(text) <= _PAGE_NUMBER
        and any(c.isdigit() for c in text)
        and not any(c.isalpha() for c in text.strip("第页共"))
    )


def _join(before: _Sheaf, after: _Sheaf) -> None:
    """Append the rows of `after`, without a header row that is repeated, with a row that was cut in two put together."""
    rows, first = _rows(after), _rows(before)[:1]
    repeated = after.rows > 1 and bool(rows and first) and _texts(rows[0]) == _texts(first[0]) and any(_texts(rows[0]))
    skipped = int(repeated)
    parts = [replace(part, row=part.row - skipped) for part in after.parts if part.row >= skipped]
    rows = _rows(replace(after, parts=parts))
    last = _rows(before)[-1] if _rows(before) else []
    if rows and _is_cut(last, rows[0]):
        for part in rows[0]:
            home = next(one for one in last if one.column == part.column)
            home.lines = [*home.lines, *part.lines]
        parts = [replace(part, row=part.row - 1) for part in parts if part.row > 0]
        skipped += 1
    shift = before.rows
    before.parts += [replace(part, row=part.row + shift) for part in parts]
    before.rows += after.rows - skipped
    before.edges, before.open_below = after.edges, after.open_below


def _rows(sheaf: _Sheaf) -> list[list[_Part]]:
    found: dict[int, list[_Part]] = {}
    for part in sorted(sheaf.parts, key=lambda part: (part.row, part.column)):
        found.setdefault(part.row, []).append(part)
    return [found[row] for row in sorted(found)]


def _texts(row: Sequence[_Part]) -> list[str]:
    return ["".join("".join(line.text.split()) for line in part.lines) for part in row]


def _is_cut(above: Sequence[_Part], below: Sequence[_Part]) -> bool:
    """Given the last row of a page and the first of the next, return whether they are one row.

    Then the first cell (a label, a number, a name) stands above alone, and what goes on goes on in cells that have text.
    """
    if [part.column for part in above] != [part.column for part in below]:
        return False
    if any(part.row_span > 1 or part.nested for part in (*above, *below)):
        return False
    upper, lower = _texts(above), _texts(below)
    return bool(upper[0] and not lower[0] and any(lower)) and all(
        up or not low for up, low in zip(upper, lower, strict=True)
    )
