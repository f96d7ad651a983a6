"""Clients that send too much, read too little, stand still or leave rudely: each ends alone."""

import asyncio
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from typing import Any, Final

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.e2e.caller import (
    ALL_JSON,
    BINARY,
    FRAME_S,
    Caller,
    assert_talks_on,
    calling,
    eventually,
    talking_on,
    tone,
)
from tests.e2e.conftest import Serve, in_company, in_one_loop
from tests.e2e.processes import ROOT, Emulator, Service, environment
from tests.pool import connect

pytestmark = pytest.mark.process


# Beyond what a closing service needs and far below what a hanging one takes.
SOON_S: Final = 6.0


@in_company
@in_one_loop
async def test_more_messages_than_a_person_can_cause_end_the_session(service: Service) -> None:
    async with calling(service.socket_url) as caller:
        await caller.start()
        with suppress(ConnectionClosed):
            for number in range(1_000):
                await caller.send("ping", id=number)
        error = await caller.refused(4429, within_s=SOON_S)

    assert "too_fast" == error["code"]
    assert len(caller.of("pong")) < 100


@in_company
@in_one_loop
async def test_audio_at_ten_times_its_pace_ends_the_session_after_ten_seconds(service: Service) -> None:
    resident = psutil.Process(service.process.pid).memory_info().rss
    async with asyncio.TaskGroup() as flooders:
        for subprotocol in (BINARY, ALL_JSON):
            flooders.create_task(_flood(service, subprotocol))
    assert psutil.Process(service.process.pid).memory_info().rss - resident < 8_000_000


async def _flood(service: Service, subprotocol: str) -> None:
    loop = asyncio.get_running_loop()
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.start()
        began_at = loop.time()
        frame = tone(FRAME_S)
        with suppress(ConnectionClosed):
            async with asyncio.timeout(30.0):
                while True:
                    for _ in range(10):
                        await caller.send_frame(frame)
                    await asyncio.sleep(FRAME_S)
        error = await caller.refused(4429, within_s=SOON_S)
        lasted_s = loop.time() - began_at

    assert "too_fast" == error["code"]
    assert "1.25" in error["message"]
    assert 9.5 < lasted_s < 20.0


async def test_a_long_reply_reaches_a_client_that_reads(emulator: Emulator, service: Service) -> None:
    """The model sends half a minute in no time; that alone must not look like a slow client."""
    emulator.play('[[turn]]\nheard = "go on"\n[[turn.step]]\nsay = "A long story."\naudio_s = 30.0\n')
    for subprotocol in (BINARY, ALL_JSON):
        async with calling(service.socket_url, subprotocol) as caller:
            await caller.start()
            await caller.send("text", text="Tell me everything.")
            await eventually(
                lambda caller=caller: len(caller.audio(1)),  # type: ignore[misc] # mypy cannot infer a default's type
                lambda length: length == 30 * 48_000,
            )
            await caller.send("interrupt")
            await caller.end()
            assert [] == caller.of("error")


async def test_a_client_that_does_not_read_ends_alone(emulator: Emulator, service: Service) -> None:
    def too_slow() -> list[dict[str, Any]]:
        return [line for line in service.lines("session ended") if line["close_code"] == 4429]

    known = len(too_slow())
    async with talking_on(service.socket_url) as other:
        emulator.play(
            '[[turn]]\nheard = "go on"\n[[turn.step]]\nsay = "A very long story."\naudio_s = 240.0\n'
        )
        slow = await connect(
            service.socket_url,
            subprotocols=[Subprotocol(BINARY)],
            compression=None,
            max_queue=1,
            ping_interval=None,
        )
        await slow.send('{"type":"text","text":"Tell me everything."}')
        ended = (await eventually(too_slow, lambda lines: len(lines) > known))[-1]
        await assert_goes_on(other)
        slow.transport.abort()

    assert ended["duration_ms"] < 10_000


async def test_a_client_that_is_stopped_ends_alone(emulator: Emulator, services: Serve) -> None:
    """A stopped process keeps its connection open and answers no ping."""
    emulator.play("long-reply")
    open_before = emulator.status()["openStreams"]
    service = services(VOICE_PING_INTERVAL_S=1.0, VOICE_PING_TIMEOUT_S=2.0)
    command = [
        sys.executable,
        "-m",
        "talk",
        "--url",
        service.socket_url,
        "--text",
        "Tell me a story.",
        "--out",
    ]
    with subprocess.Popen(  # noqa: ASYNC220 - starting it blocks no longer than anything else here
        [*command, str(service.log.with_suffix(".wav"))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(),
    ) as client:
        try:
            await eventually(lambda: service.get("/health/ready")[1]["sessions"], lambda count: count == 1)
            client.send_signal(signal.SIGSTOP)
            await eventually(lambda: service.get("/health/ready")[1]["sessions"], lambda count: count == 0)
        finally:
            client.kill()

    (ended,) = service.lines("session ended")
    assert ended["duration_ms"] < 15_000
    # A stream of somebody else's, who left a moment ago, may have ended meanwhile.
    await eventually(lambda: emulator.status()["openStreams"], lambda count: count <= open_before)


async def test_clients_that_leave_in_every_rude_way_leave_nothing_behind(
    emulator: Emulator, service: Service
) -> None:
    async with talking_on(service.socket_url) as other:
        before = emulator.status()["openStreams"]
        for rudely in ("reset", "half close", "strange code"):
            client = await connect(service.socket_url, subprotocols=[Subprotocol(BINARY)])
            await client.send('{"type":"start"}')
            while '"listening"' not in str(await client.recv()):
                pass
            await client.send('{"type":"text","text":"And you?"}')
            match rudely:
                case "reset":
                    client.transport.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    client.transport.abort()
                case "half close":
                    client.transport.write_eof()
                case _:
                    await client.close(4_999, "x" * 120)
        await eventually(lambda: emulator.status()["openStreams"], lambda count: count == before)
        await assert_goes_on(other)


async def test_a_client_that_says_nothing_is_let_go(emulator: Emulator, services: Serve) -> None:
    opened = emulator.status()["counters"]["streams_opened"]
    async with calling(services(VOICE_START_TIMEOUT_S=1).socket_url) as caller:
        error = await caller.refused(4408)

    assert "start_timeout" == error["code"]
    assert opened == emulator.status()["counters"]["streams_opened"]


async def assert_goes_on(other: Caller) -> None:
    await assert_talks_on(other, len(other.of("turn")))
