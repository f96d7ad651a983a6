"""How hard-pressed is this process, by what it measures of itself: its share of CPU, and how late it runs?

Rule 1: a level is reached when every sample of the last `patience_s` was that high: a burst is no load.
Rule 2: it is left when every sample was well below it: what hovers at a limit does not flicker.
"""

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

# To leave a level, all samples must be below this share of where it begins.
_WELL_BELOW: Final = 0.85


class Level(IntEnum):
    """What follows from it."""

    CALM = 0
    """Nothing: every frame goes on at once."""
    BUSY = 1
    """Frames to the model are sent two at a time, which costs each 32 ms and saves a fifth of the work."""
    FULL = 2
    """Besides, nobody new is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where a process is full, and at which part of that it is busy."""

    cpu_share: float = 0.85
    """Of the CPU that it may use: one core, or its quota where that is less."""
    lag_s: float = 0.25
    """How late the event loop comes to what is due."""
    busy_at: float = 0.85
    patience_s: float = 2.0

    def level(self, strain: float) -> Level:
        """The level of one sample, which is a share of the limit that is nearer."""
        if strain >= 1.0:
            return Level.FULL
        return Level.BUSY if strain >= self.busy_at else Level.CALM


class Pressure:
    """The level of one process; reads as of the last sample."""

    __slots__ = ("_limits", "_samples", "level")

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._samples: deque[tuple[float, float]] = deque()
        self.level = Level.CALM

    def observe(self, *, cpu_share: float, lag_s: float, now: float) -> Level:
        """Take one sample, measured up to `now`."""
        limits, samples = self._limits, self._samples
        samples.append((now, max(cpu_share / limits.cpu_share, lag_s / limits.lag_s)))
        if now - samples[0][0] < limits.patience_s:
            return self.level
        while len(samples) > 1 and now - samples[1][0] >= limits.patience_s:
            samples.popleft()
        strains = [strain for _, strain in samples]
        reached = limits.level(min(strains))
        kept = limits.level(max(strains) / _WELL_BELOW)
        self.level = max(reached, min(self.level, kept))
        return self.level
