"""Live conversations through rolling restarts of real processes, behind a bad network: nobody may be dropped."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from service.stores.ports import Retention
from service.stores.sqlite import SqliteStore
from tests.drill.chaos import Chaos, Fate, Weather
from tests.e2e.processes import Emulator, Service, running_service
from tests.pool import UserPool, user_pool
from tests.simulation.caller import Caller, Habits

_PARALLEL: Final = 2
_EXIT_S: Final = 60.0
_GO_ELSEWHERE: Final = 4503
WEATHER: Final = Weather(fates=((Fate.IS_CUT, 0.1), (Fate.IS_RESET, 0.1), (Fate.HALF_OPEN, 0.05)))


@dataclass(slots=True, kw_only=True)
class Restart:
    """One process replaced by another."""

    how: str
    sessions: int
    began_at: float
    took_s: float = 0.0
    exit_code: int = 0
    gaps: list[float] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it."""

    sessions: int
    dropped: list[str]
    lost_turns: list[str]
    saved_turns: int
    resumed: int
    taken_over: int
    refused: int
    closes: dict[int | None, int]
    errors: dict[str, int]
    restarts: Sequence[Restart]
    others: list[float]
    """Gaps that no restart explains: the network's."""
    fates: dict[str, int]
    took_s: float

    def __str__(self) -> str:
        rows = [
            f"{'restart':>7} {'how':<8} {'sessions':>8} {'took':>7} {'exit':>5} {'gaps':>5} {'p50':>6} {'p95':>6} {'p99':>6} {'max':>6}"
        ]
        for number, restart in enumerate(self.restarts, 1):
            rows.append(
                f"{number:>7} {restart.how:<8} {restart.sessions:>8} {restart.took_s:>5.1f} s {restart.exit_code:>5}"
                f" {len(restart.gaps):>5} {_figures(restart.gaps)}"
            )
        for how in sorted({restart.how for restart in self.restarts}):
            gaps = [gap for restart in self.restarts if restart.how == how for gap in restart.gaps]
            rows.append(f"{'all':>7} {how:<8} {'':>8} {'':>7} {'':>5} {len(gaps):>5} {_figures(gaps)}")
        rows += [
            f"{'network':>7} {'':<8} {'':>8} {'':>7} {'':>5} {len(self.others):>5} {_figures(self.others)}",
            "",
            (
                f"{self.sessions} conversations, {len(self.restarts)} restarts, {len(self.dropped)} dropped conversations,"
                f" {len(self.lost_turns)} lost turns of {self.saved_turns} saved, {self.resumed} resumed in place,"
                f" {self.taken_over} taken over, {self.took_s:.0f} s"
            ),
            f"{self.refused} connections refused; closed with {self.closes}; told {self.errors}",
            "connections: " + ", ".join(f"{count} {fate}" for fate, count in sorted(self.fates.items())),
            *self.dropped,
            *self.lost_turns,
        ]
        return "\n".join(rows)


