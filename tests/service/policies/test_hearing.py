"""What counts as speech that a model should react to."""

from array import array
from collections.abc import Iterable
from math import inf

import pytest

from service.policies.hearing import Hearing

SAMPLES = 320


def pcm(value: int, *, only_at: int | None = None) -> bytes:
    samples = array("h", [value if only_at in {None, i} else 0 for i in range(SAMPLES)])
    return samples.tobytes()


def heard(frames: Iterable[bytes], hearing: Hearing | None = None) -> list[bool]:
    listener = hearing or Hearing()
    return [listener.listen(frame, now=number * 0.02) for number, frame in enumerate(frames)]


def test_one_frame_in_four_is_looked_at() -> None:
    assert [False, False, False, True] * 3 == heard([pcm(9_000)] * 12)


@pytest.mark.parametrize("value", [2_000, -2_000, 32_767, -32_768])
def test_either_half_of_a_wave_can_be_loud(value: int) -> None:
    assert heard([pcm(value)] * 4)[-1]


@pytest.mark.parametrize("value", [0, 1_999, -1_999])
def test_a_room_is_not(value: int) -> None:
    assert not any(heard([pcm(value)] * 40))


def test_one_sample_in_sixteen_is_looked_at() -> None:
    assert [True, False, True] == [heard([pcm(9_000, only_at=at)] * 4)[-1] for at in (0, 8, 16)]


def test_speech_without_a_reaction_means_deaf_eight_seconds_after_its_end() -> None:
    hearing = Hearing()
    heard([pcm(9_000)] * 12, hearing)
    before = hearing.deaf_at
    hearing.listen(pcm(9_000), now=1.0)
    heard([pcm(0)] * 2, hearing)
    hearing.listen(pcm(9_000), now=2.0)

    assert (inf, 10.0) == (before, hearing.deaf_at)


def test_silence_after_the_speech_does_not_put_it_off() -> None:
    hearing = Hearing()
    heard([pcm(9_000)] * 16, hearing)
    deaf_at = hearing.deaf_at
    heard([pcm(0)] * 100, hearing)

    assert 0.3 + 8.0 == pytest.approx(deaf_at)
    assert deaf_at == hearing.deaf_at


def test_a_reaction_means_that_it_hears() -> None:
    hearing = Hearing()
    heard([pcm(9_000)] * 40, hearing)
    hearing.reacted()
    after = hearing.deaf_at
    heard([pcm(9_000)] * 12, hearing)

    assert [inf, inf] == [after, hearing.deaf_at], "what was loud before does not count any more"
