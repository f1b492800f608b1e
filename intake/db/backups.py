"""Copies of the database file: made while the daemon writes, verified, put back. SQLite only; other databases have their
own tools.

In: an engine, or paths. Out: a file that is whole or not there. Stage before: the backup tick, an upgrade, `restore`.
"""

import os
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from intake.db.soundness import HEADER
from intake.db.trouble import file_words
from intake.errors import OfficeError, system_words
from intake.whole_files import fsync_folder

_BESIDE = ("-wal", "-shm")  # what SQLite keeps beside a database (https://www.sqlite.org/walformat.html)


def back_up_sqlite(engine: Engine, target: Path) -> None:
    """Given an SQLite engine, write a consistent, verified copy of its database to `target`. Raise OfficeError if not."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = target.with_suffix(".tmp")
    source = engine.raw_connection()
    try:
        unfinished.touch(mode=0o600)
        with closing(sqlite3.connect(unfinished)) as copy:
            # sqlite3's online backup: consistent while the daemon writes
            source.driver_connection.backup(copy)  # type: ignore[union-attr]
            copy.execute("PRAGMA journal_mode = DELETE")  # a copy of one file, without a -wal beside it
        verdict = what_is_wrong(unfinished)
        _make_durable(unfinished)
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        why = system_words(error) if isinstance(error, OSError) else file_words(error)
        raise OfficeError(f"数据库备份失败，未作任何改动。请检查磁盘空间后重试。（{why}）") from error
    finally:
        source.close()
    if verdict:
        unfinished.unlink(missing_ok=True)
        raise OfficeError(f"数据库备份校验未通过（{verdict}），未作任何改动。请先恢复最近一次完好的备份。")
    unfinished.replace(target)
    fsync_folder(target.parent)


def what_is_wrong(path: Path) -> str:
    """Given a database file, return what SQLite finds wrong with it, "" if it is whole and has our tables."""
    try:
        with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(5)")]
            if found != ["ok"]:
                return "；".join(found)[:300]
            if database.execute("PRAGMA foreign_key_check").fetchone() is not None:
                return "数据前后不一致"
            database.execute("SELECT version_num FROM alembic_version").fetchone()
            database.execute("SELECT count(*) FROM messages").fetchone()
    except sqlite3.Error as error:
        return NOT_OURS if str(error).startswith("no such table") else file_words(error)
    return ""


NOT_OURS = "这不是本程序的备份"


def refuse_what_is_no_backup(path: Path) -> None:
    """Raise OfficeError, in words, if a file can't be put in the place of the database."""
    advice = "没有恢复。有哪些备份：intake restore --list。"
    try:
        with path.open("rb") as file:
            is_database = file.read(len(HEADER)) == HEADER
    except FileNotFoundError as error:
        raise OfficeError(f"没有这个备份文件：{path}，{advice}") from error
    except OSError as error:
        raise OfficeError(f"备份文件 {path} 读不到（{system_words(error)}），{advice}") from error
    wrong = what_is_wrong(path) if is_database else NOT_OURS
    if wrong == NOT_OURS:
        raise OfficeError(f"{path}：{NOT_OURS}，{advice}")
    if wrong:
        raise OfficeError(f"备份文件 {path} 已损坏、不完整，{advice}请另选一个。")


def work_of_people(database: Path) -> Counter[tuple[str, str]] | None:
    """Given a database file, return how many rows of each kind only people made; None if that can't be read.

    What is found in the mails again is not counted. Keys: table and kind, with "" for the kind in the audit.
    """
    found: Counter[tuple[str, str]] = Counter()
    try:
        with closing(sqlite3.connect(f"file:{database.as_posix()}?mode=ro", uri=True)) as connection:
            for kind, number in connection.execute(
                "SELECT kind, count(*) FROM decisions WHERE undone_at IS NULL GROUP BY kind"
            ):
                found["decisions", kind] = number
            for kind, number in connection.execute(
                "SELECT kind, count(*) FROM unit_notes WHERE undone_at IS NULL GROUP BY kind"
            ):
                found["unit_notes", kind] = number
            ((number,),) = connection.execute("SELECT count(*) FROM audit")
            found["audit", ""] = number
    except sqlite3.Error:
        return None
    return found


def put_back(copy: Path, database: Path, *, aside: Path) -> None:
    """Given a verified copy, make it the database; what was there is moved to the directory `aside`, never deleted.

    Nobody else may have the database open. Raise OfficeError if the disk refuses: then the former one is still there.
    """
    unfinished = database.with_suffix(".restoring")
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(copy, unfinished)
        unfinished.chmod(0o600)
        _make_durable(unfinished)
        set_aside(database, aside)
        unfinished.replace(database)
        fsync_folder(database.parent)
    except OSError as error:
        raise OfficeError(
            f"备份没有能恢复：{system_words(error)}。原来的数据库没有删除。请检查磁盘空间和权限。"
        ) from error


def set_aside(database: Path, aside: Path) -> None:
    """Move a database and what SQLite keeps beside it into the directory `aside`; nothing happens if there is none."""
    names = [database.name, *(database.name + ending for ending in _BESIDE)]
    there = [database.with_name(name) for name in names if database.with_name(name).exists()]
    if there:
        aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in there:
        path.replace(aside / path.name)


def _make_durable(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
