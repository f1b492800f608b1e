"""Characters of symbol fonts: which sign a code or a letter stands for.

In: a font name and a character. Out: the sign as Unicode; ticks and ticked boxes as TICKED, empty boxes as EMPTY_BOX.
In a form 是/否 is often answered by nothing but such a sign: the letter R in font "Wingdings 2" is a ticked box. Must
not: invent a sign for a code it does not know. Source: Unicode proposal L2/11-052 (Wingdings and Webdings mappings).
"""

import re

from parsers.document import EMPTY_BOX, TICKED

_CROSS, _SQUARE, _DISC, _RING = "\u2717", "\u25a0", "\u25cf", "\u25cb"
_WINGDINGS = {
    **dict.fromkeys((0x6F, 0x70, 0x71, 0x72, 0xA8), EMPTY_BOX),
    **dict.fromkeys((0xFC, 0xFD, 0xFE), TICKED),  # tick, box with cross, box with tick: all mean "this one"
    0xFB: _CROSS,
    0x6E: _SQUARE,
    0xA7: _SQUARE,
    0x6C: _DISC,
    0x9F: "\u2022",
    0xA1: _RING,
    0x28: "\u260e",
    0x29: "\u2706",
    0x2A: "\u2709",
    0x75: "\u25c6",
    0x76: "\u2756",
    0xD8: "\u27a2",
    0xE0: "\u2192",
    0xE8: "\u2794",
    0x80: "\u24ea",
    **{0x81 + number: chr(0x2460 + number) for number in range(10)},  # circled digits
}
_WINGDINGS_2 = {
    **dict.fromkeys((0x50, 0x51, 0x52, 0x53, 0x54), TICKED),
    0xA3: EMPTY_BOX,
    0x4F: _CROSS,
    0x98: _DISC,
}
_WEBDINGS = {0x61: TICKED, 0x63: EMPTY_BOX, 0x67: _SQUARE, 0x72: _CROSS, 0x6E: _DISC}
_SYMBOL = {
    **{ord(character): character for character in "0123456789()+,./:;<=>?[]-*%&!"},  # the same as in any font
    0xD6: "\u221a",
    0xB4: "\u00d7",
    0xB7: "\u2022",
    0xB0: "\u00b0",
    0xB1: "\u00b1",
    0xA8: "\u2666",
}
_FONTS = {
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": {},  # arrows
    "webdings": _WEBDINGS,
    "symbol": _SYMBOL,
}
# A private-use code whose font is lost (LibreOffice writes such): the codes that are boxes in only one of the fonts.
_ANY_FONT = {**{code: _WINGDINGS_2[code] for code in (0x50, 0x52, 0xA3)}, **_WINGDINGS}
_PRIVATE = re.compile("[\uf020-\uf0ff]")


def is_symbol_font(font: str) -> bool:
    """Given a font name, return whether its letters are signs."""
    return font.strip().lower() in _FONTS


def sign(font: str, code: int) -> str | None:
    """Given a font and a character code as `w:sym` has it, return the sign, or None if it is unknown."""
    table = _FONTS.get(font.strip().lower())
    if 0xF000 <= code <= 0xF0FF:
        return (_ANY_FONT if table is None else table).get(code - 0xF000)
    if table is not None and code <= 0xFF:
        return table.get(code)
    return chr(code) if 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else None


def has_private(text: str) -> bool:
    """Given text, return whether symbol-font codes stand in it as private-use characters."""
    return _PRIVATE.search(text) is not None


def translate(text: str, font: str) -> tuple[str, tuple[str, ...]]:
    """Given text and its font, return the text as it looks, and the names of signs that are not known.

    Unknown private-use codes are left out (nothing could be made of them); unknown letters stay as they are: where the
    font is missing, people see letters.
    """
    symbolic = is_symbol_font(font)
    shown: list[str] = []
    unknown: list[str] = []
    for character in text:
        private = _PRIVATE.match(character) is not None
        if not private and (not symbolic or character.isspace() or ord(character) > 0xFF):
            shown.append(character)
            continue
        found = sign(font, ord(character))
        if found is None:
            unknown.append(f"{font or 'font unknown'} {ord(character) & 0xFF:02X}")
            found = "" if private else character
        shown.append(found)
    return "".join(shown), tuple(unknown)
