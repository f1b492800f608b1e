"""One raw text → one checked value of its field type, or a problem. Also: what a form as a whole lacks.

Stage before: `extract` has joined label and value. Stage after: `forms.FieldReading`. In: a field's specification, the
text as it stands, its cell (for underline, strike-out, number format). Out: `Checked`. Values keep what the sender wrote,
in its normal form; nothing is completed or corrected silently. Must not: know positions, labels or other fields.

Rules: facts/documents.md §5. "无", "/", "—" in an optional field mean nothing given; in a required one they are MISSING.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from parsers.answers import GENDERS, YES_NO, Answer, chosen
from parsers.document import Cell
from parsers.forms import FieldReading, FieldSpec, FieldType, FormSpec, Problem, ProblemCode
from parsers.lexicon import (
    ADDRESS_MARKS,
    DITTO,
    DITTO_ABOVE,
    NOTHING,
    POSITION_TAILS,
    POSITIONS,
    UNCHANGED,
    UNIT_TAILS,
)
from parsers.names import find_name, has_surname
from parsers.phones import Found, Number, NumberKind, find_numbers
from parsers.remarks import is_hint, without_hints
from parsers.text import fold, narrow

_STROKES = re.compile("[-\u2010-\u2015\u2212\u2500\u4e00/\\\\|.\u2026~*_\u3001\u3002\u30fc,\\s\uff3f\uff0f]+")
# In prose 。 and ， stay what they are; wide digits and letters become ordinary ones everywhere.
_LETTERS = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_LETTERS.update({0x3000: 0x20, 0xA0: 0x20})
_SHORT_LIMIT = 300  # characters of a name, a number, an answer; more is a text that slipped into the cell
_LIMITS = {FieldType.TEXT: 100_000, FieldType.TITLE: 1_000, FieldType.ADDRESS: 1_000, FieldType.UNIT: 1_000}
_PROSE = frozenset({FieldType.TEXT, FieldType.TITLE, FieldType.ADDRESS, FieldType.POSITION, FieldType.UNIT})
# The line that people write on, and space: not by a regular expression, which takes a minute for 100,000 spaces in a cell.
_LINE = "_" + "".join(one for one in map(chr, range(0x3001)) if one.isspace())
_HAN_BLANK = re.compile(
    "(?<=[\u3007\u3400-\u9fff\uff00-\uffef\u3001-\u303f])[ \\t\n]+(?=[\u3007\u3400-\u9fff\uff00-\uffef\u3001-\u303f])"
)
_DAMAGED = re.compile("\ufffd")
_EMAIL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._%+\-]*@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,12}")
_EMAIL_PREFIX = re.compile(r"^(?:mailto:|(?:电子)?(?:邮箱|邮件)(?:地址)?:|e-?mail:)", re.IGNORECASE)
_TYPO_DOMAINS = re.compile(r"\.(?:con|cmo|ocm|comm|vom|xom|cn\.com\.cn|co|cm|om|net\.com)$", re.IGNORECASE)
_GLUED_DOMAIN = re.compile(r"\.[a-z]{3,}(?:com|net|org|cn)$", re.IGNORECASE)  # unit.examplecom: the dot is lost
_UNIT_TAIL = re.compile(f"(?:{'|'.join(sorted(UNIT_TAILS, key=len, reverse=True))})$")
_POSITION_TAIL = re.compile(f"(?:{'|'.join(POSITION_TAILS)})$")
_LONG_NUMBER = re.compile(r"\d[\d\s-]{5}")
# 手机：139…，麻烦补一下，谢谢！ as an answer to a letter of ours: behind the value and a mark nothing but plain courtesy, in
# whole words. 麻烦改一下 and 麻烦补一下传真 ask for something, and stay for a person.
_COURTESY_TAIL = re.compile(
    "[\\s,;.!~\u3001\u3002]+(?:(?:(?:非常)?(?:感谢|多谢|谢谢)(?:[您你]|领导|老师|同志|大家)?|(?:[您你])?辛苦[您你]?了?"
    "|(?:麻烦|烦请|劳烦|请)[您你]?帮?忙?(?:补|补充|补录|登记)(?:一?下)了?|麻烦[您你]?了|请(?:查收|知悉|悉知|登记))[\\s,;.!~\u3001\u3002]*)+$"
)
_TAKEN_BACK = re.compile("停用|停机|不用|换|改|作废|请打|请拨|不是|错|空号|注销|旧|原")
# 王建国（已调离），（暂定）: who is meant stands in words. Only remarks beside a name are searched: 李原 is a name.
_NO_LONGER = re.compile(
    "由|代|调离|调走|调任|调出|调动|离职|辞职|退休|离岗|转岗|去世|停职|不再|已不|原|前任|换|改|作废|待定|暂定|拟|待核|待确认|未定|错|删|取消|不是"
)
# What a workbook shows where a formula failed; in a text cell it was pasted from one.
_SHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|#+)")
_CUT_NUMBER = re.compile(r"\d\s*\n\s*\d")  # 大街3 over 6号 is 36号 or 3, 6号
_EXAMPLE = re.compile("示例|样例|范例|示范|举例")
_HAN_WORD = re.compile("[\u3400-\u9fff]")
_NUMBER_ONLY = re.compile(r"[\d\s()+\-]{5,}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a raw text is worth as a value of one field.

    `value` None without a problem: nothing given. `fit` −1 to 1 says how well the text suits the type, for choosing
    between readings: 1 a mobile number in a mobile field, −1 an address in a gender field. `notes` are English remarks
    (``"without area code"``); a value with notes is good.
    """

    value: str | bool | None = None
    problem: Problem | None = None
    fit: float = 0.0
    notes: tuple[str, ...] = ()


