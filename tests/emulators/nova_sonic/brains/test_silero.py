import numpy as np
import pytest

from emulators.nova_sonic.brains.ports import DETECTOR_FRAME_SAMPLES, DETECTOR_RATE_HZ, VoiceDetector
from emulators.nova_sonic.brains.silero import GgmlDetector, load_detectors
from emulators.nova_sonic.brains.voice import Voice

FRAME_BYTES = 2 * DETECTOR_FRAME_SAMPLES
SILENCE = bytes(FRAME_BYTES)


def probabilities(detector: VoiceDetector, pcm: bytes) -> list[float]:
    return [
        detector.speech_probability(pcm[start : start + FRAME_BYTES])
        for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)
    ]


@pytest.fixture(scope="module")
def sentence(voice: Voice) -> bytes:
    return voice.speak("Hello, can you hear me now?", voice_id="tiffany", rate_hz=DETECTOR_RATE_HZ)


@pytest.mark.speech
def test_speech_is_speech_and_the_silence_after_it_is_not(sentence: bytes) -> None:
    detector = load_detectors()()
    speaking = probabilities(detector, sentence)
    silent = probabilities(detector, SILENCE * 30)

    assert sum(probability > 0.5 for probability in speaking) > 0.6 * len(speaking)
    assert max(silent[5:]) < 0.2


@pytest.mark.speech
@pytest.mark.parametrize("loudness", [0.0, 0.01, 0.1])
def test_white_noise_is_not_speech(loudness: float) -> None:
    noise = np.random.default_rng(3).normal(0, loudness, 60 * DETECTOR_FRAME_SAMPLES)
    heard = probabilities(load_detectors()(), (np.clip(noise, -1, 1) * 32_767).astype("<i2").tobytes())

    assert max(heard) < 0.5


@pytest.mark.speech
def test_streams_do_not_hear_each_other(sentence: bytes) -> None:
    make = load_detectors()
    alone = probabilities(make(), sentence)
    one, other = make(), make()
    interleaved = []
    for start in range(0, len(sentence) - FRAME_BYTES + 1, FRAME_BYTES):
        interleaved.append(one.speech_probability(sentence[start : start + FRAME_BYTES]))
        other.speech_probability(SILENCE)

    assert alone == interleaved


@pytest.mark.speech
@pytest.mark.parametrize("frame", [b"", SILENCE[2:], SILENCE + b"\0\0"])
def test_a_frame_of_another_length_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match="1024 bytes"):
        load_detectors()().speech_probability(frame)


def test_the_ggml_detector_passes_frames_on_and_checks_them_too() -> None:
    heard: list[bytes] = []

    def half(frame: bytes) -> float:
        heard.append(frame)
        return 0.5

    detector = GgmlDetector(half)

    assert detector.speech_probability(SILENCE) == pytest.approx(0.5)
    assert [SILENCE] == heard
    with pytest.raises(ValueError, match="1024 bytes"):
        detector.speech_probability(b"")
