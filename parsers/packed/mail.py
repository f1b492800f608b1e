"""A mail that came as a file (.eml in an archive, forwarded as an attachment, under a wrong type): body and attachments.

In: the bytes of a message. Out: members in a `Bag`; a message within is a member of its own. Must not: recurse by the
sender's nesting, take more than linear time, believe a declared charset against the bytes. The mail that came to the
mailbox goes through `intake.mime` instead, which knows quotes, forwards and who said what.

Why not the parser of the standard library: it recurses (1,500 nested parts: RecursionError, 384 MB, facts/mail.md §3) and
tries the boundary of every level on every line. Its header tools are used, on values of bounded length.
Standards: RFC 5322, 2045-2047, 2183, 2231.
"""

import binascii
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import unquote

from parsers.document import FailureCode, ReadFailure
from parsers.packed.bag import Bag, labelled
from parsers.text import decode

_HEADER_BYTES = 2**18  # as intake.headers
_VALUE_CHARACTERS = 4_000  # of a field; the standard library takes quadratic time on quotes and semicolons
_PARTS = 200  # facts/reliability.md §3.2
_DEPTH = 8
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_REPORTS = frozenset({"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"})
_MESSAGES = frozenset({"message/rfc822", "message/global"})
_WORD = re.compile(r"=\?[^?\s]+\?[bBqQ]\?")


@dataclass(frozen=True, slots=True)
class _Header:
    """The fields of one part that matter here."""

    type: str
    charset: str
    boundary: bytes
    disposition: str
    name: str
    encoding: str


@dataclass(slots=True)
class _Body:
    """One text of a message, in the renderings that its multipart/alternative offers."""

    text: bytes = b""
    html: bytes = b""


def unpack(data: bytes, bag: Bag) -> None:
    """Given a message, put its bodies and attachments into the bag. Raise ReadFailure if it is too deep or too large."""
    message = _Mail(bag)
    message.part(data, None, 0)
    for number, body in enumerate(message.bodies):
        bag.add_body(f"text {number + 1}/" if number else "", text=body.text, html=body.html)
    if not bag.members():
        raise ReadFailure(FailureCode.EMPTY, "a message without text and attachments")


class _Mail:
    def __init__(self, bag: Bag) -> None:
        self._bag = bag
        self._parts = 0
        self.bodies: list[_Body] = []

    def part(self, data: bytes, alternative: _Body | None, depth: int) -> None:
        """Given a part with its header, take it apart. `alternative` collects the renderings of one text."""
        self._parts += 1
        if self._parts > _PARTS or depth > _DEPTH:
            raise ReadFailure(FailureCode.TOO_LARGE, f"more than {_PARTS} parts or {_DEPTH} levels in a message")
        header, begin = _header(data)
        content = data[begin:]
        if header.type.startswith("multipart/") and header.boundary:
            pieces = _pieces(content, header.boundary, _PARTS)
            if pieces:
                if header.type == "multipart/alternative" and alternative is None:
                    alternative = _Body()
                for piece in pieces:
                    self.part(piece, alternative, depth + 1)
                return
        if header.type not in _SIGNATURES and header.type not in _REPORTS:
            self._leaf(header, _decoded(content, header.encoding), alternative)

    def _leaf(self, header: _Header, content: bytes, alternative: _Body | None) -> None:
        is_text = header.type in {"text/plain", "text/html"} or header.type.startswith("multipart/")
        if is_text and not header.name and header.disposition != "attachment":
            self._add_text(content, header, alternative or _Body())
            return
        default = "message.eml" if header.type in _MESSAGES else "unnamed"
        self._bag.add(header.name or default, content)

    def _add_text(self, content: bytes, header: _Header, body: _Body) -> None:
        is_html = header.type == "text/html"
        if body.html if is_html else body.text:
            body = _Body()  # a second one of the same type is no other rendering but another text
        if is_html:
            body.html = labelled(content, header.charset)
        else:
            body.text = labelled(content, header.charset)
        if not any(body is known for known in self.bodies):
            self.bodies.append(body)


