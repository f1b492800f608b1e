"""A PDF file → its pages, opened by pdfminer.six within bounds and checked against what pdfium makes of it.

In: bytes. Out: `Opened`. pdfminer mends what is broken by guessing, silently: of a file of ten pages without its
middle tenth it gives 8, without the middle fifth 6, where pdfium counts 10 (measured). So the number of pages has to be the one
that pdfium counts, and a file has to have its end. Must not: read a page's content.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser, PDFSyntaxError
from pdfminer.pdftypes import dict_value, list_value, resolve1

from parsers.document import Budget, FailureCode, Note, NoteCode, ReadFailure
from parsers.readers import pdfrender
from parsers.text import clean, decode

_OBJECTS = 100_000  # 20 pages of a thesis have 3,000; pdfminer takes 2 µs for each, 46 µs if it has to look for them
_HEAD = 1024  # bytes before %PDF that viewers allow (ISO 32000-1, annex H.3.4.1)
_NAMES_IN_NOTES = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file. `pages` are those within the budget, `count` is how many there are."""

    document: PDFDocument
    pages: tuple[PDFPage, ...]
    count: int


def open_file(data: bytes, budget: Budget) -> Opened:
    """Given a PDF file, return it opened. Raise ReadFailure ENCRYPTED, DAMAGED, EMPTY or TOO_LARGE."""
    if not data.strip(b"\0 \t\r\n"):
        raise ReadFailure(FailureCode.EMPTY, "no bytes")
    if b"%PDF" not in data[:_HEAD]:
        raise ReadFailure(FailureCode.DAMAGED, "no PDF header")
    _check_ending(data)
    if max(data.count(b"endobj"), data.count(b" obj")) > _OBJECTS:
        raise ReadFailure(FailureCode.TOO_LARGE, "objects")
    try:
        document = PDFDocument(PDFParser(BytesIO(data)))
        if sum(len(getattr(xref, "offsets", ())) for xref in document.xrefs) > _OBJECTS:
            raise ReadFailure(FailureCode.TOO_LARGE, "objects")
        pages = tuple(islice(PDFPage.create_pages(document), budget.pages))
    except (PDFPasswordIncorrect, PDFEncryptionError) as error:
        # PDFEncryptionError: a certificate or a scheme of its own instead of a password; as locked to us.
        raise ReadFailure(FailureCode.ENCRYPTED, type(error).__name__) from error
    except PDFSyntaxError as error:
        raise ReadFailure(FailureCode.DAMAGED, "no PDF structure") from error
    count = pdfrender.page_count(data)
    if not pages and not count:
        raise ReadFailure(FailureCode.EMPTY, "no pages")
    if len(pages) != min(count, budget.pages):
        raise ReadFailure(FailureCode.DAMAGED, f"{len(pages)} or {count} pages")
    return Opened(document, pages, count)


def has_dynamic_form(document: PDFDocument) -> bool:
    """Given an open file, return whether it carries an XFA form, which Adobe Reader alone draws."""
    return resolve1(dict_value(document.catalog.get("AcroForm")).get("XFA")) is not None


def notes_of(opened: Opened) -> tuple[Note, ...]:
    """Given an open file, return what of it no page shows: files inside it, pages beyond the budget."""
    notes = [Note(NoteCode.EMBEDDED_FILE, name) for name in islice(_embedded(opened.document), _NAMES_IN_NOTES)]
    if opened.count > len(opened.pages):
        notes.append(Note(NoteCode.PAGES_LEFT_OUT, f"{len(opened.pages)} of {opened.count} read"))
    return tuple(notes)


def _check_ending(data: bytes) -> None:
    """A file whose last %%EOF is missing, or has objects behind it, was cut off: what it shows may be half a form."""
    end = data.rfind(b"%%EOF")
    if end < 0 or b"endobj" in data[end:] or b"stream" in data[end:]:
        raise ReadFailure(FailureCode.DAMAGED, "the end is missing")


def _embedded(document: PDFDocument) -> Iterator[str]:
    files = dict_value(dict_value(document.catalog.get("Names")).get("EmbeddedFiles"))
    for name in list_value(files.get("Names"))[: 2 * _NAMES_IN_NOTES : 2]:
        value = resolve1(name)
        if isinstance(value, bytes):
            yield clean(decode(value).text, limit=100)
