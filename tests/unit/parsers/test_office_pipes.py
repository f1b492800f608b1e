"""The sockets that a LibreOffice which was killed left in /tmp are swept; those of one that runs, or just starts, are not."""

import os
import secrets
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from parsers import office

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sockets in /tmp, and who holds them: Linux")


def pipe() -> tuple[socket.socket, Path]:
    """A socket under a name as LibreOffice gives it, held open."""
    path = Path(f"/tmp/OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{secrets.token_hex(8)}")  # noqa: S108
    held = socket.socket(socket.AF_UNIX)
    held.bind(str(path))
    return held, path


def test_what_nobody_holds_is_removed_and_what_runs_stays():
    held, path = pipe()
    with closing(held):
        office._sweep_pipes()
        assert path.is_socket()
    office._sweep_pipes()
    assert not path.exists()


def test_one_that_starts_while_the_folder_is_looked_through_stays(monkeypatch):
    started: list[tuple[socket.socket, Path]] = []
    real = Path.glob

    def meanwhile(folder: Path, pattern: str):
        started.append(pipe())
        return real(folder, pattern)

    monkeypatch.setattr(Path, "glob", meanwhile)
    office._sweep_pipes()
    ((held, path),) = started
    with closing(held):
        assert path.is_socket()
    path.unlink()
