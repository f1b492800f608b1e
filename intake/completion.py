"""A mail's text with some of a form's fields: the answer to a letter of ours, a correction, or just a signature. Pure.

Stage before: `merge` (whole forms are known). Stage after: `assess`. 「手机：139…」 completes the submission it answers:
the one that our letter spoke of, else the only one from this address that waits to be mended. Beside a whole form such
lines complete nothing: they are a signature, or speak against it (`beside`). Without anything to complete, and without a
form's name in the mail, nothing is guessed.

Where our letter asked for one number or address alone, the answer may be just that: 139…, without a label.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from intake import phrases, reasons
from intake.contradiction import numbers_in
from intake.dossier import Dossier
from intake.identify import Finding, Source, clue_in, identify, written_unit
from intake.merge import Candidate, answered_by, carried, complete
from intake.mime import QUOTED_MARK
from intake.model import CellState, FormId, PartRole, StoredSubmission
from intake.pieces import Filled, is_given, value_key
from intake.prose import forms_named
from parsers.fields import check, is_unchanged
from parsers.forms import Doubt, FieldReading, FieldSpec, FieldType, FormReading, Problem, ProblemCode
from parsers.text import narrow

# What a value looks like that is believed without a label, in the whole of a text; `parsers.fields` has the last word.
_MOBILE = r"(?:\+?86[ -]?)?1[3-9]\d([ -]?)\d{4}\1\d{4}(?![\d-])"
_LONE_VALUES = {
    FieldType.MOBILE: re.compile(_MOBILE),
    FieldType.PHONE: re.compile(rf"{_MOBILE}|0\d{{2,3}}[ -]?\d{{7,8}}(?![\d-])"),
    FieldType.EMAIL: re.compile(r"[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
}
# Labels of whoever writes the letter, whatever form lies beside it.
SIGNED_BY = re.compile("联系|联络人|经办|填[报表]|报送|落款|署名|发件")
# 联络员已更换 above a number: the new one's, and his name is not told.
_ANOTHER_PERSON = re.compile("(?:联[络系]员|联系人|人员|人选|岗位)[^\u3002;\n]{0,6}(?:变|换|调)[^\u3002;\n]{0,8}")
_ASKED_FOR = frozenset({ProblemCode.MISSING, ProblemCode.INVALID, ProblemCode.UNREADABLE})


@dataclass(slots=True)
class _Open:
    """Stored submissions on their way to completion, by id."""

    stored: dict[int, StoredSubmission] = field(default_factory=dict)
    fields: dict[int, tuple[FieldReading, ...]] = field(default_factory=dict)
    source: dict[int, Filled] = field(default_factory=dict)

    def take(self, target: StoredSubmission, partial: Filled) -> None:
        """Join what a partial reading says into the stored submission that it answers."""
        base = replace(target, fields=self.fields.get(target.id, target.fields))
        self.fields[target.id] = complete(base, partial.reading, partial.spec)
        self.stored[target.id], self.source[target.id] = target, partial


def completed(dossier: Dossier, candidates: tuple[Candidate, ...]) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Given the whole forms of a mail, return them with those that its text completes, and reasons to look.

    What cannot be placed is left in `dossier.sorted.partial` for `spoken`, if there is nothing else in the mail.
    """
    work = _Open()
    files = candidates or dossier.sorted.failed or dossier.sorted.plain
    # Beside a whole form of the same kind such lines are a signature, or speak against it (`beside`).
    given = {one.spec.id for one in candidates}
    partials = [partial for partial in dossier.sorted.partial if partial.spec.id not in given]
    lone = None if dossier.sorted.partial else lone_answer(dossier)
    partials += [] if lone is None else [lone]
    answers = _answered(dossier) if files else _answerable(dossier)
    placed, doubtful = _choose([place for partial in partials if (place := _place(partial, answers)) is not None])
    for one in placed:
        work.take(one.target, one.partial)
    merged = [_candidate(dossier, work, one) for one in work.stored.values()]
    merged += _siblings(dossier, work)
    rest = [partial for partial in partials if partial not in [one.partial for one in placed]]
    whole = [] if files or placed else [_as_whole_form(dossier, one) for one in rest if _names_its_form(dossier, one)]
    # Lines that lack some of a form's labels never take the place of what the unit has sent: they may be an answer to our
    # letter from another address, in which nothing else is meant to change.
    known = [one for one in whole if dossier.known.before(dossier.arrived_at, one.finding.unit, FormId(one.spec.id))]
    whole = [one for one in whole if one not in known]
    doubtful = doubtful or bool(known)
    unclear: list[str] = []
    doubtful = doubtful or (bool(merged) and _leaves_a_number(dossier, work, merged))
    if doubtful or ((merged or whole) and not files and _says_more(rest, [*merged, *whole])):
        unclear.append(reasons.PARTIAL_UNCLEAR)
    return (*candidates, *merged, *whole), tuple(unclear)


