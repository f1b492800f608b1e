"""A picture of a page → `ScannedPage`: what stands in each cell and line, seen twice.

First look: the engine finds text on the page without seal red and reads it; what it found is dealt out to the ruled cells.
Second look: each cell and line is cut into lines by its ink alone (no engine) on an evened-out page and read again. What the
looks share is the model that reads; where text stands and what is fed to the model is each look's own.

Ink that gives no text (handwriting, a scribble, a character that the model does not know) is U+FFFD in the look that met it,
and so is text with a line through it: never a clean value. Must not: mend a text, choose between the looks.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from parsers.engines import Box, ScannedCell, ScannedLine, ScannedPage, ScannedTable
from parsers.ocr.caution import cautious
from parsers.ocr.engine import UNREADABLE, Engine, Quad, Recognized
from parsers.ocr.lines import Home, Piece, in_lines, in_one_line, text_of
from parsers.ocr.marks import bands, cut, extent, is_slash, is_struck, tidy, uncovered
from parsers.ocr.opening import Picture
from parsers.ocr.pictures import thumbnail
from parsers.ocr.ruling import RuledTable, tables
from parsers.ocr.shades import Circle, even, gray, ink, red_seals, rings, without_rings, without_seals
from parsers.ocr.upright import Matrix, crop, upright
from parsers.readers.ruled import Rectangle

_DETAIL = 1600  # pixels of the longest side for the search for text; characters of 10 points are 15 pixels high then
# A page whose longest side is less is scaled up to that for reading, at most so much.
_SMALL, _GROWN, _GROWTH = 2000, 2300, 2.5
_CUT = 0.25  # heights of a character on both sides of a ruled line that hold no ink, where text of two cells meets
_SHARE = 0.12  # of a piece of text that must lie in a cell for it to get its part
_WHOLE = 0.85  # of a piece of text in one cell: it is not cut
_FILL = 0.78  # height of a character in heights of the engine's boxes, which have a margin
_MARGIN = 0.2  # heights of a character around what the second look reads
# The second look reads wider crops: a letter that stands there twice (yy, ii) is lost where the model sees both in one step.
# Of 1,300 printed addresses of mail without signs that look alike both looks agreed on a wrong one in 28 with like crops, in 15
# with the second one wider.
_WIDER = 1.2
# With a gray seal pale ink went as well, if there was any: all of a cell's writing, or (in both looks) a comma between
# "4\u4eba" and "5\u5206\u949f". What may be whole is a number, or a few characters without a mark among them.
_NOTHING_LOST = re.compile("[0-9 -]{7,14}|[\u4e00-\u9fff]{1,8}")
_LOW = 0.4  # heights of a character: no character of a line of text is lower, but a dash


@dataclass(frozen=True, slots=True)
class _Page:
    """The page in its shades. Text is read from `first` and `second`; the others tell where ink is."""

    color: Picture
    first: Picture
    first_ink: Picture
    second: Picture
    second_ink: Picture
    character: float
    rings: Sequence[Circle] = ()  # gray seals that could not be taken out
    seals: Sequence[Circle] = ()  # all gray seals
    stamped: Picture = field(default_factory=lambda: np.zeros((1, 1), np.uint8))  # 255 where seals were taken out


def look(picture: Picture, engine: Engine) -> ScannedPage:
    """Given the pixels of a page, return what stands on it. Raise ReadFailure TOO_LARGE for too many cells."""
    large = _large_enough(picture)
    color, turned, way = upright(large, engine)
    first = without_seals(color)
    seals = rings(ink(first))
    first, left = without_rings(first, seals)
    quads = engine.detect(first, _DETAIL)
    second = even(first)
    page = _Page(
        color,
        first,
        ink(first),
        second,
        ink(second),
        _character_height(quads, color),
        left,
        seals,
        _stamped(color, seals),
    )
    ruled = tables(gray(color), first, page.character)
    seen = _first_look(quads, ruled, page, engine)
    torn = {(number, index) for number, one in enumerate(ruled) for index in _torn(one, page)}
    again = _second_look(seen, ruled, page, engine)
    return ScannedPage(
        color.shape[1],
        color.shape[0],
        turned % 360,
        tuple(_table(number, one, seen, again, torn, page) for number, one in enumerate(ruled)),
        tuple(_lines(seen, again, page)),
        engine.by,
        whence=_whence(large, way),
    )


def _whence(picture: Picture, way: Matrix) -> tuple[float, ...]:
    """Given the picture that was laid upright and the matrix of that, return the way back as `document.LaidPage` has it."""
    back = np.diag([1 / picture.shape[1], 1 / picture.shape[0], 1.0]) @ np.linalg.inv(way)
    return tuple(float(f"{value:.9g}") for value in (back / back[2, 2]).ravel()[:8])


def _stamped(color: Picture, rings: Sequence[Circle]) -> Picture:
    where = red_seals(color)
    for x, y, radius in rings:
        cv2.circle(where, (round(x), round(y)), round(radius), 255, -1)
    return where


def _large_enough(picture: Picture) -> Picture:
    longest = max(picture.shape[:2])
    if longest >= _SMALL:
        return picture
    scale = min(_GROWTH, _GROWN / longest)
    return cast("Picture", cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))


def _character_height(quads: Sequence[Quad], page: Picture) -> float:
    heights = [float(np.hypot(*(quad[3] - quad[0]))) for quad in quads]
    return max(8.0, _FILL * float(np.median(heights)) if heights else page.shape[0] / 70)


# --- first look ------------------------------------------------------------------------------------------------------


def _first_look(quads: Sequence[Quad], ruled: Sequence[RuledTable], page: _Page, engine: Engine) -> list[Piece]:
    places: list[tuple[Rectangle, Home | None]] = []
    crops: list[Picture] = []
    for quad in quads:
        for place, home in _dealt_out(quad, ruled):
            places.append((place, home))
            whole = home is None or place == _around(quad)
            crops.append(crop(page.first, quad) if whole else cut(page.first, place))
    return [
        Piece(place, home, _unless_struck(read, cut(page.first_ink, place)))
        for (place, home), read in zip(places, engine.recognize(crops), strict=True)
    ]


def _dealt_out(quad: Quad, ruled: Sequence[RuledTable]) -> list[tuple[Rectangle, Home | None]]:
    """Given where text stands, return its parts by cell: one part, unless the engine read across a ruled line."""
    around = _around(quad)
    shares = [
        (_area(part) / max(_area(around), 1.0), part, (number, position.index))
        for number, table in enumerate(ruled)
        for position in table.ruling.positions
        if (part := _common(around, table.cells[position.index])) is not None
    ]
    shares.sort(key=lambda one: -one[0])
    # A table within a cell lies in both: the smaller cell comes with the same share, and wins.
    if shares and shares[0][0] >= _WHOLE:
        best = [one for one in shares if one[0] >= _WHOLE]
        home = min(best, key=lambda one: _area(ruled[one[2][0]].cells[one[2][1]]))[2]
        return [(around, home)]
    parts = [(part, home) for share, part, home in shares if share >= _SHARE]
    return list(parts) if parts else [(around, None)]


def _torn(table: RuledTable, page: _Page) -> Iterable[int]:
    """Yield the cells with ink on both sides of a line between them, closer than any cell writes to its border.

    Then the line is none (the ring of a seal, strokes that meet) or is written across: both looks would agree on half a
    value. The margin of a cell is 0.4 characters wide, the gap between two characters 0.2.
    """
    margin = max(3, round(_CUT * page.character))
    left_ends: list[tuple[int, Rectangle, np.ndarray]] = []
    right_ends: list[tuple[int, Rectangle, np.ndarray]] = []
    for position in table.ruling.positions:
        cell = table.cells[position.index]
        marks = tidy(cut(page.first_ink, cell), page.character)
        for ends, side in ((left_ends, marks[:, :margin]), (right_ends, marks[:, -margin:])):
            rows = np.flatnonzero(side.max(axis=1, initial=0)) + round(cell[1])
            if rows.size >= 2:
                ends.append((position.index, cell, rows))
    for one, cell, rows in right_ends:
        for other, neighbor, others in left_ends:
            meet = abs(neighbor[0] - cell[2]) < 0.6 * page.character
            if meet and min(rows[-1], others[-1]) - max(rows[0], others[0]) > -0.3 * page.character:
                yield one
                yield other


def _unless_struck(read: Recognized, marks: Picture) -> Recognized:
    return Recognized(UNREADABLE, 0.0) if is_struck(marks) else read


# --- second look -----------------------------------------------------------------------------------------------------


def _second_look(seen: Sequence[Piece], ruled: Sequence[RuledTable], page: _Page, engine: Engine) -> list[Piece]:
    """Return the pieces of every cell, and then one for each piece of the first look outside tables, in its order."""
    places: list[tuple[Rectangle, Home | None]] = []
    for number, table in enumerate(ruled):
        for position in table.ruling.positions:
            cell = table.cells[position.index]
            marks = tidy(cut(page.second_ink, cell), page.character)
            lines = bands(marks, page.character)
            if cut(page.stamped, cell).any():
                lines = _without_rests(lines, marks, page.character)
            places.extend((_moved(line, cell), (number, position.index)) for line in lines)
    for piece in seen:
        if piece.home is None:
            inked = extent(tidy(cut(page.second_ink, piece.place), page.character))
            places.append((_moved(inked, piece.place) if inked else piece.place, None))
    margin = _MARGIN * page.character
    read = engine.recognize([wider(cut(page.second, _grown(place, margin))) for place, _ in places])
    return [
        Piece(place, home, _told(_unless_struck(one, cut(page.second_ink, place)), cut(page.second_ink, place)))
        for (place, home), one in zip(places, read, strict=True)
    ]


def _without_rests(lines: list[Rectangle], marks: Picture, character: float) -> list[Rectangle]:
    """Given the lines of a cell that a seal was taken out of, return them without the low marks that may be its rest.

    Beside text such a mark is read as a dash that nobody wrote; alone in the cell it stays, and is doubted.
    """
    inked = [extent(cut(marks, line)) for line in lines]
    high = [line for line, ink in zip(lines, inked, strict=True) if ink and ink[3] - ink[1] >= _LOW * character]
    return high or lines


def wider(line: Picture) -> Picture:
    """Given a crop of a line, return it as the second look reads it."""
    if not line.size:
        return line
    return cast("Picture", cv2.resize(line, None, fx=_WIDER, fy=1.0, interpolation=cv2.INTER_CUBIC))


def _told(read: Recognized, marks: Picture) -> Recognized:
    """Ink that gave no text is told, unless it is as little as a dash."""
    if read.text or marks.shape[0] < 8 or marks.shape[1] < 6:
        return read
    return Recognized(UNREADABLE, 0.0)


# --- pieces → cells and lines -------------------------------------------------------------------------------------------


def _table(
    number: int,
    table: RuledTable,
    seen: Sequence[Piece],
    again: Sequence[Piece],
    torn: Collection[Home],
    page: _Page,
) -> ScannedTable:
    cells: list[ScannedCell] = []
    for position in table.ruling.positions:
        home, place = (number, position.index), table.cells[position.index]
        first = [piece for piece in seen if piece.home == home]
        second = [piece for piece in again if piece.home == home]
        marks = tidy(cut(page.first_ink, place), page.character)
        text = cautious(text_of(first, place, page.character))
        if uncovered(marks, [_moved(piece.place, place, -1) for piece in first if piece.seen.text], page.character):
            text = f"{text}\n{UNREADABLE}" if text else UNREADABLE
        again_text = cautious(text_of(second, place, page.character))
        if is_slash(marks, page.character):
            text = again_text = "/"
        stamped = _is_under(place, page.rings) and bool(text or again_text)
        cleaned = _is_under(place, page.seals) and not _NOTHING_LOST.fullmatch(text)
        if home in torn or stamped or cleaned:
            text, again_text = text + UNREADABLE, again_text + UNREADABLE
        score = min((piece.seen.score for piece in (*first, *second)), default=1.0)
        picture = thumbnail(cut(page.color, place)) if text or again_text else ""
        cells.append(
            ScannedCell(
                _box(place),
                position.row,
                position.column,
                position.row_span,
                position.column_span,
                text,
                again_text,
                round(score, 4),
                picture,
            )
        )
    return ScannedTable(_box(table.rectangle), table.ruling.rows, table.ruling.columns, tuple(cells))


def _lines(seen: Sequence[Piece], again: Sequence[Piece], page: _Page) -> Iterable[ScannedLine]:
    first = [piece for piece in seen if piece.home is None]
    second = [piece for piece in again if piece.home is None]
    pairs = [(one, other) for one, other in zip(first, second, strict=True) if one.seen.text or other.seen.text]
    for numbers in in_lines([one.place for one, _ in pairs], page.character):
        places = [pairs[number][0].place for number in numbers]
        around = _hull(places)
        texts = [cautious(in_one_line([pairs[number][look] for number in numbers], page.character)) for look in (0, 1)]
        if _is_under(around, page.rings):
            texts = [text + UNREADABLE for text in texts]
        score = min(piece.seen.score for number in numbers for piece in pairs[number])
        yield ScannedLine(_box(around), texts[0], texts[1], round(score, 4))


# --- rectangles --------------------------------------------------------------------------------------------------------


def _around(quad: Quad) -> Rectangle:
    return (float(quad[:, 0].min()), float(quad[:, 1].min()), float(quad[:, 0].max()), float(quad[:, 1].max()))


def _area(one: Rectangle) -> float:
    return (one[2] - one[0]) * (one[3] - one[1])


def _common(one: Rectangle, other: Rectangle) -> Rectangle | None:
    left, top, right, bottom = (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )
    return (left, top, right, bottom) if left < right and top < bottom else None


def _hull(places: Sequence[Rectangle]) -> Rectangle:
    return (
        min(place[0] for place in places),
        min(place[1] for place in places),
        max(place[2] for place in places),
        max(place[3] for place in places),
    )


def _moved(one: Rectangle, by: Rectangle, sign: int = 1) -> Rectangle:
    x, y = sign * max(0, round(by[0])), sign * max(0, round(by[1]))
    return (one[0] + x, one[1] + y, one[2] + x, one[3] + y)


def _grown(one: Rectangle, margin: float) -> Rectangle:
    return (one[0] - margin, one[1] - margin, one[2] + margin, one[3] + margin)


def _is_under(one: Rectangle, circles: Sequence[tuple[float, float, float]]) -> bool:
    """Return whether a rectangle and a disc have a point in common."""
    return any(
        np.hypot(x - min(max(x, one[0]), one[2]), y - min(max(y, one[1]), one[3])) <= radius for x, y, radius in circles
    )


def _box(one: Rectangle) -> Box:
    return Box(*(round(edge) for edge in one))
