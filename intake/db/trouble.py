"""What a database's refusal means for the office: a full or failing disk, a lock that is held, a file that is damaged.

In: what SQLAlchemy raises. Out: an `OfficeError` in words, or None: then it is a bug of ours. Codes: the primary result
codes of https://www.sqlite.org/rescode.html; the SQLSTATEs of
https://www.postgresql.org/docs/15/errcodes-appendix.html. The words are asked where a driver gives no code; they are never
shown: a server's own may quote what it was given.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from intake.errors import OfficeError

RESTORE = "请停止程序，执行 intake restore 恢复最近的备份；没有可用的备份时，执行 intake restore --from-archive 从存档的来件重建"


class DatabaseBusyError(OfficeError):
    """Another process holds the database: it is tried again by itself, and told only if it lasts."""


_FULL = "数据库写不进去：磁盘空间已满。收件、识别和回执已暂停；来件仍在邮箱或存档里，没有丢失。请清理磁盘，空间恢复后程序自动继续"
_FAILING = "数据库读写失败：磁盘出错。收件、识别和回执已暂停；来件仍在邮箱或存档里，没有丢失。请检查磁盘；磁盘恢复后程序自动继续"
_BUSY = "数据库正被其他程序占用，本轮没有完成，稍后自动重试。若持续出现，请关闭打开数据库文件的其他程序（备份、杀毒、数据库工具）"
_DAMAGED = f"数据库文件已损坏，不能继续使用。请勿删除数据目录。{RESTORE}"
_SHUT = "数据库文件打不开或不能写入。收件暂不能登记（来件仍在邮箱中，不会丢失）。请检查数据目录是否存在、权限是否可写"
_AWAY = "连接不上数据库服务器，稍后自动重试。收件暂不能登记（来件仍在邮箱中，不会丢失）。请检查数据库服务和网络"

# Of a database server (PostgreSQL), for whoever looks after it.
_SERVER_FULL = (
    "数据库服务器写不进去：它的磁盘已满。收件、识别和回执已暂停；来件仍在邮箱或存档里，没有丢失。"
    "请管理员清理数据库服务器的磁盘，此后程序自动继续"
)
_SERVER_BUSY = (
    "数据库服务器正忙（连接太多，或有人锁住了表），本轮没有完成，稍后自动重试。"
    "若持续出现，请检查是否有人用数据库工具打开着本程序的表"
)
_SERVER_DAMAGED = (
    "数据库服务器报告磁盘出错或数据损坏，不能继续使用。请停止程序，请管理员检查服务器、恢复 pg_dump 的备份，"
    "然后执行 intake restore --hold"
)
_READ_ONLY = (
    "数据库服务器现在只读（备用机，或正在维护）。收件暂不能登记（来件仍在邮箱中，不会丢失）。"
    "请管理员检查，或把 [storage] database_url 改成主服务器"
)
_FORBIDDEN = (
    "数据库用户没有所需的权限。请管理员把数据库交给它：ALTER DATABASE 库名 OWNER TO 用户名；表是别的用户建的，则用 "
    "REASSIGN OWNED 移交"
)
_LOGIN = "数据库服务器拒绝登录。请检查 [storage] database_url 里的用户名，以及 ~/.pgpass 或环境变量 PGPASSWORD 里的密码"
_NO_DATABASE = (
    "服务器上没有这个数据库。请管理员先建一个空的（CREATE DATABASE 库名 OWNER 用户名 ENCODING 'UTF8'），"
    "或改正 [storage] database_url"
)

_BY_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FAILING,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: _SHUT,
    sqlite3.SQLITE_READONLY: _SHUT,
    sqlite3.SQLITE_PERM: _SHUT,
}
_BY_WORDS = {
    "disk is full": _FULL,
    "disk i/o error": _FAILING,
    "is locked": _BUSY,
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "unable to open": _SHUT,
    "readonly": _SHUT,
}
LOCK_NOT_AVAILABLE = "55P03"
# SQLSTATEs and classes of them; the longest that fits counts.
_BY_SQLSTATE = {
    "08": _AWAY,
    "25006": _READ_ONLY,
    "28": _LOGIN,
    "3D000": _NO_DATABASE,
    "40": _SERVER_BUSY,  # a deadlock, a transaction that another one crossed
    "42501": _FORBIDDEN,
    "53": _SERVER_BUSY,
    "53100": _SERVER_FULL,
    LOCK_NOT_AVAILABLE: _SERVER_BUSY,
    "57014": _SERVER_BUSY,
    "57P": _AWAY,
    "58": _SERVER_DAMAGED,
    "XX001": _SERVER_DAMAGED,
    "XX002": _SERVER_DAMAGED,
}
# A login that fails has no SQLSTATE in libpq; these stand in the server's words, in English or Chinese (its zh_CN.po).
_BY_LOGIN_WORDS = {
    "authentication failed": _LOGIN,
    "\u8ba4\u8bc1\u5931\u8d25": _LOGIN,
    "no password supplied": _LOGIN,
    "pg_hba.conf": _LOGIN,
    'role "': _LOGIN,
    "\u89d2\u8272": _LOGIN,
    "too many clients": _SERVER_BUSY,
    "connection slots": _SERVER_BUSY,
    'database "': _NO_DATABASE,
    "\u4e0d\u5b58\u5728": _NO_DATABASE,
}
_IN_SHORT = {
    _FULL: "磁盘空间已满",
    _FAILING: "磁盘出错",
    _BUSY: "正被其他程序占用",
    _DAMAGED: "文件已损坏",
    _SHUT: "文件打不开或不能写入",
}
_PASSING = (_BUSY, _AWAY, _SERVER_BUSY)


def explain(error: BaseException) -> OfficeError | None:
    """Given what a use of the database raised, return it in words for the office; None if it is no trouble of that kind."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        words = _BY_CODE.get(getattr(cause, "sqlite_errorcode", -1) & 0xFF)
        said = str(cause).lower()
        words = words or next((sentence for mark, sentence in _BY_WORDS.items() if mark in said), None)
    else:
        words = _of_a_server(error)
    if words is None:
        return None
    return DatabaseBusyError(f"{words}。") if words in _PASSING else OfficeError(f"{words}。")


