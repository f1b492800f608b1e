"""Header bytes → fields, decoded text, parameters. Real mail is broken: nothing raises, loss is told, time is linear.

In: raw header bytes (raw, because 8-bit GBK headers are lost once somebody has taken them for text: facts/mail.md
§2.3). Out: clean strings. Works on bytes and `parsers.text.decode`; the standard library's modern header policy takes
seconds and gigabytes on hostile headers (facts/reliability.md §0).
Standards: RFC 5322 §2.2 (fields, folding), RFC 2047 (encoded words, also where they are forbidden: in quotes, split
inside a character), RFC 2231 (parameters), RFC 2183 (file names).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from intake.transfer import decode_base64
from parsers.text import clean, decode

HEADER_BYTES = 2**18  # of one header block; Dovecot, Postfix and NetEase take far less
_FIELDS = 2_000
_VALUE_BYTES = 2**16  # of one field's value; the rest is cut
_PARAMETERS = 200
_NAME_CHARACTERS = 200  # of a file name; longer than any file system's 255 bytes of Chinese

_FIELD_START = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_LINE_BREAKS = re.compile(rb"[\r\n]+")

# =?charset*language?B|Q?text?= ; the end may be cut off, the text may hold blanks though it must not.
_WORD = re.compile(r"=\?([^?\s=]{0,60})\?([bBqQ])\?([^?]*)(?:\?=|\??\Z)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*")
_QUOTED_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")
_PARAMETER_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[^;"]+|"|;', re.DOTALL)
_BACKSLASH = re.compile(r'\\(["\\])')
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?", re.DOTALL)
_PERCENT = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: lower-case name, the value's bytes as they came (folds included), its place in the block."""

    name: str
    value: bytes
    position: int


@dataclass(frozen=True, slots=True)
class Block:
    """A header block: its fields in order, where the body begins, and whether it was cut at the limit."""

    fields: tuple[Field, ...]
    body_at: int
    cut: bool = False

    def first(self, name: str) -> bytes:
        """Return the value of the first field `name` (lower case), or b""."""
        return next((field.value for field in self.fields if field.name == name), b"")


@dataclass(frozen=True, slots=True)
class HeaderText:
    """Decoded, clean text on one line. `damaged`: some of it could not be decoded."""

    text: str
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Parameters:
    """A field like ``text/plain; charset=gbk``: the word before the first semicolon and the parameters.

    `candidates` are the decoded values of a name, the RFC 2231 form first; `plain` the value as it stands.
    """

    main: str
    candidates: dict[str, tuple[HeaderText, ...]]
    plain: dict[str, str]

    def get(self, name: str) -> str:
        """Return the value of a technical parameter (charset, boundary, report-type) as it stands, or ""."""
        if name in self.plain:
            return self.plain[name]
        return next((candidate.text for candidate in self.candidates.get(name, ())), "")


def split_header(raw: bytes, start: int = 0, end: int | None = None, *, message: bool = True) -> Block:
    """Given the bytes of a message or part (or a range of them), return its header fields and where its body begins.

    A line that is neither a field nor a continuation ends the header as if the empty line were missing. In the header
    of a message it is dropped instead if fields go on behind it (a subject broken by hand), and so is an mbox line.
    """
    end = len(raw) if end is None else end
    limit = min(end, start + HEADER_BYTES)
    fields: list[Field] = []
    position = start
    open_from: tuple[str, int] | None = None  # the field that is being read: its name, where its value begins

    def close() -> None:
        if open_from is not None:
            name, at = open_from
            value = raw[at : min(position, at + _VALUE_BYTES)].rstrip(b"\r\n")
            fields.append(Field(name, value, len(fields)))

    while position < limit and len(fields) < _FIELDS:
        following = _next_line(raw, position, end)
        line = raw[position : min(following, limit)]
        if line[:1] in (b" ", b"\t") and line.strip():
            position = following
            continue
        match = _FIELD_START.match(line)
        blank = line.strip(b"\r\n") == b""
        if blank or (match is None and not (message and _FIELD_START.match(raw, following, limit))):
            close()
            return Block(tuple(fields), following if blank else position)
        close()
        open_from = (match[1].decode("ascii").lower(), position + match.end()) if match else None
        position = following
    close()
    return Block(tuple(fields), _after_empty_line(raw, position, end), cut=position < end or position > limit)


