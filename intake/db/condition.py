"""What the record says of how the service does: what waits, since when, and whether it moves.

In: an open session. Out: frozen values, instants and counts only, nothing of what mails and letters hold. Whether that
is well is judged in scheduler/health.py.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from intake.db.models import HeartbeatRow, MessageRow, OutboxRow, SightingRow, SubmissionRow
from intake.model import TO_THE_OFFICE, OutboxState
from intake.settings import Campaign


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, since when the oldest does, and when the last one went on (None if nothing waits)."""

    count: int
    since: datetime | None
    moved_at: datetime | None


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Mails that lie on the server and are not fetched: how many, in which folders, the largest of them.

    `since`: when the oldest came; `seen_at`: when the last one was first seen. None if there are none.
    """

    count: int = 0
    folders: tuple[str, ...] = ()
    largest_bytes: int = 0
    since: datetime | None = None
    seen_at: datetime | None = None


def too_large(session: Session, account: str) -> TooLarge:
    """Return the mails of an account that the office's limit keeps from being fetched, as of the last poll."""
    rows = session.scalars(
        select(SightingRow).where(SightingRow.account == account, SightingRow.state == "oversize")
    ).all()
    if not rows:
        return TooLarge()
    return TooLarge(
        len(rows),
        tuple(sorted({row.folder for row in rows})),
        max(row.size_bytes for row in rows),
        min(row.internal_at or row.seen_at for row in rows),
        max(row.seen_at for row in rows),
    )


def undelivered(session: Session, now: datetime) -> int:
    """Return how many letters to units no retry will bring: a server refused them, or all tries failed. A person must look."""
    refused = and_(OutboxRow.state == OutboxState.HELD, OutboxRow.attempt > 0)
    return (
        session.scalar(
            select(func.count())
            .select_from(OutboxRow)
            .where(
                or_(OutboxRow.state == OutboxState.FAILED, refused),
                OutboxRow.kind.not_in(TO_THE_OFFICE),
                or_(OutboxRow.expires_at.is_(None), OutboxRow.expires_at > now),
            )
        )
        or 0
    )


def sent_under_other_ids(session: Session, campaign: Campaign) -> dict[str, int]:
    """Return for each other campaign's id how many submissions came under it since this campaign began.

    A campaign that is over has none: those are of this one, and somebody has edited its id.
    """
    rows = session.execute(
        select(SubmissionRow.campaign, func.count())
        .where(SubmissionRow.campaign != campaign.id, SubmissionRow.arrived_at >= campaign.begins_at)
        .group_by(SubmissionRow.campaign)
        .order_by(SubmissionRow.campaign)
    )
    return {row.campaign: row[1] for row in rows}


def unread_messages(session: Session) -> Waiting:
    """Return how long archived messages wait to be read.

    One that was put back (a replay, an engine that appeared) waits since the process tick last came to its end: when it
    was put back is not recorded, and its archiving may be weeks ago.
    """
    tick = session.get(HeartbeatRow, "process")
    waits = MessageRow.state == "archived"
    count, fresh, again = session.execute(
        select(
            func.count(),
            func.min(case((MessageRow.processed_at.is_(None), MessageRow.archived_at))),
            func.max(MessageRow.processed_at),
        ).where(waits)
    ).one()
    if not count:
        return Waiting(0, None, None)
    moved = session.scalar(select(func.max(MessageRow.processed_at)))
    put_back = None if again is None else max(again, (tick.ok_at if tick else None) or again)
    return Waiting(count, min((one for one in (fresh, put_back) if one is not None), default=None), moved)


def unsent_letters(session: Session, now: datetime) -> Waiting:
    """Return how long letters wait that should have gone out: due and not expired, or in the middle of being sent.

    A letter that waits for its hour, for a cap or for the clerk is not due.
    """
    due: ColumnElement[bool] = and_(
        OutboxRow.state == OutboxState.QUEUED,
        OutboxRow.not_before <= now,
        or_(OutboxRow.expires_at.is_(None), OutboxRow.expires_at > now),
    )
    sending = OutboxRow.state == OutboxState.SENDING
    since = case((sending, OutboxRow.claimed_at), else_=OutboxRow.not_before)
    count, oldest = session.execute(select(func.count(), func.min(since)).where(or_(due, sending))).one()
    moved = session.scalar(select(func.max(OutboxRow.sent_at))) if count else None
    return Waiting(count, oldest, moved)


def all_beats(session: Session) -> tuple[HeartbeatRow, ...]:
    """Return every heartbeat of the record."""
    return tuple(session.scalars(select(HeartbeatRow).order_by(HeartbeatRow.tick)))
