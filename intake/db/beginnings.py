"""How far an office has come: mails that arrived, letters to units that went out or wait. For the first steps of a new one.

In: an open session. Out: counts. Alarms and digests are left out: they go to the office itself, and nobody releases them.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.db.models import MessageRow, OutboxRow
from intake.model import LetterKind, OutboxState

_TO_THE_OFFICE = (LetterKind.DIGEST, LetterKind.ALARM)


@dataclass(frozen=True, slots=True)
class Begun:
    """`mails` came, `sent` letters went to units, `held` wait to be released."""

    mails: int
    sent: int
    held: int


def begun(session: Session) -> Begun:
    """Return how many mails came and how many letters to units went or wait."""
    mails = session.scalar(select(func.count()).select_from(MessageRow)) or 0
    to_units = select(OutboxRow.state, func.count()).where(OutboxRow.kind.not_in(_TO_THE_OFFICE))
    letters = dict(session.execute(to_units.group_by(OutboxRow.state)).all())
    return Begun(mails, letters.get(OutboxState.SENT, 0), letters.get(OutboxState.HELD, 0))