def _next_line(raw: bytes, position: int, end: int) -> int:
    found = raw.find(b"\n", position, end)
    return end if found < 0 else found + 1


def _after_empty_line(raw: bytes, position: int, end: int) -> int:
    if position >= end:
        return end
    found = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := raw.find(mark, position, end)) >= 0]
    return min(found, default=end)


def unfold(value: bytes) -> bytes:
    """Given a field's bytes, return them on one line (RFC 5322 §2.2.3: the line end goes, the blank stays)."""
    return _LINE_BREAKS.sub(b" ", _FOLD.sub(b"", value)).strip()


def header_text(value: bytes, *, limit: int = 2_000) -> HeaderText:
    """Given a field's bytes, return its text: 8-bit bytes and encoded words decoded, one line, at most `limit` long."""
    raw = decode(unfold(value))
    decoded = decode_words(raw.text)
    return HeaderText(decoded.text[:limit], damaged=raw.damaged or decoded.damaged)


def decode_words(text: str) -> HeaderText:
    """Given text that may hold RFC 2047 encoded words, return it decoded and clean, on one line.

    Bytes of neighbouring words with the same charset are joined before decoding: Coremail and Outlook split Chinese
    text inside a character. So is base64 that was split inside a group.
    """
    pieces: list[
        tuple[str | None, list[tuple[str, str]]]
    ] = []  # charset (None: plain text), chunks of (encoding, text)
    position = 0
    cut_off = False
    for match in _WORD.finditer(text):
        between = text[position : match.start()]
        charset = match[1].partition("*")[0].lower()
        follows_word = bool(pieces) and pieces[-1][0] is not None
        if between and not (follows_word and between.isspace()):
            pieces.append((None, [("", between)]))
            follows_word = False
        chunk = (match[2].upper(), match[3])
        if follows_word and pieces[-1][0] == charset:
            pieces[-1][1].append(chunk)
        else:
            pieces.append((charset, [chunk]))
        cut_off |= not match[0].endswith("?=")
        position = match.end()
    pieces.append((None, [("", text[position:])]))
    words = [_decode_piece(charset, chunks) for charset, chunks in pieces]
    joined = "".join(word.text for word in words)
    line = " ".join(clean(joined).split())
    return HeaderText(line, damaged=cut_off or any(word.damaged for word in words) or "\ufffd" in line)


def _decode_piece(charset: str | None, chunks: list[tuple[str, str]]) -> HeaderText:
    if charset is None:
        return HeaderText(chunks[0][1])
    data = bytearray()
    damaged = False
    carried = ""
    for number, (encoding, text) in enumerate(chunks):
        if encoding == "Q":
            data += _decode_q(text)
            continue
        base64 = carried + "".join(text.split())
        carried = ""
        more = number + 1 < len(chunks) and chunks[number + 1][0] == "B"
        if more and len(base64) % 4 and "=" not in base64:
            carried = base64
            continue
        data += decode_base64(base64.encode("ascii", "replace")).data
        body = base64.rstrip("=")  # missing padding alone loses nothing
        damaged |= len(body) % 4 == 1 or _BASE64.fullmatch(body) is None
    decoded = decode(bytes(data), charset)
    # Labelled UTF-8 and read as something else: half a character at the end is likelier than a wrong label.
    damaged |= charset.startswith("utf-8") and decoded.encoding not in {"utf-8", "ascii"}
    return HeaderText(decoded.text, damaged=damaged or decoded.damaged)


def _decode_q(text: str) -> bytes:
    data = text.replace("_", " ").encode()
    return _QUOTED_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), data)


