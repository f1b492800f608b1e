"""Word packages (.docx .docm .dotx, strict ones, flat OPC) → `Document`.

In: bytes that `sniff` called a Word package. Out: blocks as a person sees them on the page. The package is checked
(`archives`), its main part brought into the form that python-docx opens (transitional namespaces, ordinary content
type, no other parts: one in six real packages is refused otherwise, for a missing picture or a macro type), and walked
by `wordml`. Must not: run macros, follow links, raise anything but ReadFailure. Standard: ECMA-376, MS-DOCX.
"""

import posixpath
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from itertools import groupby

import docx
from lxml import etree
from lxml.etree import _Element as Element

from parsers.archives import Package, open_package, plain_xml
from parsers.document import Block, Budget, Document, FailureCode, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers import comments, opc
from parsers.readers.border import reads
from parsers.readers.ink import Look
from parsers.readers.wordlook import W, style_looks, styles_worth_reading
from parsers.readers.wordml import Walker

READER = f"word/1 python-docx {docx.__version__}"

_MAIN_PARTS = ("word/document.xml", "word/document2.xml")
_PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_R_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CONTENT_TYPES = (
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    b'<Override PartName="/word/document.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONSHIPS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    b"</Relationships>"
)
_NAMES_IN_NOTES = 5


def read(data: bytes, budget: Budget) -> Document:
    """Given a Word package (or flat OPC), return what a person would see in it.

    Raise ReadFailure if it is damaged, empty, hostile or over the budget.
    """
    with reads("a Word package"):
        return _read(data, budget)


def _read(data: bytes, budget: Budget) -> Document:
    package = open_package(data if data.startswith(b"PK") else _unflattened(data, budget), budget)
    main = opc.main_part(package, _MAIN_PARTS)
    document_xml = opc.part(package, main)
    body = _body(document_xml)
    links = {link.id: link for link in opc.relationships(package, main)}
    styles = _styles(package, links.values(), document_xml)
    walker = Walker(styles, budget, body)
    blocks = (*_headers(package, body, links, walker), *walker.blocks(body))
    remarks = comments.comment_notes(comments.of_word(package, links.values()))
    notes = (*walker.notes, *_package_notes(package), *remarks)
    if walker.imported and not blocks:
        raise ReadFailure(FailureCode.UNSUPPORTED, "the text is an imported part (altChunk)")
    if not blocks and not walker.pictures and not notes:
        raise ReadFailure(FailureCode.EMPTY, "no text and no picture")
    # a walker of their own: a logo at the foot of the page is no picture of a form
    footers = tuple(_footers(package, body, links, Walker(styles, budget, body)))
    return Document(blocks, READER, notes, walker.pictures, footers=footers)


def _body(document_xml: bytes) -> Element:
    """Given the main part, return its body, opened by python-docx in a package that holds nothing else."""
    if b"<" not in document_xml:
        raise ReadFailure(FailureCode.DAMAGED, "main part empty")
    package = _stored(
        {"[Content_Types].xml": _CONTENT_TYPES, "_rels/.rels": _RELATIONSHIPS, "word/document.xml": document_xml}
    )
    element = docx.Document(BytesIO(package)).element
    if element.getroottree().docinfo.internalDTD is not None:
        raise ReadFailure(FailureCode.REFUSED, "DTD in the main part")
    body: Element | None = element.find(f"{W}body")
    if body is None:
        raise ReadFailure(FailureCode.DAMAGED, "no body in the main part")
    return body


def _styles(package: Package, links: Iterable[opc.Relationship], main: bytes) -> Mapping[str, Look]:
    target = next((link.target for link in links if link.kind.endswith("/styles")), None)
    if target is None or not package.has(target):
        return {}
    data = opc.part(package, target)
    return style_looks(opc.parse(data)) if styles_worth_reading(data, main) else {}


def _headers(package: Package, body: Element, links: Mapping[str, opc.Relationship], walker: Walker) -> Iterator[Block]:
    """Yield the blocks of the page headers: some units put 附件2 or their name there."""
    seen: set[str] = set()
    for reference in body.iter(f"{W}headerReference"):
        link = links.get(reference.get(_R_ID, ""))
        if link is None or link.target in seen or not package.has(link.target):
            continue
        seen.add(link.target)
        prefix = "header, " if len(seen) == 1 else f"header {len(seen)}, "
        yield from walker.blocks(opc.parse(opc.part(package, link.target)), prefix)


def _footers(package: Package, body: Element, links: Mapping[str, opc.Relationship], walker: Walker) -> Iterator[str]:
    """Yield the lines of the page footers, those in tables and text boxes too."""
    found = (links.get(one.get(_R_ID, "")) for one in body.iter(f"{W}footerReference"))
    for target in dict.fromkeys(link.target for link in found if link is not None):
        if package.has(target):
            for block in walker.blocks(opc.parse(opc.part(package, target)), "footer, "):
                yield from _lines(block)


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield from (line.strip() for line in block.text.splitlines() if line.strip())
        return
    for _, row in groupby(block.cells, key=lambda cell: cell.row):  # a label and its number are one line
        cells = list(row)
        yield from filter(None, [" ".join(text for cell in cells if (text := " ".join(cell.text.split())))])
        for grid in (grid for cell in cells for grid in cell.nested):
            yield from _lines(grid)


def _package_notes(package: Package) -> tuple[Note, ...]:
    lower = {name: name.lower() for name in package.names}
    embedded = sorted(name for name, low in lower.items() if "/embeddings/" in low and not low.endswith("/"))
    notes = [Note(NoteCode.EMBEDDED_FILE, posixpath.basename(name)) for name in embedded[:_NAMES_IN_NOTES]]
    if any(low.endswith("vbaproject.bin") for low in lower.values()):
        notes.append(Note(NoteCode.MACROS))
    return tuple(notes)


def _unflattened(data: bytes, budget: Budget) -> bytes:
    """Given flat OPC (one XML file that holds all parts), return its XML parts as a package."""
    root = opc.parse(plain_xml(data, budget))
    parts: dict[str, bytes] = {}
    for part in root.iterfind(f"{_PKG}part"):
        content = part.find(f"{_PKG}xmlData")
        name = part.get(f"{_PKG}name", "").lstrip("/")
        if name and content is not None and len(content):
            parts[name] = etree.tostring(content[0])
    return _stored(parts)


def _stored(parts: Mapping[str, bytes]) -> bytes:
    """Given parts by name, return them as an uncompressed package."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return stream.getvalue()
