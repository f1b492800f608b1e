"""One invented mail with filled forms, and what a right reading of it is: containers × layouts × wordings × faults.

In: a seed. Out: `Case`: the forms as they are written (so that `mutate` can damage one thing), their truth, and the
classes the case counts for. `layouts.blocks` lays them out, `judge` reads and judges. Truth is fixed when a value is
drawn and never looks at the program. People, units and numbers are invented.
"""

import random
from dataclasses import dataclass, replace

from intake.config import example_path, load
from intake.roster import Roster
from parsers.forms import FieldSpec, FieldType, FormSpec
from tests.builders import rosters
from tests.understanding import page
from tests.understanding.faults import ASK, KINDS, NOTHING, Fault, Want, plain
from tests.understanding.page import Ink

SETTINGS = load(example_path(), environment={}, need_password=False)
REGISTRATION, LIAISON = (collection.form for collection in SETTINGS.campaign.collections[:2])
ROSTER = Roster(
    tuple(
        replace(unit, addresses=(f"unit{number}@yuntai.example.com",))
        for number, unit in enumerate(rosters.district().units, start=1)
    ),
    rosters.REGION,
)

_SURNAMES = "林陈黄张吴李王郑蔡许庄苏曾谢杨"
_GIVEN = ("志明", "晓云", "建国", "美玲", "涛", "文斌", "雅琴", "子涵", "军", "淑贞", "天佑", "思敏")
_POSITIONS = ("科员", "办公室主任", "副镇长", "安监站站长", "一级主任科员", "安全员", "工作人员", "综合科副科长")
_ADDRESSES = ("白沙镇中山路12号政府大院", "云台大街36号", "滨海大道一号行政中心3楼", "海丰路88号A座1203室")
_PROGRAMS = ("小品《安全回家》，约8分钟", "歌伴舞《平安颂》", "三句半《说安全》，4人，5分钟", "消防器材展示")

