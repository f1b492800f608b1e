"""The process: APScheduler (at home here) runs the ticks, one instance a data directory and a database on a server,
SIGTERM ends it in ≤ 10 s.

In: the path of the configuration. Out: nothing; it runs until it is told to stop. Ticks are short interval jobs, not
jobs at a date: what is due is computed from the record each time, so that sleep, clock steps and crashes lose nothing
(APScheduler drops a job that is late by more than its grace: coalesce, max_instances=1, misfire_grace_time=None; its
own interval neither survives a step to the year 2200 nor runs again after a step back: `Every`).
"""

import logging
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from intake.bugs import frames
from intake.db import postgres
from intake.db.trouble import told
from intake.errors import OfficeError
from intake.settings import Settings
from scheduler import guard, jobs, recovery
from scheduler.app import App, open_app, prepare_data_dir
from scheduler.clock import Clock
from scheduler.healthz import serving
from scheduler.ports import PortTakenError
from scheduler.watching import watch

log = logging.getLogger(__name__)

# How often each tick looks whether there is something to do, in seconds; fetch has the interval of the settings. A mail
# is answered some 20 s after it was fetched; what is due by the day is looked at every minute.
_INTERVALS_S = {"process": 10, "deliver": 10, "remind": 60, "housekeep": 60, "backup": 60}
_LEFT_BEHIND_S = 10  # how often the ticks themselves are looked at
_SLACK = timedelta(seconds=5)
_CONFIG_S = 15  # twice: see desk.run.ConfigWatch
_WATCH_S = 60
_ALONE_S = 10
_SIGNAL_S = 0.5
# One for each tick, the configuration, the watch and the hold: what waits for a server must not keep another from its turn.
_WORKERS = len(jobs.TICKS) + 3
STOP_S = 8  # a tick that is under way gets this long; then the process ends all the same (crash-safe by design)


@contextmanager
def single_instance(data_dir: Path, database_url: str = "sqlite://") -> Iterator[Callable[[], None]]:
    """Hold the data directory for this process, and its database on a server. Raise OfficeError if another one holds it.

    An exclusive lock on a little SQLite file, held for life: works alike on Linux and Windows and goes with the process.
    A database on a server can be reached from another directory and another machine: it has a lock of its own, which goes
    with a connection. What is yielded makes sure that it is still ours, and raises what `postgres.Hold.keep` does.
    """
    prepare_data_dir(data_dir)
    try:
        connection = sqlite3.connect(
            data_dir / "instance.lock", timeout=0, isolation_level=None, check_same_thread=False
        )
    except sqlite3.OperationalError as error:
        raise OfficeError(f"数据目录 {data_dir} 不能写入，程序没有启动。请检查权限和磁盘空间。（{error}）") from error
    try:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise OfficeError(
                    f"数据目录 {data_dir} 不能写入，程序没有启动。请检查权限和磁盘空间。（{error}）"
                ) from error
            raise OfficeError(
                f"已有一个 intake 正在使用数据目录 {data_dir}。两个程序同时运行会重复回信，所以这一个没有启动。"
                "请先停止正在运行的那个，或等它结束。"
            ) from error
        with postgres.held(database_url) as keep:
            yield keep
    finally:
        connection.close()


class Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """So many seconds from now, whatever the clock did meanwhile.

    The library's own interval counts on from the former run: after a step to the year 2200 it lists every run in between
    before it coalesces them (550 million for a tick of 10 s, and the memory is gone).
    """

    def __init__(self, seconds: float) -> None:
        self.interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """Return the next run."""
        return now + self.interval


def wake_those_left_behind(ticks: BackgroundScheduler, now: datetime) -> None:
    """Let a tick run whose next run is further away than its interval: the clock was set back, it would wait a day."""
    for job in ticks.get_jobs():
        if job.next_run_time is not None and job.next_run_time > now + job.trigger.interval + _SLACK:
            job.modify(next_run_time=now)


