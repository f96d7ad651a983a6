"""The codec of `application/vnd.amazon.eventstream`.

A message is: total length (4), headers length (4), CRC-32 of those 8 bytes (4), headers, payload, CRC-32 of everything
before it (4); all big endian. Source: the event-stream encoding of the AWS SDK specifications.

Rule 1: this file knows bytes only; what a header means is somebody else's business.
Rule 2: after a `FrameError` the position in the byte stream is lost, so a decoder that raised is finished.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, assert_never
from uuid import UUID
from zlib import crc32

PRELUDE_BYTES: Final = 12
OVERHEAD_BYTES: Final = PRELUDE_BYTES + 4
MAX_MESSAGE_BYTES: Final = 2_097_152
"""A `chunk` blob holds at most 1,000,000 bytes (Smithy model), base64 and two envelopes included it stays below this."""

_PRELUDE: Final = struct.Struct(">III")
_LENGTHS: Final = struct.Struct(">II")
_U32: Final = struct.Struct(">I")
_U16: Final = struct.Struct(">H")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_INTEGERS: Final[Mapping[int, struct.Struct]] = {
    2: struct.Struct(">b"),
    3: struct.Struct(">h"),
    4: struct.Struct(">i"),
    5: struct.Struct(">q"),
}
_BYTES, _STRING, _TIMESTAMP, _UUID = 6, 7, 8, 9


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer header of one of the four widths, in bytes: 1, 2, 4 or 8."""

    value: int
    width: int = 4


type HeaderValue = bool | Integer | bytes | str | datetime | UUID


class FrameError(ValueError):
    """The bytes are not an event-stream message; what follows them cannot be trusted either."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it came: its header block undecoded, for most are known by heart, and its payload."""

    header_block: bytes
    payload: bytes


class FrameDecoder:
    """Cut a byte stream into frames, however it was sliced on the way."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    @property
    def pending_bytes(self) -> int:
        """How much of an unfinished frame is waiting; not zero at the end of the stream means it was cut."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take more bytes, return the frames they complete; raise `FrameError` for a wrong length or checksum."""
        buffer = self._buffer + data if self._buffer else data
        frames: list[Frame] = []
        position, available = 0, len(buffer)
        while available - position >= PRELUDE_BYTES:
            total, headers, prelude_crc = _PRELUDE.unpack_from(buffer, position)
            if crc32(buffer[position : position + 8]) != prelude_crc:
                raise FrameError("the checksum of a message prelude does not match")
            if not OVERHEAD_BYTES + headers <= total <= MAX_MESSAGE_BYTES:
                raise FrameError(f"a message of {total} bytes with {headers} bytes of headers is impossible")
            end = position + total
            if end > available:
                break
            (message_crc,) = _U32.unpack_from(buffer, end - 4)
            if crc32(buffer[position : end - 4]) != message_crc:
                raise FrameError("the checksum of a message does not match")
            payload_at = position + PRELUDE_BYTES + headers
            frames.append(Frame(buffer[position + PRELUDE_BYTES : payload_at], buffer[payload_at : end - 4]))
            position = end
        self._buffer = buffer[position:]
        return frames


def decode_one(message: bytes) -> Frame:
    """Decode bytes that must be exactly one message, as inside a signed one."""
    decoder = FrameDecoder()
    frames = decoder.feed(message)
    if len(frames) != 1 or decoder.pending_bytes:
        raise FrameError("a signed frame must hold exactly one message")
    return frames[0]


def encode_frame(header_block: bytes, payload: bytes) -> bytes:
    """Return one complete message around headers that are already encoded."""
    lengths = _LENGTHS.pack(OVERHEAD_BYTES + len(header_block) + len(payload), len(header_block))
    prelude_crc = crc32(lengths)
    prelude = lengths + _U32.pack(prelude_crc)
    checksum = crc32(payload, crc32(header_block, crc32(prelude)))
    return b"".join((prelude, header_block, payload, _U32.pack(checksum)))


def encode_headers(headers: Mapping[str, HeaderValue]) -> bytes:
    """Return a header block; the order of the mapping is the order on the wire."""
    return b"".join(_encode_header(name, value) for name, value in headers.items())


def decode_headers(block: bytes) -> dict[str, HeaderValue]:
    """Return all headers of a block; raise `FrameError` for an unknown type, a short block or a repeated name."""
    headers: dict[str, HeaderValue] = {}
    for name, value, _raw in walk_headers(block):
        if name in headers:
            raise FrameError(f"header {name!r} comes twice")
        headers[name] = value
    return headers


@lru_cache(maxsize=64)
def decode_string_headers(block: bytes) -> Mapping[str, str]:
    """Return the string headers of a block; cached, for a client sends the same inner block every time."""
    return {name: value for name, value in decode_headers(block).items() if isinstance(value, str)}


def walk_headers(block: bytes) -> Iterator[tuple[str, HeaderValue, bytes]]:
    """Yield each header with its own encoded bytes, which is what a chunk signature covers."""
    position = 0
    try:
        while position < len(block):
            start = position
            name_bytes = block[position]
            kind_at = position + 1 + name_bytes
            name = block[position + 1 : kind_at].decode()
            value, position = _decode_value(block, kind_at)
            yield name, value, block[start:position]
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise FrameError("a header block is cut short or not text") from error


def _encode_header(name: str, value: HeaderValue) -> bytes:
    encoded_name = name.encode()
    match value:
        case bool():
            body = b"\x00" if value else b"\x01"
        case Integer(value=number, width=width):
            kind = {1: 2, 2: 3, 4: 4, 8: 5}[width]
            body = bytes((kind,)) + _INTEGERS[kind].pack(number)
        case bytes():
            body = bytes((_BYTES,)) + _U16.pack(len(value)) + value
        case str():
            text = value.encode()
            body = bytes((_STRING,)) + _U16.pack(len(text)) + text
        case datetime():
            body = bytes((_TIMESTAMP,)) + _INTEGERS[5].pack((value - _EPOCH) // timedelta(milliseconds=1))
        case UUID():
            body = bytes((_UUID,)) + value.bytes
        case _:
            assert_never(value)
    return bytes((len(encoded_name),)) + encoded_name + body


def _decode_value(block: bytes, kind_at: int) -> tuple[HeaderValue, int]:
    kind, at = block[kind_at], kind_at + 1
    match kind:
        case 0 | 1:
            return kind == 0, at
        case 2 | 3 | 4 | 5:
            packed = _INTEGERS[kind]
            return Integer(packed.unpack_from(block, at)[0], packed.size), at + packed.size
        case 6 | 7:
            (length,) = _U16.unpack_from(block, at)
            raw = _slice(block, at + 2, length)
            return (raw if kind == _BYTES else raw.decode()), at + 2 + length
        case 8:
            (milliseconds,) = _INTEGERS[5].unpack_from(block, at)
            return _EPOCH + timedelta(milliseconds=milliseconds), at + 8
        case 9:
            return UUID(bytes=_slice(block, at, 16)), at + 16
        case _:
            raise FrameError(f"header type {kind} does not exist")


def _slice(block: bytes, at: int, length: int) -> bytes:
    piece = block[at : at + length]
    if len(piece) != length:
        raise FrameError("a header value is cut short")
    return piece
