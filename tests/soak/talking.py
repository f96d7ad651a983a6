"""Conversations against one real process for a while, and what the process holds meanwhile."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import psutil

from tests.e2e.processes import Service
from tests.pool import user_pool
from tests.simulation.caller import Caller, Habits

_TOKEN_LASTS_S: Final = 300.0
"""Calls of up to twenty minutes and a sign-in of an hour: nobody's ends within a call."""
_LONG_CALL_S: Final = 1_200.0
_LONG_CALLS: Final = 0.2
"""Share of callers who stay for many streams of the model; the others call for a minute or two."""
_ANSWERS_WITHIN_S: Final = 10.0
PAUSE_S: Final = (0.2, 10.0)
INTERRUPTS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The process at one moment."""

    at_s: float
    rss_mb: float
    tasks: int
    threads: int
    descriptors: int
    sessions: int

    def __str__(self) -> str:
        return (
            f"{self.at_s:>7.0f} s {self.rss_mb:>8.1f} MB {self.tasks:>7} {self.threads:>8} {self.descriptors:>12}"
            f" {self.sessions:>9}"
        )


HEADINGS: Final = f"{'at':>9} {'memory':>11} {'tasks':>7} {'threads':>8} {'descriptors':>12} {'sessions':>9}"


@dataclass(slots=True, kw_only=True)
class Talk:
    """What was seen."""

    before: Sample
    """Nobody has called yet."""
    busy: list[Sample] = field(default_factory=list)
    after: Sample
    """Everybody has gone."""
    cpu_s: float
    calls: int
    turns: int
    taken_over: int
    closes: Counter[int | None]
    errors: Counter[str]


class Watch:
    """Looks at a process that `tests.soak.watched` runs."""

    def __init__(self, service: Service, counts: Path) -> None:
        self._service = service
        self._counts = counts
        counts.touch()
        self._process = psutil.Process(service.process.pid)
        self._began_at = time.monotonic()

    def sample(self) -> Sample:
        _, ready = self._service.get("/health/ready")
        return Sample(
            at_s=round(time.monotonic() - self._began_at, 1),
            rss_mb=round(self._process.memory_info().rss / 1e6, 2),
            tasks=self._tasks(),
            threads=self._process.num_threads(),
            descriptors=self._process.num_fds(),
            sessions=int(ready["sessions"]),
        )

    @property
    def cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _tasks(self) -> int:
        known = self._lines()
        os.kill(self._process.pid, signal.SIGUSR1)
        give_up_at = time.monotonic() + _ANSWERS_WITHIN_S
        while len(lines := self._lines()) <= len(known) or not lines[-1].endswith("\n"):
            if time.monotonic() > give_up_at:
                raise TimeoutError("the service does not say how many tasks it has")
            time.sleep(0.01)
        return int(lines[-1])

    def _lines(self) -> list[str]:
        return self._counts.read_text(encoding="utf-8").splitlines(keepends=True)


class _SignIn:
    """A token that is young enough for a call."""

    def __init__(self) -> None:
        self._token = ""
        self._got_at = float("-inf")
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        async with self._lock:
            if time.monotonic() - self._got_at > _TOKEN_LASTS_S:
                self._token = str((await asyncio.to_thread(user_pool().sign_in))["access_token"])
                self._got_at = time.monotonic()
            return self._token


async def talk(
    service: Service,
    counts: Path,
    *,
    sessions: int,
    minutes: float,
    every_s: float,
    show: Callable[[str], None],
) -> Talk:
    """Everybody talks, hangs up now and then, and calls again; a call that fails ends the run with its reason."""
    watch = Watch(service, counts)
    before = await asyncio.to_thread(watch.sample)
    show(f"{before} nobody has called")
    ends_at = time.monotonic() + minutes * 60
    callers: list[Caller] = []
    busy: list[Sample] = []
    async with _calling(service, callers, sessions=sessions, ends_at=ends_at) as calling:
        while time.monotonic() + every_s / 2 < ends_at:
            await asyncio.wait({calling}, timeout=every_s)
            if calling.done():
                await calling
                break
            busy.append(await asyncio.to_thread(watch.sample))
            turns = sum(len(caller.saved) for caller in callers)
            show(f"{busy[-1]} {turns:>7} turns saved in {len(callers)} calls")
        cpu_s = watch.cpu_s
        for caller in callers:
            caller.has_enough = True
        await calling
    await asyncio.sleep(10.0)
    after = await asyncio.to_thread(watch.sample)
    show(f"{after} everybody has gone")
    return Talk(
        before=before,
        busy=busy,
        after=after,
        cpu_s=cpu_s,
        calls=len(callers),
        turns=sum(len(caller.saved) for caller in callers),
        taken_over=sum(caller.taken_over for caller in callers),
        closes=sum((caller.closes for caller in callers), Counter[int | None]()),
        errors=sum((caller.errors for caller in callers), Counter[str]()),
    )


@asynccontextmanager
async def _calling(
    service: Service, callers: list[Caller], *, sessions: int, ends_at: float
) -> AsyncIterator[asyncio.Task[None]]:
    port = int(service.url.rpartition(":")[2])
    sign_in = _SignIn()

    async def calls(number: int) -> None:
        dice = Random(number)
        call = 0
        # Not all in the same second, as nobody calls.
        await asyncio.sleep(dice.uniform(0.0, 5.0))
        while time.monotonic() < ends_at:
            call += 1
            is_long = number < _LONG_CALLS * sessions
            caller = Caller(
                f"caller-{number}.{call}",
                dice=dice,
                pick=lambda _: ("127.0.0.1", port),
                habits=Habits(
                    turns=10_000 if is_long else dice.randrange(2, 30),
                    speaks=0.0,
                    pause_s=PAUSE_S,
                    barges_in=INTERRUPTS,
                    open_microphone=True,
                ),
                bearer=await sign_in.token(),
            )
            callers.append(caller)
            hang_up = asyncio.get_running_loop().call_later(_LONG_CALL_S, caller.hang_up)
            try:
                await caller.converse()
            finally:
                hang_up.cancel()

    async def everybody() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(sessions):
                group.create_task(calls(number))

    calling = asyncio.create_task(everybody())
    try:
        yield calling
    finally:
        calling.cancel()
        await asyncio.wait({calling})
