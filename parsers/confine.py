"""Lock the present process in: resource limits, no new privileges, Landlock, a seccomp filter. For the worker child only.

In: bounds, the directories of our own code. Out: which layers stand, and why another one does not. Each layer is
optional: what the system lacks is reported, never an error, for a worker with fewer layers is better than none.
Nothing here can be undone; never call it in the daemon's process.

Layers (facts/reliability.md §3.5), by ctypes alone, without privileges:
*rlimits* (setrlimit(2)) memory, no file growth, few descriptors, no core · *no_new_privs* (prctl(2)) ·
*landlock* (Linux ≥ 5.13) reading of code directories only, no TCP, no signals outside · *seccomp* (x86_64 only, numbers
of arch/x86/entry/syscalls/syscall_64.tbl) no sockets, processes, programs, tracing, mounts, file changes.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import resource


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of confinement. `detail` tells the version of an active one, the reason of a missing one."""

    name: str
    active: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Resource limits of the process: address space and descriptors. CPU time is the worker's business, by call."""

    memory_bytes: int = 2**30
    files: int = 64


class _MissingLayerError(Exception):
    """This system has not got the layer; the text says why."""


def confine(bounds: Bounds, readable: Sequence[Path]) -> tuple[Layer, ...]:
    """Given bounds and the directories that stay readable, lock this process in and return what was achieved.

    The order matters: Landlock and seccomp both ask for no_new_privs, and seccomp forbids the others' system calls.
    """
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("rlimits", lambda: _limit_resources(bounds)),
        ("no_new_privs", _forbid_new_privileges),
        ("landlock", lambda: _enter_landlock(readable)),
        ("seccomp", _filter_system_calls),
    )
    layers = []
    for name, step in steps:
        try:
            layers.append(Layer(name, active=True, detail=step()))
        except (
            _MissingLayerError,
            OSError,
            ValueError,
            AttributeError,
        ) as error:  # AttributeError: no such libc symbol
            layers.append(Layer(name, active=False, detail=str(error)))
    return tuple(layers)


def _limit_resources(bounds: Bounds) -> str:
    if sys.platform == "win32":
        raise _MissingLayerError("no resource limits on Windows")
    missing = []
    wishes = (
        ("RLIMIT_CORE", 0),
        # Python ignores SIGXFSZ: a write to a file fails with EFBIG instead of killing the worker.
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", bounds.files),
        ("RLIMIT_AS", bounds.memory_bytes),
    )
    for name, wish in wishes:
        try:
            number = getattr(resource, name)
            _, hard = resource.getrlimit(number)
            value = wish if hard == resource.RLIM_INFINITY else min(wish, hard)
            resource.setrlimit(number, (value, value))
        except (OSError, ValueError, AttributeError):  # macOS refuses RLIMIT_AS
            missing.append(name)
    if len(missing) == len(wishes):
        raise _MissingLayerError("the system refuses every limit")
    return " ".join(["without", *missing]) if missing else f"{bounds.memory_bytes >> 20} MiB"


# --- system calls by ctypes ------------------------------------------------------------------------------------------

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2


def _libc() -> ctypes.CDLL:
    if sys.platform != "linux":
        raise _MissingLayerError(f"not on {sys.platform}")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise _MissingLayerError(f"{what}: {errno.errorcode.get(number, number)}")
    return result


def _forbid_new_privileges() -> str:
    zero = ctypes.c_ulong(0)
    _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero), "prctl")
    return ""


# --- Landlock (https://docs.kernel.org/userspace-api/landlock.html); numbers are the same on every architecture --------

_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
_ACCESS_READ_FILE, _ACCESS_READ_DIR = 1 << 2, 1 << 3
_O_PATH = 0o10000000


