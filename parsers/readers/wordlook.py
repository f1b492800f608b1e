"""How the runs of a Word document look: visible or not, struck, underlined, in which font.

In: run properties and the styles part. Out: `Look` values. Must not: know paragraphs, tables or packages.
Standard: ECMA-376 part 1 §17.3.2 (run properties), §17.7 (styles).
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from lxml.etree import _Element as Element

from parsers.readers.ink import PLAIN, Look

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_OFF = frozenset({"0", "false", "off", "none"})
_STYLES = 5_000  # Word itself stops at 4,079
_STYLE_DEPTH = 12  # of basedOn; real ones have 3 or 4, hostile ones run in circles
_MARKERS = (b"vanish", b"strike", b"Wingdings", b"Webdings")
_VAL = f"{W}val"
_STYLE, _VANISH, _UNDERLINE, _FONTS = f"{W}rStyle", f"{W}vanish", f"{W}u", f"{W}rFonts"
_STRIKE, _DOUBLE_STRIKE = f"{W}strike", f"{W}dstrike"


def is_on(prop: Element) -> bool:
    """Given an on/off property, return whether it is on: without a value it is."""
    return prop.get(_VAL, "1").lower() not in _OFF


def apply(look: Look, properties: Element | None, styles: Mapping[str, Look]) -> Look:
    """Given the look so far and a `w:rPr`, return the look of the run; `styles` resolves its character style."""
    if properties is None:
        return look
    for prop in properties:  # direct children only: w:rPrChange holds the former properties
        tag = prop.tag
        if tag == _STYLE:
            style = styles.get(prop.get(_VAL, ""))
            look = _merged(look, style) if style else look
        elif tag == _VANISH:
            look = replace(look, hidden=is_on(prop))
        elif tag in (_STRIKE, _DOUBLE_STRIKE):
            look = replace(look, struck=is_on(prop) or (look.struck and tag == _DOUBLE_STRIKE))
        elif tag == _UNDERLINE:
            look = replace(look, underlined=is_on(prop))
        elif tag == _FONTS:
            font = prop.get(f"{W}ascii") or prop.get(f"{W}hAnsi")
            look = replace(look, font=font) if font and font != look.font else look
    return look


def styles_worth_reading(data: bytes) -> bool:
    """Given a styles part, return whether any style in it can change what a person sees."""
    return any(marker in data for marker in _MARKERS)


def style_looks(root: Element) -> dict[str, Look]:
    """Given the root of a styles part, return the looks of the styles that differ from plain, by style id."""
    sheets = {style.get(f"{W}styleId", ""): style for style in islice(root.iterfind(f"{W}style"), _STYLES)}
    looks: dict[str, Look] = {}
    for name in sheets:
        chain: list[Element] = []
        current = name
        while current in sheets and len(chain) < _STYLE_DEPTH:
            chain.append(sheets[current])
            based = sheets[current].find(f"{W}basedOn")
            current = "" if based is None else based.get(_VAL, "")
        look = PLAIN
        for style in reversed(chain):
            look = apply(look, style.find(f"{W}rPr"), {})
        if look != PLAIN:
            looks[name] = look
    return looks


def _merged(look: Look, style: Look) -> Look:
    return Look(
        hidden=look.hidden or style.hidden,
        struck=look.struck or style.struck,
        underlined=look.underlined or style.underlined,
        font=style.font or look.font,
    )
