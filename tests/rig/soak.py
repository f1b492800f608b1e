"""Part "soak": a year in minutes: polls every five minutes, mails, servers and disks that fail, clock steps, a clerk.

In: how many days, a seed. Out: an `Outcome`. The program lives in a process of its own, which opens the App anew once a
month or when the roster was edited; servers, clerk and clock are here. So what the rig itself keeps (mails, letters) does
not blur what leaks there. Leaked is what a restart would give back: the process of the year is compared with a fresh one
that lives on with the same record for a tenth of the time, so that what the record itself takes (a ledger of a year's
forms, SQLite's pages) and what faults and edits load once (8 MB in the first fifty days) count for both. Descriptors and
threads are compared with those at the end of the first tenth of the time. At last the checker looks. (facts/reliability.md §2.2 I11 and §4: fixed caps, 105,120 polls, drift below 5 MB.)
"""

import logging
import math
import multiprocessing
import os
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from intake import outbox_desk, pipeline
from intake.db.engine import open_engine, session_factory
from intake.model import LetterKind, OutboxState
from intake.settings import Settings
from scheduler import guard, jobs, recovery
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.faults import Drop
from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office
from tests.rig import rosters
from tests.rig.checker import History, ServerMail, SinkLetter, violations
from tests.rig.crash import ADDRESS, fast_directory, filled
from tests.rig.faulty_disk import ERRNO, Fault, FaultyDisk
from tests.rig.reminding import needless_reminders
from tests.rig.report import Outcome
from tests.rig.world import IMAP_FAULTS, SMTP_FAULTS

_POLL = timedelta(minutes=5)
_POLLS_A_DAY = 288
_NIGHT = timedelta(hours=10)
_LEAK_BYTES = 5 * 2**20
_RESIDENT_BYTES = 150 * 2**20
_WAL_BYTES = 32 * 2**20
_REOPEN_DAYS = 30
_SETTLING = 0.1  # of the days: until then caches fill
# the mistakes that a test plants
FORGOTTEN = "forgotten letters"
LEAK = "a leak"
OPEN_FILES = "files left open"
READER = "a reader that never ends"
_LEAKED: list[object] = []


@dataclass(frozen=True, slots=True)
class _Size:
    """What the program's process takes: bytes resident, bytes of the write-ahead log, open descriptors, threads."""

    resident: int
    wal: int
    descriptors: int
    threads: int


# --- the program's process -------------------------------------------------------------------------------------------


def _settings(folder: Path, imap_port: int, smtp_port: int) -> Settings:
    made = office.settings(folder, imap_port=imap_port, smtp_port=smtp_port)
    caps = replace(made.sending, per_day=400, per_quarter_hour=100, per_address_day=200, per_address_hour=100)
    return replace(made, sending=caps)


def _program(pipe: Connection, folder: Path, imap_port: int, smtp_port: int, now: datetime, plant: str) -> None:
    """Obey until "end": open the App with an edition of the roster, poll, and say how large we are."""
    if plant == FORGOTTEN:
        pipeline.post = lambda *_arguments, **_options: False
    if plant == LEAK:
        jobs.TICKS = {**jobs.TICKS, "leak": lambda _app: _LEAKED.append(bytearray(b"x" * 50_000))}
    if plant == OPEN_FILES:
        jobs.TICKS = {**jobs.TICKS, "files": lambda _app: _LEAKED.append(Path("/dev/null").open("rb"))}  # noqa: SIM115
    if plant == READER:
        jobs.TICKS = {**jobs.TICKS, "reader": lambda app: _LEAKED or _LEAKED.append(_begun(app))}
    logging.getLogger().addHandler(_BUGS)
    settings, clock = _settings(folder, imap_port, smtp_port), SteppedClock(now)
    while (order := pipe.recv()) != "end":
        _, edition = order
        with open_app(settings, clock, roster=rosters.edition(edition)) as app:
            recovery.recover(app)
            pipe.send(None)
            while (order := pipe.recv()) != "close":
                pipe.send(_obey(app, clock, folder, order))
        pipe.send(None)
    pipe.send(None)


def _begun(app: App) -> object:
    """Begin to read the record and never end: nothing of the write-ahead log can be taken over behind that."""
    connection = sqlite3.connect(str(app.engine.url.database), isolation_level=None)
    connection.execute("BEGIN")
    return connection, connection.execute("SELECT count(*) FROM messages").fetchone()


def _obey(app: App, clock: SteppedClock, folder: Path, order: tuple[str, Any]) -> object:
    what, value = order
    if what == "set clock":
        return clock.set_to(value)
    if what == "sleep":
        return clock.sleep(value.total_seconds())
    if what == "size":
        return _Size(
            int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
            sum(one.stat().st_size for one in folder.glob("*-wal")),
            len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - Path.iterdir holds one itself
            threading.active_count(),
        )
    clock.sleep(_POLL.total_seconds())
    if value is None:
        return _round(app), False
    disk = FaultyDisk(folder, value)
    with disk.installed():
        return _round(app), bool(disk.failed)


