"""How one unit stands with one form, as the clerk's lists tell it: 已报 5-29, 待补正, 逾期未报, or nothing owed. Pure.

In: the cell of the ledger, the unit (None: no longer on the roster), the collection, the last instant in time, `now`.
Out: a `Mark`. The terminal, the desk and the 汇总表 ask here, so that they never disagree about who owes what. Stage
before: `ledger` and `audience`. Must not: know a table, a page or a clock.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from intake.audience import asked_of
from intake.ledger import Ledger
from intake.model import Cell, CellState, UnitName
from intake.roster import Roster, Unit
from intake.settings import Collection
from intake.words import SHANGHAI, STATE_WORDS


class Standing(StrEnum):
    """`CellState`, where silence is told apart: fine, still in time, or too late."""

    NOTHING = "nothing"  # nothing came and nothing is owed
    MISSING = "missing"
    OVERDUE = "overdue"  # missing, and the time is over
    CORRECTION = "correction"
    REVIEW = "review"
    ACCEPTED = "accepted"
    NO_INTENT = "no_intent"
    EXEMPT = "exempt"


STANDING_WORDS: Mapping[Standing, str] = {
    Standing.NOTHING: "—",
    Standing.MISSING: STATE_WORDS[CellState.NOT_SUBMITTED],
    Standing.OVERDUE: f"逾期{STATE_WORDS[CellState.NOT_SUBMITTED]}",
    Standing.CORRECTION: STATE_WORDS[CellState.CORRECTION],
    Standing.REVIEW: STATE_WORDS[CellState.REVIEW],
    Standing.ACCEPTED: "已报",  # of a unit; what was accepted (已受理) is its form
    Standing.NO_INTENT: STATE_WORDS[CellState.NO_INTENT],
    Standing.EXEMPT: STATE_WORDS[CellState.EXEMPT],
}

PENDING_WORDS = "，新来件待补正"  # behind the words of what is in force


@dataclass(frozen=True, slots=True)
class Mark:
    """How a unit stands with a form. `arrived_at` is that of what is in force; `copies` how many forms that are.

    `behind`: a form is in force, and a newer one is still to be mended.
    """

    standing: Standing
    late: bool = False
    arrived_at: datetime | None = None
    copies: int = 0
    behind: bool = False

    @property
    def words(self) -> str:
        """In short, such as 已报（逾期） 6-3, 已报 5-29（2份） or 已报 5-29，新来件待补正."""
        words = STANDING_WORDS[Standing.ACCEPTED if self.behind else self.standing] + ("（逾期）" if self.late else "")
        if self.arrived_at is not None:
            local = self.arrived_at.astimezone(SHANGHAI)
            words += f" {local.month}-{local.day}"
        words += f"（{self.copies}份）" if self.copies > 1 else ""
        return words + (PENDING_WORDS if self.behind else "")


def owes(unit: Unit, collection: Collection) -> bool:
    """Given a unit of the roster, return whether silence is a fault: the form is asked of it, by a day, not if it likes."""
    return collection.deadline is not None and not collection.voluntary and asked_of(collection, unit)


def mark_of(cell: Cell, unit: Unit | None, collection: Collection, *, limit_at: datetime | None, now: datetime) -> Mark:
    """Given a cell of the ledger, return how its unit stands. `limit_at`: the last instant in time, None if any is."""
    if cell.state is CellState.NOT_SUBMITTED:
        if unit is None or not owes(unit, collection):
            return Mark(Standing.NOTHING)
        return Mark(Standing.OVERDUE if limit_at is not None and now > limit_at else Standing.MISSING)
    late = cell.late and cell.state not in (CellState.NO_INTENT, CellState.EXEMPT)
    return Mark(Standing(cell.state.value), late, cell.arrived_at, len(cell.submissions), behind=bool(cell.pending))


@dataclass(frozen=True, slots=True)
class Tally:
    """How a form stands over the units of the roster. Whoever is `asked` is counted in `states` once, and nobody else.

    So where the form is owed, `owed` is the sum of `states`: a clerk may trust that nobody is hidden behind a count.
    `late` are those of the accepted; `beside` sent the form without being asked, `gone` and left the roster.
    """

    asked: int
    owed: int
    states: Mapping[Standing, int]
    late: int
    beside: int
    gone: int


def tally(collection: Collection, marks: Iterable[tuple[Unit | None, Mark]]) -> Tally:
    """Given how each unit (None: no longer on the roster) stands with a form, return the counts of the form."""
    marks = tuple(marks)
    asked = [(unit, mark) for unit, mark in marks if unit is not None and asked_of(collection, unit)]
    others = [(unit, mark) for unit, mark in marks if unit is None or not asked_of(collection, unit)]
    sent = [unit for unit, mark in others if mark.standing not in (Standing.NOTHING, Standing.EXEMPT)]
    return Tally(
        asked=len(asked),
        owed=sum(owes(unit, collection) for unit, _ in asked),
        states=Counter(mark.standing for _, mark in asked),
        late=sum(mark.late and mark.standing is Standing.ACCEPTED for _, mark in asked),
        beside=sum(unit is not None for unit in sent),
        gone=sum(unit is None for unit in sent),
    )


def units_in_order(roster: Roster, ledger: Ledger) -> dict[UnitName, Unit | None]:
    """Return the units in roster order, then (None) those that sent something and are not on the roster any more."""
    units: dict[UnitName, Unit | None] = {UnitName(unit.name): unit for unit in roster.units}
    for one in ledger.submissions:
        if one.unit is not None:
            units.setdefault(one.unit, None)
    return units
