"""Landlock: which files a process may still touch, from now on and for its children. Without privileges, Linux ≥ 5.13.

In: directories and what may be done beneath them. Out: the version of the kernel's rules. Everything that is not named is
forbidden, with it TCP (ABI ≥ 4), signals and abstract sockets to the outside (ABI ≥ 6). Nothing here can be undone.
Source: https://docs.kernel.org/userspace-api/landlock.html; the numbers are the same on every architecture.
"""

import ctypes
import os
import struct
from collections.abc import Mapping
from pathlib import Path

from parsers.syscalls import checked, forbid_new_privileges, libc

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_O_PATH = 0o10000000
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_SOCK, _TRUNCATE = 1 << 5, 1 << 9, 1 << 14
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

READ = _READ_FILE | _READ_DIR
RUN = READ | _EXECUTE
DEVICE = _READ_FILE | _WRITE_FILE
MEET = _MAKE_SOCK  # leave a socket there
PART = _REMOVE_FILE  # take away files there
EVERYTHING = (1 << 15) - 1  # all that concerns files but ioctl of devices


def enter(allowed: Mapping[Path, int]) -> str:
    """Given rights by directory (or file), forbid all else. Return the version. Raise MissingLayerError, OSError."""
    library = libc()
    version_flag = ctypes.c_uint32(_CREATE_RULESET_VERSION)
    version = checked(library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), version_flag), "landlock")
    attributes = ruleset_attributes(version)
    size = ctypes.c_size_t(len(attributes))
    ruleset = checked(library.syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint32(0)), "landlock ruleset")
    try:
        known = struct.unpack_from("=Q", attributes)[0]
        for path, rights in allowed.items():
            _allow(library, ruleset, path, rights & known)
        forbid_new_privileges()
        checked(library.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock restrict")
    finally:
        os.close(ruleset)
    return f"ABI {version}"


def ruleset_attributes(version: int) -> bytes:
    """struct landlock_ruleset_attr: everything that this kernel's version can forbid (and no bit it does not know)."""
    files = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):  # refer, truncate, ioctl of devices
        if version >= since:
            files |= 1 << bit
    attributes = struct.pack("=Q", files)
    if version >= 4:
        attributes += struct.pack("=Q", 0b11)  # TCP: bind, connect
    if version >= 6:
        attributes += struct.pack("=Q", 0b11)  # scopes: abstract UNIX sockets, signals to others
    return attributes


def _allow(library: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, _O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a directory of sys.path need not exist
    try:
        rights &= -1 if path.is_dir() else _FILE_RIGHTS  # a rule for a file may not speak of directories
        rule = struct.pack("=Qi", rights, descriptor)
        kind = ctypes.c_int(_RULE_PATH_BENEATH)
        checked(library.syscall(_ADD_RULE, ctypes.c_int(ruleset), kind, rule, ctypes.c_uint32(0)), "landlock rule")
    finally:
        os.close(descriptor)
