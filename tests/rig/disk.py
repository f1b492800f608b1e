"""Part "disk": the n-th call of the archive or the record fails, for every n; databases that must be refused; I13, I16.

In: long or short, a seed. Out: an `Outcome`. As SQLite's I/O-error loops: n = 1, 2, … until a run ends without having met
its fault. ENOSPC and EIO, a record that is held by others or reads as damaged, once and standing for two hours, statements, commits, commits that are done and told as failed.
While the fault stands each letter is looked at the moment the server takes it: its mail must be durable in the archive
and committed in the record. Then the disk is mended, and rounds run, by the same process, until nothing waits.
"""

import email
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from scheduler.demo.sink import Delivered
from tests.builders import office
from tests.rig import refusals
from tests.rig.checker import violations
from tests.rig.crash import filled, script
from tests.rig.faulty_disk import Fault, FaultyDisk
from tests.rig.inprocess import DATABASE, Office, a_round, shared_worker
from tests.rig.report import Outcome

_START = office.START + timedelta(days=1)  # a working day before the deadline: who has sent nothing is reminded
_APART = timedelta(minutes=40)  # longer than the longest rest after a failing disk
_STANDING_ROUNDS = 3  # a fault that stands does so for two hours
_SETTLING_ROUNDS = 7  # an attempt that was broken off is looked at after an hour, then the Sent folder is asked
_SENDERS = [*list(office.UNITS.values())[:2], "someone@example.net"]
_SHORT = 10  # drawn faults of the short form
_MANY = 10_000

Plant = Callable[[], object]


class _Run:
    """One office on a disk that fails."""

    def __init__(self, data: Path, template: Path, fault: Fault) -> None:
        self.disk = FaultyDisk(data, fault)
        self.found: list[str] = []
        self.calls: dict[str, int] = {}  # while the fault stood
        self._fault = fault
        self._mails, self._truth = script()
        self._office = Office(data, _START, template=template, on_letter=self._look_at_letter)

    def play(self) -> list[str]:
        """Return what did not hold."""
        with self._office as office_:
            for number, (raw, sender) in enumerate(zip(self._mails, _SENDERS, strict=True), start=1):
                office_.deliver(raw, sender, machine=number == len(self._mails))
            app = office_.open()
            with self.disk.installed():
                for _ in range(_STANDING_ROUNDS if self._fault.stands else 1):
                    a_round(app)
                    self._look_at_words()
                    office_.pass_time(_APART)
                self.calls = dict(self.disk.calls)
                self.disk.mended = True
                for _ in range(_SETTLING_ROUNDS):
                    a_round(app)
                    office_.pass_time(_APART)
                    if not office_.waits():
                        break
            self._look_at_rest()
            losses = 1 if self._fault.where == "record" and self.disk.failed else 0
            self.found += violations(office_.history(self._truth, losses=losses), office_.data)
        return [f"{self._fault}: {one}" for one in self.found]

    def _look_at_letter(self, letter: Delivered) -> None:
        """In the server's thread, while the letter is handed over."""
        head = email.message_from_bytes(letter.raw)
        cause = str(head["In-Reply-To"] or "").strip()
        for mail in self._office.mails:
            if mail.message_id == cause:
                name = sha256(mail.raw).hexdigest()
                path = self._office.data / "archive" / name[:2] / f"{name}.eml"
                if not path.exists() or path.read_bytes() != mail.raw:
                    self.found.append("I1: a letter went out for a mail that is not in the archive")
                elif not self.disk.is_durable(path):
                    self.found.append("I1: a letter went out for a mail that a power loss would take")
                if not self._office.rows(f"SELECT 1 FROM messages WHERE sha256 = '{name}'"):  # noqa: S608 - our own hex
                    self.found.append("I1: a letter went out for a mail that is not recorded")
        known = {
            str(row[0]) for row in self._office.rows("SELECT header_message_id FROM outbox WHERE state = 'sending'")
        }
        if str(head["Message-ID"]) not in known:
            self.found.append("I2: a letter went out that the record does not show as being sent")

    def _look_at_words(self) -> None:
        """A fault that was met is told: the archive's in the poll's heartbeat, the record's in that of its tick."""
        if not self.disk.failed:
            return
        beats = self._office.rows("SELECT tick, message FROM heartbeats WHERE failures > 0")
        words = {row["tick"]: row["message"] for row in beats}
        if self._fault.where == "archive" and "没有丢失" not in words.get("fetch", ""):
            self.found.append(f"words: the poll says nothing of the failing archive ({self.disk.failed[-1]})")
        if (
            self._fault.where == "record"
            and not self._fault.stands
            and not any("数据库" in one for one in words.values())
        ):
            self.found.append(f"words: nobody says that the database failed ({self.disk.failed[-1]})")

    def _look_at_rest(self) -> None:
        for row in self._office.rows("SELECT tick, message FROM heartbeats WHERE failures > 0"):
            self.found.append(f"recovery: {row['tick']} still fails: {row['message']}")
        told = [str(email.message_from_bytes(one.raw)["Message-ID"]) for _, one in self._office.to_clerk()]
        if self._fault.where == "archive" and self.disk.failed and len(told) < 2:
            self.found.append("words: the administrator got no alarm and no all-clear")
        if len(told) != len(set(told)):
            self.found.append("I2: the administrator got a letter twice")
        reminded = [
            one for _, one in self._office.letters() if one.recipients == (office.UNITS["泉州台商投资区教育文体局"],)
        ]
        uncertain = self._office.rows("SELECT 1 FROM outbox WHERE kind = 'reminder' AND state = 'uncertain'")
        if len(reminded) + len(uncertain) != 1:
            self.found.append(f"I8: the unit that is silent got {len(reminded)} reminders")


