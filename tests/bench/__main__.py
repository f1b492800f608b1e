"""`python -m tests.bench`: each figure beside its floor, measured in the same run. Prints ratios; asserts nothing.

Ratios travel between machines, milliseconds do not: the machine is named in the first line. `--quick` for CI.
`--desk` prints the desk's pages on a large office's record; `--containers [WORD]` prints the table of reading per container instead (`containers`), minutes long.
"""

import argparse
import imaplib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import docx
from rich.console import Console
from rich.table import Table

from intake.archive import Archive
from intake.fetch import Sighting, poll
from intake.imap_session import ImapSession
from parsers.codec import from_json, to_json
from parsers.forms import DocumentReading
from parsers.isolate import Answered, Worker
from parsers.parse import parse_document
from parsers.services import Services
from scheduler import guard, jobs, recovery
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.bench import containers, desk
from tests.builders import office

ADDRESS = "a27398830@126.com"


def best(action: Callable[[], object], times: int) -> float:
    """Return the shortest of `times` runs in seconds: the one that the other job on the machine disturbed least."""
    durations = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        durations.append(time.perf_counter() - begun)
    return min(durations)


def median(action: Callable[[], object], times: int) -> float:
    durations = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        durations.append(time.perf_counter() - begun)
    return statistics.median(durations)


def form_mail(number: int) -> bytes:
    unit = list(office.UNITS)[number % len(office.UNITS)]
    data = office.liaison(unit, mobile=f"139{number:08d}")
    return office.mail(f"unit{number}@example.com", "联络员反馈表", attachment=data, number=number)


class MemoryRecord:
    """The cheapest record there is: what is left of the time is fetching and archiving."""

    def __init__(self) -> None:
        self.uids: set[int] = set()

    def known(self, _account: str, _folder: str, _validity: int) -> set[int]:
        return set(self.uids)

    def archived(self, sighting: Sighting, _sha: str, _size: int, *, mismatch: bool) -> None:
        assert not mismatch
        self.uids.add(sighting.uid)

    def vanished(self, sighting: Sighting) -> None:
        raise AssertionError(sighting)

    oversize = vanished

    def oversized(self, _account: str) -> list[Sighting]:
        return []


def fetch_ratio(table: Table, mails: list[bytes]) -> None:
    """Durable fetch against bare imaplib, one FETCH a mail, into files with fsync."""
    with DemoMailbox(ADDRESS, office.PASSWORD) as server:
        for number, raw in enumerate(mails):
            server.deliver("INBOX", raw, office.START + timedelta(seconds=number))

        def bare() -> None:
            with tempfile.TemporaryDirectory() as folder:
                client = imaplib.IMAP4("127.0.0.1", server.port)
                client.login(ADDRESS, office.PASSWORD)
                client.xatom("ID", '("name" "bench")')
                client.select("INBOX", readonly=True)
                _, found = client.uid("SEARCH", "ALL")
                for uid in found[0].split():
                    _, answer = client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
                    with (Path(folder) / uid.decode()).open("wb") as file:
                        file.write(answer[0][1])
                        file.flush()
                        os.fsync(file.fileno())
                client.logout()

        def ours() -> None:
            with tempfile.TemporaryDirectory() as folder:
                settings = office.settings(Path(folder), imap_port=server.port, smtp_port=1)
                with ImapSession(settings.mailbox, settings.polling) as session:
                    report = poll(session, Archive(Path(folder) / "archive"), MemoryRecord())
                assert report.archived == len(mails)

        floor, measured = best(bare, 3), best(ours, 3)
    rate = len(mails) / measured
    table.add_row(
        "收信存档",
        f"{measured:.2f} s / {len(mails)} 封（{rate:.0f} 封/秒）",
        f"imaplib+写文件+fsync {floor:.2f} s",
        f"{measured / floor:.2f}×",
        "≤ 2×",
    )


def docx_ratio(table: Table, times: int) -> None:
    """One docx form to checked fields: ours in process and through the worker, beside python-docx's cell.text."""
    settings = office.settings(Path(tempfile.gettempdir()), imap_port=1, smtp_port=1)
    forms = settings.campaign.forms
    data = office.liaison("青石镇人民政府")

    def naive() -> None:
        for grid in docx.Document(BytesIO(data)).tables:
            for row in grid.rows:
                for cell in row.cells:
                    assert cell.text is not None

    def ours() -> None:
        reading = parse_document(data, name="附件2.docx", declared_type="", forms=forms)
        assert reading.forms[0].fields

    floor, measured = median(naive, times), median(ours, times)
    table.add_row(
        "docx → 核对后的字段",
        f"{measured * 1000:.1f} ms",
        f"python-docx cell.text {floor * 1000:.1f} ms",
        f"{measured / floor:.2f}×",
        "≤ 10 ms",
    )
    with Worker(handlers="intake.unpack", service=Services()) as worker:
        header = {"name": "附件2.docx", "declared_type": "", "forms": to_json(forms), "area_code": ""}

        def isolated() -> None:
            answer = worker.call("document", header, data, timeout_s=30)
            assert isinstance(answer, Answered)
            from_json(DocumentReading, answer.json)

        isolated()
        inside = median(isolated, times)
    table.add_row(
        "同上，在隔离的子进程中",
        f"{inside * 1000:.1f} ms",
        f"进程内 {measured * 1000:.1f} ms",
        f"{inside / measured:.2f}×",
        "≤ 1.5×",
    )