_Check = Callable[[FieldSpec, str, Cell | None, str], Checked]


def check(spec: FieldSpec, raw: str, *, cell: Cell | None = None, area_code: str = "") -> Checked:
    """Given a field and the text in its place, return the value or the problem.

    `cell` is the cell the text fills: its underlined and struck pieces answer 是/否, its number format restores leading
    zeros. `area_code` such as "0595" is the office's own.
    """
    if _DAMAGED.search(raw):
        return Checked(None, Problem(ProblemCode.UNREADABLE, spec.key, given=raw), -0.2)
    plain = raw.translate(_LETTERS) if spec.type in _PROSE else narrow(raw)
    text = without_hints(plain.strip(_LINE))
    if spec.type is FieldType.PERSON and _EXAMPLE.search(plain):
        return _ambiguous(spec, text, "an example", 0.0)
    if _SHEET_ERROR.fullmatch(text.strip()):
        return _invalid(spec, text, "a formula that failed", -0.2)
    if len(text) > _LIMITS.get(spec.type, _SHORT_LIMIT):
        return _invalid(spec, text[:_SHORT_LIMIT], "too long", -1.0)
    if spec.type not in _PROSE:
        text = _COURTESY_TAIL.sub("", text)
    choice = spec.type in {FieldType.YESNO, FieldType.GENDER}
    if not choice or not (cell is not None and cell.struck):
        nothing = _nothing_given(spec, text, raw)
        if nothing is not None:
            return nothing
    return _CHECKS[spec.type](spec, text, cell, area_code)


def check_required(form: FormSpec, fields: Iterable[FieldReading]) -> tuple[Problem, ...]:
    """Given a form and its fields as read, return a MISSING problem for each field that had to be given and is not.

    A field that carries a problem of its own (also MISSING) is not reported again: all that is wrong with a form is
    its own problems, those of its fields, and these. `required_when` holds if the named field is true.
    """
    found = {field.key: field for field in fields}
    problems: list[Problem] = []
    for spec in form.fields:
        reading = found.get(spec.key)
        condition = found.get(spec.required_when) if spec.required_when else None
        required = spec.required or (condition is not None and condition.value is True)
        if required and (reading is None or (reading.value is None and reading.problem is None)):
            problems.append(Problem(ProblemCode.MISSING, spec.key, given=reading.raw.strip() if reading else ""))
    return tuple(problems)


def is_nothing(text: str) -> bool:
    """Given what stands in a value's place, return whether it says that there is none: 无, /, —."""
    plain = narrow(text).strip()
    return not plain or bool(_STROKES.fullmatch(plain)) or fold(plain).strip("()\u3002.") in NOTHING


