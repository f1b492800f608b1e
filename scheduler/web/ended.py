"""The sessions that somebody has logged out of: their cookies are signed and would be good for hours more.

In: a session's random id. Out: whether it was ended. Kept in a small file beside the accounts, so that a restart of the
program does not open them again; where the disk refuses the file it holds until the next restart.
"""

import json
import logging
import threading
from collections import OrderedDict
from datetime import datetime
from pathlib import Path

from intake.errors import OfficeError
from intake.whole_files import replace_whole

log = logging.getLogger(__name__)

FILE = "desk-ended.json"
_REMEMBERED = 1_000  # a working day of an office has some ten; the oldest go first


class EndedSessions:
    """The ended sessions of one data directory: id → until when its cookie would have been good (seconds of the epoch)."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._lock = threading.Lock()
        self._held: OrderedDict[str, float] = OrderedDict(self._read())

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._held

    def add(self, session_id: str, now: datetime, until: datetime) -> None:
        """End a session; `until` it would have been good."""
        with self._lock:
            self._held[session_id] = until.timestamp()
            for one in [one for one, end in self._held.items() if end < now.timestamp()]:
                del self._held[one]
            while len(self._held) > _REMEMBERED:
                self._held.popitem(last=False)
            try:
                replace_whole(self._path, json.dumps(self._held).encode(), what="已退出的登录")
            except OfficeError as error:
                log.warning("action=desk.ended_not_kept error=%s", type(error.__cause__).__name__)

    def _read(self) -> dict[str, float]:
        try:
            return {str(one): float(end) for one, end in json.loads(self._path.read_bytes()).items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:  # then only what is logged out of from now on
            log.warning("action=desk.ended_not_read error=%s", type(error).__name__)
            return {}
