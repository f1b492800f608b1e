"""Which glyphs of a page a person sees: the rest is no value, however well it extracts.

In: a sheet, and the page as pdfium drew it. Out: the visible glyphs and how many are hidden. Three kinds of evidence:
what the file says (render mode 3, outside the crop box, smaller than a speck); what lies over it (an opaque picture); and
what is left on the drawn page: a glyph whose place shows one flat color left no ink, be it white on white, under a white
rectangle, clipped away, transparent or on a hidden layer. The last one counts only for fonts that the file brings: the
worker may read no system fonts, so pdfium cannot draw the others. Must not: hide what is merely pale.
"""

from collections.abc import Sequence
from typing import cast

from parsers.readers.pdfink import Area, Glyph, Sheet
from parsers.readers.pdfrender import Drawn

_SPECK = 2.0  # points; law prints footnotes in 6
_CONTRAST = 14  # of 255; the palest hint text met (#D9D9D9 at 9 pt) leaves 29 or more
_WHITE, _BLACK = 0.93, 0.07
_LARGE = 0.25  # of the page: a pasted photograph


def visible(sheet: Sheet, drawn: Drawn | None) -> tuple[list[Glyph], int]:
    """Given a sheet and the drawn page (None if there is none), return the glyphs a person sees and the number hidden."""
    opaque = [one for one in sheet.pictures if one not in sheet.masks]
    covers = [area for area in sheet.areas if area.filled is not None and not _WHITE > area.filled > _BLACK]
    shown: list[Glyph] = []
    hidden = 0
    for glyph in sheet.glyphs:
        if not glyph.text.strip() or glyph.text == "\xa0":
            if not glyph.invisible:
                shown.append(glyph)
        elif _is_hidden(glyph, sheet, opaque, covers, drawn):
            hidden += 1
        else:
            shown.append(glyph)
    return shown, hidden


def large_pictures(sheet: Sheet) -> int:
    """Given a sheet, return how many pictures cover a quarter of it or more: scans and photographs, not logos."""
    return sum(share(sheet, picture) >= _LARGE for picture in sheet.pictures)


def share(sheet: Sheet, area: Area) -> float:
    """Given an area, return its share of what a viewer shows of the page."""
    left, top, right, bottom = sheet.window
    across = min(area.right, right) - max(area.left, left)
    down = min(area.bottom, bottom) - max(area.top, top)
    whole = (right - left) * (bottom - top)
    return max(across, 0) * max(down, 0) / whole if whole > 0 else 0


def _is_hidden(glyph: Glyph, sheet: Sheet, opaque: Sequence[Area], covers: Sequence[Area], drawn: Drawn | None) -> bool:
    x, y = glyph.middle
    left, top, right, bottom = sheet.window
    if glyph.invisible or glyph.size < _SPECK or not (left <= x <= right and top <= y <= bottom):
        return True
    if any(picture.order > glyph.order and picture.holds(x, y) for picture in opaque):
        return True
    covered = any(cover.order > glyph.order and cover.holds(x, y) for cover in covers)
    white = glyph.luminance is not None and glyph.luminance > _WHITE and _ground(glyph, sheet) > _WHITE
    if glyph.embedded and drawn is not None:
        # the edge of a white glyph's place holds ink of its black neighbor
        return not _leaves_ink(glyph, sheet, drawn, within=covered or white)
    return white or covered


def _ground(glyph: Glyph, sheet: Sheet) -> float:
    """Return the luminance of what lies under a glyph; a picture may be dark."""
    x, y = glyph.middle
    under = [area for area in (*sheet.areas, *sheet.pictures) if area.order < glyph.order and area.holds(x, y)]
    fills = [area for area in under if area.filled is not None or area in sheet.pictures]
    last = max(fills, key=lambda area: area.order, default=None)
    if last is None:
        return 1.0
    return 0.0 if last.filled is None else last.filled


def _leaves_ink(glyph: Glyph, sheet: Sheet, drawn: Drawn, *, within: bool) -> bool:
    """Return whether the place of a glyph shows more than one color; `within`: its core, not the edge of what covers it."""
    left, top, _, _ = sheet.window
    above, below, aside = (0.6, -0.1, 1) if within else (1.0, 0.25, -1)
    box = (
        int((glyph.left - left) * drawn.scale) + aside,
        int((glyph.baseline - above * glyph.size - top) * drawn.scale),
        int((glyph.right - left) * drawn.scale) + 1 - aside,
        int((glyph.baseline + below * glyph.size - top) * drawn.scale) + 1,
    )
    width, height = drawn.picture.size
    inside = (max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        return False
    darkest, lightest = cast("tuple[int, int]", drawn.picture.crop(inside).getextrema())
    return lightest - darkest >= _CONTRAST
