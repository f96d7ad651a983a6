from itertools import pairwise

import pytest

from service.errors import CloseCode, ErrorCode, ModelFailureKind
from service.policies.closure import Closure
from service.session.effects import CloseStream, OpenStream, State, StreamLost
from service.session.events import StreamAccepted, StreamClosed, StreamOpened
from service.wire import client, server
from service.wire import sonic_input as inp
from service.wire import sonic_output as model
from service.wire.server import Outcome, Role, Stage
from tests.service.fakes import Call, terms


def connected() -> Call:
    call = Call()
    call.connect()
    return call


def test_nothing_is_said_before_the_transport_has_the_stream() -> None:
    call = Call()
    call.give(client.Start())
    assert [] == call.sent_kinds(1)

    call.give(StreamOpened(stream_id=1))
    assert "AudioStart" == call.sent_kinds(1)[-1]
    assert [] == call.messages


def test_a_model_that_speaks_has_accepted_the_stream() -> None:
    call = Call()
    call.give(client.Start())
    call.give(StreamOpened(stream_id=1))
    call.say(model.CompletionStart())
    call.give(StreamAccepted(stream_id=1))

    assert 1 == len(call.told(server.Ready))


def test_a_lost_stream_is_opened_again_at_once_and_told_the_history() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.user_text("hello")
    call.reply("Hi.")
    call.wait(2.0)
    call.fail()
    assert ["connecting"] == call.states[-1:]

    call.accept()
    assert ["hello", "Hi."] == [event.text for event in call.sent(inp.TextInput, stream_id=2)][1:]
    assert "listening" == call.states[-1]
    assert 1 == len(call.told(server.Ready))


def test_a_turn_that_is_being_thought_about_is_said_again_to_the_next_stream() -> None:
    call = connected()
    call.speak(0.96)
    call.end_of_utterance()
    call.user_text("hello")
    call.fail()
    call.audio()
    call.accept()
    call.wait(0.5)
    assert State.THINKING is call.state
    # 30 frames of the utterance, a second and a half of silence, and the frame that came meanwhile.
    assert 31 == words_said(call)
    assert [*[True] * 30, *[False] * 15, True] == [
        any(event.pcm) for event in call.sent(inp.AudioInput, stream_id=2)
    ][:46]
    assert 1 == len(call.sent(inp.TextInput, stream_id=2)), "the words are heard, not told"

    call.user_text("hello")
    call.reply("Hi.")
    call.wait(2.0)
    assert [(1, Outcome.COMPLETED)] == [(turn.turn, turn.outcome) for turn in call.told(server.TurnIs)]
    assert ["hello"] == [said.text for said in call.told(server.Transcript) if said.role is Role.USER]


def test_a_typed_turn_is_typed_again() -> None:
    call = connected()
    call.give(client.Text(text="hello"))
    call.fail()
    call.accept()

    assert State.THINKING is call.state
    assert ["hello"] == [event.text for event in call.sent(inp.TextInput, stream_id=2)][1:]
    assert "TextInput" in call.sent_kinds(2)[-4:]


