"""Hostile zip archives and OpenDocument packages."""

import io
import struct
import zipfile

from parsers.engines import Engine
from tests.builders import word
from tests.builders.hostile_cases import CLIPPED, LAUGHS, READ, Table, good_docx, half, zipped
from tests.builders.quine import quine

TABLE = Table()


@TABLE.case("60 MB of zeros in 60 KB", "a.zip", "too_large")
def _():
    return zipped(a__txt=bytes(60 * 2**20))


@TABLE.case("members that share their bytes", "a.zip", "refused")
def _():
    data = bytearray(word.zipped({"a.txt": b"A" * 50, "b.txt": b"A" * 50}))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(data)


@TABLE.case("two members of one name", "a.zip", "refused")
def _():
    return zipped(a__txt=b"one", b__txt=b"two").replace(b"b.txt", b"a.txt")


@TABLE.case("a size that lies", "a.zip", "damaged")
def _():
    data = bytearray(zipped(a__txt=bytes(5 * 2**20)))
    at = data.index(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    return bytes(data)


@TABLE.case("60,000 members", "a.zip", "too_large")
def _():
    local = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    central = b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 60_000
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central) * count, len(local), 0)
    return local + central * count + end


@TABLE.case("archives six deep", "a.zip", "too_large")
def _():
    data = b"x"
    for _ in range(6):
        data = zipped(a__zip=data)
    return data


@TABLE.case("nothing but a folder", "a.zip", "empty")
def _():
    return word.zipped({"报送/": b""})


@TABLE.case("a member with a password", "a.zip", "encrypted")
def _():
    data = bytearray(zipped(a__txt=b"x" * 30))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


@TABLE.case("names that lead upwards", "a.zip", READ)
def _():
    return word.zipped({"../../../etc/cron.d/x": "请查收".encode(), "C:\\con": b"hello"})


TABLE.add("a zip that contains itself", "a.zip", quine, "too_large")
TABLE.add("cut in half", "a.zip", lambda: half(zipped(a__txt=bytes(range(256)) * 30)), "damaged")
TABLE.add("only its magic", "a.zip", lambda: b"PK\3\4", "damaged")
TABLE.add("a broken .docx three deep", "a.zip", lambda: zipped(a__zip=zipped(a__docx=half(good_docx()))), "damaged")


@TABLE.case("a member packed by another method", "a.zip", "unsupported")
def _():
    data = bytearray(zipped(a__txt=b"x" * 3_000))
    for mark, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        struct.pack_into("<H", data, data.index(mark) + offset, 9)  # Deflate64
    return bytes(data)


# --- OpenDocument, OFD ---


def odf(kind: str, content: str) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
    return stored.getvalue()


OFFICE = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'


def ods(cells: str) -> bytes:
    return odf("spreadsheet", f'<office:document-content {OFFICE}><office:body><office:spreadsheet><table:table table:name="a">{cells}</table:table></office:spreadsheet></office:body></office:document-content>')  # fmt: skip


FULL = '<table:table-cell table:number-columns-repeated="1000000000" office:value-type="string"><text:p>x</text:p></table:table-cell>'
TABLE.add(
    "a row repeated 10^9 times",
    "a.ods",
    lambda: ods(f'<table:table-row table:number-rows-repeated="1000000000">{FULL}</table:table-row>'),
    CLIPPED,
)
TABLE.add(
    "an empty row repeated 10^9 times",
    "a.ods",
    lambda: ods('<table:table-row table:number-rows-repeated="1000000000"><table:table-cell/></table:table-row>'),
    "empty",
)
TABLE.add(
    "a blank repeated 10^9 times",
    "a.ods",
    lambda: ods(
        '<table:table-row><table:table-cell><text:p><text:s text:c="1000000000"/></text:p></table:table-cell></table:table-row>'
    ),
    "empty",
)
TABLE.add("billion laughs", "a.ods", lambda: odf("spreadsheet", f"<!DOCTYPE w [{LAUGHS}]><w>&j;</w>"), "refused")
TABLE.add(
    "an entity of a file",
    "a.odt",
    lambda: odf("text", '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><w>&a;</w>'),
    "needs_engine",
    full="damaged",
    engine=Engine.OFFICE,
)


# LibreOffice compares no checksums: it read 13905950002.
@TABLE.case("a digit flipped on the way", "a.odt", "damaged")
def _():
    content = f"<office:document-content {OFFICE}><office:body><office:text><text:p>手机：13805950002</text:p></office:text></office:body></office:document-content>"
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
    return stored.getvalue().replace(b"13805950002", b"13905950002")


TABLE.add("cut in half", "a.odt", lambda: half(odf("text", "<w>" + "x" * 9_000)), "damaged")
TABLE.add(
    "a page of another standard",
    "a.ofd",
    lambda: word.zipped({"OFD.xml": "<ofd/>", "Doc_0/Document.xml": LAUGHS}),
    "unsupported",
)
