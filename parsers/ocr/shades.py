"""One page in the shades that the looks need: gray for lines, without seal red for text, evened out for the second look; ink.

In: pixels. Out: pixels of the same size. Under a seal the red channel is stretched so that the seal turns white; lines are
taken from the gray picture, for where red ink crosses them they would be gone (facts/documents.md §2.6: 98 against 109
fields of 110). Elsewhere red stays: some people answer in red.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import cv2
import numpy as np

from parsers.ocr.opening import Picture

_BLOCK = 41  # pixels of the neighborhood that a pixel is compared with; wider than a stroke, narrower than a shadow
_DARKER = 14  # by so much must ink be darker than its neighborhood; noise of a scanner has a deviation of up to 9
_REDDER = 0.22  # share by which red exceeds green and blue in seal ink; paper in lamp light has 0.1
_SMALLEST_SEAL, _LARGEST_SEAL = 0.07, 0.45  # of the page's shorter side; a unit's seal is 4 cm wide, A4 is 21
_RING_SIDE = 900  # pixels of the longest side for the search for circles
_ROUND, _ROUNDER = 0.8, 0.3  # of a circle that must be ink, and how much more than of those beside it
_OUTSIDE = 1.1  # radii: the ring is a line of some width
_PRINTED = 500  # pixels of print that tell how dark it is
_NEARLY_WHITE = 205  # of 255; print under an opaque seal comes out at 180
_PALER = 40  # levels of 256 between print and a seal that can be told from it; noise has a deviation of up to 9

Circle = tuple[float, float, float]  # x, y, radius


def gray(picture: Picture) -> Picture:
    """Given a page, return its brightness."""
    return cast("Picture", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def without_seals(picture: Picture) -> Picture:
    """Given a page, return it in gray; where seals are, as red light sees it, stretched until their red is white."""
    plain = gray(picture)
    where = red_seals(picture)
    if not where.any():
        return plain
    red = np.ascontiguousarray(picture[:, :, 2])
    stamped = red[(where > 0) & (_redness(picture) > _REDDER)]
    white = max(float(np.percentile(stamped, 20)), 120.0)
    stretched = _whitened(red.astype(np.float32) * (255.0 / white))
    return cast("Picture", np.where(where > 0, stretched, plain))


def _whitened(light: np.ndarray) -> np.ndarray:
    """Given a stretched picture, return it in 0 to 255; what is nearly white is what a copier left of the seal's edges."""
    return np.where(light > _NEARLY_WHITE, 255, np.clip(light, 0, 255)).astype(np.uint8)