def test_a_turn_is_said_again_as_often_as_there_are_tries() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    for _ in range(3):
        call.fail()
        call.wait(3.0)
        call.accept()
        assert State.THINKING is call.state
    call.fail()

    assert CloseCode.GO_ELSEWHERE == call.closed_with
    assert [Outcome.FAILED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_words_that_were_only_planned_when_the_stream_was_lost_are_taken_back() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.text("ASSISTANT", "It is sun", planned=True)
    call.fail()
    call.accept()
    call.reply("It is sunny.")
    call.wait(2.0)

    replies = [(said.stage, said.text, said.response_id) for said in call.told(server.Transcript)]
    assert [
        (Stage.PLANNED, "It is sun", 1),
        (Stage.HEARD, "", 1),
        (Stage.PLANNED, "It is sunny.", 2),
    ] == replies


def test_a_turn_that_was_being_spoken_fails_with_its_stream() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.reply_begins()
    call.fail()

    assert [Outcome.FAILED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert State.CONNECTING is call.state


def test_a_turn_for_which_a_tool_was_used_is_not_said_again() -> None:
    """Its effect could come twice."""
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.use_tool()
    call.fail()

    assert [Outcome.FAILED] == [turn.outcome for turn in call.told(server.TurnIs)]


def test_an_unfinished_utterance_is_said_again_to_the_next_stream() -> None:
    call = connected()
    call.speak(0.96)
    call.fail()
    call.audio()
    call.accept()
    call.wait(0.5)

    assert 31 == words_said(call)
    assert [] == call.told(server.TurnIs)


def test_what_has_waited_is_said_faster_than_it_was_spoken_but_never_in_a_burst() -> None:
    call = Call()
    call.speak(3.2)
    call.accept()
    said = [words_said(call, stream_id=1)]
    for _ in range(10):
        call.speak(0.096)
        said.append(words_said(call, stream_id=1))

    # Three times as fast: 0.3 s of audio, ten frames, every 0.1 s.
    assert all(6 <= after - before <= 12 for before, after in pairwise(said))
    call.speak(2.0)
    assert 100 + 10 * 3 + 62 == words_said(call, stream_id=1)


def test_the_end_of_an_utterance_waits_behind_its_audio() -> None:
    call = Call()
    call.speak(0.96)
    call.end_of_utterance()
    call.accept()
    assert 4 == words_said(call, stream_id=1)
    assert not [event for event in call.sent(inp.AudioInput) if not any(event.pcm)]

    call.wait(0.5)
    audio = [any(event.pcm) for event in call.sent(inp.AudioInput)]
    assert [True] * 30 + [False] * 15 == audio[:45]


def words_said(call: Call, stream_id: int = 2) -> int:
    """Frames of speech a stream has heard; what keeps it alive is not counted."""
    return sum(any(event.pcm) for event in call.sent(inp.AudioInput, stream_id=stream_id))


def test_a_reply_that_is_complete_plays_out_although_its_stream_is_lost() -> None:
    call = connected()
    call.speak(0.5)
    call.end_of_utterance()
    call.reply(chunks=20)
    call.fail()
    call.accept()
    call.wait(3.0)

    assert [Outcome.COMPLETED] == [turn.outcome for turn in call.told(server.TurnIs)]
    assert "connecting" not in call.states


def test_tries_come_at_once_then_with_growing_waits_and_then_the_user_is_told() -> None:
    call = connected()
    opened_at = []
    for _ in range(4):
        seen = len(call.done(OpenStream))
        call.fail(ModelFailureKind.THROTTLED)
        while call.state is not State.OVER and len(call.done(OpenStream)) == seen:
            call.wait(0.1)
        opened_at.append(round(call.now - 1000, 1))

    assert [0.0, 1.0, 4.0] == opened_at[:3]
    assert [ErrorCode.MODEL_UNAVAILABLE] == [message.code for message in call.told(server.Error)]
    assert CloseCode.GO_ELSEWHERE == call.closed_with


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Received invalid voiceId bob", ErrorCode.MODEL_REFUSED),
        ("This request has been blocked by our content filters.", ErrorCode.CONTENT_FILTERED),
    ],
)
def test_a_failure_that_would_come_again_is_told_and_not_retried(message: str, error: ErrorCode) -> None:
    call = connected()
    call.fail(ModelFailureKind.VALIDATION, message)

    assert [error] == [m.code for m in call.told(server.Error)]
    assert CloseCode.INTERNAL == call.closed_with
    assert [False] == [lost.will_retry for lost in call.done(StreamLost)]


def test_a_stream_the_model_ends_by_itself_is_lost() -> None:
    call = connected()
    call.give(StreamClosed(stream_id=1, failure=None))

    assert [ModelFailureKind.CONNECTION_LOST] == [lost.kind for lost in call.done(StreamLost)]


def test_the_end_of_a_stream_we_closed_is_no_loss() -> None:
    call = Call(terms(closure=Closure.EXPLICIT))
    call.connect()
    call.audio(end=True)
    call.reply()
    call.give(StreamClosed(stream_id=1, failure=None))

    assert [] == call.done(StreamLost)


def test_a_stream_that_is_never_accepted_is_given_up() -> None:
    call = Call()
    call.give(client.Start())
    call.give(StreamOpened(stream_id=1))
    call.wait(10.1)

    assert [1] == [effect.stream_id for effect in call.done(CloseStream)]
    assert 2 == call.stream_id


def test_a_model_that_dies_right_after_accepting_is_not_asked_for_ever() -> None:
    call = connected()
    for _ in range(3):
        call.fail()
        call.wait(5.0)
        call.accept()
    call.fail()

    assert CloseCode.GO_ELSEWHERE == call.closed_with


def test_audio_kept_for_a_stream_that_does_not_come_is_bounded() -> None:
    call = Call()
    for _ in range(500):
        call.audio()
        call.wait(0.032)

    assert call.session.kept_bytes <= 10 * 32_000