class Daemon:
    """Runs the ticks of one App until `stop` is called. A reload replaces the App between two ticks."""

    def __init__(self, settings: Settings, clock: Clock, *, reload: Callable[[], Settings | None]) -> None:
        """Given settings, prepare a daemon. `reload` returns new settings when the file changed and is valid, else None."""
        self._settings = settings
        self._clock = clock
        self._reload = reload
        self._stopping = threading.Event()
        self._new_settings: Settings | None = None
        self._reload_wanted = threading.Event()
        self._has_run = False
        self._open: set[str] = set()  # the doors of this App that are open
        self._signalled = False
        self._ousted: OfficeError | None = None

    def run(self) -> None:
        """Run until stopped. Raise OfficeError if the start fails, or if another daemon has got hold of the database."""
        self._catch_signals()
        while not self._ends():
            storage = self._settings.storage
            with single_instance(storage.data_dir, storage.database_url) as keep:
                while not self._ends() and self._settings.storage == storage:
                    self._open.clear()
                    with open_app(self._settings, self._clock) as app, ExitStack() as open_doors:
                        self._open_doors(app, open_doors)
                        self._run_app(app, keep, open_doors)
                    if self._new_settings is not None:
                        self._settings, self._new_settings = self._new_settings, None
                        log.info("action=daemon.reloaded")
        if self._ousted is not None:
            raise self._ousted
        log.info("action=daemon.stopped")

    def _ends(self) -> bool:
        return self._signalled or self._stopping.is_set()

    def stop(self) -> None:
        """Ask the daemon to end: no new tick begins, the one under way gets a few seconds."""
        self._stopping.set()
        self._reload_wanted.set()

    def _open_doors(self, app: App, open_doors: ExitStack) -> None:
        """Open /healthz and the desk if the office wants them and they are not open yet.

        A port that something else has is told (`board`, `health`) and tried again: it is not worth the mails of a night.
        Raise OfficeError at the start if the desk would be open to others without a password.
        """
        wanted: dict[str, Callable[[], AbstractContextManager[int]]] = {}
        if (port := app.settings.health.port) is not None:
            wanted["healthz"] = partial(serving, port, app.board)
        if app.settings.desk.port is not None:
            from scheduler.web.serving import open_desk  # noqa: PLC0415 - Flask: only where a desk is wanted

            wanted["desk"] = partial(open_desk, app)
        for name in [one for one in wanted if one not in self._open]:
            try:
                port = open_doors.enter_context(wanted[name]())
            except OfficeError as error:
                if not isinstance(error, PortTakenError) and not self._has_run:
                    raise
                if name not in app.board.shut:
                    log.error("action=%s.not_open %s", name, error)
                app.board.shut = {**app.board.shut, name: str(error)}
            except Exception as error:
                if not self._has_run:
                    raise
                if name not in app.board.shut:  # tried again in the main thread: a bug in a page must not end the mails
                    log.error("action=%s.bug\n%s", name, frames(error))
                app.board.shut = {**app.board.shut, name: "网页或 /healthz 因程序出错打不开，请把运行日志交给维护人员"}
            else:
                self._open.add(name)
                app.board.shut = {one: why for one, why in app.board.shut.items() if one != name}
                log.info("action=%s.open port=%d", name, port)
        self._has_run = True

    def _run_app(self, app: App, keep: Callable[[], None], open_doors: ExitStack) -> None:
        recovery.recover(app)
        ticks = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max_workers=_WORKERS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for name, tick in jobs.TICKS.items():
            seconds = _INTERVALS_S.get(name, app.settings.polling.interval_s)
            now = self._clock.now()
            ticks.add_job(guard.guarded, Every(seconds), (app, name, tick), id=name, next_run_time=now)
        ticks.add_job(watch, Every(_WATCH_S), (app,), id="watch", next_run_time=self._clock.now())
        ticks.add_job(self._look_at_config, Every(_CONFIG_S), (app,), id="config")
        ticks.add_job(self._stay_alone, Every(_ALONE_S), (keep,), id="alone")
        ticks.start()
        log.info("action=daemon.started campaign=%s send=%s", app.settings.campaign.id, app.settings.sending.mode)
        try:
            self._wait(ticks, lambda: self._open_doors(app, open_doors))
        finally:
            self._reload_wanted.clear()
            ticks.shutdown(wait=False)
            app.running.stop()
            if not app.running.wait(STOP_S):
                log.warning("action=daemon.stopped_in_mid_tick")

    def _wait(self, ticks: BackgroundScheduler, open_doors: Callable[[], None]) -> None:
        """Wait for a signal or a reload, and look after the ticks and the doors meanwhile.

        A signal that comes in the instant before a wait begins does not end it (the handler runs when the main thread
        next runs Python; measured: one start in eight under load hung), so the waits are short ones.
        """
        waited = 0.0
        while not (self._signalled or self._reload_wanted.wait(_SIGNAL_S)):
            waited += _SIGNAL_S
            if waited >= _LEFT_BEHIND_S:
                waited = 0.0
                wake_those_left_behind(ticks, self._clock.now())
                open_doors()

    def _stay_alone(self, keep: Callable[[], None]) -> None:
        """Make sure that no other daemon has the database by now; if one has, end: both would answer the same mails."""
        try:
            with told():
                keep()
        except postgres.HeldElsewhereError as error:
            self._ousted = error
            self.stop()
            log.error("action=daemon.ousted")
        except OfficeError:
            return  # the server is away, or lets nobody in: the ticks tell
        except Exception as error:  # noqa: BLE001 - the last frame of its thread; the library would log the message itself
            log.error("action=alone.bug\n%s", frames(error))

    def _look_at_config(self, app: App) -> None:
        settings: Settings | None = None

        def look(_app: App) -> None:
            nonlocal settings
            settings = self._reload()

        guard.guarded(app, "config", look)
        if settings is not None:
            self._new_settings = settings
            self._reload_wanted.set()

    def _catch_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # tests run the daemon in a thread and call stop()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            self._signalled = True  # nothing more: what it interrupts may hold the lock of an event

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
