"""Audio at any rate becomes the detector's frames without seams."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emulators.nova_sonic.brains.scripted import tone
from emulators.nova_sonic.conversation.audio import FRAME_BYTES, Framer, Resampler, duration_s


def resampled(pcm: bytes, rate_hz: int, chunk_bytes: int) -> NDArray[np.int16]:
    resampler = Resampler(rate_hz)
    parts = [resampler.convert(pcm[at : at + chunk_bytes]) for at in range(0, len(pcm), chunk_bytes)]
    return np.frombuffer(b"".join(parts), dtype="<i2")


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
def test_a_tone_keeps_its_pitch_and_length(rate_hz: int) -> None:
    samples = resampled(tone(rate_hz, rate_hz, 440.0), rate_hz, 2 * 512)

    assert 16_000 == pytest.approx(samples.size, abs=8)
    assert 440 == pytest.approx(int(np.argmax(np.abs(np.fft.rfft(samples)))), abs=1)


@given(chunk_samples=st.integers(1, 700), rate_hz=st.sampled_from([8_000, 24_000]))
def test_chunks_make_no_difference(chunk_samples: int, rate_hz: int) -> None:
    pcm = tone(1_500, rate_hz, 440.0)
    whole = resampled(pcm, rate_hz, len(pcm))
    parts = resampled(pcm, rate_hz, 2 * chunk_samples)

    assert abs(whole.size - parts.size) <= 1
    shared = min(whole.size, parts.size)
    assert int(np.max(np.abs(whole[:shared].astype(int) - parts[:shared].astype(int)))) <= 1


def test_loudest_audio_does_not_overflow() -> None:
    pcm = np.tile(np.array([32_767, -32_768], dtype="<i2"), 400).tobytes()

    assert int(np.max(np.abs(resampled(pcm, 8_000, 100).astype(int)))) <= 32_768


@given(sizes=st.lists(st.integers(0, 3_000), max_size=20))
def test_frames_lose_nothing_and_have_one_length(sizes: list[int]) -> None:
    framer = Framer()
    data = bytes(number % 251 for number in range(sum(sizes)))
    frames = []
    at = 0
    for size in sizes:
        frames += framer.cut(data[at : at + size])
        at += size

    assert {FRAME_BYTES} >= {len(frame) for frame in frames}
    assert data[: len(data) - len(data) % FRAME_BYTES] == b"".join(frames)


def test_a_second_of_audio_lasts_a_second() -> None:
    assert 1.0 == duration_s(bytes(48_000), 24_000)
