"""The letters' life in the record: enqueue, claim, settle, recover. The only door out.

Stage before: `compose` (the bytes). Stage after: `deliver` (the server). In: an open `Session` and `now`; out: rows
changed within the caller's transaction. Nothing here begins or commits one, opens a socket or reads a clock.

    held ──release──→ queued ──claim──→ sending ──250──→ sent
                        ↑ │               │ refused: queued later | held | failed
                        │ └─→ expired     └ lost in mid-letter, crash: uncertain
                        └── the Sent folder does not have it ──┘   (… has it: sent)

`sending` is committed before the socket opens and phase "data" before the first byte of the letter leaves, so that
after a crash it is known what the server can have (RFC 1047: nobody can know more). What is uncertain is decided by the
provider's Sent folder; a receipt that is not there goes out again only if a person says so: two receipts are worse than
none, which a unit would ask for. A reminder is sent again while it is still of use, if copies are filed there at all.

For a row in `uncertain`, `not_before` is the first instant at which absence from the Sent folder counts.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from intake.answers import BEFORE_THE_LETTER, AnswerClass, Lost, Outcome, Phase, Refused, Sent, tomorrow
from intake.caps import QUARTER_HOUR, Spent
from intake.db.models import BadAddressRow, OutboxRow
from intake.model import TO_THE_OFFICE, LetterKind, OutboxState
from intake.settings import Sending, SendMode
from intake.witness import SentFolder

CONNECTED = "connected"  # the values of OutboxRow.phase
DATA = "data"

# How long an absent Sent copy proves nothing: the server's own work after the final dot (RFC 5321 §4.5.3.2.6).
GRACE = timedelta(minutes=10)
_POSTPONED = timedelta(minutes=1)  # as often as reminders are written
_PROOFS = 5  # so many of the newest letters that were sent are looked for in a Sent folder before its silence counts
# Waits after a temporary refusal: 5, 10, 20 … 240 minutes. 28 attempts are about four days (RFC 5321 §4.5.4.1).
_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=4)
_ATTEMPTS_LIMIT = 28


@dataclass(frozen=True, slots=True)
class _Policy:
    """How a kind of letter is treated. `rank`: who goes first.

    `share`: the part of the general caps it may use up; `address_share`: that of the caps for one address.
    """

    at_most_once: bool
    rank: int
    share: float = 1.0
    address_share: float = 1.0


_RECEIPT = _Policy(at_most_once=True, rank=1)
# Reminders come by the hundred and can wait an hour: a fifth of every cap is kept for the answers of the day.
_POLICIES: dict[str, _Policy] = {
    LetterKind.ALARM: _Policy(at_most_once=False, rank=0),
    LetterKind.ACKNOWLEDGEMENT: _RECEIPT,
    LetterKind.CORRECTION: _RECEIPT,
    LetterKind.UNREADABLE: _RECEIPT,
    # One who sends thirty forms in an hour waits for the last receipts, not for what he is asked to mend: that goes first,
    # and three of ten letters a day are kept for it.
    LetterKind.UPDATE: _Policy(at_most_once=True, rank=2, address_share=0.7),
    LetterKind.RECEIVED: _RECEIPT,
    LetterKind.QUESTION: _RECEIPT,
    LetterKind.TEST: _Policy(at_most_once=False, rank=1),  # somebody waits for it
    LetterKind.DIGEST: _Policy(at_most_once=False, rank=3),
    LetterKind.REMINDER: _Policy(at_most_once=False, rank=4, share=0.8),
}


def _policy(row: OutboxRow) -> _Policy:
    return _POLICIES.get(row.kind, _RECEIPT)


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A composed letter on its way into the record. `key` is the business key; `raw` what every attempt sends."""

    key: str
    kind: LetterKind
    campaign: str
    to_address: str
    subject: str
    header_message_id: str
    reference: str
    raw: bytes
    not_before: datetime
    unit: str | None = None
    forms: tuple[str, ...] = ()
    cause_id: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    """A letter that is ours to send now, once."""

    id: int
    kind: str
    to_address: str
    raw: bytes
    attempt: int
    tried_at: datetime | None  # the attempt before this one


def state_on_entry(kind: LetterKind, mode: SendMode) -> OutboxState:
    """Given the office's mode, return the state of a new letter: to units held on request, to the clerk never."""
    return OutboxState.HELD if mode is SendMode.HOLD and kind not in TO_THE_OFFICE else OutboxState.QUEUED


