"""What every part of a session shares: the state, the turn in flight, and the verbs that change them.

`client_side`, `model_side`, `streams` and `timers` decide; this module keeps the promises that hold whoever decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import Any, Final
from weakref import proxy

from service.errors import CloseCode, ErrorCode
from service.policies.closure import Closure
from service.policies.hearing import Hearing
from service.policies.prices import usd
from service.session.counts import Counts
from service.session.dialogue import Dialogue
from service.session.effects import (
    CloseClient,
    Direction,
    Effect,
    SendAudio,
    SendToClient,
    State,
    StateChanged,
    TurnClosed,
    TurnEnded,
    TurnKept,
    UsageCounted,
)
from service.session.keeping import Keeping, KeepRest, KeptTurn, RenewGrip, SaveTurn, bounded
from service.session.measuring import Figures, figures_of, on_the_wire, with_late_news
from service.session.reply import Discard, Reply, Until
from service.session.resumption import Resumption
from service.session.state import STATE_NAMES, TRANSITIONS, Signal
from service.session.terms import SessionTerms
from service.session.tool_calls import ToolCalls
from service.session.turn import Turn
from service.session.upstream import Phase, Upstream
from service.session.usage import UsageLedger
from service.wire import server
from service.wire.server import Cause, ClosedBy, Outcome, Role, Stage
from service.wire.sonic_output import ContentStart

NEVER: Final = float("inf")
NEVER_YET: Final = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """A turn that is over and not written yet."""

    turn: int
    measured: Turn
    figures: Figures
    outcome: Outcome
    due_at: float
    cut_reply: Reply | None
    """The reply, when it was interrupted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The session was told to go; it does at the end of a turn, not before `after`, at the latest at `by`."""

    by: float
    after: float = 0.0
    code: CloseCode
    error: ErrorCode | None
    sentence: str = "The session has come to its announced end."
    farewell: str | None = None
    """What the model is told to say before; None: nothing, or it was told."""


@dataclass(slots=True, kw_only=True)
class SignedIn:
    """The sign-in that the session has."""

    granted_at: float
    expires_at: float
    is_expiry_told: bool = False
    is_redeeming: bool = False
    """A ticket for another one is being looked at."""


@dataclass(slots=True, kw_only=True)
class Flood:
    """Audio that comes faster than it may."""

    since: float | None = None
    last_at: float = NEVER_YET


@dataclass(slots=True, kw_only=True)
class Queue:
    """The line for one of the account's streams."""

    since: float | None = None
    """Since when the session waits in it."""


def _emit_of(core: "Core") -> Callable[[Effect], None]:
    """How its parts have something done, which do not keep it: all that was said would wait for the garbage collector."""
    return MethodType(Core.emit, proxy(core))


