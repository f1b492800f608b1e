"""What the model takes one thing for another in, whatever the picture: such a text is doubted, or written as it is meant.

In: the text of a cell or line as one look read it. Out: the text with boxes as `document.EMPTY_BOX` and `document.TICKED`, and
with U+FFFD where both looks may be wrong alike. Measured on printed cells in three fonts, clean and scanned: the model drops
one mark in three of \u2611\u662f \u25a1\u5426, reads a slash as 1 and a dash as \u4e00. Must not: guess which it was.
"""

import re

from parsers.document import EMPTY_BOX, TICKED
from parsers.engines import STROKE
from parsers.ocr.engine import UNREADABLE

_OPTIONS = "\u662f\u5426\u6709\u65e0\u7537\u5973\u4e0d"  # 是否有无男女不
_MARKS = str.maketrans({"\u25a1": EMPTY_BOX, "\u2612": TICKED, "\u2713": "\u221a", "\u2714": "\u221a"})
_MOUTH = re.compile(f"\u53e3(?=\\s*[{_OPTIONS}])")  # 口 for an empty box
_TICK = re.compile(f"[{TICKED}\u221a\u25a0\u25cf]")
# A letter alone is no value of any form: both looks gave w for a scribble, and V may be a tick.
_LETTER = re.compile("[A-Za-z]")
# What stands alone in a cell where nothing was to be filled in, and what it is taken for.
_BLANK_OR_NOT = frozenset("1lI|/\\-\u4e00\u2014\u4e28\u4e3f")


def cautious(text: str) -> str:
    """Given the text of a cell, return it as it may be believed."""
    marked = text.translate(_MARKS)
    if EMPTY_BOX in marked or _TICK.search(marked) or marked.startswith("\u53e3"):
        marked = _MOUTH.sub(EMPTY_BOX, marked)
    if EMPTY_BOX in marked and not _TICK.search(marked):
        return marked + UNREADABLE  # a choice told by the box that was left empty: the other's mark may be the lost one
    if marked in _BLANK_OR_NOT:
        return STROKE
    return marked + UNREADABLE if _LETTER.fullmatch(marked) else marked
