"""A model that does not hear, or does not answer, is replaced by another stream before the user has to notice."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from service.errors import CloseCode, ErrorCode, ModelFailureKind
from service.policies.hearing import Hearing
from service.session.effects import State
from service.wire import server
from service.wire import sonic_input as inp
from service.wire.server import Outcome
from tests.service.fakes import FRAME_MS, Call

VOICE = struct.pack("<512h", *([8_000, -8_000] * 256))


def connected() -> Call:
    call = Call()
    call.connect()
    return call


def speak(call: Call, seconds: float, pcm: bytes = VOICE) -> None:
    for _ in range(round(seconds * 1_000 / FRAME_MS)):
        call.audio(pcm=pcm)
        call.wait(FRAME_MS / 1_000)


def errors(call: Call) -> list[ErrorCode]:
    return [message.code for message in call.told(server.Error)]


def test_a_turn_that_the_model_does_not_answer_is_asked_of_another_stream_within_ten_seconds() -> None:
    call = connected()
    speak(call, 1.0)
    call.end_of_utterance()
    asked_at = call.now
    while call.invariants.newest_stream == 1:
        call.wait(0.1)
    call.accept()
    call.wait(1.0)
    call.user_text("hello")
    call.reply("Hi.")
    call.wait(1.0)

    assert call.now - asked_at < 13.0
    assert ([], [Outcome.COMPLETED]) == (errors(call), [turn.outcome for turn in call.told(server.TurnIs)])
    heard = [event for event in call.sent(inp.AudioInput, 2) if any(event.pcm)]
    assert round(1_000 / FRAME_MS) == len(heard)


def test_a_turn_that_no_stream_answers_is_told_and_the_next_one_gets_a_third() -> None:
    call = connected()
    speak(call, 1.0)
    call.end_of_utterance()
    call.wait(10.1)
    call.accept()
    call.wait(12.0)

    assert [ErrorCode.MODEL_SILENT] == errors(call)
    assert [Outcome.UNANSWERED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert 3 == call.invariants.newest_stream


def test_speech_that_nobody_noticed_is_said_again_to_another_stream() -> None:
    """Neither the client nor the model found its end, and frames of silence keep the watchdog away."""
    call = connected()
    speak(call, 1.5)
    speak(call, 9.0, bytes(len(VOICE)))
    assert 2 == call.invariants.newest_stream
    call.accept()
    call.wait(4.0)

    assert 0 < sum(any(event.pcm) for event in call.sent(inp.AudioInput, 2))
    assert [] == errors(call)


def test_a_user_whom_two_streams_do_not_hear_is_told() -> None:
    call = connected()
    for _ in range(2):
        speak(call, 1.5)
        speak(call, 9.0, bytes(len(VOICE)))
        call.accept()

    assert [ErrorCode.MODEL_SILENT] == errors(call)
    assert State.OVER is not call.state


def test_a_model_that_hears_is_left_alone() -> None:
    call = connected()
    speak(call, 1.0)
    call.user_text("hello")
    speak(call, 9.0, bytes(len(VOICE)))

    assert 1 == call.invariants.newest_stream


def test_a_quiet_room_is_no_speech() -> None:
    call = connected()
    speak(call, 20.0, b"\x10\x00" * 512)

    assert 1 == call.invariants.newest_stream


@given(st.lists(st.binary(min_size=2, max_size=64).filter(lambda pcm: len(pcm) % 2 == 0), max_size=40))
def test_any_audio_can_be_listened_to(frames: list[bytes]) -> None:
    hearing = Hearing()
    for pcm in frames:
        hearing.listen(pcm, 1.0)
    hearing.reacted()

    assert float("inf") == hearing.deaf_at


def test_a_reply_that_is_complete_plays_out_although_no_stream_can_be_had_any_more() -> None:
    call = connected()
    speak(call, 0.5)
    call.end_of_utterance()
    call.user_text("hello")
    call.reply("Hi.", chunks=20)
    call.fail(ModelFailureKind.ACCESS_DENIED)
    while_playing = call.closed_with
    call.wait(3.5)

    assert (None, CloseCode.INTERNAL) == (while_playing, call.closed_with)
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]
