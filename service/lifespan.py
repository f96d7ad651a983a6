"""What runs beside the sessions from the first request to the last: checks, counts, figures, and their end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from service.allowances import BEAT_S
from service.api.health import Health, Phase
from service.bookkeeping import Bookkeeping
from service.errors import ModelFailure
from service.metrics.load import LoadMeter
from service.metrics.logs import logger
from service.metrics.publisher import Publisher
from service.places import SharedPlaces, Unlimited
from service.sessions import Sessions
from service.stores.ports import ConversationStore, StoreError
from service.task_protection import TaskProtection
from service.transports.ports import ModelTransport

# How often a model that failed its check is checked again.
_RECHECK_S: Final = 10.0
# With what asking takes at worst, a revoked user is out within a minute.
_REVOCATION_S: Final = 30.0
# How often it is asked who owns the conversations held here: one request for a hundred of them.
_OWNERS_S: Final = 4.0
_log = logger("service.lifespan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifespan:
    """Everything of one application that has to be started, and stopped in this order."""

    model: ModelTransport
    store: ConversationStore | None
    health: Health
    sessions: Sessions
    publisher: Publisher
    books: Bookkeeping
    places: SharedPlaces | Unlimited
    meter: LoadMeter
    protection: TaskProtection | None
    elsewhere: Callable[[], int]
    """How many sessions the other workers of this task have."""

    @asynccontextmanager
    async def run(self, _: FastAPI) -> AsyncIterator[None]:
        """Begin with the application, end with it; what was counted is written before the store closes."""
        self.health.model_problem = "the model has not been checked yet"
        working = {asyncio.create_task(work, name=name) for name, work in self._works()}
        self.health.phase = Phase.SERVING
        try:
            yield
        finally:
            for task in working:
                task.cancel()
            await asyncio.wait(working)
            await self.books.aclose()
            self.publisher.flush()
            await self.model.aclose()
            if self.store is not None:
                await self.store.aclose()

    def _works(self) -> list[tuple[str, Coroutine[None, None, None]]]:
        works: list[tuple[str, Coroutine[None, None, None]]] = [
            ("model check", _check(self.model, self.health)),
            ("revocation watch", _watch(self.sessions)),
            ("load meter", self.meter.run()),
            ("count of users", _count(self.sessions)),
            ("watch over owners", _look_after(self.sessions)),
            ("bookkeeping", self.books.run()),
            ("metrics", self.publisher.run()),
        ]
        if isinstance(self.places, SharedPlaces):
            works.append(("ledger of streams", self.places.run()))
        if self.protection is not None:
            works.append(
                (
                    "task protection",
                    self.protection.run(
                        lambda: len(self.sessions) + self.elsewhere(),
                        lambda: self.health.phase is Phase.DRAINING,
                    ),
                )
            )
        return works


async def _check(model: ModelTransport, health: Health) -> None:
    """Check the model until it passes; sessions are taken all the while, so that users learn the reason."""
    while True:
        try:
            await model.check()
        except ModelFailure as failure:
            health.model_problem = str(failure)
            _log.error("the model cannot be reached", kind=failure.kind.value, reason=failure.message)
            await asyncio.sleep(_RECHECK_S)
        else:
            health.model_problem = None
            _log.info("the model can be reached")
            return


async def _count(sessions: Sessions) -> None:
    """Count what users hold and use, again and again; a store that is away costs nobody a running session."""
    while True:
        await asyncio.sleep(BEAT_S)
        try:
            await sessions.count()
        except StoreError as error:
            _log.warning("users could not be counted", reason=str(error))
        except Exception:  # noqa: BLE001 - the next round counts again
            _log.exception("counting users failed")


async def _look_after(sessions: Sessions) -> None:
    """End what goes on elsewhere, soon; a store that does not answer is asked again."""
    while True:
        await asyncio.sleep(_OWNERS_S)
        try:
            if ended := await sessions.look_after():
                _log.info("sessions ended, their conversations go on elsewhere", sessions=ended)
        except (StoreError, TimeoutError) as error:
            _log.warning("it cannot be asked who owns what", reason=str(error) or "no answer in time")
        except Exception:  # noqa: BLE001 - the next round asks again
            _log.exception("asking who owns what failed")


async def _watch(sessions: Sessions) -> None:
    """End the sessions of users whose sign-in was taken back; the issuer tells nobody, so it is asked."""
    while True:
        await asyncio.sleep(_REVOCATION_S)
        try:
            if ended := await sessions.end_revoked():
                _log.info("sessions ended, sign-in revoked", sessions=ended)
        except Exception:  # noqa: BLE001 - the next sweep asks again
            _log.exception("asking about revoked sign-ins failed")
