"""What the embedded IMAP server answers to FETCH, and the sets of numbers that name mails. Pure. RFC 3501 §6.4.5, §9.

In: a stored mail (or that it is gone), the names of what is asked for, `Habits`. Out: the bytes of one untagged answer.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import StoredMail

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHANGHAI = ZoneInfo("Asia/Shanghai")
_SECTION = re.compile(rb"BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?")
_WHOLE = {b"RFC822": b"BODY[]", b"RFC822.HEADER": b"BODY.PEEK[HEADER]", b"RFC822.TEXT": b"BODY[TEXT]"}


class UnknownItemError(Exception):
    """FETCH asks for something that this server does not know."""


def fetch_answer(mail: StoredMail | None, *, uid: int, place: int, names: Sequence[bytes], habits: Habits) -> bytes:
    """Given a mail (None: gone meanwhile), return the answer with all that `names` asks. Raise UnknownItemError."""
    items = [_item(name, mail, uid=uid, habits=habits) for name in names]
    return b"* %d FETCH (" % place + b" ".join(items) + b")\r\n"


def sets_seen(name: bytes) -> bool:
    """Return whether fetching that item marks the mail as read."""
    match = _SECTION.fullmatch(_WHOLE.get(name, name))
    return match is not None and match[1] is None


def asks_body(names: Sequence[bytes]) -> bool:
    """Return whether the whole body, or a piece of it, is among the items."""
    return any((match := _SECTION.fullmatch(_WHOLE.get(name, name))) and not match[2] for name in names)


def members(text: bytes, numbers: Sequence[int], *, highest: int) -> tuple[int, ...]:
    """Given a set such as ``1,3:5,9:*`` and ascending `numbers`, return those that it names, ascending.

    ``*`` is `highest`, and ``n:*`` names at least that one, though nothing be as high as n. Raise ValueError if `text`
    is no set.
    """
    found: set[int] = set()
    for piece in text.split(b","):
        first, colon, last = piece.partition(b":")
        ends = sorted(highest if end == b"*" else int(end) for end in ((first, last) if colon else (first,)))
        found.update(numbers[bisect_left(numbers, ends[0]) : bisect_right(numbers, ends[-1])])
    return tuple(sorted(found))


def day(text: str) -> date | None:
    """Given ``30-May-2025``, return the day; None if it is none."""
    try:
        number, month, year = text.split("-")
        return date(int(year), _MONTHS.index(month.capitalize()) + 1, int(number))
    except ValueError:
        return None


def _item(name: bytes, mail: StoredMail | None, *, uid: int, habits: Habits) -> bytes:
    if name == b"UID":
        return b"UID %d" % uid
    if name == b"RFC822.SIZE":
        return b"RFC822.SIZE %d" % (0 if mail is None else len(mail.raw) + habits.size_error)
    if name == b"FLAGS":
        return b"FLAGS (" + " ".join(sorted(mail.flags if mail else ())).encode("ascii") + b")"
    if name == b"INTERNALDATE":
        return b"INTERNALDATE " + (b"NIL" if mail is None else _internal_date(mail.internal_at))
    match = _SECTION.fullmatch(_WHOLE.get(name, name))
    if match is None:
        raise UnknownItemError
    shown = name if name in _WHOLE else b"BODY[" + match[2] + b"]"
    if mail is None or habits.nil_bodies:
        return shown + b" NIL"
    data = _section(mail.raw, match[2])
    if match[3] is not None and habits.partial_fetch:
        start, count = int(match[3]), int(match[4])
        shown, data = shown + b"<%d>" % start, data[start : start + count]
    return shown + b" {%d}\r\n" % (len(data) + habits.announced_error) + data


def _internal_date(at: datetime) -> bytes:
    local = at.astimezone(SHANGHAI)
    return f'"{local.day:2d}-{_MONTHS[local.month - 1]}-{local:%Y %H:%M:%S} +0800"'.encode("ascii")


def _section(raw: bytes, section: bytes) -> bytes:
    """Return the bytes of ``""``, ``HEADER``, ``TEXT`` or ``HEADER.FIELDS (…)`` of a mail."""
    end = re.search(rb"\r?\n\r?\n", raw)
    header, text = (raw, b"") if end is None else (raw[: end.end()], raw[end.end() :])
    if section == b"":
        return raw
    if section == b"HEADER":
        return header
    if section == b"TEXT":
        return text
    fields = re.fullmatch(rb"HEADER\.FIELDS \(([^)]*)\)", section)
    if fields is None:
        raise UnknownItemError
    wanted = {name.strip(b'"') for name in fields[1].upper().split()}
    lines = re.findall(rb"(?m)^[^\s:][^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*", header)
    return b"".join(line for line in lines if line.partition(b":")[0].strip().upper() in wanted) + b"\r\n"
