"""I8 from outside: nobody is reminded of a form that the office had, or that lay in its mailbox for longer than a poll takes.

In: the data directory, when each mail came to the server and each letter left it. Out: what does not hold, a sentence
each. It shares no code with the program, as the checker: standard library, and the names of the units. Only units all of whose submissions of the form are accepted are looked at: a
later faulty one may change the case.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.rig.unit_names import NAMES

# What the program may not have seen yet: a look half an hour old is recent (facts/users.md §3.8), a clock nine minutes off.
_UNSEEN = timedelta(minutes=45)


class _Given(NamedTuple):
    unit: str
    form: str
    state: str
    sha256: str
    processed_at: str
    arrived_at: str


def needless_reminders(folder: Path, left: Mapping[str, datetime] | None = None) -> list[str]:
    """Nobody is reminded of a form that had been accepted before, under whatever name the unit had then.

    `left`: by Message-ID, the true time at which a letter left, where the host's clock is set back now and then: what came
    to the server after that was not accepted before, whatever our own clock said.
    """
    with closing(sqlite3.connect(folder / "intake.sqlite")) as database:
        found = []
        for message_id, address, form, claimed_at, given in _reminders(database):
            gone = (left or {}).get(message_id)
            there = [one for one in given if gone is None or _instant(one.arrived_at) <= gone]
            if any(one.processed_at < claimed_at for one in there):
                found.append(f"I8: {address} was reminded of {form}, which had been accepted")
        return found


def hasty_reminders(folder: Path, came: Mapping[str, datetime], left: Mapping[str, datetime]) -> list[str]:
    """Nobody is reminded of a form that lay in the mailbox, whether a poll had got it or not.

    `came`: by SHA-256, true time at which the server had a mail that it shows to every poll. `left`: by Message-ID.
    """
    with closing(sqlite3.connect(folder / "intake.sqlite")) as database:
        found = []
        for message_id, address, form, _, given in _reminders(database):
            there = [came[one.sha256] for one in given if one.sha256 in came]
            if message_id in left and there and min(there) + _UNSEEN < left[message_id]:
                found.append(f"I8: {address} was reminded of {form}, which lay in the mailbox")
        return found


def _reminders(database: sqlite3.Connection) -> Iterator[tuple[str, str, str, str, list[_Given]]]:
    """Yield each reminder of a form that its unit has sent: its name, address, form, when it was claimed, what was given."""
    sent = database.execute(
        "SELECT header_message_id, to_address, forms, claimed_at FROM outbox WHERE kind = 'reminder' AND state = 'sent'"
    ).fetchall()
    rows = database.execute(
        "SELECT s.unit, s.form, s.state, m.sha256, m.processed_at, m.arrived_at FROM submissions s JOIN messages m ON m.id = s.message_id"
    ).fetchall()
    given = [_Given(*row) for row in rows]
    for message_id, address, forms, claimed_at in sent:
        for form in json.loads(forms):
            had = [one for one in given if one.unit in NAMES[address] and one.form == form]
            if had and all(one.state == "accepted" for one in had):
                yield message_id, address, form, claimed_at, had


def _instant(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
