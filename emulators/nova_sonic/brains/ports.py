"""What a conversation asks of a brain.

The conversation owns the protocol and all timing; a brain only answers three questions: is there speech in this
frame, what was said, and what is the answer. Brains are synchronous. One whose `blocking` is true is run on a
worker thread, and its results come back to the conversation as events.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

DETECTOR_RATE_HZ = 16_000
"""Detectors and `transcribe` always get 16 kHz mono s16le, whatever rate the client sends."""

DETECTOR_FRAME_SAMPLES = 512
"""32 ms at 16 kHz, the window Silero expects and the frame AWS recommends to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of the conversation so far, as replayed or as it happened."""

    role: Literal["USER", "ASSISTANT"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What the client answered to one `CallTool`."""

    tool_use_id: str
    name: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing to answer, with all the brain may know."""

    turn: int
    """Counts user turns of this stream from 1; a request that carries tool results keeps its turn."""
    heard: str
    """The user's words, spoken or typed."""
    typed: bool
    instructions: str
    history: Sequence[Message]
    tools: Sequence[str]
    """Names of the tools the client offers."""
    tool_results: Sequence[ToolResult]
    """Empty on the first request of a turn; then the results of the calls made in this turn."""
    voice_id: str
    output_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One sentence of the reply and its audio, mono s16le at the requested output rate."""

    text: str
    pcm: bytes
    after_s: float = 0.0
    """Scripted thinking time before this sentence, in (scaled) seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    """Ask the client to run one tool; the reply goes on when every call of the turn was answered."""

    name: str
    arguments: Mapping[str, object]
    after_s: float = 0.0


type Step = Say | CallTool


class VoiceDetector(Protocol):
    """Is there speech in this frame? Keeps state between frames, so one stream has one detector."""

    def speech_probability(self, frame: bytes) -> float:
        """Judge one frame of exactly `DETECTOR_FRAME_SAMPLES` samples of 16 kHz s16le; 0.0 to 1.0."""
        ...


class Brain(Protocol):
    """One per stream, made by a factory shared by all streams (models are loaded once)."""

    blocking: bool
    """True when `transcribe` and `compose` take noticeable time and belong on a worker thread."""

    def detector(self) -> VoiceDetector:
        """Return a fresh detector for this stream."""
        ...

    def transcribe(self, pcm: bytes, turn: int) -> str:
        """Return what was said in 16 kHz mono s16le audio; empty when there were no words in it."""
        ...

    def compose(self, request: Request) -> Iterator[Step]:
        """Yield the reply sentence by sentence; stop after `CallTool`s to wait for their results."""
        ...
