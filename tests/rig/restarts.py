"""Part "restarts": the real `intake run`, killed with SIGKILL at drawn moments and started again, while mails come in.

In: how many restarts, a seed. Out: an `Outcome`. Nothing of the program is replaced: its own process, its locked worker,
its migrations, the machine's clock. After the last kill it runs until nothing waits; then the checker looks. Several
offices run one after the other, so that the first start (an empty data directory, migrations) is killed often as well.
"""

import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office, site
from tests.rig.checker import History, ServerMail, SinkLetter, violations
from tests.rig.crash import ADDRESS, filled
from tests.rig.report import Outcome

_DATABASE = "intake.db"  # the default of the configuration
_A_SITE = 25  # restarts of one data directory
_LONGEST_S = 4.0  # a start takes about 1 s, a first mail about 2 s more
_PATIENCE_S = 90.0
_ROOT = Path(__file__).parents[2]


class _Run:
    """One office: servers, a data directory, a process that comes and goes."""

    def __init__(self, folder: Path, draw: random.Random) -> None:
        self._draw = draw
        self._folder = folder
        self._clock = SystemClock()
        self.mails: list[ServerMail] = []
        self.truth: dict[str, dict[str, str]] = {}
        self.imap = DemoMailbox(ADDRESS, office.PASSWORD)
        self.sink = SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file)

    def play(self, restarts: int) -> list[str]:
        """Kill so often, come to rest, and return what did not hold."""
        with self.imap, self.sink:
            self._config = site.site(self._folder, imap_port=self.imap.port, smtp_port=self.sink.port)
            self._lift_caps()
            for _ in range(restarts):
                self._deliver_one()
                self._run_for(self._draw.uniform(0.2, _LONGEST_S))
            at_rest = self._rest()
            letters = [SinkLetter(one.recipients, one.raw) for one in self.sink.delivered]
            office_addresses = {*office.UNITS.values(), office.CLERK}
            history = History(self.mails, letters, office_addresses, self.truth, losses=restarts)
            return [*at_rest, *violations(history, self._folder / "data", database_name=_DATABASE)]

    def _lift_caps(self) -> None:
        """The caps of the example would let the last answers wait until tomorrow."""
        text = self._config.read_text(encoding="utf-8")
        for name in ("per_day", "per_quarter_hour", "per_address_hour", "per_address_day", "strangers_per_hour"):
            text = text.replace(f"\n{name} = ", f"\n{name} = 9")
        self._config.write_text(text.replace("interval_s = 60", "interval_s = 10"), encoding="utf-8")

    def _deliver_one(self) -> None:
        number = len(self.mails) + 1
        if number % 5 == 0:
            sender, raw = (
                "someone@example.net",
                office.mail(
                    "someone@example.net",
                    "自动回复: 报送",
                    text="外出。\n",
                    number=number,
                    Auto_Submitted="auto-replied",
                ),
            )
        else:
            unit = self._draw.choice(list(office.UNITS))
            sender = office.UNITS[unit]
            attachment, values = filled(unit, mobile=f"139{number:08d}")
            raw = office.mail(sender, "联络员表", attachment=attachment, number=number)
            self.truth[sha256(raw).hexdigest()] = dict(values)
        uid = self.imap.deliver(INBOX, raw, self._clock.now() - timedelta(seconds=1))
        machine = number % 5 == 0
        self.mails.append(ServerMail(INBOX, 1, uid, raw, sender, machine=machine, answered=not machine))

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.run_intake", "run", "--config", str(self._config)],
            cwd=_ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _run_for(self, seconds: float) -> None:
        process = self._start()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def _rest(self) -> list[str]:
        """Run until nothing waits; return a sentence if that does not come about, or if it does not stop on SIGTERM."""
        process = self._start()
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self._waits():
            if process.poll() is not None:
                return [f"I9: the program ended by itself with {process.returncode}"]
            time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return ["I17: SIGTERM did not end the program in 10 s"]
        return [f"I9: {self._waits()} after {_PATIENCE_S:.0f} s"] if self._waits() else []

    def _waits(self) -> str:
        path = self._folder / "data" / _DATABASE
        if not path.exists():
            return "there is no database"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            try:
                seen = database.execute("SELECT count(*) FROM sightings").fetchone()[0]
                messages = database.execute("SELECT count(*) FROM messages WHERE state = 'archived'").fetchone()[0]
                letters = database.execute(
                    "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
                ).fetchone()[0]
            except sqlite3.OperationalError:
                return "the database is not ready"
        inbox = len(self.imap.mailbox.mails(INBOX))
        return "" if seen == inbox and not messages and not letters else f"{inbox - seen}, {messages}, {letters} wait"

    def _file(self, letter: Delivered) -> None:
        self.imap.deliver(SENT, letter.raw, self._clock.now())


def run(*, restarts: int, seed: int) -> Outcome:
    """Run the part."""
    if not hasattr(signal, "SIGKILL"):
        return Outcome("restarts", 0, 0, (), 0.0, skipped="needs SIGKILL (POSIX)")
    started = time.monotonic()
    draw = random.Random(seed)
    found: list[str] = []
    left = restarts
    letters = mails = 0
    while left:
        number = min(left, _A_SITE)
        left -= number
        with tempfile.TemporaryDirectory() as name:
            one = _Run(Path(name), draw)
            found += one.play(number)
            letters += len(one.sink.delivered)
            mails += len(one.mails)
    remark = f"{mails} mails, {letters} letters"
    return Outcome("restarts", restarts, restarts, tuple(found), time.monotonic() - started, remark)
