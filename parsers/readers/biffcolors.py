"""Which colors of an old workbook are white: fonts, and what is filled behind a cell.

In: a workbook as xlrd opened it; records of the palette and of newer colors. Out: white or not. Must not: take a color for
white that only may be. Standard: MS-XLS §2.4.188 (Palette), §2.4.355 (XFExt), §2.5.108 (ExtProp), §2.5.155 (FullColorExt).
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

from parsers.readers.paper import NEAR_WHITE, is_tint_white

_PALETTE_COLORS = 56
_NO_FILL, _SOLID = 0, 1
_FOREGROUND, _BACKGROUND, _GRADIENT, _TEXT = 4, 5, 6, 13  # types of ExtProp
_COLORS: Final = frozenset({_FOREGROUND, _BACKGROUND, _TEXT})
_RGB, _THEME = 2, 3


def is_palette(payload: bytes) -> bool:
    """Given a PALETTE record, return whether it is one that xlrd can take."""
    count = int.from_bytes(payload[:2], "little")
    return 0 < count <= _PALETTE_COLORS and len(payload) == 2 + 4 * count


def is_white(book: Any, number: int) -> bool:
    """Given a workbook and the number of a color, return whether it is white."""
    color: tuple[int, int, int] | None = book.colour_map.get(number)
    return color is not None and min(color) >= NEAR_WHITE


def is_clear(book: Any, style: Any) -> bool:
    """Given a workbook and a cell style, return whether what lies behind its text is white."""
    parent = style.parent_style_index
    known = not style.is_style and 0 <= parent < len(book.xf_list)
    styles = (style, book.xf_list[parent]) if known else (style,)  # programs differ on which of the two counts
    return all(_is_clear(book, one.background) for one in styles)


def _is_clear(book: Any, fill: Any) -> bool:
    if fill.fill_pattern == _NO_FILL:
        return True
    return bool(fill.fill_pattern == _SOLID) and is_white(book, fill.pattern_colour_index)


def not_white(payload: bytes) -> Iterator[int]:
    """Given an XFEXT record, yield the number of its cell style if it has a newer color that is not white.

    The number of the palette that stands for such a color in older programs is only the nearest one.
    """
    if len(payload) < 20:
        return
    (style,) = struct.unpack_from("<H", payload, 14)
    at = 20
    while at + 4 <= len(payload):
        kind, size = struct.unpack_from("<HH", payload, at)
        if kind == _GRADIENT or (kind in _COLORS and not _is_full_white(payload[at + 4 : at + size])):
            yield style
        at += max(size, 4)


def _is_full_white(color: bytes) -> bool:
    if len(color) < 8:
        return False
    kind, tint = struct.unpack_from("<Hh", color)
    white = (kind == _RGB and min(color[4:7]) >= NEAR_WHITE) or (kind == _THEME and color[4:8] == bytes(4))
    return white and is_tint_white(tint / 32_767)
