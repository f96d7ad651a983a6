"""Server messages are filed under the question that they belong to."""

from talk import protocol
from talk.listener import Listener
from talk.playback import Playback
from talk.protocol import FromServer
from talk.record import Answer, Conversation, Typed


def listener(*, questions: int = 1) -> Listener:
    answers = [Answer(number=n + 1, question=Typed(text="?"), asked_at=0.0) for n in range(questions)]
    return Listener(
        conversation=Conversation(began_at=0.0, playback=Playback(rate_hz=24_000), answers=answers)
    )


def transcript(turn: int, text: str = "yes", *, stage: str = "spoken") -> protocol.Transcript:
    return protocol.Transcript(turn=turn, role="assistant", stage=stage, text=text)


def over(turn: int) -> protocol.Turn:
    return protocol.Turn(turn=turn, outcome="completed", closed_by="client", response_id=turn, timings={})


def hear(listener: Listener, *messages: FromServer, now: float = 1.0) -> list[bool]:
    return [listener.receive(message, now=now) for message in messages]


def test_what_belongs_to_an_earlier_turn_stays_with_its_question() -> None:
    heard = listener()
    first = heard.conversation.answers[0]
    hear(heard, transcript(1, "planned words", stage="planned"))
    second = Answer(number=2, question=Typed(text="??"), asked_at=2.0)
    heard.conversation.answers.append(second)
    hear(heard, over(1), transcript(2, "new words"))

    assert first.is_over()
    assert "planned words" == first.spoken()
    assert not second.is_over()
    assert "new words" == second.spoken()


def test_a_question_that_became_two_turns_is_over_when_both_are() -> None:
    heard = listener()
    [answer] = heard.conversation.answers
    hear(heard, transcript(1), transcript(2), over(1))
    assert not answer.is_over()

    hear(heard, over(2))
    assert answer.is_over()


def test_spoken_words_replace_the_planned_ones() -> None:
    heard = listener()
    hear(heard, transcript(1, "It is sunny.", stage="planned"), transcript(1, "It is"))

    assert "It is" == heard.conversation.answers[0].spoken()


def test_only_the_first_audio_of_each_reply_is_worth_telling() -> None:
    heard = listener()
    audio = [protocol.ReplyAudio(pcm=b"\0\0", response_id=n, position=0) for n in (1, 1, 2)]

    assert [True, False, True] == hear(heard, *audio)


def test_json_audio_belongs_to_the_reply_that_speaking_named() -> None:
    heard = listener()
    hear(heard, protocol.State(state="speaking", response_id=7), protocol.ReplyAudio(pcm=b"\1\0" * 2400))

    assert 7 == heard.response_id
    assert 100 == heard.conversation.playback.heard_ms(7, now=9.0)


def test_a_greeting_before_any_question_is_nobodys_answer() -> None:
    heard = listener(questions=0)

    assert [True, True] == hear(heard, transcript(1), over(1))


def test_a_pong_is_no_progress() -> None:
    heard = listener()

    assert [False] == hear(heard, protocol.Other(type="pong"), now=5.0)
    assert 0.0 == heard.progress_at
