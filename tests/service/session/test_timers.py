from service.errors import CloseCode, ErrorCode
from service.session.effects import State
from service.wire import client, server
from service.wire import sonic_input as inp
from service.wire import sonic_output as model
from service.wire.server import ClosedBy, GoAwayReason, Outcome
from tests.service.fakes import Call, terms


def connected() -> Call:
    call = Call()
    call.connect()
    return call


def test_a_client_that_says_nothing_is_closed() -> None:
    call = Call()
    call.wait(9.9)
    assert call.closed_with is None

    call.wait(0.2)
    assert [ErrorCode.START_TIMEOUT] == [message.code for message in call.told(server.Error)]
    assert CloseCode.IDLE == call.closed_with


def test_the_watchdog_closes_a_silent_turn() -> None:
    call = connected()
    call.speak(0.8)
    call.wait(1.9)
    assert "listening" == call.states[-1]

    call.wait(0.2)
    assert "thinking" == call.states[-1]
    call.reply()
    call.wait(1.0)
    (turn,) = call.told(server.TurnIs)
    assert (ClosedBy.WATCHDOG, 2_000) == (turn.closed_by, turn.timings.endpointing_ms)


def test_a_client_that_keeps_sending_never_trips_the_watchdog() -> None:
    call = connected()
    call.speak(20.0)

    assert State.LISTENING is call.state


def test_a_muted_client_makes_one_turn_at_most() -> None:
    call = connected()
    call.speak(0.5)
    call.wait(60.0)

    assert [Outcome.UNANSWERED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_a_microphone_switched_off_unheard_is_no_turn_where_the_model_tells_of_speech() -> None:
    call = connected()
    call.speak(0.5)
    call.say(model.UserSpeechStart(offset_ms=0))
    call.say(model.UserSpeechEnd(offset_ms=100, detected_ms=300))
    call.reply()
    call.wait(2.0)
    call.speak(0.5)
    call.wait(60.0)

    assert [1] == [turn.turn for turn in call.told(server.TurnIs)]


def test_a_listening_model_is_fed_silence_at_its_own_pace() -> None:
    call = connected()
    call.wait(10.0)
    fed = sum(len(event.pcm) for event in call.sent(inp.AudioInput)) / 32_000

    assert 9.8 <= fed <= 10.2


def test_no_silence_comes_between_frames_that_are_in_time() -> None:
    call = connected()
    call.speak(3.0)

    assert {b"\x10"} == {event.pcm[:1] for event in call.sent(inp.AudioInput)}


def test_a_model_that_owes_a_reply_is_not_waited_for_for_ever() -> None:
    call = connected()
    call.audio(end=True)
    call.wait(10.1)

    assert [Outcome.UNANSWERED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert [(ErrorCode.MODEL_SILENT, True)] == [(m.code, m.retryable) for m in call.told(server.Error)]
    assert (State.LISTENING, 1) == (call.state, call.stream_id)


def test_after_two_turns_without_an_answer_the_stream_is_replaced() -> None:
    call = connected()
    for _ in range(2):
        call.audio(end=True)
        call.wait(10.1)

    assert 2 == call.stream_id


def test_a_running_tool_is_waited_for_and_then_the_reply() -> None:
    call = connected()
    call.audio(end=True)
    call.wait(9.0)
    call.use_tool()
    call.wait(7.0)
    call.tool_finished()
    call.wait(9.0)
    assert "thinking" == call.states[-1]

    call.wait(1.1)
    assert "listening" == call.states[-1]


def test_signs_of_life_do_not_keep_a_turn_thinking_for_ever() -> None:
    call = connected()
    call.audio(end=True)
    for _ in range(12):
        call.wait(5.0)
        call.say(model.UserSpeechStart(offset_ms=0))
    call.wait(1.0)

    assert State.LISTENING is call.state


def test_a_reply_that_stops_in_the_middle_ends_the_turn() -> None:
    call = connected()
    call.audio(end=True)
    call.reply_begins()
    call.wait(10.2)

    assert [Outcome.FAILED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert [ErrorCode.MODEL_SILENT] == [message.code for message in call.told(server.Error)]


def test_nobody_speaking_for_long_ends_the_session_though_a_heartbeat_goes_on() -> None:
    call = Call(terms(idle_timeout_s=30.0))
    call.connect()
    for i in range(5):
        call.wait(7.0)
        call.give(client.Ping(id=i))

    assert CloseCode.IDLE == call.closed_with
    assert [ErrorCode.IDLE] == [message.code for message in call.told(server.Error)]


def test_a_session_that_lasted_its_time_says_so_and_ends() -> None:
    call = Call(terms(max_session_s=20.0))
    call.connect()
    call.wait(20.1)
    (farewell,) = call.told(server.GoAway)
    assert (GoAwayReason.MAX_DURATION, 15_000) == (farewell.reason, farewell.deadline_ms)

    call.wait(15.0)
    assert CloseCode.DONE == call.closed_with


def test_a_quiet_session_leaves_a_draining_process_at_once() -> None:
    call = connected()
    call.drain()

    assert [GoAwayReason.DEPLOY] == [message.reason for message in call.told(server.GoAway)]
    assert [ErrorCode.GOING_AWAY] == [message.code for message in call.told(server.Error)]
    assert CloseCode.GO_ELSEWHERE == call.closed_with


def test_a_running_turn_is_finished_before_the_process_is_left() -> None:
    call = connected()
    call.audio(end=True)
    call.drain()
    call.wait(1.0)
    call.reply()
    assert call.closed_with is None

    call.wait(1.0)
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert CloseCode.GO_ELSEWHERE == call.closed_with


def test_a_turn_that_does_not_end_is_cut_at_the_deadline_of_the_drain() -> None:
    call = connected()
    call.audio(end=True)
    call.drain(deadline_s=5.0)
    call.wait(5.1)

    assert CloseCode.GO_ELSEWHERE == call.closed_with


def test_a_late_tick_is_harmless() -> None:
    call = connected()
    call.now += 3.0
    call.wait(0.5)

    assert State.LISTENING is call.state


def test_silence_that_closed_one_turn_does_not_delay_the_silence_after_the_next_words() -> None:
    call = Call()
    call.connect()
    call.speak(0.5)
    call.end_of_utterance()
    call.reply_begins()
    call.say(model.UserSpeechStart(offset_ms=0))
    call.speak(0.512)
    words = len(call.sent(inp.AudioInput))
    call.wait(0.65)

    # 0.1 s of grace, then frames of 0.1 s: enough for the model to notice, long before the watchdog.
    assert 6 == len(call.sent(inp.AudioInput)) - words
