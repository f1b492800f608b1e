"""Lock the present process in: resource limits, no new privileges, Landlock, a seccomp filter. For children only.

In: bounds, the directories of our own code or of a foreign program. Out: which layers stand, and why another one does
not. Each layer is optional: what the system lacks is reported, never an error, for a worker with fewer layers is better
than none. Nothing here can be undone; never call it in the daemon's process.

Two profiles: `confine` for the worker, which parses (facts/reliability.md §3.5), `confine_program` for what turns into a
foreign program right after (`jail`). Layers, without privileges: *rlimits* (setrlimit(2)) memory, files, no core ·
*no_new_privs* (prctl(2)) · *landlock* (`landlock`) · *seccomp* (`seccomp`).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parsers import landlock, seccomp
from parsers.syscalls import MissingLayerError, forbid_new_privileges

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


@dataclass(frozen=True, slots=True)
class ProgramBounds:
    """Resource limits of a foreign program and all that it starts, a process each."""

    memory_bytes: int = 2 * 2**30
    cpu_s: int = 90
    file_bytes: int = 200 * 2**20
    files: int = 1_024


def confine(bounds: Bounds, readable: Sequence[Path]) -> tuple[Layer, ...]:
    """Given bounds and the directories that stay readable, lock this process in and return what was achieved.

    No file can grow, nothing can be started, no socket opened.
    """
    # Python ignores SIGXFSZ: a write to a file fails with EFBIG instead of killing the worker.
    limits = {"CORE": 0, "FSIZE": 0, "NOFILE": bounds.files, "AS": bounds.memory_bytes}
    return _layers(limits, dict.fromkeys(readable, landlock.READ), seccomp.filter_alone)


def confine_program(bounds: ProgramBounds, allowed: Mapping[Path, int]) -> tuple[Layer, ...]:
    """Given bounds and the rights by directory, lock this process in before it becomes a foreign program."""
    limits = {
        "CORE": 0,
        "FSIZE": bounds.file_bytes,
        "NOFILE": bounds.files,
        "AS": bounds.memory_bytes,
        "CPU": bounds.cpu_s,
    }
    return _layers(limits, allowed, seccomp.filter_program)


def _layers(
    limits: Mapping[str, int], allowed: Mapping[Path, int], filter_calls: Callable[[], str]
) -> tuple[Layer, ...]:
    """The order matters: Landlock and seccomp both ask for no_new_privs, and seccomp forbids the others' system calls."""
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("rlimits", lambda: _limit_resources(limits)),
        ("no_new_privs", forbid_new_privileges),
        ("landlock", lambda: landlock.enter(allowed)),
        ("seccomp", filter_calls),
    )
    layers = []
    for name, step in steps:
        try:
            layers.append(Layer(name, active=True, detail=step()))
        except (MissingLayerError, OSError, ValueError, AttributeError) as error:  # AttributeError: no such libc symbol
            layers.append(Layer(name, active=False, detail=str(error)))
    return tuple(layers)


def _limit_resources(limits: Mapping[str, int]) -> str:
    if sys.platform == "win32":
        raise MissingLayerError("no resource limits on Windows")
    missing = []
    for name, wish in limits.items():
        try:
            number = getattr(resource, f"RLIMIT_{name}")
            _, hard = resource.getrlimit(number)
            value = wish if hard == resource.RLIM_INFINITY else min(wish, hard)
            resource.setrlimit(number, (value, value))
        except (OSError, ValueError, AttributeError):  # macOS refuses RLIMIT_AS
            missing.append(f"RLIMIT_{name}")
    if len(missing) == len(limits):
        raise MissingLayerError("the system refuses every limit")
    return " ".join(["without", *missing]) if missing else f"{limits['AS'] >> 20} MiB"
