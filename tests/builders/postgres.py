"""A real PostgreSQL (from Debian) in a temporary directory, on a Unix socket there and a port of 127.0.0.1; a database of
its own for each test; an office on loopback whose record lies on it.

The server refuses root, so it runs as `nobody` where the tests run as root. Everybody whom the directory lets in is let
in without a password, but for the role `guarded`, whose password is `GUARDED_PASSWORD`.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, text

from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.demo.mailstore import INBOX, SENT
from scheduler.demo.server import DemoMailbox
from scheduler.demo.sink import SmtpSink
from tests.builders import office

_FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
BIN = _FOUND[-1].parent if _FOUND else None

OWNER = "office"  # owns the databases, may nothing else
GUARDED_PASSWORD = "hunter2-of-the-record"
_RULES = """local all guarded scram-sha-256
local all all trust
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
_SECONDS = 60
_ADDRESS = "a27398830@126.com"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """A server that can be stopped and started; `url` of a database is what stands in `[storage] database_url`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        # a whole process group of its own and no root: the server refuses to run as root
        self._as: dict[str, Any] = {"cwd": folder, "start_new_session": True}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._as |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._databases = 0
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def initialize(self) -> None:
        assert BIN is not None
        command = [BIN / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, **self._as)
        rules = self._data / "pg_hba.conf"
        rules.write_text(_RULES, encoding="ascii")
        self.start()
        self.execute(f"CREATE ROLE {OWNER} LOGIN")
        self.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{GUARDED_PASSWORD}'")

    def start(self) -> None:
        assert BIN is not None
        places = ["-k", self._folder, "-c", "listen_addresses=127.0.0.1", "-p", f"{self._port}"]
        # a test run that is killed must not leave its server behind (util-linux; Debian always has it)
        follows = ["setpriv", "--pdeathsig", "INT", "--"] if shutil.which("setpriv") else []
        command = [*follows, BIN / "postgres", "-D", self._data, *places, "-c", "fsync=off"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as)
        end = time.monotonic() + _SECONDS
        asked = [BIN / "pg_isready", "-q", "-h", self._folder, "-p", f"{self._port}"]
        while subprocess.run(asked, check=False).returncode != 0:
            assert self._process.poll() is None, (self._folder / "log").read_text(errors="replace")
            assert time.monotonic() < end, "PostgreSQL does not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop at once; whoever is connected is cut off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": sessions are cut, nothing is waited for
            self._process.wait(_SECONDS)
            self._process = None

    def url(self, database: str, user: str = OWNER) -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self._folder}&port={self._port}"

    def tcp_url(self, database: str) -> str:
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self._port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run one statement as the superuser, outside any transaction, and return its rows."""
        engine = create_engine(self.url(database, "postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return list(result.all()) if result.returns_rows else []

    def cut(self, database: str) -> int:
        """Cut every connection to a database but this one. Return how many."""
        asked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
        return len(self.execute(f"{asked}'{database}'", database))

    @contextmanager
    def database(self, options: str = "ENCODING 'UTF8'") -> Iterator[str]:
        """Yield the name of a new, empty database that `OWNER` owns; it is dropped at the end."""
        self._databases += 1
        name = f"record{self._databases}"
        self.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 {options}")
        try:
            yield name
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running() -> Iterator[Server]:
    """Yield a running server; it and its directory are gone at the end."""
    # below /tmp itself: pytest's own directories let nobody else in, and the path of a socket has at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="intake-postgres-"))
    server = Server(folder)
    try:
        server.initialize()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


class Site:
    """An office on loopback whose record lies on the server; the provider files what it sends."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self.clock = SteppedClock(office.START)
        self.imap = stack.enter_context(DemoMailbox(_ADDRESS, office.PASSWORD))
        self.sink = stack.enter_context(SmtpSink(login=_ADDRESS, password=office.PASSWORD, on_mail=self.file))
        made = office.settings(folder / "data", imap_port=self.imap.port, smtp_port=self.sink.port)
        self.settings = replace(
            made,
            storage=replace(made.storage, database_url=url, backup_dir=folder / "elsewhere"),
            clerk=replace(made.clerk, addresses=(office.CLERK,)),
        )

    def file(self, letter):
        self.imap.deliver(SENT, letter.raw, self.clock.now())

    def write(self, unit, number, **changes):
        raw = office.mail(office.UNITS[unit], "附件2", attachment=office.liaison(unit, **changes), number=number)
        self.imap.deliver(INBOX, raw, self.clock.now())

    def open(self, **options):
        return open_app(self.settings, self.clock, roster=office.roster(), **options)

    def answered(self):
        return [one.recipients[0] for one in self.sink.delivered if one.recipients != (office.CLERK,)]
