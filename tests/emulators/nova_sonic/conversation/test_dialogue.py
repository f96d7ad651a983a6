"""Who says what and in which order, as recordings of the real service show it."""

import json

from emulators.nova_sonic.brains.ports import CallTool, Message, Say
from emulators.nova_sonic.conversation.output_events import INTERRUPTED_TEXT
from emulators.nova_sonic.profiles import load_profile
from emulators.nova_sonic.scenarios import CallStep, SayStep, Scenario
from tests.emulators.nova_sonic.conversation.call import PROFILE, Call, say, scenario
from tests.emulators.nova_sonic.conversation.call import call as tool

TWO_SENTENCES = scenario([say("One two three four.", 2.0), say("Five six.", 1.0)])
HEARD = ["+TEXT USER FINAL", "textOutput", "-TEXT PARTIAL_TURN"]
PLANNED = ["+TEXT ASSISTANT SPECULATIVE", "textOutput", "-TEXT PARTIAL_TURN", "+AUDIO ASSISTANT"]
SPOKEN = ["+TEXT ASSISTANT FINAL", "textOutput"]


def listening(script: Scenario = TWO_SENTENCES, **switches: object) -> Call:
    call = Call(profile=PROFILE.with_switches(**switches), script=script)
    call.open()
    return call


def interrupted(**switches: object) -> Call:
    """A reply of three seconds that the user talks into after one."""
    call = Call(profile=PROFILE.with_switches(**switches), script=TWO_SENTENCES)
    call.open()
    call.ask()
    call.silence(0.8)
    call.speak(0.32)
    return call


# The order of a turn.


def test_a_turn_has_the_order_of_the_recordings() -> None:
    """[KR-REC] speech start, completion, speech end, transcript, then sentence by sentence, FINAL texts late."""
    call = listening()
    call.ask()
    call.silence(7.0)

    assert [
        "userSpeechStart",
        "completionStart",
        "userSpeechEnd",
        *HEARD,
        *PLANNED,
        "-AUDIO PARTIAL_TURN",
        *PLANNED,
        "-AUDIO END_TURN",
        *SPOKEN,
        "-TEXT PARTIAL_TURN",
        *SPOKEN,
        "-TEXT END_TURN",
    ] == call.outline()


def test_the_users_words_come_in_one_final_text() -> None:
    """[KR-REC] one textOutput per utterance, no partial transcripts, always PARTIAL_TURN."""
    call = listening(scenario([say("Fine.")], heard="how are you"))
    call.ask()

    assert ("FINAL", "USER", "how are you", "PARTIAL_TURN") == call.blocks()[0]


def test_the_final_text_comes_seconds_after_the_audio() -> None:
    """[TS-M] 2.6 to 9 s after its audio."""
    call = listening(scenario([say("Fine.", 1.0)]))
    call.ask()
    answered_at = call.now
    call.silence(3.0)
    assert [] == call.final_texts()

    call.silence(1.0)
    assert ["Fine."] == call.final_texts()
    assert call.at("contentEnd")[-1] - answered_at > 2.6


def test_the_final_text_comes_with_the_next_input() -> None:
    """[TS-M] often only after the next user input."""
    call = listening(scenario([say("Fine.", 0.5)]))
    call.ask()
    call.silence(0.6)
    call.speak(0.2)

    assert ["userSpeechStart", *SPOKEN, "-TEXT END_TURN"] == call.outline()[-4:]


def test_one_completion_spans_all_turns_of_the_prompt() -> None:
    """[TS-M] completionEnd arrives only after promptEnd; it is no turn boundary."""
    call = listening(scenario([say("Fine.", 0.1)]))
    for _ in range(3):
        call.ask()
        call.silence(3.0)
    assert 3 == len(call.requests)
    assert (1, 0) == (len(call.of("completionStart")), len(call.of("completionEnd")))

    call.hang_up()
    assert "completionEnd" == call.outline()[-1]
    assert 1 == len({fields["completionId"] for _, fields in call.output})


