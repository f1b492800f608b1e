"""Part "restarts": the real `intake run`, killed with SIGKILL at drawn moments and started again, while mails come in.

In: how many restarts, a seed. Out: an `Outcome`. Nothing of the program is replaced but how often it looks for work: its own
process, its locked worker, its migrations, the machine's clock. After the last kill it runs until nothing waits; then the checker looks. Several
offices run one after the other, so that the first start (an empty data directory, migrations) is killed often as well.
The server's 250 comes a second after it has taken a letter, and each third kill comes within that second: the moment of
which nobody can know more than the Sent folder tells. A start that ends by itself is a violation: nobody had ended it.
"""

import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from scheduler.clock import SystemClock
from scheduler.demo.faults import Late, Rule, Stage
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import Delivered, SmtpSink
from tests.builders import office, site
from tests.rig.checker import History, ServerMail, SinkLetter, head_of, violations
from tests.rig.crash import ADDRESS, filled
from tests.rig.handed_over import Seen, at_a_kill, known_too_late, misjudged
from tests.rig.report import Outcome

_DATABASE = "intake.db"  # the default of the configuration
_A_SITE = 25  # restarts of one data directory
_LONGEST_S = 4.0  # where the program is loaded in 1 s; on a busy machine longer: see `_pace`
_AT_A_LETTER = 3  # each third kill comes when the server has just taken a letter
_LONGEST_TO_A_LETTER_S = 60.0
_LATE_S = 1.0
_PATIENCE_S = 90.0
_LAST_WORDS = 5  # lines of standard error that are shown
_ROOT = Path(__file__).parents[2]


class _Run:
    """One office: servers, a data directory, a process that comes and goes."""

    def __init__(self, folder: Path, draw: random.Random, pace: float, plant: str) -> None:
        self._draw = draw
        self._pace = pace
        self._plant = plant
        self._taken = threading.Event()
        self._words = folder / "stderr.txt"
        self.kills = 0
        self.cut: set[str] = set()
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
            self.sink.script(Rule(Stage.CONTENT, Late(_LATE_S), times=None))
            found: list[str] = []
            for number in range(1, restarts + 1):
                self._deliver_one()
                found += self._run_for(
                    self._draw.uniform(0.2, _LONGEST_S) * self._pace, at_a_letter=number % _AT_A_LETTER == 0
                )
                if found and self._plant:
                    return found  # it was seen: that is all that was asked
            self.sink.clear_script()
            found += self._rest()
            if not self._database.exists():
                return found
            letters = [SinkLetter(one.recipients, one.raw) for one in self.sink.delivered]
            office_addresses = {*office.UNITS.values(), office.CLERK}
            seen = Seen(self.cut, self._names(), files_copies=True, patient=False)
            history = History(self.mails, letters, office_addresses, self.truth, losses=seen.losses)
            found += misjudged(self._database, seen)
            return [*found, *violations(history, self._folder / "data", database_name=_DATABASE)]

    @property
    def _database(self) -> Path:
        return self._folder / "data" / _DATABASE

    def _names(self) -> set[str]:
        """Return the Message-IDs of the letters that the server took."""
        return {str(head_of(one.raw)["Message-ID"]) for one in self.sink.delivered}

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
        with self._words.open("wb") as words:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.rig.mistakes", self._plant, "run", "--config", str(self._config)],
                cwd=_ROOT,
                stdout=subprocess.DEVNULL,
                stderr=words,
            )

    def _run_for(self, seconds: float, *, at_a_letter: bool) -> list[str]:
        """Start, kill after so long (or when the server takes a letter); return a sentence if it had ended before."""
        self._taken.clear()
        process = self._start()
        end = time.monotonic() + (_LONGEST_TO_A_LETTER_S if at_a_letter else seconds)
        while process.poll() is None and time.monotonic() < end and not (at_a_letter and self._taken.is_set()):
            time.sleep(0.02)
        process.kill()
        if process.wait() != -signal.SIGKILL:
            return [self._ended(process.returncode)]
        self.kills += 1
        self.cut |= at_a_kill(self._database)
        return []

    def _ended(self, code: int) -> str:
        lines = self._words.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_WORDS:]
        return f"I17: a start ended by itself with {code}: {without_persons(' | '.join(lines)) or 'without a word'}"

    def _rest(self) -> list[str]:
        """Run until nothing waits; return a sentence if that does not come about, or if it does not stop on SIGTERM."""
        process = self._start()
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self._waits():
            if process.poll() is not None:
                return [self._ended(process.returncode)]
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
        if not self._database.exists():
            return "there is no database"
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
            try:
                seen = database.execute("SELECT count(*) FROM sightings").fetchone()[0]
                messages = database.execute("SELECT count(*) FROM messages WHERE state = 'archived'").fetchone()[0]
                letters = database.execute(
                    "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
                ).fetchone()[0]
            except sqlite3.OperationalError:
                return "the database is not ready"
        inbox = len(self.imap.mailbox.mails(INBOX))
        doubted = len(known_too_late(self._database, self._names()))  # their copies are there: the next look shows them
        waiting = (inbox - seen, messages, letters, doubted)
        return (
            "{} mails to fetch, {} to read, {} letters to send, {} to look for wait".format(*waiting)
            if any(waiting)
            else ""
        )

    def _file(self, letter: Delivered) -> None:
        self.imap.deliver(SENT, letter.raw, self._clock.now())
        self._taken.set()


def _pace() -> float:
    """Return how many seconds it takes here and now to load the program: at most ten, on a free machine one."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "tests.rig.mistakes", "", "--help"], cwd=_ROOT, stdout=subprocess.DEVNULL, check=True
    )
    return min(max(time.monotonic() - began, 1.0), 10.0)


def without_persons(text: str) -> str:
    """Return what a program said without addresses and numbers by which a person is known."""
    return re.sub(r"\d{7,}", "…", re.sub(r"[\w.+-]+@[\w.-]+", "…@…", text))


def run(*, restarts: int, seed: int, plant: str = "") -> Outcome:
    """Run the part. `plant` puts a known mistake into the process (`mistakes`): it must be seen."""
    if not hasattr(signal, "SIGKILL"):
        return Outcome("restarts", 0, 0, (), 0.0, skipped="needs SIGKILL (POSIX)")
    started = time.monotonic()
    draw, pace = random.Random(seed), _pace()
    found: list[str] = []
    left = restarts
    kills = cuts = letters = mails = 0
    while left and not (plant and found):
        number = min(left, _A_SITE)
        left -= number
        with tempfile.TemporaryDirectory() as name:
            one = _Run(Path(name), draw, pace, plant)
            found += one.play(number)
            kills += one.kills
            cuts += len(one.cut)
            letters += len(one.sink.delivered)
            mails += len(one.mails)
    remark = f"{mails} mails, {letters} letters, {cuts} of them at a kill"
    return Outcome("restarts", restarts, kills, tuple(found), time.monotonic() - started, remark)
