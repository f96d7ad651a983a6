"""The microphone never stops: silence, then the recording with its end marked, then silence again."""

from talk.microphone import SILENCE, Frame, Microphone
from talk.recording import Recording


def recording(pcm: bytes, *, speech_ends_s: float) -> Recording:
    return Recording(name="q.wav", pcm=pcm, description="", speech_ends_s=speech_ends_s, silent=False)


def test_without_a_recording_there_is_silence() -> None:
    assert Frame(pcm=SILENCE) == Microphone().next_frame()


def test_marks_where_the_speech_and_where_the_recording_ends() -> None:
    microphone = Microphone()
    microphone.say(recording(b"\1" * 3072, speech_ends_s=0.048))

    heard = [microphone.next_frame() for _ in range(4)]

    assert [b"\1" * 1024] * 3 + [SILENCE] == [frame.pcm for frame in heard]
    assert [False, False, True, False] == [frame.last for frame in heard]
    assert [None, 0.016, None, None] == [frame.speech_ended_s for frame in heard]


def test_speech_up_to_the_very_end_ends_with_the_last_frame() -> None:
    microphone = Microphone()
    microphone.say(recording(b"\1" * 1024, speech_ends_s=0.032))

    assert Frame(pcm=b"\1" * 1024, last=True, speech_ended_s=0.0) == microphone.next_frame()
