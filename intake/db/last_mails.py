"""When each unit last wrote, and whose reminders are suspended by a mail that nobody has dealt with. One home for that rule.

In: an open session, the roster; out: values by unit, under its name of the day. `scheduler.reminders` decides by them, the
日报 and `intake remind` tell of them: a unit that is not reminded, and nobody knows of it, is forgotten.
"""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.db.models import MessageRow, SightingRow
from intake.ledger import Ledger
from intake.model import SenderKind, UnitName
from intake.roster import Roster


def last_mail_by_unit(session: Session, ledger: Ledger, roster: Roster) -> dict[UnitName, datetime]:
    """Return for each unit when its newest mail arrived, by its submissions and by the addresses the roster has."""
    newest = {one.unit: one.arrived_at for one in ledger.submissions if one.unit is not None}
    written = session.execute(
        select(MessageRow.from_address, func.max(MessageRow.arrived_at))
        .where(MessageRow.sender_kind == SenderKind.PERSON)
        .group_by(MessageRow.from_address)
    )
    for address, arrived_at in written:
        for unit in roster.by_address(address):
            name = UnitName(unit.name)
            newest[name] = max(arrived_at, newest.get(name, arrived_at))
    return newest


def suspended(session: Session, roster: Roster) -> dict[UnitName, tuple[int, ...]]:
    """Return the units that are not reminded until a person has seen to their mail, with its numbers, the oldest first.

    Nobody is told that nothing has come while a mail from the unit's address lies on the clerk's desk, or is too large and
    lies on the server (`uncollected`): that one has no number, so there may be none.
    """
    found: dict[UnitName, list[int]] = defaultdict(list)
    waiting = session.execute(
        select(MessageRow.id, MessageRow.from_address)
        .where(MessageRow.sender_kind == SenderKind.PERSON, MessageRow.review_open)
        .order_by(MessageRow.arrived_at, MessageRow.id)
    )
    for number, address in waiting:
        for unit in roster.by_address(address):
            found[UnitName(unit.name)].append(number)
    without_number: dict[UnitName, tuple[int, ...]] = dict.fromkeys(uncollected(session, roster), ())
    return without_number | {name: tuple(numbers) for name, numbers in found.items()}


def uncollected(session: Session, roster: Roster) -> frozenset[UnitName]:
    """Return the units from whose addresses a mail lies on the server that is too large to be fetched."""
    senders = session.scalars(
        select(SightingRow.from_address)
        .where(SightingRow.state == "oversize", SightingRow.from_address != "")
        .distinct()
    )
    return frozenset(UnitName(unit.name) for address in senders for unit in roster.by_address(address))
