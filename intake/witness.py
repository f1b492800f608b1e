"""The Sent folder as witness: did the provider take a letter whose 250 we never saw?

In: what `fetch` listed of 已发送 (Coremail files SMTP-sent mail there by itself, facts/mail.md §1.1). Out: found, absent
or no telling. Pure. What follows from it for a letter is decided in `outbox`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.compose import mark_prefix

_CLOCKS_APART = timedelta(minutes=15)  # between the provider's clock and ours


@dataclass(frozen=True, slots=True)
class SentHeader:
    """The head of one mail in the Sent folder. `at` is its INTERNALDATE; the rest as it stands in the headers, decoded."""

    message_id: str
    mark: str  # X-Intake-Id
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SentFolder:
    """What the Sent folder showed at `read_at`.

    `covers_from` is the instant from which the listing is complete (the oldest of the newest N mails); None: all of it.
    """

    headers: Sequence[SentHeader]
    read_at: datetime
    covers_from: datetime | None = None

    def copy_of(self, reference: str, message_id: str, *, since: datetime) -> SentHeader | None:
        """Return the copy of our letter, whose attempt began at `since`, or None.

        It is known by its Message-ID or mark; else, where a provider rewrites both, by the reference in its subject.
        References can come again after a restore, Message-ID and mark can't: a subject counts only if young enough.
        """
        prefix, shown = mark_prefix(reference, message_id), f"\u3014{reference}\u3015"
        for header in self.headers:
            if header.message_id.strip() == message_id or header.mark.strip().startswith(prefix):
                return header
        for header in self.headers:
            if shown in header.subject and header.at >= since - _CLOCKS_APART:
                return header
        return None

    def named(self, message_id: str) -> SentHeader | None:
        """Return the copy of the letter with that Message-ID, whatever its reference and its age, or None."""
        digest = mark_prefix("", message_id)  # ".digest."
        found = (one for one in self.headers if one.message_id.strip() == message_id or digest in one.mark)
        return next(found, None)

    def can_tell(self, since: datetime, counts_from: datetime) -> bool:
        """Return whether absence means anything for an attempt begun at `since`: not before `counts_from`."""
        return self.read_at >= counts_from and (self.covers_from is None or self.covers_from <= since)
