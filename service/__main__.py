"""`python -m service`: settings, adapters, one server, or a parent of several."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import uvloop

from service.app import create_app
from service.identity import cognito
from service.metrics import logs
from service.metrics.counters import Counters
from service.metrics.instruments import Instruments
from service.metrics.pipe import LinePipe
from service.metrics.tracing import traces_if
from service.model_transport import open_model
from service.policies.protection import ProtectionPolicy
from service.serving import Server, exit_now, serve_until_told, uvicorn_config
from service.settings import ImpossibleSettingsError, Settings, load
from service.stores.ports import ConversationStore, StoreUnavailableError
from service.stores.wiring import open_stores
from service.task_protection import AGENT_VARIABLE, EcsAgent, TaskProtection
from service.workers import parent
from service.workers.link import Alone, Link, Others

_IMPOSSIBLE: Final = 2
# A client that takes nothing at all for this long is gone, whatever its TCP window says.
_TCP_USER_TIMEOUT_MS: Final = 60_000
_BACKLOG: Final = 512


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
        exit_now(0)


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
    pipe = LinePipe(sys.stderr.fileno(), clock=time.monotonic, most_bytes=settings.log_waiting_bytes)
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
            model=open_model(settings, counters),
            sign_in=sign_in,
            counters=counters,
            clock=clock,
            store=None if stores is None else stores.conversations,
            documents=None if stores is None else stores.documents,
            statistics=None if stores is None else stores.statistics,
            instruments=instruments,
            elsewhere=others.sessions,
            on_sessions=others.tell_sessions,
            protection=_protection(settings, clock),
        )
        await serve_until_told(
            Server(uvicorn_config(app, settings), on_listening=announce),
            listener,
            settings=settings,
            sessions=app.state.sessions,
            counters=counters,
            registry=instruments.registry,
            others=others,
        )


def _protection(settings: Settings, clock: Callable[[], float]) -> TaskProtection | None:
    """Where it is wanted, and there is an agent to ask."""
    if settings.task_protection == "off":
        return None
    if (uri := os.environ.get(AGENT_VARIABLE)) is None:
        logs.logger("service").warning(
            "the task cannot be protected: there is no ECS agent", missing=AGENT_VARIABLE
        )
        return None
    return TaskProtection(EcsAgent(uri), ProtectionPolicy(), clock=clock)


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


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


if __name__ == "__main__":
    sys.exit(main())
