"""Databases that must be refused, a lock that is held, a second process, configurations that are half written.

In: a folder, a seed. Out: how many were tried, and what did not hold. The real commands run, in this process: `intake run
--once` on a data directory that a former run has filled, and whose database was then damaged. It must end with exit code
2 and words that name `intake restore`, leave the file as it is, and send nothing: never a new database, never a traceback.
"""

import io
import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from intake.config import load
from intake.db import engine as engine_module
from intake.errors import OfficeError
from scheduler.clock import SystemClock
from scheduler.daemon import single_instance
from scheduler.demo.mailstore import SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from scheduler.desk import run as run_command
from scheduler.desk.cli import main
from scheduler.desk.run import ConfigWatch
from tests.builders import office, site
from tests.rig.crash import ADDRESS, filled

_DATABASE = "intake.db"
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    code: int
    words: str


def intake(*arguments: object) -> Said:
    """Run a command as it would be typed, and keep what it prints."""
    words = io.StringIO()
    with redirect_stdout(words), redirect_stderr(words):
        try:
            code = main([str(one) for one in arguments])
        except Exception as error:  # noqa: BLE001 - the traceback that a person would have seen
            return Said(1, f"Traceback: {type(error).__name__}: {error}")
    return Said(code, words.getvalue())


# --- what is done to the database ------------------------------------------------------------------------------------


def missing(data: Path, _draw: random.Random) -> None:
    for path in data.glob(f"{_DATABASE}*"):
        path.unlink()


def empty(data: Path, _draw: random.Random) -> None:
    (data / _DATABASE).write_bytes(b"")


def no_database(data: Path, _draw: random.Random) -> None:
    (data / _DATABASE).write_text("这是一份说明。\n" * 500, encoding="utf-8")


def truncated(data: Path, draw: random.Random) -> None:
    path = data / _DATABASE
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: draw.randrange(_PAGE, size - _PAGE)])


def corrupt_page(data: Path, draw: random.Random) -> None:
    """A whole page in the middle is another file's, as after a failing disk; one that holds a table."""
    path = data / _DATABASE
    raw = bytearray(path.read_bytes())
    leaves = [at for at in range(_PAGE, len(raw), _PAGE) if raw[at] in (2, 5, 10, 13)]  # b-tree pages: file format §1.6
    at = draw.choice(leaves)
    raw[at : at + _PAGE] = draw.randbytes(_PAGE)
    path.write_bytes(bytes(raw))


def flipped(data: Path, draw: random.Random) -> None:
    """Bytes in the middle are others. Where they are a row's own, no check of SQLite's can tell: it keeps no checksums."""
    path = data / _DATABASE
    raw = bytearray(path.read_bytes())
    at = draw.randrange(_PAGE, len(raw) - 512)
    raw[at : at + 512] = draw.randbytes(512)
    path.write_bytes(bytes(raw))


def log_deleted(data: Path, _draw: random.Random) -> None:
    """The process was killed (the files as they were while it ran), then somebody tidied up."""
    for path in (data / "killed").iterdir():
        shutil.copy(path, data / path.name)
    mark = data / f"{_DATABASE}.open"
    if mark.exists():
        mark.write_text(str((data / _DATABASE).stat().st_ino))
    (data / f"{_DATABASE}-wal").unlink()
    (data / f"{_DATABASE}-shm").unlink(missing_ok=True)


DAMAGES: Mapping[str, Callable[[Path, random.Random], None]] = {
    "missing": missing,
    "empty": empty,
    "no database": no_database,
    "truncated": truncated,
    "corrupt page": corrupt_page,
    "log deleted after a kill": log_deleted,
}


