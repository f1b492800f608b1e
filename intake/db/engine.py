"""How the database is opened: SQLite with WAL and synchronous=FULL by default, or PostgreSQL (`postgres` says how).

In: a URL. Out: an `Engine`. The schema is `models`, its versions `upgrade`. Must not show a password that the URL holds.
"""

import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from intake.db import address, postgres
from intake.db.trouble import explain, unreachable
from intake.errors import OfficeError

# One writer at a time and short transactions: 15 s of waiting means that something holds the file, not that it is busy.
BUSY_TIMEOUT_S = 15
_READS = "intake_reads"  # the execution option of connections that only read


def open_engine(url: str) -> Engine:
    """Given a database URL, return an engine whose commits survive a power loss. Raise OfficeError if it can't be opened.

    On SQLite every transaction that may write begins IMMEDIATE: one that reads first and writes later would otherwise
    fail with SQLITE_BUSY_SNAPSHOT instead of waiting its turn (https://www.sqlite.org/isolation.html). On PostgreSQL they
    take turns as well.
    """
    engine = _engine(url)
    is_server = engine.dialect.name == "postgresql"
    try:
        with engine.connect() as connection:
            if is_server:
                postgres.examine(connection)
    except DBAPIError as error:
        engine.dispose()
        if is_server:
            raise unreachable(error, address.shown(url)) from error
        words = explain(error)
        if words is not None:
            raise words from error
        raise OfficeError(
            f"数据库打不开：{url}。收件暂不能登记（来件仍在邮箱中，不会丢失）。"
            f"请检查数据目录是否存在、可写、磁盘未满。（{error.orig}）"
        ) from error
    except OfficeError:
        engine.dispose()
        raise
    return engine


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Given an engine, return the factory of sessions; values stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


class ReadingSession(Session):
    """A session that only reads: a page of the desk, a status. On SQLite it waits for no writer, and no writer for it."""

    def flush(self, objects: Any = None) -> None:
        """Refuse to write: a read transaction that became a writing one would fail whenever somebody else has written."""
        if self.new or self.dirty or self.deleted:
            raise RuntimeError("a reading session was asked to write")
        super().flush(objects)


def reading_factory(engine: Engine) -> sessionmaker[ReadingSession]:
    """Given an engine, return the factory of sessions that only read, each of which sees the record at one moment."""
    options: dict[str, Any] = {_READS: True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    return sessionmaker(engine.execution_options(**options), class_=ReadingSession, expire_on_commit=False)


def _engine(url: str) -> Engine:
    """Return an engine that has not been used yet."""
    if address.is_on_server(url):
        engine = postgres.make_engine(
            url,
            lock_wait_s=BUSY_TIMEOUT_S,
            isolation_level="READ COMMITTED",  # `postgres.take_turns` relies on it
            pool_pre_ping=True,  # a connection that a restart or a firewall has cut since is replaced unnoticed
        )
        event.listen(engine, "begin", _take_turns)
        return engine
    # hide_parameters: an error message must not carry the values of a form into the log
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves: the driver's own habit breaks transactional reads
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # NORMAL loses the last commits at a power loss
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED" if _only_reads(connection) else "BEGIN IMMEDIATE")


def _take_turns(connection: Any) -> None:
    if not _only_reads(connection):
        postgres.take_turns(connection)


def _only_reads(connection: Any) -> bool:
    return bool(connection.get_execution_options().get(_READS, False))
