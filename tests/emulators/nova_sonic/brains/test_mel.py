import numpy as np
import numpy.typing as npt
import pytest

from emulators.nova_sonic.brains.mel import RATE_HZ, log_mel


def tone(hz: float) -> npt.NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)


def test_a_second_is_a_hundred_frames_of_eighty_bands() -> None:
    assert (80, 100) == log_mel(np.zeros(RATE_HZ, np.float32)).shape


@pytest.mark.parametrize(("hz", "band"), [(200, 4), (1000, 26), (4000, 62)])
def test_a_tone_lights_its_band(hz: float, band: int) -> None:
    loudest = log_mel(tone(hz))[:, 50].argmax()

    assert band == pytest.approx(int(loudest), abs=2)


def test_nothing_is_more_than_eighty_decibels_below_the_loudest() -> None:
    picture = log_mel(tone(1000))

    assert picture.max() - picture.min() == pytest.approx(2.0, abs=1e-6)
