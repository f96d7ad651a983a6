"""A session moves to a fresh stream before the model ends the old one, and nobody notices."""

from service.errors import ModelFailure, ModelFailureKind
from service.policies.continuation import Continuation
from service.policies.silence import KeepAlive
from service.session.effects import CloseStream, OpenStream, State, StreamLost
from service.session.events import Owned, StreamClosed, StreamOpened
from service.wire import server
from service.wire import sonic_input as inp
from service.wire import sonic_output as model
from service.wire.server import Outcome
from tests.service.fakes import Call, terms


def aged(seconds: float = 372.0) -> Call:
    """Connected so long that the next stream was asked for."""
    call = Call(terms(idle_timeout_s=10_000.0))
    call.connect()
    call.wait(seconds)
    return call


def test_the_next_stream_is_prepared_while_the_current_one_goes_on() -> None:
    call = aged(365.0)
    assert [1] == [effect.stream_id for effect in call.done(OpenStream)]

    call.wait(10.0)
    call.give(StreamOpened(stream_id=2))
    assert ["SessionStart", "PromptStart", "TextStart", "TextInput", "ContentEnd"] == call.sent_kinds(2)
    call.audio()
    assert 1 == call.stream_id


def test_a_session_moves_at_a_quiet_moment_and_nobody_notices() -> None:
    call = aged()
    call.accept()
    call.wait(0.0)

    assert 2 == call.stream_id
    assert ["ContentEnd", "PromptEnd", "SessionEnd"] == call.sent_kinds(1)[-3:]
    assert ["listening"] == call.states


def test_a_prepared_stream_waits_for_the_quiet_moment_and_is_told_what_was_said_until_then() -> None:
    call = aged()
    call.speak(0.5)
    call.end_of_utterance()
    call.accept()
    call.user_text("hello")
    call.reply_begins("Hi.")
    call.wait(0.3)
    assert 1 == call.stream_id

    call.end_block("x3", "AUDIO", "END_TURN")
    call.wait(0.0)
    assert 2 == call.stream_id
    assert ["hello", "Hi."] == [event.text for event in call.sent(inp.TextInput, stream_id=2)][1:]
    call.wait(3.0)
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_nothing_that_a_stream_says_while_it_stands_by_is_heard() -> None:
    call = aged()
    call.speak(0.2)
    call.end_of_utterance()
    call.accept()
    seen = len(call.messages)
    call.say(model.TextOutput(content_id="y", role="USER", text="boo", interrupted=False), stream_id=2)

    assert seen == len(call.messages)


def test_a_stream_that_cannot_be_prepared_is_asked_for_again_and_disturbs_nobody() -> None:
    call = aged()
    failure = ModelFailure(ModelFailureKind.THROTTLED)
    call.give(StreamClosed(stream_id=2, failure=failure))
    call.wait(4.0)
    assert 2 == call.invariants.newest_stream

    call.wait(2.0)
    assert 3 == call.invariants.newest_stream
    assert (1, [], ["listening"]) == (call.stream_id, call.done(StreamLost), call.states)


def test_a_stream_that_stood_by_for_half_a_minute_is_replaced() -> None:
    call = aged()
    call.say(model.UserSpeechStart(offset_ms=0))
    call.accept()
    call.speak(31.0)

    assert 2 in [effect.stream_id for effect in call.done(CloseStream)]
    assert 1 == call.stream_id


def test_a_prepared_stream_that_is_never_accepted_is_given_up() -> None:
    call = aged()
    call.give(StreamOpened(stream_id=2))
    call.wait(11.0)

    assert 2 in [effect.stream_id for effect in call.done(CloseStream)]


