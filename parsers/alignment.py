"""A received table laid over the office's blank form: labels that were spoilt are read by their place, hints are no values.

Stage before: `recognize` found the table and its form. Stage after: `extract` reads the table that comes out like any
other, and `agreement` compares that with the reading of the table as it stands. In: the rows of a grid, a form with its
`Blank`, the label index. Out: `Aligned`, or None where there is nothing to change. Must not: read values, move one.

The rows of the blank that hold labels have to stand in the received table in the same order, each with the same labels
in the same order; rows without labels (people below a header, notes, empty ones) may stand between. Only then, and only
where the labels of a row have the places that they have on the blank, one or two may be spoilt.
"""

import re
from dataclasses import dataclass, replace

from parsers.blank import Blank, BlankCell, Hint, same_text
from parsers.document import Cell
from parsers.entries import entries
from parsers.forms import FormSpec
from parsers.grid import GridView
from parsers.labels import LabelIndex
from parsers.remarks import is_hint
from parsers.text import fold

_SPOILT_LIMIT = 2  # labels
_LABELS_A_SPOILT = 4  # so many labels a spoilt one: 附件1 has five
_ROWS_LIMIT = 120  # rows of a received table that are laid over; the people below a header are rows too
_NOTE_CHARACTERS = 8  # a shorter text of the office's might be what somebody answers
_IMPOSSIBLE = 99
_LONG_LABEL = 6  # characters: two wrong ones are still a misspelling
_BORDER = re.compile("[\\s,;\uff0c\uff1b\u3001\u3002:\uff1a/]")
_BRACKETS = ("()", "\uff08\uff09", "[]", "\u3010\u3011")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A label that is not what the blank has there. `near`: it is a misspelling of it, and no other label."""

    key: str
    written: str
    near: bool


@dataclass(frozen=True, slots=True)
class Aligned:
    """The table with the blank's labels in their places and without the office's own texts."""

    view: GridView
    spoilt: tuple[Spoilt, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A row of the received table that may be a row of the blank; `spoilt` are pairs of the blank's cell and its place."""

    spoilt: tuple[tuple[BlankCell, Cell], ...]


def align(view: GridView, form: FormSpec, index: LabelIndex) -> Aligned | None:
    """Given the rows of a received table, return them as the blank of `form` explains them, None if that changes nothing."""
    blank = form.blank
    if blank is None:
        return None
    changed: dict[int, Cell] = {}
    spoilt: list[Spoilt] = []
    for label, cell in _spoilt_labels(view, blank, form, index):
        changed[id(cell)] = replace(cell, text=label.text)
        spoilt.append(Spoilt(label.key, cell.text.strip(), near=_is_near(cell.text, label.text, index)))
    for place, left in _own_texts(view, blank, form, index, changed):
        changed[id(place)] = replace(place, text=left)
    if not changed:
        return None
    cells = tuple(changed.get(id(cell), cell) for cell in view.grid.cells)
    return Aligned(GridView(replace(view.grid, cells=cells), view.first, view.last), tuple(spoilt))


def follows(view: GridView, form: FormSpec, index: LabelIndex) -> bool:
    """Given the rows of a received table, return whether its labels are those of the blank in their order, two spoilt at most."""
    blank = form.blank
    return blank is not None and any(_overlay(view, table, form, index) is not None for table in blank.tables)


# --- labels ----------------------------------------------------------------------------------------------------------


def _spoilt_labels(
    view: GridView, blank: Blank, form: FormSpec, index: LabelIndex
) -> tuple[tuple[BlankCell, Cell], ...]:
    """Return the labels of the blank that are spoilt in the table, with the cells that stand in their places."""
    for table in blank.tables:
        found = _overlay(view, table, form, index)
        if found and not _is_other_order(found, form, index):
            return tuple((label, cell) for label, cell in found if label.key)
    return ()


def _is_other_order(found: tuple[tuple[BlankCell, Cell], ...], form: FormSpec, index: LabelIndex) -> bool:
    """Two rows that changed places are no spoilt labels: each label that stands elsewhere has its own place there."""
    lacking = {label.key for label, _ in found}
    return any(lacking & {*_keys(cell, form, index)} - {label.key} for label, cell in found)


