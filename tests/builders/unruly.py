"""Handlers for a worker that misbehave in every way a library or an attacker could: only for tests of the isolation."""

# The ways out are tried as an attacker would take them.
# ruff: noqa: PLC0415, PTH102, PTH115, PTH208, PTH211, BLE001, S606

import contextlib
import ctypes
import errno
import os
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path


def echo(header, payload, engines=None):
    return {
        "header": header,
        "bytes": len(payload),
        "sum": sum(payload),
        "pid": os.getpid(),
        "environment": dict(os.environ),
    }


def path_and_streams(header, payload, engines=None):
    return {"path": sys.path, "streams": [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1, 2)]}


def hang(header, payload, engines=None):
    while True:
        time.sleep(60)


def spin(header, payload, engines=None):
    while True:
        pass


def burn(header, payload, engines=None):
    """Use the given seconds of CPU time."""
    end = time.process_time() + float(header["seconds"])
    while time.process_time() < end:
        pass
    return {"pid": os.getpid()}


def chatter(header, payload, engines=None):
    print("0 is out of range " * 10_000)
    sys.stderr.write("noise " * 10_000)
    os.write(1, b"straight to the descriptor")
    return {"said": True}


def garbage(header, payload, engines=None):
    """Write nonsense on whatever descriptor takes it, the pipe included."""
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"HTTP/1.1 200 OK\r\n\r\n" * 10)
    return {}


def huge(header, payload, engines=None):
    return {"text": "x" * int(header["characters"])}


def huge_frame(header, payload, engines=None):
    """Announce an answer of 2 GiB, past the child's own check."""
    from parsers.frames import _MAGIC, _PREFIX

    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, _PREFIX.pack(_MAGIC, 1, 2**31, 0))
    return {}


def forged(header, payload, engines=None):
    """Write a well-formed frame with the given number and body in place of the answer, then die."""
    from parsers.frames import _MAGIC, _PREFIX

    body = str(header["body"]).encode()
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, _PREFIX.pack(_MAGIC, int(header["sequence"]), len(body), 0) + body)
    os._exit(0)


def die(header, payload, engines=None):
    number = getattr(signal, header["signal"])
    signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
    os.kill(os.getpid(), number)
    time.sleep(60)


def leave(header, payload, engines=None):
    os._exit(3)


def abort(header, payload, engines=None):
    os.abort()


def exhaust_memory(header, payload, engines=None):
    return {"bytes": len(bytearray(2 * 2**30))}


def keep_memory(header, payload, engines=None):
    KEPT.append(bytearray(b"x") * int(header["bytes"]))
    return {"pid": os.getpid()}


KEPT = []


def recurse(header, payload, engines=None):
    return recurse(header, payload)


def nested_answer(header, payload, engines=None):
    value = []
    for _ in range(100_000):
        value = [value]
    return {"value": value}


def fail(header, payload, engines=None):
    raise ValueError("王某 13900000000")


def surrender(header, payload, engines=None):
    sys.exit("give up")


def surrogate(header, payload, engines=None):
    return {"text": "\ud800"}


def not_json(header, payload, engines=None):
    return {"value": object()}


def crashed_reading(header, payload, engines=None):
    return {"failure": {"code": "crashed", "detail": ""}, "pid": os.getpid()}


def thread(header, payload, engines=None):
    seen = []
    worker = threading.Thread(target=lambda: seen.append(threading.get_native_id() != os.getpid()))
    worker.start()
    worker.join()
    return {"ran": seen}


def lazy_import(header, payload, engines=None):
    """Modules that nothing has loaded yet, of the standard library and of an installed package."""
    import wsgiref.headers

    import sortedcontainers

    return {"names": [wsgiref.headers.__name__, sortedcontainers.__name__]}


def escape(header, payload, engines=None):
    """Try every way out, or those named, and tell what came of each: "open" or the name of the error."""
    target = Path(header["target"])
    libc = ctypes.CDLL(None, use_errno=True)
    attempts = {
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "read a file of the daemon": target.read_bytes,
        "list /": lambda: os.listdir("/"),
        "write": lambda: Path(header["new"]).write_bytes(b"x"),
        "append": lambda: target.open("ab").close(),
        "unlink": target.unlink,
        "rename": lambda: target.rename(header["new"]),
        "make a directory": lambda: os.mkdir(header["new"]),
        "make a link": lambda: os.symlink("/etc/passwd", header["new"]),
        "change a mode": lambda: target.chmod(0o777),
        "truncate": lambda: os.truncate(target, 0),
        "socket": lambda: socket.socket().close(),
        "unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "socketpair": lambda: [end.close() for end in socket.socketpair()],
        "fork": _fork,
        "exec": lambda: os.execv("/bin/true", ["/bin/true"]),
        "spawn": lambda: os.posix_spawn("/bin/true", ["/bin/true"], {}),
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "signal the group of the parent": lambda: os.kill(-os.getpgid(os.getppid()), 0),
        "limits of the parent": lambda: _prlimit(os.getppid()),
        "trace the parent": lambda: _system_call(libc, 101, 16, os.getppid(), 0, 0),
        "read the parent's memory": lambda: Path(f"/proc/{os.getppid()}/mem").open("rb").close(),
        "read the parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "mount": lambda: _system_call(libc, 165, 0, 0, 0, 0),
        "unshare": lambda: _system_call(libc, 272, 0x10000000, 0, 0, 0),
        "io_uring": lambda: _system_call(libc, 425, 8, 0, 0, 0),
        "memfd": lambda: os.close(os.memfd_create("x")),
        "openat2": lambda: _openat2(libc, header["new"]),
        "clone3": lambda: _system_call(libc, 435, 0, 0),
        "more memory": _more_memory,
    }
    return {name: _attempt(attempts[name]) for name in header.get("only", attempts)}


def _attempt(action):
    try:
        action()
    except BaseException as error:
        return type(error).__name__
    return "open"


def _fork():
    if os.fork() == 0:
        os._exit(0)


def _prlimit(pid):
    import resource

    resource.prlimit(pid, resource.RLIMIT_NOFILE, resource.prlimit(os.getpid(), resource.RLIMIT_NOFILE))


def _openat2(libc, path):
    how = ctypes.create_string_buffer(struct.pack("QQQ", os.O_CREAT | os.O_WRONLY, 0o600, 0))
    name = ctypes.create_string_buffer(path.encode())
    _system_call(libc, 437, -100, ctypes.addressof(name), ctypes.addressof(how), 24)


def _more_memory():
    bytearray(2 * 2**30)


def _system_call(libc, *numbers):
    libc.syscall.restype = ctypes.c_long
    if libc.syscall(*[ctypes.c_long(number) for number in numbers]) < 0:
        number = ctypes.get_errno()
        raise NotImplementedError if number == errno.ENOSYS else OSError(number, "system call")


def convert(header, payload, engines=None):
    """Ask the parent for one conversion after the other."""
    from parsers.document import ReadFailure

    made = []
    for _ in range(int(header.get("times", 1))):
        try:
            converted = engines.convert(payload, str(header["kind"]))
            made.append([converted.by, len(converted.data), sum(converted.data)])
        except ReadFailure as refused:
            made.append([refused.failure.code, refused.failure.detail])
    return {"made": made}


HANDLERS = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == __name__
}
