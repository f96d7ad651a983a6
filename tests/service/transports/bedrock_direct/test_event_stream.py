"""The codec of event-stream messages: whatever the slices, whatever the damage."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.nova_sonic.wire import event_stream as another_reading
from service.transports.bedrock_direct.event_stream import (
    MAX_MESSAGE_BYTES,
    Decoder,
    EventStreamError,
    encode_message,
    encode_string_headers,
    string_headers,
)

HEADERS = {":message-type": "event", ":event-type": "chunk"}
BLOCK = encode_string_headers(HEADERS)


def sliced(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data]


@given(
    payloads=st.lists(st.binary(max_size=300), max_size=8),
    sizes=st.lists(st.integers(min_value=0, max_value=120), max_size=30),
)
def test_messages_come_out_whole_however_they_are_sliced(payloads: list[bytes], sizes: list[int]) -> None:
    decoder = Decoder()
    wire = b"".join(encode_message(BLOCK, payload) for payload in payloads)
    heard = [message for piece in sliced(wire, sizes) for message in decoder.feed(piece)]

    assert [(BLOCK, payload) for payload in payloads] == heard
    assert (None, 0) == (decoder.fault, decoder.pending_bytes)


@given(payload=st.binary(max_size=200))
def test_the_emulators_own_codec_reads_the_same(payload: bytes) -> None:
    ours = encode_message(BLOCK, payload)
    frame = another_reading.decode_one(ours)

    assert another_reading.encode_frame(BLOCK, payload) == ours
    assert (dict(HEADERS), payload) == (another_reading.decode_headers(frame.header_block), frame.payload)


@given(payload=st.binary(max_size=100), at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_never_passes(payload: bytes, at: int, bit: int) -> None:
    good = encode_message(BLOCK, payload)
    wire = bytearray(encode_message(BLOCK, payload))
    wire[at % len(wire)] ^= 1 << bit
    decoder = Decoder()
    before = decoder.feed(good)
    heard = decoder.feed(bytes(wire))

    # A length that grew waits for more; the prelude's own checksum mostly finds it first.
    assert ([(BLOCK, payload)], []) == (before, heard)
    assert decoder.fault is not None


@given(noise=st.binary(max_size=400), sizes=st.lists(st.integers(0, 50), max_size=10))
def test_noise_is_a_fault_or_waits_and_never_raises(noise: bytes, sizes: list[int]) -> None:
    decoder = Decoder()
    for piece in sliced(noise, sizes):
        for block, _ in decoder.feed(piece):
            string_headers(block)

    assert decoder.fault is not None or decoder.pending_bytes <= len(noise)


@given(block=st.binary(max_size=100))
def test_a_header_block_is_read_or_refused(block: bytes) -> None:
    try:
        found = string_headers(block)
    except EventStreamError:
        return

    assert all(isinstance(value, str) for value in found.values())


def prelude(total: int, headers: int) -> bytes:
    lengths = total.to_bytes(4) + headers.to_bytes(4)
    return lengths + crc32(lengths).to_bytes(4)


@pytest.mark.parametrize(
    "wire",
    [
        prelude(MAX_MESSAGE_BYTES + 1, 0),
        prelude(2**32 - 1, 0),
        prelude(15, 0),
        prelude(100, 90),
        prelude(100_000, 20_000),
    ],
    ids=["too long", "four gigabytes", "too short", "headers beyond the end", "endless headers"],
)
def test_an_impossible_length_is_a_fault_before_anything_is_kept(wire: bytes) -> None:
    decoder = Decoder()

    assert [] == decoder.feed(wire)
    assert decoder.fault is not None


def test_headers_of_other_types_are_skipped() -> None:
    headers: dict[str, another_reading.HeaderValue] = {
        "flag": True,
        "count": another_reading.Integer(value=5, width=8),
        "raw": b"\x00\x01",
        "name": "value",
    }

    assert {"name": "value"} == string_headers(another_reading.encode_headers(headers))
