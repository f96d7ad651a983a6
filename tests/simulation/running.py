"""Run scenarios under seeds; whatever fails says how to see it again."""

import asyncio
import gc
import itertools
from collections.abc import Coroutine, Iterable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Final

import simloop._loop
from fastapi.dependencies import models as dependencies
from simloop import SimLoop, explore

from tests.simulation.promises import BrokenPromiseError
from tests.simulation.scenarios import SCENARIOS, Scenario
from tests.simulation.world import World

_TRACE_LINES: Final = 25
_FULL_COLLECTION_EVERY: Final = 50


# FastAPI remembers what kind of function each endpoint is, and with it the whole world the endpoint belongs to.
_REMEMBERED: Final = (
    dependencies._is_gen_callable_cached,
    dependencies._is_async_gen_callable_cached,
    dependencies._is_coroutine_callable_cached,
)


class _Young:
    """The garbage of one run: the loop looks for failures that nobody heard of after every run, and all else is old."""

    @staticmethod
    def collect() -> int:
        return gc.collect(0)


# Asked for here, because simloop asks for all generations, which takes longer than most runs.
setattr(simloop._loop, "gc", _Young)  # noqa: B010 - a name the package does not export


class _Task(asyncio.Task[Any]):
    """A task with a hash that is the same in every run: task groups keep their tasks in sets, and cancel in their order."""

    _numbers = itertools.count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._number = next(self._numbers)
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self._number


@dataclass(slots=True)
class Figures:
    """What runs that held had to show."""

    seeds: int = 0
    virtual_s: float = 0.0
    gaps: list[float] = field(default_factory=list)
    turns: int = 0
    resumed: int = 0
    taken_over: int = 0

    def add(self, other: "Figures") -> None:
        for name in ("seeds", "virtual_s", "turns", "resumed", "taken_over"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.gaps += other.gaps

    def __str__(self) -> str:
        gaps = sorted(self.gaps)
        seen = (
            f"{len(gaps)} gaps, p50 {gaps[len(gaps) // 2]:.1f} s, p95 {gaps[len(gaps) * 95 // 100]:.1f} s,"
            f" p99 {gaps[len(gaps) * 99 // 100]:.1f} s, longest {gaps[-1]:.1f} s"
            if gaps
            else "no gap"
        )
        return (
            f"{self.seeds} seeds held, {self.virtual_s / 3600:.1f} virtual hours, {self.turns} turns saved, {seen},"
            f" {self.resumed} resumed in place, {self.taken_over} taken over"
        )


class SeedFailedError(AssertionError):
    """Raised for the first seed that fails; says how to run it again."""

    def __init__(self, name: str, seed: int, report: str) -> None:
        super().__init__(
            f"{name}, seed {seed}\nreplay: make simulate SCENARIO='{name}' SEED={seed}\n{report}"
        )
        self.seed = seed


def run(name: str, seeds: Iterable[int], scenario: Scenario | None = None) -> Figures:
    """Run a scenario under each seed; raises SeedFailedError."""
    chosen = scenario or SCENARIOS[name]
    figures = Figures()
    gc.collect()
    gc.disable()
    try:
        for seed in seeds:
            report = explore(lambda: _one(chosen, figures), [seed], trace_tail=_TRACE_LINES)
            if report is not None:
                raise SeedFailedError(name, seed, report.render()) from report.exception
            figures.seeds += 1
            for remembered in _REMEMBERED:
                remembered.cache_clear()
            if figures.seeds % _FULL_COLLECTION_EVERY == 0:
                gc.collect()
    finally:
        gc.enable()
    return figures


def trace(name: str, seed: int) -> str:
    """A hash of every decision of one run."""
    hashes = []

    async def simulate() -> None:
        await _one(SCENARIOS[name], Figures())
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        hashes.append(loop.trace_hash())

    report = explore(simulate, [seed])
    if report is not None:
        raise SeedFailedError(name, seed, report.render()) from report.exception
    return hashes[0]


def _one(scenario: Scenario, figures: Figures) -> Coroutine[Any, Any, None]:
    async def simulate() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        loop.set_task_factory(_new_task)
        world = World(loop.seed, scenario.plan())
        await world.run(scenario.trouble)
        longest_s = max(world.gaps, default=0.0)
        if longest_s > scenario.longest_gap_s:
            told = [
                (caller.name, dict(caller.closes), dict(caller.errors))
                for caller in world.callers
                if caller.gaps
            ]
            raise BrokenPromiseError(
                f"somebody waited {longest_s:.1f} s, not {scenario.longest_gap_s:.1f} s: {told}"
            )
        scenario.check(world)
        figures.virtual_s += loop.time()
        figures.gaps += world.gaps
        for caller in world.callers:
            figures.turns += len(caller.saved)
            figures.resumed += caller.resumed
            figures.taken_over += caller.taken_over

    return simulate()


def _new_task(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], *, context: Context | None = None
) -> asyncio.Task[Any]:
    return _Task(coro, loop=loop, context=context)
