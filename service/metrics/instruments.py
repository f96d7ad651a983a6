"""What one process measures itself with, made once and handed to whoever counts."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from service.metrics.contract import LOG_LINES_DROPPED, TRACES_DROPPED
from service.metrics.pipe import LinePipe
from service.metrics.publisher import Line, Publisher
from service.metrics.registry import Registry
from service.metrics.tracing import NoTraces, Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """The registry of metrics, and the pipe through which lines leave; None: straight to stderr."""

    registry: Registry = field(default_factory=Registry)
    pipe: LinePipe | None = None
    traces: Traces = field(default_factory=NoTraces)

    def publisher(
        self,
        *,
        stage: str,
        properties: Mapping[str, str],
        gauges: Callable[[], Mapping[str, float]],
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> Publisher:
        """What flushes the registry as metric lines."""
        write = sys.stderr.write if self.pipe is None else self.pipe.write
        return Publisher(
            self.registry,
            Line(write=write, stage=stage, properties=properties, wall_clock=wall_clock),
            gauges=gauges,
            newly=(
                (LOG_LINES_DROPPED, int if self.pipe is None else self.pipe.newly_dropped),
                (TRACES_DROPPED, self.traces.newly_dropped),
            ),
            clock=clock,
        )
