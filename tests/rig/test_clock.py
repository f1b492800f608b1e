"""The short form of "clock" holds, and the part sees what is planted for it."""

import time
from datetime import datetime, timedelta, tzinfo

import pytest

from intake import outbox
from scheduler import reminders, skew
from tests.rig import clock

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs tzset (POSIX)")


def seen(name: str, words: str) -> bool:
    return any(words in one for one in clock.run(long=False, seed=1, only=name).violations)


def test_whatever_is_done_to_the_clock_units_get_the_same_letters_on_the_same_days():
    outcome = clock.run(long=False, seed=31)
    assert (outcome.runs, outcome.violations) == (6, ())


@pytest.mark.long
def test_letters_by_a_wrong_clock_are_seen(monkeypatch):
    monkeypatch.setattr(skew, "doubt", lambda *_, **__: None)
    assert seen("a day fast", "went to units while the clock was wrong")
    assert seen("a day fast", "told nothing of the clock")


@pytest.mark.long
def test_a_pause_that_does_not_end_is_seen(monkeypatch):
    real = skew.doubt
    doubts: list[skew.Doubt] = []

    def stubborn(*arguments, **options):
        doubts.extend(one for one in [real(*arguments, **options)] if one is not None)
        return doubts[0] if doubts else None

    monkeypatch.setattr(skew, "doubt", stubborn)
    assert seen("a day slow", "nobody sent")


@pytest.mark.long
def test_a_pause_for_a_wrong_date_that_new_mails_do_not_end_is_seen(monkeypatch):
    monkeypatch.setattr(skew, "_agrees", lambda *_: False)
    assert seen("copies with a wrong date", "clock still fails")


@pytest.mark.long
def test_an_office_that_lives_by_the_machines_zone_is_seen(monkeypatch):
    class Local(tzinfo):
        def utcoffset(self, moment):
            naive = moment.replace(tzinfo=None)
            return timedelta(seconds=time.localtime(time.mktime(naive.timetuple())).tm_gmtoff)

        def dst(self, _moment):
            return timedelta()

        def tzname(self, _moment):
            return "local"

        def fromutc(self, moment):
            seconds = (moment.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
            return moment + timedelta(seconds=time.localtime(seconds).tm_gmtoff)

    monkeypatch.setattr(reminders, "SHANGHAI", Local())
    assert seen("two hours fast at the reminder's time", "I8")


@pytest.mark.long
def test_a_letter_that_is_sent_twice_is_seen(monkeypatch):
    real = outbox.settle

    def settle(session, letter_id, outcome, now):
        state = real(session, letter_id, outcome, now)
        row = session.get(outbox.OutboxRow, letter_id)
        if row.kind == "reminder" and row.attempt == 1:
            row.state = "queued"
        return state

    monkeypatch.setattr(outbox, "settle", settle)
    assert seen("off at the reminder's time", "I2")
