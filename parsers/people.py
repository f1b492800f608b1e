"""Header over rows: one or two rows of labels, then a person (or a unit) in each row. Transposed, it reads columns.

In: a `TaggedGrid`. Out: `Reading` values for `scoring`. Rows above the header and below the last person are read as pairs
of label and value. Must not: take an example row, a repeated header or a row with nothing but its number for a person.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parsers.document import Cell
from parsers.fields import is_ditto_above, is_nothing
from parsers.forms import FieldType
from parsers.lexicon import TOTALS
from parsers.pairing import Beside, Pair, Reading, explains, make_pair
from parsers.remarks import is_hint, is_role, is_sample
from parsers.tags import LABELS, Tag, Tagged, TaggedGrid
from parsers.text import fold

# Tried by `python -m tests.understanding --thresholds _HEADERS_LIMIT --forms 300 --mutations 300 --seed limits`,
# one value at a time; as it is: 3,470 fields right, 1,149 asked, 0 silent, 1 lost, 5 beside.
_HEADERS_LIMIT = 4  # header rows tried in one grid; tried 2 and 8: no difference, a bound, not a tuned value
_LARGE_GRID = 2_000  # cells: in a long list the first header is the header
_REACHED_BY = frozenset({FieldType.MOBILE, FieldType.PHONE, FieldType.EMAIL})
_GENDERS = frozenset({"\u7537", "\u5973"})  # 男, 女
_VALUE_DIGITS = 5  # a number in a list has fewer, and the shortest telephone number has five
_PEOPLE_LIMIT = 2_000  # as many as a grid of the default budget has rows
BESIDE_SEVERAL = "a cell beside several people"  # `Pair.doubt`
GROUP = "group "  # beginning of `Pair.doubt` where the same labels stand under several headings; behind it the heading
_NO_LABELS = (Tag.BLANK, Tag.HEADING, Tag.NOTE)
_SHARED = frozenset({FieldType.UNIT, FieldType.ADDRESS})  # a merged cell beside several people may give these


@dataclass(frozen=True, slots=True)
class _Column:
    """One label of the header, the columns it covers, and the group heading above it ("" if none)."""

    label: Tagged
    first: int
    last: int
    group: str


def read_header(grid: TaggedGrid, *, mode: str) -> list[Reading]:
    """Given a grid, return its readings as a header over rows, one for each row that could be the header."""
    found: list[Reading] = []
    limit = _HEADERS_LIMIT if len(grid.view.cells) < _LARGE_GRID else 1
    for row in grid.view.rows:
        if len(found) >= limit:
            break
        if _is_header(grid, row):
            reading = _read(grid, row, mode)
            if reading is not None:
                found.append(reading)
    return found


def _is_header(grid: TaggedGrid, row: int) -> bool:
    """A header has two labels of the form at least, and more labels than other texts."""
    tags = [grid.tags[id(cell)].tag for cell in grid.view.row(row)]
    labels, others = tags.count(Tag.LABEL), tags.count(Tag.OTHER)
    return labels >= 2 and labels + tags.count(Tag.FOREIGN) > others


def _read(grid: TaggedGrid, top: int, mode: str) -> Reading | None:
    bottom = _header_bottom(grid, top)
    columns = _columns(grid, top, bottom)
    if not any(column.label.keys for column in columns):
        return None
    beside = Beside(grid, mode)
    reading = beside.reading
    for row in grid.view.rows:
        if row < top:
            beside.read_row(row)
    header = {id(column.label.cell) for column in columns}
    beside.used |= header | {id(cell) for row in range(top, bottom + 1) for cell in grid.view.row(row)}
    footer = False
    previous: list[Pair] = []
    for row in grid.view.rows:
        if row <= bottom:
            continue
        footer = footer or _is_footer(grid, row)
        if footer:
            beside.read_row(row)
            continue
        if _repeats(grid, top, row) or _is_sample(grid, row) or _is_aside(grid, row) or _is_total(grid, row):
            beside.used |= {id(cell) for cell in grid.view.row(row)}
            continue
        people = [one for one in _people(grid, row, columns, beside.used) if _says_something(grid, one)]
        if not people:
            beside.used -= {id(cell) for cell in grid.view.row(row) if _may_be_a_value(cell.text)}
        for person in people[: _PEOPLE_LIMIT - len(reading.people)]:
            previous = _resolved(person, previous)
            reading.people.append(previous)
    if not reading.people:
        if _holds_value(grid, top, bottom) and any(pair.keys and pair.raw.strip() for pair in reading.pairs):
            return None  # 电子邮箱 | 白沙镇 | 通信地址 | (blank) below other labels with values: no header, a row like those
        reading.pairs.extend(make_pair(column.label, None, rule="header") for column in columns)
    return beside.finish()


def _holds_value(grid: TaggedGrid, top: int, bottom: int) -> bool:
    return any(grid.tags[id(cell)].tag is Tag.OTHER for row in range(top, bottom + 1) for cell in grid.view.row(row))


def _header_bottom(grid: TaggedGrid, top: int) -> int:
    """A second row of labels below the first belongs to the header: 联系方式 over 办公电话, 手机."""
    after = next((row for row in grid.view.rows if row > top), None)
    deepest = max((cell.row + grid.view.height(cell) - 1 for cell in grid.view.row(top)), default=top)
    if after is None or after > max(deepest, top + 1):
        return top
    cells = [grid.tags[id(cell)] for cell in grid.view.row(after)]
    labels = sum(tagged.tag in LABELS for tagged in cells)
    others = sum(tagged.tag is Tag.OTHER for tagged in cells)
    spans = any(grid.view.width(cell) > 1 or grid.view.height(cell) > 1 for cell in grid.view.row(top))
    return after if spans and labels > others and labels >= 2 else top


def _columns(grid: TaggedGrid, top: int, bottom: int) -> list[_Column]:
    """Return the header's labels, the deepest of each column."""
    found: list[_Column] = []
    for column in range(grid.view.grid.columns):
        chain = [grid.of(grid.view.at(row, column)) for row in range(top, bottom + 1)]
        texts = [tagged for tagged in chain if tagged is not None and tagged.tag not in _NO_LABELS]
        if not texts:
            continue
        label = texts[-1]
        group = texts[0].cell.text.strip() if texts[0] is not label else ""
        if found and found[-1].label is label:
            found[-1] = replace(found[-1], last=column)
        else:
            found.append(_Column(label, column, column, group))
    return found


