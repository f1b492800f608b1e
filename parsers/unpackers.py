"""bsdtar and unar: a .rar or .7z → a plain .zip that `archives` opens within its budget. Parent's side.

In: bytes and their kind. Out: `Converted` with a stored zip. bsdtar (libarchive) streams one archive into the other
without making a file of any member; what it does not know (solid RAR: 29 of 40 test archives read, facts/documents.md
§2.7) unar unpacks into the private folder, from which ordinary files alone are taken. Unpackers that write where they are
told have been broken into by mail (CVE-2022-30333), so both run in `jail`. Must not: follow a link, ask for a password.
"""

import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from parsers.document import DEFAULT_BUDGET, FailureCode, ReadFailure
from parsers.engines import Converted
from parsers.programs import Ended, Runner, find, private_folder

SECONDS = 40.0
_EMPTY_ZIP_BYTES = 22
# libarchive takes a file for a zip if the end of one stands in its last 16 KB (archive_read_support_format_zip.c, bid 32
# against 30 for RAR): of a .rar that ends with a stored .docx it would give the parts of that and nothing else.
_ZIP_END_BYTES = 16 * 1024

_PASSWORD = re.compile(r"passphrase|password|encrypt", re.IGNORECASE)
_VOLUMES = re.compile(r"multi.?volume|volume|next part|missing part", re.IGNORECASE)
_FULL = re.compile("Write error|Failed to write to file")  # bsdtar, unar: more than the jail lets them write


@dataclass(frozen=True, slots=True)
class Unpackers:
    """The programs as they were found on this machine; "" for the one that is missing."""

    bsdtar: str
    unar: str
    version: str
    runner: Runner

    def convert(self, data: bytes, kind: str, *, seconds: float = SECONDS) -> Converted:
        """Given an archive, return its files as a zip. Raise ReadFailure if it can't be opened."""
        with private_folder() as folder:
            given = folder / "archive.bin"
            given.write_bytes(data + bytes(_ZIP_END_BYTES) if kind == "rar" else data)
            tried: list[Ended] = []
            for program, unpack in ((self.bsdtar, self._stream), (self.unar, self._unpack)):
                if not program:
                    continue
                made = unpack(given, folder, min(seconds, SECONDS) / 2, tried)
                if made is not None:
                    return Converted(made, self.version)
        raise _failure(tried, kind)

    def _stream(self, given: Path, folder: Path, seconds: float, tried: list[Ended]) -> bytes | None:
        out = folder / "out.zip"
        command = [self.bsdtar, "--format=zip", "--options=zip:compression=store", "-cf", str(out), f"@{given}"]
        ended = self.runner.run(command, folder, seconds=seconds)
        tried.append(ended)
        # Of an archive that it can make nothing of, bsdtar makes an empty one and is content.
        return (
            out.read_bytes() if ended.status == 0 and out.is_file() and out.stat().st_size > _EMPTY_ZIP_BYTES else None
        )

    def _unpack(self, given: Path, folder: Path, seconds: float, tried: list[Ended]) -> bytes | None:
        out = folder / "out"
        out.mkdir()
        command = [self.unar, "-quiet", "-no-recursion", "-no-directory", "-output-directory", str(out), str(given)]
        ended = self.runner.run(command, folder, seconds=seconds)
        tried.append(ended)
        return _zipped(out) if ended.status == 0 and any(out.iterdir()) else None


def unpacker_programs() -> tuple[str, str]:
    """Return the paths of bsdtar and unar, "" for the one that is missing.

    Windows and macOS call their bsdtar ``tar``; elsewhere that is GNU tar, which reads neither .rar nor .7z.
    """
    bsdtar = find("bsdtar") or (find("tar") if sys.platform in {"win32", "darwin"} else None)
    return bsdtar or "", find("unar") or ""


def find_unpackers(runner: Runner) -> Unpackers | None:
    """Return the unpackers if one of them is on this machine. Their versions are asked of themselves."""
    bsdtar, unar = unpacker_programs()
    words: list[str] = []
    with private_folder() as folder:
        for program, name, question in ((bsdtar, "bsdtar", "--version"), (unar, "unar", "-version")):
            if program:
                said = runner.run([program, question], folder, seconds=20).words
                found = re.search(r"\d[\w.]*", said)
                words.append(f"{name} {found.group() if found else ''}".strip())
    return Unpackers(bsdtar, unar, ", ".join(words), runner) if words else None


def _failure(tried: list[Ended], kind: str) -> ReadFailure:
    words = " ".join(ended.words for ended in tried)
    if any(ended.status is None for ended in tried):
        return ReadFailure(FailureCode.TIMEOUT, f"unpacking a {kind} took too long")
    if _PASSWORD.search(words):
        return ReadFailure(FailureCode.ENCRYPTED, kind)
    if _VOLUMES.search(words):
        return ReadFailure(FailureCode.UNSUPPORTED, "one of several volumes")
    if _FULL.search(words):
        return ReadFailure(FailureCode.TOO_LARGE, f"unpacking a {kind} filled its room")
    return ReadFailure(FailureCode.DAMAGED, f"the {kind} could not be unpacked")


def _zipped(folder: Path) -> bytes:
    """Given a folder that an unpacker filled, return its ordinary files as a zip, within the budget."""
    return _zip((str(path.relative_to(folder)), path.read_bytes()) for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    left = DEFAULT_BUDGET.unzipped_bytes
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number > DEFAULT_BUDGET.archive_members:
            raise ReadFailure(FailureCode.TOO_LARGE, "too many members")
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            continue
        left -= path.stat().st_size
        if left < 0:
            raise ReadFailure(FailureCode.TOO_LARGE, "too much in the archive")
        yield path


def _zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return stream.getvalue()
