"""When this process last read the mailbox to its end: before that, and long after, nobody knows who has sent nothing.

In: how a poll ended. Out: whether a letter may say 尚未收到; since when, at the longest, what is new can have been there.
Kept in memory on purpose: a process that has just started has not looked yet, whatever the one before it saw. The ticks'
threads share it.
"""

import threading
from datetime import datetime, timedelta

from intake.settings import Polling
from scheduler.clock import Steady

# Half an hour is the patience of `alarms`: what mends itself by then (a network that fails rests at most a quarter of an
# hour, a refused login five minutes at first) keeps nobody's reminder back. An office that polls slowly gets two polls.
_RECENT = timedelta(minutes=30)
# A mail without a body, a junk-like folder that can't be opened: what the server has not given in an hour of polls it does
# not give. Nobody is told of it, so that it must not end all reminders.
_WITHHELD_FOR = timedelta(hours=1)


class LastRead:
    """The last poll that read everything. `note` after each poll that came to its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: datetime | None = None
        self._everything_at: Steady | None = None
        self._withheld_since: datetime | None = None

    def note(self, began_at: datetime, began: Steady, *, whole: bool) -> None:
        """Given when a poll began that reached every folder of the office, note whether it got everything there is."""
        with self._lock:
            self._everything_at = began if whole else None
            if whole:
                self._withheld_since = None
            elif self._withheld_since is None or self._withheld_since > began_at:
                self._withheld_since = began_at
            if self._withheld_since is None or began_at - self._withheld_since >= _WITHHELD_FOR:
                self._at = began_at

    def everything_at(self) -> Steady | None:
        """Return when the last poll began, if it got everything there is; None if it did not, or there was none."""
        with self._lock:
            return self._everything_at

    def resume(self, began: Steady | None) -> None:
        """Given when the last poll of the process before this one began, which got everything, go on from it.

        It tells how new what the next poll finds can be, and not that a letter may say 尚未收到.
        """
        with self._lock:
            self._everything_at = self._everything_at or began

    def seconds_since_everything(self, now: Steady) -> float | None:
        """Return since when, at the longest, what the poll after the last one finds can have been there.

        None if the last one did not get everything: then it may have been there for days.
        """
        with self._lock:
            last = self._everything_at
        return now.seconds - last.seconds if last is not None and last.run == now.run else None

    def is_recent(self, now: datetime, polling: Polling) -> bool:
        """Return whether the mailbox was read a short time ago."""
        # as in `health`: one poll may take all of its time, and the next begins an interval later
        allowed = timedelta(seconds=polling.interval_s + polling.poll_deadline_s)
        with self._lock:
            # either way: a clock that was set back must not make an old look a recent one
            return self._at is not None and abs(now - self._at) <= max(_RECENT, 2 * allowed)