def lone_answer(dossier: Dossier) -> Filled | None:
    """Given a mail, return its whole text as the one value that our letter asked for, or None.

    Only in answer to our own letter as it stands now, only if that asked for one thing and one alone, and only if the
    value fits its field and the mail brings nothing else.
    """
    asked = [(one, problem) for one in dossier.known.answered for problem in one.problems]
    if len(asked) != 1 or _brings_more(dossier) or not dossier.sorted.bodies:
        return None
    (target, problem), reading = asked[0], dossier.reading
    spec = dossier.spec(target.form)
    wanted = next((one for one in spec.fields if one.key == problem.field), None)
    waits = target.state is CellState.CORRECTION and _is_last_word(dossier, target)
    now = waits and target.arrived_at <= dossier.arrived_at
    if wanted is None or wanted.type not in _LONE_VALUES or problem.code not in _ASKED_FOR or not now:
        return None
    labels = (wanted.label, *wanted.aliases)
    signed = _signatures(dossier, target)
    raw = phrases.lone_value(reading.own_text, _LONE_VALUES[wanted.type], labels=labels, signed=signed)
    checked = check(wanted, raw)
    if not raw or checked.problem is not None or checked.value is None or _is_signature(checked.value, wanted, dossier):
        return None
    body = dossier.sorted.bodies[0]
    field_ = FieldReading(wanted.key, raw, checked.value, "", "lines", "alone")
    return Filled(body, spec, FormReading(spec.id, spec.title, (field_,), "lines"), partial=True)


def _brings_more(dossier: Dossier) -> bool:
    """Return whether a mail has anything beside its text, however it came, or was not read to its end."""
    reading, sorted_ = dossier.reading, dossier.sorted
    files = any(part.enclosing or part.role not in {PartRole.BODY, PartRole.INLINE} for part in reading.parts)
    forwards = any(QUOTED_MARK in one.path for one in reading.documents)
    left = sorted_.filled or sorted_.failed or sorted_.plain or sorted_.blanks or sorted_.photographs
    return bool(files or forwards or left or reading.cloud_links or dossier.is_cut)


def _signatures(dossier: Dossier, target: StoredSubmission) -> tuple[str, ...]:
    """Return the words that may stand below an answer: who writes, the people of the form, the unit and its short names."""
    people = {one.key for one in dossier.spec(target.form).fields if one.type is FieldType.PERSON}
    units = [one for one in dossier.roster.units if one.name == target.unit]
    names = [name for one in units for name in (one.name, *one.aliases)]
    named = [str(one.value) for one in target.fields if one.key in people and one.value]
    head = dossier.reading.head
    return (head.from_name, head.from_address, *names, *named)


def _is_signature(value: str | bool, wanted: FieldSpec, dossier: Dossier) -> bool:  # noqa: FBT001 - a field's value
    """The writer's own address may be no answer but the card that his mail program puts below every mail."""
    return wanted.type is FieldType.EMAIL and str(value).casefold() == dossier.reading.head.from_address.casefold()


@dataclass(frozen=True, slots=True)
class _Place:
    """A partial reading and the stored submission it may complete. `asked`: it gives what our letter asked for."""

    partial: Filled
    target: StoredSubmission
    asked: bool

    @property
    def rank(self) -> tuple[bool, bool]:
        """What was asked for comes first, then the form whose own word the label is (手机 is an alias elsewhere)."""
        labels = {one.key: value_key(one.label) for one in self.partial.spec.fields}
        own = all(labels.get(one.key) == value_key(one.label) for one in self.partial.reading.fields)
        return self.asked, own

    def shares_a_line(self, other: "_Place") -> bool:
        """Return whether one line of the text was read for both."""
        places = {one.place for one in other.partial.reading.fields}
        return any(one.place in places for one in self.partial.reading.fields)


