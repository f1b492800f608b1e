"""What is shown of one mail that a person decides about: gathered in one session, frozen, then worded for the template.

In: the number of a mail, which of its submissions, what the person has typed already (after a refusal). Out: `Shown`.
Stage after: the template ``review_item.html``; what a button means stands in `review`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from intake.cases import Case, Item, Past, look
from intake.db import queries, worklist
from intake.db.models import PartRow
from intake.decisions import problem_words
from intake.explain import BY_PEOPLE, is_in_doubt, sureness_of
from intake.explain_words import SURENESS_WORDS, Sureness
from intake.fault_words import problem_text
from intake.model import CellState, DecisionKind, FormId, PartRole, StoredSubmission
from intake.places import place_words, rule_words
from intake.roster import Roster
from intake.words import STATE_WORDS
from parsers.forms import DocumentReading, FieldReading, FieldSpec, FieldType, FormSpec, Problem
from parsers.text import clean
from scheduler.web.context import Desk
from scheduler.web.originals import Original
from scheduler.web.pages.original import Anchor, Copy, Papers, Whence, copies, laid_as, leaves, reading_of

NO_FORM = "-"  # the filter's word for mails in which no form was read
YES, NO = "是", "否"
_DOCUMENTS = 6  # parts of one mail that are shown
_LONG = 40  # characters: more is typed in a field of several lines
_LIKELY = 5
_QUOTED = 2_000  # characters of a field's own text beside what is kept of it; the whole stands in the original
_KIND_WORDS: Mapping[DecisionKind, str] = {
    DecisionKind.ACCEPT: "通过",
    DecisionKind.VALUES: "改值",
    DecisionKind.ASSIGN: "归属单位",
    DecisionKind.DISMISS: "标为“不是报送”",
    DecisionKind.RETURN: "退回补正",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the person has typed and not yet kept: by field key; the unit; the remark. `faults` by field key."""

    fields: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    note: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One field. `text` stands in the input, `kept` is what counts now; `whence` where it was read, `anchor` its cell on the page.

    `sure` says how sure the reading is, `told` are its problems in words, `fault` is what is wrong with what was typed.
    """

    key: str
    label: str
    is_unit: bool
    is_choice: bool
    is_long: bool
    required: bool
    text: str
    kept: str
    original: str
    whence: str
    rule: str
    anchor: Anchor | None
    sureness: Sureness
    told: tuple[str, ...]
    fault: str
    has_picture: bool
    by_hand: bool

    @property
    def sure(self) -> str:
        """In words. What stands in a cell and is no value (示例, /) is told so: beside it 未填 would be puzzling."""
        if self.changed:
            return "改动未保存"
        not_counted = self.sureness is Sureness.EMPTY and self.kept
        return "未计入" if not_counted else SURENESS_WORDS[self.sureness]

    @property
    def changed(self) -> bool:
        """Whether something else was typed than what is kept."""
        return self.text != self.kept

    @property
    def doubtful(self) -> bool:
        return bool(self.fault or self.told)


@dataclass(frozen=True, slots=True)
class Tab:
    """One submission of the mail, to go to."""

    ordinal: int
    title: str
    unit: str
    state: str


@dataclass(frozen=True, slots=True)
class Done:
    """One decision of the past, in words."""

    words: str
    note: str
    who: str
    at: object
    undone_by: str
    undone_at: object


@dataclass(frozen=True, slots=True)
class Shown:
    """One item as the page shows it. `likely` and `units` are names to choose from; `position` counts from one, 0: not waiting."""

    case: Case
    ordinal: int | None
    title: str
    unit: str
    state: str
    state_words: str
    unit_line: Line | None
    lines: tuple[Line, ...]
    tabs: tuple[Tab, ...]
    why: tuple[str, ...]
    by_hand: tuple[str, ...]
    likely: tuple[str, ...]
    units: tuple[str, ...]
    chosen_unit: str
    note: str
    past: tuple[Done, ...]
    can_undo: bool
    dismissed: bool
    copies: tuple[Copy, ...]
    missing: tuple[str, ...]
    original: Original
    position: int
    waiting: int
    before: int | None
    after: int | None
    form: str

    @property
    def body_is_shown(self) -> bool:
        """Whether the words of the mail stand among the documents already, because something was read in them."""
        return any(not one.name for one in self.copies)

    @property
    def in_doubt(self) -> int:
        """How many fields a person must look at first."""
        return sum(one.doubtful for one in self.lines)


def gather(here: Desk, number: int, *, ordinal: int | None, form: str, typed: Typed) -> Shown:
    """Given a mail, which of its submissions (None: the first that waits) and the list's filter, return all of it.

    Raise RefusedError if there is no such mail.
    """
    bench = here.app.bench
    with bench.reading() as record:
        case = look(record, bench, number)
        parts = queries.parts_of(record, number)
        sources = worklist.sources(record, number)
        queue = queue_of(worklist.waiting(record, bench.settings.campaign.id), form)
    item = chosen(case, ordinal)
    drawn = _drawn(here, case, item, parts, sources)
    spec = spec_of(here, item)
    now = None if item is None else counted(item)
    standing = [one for one in case.history if one.undone_at is None]
    lines = () if spec is None or now is None else tuple(_lines(spec, now, typed, drawn.anchors, scanned=drawn.scanned))
    position = queue.index(number) if number in queue else -1
    return Shown(
        case=case,
        ordinal=None if item is None else item.read.ordinal,
        title="" if spec is None else spec.title,
        unit=(now and now.unit) or "",
        state="" if now is None else now.state.value,
        state_words=_state_words(case, item),
        unit_line=next((one for one in lines if one.is_unit), None),
        lines=tuple(sorted((one for one in lines if not one.is_unit), key=lambda one: not one.doubtful)),
        tabs=tuple(_tab(here, one) for one in case.items),
        why=_why(case, now, spec),
        by_hand=() if now is None else now.by_hand,
        likely=_likely(bench.roster, case, now, spec),
        units=tuple(one.name for one in bench.roster.units),
        chosen_unit=typed.unit if typed.unit is not None else (now and now.unit) or "",
        note=typed.note,
        past=tuple(_done(here, one) for one in reversed(case.history)),
        can_undo=bool(standing),
        dismissed=any(one.decision.kind is DecisionKind.DISMISS for one in standing),
        copies=drawn.copies,
        missing=drawn.missing,
        original=drawn.original,
        position=position + 1,
        waiting=len(queue),
        before=queue[position - 1] if position > 0 else None,
        after=next_of(queue, number),
        form=form,
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What came with the mail, as the page draws it: where each field stands in it, and what can't be drawn."""

    original: Original
    copies: tuple[Copy, ...]
    anchors: Mapping[str, Anchor]
    missing: tuple[str, ...]
    scanned: bool  # the chosen submission was read off a picture


