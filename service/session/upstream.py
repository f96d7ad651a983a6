"""Our side of the model's stream: the one writer, which keeps every rule of order the model has.

At most one stream is current; another may stand by, introduced but without audio, to take its place. What is said
while none can hear it waits, bounded, for the next; what a lost one heard of the turn in flight is said again.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from service.policies.history import Message
from service.session.arrivals import Arrivals
from service.session.counts import Counts
from service.session.effects import CloseStream, Direction, Effect, Fault, OpenStream, SendToModel
from service.session.terms import SessionTerms
from service.wire.audio import duration_s, silence, span_bytes
from service.wire.sonic_input import (
    AudioBlock,
    AudioInput,
    AudioStart,
    ContentEnd,
    ModelInput,
    PromptEnd,
    PromptStart,
    SessionEnd,
    SessionStart,
    TextRole,
    ToolResult,
    ToolResultStart,
    text_block,
)

_SILENCE_FRAME_MS: Final = 100


_OVER_REPLY_MS: Final = 2_000
"""Of what is heard while a reply sounds: twice what a model takes to notice that somebody speaks over it."""

_AHEAD_S = 1.0
"""More than a network holds back; what a client that came back says again comes in one piece."""


class Phase(Enum):
    """How far the current stream has come."""

    NONE = "there is no stream"
    OPENING = "asked for"
    STARTING = "our first events are sent, the model has not answered"
    LIVE = "the model hears us"
    ENDED = "the prompt is ended; only the reply still comes"

    # Members are single objects; the identity's hash is ten times as fast as Enum's, and this is on the hot path.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closure:
    silence_ms: int


type _Said = bytes | _Typed | _Closure


@dataclass(slots=True, kw_only=True)
class Standby:
    """A stream that is prepared while another is current."""

    stream_id: int
    opened_at: float
    is_begun: bool = False
    accepted_at: float | None = None


class Upstream:
    """Everything said to the model goes through here; what it wants done goes to `emit`."""

    def __init__(self, emit: Callable[[Effect], None], counts: Counts) -> None:
        self._emit = emit
        self._counts = counts
        self.stream_id = 0
        self.standby: Standby | None = None
        self.phase = Phase.NONE
        self.opened_at = 0.0
        self.live_at = 0.0
        self.fed_until = 0.0
        self.client_is_sending = False
        self.arrivals = Arrivals()
        self.replacing_since: float | None = None
        """Since when the session moves to another stream without having one."""
        self._audio_ms = 0.0
        self._block = AudioBlock(prompt="", content="")
        self._names = 0
        self._streams = 0
        self._waiting: deque[_Said] = deque()
        self._waiting_bytes = 0
        self._carried: deque[_Said] = deque()
        """What a lost stream had heard of the turn in flight; said before anything that waits."""
        self._carried_bytes = 0
        self._recent: deque[_Said] = deque()
        """What the stream heard since the last turn was closed."""
        self._recent_bytes = 0
        self._closed: deque[_Said] = deque()
        """The turn that was closed, until its reply sounds."""
        self._closed_bytes = 0
        self._replay_at = 0.0
        self._most_bytes = 0
        """The bound on what is kept of what the stream hears now."""

    @property
    def kept_bytes(self) -> int:
        """Audio held here, for the bound on it."""
        return self._waiting_bytes + self._carried_bytes + self._recent_bytes + self._closed_bytes

    @property
    def has_successor(self) -> bool:
        """Whether a stream stands by that the model has accepted."""
        return self.standby is not None and self.standby.accepted_at is not None

    @property
    def waiting_bytes(self) -> int:
        """Audio that no stream has answered yet."""
        return self._waiting_bytes + self._carried_bytes

    @property
    def replay_at(self) -> float | None:
        """When to go on saying what has waited; None when nothing has, or nobody hears it."""
        # Asked after every frame, so `_is_behind` is spelled out.
        return self._replay_at if self.phase is Phase.LIVE and (self._carried or self._waiting) else None

    @property
    def _is_behind(self) -> bool:
        return bool(self._carried or self._waiting)

    # Opening

    def open(self, now: float) -> None:
        """Ask for the next stream."""
        self.drop_standby()
        self._streams += 1
        self.stream_id = self._streams
        self.phase = Phase.OPENING
        self.opened_at = now
        self._emit(OpenStream(stream_id=self.stream_id))

    def begin(self, terms: SessionTerms, history: Sequence[Message]) -> None:
        """Say what comes before any audio: session, prompt, instructions, history, and the audio block."""
        self.phase = Phase.STARTING
        self._introduce(self.stream_id, terms)
        self._tell_history(terms, history)

    def _introduce(self, stream_id: int, terms: SessionTerms) -> None:
        """Session, prompt and instructions: what the model accepts a stream on, and what no history changes."""
        prompt = _prompt(terms, stream_id)
        tools = terms.tools if terms.closure.offers_tools else ()
        for event in (
            SessionStart(sensitivity=terms.sensitivity),
            PromptStart(prompt=prompt, voice=terms.voice, rate_hz=terms.output_rate_hz, tools=tools),
            *text_block(prompt, "system-1", TextRole.SYSTEM, terms.instructions),
        ):
            self._send(event, stream_id=stream_id)

    def _tell_history(self, terms: SessionTerms, history: Sequence[Message]) -> None:
        prompt = _prompt(terms, self.stream_id)
        self._names = 1
        self._audio_ms = 0.0
        for message in history:
            role = TextRole(message.role)
            for event in text_block(prompt, self._name("history"), role, message.text):
                self._send(event)
        self._block = AudioBlock(prompt=prompt, content=self._name("audio"))
        self._most_bytes = terms.kept_bytes
        self._send(AudioStart(block=self._block, rate_hz=terms.input_rate_hz))

    def accepted(self, terms: SessionTerms, now: float) -> None:
        """The model hears us: begin to say what has waited."""
        self.phase = Phase.LIVE
        self.live_at = self.fed_until = now
        self.replay(terms, now)

    def replay(self, terms: SessionTerms, now: float) -> None:
        """Say some of what has waited; `replay_at` tells when to go on."""
        said_s = 0.0
        while self._is_behind and self.phase is Phase.LIVE and said_s < terms.replay.step_s:
            match self._next_waiting():
                case bytes() as pcm:
                    self._hear(pcm, terms, now, droppable=False)
                    said_s += duration_s(len(pcm), terms.input_rate_hz)
                case _Typed(text=text):
                    self._type_text(text, terms, now)
                case _Closure(silence_ms=silence_ms):
                    self._close_turn(silence_ms, terms, now)
        self._replay_at = terms.replay.next_at(said_s, now)

    def _next_waiting(self) -> _Said:
        item = (self._carried or self._waiting).popleft()
        if isinstance(item, bytes) and self._carried_bytes:
            self._carried_bytes -= len(item)
        elif isinstance(item, bytes):
            self._waiting_bytes -= len(item)
        return item

    # Standing by

    def prepare(self, now: float) -> None:
        """Ask for a stream that will take the current one's place."""
        self._streams += 1
        self.standby = Standby(stream_id=self._streams, opened_at=now)
        self._emit(OpenStream(stream_id=self._streams))

    def begin_standby(self, terms: SessionTerms) -> None:
        """The transport has the stream that stands by."""
        if self.standby is not None and not self.standby.is_begun:
            self.standby.is_begun = True
            self._introduce(self.standby.stream_id, terms)

    def drop_standby(self) -> None:
        """It is not wanted any more, or never came."""
        if self.standby is not None:
            self._emit(CloseStream(stream_id=self.standby.stream_id))
            self.standby = None

    def switch(self, terms: SessionTerms, history: Sequence[Message], now: float) -> None:
        """Let the stream that stands by take over; the current one was ended, or is lost."""
        standby, self.standby = self.standby, None
        if standby is None:
            raise AssertionError(self.stream_id)  # whoever calls has looked
        self.stream_id = standby.stream_id
        self.opened_at = standby.opened_at
        self.phase = Phase.STARTING
        self._tell_history(terms, history)
        self.accepted(terms, now)

    # Speaking

    def hear(self, pcm: bytes, terms: SessionTerms, now: float) -> None:
        """Pass the user's audio on, or keep it until somebody hears it and all before it was said."""
        if self.phase is not Phase.LIVE or self._is_behind or self._is_ahead(now):
            self._keep(pcm, terms)
            return
        self._hear(pcm, terms, now, droppable=True)

    def hears_at_once(self, now: float) -> bool:
        """Whether a frame of the user's would go straight on, behind another one."""
        return (
            self.phase is Phase.LIVE
            and self.client_is_sending
            and not (self._carried or self._waiting)
            and self.fed_until - now <= _AHEAD_S
        )

    def heard_at_once(self, pcm: bytes, audio_s: float, terms: SessionTerms, now: float) -> AudioBlock:
        """Take note of a frame, as `hear` does, that whoever asked `hears_at_once` sends on in this block."""
        self._recent.append(pcm)
        self._recent_bytes += len(pcm)
        if self._recent_bytes > self._most_bytes:
            self._trim_recent(self._most_bytes)
        self._audio_ms += audio_s * 1000
        self.fed_until = terms.keep_alive.fed_until(self.fed_until, audio_s, now)
        return self._block

    def _is_ahead(self, now: float) -> bool:
        """Whether so much was said at once that the model would take it for no live speech."""
        return self.client_is_sending and self.fed_until - now > _AHEAD_S

    def _hear(self, pcm: bytes, terms: SessionTerms, now: float, *, droppable: bool) -> None:
        self._remember(pcm)
        if not self.client_is_sending:
            # Silence that was fed ahead lies before these words; the model needs as much again after them.
            self.fed_until = now
        self._send_audio(pcm, terms, now, droppable=droppable)
        self.client_is_sending = True

    def be_silent(self, span_ms: int, terms: SessionTerms, now: float) -> None:
        """Feed silence, never dropped: what follows depends on it."""
        whole, rest = divmod(span_ms, _SILENCE_FRAME_MS)
        for frame_ms in (_SILENCE_FRAME_MS,) * whole + ((rest,) if rest else ()):
            self._send_audio(silence(frame_ms, terms.input_rate_hz), terms, now, droppable=False)
        self.client_is_sending = False

    def close_turn(self, silence_ms: int, terms: SessionTerms, now: float) -> None:
        """Tell the model that the user has finished, in the way the closure policy says."""
        if self.phase is not Phase.LIVE or self._is_behind:
            self._waiting.append(_Closure(silence_ms=silence_ms))
            return
        self._close_turn(silence_ms, terms, now)

    def _close_turn(self, silence_ms: int, terms: SessionTerms, now: float) -> None:
        self.be_silent(silence_ms, terms, now)
        self.turn_closed(silence_ms)
        if terms.closure.ends_prompt:
            self._end_prompt(terms)
            self.phase = Phase.ENDED

    def turn_closed(self, silence_ms: int) -> None:
        """The turn is closed, by whomever: should its stream be lost, it is said again so."""
        self._closed = self._recent
        self._closed_bytes = self._recent_bytes
        self._closed.append(_Closure(silence_ms=silence_ms))
        self._recent = deque()
        self._recent_bytes = 0

    def type_text(self, text: str, terms: SessionTerms, now: float) -> None:
        """Say typed words; no audio can come between, because the whole block is sent at once."""
        if self.phase is not Phase.LIVE or self._is_behind:
            self._waiting.append(_Typed(text=text))
            return
        self._type_text(text, terms, now)

    def _type_text(self, text: str, terms: SessionTerms, now: float) -> None:
        missing_ms = terms.profile.audio_before_text_ms - int(self._audio_ms)
        if missing_ms > 0:
            self.be_silent(missing_ms, terms, now)
        self._recent.append(_Typed(text=text))
        content = self._name("text")
        for event in text_block(self._block.prompt, content, TextRole.USER, text, interactive=True):
            self._send(event)

    def answer_tool(self, tool_use_id: str, result_json: str, terms: SessionTerms, now: float) -> bool:
        """Answer one toolUse; False when this stream can hear no answer any more."""
        if self.phase is not Phase.LIVE:
            return False
        prompt, content = self._block.prompt, self._name("tool")
        self._send(ToolResultStart(prompt=prompt, content=content, tool_use_id=tool_use_id))
        self._send(ToolResult(prompt=prompt, content=content, result_json=result_json))
        self._send(ContentEnd(prompt=prompt, content=content))
        self.be_silent(terms.trailing.after_tool_ms, terms, now)
        return True

    # Ending

    def end(self, terms: SessionTerms) -> None:
        """End the current stream in the order the model wants, as far as it was begun."""
        self.drop_standby()
        self.leave(terms)

    def leave(self, terms: SessionTerms) -> None:
        """The same, but another one stands by."""
        if self.phase is Phase.NONE:
            return
        if self.phase in {Phase.STARTING, Phase.LIVE}:
            self._end_prompt(terms)
            self.phase = Phase.ENDED
        if self.phase is Phase.ENDED:
            self._send(SessionEnd())
        self._emit(CloseStream(stream_id=self.stream_id))
        self.phase = Phase.NONE

    def carry_over(self) -> None:
        """The stream is gone; what it heard of the turn in flight, and since, waits for the next one."""
        self.phase = Phase.NONE
        self._carried.extendleft(reversed((*self._closed, *self._recent)))
        self._carried_bytes += self._recent_bytes + self._closed_bytes
        self.forget_closed()
        self.forget_recent()

    def forget_recent(self) -> None:
        """The utterance is over: nobody needs its audio again."""
        self._recent.clear()
        self._recent_bytes = 0

    def forget_closed(self) -> None:
        """The turn that was closed has its reply, or gets none any more."""
        self._closed.clear()
        self._closed_bytes = 0

    def keep_little(self, terms: SessionTerms) -> None:
        """A reply sounds: what is said into it interrupts it soon, or was nothing."""
        self._most_bytes = min(terms.kept_bytes, span_bytes(_OVER_REPLY_MS, terms.input_rate_hz))

    def keep_all(self, terms: SessionTerms) -> None:
        """The user has the word."""
        self._most_bytes = terms.kept_bytes

    def trim_recent(self, span_ms: int, terms: SessionTerms) -> None:
        """Keep only the end of what was heard lately."""
        self._trim_recent(span_bytes(span_ms, terms.input_rate_hz))

    def _trim_recent(self, limit_bytes: int) -> None:
        while self._recent_bytes > limit_bytes:
            oldest = self._recent.popleft()
            if isinstance(oldest, bytes):
                self._recent_bytes -= len(oldest)
            else:
                # Words that were typed stay; the frame behind them goes.
                frame = next(item for item in self._recent if isinstance(item, bytes))
                self._recent.remove(frame)
                self._recent_bytes -= len(frame)
                self._recent.appendleft(oldest)

    def forget_waiting(self) -> None:
        """What waits belongs to a turn that is over."""
        self._waiting.clear()
        self._carried.clear()
        self._waiting_bytes = self._carried_bytes = 0

    # The wire

    def _send(self, event: ModelInput, *, droppable: bool = False, stream_id: int | None = None) -> None:
        self._counts.add(Direction.TO_MODEL, type(event).__name__)
        self._emit(SendToModel(stream_id=stream_id or self.stream_id, event=event, droppable=droppable))

    def _send_audio(self, pcm: bytes, terms: SessionTerms, now: float, *, droppable: bool) -> None:
        audio_s = duration_s(len(pcm), terms.input_rate_hz)
        self._audio_ms += audio_s * 1000
        self.fed_until = terms.keep_alive.fed_until(self.fed_until, audio_s, now)
        self._send(AudioInput(block=self._block, pcm=pcm), droppable=droppable)

    def _end_prompt(self, terms: SessionTerms) -> None:
        if not self._audio_ms:
            # A block without any data cannot be ended.
            self._send(AudioInput(block=self._block, pcm=silence(_SILENCE_FRAME_MS, terms.input_rate_hz)))
        self._send(ContentEnd(prompt=self._block.prompt, content=self._block.content))
        self._send(PromptEnd(prompt=self._block.prompt))

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}-{self._names}"

    def _keep(self, pcm: bytes, terms: SessionTerms) -> None:
        self._waiting.append(pcm)
        self._waiting_bytes += len(pcm)
        limit_bytes = terms.kept_bytes
        while self._waiting_bytes > limit_bytes:
            oldest = next(item for item in self._waiting if isinstance(item, bytes))
            self._waiting.remove(oldest)
            self._waiting_bytes -= len(oldest)
            self._counts.add(Direction.TO_MODEL, AudioInput.__name__, Fault.OVER_LIMIT)

    def _remember(self, pcm: bytes) -> None:
        self._recent.append(pcm)
        self._recent_bytes += len(pcm)
        self._trim_recent(self._most_bytes)


def _prompt(terms: SessionTerms, stream_id: int) -> str:
    return f"{terms.session_id}-{stream_id}"