def test_completion_end_may_never_come() -> None:
    """[KR-REC] 2026-09-03."""
    call = listening(completion_end="never")
    call.ask()
    call.hang_up()

    assert [] == call.of("completionEnd")
    assert call.ended


def test_speech_events_can_be_switched_off() -> None:
    """[TS-M] did not get them on 2026-08-14."""
    call = listening(user_speech_events=False)
    call.ask()

    assert ["completionStart", *HEARD] == call.outline()[:4]


def test_words_are_ready_when_the_turn_ends() -> None:
    """[PT-M] first audio 735 to 930 ms after speech: no time is lost on the transcript."""
    call = listening(scenario([say("Fine.")]))
    call.speak(1.0)
    spoken_at = call.now
    call.silence(0.64)

    assert 1 == len(call.transcribes)
    assert 0.4 < call.at("audioOutput")[0] - spoken_at < 0.56


def test_words_of_a_pause_within_an_utterance_are_dropped() -> None:
    call = Call(script=TWO_SENTENCES, deaf=True)
    call.open()
    call.speak(0.64)
    call.silence(0.256)
    call.speak(0.64)
    (early,) = call.transcribes
    call.perform(call.conversation.transcribed(early.utterance_id, "half of", call.now))
    call.silence(0.64)
    _, late = call.transcribes
    assert [] == call.of("textOutput")

    call.perform(call.conversation.transcribed(late.utterance_id, "half of it", call.now))
    assert ["half of it"] == [compose.request.heard for compose in call.requests]
    assert len(early.pcm) < len(late.pcm)


def test_utterances_are_answered_in_the_order_they_were_spoken() -> None:
    call = Call(script=TWO_SENTENCES, deaf=True)
    call.open()
    call.ask()
    call.ask()
    first, second = call.transcribes
    call.perform(call.conversation.transcribed(second.utterance_id, "two", call.now))
    assert [] == call.requests

    call.perform(call.conversation.transcribed(first.utterance_id, "one", call.now))
    assert ["one", "two"] == [
        text for kind, role, text, _ in call.blocks() if role == "USER" and kind == "FINAL"
    ]
    assert ["one", "two"] == [compose.request.heard for compose in call.requests]
    assert [call.requests[0].request_id] == call.cancelled
    assert [1, 2] == [first.turn, second.turn]


def test_speech_without_words_is_not_answered() -> None:
    call = listening(scenario([say("Fine.")], heard=""))
    call.ask()

    assert ["userSpeechStart", "completionStart", "userSpeechEnd"] == call.outline()


def test_speech_without_words_may_give_an_empty_transcript() -> None:
    """[pipecat #4042] an empty transcript was mistaken for an interruption."""
    call = listening(scenario([say("Fine.")], heard=""), empty_transcript="empty_text")
    call.ask()

    assert [("FINAL", "USER", "", "PARTIAL_TURN")] == call.blocks()
    assert [] == call.requests


def test_the_brain_knows_instructions_history_voice_and_tools() -> None:
    call = Call(script=TWO_SENTENCES)
    call.session()
    call.prompt(tools=["getWeather"], voice="tina", rate_hz=16_000)
    call.text("SYSTEM", "Be kind.", name="s")
    call.text("USER", "Hi.", name="h1")
    call.text("ASSISTANT", "Hello!", name="h2")
    call.audio_block()
    call.ask()
    request = call.requests[0].request

    assert ("Be kind.", "tina", 16_000, ("getWeather",), 1, "hello", False) == (
        request.instructions,
        request.voice_id,
        request.output_rate_hz,
        request.tools,
        request.turn,
        request.heard,
        request.typed,
    )
    assert (Message(role="USER", text="Hi."), Message(role="ASSISTANT", text="Hello!")) == request.history


def test_history_itself_asks_for_no_answer() -> None:
    """[DOC-hist] replayed messages are context."""
    call = Call()
    call.session()
    call.prompt()
    call.text("USER", "What is the weather?", name="h1")
    call.audio_block()
    call.silence(5.0)

    assert [] == call.output


# Interruption.


