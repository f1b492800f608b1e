"""What the parts of "wire" work with: a small mailbox, an archive and a record that are emptied between runs.

`Bay.poll` is the program's own poll; `Bay.looks` sees what came of it, from the files and through `sqlite3` only. The
server of a bay can be told to lie: every answer passes `twist`, every command is told to `meanwhile`.
"""

import hashlib
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import text

from intake.archive import Archive
from intake.db.record import SqlRecord
from intake.errors import ServerError
from intake.fetch import Suspect, poll
from intake.imap_session import ImapSession
from intake.settings import Polling
from scheduler.demo.habits import Habits
from scheduler.demo.mailstore import INBOX, SENT, MailStore, StoredMail
from scheduler.demo.server import DemoMailbox
from tests.builders.mailing import database
from tests.servers.mailboxes import ADDRESS, CODE, NOON, mailbox_at

JUNK = "垃圾邮件"
# The last mail of INBOX is fetched in pieces: it is larger than `large_mail_bytes`.
POLLING = Polling(
    interval_s=120, command_timeout_s=10, poll_deadline_s=30, large_mail_bytes=300, maximum_mail_bytes=100_000
)
IMPATIENT = Polling(
    interval_s=120, command_timeout_s=0.6, poll_deadline_s=3, large_mail_bytes=300, maximum_mail_bytes=100_000
)
MAILS = (
    b"Subject: one\r\n\r\n\xcd\xf2\xbc\xd2\r\n",
    b"Subject: LF only\n\nA1 OK FETCH completed\n* 1 FETCH (UID 7 BODY[] {5}\n)\n",
    b"Subject: large\r\n\r\n" + b"0123456789abcdef)\r\n" * 17,
)


class Server(DemoMailbox):
    """The embedded server, which may lie."""

    def __init__(self) -> None:
        super().__init__(ADDRESS, CODE, mailbox=MailStore({INBOX: "", SENT: "\\Sent", JUNK: "\\Junk"}))
        self.command = ""
        self.uid_validity = 1
        self.twisted = 0  # answers that were changed by `twist`
        self.twist: Callable[[str, bytes], bytes] | None = None
        self.meanwhile: Callable[[str], None] | None = None

    def note(self, command: str) -> None:
        super().note(command)
        self.command = command
        if self.meanwhile is not None:
            self.meanwhile(command)

    def shown(self, data: bytes) -> bytes:
        if self.uid_validity != 1:
            data = data.replace(b"[UIDVALIDITY 1]", b"[UIDVALIDITY %d]" % self.uid_validity)
        lied = data if self.twist is None else self.twist(self.command, data)
        self.twisted += lied != data
        return lied


