"""The model streams of one session: opened, written to, closed, and all of them waited for in the end."""

import asyncio
from typing import Protocol

from service.errors import ModelFailure, ModelFailureKind
from service.metrics.logs import logger
from service.policies.batching import Batch
from service.policies.pressure import Level, Pressure
from service.surroundings import Surroundings
from service.transports.ports import ModelStream
from service.wire import sonic_input

_log = logger("service.driver")


class StreamsOwner(Protocol):
    """Whom the streams tell what happens to them."""

    def stream_opened(self, stream_id: int) -> None:
        """It can be written to."""

    def stream_accepted(self, stream_id: int) -> None:
        """The model answered."""

    def stream_said(self, stream_id: int, payload: bytes) -> None:
        """The model said something."""

    def stream_closed(self, stream_id: int, failure: ModelFailure | None) -> None:
        """A stream is over, or never came."""


class ModelStreams:
    """See the module."""

    def __init__(
        self, owner: StreamsOwner, surroundings: Surroundings, tasks: asyncio.TaskGroup, *, session_id: str
    ) -> None:
        self._owner = owner
        self._model = surroundings.model
        self._places = surroundings.places
        self._pressure: Pressure = surroundings.pressure
        self._tasks = tasks
        self._session_id = session_id
        self._batch = Batch()
        self._opening: dict[int, asyncio.Task[None]] = {}
        self._streams: dict[int, ModelStream] = {}
        self._seconds = 0
        """Places held for streams beside the first."""
        self._gone = asyncio.Event()
        self._gone.set()
        self.dropped_frames = 0
        """Of streams that are over."""

    # Writing

    @property
    def sends_at_once(self) -> bool:
        """Whether frames go on one by one, and none waits."""
        return self._pressure.level is Level.CALM and not self._batch

    def send_document(self, stream_id: int, document: bytes) -> None:
        """Send a frame of the user's audio that is spelled already; `sends_at_once` was asked."""
        if (stream := self._streams.get(stream_id)) is not None:
            stream.send(document, droppable=True)

    def send(self, stream_id: int, event: sonic_input.ModelInput, *, droppable: bool) -> None:
        """Send one event; under pressure two frames of the user's audio at a time.

        Whatever else is said goes behind the one that waits. None waits long: a client that stops sending is followed
        by silence, which goes at once.
        """
        said: sonic_input.ModelInput | None = event
        if not self.sends_at_once:
            is_audio = droppable and isinstance(event, sonic_input.AudioInput)
            if is_audio and isinstance(event, sonic_input.AudioInput) and self._batch.joins(stream_id, event):
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

    # Opening

    def open(self, stream_id: int) -> None:
        """Begin to open a stream."""
        self._gone.clear()
        opening = self._tasks.create_task(self._open(stream_id))
        self._opening[stream_id] = opening
        # A task that is cancelled before its first step runs no handler of its own.
        opening.add_done_callback(lambda _: self._opening_ended(stream_id, None))

    async def _open(self, stream_id: int) -> None:
        try:
            if len(self._streams) + len(self._opening) > 1:
                await self._take_second(stream_id)
            stream = await self._model.open(_Listener(self, self._owner, stream_id))
        except ModelFailure as failure:
            self._opening_ended(stream_id, failure)
        except Exception as error:  # noqa: BLE001 - one stream's failure must not end the task group
            _log.exception("opening a model stream failed", session_id=self._session_id)
            self._opening_ended(stream_id, ModelFailure(ModelFailureKind.INTERNAL, type(error).__name__))
        else:
            del self._opening[stream_id]
            self._streams[stream_id] = stream
            self._owner.stream_opened(stream_id)

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
            self._one_gone()
            self._owner.stream_closed(stream_id, failure)

    # Closing

    def close(self, stream_id: int) -> None:
        """Close a stream after what was said to it, or give its opening up."""
        self._send_waiting()
        if (opening := self._opening.get(stream_id)) is not None:
            opening.cancel()
        elif (stream := self._streams.get(stream_id)) is not None:
            stream.close()

    def close_all(self) -> None:
        """Close every stream that there is, or is to be."""
        for stream_id in (*self._opening, *self._streams):
            self.close(stream_id)

    async def wait_until_gone(self, timeout_s: float) -> None:
        """Until the last one is over; within a deadline, after which that is said in the log."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._gone.wait()
        except TimeoutError:
            _log.error("model stream did not close", session_id=self._session_id)

    def is_over(self, stream_id: int, failure: ModelFailure | None) -> None:
        """The transport says that a stream is over."""
        if (stream := self._streams.pop(stream_id, None)) is not None:
            self.dropped_frames += stream.dropped_frames
        self._one_gone()
        self._owner.stream_closed(stream_id, failure)

    def _one_gone(self) -> None:
        while self._seconds and self._seconds >= len(self._streams) + len(self._opening):
            self._seconds -= 1
            self._places.leave_extra()
        if not self._streams and not self._opening:
            self._gone.set()


class _Listener:
    """Passes what one stream says on, under the stream's number."""

    __slots__ = ("_owner", "_stream_id", "_streams")

    def __init__(self, streams: ModelStreams, owner: StreamsOwner, stream_id: int) -> None:
        self._streams = streams
        self._owner = owner
        self._stream_id = stream_id

    def on_stream_accepted(self) -> None:
        self._owner.stream_accepted(self._stream_id)

    def on_stream_event(self, payload: bytes) -> None:
        self._owner.stream_said(self._stream_id, payload)

    def on_stream_closed(self, failure: ModelFailure | None) -> None:
        self._streams.is_over(self._stream_id, failure)
