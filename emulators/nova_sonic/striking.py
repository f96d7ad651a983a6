"""Performing faults on a stream: what each one does to the wire."""

from typing import Final, Protocol, assert_never

from emulators.nova_sonic.faults import (
    AbortConnection,
    Action,
    BadChecksum,
    CutFrame,
    EndWithoutException,
    Garbage,
    GoAway,
    LateHeaders,
    LimitStreams,
    NeverHeaders,
    Raise,
    Replace,
    Reset,
    Silence,
    Trickle,
)
from emulators.nova_sonic.outlet import Outlet
from emulators.nova_sonic.wire.exchange import ResponseWriter
from emulators.nova_sonic.wire.responses import chunk_frame

_SOME_FRAME: Final = chunk_frame(b'{"event":{"usageEvent":{}}}')
"""Stands for the frame that a fault spoils when no real one is at hand."""


type Deadly = Raise | Silence | Reset | AbortConnection | CutFrame | EndWithoutException
"""Faults after which the stream answers nothing more."""


class Struck(Protocol):
    """The stream that a fault happens to."""

    outlet: Outlet

    def fail(self, exception: str, message: str, *, form: str = "event") -> None: ...

    def go_deaf(self) -> None: ...

    def finish(self, reason: str) -> None: ...


class Striker:
    """Does to one stream what a fault says."""

    def __init__(self, stream: Struck, writer: ResponseWriter) -> None:
        self._stream = stream
        self._writer = writer

    def perform(self, action: Action, frame: bytes | None) -> bool:
        """Perform one fault; true when it took the place of the frame, or of the event, that it fell on."""
        outlet = self._stream.outlet
        match action:
            case BadChecksum():
                outlet.send(_spoiled(frame or _SOME_FRAME))
                return frame is not None
            case Garbage(size_bytes=size_bytes):
                outlet.send(b"\xa5" * size_bytes)
                return frame is not None
            case Replace(document=document, times=times):
                for number in range(times):
                    outlet.send(chunk_frame(document.replace("{n}", str(number)).encode()))
                return frame is not None
            case Trickle(bytes_per_s=bytes_per_s):
                outlet.slow_down(bytes_per_s)
            case GoAway(code=code):
                self._writer.goaway(code)
            case LateHeaders(seconds=seconds):
                outlet.hold(seconds)
            case NeverHeaders():
                outlet.hold(None)
            case LimitStreams():
                pass  # a connection announces it before any stream exists
            case _:
                self._end(action, frame)
                return True
        return False

    def _end(self, action: Deadly, frame: bytes | None) -> None:
        stream = self._stream
        match action:
            case Raise(exception=exception, message=message, form=form):
                stream.fail(exception, message, form=form)
            case Silence():
                stream.go_deaf()
                return
            case Reset(code=code):
                self._writer.reset(code)
            case AbortConnection():
                self._writer.abort()
            case CutFrame():
                stream.outlet.begin()
                self._writer.cut(frame or _SOME_FRAME)
            case EndWithoutException():
                stream.outlet.end()
            case _:
                assert_never(action)
        stream.finish("a fault")


def _spoiled(frame: bytes) -> bytes:
    return frame[:-1] + bytes((frame[-1] ^ 0xFF,))
