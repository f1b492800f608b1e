"""Glyphs → lines of text, and the lines of one cell → its text.

In: glyphs that stand together (in one cell, or outside all cells). Out: text in which a person's eye finds nothing added and
nothing lost. A PDF knows no words, no paragraphs, no wrapping: all three are told from distances.

Blanks: a gap wider than 0.28 em between Latin letters (a blank is 0.25 em wide at least, kerning never reaches a tenth), 0.9
em between Chinese characters (justified lines are stretched by less), beyond the line's usual gap (spaced type).
Wrapping: a line was wrapped if what comes next would not have fit behind it; else the writer pressed Enter, and the newline
stays. So 1390595 | 1234 becomes one number where the cell is full after 1390595, and two names under each other stay two.
Where both could be meant (a column two characters wide, two whole telephone numbers) the newline stays: a field with two
values is asked about, one with a wrong value is not. Must not: know about tables or pages.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from parsers.document import EMPTY_BOX, TICKED
from parsers.readers.ink import Line, Look
from parsers.readers.pdfink import Glyph, plain_name
from parsers.readers.symbols import has_private, is_symbol_font, translate

_UNDEFINED = re.compile(r"\(cid:\d+\)")
_WIDE = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003ffff]"
)
_HAN_ONLY = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_WORD = re.compile("[^\\s\u1100-\u11ff\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff60]+")
_LAST_WORD = re.compile(_WORD.pattern + "$")
_WHOLE_NUMBER = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}|[2-8]\d{6,7}|400-?\d{3}-?\d{4}")
_CLOSING = "\uff0c\u3002\u3001\uff1b\uff1a\uff1f\uff01\uff09\u300b\u300d\u3011\u201d,.;:?!)"

_BREAKS = ("-", "/", "@", ".", "_")  # word processors break a line behind these

_LATIN_GAP, _WIDE_GAP, _COLUMN_GAP = 0.28, 0.9, 2.5  # em
_NARROW_CELL = 5.0  # em: where two names under each other look like one name wrapped
_PADDING = 8.0  # points between rule and text that word processors set (Word 5.4, LibreOffice 2.8)
_BLEED = 0.15  # em by which measuring may err

_SYMBOLS_OF_OFFICE = frozenset({"OpenSymbol", "StarSymbol"})  # LibreOffice draws Wingdings with it, by its own codes
_DINGBATS = {  # the standard font of PDF for form fields (ISO 32000-1 annex D.6); pdfminer gives its letters
    **dict.fromkeys("34", TICKED),
    **dict.fromkeys("5678", "\u2717"),
    **dict.fromkeys("opqr", EMPTY_BOX),
    "l": "\u25cf",
    "m": "\u25cb",
    "n": "\u25a0",
}
_MARKS = "_\uff3f"


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line as it is printed. `pieces` are its parts with their looks, blanks for gaps included."""

    pieces: tuple[tuple[str, Look], ...]
    left: float
    right: float
    baseline: float
    size: float
    unknown: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is not struck out, ends untrimmed."""
        return "".join(text for text, look in self.pieces if not look.struck)


@dataclass(frozen=True, slots=True)
class Written:
    """The text of one cell, with what of it is marked."""

    text: str
    underlined: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()


def lines_of(glyphs: Iterable[Glyph]) -> list[TextLine]:
    """Given glyphs in drawing order, return the lines that they form, from top to bottom."""
    rows: list[list[Glyph]] = []
    turned: list[Glyph] = []
    for glyph in sorted(glyphs, key=lambda one: one.baseline):
        if glyph.turn != 0:
            turned.append(glyph)
        elif rows and _same_row(rows[-1], glyph):
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    found = []
    for row in rows:
        ordered = _in_reading_order(_once(sorted(row, key=lambda one: one.order)))
        if any(glyph.text.strip() for glyph in ordered):
            found.append(_line(ordered))
    if any(glyph.text.strip() for glyph in turned):
        found.append(_turned_line(turned))
    return found


def written(lines: Sequence[TextLine], left: float, right: float) -> Written:
    """Given the lines of a cell and the cell's sides, return its text: wrapped lines joined, others apart by newlines."""
    full = _Room(lines, left, right)
    paragraphs: list[Line] = []
    for number, line in enumerate(lines):
        joint = full.joint(lines[number - 1], line) if number else "\n"
        if joint == "\n":
            paragraphs.append(Line())
        pieces = list(line.pieces)
        if joint != "\n" and paragraphs[-1].pieces:
            before, look = paragraphs[-1].pieces[-1]
            paragraphs[-1].pieces[-1] = (before.rstrip() + joint, look)
            pieces = _without_indent(pieces)
        for text, look in pieces:
            paragraphs[-1].add(text, look)
    texts = [paragraph.text() for paragraph in paragraphs]
    whole = "\n".join(text for text in texts if text)
    underlined = tuple(piece for paragraph in paragraphs for piece in paragraph.underlined(whole))
    struck = tuple(piece for paragraph in paragraphs for piece in paragraph.struck())
    return Written(whole, underlined, struck)


