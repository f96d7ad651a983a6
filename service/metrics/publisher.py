"""The heartbeat of a process: it measures the event loop, and flushes the registry as metric lines.

One task calls `tick` every second on the clock of the process. Nothing here runs for a frame of audio.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from service.metrics.contract import (
    EVENT_LOOP_LAG,
    TURN,
    TURN_COMPLETION_RATE,
    UP,
    Metric,
)
from service.metrics.emf import documents
from service.metrics.registry import Registry

_PROBE_S: Final = 1.0
_FLUSH_S: Final = 10.0
_UP_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Where metric lines go, and what stands on each of them."""

    write: Callable[[str], object]
    stage: str
    """The dimension; without a stage no line is written."""
    properties: Mapping[str, str]
    wall_clock: Callable[[], float]


class Publisher:
    """Flushes every ten seconds; says `Up` every minute, beginning at once."""

    def __init__(
        self,
        registry: Registry,
        line: Line,
        *,
        gauges: Callable[[], Mapping[str, float]],
        newly: Sequence[tuple[Metric, Callable[[], int]]],
        clock: Callable[[], float],
    ) -> None:
        """`newly` are counts kept elsewhere, in other threads: each says what came to it since it was asked last."""
        self._registry = registry
        self._line = line
        self._gauges = gauges
        self._newly = newly
        self._clock = clock
        now = clock()
        self._probe_at = now + _PROBE_S
        self._flush_at = now + _FLUSH_S
        self._up_at = now

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(max(0.0, self._probe_at - self._clock()))
            self.tick(self._clock())

    def tick(self, now: float) -> None:
        """Do what is due."""
        if now >= self._probe_at:
            self._registry.observe(EVENT_LOOP_LAG, (now - self._probe_at) * 1_000)
            self._probe_at = now + _PROBE_S
        if now >= self._up_at:
            self._registry.add(UP)
            self._up_at = now + _UP_S
        if now >= self._flush_at:
            self.flush()
            self._flush_at = now + _FLUSH_S

    def flush(self) -> None:
        """Write what was counted since the last time; also the last thing that a process does."""
        for metric, count in self._newly:
            self._registry.add(metric, count())
        snapshot = self._registry.take({**self._completion_rate(), **self._gauges()})
        if not self._line.stage:
            return
        timestamp_ms = int(self._line.wall_clock() * 1_000)
        for document in documents(
            snapshot, stage=self._line.stage, timestamp_ms=timestamp_ms, properties=self._line.properties
        ):
            self._line.write(orjson.dumps(document).decode() + "\n")

    def _completion_rate(self) -> Mapping[str, float]:
        counts = {outcome: self._registry.value(TURN, outcome) for outcome in TURN.outcomes}
        turns = sum(counts.values())
        if not turns:
            return {}
        return {
            TURN_COMPLETION_RATE.name: round(100 * (counts["completed"] + counts["interrupted"]) / turns, 2)
        }
