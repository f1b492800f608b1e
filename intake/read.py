"""A mail's raw bytes → `MailReading`, by the worker: this side only asks, waits and checks what comes back.

In: an open worker (handlers ``intake.unpack``), archived bytes, the campaign's forms. Out: a reading of every body and
every attachment that may hold a form. Stage before: `archive`; after: `triage`, `assess`. Nothing that came by mail is
parsed here. A part on which the worker stops is a reading with a failure; the other parts are read all the same.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from intake.mime import QUOTED_MARK, TEXT_CHARACTERS, Unpacked
from intake.model import PHOTOGRAPH_BYTES, MailHead, MailReading, Part, PartPath, PartReading, PartRole
from intake.phrases import is_bare
from intake.quotes import below_letter
from parsers.codec import CodecError, from_json, to_json
from parsers.document import Failure, FailureCode
from parsers.forms import DocumentReading, FormSpec
from parsers.frames import JsonObject
from parsers.isolate import Answered, Stopped, Worker
from parsers.traces import Traces

T = TypeVar("T")

# The next mail must be answered within a minute whatever came before it (facts/reliability.md §4): one document has so
# long, and after so long the mail's turn is over, so that a turn takes 50 s at most and the letter leaves 10 s later.
_DOCUMENT_S = 45.0
_TURN_S = 5.0
_DOCUMENTS_WORTH = 4  # times a document's time: then a mail of many slow documents has had enough
# What never holds a form: signatures of the mail itself, visiting cards.
_NO_DOCUMENTS = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-encrypted",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
    }
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A mail whose turn ended before its documents did: what was read of it so far, and how long that took in seconds."""

    unpacked: Unpacked
    documents: tuple[PartReading, ...]
    spent_s: float


def read_mail(
    worker: Worker, raw: bytes, forms: tuple[FormSpec, ...], *, area_code: str = "", seconds: float = _DOCUMENT_S
) -> MailReading:
    """Given the raw bytes of a mail, return all that was learnt of it, however many turns that takes (`read_turn`)."""
    reading = read_turn(worker, raw, forms, area_code=area_code, seconds=seconds)
    while isinstance(reading, Begun):
        reading = read_turn(worker, raw, forms, area_code=area_code, seconds=seconds, begun=reading)
    return reading


def read_turn(
    worker: Worker,
    raw: bytes,
    forms: tuple[FormSpec, ...],
    *,
    area_code: str = "",
    seconds: float = _DOCUMENT_S,
    begun: Begun | None = None,
) -> MailReading | Begun:
    """Given the raw bytes of a mail, and what the last turn left of it, return its reading or what the next turn needs.

    `seconds` bounds the unpacking and each document; four times that bounds the mail. A turn unpacks the mail or reads a
    document at least; it begins with no other one once it has taken five seconds. If the mail can't even be unpacked, the
    reading has its head (as far as that can be read), no parts, and a defect that says why. Raise WorkerUnavailable if no
    worker can be started: that is no fault of the mail.
    """
    call = _Calls(worker, raw, forms, area_code, seconds, begun.spent_s if begun else 0.0)
    unpacked = begun.unpacked if begun else call.unpack()
    documents = list(begun.documents) if begun else []
    known = len(documents) if begun else -1  # to unpack the mail is a step by itself
    while (due := _next_document(unpacked, documents)) is not None:
        if len(documents) > known and call.turn_s() >= _TURN_S:
            return Begun(unpacked, tuple(documents), call.spent_s + call.turn_s())
        documents.append(call.read(due))
    return _mail(unpacked, tuple(documents))


def unpack_mail(
    worker: Worker, raw: bytes, documents: tuple[PartReading, ...], *, seconds: float = _DOCUMENT_S
) -> MailReading:
    """Given the raw bytes of a mail and the readings of its documents as they were stored, return its reading.

    For an answer that a person lets go long after the mail was read. Raise as `read_mail`.
    """
    return _mail(_Calls(worker, raw, (), "", seconds).unpack(), documents)


