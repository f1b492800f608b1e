"""What the roster and the sender's address say of single values: they prove one, or make one doubtful. Pure.

Stage before: `merge` (a form and its unit are known). Stage after: `assess` weighs the problems. In: fields. Out: the same
fields, with a problem taken away or added. Must not: change a value.
"""

from collections.abc import Iterable
from dataclasses import replace

from intake.model import UnitName
from intake.roster import Roster
from parsers.forms import FieldReading, FieldType, FormSpec, Problem, ProblemCode
from parsers.looks import UNPROVED_ADDRESS

UNIT_AS_NAME = "the name of a unit"


def weighed(
    fields: Iterable[FieldReading], spec: FormSpec, unit: UnitName | None, *, address: str, roster: Roster
) -> tuple[FieldReading, ...]:
    """Given the fields of a form, its unit and the sender's address, return them as they stand beside the roster."""
    people = {field.key for field in spec.fields if field.type is FieldType.PERSON}
    known = (_known_address(field, address, unit, roster) for field in fields)
    return tuple(_no_unit(field, roster) if field.key in people else field for field in known)


def _known_address(field: FieldReading, address: str, unit: UnitName | None, roster: Roster) -> FieldReading:
    """An address of mail on a scan is believed if the mail came from it, or the roster has it for the unit."""
    problem = field.problem
    if problem is None or problem.detail != UNPROVED_ADDRESS or not isinstance(field.value, str):
        return field
    written = field.value.casefold()
    known = written == address.casefold() or any(one.name == unit for one in roster.by_address(written))
    return replace(field, problem=None, picture="") if known else field


def _no_unit(field: FieldReading, roster: Roster) -> FieldReading:
    """海湾镇 in the place of a name looks like one (海 is a surname); the roster knows better."""
    if field.problem is not None or not isinstance(field.value, str) or not _names_a_unit(field.value, roster):
        return field
    return replace(field, problem=Problem(ProblemCode.AMBIGUOUS, field.key, given=field.value, detail=UNIT_AS_NAME))


def _names_a_unit(text: str, roster: Roster) -> bool:
    found = roster.match(text)
    return found.unit is not None and found.certain
