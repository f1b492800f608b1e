"""Lines and small squares that belong to text: underlines, strokes through it, drawn check boxes. The rest rules tables.

In: the visible glyphs of a sheet and its rules. Out: the glyphs with their marks, check boxes as glyphs, and the rules that
are left. Word and LibreOffice print tracked deletions struck out with the inserted text beside them, and a form's check box
as a square with a cross of two lines. Must not: take a cell's border for an underline: a border meets other borders.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from parsers.document import EMPTY_BOX, TICKED
from parsers.readers.pdfink import Area, Glyph, Rule, Sheet

# Where a line lies, in em above the baseline. Measured: LibreOffice 7.4 underlines at -0.10, strikes at 0.28, twofold at
# 0.19 and 0.30; Word underlines at -0.12, strikes at 0.26 (Latin) to 0.36 (Chinese).
_UNDER, _THROUGH = (-0.32, 0.06), (0.1, 0.6)
_REACH = 1.5  # points: a border ends at its neighbor
_BOX = (5.0, 18.0)  # points: sides of a check box
_TICKS = frozenset("\u221a\u2713\u2714\u2705\u00d7\u2715\u2716\u2717\u2718xXvV\u25cf\u25a0\u2611\u2612Rr")
_NEAR = 1.0
_DARK = 0.5


def marked(glyphs: Sequence[Glyph], sheet: Sheet) -> tuple[list[Glyph], list[Rule]]:
    """Given the glyphs that a person sees, return them with underlines, strokes and check boxes, and the other rules."""
    boxes = _check_boxes(sheet)
    shown, signs = _boxes_as_glyphs(boxes, list(glyphs), sheet)
    rules = [rule for rule in sheet.rules if not any(_is_side(rule, box) for box in boxes)]
    rows = sorted(range(len(shown)), key=lambda number: shown[number].baseline)
    baselines = [shown[number].baseline for number in rows]
    upright = sorted((rule for rule in rules if not rule.across), key=lambda rule: rule.at)
    places = [rule.at for rule in upright]
    tallest = max((glyph.size for glyph in shown), default=0.0)
    left: list[Rule] = []
    for rule in rules:
        if not rule.across or _is_border(rule, upright, places):
            left.append(rule)
            continue
        first = bisect_left(baselines, rule.at - 0.35 * tallest)
        last = bisect_right(baselines, rule.at + 0.65 * tallest)
        if not _mark(rule, shown, rows[first:last]):
            left.append(rule)
    return [*shown, *signs], left


def _mark(rule: Rule, glyphs: list[Glyph], near: Sequence[int]) -> bool:
    """Mark the glyphs that the rule underlines or strikes; return whether there are any."""
    found = False
    for number in near:
        glyph = glyphs[number]
        middle = (glyph.left + glyph.right) / 2
        if not rule.start - 0.5 <= middle <= rule.end + 0.5 or glyph.size <= 0:
            continue
        above = (glyph.baseline - rule.at) / glyph.size
        if _THROUGH[0] <= above <= _THROUGH[1]:
            glyphs[number] = replace(glyph, struck=True)
        elif _UNDER[0] <= above <= _UNDER[1]:
            glyphs[number] = replace(glyph, underlined=True)
        else:
            continue
        found = found or bool(glyph.text.strip())
    return found


def _is_border(rule: Rule, upright: Sequence[Rule], places: Sequence[float]) -> bool:
    """Given a rule across, return whether both its ends meet upright rules."""
    for end in (rule.start, rule.end):
        near = upright[bisect_left(places, end - _REACH) : bisect_right(places, end + _REACH)]
        if not any(other.start - _REACH <= rule.at <= other.end + _REACH for other in near):
            return False
    return True


# --- check boxes -----------------------------------------------------------------------------------------------------


def _check_boxes(sheet: Sheet) -> list[Area]:
    """Return the small squares that stand alone; squares side by side are cells for one digit each."""
    squares = [area for area in sheet.areas if _is_square(area)]
    distinct: list[Area] = []
    for square in squares[:2_000]:
        if not any(abs(square.left - one.left) < _NEAR and abs(square.top - one.top) < _NEAR for one in distinct):
            distinct.append(square)
    return [one for one in distinct if not _touches(one, distinct, sheet.rules)]


def _is_square(area: Area) -> bool:
    width, height = area.right - area.left, area.bottom - area.top
    return (
        area.stroked and _BOX[0] <= width <= _BOX[1] and _BOX[0] <= height <= _BOX[1] and 0.75 <= width / height <= 1.33
    )


def _touches(box: Area, squares: Sequence[Area], rules: Sequence[Rule]) -> bool:
    """Return whether a square shares a side with another or with a longer rule."""
    for other in squares:
        if other is not box and not (
            other.left > box.right + _NEAR
            or other.right < box.left - _NEAR
            or other.top > box.bottom + _NEAR
            or other.bottom < box.top - _NEAR
        ):
            return True
    for rule in rules:
        near, (low, high), (first, last) = (
            ((box.top, box.bottom), (box.left, box.right), (rule.start, rule.end))
            if rule.across
            else ((box.left, box.right), (box.top, box.bottom), (rule.start, rule.end))
        )
        longer = last - first > (high - low) + 2 * _NEAR
        if longer and min(abs(rule.at - side) for side in near) < _NEAR and first < high and last > low:
            return True
    return False


def _is_side(rule: Rule, box: Area) -> bool:
    sides, low, high = (
        ((box.top, box.bottom), box.left, box.right) if rule.across else ((box.left, box.right), box.top, box.bottom)
    )
    return min(abs(rule.at - side) for side in sides) < _NEAR and rule.start >= low - _NEAR and rule.end <= high + _NEAR


def _boxes_as_glyphs(boxes: Sequence[Area], glyphs: list[Glyph], sheet: Sheet) -> tuple[list[Glyph], list[Glyph]]:
    """Return the glyphs without the ticks that stand in boxes, and a sign for each box.

    A box around any other sign is a frame (a character in a box, a digit of a number), not a check box.
    """
    gone: set[int] = set()
    signs: list[Glyph] = []
    for box in boxes:
        inside = [number for number, glyph in enumerate(glyphs) if glyph.text.strip() and box.holds(*glyph.middle)]
        if any(glyphs[number].text.strip() not in _TICKS for number in inside):
            continue
        ticked = bool(inside) or (box.filled is not None and box.filled < _DARK)
        ticked = ticked or any(_within(stroke, box) for stroke in sheet.strokes)
        gone.update(inside)
        size = box.bottom - box.top
        signs.append(
            Glyph(TICKED if ticked else EMPTY_BOX, box.left, box.right, box.bottom - 0.1 * size, size, order=box.order)
        )
    return [glyph for number, glyph in enumerate(glyphs) if number not in gone], signs


def _within(stroke: Area, box: Area) -> bool:
    """A tick may reach beyond its box, its middle lies in it."""
    middle = ((stroke.left + stroke.right) / 2, (stroke.top + stroke.bottom) / 2)
    return box.holds(*middle) and stroke.right - stroke.left < 2.5 * (box.right - box.left)