def _figures(gaps: Sequence[float]) -> str:
    if not gaps:
        return " ".join([f"{'-':>6}"] * 4)
    ordered = sorted(gaps)
    chosen = [ordered[len(ordered) * percent // 100] for percent in (50, 95, 99)] + [ordered[-1]]
    return " ".join(f"{gap:>4.1f} s" for gap in chosen)


class Drill:
    """Two processes over one file of conversations, replaced one after the other while people talk."""

    def __init__(
        self, folder: Path, emulator: Emulator, *, sessions: int, restarts: int, seed: int = 1
    ) -> None:
        self._folder = folder
        self._emulator = emulator
        self._restarts = restarts
        self._dice = Random(seed)
        self._chaos = Chaos(WEATHER, Random(seed + 1))
        self._stack = ExitStack()
        self._running: list[Service] = []
        self._started = 0
        self._sessions = sessions
        self._pool: UserPool = user_pool()
        self.restarts: list[Restart] = []

    async def run(self) -> Report:
        """All of it, bounded in time by the callers' own patience."""
        began_at = time.monotonic()
        try:
            return await self._run(began_at)
        finally:
            await self._chaos.stop()
            await asyncio.to_thread(self._stack.close)

    async def _run(self, began_at: float) -> Report:
        for _ in range(_PARALLEL):
            await self._start()
        port = await self._chaos.start()
        token = str((await asyncio.to_thread(self._pool.sign_in))["access_token"])
        callers = [
            Caller(
                f"caller-{i}",
                dice=Random(i),
                pick=lambda _: ("127.0.0.1", port),
                habits=Habits(turns=10_000, speaks=0.0, pause_s=(0.2, 2.0)),
                bearer=token,
            )
            for i in range(self._sessions)
        ]
        talks = [asyncio.create_task(caller.converse()) for caller in callers]
        await asyncio.sleep(5.0)
        for number in range(self._restarts):
            await self._replace(signal.SIGKILL if number % 4 == 3 else signal.SIGTERM)
            await asyncio.sleep(1.0)
        await asyncio.sleep(5.0)
        for caller in callers:
            caller.has_enough = True
        ends = await asyncio.gather(*talks, return_exceptions=True)
        dropped = [f"dropped: {end}" for end in ends if isinstance(end, BaseException)]
        return await self._report(callers, dropped, began_at)

    async def _start(self) -> None:
        self._started += 1
        service = await asyncio.to_thread(
            self._stack.enter_context,
            running_service(
                self._folder,
                self._emulator,
                name=f"task-{self._started}",
                VOICE_PARK_S=15,
                VOICE_MAX_SESSIONS=200,
                # This machine is busy with starting processes; that is not what is asked here.
                VOICE_MAX_CPU_PERCENT=1_000,
                VOICE_MAX_LAG_MS=10_000,
                VOICE_LOG_LEVEL="warning",
            ),
        )
        self._running.append(service)
        self._chaos.targets.append(_port(service))

    async def _replace(self, how: signal.Signals) -> None:
        """The new one first; the oldest goes."""
        await self._start()
        old = self._running.pop(0)
        _, ready = await asyncio.to_thread(old.get, "/health/ready")
        restart = Restart(
            how=how.name, sessions=int(ready["sessions"]), began_at=asyncio.get_running_loop().time()
        )
        self.restarts.append(restart)
        self._chaos.targets.remove(_port(old))
        began_at = time.monotonic()
        old.stop(how)
        restart.exit_code = await asyncio.to_thread(old.ended, _EXIT_S)
        restart.took_s = time.monotonic() - began_at

    async def _report(self, callers: Sequence[Caller], dropped: list[str], began_at: float) -> Report:
        others: list[float] = []
        for caller in callers:
            for gap, end, code in zip(caller.gaps, caller.gap_ends, caller.gap_codes, strict=True):
                cause = self._cause(end - gap, end, code)
                (others if cause is None else cause.gaps).append(gap)
        return Report(
            sessions=len(callers),
            dropped=dropped,
            lost_turns=await self._lost_turns(callers),
            saved_turns=sum(len(caller.saved) for caller in callers),
            resumed=sum(caller.resumed for caller in callers),
            taken_over=sum(caller.taken_over for caller in callers),
            refused=sum(caller.refused for caller in callers),
            closes=dict(sum((caller.closes for caller in callers), Counter[int | None]())),
            errors=dict(sum((caller.errors for caller in callers), Counter[str]())),
            restarts=self.restarts,
            others=others,
            fates=dict(self._chaos.fates),
            took_s=time.monotonic() - began_at,
        )

    def _cause(self, begun: float, end: float, code: int | None) -> Restart | None:
        """The restart that ended a connection: one sent on by SIGTERM was told so; what else breaks then is the network.

        Whoever was killed was silent for a while before: a gap begins with the last thing that was heard.
        """
        for restart in self.restarts:
            is_then = begun <= restart.began_at + restart.took_s + 0.5 and end >= restart.began_at
            if is_then and (code == _GO_ELSEWHERE) is (restart.how == signal.SIGTERM.name):
                return restart
        return None

    async def _lost_turns(self, callers: Sequence[Caller]) -> list[str]:
        """What was said to be saved, and is not in the file; or is there twice."""
        store = SqliteStore(
            self._folder / "conversations.sqlite", retention=Retention(), utc_now=lambda: datetime.now(UTC)
        )
        user_id = await asyncio.to_thread(self._user_id)
        wrong = []
        for caller in callers:
            for conversation_id in {conversation_id for conversation_id, _ in caller.saved}:
                turns = await store.turns(user_id, conversation_id)
                stored = {saved.turn.number: saved.turn.user for saved in turns}
                wrong += [
                    f"lost: {caller.name}, turn {number}, {text!r}"
                    for (known, number), text in caller.saved.items()
                    if known == conversation_id and stored.get(number) != text
                ]
                wrong += [f"{caller.name}: {found}" for found in caller.wrong_in(list(stored.values()))]
        await store.aclose()
        return wrong

    def _user_id(self) -> str:
        import sqlite3  # noqa: PLC0415 - read once, of a file that is the product's

        with sqlite3.connect(self._folder / "conversations.sqlite") as database:
            return str(database.execute("SELECT user_id FROM conversations LIMIT 1").fetchone()[0])


def _port(service: Service) -> int:
    return int(service.url.rpartition(":")[2])
