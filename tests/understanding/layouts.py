"""Filled forms → the blocks of a page: how people lay out labels and values, and what stands around them.

In: `generate.Filled`. Out: blocks for `page.render`. Must not: change a value, or know what a right reading is.
"""

import random
from dataclasses import replace

from tests.understanding.generate import Case, Entry, Filled
from tests.understanding.mishaps import BEHIND, BELOW, DROPPED, MERGED, PUSHED
from tests.understanding.page import Block, Box, Ink, Row, Table, width, written

_NOTE = "注：请于5月30日前将此表电子档发送至邮箱：banshichu@office.example.com，联系电话：0595-27390000"
_FOREIGN = (
    ("微信号", "wx_0595"),
    ("身份证号码", "350500199001011234"),
    ("部门", "综合科"),
    ("民族", "汉族"),
    ("备注", "无"),
)
_EXAMPLE = {
    "name": "陈示范",
    "contact_name": "陈示范",
    "gender": "男",
    "position": "科长",
    "office_phone": "0595-22220000",
    "mobile": "13800138000",
    "contact_phone": "13800138000",
    "fax": "0595-22220001",
    "email": "example@office.example.org",
    "unit": "海湾镇人民政府",
    "address": "海湾镇一号路1号",
    "has_program": "是",
    "program_summary": "快板《样例》",
}
_LEADER = {"name": "何分管", "position": "副主任", "mobile": "13700000009"}


def blocks(case: Case) -> list[Block]:
    """Given a case, return everything that stands in its document."""
    made: list[Block] = []
    for sheet in case.sheets:
        made += _sheet(sheet, random.Random(f"layout {case.seed}"))
    if case.moves:
        made = [block if isinstance(block, str) else _moved(block, case.moves[0]) for block in made]
    return made


def _sheet(sheet: Filled, draw: random.Random) -> list[Block]:
    people = sheet.people
    if "foreign labels" in sheet.decor and not sheet.layout.startswith("roles"):
        label, text = draw.choice(_FOREIGN)
        extra = Entry("", label, Ink(text))
        at = draw.randint(0, len(people[0]))
        people = tuple((*one[:at], extra, *one[at:]) for one in people)
    sheet = replace(sheet, people=people)
    body = _LINES[sheet.layout](sheet) if sheet.layout in _LINES else _tables(sheet)
    body = _decorated(sheet, body)
    return [*_above(sheet), *body, *_below(sheet)]


def _above(sheet: Filled) -> list[Block]:
    lines: list[Block] = []
    if "cover" in sheet.decor:
        lines += ["区安办：", "现将我单位的表报上，请查收。联系电话0595-27395555。"]
    if "example table" in sheet.decor and sheet.layout not in _LINES:
        labels = [(spec.label, _EXAMPLE[spec.key]) for spec in sheet.form.fields]
        lines += ["填写示例：", tuple((written(label), written(value)) for label, value in labels), ""]
    if not {"untitled", "title in table"} & set(sheet.decor):
        lines.append(sheet.title)
    return lines


def _below(sheet: Filled) -> list[Block]:
    lines: list[Block] = []
    if "note" in sheet.decor:
        lines.append(_NOTE)
    if "sign-off" in sheet.decor:
        lines += ["填表人：赵填表", "联系电话：0595-27391111", "2025年5月28日"]
    if "signature" in sheet.decor:
        lines += ["", "--", "周秘书", "某某公司", "手机：13611110000", "邮箱：zhou@corp.example.net"]
    return lines


def _decorated(sheet: Filled, body: list[Block]) -> list[Block]:
    """Rows that belong to the table itself."""
    first = next((at for at, block in enumerate(body) if not isinstance(block, str)), None)
    if first is None:
        return [sheet.title, *body] if "title in table" in sheet.decor else body
    table = body[first]
    assert not isinstance(table, str)
    wide = width(table)
    if "example row" in sheet.decor:
        marked = sheet.layout == "header_numbered"
        values = [_EXAMPLE.get(entry.key, "") for entry in sheet.people[0]]
        if not marked and sheet.people[0][0].key in {"name", "unit"}:
            values[0] = f"例：{values[0]}"
        table = (table[0], tuple(map(written, (["示例", *values] if marked else values))), *table[1:])
    if "total row" in sheet.decor:
        total = ["合计", f"{len(sheet.people)}人", *[""] * (wide - 2)]
        table = (*table, tuple(map(written, total[:wide])))
    if "empty rows" in sheet.decor:
        table = (*table, *((*(written("") for _ in range(wide)),) for _ in range(2)))
    if "note in table" in sheet.decor:
        table = (*table, (Box(Ink(_NOTE), wide),))
    if "title in table" in sheet.decor:
        table = ((Box(Ink(sheet.title), wide),), *table)
    return [*body[:first], table, *body[first + 1 :]]


# --- lines -----------------------------------------------------------------------------------------------------------


def _line(entry: Entry) -> str:
    return f"{entry.label}：{entry.ink.text}"


