"""What inline CSS says about visibility: the few declarations that change what a person reads.

In: an element. Out: `Style`. Must not: resolve style sheets (mail programs write styles inline; a class that hides is
not seen as hiding), take more than linear time. Standard: CSS 2.2 §9.2.4, §11.2, §16.3; `mso-hide` as Office writes it.
"""

from dataclasses import dataclass, replace

from lxml.etree import _Element as Element

_DECLARATIONS = 100  # of one style attribute; Word writes some 30
_LENGTH = 200  # of a value
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


_NONE = Style()


def inline_style(element: Element) -> Style:
    """Given an element, return what its own attributes say."""
    style = _NONE
    if element.get("hidden") is not None:
        style = replace(style, hidden=True)
    if element.tag == "font" and (face := element.get("face")):
        style = replace(style, font=_first(face))
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
    if name in ("font-family", "mso-symbol-font-family"):
        return replace(style, font=_first(value)) if not style.font or name.startswith("mso") else style
    return style


def _first(faces: str) -> str:
    return faces.partition(",")[0].strip(" \"'")[:60]
