"""What `fetch` tells the record: one short transaction a mail, so that a row says exactly what the archive holds."""

from collections.abc import Set as AbstractSet
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from intake.db.models import MessageRow, SightingRow
from intake.fetch import Sighting
from intake.model import Sha256


class SqlRecord:
    """`fetch.Record` on the database. `now` is the instant of the poll."""

    def __init__(self, sessions: sessionmaker[Session], *, now: datetime) -> None:
        self._sessions = sessions
        self._now = now

    def known(self, account: str, folder: str, uid_validity: int) -> AbstractSet[int]:
        """Return the UIDs that have a row, whatever became of them."""
        with self._sessions() as session:
            rows = session.scalars(
                select(SightingRow.uid).where(
                    SightingRow.account == account,
                    SightingRow.folder == folder,
                    SightingRow.uid_validity == uid_validity,
                )
            )
            return set(rows)

    def archived(self, sighting: Sighting, sha256: Sha256, size_bytes: int, *, mismatch: bool) -> None:
        """Record a mail whose bytes lie in the archive: a new message, or one more sighting of a known one.

        The same bytes in another folder are the same mail, moved: never a second submission.
        """
        with self._sessions.begin() as session:
            message = session.scalar(select(MessageRow).where(MessageRow.sha256 == sha256))
            if message is None:
                arrived_at = sighting.internal_at or self._now
                message = _message(sha256, size_bytes, arrived_at, sighting.folder, self._now)
                session.add(message)
                session.flush()
            state = "mismatch" if mismatch else "archived"
            session.add(_row(sighting, state, self._now, message.id))

    def hashes(self) -> AbstractSet[str]:
        """Return the SHA-256 of every message."""
        with self._sessions() as session:
            return set(session.scalars(select(MessageRow.sha256)))

    def adopt(self, sha256: Sha256, size_bytes: int, arrived_at: datetime) -> None:
        """Record a mail that lies in the archive and that no server shows any more; nothing happens if it has a row."""
        with self._sessions.begin() as session:
            if session.scalar(select(MessageRow.id).where(MessageRow.sha256 == sha256)) is None:
                session.add(_message(sha256, size_bytes, arrived_at, "", self._now))

    def vanished(self, sighting: Sighting) -> None:
        """Record a mail that was gone before it could be fetched."""
        with self._sessions.begin() as session:
            session.add(_row(sighting, "vanished", self._now, None))

    def oversize(self, sighting: Sighting) -> None:
        """Record a mail that is larger than the office wants fetched; the digest tells the clerk."""
        with self._sessions.begin() as session:
            session.add(_row(sighting, "oversize", self._now, None))


def _message(sha256: Sha256, size_bytes: int, arrived_at: datetime, folder: str, now: datetime) -> MessageRow:
    return MessageRow(
        sha256=sha256,
        size_bytes=size_bytes,
        arrived_at=arrived_at,
        archived_at=now,
        folder=folder,
        state="archived",
    )


def _row(sighting: Sighting, state: str, now: datetime, message_id: int | None) -> SightingRow:
    return SightingRow(
        account=sighting.account,
        folder=sighting.folder,
        uid_validity=sighting.uid_validity,
        uid=sighting.uid,
        state=state,
        size_bytes=sighting.size_bytes,
        internal_at=sighting.internal_at,
        seen_at=now,
        message_id=message_id,
    )
