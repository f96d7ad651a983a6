"""A process that measures itself, on made-up clocks."""

from service.metrics.load import LoadMeter
from service.policies.pressure import Level, Limits, Pressure


def meter(cores: float) -> tuple[LoadMeter, Pressure, list[str | None]]:
    pressure = Pressure(Limits(cpu_share=0.8, lag_s=0.2, patience_s=1.0))
    told: list[str | None] = []
    return LoadMeter(pressure, cores=cores, clock=lambda: 0.0, on_change=told.append), pressure, told


def test_half_a_core_is_all_there_is_when_that_is_the_quota() -> None:
    measured, pressure, told = meter(0.5)
    for number in range(6):
        measured.sample(0.25, 0.11, 10 + number * 0.25)

    assert (Level.FULL, ["busy: 88% of 0.5 vCPU, 0 ms late"]) == (pressure.level, told)


def test_one_process_uses_one_core_however_many_there_are() -> None:
    measured, pressure, _ = meter(64.0)
    for number in range(6):
        measured.sample(0.25, 0.24, 10 + number * 0.25)

    assert Level.FULL is pressure.level


def test_a_loop_that_comes_late_is_full_and_says_when_it_is_over() -> None:
    measured, pressure, told = meter(1.0)
    for number in range(4):
        measured.sample(0.55, 0.05, 10 + number * 0.55)
    assert Level.FULL is pressure.level
    for number in range(6):
        measured.sample(0.25, 0.05, 13 + number * 0.25)

    assert (Level.CALM, 2, None) == (pressure.level, len(told), told[-1])
