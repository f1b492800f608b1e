"""The letters that wait, and what a person or a new mail decides about them: listed, released, cancelled, withdrawn.

Stage before: `outbox`, which keeps them. In: an open `Session` and `now`; out: rows changed within the caller's
transaction. Nothing here sends anything: what is released is queued, and `deliver` comes for it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from intake.db.models import OutboxRow
from intake.db.queries import SKIPPED
from intake.model import LetterKind, OutboxState

RELEASABLE = (OutboxState.HELD, OutboxState.FAILED, OutboxState.UNCERTAIN)  # of those named: the clerk has decided
STOPPABLE = (OutboxState.HELD, OutboxState.QUEUED, OutboxState.FAILED, OutboxState.UNCERTAIN)
SKIPPABLE = (OutboxState.HELD, OutboxState.QUEUED)
_ANSWERS = (LetterKind.ACKNOWLEDGEMENT, LetterKind.UPDATE, LetterKind.CORRECTION, LetterKind.UNREADABLE)


@dataclass(frozen=True, slots=True)
class ListedLetter:
    """A letter as the clerk's list shows it."""

    id: int
    kind: LetterKind
    unit: str | None
    to_address: str
    subject: str
    state: OutboxState
    created_at: datetime
    not_before: datetime
    attempt: int
    answer: str


def listed(
    session: Session, states: Collection[OutboxState], *, kind: LetterKind | None = None
) -> tuple[ListedLetter, ...]:
    """Return the letters in `states`, of one kind or of all, oldest first."""
    chosen = select(OutboxRow).where(OutboxRow.state.in_(states)).order_by(OutboxRow.id)
    rows = session.scalars(chosen if kind is None else chosen.where(OutboxRow.kind == kind))
    return tuple(
        ListedLetter(
            row.id,
            LetterKind(row.kind),
            row.unit,
            row.to_address,
            row.subject,
            OutboxState(row.state),
            row.created_at,
            row.not_before,
            row.attempt,
            row.answer,
        )
        for row in rows
    )


def release(session: Session, now: datetime, ids: Collection[int] | None = None) -> int:
    """Let letters go: those of `ids` (held, failed or uncertain: the clerk has decided), or all that wait for a first
    release. Return how many. One whose use is over expires at the next claim.
    """
    if ids is None:
        chosen: ColumnElement[bool] = and_(OutboxRow.state == OutboxState.HELD, OutboxRow.attempt == 0)
    else:
        chosen = and_(OutboxRow.id.in_(ids), OutboxRow.state.in_(RELEASABLE))
    return _change(session, chosen, {"state": OutboxState.QUEUED, "phase": "", "not_before": now, "attempt": 0})


def about_reminders(session: Session, ids: Collection[int]) -> str:
    """Given letters that are released, return what to add if reminders are among them, else "".

    A reminder that is needless by the moment it is sent is withdrawn then, or expires: fewer go than were released.
    """
    found = select(func.count()).select_from(OutboxRow)
    number = session.scalar(found.where(OutboxRow.id.in_(ids), OutboxRow.kind == LetterKind.REMINDER)) or 0
    return f"其中提醒 {number} 封，已不需要的会在发出前自动撤销。" if number else ""


def count_refused(session: Session) -> int:
    """Return how many of the held letters a server has refused: they wait for another reason than a first release."""
    refused = OutboxRow.state == OutboxState.HELD, OutboxRow.attempt > 0
    return session.scalar(select(func.count()).select_from(OutboxRow).where(*refused)) or 0


def cancel(session: Session, ids: Collection[int]) -> int:
    """Stop letters that have not been sent. Return how many."""
    return _change(
        session, and_(OutboxRow.id.in_(ids), OutboxRow.state.in_(STOPPABLE)), {"state": OutboxState.CANCELLED}
    )


def withdraw(session: Session, ids: Collection[int], *, why: str) -> int:
    """Stop letters that wait, and keep in words why. Return how many: one that is under way, or may have gone, goes on."""
    chosen = and_(OutboxRow.id.in_(ids), OutboxRow.state.in_(SKIPPABLE))
    return _change(session, chosen, {"state": OutboxState.CANCELLED, "answer": why})


def take_back_answer(session: Session, message_id: int, *, why: str) -> bool:
    """Given a mail that waits for a person now, stop the answer to it that still waits. Return whether one has gone out,
    or may have.

    Read once more it amounts to less than it did: what the letter says is true no longer.
    """
    rows = session.execute(
        select(OutboxRow.id, OutboxRow.state).where(
            OutboxRow.cause_id == message_id,
            OutboxRow.kind.in_(_ANSWERS),
            OutboxRow.state != OutboxState.CANCELLED,
        )
    ).all()
    waiting = [number for number, state in rows if state in SKIPPABLE]
    return withdraw(session, waiting, why=why) < len(rows)


def skip(session: Session, ids: Collection[int]) -> int:
    """Leave out reminders that wait, as if they had been sent: the step is over, the next one comes in its time. Return
    how many. (One that is only cancelled is written again on the next day of its step.)
    """
    chosen = and_(
        OutboxRow.id.in_(ids),
        OutboxRow.kind == LetterKind.REMINDER,
        OutboxRow.state.in_(SKIPPABLE),
    )
    return _change(session, chosen, {"state": OutboxState.CANCELLED, "phase": SKIPPED})


def withdraw_alarms(session: Session, cause: str, address: str, *, but: str) -> int:
    """Given the newest letter about a cause (the beginning of its keys), stop those of it that still wait. Return how many.

    The clerk would read them one after the other, the oldest first, and each but the last would be out of date.
    """
    chosen = and_(
        OutboxRow.kind == LetterKind.ALARM,
        OutboxRow.key.startswith(cause, autoescape=True),
        OutboxRow.to_address == address,
        OutboxRow.key != but,
        OutboxRow.state == OutboxState.QUEUED,
    )
    return _change(session, chosen, {"state": OutboxState.CANCELLED})


def withdraw_reminders(
    session: Session, given: Collection[tuple[str, str]], *, called_now: Callable[[str], str] = str
) -> int:
    """Given units and forms that have just come in, stop the reminders of them that have not been sent. Return how many."""
    return cancel(session, list(needless_reminders(session, given, called_now=called_now)))


def needless_reminders(
    session: Session, given: Collection[tuple[str, str]], *, called_now: Callable[[str], str] = str
) -> dict[int, str]:
    """Given units and forms, return the reminders of them that have not been sent: subjects by number, oldest first.

    `called_now` tells what a unit is called now that was called otherwise when the reminder was written.
    """
    waiting = session.execute(
        select(OutboxRow.id, OutboxRow.subject, OutboxRow.unit, OutboxRow.forms)
        .where(
            OutboxRow.kind == LetterKind.REMINDER,
            OutboxRow.state.in_([OutboxState.HELD, OutboxState.QUEUED]),
        )
        .order_by(OutboxRow.id)
    )
    return {
        number: subject
        for number, subject, unit, forms in waiting
        if any((called_now(unit or ""), form) in given for form in forms)
    }


def _change(session: Session, chosen: ColumnElement[bool], values: dict[str, object]) -> int:
    statement = update(OutboxRow).where(chosen).values(values).returning(OutboxRow.id)
    return len(session.scalars(statement).all())