def faults(*, long: bool, seed: int, last: Mapping[str, int]) -> Iterator[Fault]:
    """Given how many calls a whole run makes, yield its faults: all, one after the other, or drawn ones."""
    kinds = [
        Fault(where, error, 0, stands, late)
        for where in ("archive", "record")
        for error in (("ENOSPC", "EIO", "BUSY", "CORRUPT") if where == "record" else ("ENOSPC", "EIO"))
        for stands in (False, True)
        # a commit that was refused because the record is held was surely not done
        for late in ((False, True) if where == "record" and not stands and error != "BUSY" else (False,))
    ]
    draw = random.Random(seed)
    for kind in kinds:
        numbers = range(1, last["commit" if kind.late else kind.where] + 1)
        step = 4 if kind.stands and kind.where == "record" else 1  # a later start of it differs little
        chosen = numbers[::step] if long else draw.sample(numbers, max(1, _SHORT // len(kinds)))
        yield from (Fault(kind.where, kind.error, number, kind.stands, kind.late) for number in chosen)


def run(
    *, long: bool, seed: int, only: Callable[[Fault], bool] = lambda _fault: True, stop_early: bool = False
) -> Outcome:
    """Run the part. `only` chooses among its faults; `stop_early`: what was planted has to be seen once."""
    if not os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        return Outcome("disk", 0, 0, (), 0.0, skipped="needs /proc to see what an fsync is for")
    started = time.monotonic()
    found: list[str] = []
    runs = met = 0
    with tempfile.TemporaryDirectory(dir=_fast_directory()) as name, shared_worker():
        folder = Path(name)
        template = _template(folder)
        whole = _Run(folder / "run", template, Fault("archive", "EIO", _MANY))
        found += whole.play()
        shutil.rmtree(folder / "run")
        for fault in faults(long=long, seed=seed, last=whole.calls):
            if not only(fault) or (stop_early and found):
                continue
            one = _Run(folder / "run", template, fault)
            found += one.play()
            shutil.rmtree(folder / "run")
            runs += 1
            met += bool(one.disk.failed)
        if not stop_early:
            more, texts = refusals.play(folder, long=long, seed=seed)
            runs, met, found = runs + more, met + more, [*found, *texts]
    calls = f"{whole.calls['archive']} calls of the archive, {whole.calls['record']} of the record"
    return Outcome("disk", runs, met, tuple(found), time.monotonic() - started, calls)


def _template(folder: Path) -> Path:
    """An empty data directory with its database: migrations are another part's business."""
    with Office(folder / "template", _START) as office_:
        office_.open()
        office_.close_app()
    assert (folder / "template" / DATABASE).exists()
    return folder / "template"


def _fast_directory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a fresh directory below it


__all__ = ["Fault", "faults", "filled", "run"]
