"""Where secrets stand that may stand nowhere: password, addresses of robot and switch (I12, facts/reliability.md §2.2).

In: settings that know the secrets. Out: `Spilled` values, for `verify` to put into words. Looked through are all files
below the data directory and the backup directory, by name and content, and the database if it is a file. Left out is
what is not the program's own writing: mails in the archive and its mirror (what people sent, as they sent it), the
configuration and the password file (where the office put them); and the copies of the database, which hold what it held.
Reads only.
"""

import base64
import glob
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from intake.config import read_config
from intake.config_syntax import parse_toml
from intake.db.address import sqlite_file
from intake.errors import OfficeError
from intake.settings import Mailbox, Secret, Settings, Storage

_LEAST = 8  # characters; a shorter one is met by chance: 123456 is a part of many telephone numbers
_CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Spilled:
    """What was found of one secret: files that hold it, files that could not be read. `is_known`: it was looked for."""

    is_known: bool
    holding: tuple[Path, ...] = ()
    unread: tuple[Path, ...] = ()


def password_spilled(settings: Settings) -> Spilled:
    """Given settings (the password may be out of reach: empty), return where the password stands."""
    return _look(settings, _shapes_of_password(settings.mailbox))


def addresses_spilled(settings: Settings) -> Spilled | None:
    """Given settings, return where the addresses of robot and switch stand; None if the office has neither."""
    urls = [url for url in (settings.health.webhook_url, settings.health.ping_url) if url is not None]
    return _look(settings, [shape for url in urls for shape in _shapes_of_url(url)]) if urls else None


def _shapes_of_password(mailbox: Mailbox) -> list[bytes]:
    """As it is, in a URL, and as SMTP sends it: AUTH PLAIN (RFC 4616), AUTH LOGIN."""
    password = mailbox.password.reveal()
    if len(password) < _LEAST:
        return []
    plain = base64.b64encode(f"\0{mailbox.login}\0{password}".encode())
    return list(dict.fromkeys((password.encode(), quote(password, safe="").encode(), plain, _coded(password))))


def _coded(password: str) -> bytes:
    # The last characters depend on what follows; a login answer of its own has nothing there.
    return base64.b64encode(password.encode()).rstrip(b"=")


def _shapes_of_url(url: Secret) -> Iterator[bytes]:
    """Yield the address; and what stands behind the host, the key, if that is long enough to be one."""
    whole = url.reveal()
    key = whole.partition(urlsplit(whole).netloc)[2]
    yield (key if len(key) >= 2 * _LEAST else whole).encode()
    yield quote(whole, safe="").encode()


def _look(settings: Settings, shapes: list[bytes]) -> Spilled:
    if not shapes:
        return Spilled(is_known=False)
    given = _given(settings)
    holding, unread = [], []
    for path, name in _files(settings.storage):
        try:
            is_named = any(shape in name.encode() for shape in shapes)
            if is_named or (path not in given and not _is_left_out(path, settings.storage) and _holds(path, shapes)):
                holding.append(path)
        except FileNotFoundError:
            continue  # a running service removes its unfinished files
        except OSError:
            unread.append(path)
    return Spilled(True, tuple(holding), tuple(unread))


def _files(storage: Storage) -> Iterator[tuple[Path, str]]:
    """Yield each file once, and its name below its directory."""
    seen: set[Path] = set()
    for folder in (storage.data_dir, storage.backup_dir):
        for path in sorted(folder.rglob("*")):
            if path not in seen and path.is_file():
                seen.add(path)
                yield path, path.relative_to(folder).as_posix()
    database = sqlite_file(storage.database_url)
    if database is not None and database not in seen:
        yield from ((path, path.name) for path in sorted(database.parent.glob(f"{glob.escape(database.name)}*")))


def _is_left_out(path: Path, storage: Storage) -> bool:
    """Return whether a file is a mail in the archive or its mirror, or a copy of the database (`scheduler.backups`)."""
    mails = (storage.data_dir / "archive", storage.backup_dir / "archive")
    copies = (storage.data_dir / "backups", storage.backup_dir)
    return (
        any(path.is_relative_to(folder) for folder in mails)
        or (path.parent in copies and path.suffix == ".sqlite")
        or (path.parent.parent == storage.data_dir and path.parent.name.startswith("replaced-"))
    )


def _given(settings: Settings) -> set[Path]:
    """Return the files in which the office itself has put its secrets."""
    given = {settings.source.resolve()}
    with suppress(OfficeError):
        data, _ = parse_toml(read_config(settings.source), settings.source.name)
        mailbox = data.get("mailbox")
        name = mailbox.get("password_file") if isinstance(mailbox, dict) else None
        if isinstance(name, str):
            given.add((settings.source.parent / name).resolve())
    return given


def _holds(path: Path, shapes: list[bytes]) -> bool:
    """Return whether a file of any length holds one of the shapes."""
    overlap = max(map(len, shapes)) - 1
    before = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            window = before + chunk
            if any(shape in window for shape in shapes):
                return True
            before = window[-overlap:] if overlap else b""
    return False
