"""A request over HTTP, over the simulated network."""

import asyncio
import json
from typing import Any, Final

_PATIENCE_S: Final = 10.0


class _Exchange(asyncio.Protocol):
    """One request, one answer, one connection."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._received = bytearray()
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer.done():
            return
        if exc is not None or b"\r\n\r\n" not in self._received:
            self.answer.set_exception(ConnectionError("lost before the answer"))
        else:
            self.answer.set_result(bytes(self._received))


async def ask(address: tuple[str, int], method: str, path: str, *, bearer: str) -> tuple[int, Any]:
    """Status and document of a request; raises OSError, TimeoutError included."""
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost:8000\r\nAuthorization: Bearer {bearer}\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    exchange = _Exchange(request.encode())
    async with asyncio.timeout(_PATIENCE_S):
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: exchange, *address)
        try:
            answer = await exchange.answer
        finally:
            transport.abort()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), json.loads(body) if body else None
