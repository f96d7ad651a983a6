"""A question ready to be spoken, and how it is cut; nothing here needs more than the standard library.

`talk.audio` makes one of any sound file. `plain` reads only what is stored as it is spoken, for where those libraries are not.
"""

import array
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talk.protocol import FRAME_BYTES, INPUT_RATE_HZ

_SAMPLE_BYTES: Final = 2
# Speech is what is louder than a fiftieth of the loudest sample.
_RELATIVE_FLOOR: Final = 50


class RecordingError(Exception):
    """A file cannot be used as a question; the message names the file and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A question ready to be spoken: 16-bit mono PCM at 16 kHz."""

    name: str
    pcm: bytes
    description: str
    """What the file was, and what was done to it, for people."""
    speech_ends_s: float
    """Where in the recording the last speech ends; its length if it is silent throughout."""
    silent: bool

    @property
    def length_s(self) -> float:
        return len(self.pcm) / _SAMPLE_BYTES / INPUT_RATE_HZ


def plain(path: Path) -> Recording:
    """Read a WAV file that is 16-bit mono at 16 kHz already; raises RecordingError."""
    try:
        with wave.open(str(path), "rb") as sound:
            form = (sound.getframerate(), sound.getsampwidth(), sound.getnchannels())
            pcm = sound.readframes(sound.getnframes())
    except (OSError, EOFError, wave.Error) as failure:
        raise RecordingError(f"{path} cannot be read as WAV: {failure}") from failure
    if form != (INPUT_RATE_HZ, _SAMPLE_BYTES, 1) or not pcm:
        raise RecordingError(f"{path} is no 16-bit mono WAV at {INPUT_RATE_HZ} Hz with sound in it")
    samples = array.array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    floor = max(map(abs, samples)) / _RELATIVE_FLOOR
    loud = [index for index, sample in enumerate(samples) if abs(sample) > floor]
    return Recording(
        name=path.name,
        pcm=pcm,
        description="as it is",
        speech_ends_s=(loud[-1] + 1 if loud else len(samples)) / INPUT_RATE_HZ,
        silent=not loud,
    )


def frames(pcm: bytes) -> Iterator[bytes]:
    """Cut audio into frames; the last one is filled up with silence."""
    for start in range(0, len(pcm), FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
