"""What comes out of a container: members by name, counted against the budget; and the one body of a message.

In charge of: the bounds that all modules of `packed` share, and of how the body of a mail becomes a member that `sniff`
recognizes. In: names and bytes as a container gives them. Out: `archives.Member`. Must not: guess an encoding silently
(an uncertain body goes on as the bytes it was), lose an attachment without a trace.
"""

from parsers.archives import Member, safe_name
from parsers.document import Budget, FailureCode, ReadFailure
from parsers.sniff import Kind, sniff
from parsers.text import decode

BODY_TEXT, BODY_HTML, BODY_RTF = "body.txt", "body.html", "body.rtf"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Windows code page identifiers as MAPI gives them → charset names that `text.decode` knows.
_CODE_PAGES = {936: "gbk", 54936: "gb18030", 52936: "hz-gb-2312", 950: "big5", 65001: "utf-8", 1200: "utf-16le"}
_WESTERN = frozenset({1252, 28591, 20127})


class Bag:
    """Collects members. Every way to put something in raises ReadFailure TOO_LARGE at the budget's bounds."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._bytes = 0
        self._members: list[Member] = []

    @property
    def left(self) -> int:
        """Bytes that may still come."""
        return self._budget.unzipped_bytes - self._bytes

    @property
    def depth(self) -> int:
        """How deep messages may lie within messages of one file."""
        return self._budget.archive_depth

    def members(self) -> tuple[Member, ...]:
        return tuple(self._members)

    def add(self, name: str, data: bytes) -> None:
        """Put a file in, under its sender's name made safe. Raise ReadFailure if it is one too many."""
        if len(self._members) >= self._budget.archive_members:
            raise ReadFailure(FailureCode.TOO_LARGE, f"more than {self._budget.archive_members} members")
        self._bytes += len(data)
        if self._bytes > self._budget.unzipped_bytes:
            raise ReadFailure(FailureCode.TOO_LARGE, "unpacked size over the budget")
        self._members.append(Member(safe_name(name), data))

    def add_body(self, prefix: str, *, text: bytes = b"", html: bytes = b"", rtf: bytes = b"") -> None:
        """Put the body of a message in, once: two renderings of one form would be two forms.

        The HTML goes in where it holds a table or stands alone (as `intake.bodies` chooses), else the text; RTF, for
        which another program is needed, only where there is neither.
        """
        has_text, has_html = bool(text.strip()), bool(html.strip())
        if has_html and (b"<table" in html.lower() or not has_text):
            # A fragment that starts with plain words would be taken for text: members have no declared type.
            is_html = sniff(html, BODY_HTML) is Kind.HTML
            mark = _BYTE_ORDER_MARK if html.startswith(_BYTE_ORDER_MARK) else b""
            self.add(prefix + BODY_HTML, html if is_html else mark + b"<html>" + html.removeprefix(mark))
        elif has_text:
            self.add(prefix + BODY_TEXT, text)
        elif rtf.strip():
            self.add(prefix + BODY_RTF, rtf)


def code_page(number: int) -> str:
    """Given a Windows code page, return a charset name for `text.decode`, "" for an unknown one."""
    return "windows-1252" if number in _WESTERN else _CODE_PAGES.get(number, "")


def labelled(data: bytes, charset: str) -> bytes:
    """Given a body and the charset that its container declares, return it as UTF-8 with a byte order mark.

    Where label and bytes disagree it stays as it was, so that its reader meets the doubt and tells it.
    """
    decoded = decode(data, charset)
    if not decoded.certain or decoded.damaged:
        return data
    return unicode(decoded.text)


def unicode(text: str) -> bytes:
    """Given text, return it in bytes that no label inside it can contradict; b"" for an empty one."""
    return _BYTE_ORDER_MARK + text.encode("utf-8", "replace") if text.strip() else b""
