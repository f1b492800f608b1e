"""The MIME tree of a message as a bounded walk over its bytes: leaves with their headers and the range of their bytes.

In: raw bytes. Out: leaves in reading order, each with a path, and remarks on what is broken. Nothing is copied or
decoded before it is asked for. The walk is our own because the standard library's parser recurses with the depth of
the mail (1,500 nested multiparts: RecursionError in its constructor, facts/mail.md §2.3) and because of what others
leave out: nameless parts, the message that a part was attached in.
Bounds (facts/reliability.md §3.2): 64 MB, 200 parts, depth 8. What lies beyond a bound is told, never dropped silently.
Standards: RFC 2046 §5.1 (multipart), §5.2.1 (message/rfc822), RFC 6522 (multipart/report).
"""

import re
from dataclasses import dataclass, field, replace

from intake.headers import Block, HeaderText, Parameters, file_name, media_type, parameters, split_header
from intake.model import PartPath
from intake.transfer import Payload, decode_transfer

RAW_BYTES = 64 * 2**20
PARTS = 200
DEPTH = 8

_DEFECTS = 50
_BOUNDARY_CHARACTERS = 1_000  # RFC 2046 §5.1.1 says 70
_MESSAGES = frozenset({"message/rfc822", "message/global"})
_TWO_FIELDS = re.compile(rb"(?:[!-9;-~]{1,100}:[^\n]*\n(?:[ \t][^\n]*\n){0,50}){2}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of the tree. `source` holds its bytes in `start`:`end`: the raw mail, or a decoded attached message.

    `alternative` names the nearest multipart/alternative around it ("" if none); `returned` means that it lies in a
    multipart/report behind the words for people: the report itself, the returned original.
    """

    path: PartPath
    enclosing: PartPath
    type: str
    disposition: str
    name: HeaderText
    header: Block
    alternative: str
    returned: bool
    source: bytes = field(repr=False)
    start: int = 0
    end: int = 0

    @property
    def content_type(self) -> Parameters:
        return parameters(self.header.first("content-type"))

    def payload(self) -> Payload:
        """Return the decoded content."""
        return decode_transfer(self.source[self.start : self.end], self.encoding)

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding, as it stands."""
        return self.header.first("content-transfer-encoding").decode("ascii", "replace")


@dataclass(slots=True)
class Tree:
    """What the walk found. `messages` are the header blocks of attached messages, by path."""

    head: Block
    leaves: list[Leaf] = field(default_factory=list)
    messages: dict[PartPath, Block] = field(default_factory=dict)
    defects: list[str] = field(default_factory=list)

    def remark(self, text: str) -> None:
        """Note a defect once."""
        if len(self.defects) < _DEFECTS and text not in self.defects:
            self.defects.append(text)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands. `number` is the path inside the message `enclosing` ("" for its outermost multipart)."""

    enclosing: str = ""
    number: str = ""
    depth: int = 0
    alternative: str = ""
    returned: bool = False
    default_type: str = "text/plain"

    @property
    def path(self) -> PartPath:
        """The path as it is shown: a message without multipart has its only part as part 1."""
        number = self.number or "1"
        return PartPath(f"{self.enclosing}/{number}" if self.enclosing else number)


def walk(raw: bytes) -> Tree:
    """Given a message, return its tree. Never raises on any bytes."""
    cut = len(raw) > RAW_BYTES
    end = RAW_BYTES if cut else len(raw)
    head = split_header(raw, 0, end)
    tree = Tree(head)
    if cut:
        tree.remark("cut at 64 MB")
    if head.cut:
        tree.remark("header over its limit")
    _visit(tree, raw, head, head.body_at, end, _Place())
    return tree


def find_leaf(raw: bytes, path: str) -> Leaf | None:
    """Given a message and the path of a leaf, return that leaf, or None."""
    return next((leaf for leaf in walk(raw).leaves if leaf.path == path), None)


def _visit(tree: Tree, source: bytes, header: Block, start: int, end: int, place: _Place) -> None:
    """Visit the body of a message or part: descend into a multipart or an attached message, else note a leaf."""
    if len(tree.leaves) >= PARTS:
        tree.remark("too many parts")
        return
    content_type = parameters(header.first("content-type"))
    kind = media_type(content_type, place.default_type)
    if kind.startswith("multipart/"):
        ranges, closed = _split(source, start, end, content_type.get("boundary"))
        if place.depth >= DEPTH:
            tree.remark("nested too deep")  # and kept as one opaque leaf
        elif ranges:
            if not closed:
                tree.remark("multipart not closed")
            _visit_parts(tree, source, kind, ranges, place)
            return
        else:
            tree.remark("multipart without parts")
            kind = "text/plain"  # what text it holds is all there is
    disposition = parameters(header.first("content-disposition"))
    leaf = Leaf(
        path=place.path,
        enclosing=PartPath(place.enclosing),
        type=kind,
        disposition=disposition.main,
        name=file_name(disposition, content_type),
        header=header,
        alternative=place.alternative,
        returned=place.returned,
        source=source,
        start=start,
        end=end,
    )
    if not _visit_attached_message(tree, leaf, place):
        tree.leaves.append(leaf)


def _visit_parts(tree: Tree, source: bytes, kind: str, ranges: list[tuple[int, int]], place: _Place) -> None:
    inner = replace(
        place,
        depth=place.depth + 1,
        alternative=f"{place.enclosing}/{place.number}" if kind == "multipart/alternative" else place.alternative,
        default_type="message/rfc822" if kind == "multipart/digest" else "text/plain",
    )
    for position, (start, end) in enumerate(ranges):
        header = split_header(source, start, end, message=False)
        if header.cut:
            tree.remark("header over its limit")
        number = f"{place.number}.{position + 1}" if place.number else str(position + 1)
        returned = place.returned or (kind == "multipart/report" and position > 0)
        _visit(tree, source, header, header.body_at, end, replace(inner, number=number, returned=returned))


def _visit_attached_message(tree: Tree, leaf: Leaf, place: _Place) -> bool:
    """If the leaf is a message of its own, descend into it and return True."""
    if leaf.type not in _MESSAGES and not leaf.name.text.lower().endswith(".eml"):
        return False
    source, start, end = leaf.source, leaf.start, leaf.end
    if leaf.encoding.strip().lower() not in {"", "7bit", "8bit", "binary"}:
        # RFC 2046 §5.2.1 forbids to encode a message; web mails do so all the same.
        source = leaf.payload().data
        start, end = 0, len(source)
    if not _TWO_FIELDS.match(source, start, end):
        return False
    if place.depth >= DEPTH:
        tree.remark("nested too deep")
        return False
    header = split_header(source, start, end)
    tree.messages[leaf.path] = header
    inner = _Place(leaf.path, depth=place.depth + 1, returned=place.returned)
    _visit(tree, source, header, header.body_at, end, inner)
    return True


def _split(source: bytes, start: int, end: int, boundary: str) -> tuple[list[tuple[int, int]], bool]:
    """Return the ranges of a multipart's parts (at most one over the bound) and whether the closing line was there.

    The line end in front of a boundary belongs to the boundary: an attachment keeps every byte of its own.
    """
    boundary = boundary.rstrip()
    if not boundary or len(boundary) > _BOUNDARY_CHARACTERS:
        return [], False
    line = re.compile(rb"^--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*\r?$", re.MULTILINE)
    ranges: list[tuple[int, int]] = []
    open_at: int | None = None
    for match in line.finditer(source, start, end):
        if open_at is not None:
            ranges.append((open_at, _before_line_end(source, open_at, match.start())))
        open_at = min(match.end() + 1, end)
        if match[1]:
            return ranges, True
        if len(ranges) > PARTS:
            return ranges, True
    if open_at is not None:
        ranges.append((open_at, end))
    return ranges, False


def _before_line_end(source: bytes, start: int, position: int) -> int:
    for mark in (b"\r\n", b"\n"):
        if source.endswith(mark, start, position):
            return position - len(mark)
    return position
