"""What belongs to a form besides its own grid: the table that goes on with it, the unit in the lines around it.

In: the readings of one segment, the one before it, the lines above and below. Out: one reading. Where both parts say
something, and not the same, it is asked. Must not: read a grid.
"""

from collections.abc import Iterable
from dataclasses import replace

from parsers.entries import entries
from parsers.fields import check
from parsers.forms import FieldReading, FieldType, FormReading, FormSpec, Leftover, Problem, ProblemCode
from parsers.labels import LabelIndex
from parsers.loose import LOOSE, Loose, with_loose
from parsers.recognize import Evidence, Line, Segment, goes_on_with
from parsers.scoring import Judge
from parsers.text import fold

ABOVE_LINES, _BELOW_LINES = 10, 6  # lines around a grid in which its unit may be given


def merged(
    before: tuple[Segment, tuple[FormReading, ...]],
    segment: Segment,
    readings: tuple[FormReading, ...],
    area_code: str,
) -> tuple[Segment, tuple[FormReading, ...]] | None:
    """Return two segments as one form if the second goes on with the first: other fields, no heading of its own."""
    first, others = before
    if first.form is not segment.form or segment.headed or len(others) != 1 or first.sample is not segment.sample:
        return None
    if not goes_on_with(first.keys, Evidence(segment.form, 0, segment.keys)):
        return None
    head = others[0]
    judge = Judge(segment.form, area_code)
    joined = tuple(
        replace(
            reading,
            title=head.title or reading.title,
            fields=_in_order(segment.form, _united(head.fields, reading.fields, judge)),
            blank=head.blank and reading.blank,
            problems=(*head.problems, *reading.problems),
            leftovers=(*(head.leftovers if number == 0 else ()), *reading.leftovers),
            others=(*head.others, *reading.others),
            place=head.place,
        )
        for number, reading in enumerate(readings)
    )
    return replace(first, keys=first.keys | segment.keys, below=segment.below), joined


def _united(first: tuple[FieldReading, ...], rest: tuple[FieldReading, ...], judge: Judge) -> tuple[FieldReading, ...]:
    """Return the fields of both parts; one that both give, and differently (a number beside the name), is asked about.

    What one part asks about, for a field that the other gives, may be what a third field lacks.
    """
    theirs = {field.key: field for field in rest}
    united = [field for field in first if field.key not in theirs]
    for field in rest:
        twin = next((one for one in first if one.key == field.key), None)
        if twin is None or twin.value is None or twin.value == field.value:
            united.append(field)
        else:
            doubt = Problem(ProblemCode.AMBIGUOUS, field.key, given=str(twin.value), detail="several values")
            united.append(replace(twin, value=None, problem=doubt) if field.value is not None else twin)
    loose = tuple(
        Loose(Leftover(field.raw, field.place))
        for field in (*first, *rest)
        if field.rule == LOOSE and field not in united
    )
    return with_loose(judge.form, tuple(united), loose, judge)


def _in_order(form: FormSpec, fields: Iterable[FieldReading]) -> tuple[FieldReading, ...]:
    order = {spec.key: number for number, spec in enumerate(form.fields)}
    return tuple(sorted(fields, key=lambda field: order[field.key]))


def lines_around(segment: Segment, *, below: bool) -> list[Line]:
    """Return the lines around a grid, the nearest first; those below only if no other form follows."""
    return [*reversed(segment.above[-ABOVE_LINES:]), *(segment.below[:_BELOW_LINES] if below else ())]


def with_unit(
    reading: FormReading, form: FormSpec, lines: Iterable[Line], index: LabelIndex, area_code: str
) -> FormReading:
    """填报单位：… above or below a form fills in what the form leaves out; another unit there is told."""
    spec = next((spec for spec in form.fields if spec.type is FieldType.UNIT), None)
    if spec is None or reading.blank:
        return reading
    given = reading.field(spec.key)
    if given is not None and given.problem is not None and given.problem.code is not ProblemCode.MISSING:
        return reading
    unfit: FieldReading | None = None
    for line in lines:
        for entry in entries(line.text, index):
            if entry.match is None or spec.key not in entry.match.keys(form.id) or not entry.raw:
                continue
            checked = check(spec, entry.raw, area_code=area_code)
            value = checked.value if isinstance(checked.value, str) else None
            around = FieldReading(spec.key, entry.raw, value, entry.label, line.place, "line", checked.problem)
            if value is not None:
                return _joined_unit(reading, form, given, around)
            if checked.problem is not None and checked.problem.given:
                unfit = unfit or around
    # 单位名称：0595-27391234 above a table that has no unit is asked: the mail's own unit may be another's
    return (
        reading
        if unfit is None or (given is not None and given.value is not None)
        else _joined_unit(reading, form, None, unfit)
    )


def _joined_unit(reading: FormReading, form: FormSpec, given: FieldReading | None, around: FieldReading) -> FormReading:
    others = tuple(field for field in reading.fields if field.key != around.key)
    if given is None or given.value is None:
        return replace(reading, fields=_in_order(form, (*others, around)))
    if _may_be_same(str(given.value), str(around.value)):
        return reading
    doubt = Problem(ProblemCode.AMBIGUOUS, given.key, given=str(around.value), detail="another unit beside the table")
    return replace(reading, fields=_in_order(form, (*others, replace(given, problem=doubt))))


def _may_be_same(first: str, second: str) -> bool:
    """A short name is its full name with characters left out: 教文体局 of 教育文体旅游局."""
    short, long = sorted((fold(first), fold(second)), key=len)
    rest = iter(long)
    return all(character in rest for character in short)
