"""One stream of our own client: callbacks in, frames out, and a deadline over every wait.

What cannot be sent at once waits unsigned, because frames are chained in the order in which they leave and audio
that has waited too long leaves never. A frame that was signed is committed: its rest goes out before anything else.
"""

import asyncio
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.envelope import Envelopes, open_chunk
from service.transports.bedrock_direct.event_stream import Decoder, EventStreamError, string_headers
from service.transports.bedrock_direct.exchange import Exchange
from service.transports.bedrock_direct.refusals import exception_in_stream, refusal, wrong_response
from service.transports.deadlines import Deadlines
from service.transports.outbox import Outbox
from service.transports.ports import ModelStreamListener

_SESSION_END: Final = b'"sessionEnd"'
_MAX_REFUSAL_BYTES: Final = 65_536
_FAULTS: Final = frozenset({"exception", "error"})


class _Phase(Enum):
    """Where a stream is; it only moves downwards."""

    OPEN = "both sides are open"
    ENDING = "we have nothing more to send"
    ENDED = "we sent our last frame"
    OVER = "the listener has been told"

    # Members are single objects; the identity's hash is ten times as fast as Enum's, and this is on the hot path.
    __hash__ = object.__hash__


class BedrockDirectStream:
    """One stream; a `ModelStream` towards the session, an `ExchangeListener` towards the connection."""

    def __init__(
        self,
        listener: ModelStreamListener,
        envelopes: Envelopes,
        deadlines: Deadlines,
        *,
        utc_now: Callable[[], float],
        on_over: Callable[["BedrockDirectStream"], None],
    ) -> None:
        self._listener = listener
        self._envelopes = envelopes
        self._deadlines = deadlines
        self._utc_now = utc_now
        self._on_over = on_over
        self._loop = asyncio.get_running_loop()
        self._exchange: Exchange
        self._outbox = Outbox()
        self._rest = b""
        self._decoder = Decoder()
        self._status = 0
        self._headers: Mapping[str, str] = {}
        self._refusal = b""
        self._phase = _Phase.OPEN
        self._ended_by_us = False
        self._stuck: asyncio.TimerHandle | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._unanswered: asyncio.TimerHandle | None = None

    def begin(self, exchange: Exchange) -> None:
        """The request is on its way; its connection tells of it from the next turn of the loop on."""
        self._exchange = exchange
        self._unanswered = self._after(self._deadlines.accept_s, "the model did not answer the request")

    # What the session asks for.

    @property
    def dropped_frames(self) -> int:
        """Droppable documents that the model did not take in time."""
        return self._outbox.dropped

    def send(self, payload: bytes, *, droppable: bool) -> None:
        """Send one event document, or queue it."""
        if self._phase is not _Phase.OPEN:
            return
        if not droppable and _SESSION_END in payload:
            self._ended_by_us = True
        if self._rest or self._outbox or not self._exchange.has_room:
            self._outbox.put(payload, droppable=droppable, now=self._loop.time())
            self._pump()
            return
        frame = self._envelopes.seal(payload, self._utc_now())
        taken = self._exchange.send(frame)
        if taken < len(frame):
            self._rest = frame[taken:]
            self._mark_stuck()

    def close(self) -> None:
        """End our side after what is queued; the stream is over within the deadline for closing."""
        if self._phase is not _Phase.OPEN:
            return
        self._phase = _Phase.ENDING
        self._ended_by_us = True
        self._ending = self._after(
            self._deadlines.close_s, "the model did not end its side after we ended ours"
        )
        self._pump()

    # What the connection tells.

    def on_response(self, status: int, headers: Mapping[str, str]) -> None:
        """The model answers, or refuses; what it says in that case is still to come."""
        self._status, self._headers = status, headers
        if self._unanswered is not None:
            self._unanswered.cancel()
        failure = wrong_response(status, headers)
        if failure is not None:
            self._finish(failure)
        elif status == 200:
            self._listener.on_stream_accepted()
        else:
            self._unanswered = self._after(self._deadlines.accept_s, f"the model refused with HTTP {status}")

    def on_data(self, data: bytes) -> None:
        """Some of the response."""
        if self._status != 200:
            self._refusal = (self._refusal + data)[:_MAX_REFUSAL_BYTES]
            return
        for block, payload in self._decoder.feed(data):
            if self._phase is _Phase.OVER:
                return
            try:
                self._take(string_headers(block), payload)
            except EventStreamError as error:
                self._finish(ModelFailure(ModelFailureKind.CONNECTION_LOST, str(error)))
        if self._decoder.fault is not None:
            # Bytes that are no event: the connection damaged or cut them.
            self._finish(ModelFailure(ModelFailureKind.CONNECTION_LOST, self._decoder.fault))

    def on_room(self) -> None:
        """More can be sent."""
        if self._rest or self._outbox or self._phase is _Phase.ENDING:
            self._pump()

    def on_end(self) -> None:
        """The response ended in order; whether that was asked for is another matter."""
        if self._status != 200:
            self._finish(refusal(self._status, self._headers, self._refusal))
        elif self._decoder.pending_bytes:
            self._finish(
                ModelFailure(ModelFailureKind.CONNECTION_LOST, "the response ended in the middle of an event")
            )
        elif self._ended_by_us:
            self._finish(None)
        else:
            self._finish(
                ModelFailure(
                    ModelFailureKind.CONNECTION_LOST, "the model ended the stream without being asked"
                )
            )

    def on_lost(self, failure: ModelFailure) -> None:
        """The exchange broke off."""
        self._finish(failure)

    # Inside

    def _take(self, headers: Mapping[str, str], payload: bytes) -> None:
        kind = headers.get(":message-type")
        if kind == "event":
            # An event of a type that is new to us is none of ours, as in the SDK.
            if headers.get(":event-type") == "chunk":
                self._listener.on_stream_event(open_chunk(payload))
        elif kind in _FAULTS:
            self._finish(exception_in_stream(headers, payload))
        else:
            raise EventStreamError(f"a message of the unknown type {str(kind)[:64]!r}")

    def _pump(self) -> None:
        """Send of what waits as much as can go now, then the end if it is time for it."""
        if self._phase is _Phase.OVER:
            return
        moved = False
        while self._exchange.has_room:
            if not self._rest and not self._sign_next():
                break
            taken = self._exchange.send(self._rest)
            self._rest = self._rest[taken:]
            moved = True
        waits = bool(self._rest or self._outbox)
        if self._stuck is not None and (moved or not waits):
            self._stuck.cancel()
            self._stuck = None
        if waits:
            self._mark_stuck()
        elif self._phase is _Phase.ENDED:
            self._exchange.end()

    def _sign_next(self) -> bool:
        """Make the next frame of what waits, or the last one of all; False when there is none to make."""
        payload = self._outbox.take()
        if payload is not None:
            self._rest = self._envelopes.seal(payload, self._utc_now())
        elif self._phase is _Phase.ENDING:
            self._rest = self._envelopes.last(self._utc_now())
            self._phase = _Phase.ENDED
        else:
            return False
        return True

    def _mark_stuck(self) -> None:
        if self._stuck is None:
            self._stuck = self._after(
                self._deadlines.send_s, f"the model took no input for {self._deadlines.send_s:g} s"
            )

    def _after(self, delay_s: float, reason: str) -> asyncio.TimerHandle:
        return self._loop.call_later(delay_s, self._finish, ModelFailure(ModelFailureKind.TIMED_OUT, reason))

    def _finish(self, failure: ModelFailure | None) -> None:
        """Tell the listener, once and last, and let go of the exchange."""
        if self._phase is _Phase.OVER:
            return
        self._phase = _Phase.OVER
        for timer in (self._unanswered, self._stuck, self._ending):
            if timer is not None:
                timer.cancel()
        self._on_over(self)
        self._listener.on_stream_closed(failure)
        self._exchange.release()
        # It knows this stream; without the way back, both and the session behind them are freed at once.
        del self._exchange