def _place(partial: Filled, answers: tuple[StoredSubmission, ...]) -> _Place | None:
    target = answered_by(partial.reading, answers, partial.spec)
    if target is None or not _is_about(partial.reading, target):
        return None
    return _Place(partial, target, asked=bool(target.problems))


def _choose(places: list[_Place]) -> tuple[list[_Place], bool]:
    """Of readings of one line for several forms keep the best; return them, and whether some could not be told apart."""
    chosen = [one for one in places if not any(other.rank > one.rank and one.shares_a_line(other) for other in places)]
    doubtful = any(
        one is not other and one.shares_a_line(other) and not (one.asked and other.asked)
        for one in chosen
        for other in chosen
    )
    return ([] if doubtful else chosen), doubtful


def _is_about(partial: FormReading, target: StoredSubmission) -> bool:
    """Where something was asked for, an answer gives some of that; other lines (a signature's phone) replace nothing."""
    asked = {problem.field for problem in target.problems}
    return not asked or any(one.key in asked or None in asked for one in partial.fields if is_given(one))


def _says_more(unplaced: Iterable[Filled], placed: Iterable[Candidate]) -> bool:
    """One line may be read as a field of two forms: it is left over only if no completed form has its value."""
    used = {value_key(one.value or one.raw) for candidate in placed for one in candidate.fields}  # faulty ones too
    return any(
        is_given(one) and not is_unchanged(one.raw) and value_key(one.value or one.raw) not in used
        for left in unplaced
        for one in left.reading.fields
    )


def _leaves_a_number(dossier: Dossier, work: _Open, placed: Iterable[Candidate]) -> bool:
    """An answer for one form that leaves out what was asked of another, but holds one more number: it may be just that.

    联系方式：… is asked for one form, 手机：… for the other, and each is a name of the other's field too.
    """
    left = [one for one in dossier.known.answered if _is_last_word(dossier, one) and one.id not in work.stored]
    used = {value_key(one.value or one.raw) for candidate in placed for one in candidate.fields}
    return any(one.state is CellState.CORRECTION for one in left) and any(
        value_key(number) not in used for number in numbers_in(narrow(dossier.reading.own_text))
    )


def _answerable(dossier: Dossier) -> tuple[StoredSubmission, ...]:
    """What this mail may complete: the submissions our letter spoke of; if it answers none, those from here with a fault."""
    if dossier.known.answered:
        return _answered(dossier)  # where all of it is overtaken, nobody knows what is meant
    if dossier.known.answers_unread:
        return ()  # what the mail meant that our letter was about, a person is still looking at
    return dossier.known.open_from(dossier.reading.head.from_address, dossier.arrived_at)


def _answered(dossier: Dossier) -> tuple[StoredSubmission, ...]:
    """What our letter spoke of, or what has taken its place since: an old letter's answer must not bring old values back.

    What it spoke of need not be in force: a change that lacks something leaves the earlier version in force, and its answer
    completes the change, not the earlier one, whose person has gone. If the place was taken by another that is not in force,
    or by another person's, nobody knows which is meant: an answer to the old receipt as little as one to the old request.
    """
    found: dict[int, StoredSubmission] = {}
    for one in dossier.known.answered:
        for stored in (one,) if _is_last_word(dossier, one) else _newer(dossier, one):
            if stored.arrived_at <= dossier.arrived_at:
                found[stored.id] = stored
    return tuple(found.values())


def _is_last_word(dossier: Dossier, stored: StoredSubmission) -> bool:
    """What is in force need not be it: a newer form that lacks something, or waits for the clerk, is meant as well."""
    return stored.id not in dossier.known.overtaken


def _newer(dossier: Dossier, stored: StoredSubmission) -> tuple[StoredSubmission, ...]:
    """Return what is in force of a unit's form, came after `stored` and is about the same people."""
    in_force = dossier.known.before(dossier.arrived_at, stored.unit, stored.form)
    people = {one.key for one in dossier.spec(stored.form).fields if one.type is FieldType.PERSON}
    meant = {one.key: value_key(one.value) for one in stored.fields if one.key in people and one.value}
    return tuple(
        one
        for one in in_force
        if one.version > stored.version
        and all(meant.get(each.key, value_key(each.value)) == value_key(each.value) for each in one.fields)
    )


