"""A document → the forms filled in on it, every value with its place, every non-empty cell explained or left over.

Stage before: a reader made the `Document`. Stage after: `parse` puts the readings into a `DocumentReading`. In: the
document, the campaign's forms. Out: `Extraction`. The way: `recognize` (which form stands where) → `tags` (what each cell
is) → `pairing` and `people` (all plausible readings) → `scoring` (the best, by a margin) → `records` (people, fields,
problems); lines outside grids by `inlines`. Where the office's blank form is known, a table that follows it is read once
more by the blank's labels (`alignment`), and what the two readings differ in is asked (`agreement`).

A partial answer: the text of a mail that is nothing but a few labels of a form (手机：139…, completing what was sent
before) gives a reading whose `place` is "lines", whose fields are just those named, and whose `problems` are empty. If
several forms know all its labels, each gets one: the submission it answers decides. A complete form written as lines has
a place such as "line 3". Must not: raise on any document, guess between two readings.
"""

from dataclasses import dataclass, replace

from parsers.agreement import of_another_blank, reconciled
from parsers.alignment import align
from parsers.contradictions import contradictions
from parsers.document import Document
from parsers.fields import is_function
from parsers.forms import (
    EXAMPLE_ONLY,
    Doubt,
    FieldType,
    FormReading,
    FormSpec,
    Leftover,
    Problem,
    ProblemCode,
)
from parsers.headings import Titles, titles_of
from parsers.inlines import Cluster, Kind, clusters, forms_in_lines, line_pairs
from parsers.joining import ABOVE_LINES, lines_around, merged, with_unit
from parsers.labels import LabelIndex, label_index
from parsers.loose import Loose, unexplained, with_unlabelled
from parsers.pairing import Pair, Reading, read_beside
from parsers.people import read_header
from parsers.persons import Person, split
from parsers.recognize import Layout, Line, Segment, evidence, lay_out
from parsers.records import assemble, form_readings
from parsers.remarks import is_continuation, is_covering
from parsers.roles import told_in_brackets
from parsers.scoring import Judge, Verdict, choose
from parsers.tags import LABELS, VALUES, Tag, TaggedGrid, tag_grid, transposed

PARTIAL_PLACE = "lines"
# Tried by `python -m tests.understanding --thresholds extract --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
# _PARTIAL_BEFORE: tried 1 and 6: no difference, a bound, not a tuned value.
_PARTIAL_BEFORE = 3  # short lines before a partial answer: 您好！ 更正如下：
_PARTIAL_CHARACTERS = 30  # tried 15 and 60: no difference, compared in none of these mails
FORM_MARGIN = 1.0  # tried 0.5 and 2: no difference, compared in none of these mails
# _PLAIN_VALUES: tried 1 and 6: no difference, a bound, not a tuned value.
_PLAIN_VALUES = 3  # values that a reading must have to be beyond doubt


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was found: the forms in reading order, and the lines of the document that belong to none of them."""

    forms: tuple[FormReading, ...]
    outside: tuple[str, ...] = ()


def extract(
    document: Document,
    forms: tuple[FormSpec, ...],
    *,
    area_code: str = "",
    hint: str = "",
    body: bool = False,
) -> Extraction:
    """Given a document and the forms of the campaign, return the filled (and blank) copies of them in it.

    `hint` is the file's name: it decides where labels don't. `body`: the document is the text of a mail, where a
    few labels alone are a partial answer.
    """
    index = label_index(forms)
    layout = lay_out(document, index, forms, hint=hint)
    readings = from_grids(layout, index, area_code)
    in_lines, used = _from_lines(layout, index, forms, area_code, known=readings)
    if body and not readings and not in_lines:
        in_lines, used = _partial(layout, index, forms, area_code)
    unread = tuple(
        FormReading(
            form.id,
            title,
            (),
            view.grid.place,
            problems=(Problem(ProblemCode.AMBIGUOUS, detail=Doubt.NO_LABELS),),
            leftovers=tuple(Leftover(cell.text.strip(), cell.place) for cell in view.cells if cell.text.strip()),
        )
        for form, title, view in layout.unread
        if not any(reading.form == form.id for reading in readings)
    )
    outside = tuple(line.text for line in layout.lines if line.number not in used)
    titles = titles_of(forms)
    ours = tuple(_of_another_occasion(reading, titles, hint) for reading in (*readings, *in_lines))
    specs = {form.id: form for form in forms}
    around = () if body else outside  # what a mail itself says is weighed by `intake`
    said = contradictions(ours, specs, around, document.footers)
    ours = tuple(replace(one, problems=(*one.problems, *found)) for one, found in zip(ours, said, strict=True))
    return Extraction((*ours, *unread), outside)


def _of_another_occasion(reading: FormReading, titles: Titles, hint: str) -> FormReading:
    """防汛工作联络员反馈表 is not the 反馈表 of this campaign, whatever its labels; neither is a bare 反馈表 in a file named so."""
    names = [reading.title] if titles.has_subject(reading.title) else [reading.title, hint]
    other = next((name for name in names if titles.is_other_occasion(name, file_name=name == hint)), "")
    return _under_another_title(reading, other)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A segment read as one form: all readings that were weighed and the verdict. `plain`: there was only one to weigh."""

    grid: TaggedGrid
    judge: Judge
    readings: list[Reading]
    verdict: Verdict
    plain: bool


