"""How the database is opened: SQLite with WAL and synchronous=FULL by default, any SQLAlchemy URL otherwise.

In: a URL. Out: an `Engine`. The schema is `models`, its versions `upgrade`.
"""

import sqlite3
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from intake.db.trouble import explain
from intake.errors import OfficeError

# One writer at a time and short transactions: 15 s of waiting means that something holds the file, not that it is busy.
BUSY_TIMEOUT_S = 15
_READS = "intake_reads"  # the execution option of connections that only read


def open_engine(url: str) -> Engine:
    """Given a database URL, return an engine whose commits survive a power loss. Raise OfficeError if it can't be opened.

    On SQLite every transaction that may write begins IMMEDIATE: one that reads first and writes later would otherwise
    fail with SQLITE_BUSY_SNAPSHOT instead of waiting its turn (https://www.sqlite.org/isolation.html).
    """
    try:
        # hide_parameters: an error message must not carry the values of a form into the log
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=not url.startswith("sqlite"))
    except (ArgumentError, ImportError) as error:
        raise OfficeError(
            f"数据库地址无法使用：{_without_password(url)}。请检查 [storage] database。（{error}）"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        engine.dispose()
        words = explain(error)
        if words is not None:
            raise words from error
        raise OfficeError(
            f"数据库打不开：{_without_password(url)}。收件暂不能登记（来件仍在邮箱中，不会丢失）。"
            f"请检查数据目录是否存在、可写、磁盘未满。（{error.orig}）"
        ) from error
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
    """Given an engine, return the factory of sessions that only read."""
    return sessionmaker(engine.execution_options(**{_READS: True}), class_=ReadingSession, expire_on_commit=False)


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "（格式不正确）"


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves: the driver's own habit breaks transactional reads
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # NORMAL loses the last commits at a power loss
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Any) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads else "BEGIN IMMEDIATE")