# --- glyphs → a line -------------------------------------------------------------------------------------------------


def _same_row(row: Sequence[Glyph], glyph: Glyph) -> bool:
    tallest = max(row, key=lambda one: one.size)
    return abs(glyph.baseline - tallest.baseline) <= 0.5 * min(tallest.size, max(glyph.size, 0.6 * tallest.size))


def _once(row: Sequence[Glyph]) -> list[Glyph]:
    """Drop a glyph drawn again at nearly the same place: bold type and shadows are made so."""
    kept: dict[str, list[Glyph]] = {}
    found = []
    for glyph in row:
        twins = kept.setdefault(glyph.text, [])
        width = max(glyph.right - glyph.left, 0.1 * glyph.size)
        if any(abs(twin.left - glyph.left) < 0.4 * width for twin in twins) and glyph.text.strip():
            continue
        twins.append(glyph)
        found.append(glyph)
    return found


def _in_reading_order(row: Sequence[Glyph]) -> list[Glyph]:
    """Given the glyphs of a row in drawing order, return them from left to right.

    Runs that were drawn in one go stay together: a name written over a row of underscores, or over another text, is not
    mixed with it letter by letter. Underscores under other text are its underline.
    """
    marks = [glyph for glyph in row if glyph.text in _MARKS]
    texts = [glyph for glyph in row if glyph.text not in _MARKS]
    kept = [mark for mark in marks if not any(_overlap(mark, text) > 0.3 for text in texts if text.text.strip())]
    if len(kept) < len(marks):
        gone = [mark for mark in marks if mark not in kept]
        over = [any(_overlap(mark, text) > 0.3 for mark in gone) and bool(text.text.strip()) for text in texts]
        texts = [replace(text, underlined=True) if lies else text for text, lies in zip(texts, over, strict=True)]
    runs: list[list[Glyph]] = []
    for glyph in sorted([*texts, *kept], key=lambda one: one.order):
        last = runs[-1][-1] if runs else None
        if last is not None and -0.5 * glyph.size <= glyph.left - last.right <= 0.5 * glyph.size:
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    return [glyph for run in sorted(runs, key=lambda run: run[0].left) for glyph in run]


def _overlap(one: Glyph, other: Glyph) -> float:
    """Return the part of the narrower one's width that both share."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    return shared / max(min(one.right - one.left, other.right - other.left), 0.01)


def _line(row: Sequence[Glyph]) -> TextLine:
    usual = _usual_gap(row)
    pieces: list[tuple[str, Look]] = []
    unknown: list[str] = []
    for number, glyph in enumerate(row):
        look = Look(struck=glyph.struck, underlined=glyph.underlined)
        if number:
            blank = _blank(row[number - 1], glyph, usual)
            if blank:
                both = row[number - 1].underlined and glyph.underlined
                _append(pieces, blank, Look(struck=row[number - 1].struck and glyph.struck, underlined=both))
        text, strange = _sign(glyph)
        unknown += strange
        _append(pieces, text, look)
    solid = [glyph for glyph in row if glyph.text.strip()]
    tallest = max(solid, key=lambda one: one.size)
    return TextLine(
        tuple(pieces),
        min(glyph.left for glyph in solid),
        max(glyph.right for glyph in solid),
        tallest.baseline,
        tallest.size,
        tuple(unknown),
    )


def _turned_line(glyphs: Sequence[Glyph]) -> TextLine:
    """Text that runs up, down or askew has no place in the lines: it is one line of its own, in drawing order."""
    row = _once(sorted(glyphs, key=lambda one: one.order))
    size = max(glyph.size for glyph in row)
    middle = sum(glyph.baseline for glyph in row) / len(row)
    text = "".join(_sign(glyph)[0] for glyph in row)
    return TextLine(((text, Look()),), row[0].left, row[-1].right, middle, size)


def _append(pieces: list[tuple[str, Look]], text: str, look: Look) -> None:
    if pieces and pieces[-1][1] == look:
        pieces[-1] = (pieces[-1][0] + text, look)
    else:
        pieces.append((text, look))


def _sign(glyph: Glyph) -> tuple[str, tuple[str, ...]]:
    """Return the glyph's text: signs of symbol fonts as what they look like, what is unknown as U+FFFD (never stored)."""
    text, font = _UNDEFINED.sub("\ufffd", glyph.text), plain_name(glyph.font)
    if text in {TICKED, EMPTY_BOX}:
        return text, ()
    if font == "ZapfDingbats":
        return "".join(_DINGBATS.get(character, character) for character in text), ()
    if not is_symbol_font(font) and has_private(text) and font not in _SYMBOLS_OF_OFFICE:
        # LibreOffice on a machine without Wingdings prints one "missing" box for the ticked and for the empty one, and gives
        # both the code of whichever came first.
        return "\ufffd", (f"{font} private",)
    return translate(text, font)


