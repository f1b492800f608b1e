"""One tick, guarded: it rests after a failure, its heartbeat tells how it went, and no bug of ours ends the process.

In: the `App`, a tick and its name. Out: the error that a server or the office is to blame for, if any. A failure is
written into the tick's heartbeat with the time until which it rests; the administrator is told by `jobs.housekeep`.
"""

import logging
import random
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from intake.bugs import frames
from intake.db import heartbeats
from intake.db.models import HeartbeatRow
from intake.db.trouble import DatabaseBusyError, explain, told
from intake.errors import IntakeError, ServerError, TransientServerError
from intake.fetch import back_off
from scheduler.app import App

log = logging.getLogger(__name__)

Tick = Callable[[App], None]

# `deliver` writes its own heartbeat, because its pauses come with the letters' states; `backup` too, because a look that
# finds nothing due is no backup.
_OWN_HEARTBEAT = {"deliver", "backup"}

# Rests after a bug or a full disk: they do not mend themselves, and the log should stay readable.
_FIRST_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(minutes=30)


def guarded(app: App, name: str, tick: Tick) -> IntakeError | None:
    """Run one tick unless it rests; write down how it went. Return what the office or a server did wrong, if anything.

    A tick that meets a bug of ours is logged with its traceback and rests as well: the others go on.
    """
    with app.running.tick():
        try:
            with told():  # a full disk or a held lock is no bug of ours
                if app.running.stopping.is_set() or _rests(app, name):
                    return None
                tick(app)
                if name not in _OWN_HEARTBEAT:
                    with app.bench.sessions.begin() as session:
                        heartbeats.note_tick(session, name, now=app.clock.now())
        except IntakeError as error:
            return None if app.running.stopping.is_set() else _note_failure(app, name, error)
        except Exception as error:  # noqa: BLE001 - the last frame of its thread: a bug must neither end the process nor hide
            if not app.running.stopping.is_set():
                log.error("action=%s.bug\n%s", name, frames(error))
                _note_failure(app, name, error)
        finally:
            app.tried.add(name)
        return None


def _rests(app: App, name: str) -> bool:
    with app.bench.sessions() as session:
        beat = session.get(HeartbeatRow, name)
        return beat is not None and heartbeats.rests_until(beat, app.clock.now()) is not None


def _note_failure(app: App, name: str, error: Exception) -> IntakeError | None:
    """Write a failure into the tick's heartbeat. A record that can't be written is itself only logged."""
    now = app.clock.now()
    told = error if isinstance(error, IntakeError) else None
    permanent = not isinstance(error, TransientServerError | DatabaseBusyError)
    message = str(error) if told is not None else f"程序出错（{type(error).__name__}），详见日志"
    try:
        with app.bench.sessions.begin() as session:
            failures = heartbeats.heartbeat(session, name).failures
            # a configuration is looked at as soon as it is saved again
            paused_until = None if name == "config" else now + _rest_after(error, failures)
            heartbeats.note_tick_failure(
                session, name, now=now, message=message, paused_until=paused_until, permanent=permanent
            )
        level = logging.INFO if failures else logging.WARNING
        log.log(level, "action=%s.failed error=%s permanent=%s", name, type(error).__name__, permanent)
    except SQLAlchemyError as unrecorded:
        # a record that is away for a night is met six times a minute: known trouble gets a line, a bug its frames
        where = "" if explain(unrecorded) is not None else f"\n{frames(unrecorded)}"
        log.error("action=%s.unrecorded error=%s%s", name, type(unrecorded).__name__, where)
    return told


def _rest_after(error: Exception, failures: int) -> timedelta:
    if isinstance(error, ServerError):
        return back_off(error, failures + 1, jitter=random.random())  # noqa: S311 - spreads load, guards nothing
    return min(_FIRST_REST * (1 << min(failures, 10)), _LONGEST_REST)
