"""Texts under no label of ours: which of them may be what an empty field lacks, so that it is asked and not lost.

In: the fields read so far, the texts that nothing explains, the pairs whose label no form has. Out: the fields, some with
the problem `UNLABELLED`; a choice that has a value is asked about too where another option is left over. Must not: take such
a text as a value, ask for any other field that has one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from parsers.answers import GENDERS, YES_NO, names_option
from parsers.forms import UNLABELLED, FieldReading, FieldType, FormSpec, Leftover, Problem, ProblemCode
from parsers.labels import LabelIndex
from parsers.pairing import Pair
from parsers.scoring import Judge

LOOSE = "loose"  # `FieldReading.rule` of a value that stands under no label
# Tried by `python -m tests.understanding --thresholds _SURE_FIT --forms 300 --mutations 300 --seed limits`, with that of
# `records`: 0.45: same; 1.1: right +29, asked -39, lost +6, beside +4.
_SURE_FIT = 0.9
_UNMISTAKABLE = frozenset({FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL, FieldType.GENDER, FieldType.ADDRESS})


@dataclass(frozen=True, slots=True)
class Loose:
    """A text under no label of ours. `near` are the fields whose labels are nearly the one it stands under; none: any."""

    left: Leftover
    near: frozenset[str] = frozenset()


def under_unknown_labels(pairs: Iterable[Pair], index: LabelIndex, form: FormSpec) -> tuple[Loose, ...]:
    """Given pairs, return the texts under a label that no form has (传本 | 0595-27391234) or nearly one of `form` (邮口地址)."""
    found: list[Loose] = []
    for pair in pairs:
        raw = pair.raw.strip()
        if pair.keys:
            continue
        if not index.looks_like_label(pair.label):  # a bare value beside a blank passes for a label
            found.append(Loose(Leftover(raw or pair.label.strip(), pair.place)))
        elif raw and (near := index.near(pair.label, form.id)):
            found.append(Loose(Leftover(raw, pair.place), near))
    return tuple(found)


def with_loose(
    form: FormSpec, fields: tuple[FieldReading, ...], loose: tuple[Loose, ...], judge: Judge
) -> tuple[FieldReading, ...]:
    """Given the fields of one person and the texts under no label of ours, return them with those that may be lacking.

    A number or an address of mail there may be what an empty field lacks: it is asked, not taken.

    Only types that nothing else looks like: of 20,335 right values in 3,000 drawn forms (tests/understanding, seed 11) 2 were
    asked about for it; of the values that 411 damages left without a label 93 were lost before it, 29 with it.
    """
    found = {field.key: field for field in fields}
    left_over = list(loose)
    # a field whose label stands there, empty, before one that this form does not even have
    for spec in sorted(form.fields, key=lambda spec: spec.key not in found):
        field = found.get(spec.key)
        if field and (field.value is not None or field.problem):
            continue
        for one in left_over:
            left = one.left
            if spec.key not in one.near if one.near else spec.type not in _UNMISTAKABLE:
                continue
            pair = Pair((spec.key,), spec.label, left.text, left.place, LOOSE, 0, 0)
            checked = judge.check(spec.key, pair)
            if checked.value is not None and checked.fit >= _SURE_FIT:
                doubt = Problem(ProblemCode.AMBIGUOUS, spec.key, given=left.text, detail=UNLABELLED)
                found[spec.key] = FieldReading(spec.key, left.text, None, spec.label, left.place, LOOSE, doubt)
                left_over.remove(one)
                break
    return tuple(found[spec.key] for spec in form.fields if spec.key in found)


def with_choices(
    form: FormSpec, fields: tuple[FieldReading, ...], left: tuple[Leftover, ...]
) -> tuple[FieldReading, ...]:
    """Given the fields of one person and what nothing explains, return them with a choice doubted beside other options.

    现场是否提供节目 | 是 | (empty) over (empty) | 否 | \u221a: the first cell behind the label is no answer.
    """
    types = {spec.key: spec.type for spec in form.fields}
    yes_no = any(names_option(one.text, YES_NO, marks=True) for one in left)
    gender = any(names_option(one.text, GENDERS, marks=False) for one in left)
    doubted = {FieldType.YESNO: yes_no, FieldType.GENDER: gender}
    return tuple(
        replace(
            field, problem=Problem(ProblemCode.AMBIGUOUS, field.key, given=field.raw.strip(), detail="another option")
        )
        if field.value is not None and field.problem is None and doubted.get(types[field.key], False)
        else field
        for field in fields
    )
