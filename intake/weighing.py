"""What the roster and the sender's address say of single values: they prove one, or make one doubtful. Pure.

Stage before: `merge` (a form and its unit are known). Stage after: `assess` weighs the problems. In: fields. Out: the same
fields, with a problem taken away or added. Must not: change a value.
"""

from collections.abc import Iterable
from dataclasses import replace

from intake.dossier import Dossier
from intake.model import UnitName
from intake.roster import Roster
from parsers.forms import FieldReading, FieldType, FormSpec, Problem, ProblemCode
from parsers.looks import UNPROVED_ADDRESS

# `Problem.detail`; the words stand in `words`.
UNIT_AS_NAME = "the name of a unit"
OFFICES_ADDRESS = "the office's own address"


def weighed(
    fields: Iterable[FieldReading], spec: FormSpec, unit: UnitName | None, dossier: Dossier
) -> tuple[FieldReading, ...]:
    """Given the fields of a form of `unit`, return them as they stand beside the roster and what is known of the mail."""
    types = {field.key: field.type for field in spec.fields}
    return tuple(_weighed(field, types.get(field.key), unit, dossier) for field in fields)


def _weighed(field: FieldReading, kind: FieldType | None, unit: UnitName | None, dossier: Dossier) -> FieldReading:
    if not isinstance(field.value, str):
        return field
    if kind is FieldType.EMAIL:
        return _address(field, field.value.casefold(), unit, dossier)
    return _no_unit(field, field.value, dossier.roster) if kind is FieldType.PERSON else field


def _address(field: FieldReading, written: str, unit: UnitName | None, dossier: Dossier) -> FieldReading:
    """An address on a scan is believed if the mail came from it, or the roster has it for the unit.

    The office's own, which every blank form prints (请发送至邮箱), is nobody's contact, unless the office is the unit.
    """
    of_unit = any(one.name == unit for one in dossier.roster.by_address(written))
    if written in dossier.own_addresses and not of_unit:
        problem = Problem(ProblemCode.INVALID, field.key, given=field.raw or written, detail=OFFICES_ADDRESS)
        return replace(field, value=None, problem=problem)
    if field.problem is None or field.problem.detail != UNPROVED_ADDRESS:
        return field
    believed = of_unit or written == dossier.reading.head.from_address.casefold()
    return replace(field, problem=None, picture="") if believed else field


def _no_unit(field: FieldReading, name: str, roster: Roster) -> FieldReading:
    """海湾镇 in the place of a name looks like one (海 is a surname); the roster knows better."""
    found = roster.match(name)
    if field.problem is not None or found.unit is None or not found.certain:
        return field
    return replace(field, problem=Problem(ProblemCode.AMBIGUOUS, field.key, given=name, detail=UNIT_AS_NAME))
