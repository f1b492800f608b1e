"""The ticks survive what clocks do: a step to the year 2200 costs no memory, a step back no day."""

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import OperationalError

from intake.db.postgres import HeldElsewhereError
from intake.errors import OfficeError
from scheduler.clock import SteppedClock
from scheduler.daemon import Daemon, Every, wake_those_left_behind

NOON = datetime(2025, 5, 29, 4, 0, tzinfo=UTC)


@pytest.fixture
def ticks():
    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None})
    scheduler.start(paused=True)
    yield scheduler
    scheduler.shutdown(wait=False)


@pytest.mark.parametrize("later", [timedelta(hours=2), timedelta(days=365), timedelta(days=175 * 365)])
def test_after_a_step_forward_a_tick_runs_once_and_then_every_interval(ticks, later):
    job = ticks.add_job(print, Every(10), next_run_time=NOON)
    assert job._get_run_times(NOON + later) == [NOON]
    assert job.trigger.get_next_fire_time(NOON, NOON + later) == NOON + later + timedelta(seconds=10)


def test_after_a_step_back_a_tick_does_not_wait_for_its_old_day(ticks):
    behind = ticks.add_job(print, Every(10), next_run_time=NOON + timedelta(days=1))
    in_time = ticks.add_job(print, Every(10), next_run_time=NOON + timedelta(seconds=7))
    wake_those_left_behind(ticks, NOON)
    assert behind.next_run_time == NOON
    assert in_time.next_run_time == NOON + timedelta(seconds=7)


@pytest.mark.parametrize(
    ("raised", "ends"),
    [
        (HeldElsewhereError("x"), True),
        (OfficeError("a password that was changed"), False),
        (OperationalError("SELECT 1", {}, Exception("connection refused")), False),
        (RuntimeError("a bug"), False),
    ],
)
def test_a_daemon_ends_for_another_that_has_its_database_and_for_no_other_trouble_of_the_server(raised, ends):
    daemon = Daemon(None, SteppedClock(NOON), reload=lambda: None)

    def keep():
        raise raised

    daemon._stay_alone(keep)
    assert daemon._ends() is ends
