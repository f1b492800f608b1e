"""Which colors of a workbook are white: fonts, and what is filled behind a cell.

In: the styles and theme parts. Out: `Colors`. Must not: take a color for white that only may be. Standard: ECMA-376 part 1
§18.8.3, §18.8.19 (colors), §18.8.27 (palette), §18.8.20 (fills); the theme index counts lt1 first and dk1 second.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lxml.etree import _Element as Element

from parsers.readers.paper import is_tint_white, is_white

_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_ON = frozenset({"1", "true"})
_FILLS = 65_000


@dataclass(frozen=True, slots=True)
class Colors:
    """What is white in one workbook: numbers of its palette, and whether the theme's paper is.

    1 and 9 are white in the palette of every workbook that does not bring its own.
    """

    palette: frozenset[int] = frozenset({1, 9})
    theme: bool = True

    @classmethod
    def of(cls, styles: Element | None, theme: Element | None) -> "Colors":
        """Given the roots of the styles and theme parts (None: there is none), return what is white."""
        palette = None if styles is None else styles.find(f"{_S}colors/{_S}indexedColors")
        light = None if theme is None else theme.find(f".//{_A}clrScheme/{_A}lt1")
        paper = theme is None
        if light is not None and len(light) == 1:
            color = light[0].get("lastClr", light[0].get("val", ""))
            paper = color == "window" or is_white(color)  # what Windows paints windows with
        if palette is None:
            return cls(theme=paper)
        listed = enumerate(entry.get("rgb", "") for entry in palette.iterchildren(f"{_S}rgbColor"))
        return cls(frozenset(number for number, color in listed if is_white(color[-6:])), paper)

    def is_white(self, color: Element | None) -> bool:
        """Given a color element, return whether it is white."""
        if color is None or color.get("auto") in _ON:
            return False
        tint = color.get("tint", "0")
        try:
            if not is_tint_white(float(tint)):
                return False
        except ValueError:
            return False
        if (rgb := color.get("rgb")) is not None:
            return is_white(rgb[-6:])
        if (theme := color.get("theme")) is not None:
            return theme == "0" and self.theme
        indexed = color.get("indexed", "")
        return indexed.isdecimal() and int(indexed[:6]) in self.palette

    def white_fills(self, styles: Element) -> Callable[[Element], bool]:
        """Given the root of the styles part, return what tells of a cell's `xf` whether white lies behind its text."""
        fills = [self._is_clear(fill) for fill in styles.iterfind(f"{_S}fills/{_S}fill")][:_FILLS]
        named = list(styles.iterfind(f"{_S}cellStyleXfs/{_S}xf"))[:_FILLS]

        def fill(look: Element) -> bool:
            number = look.get("fillId", "0")
            known = number.isdecimal() and int(number[:6]) < len(fills)
            return fills[int(number[:6])] if known else not fills and number == "0"

        def white(look: Element) -> bool:
            if not fill(look):
                return False
            parent = look.get("xfId", "")
            if look.get("applyFill") in _ON or not parent.isdecimal() or int(parent[:6]) >= len(named):
                return True
            return fill(named[int(parent[:6])])  # programs differ on which of the two counts

        return white

    def _is_clear(self, fill: Element) -> bool:
        pattern = fill.find(f"{_S}patternFill")
        if pattern is None:
            return False  # a gradient
        kind = pattern.get("patternType", "none")
        return kind == "none" or (kind == "solid" and self.is_white(pattern.find(f"{_S}fgColor")))
