"""Measures this process while it serves: how much of its CPU it uses, and how late its event loop runs."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from service.metrics.logs import logger
from service.policies.pressure import Level, Pressure

_EVERY_S: Final = 0.25
_log = logger("service.load")


class LoadMeter:
    """Feeds `pressure`, and tells when its level changes."""

    def __init__(
        self,
        pressure: Pressure,
        *,
        cores: float,
        clock: Callable[[], float],
        cpu_clock: Callable[[], float] = time.process_time,
        on_change: Callable[[str | None], None],
    ) -> None:
        """`cores` is what one process may use; `on_change` hears why nobody new is taken, None when somebody is."""
        self._pressure = pressure
        self._cores = min(1.0, cores)
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._on_change = on_change

    async def run(self) -> None:
        """Until cancelled."""
        before_at, before_cpu_s = self._clock(), self._cpu_clock()
        while True:
            await asyncio.sleep(_EVERY_S)
            now, cpu_s = self._clock(), self._cpu_clock()
            self.sample(now - before_at, cpu_s - before_cpu_s, now)
            before_at, before_cpu_s = now, cpu_s

    def sample(self, lasted_s: float, cpu_s: float, now: float) -> None:
        """One round lasted so long and used so much CPU."""
        cpu_share = cpu_s / (lasted_s * self._cores)
        lag_s = max(0.0, lasted_s - _EVERY_S)
        before = self._pressure.level
        level = self._pressure.observe(cpu_share=cpu_share, lag_s=lag_s, now=now)
        if level is before:
            return
        _log.log(
            _SEVERITY[level],
            "load changed",
            load=level.name.lower(),
            cpu_percent=round(cpu_share * 100),
            cores=self._cores,
            lag_ms=round(lag_s * 1000),
        )
        self._on_change(
            f"busy: {cpu_share:.0%} of {self._cores:g} vCPU, {lag_s * 1000:.0f} ms late"
            if level is Level.FULL
            else None
        )


_SEVERITY: Final = {Level.CALM: 20, Level.BUSY: 20, Level.FULL: 30}  # info, info, warning
