from typing import Any

import orjson

from service.metrics.contract import EVENT_LOOP_LAG, LOG_LINES_DROPPED, TURN
from service.metrics.publisher import Line, Publisher
from service.metrics.registry import Registry
from tests.service.metrics.emf_schema import judge


class _Process:
    """A publisher on virtual time, and what it wrote."""

    def __init__(self, stage: str = "dev") -> None:
        self.now = 100.0
        self.lines: list[dict[str, Any]] = []
        self.dropped = 0
        self.registry = Registry()
        self.publisher = Publisher(
            self.registry,
            Line(
                write=lambda text: self.lines.append(orjson.loads(text)),
                stage=stage,
                properties={"service": "voice"},
                wall_clock=lambda: 1_700_000_000.0 + self.now,
            ),
            gauges=lambda: {"SessionsActive": 3, "SessionUtilization": 6.0},
            newly=[(LOG_LINES_DROPPED, self._take_dropped)],
            clock=lambda: self.now,
        )

    def _take_dropped(self) -> int:
        dropped, self.dropped = self.dropped, 0
        return dropped

    def run_for(self, seconds: int, *, late_s: float = 0.0) -> None:
        for _ in range(seconds):
            self.now += 1.0 + late_s
            self.publisher.tick(self.now)

    def values(self, name: str) -> list[Any]:
        return [line[name] for line in self.lines if name in line]


def test_up_is_said_once_a_minute_beginning_at_once() -> None:
    process = _Process()
    process.run_for(130)
    assert [1, 1, 1] == process.values("Up")


def test_every_ten_seconds_one_line_goes_out_that_the_schema_accepts() -> None:
    process = _Process()
    process.run_for(60)
    for line in process.lines:
        judge(line)
    assert 6 == len(process.values("SessionsActive"))
    assert 3 == process.lines[0]["SessionsActive"]
    assert "dev" == process.lines[0]["Stage"]


def test_the_completion_rate_is_of_the_turns_since_the_last_line() -> None:
    process = _Process()
    process.registry.add(TURN, 2, outcome="completed")
    process.registry.add(TURN, 1, outcome="interrupted")
    process.registry.add(TURN, 1, outcome="error")
    process.run_for(20)
    assert [75.0] == process.values("TurnCompletionRate")


def test_a_late_timer_is_lag_of_the_event_loop() -> None:
    process = _Process()
    process.run_for(1, late_s=0.25)
    assert abs((process.registry.spread(EVENT_LOOP_LAG).quantile_ms(1.0) or 0) - 250) < 8


def test_dropped_log_lines_become_a_metric() -> None:
    process = _Process()
    process.dropped = 41
    process.run_for(10)
    assert [41] == process.values(LOG_LINES_DROPPED.name)


def test_without_a_stage_nothing_is_written_and_the_registry_stays_small() -> None:
    process = _Process(stage="")
    process.registry.add(TURN, outcome="completed")
    process.run_for(30)
    assert [] == process.lines
    assert 0 == process.registry.value(TURN, "completed")
