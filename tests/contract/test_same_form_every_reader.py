"""The same filled form through every reader gives the same fields: 36 forms, in all layouts, in all containers."""

import random

import pytest

from parsers.parse import parse_document
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE, REGISTRATION, expected, person, same
from tests.builders.layouts import LAYOUTS
from tests.builders.rendering import CONTAINERS, render, suffix
from tests.contract.producers import filled_forms

FILLED = filled_forms(36)  # each of the seven layouts has both forms


def spaced(label: str) -> str:
    """A label of two characters as Word users stretch it to the width of the others."""
    return f"{label[0]}　{label[1]}" if len(label) == 2 else label


def readings(data: bytes, container: str):
    found = parse_document(data, name=f"表{suffix(container)}", declared_type="", forms=FORMS, area_code=AREA_CODE)
    assert found.failure is None
    return found.forms


def agrees(reading, form, written) -> list[str]:
    wrong = []
    for key, want in expected(form, written).items():
        field = reading.field(key)
        got = field.value if field is not None else None
        if not same(got, want):
            wrong.append(f"{key}: {got!r}, want {want!r}")
        if field is not None and field.problem is not None:
            wrong.append(f"{key}: {field.problem.code}")
    return wrong


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_form_is_read_alike(container):
    wrong = []
    for number, one in enumerate(FILLED):
        stretched = number // 2 % 2 == 1
        rows = tuple((spaced(label) if stretched else label, value) for label, value in one.rows)
        found = readings(render(container, one.form.title, rows, one.layout, below=(NOTE,)), container)
        if len(found) != 1 or found[0].form != one.form.id:
            wrong.append(f"{one.form.id} {one.name}: {[(form.form, form.blank) for form in found]}")
            continue
        faults = [*agrees(found[0], one.form, dict(one.written)), *(problem.code for problem in found[0].problems)]
        wrong += [f"{one.form.id} {one.name} {one.layout}: {fault}" for fault in faults]
    assert wrong == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_three_people_are_three_in_every_container(container, layout):
    if container in ("tabs", "csv") and layout == "two_pairs":
        container = "html"  # nine labels in pairs leave a hole where columns can't be merged
    sent = [person(random.Random(f"three {number}"), LIAISON) for number in range(3)]
    tables = [tuple((spec.label, one[spec.key]) for spec in LIAISON.fields) for one in sent]
    found = readings(render(container, LIAISON.title, tables[0], layout, more=tables[1:]), container)
    assert [agrees(reading, LIAISON, one) for reading, one in zip(found, sent, strict=True)] == [[], [], []]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("form", [LIAISON, REGISTRATION], ids=lambda form: form.id)
def test_the_empty_template_is_blank_in_every_container(container, layout, form):
    rows = tuple((spec.label, "") for spec in form.fields)
    (reading,) = readings(render(container, form.title, rows, layout, below=(NOTE,)), container)
    assert reading.blank
    assert reading.form == form.id
    assert all(field.value is None for field in reading.fields)


@pytest.mark.parametrize("container", [one for one in CONTAINERS if one != "csv"])
def test_the_unit_above_the_table_is_found_in_every_container(container):
    written = person(random.Random("unit above"), LIAISON)
    rows = tuple((spec.label, written[spec.key]) for spec in LIAISON.fields if spec.key != "unit")
    above = (f"填报单位：{written['unit']}",)
    found = readings(render(container, LIAISON.title, rows, above=above), container)
    assert [agrees(reading, LIAISON, written) for reading in found] == [[]]
