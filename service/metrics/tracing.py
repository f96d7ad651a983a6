"""Traces for OpenTelemetry: a span for each turn and for each model stream, linked to a short span of the session.

Off by default, and then nothing of OpenTelemetry is imported. Where it is on, the SDK's own thread sends what its bounded
queue holds; the rest is given up and counted, so a collector that is down or slow changes nothing here. The usual `OTEL_` variables say
where to. The names of the GenAI conventions, which are still in development, are here and nowhere else.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from service.session.effects import StreamBegan, StreamLost, TurnEnded

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

# https://github.com/open-telemetry/semantic-conventions-genai, v0.1.0
OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
CONVERSATION: Final = "gen_ai.conversation.id"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
ERROR_TYPE: Final = "error.type"
_BEDROCK: Final = "aws.bedrock"
_FLUSH_S: Final = 1.0


class Traces(Protocol):
    """What a session tells of itself to whoever traces."""

    def turn(self, session_id: str, turn: TurnEnded) -> None:
        """A turn is over."""

    def stream_began(self, session_id: str, began: StreamBegan) -> None:
        """The model has accepted a stream."""

    def stream_lost(self, session_id: str, lost: StreamLost) -> None:
        """A stream ended without our asking."""

    def session_ended(self, session_id: str) -> None:
        """Whatever is still open ends."""

    def newly_dropped(self) -> int:
        """Spans given up since this was asked last."""

    def close(self) -> None:
        """Send what waits, within a second."""


def traces_if(wanted: bool, *, model_id: str, wall_clock: Callable[[], float]) -> Traces:  # noqa: FBT001 - a setting
    """Traces where they are switched on."""
    return OpenTelemetryTraces(model_id=model_id, wall_clock=wall_clock) if wanted else NoTraces()


class NoTraces:
    """Nobody traces."""

    def turn(self, session_id: str, turn: TurnEnded) -> None:
        """See the port."""

    def stream_began(self, session_id: str, began: StreamBegan) -> None:
        """See the port."""

    def stream_lost(self, session_id: str, lost: StreamLost) -> None:
        """See the port."""

    def session_ended(self, session_id: str) -> None:
        """See the port."""

    def newly_dropped(self) -> int:
        """None."""
        return 0

    def close(self) -> None:
        """Nothing to send."""


class OpenTelemetryTraces:
    """Spans out of announcements: when one is made, what it tells of is over, so nothing is carried about."""

    def __init__(
        self,
        *,
        model_id: str,
        wall_clock: Callable[[], float],
        exporter: "SpanExporter | None" = None,
    ) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - see the module
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - see the module
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - see the module

        from service.metrics.exporting import BoundedBatches  # noqa: PLC0415 - see the module

        self._model_id = model_id
        self._wall_clock = wall_clock
        self._provider: TracerProvider = TracerProvider(
            resource=Resource.create({"service.name": "voice"}), shutdown_on_exit=False
        )
        self._batches = BoundedBatches(exporter or OTLPSpanExporter())
        self._provider.add_span_processor(self._batches)
        self._reported = 0
        self._tracer = self._provider.get_tracer("service")
        self._sessions: dict[str, Any] = {}
        self._streams: dict[tuple[str, int], Any] = {}

    def turn(self, session_id: str, turn: TurnEnded) -> None:
        """One span from the end of the user's turn to the end of the reply."""
        used = turn.used
        spans_ms = (turn.time_to_first_audio_ms or 0) + (turn.reply_ms or 0)
        attributes: dict[str, Any] = {
            OPERATION: "chat",
            INPUT_TOKENS: used.input_speech + used.input_text,
            OUTPUT_TOKENS: used.output_speech + used.output_text,
            "voice.turn": turn.turn,
            "voice.outcome": turn.outcome.value,
        }
        if turn.time_to_first_audio_ms is not None:
            attributes[TIME_TO_FIRST_CHUNK] = turn.time_to_first_audio_ms / 1_000
        if turn.waterfall is not None:
            attributes |= {f"voice.{name}": ms for name, ms in turn.waterfall.parts.items()}
        if turn.outcome.value == "failed":
            attributes[ERROR_TYPE] = turn.outcome.value
        now = self._now()
        self._span(session_id, "turn", attributes, start=now - spans_ms * 1_000_000).end(end_time=now)

    def stream_began(self, session_id: str, began: StreamBegan) -> None:
        """One span for the life of the stream, from when it was asked for."""
        start = self._now() - began.opening_ms * 1_000_000
        attributes = {OPERATION: "chat", "voice.stream": began.stream_id}
        self._streams[session_id, began.stream_id] = self._span(
            session_id, "model stream", attributes, start=start
        )

    def stream_lost(self, session_id: str, lost: StreamLost) -> None:
        """The span of the stream ends with an error."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - see the module

        span = self._streams.pop((session_id, lost.stream_id), None)
        if span is None:
            attributes = {OPERATION: "chat", "voice.stream": lost.stream_id}
            span = self._span(session_id, "model stream", attributes, start=self._now())
        span.set_attribute(ERROR_TYPE, lost.kind.value)
        span.set_status(StatusCode.ERROR)
        span.end(end_time=self._now())

    def session_ended(self, session_id: str) -> None:
        """Whatever is still open ends."""
        for key in [key for key in self._streams if key[0] == session_id]:
            self._streams.pop(key).end(end_time=self._now())
        self._sessions.pop(session_id, None)

    def newly_dropped(self) -> int:
        """Spans given up since this was asked last."""
        dropped = self._batches.dropped
        new, self._reported = dropped - self._reported, dropped
        return new

    def close(self) -> None:
        """Send what waits, within a second."""
        # The SDK's own flush takes as long as its exporter does, whatever limit it is given.
        flushing = threading.Thread(target=self._provider.force_flush, name="last traces", daemon=True)
        flushing.start()
        flushing.join(_FLUSH_S)

    def _span(self, session_id: str, name: str, attributes: Mapping[str, Any], *, start: int) -> Any:
        """Spans have the session's short first one as their link, not as their parent: they outlive it."""
        from opentelemetry.trace import Link  # noqa: PLC0415 - see the module

        if session_id not in self._sessions:
            first = self._tracer.start_span(
                "session.start", attributes=self._common(session_id), start_time=start
            )
            first.end(end_time=start)
            self._sessions[session_id] = first.get_span_context()
        return self._tracer.start_span(
            name,
            attributes={**self._common(session_id), **attributes},
            links=[Link(self._sessions[session_id])],
            start_time=start,
        )

    def _common(self, session_id: str) -> dict[str, str]:
        return {PROVIDER: _BEDROCK, REQUEST_MODEL: self._model_id, CONVERSATION: session_id}

    def _now(self) -> int:
        return int(self._wall_clock() * 1_000_000_000)
