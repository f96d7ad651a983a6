"""The way out of one stream: when its headers leave, and how fast what follows them does.

Rule 1: frames leave in the order they were given, or not at all.
Rule 2: every delay is a fault; without one, everything passes straight through.
"""

import asyncio
from enum import Enum, auto

from emulators.nova_sonic.wire.exchange import ResponseWriter
from emulators.nova_sonic.wire.responses import ErrorResponse, stream_headers


class Gate(Enum):
    """What happens to a frame that is given to the outlet."""

    UNSTARTED = auto()
    """The response has no headers yet; they leave with the first call of `begin`."""
    OPEN = auto()
    """Frames leave at once."""
    HELD = auto()
    """Headers are late; frames wait behind them."""
    TRICKLING = auto()
    """Some bytes leave every second."""
    MUTE = auto()
    """Nothing leaves any more."""


class Outlet:
    """Headers, frames and the end of one response."""

    def __init__(self, writer: ResponseWriter, *, loop: asyncio.AbstractEventLoop, request_id: str) -> None:
        self._writer = writer
        self._loop = loop
        self._request_id = request_id
        self._gate = Gate.UNSTARTED
        self._begun = False
        self._ended = False
        self._backlog = bytearray()
        self._bytes_per_s = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def headers_sent(self) -> bool:
        """True when it is too late to answer with an HTTP error."""
        return self._gate in {Gate.OPEN, Gate.TRICKLING} or (self._gate is Gate.MUTE and self._begun)

    def begin(self) -> None:
        """Let the headers go, now or when they are due; they go once."""
        self._begun = True
        if self._gate is Gate.UNSTARTED:
            self._gate = Gate.OPEN
            self._writer.start(200, stream_headers(self._request_id))
            self._trickle()

    def send(self, frame: bytes) -> None:
        """Send one frame, or whatever a fault makes of one."""
        self.begin()
        if self._gate is Gate.OPEN:
            self._writer.write(frame)
        elif self._gate is not Gate.MUTE:
            self._backlog += frame

    def end(self) -> None:
        """Finish the response after everything that waits."""
        self._ended = True
        self.begin()
        if self._gate is Gate.OPEN:
            self._writer.end()

    def refuse(self, error: ErrorResponse) -> None:
        """Answer with an error instead of a stream."""
        self._gate = Gate.MUTE
        self._writer.start(error.status, error.headers)
        self._writer.write(error.body)
        self._writer.end()

    def hold(self, seconds: float | None) -> None:
        """Keep the headers back for so long, or for ever."""
        if self._gate is Gate.UNSTARTED:
            self._gate = Gate.HELD
            if seconds is not None:
                self._timer = self._loop.call_later(seconds, self._release)

    def mute(self) -> None:
        """Send nothing more, not even an end."""
        self._gate = Gate.MUTE

    def slow_down(self, bytes_per_s: int) -> None:
        """Let so many bytes through each second from now on; headers leave as they would have."""
        self._bytes_per_s = bytes_per_s
        self._trickle()

    def close(self) -> None:
        """Forget what waits; the client is gone."""
        self._gate = Gate.MUTE
        if self._timer is not None:
            self._timer.cancel()

    def _release(self) -> None:
        if self._gate is not Gate.HELD:
            return
        self._gate = Gate.UNSTARTED
        if not self._begun:
            return
        waited = bytes(self._backlog)
        self._backlog.clear()
        self.begin()
        if waited:
            self.send(waited)
        if self._ended:
            self.end()

    def _trickle(self) -> None:
        if self._gate is Gate.OPEN and self._bytes_per_s:
            self._gate = Gate.TRICKLING
            self._timer = self._loop.call_later(1.0, self._drip)

    def _drip(self) -> None:
        if self._gate is not Gate.TRICKLING:
            return
        if self._backlog:
            self._writer.write(bytes(self._backlog[: self._bytes_per_s]))
            del self._backlog[: self._bytes_per_s]
        if self._ended and not self._backlog:
            self._writer.end()
            return
        self._timer = self._loop.call_later(1.0, self._drip)
