"""/healthz for a supervisor on this machine: 200 or 503 and a few words of JSON (http.server is at home here).

In: the `Board` of the watch. Out: answers on 127.0.0.1 only. It reads what was found last and nothing else: no request,
however many there are, touches the record, a server or a tick. What was found may be no older than three looks; then the
watch itself has stopped, and that is 503 too.

A page in a browser can ask 127.0.0.1 as well, under a name of its own that resolves there (DNS rebinding), so only the
Host names 127.0.0.1 and localhost are answered. A connection has five seconds in all, and at most eight are open.
"""

import json
import logging
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from scheduler.board import Board
from scheduler.health import State
from scheduler.ports import PortTakenError

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PATH = "/healthz"
_NAMES = frozenset({HOST, "localhost"})
STALE_S = 200.0  # the watch looks once a minute, and a call of its own to the second channel may take ten seconds
DEADLINE_S = 5.0
_MOST_CONNECTIONS = 8


@contextmanager
def serving(port: int, board: Board) -> Iterator[int]:
    """Given a port (0: any free one), answer on it while inside; yield the port. Raise PortTakenError if it can't be had."""
    try:
        server = _Server(port, board)
    except OSError as error:
        raise PortTakenError("[health] port", port, error, " /healthz ") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="healthz", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def answer(board: Board) -> tuple[HTTPStatus, dict[str, object]]:
    """Return what /healthz says now: status and JSON."""
    latest = board.latest()
    if latest is None:
        return HTTPStatus.SERVICE_UNAVAILABLE, {"state": "starting"}
    health, age_s = latest
    told: dict[str, object] = {
        "state": health.state.value,
        "at": health.at.isoformat(timespec="seconds"),
        "problems": [{"cause": one.cause, "state": one.state.value, "text": one.sentence} for one in health.symptoms],
    }
    if age_s > STALE_S:
        return HTTPStatus.SERVICE_UNAVAILABLE, told | {"state": State.BAD.value, "stale_s": round(age_s)}
    well = health.state is not State.BAD
    return HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, told


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True  # the stop of the process waits for nobody who reads slowly
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two programs have the same port
    request_queue_size = _MOST_CONNECTIONS

    def __init__(self, port: int, board: Board) -> None:
        self.board = board
        self._places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks a name server who we are
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            try:
                super().process_request(request, client_address)
            except BaseException:
                self._places.release()
                raise
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # the handler's own timeout is that of one read; a client that trickles is cut after all
        cut = threading.Timer(DEADLINE_S, _cut, (request,))
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self._places.release()

    def handle_error(self, *_whose: Any) -> None:
        log.debug("action=healthz.broken_off")  # a client that went away; nothing of what it sent is logged


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = DEADLINE_S
    server_version = "form-intake"
    sys_version = ""

    def do_GET(self) -> None:
        names = self.headers.get_all("Host") or []
        if len(names) != 1 or names[0].rsplit(":", 1)[0].lower() not in _NAMES:
            self._say(HTTPStatus.FORBIDDEN, {"error": "host"})
        elif self.path != PATH:
            self._say(HTTPStatus.NOT_FOUND, {"error": "path"})
        else:
            self._say(*answer(self.server.board))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse in JSON: http.server's own page repeats what was asked."""
        self._say(HTTPStatus(code), {"error": "request"})

    def _say(self, status: HTTPStatus, told: dict[str, object]) -> None:
        body = json.dumps(told, ensure_ascii=False).encode()
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing: a request is a stranger's text, and a supervisor asks every few seconds."""
