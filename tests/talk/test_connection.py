"""Every way in which the service can refuse becomes one sentence."""

import http.server
import json
import threading
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from talk import connection
from talk.connection import CannotConnect


class Refusing(http.server.BaseHTTPRequestHandler):
    """Answers everything with what the test put into `answer`."""

    protocol_version = "HTTP/1.1"
    answer: tuple[int, str, str] = (200, "text/html", "<html>")

    def do_GET(self) -> None:
        status, kind, body = self.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the class above it
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def refused(url: str) -> str:
    with pytest.raises(CannotConnect) as refusal:
        async with connection.connect(url, subprotocol="voice.v1", timeout_s=2.0):
            pass
    return str(refusal.value)


async def test_a_problem_document_is_quoted(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = json.dumps({"title": "Forbidden", "detail": "The origin https://evil.example may not connect."})
    monkeypatch.setattr(Refusing, "answer", (HTTPStatus.FORBIDDEN, "application/problem+json", problem))

    assert "HTTP 403: The origin https://evil.example may not connect." in await refused(address)


async def test_a_refusal_without_a_document_is_named_by_its_status(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusing, "answer", (HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", "no"))

    assert "HTTP 503: Service Unavailable" in await refused(address)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/ws", "ws://", "nonsense://"])
async def test_an_address_that_is_none_is_named(url: str) -> None:
    assert f"{url} is not an address of the service" in await refused(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("127.0.0.1:8000", "ws://127.0.0.1:8000/ws"),
        ("http://127.0.0.1:8000/", "ws://127.0.0.1:8000/ws"),
        ("https://voice.example", "wss://voice.example/ws"),
        ("wss://voice.example/other", "wss://voice.example/other"),
    ],
)
def test_the_address_of_the_page_will_do(url: str, expected: str) -> None:
    assert expected == connection.socket_url(url)


async def test_the_options_are_read_from_the_same_service(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusing, "answer", (200, "application/json", '{"model": "m"}'))

    assert {"model": "m"} == await connection.fetch_options(address, timeout_s=2.0)


async def test_options_that_are_a_page_are_refused(address: str) -> None:
    with pytest.raises(CannotConnect, match="did not answer with JSON"):
        await connection.fetch_options(address, timeout_s=2.0)


async def test_options_that_are_refused_quote_the_problem(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refusing, "answer", (503, "application/problem+json", '{"detail": "Starting."}'))

    with pytest.raises(CannotConnect, match="HTTP 503: Starting"):
        await connection.fetch_options(address, timeout_s=2.0)
