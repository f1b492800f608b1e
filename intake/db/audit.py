"""The invariants that the record alone can show, as queries: what does not hold, a value each. Changes nothing.

In: an open session, what the settings say. Out: findings. Invariants: facts/reliability.md §2.2; the words for the office
are in `scheduler/desk/verify.py`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intake.db.models import AuditRow, DecisionRow, MessageRow, OutboxRow, SightingRow, SubmissionRow
from intake.db.queries import MAXIMUM_ATTEMPTS
from intake.model import TO_THE_OFFICE, CellState, LetterKind, OutboxState, SenderKind, Trust
from intake.pieces import value_key

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SLOW = timedelta(hours=1)  # a mail or a letter that is under way for longer hangs
_CLOCKS_MAY_STEP = timedelta(minutes=10)  # facts/reliability.md §2.2, I18: beyond that nothing goes out
_LETTER = re.compile(r"\bletter ([0-9]+)\b")  # in the audit
_NEUTRAL = (LetterKind.RECEIVED, LetterKind.QUESTION)
_AGAIN = "again:%"  # what a person sent a second time (`intake.again`) was answered once by us
_OF_OUR_OWN = (LetterKind.REMINDER, *TO_THE_OFFICE)


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that must not be. `rule` names the invariant (I1 …), `rows` the numbers of the rows."""

    rule: str
    what: str
    rows: tuple[int, ...] = ()


