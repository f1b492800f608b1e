"""The schema. Constraints live here: a UNIQUE key, not an `if`, makes the second insert harmless.

Instants are stored as aware UTC; days as dates. JSON columns hold what `parsers.codec` writes.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# PostgreSQL's INTEGER, which our keys are: no row has a higher number, and no query takes one. SQLite's goes further.
HIGHEST_NUMBER = 2**31 - 1


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored as UTC. SQLite has no zones: naive values are refused on the way in, marked UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime(),
        str: String(255),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


# RFC 3501 §2.3.1.1: UIDs are unsigned. SQLite's integers have 64 bits by whatever name.
_UINT32 = BigInteger().with_variant(Integer(), "sqlite")


class SightingRow(Base):
    """One place on the server where a mail was seen. Every UID ever listed has one row (invariant I1).

    `state`: archived | vanished | oversize | mismatch (length differed from RFC822.SIZE three times; kept as it came).
    Only mails never fetched are vanished or oversize; `oversize` says that the mail still lies there, as of the last poll.
    `from_address` is known of those alone: of others the message tells it.
    A negative `uid_validity` sets a row aside: the server gave the UID to another mail under the same UIDVALIDITY.
    """

    __tablename__ = "sightings"
    __table_args__ = (UniqueConstraint("account", "folder", "uid_validity", "uid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    folder: Mapped[str]
    uid_validity: Mapped[int] = mapped_column(_UINT32)
    uid: Mapped[int] = mapped_column(_UINT32)
    state: Mapped[str] = mapped_column(String(16))
    size_bytes: Mapped[int]
    internal_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    from_address: Mapped[str] = mapped_column(String(255), default="", server_default="")


class MessageRow(Base):
    """One mail, by the SHA-256 of its raw bytes; the bytes lie in the archive.

    `state`: archived (to be processed) | filed | held (a person must look) | ignored | shunted (a bug, three tries).
    `arrived_at` is INTERNALDATE of the first sighting: lateness is judged by it. `answer_due` is false for mail that
    must never be answered (before the campaign's start, restored, replayed).
    """

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size_bytes: Mapped[int]
    arrived_at: Mapped[datetime] = mapped_column(index=True)
    archived_at: Mapped[datetime]
    folder: Mapped[str]
    state: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    processed_at: Mapped[datetime | None] = mapped_column(default=None)
    # what was read of the head
    header_message_id: Mapped[str] = mapped_column(String(998), default="", index=True)
    in_reply_to: Mapped[str] = mapped_column(String(998), default="")
    from_address: Mapped[str] = mapped_column(String(320), default="", index=True)
    from_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(String(500), default="")
    sender_kind: Mapped[str] = mapped_column(String(16), default="")
    # what it amounts to
    disposition: Mapped[str] = mapped_column(String(16), default="", index=True)
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    review_open: Mapped[bool] = mapped_column(default=False, index=True)
    # engines (parsers.engines) with which its documents could be read, or read better, comma-separated: intake/db/backlog.py
    missing_engines: Mapped[str] = mapped_column(default="", server_default="")


class PartRow(Base):
    """One document of a mail and how its reading went; `reader` names program and version, so that it can be redone."""

    __tablename__ = "parts"
    __table_args__ = (UniqueConstraint("message_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    path: Mapped[str]
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    reading: Mapped[dict[str, Any] | None]  # DocumentReading as JSON; None: not a document


class SubmissionRow(Base):
    """One filled form of one unit from one mail, as it was assessed. Rows are never changed by later mails.

    Which version is in force is not stored: `intake.ledger` derives it from all rows in order of arrival, so that a
    mail found late (in the junk folder) or a replay of the archive gives the same state. `state` is accepted,
    correction, review or no_intent (`model.CellState`). `fields` and `problems` are as `parsers.codec` writes them.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("message_id", "ordinal"),
        Index("ix_submissions_cell", "campaign", "unit", "form"),
        {"sqlite_autoincrement": True},  # a number is never used again: what was read once under it may be remembered
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    ordinal: Mapped[int]  # place among the submissions of its mail
    campaign: Mapped[str]
    form: Mapped[str] = mapped_column(String(64))
    unit: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16))
    trust: Mapped[str] = mapped_column(String(16))
    fields: Mapped[list[Any]]
    problems: Mapped[list[Any]]
    notes: Mapped[list[Any]]
    attachment: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str]
    arrived_at: Mapped[datetime]


