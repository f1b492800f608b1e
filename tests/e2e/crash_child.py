"""The process that is killed: a zygote that imports everything once, then forks a child a line of standard input.

A line is JSON: {"data": …, "imap": port, "smtp": port, "now": ISO instant, "kill_at": n or 0}. The child runs one round
of all ticks and, if asked, kills itself with SIGKILL at the n-th boundary. A boundary is counted, without a word in the
production code, before and after every commit, fsync, rename and SMTP command: between each pair of steps.
The zygote answers a line: {"boundaries": count or null, "killed": bool, "status": wait status}.
"""

import json
import os
import pathlib
import signal
import sys
import traceback
from datetime import datetime
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from intake import smtp
from scheduler import jobs
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from tests.builders import office


class Boundaries:
    """Counts the boundaries that this child has passed, and kills it at one of them."""

    counted = 0
    kill_at = 0


def boundary() -> None:
    Boundaries.counted += 1
    if Boundaries.counted == Boundaries.kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


def around(owner: object, name: str) -> None:
    """Make a call of `owner.name` a pair of boundaries."""
    original = getattr(owner, name)

    def wrapped(*arguments, **options):
        boundary()
        result = original(*arguments, **options)
        boundary()
        return result

    setattr(owner, name, wrapped)


def watch() -> None:
    around(os, "fsync")
    around(pathlib.Path, "replace")
    around(smtp._Wire, "send")  # each command, and the letter itself
    around(smtp._Wire, "getreply")  # each answer, the 250 too
    event.listen(Engine, "commit", lambda _connection: boundary())  # fires before the COMMIT is sent
    event.listen(Engine, "begin", lambda _connection: boundary())  # the former COMMIT is behind us


def run(order: dict, answer: int) -> None:
    Boundaries.kill_at = order["kill_at"]
    watch()
    settings = office.settings(Path(order["data"]), imap_port=order["imap"], smtp_port=order["smtp"])
    with open_app(settings, SteppedClock(datetime.fromisoformat(order["now"])), roster=office.roster()) as app:
        jobs.recover(app)
        for name, tick in jobs.TICKS.items():
            error = jobs.guarded(app, name, tick)
            if error is not None:
                raise error
    os.write(answer, str(Boundaries.counted).encode())


def main() -> None:
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
            counted_by_child = pipe.read()
        _, status = os.waitpid(child, 0)
        result = {
            "boundaries": int(counted_by_child) if counted_by_child else None,
            "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
            "status": status,
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
