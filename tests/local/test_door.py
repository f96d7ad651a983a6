"""The door adds a token to an upgrade, and nothing to anything else."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from local import door

pytestmark = [pytest.mark.process, pytest.mark.timeout(30)]

PRINTS_A_TOKEN = "import sys; assert '--print-token' in sys.argv; print('a.b.c')"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "talk").mkdir()
    (tmp_path / "talk" / "__main__.py").write_text(PRINTS_A_TOKEN)
    return tmp_path


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that sends back what it got, as bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    while received := connection.recv(65_536):
                        connection.sendall(received)

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def ask(url: str, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while received := client.recv(65_536):
            answer += received
        return answer


def test_only_an_upgrade_gets_the_token_and_what_follows_is_untouched(root: Path, echo: str) -> None:
    upgrade = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n" + b"\x82\x00frames\r\n\r\n"
    page = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with door.signed_in(root, echo) as url:
        answers = [ask(url, upgrade), ask(url, page)]

    token = b"\r\nAuthorization: Bearer a.b.c\r\n"
    assert [upgrade.replace(b"\r\n", token, 1), page] == answers


def test_a_door_that_is_closed_is_gone(root: Path, echo: str) -> None:
    with door.signed_in(root, echo) as url:
        pass
    with pytest.raises(ConnectionRefusedError):
        ask(url, b"GET / HTTP/1.1\r\n\r\n")
