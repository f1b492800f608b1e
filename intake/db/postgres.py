"""How PostgreSQL is opened, and how a daemon holds a database there for itself (psycopg is loaded by the URL, never imported).

In: a URL. Out: the arguments of a connection, a listener, a `Hold`. Must not: know a table. Everything here makes the
server behave as the rest was written for and crash-tested on: commits that survive a power loss, one transaction at a
time, a wait of 15 s for a lock, a cut line that is noticed within a minute.

A key of two integers names each advisory lock (https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS):
what it is for, and the schema, so that two offices may have their records in schemas of one database.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from intake.db import address
from intake.db.trouble import LOCK_NOT_AVAILABLE, sqlstate, unreachable
from intake.errors import OfficeError

_CONNECT_S = 10
_KEEPALIVE_S = (30, 10, 3)  # idle, between probes, probes: the system's own default is two hours
_HOLD_WAIT_S = 2  # how long the server may need to notice that a process which was killed is gone
_RELEASE_S = 1  # a stop does not wait for a server that does not answer
_TURN, _HOLD = 0x666F726D, 0x666F726E  # "form", and the next
_SCHEMA = "hashtext(coalesce(current_schema(), ''))"


class HeldElsewhereError(OfficeError):
    """Another process has the database."""


def make_engine(url: str, *, lock_wait_s: int, **options: Any) -> Engine:
    """Given a URL, return an engine that has not been used yet. Raise OfficeError if psycopg is not installed.

    hide_parameters: an error must not carry a form's values into the log.
    """
    arguments = _connect_arguments(url, lock_wait_s)
    try:
        return create_engine(url, hide_parameters=True, connect_args=arguments, **options)
    except ImportError as error:
        raise OfficeError(
            f"没有安装连接数据库服务器的程序（{error.name}）。请在程序文件夹里执行 pip install -r requirements-postgresql.txt。"
        ) from error


def _connect_arguments(url: str, lock_wait_s: int) -> dict[str, Any]:
    """Return what a connection is asked for; what the office wrote into the URL comes first."""
    idle, interval, count = _KEEPALIVE_S
    settings = {
        "lock_timeout": f"{lock_wait_s}s",
        "timezone": "UTC",  # an instant as text is what SQLite has too (statistics by the hour)
        "synchronous_commit": "on",  # a server that is set to "off" loses the last commits at a power loss
        # The server has to notice as well that our machine is gone: until then its session holds what it has locked.
        "tcp_keepalives_idle": f"{idle}",
        "tcp_keepalives_interval": f"{interval}",
        "tcp_keepalives_count": f"{count}",
    }
    query = address.parse(url).query
    own = query.get("options", "")
    options = " ".join(
        [*(f"-c {name}={value}" for name, value in settings.items()), own if isinstance(own, str) else ""]
    )
    wanted: dict[str, Any] = {
        "connect_timeout": _CONNECT_S,
        "application_name": "form-intake",
        "keepalives_idle": idle,
        "keepalives_interval": interval,
        "keepalives_count": count,
        "tcp_user_timeout": 1000 * idle,
    }
    return {name: value for name, value in wanted.items() if name not in query} | {
        "client_encoding": "utf8",
        "options": options.strip(),
    }


def take_turns(connection: Connection) -> None:
    """As a transaction begins, wait until no other of ours is under way: SQLite has one writer, and so has this record.

    Without it two ticks that write letters at the same moment would give both the same reference, and what one reads of a
    heartbeat and writes back would undo the other's. Transactions here are short. The level must be READ COMMITTED: it
    alone sees what was committed while this statement waited.
    """
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN}, {_SCHEMA})")


def examine(connection: Connection) -> None:
    """Raise OfficeError if the database can't keep every character of a mail."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise OfficeError(
            f"数据库的编码是 {encoding}，存不下来件里的全部汉字，程序没有使用它。"
            "请管理员新建一个编码为 UTF8 的空数据库（CREATE DATABASE 库名 ENCODING 'UTF8' TEMPLATE template0）。"
        )


