"""The pictures that a person sees on a Word or Excel package, in their order: photos of filled forms pasted into it.

In: bytes of a package. Out: `Pictures` for the OCR engine, and counts of what was left out. Seen are pictures of the
text and of visible sheets, and header pictures of a page's size (scanning programs put the page there); not seen are
logos, copies for older programs, deleted and hidden ones, thumbnails. Must not: decode a picture, follow an external
target, raise anything but ReadFailure. Standard: ECMA-376 part 1 §17.3.3, §20.1-20.5; MS-OE376 (VML); WPS cell images.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml.etree import _Element as Element

from parsers.archives import Package, open_package
from parsers.document import Budget, FailureCode, ReadFailure
from parsers.readers import opc
from parsers.readers.border import reads
from parsers.readers.picturesize import picture_size
from parsers.readers.wordlook import W, is_on
from parsers.sniff import IMAGES, Kind, sniff

_SEEN_BYTES = 40 * 1024  # a photo of a page has 100 KB and more, even from WeChat
_SEEN_PIXELS = 400
_VECTORS = frozenset({"emf", "wmf", "emz", "wmz", "svg", "pict", "eps"})
_REFERENCES = 500  # looked at in one package
_CROPPED = 1_000  # of 100,000: less than 1 % of an edge is the rounding of a program
_PAGE_SHARE = 0.8  # of the page's width and height that a header picture must cover
_EMU_PER_TWIP = 635
_A4 = (11_906, 16_838)  # twips

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_BLIP, _SOURCE, _EXTENT = f"{_A}blip", f"{_A}srcRect", f"{_WP}extent"
_VML = "{urn:schemas-microsoft-com:vml}imagedata"
_ALTERNATE = f"{_MC}AlternateContent"
_GONE = frozenset({f"{W}del", f"{W}moveFrom"})
_HIDDEN_SHAPE = frozenset({f"{_WP}docPr", f"{_XDR}cNvPr"})
_WORD_MAIN, _EXCEL_MAIN = ("word/document.xml", "word/document2.xml"), ("xl/workbook.xml",)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file. `cropped`: the document shows only a part of it, so what is read may stand outside."""

    data: bytes
    kind: Kind
    part: str  # its name in the package: "word/media/image1.jpeg"
    cropped: bool = False


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures worth reading, in order, and how many others there are.

    `vector`: EMF, WMF, SVG … that no engine of ours reads; `small`: too small for a form; `damaged`: missing, broken or of
    unknown type; `further`: behind the budget's last page, not looked at.
    """

    shown: tuple[Picture, ...]
    vector: int = 0
    small: int = 0
    damaged: int = 0
    further: int = 0

    @property
    def pictures(self) -> tuple[bytes, ...]:
        """The files of those worth reading."""
        return tuple(picture.data for picture in self.shown)


@dataclass(frozen=True, slots=True)
class _Reference:
    part: str
    cropped: bool


def pictures(data: bytes, budget: Budget) -> Pictures:
    """Given a Word or Excel package, return the pictures on it. Raise ReadFailure if it is damaged or over the budget."""
    with reads("the pictures of a package"):
        package = open_package(data, budget)
        return _chosen(package, _distinct(_references(package)), budget)


def _references(package: Package) -> Iterator[_Reference]:
    main = opc.main_part(package, (*_WORD_MAIN, *_EXCEL_MAIN))
    root = opc.parse(opc.part(package, main))
    links = _links(package, main)
    if root.tag == f"{_S}workbook":
        yield from _workbook(package, main, root, links)
    else:
        yield from _word_headers(package, root, links)
        yield from _in_part(root, links)


def _links(package: Package, part: str) -> Mapping[str, opc.Relationship]:
    return {link.id: link for link in opc.relationships(package, part)}


def _word_headers(package: Package, root: Element, links: Mapping[str, opc.Relationship]) -> Iterator[_Reference]:
    for reference in root.iter(f"{W}headerReference"):
        link = links.get(reference.get(f"{_R}id", ""))
        if link is not None and package.has(link.target):
            header = opc.parse(opc.part(package, link.target))
            yield from _in_part(header, _links(package, link.target), page=_page(root))


def _page(root: Element) -> tuple[int, int]:
    """Given a document, return width and height of its first section's page in EMU."""
    size = next(root.iter(f"{W}pgSz"), None)
    given = (0, 0) if size is None else (_number(size.get(f"{W}w")), _number(size.get(f"{W}h")))
    width, height = given if min(given) > 0 else _A4
    return width * _EMU_PER_TWIP, height * _EMU_PER_TWIP


def _in_part(
    root: Element, links: Mapping[str, opc.Relationship], *, page: tuple[int, int] | None = None
) -> Iterator[_Reference]:
    """Given a part, yield its pictures in document order; with `page`, only those that cover it."""
    for element in _visible(root):
        if element.tag not in {_BLIP, _VML} or (page is not None and not _covers(element, page)):
            continue
        link = links.get(element.get(f"{_R}embed") or element.get(f"{_R}id") or "")
        if link is not None:
            yield _Reference(link.target, _is_cropped(element))


