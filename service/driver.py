"""The one body around a session: feed it, perform what it wants, re-arm its one timer.

Socket and model call in here synchronously, so a frame crosses the service without a task, a queue or a
future of its own. What has to wait (opening a stream, running a tool) is a task in the session's group, and
its result comes back as one more event. Only this file gives a session its clock.

An exception that nobody expected ends this session alone: one log line, `error` with the correlation id,
close 1011.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, assert_never

from service.allowances import Allowances
from service.auth.ports import Grant
from service.errors import CloseCode, ErrorCode, ModelFailure, ModelFailureKind, VoiceError
from service.holder import Holder
from service.metrics.logs import logger
from service.metrics.sessions import SessionRecord
from service.places import Places, Unlimited
from service.policies.allowance import Allowance, Standing
from service.policies.batching import Batch
from service.policies.budget import Budget
from service.policies.pressure import Level, Pressure
from service.session import streams
from service.session.effects import (
    CloseClient,
    CloseStream,
    Effect,
    OpenStream,
    RedeemTicket,
    RunTool,
    SendAudio,
    SendToClient,
    SendToModel,
    TakePlace,
)
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
    NotKept,
    Owned,
    PlaceGiven,
    PlaceQueued,
    PlaceRefused,
    SignInRevoked,
    StoreFault,
    StreamAccepted,
    StreamClosed,
    StreamOpened,
    ToolFinished,
)
from service.session.keeping import Keep, KeepRest, Write
from service.session.lane import Lane
from service.stores.errands import Errands, fault_of
from service.stores.memory import MemoryDocuments
from service.stores.ports import ConversationStore, StoreError
from service.tools.registry import Registry
from service.transports.ports import ClientConnection, ModelStream, ModelTransport
from service.wire import client, server, sonic_input, sonic_output
from service.wire.subprotocol import Subprotocol

# Clocks are read for one frame in 64.
_ONE_IN: Final = 63
_UNCOUNTED: Final = "It cannot be found out at the moment whether there is a place for you; please try again."
_INTERNAL_ERROR: Final = "Something went wrong on our side; please start again."
_log = logger("service.driver")


# How long the client waits at the end of its session for what is left to be written.
_KEEPING_S: Final = 1.0
# The client said goodbye, or its page was closed.
_CLOSED_BY_CLIENT: Final = frozenset({1000, 1001})


class SessionCore(Protocol):
    """What a driver drives: `service.session`, or a stand-in of a test."""

    @property
    def deadline(self) -> float | None:
        """The next instant at which `tick` must be called; None when the session is over."""

    @property
    def lane(self) -> Lane | None:
        """The short way for frames of audio, which needs no event; None: there is none."""

    def can_resume(self, token: str, last_seq: int) -> bool:
        """Whether whoever shows this token, having got so far, takes the session up without a gap."""

    def receive(self, event: Event, now: float) -> Sequence[Effect]:
        """Something happened."""

    def tick(self, now: float) -> Sequence[Effect]:
        """The deadline has come."""


def _unlimited() -> Allowances:
    return Allowances(Allowance(), MemoryDocuments(lambda: 0.0), wall_clock=lambda: 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every session of this process shares."""

    model: ModelTransport
    tools: Registry
    clock: Callable[[], float]
    close_timeout_s: float
    places: Places = field(default_factory=Unlimited)
    allowances: Allowances = field(default_factory=_unlimited)
    store: ConversationStore | None = None
    store_timeout_s: float = 3.0
    stopwatch: Callable[[], float] = time.perf_counter
    """Finer than the clock, which stands still while one event is dealt with."""
    pressure: Pressure = field(default_factory=Pressure)


