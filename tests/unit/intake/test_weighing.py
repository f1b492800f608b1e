"""Values beside what the roster knows."""

from types import SimpleNamespace

import pytest

from intake.roster import Roster, Unit
from intake.weighing import UNIT_AS_NAME, weighed
from parsers.forms import FieldReading, FieldSpec, FieldType, FormKind, FormSpec, Problem, ProblemCode

TOWN = Unit("云台县海湾镇人民政府", aliases=("海湾镇",))
ROSTER = Roster((TOWN, Unit("云台县财政局")), "云台县")
SPEC = FormSpec(
    "liaison",
    "联络员反馈表",
    FormKind.TABLE,
    (FieldSpec("name", "姓名", FieldType.PERSON), FieldSpec("position", "职务", FieldType.POSITION)),
)


def read(key, value, problem=None):
    return FieldReading(key, value, value, "", "R1C2", "right", problem)


def found(*fields):
    dossier = SimpleNamespace(roster=ROSTER, own_addresses=frozenset())
    return [field.problem for field in weighed(fields, SPEC, None, dossier)]


@pytest.mark.parametrize("text", ["海湾镇", "财政局", "云台县海湾镇人民政府"])
def test_the_name_of_a_unit_is_nobodys_name(text):
    assert found(read("name", text)) == [Problem(ProblemCode.AMBIGUOUS, "name", given=text, detail=UNIT_AS_NAME)]


@pytest.mark.parametrize("text", ["海湾", "王海镇", "欧阳海湾"])
def test_a_name_that_only_sounds_like_a_unit_is_a_name(text):
    assert found(read("name", text)) == [None]


def test_what_is_no_name_is_not_asked_about():
    assert found(read("position", "海湾镇")) == [None]


def test_a_fault_that_is_known_stays_what_it_was():
    fault = Problem(ProblemCode.INVALID, "name", given="海湾镇")
    assert found(read("name", "海湾镇", fault)) == [fault]
