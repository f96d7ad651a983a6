"""People and our own voice, straight through the recogniser: how many words come out wrong."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.speech.corpus import RATE_HZ, Clip, synthetic_clips
from tests.speech.engine import transcriber
from tests.speech.wer import word_error_rate

pytestmark = pytest.mark.speech

MOST_ERRORS = 0.10


def heard_rate(clips: Sequence[Clip], title: str) -> float:
    """Return the word error rate over all clips, and print one line for each (shown by `pytest -s`)."""
    heard = [transcriber().transcribe(clip.pcm16k) for clip in clips]
    print(f"\n{title}: WER %, seconds, clip, heard")  # noqa: T201 - the table is what the measurement is for
    for clip, text in zip(clips, heard, strict=True):
        wer = 100 * word_error_rate([clip.text], [text])
        print(f"{wer:6.1f} {len(clip.pcm16k) / 2 / RATE_HZ:5.1f}  {clip.name:30.30} {text}")  # noqa: T201 - as above
    total = word_error_rate([clip.text for clip in clips], heard)
    print(f"{100 * total:6.1f}  all of {len(clips)}")  # noqa: T201 - as above
    return total


def test_people_are_understood(people: Sequence[Clip]) -> None:
    assert len(people) == 20
    assert heard_rate(people, "people") <= MOST_ERRORS


@pytest.mark.parametrize("voice_id", ["tiffany", "matthew", "kiara"])
def test_our_own_voice_is_understood_at_every_pitch(voice_id: str) -> None:
    assert heard_rate(synthetic_clips(voice_id=voice_id), voice_id) <= MOST_ERRORS


def test_a_wrong_transcript_fails_the_measurement() -> None:
    clip = synthetic_clips(["Hello, can you hear me?"])[0]
    other = Clip(name=clip.name, pcm16k=clip.pcm16k, text="Where is the railway station?")

    assert heard_rate([other], "a wrong transcript") > 0.5


@pytest.mark.parametrize("kind", ["silence", "white", "pink", "hum", "clicks"])
def test_noise_gives_no_words(kind: str) -> None:
    assert "" == transcriber().transcribe(noise(kind))


def noise(kind: str) -> bytes:
    """Return three seconds without speech, 16 kHz s16le."""
    random = np.random.default_rng(7)
    count = 3 * RATE_HZ
    sound: npt.NDArray[np.floating[Any]]
    match kind:
        case "white":
            sound = random.normal(0, 0.05, count)
        case "pink":
            spectrum = np.fft.rfft(random.normal(0, 1, count)) / np.sqrt(np.arange(count // 2 + 1) + 1)
            pink = np.fft.irfft(spectrum)
            sound = 0.1 * pink / np.abs(pink).max()
        case "hum":
            sound = 0.1 * np.sin(2 * np.pi * 100 * np.arange(count) / RATE_HZ)
        case "clicks":
            sound = 0.5 * (random.random(count) > 0.9995)
        case _:
            sound = np.zeros(count)
    return (sound * 32_767).astype("<i2").tobytes()