def _header(data: bytes) -> tuple[_Header, int]:
    """Given a part, return its header and where its content begins."""
    end = _EMPTY_LINE.search(data)
    stop, begin = (end.start(), end.end()) if end else (len(data), len(data))
    if stop > _HEADER_BYTES:
        raise ReadFailure(FailureCode.TOO_LARGE, f"message header of {stop} bytes")
    fields: dict[str, str] = {}
    for name, value in BytesHeaderParser(policy=compat32).parsebytes(data[:stop]).raw_items():
        # Decoded here: the second byte of a GBK character may be a backslash or a quote.
        raw = str(value)[:_VALUE_CHARACTERS].encode("utf-8", "surrogateescape")
        fields.setdefault(name.lower(), " ".join(decode(raw).text.split()))
    content = Message()
    content["Content-Type"] = fields.get("content-type") or "text/plain"
    content["Content-Disposition"] = fields.get("content-disposition", "")
    disposition = fields.get("content-disposition", "").partition(";")[0].strip().lower()
    name = _parameter(content, "filename", "content-disposition") or _parameter(content, "name", "content-type")
    header = _Header(
        type=content.get_content_type(),
        charset=_parameter(content, "charset", "content-type"),
        boundary=_parameter(content, "boundary", "content-type").encode("utf-8", "replace"),
        disposition=disposition,
        name=re.split(r"[\\/]", name)[-1].strip(),
        encoding=fields.get("content-transfer-encoding", "").partition(";")[0].strip().lower(),
    )
    return header, begin


def _parameter(message: Message, name: str, field: str) -> str:
    value = message.get_param(name, "", field)
    if isinstance(value, tuple):  # RFC 2231: charset, language, percent-decoded bytes as Latin-1
        charset, _, text = value
        return decode(unquote(text).encode("latin-1", "replace"), charset or "").text
    return _words(str(value))


def _words(text: str) -> str:
    """Given a value, return it with encoded words decoded (RFC 2047 forbids them in parameters; everybody writes them)."""
    if not _WORD.search(text):
        return text
    try:
        pieces = decode_header(text)
    except (MessageError, ValueError):
        return text
    return "".join(piece if isinstance(piece, str) else decode(piece, charset or "").text for piece, charset in pieces)


def _pieces(content: bytes, boundary: bytes, limit: int) -> list[bytes]:
    """Given the content of a multipart, return its parts; the last one may lack its closing line (a cut off mail)."""
    # The pattern begins with plain bytes and the line before is looked at by hand: 20 times as fast.
    line = re.compile(b"--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    pieces: list[bytes] = []
    begin = -1
    for match in line.finditer(content):
        start = match.start()
        if start and content[start - 1 : start] != b"\n":
            continue
        if begin >= 0:
            line_end = 2 if content.startswith(b"\r\n", start - 2) else 1
            pieces.append(content[begin : max(begin, start - line_end)])
        if len(pieces) > limit:
            raise ReadFailure(FailureCode.TOO_LARGE, f"more than {limit} parts in a message")
        if match[1]:
            return pieces
        begin = match.end() + (2 if content.startswith(b"\r\n", match.end()) else 1)
    if begin >= 0:
        pieces.append(content[begin:])
    return pieces


def _decoded(content: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        kept = content.translate(None, _NOT_BASE64)  # a pattern takes 5 s for 27 MB
        return binascii.a2b_base64(kept[: len(kept) // 4 * 4] + _tail(kept))
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    return content


def _tail(kept: bytes) -> bytes:
    """The last group of base64, padded; a single character of it holds no whole byte."""
    rest = kept[len(kept) // 4 * 4 :]
    return rest.ljust(4, b"=") if len(rest) > 1 else b""