def parameters(value: bytes) -> Parameters:
    """Given the bytes of Content-Type or Content-Disposition, return the main word (lower case) and the parameters."""
    # Decoded first: the second byte of a GBK character may be a backslash.
    raw = decode(unfold(value))
    pieces = list(_split_parameters(raw.text))
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for piece in pieces[1:_PARAMETERS]:
        name, equals, text = piece.partition("=")
        match = _SECTION.fullmatch(name.strip().lower())
        if not equals or match is None:
            continue
        content = _unquoted(text.strip())
        if match[2] is None and match[3] is None:
            plain.setdefault(match[1], content)
        else:
            sections.setdefault(match[1], {}).setdefault(int(match[2] or 0), (match[3] is not None, content))
    candidates: dict[str, tuple[HeaderText, ...]] = {}
    for name, parts in sections.items():
        candidates[name] = (_joined_sections(parts),)
    for name, content in plain.items():
        value_text = _decode_percent(decode_words(content))
        value_text = HeaderText(value_text.text, damaged=value_text.damaged or raw.damaged)
        candidates[name] = (*candidates.get(name, ()), value_text)
    return Parameters(pieces[0].strip().lower() if pieces else "", candidates, plain)


def _split_parameters(text: str) -> Iterator[str]:
    """Yield the pieces between semicolons outside quotes."""
    collected: list[str] = []
    for match in _PARAMETER_PIECE.finditer(text):
        if match[0] == ";":
            yield "".join(collected)
            collected = []
        else:
            collected.append(match[0])
    yield "".join(collected)


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    content = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return _BACKSLASH.sub(r"\1", content)


def _joined_sections(parts: dict[int, tuple[bool, str]]) -> HeaderText:
    """RFC 2231 §3, §4: sections in order, starred ones percent-encoded; an escape may be split between two sections."""
    charset = ""
    ordered: list[tuple[bool, str]] = []
    for number in range(len(parts)):
        if number not in parts:
            break
        ordered.append(parts[number])
    if ordered and ordered[0][0] and ordered[0][1].count("'") >= 2:
        charset, _, rest = ordered[0][1].split("'", 2)
        ordered[0] = (True, rest)
    data = b""
    starred = ""
    for is_starred, text in ordered:
        if is_starred:
            starred += text
        else:
            data += unquote_to_bytes(starred) + text.encode()
            starred = ""
    data += unquote_to_bytes(starred)
    decoded = decode(data, charset)
    line = " ".join(clean(decoded.text).split())
    return HeaderText(line, damaged=decoded.damaged or len(ordered) < len(parts))


def _decode_percent(name: HeaderText) -> HeaderText:
    """A plain value that some web mails percent-encode: only if it hides non-ASCII bytes that decode without loss."""
    if not name.text.isascii() or not _PERCENT.search(name.text):
        return name
    decoded = decode(unquote_to_bytes(name.text))
    return name if decoded.damaged else HeaderText(" ".join(clean(decoded.text).split()), damaged=name.damaged)


def media_type(content_type: Parameters, default: str) -> str:
    """Return the type as ``main/sub`` in lower case; malformed ones are text (RFC 2045 §5.2) or bytes."""
    if not content_type.main:
        return default
    if _TYPE.fullmatch(content_type.main):
        return content_type.main
    main = content_type.main.partition("/")[0].strip()
    return default if main in {"text", "message", "multipart", ""} else "application/octet-stream"


def file_name(disposition: Parameters, content_type: Parameters) -> HeaderText:
    """Return the sender's name of a file: Content-Disposition before Content-Type, an undamaged one before others.

    Directories are cut off; never use it as a path. "" if there is none.
    """
    candidates = (*disposition.candidates.get("filename", ()), *content_type.candidates.get("name", ()))
    names = [HeaderText(_base_name(one.text), one.damaged) for one in candidates]
    given = [one for one in names if one.text]
    if not given:
        return HeaderText("", damaged=any(one.damaged for one in names))
    return next((one for one in given if not one.damaged), given[0])


def _base_name(text: str) -> str:
    name = re.split(r"[\\/]", text)[-1].strip(" \"'")
    if len(name) <= _NAME_CHARACTERS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:_NAME_CHARACTERS]
    return stem[: _NAME_CHARACTERS - len(extension) - 1] + dot + extension
