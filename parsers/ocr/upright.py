"""A page as it was photographed or scanned → the page as one holds it: turned, straightened, perspective undone.

In: pixels, the engine (where text stands tells how the page lies). Out: pixels of about the same size, the turn, and the matrix
of all that was done, so that the page can be laid the same way again without an engine. Must not: trust a single line of text;
a page without text stays as it is.
"""

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from parsers.ocr.engine import Engine, Quad
from parsers.ocr.opening import Picture
from parsers.ocr.shades import ink

Matrix = NDArray[np.float64]  # 3 × 3, of homogeneous coordinates in pixels

_SURVEY = 1024  # pixels of the longest side when the page is looked over
_VOTERS = 8  # lines that are read both ways
_STEEPEST = 20.0  # degrees; a page that lies worse is not straightened
_SLIGHTEST = 0.05
_FILLED = 0.93  # of the quadrilateral of a table; less is no rectangle seen in perspective
_TABLE_SHARE = 0.04  # of the page
_STRONGEST = 0.25  # how far a corner may move, in widths of the page


def upright(picture: Picture, engine: Engine) -> tuple[Picture, int, Matrix]:
    """Given a page, return it upright and straight, by how many degrees clockwise it was turned (0, 90, 180, 270), and the
    matrix that leads from its pixels to those returned."""
    way = np.eye(3)
    quads = engine.detect(picture, _SURVEY)
    if not quads:
        return picture, 0, way
    turned = 0
    if _lies_on_its_side(quads):
        way = np.array([[0.0, -1, picture.shape[0]], [1, 0, 0], [0, 0, 1]])
        picture, turned = _turn(picture, 90), 90
        quads = engine.detect(picture, _SURVEY)
    if _stands_on_its_head(picture, quads, engine):
        way = np.array([[-1.0, 0, picture.shape[1]], [0, -1, picture.shape[0]], [0, 0, 1]]) @ way
        picture, turned = _turn(picture, 180), turned + 180
        quads = [_half_turn(quad, picture) for quad in quads]
    straight, rotation = _rotated(picture, _slant(quads))
    flat, flattening = _flattened(straight)
    return flat, turned, flattening @ rotation @ way


def crop(picture: Picture, quad: Quad) -> Picture:
    """Given a page and a quadrilateral on it, return what stands in it as an upright rectangle."""
    width = round(max(_length(quad[0], quad[1]), _length(quad[3], quad[2])))
    height = round(max(_length(quad[0], quad[3]), _length(quad[1], quad[2])))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    size = (max(width, 1), max(height, 1))
    return cast(
        "Picture", cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    )


def _turn(picture: Picture, degrees: int) -> Picture:
    code = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}[degrees]
    return cast("Picture", cv2.rotate(picture, code))


def _half_turn(quad: Quad, picture: Picture) -> Quad:
    far = np.array([picture.shape[1], picture.shape[0]], np.float32)
    return cast("Quad", (far - quad)[[2, 3, 0, 1]])


def _lies_on_its_side(quads: Sequence[Quad]) -> bool:
    """Lines of text are wider than high; the long ones decide, a label of one character a line does not."""
    across = sum(_length(quad[0], quad[1]) - _length(quad[0], quad[3]) for quad in quads)
    return across < 0


def _stands_on_its_head(picture: Picture, quads: Sequence[Quad], engine: Engine) -> bool:
    """Read the longest lines both ways: the wrong way gives little text with little confidence."""
    longest = sorted(quads, key=lambda quad: -_length(quad[0], quad[1]))[:_VOTERS]
    crops = [crop(picture, quad) for quad in longest]
    as_is = engine.recognize(crops)
    other = engine.recognize([_turn(one, 180) for one in crops])
    votes = [one.score - two.score for one, two in zip(as_is, other, strict=True)]
    return sum(votes) < 0


