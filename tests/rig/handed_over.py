"""I2 for letters of uncertain fate: which may be uncertain when all is at rest, and which must not be.

In: the database just after a kill and at rest, what the server took. Out: what does not hold, a sentence each. It shares
no code with the program, as the checker: the standard library only.

A kill leaves the fate of a letter open only between the commit of phase "data" and the commit of its 250. So nothing is
uncertain that was not in that place at a kill. Where the provider files copies, a letter that it took must be known as
sent; one that it did not take stays uncertain for the clerk, as it does where no copies are filed, taken or not.
"""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

# Sent again while they are of use, once the Sent folder has shown that they were not taken.
_SENT_AGAIN = ("reminder", "digest", "alarm", "test")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen from outside, letters by Message-ID.

    `cut`: handed over at a kill. `taken`: kept by the server. `patient`: the time is over after which the absence of a
    copy counts.
    """

    cut: Collection[str]
    taken: Collection[str]
    files_copies: bool
    patient: bool

    @property
    def losses(self) -> int:
        """How many answers a person has to look at: so many, and not one more, may be uncertain."""
        return len(set(self.cut) - (set(self.taken) if self.files_copies else set()))


def at_a_kill(database: Path) -> set[str]:
    """Return the letters that were being handed over when the process was killed: of these nobody can know more."""
    if not database.exists():
        return set()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute(
                "SELECT header_message_id FROM outbox WHERE state = 'sending' AND phase = 'data'"
            ).fetchall()
        except sqlite3.OperationalError:
            return set()  # killed before there were tables
    return {str(name) for (name,) in rows}


def known_too_late(database: Path, taken: Collection[str]) -> set[str]:
    """Return the letters that are uncertain although the server took them."""
    return {name for name, (state, _) in _letters(database).items() if state == "uncertain" and name in taken}


def misjudged(database: Path, seen: Seen) -> Iterator[str]:
    """Yield what does not hold at rest of the letters that a server took which refuses nothing."""
    letters = _letters(database)
    for name, (state, kind) in letters.items():
        if state in ("held", "failed"):
            yield f"I2: the {kind} {name} is {state}, but no server refused it"
        if name in seen.taken and state not in ("sent", "uncertain"):
            yield f"I2: the {kind} {name} is {state}, but the server has it"
        if state != "uncertain":
            continue
        if name not in seen.cut:
            yield f"I2: the {kind} {name} is uncertain, but no kill came while it was handed over"
        if seen.files_copies and name in seen.taken:
            yield f"I2: the {kind} {name} is uncertain, but its copy is in the Sent folder"
        if seen.files_copies and seen.patient and kind in _SENT_AGAIN:
            yield f"I2: the {kind} {name} is uncertain, but the Sent folder shows that it was not taken"
    for name in seen.cut:
        state, kind = letters.get(name, ("gone", "letter"))
        known = seen.files_copies and name in seen.taken
        if not known and state != "uncertain" and kind not in _SENT_AGAIN:
            yield f"I2: the {kind} {name} is {state}, but nobody can know what became of it"


def _letters(database: Path) -> dict[str, tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT header_message_id, state, kind FROM outbox").fetchall()
    return {str(name): (str(state), str(kind)) for name, state, kind in rows}
