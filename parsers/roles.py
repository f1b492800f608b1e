"""Whose labels these are: 分管领导 over 姓名 and 手机, a column 角色, 原联络员 beside 现联络员.

In: a tagged grid and its chosen reading, or the people of a form. Out: the words that name somebody other than the person
whom the form asks for: headings, and what stands in brackets behind a name.
Forms with such groups gave 76 wrong values in the experiment of facts/documents.md §4.2: the wrong person was stored. So
a heading belongs to the key (`of_own_group`): where every person stands under a heading of his own and just one of these
is the form's own word, that group is the form and the others are nobody's business. In every other case a person of the
office looks. Must not: choose between people that are not told apart so.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from parsers.forms import FieldType, FormSpec
from parsers.lexicon import POSITIONS, ROLE_HEADINGS
from parsers.pairing import Pair, Reading
from parsers.people import BESIDE_SEVERAL, GROUP
from parsers.remarks import is_role
from parsers.tags import LABELS, Tag, Tagged, TaggedGrid, transposed
from parsers.text import fold, narrow

_HEADING_CHARACTERS = 10
_EARLIER = re.compile("(?:[\\d一二三四五六七八九十]{1,2}[.,:\u3001)]?)?(?:原|旧|前任|上任|变更前|更换前)")
_IN_BRACKETS = re.compile("[(\\[\u3010]([^()\\[\\]\u3010\u3011]{1,12})[)\\]\u3011]")  # of a `narrow` text
_REMARK_LABELS = frozenset({"备注", "说明", "附注", "其他"})


def is_other_person(label: str) -> bool:
    """Given a label that is none of the form's, return whether it names somebody: 填表人, 分管领导."""
    key = fold(label)
    return any(role in key for role in ROLE_HEADINGS)


def of_own_group(grid: TaggedGrid, reading: Reading) -> Reading | None:
    """Given a grid and its reading, return the reading without the groups of other people; None if that is not clear."""
    own = _own_words(grid.form)
    if reading.people:
        return _of_own_people(grid.form, reading, own)
    mode = reading.mode.partition(" ")[0]
    if mode not in {"beside", "below"}:
        return None
    strips = _strips(grid if mode == "beside" else transposed(grid), reading)
    mine = [strip for strip in strips if _is_own(strip.heading, own)]
    others = [strip for strip in strips if strip not in mine]
    if len(mine) != 1 or not others or not all(_names_foreign_role(strip.heading, own) for strip in others):
        return None
    if any(_EARLIER.match(fold(strip.heading)) for strip in strips):
        return None
    people = [pair for pair in reading.pairs if FieldType.PERSON in {grid.spec(key).type for key in pair.keys}]
    if any(sum(pair.row in strip.rows for strip in strips) != 1 for pair in people):
        return None
    if any(sum(pair.row in strip.rows for pair in people) != 1 for strip in strips):
        return None
    theirs = [pair for pair in reading.pairs if any(pair.row in strip.rows for strip in others)]
    theirs = [pair for pair in theirs if FieldType.UNIT not in {grid.spec(key).type for key in pair.keys}]
    named = {key for pair in reading.pairs if pair.row in mine[0].rows for key in pair.keys}
    if any(not named.issuperset(pair.keys) for pair in theirs):
        return None  # the last rows of a table, below the leader's, may be about the one who is asked for
    kept = [pair for pair in reading.pairs if all(pair is not other for other in theirs)]
    return Reading(reading.mode, kept, [], reading.unexplained, [])


def _of_own_people(form: FormSpec, reading: Reading, own: str) -> Reading | None:
    """Return the people whose role is the form's own, if every one of the list has a role.

    It stands in the row (角色 | 姓名 | 手机), at its head, or over the labels.
    """
    roles = [_role_of(person) for person in reading.people]
    if any(not role or _EARLIER.match(role) for role in roles):
        return None
    mine = [person for person, role in zip(reading.people, roles, strict=True) if _is_own(role, own)]
    clear = all(_is_own(role, own) or _names_foreign_role(role, own) for role in roles)
    if not mine or len(mine) == len(roles) or not clear:
        return None
    if any(pair.rule == "ditto" or pair.doubt == BESIDE_SEVERAL for one in mine for pair in one):
        return None  # what stands beside, or with, the one who would be left out
    theirs = [person for person in reading.people if all(person is not one for one in mine)]
    if _units(form, theirs) - _units(form, mine):
        return None  # the leader of one unit and the officer of another
    told = [[replace(pair, doubt="") if pair.doubt.startswith(GROUP) else pair for pair in person] for person in mine]
    return Reading(reading.mode, reading.pairs, told, reading.unexplained, reading.headings)


