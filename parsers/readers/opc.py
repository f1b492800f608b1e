"""What Word and Excel packages have in common: XML parsing without network and entities, and relationships.

In: an opened `archives.Package`. Out: lxml elements, resolved part names. Must not: resolve an entity, reach the
network, follow an external target. Standards: ECMA-376 part 2 §9 (relationships), part 1 and 4 (strict and transitional
namespaces).
"""

import posixpath
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree
from lxml.etree import _Element as Element

from parsers.archives import Package
from parsers.document import FailureCode, ReadFailure

# Strict packages (ISO 29500 part 1) differ in namespaces; python-docx refuses them, openpyxl sees zero sheets.
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMESPACES = (
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/wordprocessingml/", b"http://schemas.openxmlformats.org/wordprocessingml/2006/"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/", b"http://schemas.openxmlformats.org/spreadsheetml/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)
OFFICE_DOCUMENT = "/officeDocument"  # end of the relationship type that leads to the main part


@dataclass(frozen=True, slots=True)
class Relationship:
    """One internal relationship: `kind` is the type's URI, `target` a part name without leading slash."""

    id: str
    kind: str
    target: str


def part(package: Package, name: str) -> bytes:
    """Given a part name, return its XML as UTF-8 with transitional namespaces."""
    data = package.xml(name)
    if _STRICT in data:
        for strict, transitional in _NAMESPACES:
            data = data.replace(strict, transitional)
    return data


def parse(data: bytes) -> Element:
    """Given checked XML, return its root. Raise ReadFailure if it is not well-formed or nested too deep (256)."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ReadFailure(FailureCode.DAMAGED, f"XML: {type(error).__name__}") from error
    if root is None:
        raise ReadFailure(FailureCode.DAMAGED, "XML: no root")
    return root


def relationships(package: Package, source: str) -> tuple[Relationship, ...]:
    """Given a part name ("" for the package), return its internal relationships; () if it has none."""
    folder, name = posixpath.split(source)
    rels = posixpath.join(folder, "_rels", f"{name}.rels")
    if not package.has(rels):
        return ()
    found: list[Relationship] = []
    for element in parse(part(package, rels)):
        target = element.get("Target", "")
        if element.get("TargetMode") == "External" or not target:
            continue
        path = posixpath.normpath(posixpath.join("/" + folder, unquote(target).replace("\\", "/"))).lstrip("/")
        found.append(Relationship(element.get("Id", ""), element.get("Type", ""), path))
    return tuple(found)


def main_part(package: Package, candidates: tuple[str, ...]) -> str:
    """Given a package, return the name of its main part: by relationship, else the first of `candidates` it has."""
    targets = [link.target for link in relationships(package, "") if link.kind.endswith(OFFICE_DOCUMENT)]
    for name in (*targets, *candidates):
        if package.has(name):
            return name
    raise ReadFailure(FailureCode.DAMAGED, "main part missing")