def enqueue(session: Session, letter: NewLetter, *, state: OutboxState, now: datetime, phase: str = "") -> bool:
    """Given a composed letter, keep it. Return False, and change nothing, if its business key is known already.

    Raise IntegrityError if another letter has its Message-ID or reference: that would be a bug of ours.
    """
    values = {
        "key": letter.key,
        "kind": letter.kind.value,
        "campaign": letter.campaign,
        "unit": letter.unit,
        "to_address": letter.to_address,
        "subject": letter.subject[:500],
        "header_message_id": letter.header_message_id,
        "reference": letter.reference,
        "raw": letter.raw,
        "cause_id": letter.cause_id,
        "forms": list(letter.forms),
        "state": state.value,
        "phase": phase,
        "created_at": now,
        "not_before": letter.not_before,
        "expires_at": letter.expires_at,
    }
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutboxRow).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(OutboxRow.id)
    return session.scalar(statement) is not None


def claim(
    session: Session,
    now: datetime,
    sending: Sending,
    *,
    postponed: Collection[LetterKind] = (),
    only: Collection[str] | None = None,
) -> ClaimedLetter | None:
    """Given the caps, return the next letter that is due and mark it `sending`, or return None.

    The caller commits before it opens a socket. What has expired is marked so; what is over a cap is moved to the first
    moment when the cap allows it, what is of a kind that is `postponed` to when it is looked at again. With `only` no letter
    but those of these business keys.
    """
    _expire(session, now)
    _recall(session, now)
    spent = Spent(session, now)
    while (row := _next_due(session, now, only)) is not None:
        policy = _policy(row)
        over = spent.free_at(row.kind, row.to_address, sending, share=policy.share, address_share=policy.address_share)
        free_at = now + _POSTPONED if row.kind in postponed else over
        if free_at is None:
            tried_at = row.claimed_at
            row.state = OutboxState.SENDING
            row.attempt += 1
            row.phase = ""
            row.claimed_at = now
            session.flush()
            return ClaimedLetter(row.id, row.kind, row.to_address, row.raw, row.attempt, tried_at)
        row.not_before = free_at
        session.flush()
    return None


def _expire(session: Session, now: datetime) -> None:
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.state == OutboxState.QUEUED, OutboxRow.expires_at <= now)
        .values(state=OutboxState.EXPIRED)
    )


def _recall(session: Session, now: datetime) -> None:
    """Let go at once what waits because our clock was fast when it was written or last tried, and was set back since.

    Not what speaks of its day: a reminder and a digest are due on the day they were written for.
    """
    session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.state == OutboxState.QUEUED,
            OutboxRow.not_before > now,
            or_(OutboxRow.created_at > now + GRACE, OutboxRow.claimed_at > now + GRACE),
            OutboxRow.kind.not_in([LetterKind.REMINDER, LetterKind.DIGEST]),
        )
        .values(not_before=now)
    )