class Core:
    """The shared state of one session; see the module."""

    def __init__(self, terms: SessionTerms, jitter: Callable[[], float], now: float) -> None:
        self.terms = terms
        self.jitter = jitter
        self.out: list[Effect] = []
        self.state = State.CONNECTING
        self.counts = Counts()
        self.upstream = Upstream(_emit_of(self), self.counts)
        self.dialogue = Dialogue()
        self.tools = ToolCalls()
        self.usage = UsageLedger()
        self.keeping = Keeping(_emit_of(self))
        self.settling: list[Settling] = []
        self.unsaved: dict[int, server.TurnIs] = {}
        """What the client was told of turns that are not written yet, by their number."""
        self.discard = Discard()
        self.open_blocks: dict[str, ContentStart] = {}

        self.turn: Turn | None = None
        self.turns = 0
        self.reply: Reply | None = None
        self.responses = 0
        self.hearing = Hearing()
        self.model_signals_speech = False
        """Whether this model has ever told when the user speaks; some do not."""

        self.seq = 0
        self.resumption = Resumption(token=terms.resume_token, renewed_at=now)
        self.is_ready = False
        self.early_pongs: list[int] = []
        self.close_when_accepted: ClosedBy | None = None
        self.repeated: ClosedBy | None = None
        """The turn in flight is said again to another stream; who closed it."""
        self.prepare_after = 0.0
        self.spread = 0.0
        """Drawn from 0 to 1 for each stream, so that sessions do not move in step."""
        self.texts_when_accepted: list[str] = []

        self.began_at = now
        self.has_started = False
        self.queue = Queue()
        self.active_at = now
        self.reopen_at: float | None = None
        self.failures = 0
        self.owed_since = now
        """Since when the model owes a sign of life, while thinking."""
        self.leaving: Leaving | None = None
        self.counted_at = now

        self.signed_in = SignedIn(granted_at=now, expires_at=terms.sign_in_expires_at)

        self.next_sequence: int | None = None
        self.unacked: int | None = None
        self.acked_at = float("-inf")
        self.flood = Flood()
        self.audio_bucket = terms.rates.audio_bucket()
        self.control_bucket = terms.rates.control_bucket()

    # Saying

    def emit(self, effect: Effect) -> None:
        """Have something done."""
        self.out.append(effect)

    def tell(self, kind: Callable[..., server.ServerMessage], /, **fields: Any) -> None:
        """Send the client a message with the next `seq`."""
        self.seq += 1
        self.send(kind(seq=self.seq, **fields))

    def send(self, message: server.ServerMessage) -> None:
        """Send the client a message that has its `seq`."""
        self.counts.add(Direction.TO_CLIENT, message.type)
        if self.resumption.token is not None:
            self.resumption.outgoing.add(message)
        self.emit(SendToClient(message=message))

    def tell_error(self, code: ErrorCode, sentence: str, *, retryable: bool) -> None:
        """Send the client an error; what ends a session is ended by `end`."""
        self.tell(
            server.Error,
            code=code,
            message=sentence,
            retryable=retryable,
            correlation_id=self.terms.session_id,
        )

    def signal(self, signal: Signal) -> None:
        """Change the state, tell the client and announce it; a missing key is a mistake of ours."""
        before, self.state = self.state, TRANSITIONS[self.state, signal]
        self.emit(StateChanged(before=before, after=self.state))
        self.tell_state()

    def tell_state(self) -> None:
        """Tell the client the state, where it has a name for it."""
        name = STATE_NAMES.get(self.state)
        if name is None:
            return
        response_id = self.reply.response_id if self.state is State.SPEAKING and self.reply else None
        self.tell(server.StateIs, state=name, response_id=response_id)

    # Turns

    def open_turn(self) -> Turn:
        """The turn in flight; a new one when there is none."""
        if self.turn is None:
            self.turns += 1
            self.turn = Turn(number=self.turns)
        return self.turn

    def close_turn(self, by: ClosedBy, now: float, *, silence_ms: int | None = None) -> None:
        """The user has finished: tell the model, if it did not tell us, and wait for the reply."""
        turn = self.open_turn()
        self.repeated = None
        turn.close(by, now)
        self.owed_since = self.active_at = now
        self.discard.next_turn()
        if silence_ms is None:
            silence_ms = 0 if by is ClosedBy.MODEL else self.terms.trailing.after_speech_ms
        if by is ClosedBy.MODEL and not self.terms.closure.ends_prompt:
            self.upstream.turn_closed(self.terms.trailing.after_speech_ms)
        else:
            self.upstream.close_turn(silence_ms, self.terms, now)
        self.emit(TurnClosed(turn=turn.number, closed_by=by))
        self.signal(Signal.TURN_CLOSED)

    def end_turn(self, outcome: Outcome, now: float, *, tell: bool = True) -> None:
        """The turn in flight is over; there is none afterwards, and no reply."""
        turn, reply = self.turn, self.reply
        self.turn = self.reply = None
        self.repeated = None
        self.upstream.forget_closed()
        self.upstream.keep_all(self.terms)
        if turn is None or (turn.closed_at is None and not turn.is_spoken):
            # Some audio came, as it does from any open microphone; nobody was heard to say anything.
            return
        reply_ms = None
        if reply is not None:
            # Only what interrupts a reply stops it at the client; what was sent of any other one is played.
            heard = reply.heard_samples(now) if outcome is Outcome.INTERRUPTED else reply.samples
            reply_ms = reply.ms(heard)
            if outcome is not Outcome.COMPLETED:
                self.dialogue.cut(turn.number, heard, sent=reply.samples)
        timings = turn.timings(reply_ms)
        figures = figures_of(turn, timings, self.usage.of_turn(), self.terms.prices)
        self.settling.append(
            Settling(
                turn=turn.number,
                measured=turn,
                figures=figures,
                outcome=outcome,
                due_at=now + self.terms.settle_s,
                cut_reply=reply if outcome is Outcome.INTERRUPTED else None,
            )
        )
        if tell:
            self.seq += 1
            told = server.TurnIs(
                seq=self.seq,
                turn=turn.number,
                outcome=outcome,
                closed_by=turn.closed_by,
                response_id=turn.response_id,
                saved=False,
                timings=timings,
                waterfall=on_the_wire(figures.waterfall),
                cost_usd=usd(figures.cost_nano_usd),
            )
            self.send(told)
            self.unsaved[turn.number] = told
        self.emit(
            TurnEnded(
                turn=turn.number,
                outcome=outcome,
                closed_by=turn.closed_by,
                response_id=turn.response_id,
                utterance_ms=timings.utterance_ms,
                endpointing_ms=timings.endpointing_ms,
                time_to_first_audio_ms=timings.time_to_first_audio_ms,
                reply_ms=timings.reply_ms,
                interrupted=outcome is Outcome.INTERRUPTED,
                waterfall=figures.waterfall,
                used=figures.used,
                cost_nano_usd=figures.cost_nano_usd,
                audio_gaps=reply.gaps if reply is not None else 0,
            )
        )
        self.active_at = now
        self.announce_counts(now)

    def forget_turn(self) -> None:
        """Nothing was said in it after all; its number goes to the next one."""
        self.turn = None
        self.turns -= 1
        self.upstream.forget_recent()

    # Keeping

    def settle(self, by: float, *, tell: bool = True) -> None:
        """Turns that were over long enough are as they will be: say how far a broken reply was heard, and keep them."""
        due = [over for over in self.settling if over.due_at <= by]
        self.settling = [over for over in self.settling if over.due_at > by]
        for over in due:
            exchange = self.dialogue.find(over.turn)
            if exchange is None:
                self.unsaved.pop(over.turn, None)
                continue
            reply_text = exchange.reply_text()
            if tell and over.cut_reply is not None:
                self.tell(
                    server.Transcript,
                    turn=over.turn,
                    role=Role.ASSISTANT,
                    stage=Stage.HEARD,
                    text=reply_text,
                    response_id=over.cut_reply.response_id,
                )
            self._keep_turn(over, exchange.user_text, reply_text, tell=tell)

    def _keep_turn(self, over: Settling, user: str, assistant: str, *, tell: bool) -> None:
        epoch = self.keeping.epoch
        if epoch is None or not (user.strip() or assistant.strip()):
            self.unsaved.pop(over.turn, None)
            return
        turn = KeptTurn(
            number=over.turn,
            user=bounded(user),
            assistant=bounded(assistant),
            outcome=over.outcome.value,
            figures=with_late_news(over.figures, over.measured).as_json(),
        )
        self.keeping.ended_at[over.turn] = over.due_at - self.terms.settle_s
        write = SaveTurn(conversation_id=self.terms.conversation_id, epoch=epoch, turn=turn)
        lost = self.keeping.put(write)
        if lost:
            self.emit(TurnKept(turns=lost, saved=False, waiting=self.keeping.waiting_turns))
            if tell:
                sentence = "Too much waits to be saved; the oldest of it was given up."
                self.tell_error(ErrorCode.NOT_SAVED, sentence, retryable=False)

    # Replies

    def begin_reply(self, now: float) -> Reply:
        """The reply being made; begins one, and closes the turn, when the model is the first to see that it must."""
        if self.reply is not None and self.reply.is_complete:
            # The model goes on after it had ended its turn: what follows is another reply, played after this one.
            plays_until = self.reply.play_ends_at
            self.finish_reply(now)
        else:
            plays_until = now
        if self.state is State.LISTENING:
            self.close_turn(ClosedBy.MODEL, now)
        if self.reply is None:
            self.responses += 1
            self.reply = Reply(
                response_id=self.responses,
                rate_hz=self.terms.output_rate_hz,
                play_ends_at=plays_until,
                last_output_at=now,
            )
            self.open_turn().response_id = self.responses
            self.hearing.unanswered_in_a_row = 0
        self.owed_since = now
        return self.reply

    def speak(self, reply: Reply, pcm: bytes, now: float) -> None:
        """Send reply audio on."""
        if self.state is State.THINKING:
            self.open_turn().first_audio_at = now
            self.upstream.forget_closed()
            self.upstream.keep_little(self.terms)
            self.signal(Signal.REPLY_STARTED)
        position = reply.add(pcm, now)
        self.counts.add(Direction.TO_CLIENT, "audio")
        self.emit(SendAudio(response_id=reply.response_id, position=position, pcm=pcm))

    def finish_reply(self, now: float) -> None:
        """The reply was played out, or there is nothing of it to play."""
        self.end_turn(Outcome.COMPLETED, now)
        self.failures = 0
        self.upstream.forget_recent()
        self.signal(Signal.REPLY_ENDED)

    def interrupt(self, cause: Cause, now: float) -> None:
        """Stop the running reply; none of its audio follows."""
        reply = self.reply
        if reply is not None:
            self.tell(server.Interrupted, response_id=reply.response_id, cause=cause)
        if reply is None:
            self.discard.begin(self._assistant_blocks(), Until.NEXT_TURN)
        elif not reply.is_complete:
            self.discard.begin(self._assistant_blocks() | reply.blocks, Until.MODEL_IS_DONE)
        self.end_turn(Outcome.INTERRUPTED, now)
        self.signal(Signal.INTERRUPTED)

    def _assistant_blocks(self) -> set[str]:
        return {block.content_id for block in self.open_blocks.values() if block.role != "USER"}

    # Ending

    def end(self, code: CloseCode, sentence: str, *, error: ErrorCode | None, now: float) -> None:
        """Hang up: the error first where the code has one, then the streams, then the socket."""
        failed = code is not CloseCode.DONE and error is not ErrorCode.GOING_AWAY
        self.resumption.parked_at = None
        self.end_turn(Outcome.FAILED if failed else Outcome.INTERRUPTED, now)
        if error is not None:
            retryable = code in {CloseCode.GO_ELSEWHERE, CloseCode.SLOW_DOWN, CloseCode.IDLE}
            self.tell_error(error, sentence, retryable=retryable)
        self.abandon(now)
        # A close frame has room for 123 bytes; the sentence went before it.
        self.emit(CloseClient(code=code, reason=error.value if error is not None else "done"))

    def abandon(self, now: float) -> None:
        """Let go of everything but the socket, which may be gone."""
        self.turn = self.reply = None
        self.settle(NEVER, tell=False)
        rest = self.keeping.rest()
        if self.keeping.epoch is not None and any(isinstance(write, SaveTurn | RenewGrip) for write in rest):
            self.emit(KeepRest(writes=rest))
        self.upstream.end(self.terms)
        self.announce_counts(now)
        self.signal(Signal.ENDED)

    def announce_counts(self, now: float) -> None:
        """Announce what was counted since the last time."""
        self.counted_at = now
        self.out.extend(self.counts.flush())
        used = self.usage.take()
        if used is not None:
            self.emit(
                UsageCounted(
                    input_speech=used.input_speech,
                    input_text=used.input_text,
                    output_speech=used.output_speech,
                    output_text=used.output_text,
                )
            )

    @property
    def reply_is_safe(self) -> bool:
        """Whether all of the running reply has come, so that it needs no stream any more."""
        return self.reply is not None and self.reply.is_complete

    @property
    def is_quiet(self) -> bool:
        """Whether nobody speaks to or through the stream, as far as can be known, and nothing is owed."""
        if self.tools.are_running:
            return False
        if self.state is State.SPEAKING:
            return self.reply_is_safe
        if self.state is not State.LISTENING:
            return False
        if self.turn is None:
            return True
        return self.model_signals_speech and not self.turn.is_spoken

    @property
    def is_kept(self) -> bool:
        """Whether every turn that is over was written, as far as there is a store."""
        return self.keeping.epoch is None or not (self.settling or self.keeping.owes_turns)

    @property
    def next_turn_needs_stream(self) -> bool:
        """Whether the current stream can hear nothing more."""
        return self.terms.closure is Closure.EXPLICIT and self.upstream.phase is Phase.ENDED
