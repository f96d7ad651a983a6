import json

import pytest

from service.errors import ErrorCode
from service.session.effects import Direction, Fault, State, UsageCounted, ValidationCounted
from service.wire import client, server
from service.wire import sonic_input as inp
from service.wire import sonic_output as model
from service.wire.server import Cause, ClosedBy, Outcome, Stage, ToolStatus
from tests.service.fakes import Call, terms


def listening() -> Call:
    call = Call()
    call.connect()
    return call


def speaking(*, complete: bool = False) -> Call:
    call = listening()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("hello")
    block = call.reply_begins(chunks=10)
    if complete:
        call.end_block(block, "AUDIO", "END_TURN")
    return call


def test_the_models_end_of_speech_closes_a_turn_with_its_own_timings() -> None:
    call = listening()
    call.say(model.UserSpeechStart(offset_ms=200))
    call.say(model.UserSpeechEnd(offset_ms=2_510, detected_ms=2_990))
    call.reply()
    call.wait(2.0)
    (turn,) = call.told(server.TurnIs)

    assert ClosedBy.MODEL is turn.closed_by
    assert (2_310, 480) == (turn.timings.utterance_ms, turn.timings.endpointing_ms)


@pytest.mark.parametrize("sign", ["user text", "tool use", "planned text", "audio"])
def test_any_sign_that_the_model_answers_closes_the_turn(sign: str) -> None:
    call = listening()
    call.audio()
    match sign:
        case "user text":
            call.user_text("hello")
        case "tool use":
            call.use_tool()
        case "planned text":
            call.text("ASSISTANT", "Hm.", planned=True)
        case _:
            call.chunk(call.block("AUDIO", "ASSISTANT"))

    assert "thinking" == call.states[1]


def test_a_reply_is_heard_at_once_and_over_when_it_was_played() -> None:
    call = speaking(complete=True)
    call.wait(0.9)
    assert "speaking" == call.states[-1]

    call.wait(0.2)
    assert "listening" == call.states[-1]
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_reply_audio_carries_its_position() -> None:
    call = speaking()

    assert [2_400 * i for i in range(10)] == [audio.position for audio in call.reply_audio]


@pytest.mark.parametrize("signal", ["marker", "stop reason of audio", "stop reason of text", "speech start"])
@pytest.mark.parametrize("complete", [False, True])
def test_each_sign_of_barge_in_interrupts_once(signal: str, *, complete: bool) -> None:
    call = speaking(complete=complete)
    match signal:
        case "marker":
            call.marker()
        case "stop reason of audio":
            block = call.block("AUDIO", "ASSISTANT")
            call.chunk(block)
            call.end_block(block, "AUDIO", "INTERRUPTED")
        case "stop reason of text":
            call.text("ASSISTANT", "It is", reason="INTERRUPTED")
        case _:
            call.say(model.UserSpeechStart(offset_ms=5_000))
    call.marker()

    assert [Cause.SPEECH] == [message.cause for message in call.told(server.Interrupted)]
    assert State.LISTENING is call.state


def test_late_audio_of_an_interrupted_reply_reaches_nobody() -> None:
    call = listening()
    call.speak(0.5)
    call.end_of_utterance()
    block = call.reply_begins()
    call.say(model.UserSpeechStart(offset_ms=5_000))
    sent = len(call.reply_audio)
    call.chunk(block)
    call.chunk(call.block("AUDIO", "ASSISTANT"))

    assert sent == len(call.reply_audio)


def test_a_late_interruption_of_the_last_reply_leaves_the_running_one_alone() -> None:
    call = listening()
    call.speak(0.5)
    call.end_of_utterance()
    block = call.reply_begins("It is sunny.")
    call.say(model.UserSpeechStart(offset_ms=5_000))
    call.end_block(block, "AUDIO", "PARTIAL_TURN")
    call.say(model.UserSpeechEnd(offset_ms=6_000, detected_ms=6_400))
    call.user_text("and tomorrow")
    call.reply_begins("It rains.")
    call.text("ASSISTANT", "It is", reason="INTERRUPTED")

    assert State.SPEAKING is call.state
    assert 1 == len(call.told(server.Interrupted))


def test_words_said_over_a_reply_that_only_plays_out_interrupt_it() -> None:
    call = speaking(complete=True)
    call.user_text("stop")

    assert [1] == [message.response_id for message in call.told(server.Interrupted)]
    assert State.THINKING is call.state


def test_late_spoken_text_goes_to_the_reply_it_was_planned_for() -> None:
    call = speaking(complete=True)
    call.wait(2.0)
    call.user_text("and tomorrow")
    call.reply("It rains.")
    call.text("ASSISTANT", "It is sunny.", reason="END_TURN")
    call.text("ASSISTANT", "It rains.", reason="END_TURN")
    spoken = [m for m in call.told(server.Transcript) if m.role == "assistant" and m.stage is Stage.SPOKEN]

    assert [(1, 1, "It is sunny."), (2, 2, "It rains.")] == [(m.turn, m.response_id, m.text) for m in spoken]


