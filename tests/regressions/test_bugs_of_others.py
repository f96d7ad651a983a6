"""What others' users ran into, as tests of ours: each is named for the report it comes from.

docs/testing.md says of each what happened there. The clock of a `Call` is its own: minutes cost nothing.
"""

import pytest

from service.errors import CloseCode, ModelFailure, ModelFailureKind
from service.session.effects import CloseStream, OpenStream, State
from service.session.events import ClientGone, StreamAccepted, StreamClosed, StreamOpened, ToolFinished
from service.wire import server
from service.wire import sonic_input as inp
from service.wire import sonic_output as model
from service.wire.server import Outcome
from tests.service.fakes import Call, terms

LIFETIME_S = 480.0
BEFORE_CONTINUATION_S = 355.0


def connected(**changes: object) -> Call:
    call = Call(terms(idle_timeout_s=3_000.0, **changes))
    call.connect()
    return call


def answer(call: Call, said: str = "hello", reply: str = "Hi.") -> None:
    """One spoken turn, answered."""
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text(said)
    call.reply(reply)
    call.wait(3.0)


def live_until(call: Call, seconds: float) -> None:
    """Let time pass; every stream that is asked for is had at once."""
    until = call.now + seconds
    while call.now < until:
        asked = call.invariants.newest_stream
        call.wait(min(1.0, until - call.now))
        if call.invariants.newest_stream != asked:
            call.accept()


def frames_heard(call: Call, stream_id: int) -> int:
    return sum(any(event.pcm) for event in call.sent(inp.AudioInput, stream_id))


def test_livekit_agents_5603_after_a_continuation_the_user_is_heard() -> None:
    """There: "deaf after recycle", no error, no exception."""
    call = connected()
    answer(call)
    live_until(call, BEFORE_CONTINUATION_S + 60)
    assert 2 == call.stream_id

    before = frames_heard(call, 2)
    call.speak(0.96)
    assert 30 == frames_heard(call, 2) - before


def test_livekit_agents_5879_after_a_continuation_the_model_answers_and_knows_what_was_said() -> None:
    """There: the agent goes dead at the model's limit, and the call hangs."""
    call = connected()
    answer(call, "my name is Ann", "Hello Ann.")
    live_until(call, BEFORE_CONTINUATION_S + 60)
    told = [event.text for event in call.sent(inp.TextInput, stream_id=2)]
    answer(call, "what is my name?", "Ann.")

    assert ["my name is Ann", "Hello Ann."] == told[1:]
    assert [Outcome.COMPLETED] * 2 == [turn.outcome for turn in call.told(server.TurnIs)]


def test_livekit_agents_6793_what_the_old_stream_still_says_does_not_stop_the_new_one() -> None:
    """There: a task of the old stream ends late and clears the flag of the new one; silence to the end of the call."""
    call = connected()
    answer(call)
    live_until(call, BEFORE_CONTINUATION_S + 60)
    call.give(StreamClosed(stream_id=1, failure=ModelFailure(ModelFailureKind.CONNECTION_LOST, "late")))
    call.say(model.CompletionEnd(), stream_id=1)
    answer(call)

    assert State.LISTENING is call.state
    assert [1, 2] == [effect.stream_id for effect in call.done(OpenStream)]
    assert 2 == len([turn for turn in call.told(server.TurnIs) if turn.outcome is Outcome.COMPLETED])


def test_livekit_agents_6010_a_validation_error_that_is_none_is_tried_again() -> None:
    """There: "System instability detected" ends the call."""
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    failure = ModelFailure(
        ModelFailureKind.VALIDATION, "System instability detected. Please retry your request."
    )
    call.give(StreamClosed(stream_id=1, failure=failure))
    call.accept()
    call.wait(0.5)
    call.user_text("hello")
    call.reply("Hi.")
    call.wait(3.0)

    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert call.closed_with is None


def test_livekit_agents_6812_replies_one_after_the_other_keep_their_sound() -> None:
    """There: two restarts overlap, and a later reply has words and no audio."""
    call = connected()
    for _ in range(3):
        live_until(call, BEFORE_CONTINUATION_S + 30)
        answer(call)
        answer(call)

    replies = {audio.response_id for audio in call.reply_audio}
    assert set(range(1, 7)) == replies
    assert [Outcome.COMPLETED] * 6 == [turn.outcome for turn in call.told(server.TurnIs)]


