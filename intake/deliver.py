"""The deliver tick: what is due in the outbox goes to the server, letter by letter, each in transactions of its own.

In: the record, a way to open an SMTP session, the caps. Out: rows settled, a `Batch`. Stage before: `outbox`; the server's
part of a letter is `smtp`, the meaning of its answers `answers`.

    claim (committed) → connect → phase "data" (committed) → the letter → 250 → sent (committed)

Nothing but the status write follows the 250 in its transaction: systems that did more there sent the same mail again
on every run when that more failed (FreeScout#2003, nextcloud-mail#6540). A refusal that concerns every letter pauses the
queue; the pause is written together with the letter's own state and returned.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from intake import halt, outbox
from intake.answers import (
    AnswerClass,
    Lost,
    Outcome,
    PauseUntil,
    Phase,
    Refused,
    Sent,
    as_its_own,
    explain,
    may_be_its_own,
    pause_after,
)
from intake.db import heartbeats
from intake.db.models import HeartbeatRow
from intake.model import LetterKind, OutboxState
from intake.settings import Sending
from intake.smtp import SmtpSession

log = logging.getLogger(__name__)

TICK = "deliver"  # the name of its heartbeat
# Older attempts belong to a batch that is over: the longest one (all deadlines of `smtp.Deadlines`) takes 25 minutes.
_STUCK_FOR = timedelta(hours=1)
# One letter that is taken for spam has a reason in itself, three in a row say that the account is watched.
_HELD_IN_A_ROW = 3
_HELD_PAUSE = timedelta(hours=1)
_HELD_REASON = "连续三封信被服务商拒收，发信暂停一小时，以免账号被封。请查看待处理信件的拒收原因"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one tick came to. `unsent` counts attempts that did not end with a 250; `pause` is set if the queue rests."""

    sent: int = 0
    unsent: int = 0
    pause: PauseUntil | None = None


def deliver_batch(
    sessions: sessionmaker[Session],
    make_smtp: Callable[[], SmtpSession],
    sending: Sending,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    stopping: Callable[[], bool] = lambda: False,
    only: Callable[[], Collection[str] | None] = lambda: None,
    postponed: Callable[[Session], Collection[LetterKind]] = lambda _session: (),
    on_sent: Callable[[int, Sent], None] = lambda _letter, _outcome: None,
    limit: int = 100,
) -> Batch:
    """Given the outbox, send what is due, at most `limit` letters, and return what came of it.

    Ends early when the queue has to pause, or before the next letter once `stopping` says so or a person has halted all
    sending (`halt`). `only` names, before each letter, the business keys of those that may go, None if all may; `postponed`,
    in the transaction that claims it, the kinds that stay in the queue for now. `on_sent` is told of each letter once its row
    says so; no transaction is open when it or `only` is called. Whatever is raised (a database that is locked or full, a
    bug) leaves the letter at hand in a state that `outbox.recover` understands.
    """
    with sessions.begin() as session:
        resting = _pause_in_force(session, now())
        recovered = outbox.recover(session, now(), stuck_for=_STUCK_FOR)
    if recovered:
        log.warning("action=deliver.recovered letters=%d", recovered)
    if resting is not None:
        return Batch(pause=resting)
    record = _Record(sessions, now, stopping)
    pause: PauseUntil | None = None
    with make_smtp() as smtp:
        while record.attempts < limit and pause is None and not stopping():
            keys = only()
            if record.attempts:
                sleep(sending.pause_s)
            with sessions.begin() as session:
                halted = halt.in_force(session)
                letter = (
                    None if halted else outbox.claim(session, now(), sending, postponed=postponed(session), only=keys)
                )
            if letter is None:
                break
            outcome = smtp.send(letter.raw, letter.to_address, on_phase=record.phase_writer(letter.id))
            outcome = record.judge(letter, outcome)
            pause = record.settle(letter, outcome)
            if isinstance(outcome, Sent):
                on_sent(letter.id, outcome)
    if pause is None:
        record.ended()
    return Batch(record.sent, record.attempts - record.sent, pause)


def _pause_in_force(session: Session, now: datetime) -> PauseUntil | None:
    row = heartbeats.heartbeat(session, TICK)
    until = heartbeats.rests_until(row, now)
    return None if until is None else PauseUntil(until, row.message, alarming=row.permanent)


def refuses_all(session: Session) -> bool:
    """Return whether the server takes no letter: sending fails, for another reason than letters that a person must look at."""
    row = heartbeats.last_heartbeat(session, TICK)
    return row.failures > 0 and row.message != _HELD_REASON


def _refuses_for_now(row: HeartbeatRow) -> bool:
    """Return whether every letter is refused for now, by the last attempts: such a failure stops no queue."""
    return row.failures > 0 and row.paused_until is None


