"""The way of finished spans to a collector. Loaded only where traces are switched on.

The SDK's own queue drops its oldest span with a log line for each. So no more is handed to it than it holds, and whatever
does not arrive, for want of room or of a collector, is counted; an outage is one line in the log.
"""

from collections.abc import Sequence
from typing import Final, override

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from service.metrics.logs import logger

MOST_WAITING: Final = 2_048
_EVERY_MS: Final = 1_000
_log = logger("service.traces")


class CountedExporter(SpanExporter):
    """An exporter that knows how many spans it was given, and how many of them are lost; the SDK's thread owns it."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.done = 0
        self.lost = 0
        self._is_out = False

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        except Exception as error:  # noqa: BLE001 - whatever an exporter does, it is only traces
            self._say(type(error).__name__)
        else:
            self._say("" if result is SpanExportResult.SUCCESS else "the collector took none")
        if result is not SpanExportResult.SUCCESS:
            self.lost += len(spans)
        self.done += len(spans)
        return result

    def _say(self, reason: str) -> None:
        if reason and not self._is_out:
            _log.warning("traces cannot be exported", reason=reason)
        elif self._is_out and not reason:
            _log.info("traces can be exported again")
        self._is_out = bool(reason)

    @override
    def shutdown(self) -> None:
        self._exporter.shutdown()


class BoundedBatches(SpanProcessor):
    """Hands finished spans to the SDK's batches while there is room; the event loop owns it."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = CountedExporter(exporter)
        self._batches = BatchSpanProcessor(
            self._exporter, max_queue_size=MOST_WAITING, schedule_delay_millis=_EVERY_MS
        )
        self._taken = 0
        self._refused = 0

    @property
    def dropped(self) -> int:
        """Spans that will never be seen, since the process began."""
        return self._refused + self._exporter.lost

    @override
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing to do."""

    @override
    def on_end(self, span: ReadableSpan) -> None:
        if self._taken - self._exporter.done >= MOST_WAITING:
            self._refused += 1
            return
        self._taken += 1
        self._batches.on_end(span)

    @override
    def shutdown(self) -> None:
        self._batches.shutdown()  # type: ignore[no-untyped-call]  # the SDK has none there

    @override
    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._batches.force_flush(timeout_millis)
