"""Bytes → `DocumentReading`: the page that calls sniff → reader → extract in order.

Stage before: `worker` (or a test) hands over one attachment or one body. In: bytes or text, the name its sender gave, the
campaign's forms. Out: one `DocumentReading`, whatever the bytes: what cannot be read is a `Failure` with a code that leads
to true words for the sender (a password is not "damaged"; a program we lack is not the sender's fault). Must not: raise,
log, touch a file, believe a name or a declared type before the content.

A new kind of document takes one row in `_READERS`; a kind that is known and not read, one in `_NOT_READ`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from parsers import archives
from parsers.archives import Member
from parsers.document import (
    DEFAULT_BUDGET,
    Budget,
    Document,
    Failure,
    FailureCode,
    Grid,
    Note,
    NoteCode,
    Paragraph,
    ReadFailure,
)
from parsers.extract import extract
from parsers.forms import DocumentReading, FormReading, FormSpec, Leftover, Problem, ProblemCode
from parsers.headings import titles_of
from parsers.readers import excel, markup, plain, word
from parsers.sniff import ENCRYPTED, EXCEL_PACKAGES, IMAGES, WORD_PACKAGES, Kind, sniff
from parsers.text import Decoded, clean, decode

_HEAD_LINES, _TAIL_LINES, _LINE_CHARACTERS = 40, 20, 200
_PROSE_CHARACTERS = 1_500  # a longer text under a form's heading is a paper about it, not the form
_SUSPECT_LEFTOVERS = 40
_WORDS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\\W_\u3400-\u9fff]+")

_Reader = Callable[[bytes, Budget], Document]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a caller wants to know, the same for a document and for the members of an archive."""

    forms: tuple[FormSpec, ...]
    area_code: str
    budget: Budget


def parse_document(
    data: bytes,
    *,
    name: str,
    declared_type: str,
    forms: tuple[FormSpec, ...],
    area_code: str = "",
    budget: Budget = DEFAULT_BUDGET,
) -> DocumentReading:
    """Given the bytes of an attachment, return what was read. Never raises."""
    return _guarded(lambda: _document(data, name, declared_type, _Asked(forms, area_code, budget), 0), name)


def parse_text(
    text: str, *, forms: tuple[FormSpec, ...], area_code: str = "", budget: Budget = DEFAULT_BUDGET
) -> DocumentReading:
    """Given the plain text of a mail, return what was read. Never raises."""
    return _guarded(lambda: _body(plain.read(text, budget), "text", forms, area_code), "")


def parse_html(
    text: str, *, forms: tuple[FormSpec, ...], area_code: str = "", budget: Budget = DEFAULT_BUDGET
) -> DocumentReading:
    """Given the HTML text of a mail, return what was read. Never raises."""
    return _guarded(lambda: _body(markup.read(text, budget), "html", forms, area_code), "")


def _guarded(read: Callable[[], DocumentReading], name: str) -> DocumentReading:
    try:
        return read()
    except ReadFailure as failure:
        return DocumentReading(name, "", failure=failure.failure)
    except Exception as error:  # noqa: BLE001 - whatever a library makes of hostile bytes, the mail goes its way
        return DocumentReading(name, "", failure=Failure(FailureCode.CRASHED, _where(error)))


