"""The parts of a workbook package that openpyxl is given: checked, reduced, renamed, nothing else.

In: an opened package. Out: `Workbook`: a package made of the visible sheets as `sheetscan` rebuilt them, and what was
left out. openpyxl shows a strict workbook as zero sheets, stops at odd styles, drawings, links and pivot tables, and
walks whatever a sheet claims to be (facts/documents.md §2.3): none of that reaches it. Must not: skip a visible sheet
silently. Standard: ECMA-376 part 1 §18.2, §12.3.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import quoteattr

from lxml import etree
from lxml.etree import _Element as Element

from parsers.archives import Package
from parsers.document import Budget, FailureCode, ReadFailure
from parsers.readers import comments, opc
from parsers.readers.sheetscan import Box, Scan, filter_box, scan
from parsers.readers.sheetstyles import S, Strings, Styles, reduced_strings, reduced_styles
from parsers.text import clean

_MAIN_PARTS = ("xl/workbook.xml",)
_R_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_DRAWING_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}txBody"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_OOXML = "http://schemas.openxmlformats.org"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_SHEETS = 200  # visible ones that are read


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visible sheet: the name on its tab, its scan, the texts of shapes that lie on it and of its comments."""

    name: str
    scan: Scan
    shapes: tuple[str, ...]
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workbook:
    """The visible sheets in order, the names of the hidden ones, and the reduced package for openpyxl."""

    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...]
    package: bytes
    clipped: bool


def reduce(package: Package, budget: Budget) -> Workbook:
    """Given a workbook package, return it reduced. Raise ReadFailure if it is damaged, hostile or over the budget."""
    main = opc.main_part(package, _MAIN_PARTS)
    root = opc.parse(opc.part(package, main))
    links = {link.id: link for link in opc.relationships(package, main)}
    kinds = {link.kind.rpartition("/")[2]: link.target for link in links.values()}
    styles = reduced_styles(_optional(package, kinds.get("styles")), _theme(package, kinds.get("theme")))
    shared = _optional(package, kinds.get("sharedStrings"))
    strings = reduced_strings(shared, budget.text_characters, styles.colors)
    sheets: list[Sheet] = []
    hidden: list[str] = []
    left = budget.cells
    listed = list(root.iterfind(f"{S}sheets/{S}sheet"))
    for entry in listed:
        name = clean(entry.get("name", ""))[:31] or "?"
        link = links.get(entry.get(_R_ID, ""))
        if entry.get("state") in ("hidden", "veryHidden"):
            hidden.append(name)
        elif link is None or not package.has(link.target):
            raise ReadFailure(FailureCode.DAMAGED, "the part of a sheet is missing")
        elif link.kind.endswith("/worksheet") and len(sheets) < _SHEETS:
            found = scan(opc.part(package, link.target), strings.count, styles, left)
            found.filters.extend(_table_filters(package, link.target))
            left -= len(found.positions)
            shapes, remarks = _shapes(package, link.target), comments.of_sheet(package, link.target)
            sheets.append(Sheet(name, found, shapes, remarks))
    if not listed:
        raise ReadFailure(FailureCode.DAMAGED, "a workbook without sheets")
    date_1904 = root.find(f"{S}workbookPr[@date1904]")
    epoch = "" if date_1904 is None else f" date1904={quoteattr(date_1904.get('date1904', '0'))}"
    return Workbook(
        tuple(sheets), tuple(hidden), _package(sheets, styles, strings, epoch), clipped=len(sheets) == _SHEETS
    )


def _optional(package: Package, name: str | None) -> Element | None:
    return opc.parse(opc.part(package, name)) if name is not None and package.has(name) else None


def _theme(package: Package, name: str | None) -> Element | None:
    try:
        return _optional(package, name)
    except ReadFailure:  # an odd theme must not lose the workbook
        return etree.Element("broken")  # whose colors are not known


def _shapes(package: Package, sheet: str) -> tuple[str, ...]:
    """Given a sheet's part name, return the texts of the text boxes that lie on it."""
    texts: list[str] = []
    for link in opc.relationships(package, sheet):
        if link.kind.endswith("/drawing") and package.has(link.target):
            for body in opc.parse(opc.part(package, link.target)).iter(_DRAWING_TEXT):
                lines = ("".join(run.text or "" for run in line.iter(f"{_A}t")) for line in body.iter(f"{_A}p"))
                texts.append(clean("\n".join(lines)).strip())
    return tuple(text for text in texts if text)


def _table_filters(package: Package, sheet: str) -> Iterator[Box]:
    """Given a sheet's part name, yield the ranges of the filters of the tables on it (套用表格格式)."""
    for link in opc.relationships(package, sheet):
        if link.kind.endswith("/table") and package.has(link.target):
            for element in opc.parse(opc.part(package, link.target)).iter(f"{S}autoFilter"):
                yield from filter_box(element)


def _package(sheets: list[Sheet], styles: Styles, strings: Strings, epoch: str) -> bytes:
    """Given reduced parts, return a package of them; its sheets are named by their numbers."""
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/sheet{number}.xml" ContentType="{_TYPE}worksheet+xml"/>' for number in numbers
    )
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{_OOXML}/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}styles+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}sharedStrings+xml"/>{overrides}</Types>'
        ).encode(),
        "_rels/.rels": _links([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": (
            f'<workbook xmlns="{S[1:-1]}" xmlns:r="{_R_ID[1:-3]}"><workbookPr{epoch}/><sheets>'
            + "".join(f'<sheet name="{number}" sheetId="{number}" r:id="rId{number}"/>' for number in numbers)
            + "</sheets></workbook>"
        ).encode(),
        "xl/_rels/workbook.xml.rels": _links(
            [
                *((f"rId{number}", "worksheet", f"sheet{number}.xml") for number in numbers),
                ("styles", "styles", "styles.xml"),
                ("strings", "sharedStrings", "sharedStrings.xml"),
            ]
        ),
        "xl/styles.xml": styles.xml,
        "xl/sharedStrings.xml": strings.xml,
        **{f"xl/sheet{number}.xml": sheet.scan.xml() for number, sheet in zip(numbers, sheets, strict=True)},
    }
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _links(links: list[tuple[str, str, str]]) -> bytes:
    entries = "".join(
        f'<Relationship Id="{name}" Type="{_OOXML}/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
        for name, kind, target in links
    )
    return f'<Relationships xmlns="{_OOXML}/package/2006/relationships">{entries}</Relationships>'.encode()
