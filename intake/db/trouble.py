"""What a database's refusal means for the office: a full or failing disk, a lock that is held, a file that is damaged.

In: what SQLAlchemy raises. Out: an `OfficeError` in words, or None: then it is a bug of ours. Codes: the primary result
codes of https://www.sqlite.org/rescode.html; the words are asked where a driver gives no code.
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


def explain(error: BaseException) -> OfficeError | None:
    """Given what a use of the database raised, return it in words for the office; None if it is no trouble of that kind."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        words = _BY_CODE.get(getattr(cause, "sqlite_errorcode", -1) & 0xFF)
        said = str(cause).lower()
        words = words or next((sentence for mark, sentence in _BY_WORDS.items() if mark in said), None)
    else:
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        words = _AWAY if lost or isinstance(error, OperationalError) else None
    if words is None:
        return None
    return DatabaseBusyError(f"{words}。") if words in (_BUSY, _AWAY) else OfficeError(f"{words}。")


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
