"""A letter's bytes: subject and body go in, an RFC 5322 message with fixed headers comes out. Pure.

Stage before: `reply` and `reminders` (what is to be said) and `texts` (in which words). Stage after: `outbox`, which keeps
the bytes: a second attempt sends byte for byte the first. Nothing here reaches a server, a clock or a database.

Exactly one recipient, never Cc, Bcc or Reply-To; header From is the login address, because NetEase refuses any other
(554 DT:SUM, 553; facts/mail.md §1.2). Standards: RFC 5322, 2045–2047, 2231, 3834 (Auto-Submitted).

The lines are written here and not by `email.message.EmailMessage` (policy SMTP, Python 3.11.7, measured): it turns an
In-Reply-To of more than 76 characters into an encoded word, so that the thread is lost; it swallows a literal "=?…?="
of a subject; it takes its boundaries from `random`; and it knows attachment names only as RFC 2231 continuations, which
QQ shows as "tcmime.1388.1527.1742.bin" (nodemailer#374). The tests read every letter back with `email.parser`.
"""

import hashlib
import hmac
import html
import re
from base64 import b64encode, encodebytes
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from intake.model import LetterKind
from parsers.text import clean

SHANGHAI = ZoneInfo("Asia/Shanghai")
MARK_HEADER = "X-Intake-Id"

_CRLF = b"\r\n"
_SUBJECT_LIMIT = 200  # characters; NetEase's web mail shows some forty
_NAME_LIMIT = 60  # characters of a display or file name: percent-encoded still one line below 998 (RFC 5322 §2.1.1)
_WORD_BYTES = 39  # UTF-8 bytes in one encoded word: 52 in base64 + 12, beside "Subject: " still below 76 (RFC 2047 §2)
_REFERENCES_LIMIT = 10  # the first and the newest nine: enough for every client's threads (RFC 5322 §3.6.4)

# Answers to a mail of theirs are "auto-replied", letters of our own motion "auto-generated" (RFC 3834 §5).
_AUTO_SUBMITTED: dict[LetterKind, str] = {
    LetterKind.ACKNOWLEDGEMENT: "auto-replied",
    LetterKind.CORRECTION: "auto-replied",
    LetterKind.UNREADABLE: "auto-replied",
    LetterKind.UPDATE: "auto-replied",
    LetterKind.RECEIVED: "auto-replied",
    LetterKind.QUESTION: "auto-replied",
    LetterKind.REMINDER: "auto-generated",
    LetterKind.DIGEST: "auto-generated",
    LetterKind.ALARM: "auto-generated",
    LetterKind.TEST: "auto-generated",
}

