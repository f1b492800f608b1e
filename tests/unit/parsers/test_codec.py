"""Frozen values go to JSON and come back the same; anything else is refused."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import NewType

import pytest

from parsers.codec import CodecError, from_json, to_json
from parsers.document import Cell, Document, Failure, FailureCode, Grid, Note, NoteCode, Paragraph
from parsers.forms import DocumentReading, FieldReading, FormReading, FormSpec, Leftover, Problem, ProblemCode
from tests.builders.forms import FORMS

Name = NewType("Name", str)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Everything:
    name: Name
    count: int
    share: float
    flag: bool
    colour: Colour
    at: datetime
    day: date
    hour: time
    pair: tuple[str, int]
    many: tuple[Colour, ...]
    either: str | bool | None
    words: frozenset[str]
    context: dict[str, object]
    next: "Everything | None" = None
    later: tuple[int, ...] = field(default_factory=tuple)


EVERYTHING = Everything(
    Name("张"),
    1,
    0.5,
    True,
    Colour.RED,
    datetime(2025, 5, 28, 9, 30, tzinfo=UTC),
    date(2025, 5, 30),
    time(17, 30),
    ("a", 2),
    (Colour.RED,),
    False,
    frozenset({"b", "a"}),
    {"forms": [{"title": "表", "late": False, "n": None}]},
)
READING = DocumentReading(
    "报送.zip/表.docx",
    "docx",
    "word/1",
    (
        FormReading(
            "liaison",
            "反馈表",
            (
                FieldReading("name", "张 三", "张三", "姓名", "table 1, R1C2", "right"),
                FieldReading("has", "是", True, "有无", "R2", "below", Problem(ProblemCode.INVALID, "has", "x")),
            ),
            "table 1",
            leftovers=(Leftover("?", "R9"),),
        ),
    ),
    Failure(FailureCode.EMPTY),
    (Note(NoteCode.MACROS),),
    members=(DocumentReading("a", "text"),),
)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Everything, EVERYTHING),
        (DocumentReading, READING),
        (tuple[FormSpec, ...], FORMS),
        (Document, Document((Paragraph("a", "para 1"), Grid(1, 1, (Cell(0, 0, "x", "R1C1"),), "table 1")), "word/1")),
        (tuple[FieldReading, ...], ()),
        (str | None, None),
    ],
)
def test_values_survive_the_journey(type_, value):
    wire = json.loads(json.dumps(to_json(value), ensure_ascii=False))
    assert from_json(type_, wire) == value


def test_true_does_not_become_a_text_nor_one():
    field = from_json(FieldReading, to_json(READING.forms[0].fields[1]))
    assert field.value is True
    with pytest.raises(CodecError):
        from_json(int, True)


def test_a_set_is_written_in_order():
    assert to_json(EVERYTHING)["words"] == ["a", "b"]


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        (str, 1),
        (int, True),
        (int, "1"),
        (bool, 1),
        (float, "0.5"),
        (tuple[str, ...], "abc"),
        (tuple[str, ...], [1]),
        (tuple[str, int], ["a"]),
        (Colour, "blue"),
        (Colour, 7),
        (datetime, "2025-05-28T09:30:00"),
        (datetime, "yesterday"),
        (date, 20250528),
        (Problem, []),
        (Problem, {}),
        (Problem, {"code": "invalid", "fault": "x"}),
        (Problem, {"code": "no such code"}),
        (str | None, 1),
        (dict[str, int], {"a": "b"}),
        (dict[str, int], []),
        (Paragraph | Grid, {"text": "a"}),
    ],
)
def test_a_wrong_shape_is_refused(type_, data):
    with pytest.raises(CodecError):
        from_json(type_, data)


def test_a_key_that_a_newer_version_added_takes_its_default():
    assert from_json(Problem, {"code": "invalid"}) == Problem(ProblemCode.INVALID)


def test_an_error_names_the_place_and_not_the_value():
    wire = to_json(READING)
    wire["forms"][0]["fields"][0]["value"] = ["13805950001"]
    with pytest.raises(CodecError) as caught:
        from_json(DocumentReading, wire)
    assert caught.value.path == "forms[0].fields[0].value"
    assert "1380" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), datetime(2025, 5, 28), object(), {1: "a"}, b"x", lambda: None])  # noqa: DTZ001
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(CodecError):
        to_json(value)


@pytest.mark.parametrize("type_", [object, dict[int, str], complex, bytes])
def test_types_without_a_codec_are_refused_or_pass_json(type_):
    with pytest.raises(CodecError):
        from_json(type_, b"x")


def test_a_union_of_dataclasses_is_told_apart_by_its_keys():
    assert isinstance(from_json(Paragraph | Grid, {"text": "a", "place": "b"}), Paragraph)


def test_a_bottomless_nest_is_refused():
    wire = to_json(READING)
    for _ in range(3_000):
        wire = {"name": "a", "kind": "zip", "members": [wire]}
    with pytest.raises(CodecError):
        from_json(DocumentReading, wire)
