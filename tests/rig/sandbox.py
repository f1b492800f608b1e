"""Part "sandbox": what gets out of the locked worker (nothing may), and what the lock costs a file.

In: how many files are read with and without the lock, in turns (the long form reads more). Out: an `Outcome`; a violation is an attempt that was
not refused, or a lock that costs more than a tenth. Attempts: tests/builders/unruly.py.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from parsers.codec import to_json
from parsers.isolate import Answered, Worker
from tests.builders import office
from tests.rig.report import Outcome

_DEAREST = 1.10  # the lock may cost a tenth (facts/reliability.md §4)
_MEASURED = 3
_OURS = "intake.unpack"
_NOT_THERE = "NotImplementedError"  # calls whose flags a filter can't see are said to be unknown to the kernel
_REFUSED = {"PermissionError", "MemoryError", _NOT_THERE}
_UNRULY = "tests.builders.unruly"
_NEEDED = {"rlimits", "landlock", "seccomp"}


def run(*, long: bool, seed: int) -> Outcome:
    """Run the part; the seed changes nothing."""
    del seed
    started = time.monotonic()
    if sys.platform != "linux":
        return Outcome("sandbox", 0, 0, (), 0.0, skipped="the lock is Linux's")
    attempts = escapes()
    if attempts is None:
        return Outcome("sandbox", 0, 0, (), 0.0, skipped="this kernel lacks Landlock or seccomp")
    found = list(not_refused(attempts))
    ratio = least_cost(400 if long else 60)
    found += too_dear(ratio)
    remark = f"{len(attempts)} attempts; a file takes {ratio:.2f} times as long"
    return Outcome("sandbox", len(attempts), len(attempts), tuple(found), time.monotonic() - started, remark)


def escapes(handlers: str = _UNRULY, only: Sequence[str] = ()) -> dict[str, str] | None:
    """Return how each attempt to get out (or those named) ended; None where this system has not all layers."""
    with tempfile.TemporaryDirectory() as name, Worker(handlers=handlers) as worker:
        target = Path(name) / "config.toml"
        target.write_text("password")
        active = {one.name for one in worker.report().layers if one.active}
        if handlers == _UNRULY and not active >= _NEEDED:
            return None
        header: dict[str, object] = {"target": str(target), "new": str(Path(name) / "new")}
        header |= {"only": list(only)} if only else {}
        answer = worker.call("escape", header, b"", timeout_s=30)
        assert isinstance(answer, Answered), answer
        return {name: str(how) for name, how in answer.json.items()}


def not_refused(attempts: Mapping[str, str]) -> Iterator[str]:
    """Given how the attempts ended, yield those that were not refused."""
    yield from (f"I14: {name} ended with {how}, no refusal" for name, how in attempts.items() if how not in _REFUSED)


def too_dear(ratio: float) -> Iterator[str]:
    """Given what the lock costs, yield what is wrong with it."""
    if ratio > _DEAREST:
        yield f"the lock costs {ratio:.2f} times a file's time"


def least_cost(times: int, locked: str = _OURS) -> float:
    """Measure until the lock costs less than it may, three times at most: what else the machine does is no cost of ours."""
    ratio = cost(times, locked)
    for _ in range(_MEASURED - 1):
        if ratio > _DEAREST:
            ratio = min(ratio, cost(times, locked))
    return ratio


def cost(times: int, locked_handlers: str = _OURS) -> float:
    """Return the median time of a filled form in the locked worker over that in the same worker without the lock."""
    settings = office.settings(Path(tempfile.gettempdir()), imap_port=1, smtp_port=1)
    data = office.liaison("青石镇人民政府")
    header = {"name": "附件2.docx", "declared_type": "", "forms": to_json(settings.campaign.forms), "area_code": ""}
    with Worker(handlers=locked_handlers) as locked, Worker(handlers="tests.rig.unlocked") as free:
        assert not free.report().layers, "the other worker is locked too"
        assert all(one.active for one in locked.report().layers)

        def reading(worker: Worker) -> Callable[[], None]:
            def read() -> None:
                assert isinstance(worker.call("document", header, data, timeout_s=30), Answered)

            return read

        with_lock, without = reading(locked), reading(free)
        times_with, times_without = [], []
        for _ in range(times):  # in turns: what else the machine does falls on both
            times_with.append(_timed(with_lock))
            times_without.append(_timed(without))
    return statistics.median(times_with) / statistics.median(times_without)


def _timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
