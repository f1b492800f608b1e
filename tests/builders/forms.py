"""The two table forms of the notice, invented people, and grids that hold them in many layouts with many disturbances.

`case` draws one filled (or blank) grid together with what a correct reading of it is. Names, numbers and units are made up.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from parsers.document import Block, Cell, Document, Grid, Paragraph
from parsers.forms import FieldSpec, FieldType, FormKind, FormReading, FormSpec, ProblemCode

AREA_CODE = "0595"


def _field(key, label, kind, *aliases, required=False, required_when=None):
    return FieldSpec(key, label, FieldType(kind), tuple(aliases), required=required, required_when=required_when)


REGISTRATION = FormSpec(
    "registration",
    "“安全宣传咨询日”活动意向报名表",
    FormKind.TABLE,
    (
        _field("unit", "单位", "unit", "单位名称", "填报单位", "报名单位", required=True),
        _field("has_program", "现场是否提供节目", "yesno", "是否提供节目", "有无节目", required=True),
        _field("program_summary", "节目概况", "text", "节目简介", "节目名称", required_when="has_program"),
        _field("contact_name", "联系人", "person", "联系人姓名", "联络人", "姓名", "经办人", required=True),
        _field("contact_phone", "联系方式", "phone", "联系电话", "手机", "手机号码", "电话", "办公电话", required=True),
    ),
    ("活动意向报名表", "意向报名表", "报名表"),
)
LIAISON = FormSpec(
    "liaison",
    "“安全生产月”活动联络员反馈表",
    FormKind.TABLE,
    (
        _field("name", "姓名", "person", "联络员", "联络员姓名", "联系人", required=True),
        _field("gender", "性别", "gender"),
        _field("position", "职务", "position", "职务/职称", "现任职务", required=True),
        _field("office_phone", "办公电话", "phone", "办公室电话", "座机", "固定电话"),
        _field("mobile", "手机", "mobile", "手机号码", "手机号", "移动电话", "联系电话", "联系方式", required=True),
        _field("fax", "传真", "phone", "传真号码"),
        _field("email", "电子邮箱", "email", "邮箱", "电子邮件", "E-mail"),
        _field("unit", "单位名称", "unit", "单位", "单位全称", "填报单位", "工作单位", required=True),
        _field("address", "通信地址", "address", "通讯地址", "地址", "办公地址"),
    ),
    ("活动联络员反馈表", "联络员反馈表", "联络员信息表", "联络员表"),
)
SUMMARY = FormSpec(
    "summary",
    "“安全生产月”活动总结",
    FormKind.DOCUMENT,
    (_field("unit", "单位", "unit", required=True), _field("title", "标题", "title", required=True)),
    ("活动总结", "总结"),
)
CASE = FormSpec(
    "case",
    "典型案例",
    FormKind.DOCUMENT,
    (_field("unit", "单位", "unit", required=True), _field("title", "标题", "title", required=True)),
    ("典型案例",),
)
FORMS = (REGISTRATION, LIAISON, SUMMARY, CASE)
BY_ID = {form.id: form for form in FORMS}

NOTE = "注：请于5月30日前将此表电子档发送至邮箱：banshichu@office.example.com，联系电话：0595-27390000"

_SURNAMES = "林陈黄张吴李王郑蔡许庄苏曾谢杨"
_GIVEN = ("志明", "晓云", "建国", "美玲", "涛", "文斌", "雅琴", "子涵", "军", "淑贞", "天佑", "思敏")
_UNITS = (
    "青石镇人民政府",
    "东湾乡人民政府",
    "区水利局",
    "区文化馆",
    "青石镇安全生产办公室",
    "海丰港务有限公司",
    "区总工会",
)
_POSITIONS = ("科员", "办公室主任", "副镇长", "安监站站长", "一级主任科员", "安全员", "工作人员", "综合科副科长")
_ADDRESSES = ("青石镇中山路12号政府大院", "东湾乡新街36号", "滨海大道一号行政中心3楼", "海丰路88号A座1203室")
_PROGRAMS = ("小品《安全回家》，约8分钟", "歌伴舞《平安颂》", "三句半《说安全》，4人，5分钟", "消防器材展示")


def person(draw: random.Random, form: FormSpec) -> dict[str, str]:
    """Return the values that one invented sender gives, as they are written."""
    name = draw.choice(_SURNAMES) + draw.choice(_GIVEN)
    mobile = f"13{draw.randrange(10)}0595{draw.randrange(10_000):04d}"
    landline = f"0595-2739{draw.randrange(10_000):04d}"
    unit = draw.choice(_UNITS)
    if form is REGISTRATION:
        given = draw.random() < 0.6
        return {
            "unit": unit,
            "has_program": "是" if given else "否",
            "program_summary": draw.choice(_PROGRAMS) if given else "无",
            "contact_name": name,
            "contact_phone": draw.choice((mobile, landline)),
        }
    return {
        "name": name,
        "gender": draw.choice("男女"),
        "position": draw.choice(_POSITIONS),
        "office_phone": landline,
        "mobile": mobile,
        "fax": f"0595-8736{draw.randrange(10_000):04d}",
        "email": f"user{draw.randrange(1000)}@unit.example.com",
        "unit": unit,
        "address": draw.choice(_ADDRESSES),
    }


def expected(form: FormSpec, written: dict[str, str]) -> dict[str, str | bool | None]:
    """Return what a correct reading of written values is."""
    found: dict[str, str | bool | None] = {}
    for spec in form.fields:
        text = written.get(spec.key, "")
        if spec.type is FieldType.YESNO:
            found[spec.key] = {"是": True, "否": False}.get(text)
        else:
            found[spec.key] = None if text in {"", "无", "/", "—"} or text.startswith(("（", "例")) else text
    return found


# --- grids -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """One cell of a row that is being laid out."""

    text: str
    columns: int = 1
    rows: int = 1


def grid(rows: Sequence[Sequence[Box | str]], place: str = "table 1") -> Grid:
    """Given rows of boxes, return the grid as a reader would: merged areas are one cell."""
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    width = 0
    for row, boxes in enumerate(rows):
        column = 0
        for box in (Box(one) if isinstance(one, str) else one for one in boxes):
            while (row, column) in taken:
                column += 1
            for down in range(box.rows):
                taken.update((row + down, column + across) for across in range(box.columns))
            cells.append(Cell(row, column, box.text, f"{place}, R{row + 1}C{column + 1}", box.rows, box.columns))
            column += box.columns
            width = max(width, column)
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Grid(len(rows), width, tuple(cells), place)


def document(*blocks: Block | str | Sequence[Sequence[Box | str]]) -> Document:
    """Given lines, rows of boxes and blocks, return a document."""
    made: list[Block] = []
    for number, block in enumerate(blocks, start=1):
        if isinstance(block, str):
            made.append(Paragraph(block, f"para {number}"))
        elif isinstance(block, Paragraph | Grid):
            made.append(block)
        else:
            made.append(grid(block, f"table {number}"))
    return Document(tuple(made), "test/1")


# --- layouts: labels with values → rows ------------------------------------------------------------------------------

Pairs = list[tuple[str, str]]


def beside(pairs: Pairs, width: int = 1) -> list[list[Box]]:
    """`width` label–value pairs a row; the last value of a short row is merged to the edge."""
    rows = []
    for start in range(0, len(pairs), width):
        some = pairs[start : start + width]
        row = [Box(text) for pair in some for text in pair]
        row[-1] = Box(row[-1].text, 1 + 2 * (width - len(some)))
        rows.append(row)
    return rows


def below(pairs: Pairs, width: int) -> list[list[Box]]:
    """Rows of labels, each with its row of values under it."""
    rows = []
    for start in range(0, len(pairs), width):
        some = pairs[start : start + width]
        padding = [Box("")] * (width - len(some))
        rows += [[*(Box(label) for label, _ in some), *padding], [*(Box(value) for _, value in some), *padding]]
    return rows


def header(people: Sequence[Pairs], *, numbered: bool = False) -> list[list[Box]]:
    """One row of labels, then a row a person."""
    rows = [[Box(label) for label, _ in people[0]], *([Box(value) for _, value in one] for one in people)]
    if numbered:
        rows = [[Box(mark), *row] for mark, row in zip(["序号", *map(str, range(1, len(rows)))], rows, strict=True)]
    return rows


def columns(people: Sequence[Pairs]) -> list[list[Box]]:
    """A column of labels, then a column a person."""
    return [[Box(label), *(Box(one[number][1]) for one in people)] for number, (label, _) in enumerate(people[0])]


def in_cells(pairs: Pairs, width: int) -> list[list[Box]]:
    """Label and value in one cell, `width` cells a row."""
    cells = [Box(f"{label}：{value}") for label, value in pairs]
    rows = [cells[start : start + width] for start in range(0, len(cells), width)]
    rows[-1] = [*rows[-1][:-1], replace(rows[-1][-1], columns=1 + width - len(rows[-1]))]
    return rows


LAYOUTS = {
    "pairs": lambda people: beside(people[0]),
    "two_pairs": lambda people: beside(people[0], 2),
    "three_pairs": lambda people: beside(people[0], 3),
    "below": lambda people: below(people[0], 3),
    "below_wide": lambda people: below(people[0], len(people[0])),
    "header": header,
    "header_numbered": lambda people: header(people, numbered=True),
    "columns": columns,
    "in_cells": lambda people: in_cells(people[0], 1),
    "in_cells_two": lambda people: in_cells(people[0], 2),
    "blocks": lambda people: [row for one in people for row in beside(one, 2)],
}
SEVERAL = frozenset({"header", "header_numbered", "columns", "blocks"})

# --- disturbances ----------------------------------------------------------------------------------------------------

_FOREIGN = (
    ("微信号", "wx_0595"),
    ("身份证号码", ""),
    ("民族", "汉族"),
    ("备注", ""),
    ("政治面貌", "党员"),
    ("邮政编码", "362100"),
)


@dataclass
class Draft:
    """A form on its way to a grid: for each person (key, label, value) in order, and what a correct reading is."""

    form: FormSpec
    layout: str
    people: list[list[tuple[str, str, str]]]
    wanted: list[dict[str, str | bool | None]]
    notes: list[str] = field(default_factory=list)
    titled: bool = True
    group: str = ""

    def each(self, change):
        """Replace every label and value of every person by change(key, label, value)."""
        self.people = [[(key, *change(key, label, value)) for key, label, value in one] for one in self.people]

    def spec(self, key):
        return next((spec for spec in self.form.fields if spec.key == key), None)

    def asked(self):
        return [key for key, _, _ in self.people[0]]


def _spread(draft, draw):
    def change(_key, label, value):
        if len(label) == 2:
            label = draw.choice((f"{label[0]}　{label[1]}", f"{label[0]}    {label[1]}", f"{label[0]}\n{label[1]}"))
        return label, value

    draft.each(change)


def _marked(draft, draw):
    marks = ("*{}", "{}：", "{}（必填）", "{}:", "{}（盖章）")
    if draft.layout.startswith("in_cells"):
        marks = ("*{}", "{}（必填）")
    draft.each(lambda _key, label, value: (draw.choice(marks).format(label), value))


def _aliased(draft, draw):
    names = {spec.key: draw.choice((spec.label, *spec.aliases)) for spec in draft.form.fields}
    draft.each(lambda key, label, value: (names.get(key, label), value))


def _blanks(draft, draw):
    for number, one in enumerate(draft.people):
        gone = set(draw.sample(draft.asked(), draw.randint(1, max(1, len(one) // 2))))
        draft.people[number] = [(key, label, "" if key in gone else value) for key, label, value in one]
        draft.wanted[number].update({key: None for key in gone if key in draft.wanted[number]})


def _nothing(draft, draw):
    optional = {spec.key for spec in draft.form.fields if not spec.required and spec.type is not FieldType.GENDER}

    def change(key, label, value):
        return (label, draw.choice(("无", "/", "—"))) if key in optional else (label, value)

    draft.each(change)
    for wanted in draft.wanted:
        wanted.update({key: None for key in optional if key in wanted})


def _foreign(draft, draw):
    label, value = draw.choice(_FOREIGN)
    at = draw.randint(0, len(draft.people[0]))
    for one in draft.people:
        one.insert(at, (f"foreign {label}", label, value))


def _function(draft, draw):
    text = draw.choice(("联络员", "负责人", "主任"))
    draft.each(lambda key, label, value: (label, text if key == "position" and value else value))
    for wanted in draft.wanted:
        if wanted.get("position") is not None:
            wanted["position"] = text


def _noted(draft, draw):
    draft.notes.append(
        draw.choice((NOTE, "填表说明：本表由各单位填写。", "说明：手机须为本人号码，如有变动请及时告知。"))
    )


def _hints(draft, draw):
    hints = {
        "email": "例：abc@unit.example.com",
        "mobile": "（11位手机号）",
        "fax": "（没有可不填）",
        "name": "（请填写）",
        "address": "请填写详细地址",
    }
    for number, one in enumerate(draft.people):
        chosen = {key for key in hints if key in draft.asked() and draw.random() < 0.5}
        draft.people[number] = [(key, label, hints[key] if key in chosen else value) for key, label, value in one]
        draft.wanted[number].update(dict.fromkeys(chosen))


def _shuffled(draft, draw):
    order = list(range(len(draft.people[0])))
    draw.shuffle(order)
    draft.people = [[one[at] for at in order] for one in draft.people]


def _shorter(draft, draw):
    """Some optional labels are missing from the sender's own form."""
    optional = {spec.key for spec in draft.form.fields if not spec.required}
    gone = {key for key in draft.asked() if key in optional and draw.random() < 0.5}
    draft.people = [[part for part in one if part[0] not in gone] for one in draft.people]
    for wanted in draft.wanted:
        for key in gone:
            wanted.pop(key, None)