class OutboxRow(Base):
    """One letter. See `model.OutboxState` for its way.

    `key` is the business key: (kind, unit, form, occasion or incoming mail); UNIQUE makes a repeated decision harmless.
    `raw` is fixed when the row is made, in the transaction of the fact that causes it, with its Message-ID: what a
    second attempt sends is byte for byte the first. `attempt` is written *before* the socket opens, so that a crash is
    visible. `phase` tells how far the attempt got: "" | "connected" | "data" (from then on the server may have it).
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(300), unique=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    campaign: Mapped[str]
    unit: Mapped[str | None]
    to_address: Mapped[str] = mapped_column(String(320), index=True)
    subject: Mapped[str] = mapped_column(String(500))
    header_message_id: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    forms: Mapped[list[Any]]  # form ids it speaks of: reminders are counted by them
    state: Mapped[str] = mapped_column(String(16), index=True)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    phase: Mapped[str] = mapped_column(String(16), default="")
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None] = mapped_column(index=True)
    answer: Mapped[str] = mapped_column(Text, default="")  # the server's last words, decoded
    queue_id: Mapped[str] = mapped_column(default="")


class DecisionRow(Base):
    """What a person decided about a mail, or about one submission of it. Undone ones stay, with who and when.

    The mail is named by its SHA-256 and the submission by its place in the mail, so that a replay or a rebuilding from
    the archive meets the same decisions. `kind` is a `model.DecisionKind`; `unit` and `values` say what was decided:
    ``fields`` (key → text as the person typed it, and its value), ``seen`` (place → form, unit and digest of what stood
    there), ``letters`` (business keys of what was written because of it), ``stopped`` (of what was stopped, with the
    state it had). `intake.decisions` applies them; submission rows are never changed.
    """

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    ordinal: Mapped[int | None]  # None: the mail as a whole
    kind: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str | None]
    form: Mapped[str | None] = mapped_column(String(64))
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(64))


class UnitNoteRow(Base):
    """What a person noted of a unit beside all mails: telephoned, excused from a form, a paper copy that was handed in.

    `kind` is a `model.NoteKind`. `values` holds of a paper copy ``fields`` (as of a
    decision) and ``handed_in_at``.
    """

    __tablename__ = "unit_notes"
    __table_args__ = (Index("ix_unit_notes_cell", "campaign", "unit", "form"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign: Mapped[str]
    unit: Mapped[str]
    form: Mapped[str | None] = mapped_column(String(64))  # None: the unit as a whole
    kind: Mapped[str] = mapped_column(String(16))
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    text: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(64))


class AuditRow(Base):
    """One change that a person made, for whoever asks later who did what: never changed, never deleted."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(300))  # what it was done to: "letter 12", "mail 3", "unit …"
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class BadAddressRow(Base):
    """An address that bounced: no more reminders to it, the clerk telephones instead."""

    __tablename__ = "bad_addresses"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)
    since: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))


class HeartbeatRow(Base):
    """Liveness by result: when each tick last succeeded, and what went wrong since.

    `failures` counts since the last success; `failed_at` is when the last trouble began, over or not.
    """

    __tablename__ = "heartbeats"

    tick: Mapped[str] = mapped_column(String(32), primary_key=True)
    ok_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    paused_until: Mapped[datetime | None]
    permanent: Mapped[bool] = mapped_column(default=False)  # it will not mend itself: the administrator is told at once
    details: Mapped[dict[str, Any] | None]
