"""What people decide about a mail and its submissions, and what that makes of them. Pure.

Stage before: the submissions of one mail as the program read them (`db.rows`) and the decisions that stand (`db.by_hand`).
Stage after: `ledger`, which knows nothing of decisions. In: stored submissions, decisions, the forms. Out: the submissions
as they count. Nothing is written over: undoing a decision is leaving it out.

A decision names its mail by hash and its submission by place, and remembers what stood there (`Seen`). If a newer program
reads something else in the mail, the decision is about something that is not there any more: then none of the mail's
decisions is applied, and all of its submissions wait for a person (facts/users.md §6.4 no. 3: queue instead of guess).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from intake import reasons
from intake.assess import FOR_A_PERSON
from intake.fault_words import file_text, problem_text
from intake.model import CellState, DecisionKind, FormId, StoredSubmission, UnitName
from intake.words import moment_words
from parsers.fields import check, check_required, is_nothing
from parsers.forms import Doubt, FieldReading, FieldSpec, FieldType, FormSpec, Problem, ProblemCode
from parsers.text import fold

Forms = Mapping[FormId, FormSpec]
_UNIT_CODES = frozenset({ProblemCode.UNKNOWN_UNIT, ProblemCode.AMBIGUOUS, ProblemCode.MISSING})
_SHOWN = 60  # characters of a value that a sentence repeats


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood at one place of the mail when a person decided: `digest` is of its values."""

    form: FormId
    unit: UnitName | None
    digest: str


