"""What the 汇总表 has to say about single submissions: late, mended, changed, to review, of nobody on the roster. Pure.

In: campaign, ledger, the instants after which a form is late. Out: the 备注 of one row, and the `Event`s of the sheet
情况说明. Stage after: `summary_tables`, which lays them out.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from zoneinfo import ZoneInfo

from intake.audience import days_after
from intake.fault_words import file_text, problem_text
from intake.ledger import Ledger
from intake.merge import about, differences
from intake.model import Cell, CellState, FormId, StoredSubmission, UnitName
from intake.pieces import value_key
from intake.settings import Campaign, Collection
from intake.words import STATE_WORDS, moment_words
from parsers.forms import FieldReading, FieldType, FormKind, ProblemCode
from parsers.text import fold

SHANGHAI = ZoneInfo("Asia/Shanghai")
_BLANK = "（空）"
Version = tuple[StoredSubmission, ...]
Pair = tuple[StoredSubmission | None, StoredSubmission | None]  # before, after; one of them is there


class EventKind(StrEnum):
    """What sort of thing happened, in the order of the sheet."""

    LATE = "late"
    CHANGED = "changed"
    CORRECTION = "correction"
    REVIEW = "review"
    NO_INTENT = "no_intent"
    STRANGER = "stranger"  # of no unit of the roster
    BY_HAND = "by_hand"  # what a person of the office did to a form
    EXEMPT = "exempt"  # a person excused the unit


@dataclass(frozen=True, slots=True)
class Event:
    """One line of 情况说明. `unit` is None where nobody on the roster could be found, `arrived_at` where no mail came."""

    kind: EventKind
    form: FormId
    unit: UnitName | None
    words: str
    arrived_at: datetime | None
    from_address: str


def shown(value: str | bool | None) -> str:  # noqa: FBT001 - a field's value, not a switch
    """Return a field's value as a table shows it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value or ""


def stamp(instant: datetime) -> str:
    """Return an instant as a table shows it, in Shanghai: 2025-05-29 10:42."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def value_of(submission: StoredSubmission, key: str) -> str:
    """Return the value of a submission's field as a table shows it."""
    return shown(next((one.value for one in submission.fields if one.key == key), None))