def _visible(root: Element) -> Iterator[Element]:
    """Yield the elements that a person sees: of alternatives the first, nothing deleted or hidden. Without recursion."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.tag in _GONE or _is_hidden(element):
            continue
        yield element
        children = list(element)
        if element.tag == _ALTERNATE:
            children = list(_branch(children))
        waiting += reversed(children)


def _branch(alternatives: list[Element]) -> Iterable[Element]:
    """Given the alternatives of one thing, return the content of the first that has a picture: the copy is left out."""
    for alternative in alternatives:
        if any(element.tag in {_BLIP, _VML} for element in alternative.iter()):
            return alternative
    return ()


def _is_hidden(element: Element) -> bool:
    if element.tag == f"{W}r":
        vanish = element.find(f"{W}rPr/{W}vanish")
        return vanish is not None and is_on(vanish)
    return any(child.get("hidden") in {"1", "true"} for child in element if child.tag in _HIDDEN_SHAPE) or any(
        child.get("hidden") in {"1", "true"} for child in element.iterfind(f"{_XDR}nvPicPr/{_XDR}cNvPr")
    )


def _covers(element: Element, page: tuple[int, int]) -> bool:
    for ancestor in element.iterancestors():
        extent = ancestor.find(_EXTENT)
        if extent is not None:
            width, height = _number(extent.get("cx")), _number(extent.get("cy"))
            return width >= _PAGE_SHARE * page[0] and height >= _PAGE_SHARE * page[1]
    return False


def _is_cropped(element: Element) -> bool:
    if element.tag == _VML:
        return any(element.get(side) for side in ("cropleft", "croptop", "cropright", "cropbottom"))
    parent = element.getparent()
    source = None if parent is None else parent.find(_SOURCE)
    return source is not None and any(_number(source.get(side)) > _CROPPED for side in "ltrb")


def _workbook(
    package: Package, main: str, root: Element, links: Mapping[str, opc.Relationship]
) -> Iterator[_Reference]:
    for entry in root.iterfind(f"{_S}sheets/{_S}sheet"):
        link = links.get(entry.get(f"{_R}id", ""))
        if link is None or entry.get("state") in {"hidden", "veryHidden"}:
            continue
        for drawing in opc.relationships(package, link.target):
            if drawing.kind.endswith("/drawing") and package.has(drawing.target):
                yield from _sheet(package, drawing.target)
    cell_images = posixpath.join(posixpath.dirname(main), "cellimages.xml")  # WPS: pictures inside cells, DISPIMG()
    if package.has(cell_images):
        yield from _in_part(opc.parse(opc.part(package, cell_images)), _links(package, cell_images))


def _sheet(package: Package, drawing: str) -> Iterator[_Reference]:
    """Given the drawing of a sheet, yield its pictures from top to bottom: the file has them in order of insertion."""
    links = _links(package, drawing)
    for anchor in sorted(opc.parse(opc.part(package, drawing)), key=_position):
        yield from _in_part(anchor, links)


def _position(anchor: Element) -> tuple[int, int]:
    return (_number(anchor.findtext(f"{_XDR}from/{_XDR}row")), _number(anchor.findtext(f"{_XDR}from/{_XDR}col")))


def _number(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0


def _distinct(references: Iterator[_Reference]) -> list[_Reference]:
    """A picture that stands twice (in every header, say) is read once."""
    found: dict[str, _Reference] = {}
    for reference in references:
        found.setdefault(reference.part.lower(), reference)
        if len(found) >= _REFERENCES:
            break
    return list(found.values())


def _chosen(package: Package, references: list[_Reference], budget: Budget) -> Pictures:
    shown: list[Picture] = []
    vector = small = damaged = further = 0
    for reference in references:
        if reference.part.rpartition(".")[2].lower() in _VECTORS:
            vector += 1
        elif len(shown) >= budget.scanned_pages:
            further += 1
        else:
            data = _read(package, reference.part)
            kind = sniff(data)
            if kind not in IMAGES:
                damaged += 1
            elif not _worth_reading(data):
                small += 1
            else:
                shown.append(Picture(data, kind, reference.part, reference.cropped))
    return Pictures(tuple(shown), vector, small, damaged, further)


def _read(package: Package, part: str) -> bytes:
    """Given a picture's part, return its bytes; b"" if it is missing or broken, which is no fault of the others."""
    if not package.has(part):
        return b""
    try:
        return package.read(part)
    except ReadFailure as failure:
        if failure.failure.code is FailureCode.DAMAGED:
            return b""
        raise


def _worth_reading(data: bytes) -> bool:
    return len(data) >= _SEEN_BYTES or min(picture_size(data)) >= _SEEN_PIXELS