@dataclass(frozen=True, slots=True)
class Given:
    """A field as a person filled it: the text as typed, and the value that it was checked to be."""

    key: str
    text: str
    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision that stands. `ordinal` None: about the mail as a whole. `seen`: by place, what it was about.

    `id` is the order in which they were made (the office's clock may be wrong). `distrusted`: the unit that a form was
    assigned to had one in force that its sender may not replace unseen, so the form goes on waiting to be passed.
    """

    id: int
    kind: DecisionKind
    ordinal: int | None
    who: str
    at: datetime
    seen: Mapping[int, Seen]
    unit: UnitName | None = None
    given: tuple[Given, ...] = ()
    note: str = ""
    distrusted: bool = False


def seen_in(submissions: Iterable[StoredSubmission]) -> dict[int, Seen]:
    """Given the submissions of a mail as the program read them, return what a decision about them remembers."""
    return {one.ordinal: Seen(one.form, one.unit, _digest(one)) for one in submissions}


def _digest(submission: StoredSubmission) -> str:
    values = sorted((one.key, one.value) for one in submission.fields if one.value is not None)
    declined = submission.state is CellState.NO_INTENT
    return hashlib.sha256(json.dumps([declined, values], ensure_ascii=False).encode()).hexdigest()[:16]


def still_fits(
    decision: Decision, submissions: Iterable[StoredSubmission], *, called_now: Callable[[str], str] = str
) -> bool:
    """Given a decision and what the program reads in its mail now, return whether it is about that.

    `called_now` tells what a unit is called now that was called otherwise then.
    """
    now = seen_in(submissions)
    concerned = set(now) | set(decision.seen) if decision.ordinal is None else {decision.ordinal}
    return all(
        one in now and one in decision.seen and _same(decision.seen[one], now[one], called_now) for one in concerned
    )


def _same(then: Seen, now: Seen, called_now: Callable[[str], str]) -> bool:
    units = [None if one is None else called_now(one) for one in (then.unit, now.unit)]
    return (then.form, then.digest) == (now.form, now.digest) and units[0] == units[1]


def decided(
    submissions: Iterable[StoredSubmission],
    decisions: Iterable[Decision],
    forms: Forms,
    *,
    doubts: Iterable[str] = (),
    called_now: Callable[[str], str] = str,
) -> tuple[StoredSubmission, ...]:
    """Given the submissions of one mail and the decisions that stand about it, return them as they count.

    `doubts` are what is doubtful of the mail as a whole (`mail_doubts`): while there are any, another value or unit alone
    does not make a submission that waits for a person a good one. Their order in does not matter.
    """
    read = tuple(sorted(submissions, key=lambda one: one.ordinal))
    ordered = sorted(decisions, key=lambda one: one.id)
    if not ordered:
        return read
    if not all(still_fits(one, read, called_now=called_now) for one in ordered):
        return tuple(replace(one, state=CellState.REVIEW, by_hand=(reasons.DECIDED_OTHERWISE,)) for one in read)
    if any(one.kind is DecisionKind.DISMISS for one in ordered):
        return ()
    doubtful = bool(tuple(doubts))
    return tuple(_decided(one, ordered, forms.get(one.form), doubtful=doubtful) for one in read)


def _decided(
    read: StoredSubmission, decisions: Iterable[Decision], spec: FormSpec | None, *, doubtful: bool
) -> StoredSubmission:
    if spec is None:
        return read  # the office has taken the form out of its campaign
    now = read
    for one in decisions:
        match one.kind:
            case DecisionKind.ACCEPT if one.ordinal == read.ordinal or (
                one.ordinal is None and now.state is CellState.REVIEW and _is_filled(now)
            ):
                now = _accepted(now, one, spec)
            case DecisionKind.VALUES if one.ordinal == read.ordinal:
                now = _judged(_with_values(now, one, spec), read, doubtful=doubtful)
            case DecisionKind.ASSIGN if one.ordinal == read.ordinal and one.unit is not None:
                now = _judged(_assigned(now, one, spec), read, doubtful=doubtful)
            case DecisionKind.RETURN if one.ordinal == read.ordinal:
                now = _returned(now, one)
            case _:
                continue
    return now


def _is_filled(submission: StoredSubmission) -> bool:
    return any(one.value is not None for one in submission.fields)


def _signed(decision: Decision) -> str:
    return f"{decision.who}{moment_words(decision.at)}"


def _accepted(now: StoredSubmission, decision: Decision, spec: FormSpec) -> StoredSubmission:
    if now.unit is None or now.state is CellState.NO_INTENT:
        return now
    told = "；".join(problem_words(now.problems, spec))
    sentence = f"经办人{_signed(decision)}核实后通过{f'（原有疑问：{told}）' if told else ''}"
    return replace(now, state=CellState.ACCEPTED, problems=(), by_hand=(*now.by_hand, sentence))


def _with_values(now: StoredSubmission, decision: Decision, spec: FormSpec) -> StoredSubmission:
    specs = {one.key: one for one in spec.fields}
    given = {one.key: one for one in decision.given if one.key in specs}
    former = {one.key: one for one in now.fields}
    place = f"by hand: {decision.who} {moment_words(decision.at)}"
    fields = dict(former)
    sentences = []
    for key, one in given.items():
        old = former.get(key)
        fields[key] = FieldReading(key, one.text, one.value, "" if old is None else old.label, place, "by_hand")
        was = "" if old is None else _shown(old.value) or " ".join(old.raw.split())
        sentences.append(
            f"“{specs[key].label}”由{_signed(decision)}改为“{_short(_shown(one.value))}”（原为“{_short(was)}”）"
        )
    ordered = tuple(fields[one.key] for one in spec.fields if one.key in fields)
    kept = [one for one in now.problems if one.field not in given and not _is_met(one, spec, fields)]
    lacking = [
        one
        for one in check_required(spec, ordered)
        if specs[str(one.field)].type is not FieldType.UNIT and one.field not in {old.field for old in kept}
    ]
    return replace(now, fields=ordered, problems=(*kept, *lacking), by_hand=(*now.by_hand, *sentences))


def _is_met(problem: Problem, spec: FormSpec, fields: Mapping[str, FieldReading]) -> bool:
    """Return whether a field was missing only because of another one, which now says that it is not asked for."""
    asked = next((one for one in spec.fields if one.key == problem.field), None)
    if problem.code is not ProblemCode.MISSING or asked is None or asked.required or asked.required_when is None:
        return False
    condition = fields.get(asked.required_when)
    return condition is None or condition.value is not True


def _assigned(now: StoredSubmission, decision: Decision, spec: FormSpec) -> StoredSubmission:
    keys = {one.key for one in spec.fields if one.type is FieldType.UNIT}
    kept = tuple(one for one in now.problems if not _is_about_the_unit(one, keys))
    if decision.distrusted and all(one.code is not ProblemCode.UNTRUSTED_SENDER for one in kept):
        kept = (*kept, Problem(ProblemCode.UNTRUSTED_SENDER))
    sentence = f"归属单位由经办人{_signed(decision)}确定为{decision.unit}（原为{now.unit or '未能对应'}）"
    return replace(now, unit=decision.unit, problems=kept, by_hand=(*now.by_hand, sentence))


def _is_about_the_unit(problem: Problem, keys: set[str]) -> bool:
    if problem.field is not None:
        return problem.field in keys
    return problem.code in _UNIT_CODES and problem.detail not in set(Doubt)


def _returned(now: StoredSubmission, decision: Decision) -> StoredSubmission:
    if now.state is CellState.NO_INTENT:
        return now
    told = (Problem(ProblemCode.RETURNED, given=decision.note),) if decision.note else ()
    sentence = f"经办人{_signed(decision)}退回补正"
    return replace(now, state=CellState.CORRECTION, problems=(*now.problems, *told), by_hand=(*now.by_hand, sentence))


def _judged(now: StoredSubmission, read: StoredSubmission, *, doubtful: bool) -> StoredSubmission:
    """Return a submission that was changed in the state that is left of it.

    What waited for a person for a reason that is no problem of its own (a refuted sender, a junk folder) goes on waiting,
    and so does one that a person would still have to look at; a form that only its sender can mend stays that, and one
    that a person has accepted stays accepted.
    """
    if now.state is CellState.NO_INTENT:
        return now
    distrusted = any(one.code is ProblemCode.UNTRUSTED_SENDER for one in now.problems)
    undecided = now.state is CellState.REVIEW and (doubtful or _wants_a_person(now, read))
    waits = now.unit is None or distrusted or undecided
    state = CellState.REVIEW if waits else CellState.CORRECTION if now.problems else CellState.ACCEPTED
    return replace(now, state=state)


def _wants_a_person(now: StoredSubmission, read: StoredSubmission) -> bool:
    codes = FOR_A_PERSON | {ProblemCode.UNREADABLE}  # of a scan it is looked at; that it was one is not known here
    if any(one.code in codes for one in now.problems):
        return True
    return read.unit is not None and not any(one.code in codes for one in read.problems)


# --- the mail as a whole ----------------------------------------------------------------------------------------------


def mail_doubts(told: Iterable[str], submissions: Iterable[StoredSubmission], forms: Forms) -> tuple[str, ...]:
    """Given why a mail waits for a person, return the reasons that are not a submission's own.

    `submissions` as the program read them. A question beside the form, a refuted sender, a second file.
    """
    explained = {reasons.ALL_COMPLETE, reasons.NO_INTENT, reasons.DECIDED_OTHERWISE}
    for one in submissions:
        explained.update(reasons.of_submission(one, forms[one.form]) if one.form in forms else ())
        explained.update(one.notes)
    return tuple(sentence for sentence in told if sentence not in explained)


def is_settled(
    decisions: Iterable[Decision],
    read: Iterable[StoredSubmission],
    now: Iterable[StoredSubmission],
    *,
    doubts: Iterable[str],
) -> bool:
    """Given a mail that waited for a person, return whether it waits no more.

    `read` are its submissions as the program read them, `now` as `decided` returns them. It is settled when it is no
    submission at all, or when none of them waits and whatever was doubtful of the mail as a whole was seen by somebody
    who accepted it or sent it back.
    """
    decisions, now, read = tuple(decisions), tuple(now), tuple(read)
    if any(one.state is CellState.REVIEW for one in now):
        return False
    if any(one.kind is DecisionKind.DISMISS for one in decisions):
        return not now
    if not now:
        return not read and any(one.kind is DecisionKind.RETURN for one in decisions)
    if not decisions:
        return False
    if not tuple(doubts) and any(one.state is CellState.REVIEW for one in read):
        return True
    judged = {one.ordinal for one in decisions if one.kind in (DecisionKind.ACCEPT, DecisionKind.RETURN)}
    return None in judged or judged >= {one.ordinal for one in now if one.state is not CellState.NO_INTENT}


# --- what people type -------------------------------------------------------------------------------------------------


def field_named(spec: FormSpec, name: str) -> FieldSpec | None:
    """Given what a person calls a field (its key, its label or an alias), return it; None if there is none, or several."""
    for one in spec.fields:
        if name == one.key:
            return one
    named = [one for one in spec.fields if fold(name) == fold(one.label)]
    named = named or [one for one in spec.fields if fold(name) in {fold(alias) for alias in one.aliases}]
    return named[0] if len(named) == 1 else None


def typed_values(
    spec: FormSpec, typed: Mapping[str, str], *, area_code: str
) -> tuple[tuple[Given, ...], tuple[str, ...]]:
    """Given the fields of a form as a person typed them, return their values and what is wrong, a sentence each.

    They are checked as a sender's are; what would not be kept as a value (同上, （必填）) is wrong, for it would vanish.
    `area_code` is the office's own. A unit is not typed but chosen from the roster.
    """
    given: dict[str, Given] = {}
    faults: list[str] = []
    for name, text in typed.items():
        field = field_named(spec, name)
        if field is None:
            faults.append(f"《{spec.title}》没有“{name}”这一栏，或不止一栏叫这个名称")
        elif field.type is FieldType.UNIT:
            faults.append(f"“{field.label}”不能直接改，请用“归属单位”指定名册上的单位")
        elif field.key in given:
            faults.append(f"“{field.label}”写了两次")
        else:
            checked = check(field, text, area_code=area_code)
            if checked.problem is not None:
                faults.append(problem_text(checked.problem, field.label, field.type))
            elif checked.value is None and not _says_nothing(text):
                faults.append(f"“{field.label}”这里写的“{_short(_shown(text))}”看作没有填写，请写明内容，或留空")
            given[field.key] = Given(field.key, text, checked.value)
    return tuple(given.values()), tuple(faults)


def _says_nothing(text: str) -> bool:
    """Return whether a person typed that there is none: 无, /, —. A lone x may as well be a slip of the hand."""
    return is_nothing(text) and fold(text) not in ("x", "\u00d7")


def problem_words(problems: Iterable[Problem], spec: FormSpec) -> tuple[str, ...]:
    """Given the problems of a form, return a sentence for each, for the clerk."""
    specs = {one.key: one for one in spec.fields}
    found = []
    for problem in problems:
        field = specs.get(problem.field or "")
        found.append(
            file_text(problem, clerk=True) if field is None else problem_text(problem, field.label, field.type)
        )
    return tuple(dict.fromkeys(found))


def _shown(value: str | bool | None) -> str:  # noqa: FBT001 - a field's value, not a switch
    if isinstance(value, bool):
        return "是" if value else "否"
    return " ".join((value or "").split())


def _short(text: str) -> str:
    text = text or "空"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
