"""What is due to whom at this moment. Pure: a reminder is a row that is due, recomputed at every tick, never a job.

In: campaign, roster, the state of every unit × form, the reminders there were, calendar and `now`. Out: drafts, at most
one a unit and day, the units that cannot be reached by mail, and those whose mail waits for a person. The stage before is
`deadlines`, the one after the outbox, whose unique business key makes a repeated decision harmless.

The rules (facts/users.md §4), each step counted in working days before the last working day ≤ deadline:

==========  ======================  ================================================
step        falls on                may still be sent, if the server was off, until
==========  ======================  ================================================
three_days  3 working days before   the day before one_day
one_day     1 working day before    that day
day         the last working day    that day's cutoff
overdue     first working day late  5 working days
soft        as three_days           the cutoff (voluntary forms; in place of all others)
==========  ======================  ================================================

What a unit gets is the step of today, in today's words: what was missed is not made up for in a burst. A letter is
useless after its own day, because its words speak of today; if it could not go out, tomorrow's has tomorrow's words.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from intake.audience import asked_of
from intake.model import CampaignState, CellState, Draft, FormId, LetterKind, ReminderRecord, UnitName
from intake.roster import Roster, Unit
from intake.settings import Campaign, Collection, Sending
from scheduler.deadlines import END_OF_DAY, SHANGHAI, anchor, deadline_instant, overdue_day
from scheduler.workdays import Calendar

# facts/users.md §4: "none within one working day of publication or of the unit's last mail".
_QUIET_WORKING_DAYS = 1

# facts/users.md §4: "at most 3 + 1 overdue". It bounds what a moved deadline can set off; else one a step is fewer.
_BEFORE_DEADLINE_LIMIT = 3
_TOTAL_LIMIT = 4

# The note "逾期未报" is owed once, after which the office telephones (facts/users.md §3.5). A server that was off for
# longer than a working week would write to units that have been called in the meantime.
_OVERDUE_WORKING_DAYS = 5


class Step(StrEnum):
    """The step of one reminder; the template words each differently."""

    THREE_DAYS = "three_days"
    ONE_DAY = "one_day"
    DAY = "day"
    OVERDUE = "overdue"
    SOFT = "soft"


class UnreachableReason(StrEnum):
    NO_ADDRESS = "no_address"  # the roster has none
    BOUNCED = "bounced"  # all that the roster has have bounced


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A reminder that is due and cannot be mailed: the clerk telephones."""

    unit: UnitName
    form: FormId
    reason: UnreachableReason


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a unit would be reminded of, were there no mail of it that waits for a person.

    `mails`: the numbers of those on the clerk's desk; () if all that waits is too large and lies on the server.
    """

    unit: UnitName
    forms: tuple[FormId, ...]
    mails: tuple[int, ...]


class Due(NamedTuple):
    """What is due now: letters to send, and what is left to the clerk."""

    drafts: tuple[Draft, ...] = ()
    unreachable: tuple[Unreachable, ...] = ()
    withheld: tuple[Withheld, ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """A step of one collection that may be sent today; `first` is the day it falls on.

    `passes` means that a step whose own day was too near to the unit's last mail is not made up for.
    """

    collection: Collection
    step: Step
    deadline: date
    closes_at: datetime
    first: date
    passes: bool = False


def due(
    campaign: Campaign,
    roster: Roster,
    state: CampaignState,
    history: Iterable[ReminderRecord],
    calendar: Calendar,
    sending: Sending,
    now: datetime,
    bad_addresses: Container[str],
    last_mail_by_unit: Mapping[UnitName, datetime],
    suspended: Mapping[UnitName, tuple[int, ...]],
) -> Due:
    """Given the record and an aware `now`, return what is due now; nothing outside office hours on working days.

    `history` has the reminders that went out or still may (not those cancelled or expired), `bad_addresses` lower-case
    addresses that bounced, `last_mail_by_unit` the arrival of each unit's newest mail, `suspended` the units with a
    mail that waits for a person, and its numbers. The context of a draft has the reminder's own keys; office, campaign,
    reference and unit are added where every letter gets them.
    """
    local = now.astimezone(SHANGHAI)
    today = local.date()
    if not calendar.is_working(today) or not sending.office_opens <= local.time() < sending.office_closes:
        return Due()
    if _is_quiet(calendar, campaign.published_on, today):
        return Due()
    candidates = (_window(collection, calendar, campaign.published_on, local) for collection in campaign.collections)
    windows = [window for window in candidates if window is not None]
    records: dict[UnitName, list[ReminderRecord]] = {}
    for record in history:
        records.setdefault(record.unit, []).append(record)
    drafts: list[Draft] = []
    unreachable: list[Unreachable] = []
    withheld: list[Withheld] = []
    for unit in roster.units:
        name = UnitName(unit.name)
        owed = _owed(unit, windows, state, records.get(name, []), calendar, today, last_mail_by_unit.get(name))
        if not owed:
            continue
        if name in suspended:
            withheld.append(Withheld(name, tuple(window.collection.id for window in owed), suspended[name]))
            continue
        address = next((one for one in unit.addresses if one.lower() not in bad_addresses), None)
        if address is None:
            reason = UnreachableReason.BOUNCED if unit.addresses else UnreachableReason.NO_ADDRESS
            unreachable.extend(Unreachable(name, window.collection.id, reason) for window in owed)
        else:
            drafts.append(_draft(campaign, unit, address, owed, calendar, sending, local))
    return Due(tuple(drafts), tuple(unreachable), tuple(withheld))


def _is_quiet(calendar: Calendar, event: date, day: date) -> bool:
    """Return whether `day` is within the quiet time after an event, or before it (a clock set back)."""
    return calendar.add_working_days(event, _QUIET_WORKING_DAYS + 1) > day


def _window(collection: Collection, calendar: Calendar, published_on: date, local: datetime) -> _Window | None:
    """Return the step of a collection that may be sent today, or None. At most one is open on any day."""
    deadline, closes_at = collection.deadline, deadline_instant(collection)
    last_day, late_day = anchor(collection, calendar), overdue_day(collection, calendar)
    if deadline is None or closes_at is None or last_day is None or late_day is None:
        return None
    today = local.date()

    def window(step: Step, first: date, last: date, *, passes: bool = False) -> _Window | None:
        in_time = step is Step.OVERDUE or local <= closes_at
        return (
            _Window(collection, step, deadline, closes_at, first, passes)
            if first <= today <= last and in_time
            else None
        )

    three_before, two_before, one_before = (calendar.add_working_days(last_day, number) for number in (-3, -2, -1))
    if collection.voluntary:
        return window(Step.SOFT, three_before, last_day)
    # The notice's own day and the one after it need no reminder, and the step is not made up for later. Steps of one
    # day pass by themselves: on the next day another step's window is open.
    early = (
        None
        if _is_quiet(calendar, published_on, three_before)
        else window(Step.THREE_DAYS, three_before, two_before, passes=True)
    )
    return (
        early
        or window(Step.ONE_DAY, one_before, one_before)
        or window(Step.DAY, last_day, last_day)
        or window(Step.OVERDUE, late_day, calendar.add_working_days(late_day, _OVERDUE_WORKING_DAYS - 1))
    )


def _owed(
    unit: Unit,
    windows: list[_Window],
    state: CampaignState,
    records: list[ReminderRecord],
    calendar: Calendar,
    today: date,
    written_at: datetime | None,
) -> list[_Window]:
    """Return what a unit is to be reminded of today: nothing if it wrote just now or was reminded today already."""
    if any(record.on == today for record in records):
        return []
    written_on = None if written_at is None else written_at.astimezone(SHANGHAI).date()
    if written_on is not None and _is_quiet(calendar, written_on, today):
        return []
    return [
        window
        for window in windows
        if asked_of(window.collection, unit)
        and _is_outstanding(state, UnitName(unit.name), window.collection.id)
        and _has_room(window, records)
        and not (window.passes and written_on is not None and _is_quiet(calendar, written_on, window.first))
    ]


def _is_outstanding(state: CampaignState, unit: UnitName, form: FormId) -> bool:
    """Return whether nothing at all has come in: a faulty form got its own letter, 无意向 and 免报 are answers."""
    cell = state.cell(unit, form)
    return cell.owed and cell.state is CellState.NOT_SUBMITTED


def _has_room(window: _Window, records: Iterable[ReminderRecord]) -> bool:
    """Return whether the step has not been sent yet and the limits leave room for it."""
    days = [record.on for record in records if window.collection.id in record.forms]
    if any(window.first <= day for day in days):
        return False
    if window.step is Step.SOFT:
        return not days
    return len(days) < (_TOTAL_LIMIT if window.step is Step.OVERDUE else _BEFORE_DEADLINE_LIMIT)


def _draft(
    campaign: Campaign,
    unit: Unit,
    address: str,
    owed: list[_Window],
    calendar: Calendar,
    sending: Sending,
    local: datetime,
) -> Draft:
    today = local.date()
    office_closes_at = datetime.combine(today, sending.office_closes, SHANGHAI)
    # The office's hours bound the sending too; and before an earlier cutoff "今日截止" must be out or not at all.
    cutoffs = [window.closes_at for window in owed if window.step is not Step.OVERDUE]
    return Draft(
        kind=LetterKind.REMINDER,
        key=f"{LetterKind.REMINDER}:{campaign.id}:{unit.name}:{today.isoformat()}",
        to_address=address,
        context={
            "items": [_item(window, calendar, today) for window in owed],
            "now_at": local.isoformat(),
            "overdue_until": office_closes_at.isoformat(),
        },
        unit=UnitName(unit.name),
        forms=tuple(window.collection.id for window in owed),
        expires_at=min([office_closes_at, *cutoffs]),
    )


def _item(window: _Window, calendar: Calendar, today: date) -> dict[str, object]:
    return {
        "form": window.collection.id,
        "title": window.collection.form.title,
        "label": window.collection.letter_label,
        "deadline": window.deadline.isoformat(),
        "cutoff": "" if window.closes_at.time() >= END_OF_DAY else f"{window.closes_at:%H:%M}",
        "step": window.step.value,
        "working_days_left": max(0, calendar.working_days_between(today, window.deadline)),
        "certain": calendar.certain_between(today, window.deadline),
    }
