"""What a model that only speaks says, spelled ahead: a piece of audio is a template with its send time put in.

A piece is PCM in base64 in JSON in base64 in JSON in an event-stream message. Everything but the first 18 bytes of PCM
is constant within a stream, and both base64 layers begin at a multiple of three, so only 32 characters are spelled anew.
"""

import struct
from typing import Final
from zlib import crc32

import pybase64

from benchmarks.stamps import stamp
from emulators.nova_sonic.conversation.output_events import OutputEvents
from emulators.nova_sonic.wire.responses import chunk_frame

PIECE_S: Final = 0.04
RATE_HZ: Final = 24_000
PIECE_BYTES: Final = int(RATE_HZ * PIECE_S) * 2
_CHECKSUM: Final = struct.Struct(">I")
# 18 bytes of PCM are 24 characters, and those are 32 characters of the outer layer.
_MARKED_BYTES: Final = 18
_MARKED_CHARACTERS: Final = 24
_OPENING: Final = b'"content":"'
_BLANK: Final = bytes(_MARKED_BYTES - 16)


class Speech:
    """The events of one stream that speaks, as event-stream messages."""

    def __init__(self, number: int) -> None:
        self._events = OutputEvents(
            session_id=f"{number:036}",
            prompt_name="load",
            completion_id=f"{number:036}",
            with_role=False,
        )
        # The length of the content's name puts the audio's first character at a multiple of three.
        names = [f"audio-{number:0{width}}" for width in (9, 10, 11)]
        documents = [self._events.audio(name, bytes(PIECE_BYTES)) for name in names]
        starts = [document.index(_OPENING) + len(_OPENING) for document in documents]
        fits = next(index for index, start in enumerate(starts) if start % 3 == 0)
        content, document, at = names[fits], documents[fits], starts[fits]
        self._content = content
        whole = chunk_frame(document)
        start = whole.index(b'{"bytes":"') + len(b'{"bytes":"') + at // 3 * 4
        self._before = whole[:start]
        self._before_crc = crc32(self._before)
        self._after = whole[start + _MARKED_CHARACTERS // 3 * 4 : -4]

    def begin(self) -> bytes:
        """What comes before the audio of a reply."""
        return chunk_frame(self._events.completion_start()) + chunk_frame(
            self._events.audio_start(self._content, RATE_HZ)
        )

    def end(self) -> bytes:
        """What comes after it."""
        return chunk_frame(self._events.content_end(self._content, "AUDIO", "END_TURN")) + chunk_frame(
            self._events.completion_end()
        )

    def piece(self, due_at: float | None = None) -> bytes:
        """One piece, which was due at this instant of the loop's clock."""
        marked = pybase64.b64encode(pybase64.b64encode(stamp(due_at) + _BLANK))
        checksum = crc32(self._after, crc32(marked, self._before_crc))
        return b"".join((self._before, marked, self._after, _CHECKSUM.pack(checksum)))
