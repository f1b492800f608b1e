"""One mail as a person decides about it: what the program read, what it counts as, what was decided before.

In: an open session. Out: `Case` for pages and commands, with the `token` of what was seen; the same message again, locked,
if nothing has happened to it since. Stage after: `decide`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.db import by_hand
from intake.db.models import DecisionRow, MessageRow, SubmissionRow
from intake.decisions import Decision
from intake.errors import OfficeError
from intake.model import StoredSubmission, UnitName
from intake.pipeline import Workbench
from parsers.text import clean

_WHO_LIMIT = 64  # as wide as the column
_NOTE_LIMIT = 300  # characters: some sentences


class RefusedError(OfficeError):
    """What was asked can't be done; `problems` say why, in Chinese. Nothing was changed."""


class OvertakenError(RefusedError):
    """Somebody else, or the program, has changed the item since the person looked at it."""

    def __init__(self) -> None:
        super().__init__("别人已经处理过这一件，或者它刚被重新识别。没有改动，请重新打开查看后再决定。")


@dataclass(frozen=True, slots=True)
class Item:
    """One submission of a mail: as the program read it, and as it counts now (None: the mail was dismissed)."""

    read: StoredSubmission
    now: StoredSubmission | None


@dataclass(frozen=True, slots=True)
class Past:
    """A decision that was made; `undone_by` is None while it stands."""

    decision: Decision
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One mail as a person decides about it. `history` are all decisions, also those undone, oldest first."""

    message_id: int
    sha256: str
    token: str
    open: bool
    disposition: str
    from_name: str
    from_address: str
    subject: str
    arrived_at: datetime
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    items: tuple[Item, ...]
    history: tuple[Past, ...]


def look(session: Session, bench: Workbench, message_id: int) -> Case:
    """Given the number of a message, return what there is to decide. Raise RefusedError if there is no such message."""
    row = message(session, message_id)
    case = by_hand.judged(session, row, bench.settings.campaign, bench.roster)
    read, counted = (
        [by_hand.under_its_name_of_the_day(one, bench.roster) for one in each] for each in (case.read, case.now)
    )
    now = {one.ordinal: one for one in counted}
    return Case(
        message_id=row.id,
        sha256=row.sha256,
        token=token_of(session, row),
        open=row.review_open,
        disposition=row.disposition,
        from_name=row.from_name,
        from_address=row.from_address,
        subject=row.subject,
        arrived_at=row.arrived_at,
        reasons=tuple(row.reasons),
        doubts=case.doubts,
        items=tuple(Item(one, now.get(one.ordinal)) for one in read),
        history=tuple(
            Past(by_hand.decision_of(one), one.undone_at, one.undone_by)
            for one in by_hand.decision_rows(session, row.sha256)
        ),
    )


def seen_message(session: Session, message_id: int, token: str) -> MessageRow:
    """Return the message, locked, if it is as the person saw it."""
    row = message(session, message_id, lock=True)
    if row.state == "archived":
        raise RefusedError("这封来件正等待识别，请稍候再处理。")
    if token_of(session, row) != token:
        raise OvertakenError
    return row


def message(session: Session, message_id: int, *, lock: bool = False) -> MessageRow:
    """Given its number, return a message's row. Raise RefusedError if there is none."""
    row = session.get(MessageRow, message_id, with_for_update=lock)
    if row is None:
        raise RefusedError(f"没有编号为 {message_id} 的来件。")
    return row


def token_of(session: Session, row: MessageRow) -> str:
    """Return what changes whenever the mail is read again or decided upon."""
    rows = session.scalars(
        select(SubmissionRow.id).where(SubmissionRow.message_id == row.id).order_by(SubmissionRow.id)
    ).all()
    decisions = session.execute(
        select(DecisionRow.id, DecisionRow.undone_at).where(DecisionRow.sha256 == row.sha256).order_by(DecisionRow.id)
    ).all()
    undone = [(number, at is not None) for number, at in decisions]
    state = (row.state, row.processed_at and row.processed_at.isoformat(), row.attempts, list(rows), undone)
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


# --- what people type -------------------------------------------------------------------------------------------------


def signature(who: str) -> str:
    """Given who acts, as typed, return the name that is written down. Raise RefusedError if there is none."""
    name = " ".join(clean(who).split())
    if not name or len(name) > _WHO_LIMIT:
        raise RefusedError("请写明经办人姓名（不超过64字）。")
    return name


def note_words(text: str) -> str:
    """Given a remark as typed, return it clean. Raise RefusedError if it is too long."""
    note = " ".join(clean(text).split())
    if len(note) > _NOTE_LIMIT:
        raise RefusedError(f"说明太长，请不超过{_NOTE_LIMIT}字。")
    return note


def unit_named(bench: Workbench, name: str) -> UnitName:
    """Given what a person calls a unit, return its name on the roster. Raise RefusedError if that is not certain."""
    found = bench.roster.match(clean(name))
    if found.unit is None or not found.certain:
        near = "、".join(one.name for one in found.rivals[:5])
        raise RefusedError(f"名册上没有“{clean(name)}”，或不能确定是哪一个{f'（可能是：{near}）' if near else ''}。")
    return UnitName(found.unit.name)
