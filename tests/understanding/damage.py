"""The tools of `mutate` and `mishaps`: a correct form with one entry changed, and what holds then.

In: a plain `generate.Case`. Out: the case with other entries and another truth. Must not: choose what is damaged.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from parsers.forms import FieldType
from tests.understanding.faults import ASK, NOTHING, Want, maybe
from tests.understanding.generate import Case, Entry
from tests.understanding.page import Ink

Damage = Callable[[Case, random.Random], Case | None]

NUMBERS = frozenset({FieldType.MOBILE, FieldType.PHONE})
FREE = frozenset({FieldType.POSITION, FieldType.ADDRESS, FieldType.TEXT})  # whatever stands there may be meant


def type_of(case: Case, key: str) -> FieldType:
    return next(spec.type for spec in case.sheets[0].form.fields if spec.key == key)


def is_required(case: Case, key: str) -> bool:
    return next(spec.required for spec in case.sheets[0].form.fields if spec.key == key)


def entries_given(case: Case, *kinds: FieldType) -> list[Entry]:
    """The entries that hold a value (of these kinds)."""
    found = [entry for entry in case.sheets[0].people[0] if entry.ink.text not in {"", "无", "/", "—"}]
    return [entry for entry in found if not kinds or type_of(case, entry.key) in kinds]


def when_gone(case: Case, key: str) -> Want:
    """What holds for a field under whose label nothing stands; the unit may be told by the mail."""
    if type_of(case, key) is FieldType.UNIT:
        return Want((None, case.sheets[0].unit))
    if key == "program_summary" and case.sheets[0].wants[0]["has_program"].values == (True,):
        return ASK
    return ASK if is_required(case, key) else NOTHING


def with_changes(case: Case, entries: Mapping[str, Entry], wants: Mapping[str, Want]) -> Case:
    sheet = case.sheets[0]
    people = tuple(entries.get(entry.key, entry) for entry in sheet.people[0])
    unit = sheet.unit
    if "unit" in wants and not wants["unit"].values:
        unit = ""
    changed = replace(sheet, people=(people,), wants=({**sheet.wants[0], **wants},), unit=unit)
    return replace(case, sheets=(changed,))


def with_text(case: Case, entry: Entry, text: str, want: Want) -> Case:
    return with_changes(case, {entry.key: replace(entry, ink=Ink(text))}, {entry.key: want})


def pick(case: Case, draw: random.Random, *kinds: FieldType) -> Entry | None:
    found = entries_given(case, *kinds)
    return draw.choice(found) if found else None


def as_value_of(case: Case, key: str, other: Entry) -> Want:
    """What another field's value is worth under this label."""
    kind, source, text = type_of(case, key), type_of(case, other.key), other.ink.text
    alike = kind is source or (kind is FieldType.PHONE and source is FieldType.MOBILE)
    if kind is FieldType.MOBILE and source in NUMBERS:
        alike = text.startswith("1")
    if kind is FieldType.TEXT:
        return maybe(text)
    if kind in FREE and source not in NUMBERS | {FieldType.EMAIL, FieldType.GENDER, FieldType.YESNO}:
        return maybe(text)
    return maybe(text) if alike else ASK
