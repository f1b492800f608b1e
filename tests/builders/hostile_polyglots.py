"""Files that are two kinds at once: what one program takes for a picture, the next opens as an archive or a page.

What must hold: one of the two is read and named, by the content that we go by, never both, and nothing of the other runs.
"""

import io
import zipfile

from parsers.engines import Engine
from tests.builders import packed as p
from tests.builders.hostile_cases import READ, ROWS, Make, Table, good_docx, good_xlsx, zipped
from tests.builders.hostile_pdf import CATALOG, PAGES, page, pdf
from tests.builders.layouts import arrange
from tests.builders.markup import html_form

TABLE = Table()

SCRIPT = "<html><body><script>new ActiveXObject('WScript.Shell').Run('calc')</script><p>请查收</p></body></html>"


def behind(front: bytes, package: bytes) -> bytes:
    """Return the zip with bytes in front of it, all offsets put right: it stays a faultless zip."""
    stream = io.BytesIO(front)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(io.BytesIO(package)) as given, zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            made.writestr(name, given.read(name))
    return stream.getvalue()


def empty_pdf() -> bytes:
    return pdf(CATALOG, PAGES, page())


def page_of(text: str) -> bytes:
    return html_form("附件2", arrange("pairs", (*ROWS, ("备注", text)), ()), (), ()).encode()


def first_member(package: bytes, name: str, content: bytes) -> bytes:
    """Return the package with a stored member in front of all others: its bytes are what a browser sees first."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as given, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, content, zipfile.ZIP_STORED)
        for one in given.namelist():
            made.writestr(one, given.read(one))
    return stream.getvalue()


def with_comment(package: bytes, comment: bytes) -> bytes:
    stream = io.BytesIO(package)
    with zipfile.ZipFile(stream, "a") as made:
        made.comment = comment
    return stream.getvalue()


def picture(title: str, name: str, make: Make, full: str) -> None:
    TABLE.add(title, name, make, "needs_engine", full=full, engine=Engine.OCR)


# --- PDF and zip ---
TABLE.add("the head of a PDF in front of a document", "a.docx", lambda: behind(b"%PDF-1.7\n", good_docx()), "damaged")
TABLE.add("a PDF in front of a document", "a.pdf", lambda: behind(empty_pdf(), good_docx()), "empty")
TABLE.add(
    "a PDF in front of a zip, by the name of a zip", "a.zip", lambda: behind(empty_pdf(), zipped(a__txt=b"x")), "empty"
)
TABLE.add("a PDF in the comment of a document", "a.docx", lambda: with_comment(good_docx(), empty_pdf()), READ)
TABLE.add(
    "a PDF as the first member of a workbook", "a.xlsx", lambda: first_member(good_xlsx(), "a.pdf", empty_pdf()), READ
)

# --- pages ---
TABLE.add(
    "a page with a script as its first member",
    "a.docx",
    lambda: first_member(good_docx(), "a.html", SCRIPT.encode()),
    READ,
)
TABLE.add("a page in front of a document", "a.docx", lambda: behind(SCRIPT.encode(), good_docx()), READ)
TABLE.add("a page with a form that is a script, by the name of a workbook", "a.xls", lambda: page_of(SCRIPT), READ)
TABLE.add(
    "a page in RTF, by the name of Word",
    "a.doc",
    lambda: b"{\\rtf1\\ansi " + SCRIPT.encode() + b"\\par}",
    "needs_engine",
    full=READ,
    engine=Engine.OFFICE,
)
TABLE.add("RTF behind a page, by the name of Word", "a.doc", lambda: SCRIPT.encode() + b"{\\rtf1\\ansi x\\par}", READ)
TABLE.add(
    "a script that is a shell's and a page",
    "a.html",
    lambda: b"<!-- \n#!/bin/sh\ntouch /tmp/x\n-->" + SCRIPT.encode(),
    READ,
)
TABLE.add(
    "a mail whose body is a document", "a.eml", lambda: b"From: a@example.com\r\nSubject: x\r\n\r\n" + good_docx(), READ
)

# --- pictures ---
picture(
    "a picture that is a script and a page",
    "a.gif",
    lambda: b"GIF89a/*\0\0\0\0\0" + SCRIPT.encode() + b"*/=1;",
    "damaged",
)
picture("a picture that is a page", "a.html", lambda: b"GIF89a" + SCRIPT.encode(), "damaged")
picture(
    "a picture in front of an archive", "a.jpg", lambda: behind(p.jpeg(8, 8), zipped(a__docx=good_docx())), "damaged"
)
picture("a picture in front of a document", "a.docx", lambda: behind(p.png(8, 8), good_docx()), "empty")
picture("a picture that ends in RAR", "a.png", lambda: p.png(8, 8) + b"Rar!\x1a\x07\x01\0" + bytes(99), "empty")

# --- programs ---
TABLE.add(
    "a program in front of an archive", "a.zip", lambda: behind(b"MZ" + bytes(510), zipped(a__txt=b"x")), "unsupported"
)
