"""Exceptions by whose fault: the office's, a server's; anything else is a bug. A bad document is a value, not an exception.

`OfficeError` (config, disk, password) ends a command with exit code 2, without a traceback, and lists every problem.
`ServerError` comes from IMAP or SMTP; transient ones are tried again, permanent ones are told to somebody.
"""

import errno
from collections.abc import Mapping, Sequence

# What a system says of a file or a port is English on every machine: Python leaves LC_MESSAGES alone.
_SYSTEM_WORDS: Mapping[int, str] = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EEXIST: "同名的文件已经在那里",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中间有一段不是文件夹",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "磁盘只能读、不能写",
    errno.EIO: "磁盘读写出错",
    errno.ENAMETOOLONG: "文件名太长",
    errno.EBUSY: "正被别的程序使用",
    errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多",
    errno.ENOMEM: "内存不足",
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
    getattr(errno, "EDQUOT", errno.ENOSPC): "磁盘已满",  # a quota; Windows has none
}


class IntakeError(Exception):
    """Base of the exceptions that are expected in operation."""


class OfficeError(IntakeError):
    """The office can mend it. `problems` are Chinese sentences: what happened, what it means, what to do."""

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class ServerError(IntakeError):
    """A mail server refused or failed. `message` is a Chinese sentence for the office, `answer` the server's own words."""

    def __init__(self, message: str, answer: str = "") -> None:
        self.message = message
        self.answer = answer
        super().__init__(f"{message}（{answer}）" if answer else message)


class TransientServerError(ServerError):
    """Try again later, by itself."""


class PermanentServerError(ServerError):
    """Trying again does not help until somebody has changed something."""


def system_words(error: OSError) -> str:
    """Given what the system refused, return why in a few Chinese words; what is not known stays as the system says it."""
    return _SYSTEM_WORDS.get(error.errno or 0) or str(error.strerror or type(error).__name__)