def _overlay(
    view: GridView, table: tuple[tuple[BlankCell, ...], ...], form: FormSpec, index: LabelIndex
) -> tuple[tuple[BlankCell, Cell], ...] | None:
    """Return the spoilt labels of the only way in which the table is the blank's, None if there is none or several."""
    received = [row for row in (view.row(number) for number in view.rows) if any(cell.text.strip() for cell in row)]
    total = sum(cell.label for row in table for cell in row)
    if not table or len(received) > _ROWS_LIMIT:
        return None
    fits = [[_fit(row, cells, form, index) for cells in received] for row in table]
    skips = [_may_be_skipped(view, cells, form, index) for cells in received]
    # ways[j]: the cheapest way to lay the rows so far over the first j received ones: cost, how many such ways, the cells
    ways: list[tuple[int, int, tuple[tuple[BlankCell, Cell], ...]]] = [(0, 1, ())]
    for skip in skips:
        cost, count, cells = ways[-1]
        ways.append((cost if skip else _IMPOSSIBLE, count, cells))
    for row in fits:
        after: list[tuple[int, int, tuple[tuple[BlankCell, Cell], ...]]] = [(_IMPOSSIBLE, 0, ())]
        for number, fit in enumerate(row):
            cost, count, cells = ways[number]
            taken = (_IMPOSSIBLE, 0, cells)
            if fit is not None and cost < _IMPOSSIBLE:
                taken = (cost + len(fit.spoilt), count, (*cells, *fit.spoilt))
            passed = after[-1] if skips[number] else (_IMPOSSIBLE, 0, ())
            best = min(taken, passed, key=lambda way: way[0])
            ties = taken[0] == passed[0] < _IMPOSSIBLE
            after.append((best[0], taken[1] + passed[1] if ties else best[1], best[2]))
        ways = after
    cost, count, cells = ways[-1]
    if cost == 0:
        return ()
    certain = count == 1 and cost <= _SPOILT_LIMIT and cost * _LABELS_A_SPOILT <= total
    return cells if certain else None


def _fit(row: tuple[BlankCell, ...], cells: tuple[Cell, ...], form: FormSpec, index: LabelIndex) -> _Fit | None:
    labels = [label for label in row if label.label]
    if _same_places(row, cells):
        places = [(label, cell) for label, cell in zip(row, cells, strict=False) if label.label]
        spoilt = tuple((label, cell) for label, cell in places if not _names(cell, label, form, index))
        if len(spoilt) <= _SPOILT_LIMIT and all(_may_be_spoilt(label, cell, form, index) for label, cell in spoilt):
            return _Fit(spoilt)
    rest = iter(cells)
    if not all(any(_names(cell, label, form, index) for cell in rest) for label in labels):
        return None
    own = sum(_is_own_label(cell, form, index) for cell in cells)
    return _Fit(()) if own <= sum(bool(label.key) for label in labels) else None


def _same_places(row: tuple[BlankCell, ...], cells: tuple[Cell, ...]) -> bool:
    """Return whether the labels of a row stand at the same places in both.

    The grid of a worksheet ends with its last used column: an empty form is narrower by the last values than a filled one. So
    behind the last label and its value any number of empty cells is as good as none.
    """
    if len(row) == len(cells):
        return True
    labels = [number for number, cell in enumerate(row) if cell.label]
    value = labels[-1] + 1  # rows without labels are not in a blank
    there = len(cells) > value or (len(cells) == value and len(labels) > 1)
    return there and not any(cell.text.strip() for cell in cells[value + 1 :])


def _names(cell: Cell, label: BlankCell, form: FormSpec, index: LabelIndex) -> bool:
    """Return whether what stands in a cell is that label, in any of the spellings that the campaign knows."""
    match = index.match(cell.text)
    if match is not None:
        return label.key in (*match.keys(form.id), *match.also_keys(form.id)) if label.key else False
    if not label.key:
        return fold(cell.text) == fold(label.text)
    found = entries(cell.text.strip().split("\n")[0], index)
    return bool(found) and found[0].match is not None and label.key in found[0].match.keys(form.id)


def _may_be_spoilt(label: BlankCell, cell: Cell, form: FormSpec, index: LabelIndex) -> bool:
    """姓的：王晓云 holds its value and can't be written over; 手机 where the office asks 微信号 is a table of another kind."""
    text = cell.text.strip()
    if re.search("[:\uff1a].*\\S", text, re.DOTALL) or cell.nested:
        return False
    return bool(label.key) or not _is_own_label(cell, form, index)


