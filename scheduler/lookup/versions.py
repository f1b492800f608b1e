"""The versions of one unit × form as a page shows them: who sent each, when, what differs from the one before. Pure.

In: the ledger's versions, the collection, the last instant in time. Out: `Shown` versions with every value, where it was
read (`places`), and field by field what changed. Two values that differ in one character differ here, even where
a letter would call them the same. Must not: choose or change a value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from intake.audience import days_after
from intake.model import CellState, StoredSubmission
from intake.places import place_words, rule_words
from intake.settings import Collection
from intake.standing import STANDING_WORDS, Standing
from intake.summary_remarks import Version, faults, naming_field, paired, shown, side, value_of
from parsers.forms import FormKind

_MOST = (
    4_000  # characters of one value on a page; the field types allow no more, but a raw text may be a whole document
)

_STATES: Mapping[CellState, str] = {
    state: STANDING_WORDS[Standing(state.value)]
    for state in (CellState.CORRECTION, CellState.REVIEW, CellState.ACCEPTED, CellState.NO_INTENT, CellState.EXEMPT)
} | {CellState.NOT_SUBMITTED: STANDING_WORDS[Standing.MISSING]}


@dataclass(frozen=True, slots=True)
class Value:
    """One field. `written` is the text as it stood, "" if it is the value itself; `place` and `rule` are Chinese words.

    `picture` is the cell of a scan (base64 of a JPEG), where what stands in it is doubtful.
    """

    label: str
    value: str
    written: str
    place: str
    rule: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """One filled form of a version: of one person where several came with one mail."""

    name: str
    attachment: str
    state: CellState
    words: str
    values: tuple[Value, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    by_hand: tuple[str, ...] = ()  # what people did to it, a sentence each


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one copy. `changed` and `same` are (label, before, after); one that came or went has `fate` words."""

    name: str
    fate: str
    changed: tuple[tuple[str, str, str], ...]
    same: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One version. `lateness` is "" if in time; `from_roster` whether its sender's address is the unit's on the roster.

    `message_id` is None of a paper copy: it came with no mail.
    """

    number: int
    message_id: int | None
    arrived_at: datetime
    from_address: str
    from_roster: bool
    in_force: bool
    states: tuple[tuple[CellState, str], ...]
    lateness: str
    copies: tuple[Copy, ...]
    changes: tuple[Change, ...]  # against the version before; () for the first, and where one replaces nothing


def shown_versions(
    collection: Collection,
    versions: Iterable[Version],
    *,
    addresses: frozenset[str],
    limit_at: datetime | None,
) -> tuple[Shown, ...]:
    """Given the versions of one unit × form, oldest first, return them newest first. `addresses`: the unit's, lower case."""
    found: list[Shown] = []
    before: Version = ()
    for version in versions:
        first = version[0]
        several = len(version) > 1
        # What is collected at any time replaces nothing; 无意向 has no fields to compare.
        compared = before and collection.deadline is not None and not _is_declined(version) and not _is_declined(before)
        found.append(
            Shown(
                first.version,
                first.message_id if first.message_id > 0 else None,
                first.arrived_at,
                first.from_address,
                first.from_address.lower() in addresses,
                any(one.current for one in version),
                tuple(dict.fromkeys((one.state, _STATES[one.state]) for one in version)),
                _lateness(first, limit_at),
                tuple(_copy(collection, one, at, several=several) for at, one in enumerate(version, start=1)),
                tuple(_changes(collection, before, version)) if compared else (),
            )
        )
        before = version
    return tuple(reversed(found))


def _is_declined(version: Version) -> bool:
    return all(one.state is CellState.NO_INTENT for one in version)


def _lateness(submission: StoredSubmission, limit_at: datetime | None) -> str:
    if not submission.late or limit_at is None or submission.state is CellState.NO_INTENT:
        return ""
    return f"逾期{days_after(limit_at, submission.arrived_at)}天"


def _copy(collection: Collection, submission: StoredSubmission, at: int, *, several: bool) -> Copy:
    name = ""
    if several:
        key = naming_field(collection, (submission, submission), ())
        name = (value_of(submission, key) if key is not None else "") or f"第{at}份"
    return Copy(
        name,
        submission.attachment or "",
        submission.state,
        _STATES[submission.state],
        tuple(_values(collection, submission)),
        tuple(faults(collection, submission)),
        submission.notes,
        submission.by_hand,
    )


def _values(collection: Collection, submission: StoredSubmission) -> Iterable[Value]:
    readings = {one.key: one for one in submission.fields}
    for spec in collection.form.fields:
        reading = readings.get(spec.key)
        if reading is None:
            yield Value(spec.label, "", "", "", "")
            continue
        value, raw = shown(reading.value), reading.raw.strip()
        written = "" if raw == value else _cut(raw)
        place = place_words(reading.place) if reading.place else ""
        yield Value(spec.label, _cut(value), written, place, rule_words(reading.rule), reading.picture)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[:_MOST]}…（共{len(text)}字）"


def _changes(collection: Collection, before: Version, after: Version) -> Iterable[Change]:
    key = naming_field(collection, before, after)
    several = len(before) > 1 or len(after) > 1
    for at, (old, new) in enumerate(paired(collection, before, after), start=1):
        one = new or old
        name = ""
        if one is not None and several:
            name = (value_of(one, key) if key is not None else "") or f"第{at}份"
        if old is None or new is None:
            yield Change(name, "新增" if old is None else "不再列出", (), ())
            continue
        lines = list(_lines(collection, old, new))
        yield Change(
            name,
            "",
            tuple(line for line in lines if line[1] != line[2]),
            tuple(line for line in lines if line[1] == line[2]),
        )


def _lines(collection: Collection, before: StoredSubmission, after: StoredSubmission) -> Iterable[tuple[str, str, str]]:
    old, new = ({one.key: one for one in side_.fields} for side_ in (before, after))
    for spec in collection.form.fields:
        yield spec.label, _cut(side(old.get(spec.key))), _cut(side(new.get(spec.key)))
    if collection.form.kind is FormKind.DOCUMENT:
        yield "材料", _cut(before.attachment or "邮件正文"), _cut(after.attachment or "邮件正文")
