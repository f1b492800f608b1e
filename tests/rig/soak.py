"""Part "soak": a year in minutes: polls every five minutes, mails, clock steps, edits of roster and settings.

In: how many days, a seed. Out: an `Outcome`. The App stays open between reopenings (a reload of the settings), so that
what leaks shows: memory after the first month may grow by 5 MB, the write-ahead log stays small, nothing is left in the
data directory; at the end the checker looks. Documents are read once per content (see `zygote`).
"""

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from scheduler import jobs
from scheduler.app import App
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office
from tests.replay.play import opened
from tests.rig.checker import History, ServerMail, SinkLetter, violations
from tests.rig.crash import ADDRESS, fast_directory, filled
from tests.rig.report import Outcome

_POLL = timedelta(minutes=5)
_MAILS_A_DAY = 3
_GROWTH_BYTES = 5 * 2**20
_WAL_BYTES = 32 * 2**20
_REOPEN_DAYS = 30
_SETTLED_AFTER = 0.1  # of the days: until then caches fill


class _Year:
    def __init__(self, folder: Path, days: int, seed: int) -> None:
        self._draw = random.Random(seed)
        self._folder = folder
        self._days = days
        self._clock = SteppedClock(office.START)
        self._mails: list[ServerMail] = []
        self._truth: dict[str, dict[str, str]] = {}
        self._readings: dict[object, object] = {}
        self._forms = [filled(unit, mobile=f"1390000{n:04d}") for unit in office.UNITS for n in range(4)]
        self._newest: dict[str, object] = {}
        self.polls = 0
        self.growth = 0

    def live(self) -> Iterator[str]:
        """Live through the days; yield what does not hold."""
        with (
            DemoMailbox(ADDRESS, office.PASSWORD) as imap,
            SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file) as sink,
        ):
            self._imap = imap
            made = office.settings(self._folder, imap_port=imap.port, smtp_port=sink.port)
            caps = replace(made.sending, per_day=400, per_quarter_hour=100, per_address_day=200, per_address_hour=100)
            settings = replace(made, sending=caps)
            first = 0
            day = 0
            while day < self._days:
                with opened(settings, self._clock, office.roster(), self._readings) as app:
                    jobs.recover(app)
                    for _ in range(min(_REOPEN_DAYS, self._days - day)):
                        self._a_day(app)
                        day += 1
                        if day >= self._days * _SETTLED_AFTER:
                            first = first or _resident()
                    if day >= self._days:
                        self._quiet(app)
            self.growth = _resident() - first
            letters = [SinkLetter(one.recipients, one.raw) for one in sink.delivered]
            history = History(self._mails, letters, set(office.UNITS.values()), self._truth, losses=0)
            yield from violations(history, self._folder)
        yield from self._bounds()

    def _a_day(self, app: App) -> None:
        arrivals = sorted(self._draw.sample(range(288), _MAILS_A_DAY))
        for number in range(288):
            if number in arrivals:
                self._arrive()
            self._poll(app)
        if self._draw.random() < 0.06:  # some twenty clock steps a year, smaller than what the program takes for wrong
            self._clock.advance_to(self._clock.now() + timedelta(minutes=self._draw.choice([-9, -4, 30, 240])))

    def _poll(self, app: App) -> None:
        self._clock.sleep(_POLL.total_seconds())
        self.polls += 1
        for name, tick in jobs.TICKS.items():
            error = jobs.guarded(app, name, tick)
            if error is not None:
                raise error

    def _arrive(self) -> None:
        number = len(self._mails) + 1
        attachment, values = self._draw.choice([one for one in self._forms if one not in self._newest.values()])
        sender = values["email"]
        self._newest[sender] = (attachment, values)  # the same again is registered already and gets no second receipt
        raw = office.mail(sender, "联络员表", attachment=attachment, number=number)
        self._truth[sha256(raw).hexdigest()] = dict(values)
        uid = self._imap.deliver(INBOX, raw, self._clock.now())
        self._mails.append(ServerMail(INBOX, 1, uid, raw, sender))

    def _quiet(self, app: App) -> None:
        for _ in range(24):
            self._poll(app)

    def _file(self, letter: Delivered) -> None:
        self._imap.deliver(SENT, letter.raw, self._clock.now())

    def _bounds(self) -> Iterator[str]:
        if self.growth > _GROWTH_BYTES:
            yield f"I11: memory grew by {self.growth / 2**20:.1f} MB after the first tenth of the time"
        for path in self._folder.glob("*-wal"):
            if path.stat().st_size > _WAL_BYTES:
                yield f"I11: the write-ahead log has {path.stat().st_size:,} bytes"
        left = [path.name for path in self._folder.rglob("*") if path.suffix in (".tmp", ".restoring")]
        yield from (f"I11: {name} was left behind" for name in left)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def run(*, days: int, seed: int) -> Outcome:
    """Run the part."""
    if not Path("/proc/self/statm").exists():
        return Outcome("soak", 0, 0, (), 0.0, skipped="memory is read from /proc (Linux)")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=fast_directory()) as name:
        year = _Year(Path(name), days, seed)
        found = tuple(year.live())
    remark = f"{days} days; memory {year.growth / 2**20:+.1f} MB"
    return Outcome("soak", year.polls, 0, found, time.monotonic() - started, remark)
