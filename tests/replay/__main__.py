"""`python -m tests.replay DIR [--config FILE] [--roster FILE] [--restarts N] [--seed S]`: one mailbox, again and again.

Every .eml of DIR goes through the real fetch, pipeline and outbox: once straight; then N times with the process ended
and opened again at drawn places; then from the archive into an empty database. The fate of every mail, every submission,
the state of every unit and the answers must be the same each time, and nobody is answered twice. Exit status 1 if not.

The mails come in the order of their Date headers and their Date is their INTERNALDATE: it is the only time that a file
carries (INTERNALDATE belongs to the server, the first Received to whoever sent it), and the names of exported files say
nothing. A mail without a usable Date comes right after the one before it by name.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path

from intake.config import example_path, load
from intake.roster import parse_roster
from tests.builders import office
from tests.replay.play import Arrival, Outcome, Readings, draw_stops, play, replay_into_empty
from tests.replay.record import Record, differences


def main() -> int:
    """Run, compare and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the .eml files of one mailbox")
    parser.add_argument("--config", type=Path, default=example_path(), help="default: the example's campaign")
    parser.add_argument("--roster", type=Path, help="default: the roster of the tests")
    parser.add_argument("--restarts", type=int, default=20, metavar="N", help="runs with drawn restarts")
    parser.add_argument("--seed", default="1", help="other restarts")
    parser.add_argument("--read-again", action="store_true", help="read every document in every run, not only in two")
    arguments = parser.parse_args()
    settings = load(arguments.config, environment={}, need_password=False)
    roster = office.roster()
    if arguments.roster:
        data = arguments.roster.read_bytes()
        roster = parse_roster(data, arguments.roster.name, region=settings.office.region, campaign=settings.campaign)
    arrivals = arrivals_of(arguments.folder)
    if not arrivals:
        parser.error("no .eml in DIR")
    readings: Readings | None = None if arguments.read_again else {}
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        work = Path(name)
        began = time.monotonic()
        straight = play(arrivals, settings, roster, work / "straight", readings=readings)
        print(f"straight, {time.monotonic() - began:.0f} s: {_counts(straight.record)}; {straight.sent} letters sent")
        wrong = _told("straight", straight, straight.record)
        for number in range(1, arguments.restarts + 1):
            stops = draw_stops(len(arrivals), random.Random(f"{arguments.seed}/{number}"))
            where = ", ".join(f"{mail + 1} {stop}" for mail, stop in sorted(stops.items()))
            restarted = play(arrivals, settings, roster, work / f"restarts-{number}", stops=stops, readings=readings)
            wrong += _told(f"restarts {number} ({restarted.restarts}: {where})", restarted, straight.record)
        began = time.monotonic()
        again = replay_into_empty(settings, roster, work / "straight", now=arrivals[-1].at)
        print(f"from the archive into an empty database, {time.monotonic() - began:.0f} s: {_counts(again)}")
        found = differences(straight.record.caused_by_mails(), again.caused_by_mails())
        wrong += _lines("empty database", found)
    print(f"{wrong} differences in {arguments.restarts + 2} runs")
    return 1 if wrong else 0


def arrivals_of(folder: Path) -> list[Arrival]:
    """Given a folder, return its mails in the order of their Date headers, then of their names."""
    before = datetime(1970, 1, 1, tzinfo=UTC)
    found = []
    for path in sorted(folder.glob("*.eml")):
        raw = path.read_bytes()
        before = _date(raw) or before
        found.append(Arrival(raw, before, path.name))
    return sorted(found, key=lambda one: one.at)


def _date(raw: bytes) -> datetime | None:
    try:
        date = parsedate_to_datetime(str(message_from_bytes(raw)["Date"]))
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _counts(record: Record) -> str:
    fates = Counter(row["disposition"] or row["state"] for row in record.messages.values())
    shares = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items()))
    return (
        f"{len(record.messages)} mails ({shares}), {len(record.submissions)} submissions, "
        f"{len(record.units)} unit x form, {len(record.letters)} letters"
    )


def _told(name: str, outcome: Outcome, straight: Record) -> int:
    found = [*differences(straight, outcome.record), *(f"sent twice: {letter}" for letter in outcome.sent_twice)]
    return _lines(name, found)


def _lines(name: str, found: list[str]) -> int:
    print(f"{name}: {'the same' if not found else f'{len(found)} differences'}")
    for line in found:
        print(f"  {line}")
    sys.stdout.flush()
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
