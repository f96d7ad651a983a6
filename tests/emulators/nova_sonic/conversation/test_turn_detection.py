"""When a turn ends, and what is no turn at all."""

import math

import pytest

from emulators.nova_sonic.brains.scripted import tone
from emulators.nova_sonic.conversation.audio import FRAME_BYTES, FRAME_S
from emulators.nova_sonic.conversation.turn_detection import (
    Detection,
    Paused,
    Resumed,
    SpeechStarted,
    TurnDetector,
    TurnEnded,
)
from tests.emulators.nova_sonic.conversation.call import PROFILE, Call

SPEECH = tone(512, 16_000, 440.0)
SILENCE = bytes(FRAME_BYTES)


class Loudness:
    """A detector for frames that are either full of sound or empty."""

    def speech_probability(self, frame: bytes) -> float:
        return 0.0 if frame == SILENCE else 1.0


def detect(script: str, *, pause_s: float = 0.48, pace: float = 1.0) -> list[Detection]:
    """Feed one frame a character, `s` speech and `.` silence, `pace` times as fast as it lasts."""
    detector = TurnDetector(detector=Loudness(), pause_s=pause_s, start_s=0.096, pace_max=4.0)
    detections = (
        detector.feed(SPEECH if kind == "s" else SILENCE, number * FRAME_S / pace)
        for number, kind in enumerate(script)
    )
    return [detection for detection in detections if detection is not None]


def test_speech_counts_from_its_third_frame_and_is_dated_to_its_first() -> None:
    assert [] == detect("..ss..ss..")
    assert [SpeechStarted(offset_ms=64)] == detect("..sss")


def test_a_turn_ends_after_the_pause() -> None:
    """[KR-REC] detection 480 ms after the end of speech."""
    *_, ended = detect("." * 10 + "s" * 30 + "." * 15)

    assert isinstance(ended, TurnEnded)
    assert (40 * 32, 55 * 32) == (ended.offset_ms, ended.detection_offset_ms)


def test_one_frame_less_than_the_pause_ends_nothing() -> None:
    assert not any(isinstance(one, TurnEnded) for one in detect("s" * 30 + "." * 14))


def test_words_are_asked_for_before_the_turn_ends() -> None:
    started, paused, ended = detect("s" * 30 + "." * 15)

    assert isinstance(started, SpeechStarted)
    assert isinstance(paused, Paused)
    assert 36 * FRAME_BYTES == len(paused.pcm)
    assert isinstance(ended, TurnEnded)
    assert ended.pcm is None


def test_going_on_after_a_pause_takes_the_question_back() -> None:
    kinds = [type(one) for one in detect("s" * 10 + "." * 8 + "s" * 10 + "." * 15)]

    assert [SpeechStarted, Paused, Resumed, Paused, TurnEnded] == kinds


def test_audio_before_the_first_loud_frame_belongs_to_the_utterance() -> None:
    _, paused, _ = detect("." * 50 + "s" * 30 + "." * 15)

    assert isinstance(paused, Paused)
    assert (10 + 30 + 6) * FRAME_BYTES == len(paused.pcm)


@pytest.mark.parametrize(("pace", "burst"), [(1.0, False), (1.25, False), (3.0, False), (60.0, True)])
def test_speech_much_faster_than_it_can_be_spoken_is_a_burst(pace: float, burst: bool) -> None:  # noqa: FBT001 - a table's column
    """[LITELLM] 1.6 s of speech pushed in 25 ms gave no answer."""
    *_, ended = detect("s" * 50 + "." * 15, pace=pace)

    assert isinstance(ended, TurnEnded)
    assert burst == ended.burst


def test_a_pause_shorter_than_a_look_asks_when_the_turn_ends() -> None:
    _, ended = detect("s" * 10 + "." * 5, pause_s=0.1)

    assert isinstance(ended, TurnEnded)
    assert ended.pcm is not None


# The same through a whole conversation.


def listening(**switches: object) -> Call:
    call = Call(profile=PROFILE.with_switches(**switches))
    call.open()
    return call


def test_speech_and_trailing_silence_are_answered() -> None:
    """[DOC-turn] turn detection on a continuous stream, including the trailing silence."""
    call = listening()
    call.ask()

    assert 1 == len(call.requests)


def test_without_trailing_silence_there_is_no_answer() -> None:
    """[NET] the model listens on until silence comes."""
    call = listening()
    call.speak(1.6)
    call.wait(20)

    assert [] == call.requests


def test_a_burst_of_speech_has_no_answer() -> None:
    """[LITELLM] 1.6 s of speech pushed in 25 ms gave no answer, even with silence behind it."""
    call = listening()
    call.speak(1.6, burst=True)
    call.silence(2.0)

    assert [] == call.requests
    assert [] == call.of("textOutput")


def test_a_burst_of_speech_is_answered_by_switch() -> None:
    call = listening(burst_speech="answered")
    call.speak(1.6, burst=True)
    call.silence(2.0)

    assert 1 == len(call.requests)


def test_trailing_silence_may_come_in_a_burst() -> None:
    """[NET] the commit appends 1.5 s of silence at once."""
    call = listening()
    call.speak(1.0)
    call.silence(1.5, burst=True)

    assert 1 == len(call.requests)


def test_live_speech_after_a_burst_is_answered() -> None:
    call = listening()
    call.speak(1.6, burst=True)
    call.silence(1.0)
    call.ask()

    assert 1 == len(call.requests)


@pytest.mark.parametrize(("sensitivity", "pause_s"), [("HIGH", 1.5), ("MEDIUM", 1.75), ("LOW", 2.0)])
def test_documented_pauses_hold_by_switch(sensitivity: str, pause_s: float) -> None:
    """[DOC-turn] the table of endpointingSensitivity."""
    call = Call(profile=PROFILE.with_switches(endpointing="documented"))
    call.open(sensitivity=sensitivity)
    call.speak(1.0)
    call.silence(pause_s - 0.1)
    assert [] == call.requests

    call.silence(0.2)
    assert 1 == len(call.requests)


def test_the_content_end_alone_triggers_nothing() -> None:
    """[LITELLM] contentEnd + promptEnd after an utterance that was cut at once: no answer."""
    call = listening()
    call.speak(1.0)
    call.hang_up()

    assert [] == call.requests
    assert call.ended


def test_the_content_end_triggers_by_switch() -> None:
    """[ST] _end_audio_input "to trigger Nova Sonic processing"."""
    call = listening(content_end_triggers=True)
    call.speak(1.0)
    call.close_audio()

    assert 1 == len(call.requests)


def test_an_audio_block_that_is_not_interactive_is_heard_by_nobody() -> None:
    """[nova-sonic 5] "listening for ever": interactive false."""
    call = Call()
    call.session()
    call.prompt()
    call.audio_block(interactive=False)
    call.ask()

    assert [] == call.output


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
def test_offsets_are_audio_time_at_every_rate(rate_hz: int) -> None:
    """[DOC-v2-in] 8, 16 and 24 kHz."""
    call = Call()
    call.session()
    call.prompt()
    call.audio_block(rate_hz=rate_hz)
    call.silence(0.96)
    call.speak(1.6)
    call.silence(0.64)
    (start,), (end,) = call.of("userSpeechStart"), call.of("userSpeechEnd")

    assert math.isclose(960, start["inputAudioOffsetMs"], abs_tol=32)
    assert math.isclose(2560, end["inputAudioOffsetMs"], abs_tol=32)
    assert 480 == end["inputAudioDetectionOffsetMs"] - end["inputAudioOffsetMs"]