GRIDS = (
    "pairs",
    "two_pairs",
    "three_pairs",
    "below",
    "below_wide",
    "header",
    "header_numbered",
    "columns",
    "in_cells",
    "in_cells_two",
    "blocks",
    "grouped",
    "nested",
    "vertical",
    "unit_above",
    "split",
    "sections",
    "two_level",
    "spilled",
    "merged_values",
)
ROLES = ("roles_beside", "roles_heading", "roles_column", "roles_in_labels")
SEVERAL = frozenset({"header", "header_numbered", "columns", "blocks"})
_SPANS_ROWS = frozenset({"grouped", "roles_beside"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One label with what is written for it. `key` is a field of the form, or "" for a foreign label."""

    key: str
    label: str
    ink: Ink


@dataclass(frozen=True, slots=True)
class Filled:
    """One form in a document: the people in it, each with its truth (keys whose label or value stands there)."""

    form: FormSpec
    title: str
    layout: str
    people: tuple[tuple[Entry, ...], ...]
    wants: tuple[dict[str, Want], ...]
    unit: str  # of the roster, or "" if nobody can tell
    decor: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One mail. `classes` are pairs of dimension and class for the table."""

    container: str
    sheets: tuple[Filled, ...]
    sender: str
    subject: str
    file: str
    seed: str
    classes: tuple[tuple[str, str], ...]
    charset: str = "utf-8"
    declared: str = ""
    moves: tuple[tuple[str, int], ...] = ()  # of `mishaps`: the cell of a value that is put elsewhere
    text: str = "您好，见附件，请查收。"  # of the mail, where the form is a file
    also: "Case | None" = None  # a second file in the mail; its truth does not count
    hidden: "Case | None" = None  # what stands in a hidden sheet of the workbook; nothing of it counts


def person(draw: random.Random, form: FormSpec, unit: str) -> dict[str, str]:
    """Return what one invented sender gives, plainly written."""
    name = draw.choice(_SURNAMES) + draw.choice(_GIVEN)
    mobile = f"13{draw.randrange(10)}0595{draw.randrange(10_000):04d}"
    if form.id == "registration":
        given = draw.random() < 0.6
        return {
            "unit": unit,
            "has_program": "是" if given else "否",
            "program_summary": draw.choice(_PROGRAMS) if given else "无",
            "contact_name": name,
            "contact_phone": draw.choice((mobile, f"0595-2739{draw.randrange(10_000):04d}")),
        }
    return {
        "name": name,
        "gender": draw.choice("男女"),
        "position": draw.choice(_POSITIONS),
        "office_phone": f"0595-2739{draw.randrange(10_000):04d}",
        "mobile": mobile,
        "fax": f"0595-8736{draw.randrange(10_000):04d}",
        "email": f"user{draw.randrange(1000)}@unit.example.com",
        "unit": unit,
        "address": draw.choice(_ADDRESSES),
    }


def truth(spec: FieldSpec, text: str, unit: str) -> Want:
    """Given a plainly written value, return what may be stored."""
    if spec.type is FieldType.YESNO:
        return plain(text == "是")
    if spec.type is FieldType.UNIT:
        return Want((text, unit), plain=True)
    if text in {"", "无", "/", "—"}:
        return ASK if spec.required else NOTHING
    return plain(text)


def case(seed: str, *, faulty: bool = True) -> Case:
    """Given a seed, return the case. Without `faulty` every value is plain and nothing stands around that misleads."""
    draw = random.Random(seed)
    container = draw.choice(page.CONTAINERS)
    form = REGISTRATION if draw.random() < 0.35 else LIAISON
    unit = draw.choice(ROSTER.units)
    name = draw.choice((unit.name, *unit.aliases)) if draw.random() < 0.4 else unit.name
    classes: list[tuple[str, str]] = [("container", container)]
    first = _filled(draw, form, container, name, unit.name, classes, faulty=faulty)
    sheets = [first]
    if faulty and draw.random() < 0.05 and first.layout not in ROLES:
        other = REGISTRATION if form.id == "liaison" else LIAISON
        layout = "lines" if container in page.LINES else draw.choice(("pairs", "two_pairs"))
        sheets.append(_plain(draw, other, layout, name, unit.name))
        classes.append(("around", "two forms in one file"))
    registered = draw.random() < 0.6
    sender = f"林小满 <{unit.addresses[0] if registered else 'someone@mail.example.net'}>"
    subject = draw.choice(("反馈表", first.title, f"{unit.name}{first.title}", "材料"))
    file = draw.choice(("附件2", "新建文件", f"{unit.name}", first.title[-8:], "表"))
    return Case(container, tuple(sheets), sender, subject, file, seed, tuple(classes))


def _plain(draw: random.Random, form: FormSpec, layout: str, name: str, unit: str) -> Filled:
    values = person(draw, form, name)
    entries = tuple(Entry(spec.key, spec.label, Ink(values[spec.key])) for spec in form.fields)
    wants = {spec.key: truth(spec, values[spec.key], unit) for spec in form.fields}
    return Filled(form, _title(draw, form), layout, (entries,), (wants,), unit)


def _title(draw: random.Random, form: FormSpec) -> str:
    return draw.choice((form.title, f"示例区{form.titles[0]}", form.titles[0]))


def _filled(
    draw: random.Random,
    form: FormSpec,
    container: str,
    name: str,
    unit: str,
    classes: list[tuple[str, str]],
    *,
    faulty: bool,
) -> Filled:
    layout = _layout(draw, container, form, faulty=faulty)
    classes.append(("layout", layout))
    count = draw.randint(2, 3) if layout in SEVERAL and form.id == "liaison" and draw.random() < 0.4 and faulty else 1
    if count > 1:
        classes.append(("around", "several people"))
    people, wants = [], []
    for _ in range(count):
        values = person(draw, form, name)
        for spec in form.fields:
            optional = not spec.required and spec.required_when is None
            if optional and draw.random() < 0.15:
                values[spec.key] = draw.choice(("", "无", "/"))
        people.append([Entry(spec.key, spec.label, Ink(values[spec.key])) for spec in form.fields])
        wants.append({spec.key: truth(spec, values[spec.key], unit) for spec in form.fields})
    if form.id == "registration" and wants[0]["has_program"] == plain(False):
        wants[0]["program_summary"] = NOTHING
    if faulty and draw.random() < 0.7:
        at = draw.randrange(count)
        label = _fault(draw, form, container, people[at], wants[at])
        if label.endswith(": ditto") and at:
            _resolve(people[at - 1], people[at], wants[at - 1], wants[at])
        classes.append(("value", label))
        if label.startswith("unit:"):
            unit = unit if wants[at]["unit"].values else ""
            if wants[at]["unit"].values == (None,):
                wants[at]["unit"] = Want((None, unit))
    if layout == "lines_prose":  # the full stop of the sentence may stay with the last value
        last = form.fields[-1].key
        ends = tuple(f"{value}。" for value in wants[0][last].values if isinstance(value, str))
        wants[0][last] = replace(wants[0][last], values=(*wants[0][last].values, *ends))
    wording = draw.choice(_WORDINGS[: None if faulty else 3])
    classes.append(("wording", wording))
    people = [_worded(draw, wording, layout, form, one) for one in people]
    decor = _decor(draw, layout, container) if faulty else ()
    classes.extend(("around", one) for one in decor or ("nothing",))
    return Filled(form, _title(draw, form), layout, tuple(map(tuple, people)), tuple(wants), unit, decor)


def _resolve(above: list[Entry], entries: list[Entry], given: dict[str, Want], wants: dict[str, Want]) -> None:
    """同上 of the second person of a list is what stands there for the first."""
    for entry, former in zip(entries, above, strict=True):
        if entry.ink.text == "同上":
            wants[entry.key] = Want((*wants[entry.key].values, *given[former.key].values))


def _layout(draw: random.Random, container: str, form: FormSpec, *, faulty: bool) -> str:
    if container in page.LINES:
        return draw.choice(
            ("lines", "lines", "lines_two", "lines_numbered", "lines_bare", "lines_cells", "lines_prose")
        )
    choices = [*GRIDS, *(("lines",) if container in {"docx", "html", "body_html"} else ())]
    if faulty and form.id == "liaison":
        choices += ROLES[:2] if draw.random() < 0.5 else ROLES[2:]
    if container not in page.MERGED:
        choices = [one for one in choices if one not in _SPANS_ROWS]
    if container not in page.NESTED:
        choices.remove("nested")
    return draw.choice(choices)


def _fault(draw: random.Random, form: FormSpec, container: str, entries: list[Entry], wants: dict[str, Want]) -> str:
    """Write one value in a faulty way; return its class."""
    shows = {
        "marks": container in page.MARKED,
        "tracking": container in page.TRACKED,
        "numbers": container == "xlsx",
        "": True,
    }
    while True:
        at = draw.randrange(len(entries))
        entry = entries[at]
        spec = next(spec for spec in form.fields if spec.key == entry.key)
        kind = spec.type.value
        if kind == "phone" and entry.ink.text.startswith("1"):
            kind = "mobile"
        if kind not in KINDS or entry.ink.text in {"", "无", "/"}:
            continue
        name = draw.choice(list(KINDS[kind]))
        fault: Fault = KINDS[kind][name](entry.ink.text, draw)
        if not shows[fault.needs] or (container in page.LINES and "\n" in fault.ink.text):
            continue
        if spec.type is FieldType.PHONE and "landline" in name:
            continue
        want = fault.want
        if spec.required and want in (NOTHING, Want((None,))) and spec.type is not FieldType.UNIT:
            want = ASK
        entries[at] = replace(entry, ink=fault.ink)
        wants[entry.key] = want
        return f"{kind}: {name}"


_WORDINGS = ("own", "own", "alias", "alias", "spaced", "colon", "star", "required", "bracketed", "short", "misspelt")
_MISSPELT = {
    "电子邮箱": "电子邮厢",
    "通信地址": "通迅地址",
    "办公电话": "办公电活",
    "单位名称": "单位名成",
    "现场是否提供节目": "现场是否提供节日",
    "联系方式": "联系方试",
}


def _worded(draw: random.Random, wording: str, layout: str, form: FormSpec, entries: list[Entry]) -> list[Entry]:
    closed = layout.startswith(("in_cells", "lines"))
    aliases = {spec.key: spec.aliases for spec in form.fields}
    chosen = draw.choice(list(_MISSPELT))

    def word(entry: Entry) -> str:
        label = entry.label
        if wording == "alias":
            return draw.choice((label, *aliases[entry.key]))
        if wording == "spaced" and len(label) == 2:
            return label[0] + draw.choice(("　", "  ", " ")) + label[1]
        if wording == "colon" and not closed:
            return f"{label}："
        if wording == "star":
            return f"*{label}"
        if wording == "required":
            return f"{label}（必填）"
        if wording == "bracketed" and entry.key in {"unit", "mobile"}:
            return f"{label}（盖章）" if entry.key == "unit" else f"{label}（11位）"
        if wording == "short":
            return {"电子邮箱": "邮箱", "通信地址": "地址", "办公电话": "座机", "单位名称": "单位"}.get(label, label)
        if wording == "misspelt" and label == chosen:
            return _MISSPELT[label]
        return label

    return [replace(entry, label=word(entry)) for entry in entries]


_AROUND = ("note", "cover", "sign-off", "foreign labels", "title in table", "untitled")
_LIST_AROUND = ("example row", "total row")


def _decor(draw: random.Random, layout: str, container: str) -> tuple[str, ...]:
    choices = [*_AROUND, "example table", "note in table", "empty rows"]
    if layout in {"header", "header_numbered"}:
        choices += [*_LIST_AROUND, *_LIST_AROUND]
    if container in page.LINES:
        choices = ["note", "cover", "sign-off", "foreign labels", "untitled", "signature"]
    return tuple(dict.fromkeys(draw.sample(choices, draw.choice((0, 0, 1, 1, 2)))))
