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
        server = await asyncio.start_server(self._accept, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        cut, self._cut = self._cut, None
        passed = {Side.SERVER: b"", Side.CLIENT: b""}
        self.passed.append(passed)
        upstream: asyncio.StreamWriter | None = None
        pumps: list[asyncio.Task[bool]] = []
        try:
            answers, upstream = await asyncio.open_connection(HOST, self.upstream_port)
            pumps = [
                asyncio.create_task(_pump(Side.SERVER, answers, writer, cut, passed)),
                asyncio.create_task(_pump(Side.CLIENT, reader, upstream, cut, passed)),
            ]
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if any(one.result() for one in done):
                self.made += 1
                if cut is not None and cut.reset:
                    for end in (writer, upstream):
                        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        except (OSError, asyncio.CancelledError):
            pass  # the server is not there, or `stop`
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in (writer, upstream):
                if end is not None:
                    end.close()
            self._open.discard(task)


async def _pump(
    side: Side,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    cut: Cut | None,
    passed: dict[Side, bytes],
) -> bool:
    """Pass on what one side says until it ends, or until the cut. Return whether it was the cut."""
    limit = cut.after if cut is not None and cut.side is side else None
    try:
        while limit is None or len(passed[side]) < limit:
            data = await reader.read(_CHUNK_BYTES if limit is None else limit - len(passed[side]))
            if not data:
                return False
            passed[side] += data
            writer.write(data)
            await writer.drain()
    except OSError:
        return False
    return True
