"""Word files made in code: by python-docx, and as raw OOXML in the manner of WPS, LibreOffice and Word's own extras.

Runs, paragraphs, cells … are strings of XML; `package` makes a file of them. Every function makes the smallest thing
that has the feature.
"""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

import docx

from tests.builders.layouts import Box, width

NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "w16se": "http://schemas.microsoft.com/office/word/2015/wordml/symex",
    "wpsCustomData": "http://www.wps.cn/officeDocument/2013/wpsCustomData",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO_MAIN = "application/vnd.ms-word.document.macroEnabled.main+xml"
TEMPLATE_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def document(*blocks: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:document {DECLARED}><w:body>{"".join(blocks)}<w:sectPr/></w:body></w:document>'


def package(
    *blocks: str,
    main_type: str = MAIN,
    main_part: str = "word/document.xml",
    parts: Mapping[str, bytes | str] | None = None,
    links: Sequence[tuple[str, str, str]] = (),
    xml: str | bytes | None = None,
) -> bytes:
    """Given the body's blocks, return a package. `links` are (id, kind, target) of the main part; `xml` replaces it."""
    folder, _, name = main_part.rpartition("/")
    rels = "".join(f'<Relationship Id="{i}" Type="{_RELATIONSHIP}/{k}" Target="{t}"/>' for i, k, t in links)
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return zipped(
        {
            "[Content_Types].xml": (
                '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/{main_part}" ContentType="{main_type}"/></Types>'
            ),
            "_rels/.rels": f'{head}<Relationship Id="rId1" Type="{_RELATIONSHIP}/officeDocument" Target="{main_part}"/></Relationships>',
            main_part: document(*blocks) if xml is None else xml,
            f"{folder}/_rels/{name}.rels": f"{head}{rels}</Relationships>",
            **(parts or {}),
        }
    )


def strict(data: bytes) -> bytes:
    """Given a package, return it with the namespaces of ISO 29500 strict."""
    return _rewritten(
        data,
        lambda text: (
            text.replace(
                "http://schemas.openxmlformats.org/officeDocument/2006/", "http://purl.oclc.org/ooxml/officeDocument/"
            )
            .replace(
                "http://schemas.openxmlformats.org/wordprocessingml/2006/",
                "http://purl.oclc.org/ooxml/wordprocessingml/",
            )
            .replace(
                "http://schemas.openxmlformats.org/spreadsheetml/2006/", "http://purl.oclc.org/ooxml/spreadsheetml/"
            )
        ),
    )


def _rewritten(data: bytes, change) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return zipped({name: change(archive.read(name).decode()) for name in archive.namelist()})


def flat_opc(*blocks: str) -> bytes:
    """Given the body's blocks, return a package as one XML file."""
    rels = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{_RELATIONSHIP}/officeDocument" Target="word/document.xml"/></Relationships>'
    body = document(*blocks).partition("?>")[2].strip()
    parts = "".join(
        f'<pkg:part pkg:name="{name}"><pkg:xmlData>{xml}</pkg:xmlData></pkg:part>'
        for name, xml in (("/_rels/.rels", rels), ("/word/document.xml", body))
    )
    return f'<?xml version="1.0"?><?mso-application progid="Word.Document"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">{parts}</pkg:package>'.encode()


# Runs


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def font(name: str) -> str:
    return f'<w:rFonts w:hint="eastAsia" w:ascii="{name}" w:hAnsi="{name}" w:eastAsia="{name}" w:cs="{name}"/>'


HIDDEN, STRUCK, UNDERLINED = "<w:vanish/>", "<w:strike/>", '<w:u w:val="single"/>'


def inserted(*runs: str) -> str:
    return f'<w:ins w:id="1" w:author="a" w:date="2025-05-20T08:00:00Z">{"".join(runs)}</w:ins>'


def deleted(text: str) -> str:
    return f'<w:del w:id="2" w:author="a" w:date="2025-05-20T08:00:00Z"><w:r><w:delText xml:space="preserve">{escape(text)}</w:delText></w:r></w:del>'


def moved_from(text: str) -> str:
    return f'<w:moveFromRangeStart w:id="3" w:name="move"/><w:moveFrom w:id="4" w:author="a">{run(text)}</w:moveFrom><w:moveFromRangeEnd w:id="3"/>'


def moved_to(text: str) -> str:
    return f'<w:moveToRangeStart w:id="5" w:name="move"/><w:moveTo w:id="6" w:author="a">{run(text)}</w:moveTo><w:moveToRangeEnd w:id="5"/>'


def symbol(font_name: str, code: str) -> str:
    return f'<w:r><w:sym w:font="{font_name}" w:char="{code}"/></w:r>'


def smart_tag(*runs: str) -> str:
    return (
        f'<w:smartTag w:uri="urn:schemas-microsoft-com:office:smarttags" w:element="phone">{"".join(runs)}</w:smartTag>'
    )


def control(*content: str, properties: str = "") -> str:
    """A content control; at which level depends on where it stands."""
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{''.join(content)}</w:sdtContent></w:sdt>"


HINT = "<w:showingPlcHdr/>"


def checkbox(*, checked: bool, content: str | None = None) -> str:
    """Word's content-control check box; its default sign for "checked" is a crossed box."""
    sign = run("\u2612" if checked else "\u2610", font("MS Gothic"))
    return control(content or sign, properties=f'<w14:checkbox><w14:checked w14:val="{int(checked)}"/></w14:checkbox>')


def form_checkbox(*, checked: bool | None, default: bool = False) -> str:
    """The legacy check box of forms; LibreOffice writes a result, Word none."""
    state = "" if checked is None else f'<w:checked w:val="{int(checked)}"/>'
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val=""/><w:enabled/><w:checkBox><w:sizeAuto/><w:default w:val="{int(default)}"/>{state}</w:checkBox></w:ffData></w:fldChar></w:r>'
        '<w:r><w:instrText xml:space="preserve"> FORMCHECKBOX </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def form_dropdown(entries: Sequence[str], chosen: int | None) -> str:
    result = "" if chosen is None else f'<w:result w:val="{chosen}"/>'
    listed = "".join(f'<w:listEntry w:val="{escape(entry)}"/>' for entry in entries)
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList>{result}{listed}</w:ddList></w:ffData></w:fldChar></w:r>'
        '<w:r><w:instrText> FORMDROPDOWN </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def field(instruction: str, result: str | None = None) -> str:
    shown = "" if result is None else f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(result)}'
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">{escape(instruction)}</w:instrText></w:r>'
        f'{shown}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def overlay(frame: str, sign: str) -> str:
    """A ticked box as older Chinese forms make it: field EQ with two characters one over the other."""
    return field(f" eq \\o\\ac({frame},{sign})")


