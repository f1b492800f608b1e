"""Styles of an OpenDocument spreadsheet, as far as they decide what a person sees.

In: the roots of content.xml and styles.xml. Out: looks of cells and spans (white on white is hidden), names of hidden
tables, rows and columns of no size. Must not: follow a chain of parents without end. Standard: ODF 1.3 part 3 §16 (styles),
§20 (formatting).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from parsers.readers.ink import Look
from parsers.readers.paper import is_white

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, STYLE, TABLE, TEXT = (f"{{{_OASIS}{name}:1.0}}" for name in ("office", "style", "table", "text"))
DRAW, FO, SVG = (f"{{{_OASIS}{name}:1.0}}" for name in ("drawing", "xsl-fo-compatible", "svg-compatible"))
_NUMBER = f"{{{_OASIS}datastyle:1.0}}"
_CONDITION = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}conditional-format"
_PARENTS = 10
_DEFAULT = "\0"  # the name under which a family's default style is kept; no style can have it


@dataclass(frozen=True, slots=True)
class _Style:
    """What one style says itself; None: it says nothing."""

    parent: str
    struck: bool | None = None
    underlined: bool | None = None
    font: str | None = None
    white: bool | None = None
    ground: bool | None = None


@dataclass(slots=True)
class Styles:
    """All styles of a file. `invisible` are names of table, row and column styles that leave nothing to see.

    `painted`: a table, row or condition puts a color behind cells, so that white text is not known to be unseen.
    """

    _looks: dict[tuple[str, str], _Style] = field(default_factory=dict)
    invisible: set[tuple[str, str]] = field(default_factory=set)
    painted: bool = False

    def look(self, family: str, name: str, base: Look) -> Look:
        """Given a family (``"table-cell"``, ``"text"``), a style's name and the look around it, return the look."""
        chain: list[_Style] = []
        while len(chain) < _PARENTS and (style := self._looks.get((family, name))) is not None:
            chain.append(style)
            name = style.parent
        if family == "table-cell" and (style := self._looks.get((family, _DEFAULT))) is not None:
            chain.append(style)
        struck, underlined, font, white, ground = base.struck, base.underlined, base.font, base.white, base.ground
        for style in reversed(chain):
            struck = struck if style.struck is None else style.struck
            underlined = underlined if style.underlined is None else style.underlined
            font = font if style.font is None else style.font
            white = white if style.white is None else style.white
            ground = ground if style.ground is None else style.ground
        return Look(bool(white) and ground is not False and not self.painted, struck, underlined, font, white, ground)


def styles_of(roots: Iterable[Element]) -> Styles:
    """Given the roots of the parts that hold styles, return them; later ones count."""
    found = Styles()
    colored: set[str] = set()
    for root in roots:
        fonts = {
            face.get(f"{STYLE}name", ""): face.get(f"{SVG}font-family", "").strip("'\" ")
            for face in root.iter(f"{STYLE}font-face")
        }
        colored |= {
            data.get(f"{STYLE}name", "")
            for data in root.iter(f"{_NUMBER}*")
            if (properties := data.find(f"{STYLE}text-properties")) is not None and f"{FO}color" in properties.attrib
        }
        for style in root.iter(f"{STYLE}style", f"{STYLE}default-style"):
            default = style.tag == f"{STYLE}default-style"
            key = (style.get(f"{STYLE}family", ""), _DEFAULT if default else style.get(f"{STYLE}name", ""))
            if key[0] in ("table-cell", "text"):
                found._looks[key] = _style(style, fonts, colored)  # noqa: SLF001 - its maker
            elif key[0] in ("table", "table-row", "table-column"):
                found.painted = found.painted or _ground(style) is False
                if _nothing_to_see(style):
                    found.invisible.add(key)
        found.painted = found.painted or next(root.iter(_CONDITION), None) is not None
    return found


def _style(style: Element, fonts: dict[str, str], colored: set[str]) -> _Style:
    parent = style.get(f"{STYLE}parent-style-name", "")
    # A number format with a color (negative numbers in red) goes before that of the text.
    ground = False if style.get(f"{STYLE}data-style-name") in colored else _ground(style)
    properties = style.find(f"{STYLE}text-properties")
    if properties is None:
        return _Style(parent, ground=ground)
    name = properties.get(f"{STYLE}font-name")
    font = properties.get(f"{FO}font-family") if name is None else fonts.get(name, name)
    return _Style(
        parent,
        _line(properties, "line-through"),
        _line(properties, "underline"),
        None if font is None else font.strip("'\" "),
        _white(properties),
        ground,
    )


def _white(properties: Element) -> bool | None:
    """Given text properties, return whether they make text white and nothing else of it seen; None if they do not say."""
    color = properties.get(f"{FO}color")
    if properties.get(f"{STYLE}use-window-font-color") == "true":
        return False
    if color is None:
        return None
    effects = (f"{FO}text-shadow", "none"), (f"{STYLE}text-outline", "false"), (f"{STYLE}font-relief", "none")
    return is_white(color.lstrip("#")) and all(properties.get(name, off) == off for name, off in effects)


def _ground(style: Element) -> bool | None:
    """Given a style, return whether what it puts behind the text is white; None if it puts nothing there."""
    if style.find(f"{STYLE}map") is not None or any(image.attrib for image in style.iter(f"{STYLE}background-image")):
        return False  # another style on a condition, or a picture
    colors = [color for properties in style if (color := properties.get(f"{FO}background-color")) is not None]
    told = [is_white(color.lstrip("#")) for color in colors if color != "transparent"]
    return all(told) if told else None


def _line(properties: Element, kind: str) -> bool | None:
    """Given text properties, return whether they draw a line of this kind; None if they do not say."""
    said = [properties.get(f"{STYLE}text-{kind}-{part}") for part in ("style", "type")]
    known = [value for value in said if value is not None]
    return all(value != "none" for value in known) if known else None


def _nothing_to_see(style: Element) -> bool:
    for properties in style:
        if properties.get(f"{TABLE}display") == "false":
            return True
        for name in ("row-height", "column-width"):
            size = properties.get(f"{STYLE}{name}")
            if size is not None and size.strip("0.") in ("", "cm", "mm", "in", "pt", "inch"):
                return True
    return False
