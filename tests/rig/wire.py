"""Part "wire": connections cut after every byte, and servers that lie, are late, forget, or refuse.

In: long or short, a seed. Out: an `Outcome`. Long: each byte of a recorded IMAP and SMTP session, both sides, and every lie;
short: some, drawn from the seed. `wire_imap` and `wire_smtp` cut, `wire_lies` are single false answers of an IMAP server,
`wire_scenes` what goes wrong over time, `wire_logins` refusals and rotated passwords, `wire_answers` the provider's SMTP
answers. A fault is a cut, a lie or a refusal; each is a run of its own.
"""

import logging
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.rig import wire_answers, wire_imap, wire_logins, wire_scenes, wire_smtp
from tests.rig.report import Outcome
from tests.rig.wire_bay import IMPATIENT, Bay
from tests.rig.wire_lies import lies

# Every so manieth byte in the short form, and which part of the lies: together some 15 s of one core.
_IMAP_EVERY, _SMTP_EVERY = 97, 211
_SOME = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of the part, which a process of its own may do. `every` 1: all of it."""

    piece: str
    every: int
    seed: int
    share: int = 0
    of: int = 1

    def chosen(self, number: int) -> list[int]:
        """Return which of `number` lies it is about: all, or a fifth of them by the seed."""
        draw = random.Random(self.seed)
        return sorted(draw.sample(range(number), number if self.every == 1 else max(1, round(number * _SOME))))


Result = tuple[int, list[str], str]


def run(*, long: bool, seed: int, processes: int | None = None) -> Outcome:
    """Run the part; the long form in as many processes as there are cores."""
    started = time.monotonic()
    several = (os.cpu_count() or 1) if processes is None else processes
    jobs = [*_jobs(long=long, seed=seed, of=several if long else 1)]
    if long and several > 1:
        with ProcessPoolExecutor(several, mp_context=multiprocessing.get_context("spawn")) as pool:
            results = list(pool.map(_do, jobs))
    else:
        results = [_do(job) for job in jobs]
    faults = sum(number for number, _, _ in results)
    found = tuple(text for _, texts, _ in results for text in texts)
    remarks: dict[str, int] = {}
    for number, _, remark in results:
        remarks[remark] = remarks.get(remark, 0) + number
    told = ", ".join(f"{number:,} {remark}" for remark, number in remarks.items())
    return Outcome("wire", faults, faults, found, time.monotonic() - started, told)


def _jobs(*, long: bool, seed: int, of: int) -> Iterator[Job]:
    for share in range(of):
        yield Job("imap cuts", 1 if long else _IMAP_EVERY, seed, share, of)
        yield Job("smtp cuts", 1 if long else _SMTP_EVERY, seed, share, of)
    for piece in ("imap lies", "imap scenes", "smtp lies", "smtp answers", "certificates", "logins"):
        yield Job(piece, 1 if long else 2, seed)


def _do(job: Job) -> Result:
    pieces: dict[str, Callable[[Job, Path], Result]] = {
        "imap cuts": _imap_cuts,
        "smtp cuts": _smtp_cuts,
        "imap lies": _imap_lies,
        "imap scenes": _imap_scenes,
        "smtp lies": _smtp_lies,
        "smtp answers": _smtp_answers,
        "certificates": _certificates,
        "logins": _logins,
    }
    with tempfile.TemporaryDirectory(dir=_fast_directory()) as name, _quiet():
        return pieces[job.piece](job, Path(name))


def _imap_cuts(job: Job, folder: Path) -> Result:
    number, found, told = wire_imap.run_cuts(folder, every=job.every, seed=job.seed, share=job.share, of=job.of)
    return number, found, f"cuts of an {told}"


def _smtp_cuts(job: Job, folder: Path) -> Result:
    number, found, told = wire_smtp.run_cuts(folder, every=job.every, seed=job.seed, share=job.share, of=job.of)
    return number, found, f"cuts of an {told}"


def _imap_lies(job: Job, folder: Path) -> Result:
    """Tell each lie for one poll, then poll once without it, and once on the next day."""
    every = [*lies()]
    found: list[str] = []
    without = 0
    chosen = [every[index] for index in job.chosen(len(every))]
    with Bay(folder) as bay:
        for lie in chosen:
            bay.server.twist, bay.server.twisted = lie, 0
            told = [bay.poll(polling=IMPATIENT), *bay.looks(at_rest=False, body_lied=lie.body)]
            without += not bay.server.twisted
            bay.server.twist = None
            last = bay.poll()
            told += [last, *bay.looks(at_rest=not lie.body, body_lied=lie.body)]
            bay.now += timedelta(days=1)
            last += bay.poll()
            told += [last, *bay.looks(at_rest=True, body_lied=lie.body)]
            if last:
                told.append("the undisturbed poll failed")
            found += [f"IMAP {lie.command}: {lie.name}: {one}" for one in told if one not in ("", "server")]
            bay.empty()
    return len(chosen) - without, found, "IMAP lies"


def _imap_scenes(job: Job, folder: Path) -> Result:
    every = [*wire_scenes.scenes()]
    found: list[str] = []
    chosen = [every[index] for index in job.chosen(len(every))]
    with Bay(folder) as bay:
        for name, scene in chosen:
            found += [f"IMAP {name}: {one}" for one in scene(bay)]
            bay.empty()
            bay.fill()
    return len(chosen), found, "IMAP scenes"


def _smtp_lies(job: Job, folder: Path) -> Result:
    share = 1.0 if job.every == 1 else _SOME
    number, found = wire_smtp.run_lies(folder, share=share, draw=random.Random(job.seed))
    return number, found, "SMTP faults"


def _smtp_answers(job: Job, folder: Path) -> Result:
    answers = [wire_answers.ANSWERS[index] for index in job.chosen(len(wire_answers.ANSWERS))]
    with wire_smtp.PostOffice(folder) as office:
        found = [f"{name}: {one}" for name, told in wire_answers.cases(office, answers) for one in told]
    return len(answers), found, "SMTP answers"


def _certificates(job: Job, folder: Path) -> Result:
    del job, folder
    told = [*wire_scenes.certificates()]
    return len(told), [f"{name}: {one}" for name, found in told for one in found], "bad certificates"


def _logins(job: Job, folder: Path) -> Result:
    names = [*wire_logins.ANSWERS] if job.every == 1 else [random.Random(job.seed).choice([*wire_logins.ANSWERS])]
    told = [*wire_logins.cases(folder, names)]
    return len(told), [f"{name}: {one}" for name, found in told for one in found], "login troubles"


@contextmanager
def _quiet() -> Iterator[None]:
    """Thousands of failures are told to the log: that is right, and nothing to read."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _fast_directory() -> str | None:
    """Memory, where the system offers it: every run empties a database, and nothing here is about what a disk loses."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a fresh directory below it
