"""Forms with comments on them, as Word, Excel, WPS and LibreOffice keep them; text and comments are invented."""

import zipfile
from io import BytesIO

import docx
import openpyxl
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from tests.builders.layouts import Pairs
from tests.builders.word import zipped

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
_SPACES = " ".join(f'xmlns:{name}="{_URN}{name}:1.0"' for name in ("office", "table", "text"))
_THREADS = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
_THREADED = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"


def docx_remarked(title: str, rows: Pairs, *remarks: str) -> bytes:
    """A Word file of python-docx whose last row has comments."""
    made = docx.Document()
    made.add_paragraph(title)
    table = made.add_table(0, 2)
    for label, value in rows:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, value
    for remark in remarks:
        made.add_comment(cells[1].paragraphs[0].runs, text=remark, author="林一二", initials="L")
    stream = BytesIO()
    made.save(stream)
    return stream.getvalue()


def sheet_remarked(sheet: Worksheet, rows: Pairs, *remarks: str) -> None:
    """Fill a sheet of openpyxl; the values from the first on have comments."""
    for number, (label, value) in enumerate(rows, start=1):
        sheet.cell(number, 1, label)
        sheet.cell(number, 2, value)
    for number, remark in enumerate(remarks, start=1):
        sheet.cell(number, 2).comment = Comment(remark, "林一二")


def xlsx_remarked(rows: Pairs, *remarks: str, hidden: str = "") -> bytes:
    """A workbook of openpyxl; `hidden` is the comment on a hidden sheet."""
    book = openpyxl.Workbook()
    sheet_remarked(book.worksheets[0], rows, *remarks)
    if hidden:
        more = book.create_sheet("旧")
        sheet_remarked(more, (("手机", "无"),), hidden)
        more.sheet_state = "hidden"
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def threaded(data: bytes, remark: str) -> bytes:
    """Given a workbook with a plain comment by "林一二", return it with a thread that the plain one stands in for."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    (plain,) = (name for name in parts if "comment" in name and name.endswith(".xml"))
    parts[plain] = parts[plain].replace("林一二".encode(), b"tc={1B6E3C0A}")
    parts["xl/threadedComments/threadedComment1.xml"] = (
        f'<ThreadedComments xmlns="{_THREADS}"><threadedComment ref="B1" id="{{1B6E3C0A}}"><text>{remark}</text>'
        "</threadedComment></ThreadedComments>"
    ).encode()
    rels = "xl/worksheets/_rels/sheet1.xml.rels"
    link = f'<Relationship Id="t1" Type="{_THREADED}" Target="../threadedComments/threadedComment1.xml"/>'
    parts[rels] = parts[rels].replace(b"</Relationships>", f"{link}</Relationships>".encode())
    return zipped(parts)


def _annotation(*lines: str) -> str:
    said = "".join(f"<text:p>{line}</text:p>" for line in lines)
    return (
        '<office:annotation><dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">林一二</dc:creator>'
        '<dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2025-05-20T09:00:00</dc:date>'
        f"{said}</office:annotation>"
    )


def odt_remarked(title: str, rows: Pairs, *lines: str) -> bytes:
    """A text of LibreOffice whose last value has a comment of these lines."""
    made = []
    for number, (label, value) in enumerate(rows, start=1):
        note = _annotation(*lines) if number == len(rows) else ""
        cells = (f"<text:p>{label}</text:p>", f"<text:p>{value}{note}</text:p>")
        inside = "".join(f"<table:table-cell>{cell}</table:table-cell>" for cell in cells)
        made.append(f"<table:table-row>{inside}</table:table-row>")
    columns = "<table:table-column/>" * 2
    table = f'<table:table table:name="t">{columns}{"".join(made)}</table:table>'
    return _odf("text", f"<office:text><text:p>{title}</text:p>{table}</office:text>")


def ods_remarked(rows: Pairs, *lines: str) -> bytes:
    """A spreadsheet of LibreOffice whose last value has a comment of these lines."""
    made = []
    for number, (label, value) in enumerate(rows, start=1):
        note = _annotation(*lines) if number == len(rows) else ""
        cells = (f"<text:p>{label}</text:p>", f"{note}<text:p>{value}</text:p>")
        inside = "".join(f'<table:table-cell office:value-type="string">{cell}</table:table-cell>' for cell in cells)
        made.append(f"<table:table-row>{inside}</table:table-row>")
    table = f'<table:table table:name="表">{"".join(made)}</table:table>'
    return _odf("spreadsheet", f"<office:spreadsheet>{table}</office:spreadsheet>")


def _odf(kind: str, body: str) -> bytes:
    mime = f"application/vnd.oasis.opendocument.{kind}"
    entry = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'
    entries = entry.format("/", mime) + entry.format("content.xml", "text/xml")
    return zipped(
        {
            "mimetype": mime,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_URN}manifest:1.0">{entries}</manifest:manifest>',
            "content.xml": (
                f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} office:version="1.2">'
                f"<office:body>{body}</office:body></office:document-content>"
            ),
        }
    )