def _usual_gap(row: Sequence[Glyph]) -> float:
    gaps = [b.left - a.right for a, b in pairwise(row) if a.text.strip() and b.text.strip()]
    return max(0.0, median(gaps)) if len(gaps) >= 4 else 0.0


def _blank(before: Glyph, after: Glyph, usual: float) -> str:
    """Return the blanks that a gap between two glyphs stands for."""
    size = max(before.size, after.size)
    gap = (after.left - before.right - usual) / size if size > 0 else 0
    if gap > _COLUMN_GAP:
        return "    "
    if before.text.endswith((" ", "\u3000")) or after.text.startswith((" ", "\u3000")):
        return ""
    both_wide = _WIDE.match(before.text[-1:]) and _WIDE.match(after.text[:1])
    return " " if gap > (_WIDE_GAP if both_wide else _LATIN_GAP) else ""


# --- lines → the text of a cell --------------------------------------------------------------------------------------


class _Room:
    """Tells whether the line break between two lines of a cell was made by the writer or by the cell's side."""

    def __init__(self, lines: Sequence[TextLine], left: float, right: float) -> None:
        gaps = [gap for line in lines for gap in (line.left - left, right - line.right)]
        self._padding = min(max(min(gaps, default=0.0), 0.0), _PADDING)
        self._left, self._right = left + self._padding, right - self._padding
        self._width = self._right - self._left
        tolerance = 0.6 * max((line.size for line in lines), default=0.0)
        self._flush_left = all(line.left - self._left <= tolerance for line in lines[1:])

    def joint(self, before: TextLine, after: TextLine) -> str:
        """Return what stands between the two lines: "" or a blank where the text was wrapped, else a newline."""
        first, second = before.text, after.text
        head, tail = first.rstrip(), second.lstrip()
        if not head or not tail:
            return "\n"
        if tail[0] in _CLOSING:
            return ""  # nobody begins a line with it, but LibreOffice does where a line is one long word
        behind = self._right - before.right if self._flush_left else self._width - (before.right - before.left)
        em = min(before.size, after.size)
        unit, token = _first_unit(tail, after), _first_word(tail, after)
        last_word = _LAST_WORD.search(head)
        trailing = _width_of(last_word.group(), before) if last_word else 0.0
        hyphened = head.endswith(_BREAKS)
        one = _width_of(tail[0], after)
        # A word is broken only where it is longer than a whole line, and then the line is filled to the last letter.
        too_long = trailing + token > self._width - _BLEED * em and behind - _BLEED * em < one
        broken_token = bool(token and last_word and first == head and not hyphened) and too_long
        needed = one if broken_token or token > self._width else unit
        if behind - _BLEED * em >= needed or _are_two(head, tail, self._width / max(em, 0.1)):
            return "\n"
        if not token or not last_word:
            return ""
        if first != head or second != tail:
            return " "
        return "" if broken_token or hyphened else " "


def _are_two(head: str, tail: str, width: float) -> bool:
    """Given what stands before and after a line break, return whether either side may be a whole value."""
    last, first = _LAST_WORD.search(head), _WORD.match(tail)
    if last and first:
        if "@" in last.group() and "@" in first.group():
            return True
        if _WHOLE_NUMBER.fullmatch(last.group()) and _WHOLE_NUMBER.match(first.group()):
            return True
    if width >= _NARROW_CELL:
        return False
    return all(len(text) >= 2 and _HAN_ONLY.fullmatch(text) is not None for text in (head, tail))


def _first_unit(text: str, line: TextLine) -> float:
    """Return the width of the shortest beginning that may stand at the end of a line."""
    word = _WORD.match(text)
    unit = word.group() if word else text[0]
    end = len(unit)
    while text[end : end + 1] and text[end] in _CLOSING:
        end += 1
    return _width_of(text[:end], line)


def _first_word(text: str, line: TextLine) -> float:
    word = _WORD.match(text)
    return _width_of(word.group(), line) if word else 0.0


def _width_of(text: str, line: TextLine) -> float:
    """Estimate the width of a part of a line: wide characters one em, the others share what is left of it."""
    whole = line.text.strip()
    wide = len(_WIDE.findall(whole))
    others = len(whole) - wide
    each = (line.right - line.left - wide * line.size) / others if others else 0.0
    each = min(max(each, 0.25 * line.size), line.size)
    own = len(_WIDE.findall(text))
    return own * line.size + (len(text) - own) * each


def _without_indent(pieces: list[tuple[str, Look]]) -> list[tuple[str, Look]]:
    first, look = pieces[0]
    return [(first.lstrip(), look), *pieces[1:]]
