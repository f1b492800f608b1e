"""Hostile PDF files."""

import zlib

from parsers.engines import Engine
from tests.builders.hostile_cases import Table, half

TABLE = Table()


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R", start: int | None = None) -> bytes:
    """Given the objects from number 1, return a PDF with a table of them (or, with `start`, one that points there)."""
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = len(out) if start is None else start
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
        + b"trailer\n<< /Size %d %b >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, end)
    )


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def page(box: bytes = b"0 0 595 842", more: bytes = b"") -> bytes:
    return b"<< /Type /Page /Parent 2 0 R /MediaBox [%b] %b >>" % (box, more)


def stream(content: bytes, *, filters: bytes = b"/FlateDecode", extra: bytes = b"") -> bytes:
    return b"<< /Length %d /Filter %b %b >>\nstream\n%b\nendstream" % (len(content), filters, extra, content)


def bomb(megabytes: int) -> bytes:
    return zlib.compress(bytes(megabytes * 2**20), 9)


TABLE.add("an empty page", "a.pdf", lambda: pdf(CATALOG, PAGES, page()), "empty")
TABLE.add("no table of objects", "a.pdf", lambda: pdf(CATALOG, PAGES, page()).partition(b"xref")[0], "damaged")
TABLE.add("a table far away", "a.pdf", lambda: pdf(CATALOG, PAGES, page(), start=10**9), "empty")
# pdfminer follows it until the stack is full, and a full stack is too_large everywhere.
TABLE.add(
    "a table that precedes itself",
    "a.pdf",
    lambda: pdf(CATALOG, PAGES, page(), trailer=b"/Root 1 0 R /Prev 190"),
    "too_large",
)
TABLE.add(
    "a page tree in a circle", "a.pdf", lambda: pdf(CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"), "damaged"
)
TABLE.add(
    "a page tree of 10^9 pages",
    "a.pdf",
    lambda: pdf(CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>", page()),
    "empty",
)
TABLE.add(
    "5,000 levels of the page tree",
    "a.pdf",
    lambda: pdf(CATALOG, *(b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % n for n in range(3, 5_003)), page()),
    "too_large",
)
TABLE.add("a page of 10^9 points", "a.pdf", lambda: pdf(CATALOG, PAGES, page(b"0 0 1000000000 1000000000")), "empty")
TABLE.add("a page of no size", "a.pdf", lambda: pdf(CATALOG, PAGES, page(b"0 0 0 0")), "empty")
TABLE.add(
    "a content of 120 MB in 120 KB",
    "a.pdf",
    lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R"), stream(bomb(120))),
    "too_large",
)
TABLE.add("a content packed twice", "a.pdf", lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R"), stream(zlib.compress(bomb(100), 9), filters=b"[/FlateDecode /FlateDecode]")), "too_large")  # fmt: skip
# 10 MB of the 990 that it claims: the page is drawn and looked at, and nothing stands on it.
TABLE.add("a picture of 10^9 pixels", "a.pdf", lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >>"), stream(zlib.compress(b"595 0 0 842 0 0 cm /I Do")), stream(bomb(10), extra=b"/Type /XObject /Subtype /Image /Width 30000 /Height 33000 /BitsPerComponent 8 /ColorSpace /DeviceGray")), "needs_engine", full="unrecognized", engine=Engine.OCR)  # fmt: skip
TABLE.add(
    "arrays 100,000 deep",
    "a.pdf",
    lambda: pdf(CATALOG, PAGES, page(more=b"/X " + b"[" * 100_000 + b"]" * 100_000)),
    "empty",
)
TABLE.add("a form that draws itself", "a.pdf", lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >>"), stream(zlib.compress(b"/F Do")), stream(zlib.compress(b"/F Do /F Do"), extra=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>")), "empty")  # fmt: skip
TABLE.add(
    "cut in half",
    "a.pdf",
    lambda: half(pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R"), stream(zlib.compress(b"BT ET" * 999)))),
    "damaged",
)
TABLE.add("a password", "a.pdf", lambda: pdf(CATALOG, PAGES, page(), b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%b> /U <%b> >>" % (b"41" * 32, b"42" * 32), trailer=b"/Root 1 0 R /Encrypt 4 0 R /ID [<41> <41>]"), "encrypted")  # fmt: skip
TABLE.add("only its magic", "a.pdf", lambda: b"%PDF-1.4", "damaged")
