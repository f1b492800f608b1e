"""Hostile Word packages and workbooks."""

from collections.abc import Callable

from parsers.engines import Engine
from tests.builders import packed as p
from tests.builders import word
from tests.builders.excel import SHEET, changed
from tests.builders.hostile_cases import CLIPPED, LAUGHS, READ, Table, good_docx, good_xlsx, half

TABLE = Table()


def docx(xml: str | bytes, **rest) -> bytes:
    return word.package(xml=xml, **rest)


def with_dtd(entities: str, content: str) -> bytes:
    xml = word.document(word.para("x")).partition("?>")[2].replace("<w:t", "<w:t", 1)
    return docx(f"<!DOCTYPE w [{entities}]>" + xml.replace(">x<", f">{content}<"))


TABLE.add("cut in half", "a.docx", lambda: half(good_docx()), "damaged")
TABLE.add("4,000,000 empty paragraphs", "a.docx", lambda: docx(word.document("<w:p/>" * 4_000_000)), "too_large")
TABLE.add("a text of 12 MB", "a.docx", lambda: docx(word.document(word.para("x" * 12_000_000))), "too_large")
TABLE.add("billion laughs", "a.docx", lambda: with_dtd(LAUGHS, "&j;"), "refused")
TABLE.add(
    "an entity of a file", "a.docx", lambda: with_dtd('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"), "refused"
)
TABLE.add(
    "a DTD in UTF-16",
    "a.docx",
    lambda: docx(("<!DOCTYPE w []>" + word.document("<w:p/>").partition("?>")[2]).encode("utf-16")),
    "refused",
)
TABLE.add(
    "an encoding that hides", "a.docx", lambda: docx(word.document("<w:p/>").replace("UTF-8", "UTF-7")), "refused"
)
# libxml2 stops at 256 levels and does not tell that from any other error of syntax.
TABLE.add("20,000 levels", "a.docx", lambda: docx(word.document("<w:p>" * 20_000 + "</w:p>" * 20_000)), "damaged")
TABLE.add(
    "60 tables in one another",
    "a.docx",
    lambda: docx(word.document("<w:tbl><w:tr><w:tc>" * 60 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 60)),
    "too_large",
)
TABLE.add(
    "a cell 2,000,000,000 columns wide",
    "a.docx",
    lambda: word.package(word.table(word.row(word.cell("x", span=2_000_000_000)))),
    READ,
)
TABLE.add(
    "20,000 cells merged downwards",
    "a.docx",
    lambda: word.package(
        word.table(word.row(word.cell("x", merge="restart")), *[word.row(word.cell("", merge="continue"))] * 20_000)
    ),
    CLIPPED,
)
TABLE.add("50,000 cells in one row", "a.docx", lambda: word.package(word.table(word.row(*["x"] * 50_000))), CLIPPED)
TABLE.add(
    "no main part",
    "a.docx",
    lambda: word.zipped({"[Content_Types].xml": f'<Types><Override ContentType="{word.MAIN}"/></Types>'}),
    "damaged",
)
TABLE.add("an empty main part", "a.docx", lambda: docx(""), "damaged")
TABLE.add("no text at all", "a.docx", lambda: word.package(word.para("")), "empty")
TABLE.add("an imported part", "a.docx", lambda: word.package('<w:altChunk r:id="rId1"/>'), "unsupported")
TABLE.add("a header that is the document", "a.docx", lambda: docx(word.document(word.para("x"), '<w:p><w:pPr><w:sectPr><w:headerReference r:id="rId1"/></w:sectPr></w:pPr></w:p>'), links=[("rId1", "header", "document.xml")]), READ)  # fmt: skip
TABLE.add("styles based on each other", "a.docx", lambda: word.package(word.para("x", properties='<w:pStyle w:val="a"/>'), links=[("rId1", "styles", "styles.xml")], parts={"word/styles.xml": f'<w:styles {word.DECLARED}><w:style w:type="paragraph" w:styleId="a"><w:basedOn w:val="b"/><w:rPr><w:vanish/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="b"><w:basedOn w:val="a"/></w:style></w:styles>'}), READ)  # fmt: skip
TABLE.add(
    "10,000 fields in one another",
    "a.docx",
    lambda: word.package(word.para('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * 10_000)),
    "empty",
)
TABLE.add("flat, cut in half", "a.xml", lambda: half(word.flat_opc(*[word.para("x")] * 500)), "damaged")
TABLE.add("a picture bomb in a document", "a.docx", lambda: word.package(word.para(word.picture()), links=[("rId9", "image", "media/a.png")], parts={"word/media/a.png": p.png(9_000, 9_000)}), "needs_engine", full="too_large", engine=Engine.OCR)  # fmt: skip


@TABLE.case("two documents of one name", "a.docx", "refused")
def _():
    data = word.package(word.para("x"), parts={"word/document.xmk": b"<a/>"})
    return data.replace(b"word/document.xmk", b"word/document.xml")


@TABLE.case("a checksum that differs", "a.docx", "damaged")
def _():
    data = bytearray(good_docx())
    at = data.index(b"word/document.xml")
    data[at + 60] ^= 1
    return bytes(data)


# --- workbooks ---


def sheet(change: Callable[[str], str]) -> bytes:
    return changed(good_xlsx(), {SHEET: change})


def rows(xml: str) -> Callable[[str], str]:
    return lambda old: old.partition("<sheetData>")[0] + f"<sheetData>{xml}</sheetData></worksheet>"


TABLE.add("cut in half", "a.xlsx", lambda: half(good_xlsx()), "damaged")
TABLE.add("all cells merged", "a.xlsx", lambda: sheet(lambda xml: xml.replace("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>')), READ)  # fmt: skip
TABLE.add(
    "one cell at the far end",
    "a.xlsx",
    lambda: sheet(rows('<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row>')),
    READ,
)
TABLE.add("400,000 rows", "a.xlsx", lambda: sheet(rows("<row><c><v>1</v></c></row>" * 400_000)), "too_large")
TABLE.add(
    "a cell outside every sheet",
    "a.xlsx",
    lambda: sheet(rows('<row r="99999999999"><c r="ZZZZZZ1"><v>1</v></c></row>')),
    CLIPPED,
)
TABLE.add(
    "a dimension that lies",
    "a.xlsx",
    lambda: sheet(lambda xml: xml.replace('<dimension ref="A1:B4"', '<dimension ref="A1:XFD1048576"')),
    READ,
)
TABLE.add(
    "no sheet behind its name",
    "a.xlsx",
    lambda: changed(good_xlsx(), {"xl/_rels/workbook.xml.rels": lambda xml: xml.replace("sheet1.xml", "gone.xml")}),
    "damaged",
)
TABLE.add(
    "billion laughs",
    "a.xlsx",
    lambda: sheet(lambda xml: f"<!DOCTYPE w [{LAUGHS}]>" + xml.replace("王晓云", "&j;")),
    "refused",
)
TABLE.add(
    "900,000 cells without content", "a.xlsx", lambda: sheet(rows("<row>" + "<c/>" * 900_000 + "</row>")), "empty"
)
TABLE.add(
    "an index without a string",
    "a.xlsx",
    lambda: sheet(rows('<row r="1"><c r="A1" t="s"><v>999999999</v></c></row>')),
    CLIPPED,
)
TABLE.add("binary, only its names", "a.xlsb", lambda: word.zipped({"[Content_Types].xml": '<Types><Override ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>'}), "needs_engine", full="damaged", engine=Engine.OFFICE)  # fmt: skip