def text_box(*blocks: str) -> str:
    """A text box as Word 2010 and WPS write it: the shape, and a copy of it for older programs."""
    content = f"<w:txbxContent>{''.join(blocks)}</w:txbxContent>"
    return (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor><a:graphic><a:graphicData>'
        f"<wps:wsp><wps:txbx>{content}</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def picture() -> str:
    return (
        "<w:r><w:drawing><wp:inline><a:graphic><a:graphicData><pic:pic><pic:blipFill>"
        '<a:blip r:embed="rId9"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
    )


# Blocks


def para(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(piece if piece.startswith('<') else run(piece) for piece in runs)}</w:p>"


def cell(*content: str, span: int = 1, merge: str | None = None, properties: str = "") -> str:
    """A cell of paragraphs (or plain text). `merge`: "restart" or "continue" of a vertical merge."""
    spans = f'<w:gridSpan w:val="{span}"/>' if span != 1 else ""
    merged = "" if merge is None else f'<w:vMerge w:val="{merge}"/>'
    inner = "".join(piece if piece.startswith("<") else para(piece) for piece in content) or "<w:p/>"
    return f"<w:tc><w:tcPr>{spans}{merged}{properties}</w:tcPr>{inner}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(piece if piece.startswith('<') else cell(piece) for piece in cells)}</w:tr>"


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>"


# Whole forms


def raw_form(
    title: str, boxes: Sequence[Sequence[Box]], above: Sequence[str], below: Sequence[str], manner: str
) -> str:
    """Given a form, return its blocks in a program's manner: "wps", "libreoffice" or "word"."""
    rows = [row(*(_form_cell(box, manner) for box in line)) for line in boxes]
    lines = [para(_form_run(text, manner)) for text in (*above, title)]
    return "".join((*lines, table(*rows), *(para(_form_run(text, manner)) for text in below), para("")))


def _form_run(text: str, manner: str) -> str:
    if manner == "wps":  # every run says what it is not
        look = '<w:rFonts w:hint="eastAsia" w:ascii="仿宋" w:hAnsi="仿宋" w:eastAsia="仿宋"/><w:vertAlign w:val="baseline"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/>'
        return run(text, look)
    if manner == "libreoffice":  # text portions split wherever the script changes
        look = '<w:rFonts w:ascii="Liberation Serif" w:eastAsia="SimSun"/><w:strike w:val="false"/><w:dstrike w:val="false"/><w:u w:val="none"/><w:vanish w:val="false"/>'
        return "".join(run(text[start : start + 3], look) for start in range(0, len(text), 3))
    return run(text)


def _form_cell(box: Box, manner: str) -> str:
    lines = [para(_form_run(line, manner)) for line in box.text.split("\n")]
    return cell(*lines, span=box.columns)


def docx_form(title: str, boxes: Sequence[Sequence[Box]], above: Sequence[str], below: Sequence[str]) -> bytes:
    """Given a form, return it as python-docx writes it."""
    made = docx.Document()
    for text in (*above, title):
        made.add_paragraph(text)
    grid = made.add_table(rows=len(boxes), cols=width(boxes))
    grid.style = "Table Grid"
    for number, line in enumerate(boxes):
        column = 0
        for box in line:
            place = grid.cell(number, column)
            if box.columns > 1:
                place = place.merge(grid.cell(number, column + box.columns - 1))
            place.text = box.text
            column += box.columns
    for text in below:
        made.add_paragraph(text)
    stream = BytesIO()
    made.save(stream)
    return stream.getvalue()
