"""Hostile and broken files of every kind, each made in code in a fraction of a second: the table of the hostile test.

A case names the outcomes that are allowed: "read", or the value of a `FailureCode`. The worker of the test has no
engines: "needs_engine" is allowed wherever a kind may go to one.
"""

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.builders import ole, word
from tests.builders import packed as p
from tests.builders.excel import SHEET, changed, workbook
from tests.builders.layouts import arrange
from tests.builders.markup import html_form

ROWS = (("姓名", "王晓云"), ("职务", "科员"), ("手机", "13805950002"), ("单位名称", "青石镇人民政府"))


@dataclass(frozen=True, slots=True)
class Case:
    """One file: what is wrong with it, the name it comes under, how to make it, what may come of it."""

    title: str
    name: str
    make: Callable[[], bytes]
    allowed: frozenset[str]


CASES: list[Case] = []


def case(title: str, name: str, *allowed: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        CASES.append(Case(title, name, make, frozenset(allowed)))
        return make

    return register


def add(title: str, name: str, make: Callable[[], bytes], *allowed: str) -> None:
    CASES.append(Case(title, name, make, frozenset(allowed)))


def good_docx() -> bytes:
    return word.docx_form("附件2", arrange("pairs", ROWS, ()), (), ())


def good_xlsx() -> bytes:
    return workbook(lambda sheet: [sheet.append(row) for row in ROWS] and None)


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


# --- zip --------------------------------------------------------------------------------------------------------------


def zipped(**members: bytes) -> bytes:
    return word.zipped({name.replace("__", "."): data for name, data in members.items()})


@case("60 MB of zeros in 60 KB", "a.zip", "too_large")
def _():
    return zipped(a__txt=bytes(60 * 2**20))


@case("members that share their bytes", "a.zip", "refused")
def _():
    data = bytearray(word.zipped({"a.txt": b"A" * 50, "b.txt": b"A" * 50}))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(data)


@case("two members of one name", "a.zip", "refused")
def _():
    return zipped(a__txt=b"one", b__txt=b"two").replace(b"b.txt", b"a.txt")


@case("a size that lies", "a.zip", "damaged")
def _():
    data = bytearray(zipped(a__txt=bytes(5 * 2**20)))
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    return bytes(data)


@case("60,000 members", "a.zip", "too_large")
def _():
    local = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    central = b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 60_000
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central) * count, len(local), 0)
    return local + central * count + end


@case("archives six deep", "a.zip", "too_large")
def _():
    data = b"x"
    for _ in range(6):
        data = zipped(a__zip=data)
    return data


@case("nothing but a folder", "a.zip", "empty")
def _():
    return word.zipped({"报送/": b""})


@case("a member with a password", "a.zip", "encrypted")
def _():
    data = bytearray(zipped(a__txt=b"x" * 30))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


@case("names that lead upwards", "a.zip", "read")
def _():
    return word.zipped({"../../../etc/cron.d/x": "请查收".encode(), "C:\\con": b"hello"})


add("cut in half", "a.zip", lambda: half(zipped(a__txt=bytes(range(256)) * 30)), "damaged")
add("only its magic", "a.zip", lambda: b"PK\3\4", "damaged")
add("a broken .docx three deep", "a.zip", lambda: zipped(a__zip=zipped(a__docx=half(good_docx()))), "damaged")


# --- Word packages ----------------------------------------------------------------------------------------------------


def docx(xml: str | bytes, **rest) -> bytes:
    return word.package(xml=xml, **rest)


def with_dtd(entities: str, content: str) -> bytes:
    xml = word.document(word.para("x")).partition("?>")[2].replace("<w:t", "<w:t", 1)
    return docx(f"<!DOCTYPE w [{entities}]>" + xml.replace(">x<", f">{content}<"))


LAUGHS = '<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))

