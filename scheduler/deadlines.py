"""The named day of a deadline → the instant after which a mail is late. Pure: no clock, no I/O.

In: a `settings.Collection`, the `Calendar`. Out: aware instants in Asia/Shanghai, and counts of days. The stage before
is `workdays`, the one after `reminders`.

"于5月30日前" takes the named day in, to its cutoff (facts/users.md §4: 前/之前/以前 is not defined in the Civil Code,
art. 1259; practice includes the day). A deadline on a rest day is late only after the next working day, by analogy to
art. 203, unless the collection is strict; letters still print the day that the notice names. Lateness is judged by the
server's receipt time, never by the Date header.
"""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from intake.audience import days_after
from intake.settings import Collection
from scheduler.workdays import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")

# INTERNALDATE has whole seconds (RFC 3501 §2.3.3), so this is the last instant of a day that a mail can bear.
END_OF_DAY = time(23, 59, 59)


def deadline_instant(collection: Collection) -> datetime | None:
    """Given a collection, return the cutoff of its named day; None if it is rolling."""
    if collection.deadline is None:
        return None
    return datetime.combine(collection.deadline, collection.cutoff, SHANGHAI)


def late_after(collection: Collection, calendar: Calendar) -> datetime | None:
    """Given a collection, return the last instant that is in time; None if it is rolling."""
    instant = deadline_instant(collection)
    if instant is None or collection.strict or calendar.is_working(instant.date()):
        return instant
    return datetime.combine(calendar.next_working_day(instant.date()), END_OF_DAY, SHANGHAI)


def is_late(arrived_at: datetime, collection: Collection, calendar: Calendar) -> bool:
    """Given the server's receipt time of a mail, return whether it is late for the collection."""
    limit_at = late_after(collection, calendar)
    return limit_at is not None and arrived_at > limit_at


def days_late(arrived_at: datetime, collection: Collection, calendar: Calendar) -> int:
    """Given the server's receipt time of a mail, return its 逾期天数: 0 if in time, else at least 1.

    Counted in days of Shanghai from the last day that is in time.
    """
    limit_at = late_after(collection, calendar)
    return 0 if limit_at is None else days_after(limit_at, arrived_at)


def anchor(collection: Collection, calendar: Calendar) -> date | None:
    """Given a collection, return the last working day on or before its deadline; None if it is rolling."""
    return None if collection.deadline is None else calendar.last_working_day_on_or_before(collection.deadline)


def overdue_day(collection: Collection, calendar: Calendar) -> date | None:
    """Given a collection, return the first working day after lateness begins; None if it is rolling."""
    limit_at = late_after(collection, calendar)
    return None if limit_at is None else calendar.next_working_day(limit_at.date())
