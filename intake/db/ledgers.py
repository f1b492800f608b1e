"""The ledger, kept until the record changes: a tick asks for it every minute, a page at every click.

In: an open session. Out: the `Ledger` as it stands in the record. Working it out anew takes some seconds for a large
office (7,000 submissions), telling whether it may have changed takes three counts. Threads share it.
"""

import threading
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from intake.db import queries
from intake.ledger import Ledger
from intake.model import FormId, StoredSubmission
from intake.roster import Roster
from intake.settings import Campaign

_WROTE = (
    "wrote"  # in a session's `info`: its own uncommitted rows would be seen, and nobody else may keep what is seen then
)


def tell_writers(sessions: sessionmaker[Session]) -> None:
    """Let the sessions of a factory tell whether they have written something that is not committed yet."""

    def wrote(session: Session, _context: object) -> None:
        session.info[_WROTE] = True

    def ended(session: Session) -> None:
        session.info.pop(_WROTE, None)

    event.listen(sessions, "after_flush", wrote)
    event.listen(sessions, "after_commit", ended)
    event.listen(sessions, "after_rollback", ended)


class Ledgers:
    """The ledger of one campaign by one roster."""

    def __init__(self, campaign: Campaign, roster: Roster, late_after: Mapping[FormId, datetime]) -> None:
        self._campaign = campaign
        self._roster = roster
        self._late_after = late_after
        self._lock = threading.Lock()
        self._version: object = None
        self._ledger: Ledger | None = None
        self._remembered: dict[int, StoredSubmission] = {}

    def read(self, session: Session) -> Ledger:
        """Given an open session, return the ledger as it stands in the record for that session."""
        if session.info.get(_WROTE) or session.new or session.dirty or session.deleted:
            return queries.load_ledger(session, self._campaign, self._roster, self._late_after)
        version = queries.ledger_version(session, self._campaign)
        with self._lock:
            if self._ledger is None or version != self._version:
                self._ledger = queries.load_ledger(
                    session, self._campaign, self._roster, self._late_after, remembered=self._remembered
                )
                self._version = version
            return self._ledger
