"""All reads and writes of the record that are not the outbox's own. Each takes an open `Session`; none begins one.

How a submission becomes a row and a row a submission again stands in `rows`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, or_, select, true, update
from sqlalchemy.orm import Session

from intake.db import by_hand
from intake.db.models import (
    BadAddressRow,
    DecisionRow,
    MessageRow,
    OutboxRow,
    PartRow,
    SightingRow,
    SubmissionRow,
    UnitNoteRow,
)
from intake.db.rows import declined_row, stored_submission, submission_row
from intake.ledger import Ledger, keep_ledger
from intake.model import (
    Assessment,
    CellState,
    DeliveryReport,
    Disposition,
    FormId,
    LetterKind,
    MailReading,
    OutboxState,
    StoredSubmission,
    Triage,
    UnitName,
)
from intake.roster import Roster
from intake.settings import Campaign
from intake.unit_notes import excused, papers
from parsers.codec import to_json

# After three tries a message is set aside for a person (Mailman's MAX_BAK_COUNT is 3 as well).
MAXIMUM_ATTEMPTS = 3
# A line of a header has at most 998 bytes (RFC 5322 §2.1.1); PostgreSQL indexes 2,704 bytes at most and refuses the row.
_MESSAGE_ID_BYTES = 998
SKIPPED = "skipped"  # OutboxRow.phase of a cancelled reminder whose step a person wants left out
_ROWS_AT_ONCE = 500  # SQLite takes 32,766 parameters a statement, older ones 999


SHUNTED_REASON = "程序处理这封来件时出错，已搁置；原件已存档，请人工处理，并把日志交给维护人员"


# --- messages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that waits to be processed."""

    id: int
    sha256: str
    arrived_at: datetime
    folder: str
    attempts: int


def pending_messages(session: Session) -> tuple[int, ...]:
    """Return the ids of messages that wait to be processed, in order of arrival; those tried twice wait behind the others.

    A machine that is switched off again and again at the same moment (or a mail that kills the process) must not spend
    all three tries of one mail before it comes to the next (seen: 200 kills of an overloaded machine gave up mails at which
    nothing was wrong). One power cut, however, changes no order: what a unit sent first is judged first.
    """
    tried = case((MessageRow.attempts <= 1, 0), else_=MessageRow.attempts)
    rows = session.scalars(
        select(MessageRow.id)
        .where(MessageRow.state == "archived")
        .order_by(tried, MessageRow.arrived_at, MessageRow.id)
    )
    return tuple(rows)


def parts_of(session: Session, message_id: int) -> tuple[PartRow, ...]:
    """Return the parts of a message, in the order of its mail."""
    return tuple(session.scalars(select(PartRow).where(PartRow.message_id == message_id).order_by(PartRow.id)))


def begin_attempt(session: Session, message_id: int, *, now: datetime) -> Pending | None:
    """Count one try of a message and return it; None if it no longer waits. Committed before anything is parsed.

    A message whose tries all ended with the process itself (killed, out of memory) is shunted here.
    """
    row = session.get(MessageRow, message_id)
    if row is None or row.state != "archived":
        return None
    if row.attempts >= MAXIMUM_ATTEMPTS:
        _shunt(row, now)
        return None
    row.attempts += 1
    return Pending(row.id, row.sha256, row.arrived_at, row.folder, row.attempts)


def give_back(session: Session, message_id: int) -> None:
    """Take back a try that was broken off because the process has to stop: it was no fault of the message."""
    row = session.get_one(MessageRow, message_id)
    row.attempts = max(0, row.attempts - 1)


def note_failure(session: Session, message_id: int, *, error: str, now: datetime) -> bool:
    """Write down that a try failed by a bug. After the third the message is shunted; return whether it is."""
    row = session.get_one(MessageRow, message_id)
    row.error = error
    if row.attempts < MAXIMUM_ATTEMPTS:
        return False
    _shunt(row, now)
    return True


def _shunt(row: MessageRow, now: datetime) -> None:
    row.state = "shunted"
    row.processed_at = now
    row.review_open = True
    row.reasons = [SHUNTED_REASON]


def reset_messages(session: Session, ids: Iterable[int] | None = None) -> int:
    """Put messages (all, or those given) back to be processed again; their parts and submissions go. Return how many.

    The outbox is not touched: a letter whose business key exists is never written a second time.
    """
    chosen = select(MessageRow.id) if ids is None else select(MessageRow.id).where(MessageRow.id.in_(list(ids)))
    found = list(session.scalars(chosen))
    for table in (PartRow, SubmissionRow):
        for row in session.scalars(select(table).where(table.message_id.in_(found))):
            session.delete(row)
    session.execute(
        update(MessageRow)
        .where(MessageRow.id.in_(found))
        .values(state="archived", attempts=0, error="", review_open=False)
    )
    return len(found)


