"""A way to the model that is left alone while it fails for everybody."""

from collections.abc import Callable

from service.errors import ModelFailure, ModelFailureKind
from service.policies.breaker import Breaker
from service.transports.ports import ModelStream, ModelStreamListener, ModelTransport


class GuardedTransport:
    """A `ModelTransport` in front of another: streams are refused at once while the breaker is open."""

    def __init__(self, model: ModelTransport, breaker: Breaker, clock: Callable[[], float]) -> None:
        self._model = model
        self._breaker = breaker
        self._clock = clock

    async def check(self) -> None:
        """See the port."""
        await self._model.check()

    async def open(self, listener: ModelStreamListener) -> ModelStream:
        """See the port; a stream has worked when the model accepts it."""
        if not self._breaker.may_try(self._clock()):
            raise ModelFailure(
                ModelFailureKind.UNAVAILABLE,
                "most streams failed lately; the model is left alone for a moment",
            )
        watched = _Watched(listener, self._tried)
        try:
            return await self._model.open(watched)
        except ModelFailure:
            watched.report(worked=False)
            raise

    async def aclose(self) -> None:
        """See the port."""
        await self._model.aclose()

    def _tried(self, worked: bool) -> None:  # noqa: FBT001 - the shape of a callback
        self._breaker.tried(worked=worked, now=self._clock())


class _Watched:
    """Passes everything on, and reports once whether the stream was accepted."""

    __slots__ = ("_listener", "_report", "on_stream_event")

    def __init__(self, listener: ModelStreamListener, report: Callable[[bool], None]) -> None:
        self._listener = listener
        self._report: Callable[[bool], None] | None = report
        # Nothing to see there, and events come by the thousand.
        self.on_stream_event = listener.on_stream_event

    def report(self, *, worked: bool) -> None:
        report, self._report = self._report, None
        if report is not None:
            report(worked)

    def on_stream_accepted(self) -> None:
        self.report(worked=True)
        self._listener.on_stream_accepted()

    def on_stream_closed(self, failure: ModelFailure | None) -> None:
        # One that was closed by us before it was accepted says nothing about the model.
        if failure is not None:
            self.report(worked=False)
        self._listener.on_stream_closed(failure)
