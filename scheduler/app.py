"""The one frozen value that every tick and command shares, and the only place where it is built.

In: settings and a clock. Out: `App`. It opens the database (migrated), the archive, the roster, the texts and the
worker; nobody else opens any of them.
"""

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from intake.archive import Archive
from intake.blank_file import with_blanks
from intake.db import soundness
from intake.db.engine import open_engine, reading_factory, session_factory
from intake.db.ledgers import Ledgers, tell_writers
from intake.db.trouble import told
from intake.db.upgrade import upgrade
from intake.errors import OfficeError, system_words
from intake.letters import Stationery
from intake.model import FormId
from intake.pipeline import Workbench
from intake.roster import Roster, parse_roster
from intake.settings import Settings, Storage
from intake.texts import Texts
from intake.whole_files import replace_whole
from parsers.isolate import Worker
from parsers.services import Services
from scheduler.board import Board
from scheduler.clock import Clock
from scheduler.deadlines import late_after
from scheduler.last_read import LastRead
from scheduler.running import Running
from scheduler.workdays import Calendar

SIGNING_KEY = "signing.key"  # in the data directory and in the backups


@dataclass(frozen=True, slots=True)
class App:
    """Everything a tick needs. `bench` is what the pipeline knows of it; `calendar` and `clock` are the scheduler's."""

    bench: Workbench
    calendar: Calendar
    clock: Clock
    running: Running
    services: Services
    engine: Engine = field(repr=False)
    opened_at: datetime
    marked: threading.Event = field(default_factory=threading.Event)  # set once the mark of letters is left
    looked: threading.Event = field(
        default_factory=threading.Event
    )  # set once the Sent folder was asked who else sends with our key
    adopted: threading.Event = field(default_factory=threading.Event)  # set once what no server shows has its row
    suspects: set[tuple[str, int, int]] = field(
        default_factory=set
    )  # mails over which a session broke (see fetch.poll)
    tried: set[str] = field(default_factory=set)  # ticks that this process has run, or left to rest, once
    gone_told: threading.Event = field(
        default_factory=threading.Event
    )  # set once it was told what roster and notice lack
    alarms_hold: threading.Event = field(
        default_factory=threading.Event
    )  # set once those that wait are known to be true
    last_read: LastRead = field(default_factory=LastRead, repr=False)
    board: Board = field(default_factory=Board, repr=False)

    @property
    def settings(self) -> Settings:
        return self.bench.settings


def load_roster(settings: Settings) -> Roster:
    """Given settings, return the roster they name. Raise OfficeError listing every mistake in it."""
    try:
        data = settings.roster_file.read_bytes()
    except OSError as error:
        raise OfficeError(
            f"名册文件读不到：{settings.roster_file}（{system_words(error)}）。没有名册就无法对应单位、也无法催报。"
            "请检查 config.toml 中 [roster] file 的路径。"
        ) from error
    region, campaign = settings.office.region, settings.campaign
    return parse_roster(data, settings.roster_file.name, region=region, campaign=campaign)


def late_instants(settings: Settings, calendar: Calendar) -> Mapping[FormId, datetime]:
    """Given settings, return for each form with a deadline the last instant that is in time."""
    instants = ((collection.id, late_after(collection, calendar)) for collection in settings.campaign.collections)
    return {form: instant for form, instant in instants if instant is not None}


@contextmanager
def open_app(
    settings: Settings, clock: Clock, *, roster: Roster | None = None, begin_anew: bool = False
) -> Iterator[App]:
    """Given settings, yield the App and close what it opened. Raise OfficeError naming all that is not in order.

    `begin_anew`: a database that is not there may be made beside an archive full of mails, as a rebuilding from it does.
    """
    roster = load_roster(settings) if roster is None else roster
    prepare_data_dir(settings.storage.data_dir)
    calendar = Calendar(settings.calendar)
    running = Running()
    url, archive = settings.storage.database_url, settings.storage.data_dir / "archive"
    if not begin_anew or soundness.is_there(url):
        soundness.examine(url, archive)
    engine = open_engine(url)
    try:
        with told():
            if not begin_anew:
                soundness.examine_server(engine, archive)
            upgrade(engine, backup_dir=settings.storage.backup_dir, now=clock.now())
        soundness.note_open(url)
        services = Services()
        with Worker(handlers="intake.unpack", service=services) as worker:
            settings = with_blanks(settings, worker)
            sessions, late_after = session_factory(engine), late_instants(settings, calendar)
            tell_writers(sessions)
            bench = Workbench(
                settings=settings,
                roster=roster,
                stationery=Stationery(
                    settings,
                    Texts(settings.storage.template_dir),
                    _signing_key(settings.storage),
                ),
                archive=Archive(archive),
                worker=worker,
                sessions=sessions,
                reading=reading_factory(engine),
                ledgers=Ledgers(settings.campaign, roster, late_after),
                late_after=late_after,
                stopping=running.stopping,
            )
            yield App(bench, calendar, clock, running, services, engine, clock.now())
    finally:
        with soundness.closing_in_order(url):
            engine.dispose()


def prepare_data_dir(data_dir: Path) -> None:
    """Make the data directory, for this account only. Raise OfficeError if it can't be.

    Not the way to it: a folder that is missing above it is more likely a disk that is not mounted than a first start, and
    with a record begun anew beside it every unit would be answered a second time.
    """
    if not data_dir.parent.is_dir():
        raise OfficeError(
            f"数据目录的上级文件夹不存在：{data_dir.parent}。如果它在另一块硬盘或网络盘上，请先接好（挂载）；写错了的，改正 "
            "config.toml 中 [storage] data_dir；确实要用新的文件夹，请先建好它。为免另建一份空的登记、向各单位重复回信，"
            "程序没有启动。"
        )
    try:
        data_dir.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise OfficeError(
            f"数据目录不能使用：{data_dir}（{system_words(error)}）。来件无处存放，程序没有启动。请检查路径和写入权限。"
        ) from error
    if not os.access(data_dir, os.W_OK):  # a disk that went read-only says so to root, too
        raise OfficeError(
            f"数据目录不能写入：{data_dir}。来件无处存放，程序没有启动；邮件都还在邮箱里，不会丢失。"
            "请检查写入权限，以及磁盘是否变成了只读（磁盘出错时系统会这样做），恢复后再启动。"
        )


def _signing_key(storage: Storage) -> bytes:
    """Return the key that marks our own letters (0600), made on first use. Losing it only loses that recognition.

    One that is lost comes back from the backup: with a new one a record that is restored after this start would look for
    its letters under other names than they bear.
    """
    path, spare = storage.data_dir / SIGNING_KEY, storage.backup_dir / SIGNING_KEY
    key = path.read_bytes() if path.exists() else b""
    if not key:  # an empty one: a first start of an older version that was cut short
        kept = spare.read_bytes() if spare.exists() else b""
        replace_whole(path, kept or secrets.token_bytes(32), what="密钥文件")
        key = path.read_bytes()
    return key
