"""Two readings of one table, as it stands and as the office's blank explains it → one; where they differ it is asked.

Stage before: `extract` has read the table and what `alignment` made of it. In: the readings of both, the spoilt labels.
Out: form readings. Also: whether a table was made from some other blank than the office's present one. Must not: let the
blank make a value sure that the table as it stands contradicts.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from parsers.alignment import Spoilt, follows
from parsers.forms import (
    RELABELLED,
    UNLABELLED,
    Doubt,
    FieldReading,
    FormReading,
    Problem,
    ProblemCode,
)
from parsers.labels import LabelIndex
from parsers.scoring import Judge
from parsers.tags import Tag, Tagged, TaggedGrid
from parsers.text import fold

_DIFFER = "read otherwise without the blank form"
# Tried by `python -m tests.understanding --thresholds agreement --blank --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,449 fields right, 1,168 asked, 0 silent, 1 lost, 7 beside.
# Below it a value says nothing about its label: of 0.15 a 职务 is any word.
_LIKELY = 0.4  # tried 0.2 and 0.8: no difference, a bound, not a tuned value
# _STRANGE_LABELS: tried 1 and 4: no difference, a bound, not a tuned value.
_STRANGE_LABELS = 2  # on a table of another kind; one is what a unit adds for itself
_LACKING_LABELS = 2  # tried 1 and 4: no difference, a bound, not a tuned value
_YEAR = re.compile("(?:19|20)\\d\\d(?=\\s*年|\\s*年度)")
# What the blank explains: a place without its label, two ways to read the table.
_SETTLED = re.compile(f"read \\w.* or |{re.escape(Doubt.UNEXPLAINED)}")


def reconciled(
    free: tuple[FormReading, ...], aligned: tuple[FormReading, ...], spoilt: tuple[Spoilt, ...], judge: Judge
) -> tuple[FormReading, ...]:
    """Given what a table says as it stands and as the blank explains it, return what counts.

    A field whose label was spoilt is asked, unless it is a misspelling and the value suits it. Where both give a value and
    not the same, it is asked. If they see other people the table as it stands counts, and is doubtful.
    """
    if len(free) != len(aligned):
        doubt = Problem(ProblemCode.AMBIGUOUS, detail=_DIFFER)
        return tuple(one if one.blank else replace(one, problems=(*one.problems, doubt)) for one in free)
    return tuple(_joined(one, other, spoilt, judge) for one, other in zip(free, aligned, strict=True))


def _joined(free: FormReading, aligned: FormReading, spoilt: tuple[Spoilt, ...], judge: Judge) -> FormReading:
    labels = {one.key: one for one in spoilt}
    mine = {field.key: field for field in aligned.fields}
    theirs = {field.key: field for field in free.fields}
    fields = tuple(
        _field(mine[spec.key], theirs.get(spec.key), labels.get(spec.key), judge)
        if spec.key in mine
        else _only_free(theirs[spec.key])
        for spec in judge.form.fields
        if spec.key in mine or spec.key in theirs
    )
    if aligned.blank and all(field.value is None and _is_silent(field) for field in fields):
        return aligned
    known = {(problem.code, problem.field, problem.detail) for problem in aligned.problems}
    kept = [
        problem
        for problem in free.problems
        if (problem.code, problem.field, problem.detail) not in known and not _SETTLED.match(problem.detail)
    ]
    return replace(aligned, fields=fields, blank=False, problems=(*aligned.problems, *kept))


def _only_free(field: FieldReading) -> FieldReading:
    """A value under a label that the blank has not in that place is asked."""
    return _asked(field, _DIFFER) if field.value is not None and field.problem is None else field


def _field(aligned: FieldReading, free: FieldReading | None, spoilt: Spoilt | None, judge: Judge) -> FieldReading:
    if spoilt is not None:
        aligned = _relabelled(aligned, spoilt, judge)
    if free is None or aligned.problem is not None:
        return aligned
    if free.value is not None and free.value != aligned.value and not _is_hint_gone(free, aligned):
        return _asked(aligned if aligned.value is not None else free, _DIFFER)
    settled = (spoilt is not None and free.problem is not None and free.problem.detail == UNLABELLED) or (
        aligned.value is not None and _is_silent(free)
    )
    if free.problem is not None and not settled and not _is_hint_gone(free, aligned):
        return replace(aligned, problem=free.problem)  # two values under one label, and the like
    return aligned


def _is_silent(field: FieldReading) -> bool:
    """Return whether nothing is wrong with a field but that it says nothing."""
    return field.problem is None or field.problem.code is ProblemCode.MISSING


def _relabelled(field: FieldReading, spoilt: Spoilt, judge: Judge) -> FieldReading:
    """A field that was read by its place keeps what the sender has there for its label."""
    field = replace(field, label=spoilt.written or field.label)
    if field.value is None and field.problem is None:
        return field
    field = replace(field, rule="blank")
    if field.problem is None and not (spoilt.near and _suits(field, judge)):
        return _asked(field, f"{RELABELLED}: {spoilt.written}")
    return field


def _suits(field: FieldReading, judge: Judge) -> bool:
    return judge.fit(field.key, field.raw) >= _LIKELY


def _asked(field: FieldReading, detail: str) -> FieldReading:
    return replace(field, problem=Problem(ProblemCode.AMBIGUOUS, field.key, given=field.raw.strip(), detail=detail))


def _is_hint_gone(free: FieldReading, aligned: FieldReading) -> bool:
    """Return whether the same cell was read, and the aligned one is what is left of it without the office's hint."""
    if free.place != aligned.place or free.raw == aligned.raw:
        return False
    return "".join(aligned.raw.split()) in "".join(free.raw.split())


# --- another blank ---------------------------------------------------------------------------------------------------


def of_another_blank(grid: TaggedGrid, index: LabelIndex, title: str) -> Problem | None:
    """Given a received table and the heading above it, return the doubt that it is not the office's present form.

    Last year's form, or another office's: labels that the present one asks are lacking, and others stand there or the
    year in the title is another. A form with the same labels is as good as the present one, whatever its year.
    """
    blank = grid.form.blank
    if blank is None or not blank.keys or follows(grid.view, grid.form, index):
        return None
    there = {key for tagged in grid.tags.values() for key in _keys(tagged)}
    lacking = [spec for spec in grid.form.fields if spec.key in blank.keys and spec.key not in there]
    if not lacking:
        return None
    years, ours = set(_YEAR.findall(title)), set(_YEAR.findall(blank.title))
    foreign = {fold(tagged.cell.text) for tagged in grid.tags.values() if tagged.tag is Tag.FOREIGN}
    strange = foreign - {fold(text) for text in blank.foreign}
    if years and ours and not years & ours:
        return Problem(ProblemCode.AMBIGUOUS, given=title, detail=Doubt.OTHER_BLANK)
    required = any(spec.required for spec in lacking)
    if required and len(lacking) >= _LACKING_LABELS and len(strange) >= _STRANGE_LABELS:
        return Problem(ProblemCode.AMBIGUOUS, detail=Doubt.OTHER_BLANK)
    return None


def _keys(tagged: Tagged) -> Iterator[str]:
    yield from tagged.keys
    yield from tagged.also
    for entry in tagged.found:
        yield from entry.keys
