"""A mail's raw bytes → its head, its parts, its words: everything that is known before a document is opened.

In: the archived bytes. Out: `Unpacked`; by `payload` the bytes of one part. Stage before: `archive`; after: `read`,
which has this run in the worker (`unpack`) because even MIME is hostile. Pure; never raises on any bytes; loses no byte
of an attachment; whatever is broken is told in `defects`, in English.
Shared out to: `structure` (the tree), `headers`, `head`, `addresses` (the header), `bodies`, `quotes`, `page`, `links`
(the words), `dsn` (bounces), `transfer` (base64 and the like). Standards are named there.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intake.bodies import BodyText, body_leaves, read_bodies
from intake.dsn import STATUS_TYPES, delivery_reports
from intake.head import read_head
from intake.headers import HEADER_BYTES, header_text, split_header
from intake.model import PHOTOGRAPH_BYTES, CloudLink, DeliveryReport, MailHead, Part, PartPath, PartRole
from intake.structure import Leaf, Tree, find_leaf, walk

TEXT_CHARACTERS = 20_000  # of own_text, quoted_text and a body's text (see model.MailReading)
QUOTED_MARK = "#quoted"  # "1#quoted" names the quoted original inside body 1

_REPORT_TYPES = STATUS_TYPES | {
    "message/disposition-notification",
    "message/feedback-report",
    "message/tracking-status",
    "text/rfc822-headers",
}
_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})


@dataclass(frozen=True, slots=True)
class Body:
    """One body as the later stages need it: `text` is the sender's own words (≤ 20,000 characters).

    `html`: its HTML is to be read, not the text. `forwarded`: the original it quotes is to be read too, under the path
    with `QUOTED_MARK`. `certain`: the encoding is beyond doubt.
    """

    path: PartPath
    enclosing: PartPath
    text: str
    html: bool
    certain: bool
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A mail without its documents opened. The names are those of `model.MailReading`."""

    head: MailHead
    parts: tuple[Part, ...] = ()
    bodies: tuple[Body, ...] = ()
    own_text: str = ""
    quoted_text: str = ""
    reports: tuple[DeliveryReport, ...] = ()
    cloud_links: tuple[CloudLink, ...] = ()
    defects: tuple[str, ...] = ()


def unpack(raw: bytes) -> Unpacked:
    """Given the raw bytes of a mail, return everything but the content of its documents. Never raises."""
    tree = walk(raw)
    texts = read_bodies(tree)
    own = [text for text in texts if not text.enclosing]
    rest = [text for text in texts if text.enclosing]
    parts = _parts(tree, texts)
    for text in texts:
        if text.damaged:
            tree.remark(f"part {text.path}: undecodable characters")
        if text.cut:
            tree.remark(f"part {text.path}: text cut")
    return Unpacked(
        head=read_head(tree.head),
        parts=parts,
        bodies=tuple(_body(text) for text in texts),
        own_text=_joined(text.text for text in own),
        quoted_text=_joined([*(text.quoted for text in own), *(text.text for text in rest)]),
        reports=delivery_reports(tree),
        cloud_links=tuple(dict.fromkeys(link for text in texts for link in text.links)),
        defects=tuple(tree.defects),
    )


def unpack_head(raw: bytes) -> Unpacked:
    """Given a mail that could not be unpacked, return its head alone: enough to know whom it came from."""
    block = split_header(raw[: HEADER_BYTES * 2])
    return Unpacked(head=read_head(block), defects=("only the header was read",))


def payload(raw: bytes, path: str) -> bytes:
    """Return the decoded bytes of a part. Raise KeyError if there is no such part."""
    return part(raw, path)[1]


def part(raw: bytes, path: str) -> tuple[Leaf, bytes]:
    """Return a leaf and its decoded bytes. Raise KeyError if there is no such part."""
    leaf = find_leaf(raw, path)
    if leaf is None:
        raise KeyError(path)
    return leaf, leaf.payload().data


def _body(text: BodyText) -> Body:
    return Body(
        path=text.path,
        enclosing=text.enclosing,
        text=text.text[:TEXT_CHARACTERS],
        html=bool(text.html),
        certain=text.certain,
        forwarded=text.forwarded,
    )


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())[:TEXT_CHARACTERS]


def _parts(tree: Tree, texts: Sequence[BodyText]) -> tuple[Part, ...]:
    bodies = {leaf.path for group in body_leaves(tree) for leaf in group}
    shown = {(text.enclosing, cid) for text in texts for cid in text.cids}
    roles = {leaf.path: _role(leaf, bodies, shown) for leaf in tree.leaves}
    bare = PartRole.ATTACHMENT not in roles.values()
    parts = []
    for leaf in tree.leaves:
        content = leaf.payload()
        if content.defect:
            tree.remark(f"part {leaf.path}: {content.defect}")
        if leaf.name.damaged:
            tree.remark(f"part {leaf.path}: damaged file name")
        role = roles[leaf.path]
        # A picture that the HTML shows is a logo, unless the mail brings nothing else and it is as large as a photo.
        if role is PartRole.INLINE and bare and len(content.data) >= PHOTOGRAPH_BYTES:
            role = PartRole.ATTACHMENT
        digest = hashlib.sha256(content.data).hexdigest()
        parts.append(Part(leaf.path, leaf.name.text, leaf.type, role, len(content.data), digest, leaf.enclosing))
    return tuple(parts)


def _role(leaf: Leaf, bodies: set[PartPath], shown: set[tuple[PartPath, str]]) -> PartRole:
    if leaf.returned or leaf.type in _REPORT_TYPES:
        return PartRole.REPORT
    if leaf.type in _CALENDAR_TYPES or leaf.name.text.lower().endswith(".ics"):
        return PartRole.CALENDAR
    if leaf.path in bodies:
        return PartRole.BODY
    content_id = header_text(leaf.header.first("content-id")).text.strip("<> ")
    if leaf.type.startswith("image/") and (leaf.enclosing, content_id) in shown:
        return PartRole.INLINE
    return PartRole.ATTACHMENT
