"""Two small questions about a collection that several stages ask: of whom it is asked, and how late a mail is. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from intake.roster import Unit
from intake.roster_names import keys_of
from intake.settings import Collection

SHANGHAI = ZoneInfo("Asia/Shanghai")


def asked_of(collection: Collection, unit: Unit) -> bool:
    """Given a collection and a unit, return whether the form is asked of the unit.

    What the roster says the unit owes (应报项) comes before the collection's audience. An audience names units by any
    of their names, compared as the roster compares them (it refuses an audience that names nobody).
    """
    if unit.owes is not None:
        return collection.id in unit.owes
    audience = collection.audience
    if audience.everybody or unit.group in audience.groups:
        return True
    named = {keys_of(name)[0] for name in audience.units}
    return any(keys_of(name)[0] in named for name in unit.names)


def days_after(limit_at: datetime, arrived_at: datetime) -> int:
    """Given the last instant in time and that of a mail, return its 逾期天数: 0 if in time, else at least 1.

    Counted in days of Shanghai: one hour past midnight is a day late, and so is one hour past a cutoff at noon.
    """
    if arrived_at <= limit_at:
        return 0
    return max(1, (arrived_at.astimezone(SHANGHAI).date() - limit_at.astimezone(SHANGHAI).date()).days)
