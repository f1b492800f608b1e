"""A correct form in which one thing is damaged, with the truth that holds then.

In: a plain `generate.Case`. Out: the damaged case, or None where this damage does not apply. The truth of a damaged field
is what stands in the document if that can be a value of its type, else nothing: then somebody has to be asked.
Must not: look at what the program makes of it.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from parsers.forms import FieldType
from tests.understanding import page
from tests.understanding.damage import (
    NUMBERS,
    Damage,
    as_value_of,
    entries_given,
    is_required,
    pick,
    type_of,
    when_gone,
    with_changes,
    with_text,
)
from tests.understanding.faults import ASK, NOTHING, Want, maybe
from tests.understanding.generate import ROSTER, Case, Entry, person, truth
from tests.understanding.mishaps import MERGED, MISHAPS
from tests.understanding.page import Ink

_ADDRESS = re.compile(r"[a-z][a-z0-9]*@[a-z]+(\.[a-z]+)+")


def _on_value(change: Callable[[str, random.Random], tuple[str, Want] | None], *kinds: FieldType) -> Damage:
    def damage(case: Case, draw: random.Random) -> Case | None:
        entry = pick(case, draw, *kinds)
        made = change(entry.ink.text, draw) if entry is not None else None
        return with_text(case, entry, *made) if entry is not None and made is not None else None

    return damage


def _cut_digit(text: str, draw: random.Random) -> tuple[str, Want]:
    digits = [at for at, one in enumerate(text) if one.isdigit()]
    at = draw.choice(digits[4:])  # an area code cut short would still be asked about; the number's own digits matter
    return text[:at] + text[at + 1 :], ASK


def _add_digit(text: str, draw: random.Random) -> tuple[str, Want]:
    at = draw.randrange(5, len(text) + 1)
    return text[:at] + str(draw.randrange(10)) + text[at:], ASK


def _letter_for_digit(text: str, draw: random.Random) -> tuple[str, Want] | None:
    digit, letter = draw.choice((("0", "O"), ("1", "l"), ("0", "o"), ("1", "I")))
    head, rest = text[:2], text[2:]  # O595-2739… is still the area code
    return (head + rest.replace(digit, letter, 1), ASK) if digit in rest else None


def _drop_character(text: str, draw: random.Random) -> tuple[str, Want]:
    at = draw.randrange(len(text))
    made = text[:at] + text[at + 1 :]
    return made, maybe(made) if _ADDRESS.fullmatch(made) and not made.endswith((".om", ".cm", ".co")) else ASK


def _second_mobile(text: str, draw: random.Random) -> tuple[str, Want]:
    other, sign = f"15{draw.randrange(10)}0596{draw.randrange(10_000):04d}", draw.choice((" ", "/", "、", "；", ""))
    return f"{text}{sign}{other}", maybe(f"{text}/{other}") if sign in {"/", "、", "；"} else ASK


def _second_person(text: str, draw: random.Random) -> tuple[str, Want]:
    return f"{text}{draw.choice((' ', '、', '/', '，', '和', '；'))}周小满", ASK


def _second_address(text: str, draw: random.Random) -> tuple[str, Want]:
    other = "two@unit.example.com"
    return f"{text}{draw.choice((' ', '、', '/', ';'))}{other}", maybe(f"{text}/{other}")


def _break_line(case: Case, draw: random.Random) -> Case | None:
    entry = pick(case, draw)
    if entry is None or len(entry.ink.text) < 2 or case.container in page.LINES:
        return None
    at = draw.randrange(1, len(entry.ink.text))
    text = entry.ink.text[:at] + "\n" + entry.ink.text[at:]
    own = case.sheets[0].wants[0][entry.key]
    values = (*own.values, text) if type_of(case, entry.key) is FieldType.TEXT else own.values
    return with_text(case, entry, text, Want(values))


def _tick(text_of: str, *, unticked: bool = False) -> Damage:
    def damage(case: Case, draw: random.Random) -> Case | None:
        entry = pick(case, draw, FieldType.GENDER, FieldType.YESNO)
        if entry is None:
            return None
        gender = type_of(case, entry.key) is FieldType.GENDER
        first, second = ("男", "女") if gender else ("是", "否")
        want = NOTHING if unticked and gender else ASK
        return with_text(case, entry, text_of.format(first, second), want)

    return damage


def _swap(case: Case, draw: random.Random) -> Case | None:
    """Two neighbors exchange their values: truth is what stands there now."""
    entries = entries_given(case)
    if len(entries) < 2:
        return None
    at = draw.randrange(len(entries) - 1)
    return _exchanged(case, entries[at], entries[at + 1])


def _swap_any(case: Case, draw: random.Random) -> Case | None:
    entries = entries_given(case)
    return _exchanged(case, *draw.sample(entries, 2)) if len(entries) > 1 else None


def _exchanged(case: Case, left: Entry, right: Entry) -> Case:
    changed = {left.key: replace(left, ink=right.ink), right.key: replace(right, ink=left.ink)}
    wants = {entry.key: as_value_of(case, entry.key, other) for entry, other in ((left, right), (right, left))}
    return with_changes(case, changed, wants)


def _shift(case: Case, _draw: random.Random) -> Case | None:
    """All values slip down by one label: the last falls out."""
    entries = case.sheets[0].people[0]
    changed, wants = {}, {}
    for before, entry in zip((None, *entries[:-1]), entries, strict=True):
        ink = before.ink if before is not None else Ink()
        changed[entry.key] = replace(entry, ink=ink)
        if ink.text in {"", "无", "/", "—"}:
            wants[entry.key] = when_gone(case, entry.key)
        else:
            assert before is not None
            wants[entry.key] = as_value_of(case, entry.key, before)
    return with_changes(case, changed, wants)


def _move_to_label(case: Case, draw: random.Random) -> Case | None:
    """The value stands under another label, whose own value is gone."""
    entries = entries_given(case)
    if len(entries) < 2:
        return None
    source, target = draw.sample(entries, 2)
    changed = {source.key: replace(source, ink=Ink()), target.key: replace(target, ink=source.ink)}
    return with_changes(
        case, changed, {source.key: when_gone(case, source.key), target.key: as_value_of(case, target.key, source)}
    )


def _with_entries(case: Case, entries: tuple[Entry, ...], wants: Mapping[str, Want]) -> Case:
    sheet = case.sheets[0]
    changed = replace(sheet, people=(entries,), wants=({**sheet.wants[0], **wants},))
    return replace(case, sheets=(changed,))


def _duplicate(case: Case, draw: random.Random) -> Case | None:
    entry = pick(case, draw)
    if entry is None:
        return None
    entries = case.sheets[0].people[0]
    at = draw.choice((entries.index(entry) + 1, len(entries)))
    own = case.sheets[0].wants[0][entry.key]
    return _with_entries(case, (*entries[:at], entry, *entries[at:]), {entry.key: Want(own.values)})


def _duplicate_differing(case: Case, draw: random.Random) -> Case | None:
    """A second row with the same label and another value."""
    entry = pick(case, draw, FieldType.MOBILE, FieldType.PERSON, FieldType.EMAIL, FieldType.PHONE, FieldType.POSITION)
    if entry is None:
        return None
    entries = case.sheets[0].people[0]
    others = person(draw, case.sheets[0].form, case.sheets[0].unit)
    if others[entry.key] == entry.ink.text:
        return None
    at = draw.choice((entries.index(entry) + 1, len(entries)))
    again = replace(entry, ink=Ink(others[entry.key]))
    return _with_entries(case, (*entries[:at], again, *entries[at:]), {entry.key: ASK})


def _delete_label(case: Case, draw: random.Random) -> Case | None:
    entry = pick(case, draw)
    if entry is None or case.sheets[0].layout.startswith(("lines", "in_cells")):
        return None
    own = case.sheets[0].wants[0][entry.key]
    return with_changes(case, {entry.key: replace(entry, label="")}, {entry.key: Want(own.values)})


def _other_label(case: Case, draw: random.Random) -> Case | None:
    """A label is overwritten by that of another field: two values stand under one label, none under the other."""
    entries = entries_given(case)
    if len(entries) < 2:
        return None
    first, second = draw.sample(entries, 2)
    own = case.sheets[0].wants[0][second.key]
    rival = bool(as_value_of(case, second.key, first).values) and first.ink != second.ink
    if case.sheets[0].layout == "unit_above" and type_of(case, first.key) is FieldType.UNIT:
        rival = False  # a unit's name in the line above the table, 职务 | 科员 within: what stands in the table holds
    wants = {first.key: when_gone(case, first.key), second.key: ASK if rival else Want(own.values)}
    return with_changes(case, {first.key: replace(first, label=second.label)}, wants)


def _strike(case: Case, draw: random.Random) -> Case | None:
    entry = pick(case, draw)
    if entry is None or case.container not in page.MARKED:
        return None
    struck = replace(entry, ink=Ink("", struck=entry.ink.text))
    return with_changes(case, {entry.key: struck}, {entry.key: when_gone(case, entry.key)})


def _strike_and_write(case: Case, draw: random.Random) -> Case | None:
    """The value is struck out and another one stands behind it."""
    entry = pick(case, draw, FieldType.MOBILE, FieldType.PERSON, FieldType.EMAIL, FieldType.PHONE)
    if entry is None or case.container not in page.MARKED:
        return None
    text = person(draw, case.sheets[0].form, case.sheets[0].unit)[entry.key]
    how = "deleted" if case.container in page.TRACKED and draw.random() < 0.5 else "struck"
    ink = Ink(text, **{how: entry.ink.text})
    return with_changes(case, {entry.key: replace(entry, ink=ink)}, {entry.key: maybe(text)})


def _add_person(case: Case, draw: random.Random) -> Case | None:
    sheet = case.sheets[0]
    if sheet.layout not in {"header", "header_numbered", "columns", "blocks", "lines"}:
        return None
    unit = next(entry.ink.text for entry in sheet.people[0] if entry.key == "unit")
    values = person(draw, sheet.form, unit)
    second = tuple(replace(entry, ink=Ink(values[entry.key])) for entry in sheet.people[0])
    wants = {spec.key: truth(spec, values[spec.key], sheet.unit) for spec in sheet.form.fields}
    if wants.get("has_program") == Want((False,), plain=True):
        wants["program_summary"] = NOTHING
    several = replace(
        sheet,
        people=(sheet.people[0], second),
        wants=tuple({key: Want(want.values) for key, want in one.items()} for one in (sheet.wants[0], wants)),
    )
    return replace(case, sheets=(several,))


def _merge_unit(case: Case, draw: random.Random) -> Case | None:
    """A second person, and one unit's cell that is merged over both rows."""
    if case.container not in page.MERGED or not case.sheets[0].layout.startswith("header"):
        return None
    made = _add_person(case, draw)
    return replace(made, moves=(("unit", MERGED),)) if made is not None else None


