"""One unit of the record: contacts, what it owes, the versions of each form, and all that went between it and the office.

In: the `App`, a name of today, the unit of the roster (None: it left it). Out: `UnitSheet`, frozen. Stage after: the page
单位 and `intake unit`. Rows keep the name of their day; they are found under every name of a unit.
"""

from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from intake import noting
from intake.audience import asked_of
from intake.db import by_hand
from intake.db.models import BadAddressRow, DecisionRow, MessageRow, OutboxRow, UnitNoteRow
from intake.ledger import Ledger
from intake.model import FormId, NoteKind, UnitName
from intake.roster import Unit
from intake.settings import Collection
from intake.standing import Mark, mark_of, owes
from intake.words import NOTE_KIND_WORDS
from scheduler.app import App
from scheduler.lookup.history import Decided, Event, Letter, Mail, UnitNote, history
from scheduler.lookup.versions import Shown, shown_versions

MOST = 300  # mails, and letters, of one unit that are shown: a unit sends some ten; the rest is told as a number


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the roster, and since when and why it bounces."""

    address: str
    bounced_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FormShown:
    """One form of the campaign as this unit stands with it. `asked` in words; `rolling`: versions replace nothing."""

    id: str
    label: str
    title: str
    collection: Collection
    asked: str
    mark: Mark
    rolling: bool
    versions: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class NoteShown:
    """What a person noted, in words: what, of which form. `undone_at`: taken back."""

    id: int
    at: datetime
    words: str
    title: str
    text: str
    who: str
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class UnitSheet:
    """All of one unit. `others` are addresses off the roster that its forms came from; `cut`: not all mails are among
    the `events`. `notes` newest first; `seen` changes with them (`noting.prospect`).
    """

    name: UnitName
    unit: Unit | None
    addresses: tuple[Address, ...]
    others: tuple[str, ...]
    forms: tuple[FormShown, ...]
    events: tuple[Event, ...]
    notes: tuple[NoteShown, ...]
    cut: bool
    seen: str


def unit_sheet(app: App, name: UnitName, unit: Unit | None) -> UnitSheet | None:
    """Given a unit of the roster, or only the name of one that left it, return its sheet; None if nothing is known of it."""
    campaign = app.settings.campaign
    names = (name,) if unit is None else unit.names
    addresses = frozenset[str]() if unit is None else frozenset(one.lower() for one in unit.addresses)
    with app.bench.reading() as record:
        ledger = app.bench.ledgers.read(record)
        of_unit = [one for one in ledger.submissions if one.unit == name]
        bounced = _bounced(record, addresses)
        made = list(_decisions(record, app, name, {(one.message_id, one.ordinal) for one in of_unit}))
        came_with = {one.message_id for one in of_unit} | {one.message_id for one, certain in made if certain}
        mails = _mails(record, came_with, addresses)
        letters = _letters(record, names, [one.id for one in mails])
        notes = _notes(record, campaign.id, names)
        seen = noting.prospect(record, app.bench, name, None, call=True).seen
    shown = {one.id for one in mails}
    decisions = [one for one, certain in made if certain or one.message_id in shown]
    if unit is None and not (of_unit or letters or notes or decisions):
        return None
    titles = {one.id: one.form.title for one in campaign.collections}
    return UnitSheet(
        name=name,
        unit=unit,
        addresses=tuple(bounced.get(one.lower(), Address(one)) for one in (unit.addresses if unit is not None else ())),
        others=_other_senders(ledger, name, addresses),
        forms=tuple(_forms(app, ledger, name, unit, addresses)),
        events=history(mails, letters, notes, decisions, submissions=of_unit, titles=titles),
        notes=tuple(note_shown(one, titles) for one in notes),
        cut=len(mails) >= MOST or len(letters) >= MOST,
        seen=seen,
    )


def _forms(
    app: App, ledger: Ledger, name: UnitName, unit: Unit | None, addresses: frozenset[str]
) -> Iterable[FormShown]:
    now = app.clock.now()
    for one in app.settings.campaign.collections:
        limit_at = app.bench.late_after.get(one.id)
        yield FormShown(
            one.id,
            one.letter_label,
            one.form.title,
            one,
            _asked(one, unit),
            mark_of(ledger.state.cell(name, one.id), unit, one, limit_at=limit_at, now=now),
            one.deadline is None,
            shown_versions(one, ledger.versions(name, one.id), addresses=addresses, limit_at=limit_at),
        )


def note_shown(note: UnitNote, titles: Mapping[FormId, str]) -> NoteShown:
    """Given a note and the forms' titles by id, return it in words."""
    words = NOTE_KIND_WORDS[NoteKind(note.kind)] if note.kind in (*NoteKind,) else note.kind
    title = "全部" if note.form is None else f"《{titles.get(FormId(note.form), note.form)}》"
    return NoteShown(note.id, note.at, words, title, note.text, note.who, note.undone_at, note.undone_by)