class Driver:
    """One session, its client, its model streams and its timer."""

    def __init__(
        self,
        *,
        session: SessionCore,
        connection: ClientConnection,
        subprotocol: Subprotocol,
        record: SessionRecord,
        surroundings: Surroundings,
        holder: Holder,
        tasks: asyncio.TaskGroup,
        on_owned: Callable[[Owned], None] = lambda _owned: None,
        on_gone: Callable[[frozenset[str]], None] = lambda _sessions: None,
    ) -> None:
        self._session = session
        self._lane = session.lane
        self._holder = holder
        self._connection = self._first_connection = connection
        self._subprotocol = subprotocol
        self._record = record
        self._model = surroundings.model
        self._tools = surroundings.tools
        self._store = Errands(
            surroundings.store,
            holder.grant.principal.user_id,
            timeout_s=surroundings.store_timeout_s,
        )
        self._clock = surroundings.clock
        self._stopwatch = surroundings.stopwatch
        self._frames_in = self._pieces_out = 0
        self._began_at = 0.0
        """On the stopwatch: when what is being dealt with came in."""
        self._taken_s = 0.0
        self._sounding = 0
        self._first_sent = 0
        self._close_timeout_s = surroundings.close_timeout_s
        self._pressure = surroundings.pressure
        self._batch = Batch()
        self._tasks = tasks
        self._on_owned = on_owned
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._opening: dict[int, asyncio.Task[None]] = {}
        self._streams: dict[int, ModelStream] = {}
        self._asked: set[asyncio.Task[None]] = set()
        """Tools that run, tickets that are looked at, and questions to the store; none is wanted after the end."""
        self._keeping_rest: asyncio.Task[None] | None = None
        self._places = surroundings.places
        self._has_place = False
        self._allowances = surroundings.allowances
        self._user_id = holder.grant.principal.user_id
        self.counted_at: float | None = None
        """When the session was counted last among what its user holds and uses; None: it is not."""
        self._seconds = 0
        """Places held for streams beside the first."""
        self._streams_gone = asyncio.Event()
        self._streams_gone.set()
        self._last_seq = 0
        self._dropped_frames = 0
        self._close_code: int = CloseCode.DONE
        self._broken = False
        self._over = asyncio.Event()
        self._rearm()

    @property
    def session_id(self) -> str:
        """Names this session in every log; the client sees it as the correlation id."""
        return self._record.session_id

    def on_text(self, text: str) -> None:
        """The client sent a text message."""
        self._began_at = self._stopwatch()
        try:
            message = client.decode_text(text, self._subprotocol)
        except VoiceError as error:
            self.on_fault(error)
        else:
            self._feed(message)

    def on_binary(self, frame: bytes) -> None:
        """The client sent a binary message."""
        self._frames_in += 1
        is_measured = not self._frames_in & _ONE_IN
        if is_measured:
            self._began_at = self._stopwatch()
        if not self._heard_at_once(frame):
            try:
                message = client.decode_binary(frame, self._subprotocol)
            except VoiceError as error:
                self.on_fault(error)
                return
            self._feed(message)
        if is_measured:
            self._taken_s = self._stopwatch() - self._began_at
            self._record.took_in(self._taken_s)

    def _heard_at_once(self, frame: bytes) -> bool:
        """Pass a frame on the short way (`session.lane`), which nearly every one takes; False when this one does not."""
        lane = self._lane
        if lane is None or self._broken or self._batch or self._pressure.level is not Level.CALM:
            return False
        if (plain := client.plain_audio(frame)) is None:
            return False
        pcm = frame[client.FRAME_HEADER.size :]
        try:
            block = lane.hear(*plain, pcm, self._clock())
            if block is None:
                return False
            if (stream := self._streams.get(lane.stream_id)) is not None:
                stream.send(sonic_input.encode_audio(block, pcm), droppable=True)
        except Exception as error:  # noqa: BLE001 - the last resort of one session
            self._break(error)
        return True

    def _spoke_at_once(self, stream_id: int, said: sonic_output.AudioOutput) -> bool:
        """The same for a piece of the running reply."""
        lane = self._lane
        if lane is None or self._broken:
            return False
        try:
            placed = lane.speak(stream_id, said.content_id, said.pcm, self._clock())
            if placed is None:
                return False
            self._connection.send(server.encode_audio(*placed, said.pcm, self._subprotocol))
        except Exception as error:  # noqa: BLE001 - the last resort of one session
            self._break(error)
        return True

    def on_fault(self, error: VoiceError) -> None:
        """The client broke a rule that is checked outside the session."""
        self._feed(ClientFault(code=error.close_code, error=error.error_code, reason=str(error)))

    def on_too_slow(self) -> None:
        """The client reads more slowly than the reply comes, and what waited for it was thrown away."""
        self._feed(
            ClientFault(
                code=CloseCode.SLOW_DOWN,
                error=ErrorCode.TOO_SLOW,
                reason="The connection is too slow for the audio of the reply.",
            )
        )

    def drain(self, deadline_s: float, *, after_s: float = 0.0) -> None:
        """This process will go; the session has this long, and leaves no sooner than after `after_s`."""
        self._feed(DrainRequested(deadline_s=deadline_s, after_s=after_s))

    def disown(self, fault: StoreFault) -> None:
        """This process knows already what the store would say to the next write."""
        self._feed(Disowned(fault=fault))

    def can_resume(self, token: str, last_seq: int, subprotocol: Subprotocol) -> bool:
        """Whether a client that shows this takes the session up where it is."""
        return (
            not self._broken
            and subprotocol is self._subprotocol
            and self._session.can_resume(token, last_seq)
        )

    def adopt(self, connection: ClientConnection, resume: client.Resume, token: str, grant: Grant) -> None:
        """The client has a new connection and proved anew who it is; the old one, if it still stands, is closed."""
        before, self._connection = self._connection, connection
        before.close(CloseCode.SUPERSEDED, ErrorCode.SUPERSEDED.value)
        self._holder.grant = grant
        self._feed(
            ClientBack(
                last_seq=resume.last_seq,
                played=resume.played,
                token=token,
                signed_in_until=self._holder.expires_at,
            )
        )

    def hears(self, connection: ClientConnection) -> bool:
        """Whether this is the connection that the session has now; what an older one still says is nobody's."""
        return connection is self._connection

    def lost(self, connection: ClientConnection, close_code: int | None) -> None:
        """This connection is closed; that concerns the session unless it has another by now."""
        if connection is self._connection:
            self._connection = _Nowhere()
            self._feed(ClientGone(for_good=close_code in _CLOSED_BY_CLIENT))

    @property
    def grant(self) -> Grant:
        """The sign-in that the session has now."""
        return self._holder.grant

    def spent(self, budget: Budget, renewed_in_s: float) -> None:
        """Nothing more may be spent on this session."""
        self._feed(BudgetSpent(budget=budget, renewed_in_s=renewed_in_s))

    def revoke(self) -> None:
        """The issuer has taken the sign-in back."""
        self._feed(SignInRevoked())

    async def finish(self, close_code: int | None) -> None:
        """The first connection is closed: wait for the end of the session, then let go of everything, in time."""
        self.lost(self._first_connection, close_code)
        await self._over.wait()
        if self._timer is not None:
            self._timer.cancel()
        for waiting in (*self._opening.values(), *self._asked):
            waiting.cancel()
        self._send_waiting()
        for stream in self._streams.values():
            stream.close()
        try:
            async with asyncio.timeout(self._close_timeout_s):
                await self._streams_gone.wait()
        except TimeoutError:
            _log.error("model stream did not close", session_id=self.session_id)
        if self._has_place:
            self._places.leave()
        if self.counted_at is not None:
            await self._allowances.leave(self._user_id, self.session_id, used_s=self.used_s())
        await self._finish_keeping()
        if close_code is not None and self._close_code == CloseCode.DONE:
            self._close_code = close_code
        self._record.ended(
            now=self._clock(), close_code=self._close_code, dropped_frames=self._dropped_frames
        )

    async def _finish_keeping(self) -> None:
        if self._keeping_rest is None:
            return
        await asyncio.wait({self._keeping_rest}, timeout=self._close_timeout_s)
        if not self._keeping_rest.done():
            self._keeping_rest.cancel()
            _log.error("turns were not saved in time", session_id=self.session_id)

    def _feed(self, event: Event) -> None:
        if self._broken:
            return
        try:
            self._perform(self._session.receive(event, self._clock()))
            self._rearm()
        except Exception as error:  # noqa: BLE001 - the last resort of one session
            self._break(error)

    def _tick(self) -> None:
        self._timer = None
        if self._broken:
            return
        try:
            deadline = self._session.deadline
            if deadline is not None and deadline <= self._clock():
                self._perform(self._session.tick(self._clock()))
            self._rearm()
        except Exception as error:  # noqa: BLE001 - the last resort of one session
            self._break(error)

    def _rearm(self) -> None:
        """One timer, moved only when it would come too late.

        Frames of audio put the deadline off all the time; a timer that comes too early is set anew then.
        """
        deadline = self._session.deadline
        if deadline is None:
            self._over.set()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_later(max(0.0, deadline - self._clock()), self._tick)
        self._timer_at = deadline

    def _perform(self, effects: Sequence[Effect]) -> None:
        """What happens for every frame comes first."""
        for effect in effects:
            match effect:
                case SendToModel(stream_id=stream_id, event=event, droppable=droppable):
                    if self._pressure.level is not Level.CALM or self._batch:
                        self._send_batched(stream_id, event, droppable=droppable)
                    elif (stream := self._streams.get(stream_id)) is not None:
                        stream.send(sonic_input.encode(event), droppable=droppable)
                case SendAudio(response_id=response_id, position=position, pcm=pcm):
                    self._connection.send(server.encode_audio(response_id, position, pcm, self._subprotocol))
                    if response_id != self._sounding:
                        self._sounding = self._first_sent = response_id
                case SendToClient(message=message):
                    self._last_seq = message.seq
                    self._connection.send(server.encode(message))
                    self._record.told(message, self._stopwatch() - self._began_at)
                case CloseClient(code=code, reason=reason):
                    self._close(code, reason)
                case (
                    OpenStream()
                    | CloseStream()
                    | RunTool()
                    | RedeemTicket()
                    | TakePlace()
                    | Keep()
                    | KeepRest()
                ):
                    self._begin(effect)
                case _:
                    self._record.record(effect)

    def _close(self, code: CloseCode, reason: str) -> None:
        """Close the connection, after what is left to be written: a client that is told to go on elsewhere does so at once."""
        self._close_code = code
        connection, keeping = self._connection, self._keeping_rest
        if keeping is None:
            connection.close(code, reason)
            return
        self._loop.call_later(_KEEPING_S, connection.close, code, reason)
        keeping.add_done_callback(lambda _: connection.close(code, reason))

    def _send_batched(self, stream_id: int, event: sonic_input.ModelInput, *, droppable: bool) -> None:
        """Two frames of the user's audio at a time; whatever else is said goes behind the one that waits.

        None waits long: a client that stops sending is followed by silence, which goes at once.
        """
        said: sonic_input.ModelInput | None = event
        if droppable and isinstance(event, sonic_input.AudioInput) and self._batch.joins(stream_id, event):
            said = self._batch.add(stream_id, event)
        else:
            self._send_waiting()
        if said is not None and (stream := self._streams.get(stream_id)) is not None:
            stream.send(sonic_input.encode(said), droppable=droppable)

    def _send_waiting(self) -> None:
        if (waiting := self._batch.take()) is not None:
            stream_id, frame = waiting
            if (stream := self._streams.get(stream_id)) is not None:
                stream.send(sonic_input.encode(frame), droppable=True)

    def _begin(
        self, effect: OpenStream | CloseStream | RunTool | RedeemTicket | TakePlace | Keep | KeepRest
    ) -> None:
        """What takes time."""
        match effect:
            case OpenStream(stream_id=stream_id):
                self._streams_gone.clear()
                opening = self._tasks.create_task(self._open(stream_id))
                self._opening[stream_id] = opening
                # A task that is cancelled before its first step runs no handler of its own.
                opening.add_done_callback(lambda _: self._opening_ended(stream_id, None))
            case CloseStream(stream_id=stream_id):
                self._close_stream(stream_id)
            case RunTool():
                self._ask(self._run_tool(effect))
            case RedeemTicket(ticket=ticket):
                self._ask(self._redeem(ticket))
            case TakePlace(urgent=urgent):
                self._ask(self._take_place(urgent=urgent))
            case Keep():
                self._ask(self._keep(effect))
            case KeepRest(writes=writes):
                self._keeping_rest = self._tasks.create_task(self._keep_rest(writes))
            case _:
                assert_never(effect)

    def _ask(self, asking: Coroutine[None, None, None]) -> None:
        task = self._tasks.create_task(asking)
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def _redeem(self, ticket: str) -> None:
        self._feed(await self._holder.renew(ticket))

    async def _take_place(self, *, urgent: bool) -> None:
        refused = await self._enter()
        if refused is not None:
            self._feed(refused)
            return
        await self._places.place(
            urgent=urgent, on_position=lambda position: self._feed(PlaceQueued(position=position))
        )
        self._has_place = True
        self._feed(PlaceGiven())

    async def _enter(self) -> PlaceRefused | None:
        """Count the session among its user's; why there is none."""
        try:
            if await self._allowances.seconds_until_more(self._user_id) is not None:
                return PlaceRefused(
                    code=CloseCode.SLOW_DOWN, error=ErrorCode.DAILY_LIMIT, sentence=streams.SPENT
                )
            gone = await self._allowances.enter(self._user_id, self.session_id)
        except StoreError as error:
            _log.warning("a user could not be counted", session_id=self.session_id, reason=str(error))
            return PlaceRefused(code=CloseCode.GO_ELSEWHERE, error=ErrorCode.AT_CAPACITY, sentence=_UNCOUNTED)
        self.counted_at = self._clock()
        self._on_gone(gone)
        return None

    def used_s(self) -> float:
        """How long the session has lasted since this was asked last."""
        before, self.counted_at = self.counted_at, self._clock()
        return 0.0 if before is None else self.counted_at - before

    def stand(self, standing: Standing) -> None:
        """Where the session stands among what its user may hold and use."""
        match standing:
            case Standing.GOES_ON:
                pass
            case Standing.GAVE_WAY:
                self.disown(StoreFault.SUPERSEDED)
            case Standing.SPENT:
                self._feed(AllowanceSpent())
            case _:
                assert_never(standing)

    async def _open(self, stream_id: int) -> None:
        try:
            if len(self._streams) + len(self._opening) > 1:
                await self._take_second(stream_id)
            stream = await self._model.open(_Listener(self, stream_id))
        except ModelFailure as failure:
            self._opening_ended(stream_id, failure)
        except Exception as error:  # noqa: BLE001 - one stream's failure must not end the task group
            _log.exception("opening a model stream failed", session_id=self.session_id)
            self._opening_ended(stream_id, ModelFailure(ModelFailureKind.INTERNAL, type(error).__name__))
        else:
            del self._opening[stream_id]
            self._streams[stream_id] = stream
            self._feed(StreamOpened(stream_id=stream_id))

    async def _take_second(self, stream_id: int) -> None:
        """A stream beside another one counts against the account's quota like any other."""
        if not await self._places.extra():
            raise ModelFailure(
                ModelFailureKind.QUOTA, "the account has no second stream for this session now"
            )
        if stream_id in self._opening:
            self._seconds += 1
        else:
            self._places.leave_extra()

    def _opening_ended(self, stream_id: int, failure: ModelFailure | None) -> None:
        if self._opening.pop(stream_id, None) is not None:
            self._stream_gone()
            self._feed(StreamClosed(stream_id=stream_id, failure=failure))

    def _close_stream(self, stream_id: int) -> None:
        self._send_waiting()
        if (opening := self._opening.get(stream_id)) is not None:
            opening.cancel()
        elif (stream := self._streams.get(stream_id)) is not None:
            stream.close()

    def stream_accepted(self, stream_id: int) -> None:
        """The model answered."""
        self._feed(StreamAccepted(stream_id=stream_id))

    def stream_said(self, stream_id: int, payload: bytes) -> None:
        """The model said something."""
        self._pieces_out += 1
        is_measured = not self._pieces_out & _ONE_IN
        self._began_at = self._stopwatch()
        event = sonic_output.decode(payload)
        if not (isinstance(event, sonic_output.AudioOutput) and self._spoke_at_once(stream_id, event)):
            self._feed(ModelEvent(stream_id=stream_id, event=event))
        if self._first_sent:
            self._tell_sent()
        elif is_measured:
            self._record.took_out(self._stopwatch() - self._began_at)

    def _tell_sent(self) -> None:
        handled_s = self._stopwatch() - self._began_at
        response_id, self._first_sent = self._first_sent, 0
        self._record.took_out(handled_s)
        self._feed(AudioSent(response_id=response_id, taken_s=self._taken_s, handled_s=handled_s))

    def stream_closed(self, stream_id: int, failure: ModelFailure | None) -> None:
        """A stream is over."""
        if (stream := self._streams.pop(stream_id, None)) is not None:
            self._dropped_frames += stream.dropped_frames
        self._stream_gone()
        self._feed(StreamClosed(stream_id=stream_id, failure=failure))

    def _stream_gone(self) -> None:
        while self._seconds and self._seconds >= len(self._streams) + len(self._opening):
            self._seconds -= 1
            self._places.leave_extra()
        if not self._streams and not self._opening:
            self._streams_gone.set()

    async def _run_tool(self, tool: RunTool) -> None:
        result_json, worked = await self._tools.run(tool.name, tool.arguments_json)
        self._feed(
            ToolFinished(
                stream_id=tool.stream_id,
                tool_use_id=tool.tool_use_id,
                result_json=result_json,
                failed=not worked,
            )
        )

    async def _keep_rest(self, writes: Sequence[Write]) -> None:
        try:
            await self._store.finish(writes)
        except StoreError as error:
            _log.warning("turns were not saved", session_id=self.session_id, reason=str(error))

    async def _keep(self, effect: Keep) -> None:
        try:
            owned = await self._store.ask(effect.write)
        except StoreError as error:
            self._feed(NotKept(write_id=effect.write_id, fault=fault_of(error), reason=str(error)))
        else:
            if owned is not None:
                self._on_owned(owned)
            self._feed(Kept(write_id=effect.write_id, owned=owned))

    def _break(self, error: Exception) -> None:
        """End this session alone; the log gets the traceback, the client the id under which it stands there."""
        self._broken = True
        self._over.set()
        _log.error("session broke", session_id=self.session_id, exc_info=error)
        self._close_code = CloseCode.INTERNAL
        message = server.Error(
            seq=self._last_seq + 1,
            code=ErrorCode.INTERNAL_ERROR,
            message=_INTERNAL_ERROR,
            retryable=True,
            correlation_id=self.session_id,
        )
        self._connection.send(server.encode(message))
        self._connection.close(CloseCode.INTERNAL, "internal error")
        for stream_id in (*self._opening, *self._streams):
            self._close_stream(stream_id)


class _Nowhere:
    """The connection of a client that is away."""

    def send(self, message: bytes | str) -> None:
        """Nobody hears it."""

    def close(self, code: int, reason: str) -> None:
        """It is closed."""


class _Listener:
    """Passes what one stream says on, under the stream's number."""

    __slots__ = ("_driver", "_stream_id")

    def __init__(self, driver: Driver, stream_id: int) -> None:
        self._driver = driver
        self._stream_id = stream_id

    def on_stream_accepted(self) -> None:
        self._driver.stream_accepted(self._stream_id)

    def on_stream_event(self, payload: bytes) -> None:
        self._driver.stream_said(self._stream_id, payload)

    def on_stream_closed(self, failure: ModelFailure | None) -> None:
        self._driver.stream_closed(self._stream_id, failure)
