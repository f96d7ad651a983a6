"""Several workers behind one port: they act as one service, and end as one."""

import asyncio
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as plain_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from service.__main__ import main
from tests.emulators.nova_sonic.emulator_process import EmulatorProcess, running_emulator
from tests.pool import bearer, connect
from tests.service.test_main import (
    PATIENCE_S,
    Running,
    closed,
    environment,
    hear,
    running_service,
    sessions,
)

pytestmark = pytest.mark.process
WORKERS = 2


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def service(emulator: EmulatorProcess, tmp_path: Path) -> Iterator[Running]:
    settings = environment(emulator, VOICE_WORKERS=str(WORKERS), VOICE_MAX_SESSIONS="12")
    settings["VOICE_STORE_PATH"] = str(tmp_path / "new" / "conversations.sqlite")
    settings |= {"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"}
    with running_service(tmp_path / "service.log", settings) as running:
        yield running


def workers(service: Running) -> list[psutil.Process]:
    return psutil.Process(service.process.pid).children()


def holds(worker: psutil.Process) -> int:
    """Connections that this worker has accepted."""
    port = worker_port(worker)
    return sum(1 for c in worker.net_connections("tcp") if c.status == "ESTABLISHED" and c.laddr.port == port)


def worker_port(worker: psutil.Process) -> int:
    return next(int(c.laddr.port) for c in worker.net_connections("tcp") if c.status == "LISTEN")


async def end(client: ClientConnection) -> int | None:
    """The code that a client is closed with, whatever it is."""
    with suppress(ConnectionClosed):
        await closed(client)
    return client.close_code


def ticket(service: Running) -> str:
    request = urllib.request.Request(  # noqa: S310 - our own URL
        service.url + "/api/tickets", headers=bearer(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own URL
        return str(json.load(answer)["ticket"])


@asynccontextmanager
async def many(service: Running, number: int) -> AsyncIterator[list[ClientConnection]]:
    """So many sessions, opened at once, ready."""
    clients = await asyncio.gather(*(connect(service.socket_url) for _ in range(number)))
    try:
        for client in clients:
            await client.send('{"type":"start"}')
        await asyncio.gather(*(hear(client, "ready") for client in clients))
        yield list(clients)
    finally:
        for client in clients:
            client.transport.abort()


async def test_a_ticket_of_any_worker_works_once_on_any_other(service: Running) -> None:
    """Ten connections race for each of six tickets; whichever workers they meet, one of them wins."""
    won = []
    for value in [await asyncio.to_thread(ticket, service) for _ in range(6)]:
        offered: list[Any] = [f"ticket.{value}", "voice.v1"]
        racers = [plain_connect(service.socket_url, subprotocols=offered) for _ in range(10)]
        ends = await asyncio.gather(*racers, return_exceptions=True)
        winners = [end for end in ends if isinstance(end, ClientConnection)]
        losers = [end.response.status_code for end in ends if isinstance(end, InvalidStatus)]
        won.append((len(winners), losers))
        for winner in winners:
            await winner.send('{"type":"end"}')
            await closed(winner)

    assert [(1, [401] * 9)] * 6 == won


async def test_the_limit_on_sessions_and_their_number_are_those_of_all_workers(service: Running) -> None:
    async with many(service, 12):
        shares = [await asyncio.to_thread(holds, worker) for worker in workers(service)]
        counts = {await asyncio.to_thread(sessions, service) for _ in range(6)}
        refused = []
        for _ in range(6):
            with pytest.raises(InvalidStatus) as full:
                await connect(service.socket_url)
            refused.append(full.value.response.status_code)

    assert ({12}, [503] * 6) == (counts, refused)
    assert 12 == sum(shares)


async def test_all_workers_drain_together_and_what_they_counted_is_added_up(service: Running) -> None:
    async with many(service, 8) as clients:
        service.stop()
        reasons = [(await hear(client, "goAway"))["reason"] for client in clients]
        codes = [await end(client) for client in clients]
        code = await asyncio.to_thread(service.ended)
    drained = [line for line in service.lines() if line["event"] == "drained" and "workers" in line]

    assert (["deploy"] * 8, [4503] * 8, 0) == (reasons, codes, code)
    assert [(WORKERS, 8)] == [
        (line["workers"], line["counters"]["sessions_begun.voice.v1.json"]) for line in drained
    ]


async def test_a_second_signal_ends_all_of_them_at_once(service: Running) -> None:
    async with many(service, 4) as clients:
        pids = [worker.pid for worker in workers(service)]
        service.stop()
        await hear(clients[0], "goAway")
        service.stop(signal.SIGINT)
        code = await asyncio.to_thread(service.ended)

    assert 0 != code
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_a_worker_that_dies_is_replaced_and_the_other_goes_on(service: Running) -> None:
    first, second = workers(service)
    async with many(service, 6) as clients:
        stays = [client for client in clients if not await asyncio.to_thread(_belongs, client, first)]
        first.kill()
        for client in stays:
            await client.send('{"type":"ping","id":7}')
            assert 7 == (await hear(client, "pong"))["id"]
        await asyncio.to_thread(_replaced, service, first)
        async with many(service, 2):
            assert second.is_running()
    service.stop()

    assert 0 == await asyncio.to_thread(service.ended)
    assert 1 == sum(line["event"] == "a worker ended; another takes its place" for line in service.lines())


def _belongs(client: ClientConnection, worker: psutil.Process) -> bool:
    port = client.local_address[1]
    return any(port in c.raddr[1:] for c in worker.net_connections("tcp"))


def _replaced(service: Running, worker: psutil.Process) -> None:
    deadline_at = time.monotonic() + PATIENCE_S
    while worker in (present := workers(service)) or len(present) < WORKERS:
        assert time.monotonic() < deadline_at


def test_workers_do_not_outlive_a_parent_that_was_killed(service: Running) -> None:
    left = workers(service)
    service.process.kill()
    gone, alive = psutil.wait_procs(left, timeout=PATIENCE_S)

    assert (WORKERS, []) == (len(gone), alive)


def test_arguments_are_refused_with_one_sentence() -> None:
    assert 2 == main(["--port", "8000"])
