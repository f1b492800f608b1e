"""What is under way in the ticks' threads, so that a stop can end it: SIGTERM must end the process in ≤ 10 s.

A tick registers how it can be woken (an IMAP session on a silent server, a letter on a trickling one). `stop` tells
everybody, wakes everybody, and `wait` waits until nobody is left or the time is up.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Running:
    """The ticks at work. Threads share it."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._changed = threading.Condition()
        self._busy = 0
        self._wakers: list[Callable[[], None]] = []

    @contextmanager
    def tick(self) -> Iterator[None]:
        """Count a tick as under way."""
        with self._changed:
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    @contextmanager
    def wakeable(self, wake: Callable[[], None]) -> Iterator[None]:
        """While inside, let `stop` call `wake` from its own thread."""
        with self._changed:
            self._wakers.append(wake)
        try:
            if self.stopping.is_set():
                wake()
            yield
        finally:
            with self._changed:
                self._wakers.remove(wake)

    def stop(self) -> None:
        """Tell the ticks to end and wake those that wait on a server."""
        self.stopping.set()
        with self._changed:
            wakers = list(self._wakers)
        for wake in wakers:
            wake()

    def wait(self, seconds: float) -> bool:
        """Wait until no tick is under way, at most so long. Return whether that came true."""
        end = time.monotonic() + seconds
        with self._changed:
            while self._busy and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            return self._busy == 0
