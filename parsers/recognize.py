"""Which form stands where in a document: segments, each with the form that its labels and its heading speak for.

Stage before: a reader made the `Document`. Stage after: `extract` reads each segment. In: blocks, the label index, the
forms. Out: `Segment` values in reading order, and the lines that belong to none. Content decides, the heading first, the
labels second, the file's name last. Must not: look at values.

A grid is cut at rows that are headings (two forms in one sheet); nested grids are segments of their own; a grid that
only lays out text (an HTML mail within a table) becomes lines.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from parsers.document import Document, Grid, Paragraph
from parsers.entries import entries, unwrapped
from parsers.forms import FieldType, FormKind, FormSpec
from parsers.grid import GridView
from parsers.headings import Titles, titles_of
from parsers.labels import LabelIndex, LabelMatch
from parsers.remarks import is_note, is_role, is_sample_heading

_NUMBERED_PLACE = re.compile("(?<=^line )\\d{1,7}$|(?<=^para )\\d{1,7}$")
_NEST_LIMIT = 8
_WELL_KNOWN = 4  # labels of a form within one cell: what stands around it is of the same form
# Tried by `python -m tests.understanding --thresholds recognize --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_HEADING_REACH = 8  # lines between a heading and its table; tried 4 and 16: no difference, a bound, not a tuned value
_SAMPLE_REACH = 2  # tried 1 and 4: no difference, a bound, not a tuned value
# _LONG_LINE: tried 40 and 160: no difference, a bound, not a tuned value.
_LONG_LINE = 80  # characters: prose; a heading above it is that of the prose
_LAYOUT_LINES = 6  # lines in one cell: text, not a value; tried 3 and 12: no difference, a bound, not a tuned value
# _PRIMARY: tried 0.6 and 2: no difference, a bound, not a tuned value.
# _ALIAS: tried 0.3 and 1: no difference, a bound, not a tuned value.
# _UNIQUE: tried 0 and 0.4: no difference, a bound, not a tuned value.
_PRIMARY, _ALIAS, _UNIQUE = 1.0, 0.6, 0.2
# HEADED: tried 1.25 and 5: no difference, a bound, not a tuned value.
# _NAMED_BY_FILE: tried 0 and 0.6: no difference, a bound, not a tuned value.
HEADED, _NAMED_BY_FILE = 2.5, 0.3  # what a heading weighs, and a file's name, beside labels


@dataclass(frozen=True, slots=True)
class Line:
    """One line outside grids (or in a layout cell). `number` counts all lines, `gap` tells that a blank one stands before.

    `in_grid`: it is a row of a grid that is no form, kept for the head and the tail of the document only.
    """

    text: str
    place: str
    number: int
    gap: bool = False
    in_grid: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A grid (or some rows of one) that is a copy of `form`, as far as labels and heading tell.

    `rivals` are other forms that the labels speak for about as well. `above` and `below` are the lines around it up to
    the next segment: the unit is often given there. `headed`: a heading names the form. `keys` are those its labels name.
    `sample`: a line above calls it an example. `stranger` is a title above that names some other table, or empty.
    `votes` are what speaks for each form, the strongest first.
    """

    form: FormSpec
    view: GridView
    title: str
    headed: bool
    keys: frozenset[str]
    rivals: tuple[FormSpec, ...] = ()
    above: tuple[Line, ...] = ()
    below: tuple[Line, ...] = ()
    sample: bool = False
    stranger: str = ""
    votes: tuple["Vote", ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A document laid out flat: its segments, and all lines outside them.

    `unread` are grids under the heading of a form in which no label was recognised: never passed over in silence.
    """

    segments: tuple[Segment, ...]
    lines: tuple[Line, ...]
    unread: tuple[tuple[FormSpec, str, GridView], ...] = ()


def segments(
    document: Document, index: LabelIndex, forms: tuple[FormSpec, ...], *, hint: str = ""
) -> tuple[Segment, ...]:
    """Given a document, return the segments of it that are table forms. `hint` is the file's name."""
    return lay_out(document, index, forms, hint=hint).segments


def lay_out(document: Document, index: LabelIndex, forms: tuple[FormSpec, ...], *, hint: str = "") -> Layout:
    """Given a document, return its segments and its lines."""
    return _Surveyor(index, forms, hint).survey(document)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How strongly labels speak for a form: `weight` counts them, `keys` are the fields they name."""

    form: FormSpec
    weight: float
    keys: frozenset[str]

    @property
    def enough(self) -> bool:
        """Whether labels alone, without a heading, make a form of a grid."""
        required = {spec.key for spec in self.form.fields if spec.required}
        return len(self.keys) >= min(3, len(self.form.fields)) and len(self.keys & required) >= min(2, len(required))


@dataclass(frozen=True, slots=True)
class Vote:
    """What speaks for a form in one place: its labels, the `heading` that names it, the `file_name` that does."""

    labels: Evidence
    heading: float = 0.0
    file_name: float = 0.0

    @property
    def weight(self) -> float:
        return self.labels.weight + (self.heading or self.file_name)


def evidence(matches: Iterable[LabelMatch], forms: Iterable[FormSpec]) -> list[Evidence]:
    """Given the labels found, return for each table form what they say, the strongest first."""
    known = list(matches)
    found: list[Evidence] = []
    for form in forms:
        if form.kind is not FormKind.TABLE:
            continue
        weights: dict[str, float] = {}
        for match in known:
            alone = len({name for name, _ in match.fields}) == 1
            weight = (_PRIMARY if form.id in match.primary else _ALIAS) + (_UNIQUE if alone else 0.0)
            for key in (*match.keys(form.id), *match.also_keys(form.id)):
                weights[key] = max(weights.get(key, 0.0), weight if match.exact else weight - 0.2)
        found.append(Evidence(form, sum(weights.values()), frozenset(weights)))
    return sorted(found, key=lambda one: -one.weight)


def goes_on_with(above: frozenset[str], below: Evidence) -> bool:
    """Given the keys of a table and what speaks for the one below, return whether the second may be the first's rest.

    A row that stands in both makes no new copy of a table that is not a form by itself, or that names nobody.
    """
    if not below.keys & above:
        return True
    names = {spec.key for spec in below.form.fields if spec.type is FieldType.PERSON}
    return bool(below.keys - above) and (not below.enough or bool(names & above and not names & below.keys))


def find_labels(view: GridView, index: LabelIndex) -> list[LabelMatch]:
    """Given rows of a grid, return the labels that stand in them, with their values in the same cell or not."""
    found: list[LabelMatch] = []
    for cell in view.cells:
        match = index.match(cell.text)
        if match is not None:
            found.append(match)
        elif view.alone(cell) and is_note(cell.text):
            continue  # 注：请发送至邮箱：… names no field
        elif ":" in cell.text or "\uff1a" in cell.text:
            found.extend(
                entry.match
                for line in unwrapped(cell.text, index).split("\n")[:40]
                for entry in entries(line, index)
                if entry.match is not None
            )
    return found


class _Surveyor:
    """Walks the blocks once, in reading order."""

    def __init__(self, index: LabelIndex, forms: tuple[FormSpec, ...], hint: str) -> None:
        self.index = index
        self.forms = forms
        self.titles: Titles = titles_of(forms)
        self.by_id = {form.id: form for form in forms}
        self.hinted = self.titles.named(hint) if hint else None
        self.lines: list[Line] = []
        self.pending: list[Line] = []  # lines since the last segment
        self.found: list[Segment] = []
        self.unread: list[tuple[FormSpec, str, GridView]] = []
        self.gap = False
        self.last_number = 0

    def survey(self, document: Document) -> Layout:
        for block in document.blocks:
            if isinstance(block, Paragraph):
                self._text(block.text, block.place)
            else:
                self._grid(block, 0)
        self._close()
        return Layout(tuple(self.found), tuple(self.lines), tuple(self.unread))

    def _text(self, text: str, place: str) -> None:
        number = _NUMBERED_PLACE.search(place)
        if not text.strip() or (number and int(number.group()) > self.last_number + 1):
            self.gap = True  # readers of plain text leave blank lines out but count them
        self.last_number = int(number.group()) if number else self.last_number
        for part in text.split("\n"):
            if part.strip():
                line = Line(part.strip(), place, len(self.lines), self.gap)
                self.lines.append(line)
                self.pending.append(line)
                self.gap = False
            else:
                self.gap = True

    def _grid(self, grid: Grid, depth: int) -> None:
        view = GridView(grid)
        if depth < _NEST_LIMIT and self._is_layout(view):
            for cell in view.cells:
                self._text(unwrapped(cell.text, self.index), cell.place)
                self.gap = True
                for nested in cell.nested:
                    self._grid(nested, depth + 1)
            return
        bands = list(self._bands(view))
        for first, last, title in bands:
            part = GridView(grid, first, last)
            self._band(part, title, around=len(bands) > 1, inner=self._inner_labels(part))
        if depth < _NEST_LIMIT:
            for cell in view.cells:
                for nested in cell.nested:
                    self._grid(nested, depth + 1)

    def _is_layout(self, view: GridView) -> bool:
        """A grid with at most one filled cell a row, or with a whole page in one cell, lays out text."""
        filled = [cell for cell in view.cells if cell.text.strip() or cell.nested]
        pages = [cell for cell in filled if cell.nested or cell.text.strip().count("\n") >= _LAYOUT_LINES]
        labels = sum(self.index.match(cell.text) is not None for cell in filled)
        if any(not view.alone(cell) for cell in filled):
            return bool(pages) and labels == 0 and len(filled) <= 2 * len(pages) + 2
        return labels < 2

    def _bands(self, view: GridView) -> Iterator[tuple[int, int, str]]:
        """Cut a grid at rows whose only text is the heading of a form or of an example; yield (first row, end, heading)."""
        cuts: list[tuple[int, str]] = []
        for row in view.rows:
            filled = [cell for cell in view.covering(row) if cell.text.strip()]
            if len(filled) == 1 and filled[0].row == row and self._cuts(filled[0].text):
                cuts.append((row, filled[0].text.strip()))
        bounds = [(view.first, ""), *cuts] if not cuts or cuts[0][0] > view.first else cuts
        for number, (first, title) in enumerate(bounds):
            last = bounds[number + 1][0] if number + 1 < len(bounds) else view.last
            yield first, last, title

    def _cuts(self, text: str) -> bool:
        return (self._heading(text) is not None and not is_role(text)) or is_sample_heading(text)

    def _heading(self, text: str) -> str | None:
        """Given a line, return the table form that it is the heading of."""
        if self.index.match(text) is not None:
            return None
        form = self.titles.heading(" ".join(text.split("\n")))
        return form if form in self.titles.tables else None

    def _inner_labels(self, view: GridView) -> list[LabelMatch]:
        """Return the labels of the grids within a grid's cells, one level deep."""
        return [
            match
            for cell in view.cells
            for nested in cell.nested
            for match in find_labels(GridView(nested), self.index)
        ]

    def _band(self, view: GridView, own_title: str, *, around: bool, inner: list[LabelMatch]) -> None:
        title, headed = self._title(own_title)
        labels = find_labels(view, self.index)
        ranked = evidence(labels, self.forms)
        votes = self._votes(ranked, headed)
        chosen = self._choose(votes) or self._begun(ranked, labels, inner)
        if chosen is None:
            self._stranger(view, title, headed, around=around)
            return
        rivals = tuple(
            one.form
            for one in ranked
            if one.form is not chosen.form and one.enough and one.weight >= chosen.weight - 0.5 and headed is None
        )
        self._close()
        segment = Segment(
            chosen.form,
            view,
            title if headed == chosen.form.id else "",
            headed == chosen.form.id,
            chosen.keys,
            rivals,
            tuple(self.pending),
            sample=self._is_sample(view, own_title),
            stranger="" if headed is not None else self._stranger_title(view),
            votes=votes,
        )
        self.found.append(segment)
        self.pending = []

    def _stranger(self, view: GridView, title: str, headed: str | None, *, around: bool) -> None:
        """A grid that is no form of ours: its rows are lines of the document; under our heading it is a warning.

        `around`: they are rows of a sheet that has a form further down, so the unit may stand in them.
        """
        for row in view.rows:
            text = " ".join(" ".join(cell.text.split()) for cell in view.row(row) if cell.text.strip())
            if text:
                line = Line(text, view.grid.place, len(self.lines), in_grid=True)
                self.lines.append(line)
                if around:
                    self.pending.append(line)
        if headed is not None and sum(bool(cell.text.strip()) for cell in view.cells) > 2:
            self.unread.append((self.by_id[headed], title, view))

    def _votes(self, ranked: list[Evidence], headed: str | None) -> tuple[Vote, ...]:
        """The heading decides unless the labels clearly speak for another form."""
        votes = [
            Vote(
                one,
                heading=HEADED if one.form.id == headed else 0.0,
                file_name=_NAMED_BY_FILE if one.form.id == self.hinted else 0.0,
            )
            for one in ranked
            if one.keys
        ]
        return tuple(sorted(votes, key=lambda vote: -vote.weight))

    def _choose(self, votes: tuple[Vote, ...]) -> Evidence | None:
        for vote in votes:
            one = vote.labels
            goes_on = bool(self.found) and self._goes_on(one)
            if one.enough or (vote.heading and len(one.keys) >= 2) or goes_on:
                return one
        return None

    def _begun(self, ranked: list[Evidence], labels: list[LabelMatch], inner: list[LabelMatch]) -> Evidence | None:
        """姓名 and 性别 above a cell with a table of the rest within: the outer rows begin the form, the table goes on."""
        if not inner:
            return None
        whole = evidence([*labels, *inner], self.forms)[0]
        rest = next(one for one in evidence(inner, self.forms) if one.form is whole.form)
        own = next(one for one in ranked if one.form is whole.form)
        few = 1 if len(rest.keys) >= _WELL_KNOWN else 2  # the other label of the two may be misspelt
        begins = whole.enough and len(own.keys) >= few and not own.keys & rest.keys
        return own if begins else None

    def _goes_on(self, one: Evidence) -> bool:
        """Return whether a grid is the rest of the form above it: other fields of the same form, no heading between."""
        last = self.found[-1]
        if last.form is not one.form or not goes_on_with(last.keys, one) or (not last.headed and len(last.keys) < 2):
            return False
        return len(self.pending) <= 3 and all(len(line.text) <= _LONG_LINE for line in self.pending)

    def _title(self, own: str) -> tuple[str, str | None]:
        """Return the heading above the grid and the form it names."""
        if own:
            return own, self._heading(own)
        near: list[str] = []
        for line in reversed(self.pending[-_HEADING_REACH:]):
            if len(line.text) > _LONG_LINE:
                break
            for text in (line.text, line.text + (near[-1] if near else "")):
                form = self._heading(text)
                if form is not None:
                    return text, form
            near.append(line.text)
        return "", None

    def _is_sample(self, view: GridView, own_title: str) -> bool:
        """填写示例： stands right above, with at most the form's own title between, or in the table's first row."""
        near = [line.text for line in self.pending[-_SAMPLE_REACH:]]
        return any(map(is_sample_heading, (*near, own_title, *self._top(view))))

    def _stranger_title(self, view: GridView) -> str:
        """Return the nearest title above the labels if it is that of some other table."""
        near: list[str] = []
        for line in reversed(self.pending[-_HEADING_REACH:]):
            if len(line.text) > _LONG_LINE:
                break
            near.append(line.text)
        return next((text.strip() for text in (*self._top(view), *near) if self.titles.is_foreign(text)), "")

    def _top(self, view: GridView) -> list[str]:
        """Return what stands alone in the first rows of a grid: titles within the table."""
        found: list[str] = []
        for row in view.rows:
            filled = [cell for cell in view.covering(row) if cell.text.strip()]
            if len(filled) != 1 or self.index.match(filled[0].text) is not None:
                break
            found.append(" ".join(filled[0].text.split()))
        return found

    def _close(self) -> None:
        """Lines after a segment may still belong to it: they are its `below` as well as the next one's `above`."""
        if self.found and self.pending:
            last = self.found[-1]
            self.found[-1] = replace(last, below=tuple(self.pending))
