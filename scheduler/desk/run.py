"""`intake run`: the daemon; `--once`: one round of every tick; `--dry-run`: everything but sending. And `intake replay`."""

import argparse
import os
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session

from intake.blank_file import with_blanks
from intake.config import load
from intake.db import heartbeats, queries
from intake.errors import OfficeError
from intake.model import OutboxState
from intake.pipeline import process_message
from intake.settings import SendMode, Settings
from intake.words import moment_words
from parsers.isolate import Worker, WorkerUnavailable
from parsers.services import Services
from scheduler import jobs, recovery, watching
from scheduler.app import App, load_roster, open_app
from scheduler.clock import SystemClock
from scheduler.daemon import Daemon, single_instance
from scheduler.desk import options


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    """Add the commands to the parser."""
    command = commands.add_parser("run", parents=[common], help="运行：收信、识别、回执、催报，直到被停止")
    command.add_argument("--once", action="store_true", help="只做一轮就结束")
    command.add_argument(
        "--dry-run", action="store_true", help="演练：照常收信和识别，但一封信也不发，全部留在发件箱待放行"
    )
    command.set_defaults(run=run)
    replay = commands.add_parser("replay", parents=[common], help="从存档重新识别来件（不收信、不重复回信）")
    replay.add_argument("numbers", nargs="*", type=options.number, metavar="编号", help="只识别这几封来信；不写则全部")
    replay.set_defaults(run=run_replay)


def run(arguments: argparse.Namespace) -> int:
    """Run the daemon, or one round of it."""
    settings = for_run(options.own_settings(arguments, need_password=True), dry_run=arguments.dry_run)
    if not arguments.once:
        path = options.own_config_path(arguments)
        watch = ConfigWatch(path, settings, dry_run=arguments.dry_run)
        Console(stderr=True).print(
            f"已启动：{settings.mailbox.address}，数据目录 {settings.storage.data_dir}。停止请按 Ctrl+C。", markup=False
        )
        Daemon(settings, SystemClock(), reload=watch.changed).run()
        return 0
    storage = settings.storage
    with single_instance(storage.data_dir, storage.database_url), open_app(settings, SystemClock()) as app:
        recovery.recover(app)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("收信", total=None)
            error = jobs.one_round(app, on_step=lambda words: progress.update(task, description=words))
            watching.watch(app, just_ran=True)
        with app.bench.sessions() as session:
            waiting, counts = len(queries.open_reviews(session)), queries.counts(session)
            resting = _resting(session, app.clock.now())
    if error is not None:
        raise error  # said last and told by the exit code; what the other ticks did stays done
    if resting:
        Console(stderr=True).print(*resting, sep="\n", markup=False, soft_wrap=True)
        return 3
    held = counts["outbox"].get(OutboxState.HELD, 0)
    messages = sum(counts["messages"].values())
    print(f"本轮完成：共存档 {messages} 封，待人工处理 {waiting} 件，待放行的信 {held} 封。")
    return 1 if waiting or held else 0


def _resting(session: Session, now: datetime) -> list[str]:
    """Return in words which ticks did nothing in this round, because they failed lately and wait before they try again."""
    words = []
    for tick, what in (("fetch", "收信"), ("process", "识别"), ("deliver", "发信")):
        beat = heartbeats.last_heartbeat(session, tick)
        until = heartbeats.rests_until(beat, now) if beat.failures else None
        if until is not None:
            words.append(
                f"本轮没有{what}：此前失败 {beat.failures} 次，{moment_words(until)}以后再试。原因：{beat.message}"
            )
    return words


