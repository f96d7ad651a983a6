"""An OTLP collector, as far as an exporter can tell: one that keeps what it gets, or one that never answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[ExportTraceServiceRequest] = []

    def text(self) -> str:
        """Every span in words."""
        return "\n".join(str(request) for request in self.received)


@contextmanager
def collector(*, answers: bool = True) -> Iterator[Collector]:
    may_end = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if not answers:
                may_end.wait()
                return
            found.received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the screen of a test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Collector(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield found
    finally:
        may_end.set()
        server.shutdown()
        server.server_close()
        serving.join()