def _lines(sheet: Filled) -> list[Block]:
    return [_line(entry) for one in sheet.people for entry in one]


def _lines_two(sheet: Filled) -> list[Block]:
    entries = sheet.people[0]
    return ["　　".join(map(_line, entries[at : at + 2])) for at in range(0, len(entries), 2)]


def _lines_numbered(sheet: Filled) -> list[Block]:
    return [f"{number}、{_line(entry)}" for number, entry in enumerate(sheet.people[0], start=1)]


def _lines_bare(sheet: Filled) -> list[Block]:
    """No colon: 姓名　王五."""
    return [f"{entry.label.rstrip('：')}　{entry.ink.text}" for entry in sheet.people[0]]


def _lines_cells(sheet: Filled) -> list[Block]:
    """A table that was pasted into a text: a line a cell, empty cells gone."""
    return [text for entry in sheet.people[0] for text in (entry.label, entry.ink.text) if text]


def _lines_prose(sheet: Filled) -> list[Block]:
    return ["，".join(_line(entry) for entry in sheet.people[0]) + "。"]


_LINES = {
    "lines": _lines,
    "lines_two": _lines_two,
    "lines_numbered": _lines_numbered,
    "lines_bare": _lines_bare,
    "lines_cells": _lines_cells,
    "lines_prose": _lines_prose,
}


# --- tables ----------------------------------------------------------------------------------------------------------


def _value(entry: Entry, columns: int = 1) -> Box:
    return Box(entry.ink, columns, key=entry.key)


def _beside(entries: tuple[Entry, ...], pairs: int) -> Table:
    rows = []
    for at in range(0, len(entries), pairs):
        some = entries[at : at + pairs]
        row = [box for entry in some for box in (written(entry.label), _value(entry))]
        row[-1] = replace(row[-1], columns=1 + 2 * (pairs - len(some)))
        rows.append(tuple(row))
    return tuple(rows)


def _below_labels(entries: tuple[Entry, ...], wide: int) -> Table:
    rows: list[Row] = []
    for at in range(0, len(entries), wide):
        some = entries[at : at + wide]
        padding = [written("")] * (wide - len(some))
        rows.append((*(written(entry.label) for entry in some), *padding))
        rows.append((*map(_value, some), *padding))
    return tuple(rows)


def _header(sheet: Filled, *, numbered: bool = False) -> Table:
    rows = [
        tuple(written(entry.label) for entry in sheet.people[0]),
        *(tuple(map(_value, one)) for one in sheet.people),
    ]
    marks = ["序号", *map(str, range(1, len(rows)))]
    return tuple((written(mark), *row) if numbered else row for mark, row in zip(marks, rows, strict=True))


def _columns(sheet: Filled) -> Table:
    first = sheet.people[0]
    return tuple((written(entry.label), *(_value(one[at]) for one in sheet.people)) for at, entry in enumerate(first))


def _in_cell(entry: Entry, columns: int = 1) -> Box:
    return Box(replace(entry.ink, text=_line(entry), number=""), columns, key=entry.key)


def _in_cells(entries: tuple[Entry, ...], wide: int) -> Table:
    rows = [list(map(_in_cell, entries[at : at + wide])) for at in range(0, len(entries), wide)]
    rows[-1][-1] = replace(rows[-1][-1], columns=1 + wide - len(rows[-1]))
    return tuple(map(tuple, rows))


def _grouped(entries: tuple[Entry, ...]) -> Table:
    rows = _beside(entries, 2)
    return ((Box(Ink("基本情况"), rows=len(rows)), *rows[0]), *rows[1:])


def _nested(entries: tuple[Entry, ...]) -> Table:
    head, rest = entries[:2], entries[2:]
    outer = _beside(head, 1)
    return (*outer, (written("详细情况"), Box(nested=_beside(rest, 1))))


def _upright(entries: tuple[Entry, ...]) -> Table:
    return _beside(tuple(replace(entry, label="\n".join(entry.label)) for entry in entries), 2)


def _sections(entries: tuple[Entry, ...]) -> Table:
    """Headings over groups of rows that belong to nobody else."""
    half = len(entries) // 2
    return (
        (Box(Ink("一、基本信息"), 4),),
        *_beside(entries[:half], 2),
        (Box(Ink("二、联系信息"), 4),),
        *_beside(entries[half:], 2),
    )


def _two_level(sheet: Filled) -> Table:
    """Two rows of headings over a list."""
    first = sheet.people[0]
    half = len(first) // 2
    groups = (Box(Ink("基本情况"), half), Box(Ink("联系情况"), len(first) - half))
    return (groups, *_header(sheet))


def _spilled(entries: tuple[Entry, ...]) -> Table:
    """Typed one cell too far to the right: label | empty | value."""
    return tuple((written(entry.label), written(""), _value(entry)) for entry in entries)