def _mail(unpacked: Unpacked, documents: tuple[PartReading, ...]) -> MailReading:
    return MailReading(
        head=unpacked.head,
        parts=unpacked.parts,
        documents=documents,
        own_text=unpacked.own_text,
        quoted_text=unpacked.quoted_text,
        reports=unpacked.reports,
        cloud_links=unpacked.cloud_links,
        defects=unpacked.defects,
    )


def with_words_below(
    worker: Worker,
    reading: MailReading,
    letter: str,
    forms: tuple[FormSpec, ...],
    *,
    area_code: str = "",
    seconds: float = _DOCUMENT_S,
) -> MailReading:
    """Given a mail and the text of our letter that it answers, return it with what its sender wrote below our letter.

    Some write the answer under a quotation that nothing marks: only our letter, which we know word by word, tells where it
    ends. A mail that says something over the quotation, or encloses others, stays as it is. Raise as `read_mail`.
    """
    bodies = [part.path for part in reading.parts if part.role is PartRole.BODY]
    plain = not any(part.enclosing for part in reading.parts) and len(reading.quoted_text) < TEXT_CHARACTERS
    forwards = any(QUOTED_MARK in one.path for one in reading.documents)
    if not letter or not bodies or not plain or forwards or not is_bare(reading.own_text):
        return reading
    words = below_letter(reading.quoted_text, letter)
    if not words:
        return reading
    header: JsonObject = {"forms": to_json(forms), "area_code": area_code}
    document = _reading(worker.call("words", header, words.encode(), timeout_s=seconds), "")
    files = tuple(one for one in reading.documents if one.role is not PartRole.BODY)
    return replace(reading, own_text=words, documents=(PartReading(bodies[0], PartRole.BODY, document), *files))


def read_document(
    worker: Worker,
    data: bytes,
    name: str,
    forms: tuple[FormSpec, ...],
    *,
    area_code: str = "",
    seconds: float = _DOCUMENT_S,
) -> PartReading:
    """Given the bytes and the name of a bare file, return its reading as if it were the only attachment of a mail."""
    header: JsonObject = {"name": name, "declared_type": "", "forms": to_json(forms), "area_code": area_code}
    answer = worker.call("document", header, data, timeout_s=seconds)
    return PartReading(PartPath("1"), PartRole.ATTACHMENT, _reading(answer, name))


def explain_mail(
    worker: Worker,
    raw: bytes,
    reading: MailReading,
    forms: tuple[FormSpec, ...],
    *,
    area_code: str = "",
    seconds: float = _DOCUMENT_S,
) -> dict[PartPath, Traces]:
    """Given a mail and its reading, return for each part in which a form was read, or nothing, how that came about.

    The parts are read once more, watched; the reading itself stays what it is.
    """
    found: dict[PartPath, Traces] = {}
    for one in reading.documents:
        if one.document.failure is None:
            operation = "body" if one.role is PartRole.BODY else "part"
            header: JsonObject = {"path": one.path, "forms": to_json(forms), "area_code": area_code, "explain": True}
            traces = _typed(Traces, worker.call(operation, header, raw, timeout_s=seconds))
            if isinstance(traces, Traces):
                found[one.path] = traces
    return found


def explain_document(
    worker: Worker,
    data: bytes,
    name: str,
    forms: tuple[FormSpec, ...],
    *,
    area_code: str = "",
    seconds: float = _DOCUMENT_S,
) -> dict[PartPath, Traces]:
    """Given a bare file, return how its reading came about, as `explain_mail` does."""
    header: JsonObject = {"name": name, "declared_type": "", "forms": to_json(forms), "area_code": area_code}
    traces = _typed(Traces, worker.call("document", {**header, "explain": True}, data, timeout_s=seconds))
    return {PartPath("1"): traces} if isinstance(traces, Traces) else {}


@dataclass(frozen=True, slots=True)
class _Due:
    """A document of a mail that is to be read, and by which operation of `intake.unpack`."""

    operation: str
    path: PartPath
    role: PartRole
    enclosing: PartPath
    name: str = ""


