"""A database that is not the one we left is refused, in words that name the way back; a sound one never is."""

import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from intake.db import soundness
from intake.db.address import sqlite_file
from intake.db.engine import open_engine
from intake.db.trouble import DatabaseBusyError, explain, told
from intake.errors import OfficeError


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/数据 库.sqlite"


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive" / "ab"
    folder.mkdir(parents=True)
    (folder / f"{'ab' * 32}.eml").write_bytes(b"Subject: x\r\n\r\n")
    return tmp_path / "archive"


@pytest.fixture
def file(url, archive):
    """A database in use before, closed in good order."""
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x TEXT)"))
        connection.execute(
            text("INSERT INTO t SELECT hex(randomblob(900)) FROM (VALUES (1),(2),(3),(4),(5),(6),(7),(8))")
        )
    engine.dispose()
    return sqlite_file(url)


def test_a_sound_database_and_a_first_start_are_let_through(url, tmp_path, archive, file):
    soundness.examine(url, archive)
    soundness.examine(f"sqlite:///{tmp_path}/new.sqlite", tmp_path / "no archive yet")
    soundness.examine("postgresql+psycopg://host/base", archive)
    soundness.examine("sqlite://", archive)


def test_a_start_that_was_killed_before_its_first_write_is_let_through(tmp_path):
    (tmp_path / "new.sqlite").touch()
    soundness.examine(f"sqlite:///{tmp_path}/new.sqlite", tmp_path / "archive")


@pytest.mark.parametrize("what", ["missing", "empty", "text", "page"])
def test_a_lost_or_damaged_database_beside_an_archive_is_refused_and_left_as_it_is(url, archive, file, what):
    raw = file.read_bytes()
    damaged = {"empty": b"", "text": b"hello " * 500, "page": raw[:4096] + b"\xa5" * 4096 + raw[8192:]}.get(what)
    file.unlink() if damaged is None else file.write_bytes(damaged)
    with pytest.raises(OfficeError, match="intake restore --from-archive"):
        soundness.examine(url, archive)
    assert (file.read_bytes() if file.exists() else None) == damaged


def test_a_process_that_closes_the_database_leaves_the_mark_of_another_one(url, file):
    mark = file.with_name(file.name + ".open")
    daemon, command = open_engine(url), open_engine(url)
    soundness.note_open(url)
    with soundness.closing_in_order(url):
        command.dispose()
    assert mark.read_text() == str(file.stat().st_ino)
    daemon.dispose()


def test_a_start_that_failed_leaves_no_mark_because_a_tool_has_the_file_open(url, file):
    tool, failed = open_engine(url), open_engine(url)
    with tool.connect(), soundness.closing_in_order(url):
        failed.dispose()
    assert not file.with_name(file.name + ".open").exists()
    tool.dispose()


def test_a_log_that_is_gone_after_a_kill_is_missed_and_after_a_good_end_is_not(url, archive, file):
    log, mark = file.with_name(file.name + "-wal"), file.with_name(file.name + ".open")
    engine = open_engine(url)
    soundness.note_open(url)
    assert mark.exists()
    held = log.read_bytes()
    with soundness.closing_in_order(url):
        engine.dispose()
        soundness.examine(url, archive)  # as a kill leaves it that comes now
    assert not mark.exists()
    soundness.examine(url, archive)

    mark.write_text(str(file.stat().st_ino))  # as a kill leaves it
    log.write_bytes(held)
    soundness.examine(url, archive)

    mark.write_text(str(file.stat().st_ino))
    log.unlink(missing_ok=True)
    with pytest.raises(OfficeError, match=r"-wal 不见了.*intake restore"):
        soundness.examine(url, archive)

    mark.write_text("1")  # of a file that a restore has replaced
    soundness.examine(url, archive)


@pytest.mark.parametrize(
    ("code", "said", "words", "passes"),
    [
        (sqlite3.SQLITE_FULL, "database or disk is full", "磁盘空间已满", False),
        (sqlite3.SQLITE_IOERR_FSYNC, "disk I/O error", "磁盘出错", False),
        (sqlite3.SQLITE_BUSY, "database is locked", "占用", True),
        (sqlite3.SQLITE_CORRUPT, "database disk image is malformed", "intake restore", False),
        (None, "database or disk is full", "磁盘空间已满", False),
    ],
)
def test_what_the_disk_says_is_said_in_words_and_a_lock_is_told_only_if_it_lasts(code, said, words, passes):
    cause = sqlite3.OperationalError(said)
    if code is not None:
        cause.sqlite_errorcode = code
    with pytest.raises(OfficeError, match=words) as caught, told():
        raise OperationalError("SELECT 1", {}, cause)
    assert isinstance(caught.value, DatabaseBusyError) is passes


def test_a_bug_of_ours_is_no_trouble_of_the_disk():
    assert explain(OperationalError("SELEC", {}, sqlite3.OperationalError('near "SELEC": syntax error'))) is None
    assert explain(KeyError("x")) is None