def _grouped(draft, _draw):
    draft.group = "基本情况"


def _untitled(draft, _draw):
    draft.titled = False


def _full_width(draft, _draw):
    wide = str.maketrans("0123456789-@.", "０１２３４５６７８９－＠．")
    kinds = {"mobile", "office_phone", "fax", "contact_phone"}
    draft.each(lambda key, label, value: (label, value.translate(wide) if key in kinds else value))


DISTURBANCES = {
    "none": lambda _draft, _draw: None,
    "spread": _spread,
    "marked": _marked,
    "aliased": _aliased,
    "blanks": _blanks,
    "nothing": _nothing,
    "foreign": _foreign,
    "function": _function,
    "noted": _noted,
    "hints": _hints,
    "shuffled": _shuffled,
    "shorter": _shorter,
    "grouped": _grouped,
    "untitled": _untitled,
    "full_width": _full_width,
}


@dataclass(frozen=True)
class Drawn:
    """A document and, for each person in it, what a correct reading is (keys whose label stands there)."""

    document: Document
    form: FormSpec
    wanted: tuple[dict[str, str | bool | None], ...]
    name: str


def case(form: FormSpec, layout: str, disturbances: Iterable[str], seed: int, *, blank: bool = False) -> Drawn:
    """Given a form, a layout and disturbances, return the document of that seed."""
    draw = random.Random(f"{form.id} {layout} {','.join(disturbances)} {seed}")
    count = draw.randint(2, 3) if layout in SEVERAL and form is LIAISON and draw.random() < 0.6 else 1
    written = [person(draw, form) for _ in range(count)]
    if blank:
        written = [dict.fromkeys(one, "") for one in written]
    draft = Draft(
        form,
        layout,
        [[(spec.key, spec.label, one[spec.key]) for spec in form.fields] for one in written],
        [expected(form, one) for one in written],
    )
    for name in disturbances:
        DISTURBANCES[name](draft, draw)
    rows = LAYOUTS[layout]([[(label, value) for _, label, value in one] for one in draft.people])
    if draft.group and layout in {"pairs", "two_pairs", "three_pairs"}:
        rows = [[Box(draft.group, rows=len(rows)), *rows[0]], *rows[1:]]
    width = grid(rows).columns
    rows += [[Box(note, columns=width)] for note in draft.notes]
    blocks: list[Block | str | list[list[Box]]] = []
    where = draw.randrange(3) if draft.titled else 3
    if where == 0:
        blocks += ["附件", form.title]
    elif where == 1:
        rows = [[Box(form.title, columns=width)], *rows]
    elif where == 2:
        blocks += [f"某某区{form.title}"]
    blocks.append(rows)
    if draw.random() < 0.3:
        blocks.append(NOTE)
    return Drawn(document(*blocks), form, tuple(draft.wanted), f"{form.id}/{layout}/{'+'.join(disturbances)}/{seed}")