def _slant(quads: Sequence[Quad]) -> float:
    """Return the median angle of the lines of text in degrees, each as often as it is long."""
    angles: list[float] = []
    for quad in quads:
        across, down = quad[1] - quad[0] + quad[2] - quad[3]
        length = math.hypot(across, down) / 2
        if length < 3 * _length(quad[0], quad[3]):
            continue
        angle = math.degrees(math.atan2(float(down), float(across)))
        angles.extend([angle] * max(1, round(length / 50)))
    return float(np.median(angles)) if angles else 0.0


def _rotated(picture: Picture, degrees: float) -> tuple[Picture, Matrix]:
    if not _SLIGHTEST < abs(degrees) < _STEEPEST:
        return picture, np.eye(3)
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, high = round(width * cosine + height * sine), round(width * sine + height * cosine)
    matrix[0, 2] += wide / 2 - width / 2
    matrix[1, 2] += high / 2 - height / 2
    whole = np.vstack([matrix, [0, 0, 1]])
    return _warped(picture, whole, (wide, high)), whole


def _warped(picture: Picture, matrix: Matrix, size: tuple[int, int]) -> Picture:
    """Outside the picture its edge goes on: white paper there would make the edge of a dark desk a ruled line."""
    return cast(
        "Picture",
        cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
    )


def _flattened(picture: Picture) -> tuple[Picture, Matrix]:
    """Given a straightened page, return it with its largest table made a rectangle, and the matrix of that."""
    quad = _table_outline(picture)
    if quad is None:
        return picture, np.eye(3)
    width = (_length(quad[0], quad[1]) + _length(quad[3], quad[2])) / 2
    height = (_length(quad[0], quad[3]) + _length(quad[1], quad[2])) / 2
    left, top = quad[:, 0].mean() - width / 2, quad[:, 1].mean() - height / 2
    target = np.array(
        [[left, top], [left + width, top], [left + width, top + height], [left, top + height]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(quad, target)
    high, wide = picture.shape[:2]
    corners = cv2.perspectiveTransform(np.array([[[0, 0], [wide, 0], [wide, high], [0, high]]], np.float32), matrix)[0]
    moved = np.abs(corners - np.array([[0, 0], [wide, 0], [wide, high], [0, high]])).max()
    if moved > _STRONGEST * max(wide, high):
        return picture, np.eye(3)
    shift = np.array([[1, 0, -corners[:, 0].min()], [0, 1, -corners[:, 1].min()], [0, 0, 1]])
    size = (round(float(np.ptp(corners[:, 0]))), round(float(np.ptp(corners[:, 1]))))
    return _warped(picture, shift @ matrix, size), shift @ matrix


def _table_outline(picture: Picture) -> Quad | None:
    """Return the corners of the largest ruled table, if it is a rectangle in perspective."""
    marks = ink(cast("Picture", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)))
    reach = max(25, max(picture.shape[:2]) // 50)
    lying = cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((1, reach), np.uint8))
    standing = cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((reach, 1), np.uint8))
    lines = cv2.morphologyEx(cv2.bitwise_or(lying, standing), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    outlines, nesting = cv2.findContours(lines, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if nesting is None:
        return None
    holes = np.bincount(np.maximum(nesting[0][:, 3] + 1, 0), minlength=len(outlines) + 1)[1:]
    # The edge of the paper on a dark desk has one hole, and may be bent.
    tables = [outline for outline, inside in zip(outlines, holes, strict=True) if inside >= 2]
    if not tables:
        return None
    largest = max(tables, key=cv2.contourArea)
    points = largest.reshape(-1, 2).astype(np.float32)
    sums, differences = points.sum(axis=1), points[:, 0] - points[:, 1]
    quad = np.array(
        [points[sums.argmin()], points[differences.argmax()], points[sums.argmax()], points[differences.argmin()]],
        np.float32,
    )
    area = cv2.contourArea(quad)
    if area < _TABLE_SHARE * picture.shape[0] * picture.shape[1] or cv2.contourArea(largest) < _FILLED * area:
        return None
    return quad


def _length(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.hypot(*(other - one)))
