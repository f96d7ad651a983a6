"""Levels of load, on virtual time."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from service.policies.pressure import Level, Limits, Pressure

LIMITS = Limits(cpu_share=0.8, lag_s=0.2, busy_at=0.85, patience_s=2.0)


def after(samples: Sequence[tuple[float, float]], every_s: float = 0.5) -> list[Level]:
    """The level after each sample of CPU share and lag."""
    pressure = Pressure(LIMITS)
    return [
        pressure.observe(cpu_share=cpu_share, lag_s=lag_s, now=100.0 + number * every_s)
        for number, (cpu_share, lag_s) in enumerate(samples)
    ]


def test_a_process_begins_calm() -> None:
    assert Level.CALM is Pressure().level


def test_a_burst_is_no_load() -> None:
    assert {Level.CALM} == set(after([(1.0, 1.0)] * 4 + [(0.1, 0.0)] + [(1.0, 1.0)] * 4))


def test_load_that_lasts_makes_it_full() -> None:
    levels = after([(0.9, 0.0)] * 6)

    assert [Level.CALM] * 4 + [Level.FULL] * 2 == levels


def test_being_late_counts_like_cpu() -> None:
    assert Level.FULL is after([(0.1, 0.3)] * 5)[-1]
    assert Level.BUSY is after([(0.1, 0.19)] * 5)[-1]


def test_near_the_limit_it_is_busy_and_takes_more() -> None:
    assert Level.BUSY is after([(0.75, 0.0)] * 5)[-1]


def test_what_hovers_at_the_limit_does_not_flicker() -> None:
    levels = after([(0.9, 0.0)] * 5 + [(0.79, 0.0), (0.81, 0.0)] * 10)

    assert {Level.FULL} == set(levels[4:])


def test_it_becomes_calm_when_the_load_has_gone_for_a_while() -> None:
    levels = after([(0.9, 0.0)] * 5 + [(0.2, 0.0)] * 6)

    assert [Level.FULL] * 5 + [Level.CALM] * 2 == levels[4:]


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 5)), min_size=5, max_size=60))
def test_a_level_is_never_above_what_some_sample_of_the_window_reached_nor_below_all(
    samples: list[tuple[float, float]],
) -> None:
    levels = after(samples)
    for number in range(4, len(samples)):
        window = [
            LIMITS.level(max(cpu / LIMITS.cpu_share, lag / LIMITS.lag_s))
            for cpu, lag in samples[number - 4 : number + 1]
        ]
        assert levels[number] >= min(window)
        assert levels[number] <= max(levels[number - 1], min(window))


@given(st.integers(1, 2_000))
def test_its_memory_is_bounded(samples: int) -> None:
    pressure = Pressure(LIMITS)
    for number in range(samples):
        pressure.observe(cpu_share=0.5, lag_s=0.0, now=number * 0.25)

    assert len(pressure._samples) <= 10


def test_a_level_begins_at_its_limit() -> None:
    assert [Level.CALM, Level.BUSY, Level.BUSY, Level.FULL] == [
        LIMITS.level(strain) for strain in (0.849, 0.85, 0.999, 1.0)
    ]


def test_two_samples_far_apart_are_judged_by_the_newer() -> None:
    """A process that was stopped for minutes has nothing older to go by."""
    pressure = Pressure(LIMITS)
    pressure.observe(cpu_share=0.1, lag_s=0.0, now=0.0)
    pressure.observe(cpu_share=0.9, lag_s=0.0, now=300.0)

    assert Level.FULL is pressure.observe(cpu_share=0.9, lag_s=0.0, now=600.0)


def test_without_patience_the_newest_sample_decides() -> None:
    pressure = Pressure(Limits(cpu_share=0.8, lag_s=0.2, patience_s=0.0))
    loads = [(0.9, 0.0), (0.1, 1.0), (0.9, 2.0)]

    assert [Level.FULL, Level.CALM, Level.FULL] == [
        pressure.observe(cpu_share=cpu_share, lag_s=0.0, now=now) for cpu_share, now in loads
    ]
