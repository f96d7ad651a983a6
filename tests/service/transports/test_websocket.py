"""What waits for a client is bounded, in order, and ends with it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.websockets import WebSocket

from service.transports.websocket import QueuedConnection


@dataclass(slots=True)
class Wire:
    """The ASGI side of one socket: what was sent, and a gate that a client who reads nothing keeps shut."""

    sent: list[Any] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.accept":
            return
        self.entered.set()
        await self.gate.wait()
        self.sent.append(message.get("text") or message.get("bytes") or message["code"])


async def connected(wire: Wire, *, max_bytes: int = 100) -> tuple[QueuedConnection, list[str]]:
    websocket = WebSocket({"type": "websocket"}, wire.receive, wire.send)
    await websocket.accept()
    overflows: list[str] = []
    return QueuedConnection(
        websocket, max_bytes=max_bytes, max_stall_s=30.0, on_overflow=lambda: overflows.append("!")
    ), overflows


async def test_messages_go_out_in_order_and_the_close_comes_last() -> None:
    wire = Wire()
    connection, _ = await connected(wire)
    connection.send("one")
    connection.send(b"two")
    connection.close(4400, "why")
    connection.send("too late")
    connection.close(1000, "again")
    wire.gate.set()
    await connection.write()

    assert ["one", b"two", 4400] == wire.sent


async def test_a_client_that_reads_too_slowly_is_reported_once_and_loses_what_waited() -> None:
    wire = Wire()
    connection, overflows = await connected(wire, max_bytes=100)
    writing = asyncio.create_task(connection.write())
    connection.send(b"first")
    await wire.entered.wait()
    for _ in range(30):
        connection.send(b"x" * 10)
    connection.close(4429, "slow")
    wire.gate.set()
    await writing

    assert ["!"] == overflows
    assert b"first" == wire.sent[0]
    assert 4429 == wire.sent[-1]
    assert sum(len(message) for message in wire.sent[1:-1]) <= 100


async def test_a_client_that_takes_nothing_at_all_is_reported_however_little_waits() -> None:
    wire = Wire()
    websocket = WebSocket({"type": "websocket"}, wire.receive, wire.send)
    await websocket.accept()
    stalled = asyncio.Event()
    connection = QueuedConnection(websocket, max_bytes=100, max_stall_s=0.01, on_overflow=stalled.set)
    writing = asyncio.create_task(connection.write())
    connection.send("a word")
    async with asyncio.timeout(5):
        await stalled.wait()

    assert not writing.done()
    writing.cancel()


async def test_what_has_been_sent_no_longer_counts() -> None:
    wire = Wire()
    wire.gate.set()
    connection, overflows = await connected(wire, max_bytes=100)
    writing = asyncio.create_task(connection.write())
    for _ in range(30):
        wire.entered.clear()
        connection.send(b"x" * 60)
        await wire.entered.wait()
    connection.close(1000, "")
    await writing

    assert ([], 31) == (overflows, len(wire.sent))


async def test_a_close_that_nobody_takes_is_abandoned_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.transports.websocket._CLOSE_TIMEOUT_S", 0.01)
    wire = Wire()
    connection, _ = await connected(wire)
    writing = asyncio.create_task(connection.write())
    connection.close(1000, "")
    await connection.abandoned

    assert not writing.done()
    writing.cancel()
