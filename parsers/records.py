"""Pairs of one reading → people → fields: one `FormReading` for each filled copy of the form.

In: the reading that `scoring` chose, its people by `persons`. Out: form readings with checked values, problems and
leftovers. A role heading (分管领导) over a group makes it AMBIGUOUS, and two values for one field are
told instead of one being taken. Must not: decide geometry, complete values.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from parsers.accounted import accounted
from parsers.fields import Checked
from parsers.forms import (
    Doubt,
    FieldReading,
    FieldType,
    FormReading,
    FormSpec,
    Leftover,
    Problem,
    ProblemCode,
)
from parsers.loose import unexplained, with_choices, with_unlabelled
from parsers.pairing import Pair, Reading
from parsers.persons import Person, people_of, types_of
from parsers.roles import foreign_roles, is_other_person, of_own_group, told_in_brackets
from parsers.scoring import Judge
from parsers.tags import TaggedGrid
from parsers.text import fold

# Tried by `python -m tests.understanding --thresholds _SURE_FIT --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_SURE_FIT = 0.9  # tried 0.45: same; 1.1: right +29, asked -39, lost +6, beside +4
_GAP = "an empty cell lies between"
_NAME_AND_NUMBER = re.compile(
    "([^\\d(\uff08]{2,12}?)[\\s,\uff0c\u3001:\uff1a/(\uff08]*(\\+?\\d[\\d\\s-]{6,20})[)\uff09]?"
)
_LIST_NUMBER = re.compile(
    "^\\s*[(\uff08]?(?:\\d{1,2}|[一二三四五六七八九十]{1,3})[)\uff09]?[\u3001.\uff0e)\uff09]?\\s*(?=\\S{2})"
)
_HARMLESS = re.compile(
    "[\\d\\s年月日.\\-/:\uff1a第页共]+|附件?表?\\s*[一二三四五\\d]*|.{0,12}(?:签字|盖章|公章|签名|印章).{0,6}|\\S{0,20}表"
)


def form_readings(
    grid: TaggedGrid, reading: Reading, judge: Judge, *, title: str, rival: Reading | None
) -> tuple[FormReading, ...]:
    """Given the chosen reading of a grid, return its form readings: several for several people, one blank for none."""
    form = grid.form
    place = grid.view.grid.place
    own = own_group(grid, reading, judge)
    others = () if own is None else tuple(dict.fromkeys(foreign_roles(grid, reading)))
    roles = foreign_roles(grid, reading) if own is None else []
    reading = own or reading
    people = people_of(reading, judge)
    filled = [person for person in people if _gives(person.pairs, judge)]
    told = told_in_brackets(form, [person.pairs for person in filled])
    if told.mine is not None and not roles:
        filled = [filled[number] for number in told.mine]
        others = (*others, *told.others)
    else:
        roles = [*roles, *told.others]
    if roles:
        filled = [person for person in filled if _says(person.pairs, judge)] or filled  # an empty group beside the unit
    leftovers = tuple(Leftover(cell.text.strip(), cell.place) for cell in reading.unexplained)
    problems: list[Problem] = []
    if rival is not None:
        problems.append(Problem(ProblemCode.AMBIGUOUS, detail=f"read {reading.mode} or {rival.mode}"))
    if not filled:
        return (_blank(form, people, judge, place, title, leftovers, problems),)
    if roles:
        problems.append(Problem(ProblemCode.AMBIGUOUS, given=roles[0], detail=Doubt.ROLES))
    pairs = [*reading.pairs, *(pair for person in reading.people for pair in person)]
    loose = [one for left in leftovers for one in unexplained(left, grid.index, form)]
    read = [assemble(form, person.pairs, judge, reach=1) for person in filled]
    if len(read) == 1:
        read = [with_unlabelled(form, read[0], loose, pairs, grid.index, judge)]
    return tuple(
        FormReading(
            form.id,
            title,
            with_choices(form, fields, leftovers),
            place,
            problems=(
                *problems,
                *([Problem(ProblemCode.AMBIGUOUS, detail=person.doubt)] if person.doubt else []),
            ),
            leftovers=leftovers if number == 0 else (),
            others=others,
        )
        for number, (person, fields) in enumerate(zip(filled, read, strict=True))
    )


def own_group(grid: TaggedGrid, reading: Reading, judge: Judge) -> Reading | None:
    """Given a grid and its reading, return the reading without other people's groups; None if all of it counts.

    Where only the leader's group is filled in it is not left out: the form is no empty one, and a person looks.
    """
    own = of_own_group(grid, reading)
    if own is None:
        return None
    return own if any(_says(person.pairs, judge) for person in people_of(own, judge)) else None


def _says(pairs: Iterable[Pair], judge: Judge) -> bool:
    """Return whether more than the unit is given."""
    return any(judge.given(pair) and types_of(pair, judge) - {FieldType.UNIT} for pair in pairs)


def assemble(form: FormSpec, pairs: Iterable[Pair], judge: Judge, *, reach: int = 0) -> tuple[FieldReading, ...]:
    """Given the pairs of one person, return the fields in the form's order, each checked.

    `reach` is the number of rows (or lines) below 填表人 in which a number may still be that person's.
    """
    by_key = candidates(form, pairs, judge, reach=reach)
    fields = tuple(_field(spec.key, by_key[spec.key], judge) for spec in form.fields if spec.key in by_key)
    wholes = {key: found[0].whole for key, found in by_key.items() if found[0].whole}
    return accounted(form, fields, wholes)


def candidates(form: FormSpec, pairs: Iterable[Pair], judge: Judge, *, reach: int = 0) -> dict[str, list[Pair]]:
    """Given the pairs of one person, return for each key all that may be its value, in reading order."""
    by_key: dict[str, list[Pair]] = {}
    for pair in _owned(pairs, judge, reach):
        if not pair.keys:
            continue
        for key, piece in _pieces(pair, judge):
            by_key.setdefault(key, []).append(piece)
    _number_beside_name(form, by_key, judge)
    return by_key


def _number_beside_name(form: FormSpec, by_key: dict[str, list[Pair]], judge: Judge) -> None:
    """王晓云 13805950002 in the name's cell gives both if the number's own cell is empty."""
    for spec in form.fields:
        pairs = by_key.get(spec.key, [])
        if spec.type is not FieldType.PERSON or len(pairs) != 1 or pairs[0].cell is None:
            continue
        parted = _NAME_AND_NUMBER.fullmatch(pairs[0].raw.strip())
        if parted is None or pairs[0].doubt:
            continue
        name, number = (replace(pairs[0], raw=piece, rule="double", cell=None) for piece in parted.groups())
        if judge.check(spec.key, name).problem is not None:
            continue
        by_key[spec.key] = [replace(name, whole=pairs[0].raw.strip())]
        for key in _free_numbers(form, by_key, judge):
            if judge.check(key, number).problem is None:
                by_key[key] = [number]
                break


def _free_numbers(form: FormSpec, by_key: dict[str, list[Pair]], judge: Judge) -> list[str]:
    """Return the required telephone fields whose own place is empty."""
    return [
        spec.key
        for spec in form.fields
        if spec.required
        and spec.type in {FieldType.MOBILE, FieldType.PHONE}
        and not any(judge.given(pair) for pair in by_key.get(spec.key, []))
    ]


def _gives(pairs: Iterable[Pair], judge: Judge) -> bool:
    return any(judge.given(pair) for pair in pairs)


def _owned(pairs: Iterable[Pair], judge: Judge, reach: int) -> list[Pair]:
    """A number behind 填表人 in the same row is probably that person's."""
    found: list[Pair] = []
    owner: Pair | None = None
    for pair in pairs:
        types = types_of(pair, judge)
        if owner is not None and pair.row - owner.row > reach:
            owner = None
        if not pair.keys:
            if pair.raw.strip() and is_other_person(pair.label):
                owner = pair
        elif FieldType.PERSON in types:
            owner = None
        elif owner is not None and types & _PERSONAL_TYPES and not pair.doubt:
            owner = replace(owner, row=pair.row)
            found.append(replace(pair, doubt=f"may belong to {owner.label}"))
            continue
        found.append(pair)
    return found


