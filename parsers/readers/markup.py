"""HTML (mail bodies, pages saved as .doc or .xls, the page inside an .mht) → `Document`.

In: text, already decoded (`decode_html`, `decode_mht`). Out: lines and grids as a browser shows them: hidden parts and white
text on white are dropped, struck text is set aside, Word's comments are notes, form controls show their state, white space
is collapsed. Must not: fetch anything, resolve entities beyond HTML's own, raise anything but ReadFailure. Standard: WHATWG
HTML (§4.9.12 forming a table).
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree
from lxml.etree import _Element as Element

from parsers.document import (
    EMPTY_BOX,
    TICKED,
    Block,
    Budget,
    Cell,
    Document,
    FailureCode,
    Grid,
    Note,
    NoteCode,
    Paragraph,
    ReadFailure,
)
from parsers.readers.comments import Comments
from parsers.readers.htmlcolors import Paper
from parsers.readers.htmlgrid import Span, lay_out
from parsers.readers.htmlstyle import inline_style, with_classes
from parsers.readers.ink import PLAIN, Line, Look
from parsers.readers.symbols import has_private, is_symbol_font, translate
from parsers.text import Decoded, decode

READER = f"markup/1 lxml {etree.__version__}"

_DROPPED = frozenset(
    {"head", "script", "style", "title", "meta", "link", "template", "xml", "object", "svg", "iframe", "audio", "video"}
)
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form "
        "h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul",
    )
)
_STRUCK = frozenset({"s", "strike", "del"})
_UNDERLINED = frozenset({"u", "ins"})
# What Word writes of comments: their texts below the page, and where they belong a mark such as [L1].
_COMMENT = re.compile(r"mso-(?:(element)|special-character)\s*:\s*comment\s*(?:;|$)", re.IGNORECASE)
_BLANK = re.compile("[ \t\r\n\f]+")
_META_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_INLINE_DATA = re.compile(r"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=\s]{100,}", re.IGNORECASE)
_HEAD_BYTES = 8_192
_TAGS = 500_000  # lxml takes some 300 bytes an element
_PARTS = 500  # of an .mht


@dataclass(slots=True)
class _Flow:
    """What stands one under the other in a page or in a cell: lines and grids."""

    items: list[Line | Grid] = field(default_factory=list)
    line: Line = field(default_factory=Line)

    def end_line(self) -> None:
        if self.line.pieces:
            self.items.append(self.line)
            self.line = Line()

    def add_grid(self, grid: Grid) -> None:
        self.end_line()
        self.items.append(grid)


def read(text: str, budget: Budget) -> Document:
    """Given a page's HTML, return what a browser would show. Raise ReadFailure if it is empty or over the budget."""
    try:
        return _Page(budget).document(text)
    except ReadFailure:
        raise
    except (MemoryError, RecursionError) as error:
        raise ReadFailure(FailureCode.TOO_LARGE, type(error).__name__) from error
    except (etree.LxmlError, ValueError) as error:
        raise ReadFailure(FailureCode.DAMAGED, f"{type(error).__name__} in HTML") from error


def decode_html(data: bytes, declared: str = "") -> Decoded:
    """Given the bytes of a page and the charset declared outside it, return its text; the page's own label is a hint.

    What is declared outside (a mail header) goes first, as in browsers, unless the bytes contradict it.
    """
    label = _META_CHARSET.search(data[:_HEAD_BYTES])
    own = label.group(1).decode("ascii") if label else ""
    first = decode(data, declared or own)
    if first.certain or not (declared and own):
        return first
    second = decode(data, own)
    return second if second.certain or (first.damaged and not second.damaged) else first


def decode_mht(data: bytes) -> Decoded:
    """Given a page saved with its pictures (.mht, also under .doc), return the text of its first HTML part.

    Raise ReadFailure if there is none.
    """
    try:
        for count, part in enumerate(email.message_from_bytes(data).walk()):
            payload = part.get_payload(decode=True) if part.get_content_type() == "text/html" else None
            if isinstance(payload, bytes):
                return decode_html(payload, str(part.get_param("charset", "")))
            if count > _PARTS:
                break
    except (MemoryError, RecursionError) as error:
        raise ReadFailure(FailureCode.TOO_LARGE, type(error).__name__) from error
    except Exception as error:
        # The standard library's parser raises whatever a header makes it raise (LookupError, AttributeError, …).
        raise ReadFailure(FailureCode.DAMAGED, f"{type(error).__name__} in MHT") from error
    raise ReadFailure(FailureCode.DAMAGED, "no HTML part")


