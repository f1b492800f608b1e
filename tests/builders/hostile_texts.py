"""Hostile pages, texts, XML of Office 2003 and RTF; and what is no document at all."""

from parsers.engines import Engine
from tests.builders.hostile_cases import LAUGHS, READ, ROWS, Table, half
from tests.builders.layouts import arrange
from tests.builders.markup import html_form

TABLE = Table()

TABLE.add("100,000 open divisions", "a.html", lambda: b"<html>" + b"<div>" * 100_000 + b"x", "too_large")
TABLE.add("400 tables in one another", "a.html", lambda: b"<html>" + b"<table><tr><td>" * 400 + b"x", "too_large")
TABLE.add(
    "a cell over 10^9 columns and rows",
    "a.html",
    lambda: b"<html><table><tr><td colspan=1000000000 rowspan=1000000000>x</table>",
    READ,
)
TABLE.add("600,000 tags", "a.html", lambda: b"<html>" + b"<br>" * 600_000 + b"x", "too_large")
TABLE.add("comments without an end", "a.html", lambda: b"<!-- -->" * 400 + b"<html>" + b"<!--" * 200_000, "empty")
TABLE.add("cut in half", "a.html", lambda: half(html_form("附件2", arrange("pairs", ROWS, ()), (), ()).encode()), READ)
TABLE.add("entities without an end", "a.html", lambda: b"<html><p>" + b"&amp" * 500_000, READ)
TABLE.add("billion laughs", "a.xml", f'<?xml version="1.0"?><!DOCTYPE w [{LAUGHS}]><w>&j;</w>'.encode, "unsupported")
# LibreOffice takes no file without an end.
TABLE.add("Word 2003 with a DTD", "a.doc", f'<?xml version="1.0"?><!DOCTYPE w [{LAUGHS}]><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">&j;</w:wordDocument>'.encode, "refused")  # fmt: skip
TABLE.add(
    "Excel 2003, cut",
    "a.xls",
    lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Wor',
    "needs_engine",
    full="damaged",
    engine=Engine.OFFICE,
)
# The parser of the standard library recurses; the reader takes whatever it raises for damage.
TABLE.add("parts 1,500 deep", "a.mht", lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b0\r\n\r\n" + b"".join(b"--b%d\r\nContent-Type: multipart/related; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(1_500)), "too_large")  # fmt: skip
TABLE.add("one line of 5 MB", "a.txt", lambda: b"a" * 5_000_000, "too_large")
TABLE.add("20,000 digits", "a.txt", lambda: "手机：".encode() + b"1" * 20_000, READ)
TABLE.add("200,000 accents on one letter", "a.txt", ("姓名：e" + "\u0301" * 200_000).encode, READ)
TABLE.add("20,000 labels", "a.txt", lambda: "姓名：\n".encode() * 20_000, READ)
TABLE.add("addresses without an end", "a.txt", lambda: "邮箱：".encode() + b"a@a." * 40_000, READ)
TABLE.add("noise", "a.txt", lambda: bytes((n * 7919 + n // 256) % 256 for n in range(20_000)), "unsupported")
TABLE.add("a million commas", "a.csv", lambda: b"," * 1_000_000, "empty")
TABLE.add("a quote without an end", "a.csv", lambda: b'a,"b' + b"\n" * 200_000, "too_large")
TABLE.add("nothing", "a.docx", lambda: b"", "empty")
TABLE.add("zeros", "a.docx", lambda: bytes(100_000), "empty")
TABLE.add("the shadow of an open file", "~$a.docx", lambda: b"\x05abcde".ljust(162, b"\0"), "lock_file")
TABLE.add("a program", "a.docx", lambda: b"MZ" + bytes(200), "unsupported")


# --- RTF ---

TABLE.add("a million brackets", "a.rtf", lambda: b"{\\rtf1" + b"{" * 1_000_000, "damaged")
TABLE.add("binary of 2^31 bytes", "a.rtf", lambda: b"{\\rtf1 \\bin2147483647 x}", "damaged")
TABLE.add(
    "100,000 brackets, all closed",
    "a.rtf",
    lambda: b"{\\rtf1" + b"{" * 100_000 + b"x" + b"}" * 100_000 + b"}",
    "needs_engine",
    full=READ,
    engine=Engine.OFFICE,
)


def wide_row(cells: int) -> bytes:
    """A table of one row in RTF."""
    edges = b"".join(b"\\cellx%d" % (10 * n) for n in range(1, cells))
    return b"{\\rtf1 \\trowd" + edges + b"\\intbl x" + b"\\cell" * cells + b"\\row}"


# LibreOffice lays out the row for minutes: what must hold is the time that the document is given.
TABLE.add(
    "30,000 cells in a row",
    "a.rtf",
    lambda: wide_row(30_000),
    "needs_engine",
    full="timeout",
    engine=Engine.OFFICE,
    seconds=8.0,
)
