"""An HTTP server on loopback that plays a group robot or a dead man's switch, and misbehaves by choice."""

import http.server
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Robot:
    """The server; a context manager. `trickle_s`: a byte of the answer at a time; `hang`: no answer at all."""

    status: int = 200
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    trickle_s: float = 0.0
    hang: bool = False
    announced: int | None = None  # Content-Length, if it is to be another than the answer has; then the line stays open
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self):
        robot = self
        self.released = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def _serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                robot.asked.append(Asked(self.command, self.path, dict(self.headers), body))
                with suppress(OSError):
                    robot.reply(self)
                self.close_connection = True

            do_GET = do_POST = _serve  # noqa: N815 - http.server finds methods by their names

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            self.server.socket = self.tls.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self.server.server_port
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, path="/hook?key=tokentoken123"):
        return f"http{'' if self.tls is None else 's'}://127.0.0.1:{self.port}{path}"

    def reply(self, handler):
        if self.hang:
            self.released.wait(30)
            return
        lines = [
            f"HTTP/1.1 {self.status} x",
            f"Content-Length: {self.announced or len(self.answer)}",
            "Connection: close",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + self.answer
        if not self.trickle_s:
            handler.wfile.write(whole)
            if self.announced:
                self.released.wait(30)
            return
        for byte in whole:
            handler.wfile.write(bytes([byte]))
            if self.released.wait(self.trickle_s):
                return


class Deaf:
    """A port that accepts connections and never says a word: TLS hangs in its handshake."""

    def __enter__(self):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        return self

    def __exit__(self, *_):
        self._listening.close()


def wait_until(true, seconds=5.0):
    """Wait until `true()` holds; fail if it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)
