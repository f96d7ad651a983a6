"""An HTTP/2 server that a test can let do anything at all, byte by byte; h2 gives the frames that are in order."""

import asyncio
import base64
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from service.transports.bedrock_direct.event_stream import encode_message, encode_string_headers

CHUNK = encode_string_headers(
    {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
)
EVENT_STREAM = [(":status", "200"), ("content-type", "application/vnd.amazon.eventstream")]


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream_id.to_bytes(4) + payload


_COMPLETION = b'{"bytes":"%s"}' % base64.b64encode(b'{"event":{"completionStart":{}}}')


def chunk(payload: bytes = _COMPLETION) -> bytes:
    return encode_message(CHUNK, payload)


@dataclass
class Side:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    h2: H2Connection
    received: bytearray = field(default_factory=bytearray)
    requests: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    async def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    async def say(self, data: bytes) -> None:
        await self.flush()
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, stream_id: int, headers: list[tuple[str, str]] = EVENT_STREAM) -> None:
        self.h2.send_headers(stream_id, headers)
        await self.flush()

    async def until(self, reached: Callable[[], bool], *, acknowledge: bool = True) -> None:
        """Serve h2 until something has happened."""
        while not reached():
            data = await self.reader.read(65_536)
            if not data:
                raise ConnectionError("the client has gone")
            for event in self.h2.receive_data(data):
                self._note(event, acknowledge=acknowledge)
            await self.flush()

    async def request(self, number: int = 1) -> int:
        await self.until(lambda: len(self.requests) >= number)
        return self.requests[number - 1]

    async def ends(self, number: int) -> None:
        await self.until(lambda: len(self.ended) == number)

    async def stay(self) -> None:
        await self.until(lambda: False)

    def _note(self, event: Event, *, acknowledge: bool) -> None:
        match event:
            case RequestReceived(stream_id=stream_id):
                self.requests.append(stream_id or 0)
            case DataReceived(stream_id=stream_id, data=data, flow_controlled_length=length):
                self.received += data or b""
                if acknowledge:
                    self.h2.acknowledge_received_data(length or 0, stream_id or 0)
            case StreamEnded(stream_id=stream_id):
                self.ended.append(stream_id or 0)
            case _:
                pass


type Script = Callable[[Side], Awaitable[None]]


class HostileServer:
    """Serves every connection with the current script; `connections` counts them."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.script: Script = Side.stay
        self.settings: dict[SettingCodes, int] = {}
        self.greets = True
        self.connections = 0
        self._tls = tls
        self._running: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("localhost", 0))
        self._server = await asyncio.start_server(self._serve, sock=listener, ssl=self._tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running = asyncio.current_task()
        assert running is not None
        self._running.add(running)
        self.connections += 1
        engine = H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        side = Side(reader, writer, engine)
        with suppress(OSError, ProtocolError, asyncio.CancelledError):
            if self.greets:
                engine.local_settings = Settings(client=False, initial_values=self.settings)
                engine.initiate_connection()
                await side.flush()
            await self.script(side)
        writer.transport.abort()
        self._running.discard(running)
