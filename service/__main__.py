"""`python -m service`: settings, adapters, one server; and an end in which everybody may finish speaking.

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, Never, assert_never

import uvicorn
import uvloop

from service import garbage
from service.app import create_app
from service.errors import ModelFailure
from service.identity import cognito
from service.metrics import contract, logs
from service.metrics.counters import Counters
from service.metrics.instruments import Instruments
from service.metrics.pipe import LinePipe
from service.metrics.registry import Registry
from service.metrics.tracing import traces_if
from service.sessions import Sessions
from service.settings import ImpossibleSettingsError, Settings, load
from service.stores.ports import ConversationStore, StoreUnavailableError
from service.stores.wiring import open_stores
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from service.transports.bedrock_sdk import BedrockSdkTransport
from service.transports.deadlines import Deadlines
from service.transports.fallback import FallbackTransport
from service.transports.ports import ModelTransport
from service.transports.websocket_protocol import DirectProtocol
from service.workers import parent
from service.workers.link import Alone, Link, Others

_IMPOSSIBLE: Final = 2
# A client that takes nothing at all for this long is gone, whatever its TCP window says.
_TCP_USER_TIMEOUT_MS: Final = 60_000
_BACKLOG: Final = 512


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, announcing itself when it listens."""

    on_listening: Callable[[], None]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            garbage.settle()
            self.on_listening()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 after an orderly end, 2 when the settings or the port are impossible.

    With `--worker` and two descriptors, the listener and the link to its parent, it is one of several.
    """
    match sys.argv[1:] if arguments is None else arguments:
        case [parent.WORKER, listener_fd, link_fd]:
            return _work(int(listener_fd), int(link_fd))
        case []:
            pass
        case _:
            print(
                "voice service: settings come from the environment; there are no arguments", file=sys.stderr
            )
            return _IMPOSSIBLE
    try:
        settings = load()
        listener = _listen(settings)
    except (ImpossibleSettingsError, OSError) as error:
        print(f"voice service: {error}", file=sys.stderr)
        return _IMPOSSIBLE
    logs.configure(settings.log_level)

    def announce() -> None:
        print(f"ready {_address(listener)}", flush=True)

    with listener:
        workers = parent.count(settings)
        if workers > 1:
            return asyncio.run(_supervise(settings, listener, announce, workers))
        try:
            uvloop.run(_serve_alone(settings, listener, announce))
        except StoreUnavailableError as error:
            print(f"voice service: the store of conversations cannot be used: {error}", file=sys.stderr)
            return _IMPOSSIBLE
    return 0


async def _supervise(
    settings: Settings, listener: socket.socket, announce: Callable[[], None], workers: int
) -> int:
    return await parent.Parent(settings, listener, announce).run(workers)


def _work(listener_fd: int, link_fd: int) -> int:
    """Be one worker of several."""
    settings = load()
    logs.configure(settings.log_level)
    with socket.socket(fileno=listener_fd) as listener, socket.socket(fileno=link_fd) as end:
        uvloop.new_event_loop().run_until_complete(_serve_linked(settings, listener, end))
        # Closing the loop waits for ever in libuv now and then when the parent was killed; the end of the process
        # closes all that it would have closed.
        _exit_now(0)


async def _serve_linked(settings: Settings, listener: socket.socket, end: socket.socket) -> None:
    link = await Link.over(end)
    try:
        await _serve(settings, listener, link.tell_ready, link)
    finally:
        await link.aclose()


async def _serve_alone(settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> None:
    await _serve(settings, listener, announce, Alone())


def _listen(settings: Settings) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise OSError(f"cannot listen on {settings.host} port {settings.port}: {error.strerror}") from error
    with suppress(AttributeError, OSError):  # Linux; accepted connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TCP_USER_TIMEOUT_MS)
    return listener


async def _serve(
    settings: Settings, listener: socket.socket, announce: Callable[[], None], others: Others
) -> None:
    pipe = LinePipe(sys.stderr.fileno(), clock=time.monotonic)
    logs.configure(settings.log_level, stream=pipe)
    try:
        traces = traces_if(settings.traces, model_id=settings.model_id, wall_clock=time.time)
        await _serve_logged(settings, listener, announce, others, Instruments(pipe=pipe, traces=traces))
        await asyncio.to_thread(traces.close)
    finally:
        pipe.close()


async def _serve_logged(
    settings: Settings,
    listener: socket.socket,
    announce: Callable[[], None],
    others: Others,
    instruments: Instruments,
) -> None:
    counters = Counters()
    clock = asyncio.get_running_loop().time
    stores = open_stores(
        settings.store,
        path=settings.store_path,
        table=settings.store_table,
        region=settings.region,
        endpoint=settings.store_endpoint,
        timeout_s=settings.store_timeout_s,
        retention_days=settings.retention_days,
    )
    await _check(None if stores is None else stores.conversations, settings)
    tickets = others.tickets if stores is None else stores.tickets
    async with cognito(settings, counters=counters, clock=clock, tickets=tickets) as sign_in:
        app = create_app(
            settings,
            model=_model(settings, counters),
            sign_in=sign_in,
            counters=counters,
            clock=clock,
            store=None if stores is None else stores.conversations,
            documents=None if stores is None else stores.documents,
            statistics=None if stores is None else stores.statistics,
            instruments=instruments,
            elsewhere=others.sessions,
            on_sessions=others.tell_sessions,
        )
        server = _Server(_uvicorn_config(app, settings))
        server.on_listening = announce
        await _serve_until_told(
            server,
            listener,
            settings=settings,
            sessions=app.state.sessions,
            counters=counters,
            registry=instruments.registry,
            others=others,
        )


async def _serve_until_told(
    server: _Server,
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
    in_time = threading.Timer(settings.stop_timeout_s, _exit_now, [1])
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


async def _check(store: ConversationStore | None, settings: Settings) -> None:
    """A file that cannot be used is a mistake to be seen at once; a table may only be away for a moment."""
    if store is None:
        return
    try:
        await store.check()
    except StoreUnavailableError as error:
        if settings.store == "sqlite":
            await store.aclose()
            raise
        logs.logger("service").error("the store cannot be reached", reason=str(error))


def _model(settings: Settings, counters: Counters) -> ModelTransport:
    """The way to the model that the settings ask for."""
    deadlines = Deadlines(
        connect_s=settings.model_connect_timeout_s,
        accept_s=settings.model_accept_timeout_s,
        send_s=settings.model_send_timeout_s,
        close_s=settings.model_close_timeout_s,
    )

    def sdk() -> ModelTransport:
        return BedrockSdkTransport(
            model_id=settings.model_id,
            region=settings.region,
            endpoint=settings.model_endpoint,
            ca_file=settings.model_ca_file,
            deadlines=deadlines,
            count=counters.add,
        )

    def direct() -> ModelTransport:
        return BedrockDirectTransport(
            model_id=settings.model_id,
            region=settings.region,
            endpoint=settings.model_endpoint,
            ca_file=settings.model_ca_file,
            deadlines=deadlines,
            count=counters.add,
            streams_per_connection=settings.model_streams_per_connection,
            spare_connections=settings.model_spare_connections,
            silence_s=settings.model_silence_s,
        )

    def on_fallback(failure: ModelFailure) -> None:
        counters.add("model_transport_fallbacks")
        logs.logger("service").warning(
            "the endpoint refuses our own client; the SDK is used from now on", reason=failure.message
        )

    match settings.model_transport:
        case "auto":
            return FallbackTransport(direct(), second=sdk, on_fallback=on_fallback)
        case "direct":
            return direct()
        case "sdk":
            return sdk()
        case _:
            assert_never(settings.model_transport)


def _uvicorn_config(app: object, settings: Settings) -> uvicorn.Config:
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
            _exit_now(1)
        stopping.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping


def _exit_now(code: int) -> Never:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


if __name__ == "__main__":
    sys.exit(main())
