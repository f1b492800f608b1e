"""The last of our own code before a foreign program: lock this process in, then become the program.

`programs` starts it as ``python -I -c … {json}``. In: the program with its arguments, the one folder it may write in,
bounds. Without a program it only prints as JSON which layers stand (``intake check``). Rights: system directories and the
program's own may be read and run, the folder may be written, nothing else exists: not the archive, not the configuration
with the password. No network: seccomp lets only sockets within this machine through, Landlock no TCP.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from parsers import landlock
from parsers.confine import ProgramBounds, confine_program

# What programs of a Linux distribution read to start. Not /etc and /proc as a whole: passwords of other programs, the
# environment of other processes.
_RUN = ("/usr", "/lib", "/lib64", "/bin", "/opt")
_READ = (
    *("/etc/fonts", "/etc/libreoffice", "/etc/ld.so.cache", "/etc/passwd", "/etc/nsswitch.conf", "/etc/localtime"),
    *("/etc/alternatives", "/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)
# LibreOffice 7.4 makes a socket here, whatever the environment says, or does not run.
_MEET = "/tmp"  # noqa: S108
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def main(arguments: Sequence[str]) -> int:
    """Become the program; `arguments` holds one JSON object as `programs` writes it."""
    order = json.loads(arguments[0])
    command: list[str] = order["command"]
    bounds = ProgramBounds(**order["bounds"])
    allowed = rights(command[0] if command else "", order["folder"], first_start=order["first_start"])
    layers = confine_program(bounds, allowed)
    if not command:
        print(json.dumps([asdict(layer) for layer in layers]))  # noqa: T201 - the answer to `programs.layers`
        return 0
    os.execve(command[0], command, dict(os.environ))  # noqa: S606 - no shell; the environment is what `programs` gave us
    return 1


def rights(program: str, folder: str, *, first_start: bool) -> dict[Path, int]:
    """Given the program and its folder, return the Landlock rights by path.

    `first_start` (on a document of our own only): the program may remove files in /tmp, where LibreOffice replaces its
    socket when it starts once more with the profile that it has just made.
    """
    allowed = {
        **dict.fromkeys(map(Path, _READ), landlock.READ),
        **dict.fromkeys(map(Path, _RUN), landlock.RUN),
        **dict.fromkeys(map(Path, _DEVICES), landlock.DEVICE),
        Path(_MEET): landlock.MEET | (landlock.PART if first_start else 0),
    }
    if program:
        allowed[Path(program).resolve().parent] = landlock.RUN
    if folder:
        allowed[Path(folder)] = landlock.EVERYTHING
    return allowed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