def file_words(error: sqlite3.Error) -> str:
    """Given why SQLite could not read or write a file (a copy, not the record in use), return it in a few words."""
    found = explain(error)
    return _IN_SHORT.get(str(found).removesuffix("。"), "数据库出错")


def sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of what a server refused, "" if there is none."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def unreachable(error: DBAPIError, shown: str) -> OfficeError:
    """Given why no connection came about at a start, return it in words. `shown` is the database as it may be shown."""
    words = _of_a_server(error) or _AWAY
    if words == _AWAY:
        words = (
            "连接不上数据库服务器。收件暂不能登记（来件仍在邮箱中，不会丢失）。请检查数据库服务是否启动、"
            "[storage] database_url 里的地址和端口是否正确、网络是否通畅，然后再启动"
        )
    return OfficeError(f"{words}。（{shown}）")


def _of_a_server(error: BaseException) -> str | None:
    code = sqlstate(error)
    known = [words for start, words in sorted(_BY_SQLSTATE.items()) if code and code.startswith(start)]
    if known:
        return known[-1]
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _AWAY
    if code or not isinstance(error, OperationalError):
        return None  # such as 54000, a value too long for an index: the mail that brings it must not stop all others
    said = str(error.orig).lower()
    return next((words for mark, words in _BY_LOGIN_WORDS.items() if mark in said), _AWAY)


@contextmanager
def told() -> Iterator[None]:
    """While inside, let the database's refusals come out in words for the office; bugs go through as they are."""
    try:
        yield
    except DBAPIError as error:
        words = explain(error)
        if words is None:
            raise
        raise words from error
