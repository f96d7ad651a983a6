"""One reply: the brain's steps in order, what was sent of them, and how it ends.

Rule 1: the state changes through REPLY_STATES only.
Rule 2: an audio block stays open until it is known what follows, because its end tells whether the turn ended.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, assert_never

from emulators.nova_sonic.brains.ports import CallTool, Request, Say, Step, ToolResult
from emulators.nova_sonic.conversation.audio import BYTES_PER_SAMPLE, duration_s
from emulators.nova_sonic.conversation.history import History
from emulators.nova_sonic.conversation.output_events import INTERRUPTED_TEXT, OutputEvents, StopReason
from emulators.nova_sonic.conversation.playback import Playback
from emulators.nova_sonic.conversation.usage import Meter
from emulators.nova_sonic.profiles import Profile

CHUNKS_PER_USAGE: Final = 16
"""Usage events come between audio chunks; about one a second."""


class ReplyState(Enum):
    """How far a reply is."""

    COMPOSING = auto()
    """Steps are still to come or to be sent."""
    CALLING = auto()
    """Silent until the client has answered every call."""
    SPOKEN = auto()
    """All was sent; the transcript of what was spoken is due later."""
    CLOSED = auto()


class _Signal(Enum):
    STEPS_ENDED_WITH_CALLS = auto()
    CALLS_ANSWERED = auto()
    STEPS_ENDED = auto()
    TRANSCRIPT_SENT = auto()
    GIVEN_UP = auto()


REPLY_STATES: Final[Mapping[tuple[ReplyState, _Signal], ReplyState]] = {
    (ReplyState.COMPOSING, _Signal.STEPS_ENDED_WITH_CALLS): ReplyState.CALLING,
    (ReplyState.CALLING, _Signal.CALLS_ANSWERED): ReplyState.COMPOSING,
    (ReplyState.COMPOSING, _Signal.STEPS_ENDED): ReplyState.SPOKEN,
    (ReplyState.SPOKEN, _Signal.TRANSCRIPT_SENT): ReplyState.CLOSED,
    (ReplyState.COMPOSING, _Signal.GIVEN_UP): ReplyState.CLOSED,
    (ReplyState.CALLING, _Signal.GIVEN_UP): ReplyState.CLOSED,
    (ReplyState.SPOKEN, _Signal.GIVEN_UP): ReplyState.CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all replies of a stream share."""

    profile: Profile
    events: OutputEvents
    meter: Meter
    history: History
    new_id: Callable[[], str]
    time_scale: float
    """Factor on every scripted or configured span."""


