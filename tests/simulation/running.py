"""Run scenarios under seeds; whatever fails says how to see it again."""

import asyncio
import gc
import itertools
from collections.abc import Coroutine, Iterable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Final

from simloop import SimLoop, explore

from tests.simulation.caller import BrokenPromiseError
from tests.simulation.scenarios import SCENARIOS, Scenario
from tests.simulation.world import World

_TRACE_LINES: Final = 25


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
    steps: int = 0
    gaps: list[float] = field(default_factory=list)
    turns: int = 0
    resumed: int = 0
    taken_over: int = 0


class SeedFailedError(AssertionError):
    """Raised for the first seed that fails; says how to run it again."""

    def __init__(self, name: str, seed: int, report: str) -> None:
        super().__init__(f"{name}, seed {seed}\nreplay: make simulate SCENARIO='{name}' SEED={seed}\n{report}")
        self.seed = seed


def run(name: str, seeds: Iterable[int], scenario: Scenario | None = None) -> Figures:
    """Run a scenario under each seed; raises SeedFailedError."""
    chosen = scenario or SCENARIOS[name]
    figures = Figures()
    for seed in seeds:
        report = explore(lambda: _one(chosen, figures), [seed], trace_tail=_TRACE_LINES)
        if report is not None:
            raise SeedFailedError(name, seed, report.render()) from report.exception
        if figures.seeds == 0:
            # What was imported and made by now stays; the loop collects garbage after every run.
            gc.collect()
            gc.freeze()
        figures.seeds += 1
    return figures


def _one(scenario: Scenario, figures: Figures) -> Coroutine[Any, Any, None]:
    async def simulate() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        loop.set_task_factory(_new_task)
        world = World(loop.seed, scenario.plan())
        await world.run(scenario.trouble)
        longest_s = max(world.gaps, default=0.0)
        if longest_s > scenario.longest_gap_s:
            told = [(caller.name, dict(caller.closes), dict(caller.errors)) for caller in world.callers if caller.gaps]
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
