from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from emulators.nova_sonic.brains.voice import PITCH, Voice

pytestmark = pytest.mark.speech

SENTENCE = "Everything you hear now runs on this machine."


def pitch_hz(pcm: bytes, rate_hz: int) -> float:
    """Return the median fundamental of the louder quarter-seconds, by autocorrelation between 80 and 400 Hz."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    size = rate_hz // 4
    windows = [samples[start : start + size] for start in range(0, len(samples) - size, size // 4)]
    loud = np.median([np.sum(window**2) for window in windows])
    shortest, longest = rate_hz // 400, rate_hz // 80
    periods = []
    for window in windows:
        if np.sum(window**2) >= loud:
            alike = np.correlate(window, window, "full")[size - 1 :]
            periods.append(shortest + int(np.argmax(alike[shortest:longest])))
    return rate_hz / float(np.median(periods))


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
def test_every_rate_lasts_as_long_and_is_as_loud(voice: Voice, rate_hz: int) -> None:
    reference = np.frombuffer(voice.speak(SENTENCE, voice_id="tiffany", rate_hz=24_000), "<i2") / 32_767
    pcm = voice.speak(SENTENCE, voice_id="tiffany", rate_hz=rate_hz)
    samples = np.frombuffer(pcm, "<i2") / 32_767

    assert len(samples) / rate_hz == pytest.approx(len(reference) / 24_000, abs=0.001)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(reference**2)), rel=0.1)


def test_the_same_words_are_the_same_bytes(voice: Voice) -> None:
    once, again = (voice.speak(SENTENCE, voice_id="amy", rate_hz=16_000) for _ in range(2))

    assert once == again


def test_four_threads_say_what_one_says(voice: Voice) -> None:
    texts = [f"Sentence number {number} of several." for number in range(8)]
    alone = [voice.speak(text, voice_id="tiffany", rate_hz=24_000) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        together = list(
            threads.map(lambda text: voice.speak(text, voice_id="tiffany", rate_hz=24_000), texts)
        )

    assert alone == together


def test_voices_differ_in_pitch_and_keep_the_pace(voice: Voice) -> None:
    said = {
        name: voice.speak(SENTENCE, voice_id=name, rate_hz=24_000) for name in ("matthew", "tiffany", "kiara")
    }
    pitches = {name: pitch_hz(pcm, 24_000) for name, pcm in said.items()}

    assert pitches["matthew"] < 0.9 * pitches["tiffany"] < pitches["tiffany"] < pitches["kiara"]
    assert len(said["matthew"]) == pytest.approx(len(said["tiffany"]), rel=0.1)


def test_an_unknown_voice_is_the_natural_one(voice: Voice) -> None:
    natural = voice.speak(SENTENCE, voice_id="tiffany", rate_hz=24_000)

    assert natural == voice.speak(SENTENCE, voice_id="nobody", rate_hz=24_000)


def test_every_voice_can_speak(voice: Voice) -> None:
    assert [] == [name for name in PITCH if not voice.speak("Yes.", voice_id=name, rate_hz=24_000)]


@pytest.mark.parametrize("text", ["", " ", "...", "\U0001f600"])
def test_text_without_words_is_no_error(voice: Voice, text: str) -> None:
    assert len(voice.speak(text, voice_id="tiffany", rate_hz=24_000)) % 2 == 0