# --- judging ---------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What came of many cases: values right, wrong without a warning, not given although written, warned about."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    unfounded: list[str] = field(default_factory=list)  # forms that nobody filled in


def same(got: str | bool | None, want: str | bool | None) -> bool:  # noqa: FBT001
    if isinstance(got, str) and isinstance(want, str):
        return got.replace(" ", "") == want.replace(" ", "")
    return got is want if isinstance(got, bool) or isinstance(want, bool) else got == want


def judge(drawn: Drawn, readings: Sequence[FormReading], tally: Tally) -> None:
    """Compare readings with what was written and add to the tally."""
    filled = [reading for reading in readings if not reading.blank]
    wanted = [one for one in drawn.wanted if any(value is not None for value in one.values())]
    for number, reading in enumerate(filled):
        if number >= len(wanted) or reading.form != drawn.form.id:
            (tally.warned if reading.problems else tally.unfounded).append(drawn.name)
            continue
        _judge_one(drawn, reading, wanted[number], tally)
    tally.missing.extend(f"{drawn.name}: person {number}" for number in range(len(filled), len(wanted)))


def _judge_one(drawn: Drawn, reading: FormReading, wanted: dict[str, str | bool | None], tally: Tally) -> None:
    for key, want in wanted.items():
        found = reading.field(key)
        got = found.value if found is not None else None
        warned = bool(reading.problems) or (found is not None and found.problem is not None)
        where = f"{drawn.name}: {key} {got!r}, want {want!r}"
        if same(got, want):
            tally.right += 1
            missing = found is not None and found.problem is not None and found.problem.code is ProblemCode.MISSING
            if warned and not missing:
                tally.warned.append(where)
        elif warned:
            tally.warned.append(where)
        elif got is None:
            tally.missing.append(where)
        else:
            tally.wrong.append(where)
    for found in reading.fields:
        if found.key not in wanted and found.value is not None and found.problem is None and not reading.problems:
            tally.wrong.append(f"{drawn.name}: {found.key} {found.value!r} from nowhere")