def file_message(
    session: Session,
    message_id: int,
    *,
    reading: MailReading,
    triage: Triage,
    assessment: Assessment,
    campaign: Campaign,
    now: datetime,
) -> None:
    """Record what a message amounts to: its head, parts, submissions and disposition."""
    row = session.get_one(MessageRow, message_id)
    head = reading.head
    row.header_message_id = _within(head.message_id, _MESSAGE_ID_BYTES)
    row.in_reply_to = head.in_reply_to[:998]
    row.from_address = head.from_address[:320]
    row.from_name = head.from_name[:255]
    row.subject = head.subject[:500]
    row.sender_kind = triage.kind
    row.disposition = assessment.disposition
    row.reasons = list(assessment.reasons)
    row.review_open = assessment.disposition is Disposition.REVIEW
    row.state = _MESSAGE_STATES[assessment.disposition]
    row.processed_at = now
    row.error = ""
    wanted = frozenset[str]().union(*(document.document.missing_engines() for document in reading.documents))
    row.missing_engines = ",".join(sorted(wanted))
    documents = {document.path: document for document in reading.documents}
    for part in reading.parts:
        document = documents.get(part.path)
        session.add(
            PartRow(
                message_id=message_id,
                path=part.path,
                name=part.name,
                type=part.type[:255],
                role=part.role,
                size_bytes=part.size_bytes,
                sha256=part.sha256,
                reading=None if document is None else to_json(document.document),
            )
        )
    rows = [submission_row(message_id, one, campaign.id, row.arrived_at) for one in assessment.submissions]
    rows += [declined_row(message_id, unit, form, campaign.id, row.arrived_at) for unit, form in assessment.no_intent]
    for ordinal, one in enumerate(rows, start=1):
        one.ordinal = ordinal
        session.add(one)


def _within(text: str, size: int) -> str:
    """Return what of a text fits into so many bytes of UTF-8."""
    return text.encode()[:size].decode(errors="ignore")


_MESSAGE_STATES = {
    Disposition.ACCEPTED: "filed",
    Disposition.CORRECTION: "filed",
    Disposition.REVIEW: "held",
    Disposition.IGNORED: "ignored",
}


# --- the ledger ------------------------------------------------------------------------------------------------------


def load_ledger(
    session: Session,
    campaign: Campaign,
    roster: Roster,
    late_after: Mapping[FormId, datetime],
    *,
    remembered: dict[int, StoredSubmission] | None = None,
    without: int | None = None,
) -> Ledger:
    """Read all submissions of a campaign and return its ledger, each unit under its name of the day.

    What people decided and noted is in it; the mail `without` is not. A unit that was renamed after it had sent its form
    is not asked for it again; the rows keep the name of their time.
    `remembered` keeps what was read before by row number, and is added to: rows are never changed, and decoding all of
    them anew for every mail made the 300th mail ten times slower than the first.
    """
    remembered = {} if remembered is None else remembered
    ids = session.scalars(select(SubmissionRow.id).where(SubmissionRow.campaign == campaign.id)).all()
    new = [one for one in ids if one not in remembered]
    for start in range(0, len(new), _ROWS_AT_ONCE):
        rows = session.execute(
            select(SubmissionRow, MessageRow.from_address)
            .join(MessageRow, MessageRow.id == SubmissionRow.message_id)
            .where(SubmissionRow.id.in_(new[start : start + _ROWS_AT_ONCE]))
        )
        remembered.update((row.id, stored_submission(row, address)) for row, address in rows)
    rolling = frozenset(collection.id for collection in campaign.collections if collection.deadline is None)
    read = [remembered[one] for one in ids if remembered[one].message_id != without]
    stored = [
        by_hand.under_its_name_of_the_day(one, roster)
        for one in by_hand.applied(by_hand.standing(session), read, campaign, roster)
    ]
    notes = [by_hand.note_of(row, roster) for row in by_hand.note_rows(session, campaign.id)]
    stored += papers(notes, by_hand.forms_of(campaign))
    ledger = keep_ledger(campaign.id, stored, late_after=late_after, rolling=rolling)
    return excused(ledger, notes, [collection.id for collection in campaign.collections])


def ledger_version(session: Session, campaign: Campaign) -> tuple[object, ...]:
    """Return what changes whenever the ledger of a campaign may have changed: cheap enough for every page."""
    submissions = select(func.max(SubmissionRow.id), func.count()).where(SubmissionRow.campaign == campaign.id)
    decisions = select(func.max(DecisionRow.id), func.count(DecisionRow.undone_at), func.count())
    notes = select(func.max(UnitNoteRow.id), func.count(UnitNoteRow.undone_at), func.count())
    return tuple(tuple(session.execute(one).one()) for one in (submissions, decisions, notes))


def confirmed_senders(
    session: Session,
    campaign: Campaign,
    roster: Roster,
    *,
    before: datetime | None = None,
    without: int | None = None,
) -> Mapping[str, frozenset[UnitName]]:
    """Return for each address the units that an accepted submission from it was for, processed `before` an instant.

    Of a mail about which a person has decided, what they made of it counts, from the moment they did.
    The mail `without` confirms nobody: it is the one that is answered.
    """
    in_time = true() if before is None else MessageRow.processed_at <= before
    rows = session.execute(
        select(MessageRow.from_address, SubmissionRow.unit)
        .join(SubmissionRow, MessageRow.id == SubmissionRow.message_id)
        .where(
            SubmissionRow.campaign == campaign.id,
            SubmissionRow.state == CellState.ACCEPTED,
            MessageRow.from_address != "",
            in_time,
            MessageRow.sha256.not_in(by_hand.DECIDED),
            true() if without is None else MessageRow.id != without,
        )
        .distinct()
    )
    senders: dict[str, set[UnitName]] = defaultdict(set)
    for address, unit in (*rows, *by_hand.accepted_from(session, campaign, roster, before=before, without=without)):
        if unit is not None:
            senders[address].add(roster.name_of_the_day(unit))
    return {address: frozenset(units) for address, units in senders.items()}


