"""Which reading of a grid is the right one: the one whose values fit their types and that leaves nothing unexplained.

In: the readings of one grid for one form. Out: the best with its score, and whether another one that says something
else comes close. Must not: prefer a reading for the number of its values alone.

Weights: facts/documents.md §4.2 no. 5, adjusted on the grids of tests/property/test_extract.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from parsers.fields import Checked, check, is_function
from parsers.forms import FieldSpec, FieldType, FormSpec
from parsers.pairing import Pair, Reading

# Tried by `python -m tests.understanding --thresholds scoring --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_VALUE = 0.5  # any value in a label's place; tried 0.25: same; 1: right -2, asked +4, beside -2
# _FIT: tried 0.75: right -5, asked +5; 3: right -2, asked +4, beside -2.
_FIT = 1.5  # times fit: a mobile number in a mobile field adds 2 in all
_MISFIT = 2.0  # times −fit, taken away; tried 1: right -6, asked +9, beside -3; 4: right -13, asked +13
_BLANK = 0.2  # tried 0: same; 0.4: 2 mails otherwise, as many right
# _NO_CELL: tried -0.6: right -6, asked +9, beside -3; 0: 4 mails otherwise, as many right.
_NO_CELL = -0.3  # a label with no cell where its value could stand
_PLACEHOLDER = 0.3  # 无, /; tried 0: same; 0.6: right -2, asked +4, beside -2
_FOREIGN_VALUE = 0.3  # tried 0: right -2, asked +4, beside -2; 0.6: 1 mail otherwise, as many right
_UNEXPLAINED = -1.0  # tried -2: right -1, asked +2, beside -1; -0.5: 4 mails otherwise, as many right
_LABEL_AS_VALUE = -3.0  # tried -6: same; -1.5: right +4, asked -4
# _FUNCTION_AS_VALUE: tried -2 and -0.5: no difference, a bound, not a tuned value.
_FUNCTION_AS_VALUE = -1.0  # 职务 负责人: a value although it is also a label
_DUPLICATE = -1.5  # one key twice in one person; tried -3: right -1, asked +1; -0.75: same
_PERSON = -0.3  # each further person; tried -0.6 and 0: no difference, a bound, not a tuned value
# _NOBODY: tried -5 and -1.25: no difference, a bound, not a tuned value.
_NOBODY = -2.5  # a further person without a name: a remark in the margin, most likely
_DOUBT = -0.4  # tried -0.8: right +4, asked -4; 0: right -18, asked +18
_INEXACT = -0.1  # tried -0.2 and 0: no difference, a bound, not a tuned value
_MARGIN = 1.0  # tried 0.5: same; 2: right -5, asked +7, beside -2
# _MARGIN_UNEXPLAINED: tried 1: same; 4: right -5, asked +5.
_MARGIN_UNEXPLAINED = 2.0  # for each cell left over: a reading that leaves text behind has to be far better
# Between equals the commonest layout wins (49 forms of the corpus: 41 beside, 4 header, 3 below, 1 transposed).
# _PRIOR: tried 0/0/0 and 0.12/0.08/0.04: no difference, a bound, not a tuned value.
_PRIOR = {"beside": 0.06, "header": 0.04, "below": 0.02}


class Judge:
    """Checks values of one form, each text once."""

    def __init__(self, form: FormSpec, area_code: str) -> None:
        self.form = form
        self._specs = {spec.key: spec for spec in form.fields}
        self._area_code = area_code
        self._known: dict[tuple[str, str, int], Checked] = {}

    def spec(self, key: str) -> FieldSpec:
        """Return the specification of a key."""
        return self._specs[key]

    def check(self, key: str, pair: Pair) -> Checked:
        """Return what the value of a pair is worth as the field `key`."""
        cell = pair.cell if pair.rule != "in_cell" else None
        name = (key, pair.raw, id(cell))
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = check(self._specs[key], pair.raw, cell=cell, area_code=self._area_code)
        return found

    def fit(self, key: str, raw: str) -> float:
        """Return how well a text suits the field `key`, −1 to 1."""
        return check(self._specs[key], raw, area_code=self._area_code).fit

    def best_key(self, pair: Pair) -> str:
        """Return the key of a pair that its value fits best (labels rarely name two fields of one form)."""
        return max(pair.keys, key=lambda key: self.check(key, pair).fit)

    def given(self, pair: Pair) -> bool:
        """Return whether a pair of this form gives anything: not a blank, a hint or a placeholder."""
        if not pair.keys:
            return False
        checked = self.check(self.best_key(pair), pair)
        if checked.value is not None:
            return True
        return checked.problem is not None and bool(checked.problem.given) and checked.problem.code != "missing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The best reading; `rival` is another one that says something else and comes within the margin."""

    reading: Reading
    score: float
    rival: Reading | None