def _drawn(here: Desk, case: Case, item: Item | None, parts: Sequence[PartRow], sources: Mapping[int, str]) -> _Drawn:
    """Draw the parts in which something was read; the words of the mail only where the chosen submission stands in them."""
    shown = [
        (place, row)
        for place, row in enumerate(parts)
        if row.reading is not None
        and (row.role != PartRole.BODY or (item is not None and sources.get(item.read.ordinal) == row.path))
    ][:_DOCUMENTS]
    original = here.originals.get(here.app.bench, case.sha256, tuple(row.path for _, row in shown))
    whence = None if item is None else _whence(counted(item), sources)
    readings = {row.path: reading_of(row.reading) for _, row in shown}
    seen = [(place, row.path, original.outlines.get(row.path)) for place, row in shown]
    drawn, anchors = copies(
        [
            Papers(place, path, found.documents, laid_as(readings[path], [one.name for one in found.documents]))
            for place, path, found in seen
            if found is not None
        ],
        whence,
    )
    known = [row.name or "邮件正文" for _, row in shown if row.path not in original.outlines]
    beside = [row.name for row in parts if row.reading is None and row.role == PartRole.ATTACHMENT]
    scanned = whence is not None and whence.path in readings and _is_scanned(readings[whence.path], whence.document)
    return _Drawn(original, drawn, anchors, (*known, *beside), scanned)


def queue_of(found: Iterable[worklist.Listed], form: str) -> tuple[int, ...]:
    """Given what waits and the list's filter, return the numbers in the order of the list."""
    return tuple(one.id for one in found if not form or has_form(one, form))


def has_form(mail: worklist.Listed, form: str) -> bool:
    """Return whether the filter `form` leaves the mail in the list."""
    return not mail.forms if form == NO_FORM else any(one == form for one, _ in mail.forms)


def next_of(queue: tuple[int, ...], number: int) -> int | None:
    """Return what comes after `number`, None at the end; the first, if it does not wait itself."""
    if number not in queue:
        return queue[0] if queue else None
    place = queue.index(number) + 1
    return queue[place] if place < len(queue) else None


def chosen(case: Case, ordinal: int | None) -> Item | None:
    """Return the submission of that place, else the first that waits, else the first."""
    for one in case.items:
        if one.read.ordinal == ordinal:
            return one
    waiting = [one for one in case.items if one.now is not None and one.now.state is CellState.REVIEW]
    return next(iter([*waiting, *case.items]), None)


def counted(item: Item) -> StoredSubmission:
    """Return a submission as it counts; as it was read, if its mail was dismissed."""
    return item.now or item.read


def spec_of(here: Desk, item: Item | None) -> FormSpec | None:
    """Return the form of a submission; None if the campaign has it no more."""
    if item is None:
        return None
    found = {one.id: one.form for one in here.app.settings.campaign.collections}
    return found.get(item.read.form)


def text_of(reading: FieldReading | None) -> str:
    """Return what stands in a field as a person would type it."""
    if reading is None:
        return ""
    if isinstance(reading.value, bool):
        return YES if reading.value else NO
    return clean(reading.value or reading.raw)