def _charset(case: Case, draw: random.Random) -> Case | None:
    """A text container claims another charset than it is written in."""
    if case.container in {"csv", "tabs", "txt"}:
        charset = draw.choice(("gb18030", "utf-16", "big5", "utf-8-sig"))
        return _encodable(replace(case, charset=charset))
    if case.container in {"html", "body_html", "body_text"}:
        pairs = (
            ("gb18030", "utf-8"),
            ("utf-8", "gbk"),
            ("gb18030", "big5"),
            ("utf-8", "iso-8859-1"),
            ("gb18030", "us-ascii"),
        )
        charset, declared = draw.choice(pairs)
        return replace(case, charset=charset, declared=declared)
    return None


def _encodable(case: Case) -> Case | None:
    try:
        for entry in case.sheets[0].people[0]:
            (entry.label + entry.ink.text + case.sheets[0].title).encode(case.charset)
    except UnicodeEncodeError:
        return None
    return with_changes(case, {}, {key: Want(want.values) for key, want in case.sheets[0].wants[0].items()})


def _instead(text: str) -> Damage:
    """无, 同上 … instead of a value."""

    def damage(case: Case, draw: random.Random) -> Case | None:
        kinds = (FieldType.MOBILE, FieldType.PERSON, FieldType.EMAIL, FieldType.PHONE, FieldType.POSITION)
        entry = pick(case, draw, *kinds)
        if entry is None:
            return None
        return with_text(case, entry, text, ASK if is_required(case, entry.key) else NOTHING)

    return damage


