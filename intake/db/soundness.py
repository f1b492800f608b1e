"""Is the database file the one that we left? Asked before it is opened, and answered by refusing: `intake restore`.

In: the database's URL and the archive's directory. Out: nothing, or an OfficeError. A lost database beside an archive full
of mails must never be begun anew silently: every unit would be answered and reminded a second time. Only SQLite has a
file to look at; of a server's database it is asked whether our tables are there.

A mark beside the file ("….open") says that the program has it open: SQLite removes the write-ahead log when the last
connection closes, so that a mark without a log means a process that was killed *and* a log that somebody removed, with
the last commits in it (https://www.sqlite.org/howtocorrupt.html §1.4). Nothing else can tell: what is left is consistent.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, inspect

from intake.db.address import sqlite_file
from intake.db.trouble import RESTORE, DatabaseBusyError, explain
from intake.errors import OfficeError

HEADER = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html#magic_header_string
_CHECK_WAIT_S = 1.0


def examine(url: str, archive: Path) -> None:
    """Given a database URL and the archive's directory, raise OfficeError if the file must not be used as it is."""
    path = sqlite_file(url)
    if path is None:
        return
    if not is_there(url):
        if _holds_mails(archive):
            what = "不见了" if not path.exists() else "是空的"
            raise OfficeError(
                f"数据库文件{what}：{path}，而存档里有来件。为免向各单位重复回信，程序没有新建数据库，也没有启动。"
                f"如果文件被移走，请放回原处；否则{RESTORE}。"
            )
        return  # a first start, or one that was killed before its first write
    with path.open("rb") as file:
        header = file.read(len(HEADER))
    if header != HEADER:
        raise OfficeError(f"这不是本程序的数据库文件：{path}。程序没有启动，文件没有改动。{RESTORE}。")
    _examine_log(path)
    _mark(path).unlink(missing_ok=True)  # the look below is itself a last connection, which removes the log
    _examine_pages(path)


def examine_server(engine: Engine, archive: Path) -> None:
    """Given an engine, raise OfficeError if its server's database is empty while the archive has mails."""
    if engine.dialect.name != "sqlite" and _holds_mails(archive) and is_empty(engine):
        raise OfficeError(
            "数据库是空的，而存档里有来件。为免向各单位重复回信，程序没有新建数据表，也没有启动。"
            "如果 [storage] database_url 写错了库名，请改正；如果数据库丢失，请管理员用 pg_dump 的备份恢复，然后执行 "
            "intake restore --hold；没有可用的备份时，执行 intake restore --from-archive 从存档的来件重建。"
        )


def is_empty(engine: Engine) -> bool:
    """Return whether a database has no table at all."""
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()


def is_there(url: str) -> bool:
    """Return whether the database's file is there and not empty; True for a server's."""
    path = sqlite_file(url)
    return path is None or (path.is_file() and path.stat().st_size > 0)


def note_open(url: str) -> None:
    """Mark the database as open. Call it when a connection is there: then the log is, too."""
    path = sqlite_file(url)
    if path is not None and _log(path).exists():
        _mark(path).write_text(str(path.stat().st_ino), encoding="ascii")


@contextmanager
def closing_in_order(url: str) -> Iterator[None]:
    """Take the mark away; inside, close the last connection. If another process has the database open still, put it back.

    Not after the closing: the log goes with the connection, and a process that is killed between the two would leave a mark
    without a log, as if the last commits had been removed; then no start would be let in, although nothing is lost. And not
    where there was none: whoever else has the file open (a tool, before a start that failed) takes the log along, too.
    """
    path = sqlite_file(url)
    marked = path is not None and _mark(path).exists()
    if path is not None:
        _mark(path).unlink(missing_ok=True)
    yield
    if marked:
        note_open(url)


def _holds_mails(archive: Path) -> bool:
    return any(archive.glob("[0-9a-f][0-9a-f]/*.eml"))


def _examine_log(path: Path) -> None:
    mark = _mark(path)
    if not mark.exists() or _log(path).exists():
        return
    if mark.read_text(encoding="ascii") != str(path.stat().st_ino):
        return  # it speaks of a file that has been replaced since, by a restore
    raise OfficeError(
        f"数据库的日志文件 {_log(path).name} 不见了，而程序上次没有正常退出：最近登记的内容（包括已发出的信）可能缺失，"
        f"继续运行可能重复回信，所以没有启动。如果文件被移走，请放回 {path.parent}；否则{RESTORE}。"
        f"（确知此后用数据库工具正常打开并关闭过该文件的，删除 {mark.name} 即可启动。）"
    )


def _examine_pages(path: Path) -> None:
    """Let SQLite look at every page (0.2 s for 100 MB). A lock that is held is not damage: whoever opens it next says so."""
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_CHECK_WAIT_S)
        ) as connection:
            connection.text_factory = bytes  # the verdict quotes what is damaged
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except UnicodeDecodeError:
        verdict = b""  # the driver's own: an error message that quotes a damaged name
    except sqlite3.Error as error:
        words = explain(error)
        if isinstance(words, DatabaseBusyError):
            return
        if words is not None:
            raise OfficeError(f"{path}：{words}") from error
        verdict = b""  # such as "unsupported file format": a header of no version that there is
    if verdict != b"ok":
        raise OfficeError(f"数据库文件已损坏：{path}。程序没有启动，文件没有改动。请勿删除数据目录。{RESTORE}。")


def _mark(path: Path) -> Path:
    return path.with_name(path.name + ".open")


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