def red_seals(picture: Picture) -> Picture:
    """Given a page, return 255 in the rectangles that hold red marks of the size of a seal, else 0."""
    marks = (_redness(picture) > _REDDER).astype(np.uint8)
    side = min(picture.shape[:2])
    reach = max(3, side // 80)
    joined = cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    where = np.zeros(marks.shape, np.uint8)
    for number in range(1, count):
        left, top, width, height, _area = (int(value) for value in stats[number])
        if min(width, height) > _SMALLEST_SEAL * side and max(width, height) < _LARGEST_SEAL * side:
            where[max(0, top - 4) : top + height + 4, max(0, left - 4) : left + width + 4] = 255
    return where


def _redness(picture: Picture) -> np.ndarray:
    blue, green, red = cv2.split(picture)
    surplus = cv2.subtract(red, cv2.max(green, blue)).astype(np.float32)
    return np.where(red > 80, surplus / np.maximum(red, 1), 0.0)


def rings(marks: Picture) -> list[Circle]:
    """Given the ink of a page without its red seals, return the circles on it as x, y, radius.

    A seal copied in gray has no color to be known by, and its text stands level at its top: both looks read it into the cell
    that it lies on (an office's seal gave a man the position of its own department).
    """
    scale = min(1.0, _RING_SIDE / max(marks.shape))
    small = cv2.resize(_strokes(marks), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.where(small > 60, np.uint8(255), np.uint8(0))
    found: list[tuple[float, Circle]] = []
    for x, y, radius in _round_places(small):
        line, circle = _nearest_ring(small, x, y, radius)
        if circle is not None:
            found.append((line, circle))
    apart: list[Circle] = []
    for _, one in sorted(found, reverse=True):
        if all(np.hypot(one[0] - other[0], one[1] - other[1]) > other[2] / 2 for other in apart):
            apart.append(one)
    return [(x / scale, y / scale, radius / scale) for x, y, radius in apart]


def _round_places(marks: np.ndarray) -> Iterable[Circle]:
    """Yield about where the ink of a page lies in a circle, two places for each radius that a seal may have.

    Each pixel is asked how much of a circle around it is ink. OpenCV's own search for circles, which goes by the direction of
    edges, missed one gray seal in eight: the text around a seal's ring and its star have more edges than the ring.
    """
    tiny = cv2.resize(
        cv2.dilate(marks, np.ones((3, 3), np.uint8)), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST
    )
    inked = (tiny > 0).astype(np.float32)
    side = min(tiny.shape)
    for radius in range(round(side * _SMALLEST_SEAL / 2), round(side * _LARGEST_SEAL / 2) + 1):
        kernel = np.zeros((2 * radius + 3, 2 * radius + 3), np.float32)
        cv2.circle(kernel, (radius + 1, radius + 1), radius, 1.0, 1)
        shares = cv2.filter2D(inked, -1, kernel / kernel.sum(), borderType=cv2.BORDER_CONSTANT)
        for _ in range(2):
            _, share, _, (x, y) = cv2.minMaxLoc(shares)
            if share < _ROUND - _ROUNDER:
                break
            yield 2.0 * x, 2.0 * y, 2.0 * radius
            cv2.circle(shares, (x, y), radius, 0.0, -1)


def _strokes(marks: Picture) -> Picture:
    """Return ink without the specks of a scanner's noise."""
    return cast("Picture", cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))


def _nearest_ring(marks: np.ndarray, x: float, y: float, radius: float) -> tuple[float, Circle | None]:
    """Given about where a circle is, return how much of its line is ink, and where it is.

    None if ink does not run along it, or stands as close within and without: print gives no such line.
    """
    best, line = np.array([x, y, radius]), 0.0
    for reach, pace in ((4, 2), (2, 1)):  # the search gives a circle to a few pixels
        if reach == 2 and line < _ROUND - _ROUNDER:
            return line, None
        sideways = np.arange(-reach, reach + 1, pace)
        steps = np.stack(np.meshgrid(sideways, sideways, np.arange(-reach, reach + 1), indexing="ij"), axis=-1)
        tried = best + steps.reshape(-1, 3)
        shares = _around(marks, tried)
        best, line = tried[shares.argmax()], float(shares.max())
    aside = float(_around(marks, best * np.array([[1, 1, 0.88], [1, 1, 1.12]])).max())
    if line <= _ROUND or aside >= line - _ROUNDER:
        return line, None
    return line, (float(best[0]), float(best[1]), float(best[2]))


def _around(marks: np.ndarray, circles: np.ndarray) -> np.ndarray:
    """Given n × 3 circles, return the share of each one's line that is ink; what lies beyond the page counts as none."""
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    x, y, radius = (circles[:, column, None] for column in range(3))
    across = np.round(x + radius * np.cos(angles)).astype(int)
    down = np.round(y + radius * np.sin(angles)).astype(int)
    inside = (across >= 0) & (across < marks.shape[1]) & (down >= 0) & (down < marks.shape[0])
    inked = marks[down.clip(0, marks.shape[0] - 1), across.clip(0, marks.shape[1] - 1)] > 0
    return np.asarray((inked & inside).mean(axis=1))


def without_rings(shade: Picture, circles: Sequence[Circle]) -> tuple[Picture, list[Circle]]:
    """Given a gray page and the seals on it, return it without those that are paler than its print, and the seals left.

    Stamp ink copied in gray stays paler than toner: what lies between the two is stretched to white, as for red.
    """
    marks = ink(shade)
    inside = np.zeros(shade.shape, np.uint8)
    for x, y, radius in circles:
        cv2.circle(inside, (round(x), round(y)), round(_OUTSIDE * radius), 255, -1)
    printed = shade[(_strokes(marks) > 0) & (inside == 0)]
    if not circles or printed.size < _PRINTED:
        return shade, list(circles)
    dark = float(np.percentile(printed, 20))
    cleaned, left = shade.copy(), []
    for x, y, radius in circles:
        line = np.zeros(shade.shape, np.uint8)
        cv2.circle(line, (round(x), round(y)), round(radius), 255, 3)
        stamped = shade[(line > 0) & (marks > 0)]
        pale = float(np.percentile(stamped, 20)) if stamped.size else 0.0
        if pale - dark < _PALER:
            left.append((x, y, radius))
            continue
        disc = np.zeros(shade.shape, np.uint8)
        cv2.circle(disc, (round(x), round(y)), round(_OUTSIDE * radius), 255, -1)
        stretched = _whitened((shade.astype(np.float32) - dark) * (255.0 / (pale - dark)))
        cleaned = np.where(disc > 0, stretched, cleaned)
    return cleaned, left


def even(shade: Picture) -> Picture:
    """Given a gray page, return it on even white paper, its ink darkened: no shadow, little noise."""
    small = cv2.resize(shade, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((7, 7), np.uint8)), 21)
    paper = cv2.resize(paper, (shade.shape[1], shade.shape[0]), interpolation=cv2.INTER_LINEAR)
    flat = cv2.divide(shade, np.maximum(paper, 1), scale=255)
    steep = np.clip((flat.astype(np.float32) - 60) * (255.0 / (225 - 60)), 0, 255)
    return cast("Picture", cv2.GaussianBlur(steep.astype(np.uint8), (3, 3), 0.6))


def ink(shade: Picture) -> Picture:
    """Given a gray page, return 255 where something is written or drawn, else 0."""
    return cast(
        "Picture",
        cv2.adaptiveThreshold(shade, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _BLOCK, _DARKER),
    )