class _Record:
    """Writes into the record what becomes of the letters of one batch, each write a transaction."""

    def __init__(
        self, sessions: sessionmaker[Session], now: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> None:
        self.sent = 0
        self.attempts = 0
        self._held_in_a_row = 0
        self._refused_for_now = ""  # the last thing the server did, in words, if it speaks against the server
        self._sessions = sessions
        self._now = now
        self._stopping = stopping

    def phase_writer(self, letter_id: int) -> Callable[[Phase], None]:
        """Return what the SMTP session calls before it goes on: the phase is committed first."""

        def write(phase: Phase) -> None:
            with self._sessions.begin() as session:
                outbox.note_phase(session, letter_id, outbox.DATA if phase is Phase.CONTENT else outbox.CONNECTED)

        return write

    def judge(self, letter: outbox.ClaimedLetter, outcome: Outcome) -> Outcome:
        """Return what an outcome means beside those of the others: what stops the queue may be for one letter's own sake.

        It is, if the letter was tried before and others went since: then it waits, or a person looks at it, by itself.
        """
        if not isinstance(outcome, Refused) or letter.tried_at is None or not may_be_its_own(outcome):
            return outcome
        with self._sessions() as session:
            if not outbox.has_sent_since(session, letter.tried_at):
                return outcome
        return as_its_own(outcome)

    def settle(self, letter: outbox.ClaimedLetter, outcome: Outcome) -> PauseUntil | None:
        """Write what came of a letter and return the pause that follows from it, if any."""
        self.attempts += 1
        if isinstance(outcome, Sent):
            with self._sessions.begin() as session:
                outbox.settle(session, letter.id, outcome, self._now())
            log.info("action=deliver.sent letter=%d attempt=%d", letter.id, letter.attempt)
            self.sent += 1
            self._held_in_a_row, self._refused_for_now = 0, ""
            return None
        held = isinstance(outcome, Refused) and outcome.answer_class is AnswerClass.HOLD_FOR_CLERK
        self._held_in_a_row = self._held_in_a_row + 1 if held else 0
        with self._sessions.begin() as session:
            state = outbox.settle(session, letter.id, outcome, self._now())
            pause = self._pause(session, outcome)
            if self._speaks_against_the_server(session, letter, outcome, state):
                self._refused_for_now = explain(outcome)
        _log_failure(letter, outcome, state)
        if pause is not None:
            log.warning("action=deliver.paused until=%s", pause.when.isoformat())
        return pause

    def ended(self) -> None:
        """Note that the tick came to its end, and what it showed of the server.

        A server that answers every letter with "later" for hours pauses no queue, each letter waits by itself; an idle tick
        in between proves nothing. The first letter that goes shows that the wait was for the server: the others go next.
        """
        with self._sessions.begin() as session:
            row, now = heartbeats.heartbeat(session, TICK), self._now()
            if self.sent:
                if _refuses_for_now(row) and row.failed_at is not None:
                    outbox.try_again(session, now, refused_since=row.failed_at)
                heartbeats.note_tick(session, TICK, now=now)
            if self._refused_for_now:
                heartbeats.note_tick_failure(
                    session, TICK, now=now, message=self._refused_for_now, paused_until=None, permanent=False
                )
            elif not (_refuses_for_now(row) and outbox.has_refused(session, now)):
                heartbeats.note_tick(session, TICK, now=now)

    def _speaks_against_the_server(
        self, session: Session, letter: outbox.ClaimedLetter, outcome: Outcome, state: OutboxState
    ) -> bool:
        """Return whether a refusal for now tells of the server rather than of the recipient.

        A provider takes letters to whomever and learns later that a mailbox is full, so "later" is first its own trouble.
        Not that of a letter that was refused before while others went.
        """
        if not isinstance(outcome, Refused) or outcome.alone or state is not OutboxState.QUEUED or self._stopping():
            return False
        return letter.attempt == 1 or bool(heartbeats.heartbeat(session, TICK).failures)

    def _pause(self, session: Session, outcome: Refused | Lost) -> PauseUntil | None:
        if self._stopping():
            return None  # we cut the line ourselves: that says nothing of the server
        now = self._now()
        if self.sent:
            heartbeats.note_tick(
                session, TICK, now=now
            )  # all was well in between: pauses grow from the beginning again
        beat = heartbeats.heartbeat(session, TICK)
        pauses = 0 if _refuses_for_now(beat) else beat.failures
        pause = pause_after(outcome, failures=pauses, now=now)
        if pause is None and self._held_in_a_row >= _HELD_IN_A_ROW:
            pause = PauseUntil(now + _HELD_PAUSE, _HELD_REASON, alarming=True)
        if pause is not None:
            heartbeats.note_tick_failure(
                session, TICK, now=now, message=pause.reason, paused_until=pause.when, permanent=pause.alarming
            )
        return pause


def _log_failure(letter: outbox.ClaimedLetter, outcome: Refused | Lost, state: str) -> None:
    match outcome:
        case Refused(answer_class=answer_class, code=code, phase=phase):
            log.warning(
                "action=deliver.refused letter=%d attempt=%d class=%s code=%d phase=%s state=%s",
                letter.id,
                letter.attempt,
                answer_class,
                code,
                phase,
                state,
            )
        case Lost(phase=phase):
            log.warning(
                "action=deliver.lost letter=%d attempt=%d phase=%s state=%s", letter.id, letter.attempt, phase, state
            )
