"""What IMAP answers say: FETCH attributes, folder lists, dates, the headers of sent mail. Pure; bytes in, values out.

In: the items that imaplib collects, each either bytes or (bytes, literal). Out: frozen values. Everything is matched
by name, never by position: other clients' flag changes stand between the answers that were asked for. Standards:
RFC 3501 §7 and §9, RFC 6154 (special use). A malformed answer is a `WireError`, for the caller to explain.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from intake.addresses import mailboxes, single
from intake.headers import header_text, split_header

Item = bytes | tuple[bytes, bytes] | None
Value = bytes | int | None | tuple["Value", ...]  # string, literal or atom as bytes; number; NIL; parenthesized list


# RFC 3501 §9: UIDs, UIDVALIDITY and sizes have 32 bits. Sizes may have more since RFC 8474; a mail of 2 GB is too large
# for any office, and what is larger is told as that: columns and clients have 31 bits.
HIGHEST_NUMBER = 2**32 - 1
_LARGEST_SIZE = 2**31 - 1


class WireError(ValueError):
    """The server's answer is not IMAP."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder. `name` is decoded (``已发送``), `flags` lower-case (``\\sent``)."""

    name: str
    flags: frozenset[str]

    @property
    def selectable(self) -> bool:
        return "\\noselect" not in self.flags and "\\nonexistent" not in self.flags


@dataclass(frozen=True, slots=True)
class RemoteMail:
    """A mail on the server: RFC822.SIZE, and INTERNALDATE in UTC (None: absent or not a date)."""

    uid: int
    size_bytes: int
    internal_at: datetime | None


@dataclass(frozen=True, slots=True)
class SentMail:
    """The marks of one mail in the Sent folder: Message-ID with its angle brackets, X-Intake-Id, decoded subject."""

    uid: int
    internal_at: datetime | None
    message_id: str
    intake_id: str
    subject: str


def fetch_answers(items: Iterable[Item]) -> Iterator[dict[str, Value]]:
    """Given the untagged FETCH items of imaplib, yield the attributes of each answer, names in upper case.

    An attribute with a section keeps it as it came, without the octet offset: ``BODY[]``, ``BODY[HEADER.FIELDS (…)]``.
    Raise WireError if an answer is malformed.
    """
    group: list[bytes | tuple[bytes, bytes]] = []
    for item in items:
        if item is None:
            continue
        group.append(item)
        if isinstance(item, bytes):
            yield _attributes(group)
            group = []


def remote_mail(answer: dict[str, Value]) -> RemoteMail | None:
    """Given the attributes of an answer, return the mail it describes; None if it is about something else (flags)."""
    uid, size, date = answer.get("UID"), answer.get("RFC822.SIZE"), answer.get("INTERNALDATE")
    if not isinstance(uid, int) or not isinstance(size, int) or "INTERNALDATE" not in answer:
        return None
    return RemoteMail(uid, min(size, _LARGEST_SIZE), internal_date(date) if isinstance(date, bytes) else None)


def from_address(answer: dict[str, Value]) -> str:
    """Given the attributes of an answer, return the one address of the From in it; "" if there is none, or several."""
    block = next((value for key, value in answer.items() if key.startswith("BODY[HEADER")), None)
    if not isinstance(block, bytes):
        return ""
    fields = [one.value for one in split_header(block).fields if one.name == "from"]
    return single(mailboxes(fields[0])).address if len(fields) == 1 else ""


def sent_mail(answer: dict[str, Value]) -> SentMail | None:
    """Given the attributes of an answer, return the header marks it holds; None if it is about something else."""
    uid, date = answer.get("UID"), answer.get("INTERNALDATE")
    block = next((value for key, value in answer.items() if key.startswith("BODY[HEADER")), None)
    if not isinstance(uid, int) or not isinstance(block, bytes):
        return None
    header = split_header(block)
    message_id, intake_id, subject = (
        header_text(header.first(name)).text for name in ("message-id", "x-intake-id", "subject")
    )
    return SentMail(uid, internal_date(date) if isinstance(date, bytes) else None, message_id, intake_id, subject)


def folder_list(items: Iterable[Item]) -> tuple[Folder, ...]:
    """Given the untagged LIST items, return the folders in the server's order; a line that is no folder is left out."""
    found = []
    for item in items:
        try:
            values = parse_values([item]) if item else ()
        except WireError:
            continue
        if len(values) < 3 or not isinstance(values[0], tuple):
            continue  # also what imaplib leaves behind a name that came as a literal
        flags = frozenset(value.decode("ascii", "replace").lower() for value in values[0] if isinstance(value, bytes))
        found.append(Folder(folder_name(_text(values[2])), flags))
    return tuple(found)


def folder_name(raw: bytes) -> str:
    """Given a name in modified UTF-7 (RFC 3501 §5.1.3), for example ``&XfJT0ZAB-``, return it decoded: 已发送."""
    try:
        return re.sub("&([^-]*)-", _shifted_text, raw.decode("ascii"))
    except ValueError:  # no ASCII, no base64, no UTF-16: some servers write UTF-8 all the same
        return raw.decode("utf-8", "replace")


def _shifted_text(match: re.Match[str]) -> str:
    encoded = match[1].replace(",", "/")
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode("utf-16-be") if encoded else "&"


