"""What the record knows that bears on one mail: whose address it is, which letter of ours it answers, did it come before.

Stage before: `read`. Stage after: `assess`. In: an open session, the mail, the ledger. Out: `Known`.
A mail counts as an answer only if it comes from the very address that the letter went to: a forwarded letter of ours in
somebody else's hands must not complete a form.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from intake.db import queries
from intake.db.models import MessageRow, OutboxRow, PartRow
from intake.dossier import Known
from intake.ledger import Ledger
from intake.mime import unpack
from intake.model import FormId, LetterKind, MailHead, MailReading, PartRole, StoredSubmission
from intake.roster import Roster
from intake.settings import Campaign
from parsers.codec import to_json

_A_DAY = timedelta(days=1)

# The reference as letters show it in their subjects; mail programs keep it behind "回复：" even where they lose In-Reply-To.
_REFERENCE = re.compile("\u3014([0-9]{4}-[0-9]{4,})\u3015")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the record is asked about: its number there, when it came, what was read of it."""

    number: int
    arrived_at: datetime
    reading: MailReading


def known_for(
    session: Session, mail: Mail, ledger: Ledger, campaign: Campaign, roster: Roster, *, without: int | None = None
) -> Known:
    """Given a mail, return what the record knows that bears on it; `without` is its number, if the ledger holds it."""
    head = mail.reading.head
    letter = _answered_letter(session, head)
    current = tuple(one for one in ledger.submissions if one.current)
    senders = queries.confirmed_senders(session, campaign, roster, without=without)
    excused = frozenset(key for key, cell in ledger.state.cells.items() if not cell.owed)
    pending = frozenset(key for key, cell in ledger.state.cells.items() if cell.pending)
    known = Known(
        confirmed_addresses=senders,
        current=current,
        versions=ledger.by_cell,
        excused=excused,
        pending=pending,
        told=_told(session, mail),
        files=_files_before(session, mail),
        copy_of=_copy_of(session, mail),
    )
    if letter is None:
        return known
    answered = () if letter.cause_id is None else ledger.of_message(letter.cause_id)
    return replace(
        known,
        answered=answered,
        answered_unit=None if letter.unit is None else roster.name_of_the_day(letter.unit),
        answered_forms=tuple(FormId(form) for form in letter.forms),
        answered_text=_text_of(letter),
        answers_unread=letter.cause_id is not None and not answered,
        overtaken=frozenset(one.id for one in answered if _is_overtaken(one, ledger)),
    )


def _told(session: Session, mail: Mail) -> frozenset[LetterKind]:
    """What went to the sender about mails of theirs that came within a day before: a machine without marks answers it."""
    address = mail.reading.head.from_address
    if not address:
        return frozenset()
    kinds = session.scalars(
        select(OutboxRow.kind)
        .join(MessageRow, MessageRow.id == OutboxRow.cause_id)
        .where(OutboxRow.to_address == address, *_of_the_day_before(mail))
    )
    return frozenset(LetterKind(kind) for kind in kinds)


def _files_before(session: Session, mail: Mail) -> frozenset[str]:
    """The files, by hash, of the mails that the sender wrote within a day before: the logo of a machine is always the same."""
    if not mail.reading.head.from_address:
        return frozenset()
    files = session.scalars(
        select(PartRow.sha256)
        .join(MessageRow, MessageRow.id == PartRow.message_id)
        .where(PartRow.role != PartRole.BODY, *_of_the_day_before(mail))
    )
    return frozenset(files)


def _of_the_day_before(mail: Mail) -> tuple[ColumnElement[bool], ...]:
    """What mails of the same sender are meant."""
    earlier = or_(
        MessageRow.arrived_at < mail.arrived_at,
        and_(MessageRow.arrived_at == mail.arrived_at, MessageRow.id < mail.number),
    )
    its_own = MessageRow.from_address == mail.reading.head.from_address
    return its_own, earlier, MessageRow.arrived_at > mail.arrived_at - _A_DAY


def _copy_of(session: Session, mail: Mail) -> int:
    """Return the number of the mail in the record that this is once more, in other bytes; 0 if there is none.

    A mailbox that moves to another server has every mail again, with a line or two in its head (seen: each was answered a
    second time, and an old form came into force again). Same Message-ID, sender and subject, and the same content: what is
    changed under one Message-ID is another mail.
    """
    head = mail.reading.head
    if not head.message_id:
        return 0
    bodies = {one.path: to_json(one.document) for one in mail.reading.documents}
    here = [(one.role, one.sha256, bodies.get(one.path)) for one in mail.reading.parts]
    named = select(MessageRow.id).where(
        MessageRow.header_message_id == head.message_id,
        MessageRow.from_address == head.from_address,
        MessageRow.subject == head.subject[:500],
        MessageRow.state.in_(["filed", "held", "ignored"]),
        MessageRow.id != mail.number,
    )
    for number in session.scalars(named.order_by(MessageRow.id)).all():
        there = [(PartRole(row.role), row.sha256, row.reading) for row in queries.parts_of(session, number)]
        if _files(here) == _files(there) and (_texts(here) == _texts(there) or _words(here) == _words(there)):
            return number
    return 0


_Parts = Sequence[tuple[PartRole, str, object]]


def _files(parts: _Parts) -> list[str]:
    return sorted(sha256 for role, sha256, _ in parts if role is not PartRole.BODY)


def _texts(parts: _Parts) -> list[str]:
    return sorted(sha256 for role, sha256, _ in parts if role is PartRole.BODY)


def _words(parts: _Parts) -> list[object]:
    """What was read of the text: a line end more changes nothing."""
    return [reading for role, _, reading in parts if role is PartRole.BODY]


def _is_overtaken(submission: StoredSubmission, ledger: Ledger) -> bool:
    """A faulty version after an accepted one is not in force, and still the last word that its letter asked about."""
    if submission.unit is None:
        return False
    versions = ledger.versions(submission.unit, submission.form)
    return bool(versions) and versions[-1][0].version > submission.version


def _text_of(letter: OutboxRow) -> str:
    """Return the words of a letter as it was sent; "" if our own reader would cut something off as a quotation."""
    unpacked = unpack(letter.raw)
    return "" if unpacked.quoted_text else unpacked.own_text


def _answered_letter(session: Session, head: MailHead) -> OutboxRow | None:
    """Return the newest letter of ours that the mail answers, by its thread, else by the reference in its subject."""
    if not head.from_address:
        return None
    found = queries.letters_answered(session, (head.in_reply_to, *head.references))
    by_thread = next((row for row in found if row.to_address == head.from_address), None)
    if by_thread is not None:
        return by_thread
    references = _REFERENCE.findall(head.subject)
    if not references:
        return None
    return session.scalar(
        select(OutboxRow)
        .where(OutboxRow.reference.in_(references), OutboxRow.to_address == head.from_address)
        .order_by(OutboxRow.id.desc())
        .limit(1)
    )
