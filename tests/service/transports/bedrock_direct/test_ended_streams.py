"""What a stream to the model held is freed by reference counts when it is over: the listener, and its connection."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from service.transports.bedrock_direct.connection import Connection
from tests.contract.model_contract import Recorder, begin
from tests.service.transports.bedrock_direct.hostile_scripts import Make
from tests.service.transports.bedrock_direct.hostile_server import HostileServer, Side


@pytest.fixture(autouse=True)
def collector_rests() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def death_of(thing: object) -> asyncio.Event:
    dead = asyncio.Event()
    weakref.finalize(thing, dead.set)
    return dead


@pytest.mark.parametrize("ending", ["we close it", "it is lost"])
async def test_a_stream_that_is_over_is_gone_and_so_is_its_connection(
    server: HostileServer, transport_to: Make, ending: str
) -> None:
    async def answer(side: Side) -> None:
        number = await side.request()
        await side.answer(number)
        if ending == "we close it":
            await side.ends(1)
            side.h2.end_stream(number)
            await side.flush()
            await side.stay()

    server.script = answer
    transport = transport_to()
    async with asyncio.timeout(10.0):
        recorder = Recorder()
        stream = await transport.open(recorder)
        begin(stream)
        (connection,) = (thing for thing in gc.get_objects() if isinstance(thing, Connection))
        deaths = [death_of(connection), death_of(connection._h2)]
        stream_deaths = [death_of(recorder), death_of(stream)]
        del connection
        if ending == "we close it":
            stream.close()
        await recorder.closed()
        del stream, recorder
        for dead in stream_deaths:
            await dead.wait()
        await transport.aclose()
        for dead in deaths:
            await dead.wait()
