"""Telephone numbers out of the text of one cell, as people in Chinese offices write them.

In: text. Out: `Found`: the numbers in reading order, what is wrong, what words stood around them. Numbers are put
together from groups of digits before anything is deleted: 办公:27391234 手机:13900000000, or two numbers with one blank
between, are wrong with a digits-only rule (facts/documents.md §5). Must not: complete an area code (only note that it
could be), correct a number of ten or twelve digits, believe a number that a spreadsheet destroyed (1.39E+10).

Rules: mobile numbers are 1[3-9] and nine more; area codes 010, 02x or four digits; local numbers seven or eight digits
that begin with 2 to 8; 400/800 numbers have ten (national numbering plan, 电信网编号计划 2017).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from parsers.text import narrow

_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+")
_DESTROYED = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_MASKED = re.compile(r"\d[*\u00d7xX#]{2,}|[*\u00d7xX]{2,}\d|(?<!\d{7})(?<=\d)\*\d|\d{3}-?[xX*]{4}")
# =0595-27391101 typed into a cell is a subtraction: what is shown is a number below zero, and no telephone number.
_NEGATIVE = re.compile(r"-\s*\d{5,}")
# 27391234~6: the numbers from …34 to …36, no extension 6. The stroke after an area code is a dash: 0595~27391234.
_RANGE = re.compile("\\d{6}\\s*[~\uff5e\u301c]\\s*\\d{1,2}(?!\\d)")
# 2025-05-28, as a date cell comes out, has the eight digits of a local number.
_DATE = re.compile(
    "(?:19|20)\\d\\d[-./\u5e74](?:0?[1-9]|1[0-2])[-./\u6708](?:0?[1-9]|[12]\\d|3[01])\u65e5?"
    "(?:[ T]\\d{1,2}:\\d{2}(?::\\d{2})?)?"
)
_QQ = re.compile(r"QQ\s*\u53f7?\u7801?\s*[:.]?\s*\d", re.IGNORECASE)  # eight digits of it look like a local number
_DASHES = re.compile("[\u2010-\u2015\u2212\u2500\u30fc\uff0d\u2043\u02d7~\uff5e\u301c]+|-{2,}")
_GROUPS = re.compile(r"\d+")
# What may stand between two groups of one number; a new line where the cell was too narrow for it.
_INSIDE = re.compile(r"[ \t]*[-().\u00b7/ \t]?[ \t]*\n?[ \t]*")
_EXTENSION = re.compile(r"\s*\(?\s*(?:-|转|转接|分机号?:?|内线:?|ext\.?:?|#|\*|x)\s*$", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]+")
_LABEL_WORDS = re.compile(
    "办公室?|电话|座机|固话|固定|手机号?码?|移动|联系|方式|传真|号码|短号|内线|分机|转|小灵通|工作|单位|家庭|宅|值班|微信同?号?|电信|联通|广电|网通|长号|全天|(?:24)?小时|上班时?间?|下班时?间?|白天|晚上|区号|本人|常用|直线|总机|前台|主机|中国|工作日|日间|夜间|谢谢|感谢|多谢|辛苦了?|请知悉|请查收|同微信|同号|电|办|手|机|或|和|及|tel"
    "|fax|mobile|phone|ext|[hHoOmMtTpPfFwW]",
    re.IGNORECASE,
)
_SEPARATORS = re.compile("[\u3001,;/|\n\u3002]|或|和|及|短号")
# Areas whose local numbers all have eight digits; elsewhere both lengths occur (Xiamen 0592 still has seven).
_EIGHT_DIGITS_TABLE = (
    "010 020 021 022 023 024 025 027 028 029 0311 0371 0379 0411 0431 0451 0510 0511 0512 0513"
    " 0514 0515 0516 0517 0519 0523 0531 0532 0551 0571 0573 0574 0575 0577 0579 0591 0595 0731 0755 0757"
    " 0760 0769 0791 0851 0871 0991"
)
_EIGHT_DIGITS = frozenset(_EIGHT_DIGITS_TABLE.split())
_COUNTRIES = ("852", "853", "886", "1", "65", "60", "63", "62", "81", "44")  # abroad: kept as written
_GROUP_LIMIT = 24  # groups of digits in one cell; more are no telephone number


class NumberKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"  # with area code
    LOCAL = "local"  # landline without area code
    SERVICE = "service"  # 400, 800
    SHORT = "short"  # 3 to 6 digits: works inside the office only
    ABROAD = "abroad"


@dataclass(frozen=True, slots=True)
class Number:
    """One number in its normal form: 13805950001, 0595-27391234, 0595-27391234-801, 27391234, 400-800-1234."""

    kind: NumberKind
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """All numbers of a text. `fault` is an English remark, "" if every digit belongs to a number.

    `separated` says that a mark stands between the numbers (、 ; a new line), not only a blank. `words` are what else
    stands there.
    """

    numbers: tuple[Number, ...] = ()
    fault: str = ""
    separated: bool = True
    words: tuple[str, ...] = ()
    email: str = ""


def find_numbers(text: str, *, area_code: str = "") -> Found:
    """Given a text, return its telephone numbers. `area_code` such as "0595" tells a number that lost its zero."""
    plain = _DASHES.sub("-", narrow(text)).strip()
    email = _EMAIL.search(plain)
    plain = _EMAIL.sub(" ", plain)
    plain = re.sub(r"(?<=\d)\.0+$", "", plain)  # a number cell read as 13805950001.0
    words = tuple(word for word in _WORDS.findall(plain) if _LABEL_WORDS.sub("", word))
    if _DESTROYED.search(plain):
        return Found(fault="destroyed by a spreadsheet", words=words)
    if _MASKED.search(plain):
        return Found(fault="masked", words=words)
    strange = "a range of numbers" if _RANGE.search(narrow(text)) else _strange(plain)
    if strange:
        return Found(fault=strange, words=words)
    groups = list(_GROUPS.finditer(plain))
    if len(groups) > _GROUP_LIMIT:
        return Found(fault="too many digits", words=words)
    parted = _partition(plain, groups, area_code)
    found_email = email.group() if email else ""
    if parted is None:
        return Found(fault="not a telephone number", words=words, email=found_email)
    numbers, spans = parted
    between = [plain[left[1] : right[0]] for left, right in pairwise(spans)]
    separated = all(_SEPARATORS.search(gap) or _WORDS.search(gap) or "(" in gap for gap in between)
    shorts = sum(number.kind is NumberKind.SHORT for number in numbers)
    if shorts > 1 or (shorts and not separated):
        return Found(fault="not a telephone number", words=words, email=found_email)  # 1380 5950
    unique = tuple(dict.fromkeys(numbers))
    return Found(unique, separated=separated, words=words, email=found_email)


def _strange(plain: str) -> str:
    """Given a text, return what it is that has as many digits as a telephone number and is none; "" if it may be one."""
    if _NEGATIVE.fullmatch(plain):
        return "a number below zero"
    if _DATE.fullmatch(plain):
        return "a date"
    return "a QQ number" if _QQ.search(plain) else ""


def _partition(
    plain: str, groups: list[re.Match[str]], area_code: str
) -> tuple[tuple[Number, ...], tuple[tuple[int, int], ...]] | None:
    """Given groups of digits, return the numbers they form and their places; None if some digits belong to none.

    The first partition that uses all groups wins; long numbers are tried first, since 0595 2739 1234 is one.
    """
    count = len(groups)
    best: list[tuple[tuple[Number, ...], tuple[tuple[int, int], ...]] | None] = [None] * (count + 1)
    best[count] = ((), ())
    for start in range(count - 1, -1, -1):
        for stop in range(min(count, start + 6), start, -1):
            rest = best[stop]
            if rest is None:
                continue
            number = _number(plain, groups[start:stop], area_code)
            if number is None:
                continue
            candidate = ((number, *rest[0]), ((groups[start].start(), groups[stop - 1].end()), *rest[1]))
            current = best[start]
            if current is None or _weight(candidate[0]) < _weight(current[0]):
                best[start] = candidate
    return best[0]


def _weight(numbers: tuple[Number, ...]) -> int:
    """Fewer numbers explain a text better, and a short number is the poorest explanation."""
    return sum(3 if number.kind is NumberKind.SHORT else 2 for number in numbers)


def _number(plain: str, groups: list[re.Match[str]], area_code: str) -> Number | None:
    """Given neighbouring groups of digits, return the one number that they form, or None."""
    gaps = [plain[left.end() : right.start()] for left, right in pairwise(groups)]
    extension = ""
    if gaps and _EXTENSION.fullmatch(gaps[-1]) and 1 <= len(groups[-1].group()) <= 5:
        bare = _plain_number(plain, groups[:-1], gaps[:-1], area_code)
        # 0595-2739-1234 is a number by itself, 27391234-801 is not.
        whole = _plain_number(plain, groups, gaps, area_code)
        if whole is None and bare is not None and bare.kind in {NumberKind.LANDLINE, NumberKind.LOCAL}:
            extension = groups[-1].group()
            return Number(bare.kind, f"{bare.text}-{extension}", bare.note)
    return _plain_number(plain, groups, gaps, area_code)


def _plain_number(plain: str, groups: list[re.Match[str]], gaps: list[str], area_code: str) -> Number | None:
    if not groups or not all(_INSIDE.fullmatch(gap) or gap in {") ", ")-", ")"} for gap in gaps):
        return None
    digits = "".join(group.group() for group in groups)
    plus = plain[max(0, groups[0].start() - 2) : groups[0].start()].rstrip("( ").endswith("+")
    slashes = any("/" in gap for gap in gaps)
    if not (plus or _grouped_like_one(groups, gaps)) or (slashes and len(digits) > 12):
        return None
    return _classified(digits, plus=plus, area_code=area_code)


def _grouped_like_one(groups: list[re.Match[str]], gaps: list[str]) -> bool:
    """Two numbers with a blank between are two: 27391234 801 has no extension, 110 119 is no number."""
    lengths = [len(group.group()) for group in groups]
    if len(groups) == 1:
        return True
    if any("/" in gap for gap in gaps):
        # 0595/27391234 is an area code and a number, anything else with a slash is two numbers
        return len(groups) == 2 and groups[0].group().startswith("0") and lengths[0] in {3, 4}
    return max(lengths) <= 8 or (max(lengths) == 11 and lengths[-1] == 11 and sum(lengths[:-1]) <= 4)


def _classified(digits: str, *, plus: bool, area_code: str) -> Number | None:
    if plus and not digits.startswith("86"):
        country = next((code for code in _COUNTRIES if digits.startswith(code)), None)
        if country is None or not 8 <= len(digits) <= 15:
            return None
        return Number(NumberKind.ABROAD, f"+{country}-{digits[len(country) :]}")
    national = _without_country(digits, plus=plus)
    number = _national(national, area_code)
    if number is None and national != digits:
        number = _national(digits, area_code)
    return number


def _without_country(digits: str, *, plus: bool) -> str:
    for prefix in ("0086", "86"):
        rest = digits.removeprefix(prefix)
        if rest == digits:
            continue
        if re.fullmatch(r"1[3-9]\d{9}", rest):
            return rest
        if (plus or prefix == "0086") and re.fullmatch(r"0?[1-9]\d{9,10}", rest):
            return rest if rest.startswith("0") else "0" + rest
    return digits


def _national(digits: str, area_code: str) -> Number | None:
    if re.fullmatch(r"1[3-9]\d{9}", digits):
        return Number(NumberKind.MOBILE, digits)
    if re.fullmatch(r"01[3-9]\d{9}", digits):  # a zero before a mobile number: how it was dialled from other cities
        return Number(NumberKind.MOBILE, digits[1:])
    if re.fullmatch(r"[48]00\d{7}", digits):
        return Number(NumberKind.SERVICE, f"{digits[:3]}-{digits[3:6]}-{digits[6:]}")
    landline = re.fullmatch(r"(010|02\d)([2-8]\d{7})|(0[3-9]\d{2})([2-9]\d{6,7})", digits)
    if landline:
        area, local = landline.group(1) or landline.group(3), landline.group(2) or landline.group(4)
        if len(local) < 8 and area in _EIGHT_DIGITS:
            return None
        return Number(NumberKind.LANDLINE, f"{area}-{local}")
    if area_code.startswith("0") and re.fullmatch(area_code[1:] + r"[2-8]\d{7}", digits):
        return Number(NumberKind.LANDLINE, f"{area_code}-{digits[len(area_code) - 1 :]}", "leading zero restored")
    if re.fullmatch(r"[2-8]\d{7}" if area_code in _EIGHT_DIGITS else r"[2-8]\d{6,7}", digits):
        return Number(NumberKind.LOCAL, digits, "without area code")
    if 3 <= len(digits) <= 6 and not digits.startswith("0"):
        return Number(NumberKind.SHORT, digits, "short number")
    return None
