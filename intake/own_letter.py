"""A letter of ours read back from its bytes, as its reader will see it. Pure.

In: what `compose` wrote and the outbox kept, so that no stranger's MIME is parsed here. Out: subject, recipient, plain
text, files. For whoever looks at a letter before it goes, and for `again`, which writes it once more.
"""

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as modern_policy
from typing import cast

from intake.compose import Attachment


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """The words of a letter. `thread` are the Message-IDs it answers, the nearest last."""

    subject: str
    to_address: str
    text: str
    attachments: tuple[Attachment, ...]
    in_reply_to: str
    thread: tuple[str, ...]


def read_own(raw: bytes) -> OwnLetter:
    """Given the bytes of a letter of ours, return what stands in it."""
    message = message_from_bytes(raw, policy=modern_policy)
    body = message.get_body(("plain",))
    return OwnLetter(
        subject=str(message["Subject"] or ""),
        to_address=str(message["To"] or ""),
        text="" if body is None else str(body.get_content()).replace("\r\n", "\n"),
        attachments=tuple(
            Attachment(part.get_filename() or "", part.get_content_type(), cast("bytes", part.get_payload(decode=True)))
            for part in message.iter_attachments()
        ),
        in_reply_to=str(message["In-Reply-To"] or "").strip(),
        thread=tuple(str(message["References"] or "").split()),
    )