class _Bugs(logging.Handler):
    """Keeps what the program logged of a bug of its own since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self._heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if ".bug" in record.getMessage():
            self._heard.append(record.getMessage())

    def told(self) -> list[str]:
        heard, self._heard = self._heard, []
        return heard


_BUGS = _Bugs()


def _round(app: App) -> list[str]:
    for name, tick in jobs.TICKS.items():
        guard.guarded(app, name, tick)
    return _BUGS.told()


# --- all around it ---------------------------------------------------------------------------------------------------


class _Year:
    def __init__(self, folder: Path, days: int, seed: int, plant: str) -> None:
        self._draw = random.Random(seed)
        self._folder = folder
        self._days = days
        self._plant = plant
        self._now = office.START
        self._off = timedelta()
        self._edition = 0
        self._losses = 0
        self._mails: list[ServerMail] = []
        self._truth: dict[str, dict[str, str]] = {}
        self._sizes: list[_Size] = []
        self._fresh: list[_Size] = []
        self.polls = self.faults = 0

    def live(self) -> Iterator[str]:
        """Live through the days; yield what does not hold."""
        with (
            DemoMailbox(ADDRESS, office.PASSWORD) as self._imap,
            SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file, now=lambda: self._now) as self._sink,
        ):
            with self._process():
                pass  # the very first start makes the record, and keeps 11 MB of Alembic for it
            with self._process():
                yield from self._days_pass(self._days, self._sizes)
            with self._process():  # also shows that what the year left can be opened again
                yield from self._days_pass(math.ceil(self._days * _SETTLING), self._fresh)
            yield from self._look(at_rest=True)
        yield from self._bounds()

    @contextmanager
    def _process(self) -> Iterator[None]:
        """Start the program's process, open the App in it, and end it."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = theirs, self._folder, self._imap.port, self._sink.port, self._now + self._off, self._plant
        program = context.Process(target=_program, args=arguments, daemon=True)
        program.start()
        theirs.close()  # when it ends, whatever ends it, our end of the pipe says so
        try:
            self._say(("open", self._edition))
            yield
            self._say("close")
            self._say("end")
        finally:
            self._pipe.close()
            program.join(timeout=20)

    def _look(self, *, at_rest: bool) -> Iterator[str]:
        letters = [SinkLetter(one.recipients, one.raw) for one in self._sink.delivered]
        history = History(
            self._mails, letters, rosters.ADDRESSES, self._truth, losses=self._losses, at_rest=at_rest, copies=True
        )
        yield from violations(history, self._folder)
        yield from needless_reminders(self._folder)

    @property
    def leaked(self) -> int:
        """How many bytes a restart gave back."""
        return self._sizes[-1].resident - self._fresh[-1].resident if self._fresh else 0

    @property
    def growth(self) -> int:
        """By how many bytes the program's process grew after the first tenth of the time, its record's growth included."""
        return self._grown("resident")

    def _grown(self, what: str) -> int:
        settled = self._sizes[int(len(self._sizes) * _SETTLING) :]
        some = max(1, len(settled) // 10)
        return round(
            median(getattr(one, what) for one in settled[-some:]) - median(getattr(one, what) for one in settled[:some])
        )

    def _days_pass(self, days: int, sizes: list[_Size]) -> Iterator[str]:
        for day in range(1, days + 1):
            yield from self._a_day()
            sizes.append(self._say(("size", None)))
            if day % _REOPEN_DAYS == 0 or self._draw.random() < 0.03:
                self._reopen()
                yield from self._look(at_rest=False)
        self._imap.habits = Habits()
        self._sink.clear_script()
        for _ in range(2 * _POLLS_A_DAY):  # what rests or waits for the next day comes to its end
            yield from self._poll()
        sizes.append(self._say(("size", None)))

    def _a_day(self) -> Iterator[str]:
        arrivals = self._draw.sample(range(_POLLS_A_DAY), self._draw.randint(0, 2))
        events = {self._draw.randrange(_POLLS_A_DAY): self._draw.choice(self._events()) for _ in range(2)}
        for number in range(_POLLS_A_DAY):
            if number in arrivals:
                self._arrive()
            fault = events[number]() if number in events else None
            yield from self._poll(fault)
            self._imap.habits = Habits()

    def _events(self) -> list[Any]:
        """What may happen twice a day: often nothing."""
        faults = [self._imap_fails, self._smtp_fails, self._disk_fails, self._set_clock, self._sleep]
        return [*faults, self._release, self._cancel, self._move, *([lambda: None] * 13)]

    def _poll(self, fault: Fault | None = None) -> Iterator[str]:
        self._now += _POLL
        bugs, failed = self._say(("poll", fault))
        self.polls += 1
        self.faults += failed
        self._losses += failed and fault is not None and fault.where == "record"
        yield from bugs

    def _reopen(self) -> None:
        """The settings are taken up anew, as after an edit; now and then the roster was edited."""
        if self._draw.random() < 0.7:
            self._edition = self._draw.randrange(rosters.COUNT)
        self._say("close")
        self._say(("open", self._edition))

    # --- events ------------------------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        number = len(self._mails) + 1
        # no two alike: what a unit has registered already gets no second receipt, and over a year of roster editions
        # "already" is the program's to know (the record of 教育局's former name comes back into force with that name)
        attachment, values = filled(self._draw.choice(list(office.UNITS)), mobile=f"139{number:08d}")
        sender = values["email"]
        raw = office.mail(sender, "联络员表", attachment=attachment, number=number)
        self._truth[sha256(raw).hexdigest()] = dict(values)
        uid = self._imap.deliver(INBOX, raw, self._now)
        self._mails.append(ServerMail(INBOX, 1, uid, raw, sender))

    def _imap_fails(self) -> None:
        self.faults += 1
        self._imap.habits = self._draw.choice(IMAP_FAULTS)

    def _smtp_fails(self) -> None:
        self.faults += 1
        rule = self._draw.choice(SMTP_FAULTS)
        self._losses += isinstance(rule.action, Drop)
        self._sink.script(rule)

    def _disk_fails(self) -> Fault:
        where = self._draw.choice(["archive", "record"])
        return Fault(where, self._draw.choice(list(ERRNO)), self._draw.randint(1, 60 if where == "record" else 6))

    def _set_clock(self) -> None:
        """The host's clock is set; it stays within what the program does not take for a wrong one."""
        self._off = timedelta(minutes=self._draw.choice([-9, -4, 0, 4, 9]))
        self._say(("set clock", self._now + self._off))

    def _sleep(self) -> None:
        """The host sleeps for a night."""
        self._now += _NIGHT
        self._say(("sleep", _NIGHT))

    def _release(self) -> None:
        with self._record().begin() as session:
            outbox_desk.release(session, self._now + self._off)

    def _cancel(self) -> None:
        """The clerk cancels the reminders that wait: he has telephoned."""
        with self._record().begin() as session:
            waiting = outbox_desk.listed(session, [OutboxState.HELD, OutboxState.QUEUED])
            outbox_desk.cancel(session, [one.id for one in waiting if one.kind is LetterKind.REMINDER])

    def _record(self) -> Any:
        """The record as a command of another process opens it."""
        return session_factory(open_engine(_settings(self._folder, 1, 1).storage.database_url))

    def _move(self) -> None:
        """The clerk puts a mail that has been fetched into another folder and back: the same mail under another UID."""
        with closing(sqlite3.connect(self._folder / "intake.sqlite")) as database:
            fetched = {uid for (uid,) in database.execute("SELECT uid FROM sightings WHERE message_id IS NOT NULL")}
        there = [one for one in self._mails if one.uid in fetched and self._imap.mailbox.find(INBOX, one.uid)]
        if there:
            mail = self._draw.choice(there)
            self._mails.append(replace(mail, uid=self._imap.mailbox.move(INBOX, mail.uid, INBOX)))

    def _file(self, letter: Delivered) -> None:
        self._imap.deliver(SENT, letter.raw, self._now)

    # --- bounds ------------------------------------------------------------------------------------------------------

    def _bounds(self) -> Iterator[str]:
        if self.leaked > _LEAK_BYTES:
            yield f"I11: a restart gave {self.leaked / 2**20:.1f} MB back"
        largest = max(one.resident for one in self._sizes)
        if largest > _RESIDENT_BYTES:
            yield f"I11: the process took {largest / 2**20:.1f} MB"
        if self._grown("descriptors") > 2 or self._grown("threads") > 0:
            yield f"I11: {self._grown('descriptors')} descriptors and {self._grown('threads')} threads more"
        wal = max(one.wal for one in (*self._sizes, *self._fresh))
        if not 0 < wal <= _WAL_BYTES:  # there is one while the record is open: none was not looked at
            yield f"I11: the write-ahead log had {wal:,} bytes"
        left = [path.name for path in self._folder.rglob("*") if path.suffix in (".tmp", ".restoring")]
        yield from (f"I11: {name} was left behind" for name in left)

    def _say(self, order: object) -> Any:
        self._pipe.send(order)
        return self._pipe.recv()


def run(*, days: int, seed: int, plant: str = "") -> Outcome:
    """Run the part. `plant` puts a known mistake into the program: it must be seen."""
    if not Path("/proc/self/statm").exists():
        return Outcome("soak", 0, 0, (), 0.0, skipped="memory is read from /proc (Linux)")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=fast_directory()) as name:
        year = _Year(Path(name), days, seed, plant)
        found = tuple(year.live())
    remark = f"{days} days; memory {year.growth / 2**20:+.1f} MB with the record, leaked {year.leaked / 2**20:+.1f} MB"
    return Outcome("soak", year.polls, year.faults, found, time.monotonic() - started, remark)
