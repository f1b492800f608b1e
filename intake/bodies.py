"""The words of a mail: which text parts are its body, which of two alternatives is read, what is the sender's own.

In: the tree of a message. Out: `BodyText`s, one for each body (an attached message has its own). Every text is decoded
by `parsers.text.decode` and cleaned at this border. Which values stand in it is the business of `parsers.parse`.
Standards: RFC 2046 §5.1.4 (alternative), RFC 3676 (format=flowed), RFC 2183 (disposition).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.headers import header_text
from intake.links import links_in_page, links_in_text
from intake.model import CloudLink, PartPath
from intake.page import Page, read_page
from intake.quotes import Split, is_forward, split_html, split_text
from intake.structure import Leaf, Tree
from parsers.text import clean, decode

_SOURCE_CHARACTERS = 1_000_000  # of one body; Word's HTML for a small table takes 50,000
_ALL_CHARACTERS = 3_000_000  # of all bodies of a mail
_DATA_URI = re.compile(r"data:[a-z/+.-]{0,50};base64,[A-Za-z0-9+/=\s%]{100,}")
_META_CHARSET = re.compile(rb"<meta[^>]{0,500}?charset\s{0,10}=\s{0,10}[\"']?([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_META_BYTES = 4_096
# The office's own letters carry their reference in the subject, 〔2025-0042〕: a forward of one hands in nothing.
_OWN_REFERENCE = re.compile("\u3014\\d{4}-\\d{1,8}\u3015")
_NUMBER = re.compile(r"\d{5,}|[\w.+-]+@[\w.-]+")
_TABLE_CELLS = 2  # one cell alone is layout


@dataclass(frozen=True, slots=True)
class BodyText:
    """One body. `path` is the part that is read.

    `text` and `quoted` are the sender's own words and the rest. `html` is the own part of the HTML if that is to be
    read rather than the text (it holds a table, or there is no text), else ""; `quoted_html` likewise. `forwarded`: the
    quoted part is what the sender hands in, and is read as well. `certain`: the encoding is beyond doubt. `cut`: it was
    longer than anything a person writes, and its end is not read.
    """

    path: PartPath
    enclosing: PartPath
    text: str
    quoted: str
    html: str
    quoted_html: str
    forwarded: bool
    certain: bool
    damaged: bool
    cut: bool
    links: tuple[CloudLink, ...]
    cids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _LeafText:
    """One text part, decoded and clean."""

    leaf: Leaf
    text: str
    certain: bool
    damaged: bool
    cut: bool


def body_leaves(tree: Tree) -> list[list[Leaf]]:
    """Given a tree, return its body parts, grouped: the leaves of one multipart/alternative are one body."""
    groups: dict[tuple[str, str], list[Leaf]] = {}
    first_of: set[str] = set()
    for leaf in tree.leaves:
        is_first = leaf.enclosing not in first_of
        first_of.add(leaf.enclosing)
        if _is_body(leaf, is_first=is_first):
            groups.setdefault((leaf.enclosing, leaf.alternative or leaf.path), []).append(leaf)
    return list(groups.values())


def read_bodies(tree: Tree) -> tuple[BodyText, ...]:
    """Given a tree, return its bodies in reading order. Never raises."""
    bodies: list[BodyText] = []
    allowance = _ALL_CHARACTERS
    for group in body_leaves(tree):
        texts = [_decode_leaf(leaf, min(allowance, _SOURCE_CHARACTERS)) for leaf in group]
        allowance -= min(allowance, sum(len(one.text) for one in texts))
        bodies.append(_read_body(tree, texts))
    return tuple(bodies)


def _is_body(leaf: Leaf, *, is_first: bool) -> bool:
    """A text part that is shown, not handed over: no attachment, and no file name unless it can only be the body."""
    if leaf.returned or leaf.disposition == "attachment" or leaf.type not in {"text/plain", "text/html"}:
        return False
    return not leaf.name.text or is_first or bool(leaf.alternative)


def _read_body(tree: Tree, texts: Sequence[_LeafText]) -> BodyText:
    plain = [one for one in texts if one.leaf.type == "text/plain"]
    marked = [one for one in texts if one.leaf.type == "text/html"]
    source = "<br>".join(one.text for one in marked)
    page = read_page(source)
    by_text = split_text("\n".join(one.text for one in plain))
    by_html = split_html(source, page)
    own_page = read_page(by_html.own) if by_html.quoted else page
    use_html = bool(marked) and (not plain or _html_tells_more(by_text, by_html, own_page))
    chosen = marked if use_html else plain
    split = by_html if use_html else by_text
    quoted = read_page(by_html.quoted).text() if use_html else split.quoted
    subject = _subject(tree, texts[0].leaf.enclosing)
    forwarded = bool(quoted.strip()) and (split.forward or is_forward(subject)) and not _OWN_REFERENCE.search(quoted)
    own_links = links_in_page(own_page, 0, len(by_html.own)) if marked else links_in_text(by_text.own)
    quoted_page_links = links_in_page(page, 0, len(source)) if marked and forwarded else ()
    return BodyText(
        path=chosen[0].leaf.path,
        enclosing=chosen[0].leaf.enclosing,
        text=own_page.text() if use_html else split.own,
        quoted=quoted,
        html=by_html.own if use_html else "",
        quoted_html=by_html.quoted if use_html else "",
        forwarded=forwarded,
        certain=all(one.certain for one in chosen),
        damaged=any(one.damaged for one in chosen),
        cut=any(one.cut for one in chosen),
        links=tuple(dict.fromkeys((*own_links, *quoted_page_links))),
        cids=page.cids,
    )


def _html_tells_more(by_text: Split, by_html: Split, own_page: Page) -> bool:
    """The HTML is read where it holds a table, where the text says nothing, or where only it shows the quotation.

    Also where the two give different numbers: the HTML is what sender and clerk see on their screens.
    """
    if len(own_page.cells) >= _TABLE_CELLS:
        return True
    seen = own_page.text()
    if not by_text.own.strip():
        return bool(seen.strip())
    if seen.strip() and set(_NUMBER.findall(seen)) - set(_NUMBER.findall(by_text.own)):
        return True
    return bool(by_html.quoted) and not by_text.quoted


def _subject(tree: Tree, enclosing: PartPath) -> str:
    block = tree.messages[enclosing] if enclosing else tree.head
    return header_text(block.first("subject")).text


def _decode_leaf(leaf: Leaf, limit: int) -> _LeafText:
    data = leaf.payload().data
    parameters = leaf.content_type
    is_html = leaf.type == "text/html"
    charset = parameters.get("charset")
    if not charset and is_html:
        meta = _META_CHARSET.search(data, 0, _META_BYTES)
        charset = meta[1].decode("ascii") if meta else ""
    decoded = decode(data, charset)
    whole = _DATA_URI.sub("data:,", decoded.text) if is_html else decoded.text
    text = clean(whole, limit=limit)
    if not is_html and parameters.get("format").lower() == "flowed":
        text = "\n".join(_unflow(text.split("\n"), keep_blank=parameters.get("delsp").lower() != "yes"))
    return _LeafText(
        leaf,
        text,
        certain=decoded.certain and not decoded.damaged,
        damaged=decoded.damaged,
        cut=len(whole) > limit,
    )


def _unflow(lines: Iterable[str], *, keep_blank: bool) -> list[str]:
    """RFC 3676: a line that ends with a blank goes on in the next one of the same quote depth."""
    joined: list[str] = []
    depth_before = -1
    for line in lines:
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth:].removeprefix(" ")
        if joined and depth == depth_before and joined[-1].endswith(" ") and joined[-1] != "-- ":
            joined[-1] = (joined[-1] if keep_blank else joined[-1][:-1]) + body
        else:
            joined.append((">" * depth + " " if depth else "") + body)
        depth_before = depth
    return joined
