"""One stream of the official SDK: a queue, a task that empties it, a task that reads, a supervisor over both.

- The response is awaited from the beginning, while the first events are sent: Bedrock answers only then.
- One task writes, because concurrent sends break the chain of signatures; one reads, and the reader is never
  cancelled, because that kills the stream from within: to end it, the connection is closed.
- The end of the response is an end only if we asked for it; else it is a lost connection.
- Every wait has a deadline, and every task's exception is looked at.
"""

import asyncio
from enum import Enum
from typing import Any, Final

# The SDK ships no py.typed.
from aws_sdk_bedrock_runtime.models import (  # type: ignore[import-untyped]
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
    InvokeModelWithBidirectionalStreamOutputChunk,
)

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_failures import failure_of
from service.transports.crt_http import StreamHTTPClient
from service.transports.deadlines import Deadlines
from service.transports.outbox import Outbox
from service.transports.ports import ModelStreamListener

_SESSION_END: Final = b'"sessionEnd"'


class _Phase(Enum):
    """Where a stream is; it only moves downwards."""

    OPEN = "both sides are open"
    ENDING = "we have nothing more to send"
    ABORTED = "we closed the connection"
    OVER = "the listener has been told"


class BedrockSdkStream:
    """One stream: a queue, the task that empties it, the task that reads, and a supervisor over both."""

    def __init__(
        self, duplex: Any, http: StreamHTTPClient, listener: ModelStreamListener, deadlines: Deadlines
    ) -> None:
        self._duplex = duplex
        self._http = http
        self._listener = listener
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox()
        self._wake = asyncio.Event()
        self._phase = _Phase.OPEN
        self._ended_by_us = False
        self._verdict: ModelFailure | None = None
        self._given_up: asyncio.Future[None] = self._loop.create_future()
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def dropped_frames(self) -> int:
        """Droppable documents that the model did not take in time."""
        return self._outbox.dropped

    def send(self, payload: bytes, *, droppable: bool) -> None:
        """Queue one event document."""
        if self._phase is not _Phase.OPEN:
            return
        if not droppable and _SESSION_END in payload:
            self._ended_by_us = True
        self._outbox.put(payload, droppable=droppable, now=self._loop.time())
        self._wake.set()

    def close(self) -> None:
        """End our side after what is queued; the stream is over within the deadline for closing."""
        if self._phase is not _Phase.OPEN:
            return
        self._phase = _Phase.ENDING
        self._ended_by_us = True
        self._wake.set()
        self._after(
            self._deadlines.close_s,
            ModelFailure(ModelFailureKind.TIMED_OUT, "the model did not end its side after we ended ours"),
        )

    async def run(self) -> None:
        """Read and write until the stream is over, tell the listener, release the connection."""
        unanswered = self._after(
            self._deadlines.accept_s,
            ModelFailure(ModelFailureKind.TIMED_OUT, "the model did not answer the request"),
        )
        reader = asyncio.create_task(self._read(unanswered), name="model stream reader")
        writer = asyncio.create_task(self._write(), name="model stream writer")
        writer.add_done_callback(self._on_writer_done)
        ends: set[asyncio.Future[Any]] = {reader, self._given_up}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for timer in self._timers:
            timer.cancel()
        failure = reader.result() if reader.done() else self._verdict
        self._phase = _Phase.OVER
        self._listener.on_stream_closed(failure)
        self._http.abort()
        writer.cancel()
        await asyncio.wait({writer}, timeout=self._deadlines.abort_s)
        # Ends the SDK's hidden task that feeds the request body; nothing reads what would be flushed.
        await self._duplex.input_stream._writer.close(flush=False)  # noqa: SLF001 - close() would flush

    async def _read(self, unanswered: asyncio.TimerHandle) -> ModelFailure | None:
        """Hand over what arrives; why the stream ended, None if we ended it. Never cancelled."""
        try:
            _, events = await self._duplex.await_output()
            unanswered.cancel()
            self._listener.on_stream_accepted()
            while (event := await events.receive()) is not None:
                if isinstance(event, InvokeModelWithBidirectionalStreamOutputChunk):
                    self._listener.on_stream_event(event.value.bytes_ or b"")
        except Exception as error:  # noqa: BLE001 - the SDK raises KeyError and OSError as well; all end the stream
            return self._verdict or failure_of(self._http.completion_error or error)
        if self._verdict is not None:
            return self._verdict
        if self._http.remote_ended:
            if self._ended_by_us:
                return None
            return ModelFailure(
                ModelFailureKind.CONNECTION_LOST, "the model ended the stream without being asked"
            )
        return failure_of(self._http.completion_error or ConnectionResetError("the connection went away"))

    async def _write(self) -> None:
        """Send what is queued, one at a time, and end our side when asked to."""
        while True:
            payload = self._outbox.take()
            if payload is not None:
                chunk = InvokeModelWithBidirectionalStreamInputChunk(
                    value=BidirectionalInputPayloadPart(bytes_=payload)
                )
                async with asyncio.timeout(self._deadlines.send_s):
                    await self._duplex.input_stream.send(chunk)
            elif self._phase is _Phase.OPEN:
                self._wake.clear()
                await self._wake.wait()
            else:
                await self._duplex.input_stream.close()
                return

    def _on_writer_done(self, writer: asyncio.Task[None]) -> None:
        if writer.cancelled() or (error := writer.exception()) is None:
            return
        failure = (
            ModelFailure(
                ModelFailureKind.TIMED_OUT, f"the model took no input for {self._deadlines.send_s:g} s"
            )
            if isinstance(error, TimeoutError)
            else ModelFailure(ModelFailureKind.CONNECTION_LOST, "the request could not be written")
        )
        self._after(self._deadlines.reason_s, failure)

    def _after(self, delay_s: float, failure: ModelFailure) -> asyncio.TimerHandle:
        timer = self._loop.call_later(delay_s, self._abort, failure)
        self._timers.append(timer)
        return timer

    def _abort(self, failure: ModelFailure) -> None:
        """Close the connection, which ends the reader; give the reader up if it does not."""
        if self._phase in {_Phase.ABORTED, _Phase.OVER}:
            return
        self._phase = _Phase.ABORTED
        self._verdict = failure
        self._http.abort()
        self._timers.append(self._loop.call_later(self._deadlines.abort_s, self._give_up))

    def _give_up(self) -> None:
        if not self._given_up.done():
            self._given_up.set_result(None)