add("cut in half", "a.docx", lambda: half(good_docx()), "damaged")
add("4,000,000 empty paragraphs", "a.docx", lambda: docx(word.document("<w:p/>" * 4_000_000)), "too_large")
add("a text of 12 MB", "a.docx", lambda: docx(word.document(word.para("x" * 12_000_000))), "too_large")
add("billion laughs", "a.docx", lambda: with_dtd(LAUGHS, "&j;"), "refused")
add("an entity of a file", "a.docx", lambda: with_dtd('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"), "refused")
add(
    "a DTD in UTF-16",
    "a.docx",
    lambda: docx(("<!DOCTYPE w []>" + word.document("<w:p/>").partition("?>")[2]).encode("utf-16")),
    "refused",
)
add("an encoding that hides", "a.docx", lambda: docx(word.document("<w:p/>").replace("UTF-8", "UTF-7")), "refused")
add(
    "20,000 levels", "a.docx", lambda: docx(word.document("<w:p>" * 20_000 + "</w:p>" * 20_000)), "damaged", "too_large"
)
add(
    "60 tables in one another",
    "a.docx",
    lambda: docx(word.document("<w:tbl><w:tr><w:tc>" * 60 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 60)),
    "damaged",
    "too_large",
    "read",
    "empty",
)
add(
    "a cell 2,000,000,000 columns wide",
    "a.docx",
    lambda: word.package(word.table(word.row(word.cell("x", span=2_000_000_000)))),
    "read",
    "too_large",
)
add(
    "20,000 cells merged downwards",
    "a.docx",
    lambda: word.package(
        word.table(word.row(word.cell("x", merge="restart")), *[word.row(word.cell("", merge="continue"))] * 20_000)
    ),
    "read",
    "too_large",
)
add(
    "50,000 cells in one row",
    "a.docx",
    lambda: word.package(word.table(word.row(*["x"] * 50_000))),
    "read",
    "too_large",
)
add(
    "no main part",
    "a.docx",
    lambda: word.zipped({"[Content_Types].xml": f'<Types><Override ContentType="{word.MAIN}"/></Types>'}),
    "damaged",
)
add("an empty main part", "a.docx", lambda: docx(""), "damaged")
add("no text at all", "a.docx", lambda: word.package(word.para("")), "empty")
add("an imported part", "a.docx", lambda: word.package('<w:altChunk r:id="rId1"/>'), "unsupported")
add("a header that is the document", "a.docx", lambda: docx(word.document(word.para("x"), '<w:p><w:pPr><w:sectPr><w:headerReference r:id="rId1"/></w:sectPr></w:pPr></w:p>'), links=[("rId1", "header", "document.xml")]), "read", "damaged")  # fmt: skip
add("styles based on each other", "a.docx", lambda: word.package(word.para("x", properties='<w:pStyle w:val="a"/>'), links=[("rId1", "styles", "styles.xml")], parts={"word/styles.xml": f'<w:styles {word.DECLARED}><w:style w:type="paragraph" w:styleId="a"><w:basedOn w:val="b"/><w:rPr><w:vanish/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="b"><w:basedOn w:val="a"/></w:style></w:styles>'}), "read", "empty")  # fmt: skip
add(
    "10,000 fields in one another",
    "a.docx",
    lambda: word.package(word.para('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * 10_000)),
    "read",
    "empty",
    "too_large",
)
add("flat, cut in half", "a.xml", lambda: half(word.flat_opc(*[word.para("x")] * 500)), "damaged")
add("a picture bomb in a document", "a.docx", lambda: word.package(word.para(word.picture()), links=[("rId9", "image", "media/a.png")], parts={"word/media/a.png": p.png(9_000, 9_000)}), "read", "needs_engine", "unrecognized", "too_large")  # fmt: skip


@case("two documents of one name", "a.docx", "refused")
def _():
    data = word.package(word.para("x"), parts={"word/document.xmk": b"<a/>"})
    return data.replace(b"word/document.xmk", b"word/document.xml")


@case("a checksum that differs", "a.docx", "damaged")
def _():
    data = bytearray(good_docx())
    at = data.index(b"word/document.xml")
    data[at + 60] ^= 1
    return bytes(data)


# --- workbooks --------------------------------------------------------------------------------------------------------


def sheet(change: Callable[[str], str]) -> bytes:
    return changed(good_xlsx(), {SHEET: change})


def rows(xml: str) -> Callable[[str], str]:
    return lambda old: old.partition("<sheetData>")[0] + f"<sheetData>{xml}</sheetData></worksheet>"


add("cut in half", "a.xlsx", lambda: half(good_xlsx()), "damaged")
add("all cells merged", "a.xlsx", lambda: sheet(lambda xml: xml.replace("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>')), "read", "too_large")  # fmt: skip
add(
    "one cell at the far end",
    "a.xlsx",
    lambda: sheet(rows('<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row>')),
    "read",
    "too_large",
)
add("400,000 rows", "a.xlsx", lambda: sheet(rows("<row><c><v>1</v></c></row>" * 400_000)), "read", "too_large")
add(
    "a cell outside every sheet",
    "a.xlsx",
    lambda: sheet(rows('<row r="99999999999"><c r="ZZZZZZ1"><v>1</v></c></row>')),
    "read",
    "damaged",
    "empty",
)
add(
    "a dimension that lies",
    "a.xlsx",
    lambda: sheet(lambda xml: xml.replace('<dimension ref="A1:B4"', '<dimension ref="A1:XFD1048576"')),
    "read",
)
add(
    "no sheet behind its name",
    "a.xlsx",
    lambda: changed(good_xlsx(), {"xl/_rels/workbook.xml.rels": lambda xml: xml.replace("sheet1.xml", "gone.xml")}),
    "damaged",
)
add(
    "billion laughs",
    "a.xlsx",
    lambda: sheet(lambda xml: f"<!DOCTYPE w [{LAUGHS}]>" + xml.replace("王晓云", "&j;")),
    "refused",
)
add(
    "200,000 cells without content",
    "a.xlsx",
    lambda: sheet(rows("<row>" + "<c/>" * 200_000 + "</row>")),
    "too_large",
    "read",
    "empty",
)
add(
    "an index without a string",
    "a.xlsx",
    lambda: sheet(rows('<row r="1"><c r="A1" t="s"><v>999999999</v></c></row>')),
    "read",
    "damaged",
    "empty",
)
add("binary, only its names", "a.xlsb", lambda: word.zipped({"[Content_Types].xml": '<Types><Override ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'}), "needs_engine")  # fmt: skip


# --- pages and texts --------------------------------------------------------------------------------------------------

add("100,000 open divisions", "a.html", lambda: b"<html>" + b"<div>" * 100_000 + b"x", "read", "too_large", "damaged")
add(
    "400 tables in one another",
    "a.html",
    lambda: b"<html>" + b"<table><tr><td>" * 400 + b"x",
    "read",
    "too_large",
    "damaged",
)
add(
    "a cell over 10^9 columns and rows",
    "a.html",
    lambda: b"<html><table><tr><td colspan=1000000000 rowspan=1000000000>x</table>",
    "read",
    "too_large",
)
add("600,000 tags", "a.html", lambda: b"<html>" + b"<br>" * 600_000 + b"x", "too_large")
add(
    "comments without an end",
    "a.html",
    lambda: b"<!-- -->" * 400 + b"<html>" + b"<!--" * 200_000,
    "read",
    "empty",
    "damaged",
)
add("cut in half", "a.html", lambda: half(html_form("附件2", arrange("pairs", ROWS, ()), (), ()).encode()), "read")
add("entities without an end", "a.html", lambda: b"<html><p>" + b"&amp" * 500_000, "read", "too_large")
add("billion laughs", "a.xml", f'<?xml version="1.0"?><!DOCTYPE w [{LAUGHS}]><w>&j;</w>'.encode, "unsupported")
add("Word 2003 with a DTD", "a.doc", f'<?xml version="1.0"?><!DOCTYPE w [{LAUGHS}]><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">&j;</w:wordDocument>'.encode, "needs_engine", "refused", "read")  # fmt: skip
add(
    "Excel 2003, cut",
    "a.xls",
    lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Wor',
    "needs_engine",
    "damaged",
)
add("parts 1,500 deep", "a.mht", lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b0\r\n\r\n" + b"".join(b"--b%d\r\nContent-Type: multipart/related; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(1_500)), "damaged", "too_large", "empty")  # fmt: skip
add("one line of 5 MB", "a.txt", lambda: b"a" * 5_000_000, "read", "too_large")
add("20,000 digits", "a.txt", lambda: "手机：".encode() + b"1" * 20_000, "read")
add("200,000 accents on one letter", "a.txt", ("姓名：e" + "\u0301" * 200_000).encode, "read", "too_large")
add("20,000 labels", "a.txt", lambda: "姓名：\n".encode() * 20_000, "read", "too_large")
add("addresses without an end", "a.txt", lambda: "邮箱：".encode() + b"a@a." * 40_000, "read")
add("noise", "a.txt", lambda: bytes((n * 7919 + n // 256) % 256 for n in range(20_000)), "unsupported", "read")
add("a million commas", "a.csv", lambda: b"," * 1_000_000, "read", "too_large", "empty")
add("a quote without an end", "a.csv", lambda: b'a,"b' + b"\n" * 200_000, "read", "too_large", "damaged")
add("nothing", "a.docx", lambda: b"", "empty")
add("zeros", "a.docx", lambda: bytes(100_000), "empty")
add("the shadow of an open file", "~$a.docx", lambda: b"\x05abcde".ljust(162, b"\0"), "lock_file")
add("a program", "a.docx", lambda: b"MZ" + bytes(200), "unsupported")


# --- OLE2 -------------------------------------------------------------------------------------------------------------

FIB = b"\xec\xa5\xc1\0" + bytes(1_500)
BOF = b"\x09\x08\x10\0\0\6\5\0" + bytes(12)
_OLD_WORD = ("needs_engine", "damaged", "refused", "empty", "unsupported")
_OLD_EXCEL = ("needs_engine", "damaged", "refused", "empty", "too_large", "unsupported")


def linked(data: bytes, change: Callable[[int, int], int]) -> bytes:
    """Given a compound file, return it with its allocation table changed: `change(sector, next)` gives the next one."""
    made = bytearray(data)
    start = 512 * (1 + struct.unpack_from("<I", data, 76)[0])
    for number in range(128):
        (following,) = struct.unpack_from("<I", made, start + 4 * number)
        struct.pack_into("<I", made, start + 4 * number, change(number, following))
    return bytes(made)


def circle(data: bytes) -> bytes:
    """Every chain comes back to its first sector."""
    return linked(data, lambda _, following: 0 if following == ole.END else following)


def itself(data: bytes) -> bytes:
    return linked(data, lambda number, following: number if following < 0xFFFFFFF0 else following)


def old_word() -> bytes:
    return ole.compound({"WordDocument": FIB.ljust(20_000, b"\1"), "1Table": bytes(9_000)})


def old_excel() -> bytes:
    return ole.compound({"Workbook": BOF + b"\x0a\0\0\0" * 2_000})


add("chains in a circle", "a.doc", lambda: circle(old_word()), *_OLD_WORD)
add("sectors that follow themselves", "a.doc", lambda: itself(old_word()), *_OLD_WORD)
add("cut in half", "a.doc", lambda: half(old_word()), *_OLD_WORD)
add("only a header", "a.doc", lambda: old_word()[:512], *_OLD_WORD)
add(
    "places beyond the file",
    "a.doc",
    lambda: ole.compound({"WordDocument": b"\xec\xa5\xc1\0" + b"\xff" * 1_500, "1Table": b"\xff" * 5_000}),
    *_OLD_WORD,
    "encrypted",
)
add("a password", "a.doc", lambda: ole.compound({"WordDocument": FIB[:10] + b"\0\1" + FIB[12:]}), "encrypted")
add(
    "a package with a password",
    "a.docx",
    lambda: ole.compound({"EncryptedPackage": b"x" * 5_000, "EncryptionInfo": b"x"}),
    "encrypted",
)
add("chains in a circle", "a.xls", lambda: circle(old_excel()), *_OLD_EXCEL)
add("cut in half", "a.xls", lambda: half(old_excel()), *_OLD_EXCEL)
add(
    "records of 65,535 bytes that are not there",
    "a.xls",
    lambda: ole.compound({"Workbook": BOF + b"\x85\0\xff\xff" * 1_500}),
    *_OLD_EXCEL,
)
add(
    "a string table of 2^31 strings",
    "a.xls",
    lambda: ole.compound(
        {"Workbook": (BOF + b"\xfc\0\x08\0" + b"\xff\xff\xff\x7f" * 2 + b"\x0a\0\0\0").ljust(5_000, b"\0")}
    ),
    *_OLD_EXCEL,
)
add("slides", "a.ppt", lambda: ole.compound({"PowerPoint Document": b"x" * 5_000}), "unsupported")


# --- PDF --------------------------------------------------------------------------------------------------------------

_PDF = ("needs_engine", "damaged", "too_large", "empty", "refused", "read", "unsupported", "unrecognized")


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


add("an empty page", "a.pdf", lambda: pdf(CATALOG, PAGES, page()), *_PDF)
add("no table of objects", "a.pdf", lambda: pdf(CATALOG, PAGES, page()).partition(b"xref")[0], *_PDF)
add("a table far away", "a.pdf", lambda: pdf(CATALOG, PAGES, page(), start=10**9), *_PDF)
add(
    "a table that precedes itself",
    "a.pdf",
    lambda: pdf(CATALOG, PAGES, page(), trailer=b"/Root 1 0 R /Prev 190"),
    *_PDF,
)
add("a page tree in a circle", "a.pdf", lambda: pdf(CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"), *_PDF)
add(
    "a page tree of 10^9 pages",
    "a.pdf",
    lambda: pdf(CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>", page()),
    *_PDF,
)
add(
    "5,000 levels of the page tree",
    "a.pdf",
    lambda: pdf(CATALOG, *(b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % n for n in range(3, 5_003)), page()),
    *_PDF,
)
add("a page of 10^9 points", "a.pdf", lambda: pdf(CATALOG, PAGES, page(b"0 0 1000000000 1000000000")), *_PDF)
add("a page of no size", "a.pdf", lambda: pdf(CATALOG, PAGES, page(b"0 0 0 0")), *_PDF)
add(
    "a content of 120 MB in 120 KB",
    "a.pdf",
    lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R"), stream(bomb(120))),
    *_PDF,
)
add("a content packed twice", "a.pdf", lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R"), stream(zlib.compress(bomb(100), 9), filters=b"[/FlateDecode /FlateDecode]")), *_PDF)  # fmt: skip
add("a picture of 10^9 pixels", "a.pdf", lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >>"), stream(zlib.compress(b"595 0 0 842 0 0 cm /I Do")), stream(bomb(10), extra=b"/Type /XObject /Subtype /Image /Width 30000 /Height 33000 /BitsPerComponent 8 /ColorSpace /DeviceGray")), *_PDF)  # fmt: skip
add(
    "arrays 100,000 deep",
    "a.pdf",
    lambda: pdf(CATALOG, PAGES, page(more=b"/X " + b"[" * 100_000 + b"]" * 100_000)),
    *_PDF,
)
add("a form that draws itself", "a.pdf", lambda: pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >>"), stream(zlib.compress(b"/F Do")), stream(zlib.compress(b"/F Do /F Do"), extra=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>")), *_PDF)  # fmt: skip
add(
    "cut in half",
    "a.pdf",
    lambda: half(pdf(CATALOG, PAGES, page(more=b"/Contents 4 0 R"), stream(zlib.compress(b"BT ET" * 999)))),
    *_PDF,
)
add("a password", "a.pdf", lambda: pdf(CATALOG, PAGES, page(), b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%b> /U <%b> >>" % (b"41" * 32, b"42" * 32), trailer=b"/Root 1 0 R /Encrypt 4 0 R /ID [<41> <41>]"), "encrypted", "damaged", "needs_engine")  # fmt: skip
add("only its magic", "a.pdf", lambda: b"%PDF-1.4", *_PDF)


# --- archives of other makers, mails ----------------------------------------------------------------------------------


def nested_mail(depth: int) -> bytes:
    heads = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(depth)
    )
    return b"From: a@example.com\r\nSubject: x\r\n" + heads + b"\r\nx\r\n"


def mails_in_mails(depth: int) -> bytes:
    one = b"From: a@example.com\r\nSubject: x\r\nContent-Type: message/rfc822\r\n\r\n"
    return one * depth + b"From: a@example.com\r\nSubject: x\r\n\r\nx"


def holes() -> bytes:
    entry = tarfile.TarInfo("a.docx")
    entry.type, entry.size = tarfile.GNUTYPE_SPARSE, 0
    block = bytearray(entry.tobuf(format=tarfile.GNU_FORMAT))
    block[483:495] = b"%011o\0" % 2**32
    block[148:156] = b"%06o\0 " % sum(block[:148] + b" " * 8 + block[156:])
    return bytes(block) + bytes(1024)


def message_in_circle() -> bytes:
    return circle(p.msg(p.attached("a.docx", bytes(9_000))))


_NOT_YET = "needs_engine"
add("noise behind its magic", "a.rar", lambda: b"Rar!\x1a\x07\x01\0" + b"\xfe" * 5_000, "needs_engine", "damaged")
add("noise behind its magic", "a.7z", lambda: b"7z\xbc\xaf\x27\x1c\0\4" + b"\xfe" * 5_000, "needs_engine", "damaged")
add("40 MB of zeros", "a.gz", lambda: p.gz(bytes(40 * 2**20)), _NOT_YET, "too_large")
add("a bomb in a bomb", "a.gz", lambda: p.gz(p.gz(bytes(40 * 2**20))), _NOT_YET, "too_large")
add("cut in half", "a.gz", lambda: half(p.gz(good_docx())), _NOT_YET, "damaged")
add("gz in gz in gz in gz", "a.gz", lambda: p.gz(p.gz(p.gz(p.gz(b"x")))), _NOT_YET, "too_large")
add("a file with holes of 4 GB", "a.tar", holes, "unsupported")
add("a file with holes, packed", "a.tgz", lambda: p.gz(holes()), _NOT_YET, "unsupported")
add("6,000 entries", "a.tar", lambda: p.tar([("a", b"")] * 6_000), "unsupported", "too_large")
add(
    "a count of 2^32 properties",
    "winmail.dat",
    lambda: p.tnef(p.attribute(1, 0x00069003, b"\xff\xff\xff\xff\1\0\0\0")),
    _NOT_YET,
    "damaged",
)
add("cut in half", "winmail.dat", lambda: half(p.tnef(p.tnef_file(b"a.docx", good_docx()))), _NOT_YET, "damaged")
add("chains in a circle", "a.msg", message_in_circle, _NOT_YET, "damaged", "refused", "unsupported")
add("cut in half", "a.msg", lambda: half(p.msg(p.attached("a.docx", bytes(9_000)))), _NOT_YET, "damaged", "unsupported")
add("parts 500 deep", "a.eml", lambda: nested_mail(500), "unsupported", "too_large")
add("mails 500 deep", "a.eml", lambda: mails_in_mails(500), "unsupported", "too_large")
add(
    "a header of 200,000 brackets",
    "a.eml",
    lambda: b"From: a@example.com\r\nTo: " + b"(" * 200_000 + b"\r\n\r\nx",
    "unsupported",
    "read",
)
add("100,000 parts", "a.eml", lambda: nested_mail(1) + b"--b0\r\n\r\nx\r\n" * 100_000, "unsupported", "too_large")


# --- pictures, the rest -----------------------------------------------------------------------------------------------

_PICTURE = ("needs_engine", "too_large", "damaged", "unsupported")
add("81 megapixels in 10 KB", "a.png", lambda: p.png(9_000, 9_000), *_PICTURE)
add(
    "a picture of 2^31 by 2^31",
    "a.png",
    lambda: p.png(8, 8)[:16] + struct.pack(">II", 2**31 - 1, 2**31 - 1) + p.png(8, 8)[24:],
    *_PICTURE,
)
add("cut in half", "a.png", lambda: half(p.png(500, 500)), *_PICTURE)
add("a header of 65,535 squared and nothing else", "a.jpg", lambda: p.jpeg(65_535, 65_535), *_PICTURE)
add("only its magic", "a.jpg", lambda: b"\xff\xd8\xff", *_PICTURE)
add(
    "a directory that follows itself",
    "a.tif",
    lambda: b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, 3, 1, 640, 8),
    *_PICTURE,
)
add("cut off", "a.gif", lambda: b"GIF89a\xff\xff\xff\xff", *_PICTURE)
add(
    "a height of -2^31",
    "a.bmp",
    lambda: b"BM" + struct.pack("<IHHIIiiHH", 54, 0, 0, 54, 40, 2**31 - 1, -(2**31), 1, 24) + bytes(24),
    *_PICTURE,
)
add("noise behind its magic", "a.webp", lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\xfe" * 900, *_PICTURE)
add("noise behind its magic", "a.heic", lambda: b"\0\0\0\x18ftypheic" + b"\xfe" * 900, *_PICTURE)
_RTF = ("needs_engine", "damaged", "too_large", "unsupported")
add("a million brackets", "a.rtf", lambda: b"{\\rtf1" + b"{" * 1_000_000, *_RTF)
add("binary of 2^31 bytes", "a.rtf", lambda: b"{\\rtf1 \\bin2147483647 x}", *_RTF)


def odf(kind: str, content: str) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
    return stored.getvalue()


OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
_ODS = ("needs_engine", "damaged", "too_large", "empty", "read")


def ods(cells: str) -> bytes:
    return odf("spreadsheet", f'<office:document-content {OFFICE}><office:body><office:spreadsheet><table:table table:name="a">{cells}</table:table></office:spreadsheet></office:body></office:document-content>')  # fmt: skip


FULL = '<table:table-cell table:number-columns-repeated="1000000000" office:value-type="string"><text:p>x</text:p></table:table-cell>'
add(
    "a row repeated 10^9 times",
    "a.ods",
    lambda: ods(f'<table:table-row table:number-rows-repeated="1000000000">{FULL}</table:table-row>'),
    *_ODS,
)
add(
    "an empty row repeated 10^9 times",
    "a.ods",
    lambda: ods('<table:table-row table:number-rows-repeated="1000000000"><table:table-cell/></table:table-row>'),
    *_ODS,
)
add(
    "a blank repeated 10^9 times",
    "a.ods",
    lambda: ods(
        '<table:table-row><table:table-cell><text:p><text:s text:c="1000000000"/></text:p></table:table-cell></table:table-row>'
    ),
    *_ODS,
)
add(
    "billion laughs",
    "a.ods",
    lambda: odf("spreadsheet", f"<!DOCTYPE w [{LAUGHS}]><w>&j;</w>"),
    "needs_engine",
    "refused",
    "damaged",
)
add(
    "an entity of a file",
    "a.odt",
    lambda: odf("text", '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><w>&a;</w>'),
    "needs_engine",
    "refused",
    "damaged",
)
add("cut in half", "a.odt", lambda: half(odf("text", "<w>" + "x" * 9_000)), "needs_engine", "damaged", "unsupported")
add(
    "a page of another standard",
    "a.ofd",
    lambda: word.zipped({"OFD.xml": "<ofd/>", "Doc_0/Document.xml": LAUGHS}),
    "needs_engine",
    "unsupported",
    "refused",
    "damaged",
)
