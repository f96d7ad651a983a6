"""Two ways to the model, the first as long as the endpoint understands it.

Ours is measured against an emulator and byte for byte against the SDK; what a live endpoint makes of it is decided
by the endpoint. When it refuses for reasons of protocol, the SDK takes over for the rest of this process: one log
line, one count. Throttling, permission, credentials and outages are the same either way and change nothing.
"""

from collections.abc import Callable

from service.errors import ModelFailure, ModelFailureKind
from service.transports.ports import ModelStream, ModelStreamListener, ModelTransport


class FallbackTransport:
    """Streams by the first way until it is refused, then by the second."""

    def __init__(
        self,
        first: ModelTransport,
        *,
        second: Callable[[], ModelTransport],
        on_fallback: Callable[[ModelFailure], None],
    ) -> None:
        """`second` is made when it is needed; `on_fallback` hears once, with the reason."""
        self._first = first
        self._make_second = second
        self._on_fallback = on_fallback
        self._second: ModelTransport | None = None

    async def check(self) -> None:
        """Check the way in use; raises ModelFailure when neither works."""
        if self._second is None:
            try:
                await self._first.check()
            except ModelFailure as failure:
                self._judge(failure)
                if self._second is None:
                    raise
            else:
                return
        await self._second.check()

    async def open(self, listener: ModelStreamListener) -> ModelStream:
        """Open a stream the way in use; raises ModelFailure."""
        if self._second is None:
            try:
                return await self._first.open(_Watching(listener, self._judge))
            except ModelFailure as failure:
                self._judge(failure)
                if self._second is None:
                    raise
        return await self._second.open(listener)

    async def aclose(self) -> None:
        """Close both: streams of the first may still run."""
        await self._first.aclose()
        if self._second is not None:
            await self._second.aclose()

    def _judge(self, failure: ModelFailure) -> None:
        if failure.kind is ModelFailureKind.PROTOCOL and self._second is None:
            self._second = self._make_second()
            self._on_fallback(failure)


class _Watching:
    """Passes everything on and looks at how the stream ends."""

    __slots__ = ("_judge", "_listener", "on_stream_accepted", "on_stream_event")

    def __init__(self, listener: ModelStreamListener, judge: Callable[[ModelFailure], None]) -> None:
        self._listener = listener
        self._judge = judge
        # Nothing to see here, and events come by the thousand.
        self.on_stream_accepted = listener.on_stream_accepted
        self.on_stream_event = listener.on_stream_event

    def on_stream_closed(self, failure: ModelFailure | None) -> None:
        if failure is not None:
            self._judge(failure)
        self._listener.on_stream_closed(failure)
