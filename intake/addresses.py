"""Address fields → mailboxes, strictly: a sender is somebody only if the field names exactly one well-formed address.

In: the bytes of From, To … Out: names and lower-case addresses. ``a@126.com <b@evil.example>`` is nobody: what a person
sees and where an answer would go differ (`email.utils.parseaddr` takes the first, facts/reliability.md §3.1).
Standard: RFC 5322 §3.4, without quoted local parts, routes and groups.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from intake.headers import decode_words, unfold
from parsers.text import clean, decode

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})+)")
_TOKEN = re.compile(r'=\?[^?\s]*\?[bBqQ]\?[^?]*\?=|"(?:[^"\\]|\\.)*"|<[^<>]*>|[^",;<>()=]+|.', re.DOTALL)
_ENCODED_ONLY = re.compile(r"(?:\s*=\?[^?\s]*\?[bBqQ]\?[^?]*\?=)+\s*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

_FIELD_CHARACTERS = 20_000  # of one address field: 100,000 addresses are an attack (CVE-2024-23184)
_NAME_CHARACTERS = 200
_ADDRESS_CHARACTERS = 254  # RFC 5321 §4.5.3.1.3, erratum 1690


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One entry of an address field. `address` is lower-case, or "" if the entry is no well-formed address.

    `doubtful`: the entry holds something like an address all the same.
    """

    name: str
    address: str
    doubtful: bool = False
    damaged: bool = False


@dataclass(slots=True)
class _Entry:
    """The tokens of one entry: words (plain or quoted) before the angle brackets, what is in them, what follows."""

    words: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)
    trailing: bool = False


def mailboxes(value: bytes) -> tuple[Mailbox, ...]:
    """Given the bytes of an address field, return its entries in order."""
    raw = decode(unfold(value))
    entries = (_mailbox(entry) for entry in _entries(clean(raw.text, limit=_FIELD_CHARACTERS)))
    return tuple(
        Mailbox(entry.name, entry.address, doubtful=entry.doubtful, damaged=entry.damaged or raw.damaged)
        for entry in entries
    )


def single(entries: Iterable[Mailbox]) -> Mailbox:
    """Given the entries of all From fields, return the sender; his address is "" unless it is the only one named."""
    listed = list(entries)
    addresses = {entry.address for entry in listed if entry.address}
    name = next((entry.name for entry in listed if entry.name), "")
    damaged = any(entry.damaged for entry in listed)
    if len(addresses) != 1 or any(entry.doubtful for entry in listed):
        return Mailbox(name, "", doubtful=True, damaged=damaged)
    return Mailbox(name, addresses.pop(), damaged=damaged)


def is_address(text: str) -> bool:
    """Return whether `text` is one well-formed ASCII address with a dotted domain."""
    match = _ADDRESS.fullmatch(text) if len(text) <= _ADDRESS_CHARACTERS else None
    return match is not None and len(match[1]) <= 64


def _entries(text: str) -> Iterator[_Entry]:
    """Split at commas and semicolons outside quotes, comments, angle brackets and encoded words."""
    entry = _Entry()
    depth = 0  # of comments
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
        elif depth:
            continue
        elif piece in {",", ";"}:
            yield entry
            entry = _Entry()
        elif piece.startswith("<") and piece.endswith(">"):
            entry.angles.append(piece[1:-1].strip())
        elif piece.strip():
            entry.trailing |= bool(entry.angles)
            _add_word(entry, piece)
    yield entry


def _add_word(entry: _Entry, piece: str) -> None:
    if piece.startswith('"') and len(piece) > 1:
        entry.words.append(_ESCAPE.sub(r"\1", piece[1:-1]))
    else:
        entry.words.append(piece)
        entry.bare.append(piece)


def _mailbox(entry: _Entry) -> Mailbox:
    shown = decode_words("".join(entry.words))
    bare = "".join(entry.bare).strip()
    if len(entry.angles) == 1 and not entry.trailing:
        address = _plain(entry.angles[0])
        # The display name may repeat the address, and in quotes it may say anything; unquoted it must not name another.
        if is_address(address) and ("@" not in bare or bare.lower() == address.lower()):
            return Mailbox(shown.text[:_NAME_CHARACTERS], address.lower(), damaged=shown.damaged)
    elif not entry.angles and len(entry.words) == len(entry.bare):
        if is_address(bare):
            return Mailbox("", bare.lower())
        if _ENCODED_ONLY.fullmatch(bare) and "=?" not in shown.text and "@" in shown.text:
            return _mailbox_in_words(shown.text)  # name and address together in one encoded word
    doubtful = bool(entry.angles) or "@" in bare or "@" in shown.text
    return Mailbox(shown.text[:_NAME_CHARACTERS], "", doubtful=doubtful, damaged=shown.damaged)


def _plain(angle: str) -> str:
    return decode_words(angle).text if _ENCODED_ONLY.fullmatch(angle) else angle


def _mailbox_in_words(text: str) -> Mailbox:
    inner = [_mailbox(entry) for entry in _entries(text) if entry.words or entry.angles]
    return single(inner)
