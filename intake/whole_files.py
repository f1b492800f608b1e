"""Files written anew: the new content is there whole, or the old one is.

In: a path and bytes, or what writes them. Out: the file; one of the office's own keeps the rights and the owner it had. As
the archive does it: temporary file beside it, fsync, rename, fsync of the folder; a daemon that reads it at any moment
sees one of the two. Must not: look at the content.
"""

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from intake.errors import OfficeError, system_words


def replace_whole(path: Path, data: bytes, *, what: str, like: Path | None = None) -> None:
    """Given a path (a link: the file it leads to) and its new content, write it. A new file is for this account only.

    `like`: the file whose owner and rights a new one gets, because it takes its place: a command may be typed by root.
    Raise OfficeError, the old content being whole, if it can't be written, or would belong to somebody else than before:
    a daemon that may not read its configuration any more stops. `what` names the file for people: "名册文件".
    """
    target = path.resolve()
    try:
        model = target if target.exists() or like is None else like
        before = model.stat() if model.exists() else None
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")  # 0600
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if before is not None:
                    _as_before(file.fileno(), before)
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        fsync_folder(target.parent)
    except OSError as error:
        raise OfficeError(
            f"{what}没有写成：{target}（{system_words(error)}）。原来的内容没有改动。请检查该文件和所在文件夹的权限、磁盘空间；"
            "如果它正在 WPS 或 Excel 中打开，请先关闭。"
        ) from error


@contextmanager
def made_whole(path: Path) -> Iterator[IO[bytes]]:
    """Given a path for something that can be made again (a table, a packet), yield a file that stands there once it is whole.

    Raise OSError if it can't be written (on Windows also while the old one is open in WPS or Excel); then the old one stays.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _as_before(descriptor: int, before: os.stat_result) -> None:
    """Give a new file the owner and the rights of the old one. Windows has neither: the folder's own rights hold."""
    if os.name != "posix":
        return
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def fsync_folder(folder: Path) -> None:
    """Make the names in `folder` durable, where the system can: Windows has no such call and NTFS logs its names."""
    flag = getattr(os, "O_DIRECTORY", None)
    if flag is None:
        return
    descriptor = os.open(folder, os.O_RDONLY | flag)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