def _typo_in_label(case: Case, draw: random.Random) -> Case | None:
    entry = pick(case, draw)
    if entry is None:
        return None
    at = draw.randrange(len(entry.label))
    label = entry.label[:at] + draw.choice("的口区本号") + entry.label[at + 1 :]
    own = case.sheets[0].wants[0][entry.key]
    return with_changes(case, {entry.key: replace(entry, label=label)}, {entry.key: Want(own.values)})


def _foreign_unit(case: Case, draw: random.Random) -> Case | None:
    entry = next(entry for entry in case.sheets[0].people[0] if entry.key == "unit")
    name = draw.choice(("惠安县财政局", "泉州市交通运输局", "洛江区总工会", "云台实验小学", "某某有限公司"))
    return with_text(case, entry, name, ASK)


def _typo_in_unit(case: Case, draw: random.Random) -> Case | None:
    entry = next(entry for entry in case.sheets[0].people[0] if entry.key == "unit")
    if not entry.ink.text:
        return None
    at = draw.randrange(len(entry.ink.text))
    text = entry.ink.text[:at] + draw.choice("的口县本号") + entry.ink.text[at + 1 :]
    made = with_text(case, entry, text, maybe(text, case.sheets[0].unit))
    certain = [unit.name for unit in ROSTER.units if text in (unit.name, *unit.aliases)]
    return None if certain else made


