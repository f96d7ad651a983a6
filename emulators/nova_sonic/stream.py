"""One stream: feed the conversation, perform what it asks, re-arm the one timer.

Rule 1: the conversation decides; this file carries bytes to it and its effects away.
Rule 2: everything runs in callbacks of the event loop; only a brain that blocks sees another thread.
Rule 3: whatever goes wrong ends this stream and no other.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Final, Protocol, assert_never

from emulators.nova_sonic.account import Account
from emulators.nova_sonic.brain_work import Answer, BrainFailed, BrainWork, Composed, Transcribed
from emulators.nova_sonic.brains.ports import Brain
from emulators.nova_sonic.conversation.effects import (
    Cancel,
    Compose,
    Effect,
    Emit,
    EndStream,
    Fail,
    Transcribe,
)
from emulators.nova_sonic.conversation.machine import Conversation
from emulators.nova_sonic.fault_plan import ArmedFault, FaultPlan
from emulators.nova_sonic.faults import Action
from emulators.nova_sonic.outlet import Outlet
from emulators.nova_sonic.striking import Striker
from emulators.nova_sonic.wire.chunks import event_kind, event_of
from emulators.nova_sonic.wire.event_stream import (
    Frame,
    FrameDecoder,
    FrameError,
)
from emulators.nova_sonic.wire.exchange import ResponseWriter
from emulators.nova_sonic.wire.responses import (
    ApiException,
    chunk_frame,
    error_response,
    exception_frame,
    exception_named,
)
from emulators.nova_sonic.wire.signature import MISMATCH, ChunkChain

INTERNAL_MESSAGE: Final = "The emulator itself failed; its log says how."
UNREADABLE: Final = "Unable to parse input chunk. Please check input format contains correct values."

log = logging.getLogger(__name__)


class Phase(Enum):
    """How far a stream is."""

    QUIET = auto()
    """Accepted, but its first event has not come, so nothing was answered."""
    TALKING = auto()
    """Events go both ways."""
    DEAF = auto()
    """A fault: input is taken and ignored, nothing is answered."""
    OVER = auto()
    """Ended; what still arrives is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTerms:
    """What a stream was opened with."""

    request_id: str
    model_id: str
    access_key: str
    padding: bool
    """Add the key `p` to output frames."""


class StreamOwner(Protocol):
    """What a stream needs of the emulator around it."""

    account: Account
    faults: FaultPlan
    executor: Executor

    def stream_over(self, stream: "BidirectionalStream") -> None:
        """Forget a stream that has ended."""
        ...


