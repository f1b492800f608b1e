"""Part "crash": kill -9 between each pair of steps, again during recovery, with and without the Sent folder as witness.

In: how many runs, a seed. Out: an `Outcome`. A run is one office with three units, a machine and a reminder that is due:
a round that is killed at a boundary, perhaps a second killed round, then rounds without a kill until nothing waits; then
the checker looks. Of every size a quarter are double kills: one that leaves something half done, and one while that is
put in order. The others are single kills, in the long form each that there is, in order. Counted are kills, not runs.
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
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from tests.rig.checker import History, ServerMail, SinkLetter, head_of, violations
from tests.rig.handed_over import Seen, at_a_kill, misjudged
from tests.rig.report import Outcome

ADDRESS = "a27398830@126.com"
_START = office.START + timedelta(
    days=1
)  # a working day before the deadline: the unit that has sent nothing is reminded
_SETTLING_ROUNDS = 3  # recover and ask the Sent folder, send, ask again
RUN = "run"  # the data directory of every run: one path, so that what was compiled for its database is used again
_DATABASE = "intake.sqlite"  # of tests.builders.office
_EVERY_SO_MANY = 4  # each fourth run is a double kill
STONE, SAND, SCHOOLS = office.UNITS

# Where the long form must have killed: if one of these is not among the boundaries, the rig does not see it any more.
ESSENTIAL = (
    "before fsync in intake.archive._write",
    "after fsync in intake.archive._write",
    "before replace in intake.archive._publish",
    "after replace in intake.archive._publish",
    "before fsync in intake.whole_files.fsync_folder",
    "commit in intake.db.upgrade._migrate",
    "commit in intake.db.record.archived",
    "commit in intake.pipeline.process_message",
    "commit in intake.pipeline._process",
    "commit in scheduler.jobs.remind",
    "commit in intake.deliver.deliver_batch",  # claimed
    "commit in intake.deliver.write",  # phase
    "before send in intake.smtp._hand_over",
    "after getreply in intake.smtp._hand_over",  # the 250 as well
    "commit in intake.deliver.settle",
    "commit in scheduler.recovery.recover",
    "commit in scheduler.jobs._ask_sent_folder",
)
# Where the second kill of a double kill comes, by the name of the boundary; "": anywhere.
_AGAIN = (
    "in intake.outbox.recover",
    "in scheduler.recovery.recover",
    "in scheduler.guard._rests",  # recovery is committed
    "in scheduler.jobs._ask_sent_folder",
    "in intake.outbox._files_copies",
    "",
)


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
    """One run: where it is killed, where again (0: not), whether the provider files copies, what the disk loses.

    `again_within`: the second kill counts only boundaries with this text in their name.
    """

    kill_at: int
    again_at: int = 0
    again_within: str = ""
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

    def round(self, *, kill_at: int = 0, within: str = "", lose: str = "") -> dict[str, Any]:
        """Let one process run all ticks once, twenty minutes after the last: past the grace of the Sent folder."""
        self._now += timedelta(minutes=20)
        return self._zygote.order(self._order() | {"kill_at": kill_at, "within": within, "lose": lose})

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

    def taken(self) -> set[str]:
        """Return the Message-IDs of the letters that the server took."""
        return {str(head_of(one.raw)["Message-ID"]) for one in self.sink.delivered}

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


def whole_round(zygote: Zygote, mails: list[bytes], folder: Path) -> list[str]:
    """Return the boundaries of a round that is not killed. Raise RuntimeError if there are too few: the rig is blind."""
    with Office(zygote, mails, folder / RUN, files_copies=True) as office_:
        answer = office_.round()
    shutil.rmtree(folder / RUN)
    if answer["status"] or len(answer["trail"] or ()) < 40:
        raise RuntimeError(f"a round without a kill ended badly or showed too few boundaries: {answer}")
    return list(answer["trail"])


def crash(
    zygote: Zygote, mails: list[bytes], truth: Mapping[str, Mapping[str, str]], data: Path, case: Case
) -> tuple[list[str], list[str]]:
    """Run one case. Return what did not hold, and the boundaries at which it was killed."""
    with Office(zygote, mails, data, files_copies=case.files_copies) as office_:
        hits = [str(office_.round(kill_at=case.kill_at, lose=case.lose)["killed_at"])]
        found = [] if hits[0] else ["no kill came where one was to come"]
        cut = at_a_kill(data / _DATABASE)
        if case.again_at:
            again = office_.round(kill_at=case.again_at, within=case.again_within, lose=case.lose)
            hits.append(str(again["killed_at"]))
            cut |= at_a_kill(data / _DATABASE)
        if any(office_.round()["status"] for _ in range(_SETTLING_ROUNDS)):
            found.append("a round without a kill ended badly")
        seen = Seen(cut, office_.taken(), files_copies=case.files_copies, patient=True)
        found += misjudged(data / _DATABASE, seen)
        found += violations(office_.history(truth, losses=seen.losses), data)
        return [f"{case}: {one}" for one in found], [one for one in hits if one]


def cases(trail: Sequence[str], runs: int, seed: int) -> Iterator[Case]:
    """Given the boundaries of a round, yield so many cases: each fourth a double kill, the others single kills.

    Single kills: each with the Sent folder, then without, then with lost writes; drawn, if the runs are too few for all.
    After the last of them all are double kills.
    """
    single = _single(len(trail))
    draw = random.Random(seed)
    if not covers(len(trail), runs):
        draw.shuffle(single)
    singles = iter(single)
    for number in range(runs):
        one = None if number % _EVERY_SO_MANY == _EVERY_SO_MANY - 1 else next(singles, None)
        yield one or _double(trail, number // _EVERY_SO_MANY + seed, draw)


def covers(boundaries: int, runs: int) -> bool:
    """Return whether so many runs hold every single kill."""
    return runs - runs // _EVERY_SO_MANY >= len(_single(boundaries))


def _single(last: int) -> list[Case]:
    single = [Case(point) for point in range(1, last + 1)]
    single += [Case(point, files_copies=False) for point in range(1, last + 1)]
    return single + [Case(point, lose=how) for how in ("drop", "tear") for point in range(1, last + 1)]


def _double(trail: Sequence[str], number: int, draw: random.Random) -> Case:
    """Draw a double kill: the first leaves something half done, the second comes while that is put in order."""
    within = _AGAIN[number % len(_AGAIN)]
    handed, written = handed_over(trail), [at for at, name in enumerate(trail, start=1) if "intake.archive." in name]
    first = draw.choice(handed + written if within in _AGAIN[:3] else handed) if within else draw.randint(1, len(trail))
    return Case(
        first,
        1 if within else draw.randint(1, len(trail)),
        within,
        files_copies=draw.random() < 0.5,
        lose=draw.choice(["", "", "drop", "tear"]),
    )


def handed_over(trail: Sequence[str]) -> list[int]:
    """Return the boundaries at which a letter is being handed over: a kill there leaves its fate open."""
    points, phases, is_open = [], 0, False
    for at, name in enumerate(trail, start=1):
        if is_open:
            points.append(at)
        if name == "commit in intake.deliver.write":  # the envelope's, then the letter's
            phases += 1
            is_open = phases % 2 == 0
        elif name == "commit in intake.deliver.settle":
            is_open = False
    return points


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
    done = sum(one.runs for one in results)
    hits = sum((one.hits for one in results), Counter[str]())
    found = [text for one in results for text in one.found]
    if not plant and covers(results[0].boundaries, runs):
        found += [f"no kill came at: {name}" for name in ESSENTIAL if name not in hits]
    remark = (
        f"{results[0].boundaries} boundaries, killed at {len(hits)} names, {sum(one.twice for one in results)} twice"
    )
    return Outcome("crash", done, hits.total(), tuple(found), time.monotonic() - started, remark)


@dataclass(frozen=True, slots=True)
class _Share:
    """What a share of the cases came to. `hits`: kills by the name of the boundary; `twice`: runs killed twice."""

    runs: int
    hits: Counter[str]
    twice: int
    found: list[str]
    boundaries: int


def _share(runs: int, seed: int, share: int, of: int, plant: str) -> _Share:
    """Run every `of`-th case."""
    found: list[str] = []
    hits: Counter[str] = Counter()
    done = twice = 0
    with tempfile.TemporaryDirectory(dir=fast_directory()) as name, rig(Path(name), plant) as (zygote, mails, truth):
        trail = whole_round(zygote, mails, Path(name))
        for number, case in enumerate(cases(trail, runs, seed)):
            if number % of != share:
                continue
            data = Path(name) / RUN
            seen, killed_at = crash(zygote, mails, truth, data, case)
            shutil.rmtree(data)
            found += seen
            hits.update(killed_at)
            twice += len(killed_at) > 1
            done += 1
            if plant and found:
                break  # it was seen: that is all that was asked
    return _Share(done, hits, twice, found, len(trail))


def fast_directory() -> str | None:
    """Memory, where the system offers it: thousands of databases are made, and what a kill leaves is the same there."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a fresh directory below it