def _pieces(pair: Pair, judge: Judge) -> list[tuple[str, Pair]]:
    """Given a pair, return what it says for each key: two pieces for a double label such as 联系人及电话."""
    key = judge.best_key(pair)
    if not pair.also:
        return [(key, pair)]
    other = pair.also[0]
    single = replace(pair, also=())
    if not pair.raw.strip():
        return [(key, single), (other, replace(single, keys=pair.also))]
    tokens = [token for token in re.split("[\\s/\u3001,\uff0c;\uff1b]+", pair.raw.strip()) if token]
    cuts: list[tuple[Pair, Pair]] = []
    for cut in range(1, len(tokens)):
        left, right = _between(pair.raw, tokens[:cut]), _between(pair.raw, tokens[cut:])
        first = replace(single, raw=left, rule="double", cell=None)
        second = replace(single, raw=right, rule="double", keys=pair.also, cell=None)
        if judge.check(key, first).fit >= 0.4 and judge.check(other, second).fit >= 0.4:
            cuts.append((first, second))
    if len(cuts) == 1:
        return [(key, cuts[0][0]), (other, cuts[0][1])]
    doubt = "two fields in one cell"
    return [(key, replace(single, doubt=doubt)), (other, replace(single, keys=pair.also, doubt=doubt))]


