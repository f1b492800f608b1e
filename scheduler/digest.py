"""The 日报: once a working day to the clerk, and the heartbeat of the whole: who does not get it knows that it stands still.

In: what the record says, as values. Out: one draft an address. Pure.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from intake.answers import bounce_words
from intake.ledger import Ledger
from intake.model import CellState, Draft, FormId, LetterKind, ReminderRecord, UnitName
from intake.roster import Roster, Unit
from intake.settings import Campaign, Clerk, Collection
from intake.standing import counts_of, owes, tally_of
from intake.summary_matter import Waiting
from intake.summary_remarks import changes
from scheduler.workdays import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Health:
    """How the service does. `troubles` are the sentences of `health.Health`.

    `held` and `uncertain` count letters, `refused` those of the held that the server has refused.
    """

    last_poll_at: datetime | None
    last_error: str
    last_backup_at: datetime | None
    disk_free_percent: int
    held: int
    uncertain: int
    refused: int = 0
    troubles: tuple[str, ...] = ()
    is_on_server: bool = False  # the database is backed up by others, where we can't look


def is_time(clerk: Clerk, calendar: Calendar, now: datetime) -> bool:
    """Given the hour of the digest, return whether it is due: on working days, from then until midnight."""
    local = now.astimezone(SHANGHAI)
    return bool(calendar.is_working(local.date())) and local.time() >= clerk.digest_at


def keys(campaign: Campaign, clerk: Clerk, today: date) -> tuple[str, ...]:
    """Return the business keys of a day's digest, one an address."""
    return tuple(f"{LetterKind.DIGEST}:{campaign.id}:{today.isoformat()}:{address}" for address in clerk.addresses)


def digest_drafts(
    *,
    campaign: Campaign,
    roster: Roster,
    ledger: Ledger,
    late_after: Mapping[FormId, datetime],
    reminders: Iterable[ReminderRecord],
    bad_addresses: Mapping[str, str],
    waiting: tuple[Waiting, ...],
    uncollected: Container[UnitName],
    suspended: Mapping[UnitName, tuple[int, ...]],
    since: datetime,
    traffic: Mapping[str, int],
    health: Health,
    clerk: Clerk,
    calendar: Calendar,
    now: datetime,
) -> tuple[Draft, ...]:
    """Given the state of everything, return the digest of the day, one draft an address; its key is the day.

    `uncollected`: units with a mail that was too large to be fetched; `suspended`: all units that are not reminded while
    a mail of theirs waits for a person, and its numbers. `traffic` counts mails, ignored, sent and bounced `since` then.
    """
    today = now.astimezone(SHANGHAI).date()
    records = list(reminders)
    context: dict[str, object] = {
        "day": today.isoformat(),
        "forms": [_form(one, roster, ledger, calendar, late_after.get(one.id), now) for one in campaign.collections],
        "todo": [
            {
                "id": one.id,
                "received_at": one.received_at.isoformat(),
                "from": one.sender,
                "subject": one.subject,
                "reason": one.reason,
            }
            for one in waiting
        ],
        "missing": _missing(campaign, roster, ledger, records, uncollected, suspended),
        "mending": _mending(campaign, roster, ledger),
        "today": {**traffic, "updates": _updates(campaign, ledger, since)},
        "bounced": [
            {"unit": unit.name, "address": address, "reason": bounce_words(bad_addresses[address])}
            for unit in roster.units
            for address in unit.addresses
            if address in bad_addresses
        ],
        "system": {
            "last_poll_at": None if health.last_poll_at is None else health.last_poll_at.isoformat(),
            "last_error": health.last_error,
            "last_backup_at": None if health.last_backup_at is None else health.last_backup_at.isoformat(),
            "is_on_server": health.is_on_server,
            "disk_free_percent": health.disk_free_percent,
            "calendar_until": calendar.known_until().isoformat(),
            "held": health.held,
            "refused": health.refused,
            "uncertain": health.uncertain,
            "troubles": list(health.troubles),
        },
    }
    return tuple(
        Draft(
            kind=LetterKind.DIGEST,
            key=key,
            to_address=address,
            context=context,
            expires_at=datetime.combine(today, datetime.max.time(), SHANGHAI),
        )
        for key, address in zip(keys(campaign, clerk, today), clerk.addresses, strict=True)
    )


def _updates(campaign: Campaign, ledger: Ledger, since: datetime) -> int:
    """Return how many mails since then brought another content of a form that was there already.

    The same form once more is none: sixty copies of it were counted as sixty corrections. Of what is collected at any
    time one replaces nothing.
    """
    collections = {one.id: one for one in campaign.collections if one.deadline is not None}
    return len(
        {
            after[0].message_id
            for (_, form), versions in ledger.by_cell.items()
            if form in collections
            for before, after in pairwise(versions)
            if after[0].arrived_at >= since and changes(collections[form], before, after)
        }
    )


def _form(
    collection: Collection,
    roster: Roster,
    ledger: Ledger,
    calendar: Calendar,
    limit_at: datetime | None,
    now: datetime,
) -> dict[str, object]:
    found = tally_of(collection, roster, ledger, limit_at=limit_at, now=now)
    today, deadline = now.astimezone(SHANGHAI).date(), collection.deadline
    return {
        "title": collection.form.title,
        "label": collection.letter_label,
        "voluntary": collection.voluntary,
        "owed": found.owed,
        "reported": found.reported,
        "counts": [{"words": words, "number": number} for _, words, number in counts_of(found, collection)],
        "deadline": None if deadline is None else deadline.isoformat(),
        "working_days_left": 0 if deadline is None else calendar.working_days_between(today, deadline),
    }


def _is_missing(unit: Unit, collection: Collection, ledger: Ledger) -> bool:
    return ledger.state.cell(UnitName(unit.name), collection.id).state is CellState.NOT_SUBMITTED


def _missing(
    campaign: Campaign,
    roster: Roster,
    ledger: Ledger,
    records: list[ReminderRecord],
    uncollected: Container[UnitName],
    suspended: Mapping[UnitName, tuple[int, ...]],
) -> list[dict[str, object]]:
    """Return who owes what, in roster order, with the telephone number to call."""
    rows: list[dict[str, object]] = []
    for unit in roster.units:
        owed = [one for one in campaign.collections if owes(unit, one) and _is_missing(unit, one, ledger)]
        if not owed:
            continue
        days = sorted(record.on for record in records if record.unit == unit.name)
        rows.append(
            {
                "unit": unit.name,
                "phone": unit.phone,
                "contact": unit.contact_name,
                "forms": [one.form.title for one in owed],
                "uncollected": unit.name in uncollected,
                "waiting": list(suspended.get(UnitName(unit.name), ())),
                "reminded": len(days),
                "last_reminded_at": days[-1].isoformat() if days else None,
            }
        )
    return rows


def _mending(campaign: Campaign, roster: Roster, ledger: Ledger) -> list[dict[str, object]]:
    """Return who was asked to mend what and has not, in roster order: no reminder goes to them, the clerk may call."""
    rows: list[dict[str, object]] = []
    for unit in roster.units:
        cells = [(one, ledger.state.cell(UnitName(unit.name), one.id)) for one in campaign.collections]
        forms = [
            {
                "title": one.form.title,
                "id": newest.message_id,
                "received_at": newest.arrived_at.isoformat(),
                "in_force": bool(cell.pending),
            }
            for one, cell in cells
            if cell.state is CellState.CORRECTION
            for newest in (cell.pending or cell.submissions)[-1:]
        ]
        if forms:
            rows.append({"unit": unit.name, "phone": unit.phone, "contact": unit.contact_name, "forms": forms})
    return rows
