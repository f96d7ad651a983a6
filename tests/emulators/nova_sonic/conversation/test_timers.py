"""How a stream dies when nobody speaks, and when it has lived long enough."""

import pytest

from emulators.nova_sonic.conversation.refusals import TIMED_OUT, USER_SILENT
from emulators.nova_sonic.profiles import load_profile
from tests.emulators.nova_sonic.conversation.call import Call

IDLE = load_profile("nova-2-sonic").idle_message


def lived_s(call: Call) -> float:
    return call.times[-1] - 1000.0


def test_a_stream_without_audio_dies_after_55_s() -> None:
    """[VT] "Timed out waiting for audio bytes", 94 of the 30-day errors."""
    call = Call()
    call.wait(60)

    assert IDLE == call.refusal
    assert "Timed out waiting for audio bytes or interactive content." in IDLE
    assert 55.0 == lived_s(call)


def test_v1_has_its_own_text() -> None:
    """[nova-sonic 1.5] old v1 text."""
    call = Call(profile=load_profile("nova-sonic-v1"))
    call.wait(60)

    assert "Timed out waiting for input events" == call.refusal


def test_silence_is_audio_for_the_idle_timer() -> None:
    """[DOC-xmodal, ST] silence keeps the stream."""
    call = Call()
    call.open()
    for _ in range(5):
        call.wait(30)
        call.silence(0.032)

    assert call.failure is None


def test_typed_text_keeps_the_stream() -> None:
    """[DOC-xmodal] audio bytes or interactive content."""
    call = Call()
    call.open()
    call.silence(0.1)
    for _ in range(5):
        call.wait(50)
        call.typed("Still here.")

    assert call.failure is None


def test_history_and_tool_results_do_not_keep_the_stream() -> None:
    call = Call()
    call.session()
    call.prompt()
    call.wait(30)
    call.text("USER", "Hello.")
    call.wait(30)

    assert IDLE == call.refusal
    assert 55.0 == lived_s(call)


def test_a_silent_user_is_given_up_after_175_s() -> None:
    """[ST] InternalErrorCode=531 after 175 s of user silence with audio flowing."""
    call = Call()
    call.open()
    call.silence(180, name="a")

    assert USER_SILENT == call.refusal
    assert 175.0 < lived_s(call) < 175.1


def test_speech_starts_the_users_silence_anew() -> None:
    call = Call()
    call.open()
    call.silence(120)
    call.ask()
    call.silence(120)

    assert call.failure is None


def test_a_stream_lives_eight_minutes() -> None:
    """[API] ModelTimeoutException, "Model has timed out in processing the request"."""
    call = Call()
    call.open()
    for _ in range(13):
        call.ask()
        call.silence(40)

    assert call.failure is not None
    assert ("modelTimeoutException", TIMED_OUT) == (call.failure.exception, call.failure.message)
    assert 480.0 == lived_s(call)


@pytest.mark.parametrize("audio", [False, True])
def test_every_timer_is_scaled(audio: bool) -> None:  # noqa: FBT001 - a table's column
    call = Call(time_scale=0.01)
    if audio:
        call.open()
        call.silence(2.0)
    call.wait(5)

    assert call.refusal == (USER_SILENT if audio else IDLE)
    assert lived_s(call) < 1.8


def test_an_event_after_the_deadline_is_too_late() -> None:
    """The timer decides, not how soon the caller's clock rings."""
    call = Call()
    call.now += 56
    call.session()

    assert IDLE == call.refusal


def test_the_late_final_text_is_scaled() -> None:
    call = Call(time_scale=0.1)
    call.open()
    call.ask()
    answered_at = call.now
    call.silence(1.6)

    assert 1 == len(call.final_texts())
    assert call.at("contentEnd")[-1] - answered_at < 1.2