class Bay:
    """One mailbox and what the program makes of it; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Given a directory, prepare an empty record and archive in it."""
        self.folder = folder
        self.server = Server()
        self.archive = Archive(folder / "archive")
        self.former: set[bytes] = set()  # mails that the server had under a UID before it gave it to another one
        self.suspects: set[Suspect] = set()
        self.now = NOON
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._sessions = self._stack.enter_context(database(self.folder))
        self._stack.enter_context(self.server)
        self.fill()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fill(self) -> None:
        """Put the mails into the server's folders, anew."""
        for folder in (INBOX, JUNK):
            for mail in self.server.mailbox.mails(folder):
                self.server.mailbox.remove(folder, mail.uid)
        for number, raw in enumerate(MAILS):
            self.server.deliver(INBOX, raw, NOON + timedelta(minutes=number))
        self.server.deliver(JUNK, b"Subject: junk\r\n\r\nmoved here by a filter\r\n", NOON)

    def empty(self) -> None:
        """Forget all that was fetched, and every lie."""
        self.server.twist = self.server.meanwhile = None
        self.server.habits = Habits()
        self.server.uid_validity = 1
        self.former.clear()
        self.now = NOON
        self.suspects.clear()
        with self._sessions.begin() as session:
            session.execute(text("DELETE FROM sightings"))
            session.execute(text("DELETE FROM messages"))
        shutil.rmtree(self.archive.root, ignore_errors=True)

    def put(self, folder: str, uid: int, raw: bytes, *, later: timedelta = timedelta(days=1)) -> None:
        """Let the server give a UID to another mail."""
        mails = self.server.mailbox._mails[folder]
        if uid in mails:
            self.former.add(mails[uid].raw)
        mails[uid] = StoredMail(uid, raw, NOON + later)

    def poll(self, port: int = 0, polling: Polling = POLLING) -> str:
        """Poll once. Return "" or "server" (its fault, which the program has told); a sentence if it was anything else."""
        try:
            with ImapSession(mailbox_at(port or self.server.port), polling) as session:
                poll(session, self.archive, SqlRecord(self._sessions, now=self.now), suspects=self.suspects)
        except ServerError:
            return "server"
        except Exception as error:  # noqa: BLE001 - whatever else comes out of a poll is a finding
            return f"a poll raised {type(error).__name__}: {error}"
        return ""

    def looks(self, *, at_rest: bool, body_lied: bool = False) -> Iterator[str]:
        """Yield what of I1 does not hold.

        `body_lied`: a mail marked as mismatch may differ from what the server has, when at rest only one set aside.
        """
        there = {(folder, mail.uid): mail.raw for folder in (INBOX, JUNK) for mail in self.server.mailbox.mails(folder)}
        rows = self._rows()
        for (folder, validity, uid), number in Counter((row[0], row[1], row[2]) for row in rows).items():
            if number > 1:
                yield f"I1: mail {uid} of {folder} ({validity}) has {number} rows"
        for row in rows:
            yield from self._row(row, there, at_rest=at_rest, body_lied=body_lied)
        if at_rest:
            had = {(row[0], row[2]) for row in rows if row[1] == self.server.uid_validity and row[3] != "vanished"}
            yield from (f"I1: mail {uid} of {folder} was listed and has no row" for folder, uid in there.keys() - had)
        yield from self._files({row[4] for row in rows if row[4]}, at_rest=at_rest)

    def messages(self) -> int:
        """Return how many different mails are recorded."""
        return len({row[4] for row in self._rows() if row[4]})

    def _rows(self) -> list[tuple[str, int, int, str, str | None]]:
        with closing(sqlite3.connect(f"file:{self.folder / 'record.sqlite'}?mode=ro", uri=True)) as record:
            return record.execute(
                "SELECT s.folder, s.uid_validity, s.uid, s.state, m.sha256"
                " FROM sightings s LEFT JOIN messages m ON m.id = s.message_id"
            ).fetchall()

    def _row(
        self,
        row: tuple[str, int, int, str, str | None],
        there: Mapping[tuple[str, int], bytes],
        *,
        at_rest: bool,
        body_lied: bool,
    ) -> Iterator[str]:
        folder, validity, uid, state, sha256 = row
        raw = there.get((folder, uid))
        if sha256 is None:
            if state not in ("vanished", "oversize"):
                yield f"I1: mail {uid} is {state} without a message"
            elif at_rest and raw is not None and validity == self.server.uid_validity:
                yield f"I1: mail {uid} is {state}, but the server has it"
            return
        if body_lied and state == "mismatch" and (validity < 0 or not at_rest):
            return
        allowed = {hashlib.sha256(one).hexdigest() for one in self.former}
        if raw is not None:
            allowed.add(hashlib.sha256(raw).hexdigest())
        if sha256 not in allowed:
            yield f"I1: mail {uid} of {folder} is recorded with bytes that the server never had there"
        elif (
            at_rest
            and validity == self.server.uid_validity
            and raw is not None
            and sha256 != hashlib.sha256(raw).hexdigest()
        ):
            yield f"I1: mail {uid} of {folder} is known as another mail than the server has there"

    def _files(self, hashes: set[str | None], *, at_rest: bool) -> Iterator[str]:
        found = set()
        for path in self.archive.root.rglob("*"):
            if not path.is_file():
                continue
            if path.suffix != ".eml":
                yield f"I1: {path.name} was left behind in the archive"
            elif hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
                yield f"I1: the file {path.name} does not hold what its name says"
            else:
                found.add(path.stem)
        yield from (f"I1: {one} has a row and no file" for one in hashes - found)
        if at_rest:
            yield from (f"I1: the file {one} has no row" for one in found - hashes)
