"""One process of the service on a virtual machine: the real application under the real server, on virtual time."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any, Final, cast

import pytest
import uvicorn
from fastapi import APIRouter, FastAPI
from simloop import Host

from service import app as application
from service.api import conversations, health, options, page_config, tickets
from service.auth.ports import Grant, NotAuthenticatedError
from service.auth.tickets import Tickets
from service.metrics.counters import Counters
from service.metrics.load import LoadMeter
from service.newcomer import terms_of
from service.policies.silence import KeepAlive
from service.serving import uvicorn_config
from service.settings import Settings
from tests.service import fake_sign_in
from tests.simulation.account import Account
from tests.simulation.model import Model
from tests.simulation.shared_store import SharedStore

PORT: Final = 8000
TOKEN_LEEWAY_S: Final = 60.0


class _InOrder[T](dict[T, None]):
    """What uvicorn keeps in a set, in an order that can be repeated."""

    def add(self, item: T) -> None:
        self[item] = None

    def discard(self, item: T) -> None:
        self.pop(item, None)

    def remove(self, item: T) -> None:
        del self[item]


class _Server(uvicorn.Server):
    """uvicorn without signals, and without looking ten times a second whether it should stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state.connections = _InOrder()  # type: ignore[assignment]  # see there
        self.is_serving = asyncio.Event()
        self.stopping = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self.is_serving.set()
        await self.stopping.wait()


class ExpiringTokens(fake_sign_in.FakeVerifier):
    """Tokens that are refused once they have expired, with the leeway of the product's own verifier."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        super().__init__()
        self._wall_clock = wall_clock

    async def verify(self, token: str) -> Grant:
        """See the port."""
        grant = await super().verify(token)
        if grant.expires_at + TOKEN_LEEWAY_S <= self._wall_clock():
            raise NotAuthenticatedError("Please sign in again.")
        return grant


class Process:
    """A process that can be told to stop, and can be lost."""

    def __init__(
        self,
        host: Host,
        *,
        account: Account,
        store: SharedStore,
        dice: Random,
        silence_ms: int,
        rest: bool = False,
        **settings: Any,
    ) -> None:
        """`rest`: with what pages ask over HTTP, which takes a while to build."""
        self._rest = rest
        self.host = host
        self.name = host.name
        self.is_draining = False
        self.is_gone = False
        self.counters = Counters()
        self.left_behind: int | None = None
        self._account = account
        self._store = store
        self._dice = dice
        self._silence_ms = silence_ms
        self._settings = _settings(tuple(settings.items()))
        self._ids = 0

    def start(self) -> asyncio.Task[None]:
        """Begin to serve; done when the process has ended by itself."""
        self.model = Model(self._account)
        self.tickets = self._store.way_to_tickets()
        self._ways = (self._store.way_to_conversations(), self._store.way_to_documents(), self.tickets)
        loop = asyncio.get_running_loop()

        def wall_clock() -> float:
            return fake_sign_in.NOW + loop.time()

        self.app = create_app(
            self._settings,
            silence_ms=self._silence_ms,
            rest=self._rest,
            model=self.model,
            sign_in=fake_sign_in.fake_sign_in(
                verifier=ExpiringTokens(wall_clock),
                clock=loop.time,
                wall_clock=wall_clock,
                tickets=Tickets(
                    cast("Any", self.tickets), wall_clock=wall_clock, entropy=self._dice.randbytes
                ),
            ),
            counters=self.counters,
            clock=loop.time,
            store=self._ways[0],
            documents=self._ways[1],
            wall_clock=wall_clock,
            chance=self._dice.random,
            new_id=self._new_id,
            new_token=lambda: f"{self._dice.getrandbits(256):064x}",
        )
        self.server = _Server(uvicorn_config(self.app, self._settings))
        return self.host.create_task(self.server.serve())

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._dice.getrandbits(100):025X}"

    async def terminate(self) -> None:
        """SIGTERM, as `service.__main__` takes it."""
        self.is_draining = True
        self.left_behind = await self.app.state.sessions.drain(self._settings.drain_s)
        self.server.stopping.set()
        self.is_gone = True

    def crash(self) -> None:
        """SIGKILL, or the loss of the machine: nobody is told anything."""
        self.is_gone = True
        for attended in self.app.state.sessions._running:
            # The loop ends the tasks of a lost machine; its timers are ended here.
            attended._broken = True
        self.model.die()
        for way in self._ways:
            way.is_alive = False
        self.host.crash()

    @property
    def sessions(self) -> int:
        return len(self.app.state.sessions)


@cache
def _settings(changes: tuple[tuple[str, Any], ...]) -> Settings:
    return Settings(**fake_sign_in.SETTINGS, **dict(changes))


class _IdleMeter(LoadMeter):
    """Measures nothing."""

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()


def create_app(settings: Settings, *, silence_ms: int, rest: bool = False, **parts: Any) -> FastAPI:
    """The application, but for what costs more time than the rest together.

    The REST side is left out unless somebody asks there, and the silence fed to the model comes in longer pieces. The machine is
    never busy.
    """
    terms = terms_of

    def coarse(*args: Any, **kwargs: Any) -> Any:
        return replace(terms(*args, **kwargs), keep_alive=KeepAlive(frame_ms=silence_ms))

    with pytest.MonkeyPatch.context() as patch:
        left_out = (health, options, page_config)
        for part in left_out if rest else (*left_out, conversations, tickets):
            patch.setattr(part, "router", lambda *_, **__: APIRouter())
        patch.setattr(application, "terms_of", coarse)
        # How busy this machine is must not decide what the simulated one does.
        patch.setattr("service.app.LoadMeter", _IdleMeter)
        return application.create_app(settings, **parts)
