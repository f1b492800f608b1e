"""How the runs of a Word document look: visible or not, struck, underlined, white, in which font.

In: run properties and the styles part. Out: `Look` values. Must not: know paragraphs, tables or packages.
Standard: ECMA-376 part 1 §17.3.2 (run properties), §17.7 (styles).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from lxml.etree import _Element as Element

from parsers.readers.ink import PLAIN, Look
from parsers.readers.wordpaper import ground_of, is_white_color, shade

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_OFF = frozenset({"0", "false", "off", "none"})
_STYLES = 5_000  # Word itself stops at 4,079
_STYLE_DEPTH = 12  # of basedOn; real ones have 3 or 4, hostile ones run in circles
_MARKERS = (b"vanish", b"strike", b"Wingdings", b"Webdings")
_VAL = f"{W}val"
_STYLE, _VANISH, _UNDERLINE, _FONTS = f"{W}rStyle", f"{W}vanish", f"{W}u", f"{W}rFonts"
_STRIKE, _DOUBLE_STRIKE = f"{W}strike", f"{W}dstrike"
_COLOR, _SHD = f"{W}color", f"{W}shd"
_GROUNDS = frozenset(f"{W}{name}" for name in ("shd", "highlight", "outline", "shadow", "emboss", "imprint"))
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_WHITE = re.compile(rb""":color\s[^>]{0,200}?["'](?:[Ff][2-9A-Fa-f]|background1|light1)""")
_SHADING, _USES = b":shd", (b":pStyle", b":rStyle")


def is_on(prop: Element) -> bool:
    """Given an on/off property, return whether it is on: without a value it is."""
    return prop.get(_VAL, "1").lower() not in _OFF


def apply(look: Look, properties: Element | None, styles: Mapping[str, Look], *, defining: bool = False) -> Look:
    """Given the look so far and a `w:rPr`, return the look of the run; `styles` resolves its character style.

    `defining`: the properties are those of a style, which may take a color back.
    """
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
        elif tag == _COLOR:
            white = is_white_color(prop)
            if white or look.white or defining:  # nearly every run of WPS says that it is black
                look = replace(look, white=white)
        elif tag in _GROUNDS or (not callable(tag) and tag.startswith(_W14)):
            look = _grounded(look, ground_of(prop))
    return look


def _grounded(look: Look, ground: bool | None) -> Look:  # noqa: FBT001 - a state of three
    """Given a look and what one more property puts behind the text, return the look: what may be seen once stays so."""
    return look if ground is None or look.ground is False or ground is look.ground else replace(look, ground=ground)


def styles_worth_reading(data: bytes, main: bytes) -> bool:
    """Given a styles part and the main part, return whether any style can change what a person sees.

    Shading counts only where there is white text: the 350 kB of python-docx are full of it and take longer than the form.
    """
    if any(marker in data for marker in _MARKERS) or (_SHADING in data and _WHITE.search(main)):
        return True
    if not any(use in main for use in _USES):
        return False
    # White in a table style is its own business: its colors are not taken.
    styles = data.split(b":style ")[1:]
    return any(b'type="table"' not in style.partition(b">")[0] and _WHITE.search(style) for style in styles)


def style_looks(root: Element) -> dict[str, Look]:
    """Given the root of a styles part, return the looks of the styles that differ from plain, by style id.

    The look by the name "" says what lies behind paragraphs without a style.
    """
    sheets = {style.get(f"{W}styleId", ""): style for style in islice(root.iterfind(f"{W}style"), _STYLES)}
    looks: dict[str, Look] = {}
    for name, sheet in sheets.items():
        chain: list[Element] = []
        current = name
        while current in sheets and len(chain) < _STYLE_DEPTH:
            chain.append(sheets[current])
            based = sheets[current].find(f"{W}basedOn")
            current = "" if based is None else based.get(_VAL, "")
        look = PLAIN
        for style in reversed(chain):
            look = apply(look, style.find(f"{W}rPr"), {}, defining=True)
            look = _grounded(look, shade(style.find(f"{W}pPr/{_SHD}")))
            if style.get(f"{W}type") == "table" and any(shade(one) is not None for one in style.iter(_SHD)):
                look = replace(look, ground=False)  # which of its cells are shaded is not worked out
        if look != PLAIN:
            looks[name] = look
        if look.ground is False and sheet.get(f"{W}type") != "table" and _is_default(sheet):
            looks[""] = Look(ground=False)
    if any(shade(one) is not None for one in root.iterfind(f"{W}docDefaults//{_SHD}")):
        looks[""] = Look(ground=False)
    return looks


def _is_default(style: Element) -> bool:
    return style.get(f"{W}default", "0").lower() not in _OFF


def _merged(look: Look, style: Look) -> Look:
    return Look(
        hidden=look.hidden or style.hidden,
        struck=look.struck or style.struck,
        underlined=look.underlined or style.underlined,
        font=style.font or look.font,
        white=look.white if style.white is None else style.white,
        ground=_grounded(look, style.ground).ground,
    )