def test_speech_over_the_reply_interrupts_it_by_text_and_stop_reason() -> None:
    """[nova-sonic 2.6] '{ "interrupted" : true }' and INTERRUPTED on a FINAL text; FINAL text cut to what was played."""
    call = interrupted()

    assert ("FINAL", "ASSISTANT", INTERRUPTED_TEXT, "INTERRUPTED") == call.blocks()[-2]
    assert ("FINAL", "ASSISTANT", "One two", "END_TURN") == call.blocks()[-1]
    assert 1 == [reason for *_, reason in call.blocks()].count("INTERRUPTED")


def test_an_interruption_may_be_told_by_stop_reason_only() -> None:
    call = interrupted(interruption="stop_reason_only")

    assert ("FINAL", "ASSISTANT", "One two", "INTERRUPTED") == call.blocks()[-1]
    assert INTERRUPTED_TEXT not in [fields["content"] for fields in call.of("textOutput")]


def test_an_interruption_may_be_told_by_the_start_of_speech_only() -> None:
    """[TW-M] saw only userSpeechStart."""
    call = interrupted(interruption="speech_start_only")

    assert "INTERRUPTED" not in [reason for *_, reason in call.blocks()]
    assert ("FINAL", "ASSISTANT", "One two", "END_TURN") == call.blocks()[-1]
    assert 2 == len(call.of("userSpeechStart"))


def test_an_interruption_before_a_word_was_heard_has_no_final_text() -> None:
    call = listening(interruption="stop_reason_only")
    call.speak(0.96)
    call.silence(0.48, burst=True)
    call.speak(0.128, burst=True)

    assert ("FINAL", "ASSISTANT", "", "INTERRUPTED") == call.blocks()[-1]


def test_the_audio_of_an_interrupted_reply_ends_as_a_part() -> None:
    """[nova-sonic 2.6] AUDIO often still ends PARTIAL_TURN or END_TURN."""
    call = listening(scenario([say("One.", 1.0), say("Two.", 1.0, after_s=5.0)]))
    call.ask()
    call.silence(0.5)
    assert ("AUDIO", "ASSISTANT", "", "open") == call.blocks()[-1]

    call.speak(0.2)
    assert ("AUDIO", "ASSISTANT", "", "PARTIAL_TURN") == call.blocks()[2]
    assert [call.requests[0].request_id] == call.cancelled
    call.silence(0.2)
    call.wait(10)
    assert "Two." not in [text for _, _, text, _ in call.blocks()]


def test_a_sound_shorter_than_96_ms_interrupts_nothing() -> None:
    call = listening()
    call.ask()
    call.silence(0.5)
    call.speak(0.032)
    call.silence(1.0)

    assert "INTERRUPTED" not in [reason for *_, reason in call.blocks()]


def test_after_the_audio_was_played_nothing_is_interrupted() -> None:
    """[nova-sonic 1.3] audio comes faster than real time; the model speaks until it was played."""
    call = listening()
    call.ask()
    call.silence(3.2)
    call.speak(0.2)

    assert "INTERRUPTED" not in [reason for *_, reason in call.blocks()]
    assert ["One two three four.", "Five six."] == call.final_texts()


def test_speech_before_the_reply_has_begun_cancels_it_silently() -> None:
    call = listening(scenario([say("Late.", after_s=3.0)]))
    call.ask()
    call.speak(0.2)
    call.silence(0.64)

    assert [call.requests[0].request_id] == call.cancelled
    assert "INTERRUPTED" not in [reason for *_, reason in call.blocks()]
    assert [1, 2] == [compose.request.turn for compose in call.requests]
    assert (Message(role="USER", text="hello"),) == call.requests[1].request.history


def test_history_holds_what_was_heard_of_an_interrupted_reply() -> None:
    call = interrupted()
    call.silence(0.64)

    assert (
        Message(role="USER", text="hello"),
        Message(role="ASSISTANT", text="One two"),
    ) == call.requests[1].request.history


