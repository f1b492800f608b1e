"""The ledger (台账): the state of every unit × form as a pure function of all submissions, in order of arrival.

In: the submission rows as assessed, the instants after which a form is late. Out: `CampaignState`, and each
submission with its version and whether it is in force. Nothing is stored: a mail found late in the junk folder, a
deadline that was moved, or a replay of the archive all give the state that the mails themselves demand.

The rule: all submissions of one mail to one (unit, form) are one version (several people, several submissions). The
newest accepted version is in force. A faulty or doubtful one never displaces an accepted one; while none is accepted
the newest of them tells the state. 无意向 counts until a form is accepted. A faulty one that came after the accepted one
(a change without the new person's number) is asked about and owed an answer: the cell waits to be mended, whatever is in
force meanwhile (`Cell.pending`). A doubtful one is on the clerk's list already and leaves the state alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from intake.model import CampaignState, Cell, CellState, FormId, StoredSubmission, UnitName
from parsers.forms import ProblemCode

Version = tuple[StoredSubmission, ...]
"""The submissions of one mail to one unit × form."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """`state` is the matrix; `submissions` has every stored submission with its version, in order of arrival.

    `by_cell`: the versions of every unit × form that has any, oldest first; told once, since every page asks for it.
    """

    state: CampaignState
    submissions: tuple[StoredSubmission, ...]
    by_cell: Mapping[tuple[UnitName, FormId], tuple[Version, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_cell", _versions_of(self.submissions))

    def of_message(self, message_id: int) -> tuple[StoredSubmission, ...]:
        """Return the submissions that came with one mail."""
        return tuple(submission for submission in self.submissions if submission.message_id == message_id)

    def versions(self, unit: UnitName, form: FormId) -> tuple[Version, ...]:
        """Return the versions of one unit × form, oldest first."""
        return self.by_cell.get((unit, form), ())


def _versions_of(submissions: Iterable[StoredSubmission]) -> dict[tuple[UnitName, FormId], tuple[Version, ...]]:
    cells: dict[tuple[UnitName, FormId], dict[int, list[StoredSubmission]]] = defaultdict(lambda: defaultdict(list))
    for one in submissions:
        if one.unit is not None:
            cells[one.unit, one.form][one.version].append(one)
    return {cell: tuple(tuple(held[number]) for number in sorted(held)) for cell, held in cells.items()}


def keep_ledger(
    campaign: str,
    submissions: Iterable[StoredSubmission],
    *,
    late_after: Mapping[FormId, datetime],
    rolling: frozenset[FormId] = frozenset(),
) -> Ledger:
    """Given all submissions of a campaign in any order, return its ledger.

    `late_after` maps a form to the last instant that is in time (forms without one are never late). Forms in
    `rolling` are collected at any time and one does not replace another: every accepted submission stays in force.
    The version, `current` and `late` of the given values are ignored and computed anew.
    """
    ordered = sorted(submissions, key=lambda one: (one.arrived_at, one.message_id, one.id))
    by_cell: dict[tuple[UnitName, FormId], list[StoredSubmission]] = defaultdict(list)
    done: list[StoredSubmission] = []
    for submission in ordered:
        limit = late_after.get(submission.form)
        judged = replace(submission, late=limit is not None and submission.arrived_at > limit)
        if judged.unit is None:
            done.append(replace(judged, version=0, current=False))
        else:
            by_cell[judged.unit, judged.form].append(judged)
    cells: dict[tuple[UnitName, FormId], Cell] = {}
    for (unit, form), members in by_cell.items():
        versions = _number(members)
        in_force = _in_force(versions, keep_all=form in rolling)
        done.extend(replace(one, current=one.version in in_force) for one in versions)
        current = [one for one in versions if one.version in in_force]
        cells[unit, form] = _cell(unit, form, current, _pending(versions, max(in_force)))
    done.sort(key=lambda one: (one.arrived_at, one.message_id, one.id))
    return Ledger(CampaignState(campaign, cells), tuple(done))


def in_force_at(versions: Iterable[Version], instant: datetime) -> Version:
    """Given the versions of a unit × form, return what was in force of them at an instant, though others came since."""
    there = [one for version in versions for one in version if one.arrived_at <= instant]
    if not there:
        return ()
    in_force = _in_force(there, keep_all=False)
    return tuple(one for one in there if one.version in in_force)


def _number(members: list[StoredSubmission]) -> list[StoredSubmission]:
    """Number the versions 1, 2, … : one a mail."""
    numbers: dict[int, int] = {}
    return [replace(one, version=numbers.setdefault(one.message_id, len(numbers) + 1)) for one in members]


def _in_force(versions: list[StoredSubmission], *, keep_all: bool) -> set[int]:
    """Return the version numbers in force."""
    states: dict[int, set[CellState]] = defaultdict(set)
    for one in versions:
        states[one.version].add(one.state)
    accepted = [number for number, held in states.items() if held == {CellState.ACCEPTED}]
    if accepted:
        return set(accepted) if keep_all else {max(accepted)}
    # What a less trusted sender sent waits for the clerk; it does not hide what the unit itself has to mend.
    return {max(set(states) - _distrusted(versions) or states)}


def _distrusted(versions: Iterable[StoredSubmission]) -> set[int]:
    return {one.version for one in versions if any(p.code is ProblemCode.UNTRUSTED_SENDER for p in one.problems)}


def _pending(versions: list[StoredSubmission], in_force: int) -> list[StoredSubmission]:
    """Return what is to be mended of the unit's last word, if that came after the version in force.

    The office's blank form that came back changes nothing, and is nothing that a unit would mend.
    """
    blank = {one.version for one in versions if {p.code for p in one.problems} == {ProblemCode.EMPTY}}
    passed_over = blank | _distrusted(versions)
    newest = max((one.version for one in versions if one.version not in passed_over), default=0)
    members = [one for one in versions if one.version == newest]
    if newest <= in_force or any(one.state is CellState.REVIEW for one in members):
        return []
    return [one for one in members if one.state is CellState.CORRECTION]


# The state of a version is that of its weakest submission: one person of two without a mobile still wants mending.
_WEAKEST_FIRST = (CellState.REVIEW, CellState.CORRECTION, CellState.NO_INTENT, CellState.ACCEPTED)


def _cell(unit: UnitName, form: FormId, members: list[StoredSubmission], pending: list[StoredSubmission]) -> Cell:
    held = {one.state for one in (*members, *pending)}
    state = next(state for state in _WEAKEST_FIRST if state in held)
    current = tuple(replace(one, current=True) for one in members)
    # A form mended after the deadline keeps the time of the mail that is in force: the clerk sees it marked late.
    return Cell(
        unit,
        form,
        state,
        current,
        late=any(one.late for one in current),
        arrived_at=max(one.arrived_at for one in current),
        pending=tuple(pending),
    )
