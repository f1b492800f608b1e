"""The process that is killed: a zygote imports everything once, then forks a child for each line of standard input.

The first line is JSON {"mails": [base64, …]} and an order: each mail is read once in the real worker, so that a child
need not start one (reading is a function of the bytes; starting a worker is most of a round's time), then the order is
run here, so that compiled statements and texts are inherited. Every other line is an order for a child:

{"data": directory, "imap": port, "smtp": port, "now": ISO instant, "kill_at": n or 0, "within": text or "", "lose": how or ""}

The child runs one round of all ticks and, if asked, kills itself with SIGKILL at the n-th boundary; with `within`, at the
n-th of those whose name has that text in it. A boundary is
counted, without a word in the production code, before and after every commit, fsync, rename and SMTP command: between
each pair of steps, and within the recovery as well. `lose` = "drop" or "tear" takes from the archive, before the kill,
what no fsync has made durable: bytes of a file, and the name that a rename gave it (facts/reliability.md §2.4).

An order {"command": arguments, "words": path of a file, "kill_at": …} lets the child run a console command instead, on the
machine's clock, and is answered with its exit code as well ("code"); what it says is in the file. There the boundaries are
also each statement of a migration, each file that is copied, and each that is made or moved.

The zygote answers a line: {"trail": the boundaries' names in order, or null, "killed_at": name or "", "status": …}.
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import event
from sqlalchemy.engine import Engine

from intake import smtp
from intake.db.engine import open_engine
from intake.read import read_mail
from intake.texts import Texts
from parsers.isolate import Worker
from scheduler import app as app_module
from scheduler import guard, jobs, recovery
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.desk.cli import main as main_of_the_program
from tests.builders import office
from tests.rig.losing import Unsynced
from tests.rig.mistakes import plant

Question = tuple[str, str, bytes]
READINGS: dict[Question, Any] = {}
ENGINES: dict[str, Engine] = {}
TEXTS: dict[Path | None, Texts] = {}


class Boundaries:
    """The boundaries that this child has passed, by name; it is killed at one of them."""

    trail: ClassVar[list[str]] = []
    kill_at = 0
    within = ""
    counted = 0
    unsynced: Unsynced | None = None
    tell: Callable[[str], object] = staticmethod(lambda _name: None)


def boundary(kind: str) -> None:
    name = f"{kind} in {_caller()}"
    Boundaries.trail.append(name)
    Boundaries.counted += Boundaries.within in name
    if Boundaries.kill_at and Boundaries.counted == Boundaries.kill_at:
        if Boundaries.unsynced is not None:
            Boundaries.unsynced.lose()
        Boundaries.tell(name)
        os.kill(os.getpid(), signal.SIGKILL)


def _caller() -> str:
    """Return the nearest function of ours on the stack: what gives a boundary its name."""
    frame = sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(("intake.", "scheduler.")):
            return f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "?"


def around(owner: object, name: str) -> None:
    """Make a call of `owner.name` a pair of boundaries."""
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        boundary(f"before {name}")
        result = original(*arguments, **options)
        boundary(f"after {name}")
        return result

    setattr(owner, name, wrapped)


def watch() -> None:
    around(os, "fsync")
    around(pathlib.Path, "replace")
    around(smtp._Wire, "send")  # each command, and the letter itself
    around(smtp._Wire, "getreply")  # each answer, the 250 too
    event.listen(Engine, "commit", lambda _connection: boundary("commit"))  # fires before the COMMIT is sent
    event.listen(Engine, "begin", lambda _connection: boundary("begin"))  # the former COMMIT is behind us


def watch_upkeep() -> None:
    """What the commands do beside: copies of files, and migrations, statement by statement."""
    around(shutil, "copyfile")
    around(pathlib.Path, "touch")
    around(pathlib.Path, "unlink")
    event.listen(Engine, "before_cursor_execute", _statement)


def _statement(*_arguments: object) -> None:
    if _caller().endswith("upgrade._migrate"):
        boundary("statement")


class RememberingWorker:
    """Stands where `scheduler.app` opens the worker, and answers what the zygote has read."""

    def __init__(self, **_options: object) -> None:
        self._real: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def call(self, operation: str, header: dict[str, object], payload: bytes, **_timeout: float) -> object:
        return READINGS[operation, repr(header), payload]

    def rest(self) -> None:
        pass


class _Recording:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def call(self, operation: str, header: dict[str, object], payload: bytes, *, timeout_s: float) -> object:
        answer = self._worker.call(operation, header, payload, timeout_s=timeout_s)
        READINGS[operation, repr(header), payload] = answer
        return answer


def read_all(mails: list[bytes], data: Path) -> None:
    settings = office.settings(data, imap_port=1, smtp_port=1)
    with Worker(handlers="intake.unpack") as worker:
        for raw in mails:
            read_mail(_Recording(worker), raw, settings.campaign.forms, area_code=settings.office.area_code)  # type: ignore[arg-type]


def inherit() -> None:
    """Let `open_app` use the worker, engine and texts of the zygote, closed but with what they have compiled."""
    app_module.Worker = RememberingWorker  # type: ignore[assignment,misc]
    app_module.open_engine = lambda url: ENGINES.get(url) or ENGINES.setdefault(url, open_engine(url))
    app_module.Texts = lambda folder: TEXTS.get(folder) or TEXTS.setdefault(folder, Texts(folder))  # type: ignore[assignment,misc]


def run(order: dict[str, Any], answer: int) -> None:
    Boundaries.kill_at, Boundaries.within = order["kill_at"], order.get("within", "")
    Boundaries.tell = lambda name: os.write(answer, json.dumps({"killed_at": name}).encode())
    if order.get("lose"):
        Boundaries.unsynced = Unsynced(Path(order["data"]) / "archive", order["lose"])
        Boundaries.unsynced.watch()
    watch()
    code = 0
    if "command" in order:
        watch_upkeep()
        code = a_command(order)
    else:
        a_round(order)
    os.write(answer, json.dumps({"trail": Boundaries.trail, "code": code}).encode())


def a_command(order: dict[str, Any]) -> int:
    with Path(order["words"]).open("w", encoding="utf-8") as words, redirect_stdout(words), redirect_stderr(words):
        try:
            return main_of_the_program(order["command"])
        except SystemExit as ended:
            return int(ended.code or 0)


def a_round(order: dict[str, Any]) -> None:
    data = Path(order["data"])
    settings = office.settings(data, imap_port=order["imap"], smtp_port=order["smtp"])
    with open_app(settings, SteppedClock(datetime.fromisoformat(order["now"])), roster=office.roster()) as app:
        recovery.recover(app)
        for name, tick in jobs.TICKS.items():
            error = guard.guarded(app, name, tick)
            if error is not None:
                raise error


def main() -> None:
    first = json.loads(sys.stdin.readline())
    read_all([base64.b64decode(one) for one in first["mails"]], Path(first.get("data", "data")))
    inherit()
    plant(sys.argv[1] if len(sys.argv) > 1 else "")
    if "command" in first:
        a_command(first)
    else:
        a_round(first)
    print(json.dumps({"read": len(READINGS)}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            code = 1
            try:
                run(order, writer)
                code = 0
            except BaseException:  # noqa: BLE001 - a forked child: nobody else prints what ended it
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        result = {"trail": None, "code": None, "killed_at": "", "status": status} | (json.loads(told) if told else {})
        if bool(result["killed_at"]) is not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            raise RuntimeError(f"a child ended otherwise than it was told to: {status}, {result['killed_at']!r}")
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