def run_replay(arguments: argparse.Namespace) -> int:
    """Read every archived message again into the record; the letters already written stay the only ones."""
    settings = options.own_settings(arguments, need_password=False)
    storage = settings.storage
    with single_instance(storage.data_dir, storage.database_url), open_app(settings, SystemClock()) as app:
        with Progress(console=Console(stderr=True)) as progress:
            ids = begin_replay(app, arguments.numbers or None)
            for message_id in progress.track(ids, description="重新识别"):
                process_message(app.bench, message_id, now=app.clock.now())
        with app.bench.sessions() as session:
            waiting = len(queries.open_reviews(session))
    print(f"重新识别 {len(ids)} 封，待人工处理 {waiting} 件。没有发出任何信件。")
    return 1 if waiting else 0


class ConfigWatch:
    """Watches the configuration, the roster, the blank forms: tells when they changed *and* are valid, else is quiet or warns.

    A change counts when two looks in a row show the same files: a file that is cut before a table is itself a valid
    configuration, with a form less, and must not come into force while somebody is still writing it.
    """

    def __init__(self, path: Path, settings: Settings, *, dry_run: bool) -> None:
        self._path = path
        self._dry_run = dry_run
        self._files = _files_of(settings)
        self._seen = self._sighted = self._stamp()
        self._error: OfficeError | None = None

    def changed(self) -> Settings | None:
        """Return new settings if a file changed. Raise OfficeError as long as it is not valid."""
        stamp = self._stamp()
        if stamp == self._seen or stamp != self._sighted:
            self._sighted = stamp
            if self._error is not None:
                raise self._error  # still as wrong as when it was saved
            return None
        self._seen, self._error = stamp, None
        try:
            settings = load(self._path, environment=os.environ, need_password=True, ask_password=_no_keyboard)
            # before they are looked at: a file that is missing is waited for, one that is written meanwhile is read again
            self._files = _files_of(settings)
            self._seen = self._sighted = (stamp[0], *self._stamp()[1:])
            load_roster(settings)
            _look_at_blanks(settings)
        except OfficeError as error:
            self._error = error
            raise
        except WorkerUnavailable:
            self._seen = ()  # no fault of the files: they are looked at again
            raise
        if self._stamp() != self._seen:
            return None  # written while it was read: what was read may be half of it, so the next looks read it again
        return for_run(settings, dry_run=self._dry_run)

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        return tuple(_stamp_of(path) for path in (self._path, *self._files))


def _files_of(settings: Settings) -> tuple[Path, ...]:
    blanks = (collection.blank_file for collection in settings.campaign.collections)
    return (settings.roster_file, *(path for path in blanks if path is not None))


def _look_at_blanks(settings: Settings) -> None:
    """Raise OfficeError for a blank form that can't be used: the App that is to take over would not open."""
    if len(_files_of(settings)) > 1:
        with Worker(handlers="intake.unpack", service=Services()) as worker:
            with_blanks(settings, worker)


def _stamp_of(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


def _no_keyboard(address: str) -> str:
    raise OfficeError(
        f"配置改动后需要重新输入 {address} 的授权码，但程序在后台运行，无法输入。请重启程序，或改用 password_file。"
    )


def for_run(settings: Settings, *, dry_run: bool) -> Settings:
    """Given settings, return them as `run` uses them: a dry run holds every letter, those to the office too.

    Nor does it tell a robot or a dead man's switch that a service is running.
    """
    if not dry_run:
        return settings
    sending = replace(settings.sending, mode=SendMode.HOLD)
    health = replace(settings.health, webhook_url=None, ping_url=None)
    return replace(settings, sending=sending, clerk=replace(settings.clerk, addresses=()), health=health)


def begin_replay(app: App, numbers: Collection[int] | None = None) -> tuple[int, ...]:
    """Put every archived message, or those named, back to be read again. Return their ids in order of arrival.

    Raise OfficeError, and put none back, if one is named that there is not.
    """
    with app.bench.sessions.begin() as session:
        found = queries.reset_messages(session, numbers)
        if numbers is not None and found < len(set(numbers)):
            raise OfficeError("有的编号没有对应的来信，没有重新识别。编号见网页“来信”或 intake mails。")
    with app.bench.sessions() as session:
        return queries.pending_messages(session)
