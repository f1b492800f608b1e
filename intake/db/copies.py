"""A copy of the whole record, to read every mail again in, and what had come of each mail.

In: open sessions. Out: rows in an empty database of the same version; outcomes by the number of the mail. The record
itself is only read.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from intake.db.models import Base, MessageRow, PartRow, SubmissionRow

_ROWS = 500  # at a time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one mail: the reading of each document by its path, and its submissions in their order."""

    readings: dict[str, Any]
    submissions: tuple[dict[str, Any], ...]


def copy_rows(source: Session, target: Session) -> None:
    """Copy every row of a record into an empty one. The caller commits."""
    for table in Base.metadata.sorted_tables:
        for rows in source.execute(select(table)).mappings().partitions(_ROWS):
            target.execute(insert(table), [dict(row) for row in rows])


def outcomes(session: Session) -> dict[int, Outcome]:
    """Return what came of every mail that is filed or waits for a person, by its number."""
    ended = select(MessageRow.id).where(MessageRow.state.in_(["filed", "held"]))
    found = {number: Outcome({}, ()) for number in session.scalars(ended)}
    for part in session.scalars(select(PartRow).where(PartRow.message_id.in_(ended), PartRow.reading.is_not(None))):
        if part.reading:
            found[part.message_id].readings[part.path] = part.reading
    rows = select(SubmissionRow).where(SubmissionRow.message_id.in_(ended)).order_by(SubmissionRow.ordinal)
    for row in session.scalars(rows):
        told = found[row.message_id]
        found[row.message_id] = Outcome(told.readings, (*told.submissions, _said(row)))
    return found


def _said(row: SubmissionRow) -> dict[str, Any]:
    names = ("ordinal", "form", "unit", "state", "trust", "fields", "problems", "notes", "attachment", "source")
    return {name: getattr(row, name) for name in names}
