"""A turn: the user's utterance and the reply to it."""

from dataclasses import dataclass

from service.policies.waterfall import Waterfall
from service.wire.server import ClosedBy, Timings


@dataclass(slots=True, kw_only=True)
class Turn:
    """One turn in flight; instants are on the caller's clock, spans of speech in the input audio's."""

    number: int
    audio_s: float = 0.0
    """How much audio the client sent in it."""
    last_audio_at: float | None = None
    speech_from_ms: int | None = None
    speech_to_ms: int | None = None
    speech_detected_ms: int | None = None
    is_spoken: bool = False
    """Whether the model heard speech in it."""
    is_typed: bool = False
    is_loud: bool = False
    """Whether somebody seems to have spoken in it, whatever the model made of that."""
    has_used_tools: bool = False
    """Whether saying it again could do something twice."""
    was_asked_again: bool = False
    """Whether a second stream was asked, because the first one said nothing to it."""
    closed_at: float | None = None
    closed_by: ClosedBy | None = None
    response_id: int | None = None
    first_audio_at: float | None = None
    sent_at: float | None = None
    """When that audio was at the client's socket."""
    taken_s: float = 0.0
    """How long a frame of this session takes through the service."""
    waterfall: Waterfall | None = None
    """With the client's side; None until it has told that."""

    def hear(self, audio_s: float, now: float) -> None:
        """Take note of some audio of the client's."""
        self.audio_s += audio_s
        self.last_audio_at = now

    def close(self, by: ClosedBy, now: float) -> None:
        """The user has finished."""
        self.closed_at = now
        self.closed_by = by

    def may_be_asked_again(self, limit_s: float, now: float) -> bool:
        """Whether another stream may answer it in time."""
        was_said = self.is_typed or self.is_spoken or self.is_loud
        is_in_time = self.closed_at is not None and now < self.closed_at + limit_s
        return was_said and is_in_time and not self.was_asked_again

    def timings(self, reply_ms: int | None) -> Timings:
        """How long the parts took, so far as they were."""
        first_audio_ms = None
        if self.first_audio_at is not None and self.closed_at is not None:
            first_audio_ms = _ms(self.first_audio_at - self.closed_at)
        return Timings(
            utterance_ms=self._utterance_ms,
            endpointing_ms=self._endpointing_ms,
            time_to_first_audio_ms=first_audio_ms,
            reply_ms=reply_ms,
        )

    @property
    def _utterance_ms(self) -> int | None:
        if self.speech_from_ms is not None and self.speech_to_ms is not None:
            return max(0, self.speech_to_ms - self.speech_from_ms)
        return _ms(self.audio_s) if self.audio_s else None

    @property
    def _endpointing_ms(self) -> int | None:
        # The model's own account is in the time of the audio itself, which no network can blur.
        if (
            self.closed_by is ClosedBy.MODEL
            and self.speech_to_ms is not None
            and self.speech_detected_ms is not None
        ):
            return max(0, self.speech_detected_ms - self.speech_to_ms)
        if self.closed_at is None or self.last_audio_at is None:
            return None
        return _ms(self.closed_at - self.last_audio_at)


def _ms(span_s: float) -> int:
    return max(0, round(span_s * 1000))
