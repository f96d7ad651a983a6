"""The codec of `application/vnd.amazon.eventstream`, for messages whose headers are known or strings.

A message is: total length (4), headers length (4), CRC-32 of those 8 bytes (4), headers, payload, CRC-32 of everything
before it (4); all big endian. Source: the event-stream encoding of the AWS SDK specifications.
"""

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from zlib import crc32

OVERHEAD_BYTES: Final = 16
# A chunk holds at most 1,000,000 bytes (Smithy model); in base64 and with its envelope it stays below this.
MAX_MESSAGE_BYTES: Final = 2_097_152
MAX_HEADERS_BYTES: Final = 16_384

_LENGTHS: Final = struct.Struct(">II")
_PRELUDE: Final = struct.Struct(">III")
_U32: Final = struct.Struct(">I")
_U16: Final = struct.Struct(">H")
_PRELUDE_BYTES: Final = 12
_STRING: Final = 7
# Bytes after the type of a header whose size is fixed: true, false, byte, short, integer, long, timestamp, uuid.
_FIXED_BYTES: Final[Mapping[int, int]] = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_SIZED: Final = frozenset({6, _STRING})


class EventStreamError(ValueError):
    """Raised when bytes are no event-stream message; what follows them cannot be trusted either."""


@lru_cache(maxsize=1024)
def prelude(payload_bytes: int, headers_bytes: int) -> bytes:
    """The twelve bytes before the headers; cached, because a stream's frames have few lengths."""
    lengths = _LENGTHS.pack(OVERHEAD_BYTES + headers_bytes + payload_bytes, headers_bytes)
    return lengths + _U32.pack(crc32(lengths))


def encode_message(headers: bytes, payload: bytes) -> bytes:
    """One message around headers that are already encoded."""
    body = b"".join((prelude(len(payload), len(headers)), headers, payload))
    return body + _U32.pack(crc32(body))


def encode_string_headers(headers: Mapping[str, str]) -> bytes:
    """A block of string headers; the order of the mapping is the order on the wire."""
    return b"".join(
        bytes((len(name),)) + name.encode() + bytes((_STRING,)) + _U16.pack(len(value)) + value.encode()
        for name, value in headers.items()
    )


@lru_cache(maxsize=64)
def string_headers(block: bytes) -> Mapping[str, str]:
    """The string headers of a block, others are skipped; cached, because nearly all messages have the same block.

    Raises EventStreamError for a block that is cut short, repeats a name or has a type that does not exist.
    """
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(block):
            name, at = _text(block, at + 1, block[at])
            kind, at = block[at], at + 1
            if kind in _SIZED:
                (size,) = _U16.unpack_from(block, at)
                at += 2
            else:
                size = _FIXED_BYTES[kind]
            if name in found:
                raise EventStreamError(f"header {name[:64]!r} comes twice")
            if kind == _STRING:
                found[name], at = _text(block, at, size)
            else:
                at += size
    except (IndexError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise EventStreamError("a header block cannot be read") from error
    if at != len(block):
        raise EventStreamError("a header block is cut short")
    return found


def _text(block: bytes, at: int, size: int) -> tuple[str, int]:
    raw = block[at : at + size]
    if len(raw) != size:
        raise IndexError
    return raw.decode(), at + size


class Decoder:
    """Cuts a response into messages, however it was sliced on the way.

    What came in order before a fault is still handed over; after it nothing is.
    """

    __slots__ = ("_buffer", "_needed", "fault")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = _PRELUDE_BYTES
        self.fault: str | None = None

    @property
    def pending_bytes(self) -> int:
        """How much of an unfinished message waits; not zero at the end of a response means that it was cut."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Header block and payload of every message that is complete now; look at `fault` afterwards."""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        messages: list[tuple[bytes, bytes]] = []
        at, available = 0, len(data)
        self._needed = _PRELUDE_BYTES
        while self.fault is None and available - at >= _PRELUDE_BYTES:
            total, headers, checksum = _PRELUDE.unpack_from(data, at)
            end = at + total
            if crc32(data[at : at + 8]) != checksum:
                self.fault = "the checksum of a prelude does not match"
            elif headers > MAX_HEADERS_BYTES or not OVERHEAD_BYTES + headers <= total <= MAX_MESSAGE_BYTES:
                self.fault = f"a message of {total} bytes with {headers} bytes of headers is impossible"
            elif end > available:
                self._needed = total
                break
            elif crc32(data[at : end - 4]) != _U32.unpack_from(data, end - 4)[0]:
                self.fault = "the checksum of a message does not match"
            else:
                payload_at = at + _PRELUDE_BYTES + headers
                messages.append((data[at + _PRELUDE_BYTES : payload_at], data[payload_at : end - 4]))
                at = end
        if self.fault is None and at < available:
            self._buffer += data[at:]
        return messages
