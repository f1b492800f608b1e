"""One SMTP session in phases of our own: smtplib is at home here. In: a letter's bytes. Out: Sent, Refused or Lost.

Why not `smtplib.SMTP.sendmail`: it raises the same SMTPServerDisconnected before DATA and after the final dot (measured),
and whether the server can have the letter is all that matters afterwards; its timeout is that of one read, so that a
server which trickles a byte now and then holds it for hours (a 2 s timeout took 9.6 s, measured); its `login` tries a
refused password with every mechanism in turn, which NetEase counts towards a ban. Here every phase has a deadline of
its own, one refused login is one, and the answers stay bytes until `answers` decodes them.

It knows no database. Standards: RFC 5321 (§4.5.3.2 the waits), 4954 (AUTH), 3207 (STARTTLS), 8314 (implicit TLS).
"""

import re
import smtplib
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from intake.answers import (
    BEFORE_THE_LETTER,
    AnswerClass,
    Lost,
    Outcome,
    Phase,
    Refused,
    Sent,
    classify,
    decode_answer,
    explain,
)
from intake.errors import OfficeError, PermanentServerError, ServerError, TransientServerError
from intake.settings import Mailbox, Security

# An address literal is always a valid EHLO name; the machine's own may be Chinese, empty (550 MI:NHD) or nobody's concern.
_EHLO_NAME = "[127.0.0.1]"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_CHUNK_BYTES = 16_384
_LINE_BYTES = 8_192  # smtplib's own bound (PSF-2019-1)
_REPLY_LINES = 100
_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_QUEUE_ID = re.compile(r"queued as (\S+)", re.IGNORECASE)  # "250 Mail OK queued as smtp11,D8Cow… 1548385572", Postfix