def is_ditto(text: str) -> bool:
    """Given what stands in a value's place, return whether it refers to another cell: 同上, 〃."""
    return fold(text).strip("()\u3002.") in DITTO


def is_unchanged(text: str) -> bool:
    """Given what stands in a value's place, return whether it says that what was told before stays: 不变, 照旧."""
    return fold(text).strip("()\u3002.") in UNCHANGED


def is_ditto_above(text: str) -> bool:
    """Given what stands in a value's place, return whether it repeats the cell above: 同上, 〃, not 同手机."""
    return fold(text).strip("()\u3002.") in DITTO_ABOVE


def is_function(text: str) -> bool:
    """Given a text, return whether it reads as somebody's function: 科员, 分管领导, 安监站站长."""
    key = fold(text)
    return key in POSITIONS or bool(_POSITION_TAIL.search(key))


def _nothing_given(spec: FieldSpec, text: str, raw: str) -> Checked | None:
    """Return what an empty, struck-through or referring value amounts to; None if something is given."""
    given = raw.strip()
    missing = Problem(ProblemCode.MISSING, spec.key, given=given) if spec.required else None
    if not text or is_hint(text):
        return Checked(None, missing, 0.0, ("hint of the template",) if text else ())
    if _STROKES.fullmatch(text) or (spec.type is not FieldType.YESNO and is_nothing(text)):
        return Checked(None, missing, 0.1)
    if is_unchanged(text) or is_ditto(text):
        # no value here, but one is meant: an optional one that another cell has, or that was told before, must not vanish
        return _invalid(spec, given, "refers to another cell", 0.0)
    return None


def _invalid(spec: FieldSpec, text: str, detail: str, fit: float) -> Checked:
    return Checked(None, Problem(ProblemCode.INVALID, spec.key, given=text, detail=detail), fit)


def _ambiguous(spec: FieldSpec, text: str, detail: str, fit: float, value: str | None = None) -> Checked:
    return Checked(value, Problem(ProblemCode.AMBIGUOUS, spec.key, given=text, detail=detail), fit)


def _person(spec: FieldSpec, text: str, _cell: Cell | None, _area: str) -> Checked:
    found = find_name(text)
    if found.several:
        return _ambiguous(spec, text, found.fault, found.likeness)
    if not found.text:
        fit = -1.0 if find_numbers(text).numbers or "@" in text else found.likeness
        return _invalid(spec, text, found.fault, fit)
    if _NO_LONGER.search(found.note):
        return _ambiguous(spec, text, "words that take a name back", found.likeness, found.text)
    if not has_surname(found.text):
        return _ambiguous(spec, text, "no surname in front", found.likeness, found.text)
    return Checked(found.text, None, found.likeness, (found.note,) if found.note else ())


def _gender(spec: FieldSpec, text: str, cell: Cell | None, _area: str) -> Checked:
    answer = _answer(text, cell, words=False)
    if answer is Answer.NONE:
        return Checked(None, Problem(ProblemCode.MISSING, spec.key) if spec.required else None, 0.3)
    if answer is Answer.BOTH:
        return _ambiguous(spec, text, "both marked", 0.3)
    if answer is Answer.UNKNOWN:
        return _invalid(spec, text, "neither 男 nor 女", -1.0)
    return Checked("男" if answer is Answer.FIRST else "女", None, 1.0)


def _yesno(spec: FieldSpec, text: str, cell: Cell | None, _area: str) -> Checked:
    answer = _answer(text, cell, words=True)
    if answer is Answer.NONE:
        return Checked(None, Problem(ProblemCode.MISSING, spec.key) if spec.required else None, 0.3)
    if answer is Answer.BOTH:
        return _ambiguous(spec, text, "contradicts itself", 0.3)
    if answer is Answer.UNKNOWN:
        return _ambiguous(spec, text, "neither yes nor no", -0.5 if len(text) < 30 else -1.0)
    return Checked(answer is Answer.FIRST, None, 1.0)


