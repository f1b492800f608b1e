"""Run a foreign program on one file, in a folder of its own, within bounds, and take what it wrote. Parent's side.

In: a command, the folder with its input, seconds. Out: `Ended`. The program starts through `jail` (Linux: no network, no
file but its folder, limited memory, CPU and file size), with an empty environment, in a session of its own: whatever it
leaves behind (`soffice` leaves soffice.bin) is killed with the group. Must not: believe an exit status (LibreOffice ends
with 0 on every failure), pass anything of a sender's as an argument. Elsewhere than on Linux there is no jail; what
protects there is the clock, and `intake check` says so.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import parsers
from parsers.confine import Layer, ProgramBounds

_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from parsers.jail import main; sys.exit(main(sys.argv[1:]))"
_WORDS_BYTES = 20_000  # of what a program says, for telling a password from damage
_LAST_BREATH_S = 2.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended. `status` is its exit status, negative for a signal, None if the clock stopped it."""

    status: int | None
    words: str


@dataclass(slots=True)
class Runner:
    """Runs programs one at a time; `stop` ends the present one and every later one at once (the daemon is closing)."""

    bounds: ProgramBounds = field(default_factory=ProgramBounds)
    _process: "subprocess.Popen[bytes] | None" = None
    _stopped: bool = False
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def run(self, command: list[str], folder: Path, *, seconds: float, first_start: bool = False) -> Ended:
        """Given a command whose first word is an absolute path, run it in `folder`. Raise OSError if it can't start.

        `first_start`: on a document of our own, see `jail.rights`.
        """
        with self._turn, (folder / "words").open("w+b") as words:
            if self._stopped:
                return Ended(None, "stopped")
            self._process = subprocess.Popen(
                _jailed(command, folder, self.bounds, first_start=first_start),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_environment(folder),
                start_new_session=True,
            )
            status: int | None = None
            try:
                status = self._process.wait(max(seconds, 0.1))
            except subprocess.TimeoutExpired:
                status = None
            finally:
                _kill_group(self._process)
                self._process = None
            words.seek(0)
            return Ended(status, words.read(_WORDS_BYTES).decode("utf-8", "replace"))

    def stop(self) -> None:
        """End the present program, if any, and refuse later ones."""
        self._stopped = True
        process = self._process
        if process is not None:
            _kill_group(process)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Yield a new folder that only this account can enter; it is gone afterwards."""
    place = tempfile.mkdtemp(prefix="intake-")
    try:
        yield Path(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def find(*names: str, places: tuple[str, ...] = ()) -> str | None:
    """Given names of a program, return the path of the first that is on PATH or in one of `places`, else None."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *places))
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def layers() -> tuple[Layer, ...]:
    """Return which layers would lock a program in on this machine."""
    if sys.platform != "linux":
        return (Layer("jail", active=False, detail=f"not on {sys.platform}"),)
    with private_folder() as folder:
        ended = Runner().run([], folder, seconds=20)
    try:
        return tuple(Layer(**one) for one in json.loads(ended.words))
    except (ValueError, TypeError):
        return (Layer("jail", active=False, detail="does not start"),)


def _jailed(command: list[str], folder: Path, bounds: ProgramBounds, *, first_start: bool) -> list[str]:
    if sys.platform != "linux":
        return command
    home = str(Path(parsers.__path__[0]).resolve().parent)
    order = {"command": command, "folder": str(folder), "bounds": asdict(bounds), "first_start": first_start}
    return [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, home, json.dumps(order)]


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours: a document can make LibreOffice tell the environment (CVE-2024-12426)."""
    place = str(folder)
    if sys.platform == "win32":
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "SYSTEMDRIVE") if name in os.environ}
        return {**kept, "TEMP": place, "TMP": place, "USERPROFILE": place, "APPDATA": place, "LOCALAPPDATA": place}
    path = "/usr/local/bin:/usr/bin:/bin"
    return {"PATH": path, "HOME": place, "TMPDIR": place, "OSL_SOCKET_PATH": place, "LC_ALL": "C.UTF-8"}


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_BREATH_S)
