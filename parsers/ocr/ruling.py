"""Ruled lines of a straightened page → tables of cells.

In: the page in gray and without seals, the height of its characters. Out: tables, each cell as the rectangle between its
lines. Lines are long runs of ink (longer than any stroke of a character); those that stand must meet lines that lie. Gaps of
a faint copy are bridged. A frame around a page is no table. Must not: invent a line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from parsers.document import FailureCode, ReadFailure
from parsers.ocr.opening import Picture
from parsers.ocr.shades import ink
from parsers.readers.ruled import Rectangle, Ruling, arrange

_CELLS_LIMIT = 600  # a form has 20, a list of people 200
_FRAME_SHARE = 0.25  # of the page: a single box of that size is a frame, or the edge of the paper on a dark desk
_FULL = 0.8  # of its rectangle: a region that is less is no cell but the space between two
_LYING, _STANDING = 2.2, 1.1  # length of the shortest line in heights of a character
_THICK = 0.21  # heights of a character: ruled lines are thinner (2.25 points), the ring of a seal is 1.2 mm
_OVERHANG = 0.3  # heights of a character by which lying lines are lengthened, to meet standing ones in spite of a seal
_BRIDGE = 1.1  # heights of a character: what the ring of a seal leaves of a standing line is bridged
# Of a standing line between two lying ones, with and without the ink of seals; the rest may be bridged.
_INKED, _UNSEALED = 0.6, 0.35
_LOW = 1.6  # heights of a character: a row in which strokes reach from line to line
_TALL = 3.2  # heights of a character: a standing line of that length is no stroke
_FLANK, _CLEAN = 0.28, 0.02  # heights of a character beside a shorter line, and the share of ink that may be there
_NEAR = 0.12  # heights of a character between the end of a standing line and the lying line that it meets


@dataclass(frozen=True, slots=True)
class RuledTable:
    """A table: `cells` are rectangles in pixels, `ruling` tells their places by index."""

    rectangle: Rectangle
    cells: tuple[Rectangle, ...]
    ruling: Ruling


def tables(shade: Picture, unsealed: Picture, character: float) -> tuple[RuledTable, ...]:
    """Given a page in gray, the same without seals, and the height of its characters, return its tables, the topmost first.

    A line counts if either picture shows it: a seal hides lines in gray, and those that its ink covers in red light.

    Raise ReadFailure TOO_LARGE for more cells than any form has.
    """
    lines = _lines(ink(shade), ink(unsealed), character)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    found: list[RuledTable] = []
    cells_in_all = 0
    for number in range(1, count):
        left, top, width, height, _area = (int(value) for value in stats[number])
        if width < 3 * character or height < 1.2 * character:
            continue
        own = np.where(labels[top : top + height, left : left + width] == number, np.uint8(255), np.uint8(0))
        cells = tuple(_cells(cast("Picture", own), left, top, character))
        if not cells or _is_frame(cells, shade):
            continue
        cells_in_all += len(cells)
        if cells_in_all > _CELLS_LIMIT:
            raise ReadFailure(FailureCode.TOO_LARGE, f"more than {_CELLS_LIMIT} cells on a page")
        ruling = arrange(cells, max(8.0, 0.4 * character))
        found.append(RuledTable((left, top, left + width, top + height), cells, ruling))
    return tuple(sorted(found, key=lambda one: (one.rectangle[1], one.rectangle[0])))


def _lines(marks: Picture, unsealed: Picture, character: float) -> Picture:
    """Return the ruled lines of a page, closed where a copy left gaps.

    They are looked for in all ink, for what is left of a line under a seal, and in the ink without seals, for a line that
    touches what is stamped over it: joined with it, it is no line any more.
    """
    clean = _without_blobs(unsealed, character)
    everything = cv2.bitwise_or(_without_blobs(marks, character), clean)
    inks = (everything, clean) if (everything != clean).any() else (clean,)
    lying = np.maximum.reduce([_lying(thin, character) for thin in inks])
    longer = cv2.dilate(lying, np.ones((1, 2 * round(_OVERHANG * character) + 1), np.uint8))
    # Specks of a scanner's noise are no strokes: a share of 1.5 % beside a border took it for one.
    printed = cv2.morphologyEx(unsealed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    found = longer
    for thin in inks:
        standing = _standing(thin, character)
        other = cv2.subtract(printed, cv2.bitwise_or(lying, standing))
        standing = _inked(standing, longer, cv2.bitwise_or(marks, unsealed), _INKED)
        standing = _inked(standing, longer, unsealed, _UNSEALED)
        found = cv2.bitwise_or(found, _meeting(standing, longer, other, cv2.subtract(marks, everything), character))
    return cast("Picture", cv2.dilate(found, np.ones((3, 3), np.uint8)))


def _lying(thin: np.ndarray, character: float) -> np.ndarray:
    across = max(12, round(_LYING * character))
    # A line that is a little crooked leaves its row of pixels: thickened across its way it still is one run.
    lying = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    lying = cv2.morphologyEx(lying, cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8))
    lying = cv2.morphologyEx(lying, cv2.MORPH_OPEN, np.ones((1, across), np.uint8))
    return np.asarray(cv2.morphologyEx(lying, cv2.MORPH_CLOSE, np.ones((1, across), np.uint8)))


def _standing(thin: np.ndarray, character: float) -> np.ndarray:
    down = max(10, round(_STANDING * character))
    standing = cv2.dilate(thin, np.ones((1, 3), np.uint8))
    standing = cv2.morphologyEx(standing, cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8))
    standing = cv2.morphologyEx(standing, cv2.MORPH_OPEN, np.ones((down, 1), np.uint8))
    return np.asarray(cv2.morphologyEx(standing, cv2.MORPH_CLOSE, np.ones((round(_BRIDGE * character), 1), np.uint8)))


def _without_blobs(marks: Picture, character: float) -> np.ndarray:
    """Return ink without what is thicker than any ruled line: the ring of a seal in gray would be one, and curved."""
    thick = max(7, round(_THICK * character))
    blobs = cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((thick, thick), np.uint8))
    return np.asarray(cv2.subtract(marks, cv2.dilate(blobs, np.ones((3, 3), np.uint8))))


def _inked(standing: np.ndarray, lying: np.ndarray, marks: np.ndarray, share: float) -> np.ndarray:
    """Return standing lines without those rows of cells in which they are nothing but a bridge between strokes above and below."""
    pieces = cv2.subtract(standing, cv2.dilate(lying, np.ones((3, 1), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pieces, connectivity=8)
    bridges = []
    for number in range(1, count):
        left, top, width, height, _area = (int(value) for value in stats[number])
        rows = marks[top : top + height, max(0, left - 1) : left + width + 1].any(axis=1)
        if np.count_nonzero(rows) < share * height:
            bridges.append(number)
    return np.where(np.isin(labels, bridges), np.uint8(0), standing)


def _meeting(
    standing: np.ndarray, lying: np.ndarray, other: np.ndarray, blobs: np.ndarray, character: float
) -> np.ndarray:
    """Return those pieces of standing lines that go from one lying line to the next.

    In rows as high as their text the strokes of characters do, too (国): `other` ink close by tells them from a line, which has
    the margins of its cells beside it. Where a gray seal lies on a line (`blobs`), its going on above or below tells.
    """
    near = round(character)
    reach = max(4, round(_NEAR * character))
    pieces = cv2.subtract(standing, cv2.dilate(lying, np.ones((3, 1), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pieces, connectivity=8)
    sure: list[int] = []
    unsure: list[int] = []
    for number in range(1, count):
        left, top, width, height, _area = (int(value) for value in stats[number])
        if width > max(9.0, 0.6 * character):
            continue
        columns = np.s_[max(0, left - 1) : left + width + 1]
        over = lying[max(0, top - reach) : top + reach + 1, columns]
        under = lying[max(0, top + height - reach - 1) : top + height + reach, columns]
        if over.any() and under.any():
            alone = height > _TALL * character or _stands_alone(other, left, top, width, height, character)
            if alone:
                sure.append(number)
            elif blobs[top : top + height, max(0, left - near) : left + width + near].any():
                unsure.append(number)
    sure = _recurring(sure, stats, character)
    kept = np.where(np.isin(labels, [*sure, *_going_on(sure, unsure, stats, reach)]), np.uint8(255), np.uint8(0))
    return np.asarray(cv2.dilate(kept, np.ones((2 * reach + 1, 1), np.uint8)))


def _recurring(sure: Sequence[int], stats: np.ndarray, character: float) -> list[int]:
    """Return the pieces of standing lines without those that stand in one low row only, in line with no other.

    In rows as low as their text a stroke now and then has clean flanks; columns of a table come again in other rows.
    """
    found: list[int] = []
    for number in sure:
        left, top, width, height, _area = (int(value) for value in stats[number])
        if height > _LOW * character:
            found.append(number)
            continue
        for other in sure:
            x, y, wide, high, _ = (int(value) for value in stats[other])
            apart = y >= top + height or y + high <= top
            if apart and abs((x + wide / 2) - (left + width / 2)) <= max(4.0, _NEAR * character):
                found.append(number)
                break
    return found


def _going_on(sure: Sequence[int], unsure: Sequence[int], stats: np.ndarray, reach: int) -> list[int]:
    """Return those pieces that go on where a sure one ends, and those that go on where these end."""
    found: list[int] = []
    ends = list(sure)
    rest = set(unsure)
    while ends and rest:
        left, top, width, height, _area = (int(value) for value in stats[ends.pop()])
        for number in sorted(rest):
            x, y, wide, high, _ = (int(value) for value in stats[number])
            aligned = abs((x + wide / 2) - (left + width / 2)) <= reach
            if aligned and (abs(y - top - height) <= 4 * reach or abs(top - y - high) <= 4 * reach):
                rest.remove(number)
                found.append(number)
                ends.append(number)
    return found


def _stands_alone(other: np.ndarray, left: int, top: int, width: int, height: int, character: float) -> bool:
    margin = max(4, round(_FLANK * character))
    rows = np.s_[top + 3 : max(top + 4, top + height - 3)]
    sides = (
        other[rows, max(0, left - margin) : max(0, left - 1)],
        other[rows, left + width + 1 : left + width + margin],
    )
    return all(np.count_nonzero(side) <= _CLEAN * max(side.size, 1) for side in sides)


def _cells(own: Picture, left: int, top: int, character: float) -> Iterable[Rectangle]:
    """Yield the rectangles that the lines of one table enclose; what lies outside touches the border added here."""
    open_space = cv2.bitwise_not(cv2.copyMakeBorder(own, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(open_space, connectivity=4)
    outside = labels[0, 0]
    for number in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[number])
        if number == outside or width < 0.6 * character or height < 0.6 * character:
            continue
        if area < _FULL * width * height:
            continue
        yield (left + x - 1.0, top + y - 1.0, left + x - 1.0 + width, top + y - 1.0 + height)


def _is_frame(cells: tuple[Rectangle, ...], shade: Picture) -> bool:
    if len(cells) > 1:
        return False
    left, top, right, bottom = cells[0]
    return bool((right - left) * (bottom - top) > _FRAME_SHARE * shade.shape[0] * shade.shape[1])