def test_pipecat_1571_a_client_that_lost_its_connection_goes_on_where_it_was() -> None:
    """There: the WebSocket transport has no way back, and the call's process dies with the connection."""
    call = Call(terms(resume_token="token", parked_s=15.0, idle_timeout_s=3_000.0))
    call.connect()
    call.speak(0.5)
    last_seq = call.invariants.seq
    call.give(ClientGone())
    call.wait(5.0)
    assert call.session.can_resume("token", last_seq)
    call.come_back(last_seq)
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("hello")
    call.reply("Hi.")
    call.wait(3.0)

    assert 1 == len(call.done(OpenStream))
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]


@pytest.mark.parametrize("kind", [ModelFailureKind.PROTOCOL, ModelFailureKind.CONNECTION_LOST])
def test_pipecat_3387_a_stream_that_breaks_within_a_reply_ends_the_reply_not_the_call(
    kind: ModelFailureKind,
) -> None:
    """There: "Invalid event bytes" in mid-sentence, then a reset of the conversation."""
    call = connected()
    answer(call, "my name is Ann", "Hello Ann.")
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("tell me more")
    call.reply_begins("Once upon a time.", chunks=3)
    call.fail(kind, "Invalid event bytes")
    call.accept()
    answer(call, "go on", "There was a fox.")

    outcomes = [turn.outcome for turn in call.told(server.TurnIs)]
    told = [event.text for event in call.sent(inp.TextInput, stream_id=2)]
    assert [Outcome.COMPLETED, Outcome.FAILED, Outcome.COMPLETED] == outcomes
    assert ["my name is Ann", "Hello Ann."] == told[1:3]


def test_pipecat_3122_a_tool_whose_turn_was_interrupted_answers_nobody_and_breaks_nothing() -> None:
    """There: a result for a call the model has given up is "invalid input", and the stream is dead."""
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("what time is it?")
    call.use_tool("t-1")
    call.fail()
    call.accept()
    call.wait(1.0)
    call.give(ToolFinished(stream_id=1, tool_use_id="t-1", result_json='{"time":"noon"}'))
    call.wait(1.0)
    answer(call, "never mind", "As you like.")

    assert [] == call.sent(inp.ToolResult, stream_id=2)
    assert Outcome.COMPLETED is call.told(server.TurnIs)[-1].outcome


def test_pipecat_forced_rotation_a_stream_is_replaced_although_the_user_never_stops() -> None:
    """There: the forced path opens a stream and drops it; the old one hits the wall of eight minutes."""
    call = connected()
    opened: set[int] = {1}
    began_at = call.now
    while call.now - began_at < 3 * LIFETIME_S:
        call.audio()
        call.wait(0.032)
        if call.invariants.newest_stream not in opened:
            opened.add(call.invariants.newest_stream)
            call.give(StreamOpened(stream_id=call.invariants.newest_stream))
            call.give(StreamAccepted(stream_id=call.invariants.newest_stream))

    closed = {effect.stream_id for effect in call.done(CloseStream)}
    assert {1, 2, 3} <= closed
    assert len(opened) - len(closed) <= 2, "none is left open"


def test_sample_serverless_nova_sonic_chat_7_a_silent_user_is_carried_over_too() -> None:
    """There: the session is resumed only when the model has ended a turn, so an idle one dies."""
    call = connected()
    live_until(call, 3 * LIFETIME_S)
    closed = {effect.stream_id for effect in call.done(CloseStream)}

    assert call.stream_id >= 3
    assert set(range(1, call.stream_id)) <= closed
    answer(call)
    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_deaf_for_ever_is_impossible_whatever_the_model_does_not_say() -> None:
    """All of the above end in the same place there: a call that listens, and never answers."""
    call = connected()
    for _ in range(2):
        call.speak(0.5)
        call.end_of_utterance()
        call.wait(11.0)

    assert 2 == sum(error.code == "model_silent" for error in call.told(server.Error))
    assert 2 == call.invariants.newest_stream
    call.accept()
    answer(call)
    assert Outcome.COMPLETED is call.told(server.TurnIs)[-1].outcome
    assert call.closed_with not in {CloseCode.INTERNAL, CloseCode.GO_ELSEWHERE}