def _answer(text: str, cell: Cell | None, *, words: bool) -> Answer:
    options = YES_NO if words else GENDERS
    underlined, struck = (cell.underlined, cell.struck) if cell is not None else ((), ())
    return chosen(text, options, underlined=underlined, struck=struck, words=words)


def _mobile(spec: FieldSpec, text: str, cell: Cell | None, area: str) -> Checked:
    found = _numbers(text, cell, area)
    mobiles = [number for number in found.numbers if number.kind in {NumberKind.MOBILE, NumberKind.ABROAD}]
    if found.fault or not mobiles:
        landline = any(number.kind in {NumberKind.LANDLINE, NumberKind.LOCAL} for number in found.numbers)
        detail = "a landline number" if landline else found.fault or "no number"
        return _invalid(spec, text, detail, -0.3 if landline or _NUMBER_ONLY.fullmatch(text) else _misfit(found))
    others = tuple(number.text for number in found.numbers if number not in mobiles)
    return _joined(spec, text, mobiles, found, ("other numbers beside it",) if others else ())


def _phone(spec: FieldSpec, text: str, cell: Cell | None, area: str) -> Checked:
    found = _numbers(text, cell, area)
    if found.fault or not found.numbers:
        fit = -0.2 if _NUMBER_ONLY.fullmatch(text) else _misfit(found)
        return _invalid(spec, text, found.fault or "no number", fit)
    short = all(number.kind is NumberKind.SHORT for number in found.numbers)
    if short and spec.required:
        return _invalid(spec, text, "short number", 0.0)
    notes = tuple(number.note for number in found.numbers if number.note)
    return _joined(spec, text, list(found.numbers), found, notes)


def _numbers(text: str, cell: Cell | None, area: str) -> Found:
    if cell is not None and cell.number_format and text.isdigit():
        text = _formatted(text, cell.number_format)
    return find_numbers(text, area_code=area)


def _formatted(digits: str, number_format: str) -> str:
    """Given the digits of a number cell, return them with the zeros that its format 0000-00000000 shows."""
    pattern = number_format.split(";", maxsplit=1)[0]
    places = pattern.count("0")
    if not re.fullmatch(r"[0\-\s()]+", pattern) or places <= len(digits) or places > 13:
        return digits
    filled = iter(digits.zfill(places))
    return "".join(next(filled) if mark == "0" else mark for mark in pattern)


def _misfit(found: Found) -> float:
    return -1.0 if found.email or not found.fault else -0.6


def _joined(spec: FieldSpec, text: str, numbers: list[Number], found: Found, notes: tuple[str, ...]) -> Checked:
    value = "/".join(number.text for number in numbers)
    fit = 1.0 if numbers[0].kind is not NumberKind.SHORT else 0.1
    if spec.type is FieldType.PHONE and numbers[0].kind is NumberKind.MOBILE:
        fit = 0.9
    if found.words or found.email:
        fit -= 0.3
        notes = (*notes, "words beside it")
    if any(_HAN_WORD.search(word) for word in found.words):
        # 13900000001（李秘书）: perhaps somebody else's. What says which line it is (短号, 微信同号, 值班) is no such word.
        return _ambiguous(spec, text, "words beside a number", fit, value)
    if sum(len(word) for word in found.words) > 12:
        return _ambiguous(spec, text, "a number within a sentence", -0.5, value)
    if _TAKEN_BACK.search(text):
        # 13900000001（已停用，请打13900000002）: which one counts stands in words, and words are for a person
        return _ambiguous(spec, text, "words that take a number back", fit, value)
    if len(numbers) > 1 and not found.separated:
        # Deleted and new number side by side look the same (facts/documents.md §2.5).
        return _ambiguous(spec, text, "several numbers", fit, value)
    return Checked(value, None, fit, notes)


