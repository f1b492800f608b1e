"""单位: one unit with its contacts, what it owes, the versions of each form, and all that went between it and the office.

In: the unit's place on the roster, or the name of one that left it. Out: values for `unit.html`. This is the page of one
item: numbers and addresses stand here in full. Rows keep the name of their day; they are found under every name of a unit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from intake.audience import asked_of
from intake.db.models import BadAddressRow, MessageRow, OutboxRow, UnitNoteRow
from intake.ledger import Ledger
from intake.model import UnitName
from intake.roster import Unit
from intake.settings import Collection
from intake.standing import Mark, mark_of, owes
from scheduler.web.context import desk
from scheduler.web.doors import page
from scheduler.web.history import Event, Letter, Mail, UnitNote, history
from scheduler.web.links import link
from scheduler.web.versions import Shown, shown_versions

pages = Blueprint("units", __name__)

_MOST = 300  # mails, and letters, of one unit on its page: a unit sends some ten; the rest is told as a number


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


@pages.get("/units/<int:order>")
@page
def show(order: int) -> ResponseReturnValue:
    """Show the unit at that place of the roster."""
    units = desk().app.bench.roster.units
    unit = next((one for one in units if one.order == order), None)
    if unit is None:
        abort(404)
    return _shown(UnitName(unit.name), unit)


@pages.get("/units/by-name/<path:name>")
@page
def by_name(name: str) -> ResponseReturnValue:
    """Show a unit that left the roster; one that is on it (renamed since, or come back) has its page at its place."""
    roster = desk().app.bench.roster
    today = roster.name_of_the_day(name)
    unit = next((one for one in roster.units if one.name == today), None)
    if unit is not None:
        return redirect(url_for("units.show", order=unit.order))
    return _shown(UnitName(name), None)


def _shown(name: UnitName, unit: Unit | None) -> ResponseReturnValue:
    here = desk()
    campaign, late_after, now = here.app.settings.campaign, here.app.bench.late_after, here.app.clock.now()
    names = (name,) if unit is None else unit.names
    addresses = frozenset[str]() if unit is None else frozenset(one.lower() for one in unit.addresses)
    with here.app.bench.reading() as record:
        ledger = here.ledger(record)
        of_unit = [one for one in ledger.submissions if one.unit == name]
        bounced = _bounced(record, addresses)
        came_with = {one.message_id for one in of_unit}
        mails = _mails(record, came_with, addresses)
        letters = _letters(record, names, [one.id for one in mails])
        notes = _notes(record, campaign.id, names)
    if unit is None and not (of_unit or letters or notes):
        abort(404)
    events = history(
        mails, letters, notes, submissions=of_unit, titles={one.id: one.form.title for one in campaign.collections}
    )
    forms = []
    for one in campaign.collections:
        mark = mark_of(ledger.state.cell(name, one.id), unit, one, limit_at=late_after.get(one.id), now=now)
        versions = shown_versions(
            one, ledger.versions(name, one.id), addresses=addresses, limit_at=late_after.get(one.id)
        )
        rolling = one.deadline is None
        forms.append(
            FormShown(one.id, one.letter_label, one.form.title, one, _asked(one, unit), mark, rolling, versions)
        )
    return render_template(
        "unit.html",
        name=name,
        unit=unit,
        addresses=[bounced.get(one.lower(), Address(one)) for one in (unit.addresses if unit is not None else ())],
        forms=forms,
        events=[(one, _address_of(one)) for one in events],
        notes=notes,
        cut=len(mails) >= _MOST or len(letters) >= _MOST,
        most=_MOST,
        link=link,
        neighbors=_neighbors(unit),
        others=_other_senders(ledger, name, addresses),
    )


def _asked(collection: Collection, unit: Unit | None) -> str:
    if unit is None or not asked_of(collection, unit):
        return "不要求"
    return "应报" if owes(unit, collection) else "自愿" if collection.voluntary else "有则报"


def _neighbors(unit: Unit | None) -> tuple[Unit | None, Unit | None]:
    if unit is None:
        return None, None
    by_order = {one.order: one for one in desk().app.bench.roster.units}
    return by_order.get(unit.order - 1), by_order.get(unit.order + 1)


def _other_senders(ledger: Ledger, name: UnitName, addresses: frozenset[str]) -> tuple[str, ...]:
    """Return the addresses off the roster from which a form of the unit that is in force came."""
    found = dict.fromkeys(one.from_address for one in ledger.submissions if one.unit == name and one.current)
    return tuple(one for one in found if one and one.lower() not in addresses)


def _address_of(event: Event) -> str | None:
    endpoints = {"IN": "mails.show", "OUT": "outbox.show"}
    endpoint = endpoints.get(event.way.name)
    return None if endpoint is None else link(endpoint, event.number)


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
                MessageRow.id.in_(sorted(numbers)[-_MOST:]),
                MessageRow.from_address.in_(list(addresses)),
                MessageRow.id.in_(told),
            )
        )
        .order_by(MessageRow.arrived_at.desc(), MessageRow.id.desc())
        .limit(_MOST)
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
        .limit(_MOST)
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
