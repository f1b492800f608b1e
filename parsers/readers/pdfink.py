"""A page's content → what is drawn on it, in drawing order: glyphs, straight lines, filled areas, pictures.

In: an open page. Out: `Sheet`, in points from the top left corner of the page as it is shown (/Rotate applied). A page whose
text runs sideways is turned until it is upright. Must not: decide what a person sees of it (`pdfseen`), or what is a table.
Home of pdfminer.six's interpreter (the layer under pdfplumber, which keeps neither drawing order nor invisible modes).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import cast

from pdfminer.converter import PDFLayoutAnalyzer
from pdfminer.layout import LTChar, LTComponent
from pdfminer.pdfcolor import PDFColorSpace
from pdfminer.pdfdevice import PDFTextSeq
from pdfminer.pdffont import PDFFont, PDFType3Font
from pdfminer.pdfinterp import PDFGraphicState, PDFPageInterpreter, PDFResourceManager, PDFTextState
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import PDFStream, resolve1
from pdfminer.utils import Matrix, PathSegment, Rect, apply_matrix_pt, apply_matrix_rect

from parsers.document import FailureCode, ReadFailure
from parsers.readers.pdfguard import Meter, PageTooBusyError
from parsers.readers.ruled import Rectangle
from parsers.readers.symbols import is_symbol_font

# A page of small print has 6,000 glyphs, a form 400 rules. More is a drawing or an attack: it is looked at as a picture.
_GLYPHS, _PATHS, _FIGURES, _DEPTH = 30_000, 20_000, 5_000, 20
_THIN = 3.0  # points: a filled rectangle not thicker than this is a line
_SIDEWAYS = 0.7  # share of the glyphs
_SUBSET = re.compile("^[A-Z]{6}\\+")
_HIDDEN_MODES = frozenset({3, 7})  # ISO 32000-1 table 106: neither fill nor stroke


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character, or the text of a form field as one piece.

    `turn` is the direction of writing, clockwise in degrees (0 = upright, -1 = askew). `order` counts everything drawn.
    `luminance` is 0 (black) to 1 (white), None for a pattern. `embedded` says that the file brings the font, so that pdfium
    draws what the sender saw.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    font: str = ""
    turn: int = 0
    order: int = 0
    luminance: float | None = 0.0
    embedded: bool = False
    invisible: bool = False
    underlined: bool = False
    struck: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        """A point inside the sign, whatever its font says of its own height: capitals are 0.7 em high."""
        return (self.left + self.right) / 2, self.baseline - 0.35 * self.size


@dataclass(frozen=True, slots=True)
class Area:
    """A filled or stroked rectangle, a picture, or the bounds of any other path."""

    left: float
    top: float
    right: float
    bottom: float
    order: int
    filled: float | None = None  # luminance
    stroked: bool = False

    @property
    def bounds(self) -> Rectangle:
        return self.left, self.top, self.right, self.bottom

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line along an axis: `at` is its y (across) or x (upright), from `start` to `end`."""

    across: bool
    at: float
    start: float
    end: float


@dataclass(slots=True)
class Sheet:
    """Everything drawn on a page of `width` × `height` points; `window` is what a viewer shows of it.

    `turn` is the clockwise turn beyond /Rotate that made its text upright.
    """

    width: float
    height: float
    window: Rectangle
    turn: int = 0
    glyphs: list[Glyph] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    strokes: list[Area] = field(default_factory=list)  # bounds of slanted lines and curves: ticks, crosses, signatures
    pictures: list[Area] = field(default_factory=list)
    masks: list[Area] = field(default_factory=list)  # pictures that may be see-through


def draw(page: PDFPage, resources: PDFResourceManager, meter: Meter) -> Sheet:
    """Given an open page, return what is drawn on it, upright. Raise PageTooBusyError."""
    sheet = _interpreted(page, resources, meter)
    turns = Counter(glyph.turn for glyph in sheet.glyphs)
    most, count = turns.most_common(1)[0] if turns else (0, 0)
    if most <= 0 or count < _SIDEWAYS * turns.total():
        return sheet
    page.rotate = (page.rotate - most) % 360
    turned = _interpreted(page, resources, meter)
    turned.turn = -most % 360
    return turned


def placing(page: PDFPage) -> tuple[Matrix, float]:
    """Given a page, return the matrix that turns its user space upright (y upward still), and its height then."""
    x0, y0, x1, y1 = page.mediabox
    matrix: Matrix = {
        90: (0, -1, 1, 0, -y0, x1),
        180: (-1, 0, 0, -1, x1, y1),
        270: (0, 1, -1, 0, y1, -x0),
    }.get(page.rotate, (1, 0, 0, 1, -x0, -y0))
    _, bottom, _, top = apply_matrix_rect(matrix, page.mediabox)
    return matrix, abs(top - bottom)