def letters_answered(session: Session, message_ids: Iterable[str]) -> tuple[OutboxRow, ...]:
    """Given Message-IDs named by In-Reply-To and References, return our letters among them, newest first."""
    wanted = [message_id for message_id in message_ids if message_id]
    if not wanted:
        return ()
    rows = session.scalars(
        select(OutboxRow).where(OutboxRow.header_message_id.in_(wanted)).order_by(OutboxRow.id.desc())
    )
    return tuple(rows)


# --- reminders and bounces -------------------------------------------------------------------------------------------


def reminder_rows(session: Session, campaign: Campaign) -> tuple[OutboxRow, ...]:
    """Return every reminder of the campaign that went out, still may, or was skipped by a person, oldest first.

    Those written under another id since it began are its own: somebody has edited its id, and its units have been reminded.
    """
    rows = session.scalars(
        select(OutboxRow)
        .where(
            or_(OutboxRow.campaign == campaign.id, OutboxRow.created_at >= campaign.begins_at),
            OutboxRow.kind == LetterKind.REMINDER,
            or_(OutboxRow.state.not_in([OutboxState.CANCELLED, OutboxState.EXPIRED]), OutboxRow.phase == SKIPPED),
        )
        .order_by(OutboxRow.id)
    )
    return tuple(rows)


def bad_addresses(session: Session) -> Mapping[str, str]:
    """Return the addresses that bounced, with the reason."""
    return {row.address: row.reason for row in session.scalars(select(BadAddressRow))}


def note_bounces(session: Session, reports: Iterable[DeliveryReport], *, message_id: int, now: datetime) -> int:
    """Mark the recipients that failed for good, if we ever wrote to them. Return how many are new.

    A report about somebody we never wrote to is backscatter or forged: it marks nobody. So is one that names a letter of
    ours and another recipient than that letter had. (A Message-ID that is not ours proves nothing: providers rewrite it.)
    """
    marked = 0
    for report in reports:
        address = report.recipient.lower()
        ours = session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.to_address == address))
        if (
            report.action != "failed"
            or not ours
            or not _is_about(session, report, address)
            or session.get(BadAddressRow, address) is not None
        ):
            continue
        reason = (report.diagnostic or report.status)[:500]
        session.add(BadAddressRow(address=address, since=now, reason=reason, message_id=message_id))
        marked += 1
    return marked


def _is_about(session: Session, report: DeliveryReport, address: str) -> bool:
    """Return whether the letter that a report names, if it is one of ours, went to `address`."""
    letters = letters_answered(session, (report.original_id,))
    return all(letter.to_address.lower() == address for letter in letters)


def forgive_address(session: Session, address: str) -> None:
    """Given an address that has just written to us, forget that it bounced."""
    row = session.get(BadAddressRow, address)
    if row is not None:
        session.delete(row)


# --- counts for the digest and the status page -----------------------------------------------------------------------


def open_reviews(session: Session) -> tuple[MessageRow, ...]:
    """Return the messages that wait for a person, in order of arrival."""
    rows = session.scalars(
        select(MessageRow).where(MessageRow.review_open).order_by(MessageRow.arrived_at, MessageRow.id)
    )
    return tuple(rows)


def count_open_reviews(session: Session) -> int:
    """Return how many messages wait for a person."""
    return session.scalar(select(func.count()).select_from(MessageRow).where(MessageRow.review_open)) or 0


def counts(session: Session) -> dict[str, dict[str, int]]:
    """Return how many sightings, messages and letters there are in each state."""
    states = {"sightings": SightingRow.state, "messages": MessageRow.state, "outbox": OutboxRow.state}
    found: dict[str, dict[str, int]] = {}
    for name, state in states.items():
        found[name] = dict(session.execute(select(state, func.count()).group_by(state)).all())
    return found


def traffic(session: Session, *, since: datetime) -> dict[str, int]:
    """Return what came and went since an instant: mails, ignored mails, letters sent, new bounces."""
    mails = session.scalar(select(func.count()).select_from(MessageRow).where(MessageRow.archived_at >= since))
    ignored = session.scalar(
        select(func.count())
        .select_from(MessageRow)
        .where(MessageRow.archived_at >= since, MessageRow.state == "ignored")
    )
    sent = session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.sent_at >= since))
    bounced = session.scalar(select(func.count()).select_from(BadAddressRow).where(BadAddressRow.since >= since))
    return {
        "mails": mails or 0,
        "ignored": ignored or 0,
        "sent": sent or 0,
        "bounced": bounced or 0,
    }
