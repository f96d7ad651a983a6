"""Requests that must not become sessions, over the real socket: refused with a problem that says why."""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import Any, Final

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.e2e.caller import (
    calling,
    eventually,
)
from tests.e2e.conftest import Serve
from tests.e2e.processes import END_S, Emulator, Service
from tests.pool import connect

pytestmark = pytest.mark.process


HANDSHAKES: Final[Mapping[str, tuple[int, str, str, Mapping[str, Any]]]] = {
    "a query string": (400, "query_string", "?token=secret", {}),
    "a foreign page": (403, "forbidden_origin", "", {"origin": Origin("https://evil.example")}),
    "a page of no origin": (403, "forbidden_origin", "", {"origin": Origin("null")}),
    "an unknown subprotocol": (400, "unknown_subprotocol", "", {"subprotocols": [Subprotocol("voice.v9")]}),
    "another name for this machine": (
        403,
        "forbidden_host",
        "",
        {"additional_headers": {"Host": "rebound.example"}},
    ),
}


@pytest.mark.parametrize("name", HANDSHAKES)
async def test_a_handshake_that_cannot_be_is_refused_with_a_problem(service: Service, name: str) -> None:
    status, code, suffix, options = HANDSHAKES[name]
    if "additional_headers" in options:
        answer = await asyncio.to_thread(_upgrade, service, "rebound.example")
        assert answer.startswith(b"HTTP/1.1 403")
        assert code.encode() in answer
        return
    with pytest.raises(InvalidStatus) as refused:
        await connect(service.socket_url + suffix, **options)

    response = refused.value.response
    problem = json.loads(response.body or b"")
    assert status == response.status_code
    assert "application/problem+json" == response.headers["Content-Type"]
    assert code in problem["type"] or code == problem.get("code")
    assert "secret" not in service.text


def _upgrade(service: Service, host: str) -> bytes:
    """An upgrade request for this host name, as a page of that name would cause it."""
    port = int(service.url.rpartition(":")[2])
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=END_S) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"}" not in answer and (chunk := client.recv(4_096)):
            answer += chunk
        return answer


async def test_one_session_too_many_is_refused_with_its_reason(emulator: Emulator, services: Serve) -> None:
    service = services(VOICE_MAX_SESSIONS=2)
    open_before = emulator.status()["openStreams"]
    async with calling(service.socket_url) as first, calling(service.socket_url) as second:
        await first.start()
        await second.start()
        with pytest.raises(InvalidStatus) as refused:
            await connect(service.socket_url)
        response = refused.value.response
        assert (503, "5") == (response.status_code, response.headers["Retry-After"])
        assert "All places are taken" in json.loads(response.body or b"")["detail"]
        assert "completed" == (await first.ask())["outcome"]
        await first.end()
        await eventually(lambda: service.get("/health/ready")[1]["sessions"], lambda count: count == 1)
        async with calling(service.socket_url) as third:
            await third.start()
            await third.end()
        assert "completed" == (await second.ask())["outcome"]
        await second.end()
    await eventually(lambda: emulator.status()["openStreams"], lambda count: count <= open_before)


def test_a_request_that_is_no_upgrade_is_told_so(service: Service) -> None:
    status, problem = service.get("/nothing")
    assert (404, 404) == (status, problem["status"])
