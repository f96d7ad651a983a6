"""A WebSocket client that costs little: one protocol object per session, no task, no masking work.

RFC 6455 asks clients to mask; the mask here is zero, which is a valid mask and leaves the bytes as they are. The
server unmasks as it does with any other.
"""

import asyncio
import base64
import json
import os
import struct
from collections.abc import Callable
from typing import Final, cast

import pybase64

from benchmarks.stamps import Delays, delay_ms, stamp

FRAME_S: Final = 0.032
_PCM_BYTES: Final = 1024
_VOICE_HEADER: Final = struct.Struct("<BBHId")
_HEADER_BYTES: Final = _VOICE_HEADER.size
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_ZERO_MASK: Final = bytes(4)


class LoadClient(asyncio.Protocol):
    """One session: handshake, a stamped frame whenever `speak` is called, and the delays of what comes back."""

    def __init__(
        self, *, host: str, token: str, heard: Delays, broke: Callable[[str], None], json_wire: bool = False
    ) -> None:
        self._host = host
        self._token = token
        self._heard = heard
        self._json_wire = json_wire
        self._broke = broke
        self._buffer = bytearray()
        self._upgraded = False
        self._closing = False
        self._sequence = 0
        self._transport: asyncio.Transport | None = None
        self.texts = 0
        self.audio_frames = 0
        self.became_ready = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {'voice.v1.json' if self._json_wire else 'voice.v1'}\r\nAuthorization: Bearer {self._token}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded and not self._upgrade():
            return
        position = self._read_messages()
        del self._buffer[:position]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closing:
            self._fail(f"connection lost: {exc or 'closed by the service'}")

    @property
    def open(self) -> bool:
        return self._upgraded and not self._closing

    def speak(self, due_at: float | None = None) -> None:
        """Send one frame of audio that was due at this instant of the loop's clock."""
        if self._json_wire:
            marked = pybase64.b64encode(stamp(due_at) + bytes(2))
            self._write(_TEXT, _JSON_BEFORE + marked + _JSON_AFTER)
            return
        pcm = stamp(due_at) + _SILENT_REST
        header = _VOICE_HEADER.pack(1, 1, 0, self._sequence & 0xFFFFFFFF, 0.0)
        self._sequence += 1
        self._write(_BINARY, header + pcm)

    def close(self) -> None:
        self._closing = True
        if self._transport is not None and not self._transport.is_closing():
            self._write(_TEXT, b'{"type":"end"}')

    def abort(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    def _upgrade(self) -> bool:
        head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self._fail(head.partition(b"\r\n")[0].decode(errors="replace"))
            return False
        self._upgraded = True
        self._buffer = bytearray(rest)
        self._write(_TEXT, b'{"type":"start"}')
        return True

    def _read_messages(self) -> int:
        buffer = self._buffer
        position = 0
        while len(buffer) - position >= 2:
            length = buffer[position + 1]
            start = position + 2
            if length == 126:
                if len(buffer) - position < 4:
                    break
                length = int.from_bytes(buffer[position + 2 : position + 4], "big")
                start = position + 4
            elif length == 127:
                if len(buffer) - position < 10:
                    break
                length = int.from_bytes(buffer[position + 2 : position + 10], "big")
                start = position + 10
            if len(buffer) < start + length:
                break
            self._take(buffer[position] & 0x0F, start, length)
            position = start + length
        return position

    def _take(self, opcode: int, start: int, length: int) -> None:
        if opcode == _BINARY:
            self.audio_frames += 1
            delay = delay_ms(bytes(self._buffer[start + _HEADER_BYTES : start + _HEADER_BYTES + 16]))
            if delay is not None:
                self._heard.add(delay)
        elif opcode == _TEXT and self._buffer.startswith(_JSON_AUDIO, start):
            self.audio_frames += 1
            at = self._buffer.index(b'"data"', start) + 6
            at = self._buffer.index(b'"', at) + 1
            delay = delay_ms(pybase64.b64decode(bytes(self._buffer[at : at + 24])))
            if delay is not None:
                self._heard.add(delay)
        elif opcode == _TEXT:
            self._read(bytes(self._buffer[start : start + length]))
        elif opcode == _PING:
            self._write(_PONG, bytes(self._buffer[start : start + length]))
        elif opcode == _CLOSE:
            code = int.from_bytes(self._buffer[start : start + 2], "big") if length >= 2 else 1005
            if not self._closing:
                self._fail(f"closed with {code}")
            self._closing = True
            self._write(_CLOSE, bytes(self._buffer[start : start + 2]))
            if self._transport is not None:
                self._transport.close()

    def _read(self, text: bytes) -> None:
        self.texts += 1
        if not self.became_ready.done() and b'"listening"' in text:
            self.became_ready.set_result(None)
        elif b'"error"' in text[:40]:
            self._broke(f"error {json.loads(text)['code']}")

    def _fail(self, why: str) -> None:
        self._closing = True
        self._broke(why)
        if not self.became_ready.done():
            self.became_ready.set_exception(ConnectionError(why))

    def _write(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        head = (
            bytes((0x80 | opcode, 0x80 | length))
            if length < 126
            else struct.pack("!BBH", 0x80 | opcode, 0xFE, length)
        )
        if self._transport is not None:
            self._transport.write(head + _ZERO_MASK + payload)


_SILENT_REST: Final = bytes(_PCM_BYTES - 16)
_JSON_BEFORE: Final = b'{"type":"audio","data":"'
_JSON_AFTER: Final = base64.b64encode(bytes(_PCM_BYTES - 18)) + b'","endOfUtterance":false}'
# As the service spells it, and as `json.dumps` does.
_JSON_AUDIO: Final = (b'{"type":"audio"', b'{"type": "audio"')
