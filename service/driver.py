"""The one body around a session: feed it, perform what it wants, re-arm its one timer.

Socket and model call in here synchronously, so a frame crosses the service without a task, a queue or a
future of its own. What has to wait (opening a stream, running a tool) is a task in the session's group, and
its result comes back as one more event. Only this file gives a session its clock.

An exception that nobody expected ends this session alone: one log line, `error` with the correlation id,
close 1011.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from service.auth.ports import Grant
from service.errors import CloseCode, ErrorCode, ModelFailure, VoiceError
from service.holder import Holder
from service.metrics.logs import logger
from service.metrics.sessions import SessionRecord
from service.model_streams import ModelStreams
from service.policies.allowance import Standing
from service.policies.budget import Budget
from service.questions import Questions
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
    ModelEvent,
    Owned,
    SignInRevoked,
    StoreFault,
    StreamAccepted,
    StreamClosed,
    StreamOpened,
)
from service.session.keeping import Keep, KeepRest
from service.surroundings import SessionCore, Surroundings
from service.transports.ports import ClientConnection
from service.wire import client, server, sonic_input, sonic_output
from service.wire.subprotocol import Subprotocol

# Clocks are read for one frame in 64.
_ONE_IN: Final = 63
_INTERNAL_ERROR: Final = "Something went wrong on our side; please start again."
_log = logger("service.driver")


# How long the client waits at the end of its session for what is left to be written.
_KEEPING_S: Final = 1.0
# The client said goodbye, or its page was closed.
_CLOSED_BY_CLIENT: Final = frozenset({1000, 1001})


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
        self._clock = surroundings.clock
        self._stopwatch = surroundings.stopwatch
        self._frames_in = self._pieces_out = 0
        self._began_at = 0.0
        """On the stopwatch: when what is being dealt with came in."""
        self._taken_s = 0.0
        self._sounding = 0
        self._first_sent = 0
        self._close_timeout_s = surroundings.close_timeout_s
        self._streams = ModelStreams(self, surroundings, tasks, session_id=record.session_id)
        self._questions = Questions(
            surroundings,
            holder,
            tasks,
            session_id=record.session_id,
            answer=self._feed,
            on_owned=on_owned,
            on_gone=on_gone,
        )
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._last_seq = 0
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
        if lane is None or self._broken or not self._streams.sends_at_once:
            return False
        if (plain := client.plain_audio(frame)) is None:
            return False
        pcm = frame[client.FRAME_HEADER.size :]
        try:
            block = lane.hear(*plain, pcm, self._clock())
            if block is None:
                return False
            self._streams.send_document(lane.stream_id, sonic_input.encode_audio(block, pcm))
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
        self._questions.give_up()
        self._streams.close_all()
        await self._streams.wait_until_gone(self._close_timeout_s)
        await self._questions.leave()
        await self._questions.finish_keeping(self._close_timeout_s)
        if close_code is not None and self._close_code == CloseCode.DONE:
            self._close_code = close_code
        self._record.ended(
            now=self._clock(), close_code=self._close_code, dropped_frames=self._streams.dropped_frames
        )
        self._let_go()

    def _let_go(self) -> None:
        """Let a session that ended be freed at once, by reference counts; whoever still knows it finds it deaf.

        Its streams and its questions answer it, so they and it would keep each other, and with them everything that
        was said, until the collector walks the old of the whole process. The other ways back to it, of the client's
        connection and the model's, end where those do (`DirectProtocol`, `BedrockDirectStream`).
        """
        self._broken = True
        del self._streams, self._questions

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
                    self._streams.send(stream_id, event, droppable=droppable)
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
                case OpenStream(stream_id=stream_id):
                    self._streams.open(stream_id)
                case CloseStream(stream_id=stream_id):
                    self._streams.close(stream_id)
                case RunTool() | RedeemTicket() | TakePlace() | Keep() | KeepRest():
                    self._questions.ask(effect)
                case _:
                    self._record.record(effect)

    def _close(self, code: CloseCode, reason: str) -> None:
        """Close the connection, after what is left to be written: a client that is told to go on elsewhere does so at once."""
        self._close_code = code
        connection, keeping = self._connection, self._questions.keeping_rest
        if keeping is None:
            connection.close(code, reason)
            return
        self._loop.call_later(_KEEPING_S, connection.close, code, reason)
        keeping.add_done_callback(lambda _: connection.close(code, reason))

    @property
    def counted_at(self) -> float | None:
        """When the session was counted last among what its user holds and uses; None: it is not."""
        return self._questions.counted_at

    def used_s(self) -> float:
        """How long the session has lasted since this was asked last."""
        return self._questions.used_s()

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

    def stream_opened(self, stream_id: int) -> None:
        """It can be written to."""
        self._feed(StreamOpened(stream_id=stream_id))

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
        self._feed(StreamClosed(stream_id=stream_id, failure=failure))

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
        self._streams.close_all()


class _Nowhere:
    """The connection of a client that is away."""

    def send(self, message: bytes | str) -> None:
        """Nobody hears it."""

    def close(self, code: int, reason: str) -> None:
        """It is closed."""