class Reply:
    """What the model answers in one turn."""

    def __init__(self, setting: Setting, *, request: Request, request_id: int) -> None:
        self.request = request
        self.request_id = request_id
        self._events = setting.events
        self._switches = setting.profile.switches
        self._meter = setting.meter
        self._new_id = setting.new_id
        self._time_scale = setting.time_scale
        self._steps: deque[tuple[float, Step | None]] = deque()
        self._last_due_at = 0.0
        self._audio_block: str | None = None
        self._calls: dict[str, CallTool] = {}
        self._results: list[ToolResult] = []
        self._playback = Playback()
        self.state = ReplyState.COMPOSING

    @property
    def due_at(self) -> float | None:
        """When the next step is to be sent; None when the brain has to come first."""
        return self._steps[0][0] if self._steps and self.state is ReplyState.COMPOSING else None

    @property
    def played_at(self) -> float:
        """When the client has played all that was sent."""
        return self._playback.until

    @property
    def pending_calls(self) -> frozenset[str]:
        """Ids of the tool uses without a result."""
        return frozenset(self._calls)

    def speaks(self, now: float) -> bool:
        """Whether the user would be interrupting."""
        return bool(self._playback) and (self.state is ReplyState.COMPOSING or now < self._playback.until)

    def take(self, step: Step | None, now: float) -> None:
        """Queue a step; its thinking time runs from the step before it."""
        after_s = step.after_s if step is not None else 0.0
        self._last_due_at = max(now, self._last_due_at) + after_s * self._time_scale
        self._steps.append((self._last_due_at, step))

    def advance(self, now: float) -> Iterator[bytes]:
        """Send the steps that are due."""
        while self.state is ReplyState.COMPOSING and self._steps and self._steps[0][0] <= now:
            _, step = self._steps.popleft()
            match step:
                case Say():
                    yield from self._say(step, now)
                case CallTool():
                    yield from self._call(step)
                case None:
                    yield from self._end()
                case _:
                    assert_never(step)

    def answer(self, tool_use_id: str, content: Mapping[str, object]) -> None:
        """Take the result of one call."""
        call = self._calls.pop(tool_use_id)
        self._results.append(ToolResult(tool_use_id=tool_use_id, name=call.name, content=content))

    def resume(self, request_id: int) -> Request | None:
        """Return the request that carries the results, once all of them are there."""
        if self.state is not ReplyState.CALLING or self._calls:
            return None
        self._go(_Signal.CALLS_ANSWERED)
        self.request_id = request_id
        self.request = replace(self.request, tool_results=tuple(self._results))
        return self.request

    def transcript(self) -> Iterator[bytes]:
        """Send what was spoken, whole; that closes the reply."""
        yield from self._finals(self._playback.texts(), "END_TURN")
        self._go(_Signal.TRANSCRIPT_SENT)

    def spoken_by(self, now: float) -> str:
        """What the user has heard of it by `now`."""
        return " ".join(self._playback.heard_by(now))

    def interrupt(self, now: float) -> Iterator[bytes]:
        """Stop speaking, say so the way the switch tells, and send what was played."""
        yield from self._end_audio("PARTIAL_TURN")
        heard = self._playback.heard_by(now)
        match self._switches.interruption:
            case "text_and_stop_reason":
                yield from self._final(INTERRUPTED_TEXT, "INTERRUPTED")
                yield from self._finals(heard, "END_TURN")
            case "stop_reason_only" if heard:
                yield from self._finals(heard, "INTERRUPTED")
            case "stop_reason_only":
                yield from self._final(None, "INTERRUPTED")
            case "speech_start_only":
                yield from self._finals(heard, "END_TURN")
            case _:
                assert_never(self._switches.interruption)
        self._playback.forget()

    def give_up(self) -> Iterator[bytes]:
        """Close the reply amid its way; what was played before stays said."""
        yield from self._finals(self._playback.texts(), "END_TURN")
        self._go(_Signal.GIVEN_UP)

    def _go(self, signal: _Signal) -> None:
        self.state = REPLY_STATES[self.state, signal]

    def _say(self, step: Say, now: float) -> Iterator[bytes]:
        yield from self._end_audio("PARTIAL_TURN")
        events, block = self._events, self._new_id()
        self._meter.wrote(step.text)
        yield events.text_start(block, "ASSISTANT", "SPECULATIVE")
        if self._switches.empty_text_output:
            yield events.text(block, "ASSISTANT", "")
        yield events.text(block, "ASSISTANT", step.text)
        yield events.content_end(block, "TEXT", "PARTIAL_TURN")
        yield from self._audio(step.pcm)
        self._playback.add(step.text, duration_s(step.pcm, self.request.output_rate_hz), now)

    def _audio(self, pcm: bytes) -> Iterator[bytes]:
        rate_hz = self.request.output_rate_hz
        self._audio_block = block = self._new_id()
        yield self._events.audio_start(block, rate_hz)
        chunk_bytes = max(1, rate_hz * self._switches.audio_chunk_ms // 1000) * BYTES_PER_SAMPLE
        for number, at in enumerate(range(0, len(pcm), chunk_bytes), start=1):
            chunk = pcm[at : at + chunk_bytes]
            yield self._events.audio(block, chunk)
            self._meter.spoke(duration_s(chunk, rate_hz))
            if number % CHUNKS_PER_USAGE == 0:
                yield from self._usage()

    def _call(self, step: CallTool) -> Iterator[bytes]:
        yield from self._end_audio("PARTIAL_TURN")
        block, tool_use_id = self._new_id(), self._new_id()
        self._calls[tool_use_id] = step
        arguments = json.dumps(step.arguments, ensure_ascii=False, separators=(",", ":"), default=str)
        if self._switches.double_encoded_tool_arguments:
            arguments = json.dumps(arguments, ensure_ascii=False)
        self._meter.wrote(arguments)
        yield self._events.tool_start(block)
        yield self._events.tool_use(block, name=step.name, tool_use_id=tool_use_id, arguments=arguments)
        yield self._events.content_end(block, "TOOL", "TOOL_USE")

    def _end(self) -> Iterator[bytes]:
        # Results may be quicker than the brain's last word; then nothing is pending and the reply goes on at once.
        if self._calls or len(self._results) > len(self.request.tool_results):
            yield from self._end_audio("PARTIAL_TURN")
            self._go(_Signal.STEPS_ENDED_WITH_CALLS)
        else:
            yield from self._end_audio("END_TURN")
            self._go(_Signal.STEPS_ENDED)
        yield from self._usage()

    def _end_audio(self, reason: StopReason) -> Iterator[bytes]:
        if self._audio_block is not None:
            yield self._events.content_end(self._audio_block, "AUDIO", reason)
            self._audio_block = None

    def _finals(self, texts: list[str], last: StopReason) -> Iterator[bytes]:
        for number, text in enumerate(texts, start=1):
            yield from self._final(text, last if number == len(texts) else "PARTIAL_TURN")

    def _final(self, text: str | None, reason: StopReason) -> Iterator[bytes]:
        block = self._new_id()
        yield self._events.text_start(block, "ASSISTANT", "FINAL")
        if text is not None:
            yield self._events.text(block, "ASSISTANT", text)
        yield self._events.content_end(block, "TEXT", reason)

    def _usage(self) -> Iterator[bytes]:
        report = self._meter.report()
        if report is not None:
            yield self._events.usage(*report)
