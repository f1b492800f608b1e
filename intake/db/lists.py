"""What the desk lists: letters and mails by the page, searched and filtered, without their bytes.

In: an open session, what is asked for. Out: rows of the page and how many there are in all. What somebody types into a
search is text, never a pattern: the signs of LIKE in it are escaped, on SQLite and PostgreSQL alike.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, defer

from intake.db.models import (
    BadAddressRow,
    DecisionRow,
    MessageRow,
    OutboxRow,
    PartRow,
    SightingRow,
    SubmissionRow,
    UnitNoteRow,
)
from intake.model import Disposition, FormId, OutboxState

PAGE = 50


# --- letters ---------------------------------------------------------------------------------------------------------


class Shelf(StrEnum):
    """Where a letter lies in the clerk's eyes. What somebody has to look at or may still stop comes first."""

    PENDING = "pending"
    SENT = "sent"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_PENDING = (
    OutboxState.UNCERTAIN,
    OutboxState.FAILED,
    OutboxState.HELD,
    OutboxState.QUEUED,
    OutboxState.SENDING,
)
_BOUNCED = func.lower(OutboxRow.to_address).in_(select(BadAddressRow.address))
_SHELVES: dict[Shelf, ColumnElement[bool]] = {
    Shelf.PENDING: OutboxRow.state.in_(_PENDING),
    Shelf.SENT: and_(OutboxRow.state == OutboxState.SENT, ~_BOUNCED),
    Shelf.BOUNCED: and_(OutboxRow.state == OutboxState.SENT, _BOUNCED),
    Shelf.CANCELLED: OutboxRow.state == OutboxState.CANCELLED,
    Shelf.EXPIRED: OutboxRow.state == OutboxState.EXPIRED,
}


def shelf_counts(session: Session) -> dict[Shelf, int]:
    """Return how many letters lie on each shelf."""
    shelf = case(*((condition, name.value) for name, condition in _SHELVES.items())).label("shelf")
    # by its name: PostgreSQL takes the same expression with parameters of its own for another one
    found = session.execute(select(shelf, func.count()).select_from(OutboxRow).group_by("shelf"))
    counted = {str(name): int(number) for name, number in found}
    return {name: counted.get(name, 0) for name in Shelf}


def state_counts(session: Session) -> dict[OutboxState, int]:
    """Return how many letters there are in each state that has any."""
    found = session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
    return {OutboxState(state): number for state, number in found}


def count_letters(session: Session, states: Collection[OutboxState]) -> int:
    """Return how many letters are in `states`."""
    asked = select(func.count()).select_from(OutboxRow).where(OutboxRow.state.in_(list(states)))
    return session.scalar(asked) or 0


def letters_on(session: Session, shelf: Shelf, page: int) -> tuple[OutboxRow, ...]:
    """Return a page (from 0) of a shelf, without bytes: what waits by urgency and age, the others newest first."""
    chosen = select(OutboxRow).options(defer(OutboxRow.raw)).where(_SHELVES[shelf])
    if shelf is Shelf.PENDING:
        urgency = case({state: number for number, state in enumerate(_PENDING)}, value=OutboxRow.state)
        ordered = chosen.order_by(urgency, OutboxRow.id)
    else:
        ordered = chosen.order_by(func.coalesce(OutboxRow.sent_at, OutboxRow.created_at).desc(), OutboxRow.id.desc())
    return tuple(session.scalars(ordered.limit(PAGE).offset(page * PAGE)))


def letters_named(session: Session, ids: Collection[int], *, lock: bool = False) -> tuple[OutboxRow, ...]:
    """Return letters by their numbers, with their bytes, oldest first. `lock`: nobody else changes them meanwhile."""
    chosen = select(OutboxRow).where(OutboxRow.id.in_(list(ids))).order_by(OutboxRow.id)
    return tuple(session.scalars(chosen.with_for_update() if lock else chosen))


