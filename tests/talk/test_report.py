"""What a person reads, and what a program reads, of the same conversation."""

import io
import json

from talk import protocol
from talk.playback import Playback
from talk.record import Answer, Asked, Conversation, Happening, TurnOver, Typed
from talk.report import JsonLines, Lines

TURN = protocol.Turn(
    turn=1,
    outcome="completed",
    closed_by="client",
    response_id=1,
    timings={"endpointingMs": 480, "replyMs": None},
)
PLANNED = protocol.Transcript(turn=1, role="assistant", stage="planned", text="It is sunny.", response_id=1)


def answer() -> Answer:
    return Answer(
        number=1, question=Typed(text="Weather?"), speech_ended_at=1.0, first_audio_at=1.655, turns={1: TURN}
    )


def line(happening: Happening, *, dim: bool = False) -> str:
    screen = io.StringIO()
    Lines(screen, dim=dim).tell(2.5, happening)
    return screen.getvalue()


def test_a_question_begins_with_its_name() -> None:
    assert '   2.50 s  question 1: "Weather?"\n' == line(Asked(answer=answer()))


def test_planned_words_are_dim_or_named_as_planned() -> None:
    assert "assistant plans: It is sunny." in line(PLANNED)
    assert "\x1b[2massistant: It is sunny.\x1b[0m" in line(PLANNED, dim=True)


def test_a_turn_ends_with_the_times_of_both_sides() -> None:
    expected = "turn 1 completed, closed by client; end of speech to first audio 655 ms here; service: endpointing 480 ms"
    assert f"   2.50 s  {expected}\n" == line(TurnOver(answer=answer(), turn=TURN))


def test_an_error_is_told_with_what_support_asks_for() -> None:
    error = protocol.Error(
        code="model_unavailable", message="Try again.", retryable=True, correlation_id="01JD"
    )

    assert "error model_unavailable: Try again. (correlation id 01JD)" in line(error)


def test_the_end_names_each_question_without_a_reply() -> None:
    screen = io.StringIO()
    silent = Answer(number=2, question=Typed(text="And?"))
    conversation = Conversation(began_at=0.0, playback=Playback(rate_hz=24_000), answers=[answer(), silent])
    conversation.failure = "the line broke"
    Lines(screen, dim=False).finish(conversation)

    assert "talk: the line broke\ntalk: question 2 got no audible reply\n" == screen.getvalue()


def test_a_program_reads_one_document_a_line() -> None:
    screen = io.StringIO()
    report = JsonLines(screen)
    report.tell(2.5, Asked(answer=answer()))
    report.tell(2.6, PLANNED)
    report.tell(2.7, protocol.ReplyAudio(pcm=b"", response_id=1, position=0))
    report.finish(Conversation(began_at=0.0, playback=Playback(rate_hz=24_000), answers=[answer()]))

    asked, planned, audio, result = map(json.loads, screen.getvalue().splitlines())
    assert {"atMs": 2500, "type": "asked", "question": 1, "name": '"Weather?"'} == asked
    assert ("transcript", "planned", 1) == (planned["type"], planned["stage"], planned["responseId"])
    assert {"atMs": 2700, "type": "firstAudio", "responseId": 1} == audio
    assert result["heardReplies"]
    assert 655 == result["answers"][0]["timeToFirstAudioMs"]
