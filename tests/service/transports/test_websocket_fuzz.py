"""The socket side under generated input, in memory; `websockets`' own protocol is the judge of what was said."""

import asyncio
from typing import Any, Final

import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from service.errors import VoiceError
from service.transports.websocket_protocol import EXTENSION, DirectConnection, DirectProtocol
from tests.service.transports.direct_server import MAX_BYTES, masked

_HANDSHAKE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class MemoryTransport(asyncio.Transport):
    """Keeps what is written; closing tells the protocol, as a socket's loop does."""

    def __init__(self, protocol: DirectProtocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.written = bytearray()
        self.closing = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        assert name
        return default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        raise AssertionError("a connection that somebody attends is not paused")

    def resume_reading(self) -> None:
        return

    def close(self) -> None:
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()


class Attendant:
    """Remembers what it heard, and answers half of it."""

    def __init__(self) -> None:
        self.connection: DirectConnection
        self.heard: list[str | bytes] = []

    def on_text(self, text: str) -> None:
        self.heard.append(text)
        self.connection.send(text)

    def on_binary(self, frame: bytes) -> None:
        self.heard.append(frame)

    def on_fault(self, error: VoiceError) -> None:
        raise AssertionError(error)

    def on_too_slow(self) -> None:
        raise AssertionError

    async def finish(self, close_code: int | None) -> None:
        raise AssertionError(close_code)


class Attended:
    """A protocol after its handshake, with somebody behind it."""

    def __init__(self) -> None:
        self.attendant = Attendant()
        self.closed: asyncio.Future[int]
        self._begun = asyncio.Event()
        config = uvicorn.Config(
            self._accept,
            ws=DirectProtocol,
            ws_max_size=MAX_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            interface="asgi3",
            lifespan="off",
            log_config=None,
        )
        config.load()
        self.protocol = DirectProtocol(config, ServerState(), {}, _loop=asyncio.get_running_loop())
        self.transport = MemoryTransport(self.protocol)

    async def begin(self) -> None:
        self.protocol.connection_made(self.transport)
        self.protocol.data_received(_HANDSHAKE)
        async with asyncio.timeout(5.0):
            await self._begun.wait()
        self.transport.written.clear()

    async def _accept(self, scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        protocol = scope["extensions"][EXTENSION]["protocol"]
        connection = DirectConnection(
            protocol, max_bytes=100_000, max_stall_s=30.0, on_overflow=self.attendant.on_too_slow
        )
        self.attendant.connection = connection
        self.closed = connection.begin(self.attendant)
        self._begun.set()
        await self.closed


def judged(wire: bytes) -> tuple[list[str | bytes], set[int]]:
    """What `websockets` alone makes of these bytes: the messages before the first fault or close, and its code.

    There are two codes to choose from when text that is no UTF-8 comes before a fault: in one piece, either is first.
    """
    judge = ServerProtocol(max_size=MAX_BYTES, state=State.OPEN)
    judge.receive_data(wire)
    said: list[str | bytes] = []
    kind, pieces = Opcode.TEXT, b""
    for event in judge.events_received():
        assert isinstance(event, Frame)
        if event.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            kind = kind if event.opcode is Opcode.CONT else event.opcode
            pieces += bytes(event.data)
            if event.fin:
                if kind is Opcode.TEXT:
                    try:
                        said.append(pieces.decode())
                    except UnicodeDecodeError:
                        return said, {1007, *sent_by(judge)}
                else:
                    said.append(pieces)
                pieces = b""
    return said, sent_by(judge)


def sent_by(judge: ServerProtocol) -> set[int]:
    return set() if judge.close_sent is None else {int(judge.close_sent.code)}


HEADS = st.sampled_from([0x80, 0x81, 0x81, 0x82, 0x82, 0x88, 0x89, 0x8A, 0, 1, 2, 9, 0xC1, 0x83])
FRAMES = st.builds(
    masked, HEADS, st.one_of(st.binary(max_size=20), st.text(max_size=8).map(str.encode), st.just(bytes(130)))
)
PIECES = st.one_of(FRAMES, FRAMES, FRAMES, st.binary(max_size=12))


@given(
    pieces=st.lists(PIECES, max_size=12),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=20),
)
@settings(deadline=None)
async def test_whatever_a_client_sends_is_heard_as_the_library_hears_it_and_ends_once(
    pieces: list[bytes], sizes: list[int]
) -> None:
    wire = b"".join(pieces)
    attended = Attended()
    await attended.begin()
    rest, turn = wire, 0
    while rest and not attended.transport.closing:
        size = sizes[turn % len(sizes)]
        attended.protocol.data_received(rest[:size])
        rest, turn = rest[size:], turn + 1
    said, codes = judged(wire)
    # A message that came in one piece with what broke the protocol may be given up with it; no other may.
    heard = attended.attendant.heard

    assert heard == said[: len(heard)]
    if not codes:
        assert said == heard
        assert not attended.transport.closing
        attended.protocol.connection_lost(None)
        codes = {1006}
    await asyncio.sleep(0)
    assert await attended.closed in codes
    assert len(attended.transport.written) <= 2 * len(wire) + 200


@given(
    said=st.lists(
        st.one_of(st.binary(max_size=200), st.text(max_size=80), st.just(bytes(70_000))), max_size=8
    )
)
@settings(deadline=None)
async def test_whatever_is_said_to_a_client_is_read_by_the_library(said: list[str | bytes]) -> None:
    attended = Attended()
    await attended.begin()
    for message in said:
        attended.attendant.connection.send(message)
    wire = bytes(attended.transport.written)

    judge = ClientProtocol(parse_uri("ws://localhost/ws"), state=State.OPEN)
    judge.receive_data(wire)
    events = [event for event in judge.events_received() if isinstance(event, Frame)]

    assert judge.parser_exc is None
    assert [message if isinstance(message, bytes) else message.encode() for message in said] == [
        bytes(event.data) for event in events
    ]
    assert all(
        event.opcode is (Opcode.BINARY if isinstance(message, bytes) else Opcode.TEXT)
        for event, message in zip(events, said, strict=True)
    )
    attended.protocol.connection_lost(None)
