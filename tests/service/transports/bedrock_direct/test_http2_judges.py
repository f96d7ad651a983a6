"""Our way past h2 for DATA, judged by h2 itself and by nghttp2: the same bytes, and no fault found in ours."""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes, Settings
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import ModelFailure
from service.transports.bedrock_direct.connection import Connection
from tests.service.transports.bedrock_direct.nghttp2 import Nghttp2Server, library
from tests.service.transports.bedrock_direct.test_connection import REQUEST, StuckTransport

RESPONSE: Final = [(b":status", b"200"), (b"content-type", b"application/vnd.amazon.eventstream")]
NGHTTP2: Final = library()
JUDGES: Final = [
    "h2",
    pytest.param(
        "nghttp2", marks=pytest.mark.skipif(NGHTTP2 is None, reason="libnghttp2 is not installed here")
    ),
]


class Judge(Protocol):
    """A server that somebody else wrote."""

    received: dict[int, bytearray]
    faults: list[int]

    def hear(self, data: bytes) -> int:
        """Take bytes of the client's; negative when they are no HTTP/2."""

    def say(self) -> bytes:
        """What the server wants to send."""

    def respond(
        self, stream_id: int, headers: list[tuple[bytes, bytes]], body: bytes, piece_bytes: int
    ) -> None:
        """Answer one request in pieces."""

    def close(self) -> None:
        """Let go of it."""


class H2Server:
    """As `Nghttp2Server`, by h2."""

    def __init__(self, *, window_bytes: int, frame_bytes: int) -> None:
        self._h2 = H2Connection(H2Configuration(client_side=False))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.INITIAL_WINDOW_SIZE: window_bytes,
                SettingCodes.MAX_FRAME_SIZE: frame_bytes,
            },
        )
        self._h2.initiate_connection()
        self._replies: dict[int, memoryview] = {}
        self._piece_bytes = 1
        self.received: dict[int, bytearray] = {}
        self.faults: list[int] = []

    def hear(self, data: bytes) -> int:
        for event in self._h2.receive_data(data):
            match event:
                case DataReceived(stream_id=int(stream_id), data=bytes(piece), flow_controlled_length=length):
                    self.received.setdefault(stream_id, bytearray()).extend(piece)
                    self._h2.acknowledge_received_data(length or 0, stream_id)
                case StreamReset(stream_id=int(stream_id), error_code=code) if code != ErrorCodes.CANCEL:
                    self.faults.append(int(code or 0))
                case StreamEnded():
                    pass
                case _:
                    pass
        return len(data)

    def say(self) -> bytes:
        for stream_id, body in list(self._replies.items()):
            rest = body
            while rest and (room := self._h2.local_flow_control_window(stream_id)) > 0:
                piece = rest[: min(room, self._piece_bytes, 16_384)]
                self._h2.send_data(stream_id, bytes(piece))
                rest = rest[len(piece) :]
            self._replies[stream_id] = rest
            if not rest:
                self._h2.end_stream(stream_id)
                del self._replies[stream_id]
        return self._h2.data_to_send()

    def respond(
        self, stream_id: int, headers: list[tuple[bytes, bytes]], body: bytes, piece_bytes: int
    ) -> None:
        self._h2.send_headers(stream_id, headers)
        self._piece_bytes = piece_bytes
        self._replies[stream_id] = memoryview(body)

    def close(self) -> None:
        self._replies.clear()


def judge_of(name: str, *, window_bytes: int, frame_bytes: int) -> Judge:
    if name == "h2":
        return H2Server(window_bytes=window_bytes, frame_bytes=frame_bytes)
    return Nghttp2Server(NGHTTP2, window_bytes=window_bytes, frame_bytes=frame_bytes)


