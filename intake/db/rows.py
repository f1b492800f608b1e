"""Submissions as rows of the record, and rows as submissions again.

In: a submission and the message it came with, or a row. Out: the row (in the state its submission puts its unit × form
into), or the stored submission. Readings and fields go in and out as JSON by `parsers.codec`, so that what was stored can
be typed values again. Must not: touch a session; `queries` adds the rows and reads them.
"""

from datetime import datetime

from intake.db.models import SubmissionRow
from intake.model import CellState, FormId, StoredSubmission, Submission, UnitName
from parsers.codec import from_json, to_json
from parsers.forms import FieldReading, Problem


def submission_row(message_id: int, submission: Submission, campaign: str, arrived_at: datetime) -> SubmissionRow:
    """Given a submission of a message, return its row."""
    return SubmissionRow(
        message_id=message_id,
        campaign=campaign,
        form=submission.form,
        unit=submission.unit,
        state=submission_state(submission),
        trust=submission.trust,
        fields=to_json(submission.fields),
        problems=to_json(submission.problems),
        notes=list(submission.notes),
        attachment=submission.attachment,
        source=submission.source,
        arrived_at=arrived_at,
    )


def declined_row(message_id: int, unit: UnitName, form: FormId, campaign: str, arrived_at: datetime) -> SubmissionRow:
    """Given a form that the unit said in words it will not send, return the row that says so."""
    return SubmissionRow(
        message_id=message_id,
        campaign=campaign,
        form=form,
        unit=unit,
        state=CellState.NO_INTENT,
        trust="",
        fields=[],
        problems=[],
        notes=[],
        attachment=None,
        source="",
        arrived_at=arrived_at,
    )


def submission_state(submission: Submission) -> CellState:
    """Given a submission, return the state it puts its unit × form into: a good form beside a faulty one stays good."""
    if submission.review or submission.unit is None:
        return CellState.REVIEW
    return CellState.CORRECTION if submission.problems else CellState.ACCEPTED


def stored_submission(row: SubmissionRow, from_address: str) -> StoredSubmission:
    """Given a row and its message's sender, return the submission; version and what is current are the ledger's to tell."""
    return StoredSubmission(
        id=row.id,
        message_id=row.message_id,
        form=FormId(row.form),
        unit=None if row.unit is None else UnitName(row.unit),
        version=0,
        state=CellState(row.state),
        current=False,
        fields=from_json(tuple[FieldReading, ...], row.fields),
        problems=from_json(tuple[Problem, ...], row.problems),
        attachment=row.attachment,
        arrived_at=row.arrived_at,
        late=False,
        from_address=from_address,
        notes=tuple(row.notes),
        ordinal=row.ordinal,
    )
