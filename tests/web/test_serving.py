"""The server under the desk: who opens many connections and says nothing keeps nobody else out."""

import socket
from contextlib import ExitStack
from http.client import HTTPConnection
from time import monotonic

import pytest

from scheduler.web.serving import serving

BEGUN = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nx"


def application(_environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def idle(port: int, source: str, number: int, held: ExitStack) -> None:
    """Open so many connections from a source, each with a request that never ends."""
    for _ in range(number):
        connection = held.enter_context(socket.create_connection(("127.0.0.1", port), source_address=(source, 0)))
        connection.sendall(BEGUN)


def answered_after_s(port: int, source: str) -> float:
    begun = monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    try:
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"
    finally:
        connection.close()
    return monotonic() - begun


@pytest.mark.parametrize("clerk", ["127.0.0.3", "127.0.0.2"])
def test_three_hundred_idle_connections_of_one_machine_keep_nobody_out(clerk):
    """Not even a clerk behind the same address: of each source the idlest go first."""
    with serving(application, port=0) as port, ExitStack() as held:
        idle(port, "127.0.0.2", 300, held)
        assert answered_after_s(port, clerk) < 2


def test_a_browsers_connections_stay_open(served):
    port = int(served.url.rpartition(":")[2])
    kept = [HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(6)]
    for _ in range(3):
        for one in kept:
            one.request("GET", "/login")
            assert b"<form" in one.getresponse().read()
    for one in kept:
        assert one.sock is not None
        one.close()
