"""An office in this process, for parts that need no kill: servers, a stepped clock, one worker that all runs share.

In: a data directory, mails, a start. Out: rounds of all ticks, and the `History` for the checker. The program's own
functions run unchanged; only the worker (a process of its own) outlives a run, and the texts stay compiled.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine

from intake.texts import Texts
from parsers.isolate import Service, Worker
from scheduler import app as app_module
from scheduler import guard, jobs, recovery
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office
from tests.rig.checker import History, ServerMail, SinkLetter

ADDRESS = "a27398830@126.com"
DATABASE = "intake.sqlite"  # of tests.builders.office


@contextmanager
def shared_worker(service: Service | None = None) -> Iterator[None]:
    """While inside, every `open_app` gets the same worker, the program's own texts compiled once, and, by URL, the same engine.

    The engine is closed between two runs, but keeps what it has compiled: half of a run's time. `service`: what answers the
    worker; without one every engine is missing.
    """
    engines: dict[str, Engine] = {}
    worker_class, texts_class, opener = app_module.Worker, app_module.Texts, app_module.open_engine
    own_texts = Texts(None)
    with Worker(handlers="intake.unpack", service=service) as worker:
        app_module.Worker = lambda **options: _Lent(worker, options.get("service"))  # type: ignore[assignment,misc]
        app_module.Texts = lambda folder: own_texts if folder is None else Texts(folder)  # type: ignore[assignment,misc]
        app_module.open_engine = lambda url: engines.get(url) or engines.setdefault(url, opener(url))
        try:
            yield
        finally:
            app_module.Worker, app_module.Texts = worker_class, texts_class  # type: ignore[misc]
            app_module.open_engine = opener


class _Lent:
    """The shared worker as an app holds it: it stays open when the app is closed, what was given for it does not."""

    def __init__(self, worker: Worker, service: Service | None) -> None:
        self._worker = worker
        self._service = service

    def __enter__(self) -> Worker:
        return self._worker

    def __exit__(self, *_: object) -> None:
        if self._service is not None:
            self._service.close()


class Office:
    """One office; a context manager. The true time is `truth`: the servers' clock. Ours, `clock`, may be wrong."""

    def __init__(
        self,
        data: Path,
        start: datetime,
        *,
        template: Path | None = None,
        clerk: bool = True,
        timed: bool = True,
        copies: timedelta | None = timedelta(),
        on_letter: Callable[[Delivered], None] = lambda _letter: None,
    ) -> None:
        """Prepare an office. The provider's 250 tells the time if `timed`; the dates of what it files as sent are off by `copies`,
        it files nothing if None.
        """
        if template is not None:
            shutil.copytree(template, data)
        self.data = data
        self.truth = start
        self.clock = SteppedClock(start)
        self.mails: list[ServerMail] = []
        self.sent: list[tuple[datetime, Delivered]] = []
        self._on_letter = on_letter
        self._clerk = clerk
        self._copies = copies
        self._stack = ExitStack()
        self.imap = DemoMailbox(ADDRESS, office.PASSWORD)
        now = (lambda: self.truth) if timed else None
        self.sink = SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file, now=now)

    def __enter__(self) -> Self:
        self._stack.enter_context(self.imap)
        self._stack.enter_context(self.sink)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def settings(self) -> Any:
        given = office.settings(self.data, imap_port=self.imap.port, smtp_port=self.sink.port)
        return replace(given, clerk=replace(given.clerk, addresses=(office.CLERK,))) if self._clerk else given

    def open(self) -> App:
        """Start the program; it runs until this office is closed or `close_app`."""
        self._app = ExitStack()
        app = self._app.enter_context(open_app(self.settings, self.clock, roster=office.roster()))
        self._stack.push(lambda *_: self._app.close())
        recovery.recover(app)
        return app

    def close_app(self) -> None:
        """End the program in good order."""
        self._app.close()

    def deliver(self, raw: bytes, sender: str, *, machine: bool = False) -> None:
        """Let a mail arrive now, by the server's clock."""
        uid = self.imap.deliver(INBOX, raw, self.truth)
        self.mails.append(ServerMail(INBOX, 1, uid, raw, sender, machine=machine, answered=not machine))

    def pass_time(self, by: timedelta) -> None:
        """Let true time pass; our clock goes with it, as wrong as it was."""
        self.truth += by
        self.clock.sleep(by.total_seconds())

    def letters(self) -> list[tuple[datetime, Delivered]]:
        """The letters to units, with the true time at which the server took each."""
        return [one for one in self.sent if one[1].recipients != (office.CLERK,)]

    def to_clerk(self) -> list[tuple[datetime, Delivered]]:
        """The alarms and digests."""
        return [one for one in self.sent if one[1].recipients == (office.CLERK,)]

    def history(self, truth: Mapping[str, Mapping[str, str]], *, losses: int = 0) -> History:
        """What the checker may know; the office's own mail is looked at by the part."""
        letters = [SinkLetter(one.recipients, one.raw) for _, one in self.letters()]
        return History(self.mails, letters, set(office.UNITS.values()), truth, losses)

    def rows(self, query: str) -> Sequence[sqlite3.Row]:
        """Ask the database with eyes of our own: what is committed, and nothing else."""
        with closing(sqlite3.connect(f"file:{self.data / DATABASE}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(query).fetchall()

    def waits(self) -> bool:
        """Return whether anything is still on its way, or a tick fails."""
        asked = (
            "SELECT 1 FROM messages WHERE state = 'archived'",
            "SELECT 1 FROM outbox WHERE state IN ('queued', 'sending', 'uncertain')",
            "SELECT 1 FROM heartbeats WHERE failures > 0",
        )
        seen = self.rows("SELECT count(*) FROM sightings")[0][0]
        return seen < len(self.mails) or any(self.rows(query) for query in asked)

    def _file(self, letter: Delivered) -> None:
        self.sent.append((self.truth, letter))
        self._on_letter(letter)
        if self._copies is not None:
            self.imap.deliver(SENT, letter.raw, self.truth + self._copies)


def a_round(app: App) -> None:
    """Run every tick once, as the daemon does."""
    for name, tick in jobs.TICKS.items():
        guard.guarded(app, name, tick)
