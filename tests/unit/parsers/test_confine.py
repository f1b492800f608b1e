"""The locked-in child can't get out; each layer holds by itself; a missing layer is told and stops nothing."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from parsers import landlock
from parsers.isolate import Worker

ROOT = Path(__file__).parents[3]
HANDLERS = "tests.builders.unruly"

# What a layer must stop when it stands alone.
BY_LANDLOCK = (
    "read /etc/passwd",
    "read a file of the daemon",
    "list /",
    "write",
    "append",
    "unlink",
    "rename",
    "make a directory",
    "make a link",
    "truncate",
    "read the parent's memory",
    "read the parent's environment",
)
BY_SECCOMP = (
    "write",
    "append",
    "unlink",
    "rename",
    "make a directory",
    "make a link",
    "change a mode",
    "truncate",
    "socket",
    "unix socket",
    "socketpair",
    "fork",
    "exec",
    "spawn",
    "signal the parent",
    "signal the group of the parent",
    "limits of the parent",
    "trace the parent",
    "mount",
    "unshare",
    "io_uring",
    "memfd",
)

# Calls whose flags a filter can't see: said to be unknown, so that libc takes the older ones.
UNKNOWN = ("openat2", "clone3")


@pytest.fixture
def daemon_file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("password")
    return path


def run_alone(script, header):
    """Run `script` (which confines itself), then the escape attempts, in a process of its own."""
    code = (
        "import sys, json, ctypes, socket, errno, resource; sys.path.insert(0, sys.argv[1])\n"
        "from parsers import confine, landlock, seccomp\nfrom tests.builders.unruly import escape\n"
        f"{script}\nprint(json.dumps(escape(json.loads(sys.argv[2]), b'')))"
    )
    command = [sys.executable, "-c", code, str(ROOT), json.dumps(header)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def layer(worker, name):
    return next(one for one in worker.report().layers if one.name == name)


def test_nothing_gets_out_of_the_locked_child(daemon_file, tmp_path):
    header = {"target": str(daemon_file), "new": str(tmp_path / "new")}
    with Worker(handlers=HANDLERS) as worker:
        active = {one.name for one in worker.report().layers if one.active}
        outcome = worker.call("escape", header, b"", timeout_s=20).json
    if not {"landlock", "seccomp", "rlimits"} <= active:
        pytest.skip(f"this system has only {sorted(active)}")
    assert outcome.pop("more memory") == "MemoryError"
    assert (outcome.pop("openat2"), outcome.pop("clone3")) == ("NotImplementedError", "NotImplementedError")
    assert set(outcome.values()) == {"PermissionError"}, outcome
    assert daemon_file.read_text() == "password"
    assert not (tmp_path / "new").exists()


def test_every_layer_is_reported_with_the_reason_of_a_missing_one():
    with Worker(handlers=HANDLERS) as worker:
        layers = worker.report().layers
    assert [one.name for one in layers] == ["rlimits", "no_new_privs", "landlock", "seccomp"]
    assert all(one.active or one.detail for one in layers)


def test_without_any_layer_the_attempts_succeed(daemon_file, tmp_path):
    """Otherwise the other tests would prove nothing."""
    names = ["read /etc/passwd", "list /", "write", "append", "socket", "fork", "signal the parent", "rename"]
    outcome = run_alone("", {"target": str(daemon_file), "new": str(tmp_path / "new"), "only": names})
    assert outcome == dict.fromkeys(names, "open")


def test_landlock_alone_closes_the_files(daemon_file, tmp_path):
    header = {"target": str(daemon_file), "new": str(tmp_path / "new"), "only": BY_LANDLOCK}
    with Worker(handlers=HANDLERS) as worker:
        if not layer(worker, "landlock").active:
            pytest.skip(layer(worker, "landlock").detail)
    outcome = run_alone("landlock.enter({})", header)
    assert outcome == dict.fromkeys(BY_LANDLOCK, "PermissionError")


def test_seccomp_alone_closes_network_processes_and_changes_of_files(daemon_file, tmp_path):
    header = {
        "target": str(daemon_file),
        "new": str(tmp_path / "new"),
        "only": [*BY_SECCOMP, *UNKNOWN, "read /etc/passwd"],
    }
    with Worker(handlers=HANDLERS) as worker:
        if not layer(worker, "seccomp").active:
            pytest.skip(layer(worker, "seccomp").detail)
    outcome = run_alone("seccomp.filter_alone()", header)
    assert outcome == {
        **dict.fromkeys(BY_SECCOMP, "PermissionError"),
        **dict.fromkeys(UNKNOWN, "NotImplementedError"),
        "read /etc/passwd": "open",
    }


def test_seccomp_leaves_threads_reading_and_abort():
    with Worker(handlers=HANDLERS) as worker:
        assert worker.call("thread", {}, b"", timeout_s=20).json == {"ran": [True]}
        assert worker.call("abort", {}, b"", timeout_s=20).detail == "the worker died of SIGABRT"


def test_code_can_be_imported_lazily_after_the_door_is_locked():
    with Worker(handlers=HANDLERS) as worker:
        assert worker.call("lazy_import", {}, b"", timeout_s=20).json["names"] == [
            "wsgiref.headers",
            "sortedcontainers",
        ]


def test_another_architecture_does_without_seccomp(daemon_file, tmp_path):
    script = (
        "import platform; platform.machine = lambda: 'riscv64'\n"
        "layers = confine.confine(confine.Bounds(), ())\n"
        "assert not layers[3].active and 'riscv64' in layers[3].detail, layers"
    )
    header = {"target": str(daemon_file), "new": str(tmp_path / "new"), "only": ["more memory", "socket"]}
    assert run_alone(script, header) == {"more memory": "MemoryError", "socket": "open"}


def test_another_system_does_without_landlock_and_seccomp(daemon_file, tmp_path):
    script = (
        "sys.platform = 'darwin'\nlayers = confine.confine(confine.Bounds(), ())\n"
        "assert [layer.active for layer in layers] == [True, False, False, False], layers"
    )
    header = {"target": str(daemon_file), "new": str(tmp_path / "new"), "only": ["more memory", "socket"]}
    assert run_alone(script, header) == {"more memory": "MemoryError", "socket": "open"}


@pytest.mark.parametrize(
    ("version", "size", "files"),
    [
        (1, 8, 2**13 - 1),
        (2, 8, 2**14 - 1),
        (3, 8, 2**15 - 1),
        (4, 16, 2**15 - 1),
        (5, 16, 2**16 - 1),
        (7, 24, 2**16 - 1),
    ],
)
def test_an_older_kernel_is_asked_only_for_what_it_knows(version, size, files):
    attributes = landlock.ruleset_attributes(version)
    assert len(attributes) == size
    assert struct.unpack("=Q", attributes[:8])[0] == files
