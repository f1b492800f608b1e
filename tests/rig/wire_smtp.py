"""SMTP cut after every byte of either side, and a server that is late, drops, trickles or babbles at every stage.

In: how many of the cuts. Out: counts, violations. Two letters (a receipt and a reminder, which are treated differently when
their fate is uncertain) go over one connection; the connection is cut after byte k; then the ticks go on every twenty
minutes until nothing moves. Looked at: the record through `sqlite3`, and what the server took. The Sent folder as witness
is there, or not there, or there and always empty (a provider that files no copies).
"""

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Self

from sqlalchemy import text

from intake import outbox
from intake.deliver import deliver_batch
from intake.model import LetterKind, OutboxState
from intake.smtp import Deadlines, SmtpSession
from intake.witness import SentFolder, SentHeader
from scheduler.demo.faults import Action, Answer, Drop, Late, Rule, Stage, Trickle
from scheduler.demo.sink import SmtpSink
from tests.builders import mailing
from tests.servers.proxy import Cut, CuttingProxy, Side

WITNESSES = ("copies", "none", "empty")
SIDES = tuple(Side)
_ROUND = timedelta(minutes=20)  # past the grace of the Sent folder and every pause after a loss
_ROUNDS = 4
_HASTY = Deadlines(connect_s=1.0, command_s=1.0, content_s=1.0, final_s=1.0, quit_s=0.5)
_SLACK_S = 5.0  # for a busy machine; a trickled answer of 60 bytes would take 6 s
BEFORE = mailing.new_letter(9, to_address="third@example.com")  # went yesterday: what proves that copies are filed
LETTERS = (
    mailing.new_letter(1, to_address="unit@example.org"),
    mailing.new_letter(2, kind=LetterKind.REMINDER, to_address="other@example.net"),
)


class PostOffice:
    """An outbox, the program's deliver tick, and a server behind a proxy; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Given a directory, prepare an empty record in it."""
        self.folder = folder
        self.sink = SmtpSink(login=mailing.ADDRESS, password=mailing.PASSWORD)
        self.now = mailing.NOW
        self.witness = "copies"
        self.deadlines = mailing.QUICK
        self._taken_before = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.sink)
        self.proxy = self._stack.enter_context(CuttingProxy(self.sink.port))
        self.sessions = self._stack.enter_context(mailing.database(self.folder))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self, witness: str = "copies", deadlines: Deadlines = mailing.QUICK) -> None:
        """Begin a run with the two letters in the queue."""
        with self.sessions.begin() as session:
            for table in ("outbox", "heartbeats", "bad_addresses"):
                session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of ours
            assert outbox.enqueue(session, BEFORE, state=OutboxState.SENT, now=mailing.NOW - timedelta(days=1))
            session.execute(text("UPDATE outbox SET sent_at = created_at"))
        mailing.put(self.sessions, *LETTERS)
        self.now, self.witness, self.deadlines = mailing.NOW, witness, deadlines
        self._taken_before = len(self.sink.delivered)
        self.sink._rules.clear()
        self.proxy.cut_next(None)

    def tick(self) -> None:
        """Send what is due, as `jobs.deliver` does."""
        deliver_batch(
            self.sessions,
            lambda: SmtpSession(mailing.mailbox(self.proxy.port), self.deadlines),
            mailing.sending(),
            now=lambda: self.now,
            sleep=lambda _seconds: None,
        )

    def settle(self) -> None:
        """Let the ticks go on, the Sent folder asked before each, as `jobs.fetch` does."""
        self.deadlines = mailing.QUICK
        for _ in range(_ROUNDS):
            self.now += _ROUND
            with self.sessions.begin() as session:
                if outbox.has_uncertain(session):
                    outbox.resolve_uncertain(session, self.now, self._sent_folder())
            self.tick()

    def _sent_folder(self) -> SentFolder | None:
        if self.witness == "none":
            return None
        taken = [BEFORE.raw, *self.taken()] if self.witness == "copies" else []
        copies = [message_from_bytes(raw) for raw in taken]
        headers = [
            SentHeader(str(one["Message-ID"]), str(one["X-Intake-Id"]), str(one["Subject"]), self.now) for one in copies
        ]
        return SentFolder(headers, read_at=self.now)

    def taken(self) -> list[bytes]:
        """Return what the server took in this run."""
        return [one.raw for one in self.sink.delivered[self._taken_before :]]

    def rows(self) -> list[sqlite3.Row]:
        """Return the outbox, oldest first, as it lies on the disk."""
        return [row for row in self.read("SELECT * FROM outbox ORDER BY id") if row["key"] != BEFORE.key]

    def read(self, question: str) -> list[sqlite3.Row]:
        """Ask the record, not through the program."""
        with closing(sqlite3.connect(f"file:{self.folder / 'record.sqlite'}?mode=ro", uri=True)) as record:
            record.row_factory = sqlite3.Row
            return record.execute(question).fetchall()

    def looks(self, *, may_be_uncertain: int) -> Iterator[str]:
        """Yield what of I2 does not hold, when all has come to rest."""
        counts = Counter(str(message_from_bytes(raw)["Message-ID"]) for raw in self.taken())
        yield from (f"I2: the letter {name} was taken {number} times" for name, number in counts.items() if number > 1)
        uncertain = 0
        for row in self.rows():
            taken = counts[row["header_message_id"]]
            name = f"the {row['kind']}"
            if row["state"] == "sent":
                if not taken:
                    yield f"I2: {name} is recorded as sent, and the server never took it"
            elif row["state"] == "uncertain":
                uncertain += 1
                if taken and self.witness == "copies":
                    yield f"I2: {name} is uncertain, though the Sent folder has it"
                if not taken and self.witness == "copies" and row["kind"] == "reminder":
                    yield f"I8: {name} was not taken and is not sent again"
            else:
                yield f"I2: {name} is {row['state']} at rest"
        if uncertain > may_be_uncertain:
            yield f"I2: {uncertain} letters are uncertain, where {may_be_uncertain} may be"


