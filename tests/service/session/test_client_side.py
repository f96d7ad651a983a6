import pytest

from service.errors import CloseCode, ErrorCode
from service.policies.closure import Closure
from service.session.effects import (
    CloseClient,
    Direction,
    Fault,
    OpenStream,
    SendToModel,
    State,
    ValidationCounted,
)
from service.session.events import ClientFault, ClientGone
from service.wire import client, server
from service.wire import sonic_input as inp
from service.wire.server import Cause, ClosedBy, Outcome
from service.wire.subprotocol import Subprotocol
from tests.service.fakes import FRAME, Call, terms


def test_ready_is_the_first_message_and_listening_the_second() -> None:
    call = Call()
    call.connect()

    assert ["ready", "state"] == [message.type for message in call.messages]
    assert [1, 2] == [message.seq for message in call.messages]


def test_a_client_that_begins_with_audio_gets_the_defaults_and_loses_nothing() -> None:
    call = Call()
    call.audio()
    call.audio()
    call.accept()

    assert 1 == len(call.done(OpenStream))
    assert [FRAME, FRAME] == [audio.pcm for audio in call.sent(inp.AudioInput)]
    assert ["tiffany"] == [start.voice for start in call.sent(inp.PromptStart)]


def test_a_start_chooses_language_voice_and_rates() -> None:
    call = Call()
    call.give(client.Start(language="de-DE", input_sample_rate_hz=24_000, output_sample_rate_hz=8_000))
    call.accept()
    (ready,) = call.told(server.Ready)

    assert ("de-DE", "tina", 24_000, 8_000) == (
        ready.language,
        ready.voice,
        ready.input_sample_rate_hz,
        ready.output_sample_rate_hz,
    )
    assert [24_000] == [start.rate_hz for start in call.sent(inp.AudioStart)]


@pytest.mark.parametrize(
    ("start", "error", "code"),
    [
        (client.Start(language="xx"), ErrorCode.PROTOCOL_ERROR, 4400),
        (client.Start(voice="nobody"), ErrorCode.PROTOCOL_ERROR, 4400),
        (client.Start(language="de-DE", voice="amy"), ErrorCode.PROTOCOL_ERROR, 4400),
        (client.Start(conversation_id="c"), ErrorCode.CONVERSATION_UNKNOWN, 4410),
    ],
)
def test_a_start_that_cannot_be_met_is_refused(start: client.Start, error: ErrorCode, code: int) -> None:
    call = Call()
    call.give(start)

    assert [error] == [message.code for message in call.told(server.Error)]
    assert code == call.closed_with


def test_a_second_start_breaks_the_protocol() -> None:
    call = Call()
    call.connect()
    call.give(client.Start())

    assert CloseCode.PROTOCOL == call.closed_with


def test_end_of_utterance_appends_silence_and_keeps_the_block_open() -> None:
    call = Call()
    call.connect()
    call.speak(0.5)
    before = len(call.effects)
    call.end_of_utterance()
    silence = [effect for effect in call.effects[before:] if isinstance(effect, SendToModel)]

    assert State.THINKING is call.state
    assert 1.5 * 32_000 == sum(len(s.event.pcm) for s in silence if isinstance(s.event, inp.AudioInput))
    assert not any(effect.droppable for effect in silence)
    assert [] == call.sent(inp.PromptEnd)


def test_the_flag_on_the_last_audio_closes_the_turn_as_the_message_does() -> None:
    call = Call(terms(subprotocol=Subprotocol.JSON))
    call.connect()
    call.audio()
    call.audio(end=True, pcm=b"")

    assert State.THINKING is call.state


def test_an_end_of_utterance_without_any_audio_is_no_turn() -> None:
    call = Call()
    call.connect()
    call.end_of_utterance()

    assert State.LISTENING is call.state


def test_an_end_of_utterance_while_connecting_closes_the_turn_once_the_model_hears() -> None:
    call = Call()
    call.audio(end=True)
    call.accept()

    assert ["listening", "thinking"] == call.states


