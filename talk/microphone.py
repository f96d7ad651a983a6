"""A microphone that is always on: the questions it was given, and silence before, between and after them.

Pure: it only says which frame comes next. A real microphone never stops either, and the model needs the silence to
notice that the user has finished.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from talk.protocol import FRAME_BYTES, INPUT_RATE_HZ
from talk.recording import Recording, frames

FRAME_S: Final = FRAME_BYTES / 2 / INPUT_RATE_HZ
SILENCE: Final = bytes(FRAME_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the microphone recorded in the last 32 ms."""

    pcm: bytes
    last: bool = False
    """The recording ends with this frame."""
    speech_ended_s: float | None = None
    """How long before the end of this frame the speech of the recording ended; only in the frame where it did."""


@dataclass(slots=True, kw_only=True)
class Microphone:
    """Frames of the recordings that were said, in order; silence when there is none."""

    _waiting: deque[Frame] = field(default_factory=deque)

    def say(self, recording: Recording) -> None:
        cut = list(frames(recording.pcm))
        for index, pcm in enumerate(cut):
            ends_s = (index + 1) * FRAME_S
            ended_s = ends_s - recording.speech_ends_s
            self._waiting.append(
                Frame(
                    pcm=pcm,
                    last=index == len(cut) - 1,
                    speech_ended_s=ended_s if 0 <= ended_s < FRAME_S else None,
                )
            )

    def next_frame(self) -> Frame:
        return self._waiting.popleft() if self._waiting else Frame(pcm=SILENCE)
