"""A letter that went is sent a second time, because a person wants it so: a unit says that it never came.

In: an open session, the number of a letter, `now`. Out: a new row of the outbox within the caller's transaction. What was
sent stays as it was sent. The second letter has the same words under a date, a reference and a Message-ID of its own, so
that the Sent folder can tell which of the two it holds and no mail server takes it for a copy and drops it.
What may or may not have gone (`uncertain`) is no second letter: the same row is tried once more, with the same bytes.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import outbox, outbox_desk
from intake.compose import compose, new_message_id
from intake.db.models import OutboxRow
from intake.errors import OfficeError
from intake.letters import Stationery, next_reference
from intake.model import LetterKind, OutboxState
from intake.own_letter import read_own

MARK = "again:"  # the beginning of such a letter's business key
_APART = timedelta(minutes=1)  # a second click on the button is no second wish


def why_not(row: OutboxRow, now: datetime) -> str:
    """Given a letter, return in words why it can't be sent again, "" if it can."""
    if row.state not in (OutboxState.SENT, OutboxState.UNCERTAIN):
        return "只有已发送或去向不明的信才能重发"
    if row.expires_at is not None and row.expires_at <= now:
        return "信中写的是当天的情况，现在已经过时，不能再发"
    return ""


def send_again(session: Session, letter_id: int, *, stationery: Stationery, now: datetime) -> int:
    """Given a letter that was sent, or may have been, put it into the queue once more. Return the number it has there.

    Raise OfficeError, in words for the office, if that can't be done.
    """
    row = session.get(OutboxRow, letter_id, with_for_update=True)
    if row is None:
        raise OfficeError(f"没有编号为 {letter_id} 的信。")
    if reason := why_not(row, now):
        raise OfficeError(f"没有重发：{reason}。")
    if row.state == OutboxState.UNCERTAIN:
        outbox_desk.release(session, now, [letter_id])
        return letter_id
    stem = f"{MARK}{letter_id}:"
    last = session.scalar(
        select(OutboxRow.created_at).where(OutboxRow.key.startswith(stem)).order_by(OutboxRow.id.desc()).limit(1)
    )
    if last is not None and last > now - _APART:
        raise OfficeError("没有重发：一分钟内刚重发过这封信。如果对方仍未收到，请改用电话联系。")
    key = f"{stem}{now.isoformat(timespec='seconds')}"
    new = _copy(row, key, next_reference(session, now), stationery, now)
    if not outbox.enqueue(session, new, state=OutboxState.QUEUED, now=now):
        raise OfficeError("没有重发：一分钟内刚重发过这封信。")  # two at the same instant: the UNIQUE key decides
    return session.scalars(select(OutboxRow.id).where(OutboxRow.key == key)).one()


def _copy(row: OutboxRow, key: str, reference: str, stationery: Stationery, now: datetime) -> outbox.NewLetter:
    letter = read_own(row.raw)
    subject = letter.subject.replace(row.reference, reference)
    message_id = new_message_id(key, address=stationery.settings.mailbox.address, key=stationery.signing_key)
    raw = compose(
        subject,
        letter.text.replace(row.reference, reference),
        kind=LetterKind(row.kind),
        to_address=row.to_address,
        sender_address=stationery.settings.mailbox.address,
        sender_name=stationery.settings.mailbox.display_name,
        message_id=message_id,
        reference=reference,
        key=stationery.signing_key,
        now=now,
        in_reply_to=letter.in_reply_to,
        references=letter.thread,
        attachments=letter.attachments,
    )
    return outbox.NewLetter(
        key=key,
        kind=LetterKind(row.kind),
        campaign=row.campaign,
        to_address=row.to_address,
        subject=subject,
        header_message_id=message_id,
        reference=reference,
        raw=raw,
        not_before=now,
        unit=row.unit,
        forms=tuple(row.forms),
        cause_id=row.cause_id,
    )
