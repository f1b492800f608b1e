"""Part "upkeep": kill -9 in the middle of `intake restore`, of `backup`, and of the migration of an older record.

In: how many kills a way, a seed. Out: an `Outcome`. An office has answered two mails and then broken down: its last process
was killed, a mail and the signing key are gone from the disk; the backup is older than the second answer. One of the
commands is killed at a boundary (`zygote`); then, in every second run, the machine starts the program by itself, as after a
power loss; then a person types the same command again. It must succeed, nobody is answered twice, `verify` finds all well.
"""

import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from intake.db.engine import open_engine
from scheduler.clock import SystemClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office
from tests.builders.migrating import upgrade_to
from tests.builders.site import site
from tests.rig.checker import head_of
from tests.rig.crash import ADDRESS, Zygote, fast_directory, filled
from tests.rig.report import Outcome

_DATABASE = "intake.db"  # the default of the configuration
_OLD = "0003"  # a revision that offices have, and that is not the newest
_BROKEN_AT = 12  # the boundary at which the last process was killed: its log lies beside the database

RESTORE, REBUILD, BACKUP, MIGRATION = "restore", "restore --from-archive", "backup", "migration"
WAYS = {
    RESTORE: (["restore", "--yes"], 1),  # 1: letters wait for a person
    REBUILD: (["restore", "--from-archive", "--yes"], 1),
    BACKUP: (["backup"], 0),
    MIGRATION: (["run", "--once"], 0),
}
# What must be among the boundaries of each way: else the rig does not see it any more.
ESSENTIAL = {
    RESTORE: ("copyfile in intake.db.backups.put_back", "replace in intake.db.backups", "fsync in intake.db.backups"),
    REBUILD: ("replace in intake.db.backups.set_aside", "commit in intake.db.upgrade._migrate"),
    BACKUP: ("fsync in intake.db.backups", "replace in intake.db.backups", "replace in intake.archive._publish"),
    MIGRATION: ("statement in intake.db.upgrade._migrate", "commit in intake.db.upgrade._migrate"),
}


class _Site:
    """One office that has broken down, as a template to copy; its servers stay as they are."""

    def __init__(self, folder: Path, zygote: Zygote, mails: list[bytes]) -> None:
        self._zygote = zygote
        self._mails = mails
        self.home = folder / "home"
        self._words = folder / "words.txt"
        self._templates = {way: folder / f"template {number}" for number, way in enumerate(WAYS)}
        self.answered = 0
        self.imap = DemoMailbox(ADDRESS, office.PASSWORD)
        self.sink = SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file)

    def prepare(self) -> None:
        """Let the office work, break down, and keep it so for each way."""
        self.home.mkdir()
        self._config = site(self.home, imap_port=self.imap.port, smtp_port=self.sink.port)
        text = self._config.read_text(encoding="utf-8")
        self._config.write_text(
            text.replace("[storage]\n", '[storage]\nbackup_dir = "elsewhere"\n', 1), encoding="utf-8"
        )
        self._zygote.warm(self._mails, {"command": self._line(["run", "--once"]), "words": str(self._words)})
        self._deliver(1)
        self._must("run", "--once")
        self._must("backup")
        self._deliver(2)
        self._must("run", "--once")
        self.command(["run", "--once"], kill_at=_BROKEN_AT)
        self.answered = self.answers().total()
        if self.answered != 2:
            raise RuntimeError(f"the office has given {self.answered} answers: {self.words()}")
        for way, template in self._templates.items():
            shutil.copytree(self.home, template)
            self._break_down(way, template)

    def _break_down(self, way: str, template: Path) -> None:
        data = template / "data"
        if way in (RESTORE, REBUILD):
            (data / "signing.key").unlink()
            _mail_1(self._mails, data).unlink()
        elif way == MIGRATION:
            _make_old(data / _DATABASE)

    def begin(self, way: str) -> None:
        """Put the broken office in its place."""
        shutil.rmtree(self.home)
        shutil.copytree(self._templates[way], self.home)

    def command(self, arguments: list[str], *, kill_at: int = 0) -> dict[str, Any]:
        """Run a console command, killed at a boundary if asked."""
        return self._zygote.order({"command": self._line(arguments), "words": str(self._words), "kill_at": kill_at})

    def words(self) -> str:
        """Return what the last command said, in one line."""
        return " | ".join(self._words.read_text(encoding="utf-8").split("\n"))[-600:]

    def answers(self) -> Counter[str]:
        """Return how often each mail was answered, by its Message-ID."""
        heads = (head_of(one.raw) for one in self.sink.delivered)
        return Counter(str(head["In-Reply-To"]) for head in heads if head["In-Reply-To"])

    def _line(self, arguments: list[str]) -> list[str]:
        return [*arguments, "--config", str(self._config)]

    def _must(self, *arguments: str) -> None:
        if self.command(list(arguments))["code"] not in (0, 1):
            raise RuntimeError(f"{arguments}: {self.words()}")

    def _deliver(self, number: int) -> None:
        self.imap.deliver(INBOX, self._mails[number - 1], office.START + timedelta(minutes=number))

    def _file(self, letter: Any) -> None:
        self.imap.deliver(SENT, letter.raw, SystemClock().now())


def _mail_1(mails: list[bytes], data: Path) -> Path:
    return next(path for path in (data / "archive").rglob("*.eml") if path.read_bytes() == mails[0])