def _between(raw: str, tokens: list[str]) -> str:
    """Return the part of `raw` from the first to the last of neighbouring tokens, as it stands."""
    start = raw.rfind(tokens[0]) if len(tokens) == 1 and raw.endswith(tokens[0]) else raw.find(tokens[0])
    return raw[start : raw.find(tokens[-1], start) + len(tokens[-1])]


def _field(key: str, pairs: list[Pair], judge: Judge) -> FieldReading:
    """Given all pairs for one key, return the field: told as ambiguous if they say different things."""
    given = [pair for pair in pairs if judge.given(pair)]
    candidates = [pair for pair in given if not pair.doubt] or given
    if not candidates:
        with_text = [pair for pair in pairs if pair.raw.strip()] or [pair for pair in pairs if not pair.no_cell]
        return _reading(key, (with_text or pairs)[0], judge)
    values = {_value_key(judge.check(key, pair)) for pair in candidates}
    if len(values) == 1:
        return _reading(key, candidates[0], judge)
    good = [pair for pair in candidates if judge.check(key, pair).problem is None]
    if len({_value_key(judge.check(key, pair)) for pair in good}) == 1:
        return _reading(key, good[0], judge)
    telephone = judge.spec(key).type in {FieldType.PHONE, FieldType.MOBILE}
    labels = {_unnumbered(pair.label) for pair in good}
    if telephone and len(labels) == len(good) > 1:
        # 联系方式 given as 手机 and 办公电话 side by side: both reach the person, the form's own label comes first.
        own = [pair for pair in good if _unnumbered(pair.label) == fold(judge.spec(key).label)]
        return _reading(key, (own or sorted(good, key=lambda pair: not _is_mobile(judge.check(key, pair))))[0], judge)
    return _reading(key, (good or candidates)[0], judge, doubt="several values")


def _unnumbered(label: str) -> str:
    """5、联系方式 and 6、联系方式 are one label that stands there twice."""
    return fold(_LIST_NUMBER.sub("", label))


def _is_mobile(checked: Checked) -> bool:
    return isinstance(checked.value, str) and checked.value.startswith("1") and len(checked.value) == 11


def _value_key(checked: Checked) -> str:
    if checked.value is None:
        return "" if checked.problem is None else "?" + fold(checked.problem.given)
    return fold(str(checked.value))


def _reading(key: str, pair: Pair, judge: Judge, *, doubt: str = "") -> FieldReading:
    checked = judge.check(key, pair)
    problem = checked.problem
    doubt = doubt or pair.doubt
    if doubt == _GAP and checked.fit >= _SURE_FIT:
        doubt = ""
    if doubt and judge.given(pair) and problem is None:
        problem = Problem(ProblemCode.AMBIGUOUS, key, given=pair.raw.strip(), detail=doubt)
    return FieldReading(key, pair.raw, checked.value, pair.label, pair.place, pair.rule, problem)


def _blank(
    form: FormSpec,
    people: list[Person],
    judge: Judge,
    place: str,
    title: str,
    leftovers: tuple[Leftover, ...],
    problems: list[Problem],
) -> FormReading:
    """Labels and no value: the office's template, unless text is left that nobody could explain."""
    fields = assemble(form, people[0].pairs if people else (), judge)
    strange = tuple(left for left in leftovers if not _HARMLESS.fullmatch(left.text))
    if not strange and not problems:
        bare = tuple(replace(field, value=None, problem=None) for field in fields)
        return FormReading(form.id, title, bare, place, blank=True, leftovers=leftovers)
    found = (*problems, Problem(ProblemCode.AMBIGUOUS, detail=Doubt.UNEXPLAINED))
    return FormReading(form.id, title, fields, place, problems=found, leftovers=leftovers)


_PERSONAL_TYPES = frozenset({FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL, FieldType.POSITION, FieldType.GENDER})
