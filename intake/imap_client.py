"""The IMAP connection at socket level: imaplib's client with deadlines that no server can outrun, and verified TLS.

In: host, port, security, deadlines. Out: a client that `imap_session` drives. imaplib's own timeout counts for one
`recv` only, so that a server which sends a byte now and then holds it for ever; here every read asks what is left of
the command and of the whole session. Literals and lines are capped before they are read. No command text is kept:
imaplib remembers its last ten commands, LOGIN among them.
"""

import imaplib
import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from intake.settings import Security

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

# imaplib.Commands has no ID (RFC 2971: valid in every state); `xatom` would allow it in the state of its first use only.
imaplib.Commands.setdefault("ID", ("NONAUTH", "AUTH", "SELECTED"))

LINE_BYTES = 1_000_000  # imaplib's own limit for one line; imap-tools lifts it to 20 MB for the whole process
_BUFFER_BYTES = 2**16
_SMALL_LITERAL_BYTES = 2**20  # folder names, headers: whatever is no mail


class Deadline:
    """The end of a session and, within it, of one command. `cancel` (from any thread) ends both at once."""

    def __init__(self, whole_s: float, command_s: float) -> None:
        self._end = time.monotonic() + whole_s
        self._command_s = command_s
        self._command_end = self._end
        self._socket: socket.socket | None = None
        self.cancelled = False

    def begin_command(self) -> None:
        """Start the clock of the next command."""
        self._command_end = min(self._end, time.monotonic() + self._command_s)

    def hasten(self, command_s: float) -> None:
        """From now on give each command `command_s` at most."""
        self._command_s = min(self._command_s, command_s)

    def session_s(self) -> float:
        """Return the seconds left of the session, never below 0."""
        return 0.0 if self.cancelled else max(0.0, self._end - time.monotonic())

    def command_s(self) -> float:
        """Return the seconds left of the command. Raise TimeoutError if there are none."""
        left = self._command_end - time.monotonic()
        if self.cancelled or left <= 0:
            raise TimeoutError("deadline passed")
        return left

    def watch(self, connection: socket.socket) -> None:
        """Name the socket that `cancel` wakes."""
        self._socket = connection

    def cancel(self) -> None:
        """End the session now: what waits on the socket wakes with an error."""
        self.cancelled = True
        if self._socket is not None:
            shut(self._socket)


class _TimedStream(io.RawIOBase):
    """A socket as a raw stream whose every read is bounded by the deadline (TLS records included: ssl keeps the total)."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._connection.settimeout(self._deadline.command_s())
        return self._connection.recv_into(buffer)


class Client(imaplib.IMAP4):
    """imaplib's client on a timed, verified connection. `last_line` is the raw line the server said last."""

    def __init__(self, host: str, port: int, security: Security, context: ssl.SSLContext, deadline: Deadline) -> None:
        """Connect, shake hands, read the greeting. Raise OSError or imaplib's errors; no socket stays open then."""
        self._security = security
        self._context = context
        self._deadline = deadline
        self.last_line = b""
        self._literal_limit = _SMALL_LITERAL_BYTES
        super().__init__(host, port)
        if security is Security.STARTTLS:
            try:
                self._upgrade()
            except BaseException:
                self.shutdown()
                raise

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:  # noqa: ARG002 - imaplib's signature; the deadline replaces the timeout
        self.host = host
        self.port = port
        self._use(_connect(host, port, self._deadline))
        if self._security is Security.TLS:
            try:
                self._wrap()
            except BaseException:
                self.shutdown()
                raise

    def read(self, size: int) -> bytes:
        if size > self._literal_limit:
            raise self.abort(f"literal of {size} bytes announced, at most {self._literal_limit} expected")
        data = self._stream.read(size)
        if len(data) < size:
            raise self.abort("connection ended inside a literal")
        return data

    def readline(self) -> bytes:
        line = self._stream.readline(LINE_BYTES + 1)
        if len(line) > LINE_BYTES:
            raise self.abort(f"line of more than {LINE_BYTES} bytes")
        self.last_line = line
        return line

    def send(self, data: "ReadableBuffer") -> None:
        self._deadline.begin_command()
        self.sock.settimeout(self._deadline.command_s())
        self.sock.sendall(data)

    def shutdown(self) -> None:
        shut(self.sock)
        self._stream.close()
        self.sock.close()

    @contextmanager
    def literals_up_to(self, size: int) -> Iterator[None]:
        """Allow literals of `size` bytes in the answer to come; otherwise only what names and headers need."""
        self._literal_limit = max(size, _SMALL_LITERAL_BYTES)
        try:
            yield
        finally:
            self._literal_limit = _SMALL_LITERAL_BYTES

    def ask(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes]]:
        """Send FETCH or UID FETCH and return the untagged answers, whatever the status is.

        A NO may come with the answers for all mails but those that are gone; imaplib would keep them back.
        Raise imaplib's errors for BAD, BYE and a lost connection.
        """
        self._simple_command(*command.split(), *arguments)
        return self.untagged_responses.pop("FETCH", [])

    def identify(self, pairs: str) -> str:
        """Send the ID command with `pairs` of quoted strings and return the status of the answer."""
        status, _ = self._simple_command("ID", f"({pairs})")
        return str(status)

    def _log(self, line: bytes) -> None:
        """Forget it: imaplib's list of recent commands would hold the password."""

    def _use(self, connection: socket.socket) -> None:
        self.sock = connection
        self._stream = io.BufferedReader(_TimedStream(connection, self._deadline), _BUFFER_BYTES)
        self._deadline.watch(connection)

    def _wrap(self) -> None:
        """Put verified TLS on the connection. What was read ahead in plain text is dropped (CVE-2011-0411)."""
        wrapped = self._context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self._use(wrapped)
        wrapped.settimeout(self._deadline.command_s())
        wrapped.do_handshake()

    def _upgrade(self) -> None:
        """STARTTLS, or no session at all: a server that does not offer it gets neither login nor password."""
        status, data = self._simple_command("STARTTLS")
        if status != "OK":
            raise self.error(f"STARTTLS refused: {data!r}")
        self._wrap()
        self.untagged_responses.clear()
        self._get_capabilities()


def shut(connection: socket.socket) -> None:
    """End both directions of a socket, whatever its state; a thread that waits on it wakes.

    Not by `SSLSocket.shutdown`: that turns the socket to plain text under the thread that is reading it.
    """
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a TCP connection to the first address of `host` that answers. Raise the last address's OSError."""
    failure: OSError = OSError(f"no address for {host}")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        deadline.begin_command()
        connection = socket.socket(family, kind, protocol)
        try:
            deadline.watch(connection)
            connection.settimeout(deadline.command_s())
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure
