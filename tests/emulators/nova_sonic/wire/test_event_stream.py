from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smithy_aws_event_stream.events import Byte, Event, EventMessage, Long, Short

from emulators.nova_sonic.wire.event_stream import (
    Frame,
    FrameDecoder,
    FrameError,
    HeaderValue,
    Integer,
    decode_headers,
    decode_one,
    encode_frame,
    encode_headers,
)

HEADERS: dict[str, HeaderValue] = {
    "yes": True,
    "no": False,
    "byte": Integer(-7, 1),
    "short": Integer(-700, 2),
    "int": Integer(70_000, 4),
    "long": Integer(-(2**40), 8),
    "bytes": b"\x00\xff",
    "text": "grüß",
    "date": datetime(2026, 11, 23, 12, 24, 51, 123_000, tzinfo=UTC),
    "uuid": UUID("12345678-1234-5678-1234-567812345678"),
}
FRAME = encode_frame(encode_headers({":event-type": "chunk"}), b'{"bytes":"e30="}')


def test_every_header_type_survives_the_round_trip() -> None:
    assert HEADERS == decode_headers(encode_headers(HEADERS))


def test_frames_are_the_bytes_the_official_codec_makes() -> None:
    official = EventMessage(
        headers={
            "yes": True,
            "no": False,
            "byte": Byte(-7),
            "short": Short(-700),
            "int": 70_000,
            "long": Long(-(2**40)),
            "bytes": b"\x00\xff",
            "text": "grüß",
            "date": HEADERS["date"],  # type: ignore[dict-item] # the mapping above is typed for all headers at once
            "uuid": HEADERS["uuid"],  # type: ignore[dict-item] # as above
        },
        payload=b"payload",
    ).encode()

    assert official == encode_frame(encode_headers(HEADERS), b"payload")


def test_the_official_codec_reads_our_frames() -> None:
    event = Event.decode(BytesIO(FRAME))

    assert event is not None
    assert {":event-type": "chunk"} == event.message.headers
    assert b'{"bytes":"e30="}' == event.message.payload


@given(payloads=st.lists(st.binary(max_size=60), max_size=5), cuts=st.lists(st.integers(1, 40), max_size=30))
def test_frames_are_found_however_the_bytes_were_cut(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(encode_frame(encode_headers({"n": Integer(n)}), p) for n, p in enumerate(payloads))
    decoder, frames = FrameDecoder(), []
    for size in cuts:
        frames += decoder.feed(stream[:size])
        stream = stream[size:]
    frames += decoder.feed(stream)

    assert payloads == [frame.payload for frame in frames]
    assert decoder.pending_bytes == 0


@given(position=st.integers(0, len(FRAME) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed(position: int, bit: int) -> None:
    spoiled = bytearray(FRAME)
    spoiled[position] ^= 1 << bit

    with pytest.raises(FrameError):
        decode_one(bytes(spoiled))


def test_an_unfinished_frame_is_pending() -> None:
    decoder = FrameDecoder()

    assert [] == decoder.feed(FRAME[:-1])
    assert len(FRAME) - 1 == decoder.pending_bytes
    assert [Frame(encode_headers({":event-type": "chunk"}), b'{"bytes":"e30="}')] == decoder.feed(FRAME[-1:])


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"\x01a\x0a", id="unknown type"),
        pytest.param(b"\x01a\x07\x00\x05abc", id="short value"),
        pytest.param(b"\x01a", id="no type"),
        pytest.param(b"\x01\xff\x00", id="name is not text"),
        pytest.param(b"\x01a\x00\x01a\x00", id="twice"),
        pytest.param(b"\x01a\x08\x00\x00", id="short number"),
        pytest.param(b"\x01a\x08\x7f\xff\xff\xff\xff\xff\xff\xff", id="a date beyond time"),
        pytest.param(b"\x01a\x09\x00", id="short uuid"),
    ],
)
def test_a_broken_header_block_is_refused(block: bytes) -> None:
    with pytest.raises(FrameError):
        decode_headers(block)


@given(st.binary(max_size=80))
def test_garbage_raises_nothing_but_a_frame_error(data: bytes) -> None:
    with suppress(FrameError):
        for frame in FrameDecoder().feed(data):
            decode_headers(frame.header_block)
    with suppress(FrameError):
        decode_headers(data)


def test_a_signed_frame_holds_one_message_only() -> None:
    with pytest.raises(FrameError, match="exactly one"):
        decode_one(FRAME + FRAME)
