"""The service as a process: how it starts, serves and stops."""

import asyncio
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.emulators.nova_sonic.emulator_process import EmulatorProcess, running_emulator
from tests.pool import connect, user_pool

pytestmark = pytest.mark.process

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    with running_emulator(tmp_path_factory.mktemp("emulator"), "--scenario", "long-reply") as running:
        yield running


def environment(emulator: EmulatorProcess | None = None, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VOICE_"))}
    model = (
        {}
        if emulator is None
        else {
            "VOICE_MODEL_ENDPOINT": emulator.endpoint,
            "VOICE_MODEL_CA_FILE": str(emulator.ca),
            "AWS_ACCESS_KEY_ID": "AKIDEMULATOR0EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "emulator-secret-access-key-example",
        }
    )
    return {
        **kept,
        "VOICE_PORT": "0",
        **user_pool().environment,
        "VOICE_DRAIN_S": "5",
        "VOICE_STOP_TIMEOUT_S": "15",
        **model,
        **settings,
    }


@dataclass(slots=True, kw_only=True)
class Running:
    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        return self.process.wait(PATIENCE_S)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def running_service(log: Path, settings: dict[str, str]) -> Iterator[Running]:
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-X", "dev", "-m", "service"],
            env=settings,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", line), log.read_text()
        yield Running(process=process, url=line.split()[1], log=log)
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()


@pytest.fixture
def service(emulator: EmulatorProcess, tmp_path: Path) -> Iterator[Running]:
    with running_service(tmp_path / "service.log", environment(emulator)) as running:
        yield running


async def hear(client: ClientConnection, wanted: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message = await client.recv()
            if isinstance(message, str) and (heard := json.loads(message))["type"] == wanted:
                return dict(heard)


async def closed(client: ClientConnection) -> int | None:
    """Take what still comes, up to the close; a client that reads nothing would not see it."""
    async with asyncio.timeout(PATIENCE_S):
        async for _ in client:
            pass
    return client.close_code


async def ask(client: ClientConnection) -> None:
    """Type something, and wait for the reply to begin."""
    await client.send('{"type":"text","text":"canary phrase: tell me a long story"}')
    while "speaking" != (await hear(client, "state"))["state"]:
        pass


def refusal_to_start(**settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "service"],
        env=environment(None, **settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "" == done.stdout
    return done.returncode, done.stderr


def test_an_impossible_setting_ends_the_start_with_one_sentence() -> None:
    code, said = refusal_to_start(VOICE_WATCHDOG_MS="1000")

    assert 2 == code
    assert said.startswith("voice service: VOICE_WATCHDOG_MS=1000 must be longer")
    assert 1 == said.count("\n")


def test_a_port_that_is_taken_ends_the_start_with_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refusal_to_start(VOICE_PORT=str(port))

    assert 2 == code
    assert f"cannot listen on 127.0.0.1 port {port}" in said
    assert "Traceback" not in said


async def test_a_turn_that_runs_at_sigterm_is_finished_before_the_process_goes(service: Running) -> None:
    async with connect(service.socket_url, subprotocols=["voice.v1"]) as client:
        await client.send('{"type":"start"}')
        await hear(client, "ready")
        await ask(client)
        service.stop()
        go_away = await hear(client, "goAway")
        with pytest.raises(InvalidStatus) as refused:
            await connect(service.socket_url)
        with await asyncio.to_thread(urllib.request.urlopen, service.url + "/health") as health:
            status = health.status
        turn = await hear(client, "turn")
        error = await hear(client, "error")
        with pytest.raises(ConnectionClosed) as end:
            await client.recv()

    assert ("deploy", 5_000) == (go_away["reason"], go_away["deadlineMs"])
    assert (503, 200) == (refused.value.response.status_code, status)
    assert turn["outcome"] in {"completed", "interrupted"}
    assert ("going_away", 4503) == (error["code"], end.value.rcvd.code if end.value.rcvd else None)
    assert 0 == await asyncio.to_thread(service.ended)
    assert [0] == [line["sessions_left"] for line in service.lines() if line["event"] == "drained"]


async def test_a_second_signal_exits_at_once(service: Running) -> None:
    async with connect(service.socket_url) as client:
        await client.send('{"type":"start"}')
        await hear(client, "ready")
        await ask(client)
        service.stop()
        await hear(client, "goAway")
        service.stop(signal.SIGINT)

        assert 1 == await asyncio.to_thread(service.ended)


async def test_a_client_that_vanishes_takes_only_its_own_session_along(service: Running) -> None:
    async with connect(service.socket_url) as stays:
        await stays.send('{"type":"start"}')
        await hear(stays, "ready")
        vanishes = await connect(service.socket_url)
        await vanishes.send('{"type":"start"}')
        await hear(vanishes, "ready")
        vanishes.transport.abort()
        await ask(stays)
        await stays.send('{"type":"end"}')

        assert 1000 == await closed(stays)


@pytest.mark.parametrize(
    "rudeness",
    [
        b"",
        b"\x81\x82\0\0\0\0\xff\xfe",
        b"\x88\x82\0\0\0\0\x13\x88",
        b"\xff" * 64,
        b"\x82\x81\0\0\0\0x",
        b"\x81\x90\0\0\0\0" + b'{"type":"start"}',
    ],
    ids=["nothing", "no UTF-8", "close code 5000", "no frame", "a byte of audio", "start"],
)
def test_a_rude_client_leaves_nothing_behind(service: Running, rudeness: bytes) -> None:
    upgrade = (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    for cut in (len(upgrade), 40):
        with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2]))) as rude:
            # Closing then sends RST, and the service meets an error wherever it happens to be.
            rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            rude.sendall(upgrade[:cut].encode() + rudeness)
    deadline_at = time.monotonic() + PATIENCE_S
    while 0 < sessions(service) and time.monotonic() < deadline_at:
        pass

    assert 0 == sessions(service)
    service.stop()
    assert 0 == service.ended()
    assert "Traceback" not in service.log.read_text()


def sessions(service: Running) -> int:
    """How many sessions the service holds; it says so whether it is ready or not."""
    try:
        answer = urllib.request.urlopen(service.url + "/health/ready", timeout=PATIENCE_S)  # noqa: S310 - our own URL
    except urllib.error.HTTPError as not_ready:
        answer = not_ready
    with answer:
        return int(json.load(answer)["sessions"])


async def test_a_message_beyond_the_limit_is_1009(service: Running) -> None:
    async with connect(service.socket_url) as client:
        await client.send("x" * 40_000)
        await client.wait_closed()

        assert 1009 == client.close_code


async def test_compression_is_not_agreed_to(service: Running) -> None:
    async with connect(service.socket_url, compression="deflate") as client:
        assert client.response is not None
        assert None is client.response.headers.get("Sec-WebSocket-Extensions")


async def test_nothing_that_was_said_is_in_the_log(emulator: EmulatorProcess, tmp_path: Path) -> None:
    settings = environment(emulator, VOICE_LOG_LEVEL="debug")
    with running_service(tmp_path / "debug.log", settings) as service:
        async with connect(service.socket_url) as client:
            await client.send('{"type":"start"}')
            await hear(client, "ready")
            await ask(client)
            reply = await hear(client, "transcript")
            await client.send('{"type":"end"}')
            await closed(client)
        service.stop()
        await asyncio.to_thread(service.ended)
        log = service.log.read_text()

    assert [1] == [
        line["turns"] for line in map(json.loads, log.splitlines()) if line["event"] == "session ended"
    ]
    assert "canary" not in log
    assert reply["text"] not in log
    assert "Traceback" not in log
