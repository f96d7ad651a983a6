"""A connection over a socket that takes nothing: what waits is bounded, whoever asks for it."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.connection import Connection
from tests.service.transports.bedrock_direct.hostile_server import frame

REQUEST = [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")]


class StuckTransport(asyncio.Transport):
    """Keeps everything, as a socket buffer would whose other end does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = bytearray()
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {
            "ssl_object": SimpleNamespace(selected_alpn_protocol=lambda: "h2"),
            "socket": SimpleNamespace(setsockopt=lambda *_: None),
        }.get(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert high is not None or low is None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.kept += data

    def get_write_buffer_size(self) -> int:
        return len(self.kept)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class Listener:
    def __init__(self) -> None:
        self.lost: ModelFailure | None = None

    def on_response(self, status: int, headers: Mapping[str, str]) -> None:
        raise AssertionError((status, headers))

    def on_data(self, data: bytes) -> None:
        raise AssertionError(data)

    def on_room(self) -> None:
        return

    def on_end(self) -> None:
        raise AssertionError

    def on_lost(self, failure: ModelFailure) -> None:
        self.lost = failure


async def connected() -> tuple[Connection, StuckTransport]:
    connection = Connection(silence_s=60.0, on_change=lambda _: None)
    transport = StuckTransport()
    connection.connection_made(transport)
    server = H2Connection(H2Configuration(client_side=False))
    server.initiate_connection()
    connection.data_received(server.data_to_send())
    await connection.ready
    return connection, transport


class Tolerant(Listener):
    """Takes whatever a made-up server says, and counts its ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = 0

    def on_response(self, status: int, headers: Mapping[str, str]) -> None:
        assert status >= 0
        assert all(isinstance(value, str) for value in headers.values())

    def on_data(self, data: bytes) -> None:
        assert not self.ends, data

    def on_end(self) -> None:
        self.ends += 1

    def on_lost(self, failure: ModelFailure) -> None:
        super().on_lost(failure)
        self.ends += 1


FRAMES = st.builds(
    frame,
    st.integers(0, 12),
    st.sampled_from([0, 1, 4, 5, 8, 9, 0x20, 0xFF]),
    st.sampled_from([0, 1, 1, 1, 2, 3, 5]),
    st.one_of(st.binary(max_size=24), st.sampled_from([b"\x88", bytes(4), bytes(8), b"\x00\x00\x00\x01"])),
)


@given(
    pieces=st.lists(st.one_of(FRAMES, FRAMES, st.binary(max_size=40)), max_size=10),
    size=st.integers(1, 64),
)
@settings(deadline=None)
async def test_whatever_a_server_says_ends_an_exchange_once_or_not_at_all(
    pieces: list[bytes], size: int
) -> None:
    connection, _ = await connected()
    listeners = [Tolerant(), Tolerant()]
    for listener in listeners:
        connection.request(REQUEST, listener)
    wire = b"".join(pieces)
    for at in range(0, len(wire), size):
        if not connection.closed:
            connection.data_received(wire[at : at + size])
    connection.close()

    assert all(listener.ends == 1 for listener in listeners)


async def test_a_socket_that_takes_nothing_is_given_no_more_data() -> None:
    connection, transport = await connected()
    exchange = connection.request(REQUEST, Listener())
    connection.pause_writing()
    taken = exchange.send(bytes(1_000))
    connection.resume_writing()

    assert (0, 1_000) == (taken, exchange.send(bytes(1_000)))
    connection.close()
    assert transport.closed


async def test_an_endpoint_that_asks_and_never_reads_is_left() -> None:
    connection, transport = await connected()
    listener = Listener()
    connection.request(REQUEST, listener)
    connection.pause_writing()
    pings = frame(6, 0, 0, b"12345678") * 1_000
    while not connection.closed:
        connection.data_received(pings)
        await asyncio.sleep(0)

    assert listener.lost is not None
    assert (ModelFailureKind.CONNECTION_LOST, True) == (
        listener.lost.kind,
        "reads nothing" in listener.lost.message,
    )
    assert len(transport.kept) < 2_097_152


async def test_what_was_produced_in_one_turn_leaves_in_one_write() -> None:
    connection, transport = await connected()
    exchange = connection.request(REQUEST, Listener())
    for _ in range(3):
        exchange.send(b"x" * 10)
    before = len(transport.kept)
    await asyncio.sleep(0)
    kept = bytes(transport.kept[before:])

    assert 3 == kept.count(b"x" * 10)
    connection.close()