def _is_footer(grid: TaggedGrid, row: int) -> bool:
    """填表人：… or 备注 at the row's beginning ends the list of people."""
    first = next((grid.tags[id(cell)] for cell in grid.view.row(row) if cell.text.strip()), None)
    if first is None:
        return False
    if first.tag is Tag.ENTRIES:
        return True
    tags = [grid.tags[id(cell)].tag for cell in grid.view.row(row)]
    labels = tags.count(Tag.LABEL) + tags.count(Tag.FOREIGN)
    return first.tag in LABELS and labels >= tags.count(Tag.OTHER)  # 联络员 may be a function


def _repeats(grid: TaggedGrid, top: int, row: int) -> bool:
    """Word repeats the header of a table on each page when it was typed there by hand."""
    here = [cell.text.strip() for cell in grid.view.row(row)]
    return bool(here) and here == [cell.text.strip() for cell in grid.view.row(top)]


def _is_aside(grid: TaggedGrid, row: int) -> bool:
    """A row of nothing but a note or a heading is nobody."""
    filled = [grid.tags[id(cell)].tag for cell in grid.view.row(row) if cell.text.strip()]
    return bool(filled) and all(tag in (Tag.NOTE, Tag.HEADING) for tag in filled)


def _is_total(grid: TaggedGrid, row: int) -> bool:
    """合计 | 2人 below a list is nobody."""
    first = [cell for cell in grid.view.row(row) if cell.text.strip()][:2]
    return any(fold(cell.text).strip(":()") in TOTALS for cell in first)


def _is_sample(grid: TaggedGrid, row: int) -> bool:
    first = next((cell for cell in grid.view.row(row) if cell.text.strip()), None)
    return first is not None and is_sample(first.text)


