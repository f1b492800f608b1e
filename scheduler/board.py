"""Where the watch puts what it found, for those who must not touch the record to know it: /healthz above all.

Out: the last `Health` and how old it is. It also remembers between two looks what could not be written into a record
that can't be written. Threads share it; it does nothing else.
"""

import threading
import time
from collections.abc import Mapping
from datetime import datetime

from scheduler.health import Health
from scheduler.telling import Pinged, Told


class Board:
    """The last finding. `record_told`, `unreadable_since` and `pinged` belong to the watch, `shut` to the daemon."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._health: Health | None = None
        self._posted_s = 0.0
        self.unreadable_since: datetime | None = None
        self.record_told: Told | None = None  # what the second channel was told of the record itself
        self.pinged = Pinged()
        self.shut: Mapping[str, str] = {}  # doors ("desk", "healthz") that are wanted and can't be opened, and why

    def post(self, health: Health) -> None:
        """Put up a new finding."""
        with self._lock:
            self._health, self._posted_s = health, time.monotonic()

    def latest(self) -> tuple[Health, float] | None:
        """Return the last finding and its age in seconds, None if there is none yet."""
        with self._lock:
            return None if self._health is None else (self._health, time.monotonic() - self._posted_s)
