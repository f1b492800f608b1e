"""The process that is killed: a zygote imports everything once, then forks a child for each line of standard input.

The first line is JSON {"mails": [base64, …]} and an order: each mail is read once in the real worker, so that a child
need not start one (reading is a function of the bytes; starting a worker is most of a round's time), then the order is
run here, so that compiled statements and texts are inherited. Every other line is an order for a child:

{"data": directory, "imap": port, "smtp": port, "now": ISO instant, "kill_at": n or 0, "lose": how or ""}

The child runs one round of all ticks and, if asked, kills itself with SIGKILL at the n-th boundary. A boundary is
counted, without a word in the production code, before and after every commit, fsync, rename and SMTP command: between
each pair of steps, and within the recovery as well. `lose` = "drop" or "tear" takes from the archive, before the kill,
what no fsync has made durable: bytes of a file, and the name that a rename gave it (facts/reliability.md §2.4).
The zygote answers a line: {"boundaries": count or null, "names": the boundaries by name, "killed": bool, "status": …}.
"""

import base64
import json
import os
import pathlib
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from intake import archive as archive_module
from intake import outbox, pipeline, smtp, whole_files
from intake.db.engine import open_engine
from intake.db.models import OutboxRow
from intake.model import OutboxState
from intake.read import read_mail
from intake.texts import Texts
from parsers.isolate import Worker
from scheduler import app as app_module
from scheduler import guard, jobs, recovery
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from tests.builders import office
from tests.rig.losing import Unsynced

Question = tuple[str, str, bytes]
READINGS: dict[Question, Any] = {}
ENGINES: dict[str, Engine] = {}
TEXTS: dict[Path | None, Texts] = {}


class Boundaries:
    """Counts the boundaries that this child has passed, and kills it at one of them."""

    counted = 0
    kill_at = 0
    names: ClassVar[Counter[str]] = Counter()
    unsynced: Unsynced | None = None


def boundary(kind: str) -> None:
    Boundaries.counted += 1
    Boundaries.names[f"{kind} in {_caller()}"] += 1
    if Boundaries.counted == Boundaries.kill_at:
        if Boundaries.unsynced is not None:
            Boundaries.unsynced.lose()
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


def plant(mistake: str) -> None:
    """Put a known mistake into the program, so that the rig can be seen to find it."""
    if mistake == "resend":  # what was being sent when the process ended is simply sent again

        def recover(session: Session, now: datetime, **_options: object) -> int:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.state == OutboxState.SENDING)).all()
            for row in rows:
                row.state = OutboxState.QUEUED
            return len(rows)

        outbox.recover = recover
    elif mistake == "no fsync":  # a mail's bytes are not durable when its row says so
        archive_module.os = whole_files.os = _OsWithoutFsync()  # type: ignore[assignment]
    elif mistake == "forget":  # a mail is filed without its letters
        pipeline.post = lambda *_arguments, **_options: False
    elif mistake:
        raise ValueError(f"no such mistake: {mistake}")


class _OsWithoutFsync:
    def __getattr__(self, name: str) -> object:
        return (lambda _descriptor: None) if name == "fsync" else getattr(os, name)


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
    Boundaries.kill_at = order["kill_at"]
    if order.get("lose"):
        Boundaries.unsynced = Unsynced(Path(order["data"]) / "archive", order["lose"])
        Boundaries.unsynced.watch()
    watch()
    a_round(order)
    os.write(answer, json.dumps({"boundaries": Boundaries.counted, "names": Boundaries.names}).encode())


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
    read_all([base64.b64decode(one) for one in first["mails"]], Path(first["data"]))
    inherit()
    plant(sys.argv[1] if len(sys.argv) > 1 else "")
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
        result = {"boundaries": None, "names": {}} | (json.loads(told) if told else {})
        result["killed"] = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        result["status"] = status
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
