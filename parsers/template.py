"""The office's own form as a document → `Blank`: which cells are labels, which texts are the office's own.

Stage before: a reader made the `Document` (`parse.parse_blank`). Stage after: the `Blank` goes with its `FormSpec` to the
worker, where `labels` and `alignment` use it. In: the document, the campaign's forms, the id of the one that is meant;
a file may hold several (the whole notice). Out: `Template`. Must not: take a filled form for a blank one: what stands on
a blank is never a value again, so a filled one would swallow values.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from parsers.blank import Blank, BlankCell, Hint
from parsers.document import Cell, Document, Failure
from parsers.entries import entries
from parsers.extract import extract
from parsers.forms import FieldType, FormSpec
from parsers.inlines import forms_in_lines
from parsers.labels import LabelIndex, label_index
from parsers.recognize import Segment, lay_out
from parsers.remarks import is_hint, is_note
from parsers.tags import LABELS, Tag, Tagged, TaggedGrid, tag_grid

_CHOICES = frozenset({FieldType.GENDER, FieldType.YESNO})
# An unknown label is a word: neither boxes nor digits, no bracket around it, no sentence.
_WORD = re.compile("[\u4e00-\u9fffA-Za-z/\u3001]{2,10}[:\uff1a]?")


@dataclass(frozen=True, slots=True)
class Template:
    """What came of the office's file. `blank` None: the form does not stand in it as a table, or `failure` tells why.

    `filled` are the fields that have a value on it, `missing` those of the campaign that it has no label for. `in_lines`: the
    form stands in it as lines (姓名：＿＿), which have no places to compare. `others` are the forms that do stand in it as tables.
    """

    blank: Blank | None = None
    failure: Failure | None = None
    filled: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    in_lines: bool = False
    others: tuple[str, ...] = ()


def find_blank(document: Document, form: str, forms: tuple[FormSpec, ...], *, hint: str = "") -> Template:
    """Given the document of the office and the id of one of the campaign's forms, return that form's blank in it.

    `hint` is the file's name. If the form stands there several times, the first copy counts.
    """
    bare = tuple(replace(one, blank=None) for one in forms)
    spec = next(one for one in bare if one.id == form)
    index = label_index(bare)
    layout = lay_out(document, index, bare, hint=hint)
    segments = tuple(_first_copy(layout.segments, spec))
    if not segments:
        in_lines = any(vote.labels.form.id == form for _, vote, _ in forms_in_lines(layout.lines, index, bare, ()))
        others = tuple(dict.fromkeys(segment.form.id for segment in layout.segments if segment.form.id != form))
        return Template(in_lines=in_lines, others=others)
    grids = [tag_grid(segment.view, spec, index) for segment in segments]
    surveys = [_Survey(grid) for grid in grids]
    keys = {key for grid in grids for tagged in grid.tags.values() for key in _keys(tagged)}
    keys.update(key for segment in segments for key in _keys_around(segment, index))
    readings = [one for one in extract(document, bare, hint=hint).forms if one.form == form and not one.blank]
    given = {field.key for one in readings for field in one.fields if field.value is not None}
    blank = Blank(
        next((segment.title for segment in segments if segment.title), ""),
        tuple(survey.rows() for survey in surveys),
        tuple(hint for survey in surveys for hint in survey.hints),
        tuple(note for survey in surveys for note in survey.notes),
        (*(line.text for line in layout.lines if line.text.strip()), *document.footers),
    )
    return Template(
        blank,
        filled=tuple(field.key for field in spec.fields if field.key in given),
        missing=tuple(field.key for field in spec.fields if field.key not in keys),
    )


def _first_copy(segments: Iterable[Segment], spec: FormSpec) -> Iterator[Segment]:
    """Yield the segments of a form; where its labels begin again another copy begins."""
    seen: set[str] = set()
    for segment in segments:
        if segment.form.id != spec.id or segment.sample:
            continue
        if seen & segment.keys:
            return
        seen.update(segment.keys)
        yield segment


def _keys(tagged: Tagged) -> Iterator[str]:
    yield from tagged.keys
    yield from tagged.also
    for entry in tagged.found:
        yield from entry.keys


def _keys_around(segment: Segment, index: LabelIndex) -> Iterator[str]:
    """填报单位：＿＿ above the table is on the form as well."""
    for line in (*segment.above, *segment.below):
        for entry in entries(line.text, index):
            if entry.match is not None:
                yield from entry.match.keys(segment.form.id)


class _Survey:
    """Sorts the cells of one table of a blank: labels, hints in the values' places, notes."""

    def __init__(self, grid: TaggedGrid) -> None:
        self.grid = grid
        self.labels: dict[int, str] = {}  # id of the cell → field key, or "" for a foreign label
        self.hints: list[Hint] = []
        self.notes: list[str] = []
        for row in grid.view.rows:
            self._row(row)

    def rows(self) -> tuple[tuple[BlankCell, ...], ...]:
        """Return the rows in which labels begin, whole."""
        rows = (self.grid.view.row(row) for row in self.grid.view.rows)
        return tuple(
            tuple(
                BlankCell(
                    cell.row, cell.column, self._text(cell), id(cell) in self.labels, self.labels.get(id(cell), "")
                )
                for cell in row
            )
            for row in rows
            if any(id(cell) in self.labels for cell in row)
        )

    def _text(self, cell: Cell) -> str:
        tagged = self.grid.tags[id(cell)]
        return tagged.found[0].entry.label if tagged.found else cell.text.strip()

    def _row(self, row: int) -> None:
        header = self._is_header(row)
        for cell in self.grid.view.row(row):
            tagged = self.grid.tags[id(cell)]
            if tagged.tag is Tag.BLANK:
                continue
            left = None if header else self._label_of(self._left(cell))
            if tagged.tag is Tag.LABEL and left and self._is_choice(left, tagged):
                self.hints.append(Hint(left, cell.text.strip()))
            elif tagged.tag is Tag.LABEL:
                self.labels[id(cell)] = tagged.keys[0]
            elif tagged.tag is Tag.ENTRIES:
                self.labels[id(cell)] = tagged.found[0].keys[0] if tagged.found[0].keys else ""
            elif tagged.tag in (Tag.FOREIGN, Tag.OTHER):
                self._other(tagged, left)
            else:
                self.notes.append(cell.text.strip())

    def _other(self, tagged: Tagged, left: str | None) -> None:
        cell = tagged.cell
        text = cell.text.strip()
        if left is None and not self.grid.view.alone(cell) and self._may_be_label(tagged):
            self.labels[id(cell)] = ""
            return
        owner = left if left is not None else self._label_of(self._above(cell))
        if owner:
            self.hints.append(Hint(owner, text))
        elif owner is None and tagged.tag is Tag.FOREIGN:
            self.labels[id(cell)] = ""
        else:
            self.notes.append(text)

    def _may_be_label(self, tagged: Tagged) -> bool:
        text = "".join(tagged.cell.text.split())
        if tagged.tag is Tag.FOREIGN:
            return True
        return bool(_WORD.fullmatch(text)) and not tagged.hint and not is_hint(text) and not is_note(text)

    def _is_header(self, row: int) -> bool:
        """Labels side by side stand above their values."""
        cells = [self.grid.tags[id(cell)] for cell in self.grid.view.row(row)]
        pairs = pairwise(cells)
        own = [(one, other) for one, other in pairs if one.tag in LABELS and other.tag in LABELS]
        return any(self.grid.view.height(one.cell) == 1 and not self._is_choice_pair(one, other) for one, other in own)

    def _is_choice_pair(self, one: Tagged, other: Tagged) -> bool:
        return bool(one.keys) and self._is_choice(one.keys[0], other)

    def _is_choice(self, key: str, tagged: Tagged) -> bool:
        """男/女 beside 性别 is what to choose from, although some write it for a label."""
        return key in tagged.keys and self.grid.spec(key).type in _CHOICES

    def _left(self, cell: Cell) -> Cell | None:
        return self.grid.view.at(cell.row, cell.column - 1)

    def _above(self, cell: Cell) -> Cell | None:
        """Return the nearest label above a cell."""
        for row in range(cell.row - 1, self.grid.view.first - 1, -1):
            found = self.grid.view.at(row, cell.column)
            if found is not None and id(found) in self.labels:
                return found
        return None

    def _label_of(self, cell: Cell | None) -> str | None:
        return None if cell is None else self.labels.get(id(cell))
