"""The cheap client really speaks WebSocket: a real server reads its frames, and it reads the server's."""

import asyncio

from websockets.asyncio.server import ServerConnection, serve

from benchmarks.client import LoadClient
from benchmarks.stamps import Delays, delay_ms, stamp


class Three(Delays):
    """Delays that say when there are three of them."""

    def __init__(self) -> None:
        super().__init__()
        self.complete = asyncio.Event()

    def add(self, delay: float) -> None:
        super().add(delay)
        if self.total == 3:
            self.complete.set()


async def test_talks_with_a_server_that_reads_the_standard_strictly() -> None:
    received: list[str | bytes] = []
    ended = asyncio.Event()

    async def handle(socket: ServerConnection) -> None:
        await socket.send('{"type":"state","state":"listening"}')
        received.append(await socket.recv())
        received.append(await socket.recv())
        # One short, one of two length bytes, one of eight.
        for size in (0, 2000, 70_000):
            await socket.send(bytes(16) + stamp() + bytes(size))
        received.append(await socket.recv())
        await socket.close(1000)
        ended.set()

    heard = Three()
    broken: list[str] = []
    subprotocols: list[object] = ["voice.v1"]
    async with serve(handle, "127.0.0.1", 0, subprotocols=subprotocols, compression=None) as server:  # type: ignore[arg-type]  # plain strings will do
        port = server.sockets[0].getsockname()[1]
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: LoadClient(token="t", host=f"127.0.0.1:{port}", heard=heard, broke=broken.append),
            "127.0.0.1",
            port,
        )
        await client.became_ready
        client.speak()
        await heard.complete.wait()
        client.close()
        await ended.wait()
        client.abort()

    start, frame, end = received
    assert '{"type":"start"}' == start
    assert isinstance(frame, bytes)
    assert (1040, 1, 1) == (len(frame), frame[0], frame[1])
    assert delay_ms(frame, offset=16) is not None
    assert '{"type":"end"}' == end
    assert 3 == heard.total
    assert [] == broken


async def test_a_refused_handshake_is_named() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    broken: list[str] = []
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: LoadClient(token="t", host="x", heard=Delays(), broke=broken.append), "127.0.0.1", port
        )
        await asyncio.wait({client.became_ready})
        client.abort()

    assert "HTTP/1.1 503 Service Unavailable" == str(client.became_ready.exception())
    assert "HTTP/1.1 503 Service Unavailable" == broken[0]