def test_steps_of_a_cancelled_reply_are_dropped() -> None:
    call = Call(script=TWO_SENTENCES, mute=True)
    call.open()
    call.ask()
    request_id = call.requests[0].request_id
    call.speak(0.2)
    seen = len(call.output)
    call.perform(call.conversation.composed(request_id, Say(text="Late.", pcm=b""), call.now))

    assert [request_id] == call.cancelled
    assert seen == len(call.output)


def test_a_turn_whose_words_come_while_the_user_speaks_again_is_not_answered() -> None:
    call = Call(script=TWO_SENTENCES, deaf=True)
    call.open()
    call.ask()
    call.speak(0.32)
    call.answer_next()
    assert [] == call.requests

    call.silence(0.64)
    call.answer_next()
    assert [2] == [one.request.turn for one in call.requests]
    assert (Message(role="USER", text="hello"),) == call.requests[0].request.history


def test_a_burst_does_not_keep_an_earlier_turn_from_its_answer() -> None:
    call = Call(script=TWO_SENTENCES, deaf=True)
    call.open()
    call.ask()
    call.speak(1.6, burst=True)
    call.silence(0.64)
    call.answer_next()

    assert [1] == [one.request.turn for one in call.requests]


def test_history_holds_a_reply_that_was_heard_whole() -> None:
    call = listening(scenario([say("Fine.", 0.2)]))
    call.ask()
    call.silence(1.0)
    call.ask()

    assert (
        Message(role="USER", text="hello"),
        Message(role="ASSISTANT", text="Fine."),
    ) == call.requests[1].request.history


# Typed text.


def test_typed_text_is_answered_once_68_ms_of_audio_came() -> None:
    """[TS-M] an open audio block with at least 68 ms of audio; it need not be paced."""
    call = listening()
    call.silence(0.096, burst=True)
    call.typed("What time is it?")

    assert [("What time is it?", True)] == [(one.request.heard, one.request.typed) for one in call.requests]
    assert ["completionStart", *PLANNED] == call.outline()[:5]


def test_typed_text_before_audio_is_lost() -> None:
    """[TS-M] without 68 ms of audio there is no answer."""
    call = listening()
    call.silence(0.032)
    call.typed("Hello?")
    call.silence(2.0)

    assert [] == call.requests


def test_a_new_audio_block_needs_its_own_audio_before_typed_text() -> None:
    call = listening()
    call.silence(0.2)
    call.close_audio()
    call.audio_block("b")
    call.typed("Hello?")
    call.silence(1.0, name="b")

    assert [] == call.requests


def test_typed_text_before_audio_may_wait_for_it() -> None:
    """[LK PR #5220] interactive history was answered as live input."""
    call = Call(profile=PROFILE.with_switches(early_typed_text="waits"))
    call.session()
    call.prompt()
    call.text("USER", "Hello?", interactive=True)
    call.audio_block()
    assert [] == call.requests

    call.silence(0.1)
    assert ["Hello?"] == [one.request.heard for one in call.requests]


def test_typed_text_over_the_reply_interrupts_it() -> None:
    """[nova-sonic 2.5] sending it while the model still speaks is barge-in on yourself."""
    call = listening()
    call.ask()
    call.silence(1.0)
    call.typed("Stop.")

    assert 1 == [reason for *_, reason in call.blocks()].count("INTERRUPTED")
    assert ["hello", "Stop."] == [one.request.heard for one in call.requests]


def test_v1_does_not_answer_typed_text() -> None:
    """[LITELLM] checked live on v1: text and silence, no answer."""
    call = Call(profile=load_profile("nova-sonic-v1"))
    call.open()
    call.silence(0.5)
    call.typed("Hello?")
    call.silence(2.0)

    assert [] == call.requests
    assert call.failure is None


# Tools.


def calling(*steps: SayStep | CallStep, **switches: object) -> Call:
    call = Call(profile=PROFILE.with_switches(**switches), script=scenario(list(steps)))
    call.open(tools=["getWeather"])
    call.ask()
    return call


def tool_use_ids(call: Call) -> list[str]:
    return [fields["toolUseId"] for fields in call.of("toolUse")]