def _where(error: BaseException) -> str:
    """Class and place of an error, without its text: that may hold what stands in the document."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _document(data: bytes, name: str, declared_type: str, asked: _Asked, depth: int) -> DocumentReading:
    """Given one file, at `depth` archives deep, return its reading; failures keep the kind."""
    if len(data) > asked.budget.attachment_bytes:
        return DocumentReading(name, "", failure=Failure(FailureCode.TOO_LARGE, f"{len(data)} bytes"))
    kind = sniff(data, name, declared_type)
    try:
        if kind is Kind.ZIP:
            return _archive(data, name, asked, depth)
        reader = _READERS.get(kind)
        if reader is None:
            return DocumentReading(name, kind.value, failure=_not_read(kind))
        document = reader(data, asked.budget)
    except ReadFailure as failure:
        return DocumentReading(name, kind.value, failure=failure.failure)
    except Exception as error:  # noqa: BLE001 - see _guarded; here the kind is known and is told
        return DocumentReading(name, kind.value, failure=Failure(FailureCode.CRASHED, _where(error)))
    return _reading(document, name, kind.value, asked, body=False)


def _archive(data: bytes, name: str, asked: _Asked, depth: int) -> DocumentReading:
    """Given a .zip, return the readings of its members; a member that fails does not hide the others."""
    members: tuple[Member, ...] = tuple(archives.members(data, asked.budget, depth=depth))
    if not members:
        return DocumentReading(name, Kind.ZIP.value, failure=Failure(FailureCode.EMPTY, "no file in the archive"))
    within = replace(asked, budget=archives.remaining(asked.budget, members))
    readings = tuple(_document(member.data, f"{name}/{member.name}", "", within, depth + 1) for member in members)
    return DocumentReading(name, Kind.ZIP.value, members=readings)


def _body(document: Document, kind: str, forms: tuple[FormSpec, ...], area_code: str) -> DocumentReading:
    return _reading(document, "", kind, _Asked(forms, area_code, DEFAULT_BUDGET), body=True)


def _reading(document: Document, name: str, kind: str, asked: _Asked, *, body: bool) -> DocumentReading:
    found = extract(document, asked.forms, area_code=asked.area_code, hint=name.rpartition("/")[2], body=body)
    outside = [line[:_LINE_CHARACTERS] for line in found.outside]
    characters = _characters(document)
    forms = found.forms
    if not forms and not body:
        forms = _suspects(document, asked.forms, characters)
    return DocumentReading(
        name,
        kind,
        document.reader,
        forms,
        notes=document.notes,
        head=tuple(outside[:_HEAD_LINES]),
        tail=tuple(outside[-_TAIL_LINES:]),
        characters=characters,
        pictures=document.pictures,
    )


def _suspects(document: Document, forms: tuple[FormSpec, ...], characters: int) -> tuple[FormReading, ...]:
    """A short document under the heading of one of our forms in which nothing was read is shown, never passed over.

    Silent emptiness is the commonest failure of readers (facts/documents.md §6 no. 3).
    """
    if characters > _PROSE_CHARACTERS:
        return ()
    titles = titles_of(forms)
    by_id = {form.id: form for form in forms}
    lines = list(document.lines())
    for number, line in enumerate(lines[:6]):
        form = titles.heading(line) or titles.heading(line + (lines[number + 1] if number + 1 < len(lines) else ""))
        if form is None or form not in titles.tables:
            continue
        left = tuple(Leftover(text, "") for text in lines[number + 1 :][:_SUSPECT_LEFTOVERS])
        if not left and not document.pictures:
            return ()
        problem = Problem(ProblemCode.AMBIGUOUS, detail="heading of the form, but nothing of it was read")
        return (FormReading(by_id[form].id, line, (), "document", problems=(problem,), leftovers=left),)
    return ()


def _characters(document: Document) -> int:
    """Count CJK characters and words of other scripts, those in grids included."""
    return sum(_count(block) for block in document.blocks)


def _count(block: Paragraph | Grid) -> int:
    if isinstance(block, Paragraph):
        return len(_WORDS.findall(block.text))
    return sum(len(_WORDS.findall(cell.text)) + sum(_count(grid) for grid in cell.nested) for cell in block.cells)


# --- readers by kind -------------------------------------------------------------------------------------------------


def _html(data: bytes, budget: Budget) -> Document:
    return _noted(markup.decode_html(data), lambda text: markup.read(text, budget))


def _mht(data: bytes, budget: Budget) -> Document:
    return _noted(markup.decode_mht(data), lambda text: markup.read(text, budget))


def _text(data: bytes, budget: Budget) -> Document:
    return _noted(decode(data), lambda text: plain.read(text, budget))


def _csv(data: bytes, budget: Budget) -> Document:
    return _noted(decode(data), lambda text: plain.read_csv(text, budget))


def _noted(decoded: Decoded, read: Callable[[str], Document]) -> Document:
    document = read(decoded.text)
    if decoded.certain and not decoded.damaged:
        return document
    return replace(document, notes=(*document.notes, Note(NoteCode.UNCERTAIN_ENCODING, clean(decoded.encoding))))


_READERS: dict[Kind, _Reader] = {
    **dict.fromkeys((*WORD_PACKAGES, Kind.FLAT_OPC), word.read),
    **dict.fromkeys(EXCEL_PACKAGES, excel.read),
    Kind.HTML: _html,
    Kind.MHT: _mht,
    Kind.TEXT: _text,
    Kind.CSV: _csv,
}

# Readable in principle; the program for it is not part of this version.
_NEEDS_ENGINE = frozenset(
    {
        *(Kind.DOC, Kind.WPS, Kind.WORKS, Kind.RTF, Kind.ODT, Kind.WORD_XML),
        *(Kind.XLS, Kind.ODS, Kind.XLSB, Kind.EXCEL_XML),
        *(Kind.PDF, Kind.OFD, Kind.RAR, Kind.SEVEN_ZIP, Kind.GZIP, Kind.MSG, Kind.TNEF),
        *IMAGES,
    }
)
_PLAIN_FAILURES = {
    **dict.fromkeys(ENCRYPTED, FailureCode.ENCRYPTED),
    Kind.LOCK_FILE: FailureCode.LOCK_FILE,
    Kind.EMPTY: FailureCode.EMPTY,
}


def _not_read(kind: Kind) -> Failure:
    if kind in _PLAIN_FAILURES:
        return Failure(_PLAIN_FAILURES[kind], kind.value)
    return Failure(FailureCode.NEEDS_ENGINE if kind in _NEEDS_ENGINE else FailureCode.UNSUPPORTED, kind.value)
