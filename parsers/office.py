"""LibreOffice: a document of an old or foreign kind → .docx or .xlsx, for our own readers. Parent's side.

In: bytes and the kind that our own sniffer found. Out: `Converted`. Measured (facts/documents.md §2.4): values 333/333
by way of .docx, whereas HTML leaks deletions and hidden text; exit status 0 on every failure, so the output file alone is
proof; without an input filter unknown bytes are "converted" as plain text; remote style sheets are fetched, so there is
no network; one-shot 1.1 s a file beats a server that can wedge. Each call has a copy of one fresh profile: no other
instance answers for us, nothing stays from file to file, macros off, links not updated. Must not: let LibreOffice guess,
keep anything between two files.
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from parsers.document import FailureCode, ReadFailure
from parsers.engines import Converted
from parsers.programs import Ended, Runner, find, private_folder
from parsers.sniff import Kind

# A file takes 1 to 4 s, and the daemon gives a document 45. Once a row of 30,000 cells had all of these, the good mail behind
# it was answered after 65 s (tests/rig/hostile.py): what does not come in this time leaves the rest for the next mail.
SECONDS = 40.0
_AT_ONCE_S = 10.0  # a conversion takes two or three; what is given up later was worked on
_FIRST_START_S = 90.0  # makes the profile, on a slow disk too
_SIGNALS = 128  # a shell's exit status of a child that a signal ended is this and the signal's number

# Where installers put it without telling PATH (Windows, macOS, the .deb of libreoffice.org).
_PLACES = (
    r"C:\Program Files\LibreOffice\program",
    r"C:\Program Files (x86)\LibreOffice\program",
    "/Applications/LibreOffice.app/Contents/MacOS",
    *(f"/opt/libreoffice{number}.{minor}/program" for number in (26, 25, 24, 7) for minor in range(9, 0, -1)),
)
_ENCRYPTED = frozenset({Kind.ENCRYPTED_XLS, Kind.ENCRYPTED_OOXML})  # opened if the password is the empty one of Excel
_WORD = ("docx", "docx:MS Word 2007 XML")
_EXCEL = ("xlsx", "xlsx:Calc MS Excel 2007 XML")
# kind → name of the input filter, suffix and output filter. Filter names: LibreOffice help, "File Conversion Filter Names".
_FILTERS: dict[str, tuple[str, tuple[str, str]]] = {
    Kind.DOC: ("MS Word 97", _WORD),
    Kind.WPS: ("MS_Works", _WORD),
    Kind.WORKS: ("MS_Works", _WORD),
    Kind.RTF: ("Rich Text Format", _WORD),
    Kind.ODT: ("writer8", _WORD),
    Kind.WORD_XML: ("MS Word 2003 XML", _WORD),
    Kind.XLS: ("MS Excel 97", _EXCEL),
    Kind.XLSB: ("Calc MS Excel 2007 Binary", _EXCEL),
    Kind.EXCEL_XML: ("MS Excel 2003 XML", _EXCEL),
    # A workbook "protected" without a password of one's own is encrypted with Excel's default one: everybody can open it.
    Kind.ENCRYPTED_XLS: ("MS Excel 97", _EXCEL),
    Kind.ENCRYPTED_OOXML: ("Calc MS Excel 2007 XML", _EXCEL),
}
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution"><value>true</value></prop>
<prop oor:name="DisableActiveContent"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link"><value>2</value></prop></item>
</oor:items>
"""


