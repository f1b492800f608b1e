"""Styles and shared strings of a workbook, reduced to what decides what a person reads.

In: the styles and sharedStrings parts. Out: the same parts with nothing but number formats, strike-out, underline, font
names, white fonts and whether a fill is white, so that no odd theme, color or border can stop openpyxl (a ValueError there
loses the whole workbook). Must not: format anything. Standard: ECMA-376 part 1 §18.4 (strings), §18.8 (styles), §22.9.2.19
(`_xHHHH_`).
"""

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from lxml.etree import _Element as Element

from parsers.document import FailureCode, ReadFailure
from parsers.readers.numbers import CHINESE_DATE_FORMATS
from parsers.readers.sheetcolors import Colors

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.')
_DATE = re.compile("[ymdhs]", re.IGNORECASE)
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(45, 48), *CHINESE_DATE_FORMATS})
_STYLES_LIMIT = 65_000  # Excel's own limit is 65,490
_OFF = frozenset({"0", "false", "none"})


@dataclass(frozen=True, slots=True)
class Styles:
    """`count` cell styles, those of `dates` with a date format; `xml` is the reduced part."""

    count: int
    dates: frozenset[int]
    xml: bytes
    colors: Colors  # for the texts that have their own


@dataclass(frozen=True, slots=True)
class Strings:
    """`count` shared strings; `xml` is the reduced part."""

    count: int
    xml: bytes


def reduced_styles(root: Element | None, theme: Element | None = None) -> Styles:
    """Given the roots of a styles part and of a theme (None: there is none), return the styles reduced."""
    formats: dict[int, str] = dict.fromkeys(CHINESE_DATE_FORMATS, "yyyy-mm-dd")
    fonts: list[str] = []
    looks: list[tuple[int, int, int]] = []
    colors = Colors.of(root, theme)
    if root is not None:
        for element in root.iterfind(f"{S}numFmts/{S}numFmt"):
            formats[_whole(element.get("numFmtId"))] = element.get("formatCode", "General")[:255]
        fonts = [f"<font>{_font(font, 'name', colors)}</font>" for font in root.iterfind(f"{S}fonts/{S}font")]
        fonts = fonts[:_STYLES_LIMIT]
        white = colors.white_fills(root)
        looks = [
            (_whole(look.get("numFmtId")), _whole(look.get("fontId")), int(not white(look)))
            for look in root.iterfind(f"{S}cellXfs/{S}xf")
        ][:_STYLES_LIMIT]
    fonts, looks = fonts or ["<font/>"], looks or [(0, 0, 0)]
    dates = frozenset(number for number, (format_id, _, _) in enumerate(looks) if _is_date(format_id, formats))
    cells = "".join(
        f'<xf numFmtId="{format_id}" fontId="{font if font < len(fonts) else 0}" fillId="{fill}" borderId="0" xfId="0"/>'
        for format_id, font, fill in looks
    )
    codes = "".join(f'<numFmt numFmtId="{number}" formatCode={_quoted(code)}/>' for number, code in formats.items())
    xml = (
        f'<styleSheet xmlns="{S[1:-1]}"><numFmts count="{len(formats)}">{codes}</numFmts>'
        f'<fonts count="{len(fonts)}">{"".join(fonts)}</fonts>'
        '<fills count="2"><fill><patternFill/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        f'<cellXfs count="{len(looks)}">{cells}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
    return Styles(len(looks), dates, xml.encode(), colors)


def reduced_strings(root: Element | None, limit: int, colors: Colors) -> Strings:
    """Given the root of a sharedStrings part (None: there is none), return it reduced.

    Raise ReadFailure if the text is longer than `limit` characters.
    """
    items: list[str] = []
    total = 0
    for item in () if root is None else root.iterchildren(f"{S}si"):
        items.append(f"<si>{reduced_text(item, colors) or '<t/>'}</si>")
        total += len(items[-1])
        if total > 10 * limit:  # markup included
            raise ReadFailure(FailureCode.TOO_LARGE, "too much text in a workbook")
    return Strings(len(items), f'<sst xmlns="{S[1:-1]}">{"".join(items)}</sst>'.encode())


def reduced_text(item: Element, colors: Colors) -> str:
    """Given a string item, return its text and runs, without phonetic hints; "" if there is no text."""
    runs: list[str] = []
    for child in item:
        if child.tag == f"{S}t" and child.text:
            runs.append(f'<t xml:space="preserve">{escape(without_escapes(child.text))}</t>')
        elif child.tag == f"{S}r":
            text = child.findtext(f"{S}t") or ""
            properties = child.find(f"{S}rPr")  # a run without any looks like its cell
            look = "" if properties is None else f"<rPr>{_font(properties, 'rFont', colors)}</rPr>"
            if text:
                text = escape(without_escapes(text))
                runs.append(f'<r>{look}<t xml:space="preserve">{text}</t></r>')
    return "".join(runs)


def without_escapes(text: str) -> str:
    """Given stored text, return it with ``_x000D_`` and the like decoded, and without what XML cannot hold."""
    return _NOT_XML.sub("", _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text))


def _font(font: Element, name_tag: str, colors: Colors) -> str:
    """Given font properties, return those that matter; `name_tag` is `name` in styles, `rFont` in runs."""
    kept: list[str] = []
    name = font.find(f"{S}{name_tag}")
    if name is not None and name.get("val"):
        kept.append(f"<{name_tag} val={_quoted(name.get('val', '')[:60])}/>")
    kept += [f"<{mark}/>" for mark in ("strike", "u") if _is_on(font.find(f"{S}{mark}"))]
    effects = any(_is_on(font.find(f"{S}{mark}")) for mark in ("outline", "shadow"))
    if not effects and colors.is_white(font.find(f"{S}color")):
        kept.append('<color rgb="FFFFFFFF"/>')
    return "".join(kept)


def _is_on(mark: Element | None) -> bool:
    return mark is not None and mark.get("val", "1").lower() not in _OFF


def _is_date(format_id: int, formats: dict[int, str]) -> bool:
    if format_id in formats:
        return _DATE.search(_QUOTED.sub("", formats[format_id]).split(";")[0]) is not None
    return format_id in _BUILT_IN_DATES


def _quoted(value: str) -> str:
    return quoteattr(_NOT_XML.sub("", value))


def _whole(text: str | None) -> int:
    return int(text[:6]) if text is not None and text.isdecimal() else 0
