"""Which pairs of a reading belong to the same person: the same labels again are another one.

Stage before: `scoring` (the reading). Stage after: `records` (each person's fields). In: pairs in reading order. Out:
people; what one line holds for everybody (unit, address) is given to each. Must not: check or choose a value.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, replace

from parsers.forms import FieldType
from parsers.pairing import Pair, Reading
from parsers.people import GROUP
from parsers.scoring import Judge
from parsers.text import fold

_SHARED = frozenset({FieldType.UNIT, FieldType.ADDRESS})  # one line of the sheet may hold for everybody on it
_ORDINAL_TAIL = re.compile("[一二三四五六七八九十\\d]$")


@dataclass(frozen=True, slots=True)
class Person:
    """The pairs of one person (or one copy of a form about a unit). `doubt`: it is not certain that they are one's."""

    pairs: tuple[Pair, ...]
    doubt: str = ""


def people_of(reading: Reading, judge: Judge) -> list[Person]:
    """Given a reading of a grid, return its people, those of whom nothing is given included."""
    if not reading.people:
        return split(reading.pairs, judge)
    keys = {key for person in reading.people for pair in person for key in pair.keys}
    common = [
        pair if _is_shared(pair, judge) else replace(pair, doubt=pair.doubt or "stands outside the list")
        for pair in reading.pairs
        if pair.keys and not set(pair.keys) & keys
    ]
    people: list[Person] = []
    for person in reading.people:
        groups = [pair.doubt for pair in person if pair.doubt.startswith(GROUP)]
        pairs = tuple(replace(pair, doubt="") if pair.doubt.startswith(GROUP) else pair for pair in person)
        people.append(Person((*pairs, *common), f"{groups[0]} of several" if groups else ""))
    return people


def split(pairs: list[Pair], judge: Judge) -> list[Person]:
    """Given pairs in reading order, return people: the same labels again are another one."""
    anchors = _anchors(pairs, judge)
    if len(anchors) < 2:
        return [Person(tuple(pairs))]
    if len({pair.row for pair in anchors}) < len(anchors):
        groups, first = _side_by_side(pairs, anchors)
    else:
        groups, first = _one_below_the_other(pairs, anchors)
    if _is_one_typed_twice(groups, anchors, judge) or _is_one_with_two_names(groups, judge):
        return [Person(tuple(pairs))]
    begun = {id(pair) for pair in anchors}
    if any(sum(id(pair) in begun for pair in group) != 1 for group in groups):
        return [Person(tuple(pairs), "several people, order unclear")]
    counts: dict[str, int] = {}
    for pair in pairs:
        for key in pair.keys:
            counts[key] = counts.get(key, 0) + 1
    shared = [pair for pair in pairs if _is_shared(pair, judge) and counts[pair.keys[0]] == 1 and pair.raw.strip()]
    common = {id(pair) for pair in shared}
    shared += [replace(pair, doubt=pair.doubt or "stands before the first person") for pair in first]
    people: list[Person] = []
    for group in groups:
        own = [pair for pair in group if id(pair) not in common]
        people.append(Person((*own, *_not_in(own, shared, judge))))
    return people


def _is_one_typed_twice(groups: list[list[Pair]], anchors: list[Pair], judge: Judge) -> bool:
    """联系人：王晓云 typed twice is one person, and what else differs is asked; in two units they are namesakes."""
    units = {
        fold(pair.raw)
        for group in groups
        for pair in group
        if FieldType.UNIT in types_of(pair, judge) and judge.given(pair)
    }
    return len({fold(pair.raw) for pair in anchors}) == 1 and bool(anchors[0].raw.strip()) and len(units) < 2


def _is_one_with_two_names(groups: list[list[Pair]], judge: Judge) -> bool:
    """A second name with nothing else of its own is no second person: which name counts is asked."""
    own = [
        {
            types
            for pair in group
            if judge.given(pair) and not _is_shared(pair, judge)
            for types in types_of(pair, judge)
        }
        for group in groups
    ]
    named = [types for types in own if FieldType.PERSON in types]
    return len(named) > 1 and sum(types != {FieldType.PERSON} for types in named) <= 1


def _anchors(pairs: list[Pair], judge: Judge) -> list[Pair]:
    """Return the pairs that name a person, if one such label stands there more than once (联系人1, 联系人2 count)."""
    named: dict[str, list[Pair]] = {}
    for pair in pairs:
        if FieldType.PERSON in types_of(pair, judge):
            named.setdefault(_ORDINAL_TAIL.sub("", fold(pair.label)), []).append(pair)
    return max(named.values(), key=len, default=[])


def _one_below_the_other(pairs: list[Pair], anchors: list[Pair]) -> tuple[list[list[Pair]], list[Pair]]:
    """A person ends where a label comes again: whichever label is the first, the name or another."""
    groups: list[list[Pair]] = [[]]
    labels: set[str] = set()
    for pair in pairs:
        label = _ORDINAL_TAIL.sub("", fold(pair.label))
        if pair.keys and label in labels and len(groups) < len(anchors):
            groups.append([])
            labels = set()
        groups[-1].append(pair)
        if pair.keys:
            labels.add(label)
    return groups, []


def _side_by_side(pairs: list[Pair], anchors: list[Pair]) -> tuple[list[list[Pair]], list[Pair]]:
    """People in neighbouring columns: each begins at the leftmost label that stands there as often as the name."""
    by_label: dict[tuple[int, str], list[Pair]] = {}
    for pair in pairs:
        if pair.keys:
            by_label.setdefault((pair.row, _ORDINAL_TAIL.sub("", fold(pair.label))), []).append(pair)
    rows = [group for group in by_label.values() if len(group) == len(anchors)]
    leftmost = min(rows, key=lambda group: group[0].column, default=anchors)
    starts = [pair.column for pair in leftmost]
    groups: list[list[Pair]] = [[] for _ in starts]
    first: list[Pair] = []
    for pair in pairs:
        number = bisect_right(starts, pair.column) - 1
        (groups[number] if number >= 0 else first).append(pair)
    return groups, first


def _not_in(group: list[Pair], shared: list[Pair], judge: Judge) -> list[Pair]:
    keys = {key for pair in group if judge.given(pair) for key in pair.keys}
    return [pair for pair in shared if not set(pair.keys) & keys]


def types_of(pair: Pair, judge: Judge) -> set[FieldType]:
    """Return the types of the fields that a pair may be for."""
    return {judge.spec(key).type for key in pair.keys}


def _is_shared(pair: Pair, judge: Judge) -> bool:
    return bool(types_of(pair, judge) & _SHARED)
