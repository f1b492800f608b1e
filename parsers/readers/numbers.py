"""What a number in a workbook cell looks like on the screen, as far as forms need it.

In: the stored number or date and the cell's number format. Out: text. A telephone number typed into a cell loses its
leading zero, and only the format `0000-00000000` shows it again; a mobile number arrives as 13912345678.0; an 18-digit
identity number is destroyed and must not look as if it were whole; 5 in the format `0"..."` may be five times ten thousand.
What a format only makes prettier is not followed: thousands are not parted (13,900,001,234 is no telephone number any
more), digits are not rounded away, a power of ten is written out. Must not: localize dates (they come out as ISO).
Standard: ECMA-376 part 1 §18.8.30-31 (number formats).
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

_EXACT = 10**15  # beyond 15 digits a workbook's numbers are no longer exact
# A format's signs: quoted or escaped text; colors, locales, conditions; the width of a character, or a filler; any other.
_SIGNS = re.compile(r'"[^"]*"?|\\.|\[[^\]]*\]|[_*].|.', re.DOTALL)
_UNSEEN = ("[", "_", "*")
_LONGEST = 255  # characters; Excel takes no longer format
_LITERAL = re.compile(r'"([^"]*)"?|\\(.)')
_MASK = re.compile(r"[0#\-\u2010-\u2015 ()/+\uff08\uff09\x00]+")
_PERCENT = re.compile(r"[#0,]*[#0](?:\.([#0]+))?%")
_PLACES = 10  # decimals of a percentage that are shown; more than any number has that is no product of arithmetic
_CONDITION = re.compile(r"\[[<>=]")
# Words around the digits, quoted or not: a yuan sign before, a unit of measure behind. No comma behind the digits: that
# divides what is shown by a thousand, and the words would belong to another number than the one stored.
_WORDED = re.compile(r"([^#0?.,@/!;]*)[#0?](?:[#0?,]*[#0?])?(?:\.[#0?]*)?([^#0?.,@/!;]*)")
_GENERAL = re.compile("General|G/\u901a\u7528\u683c\u5f0f")  # WPS writes the name that Excel shows to Chinese users
_UNQUOTED = re.compile(r"[A-Za-z]")  # outside quotes letters are codes: E+00

_SCIENTIFIC = re.compile("[0#]E[+-]", re.IGNORECASE)
_MOBILES, _ROUNDED = 10**10, 10**4  # Excel writes five decimals of a power of ten: 1.39598E+10 ends in five zeros

# Formats that only zh-CN programs have built in (§18.8.30); openpyxl does not know them and would show a serial number.
CHINESE_DATE_FORMATS = (*range(27, 37), *range(50, 59))


def shown(value: object, number_format: str) -> str:
    """Given a cell's value as openpyxl read it and its number format, return the text for a reader."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, number_format)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("seconds")
    if isinstance(value, timedelta):
        return _elapsed(value)
    return "" if value is None else str(value)


def _elapsed(span: timedelta) -> str:
    """Given a span of time, return it in hours, as the format [h]:mm does: ``"30:00:00"``, never "1 day"."""
    seconds = round(abs(span).total_seconds())
    sign = "-" if span < timedelta() else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _number(value: float, number_format: str) -> str:
    whole = int(value) if value == value // 1 and abs(value) < _EXACT else None
    sections = _sections(number_format)
    if _is_blanked(value, sections):
        return ""
    mask, literals = _set_aside(sections[0])
    if not isfinite(value) or abs(value) >= _EXACT:
        return f"{value:.5E}"  # as the screen shows it: no reader may take it for a number that is whole
    percent = _PERCENT.fullmatch(mask)
    if percent:
        return _percent(value, (percent.group(1) or "")[:_PLACES])
    if whole is not None and whole >= _MOBILES and not whole % _ROUNDED and _SCIENTIFIC.search(mask):
        return f"{value:.5E}"  # 13959812345 went through a table of text as 1.39598E+10: its last digits are lost
    if whole is not None and (masked := _masked(whole, mask, literals)):
        return masked
    before, after = _words(mask, literals)
    return f"{before}{Decimal(f'{value:.15g}'):f}{after}".strip()


def _sections(number_format: str) -> list[str]:
    """Given a format, return its sections (for positive numbers, negative ones, zero) without what no person sees of them.

    With a condition, ``[<1000]``, it is not the sign that chooses among them: nothing is known of how the number looks.
    """
    if len(number_format) > _LONGEST or _CONDITION.search(number_format):
        return ["General"]
    sections = [""]
    for sign in _SIGNS.findall(number_format.replace("\0", "")):
        if sign == ";":
            sections.append("")
        elif not sign.startswith(_UNSEEN):
            sections[-1] += sign
    return sections


def _is_blanked(value: float, sections: list[str]) -> bool:
    """Return whether the format shows nothing for this number: ``0;-0;;@`` for zero, ``#`` for zero too, ``0;;`` below it."""
    if value == 0:
        chosen = sections[2] if len(sections) > 2 else sections[0]
        return (len(sections) > 2 and not chosen) or (chosen != "" and not chosen.strip("#,"))
    return len(sections) > 1 and not sections[value < 0]


def _set_aside(section: str) -> tuple[str, list[str]]:
    """Given a section, return it with a NUL for each piece of literal text, and the pieces."""
    literals: list[str] = []

    def keep(match: re.Match[str]) -> str:
        literals.append(match.group(1) if match.group(1) is not None else match.group(2))
        return "\0"

    return _LITERAL.sub(keep, section), literals


def _percent(value: float, places: str) -> str:
    """Given a share and the decimal places of its format, return it as shown: 0.125 is 13% in `0%`, halves go up."""
    least = Decimal(1).scaleb(-len(places))
    text = str((Decimal(f"{value:.15g}") * 100).quantize(least, ROUND_HALF_UP))
    for _ in range(len(places) - len(places.rstrip("#"))):
        text = text.removesuffix("0")
    return text.removesuffix(".") + "%"


def _words(mask: str, literals: list[str]) -> tuple[str, str]:
    """Given a format with its literals set aside, return the words it shows before and behind the digits."""
    mask = _GENERAL.sub("0", mask)
    found = _WORDED.fullmatch(mask)
    if found is None or _UNQUOTED.search(mask):
        return "", ""
    left = iter(literals)
    before, after = ("".join(next(left) if sign == "\0" else sign for sign in part) for part in found.groups())
    return before, after


def _masked(number: int, mask: str, literals: list[str]) -> str:
    """Given a whole number and a format of digits and separators, return it as formatted; "" for other formats.

    ``_masked(59527391234, "0000-00000000", []) == "0595-27391234"``.
    """
    if number < 0 or mask.count("0") < 2 or not _MASK.fullmatch(mask):
        return ""  # one 0 is the plain format of whole numbers
    digits, left = list(str(number)), list(literals)
    built: list[str] = []
    places = mask.count("0") + mask.count("#")
    for sign in reversed(mask):
        if sign in "0#":
            places -= 1
            if places == 0 and digits:
                built.append("".join(digits))  # the first place takes all digits that are left
                digits = []
            elif digits:
                built.append(digits.pop())
            elif sign == "0":
                built.append("0")
        else:
            built.append(left.pop() if sign == "\0" else sign)
    return "".join(reversed(built)).strip()
