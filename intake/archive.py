"""The archive: every received mail as it came, one file a content, named by its SHA-256.

Stage before: `fetch`, which hands over the bytes of the IMAP literal in chunks. Stage after: the record of the mail
(a row is written only when `store` has returned). Files lie at ``<root>/ab/<sha256>.eml``, directories 0700, files
0600. A file is whole or it is not there: temporary file in the same file system, fsync, rename, fsync of the directory.

It must not parse anything, and it never deletes an archived mail.
"""

import errno
import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from intake.errors import OfficeError, system_words
from intake.model import Sha256
from intake.whole_files import fsync_folder

log = logging.getLogger(__name__)

_HEX = re.compile(r"[0-9a-f]{64}")
_READ_BYTES = 2**20
_TEMPORARY = ".tmp"
_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


class Archive:
    """The store below `root`. Any number of processes may read while one writes.

    What it remembers are the directories whose own names it has made durable: those of an earlier process, or of a try
    that failed half-way, are made so again when they are first used.
    """

    def __init__(self, root: Path) -> None:
        """Given the directory (made on first use), return the archive in it. Touches nothing yet."""
        self.root = root
        self._named: set[Path] = set()

    def store(self, chunks: Iterable[bytes], *, arrived_at: datetime | None = None) -> Sha256:
        """Given the bytes of one mail in order, return their SHA-256 once they would survive a power loss.

        `arrived_at` becomes the time of the file, as in a maildir: it is not in the bytes, and lateness is judged by it.
        The same bytes twice are one file; a file that no longer matches its name is replaced by the good bytes. What
        `chunks` itself raises goes through and leaves nothing behind. Raise OfficeError if the disk refuses.
        """
        with self._disk():
            self._directory(self.root)
            descriptor, name = tempfile.mkstemp(dir=self.root, suffix=_TEMPORARY)  # 0600 by itself
        temporary = Path(name)
        try:
            try:
                sha256 = self._write(descriptor, chunks, lambda: _stamp(temporary, arrived_at))
            finally:
                os.close(descriptor)
            with self._disk():
                self._publish(temporary, sha256)
        finally:
            with self._disk():
                temporary.unlink(missing_ok=True)
        return sha256

    def path(self, sha256: Sha256) -> Path:
        """Return where the mail of that hash lies or would lie. Raise ValueError if it is no SHA-256 in hex."""
        if not _HEX.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self.root / sha256[:2] / f"{sha256}.eml"

    def read(self, sha256: Sha256) -> bytes:
        """Return the mail of that hash, verified. Raise OfficeError if it is missing or its bytes have changed."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise OfficeError(
                f"存档原件读不到：{path}（{system_words(error)}）。这封来件暂时无法处理。请从备份恢复数据目录。"
            ) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OfficeError(
                f"存档原件已损坏：{path} 的内容与登记的指纹不一致。这封来件暂不处理。请检查磁盘，并从备份恢复该文件。"
            )
        return data

    def verify(self, sha256: Sha256) -> bool:
        """Return whether the mail of that hash is there, whole and unchanged."""
        digest = hashlib.sha256()
        try:
            with self.path(sha256).open("rb") as file:
                while block := file.read(_READ_BYTES):
                    digest.update(block)
        except OSError:
            return False
        return digest.hexdigest() == sha256

    def size(self, sha256: Sha256) -> int:
        """Return the length of the mail of that hash in bytes. Raise FileNotFoundError if it is not there."""
        return self.path(sha256).stat().st_size

    def arrived_at(self, sha256: Sha256) -> datetime:
        """Return when the mail of that hash arrived, as far as its file tells. Raise FileNotFoundError if it is not there."""
        return datetime.fromtimestamp(self.path(sha256).stat().st_mtime, UTC)

    def hashes(self) -> Iterator[Sha256]:
        """Yield the hashes of all archived mails, in ascending order."""
        if not self.root.is_dir():
            return
        for directory in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(directory.glob("*.eml")):
                if _HEX.fullmatch(path.stem) and path.stem.startswith(directory.name):
                    yield Sha256(path.stem)

    def orphans(self, recorded: Container[str]) -> Iterator[Sha256]:
        """Given the hashes that the record knows, yield the archived ones that it does not (a crash before the row)."""
        return (sha256 for sha256 in self.hashes() if sha256 not in recorded)

    def clean_up(self) -> int:
        """Remove half-written files that a crash left behind; return how many.

        Only for the process that holds the data directory, before it fetches: another one's file may be under way.
        """
        removed = 0
        with self._disk():
            for path in self.root.glob(f"*{_TEMPORARY}"):
                path.unlink(missing_ok=True)
                removed += 1
        if removed:
            log.info("action=archive.cleaned files=%d", removed)
        return removed

    def _write(self, descriptor: int, chunks: Iterable[bytes], finish: Callable[[], None]) -> Sha256:
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
            with self._disk():
                _write_all(descriptor, chunk)
        with self._disk():
            finish()
            os.fsync(descriptor)  # once failed it is never asked again: the kernel may have dropped the pages
        return Sha256(digest.hexdigest())

    def _publish(self, temporary: Path, sha256: Sha256) -> None:
        """Give the fsynced file its name and make the name durable."""
        path = self.path(sha256)
        self._directory(path.parent)
        # Most mails are new: the look at an old file of that name (a second sighting, or bytes gone bad) is rare.
        if not path.exists() or not self.verify(sha256):
            temporary.replace(path)
        fsync_folder(path.parent)

    def _directory(self, directory: Path) -> None:
        """Have a directory whose name would survive a power loss: a file's fsync says nothing of the way to it."""
        if directory in self._named and directory.exists():
            return
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        fsync_folder(directory.parent)
        self._named.add(directory)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn what the disk says into words for the office."""
        try:
            yield
        except OSError as error:
            if error.errno in _NO_SPACE:
                cause, remedy = "磁盘空间已满", "请清理磁盘，空间恢复后程序会自动继续"
            else:
                cause, remedy = f"存档目录不能写入（{system_words(error)}）", "请检查数据目录的权限和磁盘"
            raise OfficeError(
                f"{cause}：{self.root}。新来件无法存档，已暂停收件和回执；来件仍在邮箱里，没有丢失。{remedy}。"
            ) from error


def _stamp(path: Path, arrived_at: datetime | None) -> None:
    if arrived_at is not None:
        os.utime(path, (arrived_at.timestamp(), arrived_at.timestamp()))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
