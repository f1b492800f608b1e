"""A TCP proxy on loopback that counts the bytes of both sides and cuts a connection after any of them.

In: the port of a server, a `Cut` for the next connection. Out: a port for the client, and what went over the wire. What
Toxiproxy calls limit_data and reset_peer, for both directions, in one small thread.
"""

import asyncio
import socket
import struct
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

HOST = "127.0.0.1"
_CHUNK_BYTES = 2**16
_LINGER_NOT = struct.pack("ii", 1, 0)  # close with RST


class Side(StrEnum):
    """Whose bytes are counted."""

    SERVER = "server"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Cut:
    """Let so many bytes of a side pass, then end both connections; `reset`: by RST instead of FIN."""

    side: Side
    after: int
    reset: bool = False


class CuttingProxy:
    """The proxy, on a thread of its own between `start` and `stop`; a context manager."""

    def __init__(self, upstream_port: int) -> None:
        """Given the server's port on this machine, prepare a proxy."""
        self.upstream_port = upstream_port
        self.port = 0
        self.passed: list[dict[Side, bytes]] = []  # what went through, connection by connection
        self.made = 0  # cuts
        self._cut: Cut | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._ended: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="cutting-proxy", daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        if self._thread is not None:
            self._thread.join()

    def cut_next(self, cut: Cut | None) -> None:
        """Cut the next connection so; the ones after it are let alone."""
        self._cut = cut

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        # plain sockets, no asyncio streams: a stream's connection is closed by nobody when the loop ends at a bad moment
        with socket.create_server((HOST, 0)) as listener:
            listener.setblocking(False)
            self.port = listener.getsockname()[1]
            self._loop.add_reader(listener, self._accept, listener)
            self._ready.set()
            await self._ended.wait()
            self._loop.remove_reader(listener)
        await asyncio.sleep(0)  # each relay has begun, so that each closes what is its own when it is cancelled
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        assert self._loop is not None
        task = self._loop.create_task(self._relay(connection))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _relay(self, client: socket.socket) -> None:
        cut, self._cut = self._cut, None
        passed = {Side.SERVER: b"", Side.CLIENT: b""}
        self.passed.append(passed)
        with client, socket.socket() as server:
            for end in (client, server):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each line waits 40 ms for an ACK
            try:
                await asyncio.get_running_loop().sock_connect(server, (HOST, self.upstream_port))
                pumps = [
                    asyncio.create_task(_pump(Side.SERVER, server, client, cut, passed)),
                    asyncio.create_task(_pump(Side.CLIENT, client, server, cut, passed)),
                ]
                try:
                    done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for pump in pumps:
                        pump.cancel()
                    await asyncio.gather(*pumps, return_exceptions=True)
            except OSError:
                return  # the server is not there
            if any(one.result() for one in done):
                self.made += 1
                if cut is not None and cut.reset:
                    for end in (client, server):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)


async def _pump(
    side: Side, source: socket.socket, target: socket.socket, cut: Cut | None, passed: dict[Side, bytes]
) -> bool:
    """Pass on what one side says until it ends, or until the cut. Return whether it was the cut."""
    loop = asyncio.get_running_loop()
    limit = cut.after if cut is not None and cut.side is side else None
    try:
        while limit is None or len(passed[side]) < limit:
            data = await loop.sock_recv(source, _CHUNK_BYTES if limit is None else limit - len(passed[side]))
            if not data:
                return False
            passed[side] += data
            await loop.sock_sendall(target, data)
    except OSError:
        return False
    return True
