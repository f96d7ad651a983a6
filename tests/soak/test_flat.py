from random import Random

import pytest

from tests.soak.flat import Allowance, trend

ALLOWED = Allowance(share=0.05, least=2.0)
TIMES = [15.0 * i for i in range(240)]


def _noise() -> list[float]:
    dice = Random(5)
    return [dice.gauss(0.0, 3.0) for _ in TIMES]


def test_noise_around_a_level_is_flat() -> None:
    samples = [(at, 110.0 + noise) for at, noise in zip(TIMES, _noise(), strict=True)]

    assert trend("memory", samples, ALLOWED).is_flat


def test_a_slow_leak_below_the_noise_is_found() -> None:
    """Ten megabytes in an hour, where single samples differ by more."""
    samples = [(at, 110.0 + at / 360 + noise) for at, noise in zip(TIMES, _noise(), strict=True)]

    found = trend("memory", samples, ALLOWED)

    assert not found.is_flat
    assert 10.0 == pytest.approx(found.per_hour, abs=2.0)
    assert 8.0 == pytest.approx(found.rise, abs=1.6), "the first fifth is not judged"


def test_growing_to_size_in_the_first_fifth_is_no_leak() -> None:
    samples = [(at, min(110.0, 60.0 + at / 12)) for at in TIMES]

    assert trend("memory", samples, ALLOWED).is_flat


def test_a_last_sample_that_is_off_does_not_turn_the_verdict() -> None:
    """The first against the last would."""
    samples = [(at, 110.0) for at in TIMES[:-1]] + [(TIMES[-1], 150.0)]

    assert trend("memory", samples, ALLOWED).is_flat


def test_a_step_in_every_call_that_is_given_back_is_flat() -> None:
    samples = [(at, 50.0 + i % 8) for i, at in enumerate(TIMES)]

    assert trend("tasks", samples, ALLOWED).is_flat


def test_what_shrinks_is_flat() -> None:
    assert trend("tasks", [(at, 400.0 - at / 10) for at in TIMES], ALLOWED).is_flat


def test_one_descriptor_left_in_every_minute_is_found() -> None:
    samples = [(at, 100.0 + at // 60) for at in TIMES]

    assert not trend("descriptors", samples, ALLOWED).is_flat