def _whence(submission: StoredSubmission, sources: Mapping[int, str]) -> Whence:
    return Whence(
        sources.get(submission.ordinal, ""),
        submission.attachment or "",
        {one.key: one.place for one in submission.fields},
        frozenset(one.field for one in submission.problems if one.field is not None),
    )


def _is_scanned(reading: DocumentReading, name: str) -> bool:
    """Return whether the document of that name in a part was read off a picture."""
    return any(one.scanned for one in leaves(reading) if one.name == name)


def _lines(
    spec: FormSpec, now: StoredSubmission, typed: Typed, anchors: Mapping[str, Anchor], *, scanned: bool
) -> Iterable[Line]:
    """Yield the fields in the order of the form."""
    readings = {one.key: one for one in now.fields}
    in_doubt = is_in_doubt(now.problems)
    for one in spec.fields:
        reading = readings.get(one.key)
        kept = text_of(reading)
        if one.type is FieldType.YESNO and kept not in (YES, NO):
            kept = ""
        text = typed.fields.get(one.key, kept)
        raw = "" if reading is None else clean(reading.raw)
        by_hand = reading is not None and reading.rule in BY_PEOPLE
        problem = next((each for each in now.problems if each.field == one.key), None)
        known = reading or FieldReading(one.key, "", None, "", "", "")
        yield Line(
            key=one.key,
            label=one.label,
            is_unit=one.type is FieldType.UNIT,
            is_choice=one.type is FieldType.YESNO,
            is_long=one.type is FieldType.TEXT or len(text) > _LONG or "\n" in text,
            required=one.required,
            text=text,
            kept=kept,
            original=raw[:_QUOTED] if raw.strip() != kept.strip() and not by_hand else "",
            whence=""
            if reading is None or not (reading.raw or reading.value or problem)
            else place_words(reading.place),
            rule="" if reading is None else rule_words(reading.rule),
            anchor=anchors.get(one.key),
            sureness=sureness_of(known, problem, scanned=scanned, in_doubt=in_doubt),
            told=tuple(dict.fromkeys(_told(each, one) for each in now.problems if each.field == one.key)),
            fault=typed.faults.get(one.key, ""),
            has_picture=reading is not None and bool(reading.picture),
            by_hand=by_hand,
        )


def _told(problem: Problem, spec: FieldSpec) -> str:
    return problem_text(problem, spec.label, spec.type)


def _why(case: Case, now: StoredSubmission | None, spec: FormSpec | None) -> tuple[str, ...]:
    """Return why a person must look, but for what stands beside a field."""
    if now is None or spec is None:
        return case.reasons
    if not case.open:
        return ()
    whole = problem_words([one for one in now.problems if one.field is None], spec)
    return tuple(dict.fromkeys((*case.doubts, *whole, *(one for one in case.reasons if one in now.notes))))


def _tab(here: Desk, item: Item) -> Tab:
    spec, now = spec_of(here, item), counted(item)
    state = "不是报送" if item.now is None else STATE_WORDS[item.now.state]
    return Tab(item.read.ordinal, item.read.form if spec is None else spec.title, now.unit or "单位未能对应", state)


def _state_words(case: Case, item: Item | None) -> str:
    if item is None:
        return "未识别出表" if case.open else "已处理"
    return "不是报送" if item.now is None else STATE_WORDS[item.now.state]


def _likely(roster: Roster, case: Case, now: StoredSubmission | None, spec: FormSpec | None) -> tuple[str, ...]:
    """Return the units that it may be: by what the form says, the sender's address, the subject and the file's name."""
    found: dict[str, None] = {}
    if now is not None and now.unit is not None:
        found[now.unit] = None
    for unit in roster.by_address(case.from_address):
        found[unit.name] = None
    for text in (case.subject, (now and now.attachment) or "", case.from_name):
        for unit in roster.find_in(text):
            found[unit.name] = None
    if now is not None and spec is not None:
        keys = {one.key for one in spec.fields if one.type is FieldType.UNIT}
        written = next((text_of(one) for one in now.fields if one.key in keys), "")
        for near in roster.nearest(written[:_LONG]) if written else ():
            if near.shared:
                found[near.unit.name] = None
    return tuple(found)[:_LIKELY]


def last_done(here: Desk, case: Case) -> Done | None:
    """Return the decision that undoing would take back."""
    standing = [one for one in case.history if one.undone_at is None]
    return _done(here, standing[-1]) if standing else None


def _done(here: Desk, past: Past) -> Done:
    one = past.decision
    words = _KIND_WORDS[one.kind]
    if one.kind is DecisionKind.VALUES and one.ordinal is not None:
        forms = {FormId(seen.form) for place, seen in one.seen.items() if place == one.ordinal}
        labels = {
            spec.key: spec.label
            for collection in here.app.settings.campaign.collections
            if collection.id in forms
            for spec in collection.form.fields
        }
        words = f"改值：{'、'.join(labels.get(given.key, given.key) for given in one.given)}"
    elif one.kind is DecisionKind.ASSIGN:
        words = f"归属单位：{one.unit}"
    return Done(words, one.note, one.who, one.at, past.undone_by or "", past.undone_at)