def encoded_folder_name(name: str) -> bytes:
    """Given a folder name such as 已发送, return it in modified UTF-7, as it goes over the wire."""
    return re.sub("[^\x20-\x7e]+|&", _shifted_bytes, name).encode("ascii")


def _shifted_bytes(match: re.Match[str]) -> str:
    if match[0] == "&":
        return "&-"
    encoded = base64.b64encode(match[0].encode("utf-16-be")).decode("ascii")
    return "&" + encoded.rstrip("=").replace("/", ",") + "-"


def search_result(items: Iterable[Item]) -> tuple[int, ...]:
    """Given the untagged SEARCH items (some servers send several lines), return the numbers, ascending, once each."""
    numbers: set[int] = set()
    for item in items:
        if isinstance(item, bytes):
            words = item.split()
            if not all(word.isdigit() and len(word) <= 10 and int(word) <= HIGHEST_NUMBER for word in words):
                raise WireError("SEARCH answer that is not a list of numbers of 32 bits")
            numbers.update(map(int, words))
    return tuple(sorted(numbers))


_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), start=1
    )
}
_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII)


def internal_date(raw: bytes) -> datetime | None:
    """Given ``30-May-2025 09:00:00 +0800``, return it in UTC; None if it is no date.

    Not by `imaplib.Internaldate2tuple` (local time of this machine) nor by strptime (month names of its locale).
    """
    match = _DATE.fullmatch(raw)
    if match is None or match[2].lower() not in _MONTHS:
        return None
    day, year, hour, minute, second, zone_hours, zone_minutes = (int(match[n]) for n in (1, 3, 4, 5, 6, 8, 9))
    offset = timedelta(hours=zone_hours, minutes=zone_minutes) * (-1 if match[7] == b"-" else 1)
    try:
        local = datetime(year, _MONTHS[match[2].lower()], day, hour, minute, second, tzinfo=timezone(offset))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def refusal(line: bytes) -> str:
    """Given a raw line, return the server's words if it is a NO, BAD or BYE, at most 300 printable characters; else "".

    NetEase answers in GBK bytes whatever it declares (zmail issue 30); UTF-8 first, because it refuses foreign bytes.
    """
    match = re.match(rb"\S+ (?:NO|BAD|BYE)\b ?(.*)", line, re.DOTALL)
    if match is None:
        return ""
    raw = match[1][:2_000]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return "".join(character for character in text if character.isprintable())[:300].strip()


# --- the grammar of one answer ---------------------------------------------------------------------------------------

_TOKEN = re.compile(
    rb"""\s*(?:
        (?P<open>\() | (?P<close>\)) |
        "(?P<quoted>(?:[^"\\]|\\.)*)" |
        (?P<literal>\{\d+\+?\}\Z) |
        (?P<atom>(?i:BODY|BINARY)(?i:\.PEEK)?\[[^\]]*\](?:<[\d.]+>)? | [^\s()"]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_OFFSET = re.compile(rb"<\d+>\Z")


def _attributes(group: Sequence[bytes | tuple[bytes, bytes]]) -> dict[str, Value]:
    """Parse ``12 (UID 5 RFC822.SIZE 30 …)``."""
    values = parse_values(group)
    if len(values) != 2 or not isinstance(values[1], tuple):
        raise WireError("FETCH answer without a list of attributes")
    pairs = values[1]
    if len(pairs) % 2:
        raise WireError("FETCH answer with a name without a value")
    found: dict[str, Value] = {}
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        if not isinstance(name, bytes):
            raise WireError("FETCH answer with something else in the place of a name")
        found.setdefault(_OFFSET.sub(b"", name).decode("ascii", "replace").upper(), value)
    return found


def parse_values(group: Sequence[bytes | tuple[bytes, bytes]]) -> tuple[Value, ...]:
    """Given one answer or command, the text before each literal paired with it, return its values in order.

    Iterative: depth costs no stack. Raise WireError if it is malformed.
    """
    stack: list[list[Value]] = [[]]
    for item in group:
        text, literal = (item, None) if isinstance(item, bytes) else item
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise WireError("unexpected character in an answer")
            position = match.end()
            if match["open"]:
                stack.append([])
            elif match["close"]:
                if len(stack) == 1:
                    raise WireError("unbalanced parenthesis in an answer")
                closed = tuple(stack.pop())
                stack[-1].append(closed)
            elif match["literal"]:
                stack[-1].append(literal)
            else:
                stack[-1].append(_value(match))
    if len(stack) != 1:
        raise WireError("answer that ends inside a list")
    return tuple(stack[0])


def _value(match: re.Match[bytes]) -> Value:
    if match["quoted"] is not None:
        return re.sub(rb"\\(.)", rb"\1", match["quoted"], flags=re.DOTALL)
    atom = match["atom"]
    if atom.upper() == b"NIL":
        return None
    # RFC 3501: numbers are 32 bits; 63-bit sizes since RFC 8474. Longer digit strings are no numbers of ours.
    return int(atom) if atom.isdigit() and len(atom) <= 19 else atom


def _text(value: Value) -> bytes:
    if isinstance(value, int):
        return b"%d" % value
    if value is None:
        return b"NIL"
    return b"" if isinstance(value, tuple) else value
