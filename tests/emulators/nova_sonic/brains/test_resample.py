from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from emulators.nova_sonic.brains.resample import resample

RATE_HZ = 24_000


def tone(hz: float, rate_hz: float = RATE_HZ, seconds: float = 0.5) -> npt.NDArray[np.float32]:
    return np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize(
    "ratio", [Fraction(2, 3), Fraction(1, 3), Fraction(5, 4), Fraction(20, 17), Fraction(40, 69)]
)
def test_a_tone_stays_the_tone_it_was(ratio: Fraction) -> None:
    expected = tone(1000, rate_hz=float(RATE_HZ * ratio))
    got = resample(tone(1000), ratio)
    inside = slice(300, min(len(expected), len(got)) - 300)

    assert got[inside] == pytest.approx(expected[inside], abs=2e-3)


def test_what_the_lower_rate_cannot_carry_is_gone() -> None:
    got = resample(tone(9500), Fraction(2, 3))

    assert np.abs(got[300:-300]).max() < 1e-3


@pytest.mark.parametrize(
    ("count", "ratio", "length"),
    [(300, Fraction(2, 3), 200), (100, Fraction(2, 3), 67), (1, Fraction(1, 3), 1)],
)
def test_the_length_follows_the_ratio(count: int, ratio: Fraction, length: int) -> None:
    assert length == len(resample(np.ones(count, np.float32), ratio))


def test_the_same_rate_and_no_samples_need_no_work() -> None:
    samples = tone(440)

    assert resample(samples, Fraction(1)) is samples
    assert 0 == len(resample(np.zeros(0, np.float32), Fraction(2, 3)))


def test_a_constant_keeps_its_level() -> None:
    assert resample(np.ones(2000, np.float32), Fraction(2, 3))[100:-100] == pytest.approx(1.0, abs=1e-4)
