"""The real store over SQLite in memory, reached by every process over a network that is slow, loses answers and fails.

What was sent is carried out whatever becomes of the process that sent it, and whether or not it still waits: so a
process that was taken for dead writes late, as it would to a real table.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

from service.stores.ports import Retention, StoreUnavailableError
from service.stores.sqlite import SqliteStore
from service.stores.sqlite_shared import SqliteDocuments, SqliteTickets
from tests.service import fake_sign_in


class _InlineWorker:
    """The store's thread, without the thread: a call is carried out at the instant it is made."""

    async def run[**P, R](self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return call(*args, **kwargs)

    def close(self) -> None:
        """Nothing runs."""


@dataclass(slots=True, kw_only=True)
class StoreFaults:
    """How often what goes wrong, as shares of requests; `is_away`: nothing works at the moment."""

    fails: float = 0.0
    loses_answer: float = 0.0
    is_slow: float = 0.0
    """Answers after the time-out, and did write."""
    is_away: bool = False
    latency_s: tuple[float, float] = (0.001, 0.02)


@dataclass(slots=True, kw_only=True)
class SharedStore:
    """One table, and everybody's way to it."""

    dice: Random
    faults: StoreFaults = field(default_factory=StoreFaults)
    store: SqliteStore = field(init=False)
    documents: SqliteDocuments = field(init=False)
    tickets: SqliteTickets = field(init=False)

    def __post_init__(self) -> None:
        self.store = SqliteStore(Path(":memory:"), retention=Retention(), utc_now=_utc_now)
        self.store.file._worker = cast("Any", _InlineWorker())
        self.documents = SqliteDocuments(self.store.file, lambda: _utc_now().timestamp())
        self.tickets = SqliteTickets(self.store.file)

    def at_once[T](self, request: Coroutine[Any, Any, T]) -> T:
        """Carry one request out now."""
        try:
            request.send(None)
        except StopIteration as done:
            return cast("T", done.value)
        raise AssertionError("a request to SQLite waited")

    def way_to_conversations(self) -> "Way":
        """One process's."""
        return Way(self, self.store)

    def way_to_documents(self) -> "Way":
        """One process's."""
        return Way(self, self.documents)

    def way_to_tickets(self) -> "Way":
        """One process's."""
        return Way(self, self.tickets)


class Way:
    """One process's way to what is shared; it answers to every name that has."""

    def __init__(self, shared: SharedStore, target: object) -> None:
        self._shared = shared
        self._target = target
        self.is_alive = True
        self.is_cut = False
        """Whether nothing gets through at the moment."""

    async def aclose(self) -> None:
        self.is_alive = False

    async def check(self) -> None:
        """Always well."""

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def ask(*args: Any, **kwargs: Any) -> Any:
            return await self._ask(lambda: getattr(self._target, name)(*args, **kwargs))

        return ask

    async def _ask(self, request: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if not self.is_alive:
            # Nobody runs any more; this is only how the simulation takes a process down.
            raise StoreUnavailableError("the process is gone")
        dice, faults = self._shared.dice, self._shared.faults
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        delay_s = dice.uniform(*faults.latency_s)
        if dice.random() < faults.is_slow:
            delay_s += dice.uniform(2.0, 20.0)
        is_lost = dice.random() < faults.loses_answer
        fails = faults.is_away or self.is_cut or dice.random() < faults.fails

        def carry_out() -> None:
            try:
                if fails:
                    raise StoreUnavailableError("throttled")  # noqa: TRY301 - as the store itself would
                result = self._shared.at_once(request())
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
                if not answer.done() and not is_lost:
                    answer.set_exception(error)
            else:
                if not answer.done() and not is_lost:
                    answer.set_result(result)

        loop.call_later(delay_s, carry_out)
        return await answer


def _utc_now() -> datetime:
    """The wall clock of whoever asks; processes may disagree."""
    return datetime.fromtimestamp(fake_sign_in.NOW + asyncio.get_running_loop().time(), UTC)