def pipeline_rate(table: Table, mails: list[bytes]) -> None:
    """Mailbox to answered: fetch, process, deliver, on a real SQLite file with full durability."""
    with tempfile.TemporaryDirectory() as folder, DemoMailbox(ADDRESS, office.PASSWORD) as server:
        for number, raw in enumerate(mails):
            server.deliver("INBOX", raw, office.START + timedelta(seconds=number))
        with SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
            settings = office.settings(Path(folder), imap_port=server.port, smtp_port=sink.port)
            with open_app(settings, SteppedClock(office.START + timedelta(days=1)), roster=office.roster()) as app:
                recovery.recover(app)
                times = {}
                for name, tick in jobs.TICKS.items():
                    begun = time.perf_counter()
                    error = guard.guarded(app, name, tick)
                    assert error is None, error
                    times[name] = time.perf_counter() - begun
    whole = times["fetch"] + times["process"]
    table.add_row(
        "来件入库（收信+识别+写回执）",
        f"{len(mails) / whole:.0f} 封/秒",
        f"收信 {times['fetch']:.2f} s，识别 {times['process']:.2f} s",
        f"{times['process'] / times['fetch']:.1f}×",
        "—",
    )


def start_up(table: Table, times: int) -> None:
    """How long a command takes to start, beside the bare interpreter."""
    floor = best(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), times)
    measured = best(
        lambda: subprocess.run(
            [sys.executable, "-c", "from scheduler.desk.cli import main; main(['--help'])"],
            check=True,
            stdout=subprocess.DEVNULL,
        ),
        times,
    )
    table.add_row(
        "启动（intake --help）",
        f"{measured * 1000:.0f} ms",
        f"python -c pass {floor * 1000:.0f} ms",
        f"{measured / floor:.1f}×",
        "—",
    )


_RSS_PROGRAM = """
import sys, threading
from pathlib import Path
from scheduler import guard, jobs, recovery
from scheduler.app import open_app
from scheduler.clock import SystemClock
from scheduler.daemon import Daemon
from tests.builders import office
import scheduler.daemon
settings = office.settings(Path(sys.argv[1]), imap_port=int(sys.argv[2]), smtp_port=int(sys.argv[3]))
with open_app(settings, SystemClock(), roster=office.roster()) as app:
    jobs.one_round(app)
    jobs.one_round(app)
    import apscheduler.schedulers.background
    print([line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")][0].split()[1])
"""


def idle_memory(table: Table) -> None:
    """Resident memory of the daemon's process after two rounds, beside the bare interpreter. Linux only.

    The second start: the first also builds the database, with what that needs.
    """
    if not Path("/proc/self/status").exists():
        return
    with tempfile.TemporaryDirectory() as folder, DemoMailbox(ADDRESS, office.PASSWORD) as server:
        server.deliver("INBOX", form_mail(1), office.START)
        with SmtpSink(login=ADDRESS, password=office.PASSWORD) as sink:
            arguments = [folder, str(server.port), str(sink.port)]
            for _ in ("first start", "ordinary start"):
                ours = subprocess.run(
                    [sys.executable, "-c", _RSS_PROGRAM, *arguments], check=True, capture_output=True, text=True
                )
    bare = subprocess.run(
        [sys.executable, "-c", "print([l for l in open('/proc/self/status') if l.startswith('VmRSS')][0].split()[1])"],
        check=True,
        capture_output=True,
        text=True,
    )
    measured, floor = int(ours.stdout) / 1024, int(bare.stdout) / 1024
    table.add_row(
        "常驻内存（主进程）", f"{measured:.0f} MB", f"空 Python {floor:.0f} MB", f"{measured / floor:.1f}×", "≤ 120 MB"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="fewer mails and runs")
    arguments.add_argument(
        "--containers", nargs="?", const="", metavar="WORD", help="reading per container (only those named like WORD)"
    )
    arguments.add_argument("--desk", action="store_true", help="the desk's pages on a large office's record")
    arguments.add_argument("--markitdown", type=Path, metavar="PYTHON", help="a Python that has MarkItDown")
    given = arguments.parse_args()
    quick = given.quick
    if given.desk:
        desk.show()
        return
    if given.containers is not None:
        containers.print_table(quick=quick, markitdown=given.markitdown, only=given.containers)
        return
    mails = [form_mail(number) for number in range(60 if quick else 300)]
    console = Console(width=140)
    console.print(
        f"{platform.machine()}，{os.cpu_count()} 核，Python {platform.python_version()}，{platform.system()} {platform.release()}"
    )
    table = Table()
    for heading in ("项目", "本程序", "参照（同一次运行）", "比值", "目标"):
        table.add_column(heading)
    fetch_ratio(table, mails)
    docx_ratio(table, 30 if quick else 200)
    pipeline_rate(table, mails)
    start_up(table, 3 if quick else 10)
    idle_memory(table)
    console.print(table)


if __name__ == "__main__":
    main()
