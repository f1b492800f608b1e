"""The switch "暂停全部发送": while it is on no letter leaves, whatever its kind; new ones are queued as ever.

In: an open session. Out: the switch in the record, so that it survives a restart and travels with a backup. `deliver`
looks at it in the transaction that claims a letter: what is being sent when somebody pauses is finished, nothing more is
begun. It is not `restored`: there each letter waits to be asked for in the Sent folder, here the queue stands still.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from intake.db.heartbeats import heartbeat
from intake.db.models import HeartbeatRow

_ENTRY = "halt"  # the row of `heartbeats` that holds the fact


@dataclass(frozen=True, slots=True)
class Halt:
    """Since when nothing is sent, and who wanted it so."""

    since: datetime
    who: str


def in_force(session: Session) -> Halt | None:
    """Return the halt that is on, None if letters may go."""
    row = session.get(HeartbeatRow, _ENTRY)
    details = None if row is None else row.details
    return Halt(datetime.fromisoformat(details["since"]), str(details["who"])) if details else None


def pause(session: Session, *, who: str, now: datetime) -> bool:
    """Let nothing go from now on. Return False, and change nothing, if it is so already."""
    if in_force(session) is not None:
        return False
    heartbeat(session, _ENTRY).details = {"since": now.isoformat(), "who": who}
    return True


def resume(session: Session) -> bool:
    """Let letters go again. Return whether they were halted."""
    halted = in_force(session) is not None
    heartbeat(session, _ENTRY).details = None
    return halted
