"""Mails that wait for an engine: which they are, and their return to the queue when it appears.

In: an open session, the engines that are on this machine now. Out: how many messages were put back. What is known of the
engines is kept in the record, so that an engine that appears is noticed once, after a restart as well. A message goes
back only while it waits for a person, and only for an engine that was not there before: one that is there and fails must
not be tried for ever.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.db.heartbeats import heartbeat
from intake.db.models import MessageRow
from intake.db.queries import reset_messages

_ENTRY = "engines"  # the row of `heartbeats` that remembers them


def wake(session: Session, present: Collection[str]) -> int:
    """Given the engines that are here now, put back the messages that one of the new ones may read. Return how many."""
    entry = heartbeat(session, _ENTRY)
    known = set((entry.details or {}).get("present", ()))
    if known == set(present):
        return 0
    entry.details = {"present": sorted(present)}
    appeared = set(present) - known
    rows = session.execute(
        select(MessageRow.id, MessageRow.missing_engines).where(
            MessageRow.review_open, MessageRow.missing_engines != ""
        )
    )
    waiting = [number for number, engines in rows if appeared & set(engines.split(","))]
    return reset_messages(session, waiting) if waiting else 0
