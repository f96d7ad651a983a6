"""The three HTTP/2 frames (RFC 9113, 4.1) that the connection handles itself beside `h2`.

DATA is nearly all of the traffic, and h2 takes 5 us to send and 13 us to receive a frame of it where this takes about
one. GOAWAY closes h2's connection for good, while the streams that it leaves alone may go on.
"""

import struct
from typing import Final

HEADER_BYTES: Final = 9
MAX_FRAME_BYTES: Final = 16_384
"""Longer frames break the SETTINGS that we send."""

DATA: Final = 0x0
GOAWAY: Final = 0x7

_HEADER: Final = struct.Struct(">BHBBI")
_WINDOW_UPDATE: Final = struct.Struct(">BHBBII")
_GOAWAY: Final = struct.Struct(">II")
_STREAM_ID: Final = 0x7FFF_FFFF
_WINDOW_UPDATE_KIND: Final = 0x8


def data_header(stream_id: int, size_bytes: int) -> bytes:
    """The header of a DATA frame that ends nothing."""
    return _HEADER.pack(size_bytes >> 16, size_bytes & 0xFFFF, DATA, 0, stream_id)


def window_update(stream_id: int, size_bytes: int) -> bytes:
    """A frame that lets the other side send so many bytes more; stream 0 is the connection."""
    return _WINDOW_UPDATE.pack(0, 4, _WINDOW_UPDATE_KIND, 0, stream_id, size_bytes)


def read_header(buffer: bytes, at: int) -> tuple[int, int, int, int]:
    """Length of the payload, type, flags and stream of the frame that begins here."""
    high, low, kind, flags, stream_id = _HEADER.unpack_from(buffer, at)
    return high << 16 | low, kind, flags, stream_id & _STREAM_ID


def read_goaway(payload: bytes) -> tuple[int, int]:
    """The last stream that the other side will serve, and its reason; raises struct.error when it is too short."""
    last_stream_id, code = _GOAWAY.unpack_from(payload)
    return last_stream_id & _STREAM_ID, code