def _is_own_label(cell: Cell, form: FormSpec, index: LabelIndex) -> bool:
    match = index.match(cell.text)
    return match is not None and bool(match.keys(form.id))


def _may_be_skipped(view: GridView, cells: tuple[Cell, ...], form: FormSpec, index: LabelIndex) -> bool:
    """A row with labels of ours that the blank has not in this place is another sequence; what stands alone heads or notes."""
    filled = [cell for cell in cells if cell.text.strip()]
    if len(filled) == 1 and view.alone(filled[0]):
        return True
    return not any(_is_own_label(cell, form, index) or _holds_entry(cell, form, index) for cell in filled)


def _holds_entry(cell: Cell, form: FormSpec, index: LabelIndex) -> bool:
    if ":" not in cell.text and "\uff1a" not in cell.text:
        return False
    found = entries(cell.text.strip().split("\n")[0], index)
    return any(entry.match is not None and entry.match.keys(form.id) for entry in found)


def _is_near(written: str, label: str, index: LabelIndex) -> bool:
    """Return whether a text is a misspelling of the blank's label: 区别 or 姓别 for 性别, 姓各 for 姓名.

    One sign is wrong, missing or too much (two in a long label), and it is no label that we or other forms know.
    """
    first, second = fold(written), fold(label)
    if min(len(first), len(second)) < 2 or index.match(written) is not None or index.looks_like_label(written):
        return False
    return _edits(first, second) <= (2 if min(len(first), len(second)) >= _LONG_LABEL else 1)


def _edits(first: str, second: str) -> int:
    """Return the Levenshtein distance of two short texts."""
    before = list(range(len(second) + 1))
    for number, one in enumerate(first, start=1):
        row = [number]
        for at, other in enumerate(second, start=1):
            row.append(min(before[at] + 1, row[-1] + 1, before[at - 1] + (one != other)))
        before = row
    return before[-1]


# --- the office's own texts ------------------------------------------------------------------------------------------


def _own_texts(
    view: GridView, blank: Blank, form: FormSpec, index: LabelIndex, changed: dict[int, Cell]
) -> list[tuple[Cell, str]]:
    """Return the cells that hold a text of the office's in its place, with what is left of theirs."""
    found: list[tuple[Cell, str]] = []
    for cell in view.cells:
        keys = _keys(changed.get(id(cell), cell), form, index)
        if not keys:
            if view.alone(cell) and _is_note(cell, blank):
                found.append((cell, ""))
            continue
        for place in (view.right_of(cell), view.below(cell)):
            if place is None or id(place) in changed or place.underlined or place.struck:
                continue
            left = _without_hint(place.text, [hint for hint in blank.hints if hint.key in keys])
            if left is not None:
                found.append((place, left))
    return found


def _keys(cell: Cell, form: FormSpec, index: LabelIndex) -> tuple[str, ...]:
    match = index.match(cell.text)
    return match.keys(form.id) if match is not None else ()


def _is_note(cell: Cell, blank: Blank) -> bool:
    long = len(cell.text.strip()) >= _NOTE_CHARACTERS
    return long and any(same_text(cell.text, note) for note in blank.notes)


def _without_hint(text: str, hints: list[Hint]) -> str | None:
    """Return what is left of a value's cell without the hint that the blank has there; None if it holds none.

    Only what is a hint by its look is taken off a value: of 0595- or 福建省 before it the value may go on.
    """
    for hint in hints:
        if same_text(text, hint.text):
            return ""
        if not (is_hint(hint.text) or hint.text[0] + hint.text[-1] in _BRACKETS):
            continue
        pattern = "\\s*".join(re.escape(character) for character in "".join(hint.text.split()))
        closed = hint.text[0] + hint.text[-1] in _BRACKETS
        for found in re.finditer(pattern, text):
            before, after = text[: found.start()], text[found.end() :]
            if before.strip() and after.strip():
                continue
            parted = (not before or _BORDER.match(before[-1])) and (not after or _BORDER.match(after[0]))
            if closed or parted:
                return (before + after).strip().lstrip(":\uff1a,\uff0c;\uff1b\u3001")
    return None