class Heard:
    """What one exchange was told."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False
        self.lost: ModelFailure | None = None

    def on_response(self, status: int, headers: Mapping[str, str]) -> None:
        assert (status, "content-type" in headers) == (200, True)

    def on_data(self, data: bytes) -> None:
        self.data += data

    def on_room(self) -> None:
        return

    def on_end(self) -> None:
        self.ended = True

    def on_lost(self, failure: ModelFailure) -> None:
        self.lost = failure


class Talk:
    """A connection of ours and a judge, in memory, exchanging bytes in slices of a given size."""

    def __init__(self, judge: Judge, slice_bytes: int) -> None:
        self.judge = judge
        self.connection = Connection(silence_s=60.0, on_change=lambda _: None)
        self._transport = StuckTransport()
        self._slice_bytes = slice_bytes
        self.connection.connection_made(self._transport)

    async def exchange(self) -> bool:
        """Let both say what they have; whether anything was said."""
        await asyncio.sleep(0)
        ours, theirs = bytes(self._transport.kept), self.judge.say()
        self._transport.kept.clear()
        for at in range(0, len(ours), self._slice_bytes):
            piece = ours[at : at + self._slice_bytes]
            assert len(piece) == self.judge.hear(piece)
        for at in range(0, len(theirs), self._slice_bytes):
            self.connection.data_received(theirs[at : at + self._slice_bytes])
        return bool(ours or theirs)

    async def until_quiet(self) -> None:
        while await self.exchange():
            pass


@pytest.mark.parametrize("name", JUDGES)
@given(
    bodies=st.lists(st.lists(st.binary(min_size=1, max_size=3_000), max_size=8), min_size=1, max_size=3),
    window_bytes=st.sampled_from([1, 100, 5_000, 65_535, 1_000_000]),
    frame_bytes=st.sampled_from([16_384, 20_000]),
    slice_bytes=st.integers(1, 4_000),
)
@settings(deadline=None, max_examples=40)
async def test_what_we_send_is_what_the_judge_hears(
    name: str, bodies: list[list[bytes]], window_bytes: int, frame_bytes: int, slice_bytes: int
) -> None:
    judge = judge_of(name, window_bytes=window_bytes, frame_bytes=frame_bytes)
    talk = Talk(judge, slice_bytes)
    await talk.until_quiet()
    waiting: dict[int, bytes] = {}
    exchanges = {}
    for pieces in bodies:
        exchange = talk.connection.request(REQUEST, Heard())
        exchanges[exchange.stream_id] = exchange
        waiting[exchange.stream_id] = b"".join(pieces)
    expected = dict(waiting)
    # With a window of one byte, two hundred rounds are as good as a thousand.
    for _ in range(200):
        for stream_id, exchange in exchanges.items():
            if waiting[stream_id] and exchange.has_room:
                waiting[stream_id] = waiting[stream_id][exchange.send(waiting[stream_id]) :]
        if not await talk.exchange():
            break
    for stream_id, body in expected.items():
        sent = body[: len(body) - len(waiting[stream_id])]
        assert sent == bytes(judge.received.get(stream_id, b""))
    assert window_bytes < 5_000 or not any(waiting.values())
    assert [] == judge.faults
    assert not talk.connection.closed
    talk.connection.close()
    judge.close()


@pytest.mark.parametrize("name", JUDGES)
@given(
    bodies=st.lists(st.binary(min_size=1, max_size=6_000), min_size=1, max_size=3),
    piece_bytes=st.integers(1, 3_000),
    slice_bytes=st.integers(1, 4_000),
)
@settings(deadline=None, max_examples=40)
async def test_what_the_judge_sends_is_what_we_hear(
    name: str, bodies: list[bytes], piece_bytes: int, slice_bytes: int
) -> None:
    judge = judge_of(name, window_bytes=65_535, frame_bytes=16_384)
    talk = Talk(judge, slice_bytes)
    await talk.until_quiet()
    listeners = []
    for body in bodies:
        listener = Heard()
        exchange = talk.connection.request(REQUEST, listener)
        await talk.until_quiet()
        judge.respond(exchange.stream_id, RESPONSE, body, piece_bytes)
        listeners.append(listener)
    await talk.until_quiet()

    assert bodies == [bytes(listener.data) for listener in listeners]
    assert all(listener.ended for listener in listeners)
    assert [] == judge.faults
    talk.connection.close()
    judge.close()


@pytest.mark.parametrize("name", JUDGES)
async def test_long_responses_do_not_stop_for_want_of_windows(name: str) -> None:
    """Many times our windows, so that every update we send beside h2 has to be right."""
    judge = judge_of(name, window_bytes=65_535, frame_bytes=16_384)
    talk = Talk(judge, 65_536)
    await talk.until_quiet()
    listener = Heard()
    exchange = talk.connection.request(REQUEST, listener)
    await talk.until_quiet()
    body = bytes(20_000_000)
    judge.respond(exchange.stream_id, RESPONSE, body, 16_000)
    await talk.until_quiet()

    assert (len(body), True) == (len(listener.data), listener.ended)
    assert [] == judge.faults
    talk.connection.close()
    judge.close()
