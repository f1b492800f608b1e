"""How the child process of `isolate` is started: its command, its path, its environment. Nothing of a document is here.

In: the name of the handlers' module and what the child is told at its start. Out: a running process whose standard input and
output are the pipe. `worker.main` is what it runs. Must not: hand on the parent's environment, descriptors or terminal.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from parsers.frames import JsonObject

# -I: no environment, no user directory, no script directory. The path is the parent's own, so that a checkout, an
# editable and an ordinary installation all work.
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1])['path']; "
    "from parsers.worker import main; sys.exit(main(sys.argv[1:]))"
)


def start(handlers: str, settings: JsonObject) -> "subprocess.Popen[bytes]":
    """Given a handlers' module and the worker's settings, return the child, just started.

    Raise ImportError if the package of the handlers is not there, OSError if no process can be started.
    """
    told = {"path": _search_path(handlers), "handlers": handlers, **settings}
    return subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, json.dumps(told)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=sys.prefix,
        start_new_session=True,
    )


def _search_path(handlers: str) -> list[str]:
    """The parent's own path, with the homes of our packages first if it is found there only by the current directory."""
    homes = []
    for package in ("parsers", handlers.partition(".")[0]):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ImportError(f"no package {package}")
        homes.append(str(Path(next(iter(spec.submodule_search_locations))).resolve().parent))
    known = [entry for entry in sys.path if entry and Path(entry).is_absolute()]
    return [home for home in dict.fromkeys(homes) if home not in known] + known


def _environment() -> dict[str, str]:
    """Nothing: no password of the daemon's environment is readable in the child. Windows can't start without one name."""
    if sys.platform != "win32":
        return {}
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