def test_a_tool_is_used_before_any_text_and_the_reply_waits() -> None:
    """[DOC-tools] toolUse comes first; without a result the model waits for ever."""
    call = calling(tool("getWeather", city="Rome"), say("Sunny."))
    call.silence(20)

    assert ["+TOOL TOOL", "toolUse", "-TOOL TOOL_USE"] == call.outline()[6:]
    (use,) = call.of("toolUse")
    assert ("getWeather", {"city": "Rome"}, "TOOL") == (
        use["toolName"],
        json.loads(use["content"]),
        use["role"],
    )


def test_the_reply_goes_on_with_the_result() -> None:
    call = calling(tool("getWeather", city="Rome"), say("Sunny."))
    call.silence(1.0)
    call.tool_result(tool_use_ids(call)[0], '{"temperature":21}')

    assert [{"temperature": 21}] == [result.content for result in call.requests[1].request.tool_results]
    assert [1, 1] == [one.request.turn for one in call.requests]
    assert ("AUDIO", "ASSISTANT", "", "END_TURN") == call.blocks()[-1]


def test_several_tools_run_in_parallel() -> None:
    """[nova-sonic 2.7] the reply goes on when every call of the turn was answered."""
    call = calling(tool("getWeather", city="Rome"), tool("getWeather", city="Oslo"), say("Both."))
    rome, oslo = tool_use_ids(call)
    call.tool_result(oslo)
    assert 1 == len(call.requests)

    call.tool_result(rome)
    assert [oslo, rome] == [result.tool_use_id for result in call.requests[1].request.tool_results]


def test_a_result_for_an_unknown_tool_use_is_refused() -> None:
    """[pipecat #3122] "Invalid input request"."""
    call = calling(tool("getWeather"), say("Sunny."))
    call.tool_result("somebody-else")

    assert "Invalid input request, please fix your input and try again." == call.refusal


def test_a_second_result_for_the_same_tool_use_is_refused() -> None:
    call = calling(tool("getWeather"), say("Sunny."))
    call.tool_result(*tool_use_ids(call))
    call.tool_result(*tool_use_ids(call))

    assert call.refusal.startswith("Invalid input request")


def test_a_result_that_is_no_object_is_refused() -> None:
    """[nova-sonic 1.1] the stream dies."""
    call = calling(tool("getWeather"), say("Sunny."))
    call.tool_result(tool_use_ids(call)[0], "[21]")

    assert "Tool Response parsing error" == call.refusal


def test_a_second_result_in_the_same_block_is_refused() -> None:
    call = calling(tool("getWeather"), say("Sunny."))
    (tool_use_id,) = tool_use_ids(call)
    configuration = {
        "toolUseId": tool_use_id,
        "type": "TEXT",
        "textInputConfiguration": {"mediaType": "text/plain"},
    }
    call.send(
        "contentStart",
        promptName="p",
        contentName="r",
        interactive=False,
        type="TOOL",
        role="TOOL",
        toolResultInputConfiguration=configuration,
    )
    call.send("toolResult", promptName="p", contentName="r", content="{}")
    call.send("toolResult", promptName="p", contentName="r", content="{}")

    assert "Tool Response parsing error" == call.refusal


def slow_call() -> tuple[Call, int]:
    """A brain that has asked for a tool and has not yet said that this was all."""
    call = Call(mute=True)
    call.open(tools=["getWeather"])
    call.ask()
    request_id = call.requests[0].request_id
    step = CallTool(name="getWeather", arguments={})
    call.perform(call.conversation.composed(request_id, step, call.now))
    return call, request_id


def test_a_result_may_be_quicker_than_the_brains_last_word() -> None:
    call, request_id = slow_call()
    call.tool_result(*tool_use_ids(call))
    assert 1 == len(call.requests)

    call.perform(call.conversation.composed(request_id, None, call.now))
    assert [{"ok": True}] == [one.content for one in call.requests[1].request.tool_results]