def _unit_above(sheet: Filled) -> list[Block]:
    unit = next(entry for entry in sheet.people[0] if entry.key == "unit")
    rest = tuple(entry for entry in sheet.people[0] if entry.key != "unit")
    return [f"{unit.label.rstrip('：')}：{unit.ink.text}", _beside(rest, 2)]


def _split(entries: tuple[Entry, ...]) -> list[Block]:
    half = len(entries) // 2
    return [_beside(entries[:half], 1), "", _beside(entries[half:], 1)]


def _leader(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The same labels for the 分管领导, who is not asked for."""
    return tuple(replace(entry, ink=Ink(_LEADER[entry.key])) for entry in entries if entry.key in _LEADER)


def _roles(sheet: Filled) -> list[Block]:
    """Two groups of the same labels: 分管领导 and 联络员."""
    entries = sheet.people[0]
    shared = tuple(entry for entry in entries if entry.key in {"unit", "address"})
    own = tuple(entry for entry in entries if entry.key not in {"unit", "address", ""})
    leader = _leader(own)
    if sheet.layout == "roles_beside":
        first, second = _beside(leader, 2), _beside(own, 2)
        rows = [
            (Box(Ink("分管领导"), rows=len(first)), *first[0]),
            *first[1:],
            (Box(Ink("联络员"), rows=len(second)), *second[0]),
            *second[1:],
        ]
        head = _beside(shared, 2)
        return [(*((*row[:-1], replace(row[-1], columns=row[-1].columns + 1)) for row in head), *rows)]
    if sheet.layout == "roles_heading":
        wide = 4
        return [
            (
                *_beside(shared, 2),
                (Box(Ink("分管领导信息"), wide),),
                *_beside(leader, 2),
                (Box(Ink("联络员信息"), wide),),
                *_beside(own, 2),
            )
        ]
    keys = [entry.key for entry in leader]
    main = tuple(entry for entry in own if entry.key in keys)
    rest = tuple(entry for entry in own if entry.key not in keys)
    if sheet.layout == "roles_column":
        return [
            (
                (written("角色"), *(written(entry.label) for entry in main)),
                (written("分管领导"), *map(_value, leader)),
                (written("联络员"), *map(_value, main)),
            ),
            _beside((*shared, *rest), 1),
        ]
    named = tuple(replace(entry, label=f"分管领导{entry.label}") for entry in leader)
    return [_beside((*shared, *named, *own), 1)]


def _tables(sheet: Filled) -> list[Block]:
    entries = sheet.people[0]
    if sheet.layout.startswith("roles"):
        return _roles(sheet)
    if sheet.layout == "unit_above":
        return _unit_above(sheet)
    if sheet.layout == "split":
        return _split(entries)
    tables = {
        "pairs": lambda: _beside(entries, 1),
        "two_pairs": lambda: _beside(entries, 2),
        "three_pairs": lambda: _beside(entries, 3),
        "below": lambda: _below_labels(entries, 3),
        "below_wide": lambda: _below_labels(entries, len(entries)),
        "header": lambda: _header(sheet),
        "header_numbered": lambda: _header(sheet, numbered=True),
        "columns": lambda: _columns(sheet),
        "in_cells": lambda: _in_cells(entries, 1),
        "in_cells_two": lambda: _in_cells(entries, 2),
        "blocks": lambda: tuple(row for one in sheet.people for row in _beside(one, 2)),
        "grouped": lambda: _grouped(entries),
        "nested": lambda: _nested(entries),
        "vertical": lambda: _upright(entries),
        "sections": lambda: _sections(entries),
        "two_level": lambda: _two_level(sheet),
        "spilled": lambda: _spilled(entries),
        "merged_values": lambda: tuple((written(entry.label), _value(entry, 3)) for entry in entries),
    }
    return [tables[sheet.layout]()]


def _moved(table: Table, move: tuple[str, int]) -> Table:
    """Put the value of a field elsewhere: see `mishaps`."""
    key, where = move
    found = next(((row, box) for row in table for box in row if box.key == key), None)
    if found is None:
        return table
    home, box = found
    at = home.index(box)
    empty, loose = replace(box, ink=Ink()), replace(box, columns=1)
    before, behind = home[:at], home[at + 1 :]
    if where == MERGED:
        return _merged_down(table, key)
    if where == BELOW:
        return (*((*before, empty, *behind) if row is home else row for row in table), (loose,))
    changed = {
        BEHIND: (*before, empty, *behind, loose),
        DROPPED: (*before, *behind),
        PUSHED: (*before, written(""), box, *behind),
    }
    return tuple(changed[where] if row is home else row for row in table)


def _merged_down(table: Table, key: str) -> Table:
    """Merge the cells of a field in neighboring rows into one; the first keeps its text."""
    rows = [row for row in table if any(box.key == key for box in row)]
    first = next(box for box in rows[0] if box.key == key)
    made: list[Row] = []
    for row in table:
        if row is rows[0]:
            made.append(tuple(replace(box, rows=len(rows)) if box is first else box for box in row))
        else:
            made.append(tuple(box for box in row if box.key != key))
    return tuple(made)