# No quotes, no spaces, nothing outside ASCII (no SMTPUTF8 at NetEase), nothing that a list of addresses is made with.
# Dots may stand anywhere in the local part: "a..b@" exists at providers, and refusing it here would lose an answer.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII
)
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>", re.ASCII)
_REFERENCE = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
_MARK = re.compile(r"([0-9A-Za-z-]{1,64})\.([0-9a-f]{12})\.([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of ours that goes with a letter, such as a blank form. `type` is its media type."""

    name: str
    type: str
    data: bytes


def addressable(address: str) -> bool:
    """Given an address, return whether a letter can be addressed to it: plain ASCII, one address, ≤ 254 characters."""
    return len(address) <= 254 and _ADDRESS.fullmatch(address) is not None


def new_message_id(business_key: str, *, address: str, key: bytes) -> str:
    """Given a letter's business key, return its Message-ID, such as "<intake.9f…@126.com>".

    It is a function of what the letter is for: units reply to it, so that an archive that is read into an empty database
    must give the letter the same name, or the replies complete another form (tests/property/test_units_state.py). `key`
    keeps it from being guessed.
    """
    return f"<intake.{_mac(key, 'message-id', business_key)[:20]}@{address.rpartition('@')[2]}>"


def mark(reference: str, message_id: str, *, key: bytes) -> str:
    """Given a letter's reference and Message-ID, return the value of its X-Intake-Id header."""
    prefix = mark_prefix(reference, message_id)
    return prefix + _mac(key, "mark", prefix)[:32]


def mark_prefix(reference: str, message_id: str) -> str:
    """Return the part of the mark that is known without the key: by it the Sent folder's copy is recognised."""
    return f"{reference}.{hashlib.sha256(message_id.encode()).hexdigest()[:12]}."


def own_reference(header: str, *, key: bytes) -> str | None:
    """Given an X-Intake-Id header of a received mail, return the reference of our letter, or None if it is not ours.

    Everybody who ever got a letter knows one valid mark: it proves that the letter existed, not who sent this mail.
    """
    matched = _MARK.fullmatch(header.strip())
    if matched is None:
        return None
    reference, digest, signature = matched.groups()
    expected = _mac(key, "mark", f"{reference}.{digest}.")[:32]
    return reference if hmac.compare_digest(signature, expected) else None


def compose(
    subject: str,
    body: str,
    *,
    kind: LetterKind,
    to_address: str,
    sender_address: str,
    sender_name: str,
    message_id: str,
    reference: str,
    key: bytes,
    now: datetime,
    in_reply_to: str = "",
    references: Iterable[str] = (),
    attachments: Iterable[Attachment] = (),
) -> bytes:
    """Given the words of a letter and to whom it goes, return its bytes: ASCII, CRLF, every line ≤ 998.

    Subject, body and names may hold anything: they are cleaned. Message-IDs of others that are not well-formed are left
    out. Raise ValueError if our own side is wrong: `to_address` or `sender_address` not `addressable`, `message_id` or
    `reference` not of our making.
    """
    _demand(_ADDRESS, to_address, "to_address")
    _demand(_ADDRESS, sender_address, "sender_address")
    _demand(_MESSAGE_ID, message_id, "message_id")
    _demand(_REFERENCE, reference, "reference")
    head = [
        ("From", f"{_words(_line(sender_name, _NAME_LIMIT))} <{sender_address}>".lstrip()),
        ("To", to_address),
        ("Subject", _words(_line(subject, _SUBJECT_LIMIT))),
        ("Date", format_datetime(now.astimezone(SHANGHAI))),
        ("Message-ID", message_id),
        *_thread(in_reply_to, references),
        ("Auto-Submitted", _AUTO_SUBMITTED[kind]),
        ("X-Auto-Response-Suppress", "All"),
        (MARK_HEADER, mark(reference, message_id, key=key)),
        ("MIME-Version", "1.0"),
    ]
    # Boundaries from the Message-ID: the same letter has the same bytes. "_" stands in no base64, so none can clash.
    seed = hashlib.sha256(message_id.encode()).hexdigest()[:24]
    text = clean(body)
    content = _multipart(
        "alternative",
        f"=_text_{seed}",
        [_leaf("text/plain; charset=utf-8", _crlf(text)), _leaf("text/html; charset=utf-8", _crlf(_as_html(text)))],
    )
    files = [_attached(attachment) for attachment in attachments]
    if files:
        content = _multipart("mixed", f"=_files_{seed}", [content, *files])
    return b"".join(f"{name}: {value}\r\n".encode("ascii") for name, value in head) + content


def _demand(pattern: re.Pattern[str], value: str, name: str) -> None:
    if pattern.fullmatch(value) is None or len(value) > 254:
        raise ValueError(f"{name} is not fit for a header")


def _mac(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\n".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _line(text: str, limit: int) -> str:
    """Return `text` as one clean line: `str.split` also parts at U+2028 and U+0085, where a header could be broken."""
    return " ".join(clean(text).split())[:limit].rstrip()


def _words(text: str) -> str:
    """Return `text` as it stands in a header: plain if that is beyond doubt, else as encoded words (RFC 2047)."""
    if re.fullmatch(r"[A-Za-z0-9 ]{0,60}", text, re.ASCII):
        return text
    chunks: list[bytes] = [b""]
    for character in text:
        encoded = character.encode()
        if len(chunks[-1]) + len(encoded) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += encoded
    return "\r\n ".join(f"=?UTF-8?B?{b64encode(chunk).decode()}?=" for chunk in chunks)


def _thread(in_reply_to: str, references: Iterable[str]) -> list[tuple[str, str]]:
    """Return In-Reply-To and References of an answer (RFC 5322 §3.6.4): well-formed Message-IDs only, one a line."""
    parent = in_reply_to.strip()
    if _MESSAGE_ID.fullmatch(parent) is None:
        return []
    known = [one for one in dict.fromkeys(references) if _MESSAGE_ID.fullmatch(one) and one != parent] + [parent]
    if len(known) > _REFERENCES_LIMIT:
        known = known[:1] + known[1 - _REFERENCES_LIMIT :]
    return [("In-Reply-To", parent), ("References", "\r\n ".join(known))]


def _crlf(text: str) -> bytes:
    return (text.rstrip("\n") + "\n").replace("\n", "\r\n").encode()


def _as_html(text: str) -> str:
    """Return the plain text as simple HTML: paragraphs and line breaks, nothing of it can become markup."""
    paragraphs = re.split(r"\n{2,}", text.strip("\n"))
    marked = (html.escape(paragraph).replace("  ", "&nbsp; ").replace("\n", "<br>\n") for paragraph in paragraphs)
    content = "\n".join(f"<p>{paragraph}</p>" for paragraph in marked)
    return f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"></head>\n<body>\n{content}\n</body>\n</html>\n'


def _leaf(content_type: str, data: bytes, *more: str) -> bytes:
    """Return one part in base64: safe on every way, and for Chinese half the size of quoted-printable."""
    head = (f"Content-Type: {content_type}", *more, "Content-Transfer-Encoding: base64")
    return _CRLF.join([*(line.encode("ascii") for line in head), b"", encodebytes(data).replace(b"\n", _CRLF)])


def _multipart(subtype: str, boundary: str, parts: Iterable[bytes]) -> bytes:
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    dashes = b"--" + boundary.encode("ascii")
    return head + b"".join(dashes + _CRLF + part for part in parts) + dashes + b"--" + _CRLF


def _attached(attachment: Attachment) -> bytes:
    """Return a file as a part. Its name stands twice, as RFC 2047 (QQ, old Foxmail) and as RFC 2231 (all others)."""
    name = re.sub(r'[\\/:*?"<>|]', "_", _line(attachment.name, _NAME_LIMIT)) or "file"
    media_type = (
        attachment.type if re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", attachment.type) else "application/octet-stream"
    )
    return _leaf(
        f'{media_type};\r\n name="{_words(name)}"',
        attachment.data,
        f"Content-Disposition: attachment;\r\n filename*=UTF-8''{quote(name, safe='')}",
    )