def _next_document(unpacked: Unpacked, read: Sequence[PartReading]) -> _Due | None:
    """Return what is read after what was read already: bodies, attachments, then pictures if none of them is a form."""
    due = [*_bodies(unpacked), *(_part(part) for part in unpacked.parts if _may_hold_form(part))]
    if len(read) >= len(due) and not any(one.document.forms for one in read[: len(due)]):
        due += [_part(part) for part in unpacked.parts if _may_be_photograph(part)]
    return due[len(read)] if len(read) < len(due) else None


def _bodies(unpacked: Unpacked) -> list[_Due]:
    """The bodies that say something, a forward's original behind its own body."""
    chosen = []
    for body in unpacked.bodies:
        if body.text.strip() or body.html:
            chosen.append(_Due("body", body.path, PartRole.BODY, body.enclosing))
        if body.forwarded:
            chosen.append(_Due("body", PartPath(body.path + QUOTED_MARK), PartRole.BODY, body.enclosing))
    return chosen


def _part(part: Part) -> _Due:
    return _Due("part", part.path, part.role, part.enclosing, part.name)


def _may_hold_form(part: Part) -> bool:
    return part.role is PartRole.ATTACHMENT and part.type not in _NO_DOCUMENTS


def _may_be_photograph(part: Part) -> bool:
    """A picture in the text: looked at only if no form was found elsewhere, for most are logos and banners."""
    return part.role is PartRole.INLINE and part.type.startswith("image/") and part.size_bytes >= PHOTOGRAPH_BYTES


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls of one turn for one mail, and how much time is left for them."""

    worker: Worker
    raw: bytes
    forms: tuple[FormSpec, ...]
    area_code: str
    seconds: float
    spent_s: float = 0.0  # in former turns
    began_at: float = field(default_factory=time.monotonic)

    def turn_s(self) -> float:
        return time.monotonic() - self.began_at

    def unpack(self) -> Unpacked:
        answer = self.worker.call("mail", {}, self.raw, timeout_s=self.seconds)
        unpacked = _typed(Unpacked, answer)
        if not isinstance(unpacked, Failure):
            return unpacked
        head = _typed(Unpacked, self.worker.call("head", {}, self.raw, timeout_s=self.seconds))
        defect = f"unpacking stopped: {unpacked.code}"
        if isinstance(head, Failure):
            return Unpacked(_unread_head(), defects=(defect, f"reading the header stopped: {head.code}"))
        return Unpacked(head.head, defects=(defect, *head.defects))

    def read(self, due: _Due) -> PartReading:
        left = self.seconds * _DOCUMENTS_WORTH - self.spent_s - self.turn_s()
        if left <= 0:
            failure = Failure(FailureCode.TIMEOUT, "the time for this mail is used up")
            return PartReading(due.path, due.role, _unread(due.name, failure), due.enclosing)
        header: JsonObject = {"path": due.path, "forms": to_json(self.forms), "area_code": self.area_code}
        answer = self.worker.call(due.operation, header, self.raw, timeout_s=min(self.seconds, left))
        return PartReading(due.path, due.role, _reading(answer, due.name), due.enclosing)


def _reading(answer: Answered | Stopped, name: str) -> DocumentReading:
    reading = _typed(DocumentReading, answer)
    return _unread(name, reading) if isinstance(reading, Failure) else reading


def _typed(type_: type[T], answer: Answered | Stopped) -> T | Failure:
    """Check the shape of an answer: the child that wrote it has held hostile bytes."""
    if isinstance(answer, Stopped):
        return Failure(answer.code, answer.detail)
    try:
        return from_json(type_, answer.json)
    except CodecError:
        return Failure(FailureCode.CRASHED, "answer of the wrong shape")


def _unread(name: str, failure: Failure) -> DocumentReading:
    return DocumentReading(name=name, kind="unknown", failure=failure)


def _unread_head() -> MailHead:
    return MailHead(message_id="", from_address="", from_name="", to_addresses=(), subject="", date=None, damaged=True)