def breaches(
    session: Session, *, allowed: Collection[str], rolling: Collection[str], now: datetime
) -> Iterator[Breach]:
    """Given the addresses of roster and office and the forms collected at any time, yield what the record shows to be wrong."""
    yield from _accounting(session, now)
    yield from _answers(session, allowed)
    yield from _reminders(session)
    yield from _needless_reminders(session)
    yield from _submissions(session)
    yield from _replaced_by_strangers(session, rolling)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record says of an archived mail: its number, its length."""

    number: int
    size_bytes: int


def recorded(session: Session) -> dict[str, Recorded]:
    """Return what the record says of every message, by the SHA-256 that names its file in the archive."""
    rows = session.execute(select(MessageRow.sha256, MessageRow.id, MessageRow.size_bytes))
    return {sha256: Recorded(number, size_bytes) for sha256, number, size_bytes in rows}


def _accounting(session: Session, now: datetime) -> Iterator[Breach]:
    lost = select(SightingRow.id).where(
        SightingRow.state.in_(["archived", "mismatch"]), SightingRow.message_id.is_(None)
    )
    yield from _if_any("I1", "a mail was listed and its message is missing", session.scalars(lost).all())
    # what came in another length than the server announced is marked "mismatch"
    other = (
        select(SightingRow.id)
        .join(MessageRow, MessageRow.id == SightingRow.message_id)
        .where(SightingRow.state == "archived", SightingRow.size_bytes != MessageRow.size_bytes)
    )
    yield from _if_any("I1", "a mail was listed in one length and recorded in another", session.scalars(other).all())
    waiting = select(MessageRow.id).where(MessageRow.state == "archived", MessageRow.archived_at < now - _SLOW)
    yield from _if_any("I9", "archived for more than an hour and not read", session.scalars(waiting).all())
    known = ["archived", "filed", "held", "ignored", "shunted"]
    odd = select(MessageRow.id).where(MessageRow.state.not_in(known))
    yield from _if_any("I9", "a message in a state that there is not", session.scalars(odd).all())
    often = select(MessageRow.id).where(MessageRow.attempts > MAXIMUM_ATTEMPTS)
    yield from _if_any("I10", "tried more often than three times", session.scalars(often).all())


def _answers(session: Session, allowed: Collection[str]) -> Iterator[Breach]:
    sent = session.execute(
        select(OutboxRow.id, OutboxRow.kind, OutboxRow.to_address, OutboxRow.cause_id).where(
            OutboxRow.state == OutboxState.SENT, OutboxRow.key.not_like(_AGAIN)
        )
    ).all()
    by_a_person = set(session.scalars(select(OutboxRow.id).where(OutboxRow.key.like("return:%"))))
    causes = {
        number: (kind, address)
        for number, kind, address in session.execute(
            select(MessageRow.id, MessageRow.sender_kind, MessageRow.from_address)
        )
    }
    # The neutral word that a person looks is not the answer that follows; what a person sends back has a key of its own.
    pairs: Counter[tuple[int | None, str, bool]] = Counter(
        (cause, address, kind in _NEUTRAL)
        for number, kind, address, cause in sent
        if cause and kind not in _OF_OUR_OWN and number not in by_a_person
    )
    twice = [
        number
        for number, kind, address, cause in sent
        if number not in by_a_person and pairs[cause, address, kind in _NEUTRAL] > 1
    ]
    yield from _if_any("I2", "one mail was answered twice", twice)
    machine = [
        number
        for number, kind, _, cause in sent
        if cause in causes and kind not in _OF_OUR_OWN and causes[cause][0] not in ("", SenderKind.PERSON)
    ]
    yield from _if_any("I3", "a machine was answered", machine)
    known = {one.lower() for one in allowed}
    stray = [
        number
        for number, _, address, cause in sent
        if address.lower() not in known and (cause not in causes or causes[cause][1] != address.lower())
    ]
    yield from _if_any("I4", "a letter went to somebody who is not on the roster and did not write", stray)


def _reminders(session: Session) -> Iterator[Breach]:
    days: dict[tuple[str | None, str, date], list[int]] = defaultdict(list)
    for number, unit, address, sent_at in session.execute(
        select(OutboxRow.id, OutboxRow.unit, OutboxRow.to_address, OutboxRow.sent_at).where(
            OutboxRow.kind == LetterKind.REMINDER, OutboxRow.key.not_like(_AGAIN)
        )
    ):
        if sent_at is not None:
            days[unit, address, sent_at.astimezone(SHANGHAI).date()].append(number)
    often = [number for numbers in days.values() if len(numbers) > 1 for number in numbers]
    yield from _if_any("I8", "a unit was reminded twice on one day", often)


def _needless_reminders(session: Session) -> Iterator[Breach]:
    """Yield the reminders that were claimed after the unit's form had been registered as accepted.

    Only what is certain from here: every submission of that form under that name was accepted as it was read, no person
    decided anything about its mails, nor released the letter; what was read again since counts from then. A unit that was
    renamed in between has another name in the letter, and is not judged.
    """
    decided = set(session.scalars(select(DecisionRow.sha256)))
    cells: dict[tuple[str, str | None, str], list[tuple[bool, datetime | None]]] = defaultdict(list)
    for campaign, unit, form, state, sha256, mail_state, processed_at in session.execute(
        select(
            SubmissionRow.campaign,
            SubmissionRow.unit,
            SubmissionRow.form,
            SubmissionRow.state,
            MessageRow.sha256,
            MessageRow.state,
            MessageRow.processed_at,
        ).join(MessageRow, MessageRow.id == SubmissionRow.message_id)
    ):
        plain = state == CellState.ACCEPTED and mail_state == "filed" and sha256 not in decided
        cells[campaign, unit, form].append((plain, processed_at))
    had = {
        cell: min(at for _, at in given if at is not None)
        for cell, given in cells.items()
        if all(plain and at is not None for plain, at in given)
    }
    told = session.execute(select(AuditRow.at, AuditRow.subject).where(AuditRow.subject.like("letter %"))).all()
    chosen = {int(number) for _, subject in told for number in _LETTER.findall(subject)}
    # Of many letters at once the end of the list was cut: it may have been any that there was then.
    cut = [at for at, subject in told if len(subject) == AuditRow.subject.type.length]
    needless = [
        number
        for number, campaign, unit, forms, created_at, claimed_at in session.execute(
            select(
                OutboxRow.id,
                OutboxRow.campaign,
                OutboxRow.unit,
                OutboxRow.forms,
                OutboxRow.created_at,
                OutboxRow.claimed_at,
            ).where(
                OutboxRow.kind == LetterKind.REMINDER,
                OutboxRow.state == OutboxState.SENT,
                OutboxRow.key.not_like(_AGAIN),
                OutboxRow.claimed_at.is_not(None),
            )
        )
        if number not in chosen
        and not any(created_at <= at <= claimed_at for at in cut)
        and any(
            (campaign, unit, form) in had and had[campaign, unit, form] + _CLOCKS_MAY_STEP < claimed_at
            for form in forms
        )
    ]
    yield from _if_any("I8", "a unit was reminded of a form that it had sent", needless)


def _submissions(session: Session) -> Iterator[Breach]:
    rows = session.execute(
        select(SubmissionRow.id, SubmissionRow.fields, SubmissionRow.problems).where(
            SubmissionRow.state == CellState.ACCEPTED
        )
    )
    faulty, homeless = [], []
    for number, fields, problems in rows:
        if problems:
            faulty.append(number)
        if any(one.get("value") not in (None, "") and not one.get("place") for one in fields):
            homeless.append(number)
    yield from _if_any("I5", "accepted although something is wrong with it", faulty)
    yield from _if_any("I5", "a value without the place it was read at", homeless)
    orphan = (
        select(func.count()).select_from(SubmissionRow).where(SubmissionRow.message_id.not_in(select(MessageRow.id)))
    )
    if session.scalar(orphan):
        yield Breach("I7", "a version whose mail is gone")


def _replaced_by_strangers(session: Session, rolling: Collection[str]) -> Iterator[Breach]:
    """Yield what a stranger sent and what was accepted unseen behind a form from the unit's own address on the roster.

    By the trust that each had when it was read, and whether what confirmed its sender then still does. Not what people
    have in hand, nor what says the very same. Forms that are collected at any time replace none.
    """
    decided = set(session.scalars(select(DecisionRow.sha256).where(DecisionRow.undone_at.is_(None))))
    own: dict[tuple[str, str, str], str] = {}  # the address of the roster whose form is in force
    said: dict[tuple[str, str, str], list[set[tuple[str, str]]]] = defaultdict(list)
    unseen = []
    rows = session.execute(
        select(
            SubmissionRow.id,
            SubmissionRow.campaign,
            SubmissionRow.unit,
            SubmissionRow.form,
            SubmissionRow.trust,
            SubmissionRow.fields,
            MessageRow.sha256,
            MessageRow.from_address,
        )
        .join(MessageRow, MessageRow.id == SubmissionRow.message_id)
        .where(
            SubmissionRow.state == CellState.ACCEPTED,
            SubmissionRow.unit.is_not(None),
            SubmissionRow.form.not_in(rolling),
        )
        .order_by(SubmissionRow.arrived_at, SubmissionRow.message_id, SubmissionRow.id)
    ).all()
    # by a form that was accepted for itself, or by a person; which unit's it was is the roster's to say
    accepted = (
        select(MessageRow.from_address)
        .join(SubmissionRow, SubmissionRow.message_id == MessageRow.id)
        .where(SubmissionRow.state == CellState.ACCEPTED, SubmissionRow.trust != Trust.CONFIRMED)
    )
    in_hand = (
        select(MessageRow.from_address)
        .join(DecisionRow, DecisionRow.sha256 == MessageRow.sha256)
        .where(DecisionRow.undone_at.is_(None))
    )
    confirmed = set(session.scalars(accepted)) | set(session.scalars(in_hand))
    for number, campaign, unit, form, trust, fields, sha256, sender in rows:
        cell = (campaign, unit, form)
        values = {(one["key"], value_key(one.get("value"))) for one in fields if value_key(one.get("value"))}
        by_a_person = sha256 in decided
        stranger = trust == Trust.UNKNOWN or (trust == Trust.CONFIRMED and sender not in confirmed)
        if cell in own and stranger and sender != own[cell] and not by_a_person:
            if values in said[cell]:
                continue
            unseen.append(number)
        own.pop(cell, None)
        if trust == Trust.ROSTER and not by_a_person:
            own[cell] = sender
        said[cell].append(values)
    yield from _if_any("I7", "a stranger's form replaced the unit's own and no person saw it", unseen)


def _if_any(rule: str, what: str, rows: Collection[int]) -> Iterator[Breach]:
    if rows:
        yield Breach(rule, what, tuple(sorted(set(rows))))
