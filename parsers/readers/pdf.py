"""PDF files → `Document`: what a person sees on the pages, whether it is text or a picture of text.

In: bytes that `sniff` called a PDF. Out: blocks page by page. The way of a file: `pdfopen` opens it within bounds, `pdfink`
interprets a page into glyphs, rules and pictures, `pdfforms` adds the values of form fields and annotations, `pdfseen` leaves
out what nobody sees, `pdftables` finds the ruled cells, `pdflines` puts glyphs together to text, `pdfblocks` makes blocks of
them; `pdfrender` draws a page that holds no usable text for the OCR engine; `pdfreading` is the page that calls them.
Must not: import a PDF library before it is needed (they are an optional engine), run scripts, follow links, raise anything
but ReadFailure. Standard: ISO 32000-1.
"""

from parsers.document import Budget, Document, FailureCode, ReadFailure
from parsers.engines import Engine, Engines
from parsers.readers.border import reads


def read(data: bytes, budget: Budget, engines: Engines) -> Document:
    """Given a PDF file, return what a person would see in it. Pages without text are shown to the OCR engine.

    Raise ReadFailure: ENCRYPTED, DAMAGED, EMPTY, TOO_LARGE, UNSUPPORTED (a form of Adobe's XFA kind), NEEDS_ENGINE (no PDF
    libraries here; or a page is a picture, no other page has text, and there is no OCR engine), and what the engine raises.
    """
    try:
        from parsers.readers.pdfreading import read_pages  # noqa: PLC0415 - the optional libraries: 0.2 s, 19 MB
    except ImportError as error:
        raise ReadFailure(FailureCode.NEEDS_ENGINE, Engine.PDF) from error
    with reads("a PDF file"):
        return read_pages(data, budget, engines)
