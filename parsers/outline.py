"""A document as a person wants to see it beside what was read of it: its tables and lines, and how many pages can be drawn.

In: one attachment or body, as `parse` gets it; the same readers open it. Out: an `Outline` a document (several of an archive),
each piece of text under the `place` that readings name, so that a page can mark where a value stood; by `page` one page as
JPEG. No picture is looked at by the OCR engine here: of a scan the person sees the picture itself. Runs in the locked worker.
Must not: raise on any bytes, hand on more than `_CELLS` cells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parsers import archives, containers
from parsers.dispatch import open_document
from parsers.document import (
    DEFAULT_BUDGET,
    Block,
    Budget,
    Cell,
    Document,
    Failure,
    FailureCode,
    Grid,
    LaidPage,
    ReadFailure,
)
from parsers.engines import Converted, Engine, Engines, ScannedPage
from parsers.panels import Outline, Outlines, Panel, Spot
from parsers.readers import markup, media, plain
from parsers.sniff import EXCEL_PACKAGES, IMAGES, WORD_PACKAGES, Kind, sniff

_CELLS = 4_000  # on one page of the desk: a form has some dozens, a roster of a county some hundreds
_TEXT = 5_000  # characters of one cell or paragraph
_DOCUMENTS = 20  # of one archive
_PAGES = 10  # pictures a document; the OCR engine looks at five


class _WithoutLooks:
    """The engines, but for the one that looks at pictures."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def convert(self, data: bytes, kind: str) -> Converted:
        return self._engines.convert(data, kind)

    def look(self, picture: bytes, frame: int = 0) -> ScannedPage:  # noqa: ARG002 - the protocol's
        raise ReadFailure(FailureCode.NEEDS_ENGINE, Engine.OCR)


@dataclass(frozen=True, slots=True)
class _Leaf:
    data: bytes
    name: str
    kind: Kind
    failure: Failure | None = None


def outlines(
    data: bytes, *, name: str, declared_type: str, engines: Engines, budget: Budget = DEFAULT_BUDGET
) -> Outlines:
    """Given the bytes of an attachment, return what a person would see of it. Never raises."""
    found: list[Outline] = []
    for leaf in _leaves(data, name, declared_type, engines, budget):
        if len(found) == _DOCUMENTS:
            return Outlines(tuple(found), clipped=True)
        found.append(_outline(leaf, engines, budget))
    return Outlines(tuple(found))


def body_outline(text: str, *, html: bool, budget: Budget = DEFAULT_BUDGET) -> Outlines:
    """Given the text or the HTML of a mail, return what a person would see of it. Never raises."""
    kind = Kind.HTML if html else Kind.TEXT
    try:
        document = (markup if html else plain).read(text, budget)
    except Exception as error:  # noqa: BLE001 - as `parse`: whatever a library makes of hostile text
        return Outlines((Outline("", kind.value, failure=_failure(error)),))
    return Outlines((_described(Outline("", kind.value), document),))


def page(
    data: bytes,
    *,
    name: str,
    declared_type: str,
    document: int,
    number: int,
    laid: LaidPage | None = None,
    engines: Engines,
    budget: Budget = DEFAULT_BUDGET,
) -> bytes:
    """Given an attachment, the place of a document in its `outlines` and a zero-based page, return that page as JPEG.

    `laid` tells how it was read, if that is how it is to be seen. Raise ReadFailure if it can't be drawn.
    """
    for place, leaf in enumerate(_leaves(data, name, declared_type, engines, budget)):
        if place == min(document, _DOCUMENTS):
            return _page(leaf, number, laid, budget)
    raise ReadFailure(FailureCode.EMPTY, "no such document")


def _page(leaf: _Leaf, number: int, laid: LaidPage | None, budget: Budget) -> bytes:
    from parsers.readers import pagepicture  # noqa: PLC0415 - Pillow: not every machine has it

    if leaf.kind is Kind.PDF:
        return pagepicture.of_pdf(leaf.data, number, budget, laid)
    if leaf.kind in IMAGES:
        return pagepicture.of_picture(leaf.data, number, budget, laid)
    if leaf.kind in _PACKAGES:
        pasted = media.pictures(leaf.data, budget).pictures
        if number < len(pasted):
            return pagepicture.of_picture(pasted[number], 0, budget, laid)
    raise ReadFailure(FailureCode.EMPTY, "no such page")