# --- grids -----------------------------------------------------------------------------------------------------------


def from_grids(layout: Layout, index: LabelIndex, area_code: str) -> tuple[FormReading, ...]:
    """Given a document laid out, return the forms in its grids, in reading order."""
    found: list[tuple[Segment, tuple[FormReading, ...]]] = []
    for number, found_segment in enumerate(layout.segments):
        segment, readings = _read_segment(found_segment, index, area_code)
        around = lines_around(segment, below=number == len(layout.segments) - 1)
        readings = tuple(with_unit(reading, segment.form, around, index, area_code) for reading in readings)
        readings = tuple(_under_another_title(reading, segment.stranger) for reading in readings)
        whole = merged(found[-1], segment, readings, area_code) if found else None
        if whole is not None:
            found[-1] = whole
        else:
            found.append((segment, _going_on(found[-1], segment, readings) if found else readings))
    return tuple(reading for one in found for reading in _without_examples(one, found))


def _going_on(
    before: tuple[Segment, tuple[FormReading, ...]], segment: Segment, readings: tuple[FormReading, ...]
) -> tuple[FormReading, ...]:
    """Below 续表 the labels stand once more, and the people are those of one list: they have its place."""
    first, others = before
    told = is_continuation(segment.title) or bool(segment.above and is_continuation(segment.above[-1].text))
    if not told or first.form is not segment.form or first.sample is not segment.sample or not others:
        return readings
    return tuple(
        replace(reading, title=reading.title or others[0].title, place=others[0].place) for reading in readings
    )


def _without_examples(
    one: tuple[Segment, tuple[FormReading, ...]], found: list[tuple[Segment, tuple[FormReading, ...]]]
) -> tuple[FormReading, ...]:
    """A table under 填写示例 is nobody's form if the form stands there once more; if not, it may be what was filled in."""
    segment, readings = one
    if not segment.sample:
        filled = any(
            other.form is segment.form and other.sample and not all(reading.blank for reading in theirs)
            for other, theirs in found
        )
        told = Problem(ProblemCode.EMPTY, detail=EXAMPLE_ONLY)
        return tuple(_doubted(reading, told) if reading.blank and filled else reading for reading in readings)
    if any(other.form is segment.form and not other.sample for other, _ in found):
        return ()
    doubt = Problem(ProblemCode.AMBIGUOUS, detail=Doubt.EXAMPLE)
    return tuple(reading if reading.blank else _doubted(reading, doubt) for reading in readings)


def _under_another_title(reading: FormReading, title: str) -> FormReading:
    """党员信息表 with the labels of our form is read, and shown to a person: it may have come for something else."""
    if not title or reading.blank:
        return reading
    return _doubted(reading, Problem(ProblemCode.AMBIGUOUS, given=title, detail=Doubt.OTHER_TITLE))


def _doubted(reading: FormReading, doubt: Problem) -> FormReading:
    return replace(reading, problems=(*reading.problems, doubt))


def _read_segment(segment: Segment, index: LabelIndex, area_code: str) -> tuple[Segment, tuple[FormReading, ...]]:
    """Given a segment, return it as the form that explains it best, with its readings.

    Two forms that explain it equally well make it ambiguous.
    """
    tried = attempts(segment, index, area_code)
    grid, verdict = tried[0].grid, tried[0].verdict
    readings = form_readings(grid, verdict.reading, tried[0].judge, title=segment.title, rival=verdict.rival)
    if len(tried) > 1 and verdict.score - tried[1].verdict.score < FORM_MARGIN:
        doubt = Problem(ProblemCode.AMBIGUOUS, detail=f"{grid.form.id} or {tried[1].grid.form.id}")
        readings = tuple(reading if reading.blank else _doubted(reading, doubt) for reading in readings)
    return replace(segment, form=grid.form), _by_blank(readings, segment, grid, tried[0].judge)


def attempts(segment: Segment, index: LabelIndex, area_code: str) -> list[Attempt]:
    """Given a segment, return how it reads as each form that it may be, the best first."""
    found = [
        _attempt(tag_grid(segment.view, form, index), Judge(form, area_code))
        for form in (segment.form, *segment.rivals)
    ]
    return sorted(found, key=lambda attempt: -attempt.verdict.score)


