"""A disk that fails at the n-th call, for the archive's files and for the record's statements; and what is durable on it.

In: which call, with which error, once or from there on. Everything goes through to the real disk but that call. What a
successful fsync has made durable is noted by inode, as is each name whose directory was not synced since: bytes whose
fsync failed are gone for good, whatever a second fsync says (https://wiki.postgresql.org/wiki/Fsync_Errors).
"""

import errno
import os
import pathlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from intake import archive as archive_module
from intake import whole_files

ERRNO = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO}
_SQLITE = {
    "ENOSPC": ("database or disk is full", sqlite3.SQLITE_FULL),
    "EIO": ("disk I/O error", sqlite3.SQLITE_IOERR),
    # of the record alone: another process holds it for longer than the program waits; a page that was read is no page
    "BUSY": ("database is locked", sqlite3.SQLITE_BUSY),
    "CORRUPT": ("database disk image is malformed", sqlite3.SQLITE_CORRUPT),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`where`: archive | record. `stands`: every call from the n-th on fails, until it is mended; else that one alone.

    `late`: a commit that is done and told as failed; `nth` counts commits.
    """

    where: str
    error: str
    nth: int
    stands: bool = False
    late: bool = False


class FaultyDisk:
    """Counts the calls of the faulty kind; `mended` lets all through from then on."""

    def __init__(self, data: Path, fault: Fault) -> None:
        self.fault = fault
        self.calls = {"archive": 0, "record": 0, "commit": 0}
        self.failed: list[str] = []
        self.mended = False
        self._root = str(data)
        self._durable: set[int] = set()  # inodes
        self._spoilt: set[int] = set()
        self._unsynced_names: set[str] = set()

    def is_durable(self, path: Path) -> bool:
        """Return whether a power loss now would leave the file with its bytes and under its name."""
        inode = path.stat().st_ino
        unnamed = [name for name in self._unsynced_names if str(path) == name or str(path).startswith(name + os.sep)]
        return inode in self._durable and inode not in self._spoilt and not unnamed

    @contextmanager
    def installed(self) -> Iterator[None]:
        """While inside, the archive and the record of this process are on this disk."""
        mkdir, replace = pathlib.Path.mkdir, pathlib.Path.replace
        execute, commit = SQLiteDialect_pysqlite.do_execute, SQLiteDialect_pysqlite.do_commit
        disk = self

        def faulty_mkdir(path: Path, *arguments: Any, **options: Any) -> None:
            if disk._is_ours(path):
                disk._call("mkdir")
            mkdir(path, *arguments, **options)
            if disk._is_ours(path):
                disk._unsynced_names.add(str(path))

        def faulty_replace(path: Path, target: Path) -> Path:
            if disk._is_ours(target):
                disk._call("replace")
                disk._unsynced_names.add(str(target))
            return replace(path, target)

        def faulty_execute(dialect: Any, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
            disk._statement(statement.split(maxsplit=1)[0])
            execute(dialect, cursor, statement, parameters, context)

        def faulty_commit(dialect: Any, connection: Any) -> None:
            disk._commit(lambda: commit(dialect, connection))

        archive_module.os = whole_files.os = _Os(self)  # type: ignore[assignment]
        archive_module.tempfile = _Tempfile(self)  # type: ignore[assignment]
        pathlib.Path.mkdir, pathlib.Path.replace = faulty_mkdir, faulty_replace  # type: ignore[method-assign,assignment]
        SQLiteDialect_pysqlite.do_execute = faulty_execute  # type: ignore[method-assign]
        SQLiteDialect_pysqlite.do_commit = faulty_commit  # type: ignore[method-assign]
        try:
            yield
        finally:
            archive_module.os = whole_files.os = os
            archive_module.tempfile = tempfile
            pathlib.Path.mkdir, pathlib.Path.replace = mkdir, replace  # type: ignore[method-assign]
            SQLiteDialect_pysqlite.do_execute, SQLiteDialect_pysqlite.do_commit = execute, commit  # type: ignore[method-assign]

    def _is_ours(self, path: object) -> bool:
        return str(path).startswith(self._root) and "archive" in str(path)

    def _is_made_durable(self, path: str) -> bool:
        """Whether what is synced is of the archive: a file or a folder of it, or the data directory in which it is new.

        Not the mark of the newest letter, whose failure the log tells, nor a backup, whose own tick tells: the poll, which
        is asked what it says of the archive, knows of neither.
        """
        new_there = any(os.path.dirname(name) == path for name in self._unsynced_names)  # noqa: PTH120
        return self._is_ours(path) or (path == self._root and new_there)

    def _due(self, where: str) -> bool:
        self.calls[where] += 1
        fault = self.fault
        if self.mended or ("commit" if fault.late else fault.where) != where:
            return False
        return self.calls[where] >= fault.nth if fault.stands else self.calls[where] == fault.nth

    def _call(self, name: str) -> None:
        if self._due("archive"):
            self.failed.append(name)
            raise OSError(ERRNO[self.fault.error], os.strerror(ERRNO[self.fault.error]))

    def _statement(self, name: str) -> None:
        if self._due("record"):
            self._refuse(name)

    def _commit(self, commit: Callable[[], None]) -> None:
        if self._due("record"):
            self._refuse("COMMIT")
        commit()
        if self._due("commit"):
            self._refuse("COMMIT done")

    def _refuse(self, name: str) -> None:
        self.failed.append(name)
        words, code = _SQLITE[self.fault.error]
        kind = sqlite3.DatabaseError if code == sqlite3.SQLITE_CORRUPT else sqlite3.OperationalError
        error = kind(words)
        error.sqlite_errorcode = code
        raise error


class _Os:
    """Stands for `os` in the archive's module, and in the one that makes a folder's names durable."""

    def __init__(self, disk: FaultyDisk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def write(self, descriptor: int, data: Any) -> int:
        self._disk._call("write")
        return os.write(descriptor, data)

    def open(self, path: Path, flags: int) -> int:
        if self._disk._is_ours(path):
            self._disk._call("open")
        return os.open(path, flags)

    def fsync(self, descriptor: int) -> None:
        inode, path = os.fstat(descriptor).st_ino, os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        try:
            if self._disk._is_made_durable(path):
                self._disk._call("fsync")
            os.fsync(descriptor)
        except OSError:
            self._disk._spoilt.add(inode)
            raise
        if Path(path).is_dir():
            self._disk._spoilt.discard(inode)
            self._disk._unsynced_names = {
                name
                for name in self._disk._unsynced_names
                if os.path.dirname(name) != path  # noqa: PTH120
            }
        else:
            self._disk._durable.add(inode)


class _Tempfile:
    """Stands for `tempfile` in the archive's module."""

    def __init__(self, disk: FaultyDisk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> object:
        return getattr(tempfile, name)

    def mkstemp(self, **options: Any) -> tuple[int, str]:
        self._disk._call("mkstemp")
        descriptor, name = tempfile.mkstemp(**options)
        self._disk._durable.discard(os.fstat(descriptor).st_ino)  # an inode is used again
        self._disk._spoilt.discard(os.fstat(descriptor).st_ino)
        return descriptor, name