def letters_in(session: Session, states: Collection[OutboxState], *, limit: int, fresh: bool) -> tuple[OutboxRow, ...]:
    """Return the oldest letters in `states`, with their bytes. `fresh`: only those that were never tried."""
    chosen = select(OutboxRow).where(OutboxRow.state.in_(list(states))).order_by(OutboxRow.id).limit(limit)
    return tuple(session.scalars(chosen.where(OutboxRow.attempt == 0) if fresh else chosen))


# --- mails -----------------------------------------------------------------------------------------------------------


class Fate(StrEnum):
    """What became of a mail, as the list filters it."""

    ACCEPTED = Disposition.ACCEPTED.value
    CORRECTION = Disposition.CORRECTION.value
    REVIEW = Disposition.REVIEW.value
    IGNORED = Disposition.IGNORED.value
    WAITING = "waiting"  # not read yet, or put back to be read again
    SHUNTED = "shunted"


@dataclass(frozen=True, slots=True)
class MailPage:
    """A page of mails, how many there are in all, and their submissions (message, unit, form, state)."""

    rows: tuple[MessageRow, ...]
    total: int
    submissions: tuple[tuple[int, str | None, str, str], ...]


def mails(
    session: Session, *, words: str, fate: Fate | None, units: Sequence[str], page: int, size: int = PAGE
) -> MailPage:
    """Given what is searched and filtered, return a page (from 0) of `size`, newest arrivals first.

    `words` are looked for in sender, subject and unit, and as a number; `units` are the roster's names that go by them
    (a short name finds the whole one).
    """
    wanted = _wanted(words, units)
    if fate is not None:
        wanted.append(_with_fate(fate))
    total = session.scalar(select(func.count()).select_from(MessageRow).where(*wanted)) or 0
    rows = session.scalars(
        select(MessageRow)
        .where(*wanted)
        .order_by(MessageRow.arrived_at.desc(), MessageRow.id.desc())
        .limit(size)
        .offset(page * size)
    ).all()
    found = session.execute(
        select(SubmissionRow.message_id, SubmissionRow.unit, SubmissionRow.form, SubmissionRow.state)
        .where(SubmissionRow.message_id.in_([row.id for row in rows]))
        .order_by(SubmissionRow.message_id, SubmissionRow.ordinal)
    )
    return MailPage(tuple(rows), total, tuple((one[0], one[1], one[2], one[3]) for one in found))


def _wanted(words: str, units: Sequence[str]) -> list[ColumnElement[bool]]:
    if not words:
        return []
    of_unit = exists().where(
        SubmissionRow.message_id == MessageRow.id,
        or_(SubmissionRow.unit.icontains(words, autoescape=True), SubmissionRow.unit.in_(list(units))),
    )
    anywhere = [
        column.icontains(words, autoescape=True)
        for column in (MessageRow.from_address, MessageRow.from_name, MessageRow.subject)
    ]
    number = [MessageRow.id == int(words)] if words.isascii() and words.isdigit() and len(words) < 10 else []
    return [or_(*number, *anywhere, of_unit)]


def _with_fate(fate: Fate) -> ColumnElement[bool]:
    match fate:
        case Fate.WAITING:
            return MessageRow.state == "archived"
        case Fate.SHUNTED:
            return MessageRow.state == "shunted"
        case _:
            return and_(MessageRow.disposition == fate.value, MessageRow.state.not_in(["archived", "shunted"]))


def letters_because_of(session: Session, message_id: int) -> tuple[OutboxRow, ...]:
    """Return the letters that a mail caused, oldest first, without bytes."""
    rows = select(OutboxRow).options(defer(OutboxRow.raw)).where(OutboxRow.cause_id == message_id)
    return tuple(session.scalars(rows.order_by(OutboxRow.id)))


def waits_to_be_read(session: Session) -> bool:
    """Return whether any mail waits to be read, for the first time or again: what it brings is not in the record just now."""
    return session.scalar(select(MessageRow.id).where(MessageRow.state == "archived").limit(1)) is not None


def when_seen(session: Session, message_id: int) -> Sequence[tuple[str, datetime]]:
    """Return the folders in which a mail was seen on the server, and since when."""
    found = session.execute(
        select(SightingRow.folder, SightingRow.seen_at)
        .where(SightingRow.message_id == message_id)
        .order_by(SightingRow.id)
    )
    return [(one[0], one[1]) for one in found]