def test_a_second_reply_of_the_model_is_a_turn_of_its_own() -> None:
    call = speaking(complete=True)
    call.reply("One more thing.")
    call.wait(3.0)

    assert [1, 2] == [turn.turn for turn in call.told(server.TurnIs)]
    assert State.LISTENING is call.state


def test_a_role_that_is_missing_is_the_blocks() -> None:
    call = listening()
    block = call.block("TEXT", "USER")
    call.say(model.TextOutput(content_id=block, role=None, text="hello", interrupted=False))

    assert ["user"] == [message.role for message in call.told(server.Transcript)]


def test_a_tool_is_run_and_its_result_sent_with_a_little_silence() -> None:
    call = listening()
    call.audio()
    call.use_tool()
    call.tool_finished()

    assert [("t-1", "clock", "{}")] == [
        (tool.tool_use_id, tool.name, tool.arguments_json) for tool in call.tools_run
    ]
    assert ["ToolResultStart", "ToolResult", "ContentEnd", "AudioInput"] == call.sent_kinds(1)[-4:]
    assert [ToolStatus.STARTED, ToolStatus.FINISHED] == [m.status for m in call.told(server.ToolIs)]


@pytest.mark.parametrize("result", ["[1]", "sunny", "{", '{"a":"' + "x" * 40_000 + '"}'])
def test_a_result_the_model_cannot_take_becomes_an_error_object(result: str) -> None:
    call = listening()
    call.use_tool()
    call.tool_finished(result=result)
    (sent,) = call.sent(inp.ToolResult)

    assert {"error"} == set(json.loads(sent.result_json))


def test_an_unknown_tool_is_answered_at_once() -> None:
    call = listening()
    call.use_tool(name="rm")
    (sent,) = call.sent(inp.ToolResult)

    assert "rm" in json.loads(sent.result_json)["error"]
    assert [] == call.tools_run


def test_a_tool_that_never_ends_is_answered_after_its_time_and_its_late_result_dropped() -> None:
    call = listening()
    call.use_tool()
    call.wait(8.1)
    call.tool_finished()

    assert ["error"] == [key for sent in call.sent(inp.ToolResult) for key in json.loads(sent.result_json)]


def test_a_tool_asked_for_twice_runs_once() -> None:
    call = listening()
    call.use_tool()
    call.tool_finished()
    call.use_tool()

    assert 1 == len(call.tools_run)


def test_a_result_for_an_old_stream_is_dropped_and_counted() -> None:
    call = listening()
    call.use_tool()
    call.fail()
    call.accept()
    call.tool_finished()
    call.give(client.End())
    counted = {(c.direction, c.event_type, c.fault) for c in call.done(ValidationCounted)}

    assert [] == call.sent(inp.ToolResult)
    assert (Direction.TO_MODEL, "ToolResult", Fault.STALE) in counted


def test_usage_is_told_at_most_once_a_second_and_adds_up_over_streams() -> None:
    call = listening()
    for i in range(5):
        call.say(model.Usage(input_speech=i, input_text=0, output_speech=0, output_text=0))
        call.wait(0.1)
    call.wait(1.0)
    call.fail()
    call.accept()
    call.say(model.Usage(input_speech=10, input_text=0, output_speech=0, output_text=0))
    call.wait(2.0)
    call.give(client.End())

    assert [0, 4, 14][-2:] == [usage.total_tokens for usage in call.told(server.Usage)][-2:]
    assert 3 >= len(call.told(server.Usage))
    assert 14 == sum(used.input_speech for used in call.done(UsageCounted))


def test_what_cannot_be_read_is_counted_and_the_session_goes_on() -> None:
    call = listening()
    call.say(model.Malformed(name="textOutput", reason="no"))
    call.say(model.Unknown(name="somethingNew"))
    call.wait(11.0)
    counted = {(c.event_type, c.fault) for c in call.done(ValidationCounted)}

    assert State.LISTENING is call.state
    assert {("textOutput", Fault.MALFORMED), ("other", Fault.UNKNOWN)} <= counted


def test_explicit_closure_gives_up_a_turn_whose_prompt_completes_without_a_reply() -> None:
    call = Call(terms(closure=terms().closure.EXPLICIT))
    call.connect()
    call.audio(end=True)
    call.say(model.CompletionEnd())

    assert [Outcome.UNANSWERED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert 2 == call.stream_id
    assert [] == [m for m in call.told(server.Error) if m.code is ErrorCode.INTERNAL_ERROR]
