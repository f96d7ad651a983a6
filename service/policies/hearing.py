"""Does the model hear what the client sends?

A model that has gone deaf says nothing at all, which is what a healthy one does while nobody speaks. So somebody has to
notice that the audio is loud: one frame in a few is looked at, and a few of its samples.
"""

from dataclasses import dataclass
from typing import Final

_EVERY_FRAMES: Final = 4
_EVERY_SAMPLES: Final = 16


@dataclass(slots=True, kw_only=True)
class Hearing:
    """Speech that nobody has reacted to."""

    loud_peak: int = 2_000
    """Of 32,767: about -24 dBFS, which is speech near a microphone and no room."""
    least_frames: int = 4
    """So many of the frames looked at; fewer are a door, or a cough."""
    patience_s: float = 8.0
    """From the end of the speech; a healthy model reacts within two seconds."""
    was_deaf: bool = False
    """Whether speech was overlooked already, and nothing was heard since."""
    unanswered_in_a_row: int = 0
    """Turns that got no reply."""
    _skipped: int = 0
    _loud_frames: int = 0
    _loud_at: float = 0.0

    def listen(self, pcm: bytes, now: float) -> bool:
        """The client sent a frame of 16-bit audio; whether it was looked at and is loud."""
        self._skipped += 1
        if self._skipped < _EVERY_FRAMES:
            return False
        self._skipped = 0
        samples = memoryview(pcm).cast("h")[::_EVERY_SAMPLES]
        if max(samples) < self.loud_peak and min(samples) > -self.loud_peak:
            return False
        self._loud_frames += 1
        self._loud_at = now
        return True

    def reacted(self) -> None:
        """The model said something, so it hears."""
        self._loud_frames = 0

    @property
    def deaf_at(self) -> float:
        """When the model has to be taken for deaf, unless it reacts before that."""
        return self._loud_at + self.patience_s if self._loud_frames >= self.least_frames else float("inf")
