"""Who has spent what today, and the sums on their way to the store; one for each process.

A budget counts what the store knew when the user came, what this process added since, and nothing of what other
processes add meanwhile: with several tasks a user can exceed a budget by what is said at once elsewhere.
"""

import asyncio
import calendar
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from service.metrics import contract
from service.metrics.figures import Figures, Where
from service.metrics.logs import logger
from service.metrics.registry import Registry
from service.policies.budget import Budget, Budgets
from service.stores.statistics import (
    EVERYBODY,
    Bin,
    StatisticsStore,
    StatisticsUnavailableError,
    Sums,
    of_user,
)

_EVERY_S: Final = 5.0
_BINS: Final = 90
_MOST_WAITING: Final = 5_000
"""Bins that wait while the store takes none; then the oldest are given up."""
_MOST_USERS: Final = 20_000
_ALL: Final = ""
_log = logger("service.bookkeeping")


class Bookkeeping:
    """Adds up, writes, and answers whether there is anything left."""

    def __init__(
        self,
        store: StatisticsStore | None,
        budgets: Budgets,
        *,
        registry: Registry,
        wall_clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self.store = store
        self._budgets = budgets
        self._registry = registry
        self._wall_clock = wall_clock
        self._new_id = new_id
        self._figures = Figures()
        self._unwritten: tuple[str, Mapping[Bin, Sums]] | None = None
        self._day = ""
        self._spent: OrderedDict[str, int] = OrderedDict()
        self._known: set[str] = set()

    # Adding up

    def add(self, user_id: str, amounts: Mapping[str, int]) -> None:
        """Something happened in a session of this user."""
        now = time.gmtime(self._wall_clock())
        self._figures.add(user_id, time.strftime("%Y-%m-%dT%H", now), amounts)
        if cost := amounts.get("cost_nano", 0):
            self._turn_over(time.strftime("%Y-%m-%d", now))
            for whose in (user_id, _ALL):
                self._spent[whose] = self._spent.get(whose, 0) + cost
            while len(self._spent) > _MOST_USERS:
                gone, _ = self._spent.popitem(last=False)
                self._known.discard(gone)

    def _turn_over(self, day: str) -> None:
        if day != self._day:
            self._day = day
            self._spent.clear()
            self._known.clear()

    # Budgets

    def _today(self) -> str:
        return time.strftime("%Y-%m-%d", time.gmtime(self._wall_clock()))

    def spent(self, user_id: str) -> Budget | None:
        """Which budget is used up for this user now."""
        return self._budgets.spent(by_user=self._spent.get(user_id, 0), by_all=self._spent.get(_ALL, 0))

    def renewed_in_s(self) -> float:
        """Until midnight, UTC."""
        now = self._wall_clock()
        day = time.gmtime(now)
        return calendar.timegm((day.tm_year, day.tm_mon, day.tm_mday + 1, 0, 0, 0)) - now

    async def allow(self, user_id: str) -> Budget | None:
        """As `spent`, with what the store knows of today; when it cannot be asked, nobody is turned away."""
        if not self._budgets.are_limited:
            return None
        day = self._today()
        self._turn_over(day)
        if self.store is not None and not {user_id, _ALL} <= self._known:
            try:
                await self._look_up(self.store, user_id, day)
            except StatisticsUnavailableError as error:
                _log.warning("what was spent today is not known", reason=str(error))
        return self.spent(user_id)

    async def _look_up(self, store: StatisticsStore, user_id: str, day: str) -> None:
        async with asyncio.timeout(_EVERY_S):
            own = await store.read(of_user(user_id), day, day)
            everybody = await store.read(EVERYBODY, f"{day}T00", f"{day}T23")
        # What this process has not written yet is in `_spent` and not in the store.
        for whose, bins in ((user_id, own), (_ALL, everybody)):
            if whose not in self._known:
                self._known.add(whose)
                self._spent[whose] = max(
                    self._spent.get(whose, 0), sum(sums.get("cost_nano", 0) for _, sums in bins)
                )

    async def forget(self, user_id: str) -> None:
        """Remove a user's sums; raises StatisticsUnavailableError.

        Today's stay where users have a budget, until they are as old as all sums: whoever could remove them had none.
        """
        if self.store is not None:
            await self.flush()
            await self.store.forget(
                of_user(user_id), but=self._today() if self._budgets.user_nano_usd else ""
            )

    # Writing

    async def run(self) -> None:
        """Write what was added up, again and again, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Write everything that waits, as far as the store takes it."""
        if self.store is None:
            self._figures.take(len(self._figures))
            return
        while self._unwritten is not None or len(self._figures):
            if self._unwritten is None:
                self._unwritten = (self._new_id(), _bins(self._figures.take(_BINS)))
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self.store.add(*self._unwritten)
            except (StatisticsUnavailableError, TimeoutError) as error:
                self._give_up_some(str(error) or "no answer in time")
                return
            self._unwritten = None

    def _give_up_some(self, reason: str) -> None:
        too_many = len(self._figures) - _MOST_WAITING
        if too_many > 0:
            self._figures.take(too_many)
            self._registry.add(contract.STATISTICS_DROPPED, too_many)
        _log.warning("figures could not be written", reason=reason, waiting=len(self._figures))

    async def aclose(self) -> None:
        """Write the rest, and let go of the store."""
        await self.flush()
        if self.store is not None:
            await self.store.aclose()


def _bins(figures: Mapping[Where, Mapping[str, int]]) -> Mapping[Bin, Sums]:
    return {
        Bin(scope=of_user(where.user_id) if where.user_id else EVERYBODY, period=where.period): sums
        for where, sums in figures.items()
    }