_PACKAGES = WORD_PACKAGES | EXCEL_PACKAGES


def _leaves(
    data: bytes, name: str, declared_type: str, engines: Engines, budget: Budget, depth: int = 0
) -> Iterator[_Leaf]:
    """Yield the documents of a file in the order of its reading's members, a container that does not open as itself."""
    if len(data) > budget.attachment_bytes:
        yield _Leaf(b"", name, Kind.UNKNOWN, Failure(FailureCode.TOO_LARGE))
        return
    kind = sniff(data, name, declared_type)
    if not containers.holds_others(kind):
        yield _Leaf(data, name, kind)
        return
    try:
        members = containers.members(data, kind, budget, engines, name=name.rpartition("/")[2], depth=depth)
    except Exception as error:  # noqa: BLE001 - as `parse`
        yield _Leaf(b"", name, kind, _failure(error))
        return
    within = archives.remaining(budget, members)
    for member in members:
        yield from _leaves(member.data, f"{name}/{member.name}", "", engines, within, depth + 1)


def _outline(leaf: _Leaf, engines: Engines, budget: Budget) -> Outline:
    bare = Outline(leaf.name, leaf.kind.value, failure=leaf.failure)
    if leaf.failure is not None:
        return bare
    try:
        if leaf.kind in IMAGES:
            _check(leaf, budget)
        bare = replace(bare, pages=_pages(leaf, budget))
        if leaf.kind in IMAGES:
            return bare
        return _described(bare, open_document(leaf.data, leaf.kind, budget, _WithoutLooks(engines)).document)
    except Exception as error:  # noqa: BLE001 - as `parse`
        return replace(bare, failure=_failure(error))


def _check(leaf: _Leaf, budget: Budget) -> None:
    """Raise ReadFailure if a picture can't be shown: a person is told why there is none."""
    try:
        from parsers.readers import pagepicture  # noqa: PLC0415 - Pillow: not every machine has it
    except ImportError as error:
        raise ReadFailure(FailureCode.NEEDS_ENGINE, Engine.OCR) from error
    pagepicture.check(leaf.data, budget)


def _failure(error: Exception) -> Failure:
    return error.failure if isinstance(error, ReadFailure) else Failure(FailureCode.CRASHED, type(error).__name__)


def _pages(leaf: _Leaf, budget: Budget) -> int:
    """Return how many pages can be drawn; what can't be counted has none: the words are shown all the same."""
    try:
        if leaf.kind is Kind.PDF:
            from parsers.readers import pdfrender  # noqa: PLC0415 - not every machine has pdfium

            return min(_PAGES, pdfrender.page_count(leaf.data))
        if leaf.kind in IMAGES:
            from parsers.readers import pagepicture  # noqa: PLC0415 - nor Pillow

            return min(_PAGES, pagepicture.frame_count(leaf.data))
        return min(_PAGES, len(media.pictures(leaf.data, budget).pictures)) if leaf.kind in _PACKAGES else 0
    except (ReadFailure, ImportError):
        return 0


def _described(bare: Outline, document: Document) -> Outline:
    panels: list[Panel] = []
    left = _CELLS
    for panel in _panels(document.blocks):
        kept = panel.spots[:left]
        left -= len(kept)
        panels.append(replace(panel, spots=kept))
        if left <= 0:
            return replace(bare, panels=tuple(panels), clipped=True)
    return replace(bare, panels=tuple(panels))


def _panels(blocks: tuple[Block, ...]) -> Iterator[Panel]:
    for block in blocks:
        if isinstance(block, Grid):
            yield from _tables(block)
        elif block.text.strip():
            yield Panel(0, 0, (Spot(block.text[:_TEXT], block.place),))


def _tables(grid: Grid) -> Iterator[Panel]:
    """Yield a table, then the tables that lie in its cells."""
    yield Panel(grid.rows, grid.columns, tuple(map(_spot, grid.cells)))
    for cell in grid.cells:
        for nested in cell.nested:
            yield from _tables(nested)


def _spot(cell: Cell) -> Spot:
    return Spot(
        cell.text[:_TEXT],
        cell.place,
        cell.row,
        cell.column,
        cell.row_span,
        cell.column_span,
        tuple(text[:_TEXT] for text in cell.struck[:10]),
    )