def test_a_lost_stream_is_followed_at_once_by_the_one_that_stands_by() -> None:
    call = aged()
    call.speak(0.5)
    call.end_of_utterance()
    call.accept()
    call.fail()

    assert (2, State.THINKING) == (call.stream_id, call.state)
    assert "connecting" not in call.states
    call.reply()
    call.wait(2.0)
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_a_turn_that_is_thought_about_when_the_time_is_up_goes_along() -> None:
    call = aged()
    call.say(model.UserSpeechStart(offset_ms=0))
    while call.now < 1_448.0:
        call.speak(0.96)
        if call.invariants.newest_stream != call.stream_id:
            call.accept()
    call.end_of_utterance()
    before = call.stream_id
    call.wait(4.0)
    assert before < call.stream_id

    assert State.THINKING is call.state
    assert ["listening", "thinking"] == call.states
    call.reply()
    call.wait(2.0)
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_a_session_moves_before_the_stream_dies_whatever_is_going_on_and_loses_no_audio() -> None:
    call = Call(terms(continuation=Continuation(stream_lifetime_s=8.0)))
    call.connect()
    call.say(model.UserSpeechStart(offset_ms=0))
    call.speak(7.488)
    assert 1 == call.stream_id

    call.speak(0.064)
    call.accept()
    assert ["listening"] == call.states
    call.wait(3.0)
    assert 236 == sum(any(event.pcm) for event in call.sent(inp.AudioInput, call.stream_id))


def test_a_conversation_of_a_day_moves_more_than_two_hundred_times_and_misses_no_turn() -> None:
    call = Call(
        terms(
            keeps_history=True,
            max_session_s=10**6,
            idle_timeout_s=10_000.0,
            keep_alive=KeepAlive(frame_ms=1_000),
        )
    )
    call.connect()
    call.keep(owned=Owned(conversation_id="c", epoch=1, last_turn=0))
    told: list[server.ServerMessage] = []
    asked = opened = 0
    ends_at = call.now + 24 * 3_600.0
    while call.now < ends_at:
        asked += 1
        call.speak(0.5)
        call.end_of_utterance()
        call.user_text(f"question {asked}")
        call.reply(f"Answer {asked}.", chunks=20)
        for _ in range(27):
            call.wait(2.0)
            if call.invariants.newest_stream != call.stream_id:
                call.accept()
        call.keep()
        told += call.messages
        opened += len(call.done(OpenStream))
        call.effects.clear()
    turns = [message for message in told if isinstance(message, server.TurnIs)]
    states = {message.state.value for message in told if isinstance(message, server.StateIs)}

    assert asked == len([turn for turn in turns if turn.outcome is Outcome.COMPLETED and not turn.saved])
    assert [*range(1, asked + 1)] == [turn.turn for turn in turns if turn.saved]
    assert {"listening", "thinking", "speaking"} == states
    assert 220 < opened < 245
    assert not any(isinstance(message, server.Error) for message in told)


def half_an_hour(continuation: Continuation) -> tuple[Call, list[tuple[str, str, str]]]:
    """The same talk whatever becomes of its streams: what was said, answered, and how each turn ended."""
    call = Call(terms(max_session_s=10_000.0, idle_timeout_s=10_000.0, continuation=continuation))
    call.connect()
    for number in range(1, 29):
        call.speak(0.5)
        call.end_of_utterance()
        call.user_text(f"question {number}")
        call.reply(f"Answer {number}.", chunks=20)
        for _ in range(31):
            call.wait(2.0)
            if call.invariants.newest_stream != call.stream_id:
                call.accept()
    said = [
        (message.role.value, message.stage.value, message.text) for message in call.told(server.Transcript)
    ]
    ended = [("turn", str(turn.turn), turn.outcome.value) for turn in call.told(server.TurnIs)]
    return call, said + ended


def test_three_continuations_in_a_row_change_nothing_that_is_said_or_remembered() -> None:
    moved, with_moves = half_an_hour(Continuation())
    _, without = half_an_hour(Continuation(stream_lifetime_s=100_000.0))
    told = [event.text for event in moved.sent(inp.TextInput, stream_id=moved.stream_id)][1:]

    assert without == with_moves
    assert 4 <= moved.stream_id
    assert [f"question {number}" for number in range(1, len(told) // 2 + 1)] == told[::2]
    assert len(told) // 2 > 20
