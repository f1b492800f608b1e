"""Liveness by result: when each tick last succeeded, what went wrong since, and until when it rests."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.db.models import HeartbeatRow

_LONGEST_REST = timedelta(hours=25)  # a day's quota that is used up: until tomorrow, 0:05
_CLOCKS_MAY_STEP = timedelta(minutes=10)


def heartbeat(session: Session, tick: str) -> HeartbeatRow:
    """Return the row of a tick, made if it is the first time."""
    row = session.get(HeartbeatRow, tick)
    if row is None:
        row = _first(tick)
        session.add(row)
        session.flush()
    return row


def last_heartbeat(session: Session, tick: str) -> HeartbeatRow:
    """Return the row of a tick for reading; one that nothing has happened to yet is not kept."""
    return session.get(HeartbeatRow, tick) or _first(tick)


def _first(tick: str) -> HeartbeatRow:
    return HeartbeatRow(tick=tick, ok_at=None, failed_at=None, failures=0, message="", paused_until=None, details=None)


def rests_until(row: HeartbeatRow, now: datetime) -> datetime | None:
    """Return until when a tick rests, None if it may run.

    A rest that began in our future, or is longer than any, is one of a clock that has been set back since.
    """
    until = row.paused_until
    if until is None or until <= now or until > now + _LONGEST_REST:
        return None
    if row.failed_at is not None and row.failed_at > now + _CLOCKS_MAY_STEP:
        return None
    return until


def end_rests(session: Session) -> None:
    """Let every tick try at once again."""
    for row in session.scalars(select(HeartbeatRow).where(HeartbeatRow.paused_until.is_not(None))):
        row.paused_until = None


def note_tick(session: Session, tick: str, *, now: datetime, details: dict[str, Any] | None = None) -> int:
    """Record that a tick succeeded. Return how many failures it ended (0: all was well before)."""
    row = heartbeat(session, tick)
    ended = row.failures
    row.ok_at, row.failures, row.message, row.paused_until = now, 0, "", None
    if details is not None:
        row.details = details
    return ended


def note_tick_failure(
    session: Session,
    tick: str,
    *,
    now: datetime,
    message: str,
    paused_until: datetime | None,
    permanent: bool = False,
) -> HeartbeatRow:
    """Record that a tick failed, since when, and until when it rests."""
    row = heartbeat(session, tick)
    if row.failures == 0:
        row.failed_at = now
    row.failures += 1
    row.message = message[:2000]
    row.paused_until = paused_until
    row.permanent = permanent
    return row


def forget_trouble(session: Session, tick: str, *, since_before: datetime) -> None:
    """Forget a trouble that began before an instant, so that the next is a new one. It gets no all-clear: what it left
    behind still waits for a person.
    """
    row = session.get(HeartbeatRow, tick)
    if row is not None and row.failed_at is not None and row.failed_at <= since_before:
        row.failures, row.failed_at = 0, None