def _people(grid: TaggedGrid, row: int, columns: list[_Column], used: set[int]) -> list[list[Pair]]:
    """Return the people of one row: one, or one for each group of the header (分管领导, 联络员)."""
    groups: dict[str, list[Pair]] = {}
    repeated = _repeated_groups(columns)
    for column in columns:
        value, doubt = _value_in(grid, row, column)
        if value is not None:
            if explains(column.label, value):
                used.add(id(value.cell))
            if value.cell.row < row and not _may_be_shared(grid, column.label):
                doubt = BESIDE_SEVERAL if value.cell.text.strip() else ""
                value = None
        pair = replace(make_pair(column.label, value, rule="header", doubt=doubt), row=row)
        groups.setdefault(column.group if repeated and column.group else "", []).append(pair)
    for head in _heads_of_row(grid, row, columns):
        used.add(id(head.cell))
        origin = head.origin
        pair = Pair((), "", origin.text, origin.place, "header", row, head.cell.column, cell=origin)
        groups.setdefault("", []).append(pair)
    if len(groups) < 2:
        return list(groups.values())
    shared = groups.pop("", [])
    return [[*shared, *(replace(pair, doubt=f"{GROUP}{name}") for pair in pairs)] for name, pairs in groups.items()]


def _heads_of_row(grid: TaggedGrid, row: int, columns: list[_Column]) -> Iterator[Tagged]:
    """Yield the cells of a row that say whose it is, in a column without a label of its own: 分管领导, 联络员."""
    labelled = {position for column in columns for position in range(column.first, column.last + 1)}
    for cell in grid.view.covering(row):
        if cell.column not in labelled and is_role(cell.text):
            yield grid.tags[id(cell)]


def _may_be_shared(grid: TaggedGrid, label: Tagged) -> bool:
    return not label.keys or any(grid.spec(key).type in _SHARED for key in label.keys)


def _repeated_groups(columns: list[_Column]) -> bool:
    """Return whether the same keys stand under several group headings."""
    groups: dict[tuple[str, ...], set[str]] = {}
    for column in columns:
        if column.label.keys and column.group:
            groups.setdefault(column.label.keys, set()).add(column.group)
    return any(len(names) > 1 for names in groups.values())


def _value_in(grid: TaggedGrid, row: int, column: _Column) -> tuple[Tagged | None, str]:
    """Return the cell of a row below a label; two filled ones below one wide label are in doubt."""
    cells: list[Tagged] = []
    for position in range(column.first, column.last + 1):
        tagged = grid.of(grid.view.at(row, position))
        if tagged is not None and all(tagged is not other for other in cells):
            cells.append(tagged)
    # A cell that reaches beyond its label's columns is no value of that label: a remark, a sum, a signature.
    cells = [tagged for tagged in cells if _within(grid, tagged, column)]
    filled = [tagged for tagged in cells if tagged.tag is not Tag.BLANK]
    if len(filled) > 1:
        return filled[0], "several cells"
    candidates = filled or cells
    return (candidates[0] if candidates else None), ""


def _within(grid: TaggedGrid, tagged: Tagged, column: _Column) -> bool:
    first, last = tagged.cell.column, tagged.cell.column + grid.view.width(tagged.cell) - 1
    return column.first <= first and last <= column.last


def _says_something(grid: TaggedGrid, person: list[Pair]) -> bool:
    """A row with its number, or with a unit's name that was printed there, is nobody yet; nor is 例：张三.

    Nor is a telephone number or an address of mail that stands alone, in the column of names.
    """
    filled = [pair for pair in person if pair.raw.strip()]
    if len(filled) == 1 and _may_be_a_value(filled[0].raw):
        return any(grid.spec(key).type in _REACHED_BY for key in filled[0].keys)
    if any(is_sample(pair.raw) for pair in person if FieldType.PERSON in {grid.spec(key).type for key in pair.keys}):
        return False
    return any(
        pair.keys
        and pair.raw.strip()
        and not is_hint(pair.raw)
        and not is_nothing(pair.raw)
        and any(grid.spec(key).type is not FieldType.UNIT for key in pair.keys)
        for pair in person
    )


def _may_be_a_value(text: str) -> bool:
    """A telephone number (or 男) alone in the row, under 序号, is nobody's there and somebody's value."""
    if text.strip() in _GENDERS:
        return True
    return ("@" in text or sum(character.isdigit() for character in text) >= _VALUE_DIGITS) and not is_hint(text)


def _resolved(person: list[Pair], previous: list[Pair]) -> list[Pair]:
    """同上 and 〃 point at the row above: the value is there, and so is its place."""
    above: dict[str, Pair] = {pair.label: pair for pair in previous}
    return [_ditto(pair, above.get(pair.label)) for pair in person]


def _ditto(pair: Pair, above: Pair | None) -> Pair:
    if above is None or not is_ditto_above(pair.raw) or not above.raw.strip():
        return pair
    cell: Cell | None = above.cell
    return replace(pair, raw=above.raw, place=above.place, cell=cell, rule="ditto")
