from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from emulators.nova_sonic.brains.voice import Voice
from emulators.nova_sonic.brains.whisper import (
    Decoded,
    Transcriber,
    repeats_itself,
    spell,
    split_at_quiet_places,
)
from tests.speech.wer import normalise, word_error_rate

RATE_HZ = 16_000
PAUSE = bytes(2 * RATE_HZ // 2)


def test_tokens_of_bytes_become_text() -> None:
    assert "Caf\u00e9 is 5" == spell(
        ["<|notimestamps|>", "\u0120Caf", "\u00c3\u00a9", "\u0120is", "\u01205", "<|endoftext|>"]
    )


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("And then they went to the market and bought some apples, pears and a loaf of bread.", False),
        ("you are not, " * 20, True),
        ("Thank you. Thank you.", False),
        ("", False),
    ],
)
def test_a_loop_is_recognised(text: str, *, repeats: bool) -> None:
    assert repeats is repeats_itself(text)


@pytest.mark.parametrize(
    ("text", "doubt", "score", "speech"),
    [
        ("you", 0.95, -1.3, False),
        ("Hello.", 0.95, -0.3, True),
        ("Hello.", 0.1, -1.3, True),
        ("[BLANK_AUDIO]", 0.1, -0.1, False),
        ("(wind blowing) ...", 0.1, -0.1, False),
        ("", 0.1, -0.1, False),
    ],
)
def test_only_words_the_model_believes_in_count(
    text: str, doubt: float, score: float, *, speech: bool
) -> None:
    assert speech is Decoded(text=text, no_speech_probability=doubt, score=score).speech


def test_long_audio_is_cut_where_it_is_quiet_and_nothing_is_lost() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 70 * RATE_HZ).astype(np.float32)
    for second in (20, 45):
        samples[second * RATE_HZ : second * RATE_HZ + RATE_HZ // 2] = 0
    pieces = list(split_at_quiet_places(samples))

    assert np.array_equal(samples, np.concatenate(pieces))
    assert [20.25, 45.25] == pytest.approx(
        list(np.cumsum([len(piece) / RATE_HZ for piece in pieces])[:2]), abs=0.25
    )
    assert all(len(piece) <= 29 * RATE_HZ for piece in pieces)


def test_short_audio_stays_whole() -> None:
    samples = np.zeros(29 * RATE_HZ, np.float32)

    assert [len(samples)] == [len(piece) for piece in split_at_quiet_places(samples)]


@pytest.mark.speech
@pytest.mark.parametrize("pcm", [b"", b"\0", bytes(1000), bytes(2 * RATE_HZ), bytes(2 * RATE_HZ + 1)])
def test_silence_of_any_length_has_no_words(transcriber: Transcriber, pcm: bytes) -> None:
    assert "" == transcriber.transcribe(pcm)


@pytest.mark.speech
@pytest.mark.timeout(240)
def test_an_utterance_of_a_minute_is_understood_to_the_end(transcriber: Transcriber, voice: Voice) -> None:
    sentences = [
        f"The {ordinal} train of the day leaves for the {place} in the morning."
        for ordinal in ("first", "second", "third", "fourth")
        for place in ("mountains", "old harbour", "airport", "village by the lake")
    ]
    pcm = PAUSE.join(voice.speak(text, voice_id="tiffany", rate_hz=RATE_HZ) for text in sentences)

    assert len(pcm) > 2 * 60 * RATE_HZ
    assert word_error_rate([" ".join(sentences)], [transcriber.transcribe(pcm)]) <= 0.10


@pytest.mark.speech
def test_the_window_of_thirty_seconds_takes_what_does_not_fit_twenty(
    transcriber: Transcriber, voice: Voice
) -> None:
    sentences = [
        "I would like to know how this works, please.",
        "My microphone is on the table in front of me.",
        "Yesterday it rained all day, so we stayed at home.",
        "There are three questions that I want to ask.",
        "Could you tell me where the nearest station is?",
        "The last train leaves a little before midnight.",
        "After that, I will have to walk home.",
    ]
    pcm = PAUSE.join(voice.speak(text, voice_id="tiffany", rate_hz=RATE_HZ) for text in sentences)

    assert 2 * 18.5 * RATE_HZ < len(pcm) < 2 * 29 * RATE_HZ
    assert word_error_rate([" ".join(sentences)], [transcriber.transcribe(pcm)]) <= 0.10


@pytest.mark.speech
def test_four_streams_at_once_hear_what_one_hears(transcriber: Transcriber, voice: Voice) -> None:
    texts = ["What time is it?", "Who are you?", "Tell me a joke.", "Can I interrupt you?"]
    clips = [voice.speak(text, voice_id="tiffany", rate_hz=RATE_HZ) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        heard = list(threads.map(transcriber.transcribe, clips))

    assert [normalise(text) for text in texts] == [normalise(text) for text in heard]
