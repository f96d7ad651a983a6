"""Under pressure, frames of the user's audio go to the model two at a time."""

from typing import Final

from service.wire.sonic_input import AudioInput

# Two frames of 32 ms at 24 kHz are 3,072 bytes; what is longer has been joined by the client already.
_MAX_BYTES: Final = 4_096


class Batch:
    """At most one frame of one stream waits, for the next one or for whatever else is said to the model."""

    __slots__ = ("_stream_id", "_waiting")

    def __init__(self) -> None:
        self._stream_id = 0
        self._waiting: AudioInput | None = None

    def __bool__(self) -> bool:
        return self._waiting is not None

    def add(self, stream_id: int, frame: AudioInput) -> AudioInput | None:
        """One more frame, when nothing else waits but frames of the same block: what to send now, if anything."""
        first, self._waiting = self._waiting, None
        if first is not None:
            return AudioInput(block=first.block, pcm=first.pcm + frame.pcm)
        self._stream_id, self._waiting = stream_id, frame
        return None

    def joins(self, stream_id: int, frame: AudioInput) -> bool:
        """Whether `add` may be given this frame."""
        first = self._waiting
        if first is None:
            return 2 * len(frame.pcm) <= _MAX_BYTES
        fits = len(first.pcm) + len(frame.pcm) <= _MAX_BYTES
        return fits and stream_id == self._stream_id and frame.block is first.block

    def take(self) -> tuple[int, AudioInput] | None:
        """What waits, to be sent before anything else is."""
        waiting, self._waiting = self._waiting, None
        return None if waiting is None else (self._stream_id, waiting)
