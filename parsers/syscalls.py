"""System calls without a wrapper in Python, by ctypes: the ground of `landlock` and `seccomp`. Linux only."""

import ctypes
import errno
import sys

_PR_SET_NO_NEW_PRIVS = 38


class MissingLayerError(Exception):
    """This system has not got the layer; the text says why."""


def libc() -> ctypes.CDLL:
    """Return the C library. Raise MissingLayerError on other systems than Linux."""
    if sys.platform != "linux":
        raise MissingLayerError(f"not on {sys.platform}")
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library


def checked(result: int, what: str) -> int:
    """Given what a call returned, return it. Raise MissingLayerError with the error's name if it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise MissingLayerError(f"{what}: {errno.errorcode.get(number, number)}")
    return result


def forbid_new_privileges() -> str:
    """Give up set-user-id programs for this process and its children (prctl(2))."""
    zero = ctypes.c_ulong(0)
    checked(libc().prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero), "prctl")
    return ""
