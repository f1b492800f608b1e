"""Header fields of a message → `MailHead`: who, to whom, about what, and the signs that tell machines from people.

In: the fields as `headers.split_header` gives them. Out: one frozen value with clean, capped strings. It judges
nothing: `triage` reads the signals. Nothing in it is proof of the sender but ``verified-authentication-results``.
Standards: RFC 5322 §3.6, RFC 3834 §5 (Auto-Submitted), RFC 8601 §5 (foreign Authentication-Results).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from intake.addresses import mailboxes, single
from intake.headers import Block, Field, HeaderText, header_text, media_type, parameters, unfold
from intake.model import MailHead
from parsers.text import clean, decode

# The fields that tell machines from people, handed on in their order. Two are special: ``content-type`` is reduced to
# ``main/sub; report-type=…``, of ``received`` only the topmost (our own provider's) is given.
# ``verified-authentication-results`` is no field of a mail: see `_verified_results`.
SIGNAL_HEADERS = (
    "auto-submitted",
    "precedence",
    "list-id",
    "list-unsubscribe",
    "list-post",
    "list-help",
    "mailing-list",
    "feedback-id",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponse",
    "x-auto-response-suppress",
    "x-ms-exchange-inbox-rules-loop",
    "x-failed-recipients",
    "x-ms-exchange-message-is-ndr",
    "x-loop",
    "x-intake-id",
    "return-path",
    "sender",
    "content-type",
    "disposition-notification-to",
    "authentication-results",
    "received",
    "x-cm-transid",
    "x-mailer",
    "x-spam-flag",
)
VERIFIED_RESULTS = "verified-authentication-results"

_SUBJECT_CHARACTERS = 500
_SIGNAL_CHARACTERS = 2_000
_SIGNALS = 100
_RECIPIENTS = 100
_REFERENCES = 50
_MESSAGE_ID_CHARACTERS = 998  # RFC 5322 §2.1.1: a line

_MESSAGE_ID = re.compile(r"<[^<>]{1,996}>")
# NetEase folds at a fixed column by a line end and one tab; a blank behind the tab, or before the line end, is the text's.
_FOLD_INSIDE = re.compile(rb"\r?\n\t")
# As in: by gzga-mx-mtada-g0-8 (Coremail) with SMTP id _____w…;
_COREMAIL = re.compile(r"\bby ([^\s();]+) \(Coremail\) with SMTP id ([^\s;]+)")
_CHINA_TIME = re.compile(r"\bCST\b")
_OFFSET = re.compile(r"[+-]\d{4}\b")
_COMMENT = re.compile(r"\([^()]*\)")


def read_head(block: Block) -> MailHead:
    """Given a message's header block, return its head. Never raises."""
    subject = header_text(block.first("subject"), limit=_SUBJECT_CHARACTERS)
    sender = single(entry for value in _all(block, "from") for entry in mailboxes(value))
    recipients = (
        entry.address
        for name in ("to", "cc")
        for value in _all(block, name)
        for entry in mailboxes(value)
        if entry.address
    )
    replies = (entry.address for value in _all(block, "reply-to") for entry in mailboxes(value) if entry.address)
    return MailHead(
        message_id=_first_id(block.first("message-id")),
        from_address=sender.address,
        from_name=sender.name,
        to_addresses=tuple(dict.fromkeys(recipients))[:_RECIPIENTS],
        subject=subject.text,
        date=read_date(header_text(block.first("date"), limit=200)),
        in_reply_to=_first_id(block.first("in-reply-to")),
        references=_ids(block.first("references"))[-_REFERENCES:],
        reply_to=next(replies, ""),
        signals=tuple(_signals(block))[:_SIGNALS],
        damaged=subject.damaged or sender.damaged or block.cut,
    )


def read_date(value: HeaderText) -> datetime | None:
    """Given the Date field, return an aware instant, or None if it is unreadable or has no zone.

    "CST" is China Standard Time here: the standard library reads it as Central, 14 hours off.
    """
    text = _COMMENT.sub(" ", value.text)
    text = _CHINA_TIME.sub("" if _OFFSET.search(text) else "+0800", text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            return None
        moment.astimezone(UTC)  # overflows for the last day of the year 9999: later stages convert without care
        return moment
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _all(block: Block, name: str) -> Iterator[bytes]:
    return (field.value for field in block.fields if field.name == name)


def _ids(value: bytes) -> tuple[str, ...]:
    """Return the message ids of a field, without the white space that folding left in them."""
    text = clean(decode(unfold(value)).text, limit=20_000)
    return tuple("".join(match.split()) for match in _MESSAGE_ID.findall(text))


def _first_id(value: bytes) -> str:
    """Return the first id; one without angle brackets is taken as it stands, for it is all there is to match with."""
    ids = _ids(value)
    return ids[0] if ids else header_text(value, limit=_MESSAGE_ID_CHARACTERS).text


def _signals(block: Block) -> Iterator[tuple[str, str]]:
    wanted = frozenset(SIGNAL_HEADERS)
    received = False
    verified = _verified_results(block)
    if verified:  # first: a sender's own fields must not crowd it out
        yield VERIFIED_RESULTS, verified
    for field in block.fields:
        if field.name not in wanted or (field.name == "received" and received):
            continue
        received |= field.name == "received"
        yield field.name, _signal(field)


def _signal(field: Field) -> str:
    if field.name == "content-type":
        content = parameters(field.value)
        report = clean(content.get("report-type"), limit=100).strip().lower()
        return media_type(content, "text/plain") + (f"; report-type={report}" if report else "")
    return _results(field) if field.name == "authentication-results" else header_text(field.value).text


def _results(field: Field) -> str:
    """NetEase folds at a fixed column, in mid-token: line end and tab go together, unlike RFC 5322 unfolding."""
    return _as_written(_FOLD_INSIDE.sub(b"", field.value))


def _as_written(value: bytes) -> str:
    """Return a trace field on one line, encoded words left alone.

    HELO and the envelope sender are repeated in it: as encoded words they would become blanks, semicolons, other hosts.
    """
    return " ".join(clean(decode(unfold(value)).text, limit=_SIGNAL_CHARACTERS).split())


def _verified_results(block: Block) -> str:
    """Return the one Authentication-Results that our own provider wrote, or "".

    It stands next to an X-CM-TRANSID whose id is the SMTP id of the topmost Received, and names the same host
    (facts/reliability.md §3.3). Anybody can write such a field into his mail; nobody can guess the id of its delivery.
    """
    stamps = _COREMAIL.findall(_as_written(block.first("received")))
    if len(stamps) != 1:  # the name a client gives in HELO stands in it, too, and might be another stamp
        return ""
    host, delivery = stamps[0]
    ours = {
        field.position
        for field in block.fields
        if field.name == "x-cm-transid" and _as_written(field.value) == delivery
    }
    found = [
        text
        for field in block.fields
        if field.name == "authentication-results"
        and {field.position - 1, field.position + 1} & ours
        and (text := _results(field)).partition(";")[0].strip() == host
        and len(text) < _SIGNAL_CHARACTERS  # a cut value might end in another domain
    ]
    return found[0] if len(found) == 1 else ""