def test_the_result_of_a_call_whose_reply_was_interrupted_is_taken_once() -> None:
    """[LK #3704] tool and barge-in."""
    call, _ = slow_call()
    call.speak(0.2)
    call.silence(0.1)
    call.tool_result(*tool_use_ids(call))
    assert call.failure is None

    call.tool_result(*tool_use_ids(call))
    assert call.refusal.startswith("Invalid input request")


def test_speech_during_a_tool_waits_for_its_turn() -> None:
    """[PT-M, TS-M] the model mostly stays silent while a tool is pending."""
    call = calling(tool("getWeather"), say("Sunny.", 1.0))
    call.ask()
    assert 1 == len(call.requests)
    assert 2 == len([one for one in call.blocks() if one[1] == "USER"])

    call.tool_result(*tool_use_ids(call))
    call.silence(1.5)
    assert [1, 1, 2] == [one.request.turn for one in call.requests]


def test_speech_during_a_tool_may_cancel_it() -> None:
    """[pipecat #3122] the result of a cancelled call is refused."""
    call = calling(tool("getWeather"), say("Sunny."), speech_during_tool="cancels")
    ids = tool_use_ids(call)
    call.ask()
    assert [1, 2] == [one.request.turn for one in call.requests]

    call.tool_result(*ids)
    assert call.refusal.startswith("Invalid input request")


def test_audio_during_a_tool_may_be_fatal() -> None:
    """[PT-M, 1x] on 2.5."""
    call = calling(tool("getWeather"), say("Sunny."), audio_during_tool_is_fatal=True)
    call.silence(0.1)

    assert "Invalid input request, please fix your input and try again." == call.refusal


def test_arguments_may_be_encoded_twice() -> None:
    """[LK #5411]."""
    call = calling(tool("getWeather", city="Rome"), double_encoded_tool_arguments=True)
    (use,) = call.of("toolUse")

    assert {"city": "Rome"} == json.loads(json.loads(use["content"]))


def test_words_before_a_call_do_not_end_the_turn() -> None:
    call = calling(say("One moment.", 0.5), tool("getWeather"), say("Sunny.", 0.5))
    assert ("AUDIO", "ASSISTANT", "", "PARTIAL_TURN") == call.blocks()[2]

    call.tool_result(*tool_use_ids(call))
    call.silence(5.0)
    assert ["One moment.", "Sunny."] == call.final_texts()


def test_words_before_a_call_can_be_interrupted_without_losing_the_call() -> None:
    call = calling(say("One moment please.", 2.0), tool("getWeather"), say("Sunny.", 0.5))
    call.silence(0.5)
    call.speak(0.2)
    assert 1 == [reason for *_, reason in call.blocks()].count("INTERRUPTED")

    call.silence(0.64)
    call.tool_result(*tool_use_ids(call))
    call.silence(4.0)
    assert call.failure is None
    assert [1, 1, 2] == [one.request.turn for one in call.requests]


def test_a_call_comes_after_its_thinking_time() -> None:
    """[PT-M] toolUse 270 to 310 ms after the end of speech."""
    call = Call(script=scenario([say("Late.", 0.5, after_s=0.3)]))
    call.open()
    call.ask()
    call.silence(1.0)

    assert 0.29 < call.at("audioOutput")[0] - call.at("userSpeechEnd")[0] < 0.31


def test_thinking_times_follow_one_another() -> None:
    call = listening(scenario([say("One.", 0.1, after_s=0.5), say("Two.", 0.1, after_s=0.5)]))
    call.ask()
    call.silence(2.0)
    first, second = (
        at
        for at, one in zip(call.at("contentStart"), call.of("contentStart"), strict=True)
        if one["type"] == "AUDIO"
    )

    assert 0.49 < second - first < 0.51


def test_thinking_times_are_scaled() -> None:
    call = Call(script=scenario([say("One.", 0.1, after_s=30.0)]), time_scale=0.01)
    call.open()
    call.ask()
    call.silence(0.32)

    assert 0.29 < call.at("audioOutput")[0] - call.at("userSpeechEnd")[0] < 0.31
