"""What CSS says about visibility: the few declarations that change what a person reads.

In: a page, once, for the classes of its style sheets; then an element. Out: `Style`. Mail programs write styles inline, Excel
and LibreOffice a class for each kind of cell (a struck cell, a deleted word). Must not: follow selectors other than a class,
take more than linear time. Standard: CSS 2.2 §5.8.3, §9.2.4, §11.2, §16.3; `mso-hide` as Office writes it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml.etree import _Element as Element

from parsers.document import FailureCode, ReadFailure
from parsers.readers.htmlcolors import is_white

_DECLARATIONS = 100  # of one style attribute; Word writes some 30
_LENGTH = 200  # of a value
_CLASSES = 20  # of one element
_SELECTORS, _BODY = 500, 2_000  # characters of a rule
_ZERO = frozenset({"0", "0px", "0pt", "0em", "0%"})
_BLOCK = frozenset({"block", "flex", "grid", "list-item", "table"})


@dataclass(frozen=True, slots=True)
class Style:
    """`plain` takes the lines off the element's own tag, as browsers do; `font` is "" when none is named."""

    hidden: bool = False
    struck: bool = False
    underlined: bool = False
    plain: bool = False
    keeps_space: bool = False
    block: bool = False
    font: str = ""
    white: bool | None = None  # None: no color is named


_NONE = Style()
_SHEETS_CHARACTERS, _RULES = 500_000, 5_000  # of a page; Excel writes some 100 rules
_CLASS_CHARACTERS = 400  # of what is said of a class
_TELLING = re.compile(
    r"(?:^|(?<=[;\s]))((?:display|visibility|mso-hide|text-decoration(?:-line)?|font-family|font-size|"
    r"color|background(?:-color|-image)?|text-shadow|position)\s*:[^;{}]{1,100})",
    re.IGNORECASE,
)
_CLASS = re.compile(r"\s*[a-z0-9]*\.([\w-]{1,80})\s*", re.IGNORECASE)


def with_classes(root: Element) -> None:
    """Given a page, write what its style sheets say of classes into the style attributes of the elements, before their own.

    Raise ReadFailure TOO_LARGE where that is more than any page needs.
    """
    text = "\n".join(sheet.text or "" for sheet in root.iter("style"))[:_SHEETS_CHARACTERS]
    declared: dict[str, str] = {}
    for selectors, body in _rules(text):
        told = ";".join(_TELLING.findall(body))
        for found in map(_CLASS.fullmatch, selectors.split(",") if told else ()):
            if found:
                declared[found.group(1)] = f"{declared.get(found.group(1), '')}{told};"[-_CLASS_CHARACTERS:]
    written = 0
    for element in root.iter("*") if declared else ():
        styles = "".join(declared[name] for name in element.get("class", "").split()[:_CLASSES] if name in declared)
        written += len(styles)
        if written > _SHEETS_CHARACTERS * 20:
            raise ReadFailure(FailureCode.TOO_LARGE, "too much style")
        if styles:
            element.set("style", styles + element.get("style", ""))


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Given style sheets, yield the selectors and the declarations of each rule that holds for every medium."""
    first, *rest = text.replace("<!--", " ").replace("-->", " ").split("/*")
    deep = 0
    for part in "".join((first, *(piece.partition("*/")[2] for piece in rest))).split("}")[:_RULES]:
        opened = part.count("{")
        if opened == 1 and deep == 0 and "@" not in part:
            selectors, _, body = part.partition("{")
            yield selectors.rpartition(";")[2][-_SELECTORS:], body[:_BODY]
        deep = max(deep + opened - 1, 0)


def inline_style(element: Element) -> Style:
    """Given an element, return what its own attributes say."""
    style = _NONE
    if element.get("hidden") is not None:
        style = replace(style, hidden=True)
    if element.tag == "font" and (face := element.get("face")):
        style = replace(style, font=_first(face))
    if (color := element.get("color" if element.tag == "font" else "text")) and element.tag in ("font", "body"):
        style = replace(style, white=is_white(color))
    if element.tag == "a" and element.get("href") is not None:
        style = replace(style, white=False)  # links have a color of their own
    css = element.get("style")
    if css:
        for declaration in css.split(";", _DECLARATIONS)[:_DECLARATIONS]:
            name, _, value = declaration.partition(":")
            style = _declared(style, name.strip().lower(), value[:_LENGTH].lower().partition("!")[0].strip())
    return style


def _declared(style: Style, name: str, value: str) -> Style:
    """Given the style so far and one declaration, return the style with it."""
    if name == "display":
        return replace(style, hidden=style.hidden or value == "none", block=value in _BLOCK)
    if name == "visibility" and value in ("hidden", "collapse"):
        return replace(style, hidden=True)
    if name == "mso-hide" and value == "all":
        return replace(style, hidden=True)
    if name in ("font-size", "max-height") and value in _ZERO:
        return replace(style, hidden=True)
    if name in ("text-decoration", "text-decoration-line"):
        return replace(
            style,
            struck=style.struck or "line-through" in value,
            underlined=style.underlined or "underline" in value,
            plain=value == "none",
        )
    if name == "white-space" and value.startswith(("pre", "break-spaces")):
        return replace(style, keeps_space=True)
    if name == "color":
        return style if value == "inherit" else replace(style, white=is_white(value))
    if name in ("font-family", "mso-symbol-font-family"):
        return replace(style, font=_first(value)) if not style.font or name.startswith("mso") else style
    return style


def _first(faces: str) -> str:
    return faces.partition(",")[0].strip(" \"'")[:60]
