"""Part "crash": kill -9 between each pair of steps, again during recovery, with and without the Sent folder as witness.

In: how many runs, a seed. Out: an `Outcome`. A run is one office with three units, a machine and a reminder that is due:
a round that is killed at a boundary, perhaps a second killed round, then rounds without a kill until nothing waits; then
the checker looks. All single kills come first, in order; the rest of the runs are drawn from the seed.
"""

import base64
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office
from tests.rig.checker import History, ServerMail, SinkLetter, violations
from tests.rig.report import Outcome

ADDRESS = "a27398830@126.com"
_START = office.START + timedelta(
    days=1
)  # a working day before the deadline: the unit that has sent nothing is reminded
_SETTLING_ROUNDS = 3  # recover and ask the Sent folder, send, ask again
RUN = "run"  # the data directory of every run: one path, so that what was compiled for its database is used again
STONE, SAND, SCHOOLS = office.UNITS


def filled(unit: str, **changes: str) -> tuple[bytes, Mapping[str, str]]:
    """Return a filled liaison form and the values that stand in it."""
    values = {
        "name": "林小满",
        "gender": "女",
        "position": "安全办主任",
        "office_phone": "0595-27390001",
        "mobile": "13900000001",
        "email": office.UNITS[unit],
        "unit": unit,
        "address": "海江大道1号",
    } | changes
    return office.liaison(unit, **{"address": values["address"], **changes}), values


def script() -> tuple[list[bytes], dict[str, Mapping[str, str]]]:
    """Return the mails, and by SHA-256 the values that their forms hold."""
    whole, truth_of_whole = filled(STONE)
    lacking, truth_of_lacking = filled(SAND, mobile="")
    mails = [
        office.mail(office.UNITS[STONE], "联络员表", attachment=whole, number=1),
        office.mail(office.UNITS[SAND], "附件2", attachment=lacking, number=2),
        office.mail(
            "someone@example.net", "自动回复: 报送提醒", text="外出。\n", number=3, Auto_Submitted="auto-replied"
        ),
    ]
    truth = {sha256(mails[0]).hexdigest(): truth_of_whole, sha256(mails[1]).hexdigest(): truth_of_lacking}
    return mails, truth