def _attempt(grid: TaggedGrid, judge: Judge) -> Attempt:
    plain = plain_reading(grid, judge)
    readings = [plain] if plain is not None else hypotheses(grid)
    return Attempt(grid, judge, readings, choose(readings, judge), plain=plain is not None)


def _by_blank(
    readings: tuple[FormReading, ...], segment: Segment, grid: TaggedGrid, judge: Judge
) -> tuple[FormReading, ...]:
    """Given the readings of a table as it stands, return what they come to beside the office's blank form."""
    if grid.form.blank is None:
        return readings
    aligned = align(segment.view, grid.form, grid.index)
    if aligned is not None:
        again = _attempt(tag_grid(aligned.view, grid.form, grid.index), judge)
        verdict = again.verdict
        theirs = form_readings(again.grid, verdict.reading, judge, title=segment.title, rival=verdict.rival)
        readings = reconciled(readings, theirs, aligned.spoilt, judge)
    doubt = of_another_blank(grid, grid.index, segment.title)
    if doubt is not None:
        readings = tuple(reading if reading.blank else _doubted(reading, doubt) for reading in readings)
    return readings


def plain_reading(grid: TaggedGrid, judge: Judge) -> Reading | None:
    """Given a tagged grid, return its reading as label | value if that is beyond doubt, else None.

    Nine of ten forms are so plain that no other reading could come near: no two labels side by side, every cell with text
    explained, no value that misfits. (tests/property/test_extract.py compares it with the full enumeration.)
    """
    for tagged in grid.tags.values():
        if tagged.tag is Tag.LABEL:
            right = grid.of(grid.view.right_of(tagged.cell))
            if right is None or right.tag not in VALUES:
                return None
    reading = read_beside(grid, mode="beside")
    given = [pair for pair in reading.pairs if judge.given(pair)]
    if reading.unexplained or reading.headings or len(given) < _PLAIN_VALUES:
        return None
    sound = all(not pair.doubt and judge.check(judge.best_key(pair), pair).fit >= 0 for pair in given)
    return reading if sound else None


def hypotheses(grid: TaggedGrid) -> list[Reading]:
    """Given a tagged grid, return its plausible readings, in both directions."""
    found: list[Reading] = []
    for plane, beside, header in ((grid, "beside", "header"), (transposed(grid), "below", "columns")):
        found.append(read_beside(plane, mode=beside))
        if _has_function_labels(plane):
            found.append(read_beside(plane, mode=f"{beside} labels", labels_as_values=True))
        if any(tagged.tag is Tag.BLANK for tagged in plane.tags.values()):
            found.append(read_beside(plane, mode=f"{beside} loose", loose=True))
        found.extend(read_header(plane, mode=header))
    return found


def _has_function_labels(grid: TaggedGrid) -> bool:
    """Return whether a label has another label (without a colon) beside it: 职务 | 负责人."""
    for tagged in grid.tags.values():
        if tagged.tag is Tag.LABEL and any(grid.spec(key).type is FieldType.POSITION for key in tagged.keys):
            right = grid.of(grid.view.right_of(tagged.cell))
            if right is not None and right.tag in LABELS and not right.colon and is_function(right.cell.text):
                return True
    return False


# --- lines -----------------------------------------------------------------------------------------------------------


def _from_lines(
    layout: Layout, index: LabelIndex, forms: tuple[FormSpec, ...], area_code: str, known: tuple[FormReading, ...]
) -> tuple[tuple[FormReading, ...], frozenset[int]]:
    """Return the forms written as lines and the numbers of the lines that they use."""
    filled = {reading.form for reading in known if not reading.blank}
    found: list[FormReading] = []
    used: set[int] = set()
    for cluster, chosen, _ in forms_in_lines(layout.lines, index, forms, filled):
        form = chosen.labels.form
        first = cluster.items[0].line.number
        above = [line for line in layout.lines if first - ABOVE_LINES <= line.number < first]
        above = [line for line in reversed(above) if line.number not in used]
        read = _line_readings(cluster, form, index, area_code, used)
        found.extend(with_unit(reading, form, above, index, area_code) for reading in read)
    return tuple(found), frozenset(used)


