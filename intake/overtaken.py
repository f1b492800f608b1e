"""Questions that a later mail has answered before they went out: 请补正, 请重新发送, and the complete form is there.

In: an open session, the ledger, the roster. Out: rows withdrawn within the caller's transaction, with the reason in words.
Stage before: `pipeline` wrote the letter together with its mail. Stage after: `deliver`, which asks here before each batch.

A question too many is better than one that is lost, so a letter is withdrawn only if all that its mail was about is in
force by a later mail of the same sender or the unit's own address, and that mail has a receipt: the unit hears of its form
in any case. What a person sent back or sent again stays, what may have left stays, and so does what was held after a
restore: it may have gone out in another life.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from intake import outbox_desk, restored
from intake.audience import asked_of
from intake.db.models import DecisionRow, MessageRow, OutboxRow
from intake.ledger import Ledger
from intake.model import (
    CellState,
    Disposition,
    FileProblem,
    FormId,
    LetterKind,
    OutboxState,
    StoredSubmission,
    UnitName,
)
from intake.pieces import value_key
from intake.prose import forms_named
from intake.reasons import of_files
from intake.roster import Roster, Unit
from intake.settings import Campaign
from parsers.forms import FieldType, Problem, ProblemCode

WHY = "单位已报来完整的表，不再需要"  # what the outbox shows of a letter that was withdrawn here

_QUESTIONS = (LetterKind.CORRECTION, LetterKind.UNREADABLE)
_RECEIPTS = (LetterKind.ACKNOWLEDGEMENT, LetterKind.UPDATE)
_WAITING = (OutboxState.HELD, OutboxState.QUEUED)
_TOLD = (*_WAITING, OutboxState.SENDING, OutboxState.SENT, OutboxState.UNCERTAIN)
_ANSWERED = (CellState.ACCEPTED, CellState.NO_INTENT)
_BY_A_PERSON = ("return:", "again:")  # the beginning of the keys of letters that a person wanted
# Of a mail without any form, the only one that says what was meant: its subject, where it names a form.
_NO_ATTACHMENT = list(of_files([FileProblem(Problem(ProblemCode.NO_ATTACHMENT))]))

Cell = tuple[UnitName, FormId]


@dataclass(frozen=True, slots=True)
class _Question:
    """A letter that waits, and the mail that caused it: `place` orders mails as the ledger does."""

    id: int
    to_address: str
    mail: int
    arrived_at: datetime
    subject: str
    reasons: tuple[str, ...]

    @property
    def place(self) -> tuple[datetime, int]:
        return self.arrived_at, self.mail


def withdraw_questions(
    session: Session, read_ledger: Callable[[Session], Ledger], campaign: Campaign, roster: Roster
) -> int:
    """Stop the questions that have not been sent and whose answer has come meanwhile. Return how many."""
    return outbox_desk.withdraw(session, needless_questions(session, read_ledger, campaign, roster), why=WHY)


def needless_questions(
    session: Session, read_ledger: Callable[[Session], Ledger], campaign: Campaign, roster: Roster
) -> tuple[int, ...]:
    """Return the numbers of the letters that `withdraw_questions` would stop, oldest first."""
    waiting = () if restored.is_on_hold(session) else _waiting(session, campaign)
    if not waiting:
        return ()
    desk = _Desk(read_ledger(session), campaign, roster)
    answers = {one.id: desk.answered_by(one) for one in waiting}
    told = _with_receipt(session, set().union(*answers.values()))
    return tuple(number for number, mails in answers.items() if mails and mails <= told)


def _waiting(session: Session, campaign: Campaign) -> tuple[_Question, ...]:
    """Return the questions that wait, of mails about which no person has decided anything.

    One that the server refused for its words (held, with its answer) waits for a person, who sees it as it is.
    """
    rows = session.execute(
        select(
            OutboxRow.id,
            OutboxRow.to_address,
            MessageRow.id,
            MessageRow.arrived_at,
            MessageRow.subject,
            MessageRow.reasons,
        )
        .join(MessageRow, MessageRow.id == OutboxRow.cause_id)
        .where(
            OutboxRow.kind.in_(_QUESTIONS),
            OutboxRow.state.in_(_WAITING),
            OutboxRow.campaign == campaign.id,
            or_(OutboxRow.state == OutboxState.QUEUED, OutboxRow.answer == ""),
            OutboxRow.phase != restored.PHASE,
            *(~OutboxRow.key.startswith(one) for one in _BY_A_PERSON),
            MessageRow.disposition == Disposition.CORRECTION,
            MessageRow.sha256.not_in(select(DecisionRow.sha256)),
        )
        .order_by(OutboxRow.id)
    )
    return tuple(
        _Question(number, to, mail, at, subject, tuple(reasons)) for number, to, mail, at, subject, reasons in rows
    )


def _with_receipt(session: Session, mails: Collection[int]) -> set[int]:
    """Given mails, return those whose receipt has gone out or is on its way."""
    return set(
        session.scalars(
            select(OutboxRow.cause_id).where(
                OutboxRow.cause_id.in_(mails), OutboxRow.kind.in_(_RECEIPTS), OutboxRow.state.in_(_TOLD)
            )
        )
    )


class _Desk:
    """What is in force, and of whom."""

    def __init__(self, ledger: Ledger, campaign: Campaign, roster: Roster) -> None:
        self._ledger = ledger
        self._campaign = campaign
        self._roster = roster
        self._units = {unit.name: unit for unit in roster.units}
        self._rolling = {one.id for one in campaign.collections if one.deadline is None}
        self._persons = {
            one.id: {field.key for field in one.form.fields if field.type is FieldType.PERSON}
            for one in campaign.collections
        }
        self._of_mail: dict[int, list[StoredSubmission]] = defaultdict(list)
        for submission in ledger.submissions:
            self._of_mail[submission.message_id].append(submission)

    def answered_by(self, question: _Question) -> frozenset[int]:
        """Given a question, return the mails that answer all of it; none if it is still open, or if that is not sure."""
        read = self._of_mail.get(question.mail, [])
        if read:
            return self._by_cells(question, read) if _asks_about_forms_alone(question, read) else frozenset()
        return self._by_words(question) if list(question.reasons) == _NO_ATTACHMENT else frozenset()

    def _by_cells(self, question: _Question, read: Iterable[StoredSubmission]) -> frozenset[int]:
        """All that the mail brought: what was good in it was told in the same letter, and must be told by another one."""
        asked: dict[Cell, list[StoredSubmission]] = defaultdict(list)
        for one in read:
            if one.unit is None or one.form in self._rolling:
                return frozenset()
            asked[one.unit, one.form].append(one)
        return _all_of(self._answer(question, cell, members) for cell, members in asked.items())

    def _by_words(self, question: _Question) -> frozenset[int]:
        """A mail without the file that it speaks of: the unit is told by the address, the forms by the subject.

        If that names none, all that the unit still owed when it wrote: then nothing is left that it may have meant.
        """
        units = self._roster.by_address(question.to_address)
        if len(units) != 1 or not {one.name for one in self._roster.find_in(question.subject)} <= {units[0].name}:
            return frozenset()
        named = forms_named(question.subject, self._campaign)
        forms = [FormId(one) for one in named] or self._owed_then(units[0], question)
        if self._rolling.intersection(forms):
            return frozenset()
        return _all_of(self._answer(question, (units[0].name, form), ()) for form in forms)

    def _owed_then(self, unit: Unit, question: _Question) -> list[FormId]:
        return [
            one.id
            for one in self._campaign.collections
            if one.deadline is not None
            and not one.voluntary
            and asked_of(one, unit)
            and not any(
                all(part.state in _ANSWERED for part in version) and _place(version[0]) < question.place
                for version in self._ledger.versions(unit.name, one.id)
            )
        ]

    def _answer(self, question: _Question, cell: Cell, asked: Collection[StoredSubmission]) -> int | None:
        """Return the mail by which a unit × form is in force, if it came later and speaks of everybody who was asked about."""
        unit, form = cell
        given = self._ledger.state.cell(unit, form).submissions
        if not given or len({one.message_id for one in given}) > 1 or not all(one.state in _ANSWERED for one in given):
            return None
        if _place(given[0]) <= question.place or not self._is_ours(given[0].from_address, unit, question):
            return None
        declined = all(one.state is CellState.NO_INTENT for one in given)
        return given[0].message_id if declined or self._has_all(form, asked, given) else None

    def _is_ours(self, address: str, unit: UnitName, question: _Question) -> bool:
        """Return whether an address is that of who was asked, or the unit's own: a stranger's form is no answer."""
        if address == question.to_address:
            return True
        known = self._units.get(unit)
        return known is not None and address.casefold() in {one.casefold() for one in known.addresses}

    def _has_all(self, form: FormId, asked: Collection[StoredSubmission], given: Collection[StoredSubmission]) -> bool:
        """Return whether as many persons are in force as were asked about, and all those of them that had a name."""
        names = [self._name(form, one) for one in given]
        wanted = {name for one in asked if (name := self._name(form, one))}
        return len(given) >= len(asked) and wanted <= set(names)

    def _name(self, form: FormId, submission: StoredSubmission) -> tuple[str, ...]:
        """Return the persons of a submission by the key of their names, () if it names nobody."""
        held = (value_key(one.value) for one in submission.fields if one.key in self._persons[form])
        return tuple(one for one in held if one)


def _asks_about_forms_alone(question: _Question, read: Iterable[StoredSubmission]) -> bool:
    """Return whether every file that is to be sent again is a form by its name, so that its unit × form is known.

    `assess` tells the faults of files first, “name” in front; those of forms begin with their 《title》.
    """
    files = takewhile(lambda reason: not reason.startswith("《"), question.reasons)
    known = tuple(f"“{one.attachment}”" for one in read if one.attachment and not one.fields)
    return all(sentence.startswith(known) for sentence in files)


def _all_of(mails: Iterable[int | None]) -> frozenset[int]:
    """Return the mails if there is one in each place, else none."""
    found = list(mails)
    return frozenset() if None in found else frozenset(one for one in found if one is not None)


def _place(submission: StoredSubmission) -> tuple[datetime, int]:
    return submission.arrived_at, submission.message_id
