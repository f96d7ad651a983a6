"""A reply while it is made and played: where it stands, and what of an interrupted one must be thrown away."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from service.policies.barge_in import ends_interrupted_reply
from service.wire.audio import BYTES_PER_SAMPLE
from service.wire.sonic_output import ModelOutput

_MAX_REMEMBERED_BLOCKS: Final = 64


@dataclass(slots=True, kw_only=True)
class Reply:
    """One reply; the client plays it at its own pace, which we only reckon."""

    response_id: int
    rate_hz: int
    play_ends_at: float
    """When all audio sent so far will have sounded."""
    last_output_at: float
    samples: int = 0
    gaps: int = 0
    """Times that what was sent had sounded before more of it came."""
    is_complete: bool = False
    """Whether the model has said that all of its audio was sent."""
    heard_ms: int | None = None
    """As the client reported with `played`,"""
    heard_at: float = 0.0
    """and when; it has played on since."""
    blocks: set[str] = field(default_factory=set)

    def add(self, pcm: bytes, now: float) -> int:
        """Take note of audio sent; returns the position of its first sample."""
        position = self.samples
        samples = len(pcm) // BYTES_PER_SAMPLE
        if position and now > self.play_ends_at:
            self.gaps += 1
        self.samples += samples
        self.play_ends_at = max(self.play_ends_at, now) + samples / self.rate_hz
        self.last_output_at = now
        return position

    def heard_samples(self, now: float) -> int:
        """How much of it was heard: as reported, else as the clock says."""
        if self.heard_ms is not None:
            since = round((now - self.heard_at) * self.rate_hz)
            return min(self.samples, self.samples_of(self.heard_ms) + since)
        unheard = max(0.0, self.play_ends_at - now) * self.rate_hz
        return max(0, self.samples - round(unheard))

    def samples_of(self, position_ms: int) -> int:
        """A position as a number of samples; never more than there are."""
        return min(self.samples, position_ms * self.rate_hz // 1000)

    def ms(self, samples: int) -> int:
        """Samples as a span."""
        return samples * 1000 // self.rate_hz


class Until(Enum):
    """How long blocks that open belong to an interrupted reply."""

    NOW = "they do not"
    NEXT_TURN = "nothing of the reply had come yet; the next turn's is another one"
    MODEL_IS_DONE = "the model was in the middle of it, and says when it is done"


@dataclass(slots=True, kw_only=True)
class Discard:
    """The rest of interrupted replies, which still arrives and reaches nobody."""

    blocks: set[str] = field(default_factory=set)
    until: Until = Until.NOW

    def begin(self, open_blocks: set[str], until: Until) -> None:
        """Throw away the blocks of a reply, and those that follow until the model is done with it."""
        self.blocks |= open_blocks
        self.until = until
        while len(self.blocks) > _MAX_REMEMBERED_BLOCKS:
            self.blocks.pop()

    def observe(self, event: ModelOutput) -> None:
        """See whether the model is done with the interrupted reply."""
        if self.until is not Until.NOW and ends_interrupted_reply(event):
            self.until = Until.NOW

    def next_turn(self) -> None:
        """A turn was closed."""
        if self.until is Until.NEXT_TURN:
            self.until = Until.NOW

    def takes(self, content_id: str) -> bool:
        """Whether output of this block is thrown away."""
        return self.until is not Until.NOW or content_id in self.blocks

    def forget(self) -> None:
        """The stream is gone, and all of its blocks."""
        self.blocks.clear()
        self.until = Until.NOW
