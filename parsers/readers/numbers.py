"""What a number in a workbook cell looks like on the screen, as far as forms need it.

In: the stored number or date and the cell's number format. Out: text. A telephone number typed into a cell loses its
leading zero, and only the format `0000-00000000` shows it again; a mobile number arrives as 13912345678.0; an 18-digit
identity number is destroyed and must not look as if it were whole. Must not: localize dates (they come out as ISO).
Standard: ECMA-376 part 1 §18.8.30-31 (number formats).
"""

import re
from datetime import date, datetime, time
from decimal import Decimal

_EXACT = 10**15  # beyond 15 digits a workbook's numbers are no longer exact
_BRACKETS = re.compile(r"\[[^\]]{0,40}\]")  # colors, locales, conditions
_PADDING = re.compile(r"_.|\*.")  # "width of the next character", "fill with the next character"
_LITERAL = re.compile(r'"([^"]{0,40})"|\\(.)')
_MASK = re.compile(r"[0#\-\u2010-\u2015 ()/+\uff08\uff09\x00]+")
_PERCENT = re.compile(r"0(?:\.(0+))?%")

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
    return "" if value is None else str(value)


def _number(value: float, number_format: str) -> str:
    whole = int(value) if value == value // 1 and abs(value) < _EXACT else None
    pattern = _PADDING.sub("", _BRACKETS.sub("", number_format)).split(";")[0]
    if whole is not None:
        return _masked(whole, pattern) or str(whole)
    percent = _PERCENT.fullmatch(pattern)
    if percent:
        return f"{value * 100:.{len(percent.group(1) or '')}f}%"
    if abs(value) >= _EXACT:
        return f"{value:.5E}"  # as the screen shows it: no reader may take it for a number that is whole
    return f"{Decimal(f'{value:.15g}'):f}"


def _masked(number: int, pattern: str) -> str:
    """Given a whole number and a format of digits and separators, return it as formatted; "" for other formats.

    ``_masked(59527391234, "0000-00000000") == "0595-27391234"``.
    """
    literals: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        literals.append(match.group(1) if match.group(1) is not None else match.group(2))
        return "\0"

    mask = _LITERAL.sub(set_aside, pattern)
    if number < 0 or mask.count("0") < 2 or not _MASK.fullmatch(mask):
        return ""  # one 0 is the plain format of whole numbers
    digits = list(str(number))
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
            built.append(literals.pop() if sign == "\0" else sign)
    return "".join(reversed(built)).strip()
