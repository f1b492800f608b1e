"""Hostile and broken files of every kind, each made in code in a fraction of a second: the one table of the hostile tests.

The families stand in `hostile_*`; what a row says is told in `hostile_cases`.
"""

from tests.builders import (
    hostile_containers,
    hostile_macros,
    hostile_office,
    hostile_ole,
    hostile_pdf,
    hostile_pictures,
    hostile_polyglots,
    hostile_texts,
    hostile_zip,
)
from tests.builders.hostile_cases import Case

_FAMILIES = (
    hostile_zip,
    hostile_office,
    hostile_texts,
    hostile_ole,
    hostile_pdf,
    hostile_containers,
    hostile_pictures,
    hostile_polyglots,
    hostile_macros,
)
CASES: tuple[Case, ...] = tuple(case for family in _FAMILIES for case in family.TABLE.cases)