OnPhase = Callable[[Phase], None]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each step may take in all, however busily the server trickles.

    `final_s` is RFC 5321 §4.5.3.2.6: giving up earlier "would typically result in delivery of multiple copies". The
    others are shorter than the RFC's minutes for a relay: nothing is at stake before the letter is handed over.
    """

    connect_s: float = 30
    command_s: float = 120
    content_s: float = 180
    final_s: float = 600
    quit_s: float = 5


class _Ended(Exception):
    def __init__(self, outcome: Refused | Lost) -> None:
        self.outcome = outcome
        super().__init__(outcome)


class _Wire(smtplib.SMTP):
    """smtplib's commands on a socket whose every wait ends at one instant, and with strict answers."""

    def __init__(self) -> None:
        super().__init__(local_hostname=_EHLO_NAME)
        self._received = b""
        self._ends_at = 0.0

    def allow(self, seconds: float) -> None:
        """Let what follows take `seconds` in all."""
        self._ends_at = time.monotonic() + seconds

    def dial(self, host: str, port: int) -> None:
        self.sock = socket.create_connection((host, port), timeout=self._remaining())

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Upgrade to TLS. What came unencrypted is not believed afterwards (RFC 3207 §4.2)."""
        if self._received:
            raise smtplib.SMTPServerDisconnected("plain text after STARTTLS")
        plain = self._socket()
        plain.settimeout(self._remaining())
        self.sock = context.wrap_socket(plain, server_hostname=host)
        self.ehlo_resp = None
        self.esmtp_features = {}

    def cut(self) -> None:
        """End the connection from another thread: the one that waits on it wakes up with an error."""
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # narrower on purpose: nobody else calls it
        if self._received:
            raise smtplib.SMTPServerDisconnected(
                "an answer that nobody asked for"
            )  # else all later ones are off by one
        data = memoryview(s.encode("ascii") if isinstance(s, str) else s)
        for start in range(0, len(data), _CHUNK_BYTES):
            self._socket().settimeout(self._remaining())
            self._socket().sendall(data[start : start + _CHUNK_BYTES])

    def getreply(self) -> tuple[int, bytes]:
        """Return code and text of the next answer. Raise OSError if it is not one: smtplib would call it code -1."""
        texts: list[bytes] = []
        while len(texts) < _REPLY_LINES:
            matched = _REPLY_LINE.fullmatch(self._line())
            if matched is None:
                raise smtplib.SMTPServerDisconnected("garbage instead of an answer")
            texts.append(matched[3] or b"")
            if matched[2] != b"-":
                return int(matched[1]), b"\n".join(texts)
        raise smtplib.SMTPServerDisconnected("an answer without end")

    def _line(self) -> bytes:
        while b"\n" not in self._received:
            if len(self._received) > _LINE_BYTES:
                raise smtplib.SMTPServerDisconnected("a line without end")
            self._socket().settimeout(self._remaining())
            chunk = self._socket().recv(4_096)
            if not chunk:
                raise smtplib.SMTPServerDisconnected("closed by the server")
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return line.removesuffix(b"\r")

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self.sock

    def _remaining(self) -> float:
        remaining = self._ends_at - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("deadline passed")
        return remaining


class SmtpSession:
    """A connection for a batch of letters, opened when the first one goes and replaced when it is worn out."""

    def __init__(self, mailbox: Mailbox, deadlines: Deadlines = Deadlines()) -> None:
        """Given the mailbox, prepare a session. Raise OfficeError if it would talk in the clear beyond this machine."""
        provider = mailbox.provider
        if mailbox.smtp_security is Security.NONE and provider.smtp_host not in _LOOPBACK:
            raise OfficeError(
                f"发信服务器 {provider.smtp_host} 设为不加密连接，授权码会以明文传送，已拒绝连接。"
                "请把 [mailbox] smtp_security 改为 tls 或 starttls。"
            )
        self._mailbox = mailbox
        self._deadlines = deadlines
        self._wire: _Wire | None = None
        self._aborted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect and log in. Raise ServerError, with a Chinese sentence for the office, if that fails."""
        try:
            self._open()
        except _Ended as ended:
            self._drop()
            raise as_error(ended.outcome) from ended

    def send(self, raw: bytes, to_address: str, *, on_phase: OnPhase) -> Outcome:
        """Given a letter, hand it to the server and return what came of it.

        `on_phase` is called with MAIL before the envelope and with CONTENT before the first byte of the letter; if it
        raises, the connection is cut, nothing has been handed over, and the exception goes on to the caller.
        """
        used_before = self._wire is not None
        outcome = self._attempt(raw, to_address, on_phase)
        if used_before and _is_worn_out(outcome):
            self._drop()
            outcome = self._attempt(raw, to_address, on_phase)
        return outcome

    def close(self) -> None:
        """Say goodbye, without caring for the answer: what was accepted stays accepted."""
        if self._wire is not None and not self._aborted:
            self._wire.allow(self._deadlines.quit_s)
            with suppress(OSError):
                self._wire.docmd("QUIT")
        self._drop()

    def abort(self) -> None:
        """End at once whatever is under way, called from another thread: the process has to stop."""
        self._aborted = True
        wire = self._wire
        if wire is not None:
            wire.cut()

    def _attempt(self, raw: bytes, to_address: str, on_phase: OnPhase) -> Outcome:
        try:
            wire = self._wire or self._open()
            return self._hand_over(wire, raw, to_address, on_phase)
        except _Ended as ended:
            self._clear_up(ended.outcome)
            return ended.outcome
        except BaseException:
            self._drop()  # without the final dot the server throws away what it has of the letter
            raise

    def _open(self) -> _Wire:
        if self._aborted:
            raise _Ended(Lost(Phase.CONNECT, "aborted"))
        limits, provider = self._deadlines, self._mailbox.provider
        wire = self._wire = _Wire()
        with self._phase(Phase.CONNECT, limits.connect_s):
            wire.dial(provider.smtp_host, provider.smtp_port)
        if self._mailbox.smtp_security is Security.TLS:
            with self._phase(Phase.TLS, limits.connect_s):
                wire.secure(self._context(), provider.smtp_host)
        with self._phase(Phase.CONNECT, limits.command_s):
            self._expect(2, wire.getreply(), Phase.CONNECT)
        self._greet(wire)
        if self._mailbox.smtp_security is Security.STARTTLS:
            with self._phase(Phase.TLS, limits.command_s):
                self._expect(2, wire.docmd("STARTTLS"), Phase.TLS)
                wire.secure(self._context(), provider.smtp_host)
            self._greet(wire)
        with self._phase(Phase.AUTH, limits.command_s):
            self._log_in(wire)
        return wire

    def _greet(self, wire: _Wire) -> None:
        with self._phase(Phase.EHLO, self._deadlines.command_s):
            self._expect(2, wire.ehlo(), Phase.EHLO)

    def _log_in(self, wire: _Wire) -> None:
        offered = wire.esmtp_features.get("auth", "").upper().split()
        login, password = self._mailbox.login.encode(), self._mailbox.password.reveal().encode()
        if "PLAIN" in offered:
            self._expect(2, wire.docmd("AUTH", "PLAIN " + _b64(b"\0" + login + b"\0" + password)), Phase.AUTH)
        elif "LOGIN" in offered:
            self._expect(3, wire.docmd("AUTH", "LOGIN"), Phase.AUTH)
            self._expect(3, wire.docmd(_b64(login)), Phase.AUTH)
            self._expect(2, wire.docmd(_b64(password)), Phase.AUTH)
        else:
            raise _Ended(Refused(AnswerClass.CONFIGURATION, 0, "neither AUTH PLAIN nor LOGIN is offered", Phase.AUTH))

    def _hand_over(self, wire: _Wire, raw: bytes, to_address: str, on_phase: OnPhase) -> Sent:
        limits = self._deadlines
        on_phase(Phase.MAIL)
        with self._phase(Phase.MAIL, limits.command_s):
            self._expect(2, wire.docmd("MAIL", f"FROM:<{self._mailbox.address}>"), Phase.MAIL)
        with self._phase(Phase.RCPT, limits.command_s):
            self._expect(2, wire.docmd("RCPT", f"TO:<{to_address}>"), Phase.RCPT)
        with self._phase(Phase.DATA, limits.command_s):
            self._expect(3, wire.docmd("DATA"), Phase.DATA)
        on_phase(Phase.CONTENT)
        with self._phase(Phase.CONTENT, limits.content_s):
            wire.send(_quoted(raw))
            wire.allow(limits.final_s)
            answer = self._expect(2, wire.getreply(), Phase.CONTENT)
        queue_id = _QUEUE_ID.search(answer)
        return Sent(queue_id[1] if queue_id else "", answer)

    @contextmanager
    def _phase(self, phase: Phase, seconds: float) -> Iterator[None]:
        """Bound what is done inside, and let a failing connection say in which phase it failed."""
        if self._wire is not None:
            self._wire.allow(seconds)
        try:
            yield
        except (OSError, UnicodeError) as error:  # timeouts, resets, TLS, smtplib's own, a host name that is none
            raise _Ended(Lost(phase, self._text(f"{type(error).__name__}: {error}".encode()))) from error

    def _expect(self, first_digit: int, reply: tuple[int, bytes], phase: Phase) -> str:
        """Return the text of an answer that begins with `first_digit`; end the attempt at any other."""
        code, text = reply
        if code // 100 == first_digit:
            return self._text(text)
        if code >= 400:
            raise _Ended(Refused(classify(code, text, phase), code, self._text(text), phase))
        raise _Ended(Lost(phase, f"unexpected answer {code}"))

    def _text(self, answer: bytes) -> str:
        """Return an answer as text; a server that quotes our command back must not bring the password into the record."""
        login, password = self._mailbox.login.encode(), self._mailbox.password.reveal().encode()
        for secret in (_b64(b"\0" + login + b"\0" + password).encode(), _b64(password).encode(), password):
            if secret:
                answer = answer.replace(secret, b"****")
        return decode_answer(answer)

    def _context(self) -> ssl.SSLContext:
        """TLS that verifies certificate and host name, unlike smtplib's own context (Python 3.11)."""
        return ssl.create_default_context(cafile=self._mailbox.ca_file)

    def _clear_up(self, outcome: Refused | Lost) -> None:
        """Make the connection ready for the next letter, or give it up."""
        wire = self._wire
        if wire is None or isinstance(outcome, Lost) or outcome.code == 421 or outcome.phase in BEFORE_THE_LETTER:
            self._drop()
            return
        wire.allow(self._deadlines.command_s)
        try:
            code, _text = wire.docmd("RSET")
        except OSError:
            code = 0
        if code // 100 != 2:
            self._drop()

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


def as_error(outcome: Refused | Lost) -> ServerError:
    """Given how a session failed, return it as the exception that the office is told."""
    answer = outcome.detail if isinstance(outcome, Lost) else f"{outcome.code} {outcome.answer}"
    if isinstance(outcome, Refused) and outcome.answer_class is AnswerClass.CONFIGURATION:
        return PermanentServerError(explain(outcome), answer)
    return TransientServerError(explain(outcome), answer)


def _is_worn_out(outcome: Outcome) -> bool:
    """Return whether the letter deserves another connection at once: it surely was not taken, and it was not its fault.

    Servers close a connection that idled between two letters, or want a new one after some mails (MI:DMC).
    """
    match outcome:
        case Lost(phase=phase):
            return phase is not Phase.CONTENT
        case Refused(answer_class=answer_class, code=code, phase=phase):
            return answer_class is AnswerClass.RECONNECT or (code == 421 and phase is Phase.MAIL)
        case Sent():
            return False


def _quoted(raw: bytes) -> bytes:
    """Return a letter as DATA wants it: dots at line starts doubled, one final CRLF, the final dot (RFC 5321 §4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", raw)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
