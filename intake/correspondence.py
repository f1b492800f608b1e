"""What the record knows that bears on one mail: whose address it is, which letter of ours it answers.

Stage before: `read`. Stage after: `assess`. In: an open session, the head of the mail, the ledger. Out: `Known`.
A mail counts as an answer only if it comes from the very address that the letter went to: a forwarded letter of ours in
somebody else's hands must not complete a form.
"""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.db import queries
from intake.db.models import OutboxRow
from intake.dossier import Known
from intake.ledger import Ledger
from intake.mime import unpack
from intake.model import FormId, MailHead, StoredSubmission
from intake.roster import Roster
from intake.settings import Campaign

# The reference as letters show it in their subjects; mail programs keep it behind "回复：" even where they lose In-Reply-To.
_REFERENCE = re.compile("\u3014([0-9]{4}-[0-9]{4,})\u3015")


def known_for(
    session: Session, head: MailHead, ledger: Ledger, campaign: Campaign, roster: Roster, *, without: int | None = None
) -> Known:
    """Given the head of a mail, return what the record knows that bears on it; `without` is the mail itself, if it is in it."""
    letter = _answered_letter(session, head)
    current = tuple(one for one in ledger.submissions if one.current)
    senders = queries.confirmed_senders(session, campaign, roster, without=without)
    excused = frozenset(key for key, cell in ledger.state.cells.items() if not cell.owed)
    pending = frozenset(key for key, cell in ledger.state.cells.items() if cell.pending)
    if letter is None:
        return Known(confirmed_addresses=senders, current=current, excused=excused, pending=pending)
    answered = () if letter.cause_id is None else ledger.of_message(letter.cause_id)
    return Known(
        confirmed_addresses=senders,
        current=current,
        answered=answered,
        answered_unit=None if letter.unit is None else roster.name_of_the_day(letter.unit),
        answered_forms=tuple(FormId(form) for form in letter.forms),
        answered_text=_text_of(letter),
        answers_unread=letter.cause_id is not None and not answered,
        overtaken=frozenset(one.id for one in answered if _is_overtaken(one, ledger)),
        excused=excused,
        pending=pending,
    )


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
