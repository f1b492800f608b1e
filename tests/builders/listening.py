"""A server on loopback that notes who asks it for what: the witness of tests in which nobody may be asked."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Ear:
    """`url` leads to it; `heard` are the first lines of the requests."""

    def __init__(self, server: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{server.getsockname()[1]}"
        self.heard: list[str] = []
        self._server = server

    def listen(self) -> None:
        with suppress(OSError):  # the server is closed: the test is over
            while True:
                caller, _ = self._server.accept()
                with caller, suppress(OSError):
                    caller.settimeout(2)
                    self.heard.append("")  # whoever comes is noted, also if it says nothing
                    self.heard[-1] = caller.recv(200).partition(b"\r")[0].decode("latin-1")
                    caller.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")


@contextmanager
def listening() -> Iterator[Ear]:
    """Yield a server that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ear = Ear(server)
        thread = threading.Thread(target=ear.listen, daemon=True)
        thread.start()
        yield ear
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