class _Site:
    """An office that has run once, with the files as they lay there while it ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.imap = DemoMailbox(ADDRESS, office.PASSWORD)
        self.sink = SmtpSink(login=ADDRESS, password=office.PASSWORD, on_mail=self._file)
        self.data = folder / "data"

    def fill(self) -> Said:
        self.config = site.site(self.folder, imap_port=self.imap.port, smtp_port=self.sink.port)
        for number, unit in enumerate(office.UNITS, start=1):
            attachment, _ = filled(unit)
            raw = office.mail(office.UNITS[unit], "联络员表", attachment=attachment, number=number)
            self.imap.deliver("INBOX", raw, office.START + timedelta(minutes=number))
        return intake("run", "--once", "--config", self.config)

    def _file(self, letter: object) -> None:
        """Keep the files as a kill at this moment would leave them: a letter is under way."""
        kept = self.data / "killed"
        kept.mkdir(exist_ok=True)
        for path in self.data.glob(f"{_DATABASE}*"):
            shutil.copy(path, kept)
        self.imap.deliver(SENT, letter.raw, SystemClock().now())  # type: ignore[attr-defined]


def play(folder: Path, *, long: bool, seed: int) -> tuple[int, list[str]]:
    """Return how many things were tried, and what did not hold."""
    draw = random.Random(seed)
    found: list[str] = []
    place = _Site(folder / "site")
    with place.imap, place.sink:
        filled_ = place.fill()
        if filled_.code != 0:
            return 0, [f"refusals: the first run ended with {filled_.code}: {filled_.words[-300:]}"]
        tried = 0
        for name, damage in DAMAGES.items():
            for _ in range(10 if long and name in ("truncated", "corrupt page") else 1):
                found += [f"{name}: {one}" for one in refused(place, damage, draw)]
                tried += 1
        for _ in range(30 if long else 3):
            found += [f"flipped bytes: {one}" for one in refused(place, flipped, draw, or_passed=True)]
            tried += 1
        found += lock_held(place)
        found += two_processes(place)
        edits = 100
        found += half_written(place.config, draw, edits)
    return tried + 2 + edits, found


def refused(
    place: _Site, damage: Callable[[Path, random.Random], None], draw: random.Random, *, or_passed: bool = False
) -> list[str]:
    """Damage the data, start, and put the good data back. `or_passed`: going on is right too, but nobody is written to."""
    good = place.folder / "good"
    shutil.copytree(place.data, good)
    try:
        damage(place.data, draw)
        before = _files(place.data)
        letters, logins = len(place.sink.delivered), place.imap.logins
        said = intake("run", "--once", "--config", place.config)
        found = []
        if or_passed and "Traceback" not in said.words and "intake restore" not in said.words:
            again = len(place.sink.delivered) - letters
            return [f"I2: {again} letters went out again"] if again else []
        if said.code != 2 or "Traceback" in said.words:
            found.append(f"it was not refused, but ended with {said.code}: {said.words[-200:]}")
        elif "intake restore" not in said.words:
            found.append(f"the refusal does not name intake restore: {said.words[-200:]}")
        if _files(place.data) != before:
            found.append("the damaged files were changed")
        if len(place.sink.delivered) != letters or place.imap.logins != logins:
            found.append("a server was asked although the database is damaged")
        return found
    finally:
        shutil.rmtree(place.data)
        good.rename(place.data)


def _files(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data.glob(f"{_DATABASE}*") if not path.name.endswith("-shm")}


def lock_held(place: _Site) -> list[str]:
    """Another program holds the database for longer than we wait: words, then the next start goes on as if nothing was."""
    patience, engine_module.BUSY_TIMEOUT_S = engine_module.BUSY_TIMEOUT_S, 0  # type: ignore[misc]
    try:
        with closing(sqlite3.connect(place.data / _DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            said = intake("run", "--once", "--config", place.config)
            other.execute("ROLLBACK")
    finally:
        engine_module.BUSY_TIMEOUT_S = patience  # type: ignore[misc]
    found = []
    if said.code != 2 or "Traceback" in said.words or "占用" not in said.words:
        found.append(f"lock: a held database ended with {said.code}: {said.words[-200:]}")
    after = intake("run", "--once", "--config", place.config)
    if after.code != 0:
        found.append(f"lock: when it was free again the start ended with {after.code}: {after.words[-200:]}")
    return found


def two_processes(place: _Site) -> list[str]:
    """I13: who comes second ends with words and touches nothing."""
    with single_instance(place.data):
        before, logins = _files(place.data), place.imap.logins
        said = intake("run", "--once", "--config", place.config)
    if said.code != 2 or "已有一个 intake" not in said.words:
        return [f"I13: a second process ended with {said.code}: {said.words[-200:]}"]
    return (
        []
        if (before, logins) == (_files(place.data), place.imap.logins)
        else ["I13: a second process touched something"]
    )


def half_written(config: Path, draw: random.Random, edits: int) -> list[str]:
    """I16: at drawn moments the file is cut at a drawn byte, and completed before, during or after our look at it."""
    good = config.read_bytes()
    running = load(config, environment={}, need_password=True)
    watch = ConfigWatch(config, running, dry_run=False)
    found = []
    real = run_command.load
    for number in range(1, edits + 1):
        whole = good.replace(b"pause_s = 0", f"pause_s = {number}".encode(), 1)
        tables = [at for at in range(len(whole)) if whole.startswith(b"\n[", at)]
        config.write_bytes(whole[: draw.choice([draw.randrange(len(whole)), draw.choice(tables[-6:])])])
        when = draw.choice(("during", "after", "long after"))

        def completing(path: Path, *, _whole: bytes = whole, **options: object) -> object:
            try:
                return real(path, **options)
            finally:
                config.write_bytes(_whole)

        run_command.load = completing if when == "during" else real  # type: ignore[assignment]
        try:
            found += _looks(watch, config, "half")
            if when == "long after":  # by now it is an edit like any other; only its words are looked at
                _looks(watch, config, "half")
            elif when == "during":
                found += _looks(watch, config, "half")
        finally:
            run_command.load = real
        config.write_bytes(whole)
        new = None
        for _ in range(4):
            with suppress(OfficeError):  # what the half file was told for is told until the whole one is read
                new = watch.changed() or new
        if new is None or new.sending.pause_s != number:
            found.append(f"I16: the whole file (edit {number}, completed {when}) never came into force")
    config.write_bytes(good)
    return found


def _looks(watch: ConfigWatch, config: Path, what: str) -> list[str]:
    """Look once. A prefix that is itself a valid configuration must not come into force by a single look."""
    try:
        settings = watch.changed()
    except OfficeError:
        return []
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return [f"I16: a {what} written file raised {type(error).__name__}"]
    return [] if settings is None else [f"I16: a {what} written file ({config.stat().st_size} bytes) came into force"]
