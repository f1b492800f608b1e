"""What people decided and noted, as rows and back, and whether a mail still waits for a person.

In: an open session of the caller. Out: the decisions and notes that stand, the submissions as they count. What they mean
is told by `intake.decisions` and `intake.unit_notes`; who may decide what, by `intake.decide` and `intake.noting`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import reasons
from intake.db.models import DecisionRow, MessageRow, SubmissionRow, UnitNoteRow
from intake.db.rows import stored_submission
from intake.decisions import Decision, Forms, Given, Seen, decided, is_settled, mail_doubts, still_fits
from intake.model import CellState, DecisionKind, Disposition, FormId, NoteKind, StoredSubmission, UnitName
from intake.roster import Roster
from intake.settings import Campaign
from intake.unit_notes import UnitNote

DECIDED = select(DecisionRow.sha256).where(DecisionRow.undone_at.is_(None))  # the mails about which decisions stand


@dataclass(frozen=True, slots=True)
class Judged:
    """One mail under the eyes of a person: `read` as the program read its submissions, `now` as they count.

    `fits` is false if a decision was about something that the program reads no more. `doubts` are the mail's own.
    """

    read: tuple[StoredSubmission, ...]
    now: tuple[StoredSubmission, ...]
    decisions: tuple[Decision, ...]
    doubts: tuple[str, ...]
    fits: bool
    settled: bool


def forms_of(campaign: Campaign) -> Forms:
    """Return the forms of a campaign by id."""
    return {one.id: one.form for one in campaign.collections}


# --- decisions --------------------------------------------------------------------------------------------------------


def decision_row(decision: Decision, sha256: str) -> DecisionRow:
    """Given a decision, return its row; what is mailed or stopped because of it is written into it afterwards."""
    return DecisionRow(
        sha256=sha256,
        ordinal=decision.ordinal,
        kind=decision.kind,
        unit=decision.unit,
        form=None,
        values={
            "fields": {one.key: {"text": one.text, "value": one.value} for one in decision.given},
            "seen": {
                str(ordinal): {"form": one.form, "unit": one.unit, "digest": one.digest}
                for ordinal, one in decision.seen.items()
            },
            "distrusted": decision.distrusted,
            "letters": [],
            "stopped": {},
        },
        note=decision.note,
        who=decision.who,
        at=decision.at,
    )


def decision_of(row: DecisionRow) -> Decision:
    """Given a row, return the decision."""
    return Decision(
        id=row.id,
        kind=DecisionKind(row.kind),
        ordinal=row.ordinal,
        who=row.who,
        at=row.at,
        seen={
            int(ordinal): Seen(
                FormId(one["form"]), None if one["unit"] is None else UnitName(one["unit"]), one["digest"]
            )
            for ordinal, one in row.values["seen"].items()
        },
        unit=None if row.unit is None else UnitName(row.unit),
        given=tuple(Given(key, one["text"], one["value"]) for key, one in row.values["fields"].items()),
        note=row.note,
        distrusted=row.values.get("distrusted", False),  # rows before 2026-11-28 do not say
    )


def decision_rows(session: Session, sha256: str) -> tuple[DecisionRow, ...]:
    """Return all decisions about a mail, also those undone, in the order in which they were made."""
    return tuple(session.scalars(select(DecisionRow).where(DecisionRow.sha256 == sha256).order_by(DecisionRow.id)))


@dataclass(frozen=True, slots=True)
class Standing:
    """The decisions that stand about one message, and why that message was shown to a person."""

    decisions: tuple[Decision, ...]
    reasons: tuple[str, ...]


def standing(session: Session) -> dict[int, Standing]:
    """Return by message what people have decided and not undone."""
    found: dict[int, Standing] = {}
    for row, message_id, why in session.execute(
        select(DecisionRow, MessageRow.id, MessageRow.reasons)
        .join(MessageRow, MessageRow.sha256 == DecisionRow.sha256)
        .where(DecisionRow.undone_at.is_(None))
        .order_by(DecisionRow.id)
    ):
        before = found[message_id].decisions if message_id in found else ()
        found[message_id] = Standing((*before, decision_of(row)), tuple(why))
    return found


def applied(
    decisions: Mapping[int, Standing], submissions: Iterable[StoredSubmission], campaign: Campaign, roster: Roster
) -> list[StoredSubmission]:
    """Given what stands and submissions as the program read them, return them as they count."""
    found: list[StoredSubmission] = []
    concerned: dict[int, list[StoredSubmission]] = defaultdict(list)
    for one in submissions:
        (concerned[one.message_id] if one.message_id in decisions else found).append(one)
    forms = forms_of(campaign)
    for message_id, read in concerned.items():
        made = decisions[message_id]
        doubts = mail_doubts(made.reasons, read, forms)
        found += decided(read, made.decisions, forms, doubts=doubts, called_now=roster.name_of_the_day)
    return found


def accepted_from(
    session: Session, campaign: Campaign, roster: Roster, *, before: datetime | None, without: int | None
) -> Iterator[tuple[str, UnitName]]:
    """Yield sender and unit of what counts as accepted in mails about which people decided (all of it `before` an instant)."""
    decisions = {
        message_id: one
        for message_id, one in standing(session).items()
        if message_id != without and (before is None or max(made.at for made in one.decisions) <= before)
    }
    rows = session.execute(
        select(SubmissionRow, MessageRow.from_address)
        .join(MessageRow, MessageRow.id == SubmissionRow.message_id)
        .where(SubmissionRow.campaign == campaign.id, MessageRow.from_address != "", MessageRow.sha256.in_(DECIDED))
    )
    read = [stored_submission(row, address) for row, address in rows if row.message_id in decisions]
    for one in applied(decisions, read, campaign, roster):
        if one.state is CellState.ACCEPTED and one.unit is not None:
            yield one.from_address, one.unit


def judged(session: Session, row: MessageRow, campaign: Campaign, roster: Roster) -> Judged:
    """Given a message, return what people have made of it."""
    submissions = session.scalars(
        select(SubmissionRow)
        .where(SubmissionRow.message_id == row.id, SubmissionRow.campaign == campaign.id)
        .order_by(SubmissionRow.ordinal)
    )
    read = tuple(stored_submission(one, row.from_address) for one in submissions)
    decisions = tuple(decision_of(one) for one in decision_rows(session, row.sha256) if one.undone_at is None)
    forms = forms_of(campaign)
    doubts = mail_doubts(row.reasons, read, forms)
    now = decided(read, decisions, forms, doubts=doubts, called_now=roster.name_of_the_day)
    fits = all(still_fits(one, read, called_now=roster.name_of_the_day) for one in decisions)
    settled = fits and is_settled(decisions, read, now, doubts=doubts)
    return Judged(read, now, decisions, doubts, fits, settled)


def under_its_name_of_the_day(submission: StoredSubmission, roster: Roster) -> StoredSubmission:
    """Return a submission under what its unit is called today: rows keep the name that was on the roster then."""
    if submission.unit is None or (unit := roster.name_of_the_day(submission.unit)) == submission.unit:
        return submission
    return replace(submission, unit=unit)


def settle(session: Session, row: MessageRow, campaign: Campaign, roster: Roster) -> Judged:
    """Given a message, write down whether it waits for a person, now that it was read or decided upon. Return the case."""
    case = judged(session, row, campaign, roster)
    told = [one for one in row.reasons if one != reasons.DECIDED_OTHERWISE]
    row.reasons = told if case.fits else [reasons.DECIDED_OTHERWISE, *told]
    undecided = any(one.state is CellState.REVIEW for one in case.now)
    waits = row.disposition == Disposition.REVIEW or row.state == "shunted" or undecided or not case.fits
    row.review_open = waits and not case.settled
    return case


# --- notes ------------------------------------------------------------------------------------------------------------


def note_row(note: UnitNote, campaign: str) -> UnitNoteRow:
    """Given a note, return its row."""
    return UnitNoteRow(
        campaign=campaign,
        unit=note.unit,
        form=note.form,
        kind=note.kind,
        values={
            "fields": {one.key: {"text": one.text, "value": one.value} for one in note.given},
            "handed_in_at": None if note.handed_in_at is None else note.handed_in_at.isoformat(),
        },
        text=note.text,
        who=note.who,
        at=note.at,
    )


def note_of(row: UnitNoteRow, roster: Roster) -> UnitNote:
    """Given a row, return the note, its unit under its name of the day."""
    handed_in_at = row.values["handed_in_at"]
    return UnitNote(
        id=row.id,
        unit=UnitName(roster.name_of_the_day(row.unit)),
        form=None if row.form is None else FormId(row.form),
        kind=NoteKind(row.kind),
        who=row.who,
        at=row.at,
        text=row.text,
        given=tuple(Given(key, one["text"], one["value"]) for key, one in row.values["fields"].items()),
        handed_in_at=None if handed_in_at is None else datetime.fromisoformat(handed_in_at),
    )


def note_rows(session: Session, campaign: str, *, undone: bool = False) -> tuple[UnitNoteRow, ...]:
    """Return the notes of a campaign that stand (with those undone, if asked), oldest first."""
    rows = select(UnitNoteRow).where(UnitNoteRow.campaign == campaign).order_by(UnitNoteRow.id)
    return tuple(session.scalars(rows if undone else rows.where(UnitNoteRow.undone_at.is_(None))))


# --- who did what -----------------------------------------------------------------------------------------------------
