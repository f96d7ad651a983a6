"""When the user speaks and when the user has finished, in audio time.

Audio time is counted in frames received, so trailing silence may come as fast as it likes. Speech may not: speech
that arrived much faster than it can be spoken is no live speech, and its turn is marked as a burst.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from emulators.nova_sonic.brains.ports import VoiceDetector
from emulators.nova_sonic.conversation.audio import FRAME_S

SPEECH_PROBABILITY: Final = 0.5
STILL_SPEECH_PROBABILITY: Final = 0.35
"""Silero's own hysteresis: once speaking, less is enough to go on."""
PREROLL_FRAMES: Final = 10
"""About 0.3 s before the first loud frame, for soft consonants."""
PAUSE_S: Final = 0.2
"""Silence after which a transcript is worth asking for, in case the user has finished."""
ARRIVAL_TOLERANCE_S: Final = 0.1
"""The longest frames clients send; that much speech may arrive in no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """The user speaks, for long enough to mean it."""

    offset_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The user may have finished; the audio so far."""

    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The user had not finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """The user has finished."""

    offset_ms: int
    """Where speech ended."""
    detection_offset_ms: int
    """Where that was certain."""
    burst: bool
    """Speech arrived too fast to be live."""
    pcm: bytes | None
    """The whole utterance; None when the last `Paused` has given it already."""


type Detection = SpeechStarted | Paused | Resumed | TurnEnded


class TurnDetector:
    """Judges the frames of one stream."""

    def __init__(self, *, detector: VoiceDetector, pause_s: float, start_s: float, pace_max: float) -> None:
        self._detector = detector
        self._pause_frames = _frames(pause_s)
        self._look_frames = min(_frames(PAUSE_S), self._pause_frames)
        self._start_frames = _frames(start_s)
        self._pace_max = pace_max
        self._position = 0
        self._reset()

    def _reset(self) -> None:
        self._preroll: deque[bytes] = deque(maxlen=PREROLL_FRAMES + self._start_frames)
        self._utterance: list[bytes] = []
        self._speaking = False
        self._looked = False
        self._loud = 0
        self._quiet = 0
        self._speech_frames = 0
        self._first_at = 0.0
        self._last_at = 0.0

    @property
    def user_speaks(self) -> bool:
        """An utterance is open."""
        return self._speaking

    def feed(self, frame: bytes, now: float) -> Detection | None:
        """Judge the next frame, which arrived at `now`."""
        self._position += 1
        probability = self._detector.speech_probability(frame)
        if not self._speaking:
            return self._listen(frame, now, loud=probability >= SPEECH_PROBABILITY)
        self._utterance.append(frame)
        if probability >= STILL_SPEECH_PROBABILITY:
            return self._go_on(now)
        self._quiet += 1
        if self._quiet == self._look_frames < self._pause_frames:
            self._looked = True
            return Paused(pcm=b"".join(self._utterance))
        return self.end() if self._quiet >= self._pause_frames else None

    def end(self) -> TurnEnded | None:
        """End the open utterance here and now; None without one."""
        if not self._speaking:
            return None
        ended = TurnEnded(
            offset_ms=_ms(self._position - self._quiet),
            detection_offset_ms=_ms(self._position),
            burst=self._is_burst(),
            pcm=None if self._looked else b"".join(self._utterance),
        )
        self._reset()
        return ended

    def drop(self) -> None:
        """Forget the open utterance."""
        self._reset()

    def _listen(self, frame: bytes, now: float, *, loud: bool) -> Detection | None:
        self._preroll.append(frame)
        if not loud:
            self._loud = 0
            return None
        if self._loud == 0:
            self._first_at = now
        self._loud += 1
        if self._loud < self._start_frames:
            return None
        self._speaking = True
        self._speech_frames = self._loud
        self._last_at = now
        self._utterance = list(self._preroll)
        return SpeechStarted(offset_ms=_ms(self._position - self._loud))

    def _go_on(self, now: float) -> Detection | None:
        resumed = self._looked
        self._quiet = 0
        self._looked = False
        self._speech_frames += 1
        self._last_at = now
        return Resumed() if resumed else None

    def _is_burst(self) -> bool:
        spoken_s = self._speech_frames * FRAME_S
        arrived_s = self._last_at - self._first_at + ARRIVAL_TOLERANCE_S
        return spoken_s > self._pace_max * arrived_s


def _frames(span_s: float) -> int:
    return max(1, round(span_s / FRAME_S))


def _ms(frames: int) -> int:
    return round(frames * FRAME_S * 1000)
