"""One event, one line of the log: what a server or a stranger's mail says can't pretend to be an event of its own.

In: a record of any logger, of a library's too. Out: its text, whose first line alone begins at the margin: what follows
(a bug's frames, an answer of several lines) is indented. Every character that a terminal or a viewer takes for a line end
or an order is written as an escape (facts/reliability.md §3.2: log injection).
"""

import logging
import unicodedata

_INDENT = "\n    "


class EventFormatter(logging.Formatter):
    """Formats as `logging.Formatter` does, and keeps an event together."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return together(super().format(record))


def together(text: str) -> str:
    """Given the text of one event, return it with its further lines indented and without control characters."""
    return _INDENT.join(_printable(line) for line in text.replace("\r\n", "\n").split("\n"))


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        _escaped(one) if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else one for one in line
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
