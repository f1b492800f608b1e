"""Ink of a cell or a line, without any engine: which lines it forms, what of it nobody read, whether a line strikes it out.

In: crops of `shades.ink` (255 where ink is) and the height of a character in pixels. Out: rectangles within the crop, or yes
and no. Must not: know what the ink says.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from parsers.ocr.opening import Picture
from parsers.readers.ruled import Rectangle

_SPECK = 0.12  # heights of a character; smaller marks are dirt (the dots of a full stop at 10 points are 0.15)
_RULE = 0.22  # a mark lower than that and long is a rule: an underline, the rest of a cell's border
_LETTER = 0.45  # a mark of at least that height is a letter or a stroke of one
_STRIKE, _WHOLE = 3.2, 0.96  # heights, or width, of the text: the shortest line that strikes something out
# Of a slash: its width by its height, the correlation of its rows and their middles, the ink of a row.
_LEANING, _STRAIGHT, _THIN = 0.33, 0.99, 0.4
_TOUCHING = 0.15  # of a row's usual ink, where two lines of text touch
_GAP = 2.5  # a line is cut where that much is blank


def tidy(marks: Picture, character: float) -> Picture:
    """Given the ink of a cell, return it without specks and without what is left of the cell's own borders."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    height, width = marks.shape
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    speck = np.maximum(wide, high) < max(2.0, _SPECK * character)
    near = max(2.0, 0.1 * character)
    at_side = (left <= near) | (left + wide >= width - near)
    at_end = (top <= near) | (top + high >= height - near)
    border = (at_end & (high < _RULE * character)) | (at_side & (wide < _RULE * character))
    keep = ~(speck | border)
    keep[0] = False  # the paper
    return np.where(keep[labels] if count > 1 else np.zeros_like(labels, bool), np.uint8(255), np.uint8(0))


def bands(marks: Picture, character: float) -> list[Rectangle]:
    """Given the tidy ink of a cell, return its lines of text from top to bottom, each cut at wide blanks."""
    rows = marks.max(axis=1, initial=0) > 0
    found: list[Rectangle] = []
    joined = _joined(_runs(rows), character)
    for top, bottom in [part for run in joined for part in _parted(marks, *run, character)]:
        columns = marks[top:bottom].max(axis=0, initial=0) > 0
        for left, right in _joined(_runs(columns), character, gap=_GAP * character):
            ink = marks[top:bottom, left:right]
            inner = _runs(ink.max(axis=1, initial=0) > 0)
            high = inner[-1][1] - inner[0][0] if inner else 0
            if high < _RULE * character and right - left > 2.5 * character:
                continue  # an underline, or a dash where nothing was to be filled in
            found.append((left, top, right, bottom))
    return found


def _parted(marks: Picture, top: int, bottom: int, character: float) -> list[tuple[int, int]]:
    """Given rows of ink, return them parted where two lines of text meet: set solid, a few pixels touch."""
    least = round(0.6 * character)
    if bottom - top < 1.5 * character or bottom - top <= 2 * least:
        return [(top, bottom)]
    profile = np.count_nonzero(marks[top:bottom], axis=1)
    lowest = least + int(profile[least : bottom - top - least].argmin())
    if profile[lowest] > _TOUCHING * profile.mean():
        return [(top, bottom)]
    return [*_parted(marks, top, top + lowest, character), *_parted(marks, top + lowest, bottom, character)]


def extent(marks: Picture) -> Rectangle | None:
    """Given tidy ink, return the rectangle that holds all of it, or None where nothing is."""
    rows, columns = np.flatnonzero((marks > 0).any(axis=1)), np.flatnonzero((marks > 0).any(axis=0))
    if not rows.size:
        return None
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def uncovered(marks: Picture, covered: Sequence[Rectangle], character: float) -> bool:
    """Given the tidy ink of a cell and where text was read, return whether something of a letter's size lies elsewhere."""
    rest = marks.copy()
    margin = 0.15 * character
    for left, top, right, bottom in covered:
        rest[max(0, int(top - margin)) : int(bottom + margin), max(0, int(left - margin)) : int(right + margin)] = 0
    joined = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for number in range(1, count):
        _left, _top, width, height, area = (int(value) for value in stats[number])
        if height >= _LETTER * character and width >= 0.2 * character and area >= 0.06 * character**2:
            return True
    return False


def is_slash(marks: Picture, character: float) -> bool:
    """Given the tidy ink of a cell, return whether it is one slanting stroke and nothing else: / or \uff0f, which is no value.

    The engine takes it for 1, for l, or for nothing, as it likes. No digit leans so far: an italic 1 does by a fifth.
    """
    inked = extent(marks)
    if inked is None:
        return False
    stroke = marks[inked[1] : inked[3], inked[0] : inked[2]] > 0
    height, width = stroke.shape
    if not 0.5 * character <= height <= 2.0 * character or not _LEANING * height <= width <= 1.3 * height:
        return False
    by_row = stroke.sum(axis=1)
    if not by_row.all() or by_row.max() > _THIN * character or cv2.connectedComponents(marks)[0] != 2:
        return False
    middles = (stroke * np.arange(width)).sum(axis=1) / by_row
    return bool(np.corrcoef(np.arange(height), middles)[0, 1] < -_STRAIGHT)


def is_struck(marks: Picture) -> bool:
    """Given the ink of one line of text, return whether a line runs through its middle, with ink above and below it.

    An underline has nothing below, a dash nothing above. Level strokes of neighbors may meet, but hardly over three characters;
    a line through one or two covers them from end to end.
    """
    inked = extent(marks)
    if inked is None:
        return False
    text = marks[inked[1] : inked[3], inked[0] : inked[2]]
    height, width = text.shape
    reach = round(min(_STRIKE * height, _WHOLE * width))
    if width < 1.4 * height or height < 8:
        return False
    # OpenCV takes what lies beyond the edge for ink: a stroke that begins there would be as long as one likes.
    padded = cv2.copyMakeBorder(text, 0, 0, reach, reach, cv2.BORDER_CONSTANT, value=0)
    level = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((1, reach), np.uint8))[:, reach : reach + width]
    first, last = round(0.3 * height), round(0.72 * height)
    crossed = (level[first:last] > 0).any(axis=0)
    above = (text[: round(0.28 * height)] > 0).any(axis=0)
    below = (text[round(0.74 * height) :] > 0).any(axis=0)
    over = int(np.count_nonzero(crossed))
    return bool(np.count_nonzero(crossed & above) > 0.25 * over and np.count_nonzero(crossed & below) > 0.25 * over)


def _runs(filled: np.ndarray) -> list[tuple[int, int]]:
    """Return the runs of True as (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], filled.astype(np.int8), [0]))))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _joined(runs: Sequence[tuple[int, int]], character: float, gap: float | None = None) -> list[tuple[int, int]]:
    """Join runs across gaps. Without `gap`: rows of one line, whose characters (二, i, :) have gaps of their own."""
    found: list[tuple[int, int]] = []
    for start, stop in runs:
        if found:
            blank = start - found[-1][1]
            together = stop - found[-1][0]
            limit = gap if gap is not None else 0.1 * character
            small = gap is None and together <= 1.25 * character and blank < 0.5 * character
            if (blank <= limit and (gap is not None or together <= 1.6 * character)) or small:
                found[-1] = (found[-1][0], stop)
                continue
        found.append((start, stop))
    return found


def cut(marks: Picture, one: Rectangle) -> Picture:
    """Return the part of a picture that lies in a rectangle."""
    left, top, right, bottom = (max(0, round(edge)) for edge in one)
    return marks[top:bottom, left:right]
