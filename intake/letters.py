"""A draft becomes a letter in the outbox: words by `texts`, bytes by `compose`, kept by `outbox`, in one transaction.

Stage before: `reply`, `reminders` and the digest (drafts). Stage after: `deliver`. In: an open session of the caller,
so that the letter lies in the outbox together with the fact that causes it, or not at all. It sends nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake import outbox, restored
from intake.compose import Attachment, addressable, compose, new_message_id
from intake.db.models import OutboxRow
from intake.model import Draft, OutboxState
from intake.settings import Settings
from intake.texts import Letter, Texts

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Stationery:
    """What every letter of the office is written with."""

    settings: Settings
    texts: Texts
    signing_key: bytes = field(repr=False)


def post(
    session: Session,
    draft: Draft,
    *,
    stationery: Stationery,
    now: datetime,
    attachments: tuple[Attachment, ...] = (),
    held: bool = False,
) -> bool:
    """Given a draft, put the letter into the outbox. Return False if its business key is there already: nothing changes.

    `held`: it waits for the clerk's release whatever the office's mode is. An address that no letter can be addressed to
    (a bounce's leftovers, a quoted local part) also gives False.
    """
    settings = stationery.settings
    known = session.scalar(select(OutboxRow.id).where(OutboxRow.key == draft.key))
    if known is not None or not addressable(draft.to_address):
        return False
    reference = next_reference(session, now)
    letter = wording(draft, stationery, reference)
    message_id = new_message_id(draft.key, address=settings.mailbox.address, key=stationery.signing_key)
    raw = compose(
        letter.subject,
        letter.body,
        kind=draft.kind,
        to_address=draft.to_address,
        sender_address=settings.mailbox.address,
        sender_name=settings.mailbox.display_name,
        message_id=message_id,
        reference=reference,
        key=stationery.signing_key,
        now=now,
        in_reply_to=draft.in_reply_to,
        references=draft.references,
        attachments=attachments,
    )
    new = outbox.NewLetter(
        key=draft.key,
        kind=draft.kind,
        campaign=settings.campaign.id,
        to_address=draft.to_address,
        subject=letter.subject,
        header_message_id=message_id,
        reference=reference,
        raw=raw,
        not_before=now,
        unit=draft.unit,
        forms=draft.forms,
        cause_id=draft.cause,
        expires_at=draft.expires_at,
    )
    if restored.is_held_back(session, draft.kind):
        return outbox.enqueue(session, new, state=OutboxState.HELD, now=now, phase=restored.PHASE)
    state = OutboxState.HELD if held else outbox.state_on_entry(draft.kind, settings.sending.mode)
    return outbox.enqueue(session, new, state=state, now=now)


def wording(draft: Draft, stationery: Stationery, reference: str) -> Letter:
    """Given a draft and its reference, return its words. Raise OfficeError if a template is at fault."""
    return stationery.texts.letter(draft.kind, _context(draft, stationery.settings, reference))


def next_reference(session: Session, now: datetime) -> str:
    """Return the next reference, such as "2025-0042". It shows in the subject: people quote it on the telephone."""
    newest = session.scalar(select(func.max(OutboxRow.id))) or 0
    return f"{now.astimezone(SHANGHAI).year}-{newest + 1:04d}"


def _context(draft: Draft, settings: Settings, reference: str) -> dict[str, object]:
    """Return the template's context: what every letter has, and what is the draft's own."""
    office, campaign = settings.office, settings.campaign
    return {
        "office": {
            "name": office.name,
            "short_name": office.short_name,
            "contact_name": office.contact_name,
            "contact_phone": office.contact_phone,
        },
        "campaign": {
            "name": campaign.name,
            "short_name": campaign.short_name,
            "document_number": campaign.document_number,
            "mailbox": settings.mailbox.address,
        },
        "reference": reference,
        "unit": draft.unit or "",
        **draft.context,
    }