class Zygote:
    """The process that forks and kills; see `zygote.py`."""

    def __init__(self, plant: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.rig.zygote", plant],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def warm(self, mails: list[bytes], order: Mapping[str, object]) -> None:
        """Let it read the mails and run one order itself, so that its children start warm."""
        self._say({"mails": [base64.b64encode(one).decode() for one in mails], **order})

    def order(self, order: Mapping[str, object]) -> dict[str, Any]:
        """Let one child run; return how it ended."""
        return self._say(order)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _say(self, words: Mapping[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the zygote is gone; its last words stand on standard error")
        return dict(json.loads(line))


@dataclass(frozen=True, slots=True)
class Case:
    """One run: where it is killed, where again (0: not), whether the provider files copies, what the disk loses."""

    kill_at: int
    again_at: int = 0
    files_copies: bool = True
    lose: str = ""


class Office:
    """The servers of one run and what they saw."""

    def __init__(self, zygote: Zygote, mails: list[bytes], data: Path, *, files_copies: bool) -> None:
        self._zygote = zygote
        self._mails = mails
        self._data = data
        self._now = _START
        self._files_copies = files_copies
        self.imap = DemoMailbox(ADDRESS, office.PASSWORD)
        self.sink = SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file)

    def __enter__(self) -> Self:
        self.imap.start()
        self.sink.start()
        self._uids = [
            self.imap.deliver(INBOX, raw, office.START + timedelta(minutes=number))
            for number, raw in enumerate(self._mails, start=1)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        self.sink.stop()
        self.imap.stop()

    def round(self, *, kill_at: int = 0, lose: str = "") -> dict[str, Any]:
        """Let one process run all ticks once, twenty minutes after the last: past the grace of the Sent folder."""
        self._now += timedelta(minutes=20)
        return self._zygote.order(self._order() | {"kill_at": kill_at, "lose": lose})

    def warm(self) -> None:
        """Let the zygote read the mails and run a round itself."""
        self._zygote.warm(self._mails, self._order())

    def _order(self) -> dict[str, object]:
        ports = {"imap": self.imap.port, "smtp": self.sink.port}
        return {"data": str(self._data), "now": self._now.isoformat(), **ports}

    def history(self, truth: Mapping[str, Mapping[str, str]], *, losses: int) -> History:
        """Return what the checker may know."""
        machine = {3}
        mails = [
            ServerMail(INBOX, 1, uid, raw, _sender(raw), machine=number in machine, answered=number not in machine)
            for number, (uid, raw) in enumerate(zip(self._uids, self._mails, strict=True), start=1)
        ]
        letters = [SinkLetter(one.recipients, one.raw) for one in self.sink.delivered]
        return History(mails, letters, set(office.UNITS.values()), truth, losses)

    def _file(self, letter: Any) -> None:
        if self._files_copies:
            self.imap.deliver(SENT, letter.raw, self._now)


def _sender(raw: bytes) -> str:
    return raw.split(b"From:", 1)[1].split(b"<", 1)[1].split(b">", 1)[0].decode()


@contextmanager
def rig(folder: Path, plant: str = "") -> Iterator[tuple[Zygote, list[bytes], dict[str, Mapping[str, str]]]]:
    """Yield a zygote that has read the mails, the mails, and what they hold."""
    mails, truth = script()
    zygote = Zygote(plant)
    try:
        with Office(zygote, mails, folder / RUN, files_copies=True) as office_:
            office_.warm()
        shutil.rmtree(folder / RUN)
        yield zygote, mails, truth
    finally:
        zygote.close()


def whole_round(zygote: Zygote, mails: list[bytes], folder: Path) -> dict[str, Any]:
    """Return the boundaries of a round that is not killed. Raise RuntimeError if there are too few: the rig is blind."""
    with Office(zygote, mails, folder / RUN, files_copies=True) as office_:
        answer = office_.round()
    shutil.rmtree(folder / RUN)
    if answer["status"] or (answer["boundaries"] or 0) < 40:
        raise RuntimeError(f"a round without a kill ended badly or showed too few boundaries: {answer}")
    return answer


def crash(
    zygote: Zygote, mails: list[bytes], truth: Mapping[str, Mapping[str, str]], data: Path, case: Case
) -> list[str]:
    """Run one case and return what did not hold."""
    with Office(zygote, mails, data, files_copies=case.files_copies) as office_:
        kills = int(office_.round(kill_at=case.kill_at, lose=case.lose)["killed"])
        if case.again_at:
            kills += int(office_.round(kill_at=case.again_at, lose=case.lose)["killed"])
        badly = any(office_.round()["status"] for _ in range(_SETTLING_ROUNDS))
        found = ["a round without a kill ended badly"] if badly else []
        found += violations(office_.history(truth, losses=kills), data)
        return [f"{case}: {one}" for one in found]


def cases(last: int, runs: int, seed: int) -> Iterator[Case]:
    """Yield every single kill with the Sent folder, then without, then with lost writes; then drawn second kills."""
    single = [Case(point) for point in range(1, last + 1)]
    single += [Case(point, files_copies=False) for point in range(1, last + 1)]
    single += [Case(point, lose=how) for how in ("drop", "tear") for point in range(1, last + 1)]
    draw = random.Random(seed)
    if runs < len(single):
        draw.shuffle(single)
    for number in range(runs):
        if number < len(single):
            yield single[number]
        else:
            yield Case(
                draw.randint(1, last),
                draw.randint(1, last),
                files_copies=draw.random() < 0.5,
                lose=draw.choice(["", "", "drop", "tear"]),
            )


def run(*, runs: int, seed: int, processes: int = 1, plant: str = "") -> Outcome:
    """Run the part, its cases shared out to `processes`. `plant` puts a known mistake into the program: it must be seen."""
    if not hasattr(os, "fork"):
        return Outcome("crash", 0, 0, (), 0.0, skipped="needs fork and SIGKILL (POSIX)")
    started = time.monotonic()
    shares = [(runs, seed, share, processes, plant) for share in range(processes)]
    if processes == 1:
        results = [_share(*shares[0])]
    else:
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            results = list(pool.map(_share, *zip(*shares, strict=True)))
    done = sum(number for number, _, _ in results)
    found = tuple(text for _, texts, _ in results for text in texts)
    return Outcome("crash", done, done, found, time.monotonic() - started, results[0][2])


def _share(runs: int, seed: int, share: int, of: int, plant: str) -> tuple[int, list[str], str]:
    """Run every `of`-th case. Return how many, what did not hold, and a remark."""
    found: list[str] = []
    done = 0
    with tempfile.TemporaryDirectory(dir=fast_directory()) as name, rig(Path(name), plant) as (zygote, mails, truth):
        whole = whole_round(zygote, mails, Path(name))
        for number, case in enumerate(cases(whole["boundaries"], runs, seed)):
            if number % of != share:
                continue
            data = Path(name) / RUN
            found += crash(zygote, mails, truth, data, case)
            shutil.rmtree(data)
            done += 1
            if plant and found:
                break  # it was seen: that is all that was asked
    return done, found, f"{whole['boundaries']} boundaries, {len(whole['names'])} names"


def fast_directory() -> str | None:
    """Memory, where the system offers it: thousands of databases are made, and what a kill leaves is the same there."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a fresh directory below it
