"""The service's WebSocket server with nobody behind it but a listener that remembers, and a client of raw bytes."""

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from service.errors import VoiceError
from service.transports.handshake import Refused, Rules
from service.transports.ports import ClientConnection, ClientListener
from service.transports.websocket import Attend, Entrance
from service.transports.websocket_protocol import DirectProtocol
from service.wire.subprotocol import Subprotocol

MAX_BYTES = 4_096
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Attendant:
    """A listener that remembers what it heard, and says it back when it is told to."""

    def __init__(self, connection: ClientConnection, *, echoes: bool) -> None:
        self.connection = connection
        self.echoes = echoes
        self.hangs_up_at: str | None = None
        self.heard: list[str | bytes] = []
        self.too_slow = 0
        self.finished: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def on_text(self, text: str) -> None:
        self._note(text)

    def on_binary(self, frame: bytes) -> None:
        self._note(frame)

    def on_fault(self, error: VoiceError) -> None:
        raise AssertionError(error)

    def on_too_slow(self) -> None:
        self.too_slow += 1
        self.connection.close(4429, "slow")

    async def finish(self, close_code: int | None) -> None:
        self.finished.set_result(close_code)

    def _note(self, message: str | bytes) -> None:
        self.heard.append(message)
        if message == self.hangs_up_at:
            self.connection.close(1000, "done")
        elif self.echoes:
            self.connection.send(message)


@dataclass
class DirectServer:
    port: int
    server: uvicorn.Server
    counts: list[tuple[str, str]]
    echoes: bool = True
    attendants: "asyncio.Queue[Attendant]" = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def admit(self, headers: Mapping[str, str], subprotocols: Sequence[str]) -> Attend | Refused:
        assert "host" in headers
        expected = Subprotocol.BINARY if "voice.v1" in subprotocols else Subprotocol.JSON

        def attend(
            connection: ClientConnection, subprotocol: Subprotocol, tasks: asyncio.TaskGroup
        ) -> ClientListener:
            assert (subprotocol, tasks is not None) == (expected, True)
            attendant = Attendant(connection, echoes=self.echoes)
            self.attendants.put_nowait(attendant)
            return attendant

        return attend

    @asynccontextmanager
    async def raw(
        self, *, early: bytes = b"", receive_bytes: int | None = None
    ) -> AsyncIterator["RawClient"]:
        """A client that has done the handshake and can send anything."""
        end = socket.socket()
        if receive_bytes is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        end.connect(("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=end, limit=2**14)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: voice.v1\r\n\r\n".encode()
            + early
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        try:
            yield RawClient(reader, writer, await self.attendants.get())
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


@dataclass
class RawClient:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    attendant: Attendant

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def frame(self) -> tuple[int, bytes] | None:
        """The next frame of the server's, None when it has closed the connection."""
        try:
            first, size = await self.reader.readexactly(2)
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
            return first & 0x0F, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def close_code(self) -> int | None:
        """Read up to the close frame; its code, and the end of the connection comes next."""
        while (frame := await self.frame()) is not None:
            if frame[0] == CLOSE:
                while await self.frame() is not None:
                    pass
                return int.from_bytes(frame[1][:2]) if frame[1] else 1005
        return None


def masked(first: int, payload: bytes = b"", *, size: int | None = None) -> bytes:
    """A frame of a client's; `size` lies about its length."""
    size = len(payload) if size is None else size
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2)
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8)
    mask = b"\x01\x02\x03\x04"
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def direct_server(
    *,
    outbox_bytes: int = 200_000,
    outbox_stall_s: float = 30.0,
    ping_interval_s: float = 20.0,
    ping_timeout_s: float = 20.0,
) -> AsyncIterator[DirectServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    counts: list[tuple[str, str]] = []
    app = Starlette()
    server = _Server(
        uvicorn.Config(
            app,
            ws=DirectProtocol,
            ws_max_size=MAX_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=ping_interval_s,
            ws_ping_timeout=ping_timeout_s,
            timeout_graceful_shutdown=2,
            lifespan="off",
            log_config=None,
        )
    )
    running = DirectServer(port=listener.getsockname()[1], server=server, counts=counts)
    entrance = Entrance(
        rules=Rules(allowed_origins=(), loopback_only=True),
        admit=running.admit,
        refuse=lambda refused: Response(status_code=refused.status),
        count=lambda name, label: counts.append((name, label)),
        outbox_bytes=outbox_bytes,
        outbox_stall_s=outbox_stall_s,
    )
    app.router.routes.append(WebSocketRoute("/ws", entrance.serve))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield running
    finally:
        server.should_exit = True
        await serving