def _names_its_form(dossier: Dossier, partial: Filled) -> bool:
    """反馈表见附件 above a labelled signature names a form too: then the form is the missing attachment."""
    reading = dossier.reading
    named = forms_named(f"{reading.head.subject}\n{reading.own_text}", dossier.campaign)
    return partial.spec.id in named and not phrases.speaks_of_attachment(reading.own_text)


def _as_whole_form(dossier: Dossier, partial: Filled) -> Candidate:
    """A body that calls itself the form but lacks some of its labels: a form with gaps, which are asked for."""
    key = _unit_key(partial)
    text = written_unit(partial.reading.fields, key)
    finding = identify(text, (), dossier.clues, roster=dossier.roster, field=key)
    return Candidate(partial.spec, partial.piece, partial.reading.fields, finding, partial.reading.problems)


def _unit_key(partial: Filled) -> str | None:
    return next((one.key for one in partial.spec.fields if one.type is FieldType.UNIT), None)


def _candidate(dossier: Dossier, work: _Open, stored: StoredSubmission) -> Candidate:
    partial, fields = work.source[stored.id], work.fields[stored.id]
    words = _words_left(dossier, work, stored)
    return Candidate(
        partial.spec,
        partial.piece,
        fields,
        _finding(dossier, stored, fields, _unit_key(partial)),
        (Problem(ProblemCode.AMBIGUOUS, given=words, detail=Doubt.WORDS_LEFT),) if words else (),
        notes=("由回信补充，其余内容沿用此前报送",),
    )


def _words_left(dossier: Dossier, work: _Open, stored: StoredSubmission) -> str:
    """Return what an answer says beside the lines that complete a form, "" if only courtesy and its signature.

    不用改手机了, 这是旧号, 联络员换人了，新表明天报, 收到 above 联系人：… of a signature: to know what such words mean is a
    person's work, and until he has looked what was registered stays.
    """
    source, text = work.source[stored.id], narrow(dossier.reading.own_text)
    own, corrects = {narrow(one.label) for one in source.spec.fields}, phrases.corrects(text)
    people = {one.key for one in source.spec.fields if one.type is FieldType.PERSON}
    asked, given = {one.field for one in stored.problems}, [one for one in source.reading.fields if is_given(one)]
    for one in given:
        if SIGNED_BY.match(one.label) and narrow(one.label) not in own and one.key not in asked and not corrects:
            return f"{one.label}\uff1a{one.raw.strip()}"
    if phrases.asks(text):  # 手机139…？: is it?
        return " ".join(text.split())
    another = _ANOTHER_PERSON.search(text)
    if another and not any(one.key in people for one in given):
        return another.group().strip()
    lines = [*given, *(one for each in dossier.sorted.partial for one in each.reading.fields if is_given(one))]
    for one in lines:
        label, value = re.escape(narrow(one.label)), re.escape(narrow(one.raw).strip())
        text = re.sub(rf"({label})[\s:]*{value}", r"\1\n", text)
    words = [name for one in source.spec.fields for name in (one.label, *one.aliases)]
    return phrases.beside_a_correction(
        text, words=[*words, *(one.raw.strip() for one in lines)], signed=_signatures(dossier, stored)
    )


def _finding(dossier: Dossier, stored: StoredSubmission, fields: Iterable[FieldReading], key: str | None) -> Finding:
    """The unit as it stands in the completed form; where it stands nowhere, the unit that was known before."""
    text = written_unit(fields, key)
    if text.strip() or stored.unit is None:
        clues = [clue_in(stored.attachment or "", Source.FILE_NAME, dossier.roster)]
        return identify(text, clues, dossier.clues, roster=dossier.roster, field=key)
    return Finding(stored.unit, Source.LETTER)


def _siblings(dossier: Dossier, work: _Open) -> list[Candidate]:
    """The other people of a completed version come along: a version is replaced as a whole (`ledger`)."""
    found: dict[int, Candidate] = {}
    for done in work.stored.values():
        partial = work.source[done.id]
        for other in (*dossier.known.current, *dossier.known.answered):
            together = (other.message_id, other.unit, other.form) == (done.message_id, done.unit, done.form)
            if together and other.id not in work.stored:
                fields = tuple(carried(one, other) for one in other.fields)
                finding = _finding(dossier, other, fields, _unit_key(partial))
                found[other.id] = Candidate(partial.spec, partial.piece, fields, finding)
    return list(found.values())
