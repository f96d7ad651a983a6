"""One server from its first request to its last; and an end in which everybody may finish speaking.

Our signal handlers come before uvicorn's, which would close every WebSocket within milliseconds. The first
SIGTERM or SIGINT stops admission, tells the sessions and waits for their turns; the second one exits at once.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Never

import uvicorn

from service import garbage
from service.metrics import contract, logs
from service.metrics.counters import Counters
from service.metrics.registry import Registry
from service.sessions import Sessions
from service.settings import Settings
from service.transports.websocket_protocol import DirectProtocol
from service.workers.link import Others


class Server(uvicorn.Server):
    """uvicorn without its signal handlers, announcing itself when it listens."""

    def __init__(self, config: uvicorn.Config, *, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            garbage.settle()
            self._on_listening()


async def serve_until_told(
    server: Server,
    listener: socket.socket,
    *,
    settings: Settings,
    sessions: Sessions,
    counters: Counters,
    registry: Registry,
    others: Others,
) -> None:
    log = logs.logger("service")
    stopping = _on_signal()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    ends: set[asyncio.Future[None]] = {serving, stopping, others.lost}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    # Whatever hangs from here on, the loop included, the process ends in time.
    in_time = threading.Timer(settings.stop_timeout_s, exit_now, [1])
    in_time.daemon = True
    in_time.start()
    if not serving.done():
        began = time.monotonic()
        log.info("draining", sessions=len(sessions), drain_s=settings.drain_s)
        left = await sessions.drain(settings.drain_s)
        log.info("drained", sessions_left=left, counters=dict(counters.snapshot()))
        registry.observe(contract.DRAIN_DURATION, (time.monotonic() - began) * 1_000)
        registry.add(contract.DRAIN_FORCED, left)
        others.tell_counters(counters.snapshot())
        server.should_exit = True
    await serving


def uvicorn_config(app: object, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application; uvicorn's alias is narrower than FastAPI's class
        ws=DirectProtocol,
        ws_max_size=settings.max_message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=settings.ping_interval_s,
        ws_ping_timeout=settings.ping_timeout_s,
        h11_max_incomplete_event_size=16_384,
        timeout_graceful_shutdown=2,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="on",
    )


def _on_signal() -> asyncio.Future[None]:
    """Done at the first SIGTERM or SIGINT; the second one ends the process."""
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if stopping.done():
            exit_now(1)
        stopping.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping


def exit_now(code: int) -> Never:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