def look(engine: Engine) -> str:
    """Return what server it is, in words. Raise OfficeError if our tables can't be made there."""
    with engine.connect() as connection:
        version, schema, may_create = connection.exec_driver_sql(
            "SELECT current_setting('server_version'), current_schema(),"
            " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
        ).one()
    if not may_create:
        raise OfficeError(
            f"数据库用户不能在 {schema or '默认模式'} 里建表（PostgreSQL 15 起默认不允许）。"
            "请管理员执行 ALTER DATABASE 库名 OWNER TO 用户名，或 GRANT CREATE ON SCHEMA public TO 用户名。"
        )
    return f"PostgreSQL {str(version).split(' ', maxsplit=1)[0]}"


class Hold:
    """The database, held for this process: as long as its session lasts no other daemon gets it.

    A session ends with its connection, and a line is cut now and then: `keep` takes it up again. What happens in between
    is safe even if another daemon begins (letters are claimed one by one), only not for long.
    """

    def __init__(self, url: str) -> None:
        self._shown = address.shown(url)
        self._engine = make_engine(url, lock_wait_s=_HOLD_WAIT_S, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None
        self._session: tuple[int, str] | None = None  # our last one's process and when it began
        self._is_released = False
        self._mutex = threading.Lock()

    def keep(self) -> None:
        """Make sure that the hold is ours. Raise HeldElsewhereError if it is another's, DBAPIError if the server is away."""
        with self._mutex:
            if self._connection is not None:
                try:
                    self._connection.exec_driver_sql("SELECT 1")
                except DBAPIError:
                    self._drop()
                else:
                    return
            self._take()
            if self._is_released:
                self._drop()

    def release(self) -> None:
        """Let others have it, for good. A `keep` that is under way in another thread lets it go itself."""
        self._is_released = True
        if self._mutex.acquire(timeout=_RELEASE_S):
            try:
                self._drop()
            finally:
                self._mutex.release()

    def _take(self) -> None:
        connection = self._engine.connect()
        try:
            self._end_former_session(connection)
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_HOLD}, {_SCHEMA})")
            self._session = _session(connection)
        except DBAPIError as error:
            is_held = sqlstate(error) == LOCK_NOT_AVAILABLE
            holder = _holder(connection) if is_held else ""
            connection.close()
            if not is_held:
                raise
            raise HeldElsewhereError(
                f"已有一个 intake 正在使用数据库 {self._shown}{holder}。两个程序同时运行会重复回信，所以这一个没有运行。"
                "请先停止另一个（可能在另一台电脑上）；如果那台电脑刚刚断电或断网，请过一分钟再试。"
            ) from error
        self._connection = connection

    def _end_former_session(self, connection: Connection) -> None:
        """A line that was cut on our side only leaves a session behind that holds the lock: it is our own, and is ended."""
        if self._session is not None:
            process, began_at = self._session
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid = :process AND backend_start::text = :began_at"
                ),
                {"process": process, "began_at": began_at},
            )
            self._session = None

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except SQLAlchemyError:
                connection.invalidate()


def _session(connection: Connection) -> tuple[int, str]:
    process, began_at = connection.exec_driver_sql(
        "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    ).one()
    return process, began_at


def _holder(connection: Connection) -> str:
    """Return from where the one that holds it is connected, in words; "" if it is this machine or not for us to know."""
    try:
        host = connection.execute(
            text(
                "SELECT host(client_addr) FROM pg_stat_activity JOIN pg_locks USING (pid)"
                " WHERE locktype = 'advisory' AND granted AND classid = :hold AND client_addr IS NOT NULL"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            {"hold": _HOLD},
        ).scalar()
    except DBAPIError:
        return ""
    return f"（从 {host} 连接）" if host else ""


@contextmanager
def held(url: str) -> Iterator[Callable[[], None]]:
    """While inside, hold the database of a URL; yield what makes sure of it again (`Hold.keep`). Raise OfficeError if
    another process has it or the server is away.

    Nothing is held of an SQLite file: it lies in the data directory, which has a lock of its own.
    """
    if not address.is_on_server(url):
        yield lambda: None
        return
    hold = Hold(url)
    try:
        hold.keep()
    except DBAPIError as error:
        raise unreachable(error, address.shown(url)) from error
    try:
        yield hold.keep
    finally:
        hold.release()