DAMAGES: Mapping[str, Damage] = {
    **MISHAPS,
    "cut a digit": _on_value(_cut_digit, *NUMBERS),
    "add a digit": _on_value(_add_digit, *NUMBERS),
    "a letter for a digit": _on_value(_letter_for_digit, *NUMBERS),
    "drop a character of an e-mail": _on_value(_drop_character, FieldType.EMAIL),
    "a second mobile in the cell": _on_value(_second_mobile, FieldType.MOBILE),
    "a second name in the cell": _on_value(_second_person, FieldType.PERSON),
    "a second e-mail in the cell": _on_value(_second_address, FieldType.EMAIL),
    "break a value over two lines": _break_line,
    "tick both boxes": _tick("☑{} ☑{}"),
    "tick both with √": _tick("√{}　√{}"),
    "tick no box": _tick("□{} □{}", unticked=True),
    "swap two neighbors' values": _swap,
    "swap any two values": _swap_any,
    "shift all values by one": _shift,
    "move a value under another label": _move_to_label,
    "duplicate a row": _duplicate,
    "a second row with another value": _duplicate_differing,
    "delete a label": _delete_label,
    "overwrite a label by another": _other_label,
    "a typo in a label": _typo_in_label,
    "strike out a value": _strike,
    "strike out and write anew": _strike_and_write,
    "add a second person": _add_person,
    "a second person and one cell for their unit": _merge_unit,
    "another charset": _charset,
    "无 for a value": _instead("无"),
    "同上 for a value": _instead("同上"),
    "a unit that is not ours": _foreign_unit,
    "a typo in the unit": _typo_in_unit,
}


def damaged(case: Case, kind: str, seed: str) -> Case | None:
    """Given a plain case with one person and a kind of damage, return the damaged case, or None if it can't be done."""
    return DAMAGES[kind](case, random.Random(f"{seed} {kind}"))


_NUMBER_DIGITS = 7
_WHOLE = frozenset({"add a second person", "a second person and one cell for their unit", "another charset"})


def damaged_twice(case: Case, first: str, second: str, seed: str) -> Case | None:
    """Given a plain case and two kinds of damage, return the case with both, None if they can't stand side by side.

    They must not touch the same field: a digit cut off and another added is a number that nobody can tell from a right one.
    Only the first is one of a single entry's, so that the truth of the second is made from what the first has left.
    """
    if first in MISHAPS or first in _WHOLE or case.moves:
        return None
    once = damaged(case, first, f"{seed} first")
    try:
        twice = damaged(once, second, f"{seed} second") if once is not None and once != case else None
    except (ValueError, IndexError):  # 女 where the first has left no number: there is no digit to cut
        return None
    if once is None or twice is None or twice == once or _touched(case, once) & _touched(once, twice):
        return None
    spoilt = [entry.ink.text for entry in once.sheets[0].people[0] if entry not in case.sheets[0].people[0]]
    if twice.also is not None and not all(sum(map(str.isdigit, text)) >= _NUMBER_DIGITS for text in spoilt):
        return None  # 同上 in one file and a number in the other: the number may hold
    return twice


def _touched(before: Case, after: Case) -> frozenset[str]:
    """Return the keys of the fields in which two cases differ: a label, what is written, where, or what is true."""
    one, other = before.sheets[0], after.sheets[0]
    marks = [
        {key: [(entry.label, entry.ink) for entry in sheet.people[0] if entry.key == key] for key in sheet.wants[0]}
        for sheet in (one, other)
    ]
    changed = {
        key
        for key, want in one.wants[0].items()
        if marks[0][key] != marks[1][key] or want.values != other.wants[0][key].values
    }
    order = [[entry.key for entry in sheet.people[0]] for sheet in (one, other)]
    again = {key for key in order[1] if order[1].count(key) != order[0].count(key)}
    return frozenset(changed | again | {key for key, _ in set(after.moves) - set(before.moves)})