class _Page:
    """One reading: gathers notes and pictures on its way through the tree."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._notes: dict[Note, None] = {}  # an ordered set
        self._characters = 0
        self._comments = Comments()
        self._cells = 0
        self._pictures = 0
        self._paper: Paper | None = None

    def document(self, text: str) -> Document:
        text = _INLINE_DATA.sub("data:", text)
        if len(text) > self._budget.xml_part_bytes or text.count("<") > _TAGS:
            raise ReadFailure(FailureCode.TOO_LARGE, "HTML over the budget")
        parser = etree.HTMLParser(
            no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
        )
        root = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser) if text.strip() else None
        flow = _Flow()
        if root is not None:
            with_classes(root)
            self._paper = Paper(root, text)
            self._walk(root, PLAIN, flow, 0, keeps_space=False)
        flow.end_line()
        blocks = tuple(self._blocks(flow))
        if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
            # libxml2 stops at 256 levels or 10 MB of one text, and keeps what came before.
            if not blocks:
                raise ReadFailure(FailureCode.TOO_LARGE, "HTML nested too deep")
            self._note(NoteCode.CLIPPED)
        if not blocks and not self._pictures:
            raise ReadFailure(FailureCode.EMPTY, "no text and no picture")
        return Document(blocks, READER, (*self._notes, *self._comments.notes()), self._pictures)

    def _note(self, code: NoteCode, detail: str = "") -> None:
        self._notes.setdefault(Note(code, detail))

    def _is_comment(self, element: Element) -> bool:
        """Return whether an element is a comment that Word saved, which is kept apart, or the mark that refers to one."""
        found = _COMMENT.search(element.get("style", ""))
        if found is not None and found.group(1):
            self._comments.add("".join(str(text) for text in element.itertext()))
        return found is not None

    def _blocks(self, flow: _Flow) -> Iterator[Block]:
        lines = tables = 0
        for item in flow.items:
            if isinstance(item, Grid):
                tables += 1
                yield _renamed(item, f"table {tables}")
            elif text := item.text():
                lines += 1
                yield Paragraph(self._counted(text), f"line {lines}")

    def _counted(self, text: str) -> str:
        self._characters += len(text)
        if self._characters > self._budget.text_characters:
            raise ReadFailure(FailureCode.TOO_LARGE, "too much text")
        return text

    def _walk(self, element: Element, look: Look, flow: _Flow, depth: int, *, keeps_space: bool) -> None:
        """Add what an element shows to the flow."""
        tag = element.tag
        if tag in _DROPPED or self._is_comment(element):
            return
        style = inline_style(element)
        if style.hidden:
            if any(text.strip() for text in element.itertext()):
                self._note(NoteCode.HIDDEN_TEXT)
            return
        white = look.white if style.white is None else style.white
        look = Look(
            hidden=bool(white) and self._paper is not None and self._paper.hides(element),
            struck=look.struck or style.struck or (tag in _STRUCK and not style.plain),
            underlined=look.underlined or style.underlined or (tag in _UNDERLINED and not style.plain),
            font=style.font or look.font,
            white=white,
        )
        keeps_space = keeps_space or tag == "pre" or style.keeps_space
        if tag == "br":
            self._break(flow)
        elif tag == "img":
            self._pictures += 1
        elif tag in ("input", "select", "textarea"):
            self._add(_control(element), replace(look, hidden=False), flow, keeps_space=False)
        elif tag == "table":
            self._table(element, look, flow, depth)
        else:
            block = tag in _BLOCKS or style.block
            if block:
                flow.end_line()
            self._add(element.text or "", look, flow, keeps_space=keeps_space)
            for child in element:
                self._walk(child, look, flow, depth, keeps_space=keeps_space)
                self._add(child.tail or "", look, flow, keeps_space=keeps_space)
            if block:
                flow.end_line()

    def _break(self, flow: _Flow) -> None:
        flow.line.add("", PLAIN)
        flow.end_line()

    def _add(self, text: str, look: Look, flow: _Flow, *, keeps_space: bool) -> None:
        if not text:
            return
        if keeps_space:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self._show(first, look, flow)
            for line in rest:
                self._break(flow)
                self._show(line, look, flow)
            return
        text = _BLANK.sub(" ", text)
        before = flow.line.pieces[-1][0] if flow.line.pieces else " "
        self._show(text[1:] if text.startswith(" ") and before.endswith(" ") else text, look, flow)

    def _show(self, text: str, look: Look, flow: _Flow) -> None:
        if not text:
            return
        text = text.replace("\xa0", " ")
        if look.hidden and text.strip():
            self._note(NoteCode.HIDDEN_TEXT)
            return
        if is_symbol_font(look.font) or has_private(text):
            text, unknown = translate(text, look.font)
            for name in unknown:
                self._note(NoteCode.UNKNOWN_SYMBOL, name)
        if look.struck and text.strip():
            self._note(NoteCode.STRUCK_TEXT)
        flow.line.add(text, look)

    def _table(self, table: Element, look: Look, flow: _Flow, depth: int) -> None:
        if depth >= self._budget.nested_depth:
            raise ReadFailure(FailureCode.TOO_LARGE, "tables nested too deep")
        flow.end_line()
        for caption in table.iterchildren("caption"):
            self._walk(caption, look, flow, depth, keeps_space=False)
        for text in (table.text, *(child.tail for child in table)):
            self._add((text or "").strip(), look, flow, keeps_space=False)  # browsers show it before the table
        flow.end_line()
        rows = [[cell for cell in row if self._is_shown(cell)] for row in _rows(table)]
        if sum(map(len, rows)) == 1:
            # A frame around a whole mail or form, not a table of it.
            only = next(cell for row in rows for cell in row)
            self._walk(only, look, flow, depth + 1, keeps_space=False)
            return
        layout = lay_out([[_span(cell) for cell in row] for row in rows], self._budget)
        cells: list[Cell] = []
        for area in layout.areas:
            self._cells += 1
            if self._cells > self._budget.cells:
                self._note(NoteCode.CLIPPED)
                break
            cells.append(self._cell(rows[area.source[0]][area.source[1]], replace(area.cell), look, depth))
        if layout.clipped:
            self._note(NoteCode.CLIPPED)
        if cells:
            flow.add_grid(Grid(layout.rows, layout.columns, tuple(cells), "table"))

    def _is_shown(self, cell: Element) -> bool:
        if not inline_style(cell).hidden:
            return True
        self._note(NoteCode.HIDDEN_TEXT)
        return False

    def _cell(self, element: Element, empty: Cell, look: Look, depth: int) -> Cell:
        inner = _Flow()
        self._walk(element, look, inner, depth + 1, keeps_space=False)
        inner.end_line()
        lines = [item for item in inner.items if isinstance(item, Line)]
        texts = [line.text() for line in lines]
        return replace(
            empty,
            text=self._counted("\n".join(texts).strip()),
            underlined=tuple(piece for line, text in zip(lines, texts, strict=True) for piece in line.underlined(text)),
            struck=tuple(piece for line in lines for piece in line.struck()),
            nested=tuple(item for item in inner.items if isinstance(item, Grid)),
        )


def _renamed(grid: Grid, place: str) -> Grid:
    """Given a grid, return it with its place and those of its cells and nested grids."""
    cells: list[Cell] = []
    for cell in grid.cells:
        name = f"{place}, R{cell.row + 1}C{cell.column + 1}"
        nested = tuple(_renamed(inner, f"{name} > table {number}") for number, inner in enumerate(cell.nested, start=1))
        cells.append(replace(cell, place=name, nested=nested))
    return replace(grid, place=place, cells=tuple(cells))


def _rows(parent: Element) -> Iterator[list[Element]]:
    """Given a table or a section of it, yield the cells of its visible rows; the foot comes last wherever it stands."""
    loose: list[Element] = []
    for child in sorted(parent, key=lambda child: child.tag == "tfoot"):
        if child.tag in ("td", "th"):
            loose.append(child)
            continue
        if loose:
            yield loose
            loose = []
        if child.tag == "tr":
            if not inline_style(child).hidden:
                yield list(_cells(child))
        elif child.tag not in ("table", "caption", "colgroup") and not inline_style(child).hidden:
            yield from _rows(child)  # tbody, and what programs put around rows: form, content controls
    if loose:
        yield loose


def _cells(parent: Element) -> Iterator[Element]:
    for child in parent:
        if child.tag in ("td", "th"):
            yield child
        elif child.tag != "table":
            yield from _cells(child)


def _span(cell: Element) -> Span:
    return Span(_number(cell.get("rowspan")), _number(cell.get("colspan")))


def _number(text: str | None) -> int:
    text = (text or "").strip()
    return int(text[:6]) if text.isdecimal() else 1


def _control(element: Element) -> str:
    """Given a form control, return what it shows."""
    if element.tag == "textarea":
        return element.text or ""
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = next((option for option in options if option.get("selected") is not None), None)
        chosen = options[0] if chosen is None and options else chosen
        return "" if chosen is None else "".join(map(str, chosen.itertext()))
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return TICKED if element.get("checked") is not None else EMPTY_BOX
    return element.get("value", "") if kind in ("text", "tel", "email", "number", "date", "search", "url") else ""
