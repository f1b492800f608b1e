"""What `fetch` tells the record: one short transaction a mail, so that a row says exactly what the archive holds."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, sessionmaker

from intake.db.models import MessageRow, SightingRow
from intake.fetch import Known, Sighting
from intake.model import Sha256

# A mail that came in another length than announced is asked for again so much later: servers that never tell true sizes
# are not asked at every poll, and a cut-off mail is not all that is ever had of it.
_DOUBT_RESTS = timedelta(days=1)


class SqlRecord:
    """`fetch.Record` on the database. `now` is the instant of the poll."""

    def __init__(self, sessions: sessionmaker[Session], *, now: datetime) -> None:
        self._sessions = sessions
        self._now = now

    def known(self, account: str, folder: str, uid_validity: int) -> AbstractSet[int]:
        """Return the UIDs that have a row, but for those whose mail had vanished: listed again, it is new."""
        with self._sessions() as session:
            rows = session.scalars(
                select(SightingRow.uid).where(
                    SightingRow.account == account,
                    SightingRow.folder == folder,
                    SightingRow.uid_validity == uid_validity,
                    SightingRow.state != "vanished",
                )
            )
            return set(rows)

    def told(self, account: str, folder: str, uid_validity: int, uids: Collection[int]) -> Mapping[int, Known]:
        """Return what is known of those of `uids` that have a row."""
        doubtful = and_(SightingRow.state == "mismatch", SightingRow.seen_at <= self._now - _DOUBT_RESTS)
        columns = (SightingRow.uid, SightingRow.size_bytes, SightingRow.internal_at, MessageRow.sha256, doubtful)
        with self._sessions() as session:
            rows = session.execute(
                select(*columns)
                .outerjoin(MessageRow, MessageRow.id == SightingRow.message_id)
                .where(
                    SightingRow.account == account,
                    SightingRow.folder == folder,
                    SightingRow.uid_validity == uid_validity,
                    SightingRow.uid.in_(uids),
                )
            )
            return {
                uid: Known(size, internal_at, Sha256(sha256) if sha256 else None, bool(doubt))
                for uid, size, internal_at, sha256, doubt in rows
            }

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
            _put(session, _row(sighting, state, self._now, message.id))

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
        """Record a mail that was gone before it could be fetched; the row of one that was fetched stays."""
        with self._sessions.begin() as session:
            before = _at_the_place_of(session, sighting)
            if before is None or before.message_id is None:
                _put(session, _row(sighting, "vanished", self._now, None))

    def oversize(self, sighting: Sighting) -> None:
        """Record a mail that is larger than the office wants fetched; `health` and an alarm tell the clerk.

        One whose size alone is told anew stays as old as it was: the clerk is not told twice.
        """
        with self._sessions.begin() as session:
            before = _at_the_place_of(session, sighting)
            is_same = before is not None and before.state == "oversize" and before.internal_at == sighting.internal_at
            seen_at = before.seen_at if before is not None and is_same else self._now
            _put(session, _row(sighting, "oversize", seen_at, None))

    def oversized(self, account: str) -> Collection[Sighting]:
        """Return the mails of all folders that are recorded so: neither fetched nor vanished since."""
        with self._sessions() as session:
            rows = session.scalars(
                select(SightingRow).where(SightingRow.account == account, SightingRow.state == "oversize")
            )
            return [
                Sighting(
                    row.account,
                    row.folder,
                    row.uid_validity,
                    row.uid,
                    row.size_bytes,
                    row.internal_at,
                    row.from_address,
                )
                for row in rows
            ]


def _at_the_place_of(session: Session, one: Sighting | SightingRow) -> SightingRow | None:
    return session.scalar(
        select(SightingRow).where(
            SightingRow.account == one.account,
            SightingRow.folder == one.folder,
            SightingRow.uid_validity == one.uid_validity,
            SightingRow.uid == one.uid,
        )
    )


def _put(session: Session, row: SightingRow) -> None:
    """Add a row. What the UID was known for before gives way, unless it is another mail: that one is set aside.

    A UIDVALIDITY is never below 1 (RFC 3501 §9): the place of what is set aside is -1, then -2, and so on.
    """
    before = _at_the_place_of(session, row)
    if before is not None and before.message_id in (None, row.message_id):
        session.delete(before)
    elif before is not None:
        lowest = session.scalar(
            select(func.min(SightingRow.uid_validity)).where(
                SightingRow.account == row.account, SightingRow.folder == row.folder, SightingRow.uid == row.uid
            )
        )
        before.uid_validity = min(lowest or 0, 0) - 1
    session.flush()
    session.add(row)


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
        from_address=sighting.from_address,
    )
