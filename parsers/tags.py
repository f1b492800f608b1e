"""What each cell of a grid is, seen with the eyes of one form: label, value candidate, note, heading.

In: a `GridView`, a form, the label index. Out: `TaggedGrid`. This is the first half of explaining every non-empty cell;
`pairing` is the second. Must not: decide which value belongs to which label.
"""

import re
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from parsers.document import Cell, Grid
from parsers.entries import Entry, bare_entry, begins_text, entries, unwrapped
from parsers.fields import is_ditto
from parsers.forms import FieldSpec, FieldType, FormSpec
from parsers.grid import GridView
from parsers.labels import LABEL_LIMIT, LabelIndex, LabelMatch
from parsers.remarks import is_hint, is_note, is_rule
from parsers.text import fold

_TYPES_IN_ONE_CELL = frozenset({FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL, FieldType.GENDER})
_COLON_END = re.compile("[:\uff1a]\\s*(?:[(\uff08][^()\uff08\uff09]*[)\uff09])?[_\\s]*$")  # 姓名：（请填写） is blank
_NUMBERED_ATTACHMENT = re.compile("附件?[表]?[一二三四五六七八九十\\d]*")
_ENTRY_LINES = 40  # lines of one cell looked at


class Tag(Enum):
    BLANK = auto()
    LABEL = auto()  # of a field of this form
    FOREIGN = auto()  # of another form, or of nobody's
    ENTRIES = auto()  # label and value in one cell
    NOTE = auto()
    HEADING = auto()  # the only text of its row, above the labels
    OTHER = auto()  # a value, most likely


# Tuples, not sets: an Enum's hash is a Python call, and these are asked for every cell of every reading.
LABELS = (Tag.LABEL, Tag.FOREIGN)
VALUES = (Tag.OTHER, Tag.BLANK)


@dataclass(frozen=True, slots=True)
class CellEntry:
    """An entry of a cell, with the keys it names in the form at hand."""

    entry: Entry
    keys: tuple[str, ...]


@dataclass(slots=True)
class Tagged:
    """One cell with its tag. `keys` and `also` are those of a label; `colon` says that the label ends in one.

    `origin` is the cell of the document; `cell` is the same, or its mirror image in a transposed grid.
    """

    cell: Cell
    tag: Tag
    keys: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    match: LabelMatch | None = None
    found: tuple[CellEntry, ...] = ()
    colon: bool = False
    hint: bool = False
    mirrored: Cell | None = None

    @property
    def origin(self) -> Cell:
        return self.mirrored or self.cell


@dataclass(slots=True)
class TaggedGrid:
    """All cells of a view, tagged for one form. `label_columns` are the columns where labels begin."""

    view: GridView
    form: FormSpec
    index: LabelIndex
    tags: dict[int, Tagged] = field(default_factory=dict)  # by id of the cell
    label_columns: frozenset[int] = frozenset()
    in_cells: bool = False  # label and value share a cell somewhere in this grid

    def of(self, cell: Cell | None) -> Tagged | None:
        """Return the tag of a cell, or None at the edge of the grid."""
        return None if cell is None else self.tags[id(cell)]

    def spec(self, key: str) -> FieldSpec:
        """Return the specification of a key of the form."""
        return next(spec for spec in self.form.fields if spec.key == key)


def transposed(grid: TaggedGrid) -> TaggedGrid:
    """Given a tagged grid, return its mirror image: rows are columns. Tags stay; `Tagged.origin` is the real cell."""
    cells: list[Cell] = []
    tags: dict[int, Tagged] = {}
    for tagged in grid.tags.values():
        cell = tagged.cell
        mirrored = replace(
            cell, row=cell.column, column=cell.row, row_span=grid.view.width(cell), column_span=grid.view.height(cell)
        )
        cells.append(mirrored)
        tags[id(mirrored)] = replace(tagged, cell=mirrored, mirrored=cell)
    cells.sort(key=lambda cell: (cell.row, cell.column))
    view = GridView(Grid(grid.view.grid.columns, grid.view.last, tuple(cells), grid.view.grid.place))
    columns = frozenset(tagged.cell.column for tagged in tags.values() if tagged.tag is Tag.LABEL)
    return TaggedGrid(view, grid.form, grid.index, tags, columns, grid.in_cells)


def tag_grid(view: GridView, form: FormSpec, index: LabelIndex) -> TaggedGrid:
    """Given the rows of a grid, return them with every cell tagged as `form` sees it."""
    grid = TaggedGrid(view, form, index)
    for cell in view.cells:
        grid.tags[id(cell)] = _tag(cell, form, index)
    labels = [tagged for tagged in grid.tags.values() if tagged.tag is Tag.LABEL]
    entry_cells = [tagged for tagged in grid.tags.values() if tagged.tag is Tag.ENTRIES]
    first = min((tagged.cell.row for tagged in (*labels, *entry_cells)), default=view.first)
    for tagged in grid.tags.values():
        if tagged.tag is not Tag.BLANK and view.alone(tagged.cell):
            _lonely(tagged, index, above=tagged.cell.row < first)
            if tagged.tag in (Tag.OTHER, Tag.LABEL, Tag.FOREIGN) and _heads_section(grid, tagged):
                tagged.tag = Tag.HEADING
    labels = [tagged for tagged in labels if tagged.tag is Tag.LABEL]
    grid.label_columns = frozenset(tagged.cell.column for tagged in labels)
    grid.in_cells = any(any(entry.keys and entry.entry.raw for entry in tagged.found) for tagged in entry_cells)
    return grid


