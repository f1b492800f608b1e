"""Performs the story: two servers on loopback, a stepped clock, and the very ticks of `run`; tells it as it happens.

In: a folder to leave things in. Out: the exit code; in the folder the mails sent and received as .eml, the 汇总表, and the
data directory. The embedded mailbox refuses SELECT without ID, has UIDVALIDITY 1 and no UIDNEXT, as NetEase's has.
"""

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from intake.config import example_path, load
from intake.errors import OfficeError, system_words
from intake.roster import parse_roster
from intake.settings import Secret, Security, SendMode, Settings
from scheduler import jobs, papers
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.post_office import PostOffice
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.demo.story import SHANGHAI, Scene, roster_csv, scenes

_PASSWORD = "demo-authorization-code"  # noqa: S105 - of the embedded servers, which end with the demo
_MARKER = "这个文件夹由 intake demo 建立，可整个删除。\n"
_LAST_DAY = datetime(2025, 7, 2, 17, 0, tzinfo=SHANGHAI)
_FIRST_DAY = datetime(2025, 5, 27, 16, 30, tzinfo=SHANGHAI)
_POLL_LAG = timedelta(minutes=3)  # a mail is noticed some minutes after it came
_LOOKS = (time(8, 35), time(9, 5), time(14, 30))  # the hours of the day at which quiet days are looked at


class Teller(Protocol):
    """Who tells the story to the one who watches (scheduler/desk/demonstrate.py)."""

    def opens(self, app: App) -> None:
        """The servers are up, nothing has come yet."""

    def arrives(self, scene: Scene) -> None:
        """A unit has just sent a mail."""

    def tells(self, app: App) -> None:
        """A round of the ticks is over: tell what is new in the record."""

    def ends(self, app: App, workbook: Path, post_office: PostOffice) -> bool:
        """The last day is over: show the matrix. Return whether it ended as the story has it."""


def perform(folder: Path, teller: Teller) -> bool:
    """Given a folder, perform the story in it. Return whether it ended as the story has it."""
    try:
        _clear(folder)
    except (OSError, UnicodeDecodeError) as error:
        reason = system_words(error) if isinstance(error, OSError) else "里面的 说明.txt 不是本程序写的"
        raise OfficeError(f"演示不能写到 {folder}（{reason}），没有开始。请用 --output 另指一个文件夹。") from error
    settings = load(example_path(), environment={}, need_password=False)
    address, clock = settings.mailbox.address, SteppedClock(_FIRST_DAY)
    with DemoMailbox(address, _PASSWORD) as mailbox:
        post_office = PostOffice(address, folder, mailbox, clock)
        with SmtpSink(login=address, password=_PASSWORD, on_mail=post_office.take) as sink:
            demo = _on_loopback(settings, folder, imap_port=mailbox.port, smtp_port=sink.port)
            (folder / "名册.csv").write_bytes(roster_csv())
            with open_app(
                demo,
                clock,
                roster=parse_roster(roster_csv(), "名册.csv", region=demo.office.region, campaign=demo.campaign),
            ) as app:
                teller.opens(app)
                _play(app, clock, post_office, teller, scenes(demo.campaign))
                workbook = folder / "汇总表.xlsx"
                papers.write_summary(app, workbook)
                return teller.ends(app, workbook, post_office)


def _clear(folder: Path) -> None:
    """Make room: a folder that an earlier demo made is replaced, any other that is not empty is left alone."""
    marker = folder / "说明.txt"
    if folder.exists() and any(folder.iterdir()):
        if not marker.exists() or marker.read_text(encoding="utf-8") != _MARKER:
            raise OfficeError(f"文件夹 {folder} 里已有别的文件，演示没有开始。请用 --output 另指一个文件夹。")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(_MARKER, encoding="utf-8")


def _on_loopback(settings: Settings, folder: Path, *, imap_port: int, smtp_port: int) -> Settings:
    """Return the example's settings with the servers of the demo, its own data directory, and sending at once."""
    provider = replace(
        settings.mailbox.provider,
        imap_host="127.0.0.1",
        imap_port=imap_port,
        smtp_host="127.0.0.1",
        smtp_port=smtp_port,
    )
    mailbox = replace(
        settings.mailbox,
        provider=provider,
        password=Secret(_PASSWORD),
        imap_security=Security.NONE,
        smtp_security=Security.NONE,
    )
    data_dir = folder.resolve() / "数据"
    return replace(
        settings,
        mailbox=mailbox,
        roster_file=folder.resolve() / "名册.csv",
        sending=replace(settings.sending, mode=SendMode.AUTO, pause_s=0.0),
        clerk=replace(settings.clerk, addresses=("clerk@office.example.com",)),
        storage=replace(
            settings.storage,
            data_dir=data_dir,
            database_url=f"sqlite:///{data_dir / 'intake.sqlite'}",
            backup_dir=data_dir / "backups",
        ),
    )


def _play(app: App, clock: SteppedClock, post_office: PostOffice, teller: Teller, told: tuple[Scene, ...]) -> None:
    """Step through the weeks: at each moment deliver what is due, run one round, tell what came of it."""
    waiting = list(told)
    for moment in _moments(told):
        clock.advance_to(moment)
        while waiting and waiting[0].at <= moment:
            scene = waiting.pop(0)
            teller.arrives(scene)
            post_office.deliver(scene)
        for _ in range(2):  # the second round takes in what the first one's letters caused: bounces, automatic replies
            error = jobs.one_round(app)
            if error is not None:
                raise error
            teller.tells(app)
            if not post_office.caused_mail():
                break
            clock.sleep(_POLL_LAG.total_seconds())


def _moments(told: tuple[Scene, ...]) -> Iterator[datetime]:
    """Yield when something is looked at: shortly after each scene, and a few times on every day."""
    days = (_FIRST_DAY.date() + timedelta(days=number) for number in itertools.count())
    looks = [
        datetime.combine(day, look, SHANGHAI)
        for day in itertools.takewhile(lambda day: day <= _LAST_DAY.date(), days)
        for look in _LOOKS
    ]
    wanted = {*looks, *(scene.at + _POLL_LAG for scene in told), _LAST_DAY}
    yield from sorted(moment for moment in wanted if _FIRST_DAY <= moment <= _LAST_DAY)
