"""An SMTP server on loopback that keeps what it gets; aiosmtpd is at home here. For `intake demo` and the tests.

In: letters from `intake.smtp`. Out: `Delivered` values, and a callback that can file the Sent copy or make a bounce. It
has NetEase's habits (facts/mail.md §1.2): a sender other than the login is refused (553, and 554 DT:SUM for the
header), the 250 names a queue id, SIZE and SMTPUTF8 are not offered. By script (`faults`) it misbehaves: any answer in any
bytes, a connection dropped before or after the letter was kept, late and trickled answers. It sends nothing anywhere.

aiosmtpd 1.4.6 warns of two things when there is no TLS; neither is suppressed, both are avoided: `auth_required` with
`auth_require_tls=False` (a UserWarning: here MAIL checks the login itself) and `Session.login_data` at every login (a
log warning: here a plain attribute). Its Controller is not used: it cannot listen on a free port of the system's
choice, and it connects to itself at start, which would count as the first connection of a script.
"""

import asyncio
import logging
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.utils import parseaddr
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from scheduler.demo.faults import Action, Answer, Drop, Late, Rule, Stage, Trickle

log = logging.getLogger(__name__)

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A letter that the server took: its envelope and its bytes, dots unstuffed."""

    login: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class SmtpSink:
    """The server, on a thread of its own between `start` and `stop`; a context manager."""

    def __init__(
        self,
        *,
        login: str,
        password: str,
        port: int = 0,
        on_mail: Callable[[Delivered], None] | None = None,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """Given the one account that may send, prepare a server. `port` 0: any free one, known after `start`.

        `now` is the server's clock: its 250 ends in seconds since 1970, as Coremail's. Without one it tells no time.

        `on_mail` is called in the server's thread for every letter that is kept, before it is answered. `tls`: speak
        TLS from the first byte.
        """
        self.port = port
        self._login = login
        self._password = password
        self._on_mail = on_mail
        self._now = now
        self._tls = tls
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._reached: Counter[Stage] = Counter()
        self._delivered: list[Delivered] = []
        self._protocols: set[_Protocol] = set()
        self._thread: threading.Thread | None = None
        self._closing = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def delivered(self) -> tuple[Delivered, ...]:
        """Return what was kept so far, in order."""
        with self._lock:
            return tuple(self._delivered)

    def reached(self, stage: Stage) -> int:
        """Return how often `stage` was reached: CONNECT counts connections, AUTH attempts to log in."""
        with self._lock:
            return self._reached[stage]

    def script(self, *rules: Rule) -> None:
        """Add rules; of several that fit the one added first counts."""
        with self._lock:
            self._rules.extend(rules)

    def clear_script(self) -> None:
        """Forget the rules: from now on all goes well."""
        with self._lock:
            self._rules.clear()

    def start(self) -> None:
        """Listen. Raise OSError if the port is taken."""
        listening = socket.create_server((HOST, self.port))
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening)), name="smtp-sink", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Cut all connections and end the thread."""
        if self._thread is None:
            return
        self._closing = True
        with suppress(OSError):
            socket.create_connection((HOST, self.port), timeout=5).close()  # wakes the one that accepts
        self._thread.join()
        self._thread = None

    async def _serve(self, listening: socket.socket) -> None:
        """Accept connections until `stop`.

        Not by `loop.create_server`: what it accepts while it closes is left open on Python 3.11 (gh-109564), and an
        open transport is a ResourceWarning.
        """
        loop = asyncio.get_running_loop()
        arriving: set[asyncio.Task[None]] = set()
        with listening:
            while True:
                connection, _ = await loop.sock_accept(listening)
                if self._closing:
                    connection.close()
                    break
                task = loop.create_task(self._welcome(connection))
                arriving.add(task)
                task.add_done_callback(arriving.discard)
        await asyncio.sleep(0)  # a task that has not begun could not close its connection
        for task in arriving:
            task.cancel()
        await asyncio.gather(*arriving, return_exceptions=True)
        while self._protocols:
            for protocol in tuple(self._protocols):
                protocol.cut()
            await asyncio.sleep(0.001)

    async def _welcome(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # a client that does not trust the certificate, or has gone already
            await loop.connect_accepted_socket(lambda: _Protocol(self, loop), connection, ssl=self._tls)

    # --- what a protocol asks of its server, in the server's thread -----------------------------------------------------

    def remember(self, protocol: "_Protocol") -> None:
        """A connection is there."""
        self._protocols.add(protocol)

    def forget(self, protocol: "_Protocol") -> None:
        """A connection has ended."""
        self._protocols.discard(protocol)

    def next_action(self, stage: Stage, recipients: Sequence[str]) -> Action | None:
        """Count that `stage` is reached and return what the script wants there, using its rule up."""
        with self._lock:
            self._reached[stage] += 1
            for index, rule in enumerate(self._rules):
                if rule.stage is not stage or (rule.recipient and rule.recipient not in recipients):
                    continue
                if rule.nth is not None and rule.nth != self._reached[stage]:
                    continue
                if rule.nth is not None or rule.times == 1:
                    del self._rules[index]
                elif rule.times is not None:
                    self._rules[index] = replace(rule, times=rule.times - 1)
                return rule.action
        return None

    def keep(self, delivered: Delivered) -> int:
        """Keep a letter and return its number."""
        if self._on_mail is not None:
            self._on_mail(delivered)
        with self._lock:
            self._delivered.append(delivered)
            return len(self._delivered)

    def stamp(self) -> str:
        """Return what follows the queue id in the 250."""
        return "" if self._now is None else f" {int(self._now().timestamp())}"

    def admits(self, data: LoginPassword) -> bool:
        """Return whether login and password are those of the account."""
        return (data.login, data.password) == (self._login.encode(), self._password.encode())


class _Session(Session):
    login_data: Any = None  # in place of aiosmtpd's property, which logs a deprecation of its own at every login
    auth_data: Any


class _Protocol(SMTP):
    """One connection: aiosmtpd's commands, each asking the script first."""

    def __init__(self, sink: SmtpSink, loop: asyncio.AbstractEventLoop) -> None:
        self._sink = sink
        self._greeted = False
        self._trickle_s = 0.0
        super().__init__(
            self,
            hostname="126.com",
            ident="Anti-spam GT for Coremail System",
            data_size_limit=None,
            auth_require_tls=False,
            authenticator=_authenticate,
            loop=loop,
        )

    def _create_session(self) -> Session:
        return _Session(self.loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._sink.remember(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._sink.forget(self)

    def admits(self, data: LoginPassword) -> bool:
        return self._sink.admits(data)

    def cut(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def push(self, status: str | bytes) -> None:
        """Send one answer; the first one is the greeting."""
        if not self._greeted:
            self._greeted = True
            if await self._scripted(Stage.CONNECT):
                return
        line = status.encode("ascii") if isinstance(status, str) else status
        if not self._trickle_s:
            await super().push(line)
            return
        for byte in line + b"\r\n":
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(self._trickle_s)
        self._trickle_s = 0.0

    async def _scripted(self, stage: Stage, recipients: Sequence[str] | None = None) -> bool:
        """Return whether the script has answered in place of the command."""
        if recipients is None:
            recipients = self.envelope.rcpt_tos if self.envelope else ()
        action = self._sink.next_action(stage, recipients)
        match action:
            case Answer(line=line):
                await super().push(line)
                if line.startswith(b"421") and self.transport is not None:
                    self.transport.close()
                return True
            case Drop():
                self.cut()
                return True
            case Late(seconds=seconds):
                await asyncio.sleep(seconds)
            case Trickle(seconds=seconds):
                self._trickle_s = seconds
            case None:
                pass
        return False

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd finds commands by their names
        if not await self._scripted(Stage.EHLO):
            await super().smtp_EHLO(hostname)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, _answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return ["250-mail", "250-PIPELINING", "250-AUTH LOGIN PLAIN", "250-AUTH=LOGIN PLAIN", "250 8BITMIME"]

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        if not await self._scripted(Stage.AUTH):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        if not await self._scripted(Stage.MAIL):
            await super().smtp_MAIL(arg)

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: _Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not session.authenticated:
            return "553 authentication is required"
        if address.encode() != session.auth_data.login:
            return "553 Mail from must equal authorized user"
        envelope.mail_from = address
        return "250 Mail OK"

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        if await self._scripted(Stage.RCPT, [(arg or "").partition("<")[2].partition(">")[0]]):
            return
        await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if not await self._scripted(Stage.DATA):
            await super().smtp_DATA(arg)

    async def handle_DATA(self, _server: SMTP, session: _Session, envelope: Envelope) -> str | bytes:  # noqa: N802
        raw = envelope.original_content or b""
        sender = envelope.mail_from or ""
        if parseaddr(str(message_from_bytes(raw)["From"]))[1] != sender:
            return "554 DT:SUM Envelope sender and header From differ"
        delivered = Delivered(session.auth_data.login.decode(), sender, tuple(envelope.rcpt_tos), raw)
        action = self._sink.next_action(Stage.CONTENT, envelope.rcpt_tos)
        if isinstance(action, Answer):
            return action.line
        if isinstance(action, Drop) and not action.keep:
            return await self._hang_up()
        number = self._sink.keep(delivered)
        match action:
            case Drop():
                return await self._hang_up()
            case Late(seconds=seconds):
                await asyncio.sleep(seconds)
            case Trickle(seconds=seconds):
                self._trickle_s = seconds
        return f"250 Mail OK queued as smtp11,D8CowAB{number:06d}{self._sink.stamp()}"

    async def handle_exception(self, error: Exception) -> str:
        log.error("action=sink.bug", exc_info=error)
        return "451 Requested action aborted: local error in processing"

    async def _hang_up(self) -> bytes:
        self.cut()
        await asyncio.Event().wait()  # the cut cancels this coroutine
        return b""

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        if not await self._scripted(Stage.RSET):
            await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        if not await self._scripted(Stage.QUIT):
            await super().smtp_QUIT(arg)


def _authenticate(
    server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
) -> AuthResult:
    if isinstance(server, _Protocol) and server.admits(data):
        return AuthResult(success=True, auth_data=data)
    return AuthResult(success=False, handled=False, message="535 Error: authentication failed")