class Remarks:
    """The remarks of one campaign at one moment."""

    def __init__(self, campaign: Campaign, ledger: Ledger, late_after: Mapping[FormId, datetime]) -> None:
        self._collections = {one.id: one for one in campaign.collections}
        self._ledger = ledger
        self._late_after = late_after
        versions: dict[tuple[UnitName, FormId], dict[int, list[StoredSubmission]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for one in ledger.submissions:
            if one.unit is not None:
                versions[one.unit, one.form][one.version].append(one)
        self._versions = {
            key: {number: tuple(members) for number, members in numbered.items()} for key, numbered in versions.items()
        }

    def of(self, submission: StoredSubmission, cell: Cell, *, listed: bool) -> str:
        """Given a submission in force, return its 备注. `listed`: its unit stands on the roster."""
        parts = [self._behind(submission, cell), self._lateness(submission)]
        if submission.state is not CellState.ACCEPTED:
            faults = self._faults(submission)
            parts.append(
                f"{STATE_WORDS[submission.state]}：{'；'.join(faults)}" if faults else STATE_WORDS[submission.state]
            )
        parts += [self._mended(cell), self._written_unit(submission), *submission.by_hand, *submission.notes]
        if not listed:
            parts.append("单位不在现行名册")
        return "；".join(part for part in parts if part)

    def _behind(self, submission: StoredSubmission, cell: Cell) -> str:
        """Return that a newer form is to be mended. Of what is collected at any time only the newest row says it."""
        replaces = self._collections[cell.form].deadline is not None
        if not cell.pending or not (replaces or submission is cell.submissions[-1]):
            return ""
        newest = cell.pending[-1]
        asked = "、".join(dict.fromkeys(fault for one in cell.pending for fault in self._faults(one)))
        came = f"该单位{moment_words(newest.arrived_at)}又报来一份（第{newest.message_id}号来件），{STATE_WORDS[newest.state]}"
        return f"{came}{f'：{asked}' if asked else ''}{'，补正前以本行为准' if replaces else ''}"

    def events(self, listed: frozenset[UnitName]) -> Iterator[Event]:
        """Yield what there is to tell, in no particular order. `listed` are the units of the roster."""
        for cell in self._ledger.state.cells.values():
            if cell.form in self._collections:
                yield from self._events_of(cell, listed=cell.unit in listed)
        for one in self._ledger.submissions:
            if one.by_hand and one.form in self._collections:
                yield _event(EventKind.BY_HAND, one, "；".join(one.by_hand))
            if one.unit is None and one.form in self._collections:
                told = any(problem.code is ProblemCode.UNKNOWN_UNIT and problem.given for problem in one.problems)
                written = "" if told else self._written_unit(one) or "表内未写明单位"
                yield _event(EventKind.STRANGER, one, "；".join(filter(None, (written, self._reasons(one)))))

    def _events_of(self, cell: Cell, *, listed: bool) -> Iterator[Event]:
        if cell.by_hand:
            yield Event(EventKind.EXEMPT, cell.form, cell.unit, cell.by_hand, None, "")
        if not cell.submissions:
            return
        newest = cell.submissions[-1]
        if not listed:
            yield _event(EventKind.STRANGER, newest, f"单位不在现行名册，已收{len(cell.submissions)}份")
        if cell.state is CellState.NO_INTENT:
            yield _event(EventKind.NO_INTENT, newest, "回复无意向或零报告")
        for one in cell.submissions:
            if one.late and cell.state is not CellState.NO_INTENT:
                yield _event(EventKind.LATE, one, self._lateness(one))
        former = self._former(cell)
        changed = [] if former is None else changes(self._collections[cell.form], former, cell.submissions)
        if former and changed:
            when = f"（第{former[-1].version}版 {stamp(former[-1].arrived_at)} → 第{newest.version}版）"
            yield _event(EventKind.CHANGED, newest, "；".join(changed) + when)
        yield from self._open_events(cell)

    def _open_events(self, cell: Cell) -> Iterator[Event]:
        """Yield what waits for somebody: in force for want of better, or newer than the version in force."""
        in_force = cell.submissions[-1].version
        for number, members in self._versions.get((cell.unit, cell.form), {}).items():
            for one in members:
                kind = _OPEN.get(one.state)
                if kind is None or number < in_force:
                    continue
                rest = f"（汇总表仍用第{in_force}版）" if number > in_force else ""
                yield _event(kind, one, self._reasons(one) + rest)

    def _lateness(self, submission: StoredSubmission) -> str:
        limit_at = self._late_after.get(submission.form)
        if not submission.late or limit_at is None:
            return ""
        return f"逾期{days_after(limit_at, submission.arrived_at)}天"

    def _mended(self, cell: Cell) -> str:
        former = self._former(cell)
        if not former or any(one.state is not CellState.ACCEPTED for one in cell.submissions):
            return ""
        if any(one.state is CellState.CORRECTION for one in former):
            return "补正后受理"
        changed = changes(self._collections[cell.form], former, cell.submissions)
        return f"已更正（第{cell.submissions[-1].version}版）" if changed else ""

    def _former(self, cell: Cell) -> Version | None:
        """Return the version that the one in force replaced; None if there is none, or if nothing is replaced (rolling)."""
        if self._collections[cell.form].deadline is None:
            return None
        in_force = cell.submissions[-1].version
        for number, members in sorted(self._versions.get((cell.unit, cell.form), {}).items(), reverse=True):
            if number < in_force and all(one.state in _COMPARABLE for one in members):
                return members
        return None

    def _reasons(self, submission: StoredSubmission) -> str:
        return "；".join([*self._faults(submission), *submission.notes]) or "需人工核实"

    def _faults(self, submission: StoredSubmission) -> list[str]:
        return faults(self._collections[submission.form], submission)

    def _written_unit(self, submission: StoredSubmission) -> str:
        """Return how the unit is written in the form, where that is not its name on the roster."""
        for spec in self._collections[submission.form].form.fields:
            if spec.type is FieldType.UNIT:
                written = next((one.raw for one in submission.fields if one.key == spec.key), "")
                if written.strip() and fold(written) != fold(submission.unit or ""):
                    return f"表内单位写作“{' '.join(written.split())}”"
        return ""


_OPEN = {CellState.CORRECTION: EventKind.CORRECTION, CellState.REVIEW: EventKind.REVIEW}
_COMPARABLE = frozenset({CellState.ACCEPTED, CellState.CORRECTION})


def faults(collection: Collection, submission: StoredSubmission) -> list[str]:
    """Given a submission, return what is wrong with it in words for the clerk, each once."""
    specs = {spec.key: spec for spec in collection.form.fields}
    found = []
    for problem in submission.problems:
        spec = specs.get(problem.field or "")
        words = file_text(problem, clerk=True) if spec is None else problem_text(problem, spec.label, spec.type)
        found.append(words)
    return list(dict.fromkeys(found))


def naming_field(collection: Collection, before: Version, after: Version) -> str | None:
    """Return the key of the field by which people of two versions are told apart; None if each is one form, or no person's."""
    several = len(before) > 1 or len(after) > 1
    return collection.form.fields[0].key if several and about(collection.form) is FieldType.PERSON else None


def paired(collection: Collection, before: Version, after: Version) -> list[Pair]:
    """Given two versions of a form, return what of the one is what of the other: people by name, else by their order."""
    key = naming_field(collection, before, after)
    if key is None:
        return list(zip_longest(before, after))
    rest: dict[str, list[StoredSubmission]] = defaultdict(list)  # two people may have one name
    for one in before:
        rest[value_key(value_of(one, key))].append(one)
    pairs: list[Pair] = []
    for new in after:
        namesakes = rest[value_key(value_of(new, key))]
        pairs.append((namesakes.pop(0) if namesakes else None, new))
    return [*pairs, *((old, None) for namesakes in rest.values() for old in namesakes)]


def changes(collection: Collection, before: Version, after: Version) -> list[str]:
    """Given two versions of a form, return what is different, such as ``手机：139… → 138…``.

    Where the form is about a person, people are paired by name; else by their order.
    """
    key = naming_field(collection, before, after)
    found: list[str] = []
    for old, new in paired(collection, before, after):
        if old is not None and new is not None:
            name = "" if key is None else f"{value_of(new, key)}："
            found += [f"{name}{line}" for line in _differences(collection, old, new)]
        elif key is not None:
            found += [f"新增{value_of(new, key)}"] if new is not None else []
            found += [f"不再列出{value_of(old, key)}"] if old is not None else []
    if key is None and len(before) != len(after):
        found.append(f"原{len(before)}份，现{len(after)}份")
    return found


def _differences(collection: Collection, before: StoredSubmission, after: StoredSubmission) -> list[str]:
    old = {one.key: one for one in before.fields}
    new = {one.key: one for one in after.fields}
    differing = differences(before.fields, after.fields)
    lines = [
        f"{spec.label}：{side(old.get(spec.key))} → {side(new.get(spec.key))}"
        for spec in collection.form.fields
        if spec.key in differing and spec.type is not FieldType.UNIT
    ]
    if collection.form.kind is FormKind.DOCUMENT:
        lines.append(f"重新报送材料：{before.attachment or '邮件正文'} → {after.attachment or '邮件正文'}")
    return lines


def side(reading: FieldReading | None) -> str:
    """Return one side of a change: the value, or the text as it stood where it was no value."""
    if reading is None:
        return _BLANK
    return shown(reading.value) or reading.raw.strip() or _BLANK


def _event(kind: EventKind, submission: StoredSubmission, words: str) -> Event:
    return Event(kind, submission.form, submission.unit, words, submission.arrived_at, submission.from_address)
