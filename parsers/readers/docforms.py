"""Legacy form fields of Word 97–2003 files: what a check box or a drop-down list shows.

In: the Data stream and the place of a field's data in it. Out: the sign or the entry a person sees. Must not: know
fields. Standard: MS-DOC §2.9.157 (NilPICFAndBinData), §2.9.78 (FFData).
"""

from parsers.document import EMPTY_BOX, TICKED
from parsers.readers.docstreams import unhandled, unpack

_BOX, _LIST = 1, 2  # iType
_DEFAULT = 25  # iRes: nothing was chosen, the default holds
_ENTRIES = 25  # of a list; Word takes no more


def shown(data: bytes, place: int) -> str | None:
    """Given the data of a form field, return its tick or its chosen entry, None for a text field.

    Raise ReadFailure if it is none of these.
    """
    length, head = unpack("iH", data, place)
    field = data[place + head : place + length]
    mark, bits = unpack("IH", field, 0)
    kind, result = bits & 3, bits >> 2 & 31
    if mark != 0xFFFFFFFF or kind not in (0, _BOX, _LIST):
        raise unhandled()
    if kind == 0:
        return None
    at = _after_string(field, 10)
    (default,) = unpack("H", field, at)
    chosen = default if result == _DEFAULT else result
    if kind == _BOX:
        return TICKED if chosen else EMPTY_BOX
    at += 2
    for _ in range(5):  # format, help, status, macros
        at = _after_string(field, at)
    entries = _strings(field, at)
    return entries[chosen] if chosen < len(entries) else ""


def _after_string(field: bytes, at: int) -> int:
    return at + 4 + 2 * unpack("H", field, at)[0]


def _strings(field: bytes, at: int) -> list[str]:
    """Given an STTB of Unicode strings, return them."""
    extended, count, extra = unpack("3H", field, at)
    if extended != 0xFFFF or count > _ENTRIES:
        raise unhandled()
    at += 6
    found: list[str] = []
    for _ in range(count):
        (length,) = unpack("H", field, at)
        unpack(f"{2 * length}x", field, at + 2)
        found.append(field[at + 2 : at + 2 + 2 * length].decode("utf-16-le", "replace"))
        at += 2 + 2 * length + extra
    return found
