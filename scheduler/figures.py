"""How a campaign went, in numbers: who came by itself, what reminders brought, how long mending took, mails a day. Pure.

In: campaign, roster, ledger, the reminders that went out, the mails as values, the calendar. Out: counts. Every unit ×
form stands in exactly one column and every mail in one row, so that the sums can be checked against the matrix. The
stage before is `ledger`; the desk's 统计 shows what comes out.

What counts as "came" is the first form that arrived for a unit × form, whatever was wrong with it: a unit that was asked
to correct had answered the notice by itself. 无意向 is no form, nor is a 无 about one that is owed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from intake.audience import asked_of
from intake.ledger import Ledger, Version
from intake.model import CellState, Disposition, FormId, StoredSubmission, UnitName
from intake.roster import Roster
from intake.settings import Campaign, Collection
from intake.standing import owes, says_none
from intake.words import SHANGHAI
from scheduler.workdays import Calendar

# Reminders before a deadline are at most three (scheduler/reminders.py); what a moved deadline adds counts as the third.
STEPS = 3
_LONGEST = 400  # days of one campaign that are listed; a deadline typed with a wrong year must not make a page of years


@dataclass(frozen=True, slots=True)
class Nudge:
    """A reminder that was sent: to which unit, of which forms, when."""

    unit: UnitName
    forms: tuple[FormId, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Received:
    """Mails of one hour, as far as they are counted. `state`, `disposition` and `sender_kind` as the record has them."""

    at: datetime
    state: str
    disposition: str
    sender_kind: str
    number: int = 1


@dataclass(frozen=True, slots=True)
class Timeliness:
    """One form: how many units came when. `after` counts those that came after one, two, three or more reminders, in time.

    `declined` said that they have nothing, or were excused; `silent` owe it and have not come. `unasked` is how many of
    all these the form is not asked of. The sum of the columns is `total`.
    """

    form: FormId
    asked: int
    unasked: int
    by_themselves: int
    after: tuple[int, ...]
    late: int
    declined: int
    silent: int

    @property
    def came(self) -> int:
        return self.by_themselves + sum(self.after) + self.late

    @property
    def total(self) -> int:
        return self.came + self.declined + self.silent


@dataclass(frozen=True, slots=True)
class Mending:
    """One form: how many units had to correct it, and the working days that each took that has. `certain`: of the calendar.

    Of a form that is collected at any time no mail replaces another: whether one was mended is not known (`days` None).
    """

    form: FormId
    needed: int
    days: tuple[int, ...] | None
    certain: bool = True

    @property
    def median(self) -> float | None:
        """The median of the working days; 0 is the same day. None if none was mended."""
        return median(self.days) if self.days else None

    @property
    def open(self) -> int | None:
        return None if self.days is None else self.needed - len(self.days)


@dataclass(frozen=True, slots=True)
class Fates:
    """The mails since the campaign began, each counted once: by disposition, or not yet judged, or set aside.

    `ignored` tells those that were no submission by kind of sender.
    """

    total: int
    accepted: int
    correction: int
    review: int
    nothing: int
    waiting: int
    shunted: int
    ignored: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day in Shanghai: mails that brought a form, other mails, reminders sent, forms whose deadline it is."""

    day: date
    forms: int
    others: int
    reminders: int
    deadlines: tuple[FormId, ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Every day from the campaign's start to today or the last deadline. `before` and `beyond`: mails outside of them."""

    days: tuple[Day, ...]
    before: int
    beyond: int


def timeliness(campaign: Campaign, roster: Roster, ledger: Ledger, nudges: Iterable[Nudge]) -> tuple[Timeliness, ...]:
    """Given the state of everything, return for each form when the units of the roster came."""
    firsts = _firsts(ledger)
    reminded: dict[tuple[UnitName, FormId], list[datetime]] = defaultdict(list)
    for nudge in nudges:
        for form in nudge.forms:
            reminded[nudge.unit, form].append(nudge.at)
    return tuple(_timeliness(one, roster, ledger, firsts, reminded) for one in campaign.collections)


def _firsts(ledger: Ledger) -> dict[tuple[UnitName, FormId], StoredSubmission]:
    firsts: dict[tuple[UnitName, FormId], StoredSubmission] = {}
    for one in ledger.submissions:  # in order of arrival
        if one.unit is not None and one.state is not CellState.NO_INTENT and not says_none(one):
            firsts.setdefault((one.unit, one.form), one)
    return firsts


def _timeliness(
    collection: Collection,
    roster: Roster,
    ledger: Ledger,
    firsts: dict[tuple[UnitName, FormId], StoredSubmission],
    reminded: dict[tuple[UnitName, FormId], list[datetime]],
) -> Timeliness:
    asked = unasked = late = declined = silent = 0
    after = [0] * (STEPS + 1)
    for unit in roster.units:
        name = UnitName(unit.name)
        is_asked = asked_of(collection, unit)
        asked += is_asked
        first = firsts.get((name, collection.id))
        if first is not None and first.late:
            late += 1
        elif first is not None:
            earlier = sum(at < first.arrived_at for at in reminded.get((name, collection.id), ()))
            after[min(earlier, STEPS)] += 1
        elif ledger.state.cell(name, collection.id).state is not CellState.NOT_SUBMITTED:
            declined += 1
        elif owes(unit, collection):
            silent += 1
        else:
            continue  # nothing is owed and nothing came
        unasked += not is_asked
    return Timeliness(collection.id, asked, unasked, after[0], tuple(after[1:]), late, declined, silent)


def mending(campaign: Campaign, ledger: Ledger, calendar: Calendar) -> tuple[Mending, ...]:
    """Given the ledger, return for each form how many units had to correct it and how many working days that took.

    Counted from the day the first faulty form arrived to the day of the first whole one after it, of any unit.
    """
    return tuple(_mending(one, ledger.by_cell, calendar) for one in campaign.collections)


def _mending(
    collection: Collection, cells: Mapping[tuple[UnitName, FormId], Sequence[Version]], calendar: Calendar
) -> Mending:
    needed, days, certain = 0, [], True
    for (_, form), versions in cells.items():
        if form != collection.id:
            continue
        faulty = next((at for at, one in enumerate(versions) if _has(one, CellState.CORRECTION)), None)
        if faulty is None:
            continue
        needed += 1
        whole = next((one for one in versions[faulty + 1 :] if all(m.state is CellState.ACCEPTED for m in one)), None)
        if whole is not None:
            start, end = _day(versions[faulty][0].arrived_at), _day(whole[0].arrived_at)
            days.append(calendar.working_days_between(start, end))
            certain = certain and calendar.certain_between(start, end)
    return Mending(collection.id, needed, None if collection.deadline is None else tuple(sorted(days)), certain)


def _has(version: Iterable[StoredSubmission], state: CellState) -> bool:
    return any(one.state is state for one in version)


def fates(received: Iterable[Received], since: date) -> Fates:
    """Given all mails, return what became of those that arrived from that day on."""
    found: Counter[str] = Counter()
    ignored: Counter[str] = Counter()
    for one in received:
        if _day(one.at) >= since:
            fate = _fate(one)
            found[fate] += one.number
            if fate == Disposition.IGNORED:
                ignored[one.sender_kind] += one.number
    return Fates(
        found.total(),
        found[Disposition.ACCEPTED],
        found[Disposition.CORRECTION],
        found[Disposition.REVIEW],
        found[Disposition.IGNORED],
        found["waiting"],
        found["shunted"],
        tuple(sorted(ignored.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _fate(mail: Received) -> str:
    if mail.state == "shunted":
        return "shunted"
    return mail.disposition if mail.state != "archived" and mail.disposition in (*Disposition,) else "waiting"


_FORMS = frozenset({Disposition.ACCEPTED, Disposition.CORRECTION, Disposition.REVIEW})


def arrivals(campaign: Campaign, received: Iterable[Received], nudges: Iterable[Nudge], today: date) -> Arrivals:
    """Given mails and reminders, return them day by day. What is not yet judged or set aside counts as another mail."""
    first = campaign.starts_on
    deadlines = {one.id: one.deadline for one in campaign.collections if one.deadline is not None}
    last = min(max([today, first, *deadlines.values()]), first + timedelta(days=_LONGEST - 1))
    forms: Counter[date] = Counter()
    others: Counter[date] = Counter()
    before = beyond = 0
    for mail in received:
        day = _day(mail.at)
        if day < first:
            before += mail.number
        elif day > last:
            beyond += mail.number
        else:
            (forms if _fate(mail) in _FORMS else others)[day] += mail.number
    reminders = Counter(_day(one.at) for one in nudges)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return Arrivals(
        tuple(
            Day(
                day,
                forms[day],
                others[day],
                reminders[day],
                tuple(form for form, deadline in deadlines.items() if deadline == day),
            )
            for day in days
        ),
        before,
        beyond,
    )


def _day(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()
