"""Whose labels these are: 分管领导 over 姓名 and 手机, a column 角色, 原联络员 beside 现联络员.

In: a tagged grid and its chosen reading. Out: the headings that name somebody other than the person whom the form asks for.
Forms with such groups gave 76 wrong values in the experiment of facts/documents.md §4.2: the wrong person was stored. So
they are never read without a person of the office looking at them. Must not: choose between people.
"""

import re
from collections.abc import Iterator

from parsers.forms import FieldType
from parsers.lexicon import ROLE_HEADINGS
from parsers.pairing import Pair, Reading
from parsers.tags import LABELS, Tag, Tagged, TaggedGrid
from parsers.text import fold

_HEADING_CHARACTERS = 10
_EARLIER = re.compile("原|旧|前任|上任|变更前|更换前")
_REMARK_LABELS = frozenset({"备注", "说明", "附注", "其他"})
_ROLE_ONLY = re.compile(f"(?:原|现|新|旧|前任|上任)?(?:{'|'.join(ROLE_HEADINGS)})(?:信息|情况|资料)?")


def is_other_person(label: str) -> bool:
    """Given a label that is none of the form's, return whether it names somebody: 填表人, 分管领导."""
    key = fold(label)
    return any(role in key for role in ROLE_HEADINGS)


def foreign_roles(grid: TaggedGrid, reading: Reading) -> list[str]:
    """Given a grid and its reading, return the texts that give a group of labels, or a person, another role."""
    form = grid.form
    own = fold(" ".join((form.title, *form.titles, *(spec.label for spec in form.fields))))
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
    roles = [text for text in functions if _ROLE_ONLY.fullmatch(fold(text))]
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
        if loose and id(tagged.origin) not in values and text not in explained and _ROLE_ONLY.search(fold(text)):
            yield tagged


def _gives_role(pair: Pair, own: str) -> bool:
    """角色 | 分管领导 in a person's row."""
    text = pair.raw.strip()
    if pair.keys or not text or fold(pair.label) in _REMARK_LABELS:
        return False
    return bool(_ROLE_ONLY.fullmatch(fold(text))) and _names_foreign_role(text, own)
