"""Why a document was read as it was: the evidence for each form, and for each field what was not taken.

Stage before: `parse` shows the documents it opens (`parse.Watch`). In: those, the campaign's forms. Out: `traces`. Every step
is taken again by the functions that took it when the document was read (`lay_out`, `attempts`, `form_readings`, `candidates`,
`check`), so that nothing is told that was not so; tests compare the values. Only for `intake inspect --explain`: an ordinary
reading does not pass here. Must not: decide anything, raise the cost of a reading.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from parsers.document import Cell, Document
from parsers.extract import FORM_MARGIN, Attempt, attempts, from_grids, people_in_lines
from parsers.forms import DocumentReading, FieldReading, FieldSpec, FieldType, FormReading, FormSpec, ProblemCode
from parsers.grid import GridView
from parsers.inlines import Cluster, forms_in_lines, line_pairs
from parsers.labels import LabelIndex, label_index
from parsers.names import find_name
from parsers.pairing import Pair
from parsers.parse import Seen, Watch
from parsers.persons import people_of
from parsers.phones import find_numbers
from parsers.recognize import Layout, Line, Segment, Vote, evidence, find_labels, lay_out
from parsers.records import assemble, candidates, form_readings, own_group
from parsers.remarks import hints_in, is_hint, without_hints
from parsers.scoring import Judge, margin_of, ranking
from parsers.tags import Tag, TaggedGrid
from parsers.text import fold, narrow
from parsers.traces import (
    DocumentTrace,
    FieldTrace,
    FormTrace,
    FormVote,
    Grounds,
    ReadingTrace,
    Rejected,
    Traces,
    Tried,
    Why,
)

_TEXT_CHARACTERS = 200  # of a rejected text that are told; the whole stands in the document
_REJECTED_LIMIT = 8  # of one field
_STRANGERS_LIMIT = 5
_NUMBERS = frozenset({FieldType.MOBILE, FieldType.PHONE})

_Rival = tuple[str, float, tuple[FormReading, ...]]  # mode, score and what the reading amounts to
_ByKey = Mapping[str, list[Pair]]


def explained(read: Callable[[Watch], DocumentReading], forms: tuple[FormSpec, ...], *, area_code: str = "") -> Traces:
    """Given what reads a document (`parse.parse_document` with all but its `watch`), return how its documents were read."""
    seen: list[Seen] = []
    read(seen.append)
    return Traces(tuple(explain(one, forms, area_code=area_code) for one in seen))


def explain(seen: Seen, forms: tuple[FormSpec, ...], *, area_code: str = "") -> DocumentTrace:
    """Given a document as it was seen, return the evidence for its forms and what was not taken in each field."""
    index = label_index(forms)
    layout = lay_out(seen.document, index, forms, hint=seen.hint)
    in_grids = from_grids(layout, index, area_code)
    filled = {reading.form for reading in in_grids if not reading.blank}
    traces = [_of_segment(segment, index, area_code) for segment in layout.segments]
    for cluster, chosen, votes in forms_in_lines(layout.lines, index, forms, filled):
        traces.append(_of_lines(cluster, chosen, votes, layout, area_code))
    strangers = tuple(_strangers(seen.document, layout, index, forms))
    return DocumentTrace(seen.reading.name, tuple(traces), strangers[:_STRANGERS_LIMIT])


def _strangers(
    document: Document, layout: Layout, index: LabelIndex, forms: tuple[FormSpec, ...]
) -> Iterator[tuple[str, tuple[FormVote, ...]]]:
    read = {id(segment.view.grid) for segment in layout.segments}
    for grid in document.grids():
        if id(grid) not in read:
            votes = [Vote(one) for one in evidence(find_labels(GridView(grid), index), forms) if one.keys]
            if votes:
                yield grid.place, tuple(map(_told, votes))


def _told(vote: Vote) -> FormVote:
    return FormVote(vote.labels.form.id, len(vote.labels.keys), round(vote.weight, 2), vote.heading, vote.file_name)


# --- a table ---------------------------------------------------------------------------------------------------------


def _of_segment(segment: Segment, index: LabelIndex, area_code: str) -> FormTrace:
    tried = attempts(segment, index, area_code)
    best = tried[0]
    readings, rivals = _weighed(best)
    return FormTrace(
        best.grid.form.id,
        segment.view.grid.place,
        Grounds.PLAIN if best.plain else Grounds.SCORE,
        segment.title,
        _place_of(segment.title, segment.above, segment.view),
        tuple(_labels(best.grid)),
        tuple(map(_told, segment.votes)),
        readings,
        margin_of(best.verdict.reading),
        tuple(Tried(one.grid.form.id, round(one.verdict.score, 2)) for one in tried) if len(tried) > 1 else (),
        FORM_MARGIN if len(tried) > 1 else 0.0,
        tuple(_fields_of(best, segment.title, rivals, area_code)),
    )


def _place_of(title: str, above: Iterable[Line], view: GridView | None = None) -> str:
    """Return where a heading stands: in the lines above (two of them may make one heading), or in a row of the table."""
    near = [line.place for line in above if title and line.text and line.text in title]
    if near:
        return near[-1]
    cells = view.cells if view is not None else ()
    return next((cell.place for cell in cells if title and cell.text.strip() == title), "")


def _labels(grid: TaggedGrid) -> Iterator[str]:
    for tagged in grid.tags.values():
        if tagged.tag is Tag.LABEL:
            yield " ".join(tagged.origin.text.split())
        elif tagged.tag is Tag.ENTRIES:
            yield from (found.entry.label for found in tagged.found if found.keys)


def _weighed(attempt: Attempt) -> tuple[tuple[ReadingTrace, ...], list[_Rival]]:
    """Return all readings that were weighed, and what those amount to that were not chosen."""
    traces: list[ReadingTrace] = []
    rivals: list[_Rival] = []
    for score, number in ranking(attempt.readings, attempt.judge):
        reading = attempt.readings[number]
        chosen = reading is attempt.verdict.reading
        forms = form_readings(attempt.grid, reading, attempt.judge, title="", rival=None)
        values = sum(field.value is not None for form in forms for field in form.fields)
        traces.append(ReadingTrace(reading.mode, round(score, 2), values, len(reading.unexplained), chosen))
        if not chosen:
            rivals.append((reading.mode, round(score, 2), forms))
    return tuple(traces), rivals


def _fields_of(attempt: Attempt, title: str, rivals: list[_Rival], area_code: str) -> Iterator[FieldTrace]:
    grid, judge, verdict = attempt.grid, attempt.judge, attempt.verdict
    forms = form_readings(grid, verdict.reading, judge, title=title, rival=verdict.rival)
    people = [
        person
        for person in people_of(own_group(grid, verdict.reading, judge) or verdict.reading, judge)
        if any(judge.given(pair) for pair in person.pairs)
    ]
    cells = {cell.place: cell for cell in grid.view.cells}
    for number, form in enumerate(forms):
        by_key: _ByKey = candidates(grid.form, people[number].pairs, judge, reach=1) if number < len(people) else {}
        for field in form.fields:
            others = (
                *_in_cell(judge.spec(field.key), field, cells.get(field.place), area_code),
                *_at_labels(field, by_key, judge),
                *_in_readings(field, number, len(forms), rivals),
            )
            yield _field(field, others)


def _field(field: FieldReading, others: Iterable[Rejected]) -> FieldTrace:
    distinct = tuple(dict.fromkeys(others))[:_REJECTED_LIMIT]
    return FieldTrace(field.key, field.place, field.raw, field.value, distinct)


def _in_readings(field: FieldReading, number: int, count: int, rivals: Iterable[_Rival]) -> Iterator[Rejected]:
    """Yield what other readings of the table give for a field: of the same person, if they see as many people."""
    known = {_said(field)}
    for mode, score, forms in rivals:
        for form in (forms[number],) if len(forms) == count else forms:
            other = form.field(field.key)
            if other is not None and other.raw.strip() and _said(other) not in known:
                known.add(_said(other))
                yield _rejected(Why.READING, other.raw, other.place, mode, score)


def _said(field: FieldReading) -> str:
    return fold(field.raw if field.value is None else str(field.value))


# --- lines of text ---------------------------------------------------------------------------------------------------


def _of_lines(cluster: Cluster, chosen: Vote, votes: Iterable[Vote], layout: Layout, area_code: str) -> FormTrace:
    form = chosen.labels.form
    judge = Judge(form, area_code)
    pairs, _ = line_pairs(cluster, form, judge)
    fields = []
    for person in people_in_lines(pairs, judge):
        by_key = candidates(form, person.pairs, judge, reach=1)
        for field in assemble(form, person.pairs, judge, reach=1):
            others = (*_in_cell(judge.spec(field.key), field, None, area_code), *_at_labels(field, by_key, judge))
            fields.append(_field(field, others))
    return FormTrace(
        form.id,
        cluster.items[0].line.place,
        Grounds.LINES,
        cluster.title,
        _place_of(cluster.title, layout.lines),
        tuple(pair.label for pair in pairs if pair.keys),
        tuple(_told(vote) for vote in votes if vote.labels.keys),
        fields=tuple(fields),
    )


# --- one field -------------------------------------------------------------------------------------------------------


def _at_labels(field: FieldReading, by_key: _ByKey, judge: Judge) -> Iterator[Rejected]:
    """Yield what stands at other labels of the same field."""
    for pair in by_key.get(field.key, ()):
        if judge.given(pair) and (pair.place, pair.raw) != (field.place, field.raw):
            yield _rejected(Why.LABEL, pair.raw, pair.place, pair.label)


def _in_cell(spec: FieldSpec, field: FieldReading, cell: Cell | None, area_code: str) -> Iterator[Rejected]:
    """Yield what stands in the value's own cell and is no part of the value."""
    yield from (_rejected(Why.STRUCK, text, field.place) for text in (cell.struck if cell is not None else ()))
    if field.value is None:
        yield from _nothing(field)
        return
    yield from (_rejected(Why.HINT, text, field.place) for text in hints_in(narrow(field.raw)))
    text = without_hints(narrow(field.raw).strip())
    if spec.type is FieldType.PERSON and find_name(text).note:
        yield _rejected(Why.REMARK, find_name(text).note, field.place)
    if spec.type in _NUMBERS:
        found = find_numbers(text, area_code=area_code)
        taken = str(field.value).split("/")
        yield from (_rejected(Why.NUMBER, one.text, field.place) for one in found.numbers if one.text not in taken)
        yield from (_rejected(Why.REMARK, word, field.place) for word in found.words)


def _nothing(field: FieldReading) -> Iterator[Rejected]:
    """Yield why a text is no value at all; what is faulty has a problem of its own."""
    text = field.raw.strip()
    if text and (field.problem is None or field.problem.code is ProblemCode.MISSING):
        plain = narrow(text)
        why = Why.HINT if is_hint(plain) else Why.NOTHING
        yield _rejected(why, text, field.place)


def _rejected(why: Why, text: str, place: str, by: str = "", score: float | None = None) -> Rejected:
    return Rejected(why, " ".join(text.split())[:_TEXT_CHARACTERS], place, " ".join(by.split()), score)