def _heads_section(grid: TaggedGrid, tagged: Tagged) -> bool:
    """二、节目情况 across the whole width above a row of labels heads a section; it is no label."""
    view, cell = grid.view, tagged.cell
    if view.grid.columns < 2 or view.width(cell) < view.grid.columns:
        return False
    above = grid.of(view.at(cell.row - 1, 0))
    if tagged.tag is Tag.OTHER and above is not None and above.tag is Tag.LABEL and view.width(above.cell) > 1:
        return False  # the value below a label as wide as the table
    row = next((row for row in view.rows if row > cell.row), None)
    below = [grid.tags[id(other)] for other in view.row(row)] if row is not None else []
    return len(below) > 1 and any(other.tag in LABELS for other in below)


def _lonely(tagged: Tagged, index: LabelIndex, *, above: bool) -> None:
    """What stands alone in its row is a note, a line, or (above the labels) a heading."""
    text = tagged.cell.text.strip()
    if tagged.tag is Tag.LABEL or begins_text(tuple(found.entry for found in tagged.found), index):
        return
    if is_note(text) or is_rule(text):
        tagged.tag = Tag.NOTE
    elif tagged.tag is Tag.OTHER and (above or _NUMBERED_ATTACHMENT.fullmatch(fold(text))):
        tagged.tag = Tag.HEADING


def _tag(cell: Cell, form: FormSpec, index: LabelIndex) -> Tagged:
    text = cell.text.strip()
    if not text:
        # Struck-out options alone leave no text, but they are an answer.
        return Tagged(cell, Tag.OTHER if cell.struck else Tag.BLANK)
    if is_ditto(text):
        return Tagged(cell, Tag.OTHER)  # 同手机 in a value's place is nearly the label 手机
    colon = bool(_COLON_END.search(text))
    match = index.match(text)
    if match is not None:
        keys, also = match.keys(form.id), match.also_keys(form.id)
        if keys:
            return Tagged(cell, Tag.LABEL, keys, also, match, colon=colon)
        return Tagged(cell, Tag.FOREIGN, match=match, colon=colon)
    if index.looks_like_label(text):
        return Tagged(cell, Tag.FOREIGN, colon=colon)
    found = _entries(cell, form, index)
    if found:
        return Tagged(cell, Tag.ENTRIES, found=found)
    if colon and len(text) <= LABEL_LIMIT:
        return Tagged(cell, Tag.FOREIGN, colon=True)
    return Tagged(cell, Tag.OTHER, hint=is_hint(text))


def _entries(cell: Cell, form: FormSpec, index: LabelIndex) -> tuple[CellEntry, ...]:
    """Return label and value pairs that stand in one cell: it must begin with a label."""
    text = unwrapped(cell.text.strip(), index)
    if is_note(text) and not begins_text(entries(text, index), index):
        return ()
    lines = text.split("\n")
    found: list[CellEntry] = []
    if len(lines) <= _ENTRY_LINES:
        for number, line in enumerate(lines):
            here = entries(line, index)
            starts = bool(here) and not line[: here[0].start].strip() and not here[0].generic
            if not starts:
                if number == 0:
                    break
                _append(found, line)
                continue
            found.extend(CellEntry(entry, entry.match.keys(form.id) if entry.match else ()) for entry in here)
    return tuple(found) or _without_colon(text, form, index)


def _append(found: list[CellEntry], line: str) -> None:
    """A line without a label goes on with the value above it."""
    last = found.pop()
    raw = f"{last.entry.raw}\n{line.strip()}".strip() if line.strip() else last.entry.raw
    entry = Entry(last.entry.label, last.entry.match, raw, last.entry.start, last.entry.stop, last.entry.generic)
    found.append(CellEntry(entry, last.keys))


def _without_colon(text: str, form: FormSpec, index: LabelIndex) -> tuple[CellEntry, ...]:
    """手机 13900000000 in one cell: only for types whose values can't be part of a label."""
    first, _, rest = text.partition("\n")
    if rest.strip():
        match = index.match_exactly(first)
        entry = Entry(first.strip(), match, rest.strip(), 0, len(text)) if match else None
    else:
        entry = bare_entry(text, index)
    if entry is None or entry.match is None:
        return ()
    keys = entry.match.keys(form.id)
    types = {spec.type for spec in form.fields if spec.key in keys}
    strong = types <= _TYPES_IN_ONE_CELL and (any(c.isdigit() or c == "@" for c in entry.raw) or entry.raw in "男女")
    return (CellEntry(entry, keys),) if keys and strong else ()