def _next_due(session: Session, now: datetime, only: Collection[str] | None) -> OutboxRow | None:
    """Return the letter whose turn it is: by its kind's rank, but those that were tried before go behind all others.

    What stopped the queue may be one letter's own fault: first again in every round, it would let none behind it go.
    """
    rank = case({kind: policy.rank for kind, policy in _POLICIES.items()}, value=OutboxRow.kind, else_=_RECEIPT.rank)
    due = [OutboxRow.state == OutboxState.QUEUED, OutboxRow.not_before <= now]
    if only is not None:
        due.append(OutboxRow.key.in_(only))
    return session.scalar(
        select(OutboxRow)
        .where(*due)
        .order_by(OutboxRow.claimed_at.is_not(None), OutboxRow.claimed_at, rank, OutboxRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # PostgreSQL: two daemons never take the same row; SQLite has one writer
    )


def has_written_to_units(session: Session) -> bool:
    """Return whether any letter but those to the office itself has gone, or may have."""
    gone = OutboxRow.state.in_([OutboxState.SENT, OutboxState.UNCERTAIN]), OutboxRow.kind.not_in(TO_THE_OFFICE)
    return session.scalar(select(OutboxRow.id).where(*gone).limit(1)) is not None


def has_due_to_units(session: Session, now: datetime) -> bool:
    """Return whether any letter but those to the office itself is due."""
    due = OutboxRow.state == OutboxState.QUEUED, OutboxRow.not_before <= now, OutboxRow.kind.not_in(TO_THE_OFFICE)
    return session.scalar(select(OutboxRow.id).where(*due).limit(1)) is not None


def has_sent_since(session: Session, instant: datetime) -> bool:
    """Return whether the server has taken any letter since an instant."""
    sent = select(OutboxRow.id).where(OutboxRow.state == OutboxState.SENT, OutboxRow.sent_at >= instant)
    return session.scalar(sent.limit(1)) is not None


def was_handed_over(session: Session, message_id: str) -> bool:
    """Return whether the letter with that Message-ID was sent, or may have been."""
    gone = or_(OutboxRow.claimed_at.is_not(None), OutboxRow.sent_at.is_not(None))
    return session.scalar(select(OutboxRow.id).where(OutboxRow.header_message_id == message_id, gone)) is not None


def newest_sent(session: Session) -> str:
    """Return the Message-ID of the newest letter that was sent, "" if none was."""
    sent = select(OutboxRow.header_message_id).where(OutboxRow.state == OutboxState.SENT)
    return session.scalar(sent.order_by(OutboxRow.sent_at.desc(), OutboxRow.id.desc()).limit(1)) or ""


def note_phase(session: Session, letter_id: int, phase: str) -> None:
    """Note how far the attempt got. Raise LookupError if the letter is not being sent any more: it must not go on."""
    row = session.get_one(OutboxRow, letter_id, with_for_update=True)
    if row.state != OutboxState.SENDING:
        raise LookupError(f"letter {letter_id} is not being sent")
    row.phase = phase


def settle(session: Session, letter_id: int, outcome: Outcome, now: datetime) -> OutboxState:
    """Given how the attempt ended, bring the letter to its next state and return it.

    A letter that is not being sent any more (recovered meanwhile) is left as it is, except that a 250 is always believed.
    """
    row = session.get_one(OutboxRow, letter_id, with_for_update=True)
    if row.state != OutboxState.SENDING and not isinstance(outcome, Sent):
        return OutboxState(row.state)
    match outcome:
        case Sent(queue_id=queue_id, answer=answer):
            row.state, row.sent_at, row.queue_id, row.answer = OutboxState.SENT, now, queue_id[:255], answer
        case Refused():
            row.answer = f"{outcome.code} {outcome.answer}"
            _settle_refusal(session, row, outcome, now)
        case Lost(phase=Phase.CONTENT, detail=detail):
            row.answer, row.phase = detail, DATA
            row.state, row.not_before = OutboxState.UNCERTAIN, now + GRACE
        case Lost(phase=phase, detail=detail):
            row.answer = detail
            _queue_again(row, now, blameless=phase in BEFORE_THE_LETTER)
    session.flush()
    return OutboxState(row.state)


def _settle_refusal(session: Session, row: OutboxRow, refused: Refused, now: datetime) -> None:
    match refused.answer_class:
        case AnswerClass.HOLD_FOR_CLERK:
            row.state = OutboxState.HELD
        case AnswerClass.WAIT_THEN_REWORD if row.attempt > 1:
            row.state = OutboxState.HELD  # NetEase: "adjust the content"; the bytes are fixed, so a person decides
        case AnswerClass.BAD_LETTER:
            row.state = OutboxState.FAILED
        case AnswerClass.BAD_RECIPIENT:
            row.state = OutboxState.FAILED
            _note_bad_address(session, row, now)
        case AnswerClass.STOP_UNTIL_TOMORROW:
            _queue_again(row, now, blameless=True, not_before=tomorrow(now))
        case AnswerClass.WAIT_QUARTER_HOUR:
            _queue_again(row, now, blameless=True, not_before=now + QUARTER_HOUR)
        case AnswerClass.CONFIGURATION | AnswerClass.IP_BLOCKED:
            _queue_again(row, now, blameless=True)
        case AnswerClass.RETRY_SOON | AnswerClass.RECONNECT | AnswerClass.WAIT_THEN_REWORD:
            _queue_again(row, now, blameless=refused.phase in BEFORE_THE_LETTER)


def _queue_again(row: OutboxRow, now: datetime, *, blameless: bool, not_before: datetime | None = None) -> None:
    """Put a letter that the server surely does not have back into the queue.

    A `blameless` one was not refused for its own sake: its attempt is given back, or a week without a valid password
    would use up the attempts of all, and it waits only for the queue's pause (`answers.pause_after`).
    """
    if blameless:
        row.attempt -= 1
    elif row.attempt >= _ATTEMPTS_LIMIT:
        row.state = OutboxState.FAILED
        return
    row.state = OutboxState.QUEUED
    row.phase = ""
    row.not_before = not_before or (now if blameless else now + _wait(row.attempt))


def _wait(attempt: int) -> timedelta:
    doublings: int = min(max(attempt - 1, 0), 10)
    return min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)


