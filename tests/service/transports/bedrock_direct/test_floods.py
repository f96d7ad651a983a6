"""An endpoint that says legal things without end: memory stays bounded, and whoever shares the connection goes on."""

import asyncio
import tracemalloc
from collections.abc import Mapping
from typing import Final

import pytest

from service.errors import ModelFailure, ModelFailureKind
from tests.service.transports.bedrock_direct.hostile_server import frame
from tests.service.transports.bedrock_direct.test_connection import REQUEST, connected

FRAMES: Final = 6_000
GROWTH_BYTES: Final = 400_000
OK: Final = frame(1, 4, 1, b"\x88")

FLOODS: Final = {
    "resets of one stream": frame(3, 0, 3, (8).to_bytes(4)),
    "settings": frame(4, 0, 0, (3).to_bytes(2) + (100).to_bytes(4)),
    "settings of changing windows": frame(4, 0, 0, (4).to_bytes(2) + (1_000).to_bytes(4))
    + frame(4, 0, 0, (4).to_bytes(2) + (70_000).to_bytes(4)),
    "pings": frame(6, 0, 0, b"12345678"),
    "answers to pings nobody sent": frame(6, 1, 0, b"12345678"),
    "windows of one byte": frame(8, 0, 1, (1).to_bytes(4)) + frame(8, 0, 0, (1).to_bytes(4)),
    "data without bytes": frame(0, 0, 1),
    "data of padding alone": frame(0, 8, 1, b"\x04" + bytes(4)),
    "frames of an unknown kind": frame(0xFA, 0, 1, bytes(30)),
    "priorities": frame(2, 0, 5, bytes(4) + b"\x10"),
}


class Heard:
    """One exchange; how often it ended and what it was told last."""

    def __init__(self) -> None:
        self.data = b""
        self.ends = 0
        self.lost: ModelFailure | None = None

    def on_response(self, status: int, headers: Mapping[str, str]) -> None:
        assert (status, headers.get(":status")) == (200, "200")

    def on_data(self, data: bytes) -> None:
        self.data = data

    def on_room(self) -> None:
        return

    def on_end(self) -> None:
        self.ends += 1

    def on_lost(self, failure: ModelFailure) -> None:
        self.lost = failure
        self.ends += 1


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
async def test_a_flood_costs_no_memory_and_no_neighbour(flood: bytes) -> None:
    connection, transport = await connected()
    neighbour, flooded = Heard(), Heard()
    connection.request(REQUEST, neighbour)
    connection.request(REQUEST, flooded)
    connection.data_received(OK)
    burst = flood * 200
    connection.data_received(burst)
    await asyncio.sleep(0)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(FRAMES // 200):
            connection.data_received(burst)
            await asyncio.sleep(0)
            transport.kept.clear()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    connection.data_received(frame(0, 0, 1, b"still here"))

    assert after - before < GROWTH_BYTES
    assert (b"still here", 0) == (neighbour.data, neighbour.ends)
    connection.close()


async def test_rapid_resets_end_each_stream_once_by_name_and_leave_the_connection_usable() -> None:
    connection, transport = await connected()
    neighbour = Heard()
    connection.request(REQUEST, neighbour)
    connection.data_received(OK)
    tracemalloc.start()
    before = 0
    try:
        for number in range(2_000):
            if number == 200:
                before, _ = tracemalloc.get_traced_memory()
            heard = Heard()
            stream_id = connection.request(REQUEST, heard).stream_id
            connection.data_received(frame(3, 0, stream_id, (7).to_bytes(4)))
            await asyncio.sleep(0)
            transport.kept.clear()
            assert heard.lost is not None
            assert (1, ModelFailureKind.CONNECTION_LOST) == (heard.ends, heard.lost.kind)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    connection.data_received(frame(0, 0, 1, b"still here"))

    assert after - before < GROWTH_BYTES
    assert (b"still here", 1) == (neighbour.data, connection.streams)
    connection.close()