@dataclass(frozen=True, slots=True)
class Office:
    """LibreOffice as it was found on this machine."""

    program: str
    version: str
    profile: "tempfile.TemporaryDirectory[str]"  # made by the first start, copied for every file
    runner: Runner

    def convert(self, data: bytes, kind: str, *, seconds: float = SECONDS) -> Converted:
        """Given a file and its kind, return it as .docx or .xlsx. Raise ReadFailure if nothing came out.

        What it gives up at once it is given once more, before its sender is told that the file is damaged: on a machine at
        full load it gave up one good file of some hundreds (seen once; alone it read the same file).
        """
        began = time.monotonic()
        made, ended = self._made(data, kind, min(seconds, SECONDS))
        took = time.monotonic() - began
        gave_up = not made and ended.status is not None and 0 <= ended.status <= _SIGNALS
        if gave_up and took < _AT_ONCE_S and kind not in _ENCRYPTED:
            made, ended = self._made(data, kind, min(seconds, SECONDS) - took)
        if made:
            return Converted(made, self.version)
        if ended.status is None:
            raise ReadFailure(FailureCode.TIMEOUT, "LibreOffice took too long")
        if ended.status < 0 or ended.status > _SIGNALS:
            raise ReadFailure(FailureCode.TOO_LARGE, f"LibreOffice died with {ended.status}")
        if kind in _ENCRYPTED:
            raise ReadFailure(FailureCode.ENCRYPTED, kind)
        raise ReadFailure(FailureCode.DAMAGED, "LibreOffice could not open it")

    def _made(self, data: bytes, kind: str, seconds: float) -> tuple[bytes, Ended]:
        """Return what one start makes of a file, b"" if nothing, and how it ended."""
        source, (suffix, target) = _FILTERS[kind]
        with private_folder() as folder:
            shutil.copytree(self.profile.name, folder / "profile")
            filters = (f"--infilter={source}", "--convert-to", target)
            ended = _start(self.runner, self.program, folder, data, filters, seconds=seconds)
            _sweep_pipes()
            made = folder / "out" / f"document.{suffix}"
            return made.read_bytes() if made.is_file() else b"", ended

    def close(self) -> None:
        """Remove the profile."""
        self.profile.cleanup()


def office_program() -> str | None:
    """Return the path of LibreOffice, None if it is not on this machine."""
    return find("soffice", "soffice.com", "libreoffice", places=_PLACES)


def find_office(runner: Runner) -> Office | None:
    """Return LibreOffice if it is on this machine; it is started once, to make the profile of all later starts.

    Raise OSError if it does not start: then no file is at fault.
    """
    program = office_program()
    if program is None:
        return None
    program = str(Path(program).resolve())
    with private_folder() as folder:
        user = folder / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        said = runner.run([program, f"-env:UserInstallation={user.parent.as_uri()}", "--version"], folder, seconds=60)
        filters = ("--infilter=Rich Text Format", "--convert-to", "txt:Text")
        _start(runner, program, folder, b"{\\rtf1 ready}", filters, seconds=_FIRST_START_S, first_start=True)
        if not (folder / "out" / "document.txt").is_file():
            raise OSError("LibreOffice does not start")
        profile: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory(prefix="intake-profile-")
        shutil.copytree(user.parent, profile.name, dirs_exist_ok=True)
    found = re.search(r"LibreOffice \d[\w.]*", said.words)
    return Office(program, found.group() if found else "LibreOffice", profile, runner)


def _start(
    runner: Runner,
    program: str,
    folder: Path,
    data: bytes,
    filters: tuple[str, ...],
    *,
    seconds: float,
    first_start: bool = False,
) -> Ended:
    """Run LibreOffice on `data` with the profile in `folder`; what it makes lies in ``out``."""
    given = folder / "in" / "document.bin"  # no suffix that it could guess by
    given.parent.mkdir()
    given.write_bytes(data)
    command = [
        program,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
        *filters,
        *("--outdir", str(folder / "out"), str(given)),
    ]
    return runner.run(command, folder, seconds=seconds, first_start=first_start)


def converts(kind: str) -> bool:
    """Return whether LibreOffice is asked for files of this kind."""
    return kind in _FILTERS


def _sweep_pipes() -> None:
    """Remove the sockets that a LibreOffice which was killed left in /tmp (`jail` lets it make them there).

    Only those that nobody holds open: the kernel lists the others, a running LibreOffice of this account among them. It is
    asked after the folder, or the socket of one that starts in between is taken for a dead one's.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        left = list(Path("/tmp").glob(f"OSL_PIPE_{os.getuid()}_SingleOfficeIPC_*"))  # noqa: S108 - see jail._MEET
        in_use = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace")
        for pipe in left:
            if pipe.name not in in_use and pipe.is_socket():
                pipe.unlink(missing_ok=True)
