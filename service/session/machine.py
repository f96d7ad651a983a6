"""A session: events and the time go in, effects come out.

The session never reads a clock, opens a socket, draws a random number or logs. Whoever drives it calls `receive` for
what happened and `tick` at `deadline`, and performs the effects in order.
"""

from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import assert_never

from service.session import client_side, model_side, reports, sign_in, store_side, streams, timers, tool_side
from service.session.core import NEVER, Core
from service.session.effects import Direction, Effect, Fault, State
from service.session.events import (
    AllowanceSpent,
    AudioSent,
    BudgetSpent,
    ClientBack,
    ClientFault,
    ClientGone,
    Disowned,
    DrainRequested,
    Event,
    Kept,
    ModelEvent,
    ModelSide,
    NotKept,
    PlaceGiven,
    PlaceQueued,
    PlaceRefused,
    SignInRefused,
    SignInRenewed,
    SignInRevoked,
    StreamAccepted,
    StreamClosed,
    StreamOpened,
    ToolFinished,
)
from service.session.lane import Lane
from service.session.resumption import hash_of
from service.session.terms import SessionTerms
from service.session.upstream import Phase
from service.wire.client import Audio
from service.wire.server import GoAwayReason
from service.wire.sonic_output import AudioOutput


class Session:
    """One attachment of a user to a conversation."""

    def __init__(self, terms: SessionTerms, *, now: float, jitter: Callable[[], float]) -> None:
        """`jitter` draws from 0 to 1: waits and reconnections are spread with it."""
        self._core = Core(terms, jitter, now)
        self._soonest = timers.Soonest(self._core)
        self._lane = Lane(self._core)

    @property
    def state(self) -> State:
        """What the session is doing."""
        return self._core.state

    @property
    def deadline(self) -> float | None:
        """When to call `tick` next, on the caller's clock; None when the session is over."""
        at = self._soonest.at()
        return None if at == NEVER else at

    @property
    def lane(self) -> Lane | None:
        """The short way for frames of audio; None when all of them must take the long one."""
        return self._lane

    @property
    def kept_bytes(self) -> int:
        """Audio held for a stream that is not there yet."""
        return self._core.upstream.kept_bytes

    @property
    def is_parked(self) -> bool:
        """Whether the session goes on without its client."""
        return self._core.resumption.parked_at is not None

    def can_resume(self, token: str, last_seq: int) -> bool:
        """Whether whoever shows this token, having got so far, takes this session up without a gap."""
        core = self._core
        if core.state is State.OVER or not core.is_ready or core.leaving is not None:
            return False
        mine = core.resumption.token
        if last_seq < core.resumption.ready_seq:
            return False
        is_mine = mine is not None and compare_digest(hash_of(mine), hash_of(token))
        return is_mine and core.resumption.outgoing.reaches(last_seq, core.seq)

    def receive(self, event: Event, now: float) -> Sequence[Effect]:
        """Take what happened."""
        core = self._core
        if core.state is State.OVER:
            return ()
        core.out = []
        if isinstance(event, Audio) and not event.end_of_utterance:
            # Half of all events; what follows would look at it last.
            client_side.receive(core, event, now)
            return self._done(now)
        if not (isinstance(event, ModelEvent) and isinstance(event.event, AudioOutput)):
            self._soonest.forget()
        self._take(event, now)
        return self._done(now)

    def _take(self, event: Event, now: float) -> None:
        core = self._core
        match event:
            case ModelEvent() | StreamOpened() | StreamAccepted() | StreamClosed():
                self._model(event, now)
            case ToolFinished():
                self._tool(event, now)
            case PlaceQueued() | PlaceGiven() | PlaceRefused() | AllowanceSpent():
                streams.place(core, event, now)
            case Kept() | NotKept() | Disowned():
                store_side.receive(core, event, now)
            case SignInRenewed() | SignInRefused() | SignInRevoked():
                sign_in.receive(core, event, now)
            case DrainRequested(deadline_s=deadline_s, after_s=after_s):
                timers.leave(core, GoAwayReason.DEPLOY, deadline_s, now, after_s=after_s)
            case AudioSent() | BudgetSpent():
                reports.receive(core, event, now)
            case ClientFault() | ClientBack() | ClientGone():
                client_side.connection(core, event, now)
            case _:
                client_side.receive(core, event, now)

    def tick(self, now: float) -> Sequence[Effect]:
        """Do what is due by now; harmless when nothing is."""
        core = self._core
        if core.state is State.OVER:
            return ()
        core.out = []
        self._soonest.forget()
        timers.run(core, now)
        return self._done(now)

    def _model(self, event: ModelSide, now: float) -> None:
        core = self._core
        standby = core.upstream.standby
        if standby is not None and event.stream_id == standby.stream_id:
            self._standby(event, now)
            return
        if event.stream_id != core.upstream.stream_id or core.upstream.phase is Phase.NONE:
            if not isinstance(event, StreamClosed):
                core.counts.add(Direction.FROM_MODEL, type(event).__name__, Fault.STALE)
            return
        match event:
            case ModelEvent(event=said):
                # A model that speaks has accepted the stream, whether the transport said so or not.
                self._accepted(now)
                if core.upstream.phase in {Phase.LIVE, Phase.ENDED}:
                    model_side.receive(core, said, now)
                else:
                    core.counts.add(Direction.FROM_MODEL, type(said).__name__, Fault.OUT_OF_ORDER)
            case StreamOpened():
                streams.opened(core)
            case StreamAccepted():
                self._accepted(now)
            case StreamClosed(failure=failure):
                streams.lost(core, failure, now)
            case _:
                assert_never(event)

    def _standby(self, event: ModelSide, now: float) -> None:
        """The stream that stands by says nothing to anybody yet."""
        core = self._core
        match event:
            case StreamOpened():
                core.upstream.begin_standby(core.terms)
            case StreamAccepted() | ModelEvent():
                streams.standby_accepted(core, now)
            case StreamClosed(failure=failure):
                streams.standby_lost(core, failure, now)
            case _:
                assert_never(event)

    def _accepted(self, now: float) -> None:
        if self._core.upstream.phase is Phase.STARTING:
            streams.accepted(self._core, now)
            client_side.after_accepted(self._core, now)

    def _tool(self, event: ToolFinished, now: float) -> None:
        core = self._core
        if event.stream_id != core.upstream.stream_id:
            core.counts.add(Direction.TO_MODEL, "ToolResult", Fault.STALE)
            return
        tool_side.finished(core, event.tool_use_id, event.result_json, now, failed=event.failed)

    def _done(self, now: float) -> Sequence[Effect]:
        core = self._core
        if core.leaving is not None:
            streams.leave_if_due(core, now)
        # The list is handed over: the next event begins a new one.
        return core.out
