"""What a power loss takes from the archive: bytes that no fsync made durable, names that a directory's fsync did not.

In: the archive's directory; `watch` notes what is written, synced and renamed below it from then on. `lose` undoes, as a
file system may, what is not durable: "drop" empties the file, "tear" keeps the first half of the unsynced bytes; a rename
whose directory was not synced is taken back. SQLite's own files are left to SQLite (its own tests lose writes).
"""

import os
import pathlib
from pathlib import Path
from typing import Any


class Unsynced:
    """The files below `root` whose bytes or names are not durable yet."""

    def __init__(self, root: Path, how: str) -> None:
        self._root = str(root)
        self._keep = {"drop": 0.0, "tear": 0.5}[how]
        self._durable_bytes: dict[int, int] = {}  # inode → bytes that are durable
        self._path_of: dict[int, str] = {}
        self._renamed: list[tuple[str, str]] = []  # from, to; the directory of `to` is not synced

    def watch(self) -> None:
        """Note from now on what this process does below the directory."""
        write, fsync, replace = os.write, os.fsync, pathlib.Path.replace

        def noted_write(descriptor: int, data: Any) -> int:
            self._note_write(descriptor)
            return write(descriptor, data)

        def noted_fsync(descriptor: int) -> None:
            fsync(descriptor)
            self._note_fsync(descriptor)

        def noted_replace(path: Path, target: Path) -> Path:
            result = replace(path, target)
            if str(target).startswith(self._root):
                self._renamed.append((str(path), str(target)))
                self._path_of[Path(target).stat().st_ino] = str(target)
            return result

        os.write, os.fsync, pathlib.Path.replace = noted_write, noted_fsync, noted_replace  # type: ignore[assignment,method-assign]

    def lose(self) -> None:
        """Take away what is not durable."""
        for inode, durable in self._durable_bytes.items():
            path = Path(self._path_of[inode])
            if path.exists() and path.stat().st_ino == inode:
                size = path.stat().st_size
                os.truncate(path, durable + int((size - durable) * self._keep))
        for source, target in reversed(self._renamed):
            if Path(target).exists():
                Path(target).rename(source)

    def _note_write(self, descriptor: int) -> None:
        path = _path(descriptor)
        if path.startswith(self._root):
            inode = os.fstat(descriptor).st_ino
            self._path_of[inode] = path
            self._durable_bytes.setdefault(inode, 0)

    def _note_fsync(self, descriptor: int) -> None:
        path = _path(descriptor)
        if not path.startswith(self._root):
            return
        if Path(path).is_dir():
            self._renamed = [one for one in self._renamed if str(Path(one[1]).parent) != path]
        else:
            self._durable_bytes[os.fstat(descriptor).st_ino] = os.fstat(descriptor).st_size


def _path(descriptor: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return ""
