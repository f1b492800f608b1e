"""What lies behind the text of a page, as far as it decides whether white text is seen.

In: colors as HTML and CSS write them; a page and elements of it. Out: white or not. Only what is certainly white counts: where
a style sheet colors by more than a class, comes from elsewhere or depends on the medium, white text is read. Must not:
take more than linear time. Standard: CSS Color 4 §4, §6.1; CSS 2.2 §14.2; WHATWG HTML §2.3.6, §15.3.
"""

import re

from lxml.etree import _Element as Element

from parsers.readers.paper import is_white as is_white_hex

_WHITE_NAMES = frozenset({"white", "snow", "ghostwhite", "whitesmoke"})  # of CSS, by `paper.NEAR_WHITE`
_HEX = re.compile("#?([0-9a-f]{3}|[0-9a-f]{6})")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/]\s*1(?:\.0*)?\s*)?\)")
_TOKEN = re.compile(r"[a-z]+\([^()]*\)|[^\s()]+")
_NO_COLOR = re.compile(
    r"none|transparent|inherit|initial|unset|repeat(?:-[xy])?|no-repeat|scroll|fixed|local|left|right|top|bottom|center|"
    r"cover|contain|auto|/|[\d.]+(?:px|pt|em|%)?"
)
_BACKGROUNDS = frozenset({"background", "background-color", "background-image"})
_EFFECTS = frozenset({"text-shadow", "-webkit-text-stroke", "-webkit-text-fill-color", "filter", "mix-blend-mode"})
_MOVED = frozenset({"absolute", "fixed", "sticky"})
_COLORING = re.compile(r"(?:^|[;{\s])(?:background(?:-color|-image)?|color|position)\s*:", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|[;{\s])(?:background(?:-color|-image)?|position)\s*:", re.IGNORECASE)
_BY_CLASS = re.compile(r"\s*[a-z0-9]*\.[\w-]{1,80}\s*", re.IGNORECASE)
_BY_TAG = re.compile(r"\s*(?:[a-z0-9]{1,20}|a:[a-z]{1,20})\s*", re.IGNORECASE)  # weaker than any class
_BODY = re.compile(r"<body\s+[^>\s]", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_DECLARATIONS, _LENGTH, _SHEETS_CHARACTERS = 100, 200, 500_000  # as in `htmlstyle`


def is_white(value: str) -> bool:
    """Given a color of CSS or HTML, return whether it is white; False for what is not known."""
    value = value.strip().lower()
    if value in _WHITE_NAMES:
        return True
    if found := _HEX.fullmatch(value):
        digits = found.group(1)
        return is_white_hex(digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
    parts = _RGB.fullmatch(value)
    return parts is not None and is_white_hex("".join(f"{min(int(part), 255):02x}" for part in parts.groups()))


class Paper:
    """What lies behind the elements of one page, given its root and source; looked at only where white text was met."""

    def __init__(self, root: Element, text: str) -> None:
        self._root = root
        self._text = text
        self._certain: bool | None = None
        self._known: dict[Element, bool | None] = {}

    def hides(self, element: Element) -> bool:
        """Given an element with white text, return whether the text stands on white for certain."""
        if self._certain is None:
            self._certain = _is_certain(self._root) and not self._has_late_body()
        return self._certain and self._ground(element) is not False

    def _has_late_body(self) -> bool:
        """Return whether the page has a body tag behind its first content: browsers take its color, libxml2 drops it."""
        body = self._root.find("body")
        return len(_BODY.findall(self._text)) > int(body is not None and len(body.attrib) > 0)

    def _ground(self, element: Element) -> bool | None:
        """Return what the nearest element puts behind the text: each is looked at once."""
        way: list[Element] = []
        around: Element | None = element
        while around is not None and around not in self._known:
            way.append(around)
            around = around.getparent()
        ground = None if around is None else self._known[around]
        for one in reversed(way):
            own = _own(one)
            ground = ground if own is None else own
            self._known[one] = ground
        return ground


def _own(element: Element) -> bool | None:
    """Given an element, return whether what it puts behind its text is white; None if it puts nothing there."""
    if element.tag == "mark" or element.get("background") is not None:
        return False
    color = element.get("bgcolor")
    told = [] if color is None else [is_white(color)]
    for declaration in element.get("style", "").split(";", _DECLARATIONS)[:_DECLARATIONS]:
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value[:_LENGTH].lower().partition("!")[0].strip()
        if name in _BACKGROUNDS:
            tokens = [token for token in _TOKEN.findall(value) if not _NO_COLOR.fullmatch(token)]
            told += [is_white(token) for token in tokens]
        elif (name in _EFFECTS and value != "none") or (name == "position" and value in _MOVED):
            return False
    return all(told) if told else None


def _is_certain(root: Element) -> bool:
    """Return whether all that colors a page is known: attributes, and rules for a class, which `htmlstyle` spreads."""
    if any("stylesheet" in link.get("rel", "").lower() for link in root.iter("link")):
        return False
    if any(_own(column) is False for column in root.iter("col", "colgroup")):
        return False
    sheets = "\n".join(sheet.text or "" for sheet in root.iter("style"))
    if len(sheets) > _SHEETS_CHARACTERS:
        return False
    for rule in _COMMENT.sub(" ", sheets).split("}"):
        selectors, _, body = rule.partition("{")
        if "@" in selectors and ("{" in body or "@import" in selectors.lower()):
            return False  # depends on the medium, or lies elsewhere
        if _COLORING.search(body):
            harmless = (_BY_CLASS,) if _BACKGROUND.search(body) else (_BY_CLASS, _BY_TAG)
            if not all(any(kind.fullmatch(one) for kind in harmless) for one in selectors.split(",")):
                return False
    return True