def placed(page: PDFPage, box: Rect) -> Rectangle:
    """Given a rectangle of the page's user space, return it in points from the top left corner."""
    matrix, height = placing(page)
    left, bottom, right, top = apply_matrix_rect(matrix, box)
    return min(left, right), height - max(top, bottom), max(left, right), height - min(top, bottom)


def _interpreted(page: PDFPage, resources: PDFResourceManager, meter: Meter) -> Sheet:
    meter.start_page(page.contents)
    device = _Device(resources, page)
    PDFPageInterpreter(resources, device).process_page(page)
    return device.sheet


class _Device(PDFLayoutAnalyzer):
    """Receives what the interpreter draws. Only the sheet is kept: pdfminer's own layout tree stays empty."""

    def __init__(self, resources: PDFResourceManager, page: PDFPage) -> None:
        super().__init__(resources)
        left, top, right, bottom = placed(page, page.mediabox)
        shown = placed(page, page.cropbox)
        window = (max(left, shown[0]), max(top, shown[1]), min(right, shown[2]), min(bottom, shown[3]))
        self.sheet = Sheet(right - left, bottom - top, window)
        self._mode = 0
        self._order = 0
        self._paths = 0
        self._figures = 0

    def begin_figure(self, name: str, bbox: Rect, matrix: Matrix) -> None:
        self._figures += 1
        if self._figures > _FIGURES or len(self._stack) > _DEPTH:
            # Drawings that draw ten others that draw ten others: pdfium would end the process over them.
            raise ReadFailure(FailureCode.TOO_LARGE, "drawings within drawings")
        super().begin_figure(name, bbox, matrix)

    def render_string(
        self, textstate: PDFTextState, seq: PDFTextSeq, ncs: PDFColorSpace, graphicstate: PDFGraphicState
    ) -> None:
        self._mode = textstate.render
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(
        self,
        matrix: Matrix,
        font: PDFFont,
        fontsize: float,
        scaling: float,
        rise: float,
        cid: int,
        ncs: PDFColorSpace,
        graphicstate: PDFGraphicState,
    ) -> float:
        adv = super().render_char(matrix, font, fontsize, scaling, rise, cid, ncs, graphicstate)
        item = cast("LTChar", self._taken())
        self._order += 1
        if len(self.sheet.glyphs) >= _GLYPHS:
            raise PageTooBusyError
        turn = _turn(matrix)
        size = math.hypot(matrix[2], matrix[3]) * fontsize
        x, y = apply_matrix_pt(matrix, (0, rise))
        left, right = (item.x0, item.x1) if turn == 0 else (min(x, item.x0), max(x, item.x1))
        if font.is_vertical() or turn != 0:
            y = (item.y0 + item.y1) / 2 - 0.35 * size
        self.sheet.glyphs.append(
            Glyph(
                item.get_text(),
                left,
                right,
                self.sheet.height - y,
                abs(size),
                str(item.fontname),
                turn,
                self._order,
                _luminance(graphicstate.ncolor if self._mode != 1 else graphicstate.scolor),
                embedded=_is_embedded(font),
                invisible=self._mode in _HIDDEN_MODES,
            )
        )
        return adv

    def handle_undefined_char(self, font: PDFFont, cid: int) -> str:
        """A simple symbol font needs no Unicode: its codes are the signs."""
        if not font.is_multibyte() and cid <= 0xFF and is_symbol_font(plain_name(str(font.fontname))):
            return chr(0xF000 + cid)
        return super().handle_undefined_char(font, cid)

    def render_image(self, name: str, stream: PDFStream) -> None:  # noqa: ARG002 - pdfminer's signature
        self._order += 1
        area = self._area(cast("LTComponent", self.cur_item).bbox)
        self.sheet.pictures.append(area)
        if any(stream.get(key) is not None for key in ("SMask", "Mask", "ImageMask", "IM")):
            self.sheet.masks.append(area)

    def end_figure(self, _: str) -> None:
        self.cur_item = self._stack.pop()

    def paint_path(
        self,
        gstate: PDFGraphicState,
        stroke: bool,  # noqa: FBT001 - pdfminer's signature
        fill: bool,  # noqa: FBT001
        evenodd: bool,  # noqa: ARG002, FBT001
        path: Sequence[PathSegment],
    ) -> None:
        self._order += 1
        starts = [number for number, segment in enumerate(path) if segment[0] == "m"]
        self._paths += max(1, len(path) // 4)
        if self._paths > _PATHS:
            raise PageTooBusyError
        shade = _luminance(gstate.ncolor) if fill else None
        for start, end in zip(starts, [*starts[1:], len(path)], strict=True):
            self._subpath(path[start:end], shade if fill else None, stroke=stroke, filled=fill)

    def _subpath(self, path: Sequence[PathSegment], shade: float | None, *, stroke: bool, filled: bool) -> None:
        points = [self._point(segment[-2:]) for segment in path if len(segment) >= 3]
        if len(points) < 2:
            return
        closed = path[-1][0] == "h"
        if closed and points[0] != points[-1]:
            points.append(points[0])
        straight = all(segment[0] in "mlh" for segment in path)
        xs, ys = [x for x, _ in points], [y for _, y in points]
        box = Area(min(xs), min(ys), max(xs), max(ys), self._order, shade, stroke)
        if not straight or not _along_axes(points):
            self.sheet.strokes.append(box)
            if filled:
                self.sheet.areas.append(replace(box, filled=None, stroked=False))
            return
        thin = min(box.right - box.left, box.bottom - box.top) <= _THIN
        if thin and (filled or stroke):
            self.sheet.rules.extend(_as_rule(box))
            return
        if stroke:
            self.sheet.rules.extend(_between(points))
        if _is_rectangle(points):
            self.sheet.areas.append(box)

    def _point(self, pair: Sequence[object]) -> tuple[float, float]:
        x, y = apply_matrix_pt(self.ctm, cast("tuple[float, float]", tuple(pair)))
        return x, self.sheet.height - y

    def _area(self, box: Rect) -> Area:
        left, bottom, right, top = box
        return Area(left, self.sheet.height - top, right, self.sheet.height - bottom, self._order)

    def _taken(self) -> object:
        return self.cur_item._objs.pop()  # noqa: SLF001 - its public door is an iterator only


def plain_name(font: str) -> str:
    """Given a font's name in a file, return it as programs know it: ``"BCDEEE+Wingdings2-Regular"`` is Wingdings 2."""
    name = _SUBSET.sub("", font).removesuffix("-Regular").removesuffix("MT")
    return {"Wingdings2": "Wingdings 2", "Wingdings-2": "Wingdings 2", "Wingdings3": "Wingdings 3"}.get(name, name)


def _turn(matrix: Matrix) -> int:
    """Given a glyph's matrix, return the clockwise direction of its line of writing; -1 if it runs along no axis."""
    a, b, _, _, _, _ = matrix
    if math.hypot(a, b) == 0:
        return -1
    angle = -math.degrees(math.atan2(b, a)) % 360
    nearest = round(angle / 90) * 90
    return nearest % 360 if abs(angle - nearest) < 3 else -1


def _is_embedded(font: PDFFont) -> bool:
    if isinstance(font, PDFType3Font):
        return True
    return any(key in font.descriptor for key in ("FontFile", "FontFile2", "FontFile3"))


def _luminance(color: object) -> float | None:
    """Given a color as pdfminer keeps it (gray, RGB or CMYK), return its luminance."""
    value = resolve1(color)
    parts = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(part, int | float) for part in parts):
        return None
    numbers = [min(max(float(cast("float", part)), 0.0), 1.0) for part in parts]
    if len(numbers) == 1:
        return numbers[0]
    if len(numbers) == 3:
        return 0.299 * numbers[0] + 0.587 * numbers[1] + 0.114 * numbers[2]
    if len(numbers) == 4:
        black = numbers.pop()
        return max(0.0, 1 - (0.299 * numbers[0] + 0.587 * numbers[1] + 0.114 * numbers[2]) - black)
    return None


_STRAIGHT = 0.5  # points that a line may leave its axis


def _along_axes(points: Sequence[tuple[float, float]]) -> bool:
    return all(abs(x1 - x0) <= _STRAIGHT or abs(y1 - y0) <= _STRAIGHT for (x0, y0), (x1, y1) in pairwise(points))


def _is_rectangle(points: Sequence[tuple[float, float]]) -> bool:
    return len(points) in {4, 5, 6} and len({(round(x), round(y)) for x, y in points}) == 4


def _as_rule(box: Area) -> list[Rule]:
    """Given a thin box, return the line that it is; a dot is none."""
    width, height = box.right - box.left, box.bottom - box.top
    if max(width, height) < 1 or max(width, height) < 2 * min(width, height):
        return []
    if width >= height:
        return [Rule(True, (box.top + box.bottom) / 2, box.left, box.right)]
    return [Rule(False, (box.left + box.right) / 2, box.top, box.bottom)]


def _between(points: Sequence[tuple[float, float]]) -> list[Rule]:
    rules: list[Rule] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        rules += _as_rule(Area(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), 0))
    return rules
