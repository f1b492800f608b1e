"""Is this a working day in China (调休 included), and how sure are we. Pure: no clock, no I/O.

In: the days that the office itself declares (`settings.CalendarDay`). Out: answers of `Calendar`. chinesecalendar (at
home here) knows the years that the State Council has decreed; the next year's decree comes in November, and the library
follows weeks later, when January deadlines are already being set (facts/users.md §4: 1.11.0 had no 2027 on 23 Nov 2026).
For such a year a day is guessed (Monday to Friday but for the fixed-date statutory days) and marked uncertain. It never
crashes and is never silently sure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

from intake.settings import CalendarDay

_DAY = timedelta(days=1)
_WEEKEND = (5, 6)

# 全国年节及纪念日放假办法 (2024-11-10), art. 2: the days off that need no lunar calendar. (month, day)
_FIXED_DAYS_OFF = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})

# A year's decree may move days of the December before it, around New Year's Day: 29 December was the earliest such day
# in 2004–2026 (made a working day in 2007 and 2018; chinesecalendar 1.11.0). (month, day)
_NEXT_DECREE_REACHES_BACK_TO = (12, 29)

# The first year of chinesecalendar's data; where `known_until` begins to look.
_FIRST_DECREED_YEAR = 2004

# Every decree names both. An office that has entered both for a year has entered that year's decree, not a day or two.
_FIRST_AND_LAST_FESTIVAL = ((1, 1), (10, 1))


@dataclass(frozen=True, slots=True)
class DayKind:
    """Whether a day is worked, and whether that is decreed (or declared by the office) rather than guessed.

    Truthy exactly when it is a working day, so that ``if calendar.is_working(day)`` means what it says.
    """

    working: bool
    certain: bool

    def __bool__(self) -> bool:
        return self.working


class Calendar:
    """Working days of one office: its own declared days first, then the decree, then a guess."""

    __slots__ = ("_entered_years", "_own")

    def __init__(self, days: Iterable[CalendarDay] = ()) -> None:
        """Given the days the office declares (the last one of a date wins), return its calendar."""
        self._own = {one.day: one.working for one in days}
        self._entered_years = frozenset(
            day.year
            for day in self._own
            if all(self._own.get(date(day.year, *festival)) is False for festival in _FIRST_AND_LAST_FESTIVAL)
        )

    def is_working(self, day: date) -> DayKind:
        """Given a day, return whether it is worked and whether that is certain."""
        own = self._own.get(day)
        if own is not None:
            return DayKind(own, certain=True)
        decreed = _decreed(day)
        if decreed is not None:
            reached = (day.month, day.day) >= _NEXT_DECREE_REACHES_BACK_TO
            return DayKind(decreed, certain=not reached or self.knows(day.year + 1))
        guess = day.weekday() not in _WEEKEND and (day.month, day.day) not in _FIXED_DAYS_OFF
        return DayKind(guess, certain=day.year in self._entered_years)

    def next_working_day(self, day: date) -> date:
        """Given a day, return the first working day after it."""
        return self.add_working_days(day, 1)

    def last_working_day_on_or_before(self, day: date) -> date:
        """Given a day, return it if it is worked, else the last working day before it."""
        return day if self.is_working(day) else self.add_working_days(day, -1)

    def add_working_days(self, day: date, number: int) -> date:
        """Given a day and a number n, return the n-th working day after it (before it if n < 0; the day itself if 0)."""
        step = _DAY if number > 0 else -_DAY
        for _ in range(abs(number)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Given two days, return how many working days come after `start` up to and with `end`; negative if end < start.

        This is the number that "仅剩N个工作日" means on the day `start` for the deadline `end`.
        """
        if end < start:
            return -self.working_days_between(end, start)
        return sum(bool(self.is_working(start + number * _DAY)) for number in range(1, (end - start).days + 1))

    def certain_between(self, start: date, end: date) -> bool:
        """Given two days in any order, return whether every day from one to the other is certain."""
        first, last = min(start, end), max(start, end)
        return all(self.is_working(first + number * _DAY).certain for number in range((last - first).days + 1))

    def known_until(self) -> date:
        """Return the last day of the last year in a row whose decree is known: for the 日报 ("工作日历至…")."""
        year = _FIRST_DECREED_YEAR
        while self.knows(year + 1):
            year += 1
        return date(year, 12, 31)

    def knows(self, year: int) -> bool:
        """Return whether that year's decree is known, be it that the office has entered it."""
        return year in self._entered_years or _decreed(date(year, 1, 1)) is not None


# the library walks through its whole table for every question: 21 µs, of which a tick has many
@lru_cache(maxsize=4_096)
def _decreed(day: date) -> bool | None:
    """Return whether the decree makes `day` a working day; None if its year is not in the library."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the library's word for "no data for this year", on either side
        return None
