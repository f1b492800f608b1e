"""Logins refused for hours, then let in; a password that was rotated: how often the server is asked, what the clerk hears.

In: a directory. Out: cases and what did not hold. The ticks are the program's own (`guard.guarded`), every two minutes on a
stepped clock; logins are counted at the server, letters and mails in the record by `sqlite3`. facts/mail.md §6.19: an
address that insists is banned, so a refused login rests five minutes at least, and longer each time.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from intake.settings import Secret, Settings
from scheduler import guard, jobs, recovery
from scheduler.app import App, open_app
from scheduler.clock import SteppedClock
from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import INBOX
from scheduler.demo.server import DemoMailbox
from tests.builders import office
from tests.rig.crash import ADDRESS

_TICK = timedelta(minutes=2)
_REFUSALS = 7
_FIRST, _LONGEST = timedelta(minutes=5), timedelta(hours=5)  # four hours and a quarter of jitter
ANSWERS = {
    "NetEase's refusal": Habits(login_answer=b"LOGIN Login error or password error"),
    "a refusal in GBK": Habits(login_answer=b"LOGIN \xd3\xc3\xbb\xa7\xce\xde\xc8\xa8\xb5\xc7\xc2\xbd"),
    "Tencent's sentence": Habits(maximum_logins=0),
    "unsafe login": Habits(login_answer=b"LOGIN Unsafe Login. Please contact kefu@188.com for help"),
}


def _settings(data: Path, port: int, password: str = office.PASSWORD) -> Settings:
    given = office.settings(data, imap_port=port, smtp_port=1)
    return replace(
        given,
        mailbox=replace(given.mailbox, password=Secret(password)),
        clerk=replace(given.clerk, addresses=(office.CLERK,)),
    )


def _tick(app: App) -> None:
    for name in ("fetch", "housekeep"):
        guard.guarded(app, name, jobs.TICKS[name])


def _count(data: Path, question: str) -> int:
    with closing(sqlite3.connect(f"file:{data / 'intake.sqlite'}?mode=ro", uri=True)) as record:
        return int(record.execute(question).fetchone()[0])


def refused(folder: Path, habits: Habits) -> Iterator[str]:
    """Refuse seven logins in these words, then let in."""
    clock = SteppedClock(office.START)
    asked: list[datetime] = []
    with DemoMailbox(ADDRESS, office.PASSWORD, habits=habits) as server:
        server.deliver(INBOX, office.mail(office.UNITS["青石镇人民政府"], "联络员表"), office.START)
        with open_app(_settings(folder, server.port), clock, roster=office.roster()) as app:
            recovery.recover(app)
            while not _count(folder, "SELECT count(*) FROM messages"):
                before = server.logins
                _tick(app)
                asked += [clock.now()] * (server.logins - before)
                if server.logins == _REFUSALS:
                    server.habits = Habits()
                if clock.now() > office.START + timedelta(days=3):
                    yield "I1: the mail was not fetched within three days"
                    return
                clock.sleep(_TICK.total_seconds())
    rests = [later - earlier for earlier, later in pairwise(asked)]
    if len(asked) != _REFUSALS + 1:
        yield f"{len(asked)} logins for {_REFUSALS} refusals and one that was let in"
    if min(rests) < _FIRST or max(rests) > _LONGEST + _TICK:
        yield f"a refused login rested {min(rests)} to {max(rests)}"
    if any(later * 1.3 + _TICK < earlier for earlier, later in pairwise(rests)):
        yield f"the rests of refused logins do not grow: {rests}"
    alarms = _count(folder, "SELECT count(*) FROM outbox WHERE kind = 'alarm'")
    if alarms != 2:
        yield f"{alarms} letters to the clerk, of one alarm and one all-clear"


def rotated(folder: Path) -> Iterator[str]:
    """The provider has a new password: a restart with the old one does not knock again, the new one is tried at once."""
    clock = SteppedClock(office.START)
    with DemoMailbox(ADDRESS, "NEWCODE123456789") as server:
        server.deliver(INBOX, office.mail(office.UNITS["青石镇人民政府"], "联络员表"), office.START)
        for expected, password in ((1, office.PASSWORD), (1, office.PASSWORD), (2, "NEWCODE123456789")):
            with open_app(_settings(folder, server.port, password), clock, roster=office.roster()) as app:
                recovery.recover(app)
                _tick(app)
            if server.logins != expected:
                yield f"{server.logins} logins where {expected} were due"
            clock.sleep(60)
    if _count(folder, "SELECT count(*) FROM messages") != 1:
        yield "I1: the mail was not fetched with the new password"


def cases(folder: Path, names: Iterable[str] = tuple(ANSWERS)) -> Iterator[tuple[str, list[str]]]:
    """Yield every case and what did not hold in it."""
    for number, name in enumerate(names):
        yield f"login: {name}", [*refused(folder / f"refused{number}", ANSWERS[name])]
    yield "login: a rotated password", [*rotated(folder / "rotated")]