def _units(form: FormSpec, people: Iterable[Iterable[Pair]]) -> set[str]:
    keys = {spec.key for spec in form.fields if spec.type is FieldType.UNIT}
    return {fold(pair.raw) for person in people for pair in person if keys & set(pair.keys)} - {""}


def _role_of(person: list[Pair]) -> str:
    """Return the one role that a person of a list has in words of its own, folded; "" if it is none or several."""
    said = [pair.raw for pair in person if not pair.keys]
    said += [pair.doubt.removeprefix(GROUP) for pair in person if pair.doubt.startswith(GROUP)]
    roles = {fold(text) for text in said if is_role(text)}
    return roles.pop() if len(roles) == 1 else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the people of a form say of themselves in brackets: 李志明（分管领导）, 王晓云（联络员）.

    `mine` are the numbers of those whom the form asks for, None if that is not clear; `others` the roles of the others,
    none if nothing tells these people apart.
    """

    mine: tuple[int, ...] | None = None
    others: tuple[str, ...] = ()


def told_in_brackets(form: FormSpec, people: Sequence[Sequence[Pair]]) -> Told:
    """Given the people of a form, return whom it asks for as far as brackets behind names and functions tell it.

    It is clear where everybody says one role, some the form's own word and the others that of a group. A function of an
    office (主任) is no group: beside the form's own word it is asked about, by itself it says nothing.
    """
    if len(people) < 2:
        return Told()
    # 联络人 is not the form's word where it says 联络员, but nobody to be left out either
    names = (alias for spec in form.fields if spec.type is FieldType.PERSON for alias in spec.aliases)
    own = _own_words(form) + fold(" ".join(names))
    roles = [_roles_in_brackets(form, pairs) for pairs in people]
    said = [role for one in roles for role in one]
    theirs = [role for role in dict.fromkeys(said) if _names_foreign_role(role, own)]
    if all(role in POSITIONS for role in theirs) and all(role in theirs for role in said):
        return Told()
    mine = tuple(number for number, one in enumerate(roles) if all(role not in theirs for role in one))
    clear = all(len(one) == 1 for one in roles) and 0 < len(mine) < len(people)
    left_out = [pairs for number, pairs in enumerate(people) if number not in mine]
    clear = clear and not _units(form, left_out) - _units(form, [people[number] for number in mine])
    if not clear or any(role in POSITIONS or _EARLIER.match(role) for role in theirs):
        return Told(None, tuple(theirs))
    return Told(mine, tuple(theirs))


def _roles_in_brackets(form: FormSpec, pairs: Iterable[Pair]) -> frozenset[str]:
    types = {spec.key: spec.type for spec in form.fields}
    texts = [
        f"{pair.label} {pair.raw}"
        for pair in pairs
        if {types[key] for key in pair.keys} & {FieldType.PERSON, FieldType.POSITION}
    ]
    found = (fold(piece) for text in texts for piece in _IN_BRACKETS.findall(narrow(text)))
    return frozenset(role for role in found if is_role(role))


@dataclass(frozen=True, slots=True)
class _Strip:
    """The rows of a grid that stand under (or beside) one heading; in its mirror image they are columns."""

    heading: str
    rows: range


def _strips(grid: TaggedGrid, reading: Reading) -> list[_Strip]:
    """Return the groups of a grid: beside a heading that covers their rows, or below one that stands alone in its row.

    Both kinds in one grid are no clear order: then there are none.
    """
    values = {id(pair.cell) for pair in reading.pairs if pair.keys}
    headings = list(_headings(grid, reading, values))
    beside = [one for one in headings if any(heading.origin is one.origin for heading in reading.headings)]
    if beside and len(beside) == len(headings):
        return [
            _Strip(one.origin.text.strip(), range(one.cell.row, one.cell.row + grid.view.height(one.cell)))
            for one in beside
        ]
    by_row = {one.cell.row: one.origin.text.strip() for one in headings if grid.view.alone(one.cell)}
    if beside or not by_row:
        return []
    starts = sorted(by_row)
    ends = [*starts[1:], grid.view.last]
    found = [_Strip(by_row[start], range(start + 1, end)) for start, end in zip(starts, ends, strict=True)]
    return [strip for strip in found if _says_role(strip.heading)]


def _says_role(text: str) -> bool:
    key = fold(text)
    return len(key) <= _HEADING_CHARACTERS and any(role in key for role in ROLE_HEADINGS)


def _is_own(heading: str, own: str) -> bool:
    role = next((word for word in ROLE_HEADINGS if word in fold(heading)), None)
    return role is not None and role in own


def _own_words(form: FormSpec) -> str:
    return fold(" ".join((form.title, *form.titles, *(spec.label for spec in form.fields))))


def foreign_roles(grid: TaggedGrid, reading: Reading) -> list[str]:
    """Given a grid and its reading, return the texts that give a group of labels, or a person, another role."""
    own = _own_words(grid.form)
    pairs = [*reading.pairs, *(pair for person in reading.people for pair in person)]
    values = {id(pair.cell) for pair in pairs if pair.keys}
    found = [tagged.origin.text.strip() for tagged in _headings(grid, reading, values) if _is_foreign(tagged, own)]
    if reading.people:
        explained = {pair.label for pair in pairs} | {pair.raw.strip() for pair in pairs}
        found += [tagged.origin.text.strip() for tagged in _loose(grid, values, explained) if _is_foreign(tagged, own)]
        found += [pair.raw.strip() for pair in pairs if _gives_role(pair, own)]
        found += _told_by_function(grid, pairs, own)
    return found


def _told_by_function(grid: TaggedGrid, pairs: list[Pair], own: str) -> list[str]:
    """职务 分管领导 beside 职务 联络员: the function tells who is meant."""
    functions = [
        pair.raw.strip() for pair in pairs if any(grid.spec(key).type is FieldType.POSITION for key in pair.keys)
    ]
    roles = [text for text in functions if is_role(text)]
    if not any(fold(text) in own for text in roles):
        return []
    return [text for text in roles if _names_foreign_role(text, own)]


def _is_foreign(tagged: Tagged, own: str) -> bool:
    return _names_foreign_role(tagged.origin.text, own)


def _names_foreign_role(text: str, own: str) -> bool:
    if not text or len(text) > 3 * _HEADING_CHARACTERS:
        return False
    key = fold(text)
    if not 0 < len(key) <= _HEADING_CHARACTERS or key.endswith("表"):
        return False
    if _EARLIER.match(key):
        return True
    role = next((word for word in ROLE_HEADINGS if word in key), None)
    return role is not None and role not in own


def _headings(grid: TaggedGrid, reading: Reading, values: set[int]) -> Iterator[Tagged]:
    for tagged in grid.tags.values():
        if id(tagged.origin) not in values and tagged.tag is not Tag.BLANK and _heads_a_group(grid, tagged, reading):
            yield tagged


def _heads_a_group(grid: TaggedGrid, tagged: Tagged, reading: Reading) -> bool:
    """A heading covers several rows of labels, stands alone in its row, or over several columns of labels."""
    cell = tagged.cell
    if any(heading.origin is tagged.origin for heading in reading.headings):
        return True
    if tagged.tag in (Tag.OTHER, Tag.FOREIGN, Tag.HEADING) and grid.view.alone(cell):
        return True
    width = grid.view.width(cell)
    if width < 2:
        return False
    row = cell.row + grid.view.height(cell)
    below = [grid.of(grid.view.at(row, cell.column + offset)) for offset in range(width)]
    return sum(other is not None and other.tag is Tag.LABEL for other in below) > 1


def _loose(grid: TaggedGrid, values: set[int], explained: set[str]) -> Iterator[Tagged]:
    """In a list of people: texts that are nobody's label and nobody's value, such as the head of a person's column."""
    for tagged in grid.tags.values():
        text = tagged.origin.text.strip()
        loose = tagged.tag in LABELS or tagged.tag is Tag.OTHER
        if (
            loose
            and id(tagged.origin) not in values
            and text not in explained
            and any(role in fold(text) for role in ROLE_HEADINGS)
        ):
            yield tagged


def _gives_role(pair: Pair, own: str) -> bool:
    """角色 | 分管领导 in a person's row."""
    text = pair.raw.strip()
    if pair.keys or not text or fold(pair.label) in _REMARK_LABELS:
        return False
    return bool(is_role(text)) and _names_foreign_role(text, own)
