"""Two looks at one scan → one reading in which only what both looks agree on is believed. Pure.

Stage before: `extract` has read both looks on their own. Stage after: `parse`. In: the forms of the first look and of the
second, their specifications. Out: the first look's forms; a field that the looks see differently keeps its text for the
clerk and carries an UNREADABLE problem, with the other look's text and the picture of the cell. The engine's confidence
alone proves nothing: an address cut off by a seal came with a score of 1.00 (facts/documents.md §2.6). Nor does agreement
where the model takes one sign for another whatever the picture: examp1e.com was read twice alike.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from parsers.document import Block, Grid
from parsers.engines import STROKE
from parsers.forms import FieldReading, FieldSpec, FieldType, FormReading, FormSpec, Problem, ProblemCode

DETAIL = "two looks differ"
# A stroke taken for a ruled line cuts a cell in two, and both looks agree on half a value: the other half is left over.
LEFT_OVER = "text on the scan that no label explains"
_NO_STROKES = frozenset({FieldType.PERSON, FieldType.GENDER, FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL})
# Of 6,000 invented addresses of mail, most of them drawn to confuse (`python -m tests.contract --addresses`), both looks agreed
# on 5,495, and 550 of these were wrong: nearly always 1 for l, 0 for O, or either for the other, with a likelihood of up to
# 0.999 in fonts that draw them alike; else a letter lost or a smear (examplc.com), and less likely. So an address counts if
# none of those signs stands where both may stand, and its weakest character is likely: of those 1,643 were right and 2 wrong
# (8O0 as 800, vvii as wii). All others are believed only if `intake` knows them from elsewhere.
_LIKELY_ADDRESS = 0.9
_DIGITS = re.compile(r"[0-9]{5,12}")
_NAME = re.compile(r"(?:[a-km-z]+(?![01])[0-9]*)(?:[._-][a-km-z]+(?![01])[0-9]*)*")  # letters, then digits; no l at all
_DOMAIN = re.compile(r"(?:[a-z-]+\.)+[a-z]{2,12}")
_PROVIDERS = frozenset({"qq.com", "vip.qq.com", "163.com", "126.com", "yeah.net", "139.com", "189.cn", "21cn.com"})
UNPROVED_ADDRESS = "an address of mail that a scan can't prove"


def proves(written: str, score: float) -> bool:
    """Given an address of mail as two looks read it and the likelihood of its weakest character, return whether it counts."""
    name, _, domain = "".join(unicodedata.normalize("NFKC", written).split()).partition("@")
    if domain in _PROVIDERS and _DIGITS.fullmatch(name):
        return True  # as sure as a number of a telephone
    known = domain in _PROVIDERS or _DOMAIN.fullmatch(domain)
    return bool(score >= _LIKELY_ADDRESS and known and _NAME.fullmatch(name))


def agreed(
    first: tuple[FormReading, ...], second: tuple[FormReading, ...], blocks: Iterable[Block], specs: Iterable[FormSpec]
) -> tuple[FormReading, ...]:
    """Given the forms that either look found, the first look's blocks and the campaign's forms, return them with doubts.

    A form that only one look found is doubtful as a whole.
    """
    blocks = tuple(blocks)
    pictures, scores = dict(_pictures(blocks)), dict(_scores(blocks))
    fields = {(spec.id, field.key): field for spec in specs for field in spec.fields}
    rest = list(second)
    found: list[FormReading] = []
    for form in first:
        twin = next((one for one in rest if one.form == form.form), None)
        if twin is not None:
            rest.remove(twin)
        found.append(_compared(form, twin, pictures, scores, fields))
    found += [_compared(form, None, pictures, scores, fields) for form in rest if not form.blank]
    return tuple(found)


def _compared(
    form: FormReading,
    twin: FormReading | None,
    pictures: Mapping[str, str],
    scores: Mapping[str, float],
    specs: Mapping[tuple[str, str], FieldSpec],
) -> FormReading:
    if twin is None:
        doubt = Problem(ProblemCode.UNREADABLE, detail="only one of two looks sees this form")
        fields = tuple(_doubtful(field, "", pictures) for field in form.fields)
        return replace(form, fields=fields, problems=(*form.problems, doubt))
    theirs = {field.key: field for field in twin.fields}
    fields = tuple(_field(field, theirs.pop(field.key, None), pictures) for field in form.fields)
    fields = tuple(_by_type(field, specs.get((form.form, field.key)), pictures, scores) for field in fields)
    lost = tuple(_doubtful(field, "", pictures) for field in theirs.values() if _gives(field))
    known = {(problem.code, problem.field) for problem in form.problems}
    more = [problem for problem in twin.problems if (problem.code, problem.field) not in known]
    if form.leftovers or twin.leftovers:
        more.append(Problem(ProblemCode.AMBIGUOUS, detail=LEFT_OVER))
    found = replace(form, fields=(*fields, *lost), blank=form.blank and twin.blank, problems=(*form.problems, *more))
    return found if found.blank else _with_gaps(found, specs)


def _field(field: FieldReading, twin: FieldReading | None, pictures: Mapping[str, str]) -> FieldReading:
    if twin is None:
        return _doubtful(field, "", pictures) if _gives(field) else field
    same = _key(field.value) == _key(twin.value) and _code(field) == _code(twin)
    # What is faulty in both looks may be faulty in one way only: a digit lost by the engine looks like one left out.
    if same and (field.problem is None or _key(field.raw) == _key(twin.raw)):
        return _with_picture(field, pictures) if field.problem is not None else field
    return _doubtful(field, twin.raw, pictures)


def _with_gaps(form: FormReading, specs: Mapping[tuple[str, str], FieldSpec]) -> FormReading:
    """On a scan where something was torn, doubt what is empty and labels that were not found as well.

    A seal in gray or a line that was not seen makes a label lose its value in both looks alike; nobody asks for what is
    optional (measured: 7 of 56 fields of stamped gray copies).
    """
    if not form.problems and not any(map(_is_torn, form.fields)):
        return form
    known = {field.key for field in form.fields}
    lost = [
        FieldReading(spec.key, "", None, spec.label, form.place, "")
        for (owner, key), spec in specs.items()
        if owner == form.form and key not in known
    ]
    return replace(
        form,
        fields=tuple(
            _doubtful(field, "", {}) if field.problem is None and not _gives(field) else field
            for field in (*form.fields, *lost)
        ),
    )


def _is_torn(field: FieldReading) -> bool:
    """Return whether something was seen in one look that the other lacks; a character taken for another is no such sign."""
    problem = field.problem
    if problem is None or problem.code is not ProblemCode.UNREADABLE or problem.detail == UNPROVED_ADDRESS:
        return False
    return len(_key(problem.detail.removeprefix(DETAIL).removeprefix(":"))) != len(_key(field.raw))


def _by_type(
    field: FieldReading, spec: FieldSpec | None, pictures: Mapping[str, str], scores: Mapping[str, float]
) -> FieldReading:
    """Judge what both looks agree on by the type of its field.

    A stroke alone says that nothing is given where no stroke can be a value. An address of mail wants more than two looks.
    """
    if spec is None:
        return field
    agree = field.problem is None or not field.problem.detail.startswith(DETAIL)
    if agree and field.raw.strip() == STROKE and spec.type in _NO_STROKES:
        missing = Problem(ProblemCode.MISSING, field.key, given="/") if spec.required else None
        return replace(field, raw="/", value=None, problem=missing, picture="")
    if spec.type is not FieldType.EMAIL:
        return field
    if field.problem is None and isinstance(field.value, str) and not proves(field.raw, scores.get(field.place, 0.0)):
        problem = Problem(ProblemCode.UNREADABLE, field.key, given=field.raw, detail=UNPROVED_ADDRESS)
        return _with_picture(replace(field, problem=problem), pictures)
    return field


def _doubtful(field: FieldReading, other: str, pictures: Mapping[str, str]) -> FieldReading:
    detail = f"{DETAIL}: {other}" if other else DETAIL
    problem = Problem(ProblemCode.UNREADABLE, field.key, given=field.raw, detail=detail)
    return _with_picture(replace(field, problem=problem), pictures)


def _with_picture(field: FieldReading, pictures: Mapping[str, str]) -> FieldReading:
    return replace(field, picture=pictures.get(field.place, ""))


def _gives(field: FieldReading) -> bool:
    return field.value is not None or bool(field.raw.strip())


def _code(field: FieldReading) -> ProblemCode | None:
    return None if field.problem is None else field.problem.code


def _key(value: str | bool | None) -> str:  # noqa: FBT001 - a field's value, not a switch
    """Fold what a scan can't show: width, blanks, case of nothing. Punctuation counts: a point lost makes another address."""
    if value is None or isinstance(value, bool):
        return repr(value)
    return "".join(unicodedata.normalize("NFKC", value).split())


def _pictures(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if isinstance(block, Grid):
            for cell in block.cells:
                if cell.picture:
                    yield cell.place, cell.picture
                yield from _pictures(cell.nested)


def _scores(blocks: Iterable[Block]) -> Iterator[tuple[str, float]]:
    for block in blocks:
        if isinstance(block, Grid):
            for cell in block.cells:
                yield cell.place, cell.score
                yield from _scores(cell.nested)
        else:
            yield block.place, block.score
