"""A world of crashes, refusals, lost answers and a clerk: no answer is delivered twice, nothing is forgotten."""

import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from intake import outbox, outbox_desk
from intake.answers import AnswerClass, Lost, Phase, Refused, Sent
from intake.model import LetterKind, OutboxState
from intake.witness import SentFolder, SentHeader
from tests.builders.mailing import NOW, database, new_letter, rows, sending

RECEIPTS = set(LetterKind) - {LetterKind.REMINDER, LetterKind.DIGEST, LetterKind.ALARM, LetterKind.TEST}
UNTAKEN = [
    *(Refused(one, 550, "no", Phase.RCPT) for one in AnswerClass),
    Refused(AnswerClass.RETRY_SOON, 421, "no", Phase.AUTH),
    *(Lost(one, "x") for one in Phase),
]


class Outbox(RuleBasedStateMachine):
    """The record is real; the server and its Sent folder are two lists; a crash is a transaction that never comes."""

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.sessions = self.stack.enter_context(database(Path(folder)))
        self.now = NOW
        self.letters = {}  # number → NewLetter
        self.accepted = []  # numbers, in the order in which the server took them
        self.copies = []  # the Sent folder
        self.decided = set()  # numbers that a person has released or cancelled

    @initialize(files_copies=st.booleans())
    def provider(self, files_copies):
        self.files_copies = files_copies

    def teardown(self):
        try:
            self.come_to_rest()
        finally:
            self.stack.close()

    # --- what happens ------------------------------------------------------------------------------------------------

    @rule(number=st.integers(1, 6), kind=st.sampled_from(LetterKind), held=st.booleans(), hours=st.integers(1, 48))
    def enqueue(self, number, kind, held, hours):
        expires_at = self.now + timedelta(hours=hours) if kind is LetterKind.REMINDER else None
        letter = new_letter(number, kind=kind, key=f"key {number}", not_before=self.now, expires_at=expires_at)
        state = OutboxState.HELD if held else OutboxState.QUEUED
        with self.sessions.begin() as session:
            fresh = outbox.enqueue(session, letter, state=state, now=self.now)
        assert fresh is (number not in self.letters)
        self.letters.setdefault(number, letter)

    @rule(minutes=st.sampled_from([1, 5, 12, 60, 300]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def deliver(self):
        letter = self.claim()
        if letter is not None:
            self.note(letter, outbox.CONNECTED, outbox.DATA)
            self.accept(letter)
            self.settle(letter, Sent("q", "ok"))

    @rule(outcome=st.sampled_from(UNTAKEN))
    def fail(self, outcome):
        letter = self.claim()
        if letter is not None:
            self.note(letter, *((outbox.DATA,) if outcome.phase is Phase.CONTENT else ()))
            self.settle(letter, outcome)

    @rule()
    def lose_the_250(self):
        letter = self.claim()
        if letter is not None:
            self.note(letter, outbox.CONNECTED, outbox.DATA)
            self.accept(letter)
            self.settle(letter, Lost(Phase.CONTENT, "closed by the server"))

    @rule(steps=st.integers(0, 3))
    def crash(self, steps):
        """The process ends after so many of: claimed, connected, data noted, letter accepted."""
        letter = self.claim()
        if letter is None:
            return
        self.note(letter, *[outbox.CONNECTED, outbox.DATA][:steps])
        if steps == 3:
            self.accept(letter)
        self.recover()

    @rule()
    def recover(self):
        with self.sessions.begin() as session:
            outbox.recover(session, self.now)

    @rule(age=st.sampled_from([None, 0, 5, 30]), depth_hours=st.sampled_from([None, 0, 1, 100]))
    def look_into_the_sent_folder(self, age, depth_hours):
        with self.sessions.begin() as session:
            outbox.resolve_uncertain(session, self.now, self.witness(age, depth_hours))

    @rule(numbers=st.sets(st.integers(1, 6), max_size=2), every=st.booleans())
    def release(self, numbers, every):
        before = self.states()
        with self.sessions.begin() as session:
            outbox_desk.release(session, self.now, None if every else self.ids(numbers))
        self.decided |= {one for one, state in self.states().items() if state != before[one] == OutboxState.UNCERTAIN}

    @rule(numbers=st.sets(st.integers(1, 6), max_size=2))
    def cancel(self, numbers):
        with self.sessions.begin() as session:
            outbox_desk.cancel(session, self.ids(numbers))

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def no_answer_is_delivered_twice(self):
        for number, letter in self.letters.items():
            if number in self.decided:
                continue  # a person took it upon himself
            assert self.accepted.count(number) <= 1, f"{letter.kind} {number} was delivered twice"

    @invariant()
    def nothing_is_forgotten_or_changed(self):
        found = {row.key: row for row in rows(self.sessions)}
        assert set(found) == {letter.key for letter in self.letters.values()}
        for letter in self.letters.values():
            row = found[letter.key]
            assert (row.raw, row.header_message_id) == (letter.raw, letter.header_message_id)
            assert OutboxState(row.state)
            assert row.attempt >= 0

    @invariant()
    def what_is_called_sent_was_delivered(self):
        for number, state in self.states().items():
            if state == OutboxState.SENT:
                assert number in self.accepted

    @invariant()
    def what_was_delivered_is_not_sent_once_more(self):
        for number, state in self.states().items():
            if number in self.accepted and self.files_copies and number not in self.decided:
                assert state in (OutboxState.SENT, OutboxState.UNCERTAIN, OutboxState.CANCELLED)

    def come_to_rest(self):
        """All is well from now on: the process starts, the Sent folder can be read, the server takes everything."""
        self.recover()
        before = None
        for _ in range(60):
            self.now += timedelta(hours=2)
            self.look_into_the_sent_folder(0, None)
            self.deliver()
            if OutboxState.QUEUED not in self.states().values() and self.states() == before:
                break
            before = self.states()
        # a folder that shows a letter of ours files copies: only then does it tell what did not arrive
        told = self.files_copies and OutboxState.SENT in self.states().values()
        for number, state in self.states().items():
            if state == OutboxState.UNCERTAIN:
                assert self.letters[number].kind in RECEIPTS or not told
            elif state != OutboxState.SENT:
                assert state in (OutboxState.HELD, OutboxState.FAILED, OutboxState.CANCELLED, OutboxState.EXPIRED)
        self.no_answer_is_delivered_twice()
        self.what_is_called_sent_was_delivered()

    # --- helpers -----------------------------------------------------------------------------------------------------

    def claim(self):
        with self.sessions.begin() as session:
            return outbox.claim(session, self.now, sending())

    def note(self, letter, *phases):
        for phase in phases:
            with self.sessions.begin() as session:
                outbox.note_phase(session, letter.id, phase)

    def settle(self, letter, outcome):
        with self.sessions.begin() as session:
            outbox.settle(session, letter.id, outcome, self.now)

    def accept(self, letter):
        """The server takes the letter, provided that the record said so beforehand."""
        (row,) = [row for row in rows(self.sessions) if row.id == letter.id]
        assert (row.state, row.phase) == (OutboxState.SENDING, outbox.DATA)
        number = int(row.reference.removeprefix("2025-"))
        self.accepted.append(number)
        if self.files_copies:
            self.copies.append(SentHeader(row.header_message_id, "", row.subject, self.now))

    def witness(self, age, depth_hours):
        """The Sent folder as it was read `age` minutes ago and `depth_hours` deep, or None: it could not be read."""
        if age is None:
            return None
        read_at = self.now - timedelta(minutes=age)
        covers_from = None if depth_hours is None else read_at - timedelta(hours=depth_hours)
        seen = [one for one in self.copies if one.at <= read_at and (covers_from is None or one.at >= covers_from)]
        return SentFolder(seen, read_at, covers_from)

    def states(self):
        return {int(row.reference.removeprefix("2025-")): row.state for row in rows(self.sessions)}

    def ids(self, numbers):
        return [row.id for row in rows(self.sessions) if int(row.reference.removeprefix("2025-")) in numbers]


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
