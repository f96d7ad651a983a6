"""What a collector gets, and that one which is down or slow changes nothing."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from service.errors import ModelFailureKind
from service.metrics import tracing
from service.metrics.exporting import MOST_WAITING, CountedExporter
from service.metrics.tracing import NoTraces, OpenTelemetryTraces
from service.session.effects import StreamBegan, StreamLost, TurnEnded
from service.wire.server import ClosedBy, Outcome
from service.wire.sonic_output import Usage

TURN = TurnEnded(
    turn=1, outcome=Outcome.COMPLETED, closed_by=ClosedBy.CLIENT, response_id=1, utterance_ms=900,
    endpointing_ms=30, time_to_first_audio_ms=600, reply_ms=2_000, interrupted=False,
    used=Usage(input_speech=5, input_text=1, output_speech=7, output_text=2),
)  # fmt: skip


@contextmanager
def collector(*, delay_s: float = 0.0) -> Iterator[tuple[str, list[Any]]]:
    """An OTLP collector, as far as an exporter can tell."""
    received: list[Any] = []
    may_answer = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            request = ExportTraceServiceRequest.FromString(body)
            received.extend(
                span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans
            )
            may_answer.wait(delay_s)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", received
    finally:
        may_answer.set()
        server.shutdown()
        server.server_close()
        serving.join()


def traces(endpoint: str) -> OpenTelemetryTraces:
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=1)
    return OpenTelemetryTraces(model_id="m", wall_clock=lambda: 1_790_000_000.0, exporter=exporter)


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def converse(told: OpenTelemetryTraces) -> None:
    told.stream_began("s-1", StreamBegan(stream_id=1, opening_ms=80))
    told.turn("s-1", TURN)
    told.stream_lost(
        "s-1",
        StreamLost(stream_id=1, kind=ModelFailureKind.THROTTLED, reason="Xylophonquarz", will_retry=True),
    )
    told.stream_began("s-1", StreamBegan(stream_id=2, opening_ms=80))
    told.session_ended("s-1")
    told.close()


def test_a_collector_gets_a_span_for_each_turn_and_each_stream_linked_to_the_sessions() -> None:
    with collector() as (endpoint, received):
        converse(traces(endpoint))
    by_name: dict[str, list[Any]] = {}
    for span in received:
        by_name.setdefault(span.name, []).append(span)
    assert {"session.start": 1, "turn": 1, "model stream": 2} == {
        name: len(all_) for name, all_ in by_name.items()
    }
    (first,), (turn,) = by_name["session.start"], by_name["turn"]
    assert first.span_id == turn.links[0].span_id
    assert 2_600_000_000 == turn.end_time_unix_nano - turn.start_time_unix_nano
    told = attributes(turn)
    assert ("aws.bedrock", "m", "s-1", 6, 9, 0.6) == tuple(
        told[name]
        for name in (
            tracing.PROVIDER, tracing.REQUEST_MODEL, tracing.CONVERSATION, tracing.INPUT_TOKENS,
            tracing.OUTPUT_TOKENS, tracing.TIME_TO_FIRST_CHUNK,
        )
    )  # fmt: skip
    assert ["throttled", None] == [
        attributes(span).get(tracing.ERROR_TYPE) for span in by_name["model stream"]
    ]
    assert "Xylophonquarz" not in str(received)


@pytest.mark.parametrize("case", ["down", "slow"])
def test_a_collector_that_is_down_or_slow_holds_nobody_up_and_what_it_costs_is_counted(
    case: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with collector(delay_s=20.0) as (endpoint, _):
        told = traces("http://127.0.0.1:9/v1/traces" if case == "down" else endpoint)
        began = time.monotonic()
        for _ in range(5_000):
            told.turn("s-1", TURN)
        told.close()
        assert time.monotonic() - began < 5.0
        # 5,000 turns and the first span of their session; what the queue holds may still be seen.
        dropped = told.newly_dropped()
        assert 5_001 - 2 * MOST_WAITING <= dropped <= 5_001
        told.turn("s-1", TURN)
        assert told.newly_dropped() in range(MOST_WAITING + 1)
        told._provider.shutdown()
    assert "Queue full" not in capfd.readouterr().err


def test_an_exporter_that_breaks_is_told_once_and_its_spans_are_counted() -> None:
    class Broken(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            raise ConnectionError(f"{len(spans)} refused")

    exporter = CountedExporter(Broken())
    with structlog.testing.capture_logs() as lines:
        assert SpanExportResult.FAILURE is exporter.export([cast("Any", None)] * 3)
        exporter.export([cast("Any", None)])
    assert (4, 4) == (exporter.done, exporter.lost)
    assert [("traces cannot be exported", "ConnectionError")] == [
        (line["event"], line["reason"]) for line in lines
    ]


def test_nobody_who_does_not_trace_loads_opentelemetry() -> None:
    code = (
        "import sys, service.app; sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
    NoTraces().turn("s", TURN)
