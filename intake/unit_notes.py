"""What people note of a unit beside all mails, and what that makes of the ledger: calls, excuses, paper copies. Pure.

In: the notes that stand, the forms, a ledger. Out: paper copies as submissions (`ledger` counts them like any other), the
ledger with the excused marked. A call is remembered and changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from intake.decisions import Given
from intake.ledger import Ledger
from intake.model import CampaignState, Cell, CellState, FormId, NoteKind, StoredSubmission, UnitName
from intake.words import moment_words
from parsers.fields import check_required
from parsers.forms import FieldReading, FieldType, FormSpec, Problem

_ANSWERED = (CellState.ACCEPTED, CellState.NO_INTENT)
_PAPER = "纸质件"


@dataclass(frozen=True, slots=True)
class UnitNote:
    """One note that stands. `form` None: the unit as a whole. `handed_in_at`: when a paper copy came, if not `at`."""

    id: int
    unit: UnitName
    form: FormId | None
    kind: NoteKind
    who: str
    at: datetime
    text: str = ""
    given: tuple[Given, ...] = ()
    handed_in_at: datetime | None = None


def paper_fields(spec: FormSpec, note: UnitNote) -> tuple[FieldReading, ...]:
    """Given a paper copy, return its fields in the form's order, each with who typed it in and when."""
    place = f"paper: {note.who} {moment_words(note.at)}"
    given = {one.key: one for one in note.given}
    return tuple(
        FieldReading(one.key, given[one.key].text, given[one.key].value, "", place, "paper")
        for one in spec.fields
        if one.key in given
    )


def paper_faults(spec: FormSpec, note: UnitNote) -> tuple[Problem, ...]:
    """Given a paper copy, return what it lacks; its unit is the note's."""
    units = {one.key for one in spec.fields if one.type is FieldType.UNIT}
    return tuple(one for one in check_required(spec, paper_fields(spec, note)) if one.field not in units)


def papers(notes: Iterable[UnitNote], forms: Mapping[FormId, FormSpec]) -> tuple[StoredSubmission, ...]:
    """Given notes, return the paper copies among them as accepted submissions."""
    return tuple(
        _paper(one, one.form, forms[one.form])
        for one in notes
        if one.kind is NoteKind.PAPER and one.form is not None and one.form in forms
    )


def _paper(note: UnitNote, form: FormId, spec: FormSpec) -> StoredSubmission:
    remark = f"：{note.text}" if note.text else ""
    return StoredSubmission(
        id=-note.id,
        message_id=-note.id,
        form=form,
        unit=note.unit,
        version=0,
        state=CellState.ACCEPTED,
        current=False,
        fields=paper_fields(spec, note),
        problems=(),
        attachment=_PAPER,
        arrived_at=note.handed_in_at or note.at,
        late=False,
        from_address="",
        by_hand=(f"{_PAPER}，由经办人{note.who}{moment_words(note.at)}补录{remark}",),
    )


def excused(ledger: Ledger, notes: Iterable[UnitNote], forms: Iterable[FormId]) -> Ledger:
    """Given a ledger and the notes that stand, return it with the cells of the excused as not owed.

    A form that was sent all the same counts. What was faulty or doubtful when the unit was excused is asked for no more;
    what comes later is looked at.
    """
    cells = dict(ledger.state.cells)
    for note in sorted(notes, key=lambda one: one.id):
        if note.kind is not NoteKind.EXEMPT:
            continue
        for form in forms if note.form is None else (note.form,):
            cells[note.unit, form] = _excused(ledger.state.cell(note.unit, form), note)
    return Ledger(CampaignState(ledger.state.campaign, cells), ledger.submissions)


def _excused(cell: Cell, note: UnitNote) -> Cell:
    remark = f"：{note.text}" if note.text else ""
    sentence = f"免报，由经办人{note.who}{moment_words(note.at)}登记{remark}"
    later = any(one.arrived_at > note.at for one in (*cell.submissions, *cell.pending))
    if cell.pending and not later:
        cell = replace(cell, state=CellState.ACCEPTED, pending=())
    if cell.state in _ANSWERED or later:
        return replace(cell, owed=False, by_hand=sentence)
    return Cell(cell.unit, cell.form, CellState.EXEMPT, owed=False, by_hand=sentence)