def _make_old(database: Path) -> None:
    """Put in the place of a record what an older version would have of it: its tables, and what they can hold."""
    old = database.with_suffix(".old")
    engine = open_engine(f"sqlite:///{old}")
    upgrade_to(engine, _OLD)
    engine.dispose()
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS new", (str(database),))
        tables = [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table == "alembic_version":
                continue
            had = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            has = {str(row[1]) for row in connection.execute(f"PRAGMA new.table_info({table})")}
            columns = ", ".join(f'"{one}"' for one in had if one in has)
            connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")  # noqa: S608
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    old.replace(database)


@dataclass(frozen=True, slots=True)
class Case:
    """One run: which command, killed where, and whether the program starts by itself before it is typed again."""

    way: str
    kill_at: int
    starts_between: bool


def killed(one: _Site, case: Case) -> tuple[list[str], str]:
    """Run a case. Return what did not hold, and the name of the boundary at which the command was killed."""
    arguments, code = WAYS[case.way]
    one.begin(case.way)
    killed_at = str(one.command(arguments, kill_at=case.kill_at)["killed_at"])
    found = [] if killed_at else ["no kill came where one was to come"]
    if case.starts_between:
        one.command(["run", "--once"])  # it may refuse to start: what matters is what it sends
        found += _answered_twice(one, "by the start after it")
    if one.command(arguments)["code"] != code:
        found.append(f"the same command again: {one.words()}")
    found += _must_be_well(one, case.way)
    return [f"{case} ({killed_at}): {text}" for text in found], killed_at


def _must_be_well(one: _Site, way: str) -> Iterator[str]:
    """Yield what is not well once a person has done what the command tells him to do."""
    if way == BACKUP:
        yield from _bad_backup(one)
    for _ in range(2):
        one.command(["run", "--once"])
    if way in (RESTORE, REBUILD):
        one.command(["outbox", "release", "--all", "--yes"])
        one.command(["run", "--once"])
    yield from _answered_twice(one, "after all")
    if one.command(["verify", "--deep"])["code"] != 0:
        yield f"verify: {one.words()}"


def _bad_backup(one: _Site) -> Iterator[str]:
    """Yield what a backup lacks: a whole copy of the database, each mail, the key. Looked at with nothing of the program."""
    there = one.home / "elsewhere"
    copies = list(there.glob("nightly-*.sqlite"))
    if len(copies) != 1:
        yield f"I6: {len(copies)} copies of the database"
    for copy in copies:
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchall()
            mails = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
        if (whole, mails) != ([("ok",)], 2):
            yield f"I6: the copy of the database has {mails} mails and is {whole}"
    data = one.home / "data"
    for path in (data / "archive").rglob("*.eml"):
        copied = there / "archive" / path.relative_to(data / "archive")
        if not copied.exists() or copied.read_bytes() != path.read_bytes():
            yield "I6: a mail is not in the mirror"
    if (there / "signing.key").read_bytes() != (data / "signing.key").read_bytes():
        yield "I6: the key is not in the backup"


def _answered_twice(one: _Site, when: str) -> Iterator[str]:
    answers = one.answers().total()
    if answers > one.answered:
        yield f"I2: two mails that had been answered got {answers - one.answered} more answers, {when}"
    one.answered = answers  # the servers remember: the next case begins with what this one has done


def run(*, kills: int, seed: int, plant: str = "", ways: Collection[str] = tuple(WAYS)) -> Outcome:
    """Run the part, so many kills of each of the `ways`, or all there are. `plant` puts a known mistake into the program."""
    if not hasattr(os, "fork"):
        return Outcome("upkeep", 0, 0, (), 0.0, skipped="needs fork and SIGKILL (POSIX)")
    started = time.monotonic()
    draw = random.Random(seed)
    found: list[str] = []
    hits: Counter[str] = Counter()
    mails = [_mail(number, unit) for number, unit in enumerate(list(office.UNITS)[:2], start=1)]
    with tempfile.TemporaryDirectory(dir=fast_directory()) as name:
        zygote = Zygote(plant)
        one = _Site(Path(name), zygote, mails)
        try:
            with one.imap, one.sink:
                one.prepare()
                for way in ways:
                    arguments, code = WAYS[way]
                    one.begin(way)
                    whole = one.command(arguments)
                    if whole["code"] != code:
                        raise RuntimeError(f"{way} does not do without a kill: {one.words()}")
                    trail = whole["trail"]
                    lacking = [text for text in ESSENTIAL[way] if not any(text in name for name in trail)]
                    if lacking:
                        raise RuntimeError(f"the rig does not see in {way}: {lacking}")
                    for case in _cases(way, len(trail), kills, draw):
                        seen, killed_at = killed(one, case)
                        found += seen
                        hits.update([killed_at] if killed_at else [])
                        if plant and found:
                            break
        finally:
            zygote.close()
    remark = f"killed at {len(hits)} names"
    return Outcome("upkeep", hits.total(), hits.total(), tuple(found), time.monotonic() - started, remark)


def _cases(way: str, last: int, kills: int, draw: random.Random) -> Iterator[Case]:
    points = range(1, last + 1)
    for number, point in enumerate(points if kills >= last else sorted(draw.sample(points, kills))):
        yield Case(way, point, starts_between=number % 2 == 1)


def _mail(number: int, unit: str) -> bytes:
    attachment, values = filled(unit)
    return office.mail(values["email"], "联络员表", attachment=attachment, number=number)