def _line_readings(
    cluster: Cluster, form: FormSpec, index: LabelIndex, area_code: str, used: set[int]
) -> list[FormReading]:
    judge = Judge(form, area_code)
    pairs, outside = line_pairs(cluster, form, judge)
    used.update({item.line.number for item in cluster.items} - {line.number for line in outside})
    last = max(pair.row for pair in pairs)  # what follows the last label is the end of the letter
    leftovers = tuple(Leftover(line.text, line.place) for line in outside if line.number < last)
    place = cluster.items[0].line.place
    people = people_in_lines(pairs, judge)
    if not people:
        fields = tuple(replace(field, value=None, problem=None) for field in assemble(form, pairs, judge))
        return [FormReading(form.id, cluster.title, fields, place, blank=True, leftovers=leftovers)]
    told = told_in_brackets(form, [person.pairs for person in people])
    doubts: tuple[Problem, ...] = ()
    if told.mine is not None:
        people = [people[number] for number in told.mine]
    elif told.others:
        doubts = (Problem(ProblemCode.AMBIGUOUS, given=told.others[0], detail=Doubt.ROLES),)
    loose = _loose_lines(cluster, outside, last, index, form)
    return [
        FormReading(
            form.id,
            cluster.title,
            with_unlabelled(form, assemble(form, person.pairs, judge, reach=1), loose, pairs, index, judge)
            if len(people) == 1
            else assemble(form, person.pairs, judge, reach=1),
            place,
            problems=(*doubts, *([Problem(ProblemCode.AMBIGUOUS, detail=person.doubt)] if person.doubt else [])),
            leftovers=leftovers if number == 0 else (),
            others=told.others if told.mine is not None else (),
        )
        for number, person in enumerate(people)
    ]


def _loose_lines(cluster: Cluster, outside: list[Line], last: int, index: LabelIndex, form: FormSpec) -> list[Loose]:
    """Return the lines between those of a form, and next to them those under a misspelt label, as texts under no label."""
    found: list[Loose] = []
    first = cluster.items[0].line
    before = [item.line for item in cluster.before if item.line.number == first.number - 1 and not first.gap]
    end = last
    for line in (*before, *outside):
        texts = unexplained(Leftover(line.text, line.place), index, form)
        adjacent = line.number == end + 1 and not line.gap
        if first.number < line.number < last:
            found.extend(texts)
        elif line.number < last or adjacent:
            end = max(end, line.number)
            found.extend(text for text in texts if text.misspelt)
    return found


def people_in_lines(pairs: list[Pair], judge: Judge) -> list[Person]:
    """Given the pairs of a cluster, return the people of whom anything is given."""
    return [person for person in split(pairs, judge) if any(judge.given(pair) for pair in person.pairs)]


def _partial(
    layout: Layout, index: LabelIndex, forms: tuple[FormSpec, ...], area_code: str
) -> tuple[tuple[FormReading, ...], frozenset[int]]:
    """Return the partial answer that a short text is: its first lines are labels with values, no signature."""
    found = clusters(layout.lines, index, titles_of(forms), style_lines=1)
    if not found or not _answers(found[0]):
        return (), frozenset()
    cluster = found[0]
    known_lines = {item.line.number for item in cluster.items if any(entry.match for entry in item.found)}
    first, last = cluster.items[0].line.number, cluster.items[-1].line.number
    near = (line for line in layout.lines if first <= line.number <= last + _PARTIAL_BEFORE)
    if any(line.number not in known_lines and is_covering(line.text) for line in near):
        return (), frozenset()
    known = [match for match in cluster.matches() if match.fields]
    best = [one for one in evidence(known, forms) if one.keys]
    widest = max((len(one.keys) for one in best), default=0)
    readings: list[FormReading] = []
    used: set[int] = set()
    for one in best:
        if len(one.keys) < widest:
            continue
        judge = Judge(one.form, area_code)
        pairs, outside = line_pairs(cluster, one.form, judge)
        given = [pair for pair in pairs if judge.given(pair) and (pair.primary or _fits(pair, judge))]
        if not given:
            continue
        used.update({item.line.number for item in cluster.items} - {line.number for line in outside})
        readings.append(FormReading(one.form.id, "", assemble(one.form, given, judge), PARTIAL_PLACE))
    return tuple(readings), frozenset(used)


def _fits(pair: Pair, judge: Judge) -> bool:
    """手机号码 错误 has no colon and no number: it is no answer."""
    return judge.check(judge.best_key(pair), pair).problem is None


def _answers(cluster: Cluster) -> bool:
    """Return whether a cluster is what the sender has to say, and not the signature under it."""
    before = [item.line.text for item in cluster.before]
    if len(before) > _PARTIAL_BEFORE or any(is_covering(text) for text in before):
        return False
    if any(item.kind is not Kind.PLAIN for item in cluster.before):  # below a note, a heading, a sign-off
        return False
    if any(len(text) > _PARTIAL_CHARACTERS for text in before):
        return False
    # 张三 or 某某局 alone in the line above is the head of a signature.
    closes = not before or before[-1].rstrip().endswith(tuple(":,!\uff1a\uff0c\uff01\u3002.;\uff1b"))
    return closes and any(item.kind in {Kind.ENTRIES, Kind.BARE} for item in cluster.items)
