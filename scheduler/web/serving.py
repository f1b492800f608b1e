"""The web server: waitress in a thread of the daemon, on 127.0.0.1 unless the office says otherwise; ends with it.

In: a WSGI application and where to listen. Out: answers, until the `with` block ends. A connection that stands still is
closed; slow clients cost a socket, no thread (waitress reads them in one loop), and one source can't hold all the sockets.
"""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from wsgiref.types import WSGIApplication

import waitress.server
from waitress.channel import HTTPChannel

from intake.errors import OfficeError
from scheduler.app import App
from scheduler.ports import PortTakenError, bound
from scheduler.web.accounts import Accounts, source_of
from scheduler.web.application import make_application

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
_THREADS = 4
_IDLE_S = 20  # without a byte either way; a page that takes long to make is not idle
_LOOKED_S = 5  # between two looks for idle ones
_MOST_CONNECTIONS = 100
# a browser opens 6; behind a proxy the clerks share one source, and of theirs only idle ones are closed
_MOST_OF_A_SOURCE = 20


@contextmanager
def open_desk(app: App) -> Iterator[int]:
    """Given an App, serve its desk as the settings say while inside; yield the port.

    Raise OfficeError if that is not safe, PortTakenError if the port can't be had.
    """
    door = app.settings.desk
    if not ip_address(door.host).is_loopback and not Accounts(app.settings.storage.data_dir).names():
        raise OfficeError(
            "[desk] host 让别的电脑也能打开网页，但还没有设置登录用户，程序没有启动。请先执行 intake desk user 名字 设置密码，"
            "或删去 host 这一行，只在本机使用。"
        )
    with serving(make_application(app, names=door.names), host=door.host, port=door.port or 0) as port:
        yield port


@contextmanager
def serving(application: WSGIApplication, *, host: str = HOST, port: int) -> Iterator[int]:
    """Given an application and a port (0: any free one), answer while inside; yield the port.

    Raise PortTakenError if it can't be had.
    """
    channels: dict[int, Any] = {}
    try:
        door = bound(host, port)  # by our own hand: waitress leaves its socket and a pipe open where it can't bind
    except OSError as error:
        raise PortTakenError("[desk] port", port, error, "网页") from error
    server = waitress.server.create_server(
        application,
        sockets=[door],
        threads=_THREADS,
        ident=None,
        channel_timeout=_IDLE_S,
        cleanup_interval=_LOOKED_S,
        connection_limit=_MOST_CONNECTIONS,
        map=channels,
    )
    server.channel_class = _admitted
    stopping = threading.Event()
    thread = threading.Thread(target=_run, args=(server, stopping), name="desk", daemon=True)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        stopping.set()
        # In the loop's own thread, which it wakes: closed from here it would look again only a second later, and at nothing.
        server.trigger.pull_trigger(lambda: _close(channels))
        server.task_dispatcher.shutdown(timeout=2)
        thread.join(timeout=2)
        _close(channels)  # what a loop that died has left


def _admitted(server: Any, connection: socket.socket, address: Any, *arguments: Any, **options: Any) -> None:
    """Give a connection its channel, as waitress does; who has many already loses the idlest one by it, or is not let in.

    Otherwise one machine that opens 100 and sends a byte on each keeps everybody else out for as long as it likes.
    """
    source = source_of(str(address[0]))
    its_own = [one for one in server.active_channels.values() if source_of(str(one.addr[0])) == source]
    open_ = [one for one in its_own if not one.will_close]
    if len(open_) >= _MOST_OF_A_SOURCE:
        idle = [one for one in open_ if not one.requests and not one.total_outbufs_len]
        if not idle or len(its_own) >= 2 * _MOST_OF_A_SOURCE:
            connection.close()
            return
        min(idle, key=lambda one: one.last_activity).will_close = True  # the loop closes it in its next round
    HTTPChannel(server, connection, address, *arguments, **options)


def _close(channels: dict[int, Any]) -> None:
    for channel in list(channels.values()):
        channel.close()


def _run(server: Any, stopping: threading.Event) -> None:
    try:
        server.run()
    except OSError as error:
        if not stopping.is_set():  # its sockets were closed under it: that is how it is told to end
            log.error("action=desk.server_died error=%s", type(error).__name__)
