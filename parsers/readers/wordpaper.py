"""What lies behind the text of a Word document, as far as it decides whether white text is seen.

In: shading properties, the paragraph of a white run. Out: white or not. Only what is certainly white counts: a shaded cell,
row, table or table style, a text box, a page color, a picture behind the text leave white text to be read, as the header
rows of pretty tables are. All of it is looked at only where white text was met. Must not: look into runs or texts.
Standard: ECMA-376 part 1 §17.3.1.31, §17.3.2.32, §17.3.2.15 (shading, highlight), §17.2.1 (background).
"""

from collections.abc import Mapping

from lxml.etree import _Element as Element

from parsers.readers.ink import Look
from parsers.readers.paper import is_white

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ANCHOR = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}anchor"
_VML = "{urn:schemas-microsoft-com:vml}*"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"

_VAL, _SHD, _HEADER = f"{_W}val", f"{_W}shd", f"{_W}hdr"
_TEXT_FILL = f"{_W14}textFill"
_PAPER_COLORS = frozenset({"background1", "light1", "bg1", "lt1"})
_EFFECTS = frozenset(f"{_W}{name}" for name in ("outline", "shadow", "emboss", "imprint"))
_NEW_EFFECTS = frozenset(f"{_W14}{name}" for name in ("textOutline", "glow", "shadow", "reflection", "props3d"))
_OFF = frozenset({"0", "false", "off", "none"})
_BEHIND = frozenset({"1", "true", "on"})


def is_white_color(color: Element) -> bool:
    """Given a `w:color`, return whether it is white. A theme's own colors are written beside their names."""
    value, theme = color.get(_VAL, "auto"), color.get(f"{_W}themeColor")
    if theme is not None and theme not in _PAPER_COLORS:
        return False
    if value == "auto":
        return theme is not None and color.get(f"{_W}themeShade") is None
    return is_white(value)


def ground_of(prop: Element) -> bool | None:
    """Given a property of a run, return what it puts behind or around the letters: True for white, False for what may be
    seen, None for nothing."""
    tag = prop.tag
    if tag == _SHD:
        return shade(prop)
    if tag == f"{_W}highlight":
        value = prop.get(_VAL, "none")
        return None if value == "none" else value == "white"
    if tag in _EFFECTS:
        return None if prop.get(_VAL, "1").lower() in _OFF else False
    if tag == _TEXT_FILL:
        return None if _is_plain_white(prop) else False  # what Word 2010 and WPS draw in place of w:color
    if tag in _NEW_EFFECTS:
        return None if len(prop) == 1 and prop[0].tag == f"{_W14}noFill" else False
    return None


def shade(shading: Element | None) -> bool | None:
    """Given a `w:shd`, return whether it is white; None where it lets through what lies under it."""
    if shading is None:
        return None
    pattern, fill, theme = shading.get(_VAL, "clear"), shading.get(f"{_W}fill", "auto"), shading.get(f"{_W}themeFill")
    if pattern == "nil" or (pattern == "clear" and fill == "auto" and theme is None):
        return None
    return pattern == "clear" and is_white(fill) and (theme is None or theme in _PAPER_COLORS)


class Paper:
    """What lies behind the paragraphs of one document; `body` is its body, None if there is none."""

    def __init__(self, styles: Mapping[str, Look], body: Element | None) -> None:
        self._styles = styles
        self._roots = [] if body is None else [body.getroottree().getroot()]
        self._page: bool | None = None

    def add(self, story: Element) -> None:
        """Take a page header into account: what hangs on it lies behind the body."""
        root = story.getroottree().getroot()
        if root.tag == _HEADER:
            self._roots.append(root)
            self._page = None

    def hides(self, paragraph: Element, look: Look) -> bool:
        """Given a paragraph and the look of a white run in it, return whether the run stands on white for certain."""
        default = self._styles.get("")
        own = shade(paragraph.find(f"{_W}pPr/{_SHD}"))
        if look.ground is False or own is False or (default is not None and default.ground is False):
            return False
        return bool(own or look.ground or self._around(paragraph))

    def _around(self, paragraph: Element) -> bool:
        """Return whether what lies behind a paragraph is white: the nearest thing that says so."""
        for around in paragraph.iterancestors():
            tag, found = around.tag, None
            if tag == f"{_W}tc":
                found = shade(around.find(f"{_W}tcPr/{_SHD}"))
            elif tag == f"{_W}tr":
                found = shade(around.find(f"{_W}tblPrEx/{_SHD}"))
            elif tag == f"{_W}tbl":
                found = self._of_table(around)
            elif tag == f"{_W}txbxContent":
                found = False  # the fill of the shape, by a theme or none: not known
            if found is not None:
                return found
        if self._page is None:
            self._page = bool(self._roots) and all(map(_is_bare, self._roots))
        return self._page

    def _of_table(self, table: Element) -> bool | None:
        style = table.find(f"{_W}tblPr/{_W}tblStyle")
        if style is not None:
            known = self._styles.get(style.get(_VAL, ""))
            if known is not None and known.ground is False:
                return False
            if table.getroottree().getroot().tag == _HEADER:
                return False  # the styles part may not have been read for its sake
        return shade(table.find(f"{_W}tblPr/{_SHD}"))


def _is_plain_white(fill: Element) -> bool:
    colors = [color for solid in fill.iterchildren(f"{_W14}solidFill") for color in solid]
    if len(fill) != 1 or len(colors) != 1 or len(colors[0]):
        return False  # a gradient, or a color made darker
    value = colors[0].get(f"{_W14}val", "")
    return value in _PAPER_COLORS if colors[0].tag == f"{_W14}schemeClr" else is_white(value)


def _is_bare(root: Element) -> bool:
    """Given the root of a main part or header, return whether nothing in it lies behind the text of the pages."""
    if root.find(f"{_W}background") is not None:
        return False
    header = root.tag == _HEADER
    if any(header or anchor.get("behindDoc") in _BEHIND for anchor in root.iter(_ANCHOR)):
        return False
    styles = (shape.get("style", "").replace(" ", "") for shape in root.iter(_VML))
    return not any("z-index:-" in style or (header and "position:absolute" in style) for style in styles)
