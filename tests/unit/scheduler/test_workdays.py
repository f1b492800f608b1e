"""Working days of China: decreed, declared by the office, or guessed and marked so."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from intake.settings import CalendarDay
from scheduler.workdays import Calendar, DayKind

DECREED = Calendar()
SURE_WORK, SURE_REST = DayKind(working=True, certain=True), DayKind(working=False, certain=True)
GUESSED_WORK, GUESSED_REST = DayKind(working=True, certain=False), DayKind(working=False, certain=False)


def entered_2027() -> Calendar:
    """Return the calendar of an office that has typed in (an invented part of) the decree for 2027."""
    return Calendar(
        (
            CalendarDay(date(2027, 1, 1), working=False, name="元旦"),
            CalendarDay(date(2027, 2, 7), working=True, name="调休上班"),
            CalendarDay(date(2027, 10, 1), working=False, name="国庆节"),
        )
    )


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2025, 5, 30), SURE_WORK),
        (date(2025, 5, 31), SURE_REST),  # Dragon Boat Festival, Sat
        (date(2025, 6, 2), SURE_REST),  # Dragon Boat Festival, Mon
        (date(2025, 6, 3), SURE_WORK),
        (date(2025, 6, 28), SURE_REST),  # a plain Saturday
        (date(2025, 10, 11), SURE_WORK),  # a Saturday worked in exchange
        (date(2025, 1, 26), SURE_WORK),  # a Sunday worked in exchange
        (date(2026, 12, 28), SURE_WORK),
    ],
)
def test_a_decreed_day_is_known_with_certainty(day, kind):
    assert DECREED.is_working(day) == kind


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2035, 1, 1), GUESSED_REST),  # Mon, statutory
        (date(2035, 1, 2), GUESSED_WORK),
        (date(2035, 5, 1), GUESSED_REST),
        (date(2035, 5, 2), GUESSED_REST),
        (date(2035, 5, 3), GUESSED_WORK),
        (date(2035, 10, 3), GUESSED_REST),
        (date(2035, 10, 4), GUESSED_WORK),
        (date(2035, 6, 9), GUESSED_REST),  # Sat
        (date(1999, 6, 9), GUESSED_WORK),  # before the library's data
        (date(2200, 3, 5), GUESSED_WORK),
    ],
)
def test_a_year_without_decree_is_guessed_and_marked_uncertain(day, kind):
    assert DECREED.is_working(day) == kind


def test_the_last_days_of_a_december_are_uncertain_until_the_next_decree_is_known():
    last_known_year = DECREED.known_until().year
    assert DECREED.is_working(date(last_known_year, 12, 28)).certain
    assert not DECREED.is_working(date(last_known_year, 12, 29)).certain
    assert DECREED.is_working(date(last_known_year - 1, 12, 31)).certain


def test_no_decree_so_far_reached_further_back_than_the_29th_of_december():
    moved = [
        day
        for year in range(2004, DECREED.known_until().year)
        for day in (date(year, 12, 1) + timedelta(days=number) for number in range(31))
        if chinese_calendar.is_workday(day) != (day.weekday() < 5)
    ]
    assert moved
    assert min(day.day for day in moved) == 29


def test_the_offices_own_day_overrides_the_decree_and_is_certain():
    calendar = Calendar((CalendarDay(date(2025, 5, 30), working=False), CalendarDay(date(2035, 6, 9), working=True)))
    assert calendar.is_working(date(2025, 5, 30)) == SURE_REST
    assert calendar.is_working(date(2035, 6, 9)) == SURE_WORK
    assert calendar.is_working(date(2035, 6, 8)) == GUESSED_WORK


def test_the_last_declaration_of_a_day_wins():
    day = date(2025, 5, 30)
    assert Calendar((CalendarDay(day, working=False), CalendarDay(day, working=True))).is_working(day) == SURE_WORK


def test_a_year_whose_decree_the_office_has_entered_is_certain_and_so_is_the_december_before():
    calendar = entered_2027()
    assert calendar.is_working(date(2027, 2, 7)) == SURE_WORK
    assert calendar.is_working(date(2027, 3, 1)) == SURE_WORK
    assert calendar.is_working(date(2027, 3, 6)) == SURE_REST
    assert calendar.is_working(date(2026, 12, 31)).certain


def test_a_single_entered_day_does_not_make_its_year_certain():
    calendar = Calendar((CalendarDay(date(2035, 1, 1), working=False),))
    assert calendar.is_working(date(2035, 1, 1)) == SURE_REST
    assert calendar.is_working(date(2035, 1, 2)) == GUESSED_WORK


def test_known_until_is_the_end_of_the_last_decreed_year_and_grows_with_what_the_office_enters():
    known = DECREED.known_until()
    assert known >= date(2026, 12, 31)
    assert (known.month, known.day) == (12, 31)
    following = known.year + 1
    entered = Calendar(
        (CalendarDay(date(following, 1, 1), working=False), CalendarDay(date(following, 10, 1), working=False))
    )
    assert entered.known_until() == date(following, 12, 31)


@pytest.mark.parametrize(
    ("day", "number", "expected"),
    [
        (date(2025, 5, 30), 1, date(2025, 6, 3)),
        (date(2025, 6, 3), -1, date(2025, 5, 30)),
        (date(2025, 5, 31), 1, date(2025, 6, 3)),  # from a rest day: the next one worked
        (date(2025, 5, 31), -1, date(2025, 5, 30)),
        (date(2025, 5, 31), 0, date(2025, 5, 31)),
        (date(2025, 10, 11), -1, date(2025, 10, 10)),
        (date(2025, 10, 11), -3, date(2025, 9, 30)),  # over the whole National Day holiday
        (date(2025, 10, 10), 1, date(2025, 10, 11)),
        (date(2034, 12, 29), 2, date(2035, 1, 3)),  # through years that nobody has decreed yet
    ],
)
def test_working_days_are_added_and_subtracted(day, number, expected):
    assert DECREED.add_working_days(day, number) == expected


@pytest.mark.parametrize(
    ("start", "end", "number"),
    [
        (date(2025, 5, 29), date(2025, 5, 30), 1),
        (date(2025, 5, 30), date(2025, 5, 30), 0),
        (date(2025, 5, 30), date(2025, 6, 3), 1),
        (date(2025, 6, 3), date(2025, 5, 30), -1),
        (date(2025, 6, 24), date(2025, 6, 28), 3),
        (date(2025, 5, 31), date(2025, 6, 2), 0),
    ],
)
def test_working_days_between_counts_the_end_and_not_the_start(start, end, number):
    assert DECREED.working_days_between(start, end) == number


def test_the_last_working_day_on_or_before_a_day():
    assert DECREED.last_working_day_on_or_before(date(2025, 6, 28)) == date(2025, 6, 27)
    assert DECREED.last_working_day_on_or_before(date(2025, 6, 27)) == date(2025, 6, 27)
    assert DECREED.last_working_day_on_or_before(date(2025, 10, 8)) == date(2025, 9, 30)


def test_a_stretch_with_one_uncertain_day_is_uncertain_in_either_direction():
    assert DECREED.certain_between(date(2026, 12, 20), date(2026, 12, 24))
    last_year = DECREED.known_until().year
    assert not DECREED.certain_between(date(last_year, 12, 28), date(last_year, 12, 29))
    beyond = DECREED.known_until() + timedelta(days=20)
    assert not DECREED.certain_between(beyond - timedelta(days=60), beyond)
    assert not DECREED.certain_between(beyond, beyond - timedelta(days=60))


def test_a_day_kind_is_true_exactly_when_it_is_worked():
    assert SURE_WORK
    assert GUESSED_WORK
    assert not SURE_REST
    assert not GUESSED_REST
