"""A draft that answers a mail: whom it goes to, which thread it continues. Pure.

Stage before: `reply` and `neutral`, which know what is said. Stage after: `letters`.
"""

from dataclasses import dataclass
from datetime import datetime

from intake.model import Draft, FormId, LetterKind, MailReading, UnitName

_REFERENCES_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Incoming:
    """The mail that is answered. `id` is the message's row; `now` decides whether a deadline is still ahead."""

    id: int
    sha256: str
    arrived_at: datetime
    now: datetime


def answer_to(
    kind: LetterKind,
    key: str,
    context: dict[str, object],
    reading: MailReading,
    incoming: Incoming,
    *,
    unit: UnitName | None = None,
    forms: tuple[FormId, ...] = (),
) -> Draft:
    """Given what is to be said, return the draft that goes to the mail's From, in its thread."""
    head = reading.head
    references = [*head.references, *([head.message_id] if head.message_id else [])]
    return Draft(
        kind=kind,
        key=key,
        to_address=head.from_address,
        context=context,
        unit=unit,
        forms=forms,
        cause=incoming.id,
        in_reply_to=head.message_id,
        references=tuple(dict.fromkeys(references))[-_REFERENCES_LIMIT:],
    )
