"""The client's audio blocks: what comes in them, and what the turn detector makes of it."""

from collections.abc import Sequence
from typing import Final

from emulators.nova_sonic.brains.ports import VoiceDetector
from emulators.nova_sonic.conversation.audio import Framer, Resampler, duration_s
from emulators.nova_sonic.conversation.input_events import AudioStart
from emulators.nova_sonic.conversation.turn_detection import Detection, TurnDetector, TurnEnded
from emulators.nova_sonic.profiles import Profile, Sensitivity

NOTHING: Final[Sequence[Detection]] = ()


class Hearing:
    """The ear of one stream; audio time goes on from block to block."""

    def __init__(self, profile: Profile, detector: VoiceDetector, sensitivity: Sensitivity | None) -> None:
        limits = profile.limits
        self._turns = TurnDetector(
            detector=detector,
            pause_s=profile.endpointing_pause_s(sensitivity),
            start_s=limits.speech_start_s,
            pace_max=limits.speech_pace_max,
        )
        self._typed_text_needs_s = limits.typed_text_needs_audio_s
        self._block: AudioStart | None = None
        self._block_s = 0.0
        self._resampler: Resampler | None = None
        self._framer = Framer()

    @property
    def user_speaks(self) -> bool:
        """An utterance is open."""
        return self._turns.user_speaks

    @property
    def takes_typed_text(self) -> bool:
        """A block is open and enough audio came in it for typed text to be answered."""
        return self._block is not None and self._block_s >= self._typed_text_needs_s

    def open_block(self, block: AudioStart) -> None:
        """Begin a block; one that is not interactive is heard by nobody."""
        self._block = block
        self._block_s = 0.0
        self._resampler = Resampler(block.rate_hz)

    def audio(self, pcm: bytes, now: float) -> Sequence[Detection]:
        """Take a chunk of the open block that arrived at `now`."""
        if self._block is None or self._resampler is None:
            return NOTHING
        self._block_s += duration_s(pcm, self._block.rate_hz)
        if not self._block.interactive:
            return NOTHING
        detections: list[Detection] = []
        for frame in self._framer.cut(self._resampler.convert(pcm)):
            detection = self._turns.feed(frame, now)
            if detection is not None:
                detections.append(detection)
        return detections

    def close_block(self) -> TurnEnded | None:
        """End the block; what the user was saying then is returned, and forgotten."""
        self._block = None
        return self._turns.end()
