"""HTTP/2 frames as bytes (RFC 9113, 4.1), for the few the server handles itself beside `h2`.

DATA is most of the traffic and h2 takes longest for it. GOAWAY closes h2's connection for good, while a client that sends
one may go on with the streams it has; the SDK for JavaScript does that with every stream.
"""

from dataclasses import dataclass
from typing import Final

HEADER_BYTES: Final = 9
PREFACE_BYTES: Final = 24
MAX_FRAME_BYTES: Final = 16_384
"""Longer frames are h2's to refuse: they break the SETTINGS we send."""

DATA: Final = 0x0
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8
FLAG_END_STREAM: Final = 0x1
FLAG_PADDED: Final = 0x8


@dataclass(frozen=True, slots=True)
class WireFrame:
    """One frame: its type, flags and stream, and its bytes with and without the header."""

    kind: int
    flags: int
    stream_id: int
    payload: bytes
    whole: bytes


class FrameSplitter:
    """Cut the bytes of one client into frames; the connection preface passes as a frame of no kind."""

    __slots__ = ("_buffer", "_preface_due")

    def __init__(self) -> None:
        self._buffer = b""
        self._preface_due = True

    def feed(self, data: bytes) -> list[WireFrame]:
        """Take more bytes, return what they complete; an impossible length comes out as it is, for h2 to judge."""
        buffer = self._buffer + data if self._buffer else data
        frames: list[WireFrame] = []
        at, available = 0, len(buffer)
        if self._preface_due:
            if available < PREFACE_BYTES:
                self._buffer = buffer
                return frames
            frames.append(WireFrame(-1, 0, 0, b"", buffer[:PREFACE_BYTES]))
            self._preface_due, at = False, PREFACE_BYTES
        while available - at >= HEADER_BYTES:
            length = int.from_bytes(buffer[at : at + 3])
            end = at + HEADER_BYTES + length
            if length > MAX_FRAME_BYTES:
                end = available
            elif end > available:
                break
            stream_id = int.from_bytes(buffer[at + 5 : at + 9]) & 0x7FFF_FFFF
            payload = buffer[at + HEADER_BYTES : end]
            frames.append(WireFrame(buffer[at + 3], buffer[at + 4], stream_id, payload, buffer[at:end]))
            at = end
        self._buffer = buffer[at:]
        return frames


def window_update(stream_id: int, size_bytes: int) -> bytes:
    """Return a frame that lets the client send so many bytes more; stream 0 is the connection."""
    return b"\x00\x00\x04\x08\x00" + stream_id.to_bytes(4) + size_bytes.to_bytes(4)


def goaway(last_stream_id: int, code: int) -> bytes:
    """Return a frame that announces the end of the connection."""
    return b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + last_stream_id.to_bytes(4) + code.to_bytes(4)
