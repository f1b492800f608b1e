"""The mails that wait for a person, as the desk lists them. In: an open session. Out: frozen values, a few queries for all.

What there is to decide about one of them is told by `intake.cases`.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.db.models import MessageRow, SubmissionRow
from intake.model import FormId

_ROWS_AT_ONCE = 500  # as in `queries`


@dataclass(frozen=True, slots=True)
class Listed:
    """One mail that waits. `forms`: what was read in it, (form, unit or None) each, in its order."""

    id: int
    arrived_at: datetime
    from_name: str
    from_address: str
    subject: str
    reasons: tuple[str, ...]
    forms: tuple[tuple[FormId, str | None], ...]


def waiting(session: Session, campaign: str) -> tuple[Listed, ...]:
    """Given a campaign's id, return the mails that wait for a person, the oldest first."""
    rows = session.scalars(
        select(MessageRow).where(MessageRow.review_open).order_by(MessageRow.arrived_at, MessageRow.id)
    ).all()
    forms: dict[int, list[tuple[FormId, str | None]]] = defaultdict(list)
    ids = [row.id for row in rows]
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        for message_id, form, unit in session.execute(
            select(SubmissionRow.message_id, SubmissionRow.form, SubmissionRow.unit)
            .where(SubmissionRow.campaign == campaign, SubmissionRow.message_id.in_(ids[start : start + _ROWS_AT_ONCE]))
            .order_by(SubmissionRow.message_id, SubmissionRow.ordinal)
        ):
            forms[message_id].append((FormId(form), unit))
    return tuple(
        Listed(
            row.id,
            row.arrived_at,
            row.from_name,
            row.from_address,
            row.subject,
            tuple(row.reasons),
            tuple(forms[row.id]),
        )
        for row in rows
    )


def waiting_ids(session: Session) -> tuple[int, ...]:
    """Return the numbers of the mails that wait for a person, the oldest first."""
    return tuple(
        session.scalars(
            select(MessageRow.id).where(MessageRow.review_open).order_by(MessageRow.arrived_at, MessageRow.id)
        )
    )


def sources(session: Session, message_id: int) -> dict[int, str]:
    """Given a message, return by place in it the part that each submission was read from."""
    rows = session.execute(
        select(SubmissionRow.ordinal, SubmissionRow.source).where(SubmissionRow.message_id == message_id)
    )
    return dict(rows.all())
