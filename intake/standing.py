"""How one unit stands with one form, as the clerk's lists tell it: 已受理 5-29, 待补正, 逾期未报, or nothing owed. Pure.

In: the cell of the ledger, the unit (None: no longer on the roster), the collection, the last instant in time, `now`.
Out: a `Mark`, and the counts of a form (`Tally`, `counts_of`). The terminal, the desk, the 汇总表 and the 日报 ask here, so that
they never disagree about who owes what. Stage before: `ledger` and `audience`. Must not: know a table, a page or a clock.

What is counted (facts/users.md §3.7: 应报32，已报18（其中待补正2），未报14):
应报 of whom the form is asked and who is not excused · 已报 of whom a form came, whatever is wrong with it: 已受理, 待补正 and
待核实 together · 已受理 of whom a form is in force, though a newer one be faulty (其中新来件待补正) · 待补正 of whom none is in
force and the last is to be mended, also a file that could not be opened · 待核实 of whom the office has to look at it first ·
答复“无” who wrote 无 about a form that is owed: no form came, and whether the unit is excused is not said yet · 未报 the rest.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from intake.audience import asked_of
from intake.ledger import Ledger
from intake.model import Cell, CellState, StoredSubmission, UnitName
from intake.roster import Roster, Unit
from intake.settings import Collection
from intake.words import SHANGHAI, STATE_WORDS
from parsers.forms import ProblemCode


class Standing(StrEnum):
    """`CellState`, where silence is told apart (fine, still in time, or too late) and a 无 from a form that came.

    A form that is in force is accepted, also when a newer one waits to be mended, of which `CellState` says CORRECTION.
    """

    NOTHING = "nothing"  # nothing came and nothing is owed
    MISSING = "missing"
    OVERDUE = "overdue"  # missing, and the time is over
    CORRECTION = "correction"
    REVIEW = "review"
    NONE_SAID = "none_said"  # 无 about a form that is owed: no form, and not excused as yet
    ACCEPTED = "accepted"
    NO_INTENT = "no_intent"
    EXEMPT = "exempt"


STANDING_WORDS: Mapping[Standing, str] = {
    Standing.NOTHING: "—",
    Standing.MISSING: STATE_WORDS[CellState.NOT_SUBMITTED],
    Standing.OVERDUE: f"逾期{STATE_WORDS[CellState.NOT_SUBMITTED]}",
    Standing.CORRECTION: STATE_WORDS[CellState.CORRECTION],
    Standing.REVIEW: STATE_WORDS[CellState.REVIEW],
    Standing.NONE_SAID: "答复“无”",
    Standing.ACCEPTED: STATE_WORDS[CellState.ACCEPTED],
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
        """In short, such as 已受理（逾期） 6-3, 已受理 5-29（2份） or 已受理 5-29，新来件待补正."""
        words = STANDING_WORDS[self.standing] + ("（逾期）" if self.late else "")
        if self.arrived_at is not None:
            local = self.arrived_at.astimezone(SHANGHAI)
            words += f" {local.month}-{local.day}"
        words += f"（{self.copies}份）" if self.copies > 1 else ""
        return words + (PENDING_WORDS if self.behind else "")

    @property
    def tone(self) -> Standing:
        """The standing by which it is colored: where a form is in force and a newer one is faulty, something is to be done."""
        return Standing.CORRECTION if self.behind else self.standing


def owes(unit: Unit, collection: Collection) -> bool:
    """Given a unit of the roster, return whether silence is a fault: the form is asked of it, by a day, not if it likes."""
    return is_obliged(collection) and asked_of(collection, unit)


def is_obliged(collection: Collection) -> bool:
    """Return whether whoever is asked for the form has to send it, by a day."""
    return collection.deadline is not None and not collection.voluntary


def mark_of(cell: Cell, unit: Unit | None, collection: Collection, *, limit_at: datetime | None, now: datetime) -> Mark:
    """Given a cell of the ledger, return how its unit stands. `limit_at`: the last instant in time, None if any is."""
    if cell.state is CellState.NOT_SUBMITTED:
        if unit is None or not owes(unit, collection):
            return Mark(Standing.NOTHING)
        return Mark(Standing.OVERDUE if limit_at is not None and now > limit_at else Standing.MISSING)
    standing = Standing(cell.state.value)
    if cell.pending:
        standing = Standing.ACCEPTED
    elif cell.submissions and all(says_none(one) for one in cell.submissions):
        standing = Standing.NONE_SAID
    late = cell.late and standing not in (Standing.NO_INTENT, Standing.NONE_SAID, Standing.EXEMPT)
    return Mark(standing, late, cell.arrived_at, len(cell.submissions), behind=bool(cell.pending))


def says_none(submission: StoredSubmission) -> bool:
    """Return whether it is no form, but a 无 about one that is owed (`spoken`), which a person judges or has refused."""
    return not submission.fields and any(one.code is ProblemCode.NOT_APPLICABLE for one in submission.problems)


@dataclass(frozen=True, slots=True)
class Tally:
    """How a form stands over the units of the roster. Whoever is `asked` is counted in `states` once, and nobody else.

    So where the form is owed, `owed` is the sum of `states` without the excused, and that of `reported`, `missing` and
    those who declined: a clerk may trust that nobody is hidden behind a count. `late` and `behind` (a newer form is to be
    mended) are of the accepted; `beside` sent the form without being asked, `gone` and left the roster.
    """

    asked: int
    owed: int
    states: Mapping[Standing, int]
    late: int
    beside: int
    gone: int
    behind: int = 0

    @property
    def reported(self) -> int:
        """已报: of how many a form came."""
        return sum(self.states.get(one, 0) for one in (Standing.ACCEPTED, Standing.CORRECTION, Standing.REVIEW))

    @property
    def missing(self) -> int:
        """未报: of how many nothing came."""
        return self.states.get(Standing.MISSING, 0) + self.states.get(Standing.OVERDUE, 0)


def tally(collection: Collection, marks: Iterable[tuple[Unit | None, Mark]]) -> Tally:
    """Given how each unit (None: no longer on the roster) stands with a form, return the counts of the form."""
    marks = tuple(marks)
    asked = [(unit, mark) for unit, mark in marks if unit is not None and asked_of(collection, unit)]
    others = [(unit, mark) for unit, mark in marks if unit is None or not asked_of(collection, unit)]
    sent = [unit for unit, mark in others if mark.standing not in (Standing.NOTHING, Standing.EXEMPT)]
    accepted = [mark for _, mark in asked if mark.standing is Standing.ACCEPTED]
    return Tally(
        asked=len(asked),
        owed=sum(owes(unit, collection) and mark.standing is not Standing.EXEMPT for unit, mark in asked),
        states=Counter(mark.standing for _, mark in asked),
        late=sum(mark.late for mark in accepted),
        beside=sum(unit is not None for unit in sent),
        gone=sum(unit is None for unit in sent),
        behind=sum(mark.behind for mark in accepted),
    )


def tally_of(
    collection: Collection, roster: Roster, ledger: Ledger, *, limit_at: datetime | None, now: datetime
) -> Tally:
    """Given the roster and the ledger, return the counts of a form over all units."""
    units = units_in_order(roster, ledger).items()
    cells = ((unit, ledger.state.cell(name, collection.id)) for name, unit in units)
    return tally(
        collection, [(unit, mark_of(cell, unit, collection, limit_at=limit_at, now=now)) for unit, cell in cells]
    )


Count = tuple[Standing | None, str, int]
"""What is counted (None: no standing, but a part or a sum of some), its word, how many."""


def counts_of(found: Tally, collection: Collection) -> tuple[Count, ...]:
    """Return the counts of a form in the order in which a clerk reads them, the fewest that tell how it stands."""
    obliged = is_obliged(collection)
    told: list[Count] = [(None, "应报", found.owed), (None, "已报", found.reported)] if obliged else []
    told.append((Standing.ACCEPTED, STATE_WORDS[CellState.ACCEPTED], found.states.get(Standing.ACCEPTED, 0)))
    parts: tuple[Count, ...] = (
        (None, "其中逾期", found.late),
        (Standing.CORRECTION, "其中新来件待补正", found.behind),
        *((one, STANDING_WORDS[one], found.states.get(one, 0)) for one in _COUNTED),
    )
    told += [one for one in parts if one[2]]
    if obliged and not found.missing:
        told.append((Standing.MISSING, STANDING_WORDS[Standing.MISSING], 0))
    others: tuple[Count, ...] = ((None, "另：未要求的单位", found.beside), (None, "另：不在名册", found.gone))
    return (*told, *(one for one in others if one[2]))


_COUNTED = (
    Standing.CORRECTION,
    Standing.REVIEW,
    Standing.NONE_SAID,
    Standing.NO_INTENT,
    Standing.EXEMPT,
    Standing.MISSING,
    Standing.OVERDUE,
)


def units_in_order(roster: Roster, ledger: Ledger) -> dict[UnitName, Unit | None]:
    """Return the units in roster order, then (None) those that sent something and are not on the roster any more."""
    units: dict[UnitName, Unit | None] = {UnitName(unit.name): unit for unit in roster.units}
    for one in ledger.submissions:
        if one.unit is not None:
            units.setdefault(one.unit, None)
    return units