# --- files -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The part of a mail that a submission was read from; `kind` is the sniffed one, "" for the text of the mail."""

    submission_id: int
    message_id: int
    mail_sha256: str
    path: str
    role: str
    kind: str
    sha256: str
    size_bytes: int


def source_files(session: Session) -> dict[int, SourceFile]:
    """Return for each submission, by its number, the part it was read from."""
    found = session.execute(
        select(
            SubmissionRow.id,
            SubmissionRow.message_id,
            MessageRow.sha256,
            PartRow.path,
            PartRow.role,
            PartRow.reading["kind"].as_string(),
            PartRow.sha256,
            PartRow.size_bytes,
        )
        .join(MessageRow, MessageRow.id == SubmissionRow.message_id)
        .join(PartRow, and_(PartRow.message_id == SubmissionRow.message_id, PartRow.path == SubmissionRow.source))
    )
    return {one[0]: SourceFile(one[0], one[1], one[2], one[3], one[4], one[5] or "", one[6], one[7]) for one in found}


def all_mails(session: Session, *, since: datetime, campaign: str) -> tuple[MessageRow, ...]:
    """Return the mails of a campaign in order of arrival: what came since its start, and what brought something for it."""
    rows = select(MessageRow).where(_of_campaign(since, campaign))
    return tuple(session.scalars(rows.order_by(MessageRow.arrived_at, MessageRow.id)))


def size_of_all_mails(session: Session, *, since: datetime, campaign: str) -> tuple[int, int]:
    """Return how many mails `all_mails` has, and their bytes."""
    asked = select(func.count(), func.coalesce(func.sum(MessageRow.size_bytes), 0)).select_from(MessageRow)
    count, size_bytes = session.execute(asked.where(_of_campaign(since, campaign))).one()
    return int(count), int(size_bytes)


def _of_campaign(since: datetime, campaign: str) -> ColumnElement[bool]:
    brought = exists().where(SubmissionRow.message_id == MessageRow.id, SubmissionRow.campaign == campaign)
    return or_(MessageRow.arrived_at >= since, brought)


def submissions_of_all(session: Session, campaign: str) -> tuple[tuple[int, str | None, str, str], ...]:
    """Return message, unit, form and state of every submission of a campaign."""
    found = session.execute(
        select(SubmissionRow.message_id, SubmissionRow.unit, SubmissionRow.form, SubmissionRow.state)
        .where(SubmissionRow.campaign == campaign)
        .order_by(SubmissionRow.message_id, SubmissionRow.ordinal)
    )
    return tuple((one[0], one[1], one[2], one[3]) for one in found)


def forms_by_name(session: Session, campaign: str) -> dict[str, frozenset[FormId]]:
    """Return under which names of units rows were written, and for which forms: rows keep the name of their day.

    From mails, from what people decided (a form that they gave to another unit), from paper copies and excuses.
    """
    found: dict[str, set[FormId]] = defaultdict(set)
    written = select(SubmissionRow.unit, SubmissionRow.form).where(SubmissionRow.campaign == campaign).distinct()
    noted = select(UnitNoteRow.unit, UnitNoteRow.form).where(
        UnitNoteRow.campaign == campaign, UnitNoteRow.undone_at.is_(None), UnitNoteRow.form.is_not(None)
    )
    decided = (
        select(DecisionRow.unit, SubmissionRow.form)
        .join(MessageRow, MessageRow.sha256 == DecisionRow.sha256)
        .join(
            SubmissionRow,
            and_(SubmissionRow.message_id == MessageRow.id, SubmissionRow.ordinal == DecisionRow.ordinal),
        )
        .where(SubmissionRow.campaign == campaign, DecisionRow.undone_at.is_(None), DecisionRow.unit.is_not(None))
    )
    for statement in (written, noted, decided):
        for unit, form in session.execute(statement):
            if unit:
                found[unit].add(FormId(form))
    return {unit: frozenset(forms) for unit, forms in found.items()}