class BidirectionalStream:
    """The exchange of one InvokeModelWithBidirectionalStream request."""

    def __init__(
        self,
        *,
        terms: StreamTerms,
        owner: StreamOwner,
        writer: ResponseWriter,
        chain: ChunkChain | None,
        conversation: Conversation,
        brain: Brain,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.terms = terms
        self.opened_at = loop.time()
        self.outlet = Outlet(writer, loop=loop, request_id=terms.request_id)
        self._owner = owner
        self._counters = owner.account.counters
        self._chain = chain
        self._conversation = conversation
        self._loop = loop
        self._phase: Phase = Phase.QUIET
        self._decoder = FrameDecoder()
        self._striker = Striker(self, writer)
        self._work = BrainWork(brain, loop=loop, executor=owner.executor, answered=self._answered)
        self._effects: deque[Effect] = deque()
        self._performing = False
        self._seen_in: Counter[str] = Counter()
        self._seen_out: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._fault_timers = [
            loop.call_later(seconds, self._strike_armed, armed) for seconds, armed in owner.faults.timed()
        ]
        self._rearm()

    # The exchange, called by the connection.

    def data_received(self, data: bytes) -> None:
        self._counters.bytes_in += len(data)
        if self._phase in {Phase.DEAF, Phase.OVER}:
            return
        try:
            for frame in self._decoder.feed(data):
                self._take(frame)
        except FrameError as error:
            self.fail(ApiException.VALIDATION.title, f"Invalid event bytes: {error}.")

    def input_ended(self) -> None:
        if self._phase in {Phase.DEAF, Phase.OVER}:
            return
        if self._decoder.pending_bytes:
            self.fail(ApiException.VALIDATION.title, "Invalid event bytes: the input ends inside a frame.")
            return
        self._consult(self._conversation.input_ended)

    def gone(self, reason: str) -> None:
        self.outlet.close()
        self.finish(reason)

    # What happens to it, called by itself and by faults.

    @property
    def over(self) -> bool:
        return self._phase is Phase.OVER

    def strike(self, actions: Iterable[Action], frame: bytes | None = None) -> bool:
        """Perform faults; true when one of them took the place of `frame` or of the event."""
        taken = False
        for action in actions:
            self._counters.faults_fired += 1
            log.info("fault on stream %s: %s", self.terms.request_id, action)
            taken = self._striker.perform(action, frame) or taken
        return taken

    def fail(self, exception: str, message: str, *, form: str = "event") -> None:
        """Answer with an exception, in the form asked for if the headers still allow it, and end."""
        if self._phase is Phase.OVER:
            return
        known = exception_named(exception)
        name = known.title if known else exception
        self._counters.exceptions[name] += 1
        if form == "http" and not self.outlet.headers_sent:
            self.outlet.refuse(error_response(name, message, request_id=self.terms.request_id))
        else:
            self.outlet.send(exception_frame(name, message))
            self.outlet.end()
        self.finish(f"{name}: {message}")

    def go_deaf(self) -> None:
        """Take input and answer nothing from now on."""
        self.outlet.mute()
        self._phase = Phase.DEAF
        self._stop_work()

    def finish(self, reason: str) -> None:
        """Release everything the stream holds; the outlet may still be sending."""
        if self._phase is Phase.OVER:
            return
        self._phase = Phase.OVER
        log.info("stream %s over: %s", self.terms.request_id, reason)
        self._stop_work()
        self._owner.stream_over(self)

    def as_json(self) -> Mapping[str, object]:
        """The stream's line in `GET /status`."""
        return {
            "requestId": self.terms.request_id,
            "modelId": self.terms.model_id,
            "accessKey": self.terms.access_key,
            "phase": self._phase.name.lower(),
            "ageS": round(self._loop.time() - self.opened_at, 3),
            "eventsIn": dict(self._seen_in),
            "eventsOut": dict(self._seen_out),
        }

    # Input.

    def _take(self, frame: Frame) -> None:
        if self._phase in {Phase.DEAF, Phase.OVER}:
            return
        if self._chain is not None and not self._chain.verify(frame.header_block, frame.payload):
            self._counters.chunks_refused += 1
            # Real accounts see a ValidationException when credentials rotate inside a stream; before its headers the
            # same refusal can only be an HTTP response.
            if self.outlet.headers_sent:
                self.fail(ApiException.VALIDATION.title, MISMATCH)
            else:
                self.fail("InvalidSignatureException", MISMATCH, form="http")
            return
        if not frame.payload:  # the signed empty frame; END_STREAM follows and says the same
            return
        try:
            payload = event_of(frame)
        except (FrameError, ValueError):
            self.fail(ApiException.VALIDATION.title, UNREADABLE)
            return
        self._counters.events_in += 1
        kind = event_kind(payload)
        self._seen_in[kind] += 1
        self._seen_in["any"] += 1
        faults = self._owner.faults
        if faults and self.strike(faults.take_on_input(kind, self._seen_in)):
            return
        if self._phase is Phase.QUIET:
            self._phase = Phase.TALKING
            self.outlet.begin()
        self._consult(partial(self._conversation.receive, payload))

    # The conversation and its effects.

    def _consult(self, question: Callable[[float], Sequence[Effect]]) -> None:
        if self._phase in {Phase.DEAF, Phase.OVER}:
            return
        try:
            self._effects.extend(question(self._loop.time()))
            self._perform_all()
        except Exception:
            log.exception("stream %s: the conversation failed", self.terms.request_id)
            self.fail(ApiException.INTERNAL_SERVER.title, INTERNAL_MESSAGE)
        self._rearm()

    def _perform_all(self) -> None:
        if self._performing:  # an answer of a brain that does not block; the loop below goes on with it
            return
        self._performing = True
        try:
            while self._effects and self._phase in {Phase.QUIET, Phase.TALKING}:
                self._perform(self._effects.popleft())
        finally:
            self._performing = False

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Emit(payload=payload):
                self._emit(payload)
            case Transcribe():
                self._work.transcribe(effect)
            case Compose():
                self._work.compose(effect)
            case Cancel(request_id=request_id):
                self._work.cancel(request_id)
            case Fail(exception=exception, message=message):
                self.fail(exception, message)
            case EndStream():
                self.outlet.end()
                self.finish("complete")
            case _:
                assert_never(effect)

    def _emit(self, payload: bytes) -> None:
        padding = len(payload) % 32 if self.terms.padding else None
        frame = chunk_frame(payload, padding=padding)
        kind = event_kind(payload)
        self._seen_out[kind] += 1
        self._seen_out["any"] += 1
        self._counters.events_out += 1
        self._counters.bytes_out += len(frame)
        faults = self._owner.faults
        if faults and self.strike(faults.take_on_output(kind, self._seen_out), frame):
            return
        self.outlet.send(frame)

    def _answered(self, answer: Answer) -> None:
        match answer:
            case Transcribed(utterance_id=utterance_id, text=text):
                self._consult(partial(self._conversation.transcribed, utterance_id, text))
            case Composed(request_id=request_id, step=step):
                self._consult(partial(self._conversation.composed, request_id, step))
            case BrainFailed(asked_id=asked_id, message=message):
                log.warning("stream %s: the brain failed: %s", self.terms.request_id, message)
                self._consult(partial(self._conversation.brain_failed, asked_id, message))
            case _:
                assert_never(answer)

    # Time.

    def _rearm(self) -> None:
        """Have a timer at or before the deadline; one that comes early costs less than moving it at every frame."""
        if self._phase in {Phase.DEAF, Phase.OVER}:
            return
        deadline = self._conversation.deadline
        if deadline is None or (self._timer is not None and self._timer_at <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_at(deadline, self._wake)

    def _wake(self) -> None:
        self._timer = None
        deadline = self._conversation.deadline
        if deadline is None:
            return
        if self._timer_at < deadline:
            self._rearm()
            return
        self._consult(self._conversation.tick)

    def _strike_armed(self, armed: ArmedFault) -> None:
        if self._phase not in {Phase.DEAF, Phase.OVER} and armed.take():
            self.strike([armed.fault.action])

    def _stop_work(self) -> None:
        self._work.close()
        self._effects.clear()
        for timer in (self._timer, *self._fault_timers):
            if timer is not None:
                timer.cancel()