def _asked(collection: Collection, unit: Unit | None) -> str:
    if unit is None or not asked_of(collection, unit):
        return "不要求"
    return "应报" if owes(unit, collection) else "自愿" if collection.voluntary else "有则报"


def _other_senders(ledger: Ledger, name: UnitName, addresses: frozenset[str]) -> tuple[str, ...]:
    """Return the addresses off the roster from which a form of the unit that is in force came."""
    found = dict.fromkeys(one.from_address for one in ledger.submissions if one.unit == name and one.current)
    return tuple(one for one in found if one and one.lower() not in addresses)


# --- what the record has ---------------------------------------------------------------------------------------------


def _bounced(record: Session, addresses: Iterable[str]) -> dict[str, Address]:
    rows = record.execute(
        select(BadAddressRow.address, BadAddressRow.since, BadAddressRow.reason).where(
            BadAddressRow.address.in_(list(addresses))
        )
    )
    return {address: Address(address, since, reason) for address, since, reason in rows}


def _mails(record: Session, numbers: Iterable[int], addresses: Iterable[str]) -> list[Mail]:
    """Return the mails that brought a form of the unit, came from an address of it, or told that one bounces."""
    told = select(BadAddressRow.message_id).where(BadAddressRow.address.in_(list(addresses)))
    rows = record.execute(
        select(
            MessageRow.id,
            MessageRow.arrived_at,
            MessageRow.from_address,
            MessageRow.subject,
            MessageRow.state,
            MessageRow.disposition,
            MessageRow.sender_kind,
            MessageRow.review_open,
        )
        .where(
            or_(
                MessageRow.id.in_(sorted(numbers)[-MOST:]),
                MessageRow.from_address.in_(list(addresses)),
                MessageRow.id.in_(told),
            )
        )
        .order_by(MessageRow.arrived_at.desc(), MessageRow.id.desc())
        .limit(MOST)
    )
    return [Mail(*row) for row in rows]


def _letters(record: Session, names: Iterable[str], causes: Iterable[int]) -> list[Letter]:
    """Return the letters to the unit, and the answers to its mails in which no unit could be found."""
    rows = record.execute(
        select(
            OutboxRow.id,
            OutboxRow.kind,
            OutboxRow.to_address,
            OutboxRow.subject,
            OutboxRow.state,
            OutboxRow.created_at,
            OutboxRow.sent_at,
            OutboxRow.forms,
        )
        .where(or_(OutboxRow.unit.in_(list(names)), OutboxRow.cause_id.in_(list(causes))))
        .order_by(OutboxRow.id.desc())
        .limit(MOST)
    )
    return [
        Letter(number, kind, to_address, subject, state, created_at, sent_at, tuple(forms))
        for number, kind, to_address, subject, state, created_at, sent_at, forms in rows
    ]


def _notes(record: Session, campaign: str, names: Iterable[str]) -> list[UnitNote]:
    rows = record.scalars(
        select(UnitNoteRow)
        .where(UnitNoteRow.campaign == campaign, UnitNoteRow.unit.in_(list(names)))
        .order_by(UnitNoteRow.at.desc(), UnitNoteRow.id.desc())
    )
    return [
        UnitNote(row.id, row.kind, row.form, row.text, row.who, row.at, row.undone_at, row.undone_by) for row in rows
    ]


def _decisions(
    record: Session, app: App, name: UnitName, places: Several[tuple[int, int]]
) -> Iterator[tuple[Decided, bool]]:
    """Yield what people decided that may concern the unit, and whether it does for certain.

    `places` are the forms in mails that count as the unit's now. What was decided of a mail in which no unit had been
    found concerns whoever sent it.
    """
    labels = {
        (str(one.id), spec.key): spec.label for one in app.settings.campaign.collections for spec in one.form.fields
    }
    rows = record.execute(
        select(DecisionRow, MessageRow.id, MessageRow.subject)
        .join(MessageRow, MessageRow.sha256 == DecisionRow.sha256)
        .order_by(DecisionRow.id)
    )
    for row, message_id, subject in rows:
        one = by_hand.decision_of(row)
        seen = [place for at, place in one.seen.items() if one.ordinal in (None, at)]
        read_as = [unit for unit in (place.unit for place in seen) if unit is not None]
        units = {app.bench.roster.name_of_the_day(unit) for unit in (one.unit, *read_as) if unit is not None}
        certain = name in units or (one.ordinal is not None and (message_id, one.ordinal) in places)
        if not certain and units:
            continue
        forms = tuple(str(place.form) for place in seen)
        told = tuple(dict.fromkeys(labels.get((form, given.key), given.key) for given in one.given for form in forms))
        yield (
            Decided(
                message_id, one.ordinal, row.kind, forms, one.unit, next(iter(read_as), None), told, one.note, subject,
                one.who, one.at, row.undone_at, row.undone_by,
            ),
            certain,
        )  # fmt: skip
