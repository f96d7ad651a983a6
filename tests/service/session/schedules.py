"""Schedules: whatever a client, a model, a network and a clock may do to a session, in any order."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from service.errors import CloseCode, ErrorCode, ModelFailure, ModelFailureKind
from service.policies.closure import Closure
from service.policies.continuation import Continuation
from service.policies.sign_in import Expiry
from service.policies.silence import KeepAlive
from service.session.effects import State
from service.session.events import (
    ClientFault,
    ClientGone,
    Disowned,
    DrainRequested,
    Kept,
    ModelEvent,
    NotKept,
    Owned,
    PlaceGiven,
    PlaceQueued,
    Refusal,
    SignInRefused,
    SignInRenewed,
    SignInRevoked,
    StoreFault,
    StreamAccepted,
    StreamClosed,
    StreamOpened,
    ToolFinished,
)
from service.session.keeping import KeptTurn
from service.wire import client
from service.wire import sonic_output as model
from service.wire.subprotocol import Subprotocol
from tests.service.fakes import REPLY_CHUNK, Call, terms

IDS = st.sampled_from(["x1", "x2", "x3", "odd-1", "odd-2"])
ROLES: st.SearchStrategy[Any] = st.sampled_from(["USER", "ASSISTANT", "TOOL", None])
KINDS: st.SearchStrategy[Any] = st.sampled_from(["TEXT", "AUDIO", "TOOL"])
STOPS: st.SearchStrategy[Any] = st.sampled_from(["PARTIAL_TURN", "END_TURN", "INTERRUPTED", "TOOL_USE", None])
WORDS = st.sampled_from(["It is sunny.", "yes", "", " ", "ü世😀" * 120, "a\x00b"])
OFFSETS = st.one_of(st.none(), st.integers(0, 10_000))
STREAMS = st.integers(-2, 1)
"""Relative to the current one: mostly that, sometimes one that is gone, or stands by."""

ANY_MODEL_EVENT: st.SearchStrategy[model.ModelOutput] = st.one_of(
    st.builds(model.CompletionStart),
    st.builds(model.CompletionEnd),
    st.builds(model.UserSpeechStart, offset_ms=OFFSETS),
    st.builds(model.UserSpeechEnd, offset_ms=OFFSETS, detected_ms=OFFSETS),
    st.builds(model.ContentStart, content_id=IDS, kind=KINDS, role=ROLES, planned=st.booleans()),
    st.builds(model.TextOutput, content_id=IDS, role=ROLES, text=WORDS, interrupted=st.booleans()),
    st.builds(model.AudioOutput, content_id=IDS, pcm=st.sampled_from([b"", b"\1\0", REPLY_CHUNK])),
    st.builds(
        model.ToolUse,
        content_id=IDS,
        tool_use_id=st.sampled_from(["t-1", "t-2", "t-3"]),
        name=st.sampled_from(["clock", "unknown"]),
        arguments=st.sampled_from([{}, {"a": 1}, None]),
    ),
    st.builds(model.ContentEnd, content_id=IDS, kind=KINDS, stop_reason=STOPS),
    st.builds(
        model.Usage,
        input_speech=st.integers(0, 9),
        input_text=st.just(1),
        output_speech=st.just(1),
        output_text=st.just(1),
    ),
    st.builds(model.Unknown, name=st.just("somethingNew")),
    st.builds(model.Malformed, name=st.just("textOutput"), reason=st.just("no")),
)


class Schedules(RuleBasedStateMachine):
    """Times are shortened so that a schedule of a few steps sees every timer."""

    call: Call

    @initialize(
        closure=st.sampled_from(Closure),
        subprotocol=st.sampled_from(Subprotocol),
        jitter=st.floats(0, 1, exclude_max=True),
        connects=st.booleans(),
        keeps=st.booleans(),
        signed_in_s=st.sampled_from([1.0, 20.0, float("inf")]),
        queues=st.sampled_from([False, False, True]),
    )
    def begin(
        self,
        *,
        closure: Closure,
        subprotocol: Subprotocol,
        jitter: float,
        connects: bool,
        keeps: bool,
        signed_in_s: float,
        queues: bool,
    ) -> None:
        self.call = Call(
            terms(
                closure=closure,
                subprotocol=subprotocol,
                continuation=Continuation(stream_lifetime_s=30.0),
                keep_alive=KeepAlive(frame_ms=1_000),
                idle_timeout_s=40.0,
                max_session_s=60.0,
                thinking_limit_s=25.0,
                kept_audio_s=0.5,
                needs_place=queues,
                queue_patience_s=15.0,
                keeps_history=keeps,
                resume_token="token-0" if keeps else None,
                parked_s=6.0,
                expiry=Expiry(warning_s=5.0, leeway_s=2.0, farewell_s=3.0),
                sign_in_expires_at=1_000.0 + signed_in_s,
            ),
            jitter=jitter,
        )
        if connects:
            self.call.connect()

    def give_model(self, event: model.ModelOutput, back: int = 0) -> None:
        self.call.give(ModelEvent(stream_id=self.call.stream_id + back, event=event))

    # Time

    @rule(seconds=st.sampled_from([0.01, 0.2, 1.0, 2.1, 5.0, 11.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.call.wait(seconds)

    # The client

    @rule(frames=st.integers(1, 40), end=st.booleans())
    def audio(self, *, frames: int, end: bool) -> None:
        for i in range(frames):
            self.call.audio(end=end and i == frames - 1)

    @rule(seconds=st.sampled_from([0.3, 1.0]))
    def speech(self, seconds: float) -> None:
        self.call.speak(seconds)

    @rule(
        message=st.one_of(
            st.builds(client.EndOfUtterance),
            st.builds(client.Interrupt),
            st.builds(client.Text, text=WORDS.filter(bool)),
            st.builds(client.Played, response_id=st.integers(1, 5), position_ms=st.integers(0, 5_000)),
            st.builds(client.Ping, id=st.integers(0, 5)),
            st.builds(client.Auth, ticket=st.just("t")),
        )
    )
    def control(self, message: client.ClientMessage) -> None:
        self.call.give(message)

    @rule(lasts_s=st.sampled_from([-5.0, 0.0, 1.0, 30.0, 500.0]))
    def sign_in_is_renewed(self, lasts_s: float) -> None:
        self.call.give(SignInRenewed(expires_at=self.call.now + lasts_s))

    @rule(why=st.sampled_from(sorted(Refusal, key=lambda why: why.name)))
    def ticket_is_refused(self, why: Refusal) -> None:
        if why is not Refusal.OTHER_USER:
            self.call.give(SignInRefused(why=why))

    @rule(sequence=st.sampled_from([0, 1, 7, 2**31, 2**32 - 1]))
    def odd_sequence(self, sequence: int) -> None:
        self.call.give(client.Audio(pcm=b"\1\0", sequence=sequence, captured_at_ms=0.0))

    @precondition(lambda self: not self.call.effects)
    @rule(
        language=st.sampled_from([None, "de-DE", "xx"]),
        rate=st.sampled_from([None, 8_000, 24_000]),
        conversation=st.sampled_from([None, None, "old", "not/an id"]),
    )
    def start(self, language: str | None, rate: int | None, conversation: str | None) -> None:
        start = client.Start(language=language, input_sample_rate_hz=rate, conversation_id=conversation)
        self.call.give(start)

    @rule(
        missed=st.integers(0, 40),
        token=st.sampled_from(["mine", "mine", "foreign"]),
        signed_in_s=st.sampled_from([1.0, 30.0, 500.0]),
    )
    def comes_back(self, missed: int, token: str, signed_in_s: float) -> None:
        """As the driver does it: only who can resume is let in."""
        last_seq = self.call.invariants.seq - missed
        shown = self.call.token if token == "mine" else "foreign"
        if self.call.session.can_resume(shown, last_seq):
            assert "mine" == token
            self.call.come_back(last_seq, signed_in_s=signed_in_s)

    @rule(position=st.integers(1, 3), given=st.booleans())
    def line_moves(self, *, position: int, given: bool) -> None:
        self.call.give(PlaceGiven() if given else PlaceQueued(position=position))

    # The store

    @rule(back=STREAMS, last_turn=st.sampled_from([None, 0, 7]))
    def keeps(self, back: int, last_turn: int | None) -> None:
        turns = [KeptTurn(number=7, user="and then?", assistant="x" * 50, outcome="completed")]
        owned = (
            None
            if last_turn is None
            else Owned(conversation_id="old", epoch=3, last_turn=last_turn, turns=turns)
        )
        self.call.give(Kept(write_id=self.call.invariants.writes + back, owned=owned))

    @rule(back=STREAMS, fault=st.sampled_from([StoreFault.UNAVAILABLE] * 6 + list(StoreFault)))
    def keeps_not(self, back: int, fault: StoreFault) -> None:
        self.call.give(NotKept(write_id=self.call.invariants.writes + back, fault=fault, reason="no"))

    @rule(how=st.integers(0, 19))
    def leave(self, how: int) -> None:
        """Rarely, or schedules would be short."""
        if how == 0:
            self.call.give(client.End())
        elif how == 1:
            self.call.give(ClientGone(for_good=True))
        elif how == 2:
            fault = ClientFault(code=CloseCode.PROTOCOL, error=ErrorCode.PROTOCOL_ERROR, reason="odd")
            self.call.give(fault)
        elif how == 3:
            self.call.give(DrainRequested(deadline_s=10.0, after_s=2.0))
        elif how == 4:
            self.call.give(client.Start())
        elif how in {5, 6, 7}:
            self.call.give(ClientGone())
        elif how == 8:
            self.call.give(SignInRevoked())
        elif how == 10:
            self.call.give(Disowned(fault=StoreFault.SUPERSEDED))
        elif how == 9:
            self.call.give(SignInRefused(why=Refusal.OTHER_USER))

    # The model

    @rule(back=STREAMS)
    def accepts(self, back: int) -> None:
        self.call.give(StreamOpened(stream_id=self.call.stream_id + back))
        self.call.give(StreamAccepted(stream_id=self.call.stream_id + back))

    @rule(event=ANY_MODEL_EVENT, back=STREAMS)
    def says_anything(self, event: model.ModelOutput, back: int) -> None:
        self.give_model(event, back)

    @rule(chunks=st.integers(0, 5), ends=st.booleans(), text=WORDS)
    def replies(self, *, chunks: int, ends: bool, text: str) -> None:
        block = self.call.reply_begins(text, chunks)
        if ends:
            self.call.end_block(block, "AUDIO", "END_TURN")

    @rule()
    def user_speaks(self) -> None:
        self.give_model(model.UserSpeechStart(offset_ms=100))

    @rule(text=WORDS)
    def user_spoke(self, text: str) -> None:
        self.give_model(model.UserSpeechEnd(offset_ms=900, detected_ms=1_300))
        self.call.user_text(text)

    @rule()
    def confirms(self) -> None:
        self.call.text("ASSISTANT", "It is sunny.")

    @rule(text=WORDS)
    def answers_and_is_lost(self, text: str) -> None:
        """What was said must be told to another stream."""
        self.call.user_text(text)
        self.call.reply("It is sunny.", 1)
        self.confirms()
        self.call.wait(0.2)
        failure = ModelFailure(ModelFailureKind.CONNECTION_LOST)
        self.call.give(StreamClosed(stream_id=self.call.stream_id, failure=failure))
        self.call.accept()

    @rule(kind=st.sampled_from(ModelFailureKind), back=STREAMS)
    def fails(self, kind: ModelFailureKind, back: int) -> None:
        failure = ModelFailure(kind, "RST_STREAM closed stream")
        self.call.give(StreamClosed(stream_id=self.call.stream_id + back, failure=failure))

    @rule(back=STREAMS)
    def closes(self, back: int) -> None:
        self.call.give(StreamClosed(stream_id=self.call.stream_id + back, failure=None))

    @rule(
        tool_use_id=st.sampled_from(["t-1", "t-2"]),
        result=st.sampled_from(['{"a":1}', "[1]", "no", ""]),
        back=STREAMS,
    )
    def tool_finishes(self, tool_use_id: str, result: str, back: int) -> None:
        stream_id = self.call.stream_id + back
        self.call.give(ToolFinished(stream_id=stream_id, tool_use_id=tool_use_id, result_json=result))

    def teardown(self) -> None:
        """Left alone, every session ends by itself."""
        if hasattr(self, "call") and self.call.is_sound:
            self.call.wait(90.0)
            assert State.OVER is self.call.state, self.call.state