def has_refused(session: Session, now: datetime) -> bool:
    """Return whether a letter that was refused for now waits for its next attempt."""
    return session.scalar(select(OutboxRow.id).where(*_refused(now)).limit(1)) is not None


def try_again(session: Session, now: datetime, *, refused_since: datetime) -> None:
    """Let go what has been refused for now since an instant: the server takes letters again.

    Not what was refused minutes ago, perhaps for its own sake: no letter is offered twice within its first wait.
    """
    session.execute(
        update(OutboxRow)
        .where(
            *_refused(now),
            OutboxRow.not_before > now,
            OutboxRow.claimed_at >= refused_since,
            OutboxRow.claimed_at <= now - _FIRST_WAIT,
        )
        .values(not_before=now)
    )


def _refused(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OutboxRow.state == OutboxState.QUEUED,
        OutboxRow.attempt > 0,
        or_(OutboxRow.expires_at.is_(None), OutboxRow.expires_at > now),
    )


def _note_bad_address(session: Session, row: OutboxRow, now: datetime) -> None:
    if session.get(BadAddressRow, row.to_address.lower()) is None:
        session.add(BadAddressRow(address=row.to_address.lower(), since=now, reason=row.answer))


def recover(session: Session, now: datetime, *, stuck_for: timedelta = timedelta(0)) -> int:
    """At start: what was being sent when the process ended is uncertain from now on. Return how many letters that is.

    `stuck_for` spares younger attempts, for a caller that is not alone.
    """
    stuck = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.state == OutboxState.SENDING, OutboxRow.claimed_at <= now - stuck_for)
        .with_for_update()
    ).all()
    for row in stuck:
        row.state, row.not_before = OutboxState.UNCERTAIN, now + GRACE
    session.flush()
    return len(stuck)


def has_uncertain(session: Session) -> bool:
    """Return whether the Sent folder has to be asked about any letter."""
    return session.scalar(select(OutboxRow.id).where(OutboxRow.state == OutboxState.UNCERTAIN).limit(1)) is not None


def resolve_uncertain(session: Session, now: datetime, witness: SentFolder | None) -> int:
    """Given what the Sent folder shows (None: it can't be read), decide the uncertain letters. Return how many.

    Found: sent. Not handed over (the crash came before phase "data"): queued. Absent, once absence counts: a reminder,
    digest or alarm is queued again; a receipt stays uncertain for the clerk. Absence counts only in a folder that shows
    one of our newest letters: some providers file no copies, or only if the mailbox is set so, and then every letter
    of uncertain fate would be sent twice.
    """
    files_copies = witness is not None and _files_copies(session, witness)
    rows = session.scalars(
        select(OutboxRow).where(OutboxRow.state == OutboxState.UNCERTAIN).order_by(OutboxRow.id).with_for_update()
    ).all()
    return sum(1 for row in rows if _resolve(row, now, witness, files_copies=files_copies))


def _files_copies(session: Session, witness: SentFolder) -> bool:
    newest = session.scalars(
        select(OutboxRow).where(OutboxRow.state == OutboxState.SENT).order_by(OutboxRow.sent_at.desc()).limit(_PROOFS)
    )
    return any(
        witness.copy_of(row.reference, row.header_message_id, since=row.claimed_at or row.created_at) is not None
        for row in newest
    )


def _resolve(row: OutboxRow, now: datetime, witness: SentFolder | None, *, files_copies: bool) -> bool:
    started_at = row.claimed_at or row.created_at
    copy = None if witness is None else witness.copy_of(row.reference, row.header_message_id, since=started_at)
    if copy is not None:
        row.state, row.sent_at = OutboxState.SENT, copy.at
    elif row.phase != DATA:
        _queue_again(row, now, blameless=False, not_before=now)
    else:
        tells = witness is not None and files_copies and witness.can_tell(started_at, row.not_before)
        if not tells or _policy(row).at_most_once:
            return False
        _queue_again(row, now, blameless=False, not_before=now)
    return True
