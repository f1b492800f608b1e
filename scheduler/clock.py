"""The only reader of the wall clock. Each tick reads it once and passes `now` down.

Out: aware instants in UTC. `SystemClock` is the machine's; `SteppedClock` belongs to the demo and to tests, where weeks
pass in seconds and sleeping is a step.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a tick may know of time."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""
        return datetime.now(UTC)

    @staticmethod
    def of(timestamp: float) -> datetime:
        """Return the instant of a file's time, aware, UTC."""
        return datetime.fromtimestamp(timestamp, UTC)

    def sleep(self, seconds: float) -> None:
        """Wait that long; nothing at all for zero or less."""
        if seconds > 0:
            time.sleep(seconds)


class SteppedClock:
    """A clock that stands still until it is told to step. Threads may share it."""

    def __init__(self, start: datetime) -> None:
        """Given an aware instant, return a clock that stands there. Raise ValueError if it is naive."""
        self._lock = threading.Lock()
        self._now = _utc(start)

    def now(self) -> datetime:
        """Return the instant at which the clock stands, aware, UTC."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Step by that much at once; nothing at all for zero or less."""
        with self._lock:
            self._now += timedelta(seconds=max(seconds, 0))

    def advance_to(self, moment: datetime) -> None:
        """Step to `moment`. An earlier one is a clock set back, which real clocks do. Raise ValueError if it is naive."""
        with self._lock:
            self._now = _utc(moment)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return moment.astimezone(UTC)
