"""/healthz: 200 or 503 on loopback, for two names only, never waiting for anybody, never repeating what was asked."""

import json
import socket
import threading
import time
from datetime import UTC, datetime

import pytest

from intake.errors import OfficeError
from scheduler import healthz
from scheduler.board import Board
from scheduler.health import Health, State, Symptom

NOW = datetime(2025, 5, 29, 6, 0, tzinfo=UTC)
WELL = Health(NOW)
SICK = Health(NOW, (Symptom("fetch", State.BAD, "收信停了", "来件不会丢失", "请检查"),))
BETTER = Health(NOW, (Symptom("disk", State.WARN, "磁盘小了", "会满", "请清理"),))


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def port(board):
    with healthz.serving(0, board) as given:
        yield given


def ask(port, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def get(port, path="/healthz", host="127.0.0.1", *, method="GET"):
    raw = ask(port, f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body), head.decode()


def test_it_tells_the_state_of_the_last_look(board, port):
    assert get(port)[:2] == (503, {"state": "starting"})
    board.post(WELL)
    assert get(port)[:2] == (200, {"state": "ok", "at": "2025-05-29T06:00:00+00:00", "problems": []})
    board.post(BETTER)
    assert get(port)[0] == 200
    board.post(SICK)
    status, told, head = get(port)
    assert (status, told["state"]) == (503, "bad")
    assert told["problems"] == [{"cause": "fetch", "state": "bad", "text": "收信停了。来件不会丢失。请检查。"}]
    assert "no-store" in head
    assert "Python" not in head


def test_a_watch_that_looks_no_more_is_itself_the_fault(board, port, monkeypatch):
    board.post(WELL)
    monkeypatch.setattr(healthz, "STALE_S", -1.0)
    assert get(port)[0] == 503
    assert get(port)[1]["state"] == "bad"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:8025", "127.0.0.1:8025"])
def test_two_names_are_answered(board, port, host):
    board.post(WELL)
    assert get(port, host=host)[0] == 200


@pytest.mark.parametrize("host", ["rebind.example.com", "rebind.example.com:80", "127.0.0.1.example.com", "", "[::1]"])
def test_a_page_of_another_name_learns_nothing(board, port, host):
    board.post(SICK)
    status, told, _ = get(port, host=host)
    assert (status, told) == (403, {"error": "host"})


def test_no_host_or_two_are_refused(board, port):
    board.post(WELL)
    assert b" 403 " in ask(port, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert b" 403 " in ask(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/healthz?x=1", "/../healthz", "/metrics"])
def test_any_other_path_is_not_found(board, port, path):
    board.post(WELL)
    assert get(port, path)[:2] == (404, {"error": "path"})


def test_what_is_no_get_is_refused_without_repeating_it(board, port):
    board.post(WELL)
    status, told, head = get(port, method="POST<script>")
    assert (status, told) == (501, {"error": "request"})
    assert "script" not in head
    assert b"script" not in ask(port, b"<script>\r\n\r\n")
    assert ask(port, b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n")[:15].split()[1] == b"431"


def test_it_listens_on_loopback_only(port):
    with pytest.raises(OSError, match=r"\w"):
        socket.create_connection(("127.0.0.2", port), timeout=2)


def test_a_port_that_is_taken_is_the_offices_to_mend(board, port):
    with pytest.raises(OfficeError, match="端口"), healthz.serving(port, board):
        pass


def test_a_client_that_trickles_is_cut_and_others_are_answered_meanwhile(board, port, monkeypatch, capsys):
    board.post(WELL)
    monkeypatch.setattr(healthz, "DEADLINE_S", 0.6)
    slow = socket.create_connection(("127.0.0.1", port), timeout=10)
    slow.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
    began = time.monotonic()
    assert get(port)[0] == 200
    ended = None
    while ended is None and time.monotonic() - began < 5:
        try:
            slow.sendall(b"a")
            slow.settimeout(0.05)
            if slow.recv(100) == b"":
                ended = time.monotonic()
        except TimeoutError:
            continue
        except OSError:
            ended = time.monotonic()
    slow.close()
    assert ended is not None
    assert ended - began < 3
    assert capsys.readouterr().err == ""


def test_so_many_idle_clients_do_not_lock_out_the_supervisor_for_longer_than_the_deadline(board, port, monkeypatch):
    board.post(WELL)
    monkeypatch.setattr(healthz, "DEADLINE_S", 0.5)
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(14)]
    time.sleep(0.2)
    threads = sum(1 for thread in threading.enumerate() if "process_request_thread" in thread.name)
    assert threads <= healthz._MOST_CONNECTIONS
    end, status = time.monotonic() + 5, 0
    while status != 200 and time.monotonic() < end:
        try:
            status = get(port)[0]
        except (OSError, IndexError):
            time.sleep(0.05)
    for one in idle:
        one.close()
    assert status == 200


def test_its_end_waits_for_nobody(board):
    with healthz.serving(0, board) as port:
        idle = socket.create_connection(("127.0.0.1", port))
        time.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    idle.close()
    with pytest.raises(OSError, match=r"\w"):
        socket.create_connection(("127.0.0.1", port), timeout=2)
