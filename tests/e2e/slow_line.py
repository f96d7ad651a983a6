"""A line on loopback that carries everything later by a known time, each way, and loses nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

_CHUNK: Final = 65_536


class SlowLine:
    """Passes connections on to one address; `delay_s` may be turned while they last."""

    def __init__(self, target: str, *, delay_s: float) -> None:
        self._target = urlsplit(target)
        self.delay_s = delay_s
        self.url = ""
        self._connections: set[asyncio.Task[None]] = set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until both ends are closed."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, far_writer))
                both.create_task(self._pump(far_reader, writer))
        except* OSError:
            pass
        finally:
            self._connections.discard(task)
            for side in (writer, far_writer):
                side.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way: each piece leaves so long after it came, however many are under way."""
        loop = asyncio.get_running_loop()
        while data := await reader.read(_CHUNK):
            loop.call_later(self.delay_s, writer.write, data)
        await asyncio.sleep(self.delay_s)
        with suppress(OSError):
            writer.close()

    async def cut(self) -> None:
        """Every connection ends, and nothing of it is left."""
        ending = tuple(self._connections)
        for connection in ending:
            connection.cancel()
        await asyncio.gather(*ending, return_exceptions=True)


@asynccontextmanager
async def slow_line(target: str, *, delay_s: float) -> AsyncIterator[SlowLine]:
    """A line to `target`, under the same scheme and host name, on a port of its own."""
    line = SlowLine(target, delay_s=delay_s)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = urlsplit(target)
    line.url = f"{address.scheme}://{address.hostname}:{port}{address.path}"
    try:
        yield line
    finally:
        server.close()
        await line.cut()
        await server.wait_closed()
