"""An IMAP server on loopback with NetEase's habits, which no free server shows. For `intake demo` and the tests.

In: mails put into its `MailStore`, `Habits`. Out: IMAP4rev1 as Coremail speaks it (see `imap_protocol`). On a thread of
its own between `start` and `stop`; everything public may be called from any thread. It keeps nothing on disk and opens
no connection anywhere. Listens on 127.0.0.1 only.
"""

import asyncio
import ssl
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from scheduler.demo.habits import Habits
from scheduler.demo.imap_protocol import Connection
from scheduler.demo.mailstore import MailStore

HOST = "127.0.0.1"
_LINE_BYTES = 2**16


class DemoMailbox:
    """The server; a context manager. `mailbox` holds the mails, `habits` may be exchanged while it runs."""

    def __init__(
        self,
        login: str,
        password: str,
        *,
        port: int = 0,
        habits: Habits | None = None,
        mailbox: MailStore | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Given the one account, prepare a server. `port` 0: any free one, known after `start`. `tls`: from byte one."""
        self.port = port
        self.habits = Habits() if habits is None else habits
        self.mailbox = MailStore() if mailbox is None else mailbox
        self._account = (login, password)
        self._tls = tls
        self._lock = threading.Lock()
        self._commands: list[str] = []
        self._logins = 0
        self._open: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._error: OSError | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def deliver(self, folder: str, raw: bytes, internal_at: datetime, flags: Iterable[str] = ()) -> int:
        """Put a mail into `folder` and return its UID. Raise KeyError if there is no such folder."""
        return self.mailbox.deliver(folder, raw, internal_at, flags)

    @property
    def commands(self) -> tuple[str, ...]:
        """Return the commands received so far, without tags and without the words of LOGIN."""
        with self._lock:
            return tuple(self._commands)

    @property
    def logins(self) -> int:
        """Return how many LOGIN commands came, refused ones included."""
        with self._lock:
            return self._logins

    @property
    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._open)

    def start(self) -> None:
        """Listen. Raise OSError if the port is taken."""
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="demo-imap", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            error, self._error = self._error, None
            raise error

    def stop(self) -> None:
        """Cut all connections and end the thread; the mails stay, so that it can be started again."""
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        if self._thread is not None:
            self._thread.join()
        self._thread = self._loop = None

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        try:
            server = await asyncio.start_server(self._accept, HOST, self.port, limit=_LINE_BYTES, ssl=self._tls)
        except OSError as error:
            self._loop, self._error = None, error
            return
        else:
            self.port = server.sockets[0].getsockname()[1]
        finally:
            self._ready.set()
        await self._ended.wait()
        server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._open.add(task)
        try:
            await Connection(self, reader, writer).run()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass  # the client went away, or sent a line without end
        except asyncio.CancelledError:
            pass  # `stop`: the task ends here in any case
        finally:
            writer.transport.abort()
            self._open.discard(task)

    # --- what a connection asks of its server ------------------------------------------------------------------------

    def note(self, command: str) -> None:
        """Keep a command for `commands`."""
        with self._lock:
            self._commands.append(command)

    def shown(self, data: bytes) -> bytes:
        """Return an answer as it goes out: the truth here; the rig's servers lie."""
        return data

    def admit(self, login: str, password: str) -> bytes:
        """Count a LOGIN and return the words of refusal, b"" if it is let in."""
        with self._lock:
            self._logins += 1
            logins = self._logins
        habits = self.habits
        if habits.login_answer:
            return habits.login_answer
        if habits.maximum_logins is not None and logins > habits.maximum_logins:
            return (
                b"LOGIN Login fail. Account is abnormal, service is not open, password is incorrect, "
                b"login frequency limited, or system is busy."
            )
        return b"" if (login, password) == self._account else b"LOGIN Login error or password error"
