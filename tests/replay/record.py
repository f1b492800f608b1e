"""What the record holds after a run, without the numbers and hours that two runs need not share; and how two differ.

In: an open `App`, or two `Record`s. Out: `Record`, or the differences as lines. Rows are named by the SHA-256 of their
mail, so that two databases can be compared. Must not: change anything in the record.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from intake.db import queries
from intake.db.models import HeartbeatRow, MessageRow, OutboxRow, SubmissionRow
from scheduler.app import App

Rows = Mapping[str, object]  # what a row is named by, and what it says

_SHOWN = 160  # characters of a value in a difference
_OF_THE_CLOCK = ("reminder", "digest", "alarm", "test")  # letters that time causes, not a mail


@dataclass(frozen=True, slots=True)
class Record:
    """The fate of every mail, every submission with its version, the state of every unit x form, every letter.

    `letters` are by business key and include what the clock caused; `faults` are answers that came twice to a mail and
    ticks that failed: there must be none.
    """

    messages: Rows
    submissions: Rows
    units: Rows
    letters: Rows
    faults: Rows

    def caused_by_mails(self) -> "Record":
        """Return it with only those letters that mails caused, whether sent or not: what a replay must give again."""
        letters = {
            name: {**letter, "state": "", "message_id": ""}
            for name, letter in self.letters.items()
            if isinstance(letter, dict) and letter["kind"] not in _OF_THE_CLOCK
        }
        return Record(self.messages, self.submissions, self.units, letters, self.faults)


def record_of(app: App) -> Record:
    """Given an open App, return what its record holds."""
    with app.bench.sessions() as session:
        ledger = queries.load_ledger(session, app.settings.campaign, app.bench.roster, app.bench.late_after)
        mails = {row.id: row for row in session.scalars(select(MessageRow).order_by(MessageRow.arrived_at))}
        rows = {row.id: row for row in session.scalars(select(SubmissionRow))}
        letters = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        beats = session.scalars(select(HeartbeatRow)).all()
    sha256 = {number: row.sha256[:12] for number, row in mails.items()}
    answers = Counter(sha256[one.cause_id] for one in letters if one.cause_id is not None)
    return Record(
        messages={sha256[number]: _fate(row) for number, row in mails.items()},
        submissions={
            f"{sha256[one.message_id]}#{rows[one.id].ordinal}": {
                "version": one.version,
                "current": one.current,
                "late": one.late,
                **_submission(rows[one.id]),
            }
            for one in ledger.submissions
        },
        units={
            f"{unit} {form}": {
                "state": cell.state.value,
                "late": cell.late,
                "arrived_at": cell.arrived_at.isoformat() if cell.arrived_at else None,
                "from": sorted(sha256[one.message_id] for one in cell.submissions),
            }
            for (unit, form), cell in ledger.state.cells.items()
        },
        letters={row.key: _letter(row, sha256) for row in letters},
        faults={f"answers to {mail}": count for mail, count in answers.items() if count > 1}
        | {f"tick {beat.tick}": beat.message for beat in beats if beat.failures},
    )


def _fate(row: MessageRow) -> dict[str, object]:
    return {
        "state": row.state,
        "disposition": row.disposition,
        "reasons": row.reasons,
        "sender_kind": row.sender_kind,
        "review_open": row.review_open,
        "arrived_at": row.arrived_at.isoformat(),
        "from": row.from_address,
    }


def _submission(row: SubmissionRow) -> dict[str, object]:
    names = ("form", "unit", "state", "trust", "fields", "problems", "notes", "attachment", "source")
    return {name: getattr(row, name) for name in names}


def _letter(row: OutboxRow, sha256: Mapping[int, str]) -> dict[str, object]:
    return {
        "kind": row.kind,
        "unit": row.unit,
        "to": row.to_address,
        "forms": row.forms,
        "cause": None if row.cause_id is None else sha256[row.cause_id],
        "message_id": row.header_message_id,
        "state": row.state,
    }


def differences(one: Record, other: Record) -> list[str]:
    """Given two records, return a line for each value in which they differ; faults of the second are differences too."""
    found = [f"faults: {name}: {value}" for name, value in other.faults.items()]
    for table in ("messages", "submissions", "units", "letters"):
        left, right = getattr(one, table), getattr(other, table)
        for name in [*left, *(key for key in right if key not in left)]:
            found += [f"{table}: {name}: {line}" for line in _row_differences(left.get(name), right.get(name))]
    return found


def _row_differences(left: object, right: object) -> list[str]:
    if left == right:
        return []
    if not isinstance(left, dict) or not isinstance(right, dict):
        return ["only in the second" if left is None else "only in the first"]
    return [f"{key}: {_short(left[key])} / {_short(right[key])}" for key in left if left[key] != right[key]]


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\u2026"
