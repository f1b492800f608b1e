"""All plausible readings of one grid: which value belongs to which label, by position.

In: a `TaggedGrid`. Out: `Reading` values, one for each hypothesis: label and value side by side (strictly, or with empty
cells between), one above the other, a header over rows of people, a header column beside columns of people; label and
value within one cell are read the same in all of them. `scoring` chooses. Must not: judge values (it only asks whether
a cell is empty or is itself a label).

A cell supports one value only: merged cells counted three times made transposed readings win (facts/documents.md §4.2).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from parsers.answers import GENDERS, YES_NO, spread_choice
from parsers.document import Cell
from parsers.fields import is_function
from parsers.forms import FieldType
from parsers.remarks import takes_back
from parsers.tags import LABELS, VALUES, Tag, Tagged, TaggedGrid

_WHOLE_CELL_TYPES = frozenset({FieldType.TEXT, FieldType.PHONE, FieldType.ADDRESS, FieldType.POSITION})
_CHOICES = {FieldType.YESNO: YES_NO, FieldType.GENDER: GENDERS}
_NUMBERING = re.compile("[(\uff08]?(?:\\d{1,2}|[一二三四五六七八九十]{1,2})[)\uff09.\u3001]?")  # 序号 without its label
# Tried by `python -m tests.understanding --thresholds _LABEL_CHARACTERS --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_LABEL_CHARACTERS = 10  # of an unknown label that is told by its place alone; tried 5: right +3, beside -3; 20: same


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and what stands in its place. No `keys`: a foreign label, kept so that its value is explained.

    `also` are the keys of the second half of a double label. `doubt` is an English remark if the place is not certain.
    `row` and `column` are those of the label, `cell` the value's cell, `whole` what stands there if `raw` is a part of it.
    `exact` and `primary` tell how well the label is
    known.
    """

    keys: tuple[str, ...]
    label: str
    raw: str
    place: str
    rule: str
    row: int
    column: int
    cell: Cell | None = None
    also: tuple[str, ...] = ()
    exact: bool = True
    primary: bool = True
    doubt: str = ""
    is_label: bool = False  # the value is itself a label
    no_cell: bool = False  # there is no cell where a value could stand
    whole: str = ""


@dataclass(slots=True)
class Reading:
    """One hypothesis. `people` are rows (or columns) of pairs below a header, `pairs` everything else, in order."""

    mode: str
    pairs: list[Pair] = field(default_factory=list)
    people: list[list[Pair]] = field(default_factory=list)
    unexplained: list[Cell] = field(default_factory=list)
    headings: list[Tagged] = field(default_factory=list)  # group cells: 分管领导, 联络员信息


def read_beside(grid: TaggedGrid, *, mode: str, loose: bool = False, labels_as_values: bool = False) -> Reading:
    """Given a grid, return the reading in which a value stands right of its label.

    `loose` passes over empty cells between the two; `labels_as_values` takes a function such as 负责人 for a value.
    """
    reader = Beside(grid, mode, loose=loose, labels_as_values=labels_as_values)
    for row in grid.view.rows:
        reader.read_row(row)
    return reader.finish()


def explains(label: Tagged, value: Tagged) -> bool:
    """Return whether a label accounts for what stands in its place.

    备注 does not for 已调离，由某某接任: that is weighed with what stands beside the form (`contradictions`).
    """
    return bool(label.keys) or not takes_back(value.cell.text)


