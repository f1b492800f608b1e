"""A foreign program runs in a jail: its folder and nothing else, no network, and nothing of it is left afterwards."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from parsers.confine import ProgramBounds
from parsers.programs import Runner, find, layers, private_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")
PERL = shutil.which("perl", path="/usr/bin:/bin") or ""
needs_perl = pytest.mark.skipif(not PERL, reason="needs perl, which tries the ways out")


@pytest.fixture
def folder():
    with private_folder() as place:
        yield place


def active():
    return {layer.name for layer in layers() if layer.active}


def perl(folder, code, *, seconds=20.0, runner=None):
    return (runner or Runner()).run([PERL, "-e", code], folder, seconds=seconds)


def test_every_layer_is_told():
    assert [layer.name for layer in layers()] == ["rlimits", "no_new_privs", "landlock", "seccomp"]


@needs_perl
def test_the_folder_can_be_written_and_what_was_said_is_kept(folder):
    ended = perl(folder, 'open F, ">", "made" or die; print F "yes"; close F; print "said"')
    assert (ended.status, ended.words) == (0, "said")
    assert (folder / "made").read_text() == "yes"


@needs_perl
@pytest.mark.parametrize(
    ("code", "layer"),
    [
        ('open(F, "<", "{secret}") or exit 13; exit 0', "landlock"),
        ('open(F, ">>", "{secret}") or exit 13; exit 0', "landlock"),
        ('unlink("{secret}") or exit 13; exit 0', "landlock"),
        ('opendir(D, "{outside}") or exit 13; exit 0', "landlock"),
        ('mkdir("{outside}/new") or exit 13; exit 0', "landlock"),
        ('open(F, "<", "/proc/{daemon}/environ") or exit 13; exit 0', "landlock"),
        ("kill(0, {daemon}) or exit 13; exit 0", "landlock"),
        ("use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or exit 13; exit 0", "seccomp"),
        ("use Socket; socket(S, PF_INET6, SOCK_DGRAM, 0) or exit 13; exit 0", "seccomp"),
        ("syscall(112) == -1 and exit 13; exit 0", "seccomp"),  # setsid
        ("syscall(272, 0x40000000) == -1 and exit 13; exit 0", "seccomp"),  # unshare
        ("syscall(101, 0, 0, 0, 0) == -1 and exit 13; exit 0", "seccomp"),  # ptrace
    ],
)
def test_there_is_no_way_out(folder, tmp_path, code, layer):
    if layer not in active():
        pytest.skip(f"this system has no {layer}")
    secret = tmp_path / "config.toml"
    secret.write_text("password")
    for name, value in {"secret": secret, "outside": tmp_path, "daemon": os.getpid()}.items():
        code = code.replace(f"{{{name}}}", str(value))
    assert perl(folder, code).status == 13
    assert secret.read_text() == "password"


@needs_perl
def test_the_environment_is_empty(folder, monkeypatch):
    monkeypatch.setenv("INTAKE_PASSWORD", "secret")
    words = perl(folder, 'print join(" ", sort keys %ENV)').words
    assert words.split() == ["HOME", "LC_ALL", "OSL_SOCKET_PATH", "PATH", "TMPDIR"]


@needs_perl
def test_a_program_that_goes_on_is_stopped_with_all_that_it_started(folder):
    started = time.monotonic()
    ended = perl(folder, "if (fork == 0) { sleep 60; exit } print STDERR $$; sleep 60", seconds=1.0)
    assert ended.status is None
    assert time.monotonic() - started < 10
    assert not _in_folder(folder)


@needs_perl
def test_what_a_program_leaves_behind_is_killed_when_it_ends(folder):
    assert perl(folder, "if (fork == 0) { sleep 60 } exit 0").status == 0
    assert not _in_folder(folder)


def _in_folder(folder: Path) -> list[str]:
    """The processes whose working directory is the folder."""
    deadline = time.monotonic() + 5
    found = ["?"]
    while found and time.monotonic() < deadline:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").readlink() == folder:
                    found.append(process.name)
            except OSError:
                continue
        time.sleep(0.05)
    return found


@needs_perl
def test_memory_and_file_size_are_bounded(folder):
    runner = Runner(ProgramBounds(memory_bytes=256 * 2**20, file_bytes=1_000_000))
    assert perl(folder, '$x = "x" x (300 * 1024 * 1024); exit 0', runner=runner).status != 0
    ended = perl(
        folder, 'open F, ">", "big"; print F "x" x 5_000_000 or exit 13; close F or exit 13; exit 0', runner=runner
    )
    assert ended.status != 0
    assert (folder / "big").stat().st_size <= 1_000_000


@needs_perl
def test_a_stopped_runner_runs_nothing_more(folder):
    runner = Runner()
    runner.stop()
    assert perl(folder, "exit 0", runner=runner).status is None


def test_a_program_is_found_on_path_or_where_installers_put_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert find("tool") is None
    tool = tmp_path / "opt" / "tool"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert find("tool", places=(str(tool.parent),)) == str(tool)


def test_a_private_folder_is_for_this_account_only_and_gone_afterwards():
    with private_folder() as place:
        assert place.stat().st_mode & 0o077 == 0
    assert not place.exists()
