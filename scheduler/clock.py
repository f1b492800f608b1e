"""The only reader of the wall clock. Each tick reads it once and passes `now` down.

Out: aware instants in UTC. `SystemClock` is the machine's; `SteppedClock` belongs to the demo and to tests, where weeks
pass in seconds and sleeping is a step.
"""

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol


class Steady(NamedTuple):
    """A clock that nobody can set. `run`: the life in which its seconds count; those of two runs can't be compared."""

    run: str
    seconds: float


class Clock(Protocol):
    """What a tick may know of time."""

    def now(self) -> datetime:
        """Return the present instant, aware, UTC."""

    def sleep(self, seconds: float) -> None:
        """Let that much time pass."""

    def steady(self) -> Steady:
        """Return what the clock shows that nobody can set."""


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        try:
            # the life of the machine, on Linux: what was measured before a restart of the program is still good
            self._run = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            self._steady = _since_boot
            self._steady()
        except (OSError, AttributeError, ValueError):
            self._run, self._steady = secrets.token_hex(8), time.monotonic

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

    def steady(self) -> Steady:
        """Return the seconds since the machine began, asleep or awake; elsewhere than on Linux those of the process."""
        return Steady(self._run, self._steady())


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)  # time.monotonic stands still while a Linux machine sleeps


class SteppedClock:
    """A clock that stands still until it is told to step. Threads may share it."""

    def __init__(self, start: datetime) -> None:
        """Given an aware instant, return a clock that stands there. Raise ValueError if it is naive."""
        self._lock = threading.Lock()
        self._now = _utc(start)
        self._run = f"stepped {self._now.isoformat()}"
        self._seconds = 0.0

    def now(self) -> datetime:
        """Return the instant at which the clock stands, aware, UTC."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Step by that much at once; nothing at all for zero or less."""
        with self._lock:
            self._now += timedelta(seconds=max(seconds, 0))
            self._seconds += max(seconds, 0)

    def advance_to(self, moment: datetime) -> None:
        """Step to `moment`. An earlier one is a clock set back, which real clocks do. Raise ValueError if it is naive."""
        with self._lock:
            self._seconds += max((_utc(moment) - self._now).total_seconds(), 0)
            self._now = _utc(moment)

    def set_to(self, moment: datetime) -> None:
        """Set the clock, as a person or NTP does: no time passes by it. Raise ValueError if `moment` is naive."""
        with self._lock:
            self._now = _utc(moment)

    def steady(self) -> Steady:
        """Return how much time has passed in all, whatever the clock was set to."""
        with self._lock:
            return Steady(self._run, self._seconds)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return moment.astimezone(UTC)
