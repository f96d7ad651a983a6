"""A session on virtual time, with a client and a model that do as a test says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.errors import ModelFailure, ModelFailureKind
from service.session.effects import CloseClient, Effect, RunTool, SendAudio, SendToClient, SendToModel, State
from service.session.events import (
    ClientBack,
    DrainRequested,
    Event,
    Kept,
    ModelEvent,
    NotKept,
    Owned,
    PlaceGiven,
    StoreFault,
    StreamAccepted,
    StreamClosed,
    StreamOpened,
    ToolFinished,
)
from service.session.keeping import Keep, KeepRest, KeptTurn, SaveTurn, Write
from service.session.machine import Session
from service.session.terms import SessionTerms
from service.wire import client, server
from service.wire import sonic_output as model
from service.wire.sonic_input import ModelInput, Tool
from service.wire.subprotocol import Subprotocol
from tests.service.invariants import Invariants

FRAME_MS = 32
FRAME = b"\x10\x00" * 512
"""32 ms at 16 kHz."""
REPLY_CHUNK = b"\x20\x00" * 2_400
"""100 ms at 24 kHz."""

CLOCK_TOOL = Tool(name="clock", description="The time.", schema='{"type":"object"}')

TERMS = SessionTerms(
    session_id="s",
    conversation_id="c",
    subprotocol=Subprotocol.BINARY,
    tools=(CLOCK_TOOL,),
)


def terms(**changes: Any) -> SessionTerms:
    """The usual terms, but for some."""
    return replace(TERMS, **changes)


@dataclass
class Call:
    """One session, its clock, and everything it did; every step is checked against the invariants."""

    terms: SessionTerms = TERMS
    make: Callable[..., Session] = Session
    now: float = 1000.0
    jitter: float = 0.5
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = self.make(self.terms, now=self.now, jitter=lambda: self.jitter)
        self.invariants = Invariants(self.terms)
        self.is_sound = True
        """Whether no promise was broken so far; after that, nothing is worth checking."""
        self._blocks = 0
        self._sequence = 0
        self.token = self.terms.resume_token or ""
        """With which the client may come back."""

    # Time and events

    def give(self, event: Event) -> Sequence[Effect]:
        """Let something happen now; returns what the session did."""
        self.is_sound = False
        self.invariants.before(event)
        return self._done(self.session.receive(event, self.now))

    def _done(self, effects: Sequence[Effect]) -> Sequence[Effect]:
        self.effects.extend(effects)
        self.invariants.after(effects, self.session, self.now)
        self.is_sound = True
        return effects

    def wait(self, seconds: float) -> Sequence[Effect]:
        """Let time pass, ticking at every deadline as a driver does."""
        until, done = self.now + seconds, len(self.effects)
        ticks_at_once = 0
        while (deadline := self.session.deadline) is not None and deadline <= until:
            ticks_at_once = 0 if deadline > self.now else ticks_at_once + 1
            assert ticks_at_once < 50, "the deadline does not move"
            self.now = max(self.now, deadline)
            self.is_sound = False
            self._done(self.session.tick(self.now))
        self.now = until
        return self.effects[done:]

    # The client

    def audio(self, *, end: bool = False, pcm: bytes = FRAME) -> Sequence[Effect]:
        """One frame."""
        sequence = None
        if self.terms.subprotocol is Subprotocol.BINARY:
            sequence, self._sequence = self._sequence, (self._sequence + 1) % 2**32
        captured = None if sequence is None else self.now * 1000
        return self.give(
            client.Audio(pcm=pcm, end_of_utterance=end, sequence=sequence, captured_at_ms=captured)
        )

    def speak(self, seconds: float) -> None:
        """Frames at their own pace."""
        for _ in range(round(seconds * 1000 / FRAME_MS)):
            self.audio()
            self.wait(FRAME_MS / 1000)

    def end_of_utterance(self) -> Sequence[Effect]:
        return self.give(client.EndOfUtterance())

    def come_back(
        self, last_seq: int, played: client.Heard | None = None, *, signed_in_s: float = float("inf")
    ) -> Sequence[Effect]:
        """The client has a new connection and a new sign-in; its token is another one from now on."""
        self.token += "+"
        return self.give(
            ClientBack(
                last_seq=last_seq,
                played=played,
                token=self.token,
                signed_in_until=self.now + signed_in_s,
            )
        )

    # The model

    @property
    def stream_id(self) -> int:
        """The stream that the session speaks to."""
        return self.invariants.current_stream

    def accept(self) -> None:
        """The transport opens the newest stream, which may only stand by, and the model accepts it."""
        self.give(StreamOpened(stream_id=self.invariants.newest_stream))
        self.give(StreamAccepted(stream_id=self.invariants.newest_stream))

    def connect(self) -> None:
        """From nothing to listening."""
        self.give(client.Start())
        if self.terms.needs_place:
            self.give(PlaceGiven())
        self.accept()

    def say(self, event: model.ModelOutput, stream_id: int | None = None) -> Sequence[Effect]:
        """The model says one event."""
        return self.give(ModelEvent(stream_id=stream_id or self.stream_id, event=event))

    def block(self, kind: model.ContentType, role: model.ModelRole, *, planned: bool = False) -> str:
        """The model opens a block."""
        self._blocks += 1
        content_id = f"x{self._blocks}"
        self.say(model.ContentStart(content_id=content_id, kind=kind, role=role, planned=planned))
        return content_id

    def end_block(
        self, content_id: str, kind: model.ContentType, reason: model.StopReason = "PARTIAL_TURN"
    ) -> Sequence[Effect]:
        return self.say(model.ContentEnd(content_id=content_id, kind=kind, stop_reason=reason))

    def text(
        self,
        role: model.ModelRole,
        text: str,
        *,
        planned: bool = False,
        reason: model.StopReason = "PARTIAL_TURN",
    ) -> str:
        """A whole block of text."""
        content_id = self.block("TEXT", role, planned=planned)
        self.say(model.TextOutput(content_id=content_id, role=role, text=text, interrupted=False))
        self.end_block(content_id, "TEXT", reason)
        return content_id

    def user_text(self, text: str) -> None:
        self.text("USER", text)

    def reply_begins(self, text: str = "It is sunny.", chunks: int = 1) -> str:
        """Planned text and the first audio; returns the audio block, still open."""
        self.text("ASSISTANT", text, planned=True)
        block = self.block("AUDIO", "ASSISTANT")
        for _ in range(chunks):
            self.chunk(block)
        return block

    def chunk(self, block: str) -> Sequence[Effect]:
        """100 ms of reply."""
        return self.say(model.AudioOutput(content_id=block, pcm=REPLY_CHUNK))

    def reply(self, text: str = "It is sunny.", chunks: int = 5) -> None:
        """A whole reply, made faster than it is played."""
        self.end_block(self.reply_begins(text, chunks), "AUDIO", "END_TURN")

    def marker(self) -> Sequence[Effect]:
        """The text that means an interruption."""
        self._blocks += 1
        marker = '{ "interrupted" : true }'
        return self.say(
            model.TextOutput(content_id=f"x{self._blocks}", role="ASSISTANT", text=marker, interrupted=True)
        )

    def fail(self, kind: ModelFailureKind = ModelFailureKind.CONNECTION_LOST, message: str = "") -> None:
        """The newest stream fails."""
        self.give(StreamClosed(stream_id=self.stream_id, failure=ModelFailure(kind, message)))

    def use_tool(self, tool_use_id: str = "t-1", name: str = "clock") -> None:
        """The model asks for a tool."""
        block = self.block("TOOL", "TOOL")
        self.say(model.ToolUse(content_id=block, tool_use_id=tool_use_id, name=name, arguments={}))
        self.end_block(block, "TOOL", "TOOL_USE")

    def tool_finished(self, tool_use_id: str = "t-1", result: str = '{"time":"noon"}') -> None:
        self.give(ToolFinished(stream_id=self.stream_id, tool_use_id=tool_use_id, result_json=result))

    def drain(self, deadline_s: float = 25.0) -> None:
        self.give(DrainRequested(deadline_s=deadline_s))

    # The store

    def keep(self, *, owned: Owned | None = None) -> None:
        """The store does what it was asked last."""
        self.give(Kept(write_id=self.invariants.writes, owned=owned))

    def refuse(self, fault: StoreFault = StoreFault.UNAVAILABLE) -> None:
        """The store does not do what it was asked last."""
        self.give(NotKept(write_id=self.invariants.writes, fault=fault, reason="no"))

    @property
    def asked(self) -> list[Write]:
        """Everything that was asked of the store, in order."""
        return [effect.write for effect in self.done(Keep)]

    @property
    def saved_turns(self) -> list[KeptTurn]:
        """The turns that were asked to be written, and those that were left behind."""
        rest = [write for effect in self.done(KeepRest) for write in effect.writes]
        return [write.turn for write in (*self.asked, *rest) if isinstance(write, SaveTurn)]

    # What was done

    @property
    def state(self) -> State:
        return self.session.state

    @property
    def messages(self) -> list[server.ServerMessage]:
        return [effect.message for effect in self.effects if isinstance(effect, SendToClient)]

    def told[T: server.ServerMessage](self, kind: type[T]) -> list[T]:
        """The messages of one kind, in order."""
        return [message for message in self.messages if isinstance(message, kind)]

    def sent[T: ModelInput](self, kind: type[T], stream_id: int | None = None) -> list[T]:
        """The events of one kind sent to the model."""
        return [
            effect.event
            for effect in self.effects
            if isinstance(effect, SendToModel)
            and isinstance(effect.event, kind)
            and stream_id in {None, effect.stream_id}
        ]

    def sent_kinds(self, stream_id: int) -> list[str]:
        """What was sent on one stream, by kind; runs of the same are one."""
        kinds: list[str] = []
        for effect in self.effects:
            if isinstance(effect, SendToModel) and effect.stream_id == stream_id:
                name = type(effect.event).__name__
                if not kinds or kinds[-1] != name:
                    kinds.append(name)
        return kinds

    def done[T: Effect](self, kind: type[T]) -> list[T]:
        """The effects of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def states(self) -> list[str]:
        """The states the client was told."""
        return [message.state.value for message in self.told(server.StateIs)]

    @property
    def reply_audio(self) -> list[SendAudio]:
        return self.done(SendAudio)

    @property
    def tools_run(self) -> list[RunTool]:
        return self.done(RunTool)

    @property
    def closed_with(self) -> int | None:
        closes = self.done(CloseClient)
        return closes[-1].code if closes else None
