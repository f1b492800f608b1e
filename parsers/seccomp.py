"""A seccomp filter: which system calls a process may still make, from now on and for its children. x86_64 Linux only.

In: what kind of process it is. Out: how many calls are denied. Two filters: *alone* for the worker, which needs no
processes, no sockets and no files but to read; *program* for a foreign program (LibreOffice), which may start its own
processes and write where Landlock lets it, but reaches no network and leaves its process group on no account. Nothing
here can be undone. Sources: classic BPF over struct seccomp_data, arch/x86/entry/syscalls/syscall_64.tbl.
"""

import ctypes
import errno
import os
import platform
import struct

from parsers.syscalls import MissingLayerError, checked, forbid_new_privileges, libc

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_AUDIT_ARCH_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AT_NUMBER, _AT_ARCH, _AT_ARGUMENTS = 0, 4, 16

_CLONE_THREAD = 0x00010000
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_UNIX_FAMILY = 1  # AF_UNIX

_NETWORK = (
    *(41, 42, 43, 49, 50, 53, 288),  # socket connect accept bind listen socketpair accept4
)
_PROCESSES = (
    *(57, 58, 59, 322),  # fork vfork execve execveat
)
_OTHERS = (
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
)
_CHANGES = (
    # changes to files (where Landlock is missing)
    *(76, 82, 83, 84, 85, 86, 87, 88, 133),  # truncate rename mkdir rmdir creat link unlink symlink mknod
    *(258, 259, 263, 264, 265, 266, 316),  # mkdirat mknodat unlinkat renameat linkat symlinkat renameat2
    *(90, 91, 92, 93, 94, 260, 268, 452),  # chmod chown families
    *(132, 188, 189, 190, 197, 198, 199, 235, 261, 280),  # utime and extended attributes
)
_GROUP = (109, 112)  # setpgid setsid: what a program starts must die with it
# clone3 and openat2 pass their flags in memory, where a filter can't look: "unknown" makes libc use the older call.
_UNKNOWN = (435, 437)
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID, -NET


def filter_alone() -> str:
    """Leave this process threads, reading and its pipe. Raise MissingLayerError, OSError."""
    denied = (*_NETWORK, *_PROCESSES, *_OTHERS, *_CHANGES)
    return _install(_program(denied, _UNKNOWN, _alone_rules(os.getpid())), len(denied))


def filter_program() -> str:
    """Leave this process and its children what a converter needs. Raise MissingLayerError, OSError."""
    denied = (*_OTHERS, *_GROUP)
    return _install(_program(denied, (_CLONE3,), _program_rules()), len(denied))


def _install(program: list[bytes], count: int) -> str:
    if platform.machine() != "x86_64" or struct.calcsize("P") != 8:
        raise MissingLayerError(f"no table of system calls for {platform.machine()}")
    library = libc()
    forbid_new_privileges()
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; }, padded to the pointer's alignment
    header = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    zero = ctypes.c_ulong(0)
    checked(
        library.prctl(_PR_SET_SECCOMP, mode, ctypes.create_string_buffer(header, len(header)), zero, zero), "seccomp"
    )
    return f"{count} calls denied"


def _program(denied: tuple[int, ...], unknown: tuple[int, ...], rules: list[bytes]) -> list[bytes]:
    """The filter: each rule is a pair or a short run of instructions that either answers or falls through."""
    no, yes = _answers()
    program = [
        _statement(_LOAD, _AT_ARCH),
        _jump(_EQUAL, _AUDIT_ARCH_X86_64, then=1, otherwise=0),
        _statement(_RETURN, _KILL),
        _statement(_LOAD, _AT_NUMBER),
        _jump(_AT_LEAST, _X32_BIT, then=0, otherwise=1),
        no,
    ]
    for number in denied:
        program += [_jump(_EQUAL, number, then=0, otherwise=1), no]
    for number in unknown:
        program += [_jump(_EQUAL, number, then=0, otherwise=1), _statement(_RETURN, _ERRNO | errno.ENOSYS)]
    return [*program, *rules, yes]


def _answers() -> tuple[bytes, bytes]:
    return _statement(_RETURN, _ERRNO | errno.EPERM), _statement(_RETURN, _ALLOW)


def _alone_rules(own_pid: int) -> list[bytes]:
    no, yes = _answers()
    # clone: threads yes, processes no
    rules = _look_at(56, 0, [_jump(_ANY_BIT, _CLONE_THREAD, then=1, otherwise=0), no, yes])
    # open, openat: for reading only
    for number, argument in ((2, 1), (257, 2)):
        rules += _look_at(number, argument, [_jump(_ANY_BIT, _WRITING, then=0, otherwise=1), no, yes])
    # kill, tgkill: ourselves only, as abort(3) does
    for number in (62, 234):
        rules += _look_at(number, 0, [_jump(_EQUAL, own_pid, then=1, otherwise=0), no, yes])
    # prlimit64: our own limits only (0 means ourselves)
    own = [_jump(_EQUAL, 0, then=2, otherwise=0), _jump(_EQUAL, own_pid, then=1, otherwise=0), no, yes]
    return rules + _look_at(302, 0, own)


def _program_rules() -> list[bytes]:
    no, yes = _answers()
    # socket: between processes of this machine only; LibreOffice does not start without
    rules = _look_at(41, 0, [_jump(_EQUAL, _UNIX_FAMILY, then=1, otherwise=0), no, yes])
    # clone: anything but new namespaces
    return rules + _look_at(56, 0, [_jump(_ANY_BIT, _NEW_NAMESPACES, then=0, otherwise=1), no, yes])


def _look_at(number: int, argument: int, rules: list[bytes]) -> list[bytes]:
    """If the call is `number`, load the low half of its argument and judge it by `rules` (which always answer)."""
    load = _statement(_LOAD, _AT_ARGUMENTS + 8 * argument)
    return [_jump(_EQUAL, number, then=0, otherwise=1 + len(rules)), load, *rules]


def _statement(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _jump(code: int, value: int, *, then: int, otherwise: int) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
