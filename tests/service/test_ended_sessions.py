"""A session that ended is freed by reference counts: nothing of it waits for the garbage collector."""

import asyncio
import gc
import json
import socket
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from service import sessions
from service.app import create_app
from service.metrics.counters import Counters
from service.serving import uvicorn_config
from service.settings import Settings
from service.transports.websocket_protocol import DirectProtocol
from tests.service import fake_sign_in
from tests.service.fake_model import FakeModel
from tests.service.serving import hear, serving


class Ends:
    """What lives of what is watched; `all` is set when nothing does."""

    def __init__(self) -> None:
        self.begun = 0
        self.alive: set[weakref.ref[object]] = set()
        self.all = asyncio.Event()

    def watch(self, thing: object) -> None:
        self.begun += 1
        self.all.clear()
        self.alive.add(weakref.ref(thing, self._died))

    def _died(self, reference: weakref.ref[object]) -> None:
        self.alive.discard(reference)
        if not self.alive:
            self.all.set()


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    """Watches every session; the collector rests meanwhile."""
    watched = Ends()

    class Watched(sessions.Attended):
        def belongs_to(self, *arguments: object, **options: object) -> None:
            watched.watch(self)
            watched.watch(self._session)
            watched.watch(self._session._core)  # type: ignore[attr-defined]  # of the session, not of a stand-in
            super().belongs_to(*arguments, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(sessions, "Attended", Watched)
    gc.collect()
    gc.disable()
    yield watched
    gc.enable()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def service(model: FakeModel) -> AsyncIterator[int]:
    """The service on a socket of its own, with the protocol that it is served by; its port."""
    settings = Settings(**fake_sign_in.SETTINGS)
    app = create_app(
        settings,
        model=model,
        sign_in=fake_sign_in.fake_sign_in(),
        counters=Counters(),
        clock=time.monotonic,
        wall_clock=lambda: fake_sign_in.NOW,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn_config(app, settings))
    serving_it = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving_it


def call(port: int) -> connect:
    return connect(
        f"ws://127.0.0.1:{port}/ws",
        subprotocols=[Subprotocol("voice.v1.json")],
        additional_headers={"authorization": "Bearer alice"},
        proxy=None,
    )


async def hear_from(socket: ClientConnection, kind: str) -> dict[str, object]:
    while True:
        message: dict[str, object] = json.loads(await socket.recv())
        if message["type"] == kind:
            return message


async def talk(client: ClientConnection) -> None:
    await client.send('{"type":"start"}')
    await hear_from(client, "ready")
    await client.send('{"type":"text","text":"hello"}')
    await hear_from(client, "turn")


@pytest.mark.parametrize("ending", ["the session", "the connection"])
async def test_a_session_on_a_socket_is_gone_when_its_client_has_ended(ends: Ends, ending: str) -> None:
    model = FakeModel()
    async with asyncio.timeout(20.0), service(model) as port:
        async with call(port) as client:
            (protocol,) = (thing for thing in gc.get_objects() if isinstance(thing, DirectProtocol))
            ends.watch(protocol)
            del protocol
            await talk(client)
            if ending == "the session":
                await client.send('{"type":"end"}')
                await client.wait_closed()
        model.streams.clear()
        await ends.all.wait()

    assert 4 == ends.begun


async def test_a_session_that_was_taken_up_again_is_gone_with_both_its_connections(ends: Ends) -> None:
    model = FakeModel()
    async with asyncio.timeout(20.0), service(model) as port:
        async with call(port) as first, call(port) as second:
            await first.send('{"type":"start"}')
            ready = await hear_from(first, "ready")
            asked = {
                "sessionId": ready["sessionId"],
                "resumeToken": ready["resumeToken"],
                "lastSeq": ready["seq"],
            }
            await second.send(json.dumps({"type": "start", "resume": asked}))
            assert (await hear_from(second, "ready"))["resumed"]
            await first.wait_closed()
            await second.send('{"type":"end"}')
            await second.wait_closed()
        model.streams.clear()
        await ends.all.wait()

    assert 6 == ends.begun


def test_a_session_under_any_other_server_is_gone_as_well(ends: Ends) -> None:
    model = FakeModel()
    with serving(model) as client:
        with client.websocket_connect("/ws", subprotocols=["voice.v1.json"]) as opened:
            opened.send_text('{"type":"start"}')
            hear(opened, "ready")
            opened.send_text('{"type":"end"}')
            while opened.receive()["type"] != "websocket.close":
                pass
        model.streams.clear()

    assert 3 == ends.begun
    assert not ends.alive