def _enter_landlock(readable: Sequence[Path]) -> str:
    libc = _libc()
    version_flag = ctypes.c_uint32(_LANDLOCK_CREATE_RULESET_VERSION)
    version = _checked(libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), version_flag), "landlock")
    attributes = _ruleset_attributes(version)
    size = ctypes.c_size_t(len(attributes))
    ruleset = _checked(libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, size, ctypes.c_uint32(0)), "landlock ruleset")
    try:
        for directory in readable:
            _allow_reading(libc, ruleset, directory)
        _forbid_new_privileges()
        _checked(libc.syscall(_LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock restrict")
    finally:
        os.close(ruleset)
    return f"ABI {version}"


def _ruleset_attributes(version: int) -> bytes:
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


def _allow_reading(libc: ctypes.CDLL, ruleset: int, directory: Path) -> None:
    try:
        descriptor = os.open(directory, _O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a directory of sys.path need not exist
    try:
        rule = struct.pack("=Qi", _ACCESS_READ_FILE | _ACCESS_READ_DIR, descriptor)
        kind = ctypes.c_int(_LANDLOCK_RULE_PATH_BENEATH)
        result = libc.syscall(_LANDLOCK_ADD_RULE, ctypes.c_int(ruleset), kind, rule, ctypes.c_uint32(0))
        _checked(result, "landlock rule")
    finally:
        os.close(descriptor)


# --- seccomp (classic BPF over struct seccomp_data) --------------------------------------------------------------------

_AUDIT_ARCH_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AT_NUMBER, _AT_ARCH, _AT_ARGUMENTS = 0, 4, 16

_CLONE_THREAD = 0x00010000
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC

_DENIED = (
    # network
    *(41, 42, 43, 49, 50, 53, 288),  # socket connect accept bind listen socketpair accept4
    # processes and programs
    *(57, 58, 59, 322),  # fork vfork execve execveat
    # other processes: trace, read, signal, hurry
    *(101, 310, 311, 312, 434, 438, 424, 440),  # ptrace process_vm_* kcmp pidfd_* process_madvise
    *(200, 129, 297),  # tkill rt_sigqueueinfo rt_tgsigqueueinfo
    *(141, 144, 203, 251, 256, 279, 314),  # setpriority sched_set* ioprio_set migrate_pages move_pages
    # the system as a whole
    *(165, 166, 155, 161, 272, 308, 428, 429, 430, 431, 432, 442),  # mounts, namespaces, roots
    *(321, 298, 323, 425, 426, 427),  # bpf perf_event_open userfaultfd io_uring_*
    *(175, 313, 176, 246, 320, 169, 167, 168, 163, 179),  # modules kexec reboot swap acct quotactl
    *(159, 164, 227, 305, 170, 171, 172, 173, 135, 248, 249, 250),  # clocks names ports personality keys
    *(303, 304, 319),  # name_to_handle_at open_by_handle_at memfd_create
    # changes to files (where Landlock is missing)
    *(76, 82, 83, 84, 85, 86, 87, 88, 133),  # truncate rename mkdir rmdir creat link unlink symlink mknod
    *(258, 259, 263, 264, 265, 266, 316),  # mkdirat mknodat unlinkat renameat linkat symlinkat renameat2
    *(90, 91, 92, 93, 94, 260, 268, 452),  # chmod chown families
    *(132, 188, 189, 190, 197, 198, 199, 235, 261, 280),  # utime and extended attributes
)
# clone3 and openat2 pass their flags in memory, where a filter can't look: "unknown" makes libc use the older call.
_UNKNOWN = (435, 437)


def _filter_system_calls() -> str:
    if platform.machine() != "x86_64" or struct.calcsize("P") != 8:
        raise _MissingLayerError(f"no table of system calls for {platform.machine()}")
    libc = _libc()
    _forbid_new_privileges()
    program = b"".join(_filter_program(os.getpid()))
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; }, padded to the pointer's alignment
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    zero = ctypes.c_ulong(0)
    _checked(libc.prctl(_PR_SET_SECCOMP, mode, ctypes.create_string_buffer(header, len(header)), zero, zero), "seccomp")
    return f"{len(_DENIED)} calls denied"


def _filter_program(own_pid: int) -> list[bytes]:
    """The filter: each rule is a pair or a short run of instructions that either answers or falls through."""
    denied = _statement(_RETURN, _ERRNO | errno.EPERM)
    allowed = _statement(_RETURN, _ALLOW)
    program = [
        _statement(_LOAD, _AT_ARCH),
        _jump(_EQUAL, _AUDIT_ARCH_X86_64, then=1, otherwise=0),
        _statement(_RETURN, _KILL),
        _statement(_LOAD, _AT_NUMBER),
        _jump(_AT_LEAST, _X32_BIT, then=0, otherwise=1),
        denied,
    ]
    for number in _DENIED:
        program += [_jump(_EQUAL, number, then=0, otherwise=1), denied]
    for number in _UNKNOWN:
        program += [_jump(_EQUAL, number, then=0, otherwise=1), _statement(_RETURN, _ERRNO | errno.ENOSYS)]
    # clone: threads yes, processes no
    program += _look_at(56, 0, [_jump(_ANY_BIT, _CLONE_THREAD, then=1, otherwise=0), denied, allowed])
    # open, openat: for reading only
    for number, argument in ((2, 1), (257, 2)):
        program += _look_at(number, argument, [_jump(_ANY_BIT, _WRITING, then=0, otherwise=1), denied, allowed])
    # kill, tgkill: ourselves only, as abort(3) does
    for number in (62, 234):
        program += _look_at(number, 0, [_jump(_EQUAL, own_pid, then=1, otherwise=0), denied, allowed])
    # prlimit64: our own limits only (0 means ourselves)
    own = [_jump(_EQUAL, 0, then=2, otherwise=0), _jump(_EQUAL, own_pid, then=1, otherwise=0), denied, allowed]
    program += _look_at(302, 0, own)
    return [*program, allowed]


def _look_at(number: int, argument: int, rules: list[bytes]) -> list[bytes]:
    """If the call is `number`, load the low half of its argument and judge it by `rules` (which always answer)."""
    load = _statement(_LOAD, _AT_ARGUMENTS + 8 * argument)
    return [_jump(_EQUAL, number, then=0, otherwise=1 + len(rules)), load, *rules]


def _statement(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _jump(code: int, value: int, *, then: int, otherwise: int) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
