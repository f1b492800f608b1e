"""The daemon's own process without its clock: opens the App once, then runs all ticks for each line of standard input.

First line: JSON {"data": directory, "imap": port, "smtp": port, "now": ISO instant}; every other line: {"now": ISO
instant}. After the ticks it writes the 汇总表 (`SUMMARY` in the directory), as the desk would. It answers a line each: {"errors": sentences, "bytes": resident memory, "most": the most that any child held, be
it still alive or not}.
Nothing but the program is imported here, so that its memory is the daemon's.
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from intake import letters, pipeline, summary
from intake.db.record import SqlRecord
from intake.model import MailHead, MailReading, Triage
from scheduler import guard, jobs, papers, recovery
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from tests.builders import office

HOARD: list[object] = []
SUMMARY = "summary.xlsx"
HOSTILE = "someone@example.net"
_LATE_S = 8.0
_DELIVER_S = 10.0  # as often as the daemon looks into the outbox
_HOARDED = 1_200 * 2**20


def resident() -> int:
    """Return what this process holds in memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def most_of_a_child() -> int:
    """Return the most that any child or child's child ever held, in bytes.

    getrusage knows the children that have ended; the worker lives on, and what it held at most stands in VmHWM.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(ended, *_living_peaks(), 0) * 1024


def _living_peaks() -> Iterator[int]:
    """Yield the peak of each living descendant in KiB; who ends in the meantime is counted by getrusage."""
    parents: dict[int, int] = {}
    peaks: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        number = int(lines["Pid"])
        parents[number], peaks[number] = int(lines["PPid"]), int(lines.get("VmHWM", "0").split()[0])
    for number, peak in peaks.items():
        above = parents[number]
        while above > 1 and above != os.getpid():
            above = parents.get(above, 0)
        if above == os.getpid():
            yield peak


def plant(mistake: str) -> None:
    """Put a known mistake into the program, so that part "hostile" can be seen to find it."""
    match mistake:
        case "bug" | "slow":
            pipeline.triage = _touchy(pipeline.triage, late=mistake == "slow")
        case "leak":
            HOARD.append(bytearray(b"x" * (100 * 2**20)))
        case "child":
            hoard = f"import sys; kept = bytearray(b'x') * {_HOARDED}; print(flush=True); sys.stdin.read()"
            child = subprocess.Popen([sys.executable, "-c", hoard], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert child.stdout is not None
            child.stdout.readline()
            HOARD.append(child)
        case "header":
            real = letters.compose
            letters.compose = lambda *given, **more: b"Cc: <evil@example.net>\r\n" + real(*given, **more)
        case "skipped":
            known = SqlRecord.known
            # the first of each pair of mails is the hostile one
            SqlRecord.known = lambda *given: _AndEverySecond(known(*given))  # type: ignore[assignment, method-assign]
        case "formula":
            put = summary._put

            def as_openpyxl_takes_it(sheet: Any, row: int, column: int, value: Any, *look: Any, **more: Any) -> None:
                put(sheet, row, column, value, *look, **more)
                if isinstance(value, str) and value.startswith("="):
                    sheet.cell(row, column).value = value

            summary._put = as_openpyxl_takes_it
        case "":
            pass
        case _:
            raise ValueError(f"no such mistake: {mistake}")


class _Triage(Protocol):
    def __call__(self, head: MailHead, reading: MailReading, **options: frozenset[str]) -> Triage: ...


def _touchy(real: _Triage, *, late: bool) -> _Triage:
    def triage(head: MailHead, reading: MailReading, **options: frozenset[str]) -> Triage:
        if head.from_address == HOSTILE:
            if not late:
                raise KeyError("planted")
            time.sleep(_LATE_S)
        return real(head, reading, **options)

    return triage


class _AndEverySecond(AbstractSet[int]):
    """What is taken for known: what was seen, and by mistake each even number."""

    def __init__(self, seen: AbstractSet[int]) -> None:
        self._seen = seen

    def __contains__(self, uid: object) -> bool:
        return uid in self._seen or (isinstance(uid, int) and uid % 2 == 0)

    def __iter__(self) -> Iterator[int]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)


def ticks(app: App) -> Iterator[Exception | None]:
    """Run all ticks once and yield how each ended; letters leave while mails are being read, as in the daemon."""
    for name, tick in jobs.TICKS.items():
        if name != "process":
            yield guard.guarded(app, name, tick)
            continue
        ended: list[Exception | None] = []
        reading = threading.Thread(target=lambda: ended.append(guard.guarded(app, name, tick)))  # noqa: B023 - joined below
        reading.start()
        while reading.is_alive():
            reading.join(_DELIVER_S)
            yield guard.guarded(app, "deliver", jobs.TICKS["deliver"])
        yield from ended


def main() -> None:
    plant(sys.argv[1] if len(sys.argv) > 1 else "")
    order = json.loads(sys.stdin.readline())
    made = office.settings(Path(order["data"]), imap_port=order["imap"], smtp_port=order["smtp"])
    caps = replace(made.sending, per_day=9_999, per_quarter_hour=999, per_address_day=999, per_address_hour=99)
    clock = SteppedClock(datetime.fromisoformat(order["now"]))
    with open_app(replace(made, sending=caps), clock, roster=office.roster()) as app:
        recovery.recover(app)
        print(json.dumps({"bytes": resident(), "most": most_of_a_child()}), flush=True)
        for line in sys.stdin:
            clock.advance_to(datetime.fromisoformat(json.loads(line)["now"]))
            told = [str(error) for error in ticks(app) if error is not None]
            papers.write_summary(app, Path(order["data"]) / SUMMARY)
            print(json.dumps({"errors": told, "bytes": resident(), "most": most_of_a_child()}), flush=True)


if __name__ == "__main__":
    main()
