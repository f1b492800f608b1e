"""Mails through the real fetch, pipeline and outbox on SQLite: straight, stopped and opened again, or from the archive.

In: arrivals, settings, a roster, the stops. Out: the `Record` at the end, and how often each letter went out. The
mailbox and the SMTP server are the demo's, on loopback; the clock steps from arrival to arrival. A stop is an exception
that no layer catches, raised between two ticks or at a commit; then everything is opened again from the disk. (What a
kill -9 does to a file that is being written, or to a letter that is being handed over, is the matter of tests/e2e.)
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path

from sqlalchemy import event, select

from intake.db.models import MessageRow, OutboxRow, SightingRow
from intake.db.record import SqlRecord
from intake.fetch import Sighting
from intake.model import OutboxState, Sha256
from intake.outbox import DATA
from intake.roster import Roster
from intake.settings import Settings
from parsers.isolate import Answered, Stopped, Worker
from scheduler import guard, jobs, recovery
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from scheduler.desk.run import begin_replay
from tests.builders import office
from tests.replay.record import Record, record_of

_POLL_AFTER = timedelta(minutes=1)  # a mail is looked for so long after its arrival
_CLOSING_ROUNDS = 3
_BETWEEN = timedelta(minutes=20)  # more than outbox.GRACE: a letter of uncertain fate is decided by the Sent folder
_KEY = bytes(range(32))  # of the signing key's length: the letters of two runs have the same Message-IDs
_MOST_COMMITS = 16  # as many as a round with one mail and one letter was counted to have


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail as it comes into the mailbox; with `answers` it replies to our last letter to that address, if any."""

    raw: bytes
    at: datetime
    name: str = ""
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the process ends in the round of a mail: after a tick, or before or after the n-th commit of the round.

    After "fetch" the mail is archived and not yet filed. A round with fewer commits is ended after its last tick.
    """

    tick: str = ""
    commit: int = 0
    before: bool = False

    def __str__(self) -> str:
        return f"after {self.tick}" if self.tick else f"{'before' if self.before else 'after'} commit {self.commit}"


class StoppedHere(BaseException):
    """The process ends here. Not an Exception: nothing of ours may catch it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is stored at the end, and the letters that went out more than once (there must be none)."""

    record: Record
    sent: int
    sent_twice: tuple[str, ...]
    restarts: int


Readings = dict[tuple[str, str, bytes], Answered | Stopped]


def draw_stops(mails: int, draw: random.Random) -> dict[int, Stop]:
    """Given the number of mails, return from 2 to 7 stops by the number of their mail; one of them is after the fetch."""
    chosen = draw.sample(range(mails), min(mails, draw.randint(2, 7)))
    stops = {number: _draw_stop(draw) for number in chosen}
    return stops | {chosen[0]: Stop("fetch")}


def _draw_stop(draw: random.Random) -> Stop:
    if draw.random() < 0.3:
        return Stop(draw.choice(list(jobs.TICKS)))
    return Stop(commit=draw.randint(1, _MOST_COMMITS), before=draw.random() < 0.5)


def play(
    arrivals: Sequence[Arrival],
    given: Settings,
    roster: Roster,
    folder: Path,
    *,
    stops: Mapping[int, Stop] | None = None,
    readings: Readings | None = None,
    read_again: bool = False,
) -> Outcome:
    """Given mails in order of arrival, let them come one after another and return what is stored in `folder` at the end.

    `stops` are by the number of the mail, from 0. With `readings` the worker's answers are kept there and used again.
    `read_again` puts every message of the same database back at the end, as `intake replay` does.
    """
    login = given.mailbox.login
    waiting = list(enumerate(arrivals))
    clock = SteppedClock(arrivals[0].at)
    left = dict(stops or {})
    starts = 0
    with DemoMailbox(login, office.PASSWORD) as mailbox:

        def file_copy(letter: Delivered) -> None:
            mailbox.deliver(SENT, letter.raw, clock.now())  # as NetEase does: the witness of letters of uncertain fate

        with SmtpSink(login=login, password=office.PASSWORD, on_mail=file_copy) as sink:
            settings = office.on_loopback(given, folder, imap_port=mailbox.port, smtp_port=sink.port)
            folder.mkdir(exist_ok=True)
            (folder / "signing.key").write_bytes(_KEY)
            while True:
                starts += 1
                try:
                    with opened(settings, clock, roster, readings) as app:
                        recovery.recover(app)
                        if starts > 1:
                            _round(app, None)
                        while waiting:
                            number, arrival = waiting.pop(0)
                            mailbox.deliver("INBOX", _thread(arrival, sink.delivered) + arrival.raw, arrival.at)
                            clock.advance_to(max(clock.now(), arrival.at + _POLL_AFTER))
                            _round(app, left.pop(number, None))
                        for _ in range(_CLOSING_ROUNDS):
                            clock.advance_to(clock.now() + _BETWEEN)
                            _round(app, None)
                        if read_again:
                            begin_replay(app)
                            _round(app, None)
                        record = record_of(app)
                        break
                except StoppedHere:
                    continue
            letters = Counter(str(message_from_bytes(one.raw)["Message-ID"]) for one in sink.delivered)
    twice = tuple(name for name, count in letters.items() if count > 1)
    return Outcome(record, letters.total(), twice, starts - 1)


def replay_into_empty(given: Settings, roster: Roster, folder: Path, *, now: datetime) -> Record:
    """Given the folder of a run, read its archive into a new, empty database and return what is stored then.

    Of the old database only the sightings are taken: when and where each mail was seen is not in its bytes. Nothing is
    fetched and nothing is sent.
    """
    settings = office.on_loopback(given, folder, imap_port=1, smtp_port=1)
    clock = SteppedClock(now)
    with open_app(settings, clock, roster=roster) as app, app.bench.sessions() as session:
        seen = session.execute(
            select(SightingRow, MessageRow.sha256)
            .join(MessageRow, MessageRow.id == SightingRow.message_id)
            .order_by(SightingRow.id)
        ).all()
    empty = replace(settings, storage=replace(settings.storage, database_url=f"sqlite:///{folder}/empty.sqlite"))
    with open_app(empty, clock, roster=roster, begin_anew=True) as app:
        lost = set(app.bench.archive.hashes()) ^ {sha256 for _, sha256 in seen}
        if lost:
            raise AssertionError(f"archive and record do not hold the same mails: {sorted(lost)}")
        record = SqlRecord(app.bench.sessions, now=clock.now())
        for row, sha256 in seen:
            sighting = Sighting(row.account, row.folder, row.uid_validity, row.uid, row.size_bytes, row.internal_at)
            record.archived(sighting, Sha256(sha256), row.size_bytes, mismatch=row.state == "mismatch")
        _demand_none(guard.guarded(app, "process", jobs.process))
        return record_of(app)


def _thread(arrival: Arrival, letters: Sequence[Delivered]) -> bytes:
    """Return the header that makes the mail a reply, b"" if it is none."""
    answered = [one.raw for one in letters if one.recipients == (arrival.answers,)]
    return b"In-Reply-To: %s\r\n" % message_from_bytes(answered[-1])["Message-ID"].encode() if answered else b""


def _round(app: App, stop: Stop | None) -> None:
    """Run every tick once. Raise StoppedHere where the stop says, or at the end of a round that it did not reach."""
    with stopping(app, stop):
        for name, tick in jobs.TICKS.items():
            _demand_none(guard.guarded(app, name, tick))
            if stop is not None and stop.tick == name:
                raise StoppedHere
    if stop is not None:
        raise StoppedHere


def _demand_none(error: Exception | None) -> None:
    if error is not None:
        raise error


@contextmanager
def stopping(app: App, stop: Stop | None, *, hand_over: bool = False) -> Iterator[None]:
    """End the process at the commit that the stop names: every durable step of a round ends in one.

    With `hand_over` also while a letter is being handed over; else the stop waits for the next commit.
    """
    commits = 0

    def count(_session: object) -> None:
        nonlocal commits
        commits += 1
        if stop is not None and commits >= stop.commit and (stop.before or hand_over or not _is_handing_over(app)):
            raise StoppedHere

    if stop is None or not stop.commit:
        yield
        return
    moment = "before_commit" if stop.before else "after_commit"
    event.listen(app.bench.sessions, moment, count)
    try:
        yield
    finally:
        event.remove(app.bench.sessions, moment, count)


def _is_handing_over(app: App) -> bool:
    """Return whether a letter is between our "data" and the server's word.

    A receipt that is caught there and did not go out stays uncertain, for the clerk (`outbox`: at most once), so the stop
    waits for the next commit: kill -9 in that moment is the matter of tests/e2e.
    """
    handed = (OutboxRow.state == OutboxState.SENDING, OutboxRow.phase == DATA)
    with app.bench.sessions() as session:
        return session.scalar(select(OutboxRow.id).where(*handed).limit(1)) is not None


@contextmanager
def opened(settings: Settings, clock: SteppedClock, roster: Roster, readings: Readings | None) -> Iterator[App]:
    """Open the App; with `readings` the worker's answers are kept there and used again."""
    with open_app(settings, clock, roster=roster) as app:
        if readings is None:
            yield app
        else:
            yield replace(app, bench=replace(app.bench, worker=_Remembering(app.bench.worker, readings)))


@dataclass(frozen=True, slots=True)
class _Remembering:
    """A worker that reads the same bytes once: reading is a function of them, and a scan takes seconds."""

    worker: Worker
    readings: Readings = field(repr=False)

    def call(self, operation: str, header: dict[str, object], payload: bytes, *, timeout_s: float) -> object:
        key = (operation, repr(header), payload)
        if key not in self.readings:
            self.readings[key] = self.worker.call(operation, header, payload, timeout_s=timeout_s)
        return self.readings[key]

    def rest(self) -> None:
        self.worker.rest()
