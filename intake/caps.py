"""How many letters the provider has been given lately, and when it may be given the next one.

In: an open `Session`, `now`, the office's caps. Out: an instant or None. It changes nothing. The providers publish no
figures (facts/mail.md §1.2), so all caps are settings; NetEase counts by 15 minutes (451 MI:SFQ) and by days (MI:STC).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.answers import SHANGHAI, tomorrow
from intake.db.models import OutboxRow
from intake.model import TO_THE_OFFICE, LetterKind, OutboxState
from intake.settings import Sending

QUARTER_HOUR = timedelta(minutes=15)
HOUR = timedelta(hours=1)

# The office's own letters have no cap but these, for alarms alone: the caps for units kept "login refused" back for hours
# behind three letters of the morning. A dozen causes have an alarm and an all-clear each, of one cause one an hour
# (scheduler/alarm_letters.py): an hour in which all goes wrong, and a day of it, pass; more would be a fault of ours.
_ALARMS_AN_HOUR = 12
_ALARMS_A_DAY = 30


# What is written because somebody wrote to us; a reminder goes to the roster.
_ANSWERS = frozenset(LetterKind) - TO_THE_OFFICE - {LetterKind.REMINDER}
# Answers that went or will go; those that are held do not count: while a flood lasts, so many an hour go all the same.
_GOING = frozenset({OutboxState.QUEUED, OutboxState.SENDING, OutboxState.SENT, OutboxState.UNCERTAIN})


def answers_to_strangers(session: Session, now: datetime, *, is_known: Callable[[str], bool]) -> int:
    """Given who is known, return how many answers of the last hour are to others (facts/reliability.md §3.2)."""
    addresses = session.scalars(
        select(OutboxRow.to_address).where(
            OutboxRow.kind.in_(_ANSWERS), OutboxRow.state.in_(_GOING), OutboxRow.created_at > now - HOUR
        )
    )
    return sum(1 for address in addresses if not is_known(address))


class Spent:
    """What the server was or may have been given lately: letters sent, being sent and uncertain."""

    def __init__(self, session: Session, now: datetime) -> None:
        """Given the record, count what it holds of the current day and of the last hour."""
        self._now = now
        self._midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
        at = func.coalesce(OutboxRow.sent_at, OutboxRow.claimed_at)
        rows = session.execute(
            select(at, OutboxRow.to_address, OutboxRow.kind)
            .where(
                OutboxRow.state.in_([OutboxState.SENT, OutboxState.SENDING, OutboxState.UNCERTAIN]),
                at >= min(self._midnight, now - HOUR),
                at <= now + QUARTER_HOUR,  # later ones are of a clock that was fast: they would count for a year
            )
            .order_by(at)
        ).all()
        self._all: list[datetime] = [row[0] for row in rows]
        self._by_address: dict[str, list[datetime]] = {}
        self._alarms: dict[str, list[datetime]] = {}
        for instant, address, kind in rows:
            if kind not in TO_THE_OFFICE:
                self._by_address.setdefault(address, []).append(instant)
            elif kind == LetterKind.ALARM:
                self._alarms.setdefault(address, []).append(instant)

    def free_at(
        self, kind: str, address: str, sending: Sending, *, share: float = 1.0, address_share: float = 1.0
    ) -> datetime | None:
        """Return the first moment when every cap allows a letter of `kind` to `address`, or None if that is now.

        `share` is the part of the general caps that a letter of its kind may use up, `address_share` that of the caps of
        its address. Alarms are under their own brake
        only, the digest (one a day by its key) under none: the office has to hear on the very day that used all up.
        """
        if kind == LetterKind.DIGEST:
            return None
        if kind == LetterKind.ALARM:
            same = self._alarms.get(address, [])
            return _latest(self._day(same, _ALARMS_A_DAY), self._window(same, _ALARMS_AN_HOUR, HOUR))
        general = (
            self._day(self._all, _part(sending.per_day, share)),
            self._window(self._all, _part(sending.per_quarter_hour, share), QUARTER_HOUR),
        )
        if kind in TO_THE_OFFICE:
            return _latest(*general)
        same = self._by_address.get(address, [])
        return _latest(
            *general,
            self._day(same, _part(sending.per_address_day, address_share)),
            self._window(same, _part(sending.per_address_hour, address_share), HOUR),
        )

    def _day(self, instants: Sequence[datetime], cap: int) -> datetime | None:
        """Providers begin their daily count anew at midnight in China (DiscuzX#2)."""
        today = sum(1 for instant in instants if instant >= self._midnight)
        return None if today < cap else tomorrow(self._now)

    def _window(self, instants: Sequence[datetime], cap: int, window: timedelta) -> datetime | None:
        recent = [instant for instant in instants if instant > self._now - window]
        if len(recent) < cap:
            return None
        return (recent[-cap] if cap > 0 else self._now) + window


def _latest(*waits: datetime | None) -> datetime | None:
    return max((wait for wait in waits if wait is not None), default=None)


def _part(cap: int, share: float) -> int:
    """Return `share` of a cap; of a cap of one still one, or such a letter would never go out."""
    return max(int(cap * share), min(cap, 1))