def choose(readings: list[Reading], judge: Judge) -> Verdict:
    """Given at least one reading, return the best and whether it is certain."""
    scored = ranking(readings, judge)
    top, first = scored[0]
    best = readings[first]
    says = _says(best, judge)
    margin = margin_of(best)
    for value, number in scored[1:]:
        if top - value >= margin:
            break
        if _contradicts(says, _says(readings[number], judge)):
            return Verdict(best, top, readings[number])
    return Verdict(best, top, None)


def ranking(readings: list[Reading], judge: Judge) -> list[tuple[float, int]]:
    """Given readings, return score and position of each, the best first; of equals the first stays first."""
    scored = ((score(reading, judge), number) for number, reading in enumerate(readings))
    return sorted(scored, key=lambda pair: -pair[0])


def margin_of(best: Reading) -> float:
    """Given the best reading, return by how much it must lead one that contradicts it."""
    return _MARGIN + _MARGIN_UNEXPLAINED * min(len(best.unexplained), 3)


def score(reading: Reading, judge: Judge) -> float:
    """Given a reading, return how well it explains its grid."""
    total = _PRIOR.get(reading.mode.partition(" ")[0], 0.0)
    total += _UNEXPLAINED * len(reading.unexplained)
    total += sum(_pair_score(pair, judge) for pair in reading.pairs)
    total += _DUPLICATE * _duplicates(reading.pairs, judge)
    counted: set[int] = set()  # a merged cell supports one value, however many people it stands beside
    for person in reading.people:
        fresh = [pair for pair in person if pair.cell is None or id(pair.cell) not in counted]
        counted.update(id(pair.cell) for pair in fresh if pair.cell is not None)
        total += sum(_pair_score(pair, judge) for pair in fresh) + _DUPLICATE * _duplicates(person, judge)
    return total + sum(
        _PERSON if is_somebody(person, judge) else _NOBODY for number, person in enumerate(reading.people) if number
    )


def is_somebody(pairs: Iterable[Pair], judge: Judge) -> bool:
    """Return whether pairs give a person's name, or two values at least in a form that asks no name."""
    given = [pair for pair in pairs if judge.given(pair)]
    if any(spec.type is FieldType.PERSON for spec in judge.form.fields):
        return any(judge.spec(key).type is FieldType.PERSON for pair in given for key in pair.keys)
    return len(given) > 1


def _pair_score(pair: Pair, judge: Judge) -> float:
    if not pair.keys:
        return _FOREIGN_VALUE if pair.raw.strip() else 0.0
    total = 0.0 if pair.exact else _INEXACT
    if pair.doubt:
        total += _DOUBT
    struck = pair.cell is not None and bool(pair.cell.struck)
    if not pair.raw.strip() and not struck:
        return total + (_NO_CELL if pair.no_cell else _BLANK)
    if pair.is_label:
        functional = any(judge.spec(key).type is FieldType.POSITION for key in pair.keys) and is_function(pair.raw)
        total += _FUNCTION_AS_VALUE if functional else _LABEL_AS_VALUE
    if pair.also:
        return total + _VALUE
    checked = judge.check(judge.best_key(pair), pair)
    if checked.value is None and (checked.problem is None or checked.problem.code == "missing"):
        return total + _PLACEHOLDER
    return total + (_VALUE + _FIT * checked.fit if checked.fit >= 0 else _MISFIT * checked.fit)


def _duplicates(pairs: list[Pair], judge: Judge) -> int:
    """Return how many keys are given more than once with different labels in the way of one person's reading.

    The same label twice is another person (`records` tells them apart) and costs as much as a person.
    """
    seen: dict[str, str] = {}
    count = 0
    for pair in pairs:
        if not pair.keys or not pair.raw.strip():
            continue
        key = judge.best_key(pair)
        label = "".join(pair.label.split())
        if key in seen and seen[key] != label:
            count += 1
        seen.setdefault(key, label)
    return count


_Saying = tuple[tuple[tuple[str, str], ...], ...]


def _says(reading: Reading, judge: Judge) -> _Saying:
    """Return what a reading claims: for each person the keys and texts that are given."""
    further = [person for person in reading.people[1:] if is_somebody(person, judge)]
    groups = [reading.pairs, *reading.people[:1], *further]
    return tuple(
        claims
        for group in groups
        if (claims := tuple(sorted((pair.keys[0], pair.raw.strip()) for pair in group if judge.given(pair))))
    )


def _contradicts(first: _Saying, second: _Saying) -> bool:
    """Two readings contradict each other if a field has other texts in them; a reading that is silent does not."""
    mine = {claim for group in first for claim in group}
    theirs = {claim for group in second for claim in group}
    keys = {key for key, _ in mine}
    return any(key in keys or not mine for key, _ in theirs - mine)