class Beside:
    """Reads rows of label–value pairs, from left to right."""

    def __init__(self, grid: TaggedGrid, mode: str, *, loose: bool = False, labels_as_values: bool = False) -> None:
        self.grid = grid
        self.loose = loose
        self.labels_as_values = labels_as_values
        self.reading = Reading(mode)
        self.used: set[int] = set()

    def read_row(self, row: int) -> None:
        for cell in self.grid.view.row(row):
            tagged = self.grid.tags[id(cell)]
            if id(cell) in self.used:
                continue
            if tagged.tag is Tag.ENTRIES:
                self.used.add(id(cell))
                self.reading.pairs.extend(entry_pairs(tagged))
            elif tagged.tag in LABELS:
                self._label(tagged)
            elif tagged.tag is Tag.OTHER:
                self._other(tagged)

    def finish(self) -> Reading:
        for tagged in self.grid.tags.values():
            if tagged.tag is not Tag.OTHER or id(tagged.cell) in self.used or tagged.hint:
                continue
            if not _NUMBERING.fullmatch(tagged.cell.text.strip()):
                self.reading.unexplained.append(tagged.origin)
        return self.reading

    def _label(self, tagged: Tagged) -> None:
        self.used.add(id(tagged.cell))
        neighbours = self._neighbours(tagged)
        labels = [other for other in neighbours if other.tag in (Tag.LABEL, Tag.FOREIGN, Tag.ENTRIES)]
        if len(neighbours) > 1 and len(labels) == len(neighbours):
            self.reading.headings.append(tagged)  # 联络员 beside 姓名, 手机 …: a group of labels
            return
        if not neighbours:
            self._without_neighbour(tagged)
            return
        if self._spread(tagged):
            return
        free = [other for other in neighbours if self._takes(tagged, other) and id(other.cell) not in self.used]
        if free:
            self._use(tagged, free)
            self._add(tagged, free[0], doubt="several cells" if len(free) > 1 else "")
        elif self.loose and len(neighbours) == 1 and neighbours[0].tag is Tag.BLANK:
            self._further(tagged, neighbours[0])
        else:
            self._add(tagged, neighbours[0] if neighbours[0].tag is Tag.BLANK else None)

    def _use(self, label: Tagged, values: list[Tagged]) -> None:
        self.used.update(id(one.cell) for one in values if explains(label, one))

    def _spread(self, label: Tagged) -> bool:
        """Read a choice whose options and marks stand in several cells behind their label; return whether it is one."""
        types = {self.grid.spec(key).type for key in label.keys}
        options = _CHOICES.get(types.pop()) if len(types) == 1 else None
        view = self.grid.view
        if options is None or view.height(label.cell) > 1:
            return False
        run: list[Tagged] = []
        beside = self.grid.of(view.right_of(label.cell))
        while beside is not None and beside.tag in VALUES and id(beside.cell) not in self.used:
            if beside.cell.row != label.cell.row or view.height(beside.cell) > 1:
                break
            run.append(beside)
            beside = self.grid.of(view.right_of(beside.cell))
        found = spread_choice([tagged.origin for tagged in run], options)
        if found is None:
            return False
        self.used.update(id(tagged.cell) for tagged in run)
        self._add(label, next(tagged for tagged in run if tagged.origin is found.cell), doubt=found.doubt)
        self.reading.pairs[-1] = replace(self.reading.pairs[-1], raw=found.raw)
        return True

    def _neighbours(self, tagged: Tagged) -> list[Tagged]:
        """Return the cells right of a label: several if the label covers several rows."""
        view = self.grid.view
        found: list[Tagged] = []
        for row in range(tagged.cell.row, tagged.cell.row + view.height(tagged.cell)):
            neighbour = self.grid.of(view.right_of(tagged.cell, row))
            if neighbour is not None and all(neighbour is not other for other in found):
                found.append(neighbour)
        return found

    def _takes(self, label: Tagged, other: Tagged) -> bool:
        """Return whether what stands in `other` may be the value of `label`."""
        if other.tag is Tag.OTHER:
            return True
        types = {self.grid.spec(key).type for key in label.keys}
        if other.tag is Tag.ENTRIES:
            # 联系方式 | 手机：139…; but 姓名： | 手机：139… are two entries, the first one blank
            return bool(types & _WHOLE_CELL_TYPES) and not (label.colon and self.grid.in_cells)
        if other.tag in LABELS:
            functional = FieldType.POSITION in types and is_function(other.cell.text)
            return self.labels_as_values and not other.colon and functional
        return False

    def _without_neighbour(self, tagged: Tagged) -> None:
        """A label across the whole width has its value in the row below."""
        below = self.grid.of(self.grid.view.below(tagged.cell))
        if (
            below is not None
            and below.tag is Tag.OTHER
            and id(below.cell) not in self.used
            and self.grid.view.alone(below.cell)
            and self.grid.view.alone(tagged.cell)
        ):
            self._use(tagged, [below])
            self._add(tagged, below)
        else:
            self._add(tagged, below if below is not None and below.tag is Tag.BLANK else None)

    def _further(self, tagged: Tagged, blank: Tagged) -> None:
        view = self.grid.view
        current: Tagged | None = blank
        while current is not None and current.tag is Tag.BLANK:
            current = self.grid.of(view.right_of(current.cell, tagged.cell.row))
        free = current is not None and current.tag is Tag.OTHER and id(current.cell) not in self.used
        # a cell that is wider than the label's own strip is a remark or a footer of the table, nobody's value
        if current is not None and free and view.height(current.cell) <= view.height(tagged.cell):
            self.used.add(id(current.cell))
            self._add(tagged, current, doubt="an empty cell lies between")
        else:
            self._add(tagged, blank)

    def _other(self, tagged: Tagged) -> None:
        """Unknown text where labels stand is a label that nobody knows, and owns its neighbour."""
        right = self.grid.of(self.grid.view.right_of(tagged.cell))
        if right is None:
            return
        text = "".join(tagged.cell.text.split())
        neighbours = self._neighbours(tagged)
        if len(neighbours) > 1 and all(other.tag in LABELS for other in neighbours):
            self.used.add(id(tagged.cell))
            self.reading.headings.append(tagged)
        elif (
            tagged.cell.column in self.grid.label_columns
            and len(text) <= _LABEL_CHARACTERS
            and not any(character.isdigit() for character in text)
            and right.tag in VALUES
        ):
            self._label(tagged)

    def _add(self, label: Tagged, value: Tagged | None, *, doubt: str = "") -> None:
        rule = "below" if self.reading.mode.startswith("below") else "right"
        self.reading.pairs.append(make_pair(label, value, rule=rule, doubt=doubt))


def entry_pairs(tagged: Tagged) -> Iterator[Pair]:
    """Given a cell that holds label and value, yield its pairs."""
    origin = tagged.origin
    for found in tagged.found:
        entry = found.entry
        yield Pair(
            found.keys,
            entry.label,
            entry.raw,
            origin.place,
            "in_cell",
            tagged.cell.row,
            tagged.cell.column,
            cell=origin,
            also=(),
            exact=entry.match is None or entry.match.exact,
        )


def make_pair(label: Tagged, value: Tagged | None, *, rule: str, doubt: str = "") -> Pair:
    """Given a label and the cell in its place (None: there is none), return the pair."""
    origin = value.origin if value is not None else None
    return Pair(
        label.keys,
        label.origin.text.strip(),
        origin.text if origin is not None else "",
        origin.place if origin is not None else label.origin.place,
        rule,
        label.cell.row,
        label.cell.column,
        cell=origin,
        also=label.also,
        exact=label.match is None or label.match.exact,
        doubt=doubt,
        is_label=value is not None and value.tag in LABELS,
        no_cell=value is None,
    )
