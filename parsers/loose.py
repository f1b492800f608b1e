"""Texts under no label of ours: which of them may be what an empty field lacks, so that it is asked and not lost.

In: the fields read so far, the texts that nothing explains, the pairs whose label no form has. Out: the fields, some with
the problem `UNLABELLED`, a free text that has run on over a misspelt label with a doubt, and a choice that has a value with
one where another option is left over. Must not: take such a text as a value, ask for any other field that has one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from parsers.answers import GENDERS, YES_NO, names_option
from parsers.forms import RUN_ON, UNLABELLED, FieldReading, FieldType, FormSpec, Leftover, Problem, ProblemCode
from parsers.labels import LABEL_LIMIT, LabelIndex
from parsers.pairing import Pair
from parsers.scoring import Judge

LOOSE = "loose"  # `FieldReading.rule` of a value that stands under no label
# Tried by `python -m tests.understanding --thresholds _SURE_FIT --forms 300 --mutations 300 --seed limits`, with that of
# `records`: 0.45: same; 1.1: right +29, asked -39, lost +6, beside +4.
_SURE_FIT = 0.9
_UNMISTAKABLE = frozenset({FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL, FieldType.GENDER, FieldType.ADDRESS})
_RUNS_ON = frozenset({FieldType.TEXT, FieldType.TITLE, FieldType.ADDRESS})  # whatever follows may be more of it
_COLON = re.compile("\\s*([^:\uff1a\n]{1,12})[:\uff1a]\\s*(.*)", re.DOTALL)
_BLANK = re.compile("\\s*([\u4e00-\u9fff]{2,8})[ \t\u3000]+(\\S.*)", re.DOTALL)
_PART = re.compile("[\n\t,\uff0c;\uff1b\u3002]|[ \u3000]{2,}")
_EDGES = " \t\n\u3000,\uff0c;\uff1b\u3002"


@dataclass(frozen=True, slots=True)
class Loose:
    """A text under no label of ours.

    `near` are the fields whose labels are nearly the one it stands under, and no other can be meant; none: any. `likely`
    are asked before others. `whole` is the text with what was taken for its label, where that may be part of it.
    """

    left: Leftover
    near: frozenset[str] = frozenset()
    likely: frozenset[str] = frozenset()
    whole: str = ""

    @property
    def misspelt(self) -> bool:
        """Whether what it stands under is a label of ours but for a slip of the pen."""
        return bool(self.near or self.likely)


def with_unlabelled(
    form: FormSpec,
    fields: tuple[FieldReading, ...],
    loose: Iterable[Loose],
    pairs: Iterable[Pair],
    index: LabelIndex,
    judge: Judge,
) -> tuple[FieldReading, ...]:
    """Given what was read of one person, return the fields with those that texts under no label of ours may be for."""
    fields, parts = _run_on(form, fields, index, judge)
    return with_loose(form, fields, (*parts, *loose, *under_unknown_labels(pairs, index, form)), judge)


def unexplained(left: Leftover, index: LabelIndex, form: FormSpec) -> tuple[Loose, ...]:
    """Given a text that nothing explains, return it without the label it begins with, if it does (性的：女, 号真　0595-…)."""
    for pattern in (_COLON, _BLANK):
        parted = pattern.match(left.text)
        if parted is None:
            continue
        label, rest = parted.groups()
        near = index.near(label, form.id)
        if index.looks_like_label(label):
            return (Loose(Leftover(rest, left.place), near),) if near else ()
        likely = near | index.slips(label, form.id)
        sure = pattern is _COLON or likely
        return (Loose(Leftover(rest, left.place), likely=likely, whole="" if sure else left.text),)
    return (Loose(left),)


def under_unknown_labels(pairs: Iterable[Pair], index: LabelIndex, form: FormSpec) -> tuple[Loose, ...]:
    """Given pairs, return the texts under a label that no form has (传本 | 0595-27391234) or nearly one of `form` (邮口地址)."""
    found: list[Loose] = []
    for pair in pairs:
        raw = pair.raw.strip()
        if pair.keys:
            continue
        near = index.near(pair.label, form.id)
        if not index.looks_like_label(pair.label):  # a bare value beside a blank passes for a label
            likely = near | index.slips(pair.label, form.id) if raw else frozenset[str]()
            found.append(Loose(Leftover(raw or pair.label.strip(), pair.place), likely=likely))
        elif raw and near:
            found.append(Loose(Leftover(raw, pair.place), near))
    return tuple(found)


def with_loose(
    form: FormSpec, fields: tuple[FieldReading, ...], loose: Iterable[Loose], judge: Judge
) -> tuple[FieldReading, ...]:
    """Given the fields of one person and the texts under no label of ours, return them with those that may be lacking.

    A number or an address of mail there may be what an empty field lacks: it is asked, not taken.

    Only types that nothing else looks like: of 20,335 right values in 3,000 drawn forms (tests/understanding, seed 11) 2 were
    asked about for it; of the values that 411 damages left without a label 93 were lost before it, 29 with it.
    """
    found = {field.key: field for field in fields}
    left_over = list(loose)
    # a field whose label stands there, empty, before one that this form does not even have
    specs = sorted(form.fields, key=lambda spec: spec.key not in found)
    for named in (True, False):  # first what a misspelt label tells, then what any field may lack
        for spec in specs:
            field = found.get(spec.key)
            if field and (field.value is not None or field.problem):
                continue
            for one in left_over:
                # who sends is told by the mail too: 单位名成：水务公司 asked for nothing held up mails that were clear
                told = one.near if spec.type is FieldType.UNIT else one.near | one.likely
                may_be = spec.key in told if named else not one.near and spec.type in _UNMISTAKABLE
                asked = _asked(spec.key, one, judge) if may_be else None
                if asked is not None:
                    found[spec.key] = asked
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


def _asked(key: str, one: Loose, judge: Judge) -> FieldReading | None:
    """Return a text as the question whether it is the value of a field, None if it does not suit it."""
    label = judge.spec(key).label
    for text in filter(None, (one.left.text, one.whole)):
        checked = judge.check(key, Pair((key,), label, text, one.left.place, LOOSE, 0, 0))
        if checked.value is not None and checked.fit >= _SURE_FIT:
            doubt = Problem(ProblemCode.AMBIGUOUS, key, given=text, detail=UNLABELLED)
            return FieldReading(key, text, None, label, one.left.place, LOOSE, doubt)
    return None


# --- free texts ------------------------------------------------------------------------------------------------------


def _run_on(
    form: FormSpec, fields: tuple[FieldReading, ...], index: LabelIndex, judge: Judge
) -> tuple[tuple[FieldReading, ...], tuple[Loose, ...]]:
    """节目概况：无，联的人：王晓云 holds what the form lacks: the text is doubted, and what follows in it is a loose text."""
    given = {field.key for field in fields if field.value is not None or (field.problem and field.problem.given)}
    made: list[FieldReading] = []
    found: list[Loose] = []
    for field in fields:
        parts: list[Loose] = []
        if field.value is not None and field.problem is None and judge.spec(field.key).type in _RUNS_ON:
            for label, rest in _labelled_parts(field.raw):
                near = (index.near(label, form.id) | index.slips(label, form.id)) - given
                part = Loose(Leftover(rest, field.place), near)
                parts.extend([part] if any(_asked(key, part, judge) for key in near) else [])
        if parts:
            doubt = Problem(ProblemCode.AMBIGUOUS, field.key, given=field.raw.strip(), detail=RUN_ON)
            made.append(replace(field, value=None, problem=doubt))
        else:
            made.append(field)
        found.extend(parts)
    return tuple(made), tuple(found)


def _labelled_parts(raw: str) -> Iterator[tuple[str, str]]:
    """Yield label and value of what looks so within a text; a value may stand in the line below its label."""
    pieces = [piece.strip(_EDGES) for piece in _PART.split(raw)]
    for piece, following in pairwise([*pieces[1:], ""]):
        parted = _COLON.fullmatch(piece) or _BLANK.fullmatch(piece)
        label, rest = parted.groups() if parted is not None else (piece, "")
        if 2 <= len(label) <= LABEL_LIMIT and (rest or following):
            yield label, rest or following