def test_an_end_of_utterance_that_comes_after_the_reply_began_does_not_cut_it() -> None:
    call = Call()
    call.connect()
    call.speak(0.5)
    call.user_text("hello")
    call.reply_begins()
    call.audio(end=True)

    assert State.SPEAKING is call.state


def test_the_client_can_stop_a_reply_and_hears_nothing_more_of_it() -> None:
    call = Call()
    call.connect()
    call.speak(0.5)
    call.end_of_utterance()
    block = call.reply_begins()
    call.give(client.Interrupt())
    sent = len(call.reply_audio)
    call.chunk(block)
    later = call.block("AUDIO", "ASSISTANT")
    call.chunk(later)

    assert [(1, Cause.CLIENT)] == [(m.response_id, m.cause) for m in call.told(server.Interrupted)]
    assert sent == len(call.reply_audio)
    assert [Outcome.INTERRUPTED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_after_an_interrupted_reply_is_done_the_next_one_is_heard() -> None:
    call = Call()
    call.connect()
    call.speak(0.5)
    call.end_of_utterance()
    block = call.reply_begins()
    call.give(client.Interrupt())
    call.end_block(block, "AUDIO", "END_TURN")
    call.speak(0.5)
    call.end_of_utterance()
    call.reply()

    assert [1, 2] == sorted({audio.response_id for audio in call.reply_audio})


def test_typed_text_is_answered_as_a_turn_after_enough_audio() -> None:
    call = Call()
    call.connect()
    call.give(client.Text(text="What can you do?"))

    assert [
        "AudioStart",
        "AudioInput",
        "TextStart",
        "TextInput",
        "ContentEnd",
        "AudioInput",
    ] == call.sent_kinds(1)[-6:]
    assert State.THINKING is call.state
    assert ["What can you do?"] == [message.text for message in call.told(server.Transcript)]


def test_typed_text_interrupts_a_reply() -> None:
    call = Call()
    call.connect()
    call.speak(0.5)
    call.end_of_utterance()
    call.reply_begins()
    call.give(client.Text(text="stop"))

    assert [Cause.TEXT] == [message.cause for message in call.told(server.Interrupted)]
    assert State.THINKING is call.state


def test_the_model_repeating_typed_text_adds_no_second_transcript() -> None:
    call = Call()
    call.connect()
    call.give(client.Text(text="hello"))
    call.user_text("hello")

    assert 1 == len(call.told(server.Transcript))


def test_text_typed_while_connecting_waits() -> None:
    call = Call()
    call.give(client.Text(text="hello"))
    call.accept()

    assert State.THINKING is call.state
    assert ["hello"] == [event.text for event in call.sent(inp.TextInput)][1:]


def test_a_ping_before_ready_is_answered_after_it() -> None:
    call = Call()
    call.give(client.Ping(id=7))
    call.accept()

    assert ["ready", "pong", "state"] == [message.type for message in call.messages]


def test_a_fault_of_the_client_ends_its_session_with_the_reason() -> None:
    call = Call()
    call.give(ClientFault(code=CloseCode.PROTOCOL, error=ErrorCode.PROTOCOL_ERROR, reason="no such type"))

    assert ["no such type"] == [message.message for message in call.told(server.Error)]
    assert [4400] == [close.code for close in call.done(CloseClient)]


def test_hanging_up_ends_the_stream_in_order() -> None:
    call = Call()
    call.connect()
    call.audio()
    call.give(client.End())

    assert ["ContentEnd", "PromptEnd", "SessionEnd"] == call.sent_kinds(1)[-3:]
    assert CloseCode.DONE == call.closed_with


def test_a_client_that_is_gone_is_told_nothing() -> None:
    call = Call()
    call.connect()
    told = len(call.messages)
    call.give(ClientGone())

    assert State.OVER is call.state
    assert told == len(call.messages)
    assert call.closed_with is None


def test_frames_are_acknowledged_at_most_twice_a_second_and_to_the_last() -> None:
    call = Call()
    call.connect()
    call.speak(2.0)
    call.wait(1.0)
    acks = [message.sequence for message in call.told(server.Ack)]

    assert 61 == acks[-1]
    assert len(acks) <= 6


def test_a_repeated_frame_is_dropped_and_counted() -> None:
    call = Call()
    call.connect()
    for sequence in (0, 1, 1, 0, 5):
        call.give(client.Audio(pcm=FRAME, sequence=sequence, captured_at_ms=0.0))
    call.give(client.End())
    counted = {(c.direction, c.event_type, c.fault): c.count for c in call.done(ValidationCounted)}

    assert 3 == len(call.sent(inp.AudioInput))
    assert 3 == counted[Direction.FROM_CLIENT, "audio", Fault.OUT_OF_ORDER]


def test_frames_wrap_around_without_a_gap() -> None:
    call = Call()
    call.connect()
    for sequence in (2**32 - 1, 0, 1):
        call.give(client.Audio(pcm=FRAME, sequence=sequence, captured_at_ms=0.0))

    assert 3 == len(call.sent(inp.AudioInput))


def test_audio_far_beyond_its_own_pace_is_dropped_and_in_the_end_closed() -> None:
    call = Call()
    call.connect()
    for _ in range(600):
        for _ in range(10):
            call.audio()
        call.wait(0.032)
        if call.state is State.OVER:
            break

    assert CloseCode.SLOW_DOWN == call.closed_with
    assert len(call.sent(inp.AudioInput)) * 0.032 < 5 + 1.25 * 25 + 25


def test_too_many_messages_end_the_session() -> None:
    call = Call()
    call.connect()
    for i in range(100):
        call.give(client.Ping(id=i))

    assert CloseCode.SLOW_DOWN == call.closed_with


def test_explicit_closure_ends_the_prompt_and_gives_the_next_turn_a_stream_with_the_history() -> None:
    call = Call(terms(closure=Closure.EXPLICIT))
    call.connect()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("What is the weather?")
    call.reply("It is sunny.")

    assert ["AudioInput", "ContentEnd", "PromptEnd", "SessionEnd"] == call.sent_kinds(1)[-4:]
    assert [1, 2] == [effect.stream_id for effect in call.done(OpenStream)]
    assert State.SPEAKING is call.state

    call.accept()
    history = [event.text for event in call.sent(inp.TextInput, stream_id=2)][1:]
    assert ["What is the weather?", "It is sunny."] == history


def test_explicit_closure_keeps_the_audio_between_streams_for_the_next_one() -> None:
    call = Call(terms(closure=Closure.EXPLICIT))
    call.connect()
    call.speak(0.5)
    call.end_of_utterance()
    call.reply()
    call.audio()
    call.wait(1.0)
    call.audio()
    call.accept()

    assert 2 == len(call.sent(inp.AudioInput, stream_id=2))
    assert State.LISTENING is call.state


def test_explicit_closure_takes_a_whole_utterance_over_the_reply_as_barge_in() -> None:
    call = Call(terms(closure=Closure.EXPLICIT))
    call.connect()
    call.speak(0.5)
    call.end_of_utterance()
    call.reply(chunks=30)
    call.audio()
    call.end_of_utterance()
    call.accept()

    assert [Cause.SPEECH] == [message.cause for message in call.told(server.Interrupted)]
    assert State.THINKING is call.state
    assert "PromptEnd" == call.sent_kinds(2)[-1]


def test_a_turn_says_who_closed_it_and_how_long_it_took() -> None:
    call = Call()
    call.connect()
    call.speak(0.96)
    call.end_of_utterance()
    call.wait(0.6)
    call.reply(chunks=10)
    call.wait(2.0)
    (turn,) = call.told(server.TurnIs)

    assert (Outcome.COMPLETED, ClosedBy.CLIENT, 1) == (turn.outcome, turn.closed_by, turn.response_id)
    assert (
        server.Timings(utterance_ms=960, endpointing_ms=32, time_to_first_audio_ms=600, reply_ms=1000)
        == turn.timings
    )
