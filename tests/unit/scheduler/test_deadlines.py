"""The named day counts, to its cutoff; a rest day is carried to the next working day unless strict."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.deadlines import anchor, days_late, deadline_instant, is_late, late_after, overdue_day
from scheduler.workdays import Calendar
from tests.builders.reminding import collection

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar()
FRIDAY, SATURDAY, MAKE_UP_SATURDAY = date(2025, 5, 30), date(2025, 6, 28), date(2025, 10, 11)


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("deadline", "strict", "expected"),
    [
        (FRIDAY, False, at(FRIDAY, 23, 59, 59)),
        (SATURDAY, False, at(date(2025, 6, 30), 23, 59, 59)),
        (SATURDAY, True, at(SATURDAY, 23, 59, 59)),
        (MAKE_UP_SATURDAY, False, at(MAKE_UP_SATURDAY, 23, 59, 59)),  # a Saturday that is worked carries nothing
        (date(2025, 5, 31), False, at(date(2025, 6, 3), 23, 59, 59)),  # over the rest of the holiday
    ],
)
def test_the_last_instant_in_time(deadline, strict, expected):
    assert late_after(collection(deadline, strict=strict), CALENDAR) == expected


def test_a_cutoff_ends_its_own_day_early_but_not_the_day_that_a_rest_day_is_carried_to():
    noon = time(12, 0)
    assert late_after(collection(FRIDAY, cutoff=noon), CALENDAR) == at(FRIDAY, 12)
    assert late_after(collection(SATURDAY, cutoff=noon), CALENDAR) == at(date(2025, 6, 30), 23, 59, 59)
    assert late_after(collection(SATURDAY, cutoff=noon, strict=True), CALENDAR) == at(SATURDAY, 12)


def test_letters_can_name_the_printed_day_even_where_it_is_carried():
    assert deadline_instant(collection(SATURDAY)) == at(SATURDAY, 23, 59, 59)


def test_instants_are_judged_in_shanghai_whatever_zone_they_come_in():
    form = collection(FRIDAY)
    last_second = datetime(2025, 5, 30, 15, 59, 59, tzinfo=UTC)
    assert not is_late(last_second, form, CALENDAR)
    assert is_late(last_second + timedelta(seconds=1), form, CALENDAR)


@pytest.mark.parametrize(
    ("arrived_at", "days"),
    [
        (at(FRIDAY, 23, 59, 59), 0),
        (at(date(2025, 5, 31), 0), 1),
        (at(date(2025, 6, 1), 23), 2),
        (datetime(2025, 5, 31, 16, 0, tzinfo=UTC), 2),  # already 1 June in Shanghai
    ],
)
def test_days_late_count_days_of_shanghai(arrived_at, days):
    assert days_late(arrived_at, collection(FRIDAY), CALENDAR) == days


def test_an_hour_past_a_noon_cutoff_is_one_day_late():
    assert days_late(at(FRIDAY, 13), collection(FRIDAY, cutoff=time(12)), CALENDAR) == 1


def test_days_late_after_a_carried_deadline_count_from_the_day_it_was_carried_to():
    assert days_late(at(date(2025, 7, 1), 9), collection(SATURDAY), CALENDAR) == 1


def test_a_rolling_collection_has_no_deadline_and_is_never_late():
    rolling = collection(None)
    assert deadline_instant(rolling) is None
    assert late_after(rolling, CALENDAR) is None
    assert anchor(rolling, CALENDAR) is None
    assert overdue_day(rolling, CALENDAR) is None
    assert not is_late(at(FRIDAY, 9), rolling, CALENDAR)
    assert days_late(at(FRIDAY, 9), rolling, CALENDAR) == 0


@pytest.mark.parametrize(
    ("deadline", "strict", "anchored", "overdue"),
    [
        (FRIDAY, False, FRIDAY, date(2025, 6, 3)),
        (SATURDAY, True, date(2025, 6, 27), date(2025, 6, 30)),
        (SATURDAY, False, date(2025, 6, 27), date(2025, 7, 1)),
        (MAKE_UP_SATURDAY, False, MAKE_UP_SATURDAY, date(2025, 10, 13)),
    ],
)
def test_anchor_and_overdue_day_are_those_of_the_facts(deadline, strict, anchored, overdue):
    form = collection(deadline, strict=strict)
    assert anchor(form, CALENDAR) == anchored
    assert overdue_day(form, CALENDAR) == overdue
