"""An HTML body as lines of text that know where they stand in the source, its links, and the elements that quote.

In: HTML text. Out: `Page`. One pass, linear in time, never raises. It serves to tell the sender's own words from a
quoted original (`quotes`) and to find links; what stands in tables is read by `parsers.readers.markup` from the HTML.
"""

import html
import re
from dataclasses import dataclass, field

_TAG_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
_ATTRIBUTE = re.compile(r"(?<![a-zA-Z-])([a-zA-Z-]{1,40})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0\u3000]+")
_SILENT = frozenset({"script", "style", "title", "template", "noscript"})
_BREAKING = frozenset(
    {
        *(
            "br",
            "p",
            "div",
            "tr",
            "li",
            "ul",
            "ol",
            "dl",
            "dt",
            "dd",
            "table",
            "tbody",
            "thead",
            "caption",
            "hr",
            "pre",
        ),
        *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "header", "footer", "form"),
        *("fieldset", "center", "body", "html"),
    }
)
_CELLS = frozenset({"td", "th"})

# Marks that mail programs set around the original when they quote. Strong ones mean nothing else; weak ones are also
# used for other purposes (an indent is a blockquote too; .qmbox wraps whatever passed through QQ's web mail).
_STRONG = re.compile(
    r"isReplyContent|divRplyFwdMsg|appendonsend|gmail_quote|yahoo_quoted|protonmail_quote|moz-cite-prefix"
    r"|ntes-pcmail-quote|mail-quote-content|xmail_quote|\bcite\b|OLK_SRC_BODY_SECTION"
)
_WEAK_CLASS = re.compile(r"\bqmbox\b")
_MARKS = 50
_ANCHORS = 500
_ATTRIBUTES_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader sees it; `offset` is where its first character stands in the HTML."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Mark:
    """An element that may hold a quoted original, from `offset` to `end` in the HTML."""

    offset: int
    end: int
    strong: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link: where it leads, the words on it, its class and id, its place."""

    href: str
    text: str
    marks: str
    offset: int


@dataclass(frozen=True, slots=True)
class Page:
    """What a pass over the HTML found. `cells` are the offsets of table cells, `cids` the Content-IDs it refers to."""

    lines: tuple[Line, ...]
    anchors: tuple[Anchor, ...]
    marks: tuple[Mark, ...]
    cells: tuple[int, ...]
    cids: frozenset[str]

    def text(self, start: int = 0, end: int | None = None) -> str:
        """Return the lines that begin in a range of the HTML, without runs of empty ones."""
        chosen = [line.text for line in self.lines if line.offset >= start and (end is None or line.offset < end)]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(chosen)).strip("\n")


@dataclass(slots=True)
class _Scan:
    """The state of the pass."""

    lines: list[Line] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    begun_at: int = -1
    anchors: list[Anchor] = field(default_factory=list)
    open_anchor: tuple[str, str, int, list[str]] | None = None
    marks: list[Mark] = field(default_factory=list)
    open_mark: tuple[str, int, int, bool] | None = None  # tag, depth of that tag, offset, strong
    cells: list[int] = field(default_factory=list)
    cids: set[str] = field(default_factory=set)


def read_page(source: str) -> Page:
    """Given HTML text, return its page."""
    scan = _Scan()
    position = 0
    while position < len(source):
        start = source.find("<", position)
        if start < 0:
            start = len(source)
        _take_text(scan, source[position:start], position)
        position = _take_markup(scan, source, start)
    _end_line(scan, len(source))
    if scan.open_mark is not None:
        _, _, offset, strong = scan.open_mark
        scan.marks.append(Mark(offset, len(source), strong))
    _close_anchor(scan)
    return Page(tuple(scan.lines), tuple(scan.anchors), tuple(scan.marks), tuple(scan.cells), frozenset(scan.cids))


def _take_markup(scan: _Scan, source: str, start: int) -> int:
    """Handle what begins with "<" at `start`; return where to go on."""
    if start >= len(source):
        return start
    if source.startswith("<!--", start):
        end = source.find("-->", start)
        return len(source) if end < 0 else end + 3
    name = _TAG_NAME.match(source, start + 1)
    if name is None and source[start + 1 : start + 2] not in {"!", "?", "/"}:
        _take_text(scan, "<", start)  # a lone "<" is text
        return start + 1
    end = source.find(">", start)
    if end < 0:
        _take_text(scan, source[start:], start)
        return len(source)
    if name is None:
        return end + 1
    tag = name[1].lower()
    closing = source[start + 1] == "/"
    if tag in _SILENT and not closing and source[end - 1] != "/":
        closed = re.compile(rf"</{tag}", re.IGNORECASE).search(source, end)
        if closed is None:
            return len(source)
        end = source.find(">", closed.end())
        return len(source) if end < 0 else end + 1
    attributes = source[name.end() : min(end, name.end() + _ATTRIBUTES_CHARACTERS)]
    _take_tag(scan, tag, closing=closing, attributes=attributes, start=start, end=end + 1)
    return end + 1


def _take_text(scan: _Scan, raw: str, offset: int) -> None:
    if not raw:
        return
    text = _BLANKS.sub(" ", html.unescape(raw))
    if scan.begun_at < 0 and text.strip():
        scan.begun_at = offset + len(raw) - len(raw.lstrip())
    scan.words.append(text)
    if scan.open_anchor is not None:
        scan.open_anchor[3].append(text)


def _end_line(scan: _Scan, offset: int, *, forced: bool = False) -> None:
    """End the line; an empty one counts only if it was `forced` by <br>, and only one in a row."""
    text = re.sub(" +", " ", "".join(scan.words)).strip(" ")
    if text.strip():
        scan.lines.append(Line(text.rstrip("\t"), scan.begun_at))
    elif forced and scan.lines and scan.lines[-1].text:
        scan.lines.append(Line("", offset))
    scan.words = []
    scan.begun_at = -1


def _take_tag(scan: _Scan, tag: str, *, closing: bool, attributes: str, start: int, end: int) -> None:
    if tag in _BREAKING:
        _end_line(scan, start, forced=tag == "br")
    elif tag in _CELLS and closing:
        scan.words.append("\t")
    if tag in _CELLS and not closing:
        scan.cells.append(start)
    values = {} if closing else _attributes(attributes)
    if tag == "a":
        _close_anchor(scan)
        if "href" in values and len(scan.anchors) < _ANCHORS:
            marks = f"{values.get('id', '')} {values.get('class', '')}"
            scan.open_anchor = (html.unescape(values["href"]).strip(), marks, start, [])
    for value in (values.get("src", ""), values.get("background", "")):
        if value.lower().startswith("cid:"):
            scan.cids.add(value[4:].strip())
    _track_mark(scan, tag, closing=closing, values=values, start=start, end=end)


def _track_mark(scan: _Scan, tag: str, *, closing: bool, values: dict[str, str], start: int, end: int) -> None:
    """Open a mark at an element that quotes, close it at that element's end (elements of one name nest)."""
    if scan.open_mark is not None:
        name, depth, offset, strong = scan.open_mark
        if tag != name:
            return
        depth += -1 if closing else 1
        scan.open_mark = (name, depth, offset, strong) if depth else None
        if not depth:
            scan.marks.append(Mark(offset, end, strong))
        return
    if closing or len(scan.marks) >= _MARKS or tag in {"br", "hr", "img", "meta", "link", "input"}:
        return
    named = f"{values.get('id', '')} {values.get('class', '')} {values.get('type', '')} {values.get('name', '')}"
    strong = _STRONG.search(named) is not None
    if strong or tag == "blockquote" or _WEAK_CLASS.search(named):
        scan.open_mark = (tag, 1, start, strong)


def _close_anchor(scan: _Scan) -> None:
    if scan.open_anchor is not None:
        href, marks, offset, words = scan.open_anchor
        scan.anchors.append(Anchor(href[:2_000], " ".join("".join(words).split())[:200], marks[:200], offset))
        scan.open_anchor = None


def _attributes(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        values.setdefault(name.lower(), double or single or bare)
    return values