def _email(spec: FieldSpec, text: str, _cell: Cell | None, _area: str) -> Checked:
    notes: tuple[str, ...] = ()
    plain = _EMAIL_PREFIX.sub("", text).strip(" \t\n.,;:\u3001\u3002<>()\"'")
    closed = re.sub(r"\s+", "", plain)
    closed = closed.replace("\u3002", ".").replace("\uff61", ".").replace("\uff20", "@")
    if closed != text:
        notes = ("blanks or Chinese marks removed",)
    if _EMAIL.fullmatch(closed):
        if _TYPO_DOMAINS.search(closed) or _GLUED_DOMAIN.search(closed) or ".." in closed:
            return _invalid(spec, text, "domain looks misspelt", 0.6)
        return Checked(closed, None, 1.0, notes)
    several = _EMAIL.findall(plain)
    if len(several) > 1:
        return _ambiguous(spec, text, "several addresses", 0.8, several[0])
    if len(several) == 1 and re.fullmatch(r"[\u4e00-\u9fff\s:(),]*", _EMAIL.sub("", plain)):
        if _TAKEN_BACK.search(text):
            return _ambiguous(spec, text, "words that take an address back", 0.8, several[0])
        return Checked(several[0], None, 0.8, ("words beside it",))
    likely = (
        "@" in closed
        or "#" in closed
        or re.search(r"\.(?:com|cn|net|org)", closed)
        or re.fullmatch(r"\d{5,11}", closed)
    )
    return _invalid(spec, text, "not an address", 0.3 if "@" in closed else -0.3 if likely else -1.0)


def _unit(spec: FieldSpec, text: str, _cell: Cell | None, _area: str) -> Checked:
    value = _one_line(text)
    if _EMAIL.search(value) or _NUMBER_ONLY.fullmatch(value) or _has_number(value, ""):
        return _invalid(spec, text, "not a unit", -1.0)
    if fold(value) in {"男", "女", "是", "否"}:
        return _invalid(spec, text, "not a unit", -1.0)
    fit = 0.9 if _UNIT_TAIL.search(fold(value)) else 0.1
    return Checked(value, None, fit)


def _position(spec: FieldSpec, text: str, _cell: Cell | None, area: str) -> Checked:
    value = _one_line(text)
    if _EMAIL.search(value) or _NUMBER_ONLY.fullmatch(value) or _has_number(value, area):
        return _invalid(spec, text, "not a function", -1.0)
    if fold(value) in {"男", "女", "是", "否"}:
        return _invalid(spec, text, "not a function", -1.0)
    if is_function(value):
        return Checked(value, None, 0.9)
    return Checked(value, None, -0.1 if len(value) > 30 else 0.15)


def _address(spec: FieldSpec, text: str, _cell: Cell | None, _area: str) -> Checked:
    value = _one_line(text)
    if _EMAIL.search(value) or _NUMBER_ONLY.fullmatch(value) or fold(value) in {"男", "女", "是", "否"}:
        return _invalid(spec, text, "not an address", -1.0)
    if _CUT_NUMBER.search(text):
        return _ambiguous(spec, text, "a number over two lines", 0.4, value)
    marks = sum(value.count(mark) for mark in ADDRESS_MARKS)
    return Checked(value, None, 0.9 if marks >= 2 else 0.4 if marks else 0.0)


def _text(_spec: FieldSpec, text: str, _cell: Cell | None, _area: str) -> Checked:
    value = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    fit = 0.3 if len(value) > 3 else 0.0
    if _EMAIL.fullmatch(value) or _NUMBER_ONLY.fullmatch(value) or fold(value) in {"男", "女"}:
        fit = -0.6
    return Checked(value, None, fit)


def _has_number(value: str, area: str) -> bool:
    return bool(_LONG_NUMBER.search(value)) and bool(find_numbers(value, area_code=area).numbers)


def _one_line(text: str) -> str:
    """Given a text that wraps in its cell, return it on one line, without the mark that ended its sentence.

    Blanks between Chinese characters are layout.
    """
    return _HAN_BLANK.sub("", " ".join(text.split())).rstrip("\u3002\uff1b;")


_CHECKS: dict[FieldType, _Check] = {
    FieldType.UNIT: _unit,
    FieldType.PERSON: _person,
    FieldType.GENDER: _gender,
    FieldType.POSITION: _position,
    FieldType.MOBILE: _mobile,
    FieldType.PHONE: _phone,
    FieldType.EMAIL: _email,
    FieldType.YESNO: _yesno,
    FieldType.ADDRESS: _address,
    FieldType.TITLE: _text,
    FieldType.TEXT: _text,
}