def session_bytes(office: PostOffice) -> dict[Side, int]:
    """Record one whole session and return how many bytes each side said."""
    office.begin()
    office.tick()
    if found := [*office.looks(may_be_uncertain=0)]:
        raise RuntimeError(f"an undisturbed session is no good: {found}")
    passed = office.proxy.passed[-1]
    if passed[Side.CLIENT].count(b"\r\n.\r\n") != len(LETTERS):
        raise RuntimeError("the letters did not go over one connection")
    farewell = passed[Side.CLIENT].index(b"QUIT")
    return {Side.SERVER: passed[Side.SERVER].rindex(b"221"), Side.CLIENT: farewell + len(b"QUIT")}


def run_cuts(
    folder: Path, *, every: int, seed: int, share: int = 0, of: int = 1, until: str = ""
) -> tuple[int, list[str], str]:
    """Cut after every `every`-th byte of either side, for each witness; of these cuts make every `of`-th.

    Return how many were made, what did not hold, and a remark. `until`: end when something is found that says so.
    """
    found: list[str] = []
    draw = random.Random(seed)
    with PostOffice(folder) as office:
        whole = session_bytes(office)
        cases = [
            (Cut(side, after, reset=draw.random() < 0.3), witness)
            for witness in WITNESSES
            for side in SIDES
            for after in range(draw.randrange(every), whole[side], every)
        ]
        draw.shuffle(cases)
        cases = cases[share::of]
        office.proxy.made = 0
        for cut, witness in cases:
            if until and any(until in one for one in found):
                return office.proxy.made, found, "seen"
            office.begin(witness)
            office.proxy.cut_next(cut)
            office.tick()
            handed_over = b"\r\nDATA\r\n" in office.proxy.passed[-1][Side.CLIENT]
            handed_over |= len(office.proxy.passed) > 1 and b"\r\nDATA\r\n" in office.proxy.passed[-2][Side.CLIENT]
            office.settle()
            told = office.looks(may_be_uncertain=int(handed_over))
            name = f"SMTP {cut.side} {cut.after}{' RST' if cut.reset else ''}, witness {witness}"
            found += [f"{name}: {one}" for one in told]
            del office.proxy.passed[:]
        if office.proxy.made != len(cases):
            found.append(f"SMTP: {office.proxy.made} of {len(cases)} cuts were made")
        remark = f"SMTP session ({whole[Side.SERVER]:,}+{whole[Side.CLIENT]:,} bytes)"
        return office.proxy.made, found, remark


_EVERYWHERE: dict[str, Action] = {
    "dropped": Drop(),
    "late": Late(0.8),
    "trickled": Trickle(0.1),
    "garbage": Answer(b"\x00\xff what?"),
    "HTTP": Answer(b"HTTP/1.1 302 Found"),
    "an empty line": Answer(b""),
    "a code of one digit": Answer(b"2 ok"),
    "the wrong kind of yes": Answer(b"354 go ahead"),  # at DATA the right one, but what follows is not read as a letter
    "code 999": Answer(b"999 no such code"),
    "an answer too many": Answer(b"250 ok\r\n250 ok"),
    "an answer without end": Answer(b"\r\n".join([b"250-more"] * 200)),
    "a line without end": Answer(b"250 " + b"x" * 20_000),
}


# At CONTENT the sink says 250 and keeps nothing: no client can know. At DATA it says 354 and takes the letter for commands.
_NOT_ABOUT_US = {("an answer too many", Stage.CONTENT), ("the wrong kind of yes", Stage.DATA)}


def run_lies(folder: Path, *, share: float, draw: random.Random) -> tuple[int, list[str]]:
    """Misbehave at every stage in every way. Return how often, and what did not hold."""
    found: list[str] = []
    number = 0
    actions = [
        (name, stage, action)
        for stage in Stage
        for name, action in _EVERYWHERE.items()
        if stage is not Stage.RSET and (name, stage) not in _NOT_ABOUT_US
    ]
    actions.append(("dropped, but kept", Stage.CONTENT, Drop(keep=True)))
    with PostOffice(folder) as office:
        for name, stage, action in draw.sample(actions, max(1, int(len(actions) * share))):
            number += 1
            witness = WITNESSES[number % len(WITNESSES)]
            office.begin(witness, _HASTY)
            office.sink.script(Rule(stage, action))
            started = time.monotonic()
            office.tick()
            took = time.monotonic() - started
            office.settle()
            may = int(stage is Stage.CONTENT)
            told = [*office.looks(may_be_uncertain=may)]
            if took > _SLACK_S:
                told.append(f"I17: a tick with deadlines of {_HASTY.command_s} s took {took:.1f} s")
            found += [f"SMTP {stage} {name}, witness {witness}: {one}" for one in told]
    return number, found
