"""One connection of the embedded IMAP server: the commands of IMAP4rev1 that a reader needs, with NetEase's habits.

In: a stream pair and the server it belongs to. Out: answers. Knows no UIDNEXT, IDLE, MOVE, CONDSTORE, keywords or
STARTTLS; UIDVALIDITY is always 1; SEARCH finds no text. RFC 3501; literals also as LITERAL+ (RFC 7888). Mails that
went away while a folder is open answer with NIL and size 0, as Dovecot's do, until the next NOOP tells of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

from intake.imap_wire import Value, WireError, encoded_folder_name, folder_name, parse_values
from scheduler.demo.imap_fetch import (
    SHANGHAI,
    UnknownItemError,
    asks_body,
    day,
    fetch_answer,
    members,
    sets_seen,
)
from scheduler.demo.imap_stream import Wire
from scheduler.demo.mailstore import INBOX, StoredMail

if TYPE_CHECKING:
    from scheduler.demo.server import DemoMailbox

_CAPABILITIES = (
    b"IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ APPENDLIMIT=71680000 XAPPLEPUSHSERVICE UIDPLUS X-CM-EXT-1 SASL-IR"
)
_FLAGS = b"(\\Answered \\Seen \\Deleted \\Draft \\Flagged)"
_WITHOUT_LOGIN = frozenset({b"CAPABILITY", b"NOOP", b"LOGOUT", b"ID", b"LOGIN"})
_TEXT_KEYS = frozenset({b"FROM", b"TO", b"CC", b"BCC", b"SUBJECT", b"BODY", b"TEXT", b"HEADER", b"KEYWORD"})

Handler = Callable[[list[Value]], Awaitable[bytes]]


class RefusedError(Exception):
    """A command is answered NO or BAD with these words."""

    def __init__(self, status: bytes, words: bytes) -> None:
        super().__init__(words)
        self.answer = status + b" " + words


class Connection:
    """One client's connection and what it has selected. `run` returns when either side ends it."""

    def __init__(self, server: "DemoMailbox", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._wire = Wire(server, reader, writer)
        self._authenticated = False
        self._identified = False
        self._folder = ""
        self._writable = False
        self._view: list[int] = []  # UIDs by sequence number, as told to this client
        self._ended = False
        self._commands: dict[bytes, Handler] = {
            b"CAPABILITY": self._capability,
            b"NOOP": self._noop,
            b"CHECK": self._noop,
            b"LOGOUT": self._logout,
            b"ID": self._id,
            b"LOGIN": self._login,
            b"LIST": self._list,
            b"STATUS": self._status,
            b"SELECT": self._select,
            b"EXAMINE": self._examine,
            b"CLOSE": self._close,
            b"SEARCH": self._search,
            b"FETCH": self._fetch,
            b"UID SEARCH": self._uid_search,
            b"UID FETCH": self._uid_fetch,
        }

    async def run(self) -> None:
        """Serve the connection to its end."""
        await self._wire.stall_if("GREETING")
        await self._wire.send(self._server.habits.greeting + b"\r\n")
        commands = 0
        while not self._ended and (pieces := await self._wire.read_command()):
            commands += 1
            limit = self._server.habits.bye_after_commands
            if limit is not None and commands > limit:
                await self._wire.send(b"* BYE IMAP4rev1 Server logging out\r\n")
                return
            await self._answer(pieces)

    # --- commands ----------------------------------------------------------------------------------------------------

    async def _answer(self, pieces: list[bytes | tuple[bytes, bytes]]) -> None:
        try:
            tag, *words = parse_values(pieces)
        except (WireError, ValueError):
            await self._wire.send(b"* BAD invalid command or parameters\r\n")
            return
        name = _upper(words[0]) if words else b""
        arguments = words[1:]
        if name == b"UID" and arguments:
            name, arguments = b"UID " + _upper(arguments[0]), arguments[1:]
        self._server.note(_shown(name, pieces))
        label = tag if isinstance(tag, bytes) else b"%d" % tag if isinstance(tag, int) else b"*"
        await self._wire.stall_if(name.decode("ascii", "replace"))
        try:
            done = await self._handler(name)(arguments)
        except RefusedError as refused:
            await self._wire.send(label + b" " + refused.answer + b"\r\n")
        else:
            await self._wire.send(label + b" OK " + (done or name + b" completed") + b"\r\n")

    def _handler(self, name: bytes) -> Handler:
        handler = self._commands.get(name)
        if handler is None:
            raise RefusedError(b"BAD", b"command not support")
        if not self._authenticated and name not in _WITHOUT_LOGIN:
            raise RefusedError(b"NO", name + b" State error")
        return handler

    async def _capability(self, _arguments: list[Value]) -> bytes:
        await self._wire.send(b"* CAPABILITY " + _CAPABILITIES + b"\r\n")
        return b""

    async def _noop(self, _arguments: list[Value]) -> bytes:
        if not self._folder:
            return b""
        present = [mail.uid for mail in self._server.mailbox.mails(self._folder)]
        gone = set(self._view) - set(present)
        for uid in sorted(gone, reverse=True):
            await self._wire.send(b"* %d EXPUNGE\r\n" % (self._view.index(uid) + 1))
            self._view.remove(uid)
        if present != self._view:
            self._view = present
            await self._wire.send(b"* %d EXISTS\r\n" % len(present))
        return b""

    async def _logout(self, _arguments: list[Value]) -> bytes:
        await self._wire.send(b"* BYE IMAP4rev1 Server logging out\r\n")
        self._ended = True
        return b""

    async def _id(self, _arguments: list[Value]) -> bytes:
        self._identified = True
        await self._wire.send(b'* ID ("name" "Coremail Imap" "vendor" "Mailtech" "TransID" "demo")\r\n')
        return b""

    async def _login(self, arguments: list[Value]) -> bytes:
        if len(arguments) != 2:
            raise RefusedError(b"BAD", b"invalid command or parameters")
        refusal = self._server.admit(_text(arguments[0]), _text(arguments[1]))
        if refusal:
            raise RefusedError(b"NO", refusal)
        self._authenticated = True
        return b""

    async def _list(self, _arguments: list[Value]) -> bytes:
        for name, use in self._server.mailbox.special_use.items():
            await self._wire.send(b'* LIST (%s) "/" "%s"\r\n' % (use.encode("ascii"), encoded_folder_name(name)))
        return b"LIST Completed"

    async def _status(self, arguments: list[Value]) -> bytes:
        folder = self._known_folder(arguments)
        mails = self._server.mailbox.mails(folder)
        unseen = sum("\\Seen" not in mail.flags for mail in mails)
        await self._wire.send(
            b'* STATUS "%s" (MESSAGES %d RECENT 0 UIDVALIDITY 1 UNSEEN %d)\r\n'
            % (encoded_folder_name(folder), len(mails), unseen)
        )
        return b""

    async def _select(self, arguments: list[Value]) -> bytes:
        return await self._open(arguments, writable=True)

    async def _examine(self, arguments: list[Value]) -> bytes:
        return await self._open(arguments, writable=False)

    async def _open(self, arguments: list[Value], *, writable: bool) -> bytes:
        name = b"SELECT" if writable else b"EXAMINE"
        if self._server.habits.id_required and not self._identified:
            raise RefusedError(b"NO", name + b" Unsafe Login. Please contact kefu@188.com for help")
        self._folder = ""
        folder = self._known_folder(arguments)
        self._folder, self._writable = folder, writable
        self._view = [mail.uid for mail in self._server.mailbox.mails(folder)]
        await self._wire.send(b"* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] UIDs valid\r\n" % len(self._view))
        await self._wire.send(b"* FLAGS " + _FLAGS + b"\r\n* OK [PERMANENTFLAGS " + _FLAGS + b"] Limited\r\n")
        return (b"[READ-WRITE] " if writable else b"[READ-ONLY] ") + name + b" completed"

    async def _close(self, _arguments: list[Value]) -> bytes:
        self._folder = ""
        return b""

    async def _search(self, arguments: list[Value]) -> bytes:
        return await self._find(arguments, by_uid=False)

    async def _uid_search(self, arguments: list[Value]) -> bytes:
        return await self._find(arguments, by_uid=True)

    async def _find(self, arguments: list[Value], *, by_uid: bool) -> bytes:
        self._need_folder()
        found = set(self._view)
        words = iter(arguments)
        for word in words:
            found &= self._matching(_upper(word), words)
        shown = [uid if by_uid else place for place, uid in enumerate(self._view, start=1) if uid in found]
        await self._wire.send(b"* SEARCH" + b"".join(b" %d" % number for number in shown) + b"\r\n")
        return b""

    def _matching(self, key: bytes, words: Iterator[Value]) -> set[int]:
        everything = set(self._view)
        if key == b"ALL":
            return everything
        if key in (b"UNSEEN", b"SEEN"):
            return {mail.uid for mail in self._mails() if ("\\Seen" in mail.flags) == (key == b"SEEN")}
        if key == b"UID":
            return set(self._chosen(next(words, b""), by_uid=True))
        if key == b"SINCE":
            first = day(_text(next(words, b"")))
            if first is not None:
                return {mail.uid for mail in self._mails() if mail.internal_at.astimezone(SHANGHAI).date() >= first}
        if key in _TEXT_KEYS:
            next(words, None)
            if key == b"HEADER":
                next(words, None)
            return everything if self._server.habits.text_search_finds_all else set()
        if key[:1].isdigit() or key[:1] == b"*":
            return set(self._chosen(key, by_uid=False))
        raise RefusedError(b"BAD", b"invalid command or parameters")  # CHARSET, too: Aliyun's habit

    async def _fetch(self, arguments: list[Value]) -> bytes:
        return await self._show(arguments, by_uid=False)

    async def _uid_fetch(self, arguments: list[Value]) -> bytes:
        return await self._show(arguments, by_uid=True)

    async def _show(self, arguments: list[Value], *, by_uid: bool) -> bytes:
        self._need_folder()
        if len(arguments) != 2:
            raise RefusedError(b"BAD", b"invalid command or parameters")
        wanted = arguments[1] if isinstance(arguments[1], tuple) else (arguments[1],)
        names = [_upper(word) for word in wanted]
        if by_uid and b"UID" not in names:
            names.insert(0, b"UID")
        try:
            for uid in self._chosen(_upper(arguments[0]), by_uid=by_uid):
                await self._show_one(uid, names)
        except UnknownItemError:
            raise RefusedError(b"BAD", b"invalid command or parameters") from None
        return b"Fetch completed"

    async def _show_one(self, uid: int, names: list[bytes]) -> None:
        habits = self._server.habits
        if asks_body(names):
            if uid in habits.hang_up_on:
                await self._wire.hang_up()
            if uid in habits.refuse_body_of:
                raise RefusedError(b"BAD", b"Fetch error")
        place = self._view.index(uid) + 1
        mail = self._server.mailbox.find(self._folder, uid)
        answer = fetch_answer(mail, uid=uid, place=place, names=names, habits=habits)
        if habits.untagged_noise:
            answer = _noise(uid, place) + answer + b"* 1 FETCH (FLAGS (\\Answered))\r\n"
        await self._wire.send(answer)
        if self._writable and any(map(sets_seen, names)):
            self._server.mailbox.flag(self._folder, uid, {"\\Seen"})

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _mails(self) -> tuple[StoredMail, ...]:
        return self._server.mailbox.mails(self._folder)

    def _need_folder(self) -> None:
        if not self._folder:
            raise RefusedError(b"NO", b"State error")

    def _known_folder(self, arguments: list[Value]) -> str:
        name = folder_name(_raw(arguments[0])) if arguments else ""
        name = INBOX if name.upper() == INBOX else name
        if name not in self._server.mailbox.special_use:
            raise RefusedError(b"NO", b"Folder not exist")
        return name

    def _chosen(self, text: Value, *, by_uid: bool) -> tuple[int, ...]:
        """Return the UIDs of this view that a set names."""
        try:
            if by_uid:
                return members(_raw(text), self._view, highest=self._view[-1] if self._view else 0)
            places = members(_raw(text), range(1, len(self._view) + 1), highest=len(self._view))
        except ValueError:
            raise RefusedError(b"BAD", b"invalid command or parameters") from None
        return tuple(self._view[place - 1] for place in places)


def _noise(uid: int, place: int) -> bytes:
    """Return answers that nobody asked for: flag changes, and another mail altogether."""
    return (
        b"* %d FETCH (FLAGS (\\Seen) UID %d)\r\n* %d FETCH (UID %d FLAGS (\\Flagged))\r\n"
        b'* %d FETCH (UID %d RFC822.SIZE 5 INTERNALDATE "01-Jan-2020 00:00:00 +0800" BODY[] {5}\r\nnoise)\r\n'
    ) % (place + 1, uid + 1, place, uid, place + 1, uid + 1)


def _raw(value: Value) -> bytes:
    """Return a string, atom or number as its bytes."""
    if isinstance(value, int):
        return b"%d" % value
    return value if isinstance(value, bytes) else b""


def _upper(value: Value) -> bytes:
    return _raw(value).upper()


def _text(value: Value) -> str:
    return _raw(value).decode("utf-8", "replace")


def _shown(name: bytes, pieces: list[bytes | tuple[bytes, bytes]]) -> str:
    """Return a command as it may be kept: without its tag, and LOGIN without its words."""
    if name == b"LOGIN":
        return "LOGIN"
    text = b" ".join(piece if isinstance(piece, bytes) else piece[0] for piece in pieces)
    return text.partition(b" ")[2].decode("ascii", "replace")
