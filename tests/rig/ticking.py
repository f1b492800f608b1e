"""The daemon's own process without its clock: opens the App once, then runs all ticks for each line of standard input.

First line: JSON {"data": directory, "imap": port, "smtp": port, "now": ISO instant}; every other line: {"now": ISO
instant}. It answers a line each: {"errors": sentences, "bytes": resident memory, "most": the most that any child held}.
Nothing but the program is imported here, so that its memory is the daemon's.
"""

import json
import resource
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from intake import pipeline
from intake.model import MailHead, MailReading, Triage
from scheduler import guard, jobs, recovery
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from tests.builders import office

HOARD: list[bytearray] = []


def resident() -> int:
    """Return what this process holds in memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def plant(mistake: str) -> None:
    """Put a known mistake into the program, so that part "hostile" can be seen to find it."""
    if mistake == "bug":
        real = pipeline.triage

        def triage(head: MailHead, reading: MailReading, **options: frozenset[str]) -> Triage:
            if head.from_address == "someone@example.net":
                raise KeyError("planted")
            return real(head, reading, **options)

        pipeline.triage = triage
    elif mistake == "leak":
        HOARD.append(bytearray(b"x" * (100 * 2**20)))
    elif mistake:
        raise ValueError(f"no such mistake: {mistake}")


def main() -> None:
    plant(sys.argv[1] if len(sys.argv) > 1 else "")
    order = json.loads(sys.stdin.readline())
    made = office.settings(Path(order["data"]), imap_port=order["imap"], smtp_port=order["smtp"])
    caps = replace(made.sending, per_day=9_999, per_quarter_hour=999, per_address_day=999, per_address_hour=99)
    clock = SteppedClock(datetime.fromisoformat(order["now"]))
    with open_app(replace(made, sending=caps), clock, roster=office.roster()) as app:
        recovery.recover(app)
        print(json.dumps({"bytes": resident()}), flush=True)
        for line in sys.stdin:
            clock.advance_to(datetime.fromisoformat(json.loads(line)["now"]))
            errors = [guard.guarded(app, name, tick) for name, tick in jobs.TICKS.items()]
            told = [str(error) for error in errors if error is not None]
            most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
            print(json.dumps({"errors": told, "bytes": resident(), "most": most}), flush=True)


if __name__ == "__main__":
    main()
