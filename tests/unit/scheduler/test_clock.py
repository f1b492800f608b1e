"""Clocks give aware UTC instants; a stepped clock passes time without waiting."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.clock import Clock, SteppedClock, SystemClock

START = datetime(2025, 5, 27, 16, 27, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_the_system_clock_gives_the_present_in_utc():
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_the_system_clock_sleeps_about_as_long_as_it_is_told():
    started = time.monotonic()
    SystemClock().sleep(0.02)
    SystemClock().sleep(-5)
    assert 0.015 < time.monotonic() - started < 2


def test_a_stepped_clock_stands_still_until_it_is_told_to_step():
    clock: Clock = SteppedClock(START)
    assert clock.now() == clock.now() == START
    assert clock.now().tzinfo is UTC


def test_sleeping_on_a_stepped_clock_takes_no_time_and_passes_it():
    clock = SteppedClock(START)
    started = time.monotonic()
    clock.sleep(3600)
    clock.sleep(-3600)
    assert clock.now() == START + timedelta(hours=1)
    assert time.monotonic() - started < 1


def test_a_stepped_clock_goes_to_a_moment_also_backwards():
    clock = SteppedClock(START)
    clock.advance_to(START + timedelta(days=3))
    assert clock.now() == START + timedelta(days=3)
    clock.advance_to(START - timedelta(days=1))
    assert clock.now() == START - timedelta(days=1)


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="naive"):
        SteppedClock(START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="naive"):
        SteppedClock(START).advance_to(START.replace(tzinfo=None))
