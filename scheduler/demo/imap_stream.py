"""The wire of one connection of the embedded IMAP server: commands in, bytes out, and the faults that lie in between.

In: a stream pair, the server's `Habits`. Out: commands with their literals (RFC 3501 §4.3, RFC 7888), and whatever the
habits make of the answers: trickled, cut, withheld.
"""

import asyncio
import re
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from scheduler.demo.server import DemoMailbox

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n\Z")
_LITERAL_BYTES = 2**16


class Wire:
    """Reads commands and sends answers. Raises ConnectionResetError when the habits end the connection."""

    def __init__(self, server: "DemoMailbox", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._sent = 0

    async def read_command(self) -> list[bytes | tuple[bytes, bytes]]:
        """Return one command: its text, each announced literal paired with the text before it. Empty at the end."""
        pieces: list[bytes | tuple[bytes, bytes]] = []
        while line := await self._reader.readline():
            literal = _LITERAL.search(line)
            if literal is None:
                return [*pieces, line.rstrip(b"\r\n")]
            size = int(literal[1])
            if size > _LITERAL_BYTES:
                raise ValueError("literal too large")
            if not literal[2]:
                await self.send(b"+ ready\r\n")
            pieces.append((line.rstrip(b"\r\n"), await self._reader.readexactly(size)))
        return []

    async def send(self, data: bytes) -> None:
        """Send an answer, as the habits have it."""
        habits = self._server.habits
        data = self._server.shown(data)
        if habits.cut_after_bytes is not None and self._sent + len(data) > habits.cut_after_bytes:
            self._writer.write(data[: max(0, habits.cut_after_bytes - self._sent)])
            await self.hang_up()
        self._sent += len(data)
        if not habits.trickle_s:
            self._writer.write(data)
            await self._writer.drain()
            return
        for byte in data:
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(habits.trickle_s)

    async def hang_up(self) -> NoReturn:
        """Close after what was written has gone out, and go no further."""
        self._writer.close()
        await self._writer.wait_closed()
        raise ConnectionResetError

    async def stall_if(self, command: str) -> None:
        """If that command is never to be answered, wait until the client gives up."""
        if self._server.habits.stall_on == command:
            await self._reader.read()
            raise ConnectionResetError
