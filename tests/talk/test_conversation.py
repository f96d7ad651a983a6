"""Conversations of the reference client with a service that follows the golden messages."""

import asyncio
import dataclasses
import itertools
import math
import struct
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from talk.connection import CannotConnect
from talk.conversation import hold_conversation
from talk.protocol import ALL_JSON, BINARY, Subprotocol
from talk.record import Choices, Typed
from talk.recording import Recording
from tests.talk.service import REPLY, Session, is_loud, one_turn, serving, utterance_ends

TONE = struct.pack("<2048h", *(int(8000 * math.sin(n / 5)) for n in range(2048)))
# Four frames of tone, then one of silence that still belongs to the recording.
QUESTION = Recording(
    name="question.wav", pcm=TONE + bytes(1024), description="WAV", speech_ends_s=0.128, silent=False
)
IMPATIENT = Choices(timeout_s=1.0)


@pytest.mark.parametrize("subprotocol", [BINARY, ALL_JSON])
async def test_a_question_is_asked_and_its_reply_heard(subprotocol: Subprotocol) -> None:
    async with serving(one_turn) as (url, _):
        conversation = await hold_conversation(url, [QUESTION], choices=Choices(subprotocol=subprotocol))

    [answer] = conversation.answers
    assert conversation.heard_replies
    assert REPLY == conversation.playback.joined()
    assert "what is the weather" == answer.heard()
    assert "It is sunny." == answer.spoken()
    assert ["completed"] == [turn.outcome for turn in answer.turns.values() if turn]
    assert (1000, None) == (conversation.close_code, conversation.failure)


async def test_the_choices_come_before_any_audio() -> None:
    async with serving(one_turn) as (url, sessions):
        await hold_conversation(url, [QUESTION], choices=Choices(language="de-DE", voice="tina"))

    expected: dict[str, Any] = {"type": "start", "language": "de-DE", "voice": "tina"}
    expected |= {"inputSampleRateHz": 16_000, "outputSampleRateHz": 24_000}
    assert expected == sessions[0].received[0]


async def test_frames_are_numbered_evenly_spaced_and_end_with_the_recording() -> None:
    async with serving(one_turn) as (url, sessions):
        await hold_conversation(url, [QUESTION])

    audio = [message for message in sessions[0].received if message["type"] == "audio"]
    assert list(range(len(audio))) == [frame["sequence"] for frame in audio]
    steps = {round(b["capturedAtMs"] - a["capturedAtMs"]) for a, b in itertools.pairwise(audio)}
    assert {32} == steps
    spoken = b"".join(frame["pcm"] for frame in audio)
    assert QUESTION.pcm == spoken[spoken.index(TONE) :][: len(QUESTION.pcm)]
    [last] = [index for index, frame in enumerate(audio) if frame["endOfUtterance"]]
    assert bytes(1024) == audio[last]["pcm"]
    assert TONE[-1024:] == audio[last - 1]["pcm"]


async def test_the_microphone_goes_on_after_the_question() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(utterance_ends)
        for _ in range(3):
            assert "audio" == (await session.next())["type"]
        await session.reply()
        await session.finish()
        await session.goodbye()

    async with serving(story) as (url, _):
        assert (await hold_conversation(url, [QUESTION])).heard_replies


async def test_the_end_may_be_left_for_the_service_to_notice() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(is_loud)
        await session.until(lambda message: message["type"] == "audio" and not any(message["pcm"]))
        await session.reply()
        await session.finish()
        await session.goodbye()

    async with serving(story) as (url, sessions):
        conversation = await hold_conversation(url, [QUESTION], choices=Choices(end_of_utterance=False))

    assert conversation.heard_replies
    assert not [message for message in sessions[0].received if message.get("endOfUtterance")]


async def test_the_time_to_first_audio_counts_from_the_end_of_speech_not_of_the_recording() -> None:
    trails_off = dataclasses.replace(QUESTION, pcm=TONE + bytes(1024 * 12))
    async with serving(one_turn) as (url, _):
        conversation = await hold_conversation(url, [trails_off])

    # The recording goes on for 0.38 s after the speech, and the reply comes after the recording.
    [answer] = conversation.answers
    assert answer.time_to_first_audio_ms is not None
    assert answer.time_to_first_audio_ms > 250


async def test_the_next_question_waits_until_the_reply_was_heard() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        for turn in (1, 2):
            await session.until(utterance_ends)
            await session.reply(turn)
            await session.finish(turn)
        await session.goodbye()

    async with serving(story) as (url, _):
        conversation = await hold_conversation(url, [QUESTION, QUESTION])

    first, second = conversation.answers
    assert first.first_audio_at is not None
    assert second.speech_ended_at is not None
    # The reply lasts 0.1 s.
    assert second.speech_ended_at - first.first_audio_at > 0.1
    assert REPLY + REPLY == conversation.playback.joined()


async def test_a_barge_in_cuts_the_reply_where_it_was_heard() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(utterance_ends)
        await session.reply(pcm=REPLY * 50)
        await session.until(is_loud)
        await session.say("interrupted")
        await session.finish(outcome="interrupted")
        await session.until(utterance_ends)
        await session.reply(2)
        await session.finish(2)
        await session.goodbye()

    async with serving(story) as (url, _):
        conversation = await hold_conversation(
            url, [QUESTION, QUESTION], choices=Choices(barge_in_after_s=0.2)
        )

    outcomes = [[turn.outcome for turn in answer.turns.values() if turn] for answer in conversation.answers]
    assert [["interrupted"], ["completed"]] == outcomes
    assert conversation.heard_replies
    # Of five seconds of first reply, what was heard until the interruption; then all of the second.
    assert 0.2 <= len(conversation.playback.joined()) / 48_000 - 0.1 < 1.0


async def test_what_was_heard_is_told_to_the_service() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(utterance_ends)
        await session.reply(pcm=REPLY * 12)
        played = await session.until(lambda message: message["type"] == "played")
        assert 1 == played["responseId"]
        assert 0 < played["positionMs"] <= 1200
        await session.finish()
        await session.goodbye()

    async with serving(story) as (url, _):
        assert (await hold_conversation(url, [QUESTION])).heard_replies


async def test_a_question_may_be_typed() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        typed = await session.until(lambda message: message["type"] == "text")
        assert "What time is it?" == typed["text"]
        await session.reply()
        await session.finish()
        await session.goodbye()

    async with serving(story) as (url, _):
        assert (await hold_conversation(url, [Typed(text="What time is it?")])).heard_replies


async def test_a_turn_without_an_answer_is_no_success() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(utterance_ends)
        await session.say("turn that got no answer", turn=1)
        await session.goodbye()

    async with serving(story) as (url, _):
        conversation = await hold_conversation(url, [QUESTION])

    assert conversation.failure is None
    assert not conversation.heard_replies


@pytest.mark.parametrize(("code", "meaning"), [(4400, "broke the protocol"), (4503, "try again in a moment")])
async def test_a_close_is_explained_with_what_the_service_said(code: int, meaning: str) -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(is_loud)
        await session.say("error", message="This is why.")
        await session.socket.close(code)

    async with serving(story) as (url, _):
        conversation = await hold_conversation(url, [QUESTION])

    assert conversation.failure is not None
    assert f"closed the connection with {code}" in conversation.failure
    assert meaning in conversation.failure
    assert "This is why." in conversation.failure
    assert not conversation.heard_replies


async def test_a_service_that_stays_silent_is_given_up() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.until(utterance_ends)
        await session.say("state thinking")
        await session.goodbye()

    async with serving(story) as (url, _):
        conversation = await hold_conversation(url, [QUESTION], choices=IMPATIENT)

    expected = (
        "nothing came from the service for 1 s while waiting for the end of the reply (its state is thinking)"
    )
    assert expected == conversation.failure


async def test_what_is_not_the_protocol_is_named() -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.socket.send("what?")
        await session.goodbye()

    async with serving(story) as (url, _):
        conversation = await hold_conversation(url, [QUESTION])

    assert "the server sent text that is not JSON: 'what?'" == conversation.failure


async def test_who_is_cancelled_while_the_choices_are_sent_says_goodbye(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sending = asyncio.Event()
    send = ClientConnection.send

    async def send_slowly_once(socket: ClientConnection, message: str) -> None:
        if not sending.is_set():
            sending.set()
            await asyncio.Event().wait()
        await send(socket, message)

    async def story(session: Session) -> None:
        await session.goodbye()

    monkeypatch.setattr(ClientConnection, "send", send_slowly_once)
    async with serving(story) as (url, sessions):
        talking = asyncio.create_task(hold_conversation(url, [QUESTION]))
        await sending.wait()
        talking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talking

    assert ["end"] == [message["type"] for message in sessions[0].received]


async def test_a_cancelled_conversation_says_goodbye() -> None:
    said = asyncio.Event()

    async def story(session: Session) -> None:
        await session.begin()
        said.set()
        await session.goodbye()

    async with serving(story) as (url, sessions):
        talking = asyncio.create_task(hold_conversation(url, [QUESTION]))
        await said.wait()
        talking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talking

    assert "end" == sessions[0].received[-1]["type"]


async def test_everything_is_announced_as_it_happens() -> None:
    told: list[str] = []
    async with serving(one_turn) as (url, _):
        await hold_conversation(url, [QUESTION], announce=lambda _, what: told.append(type(what).__name__))

    expected = [
        "Ready",
        "State",
        "State",
        "Asked",
        "State",
        "Transcript",
        "Transcript",
        "State",
        "ReplyAudio",
    ]
    assert [*expected, "Transcript", "Turn", "TurnOver", "State"] == told


async def test_nothing_that_listens_is_named_with_the_remedy() -> None:
    async with serving(one_turn) as (url, _):
        pass

    with pytest.raises(CannotConnect, match=r"nothing listens at .* make run"):
        await hold_conversation(url, [QUESTION])


async def test_a_lost_connection_is_taken_up_again_and_nothing_said_is_lost() -> None:
    async def story(session: Session) -> None:
        if not lost:
            assert "start" == (await session.next())["type"]
            await session.say("ready", sessionId="s-1", resumeToken="t-1")
            await session.say("state listening")
            await session.until(is_loud)
            lost.append(session)
            session.socket.transport.abort()
            return
        claim = await session.next()
        claims.append(claim["resume"])
        await session.say("ready", seq=3, resumeToken="t-2", resumed=True)
        await session.say("state listening", seq=4)
        await session.until(utterance_ends)
        await session.reply()
        await session.finish()
        await session.goodbye()

    lost: list[Session] = []
    claims: list[dict[str, Any]] = []
    async with serving(story) as (url, sessions):
        conversation = await hold_conversation(url, [QUESTION])

    assert [{"sessionId": "s-1", "resumeToken": "t-1", "lastSeq": 2}] == claims
    assert (1000, None, True) == (conversation.close_code, conversation.failure, conversation.heard_replies)
    again = [frame for frame in sessions[1].received if frame["type"] == "audio"]
    assert [*range(len(again))] == [frame["sequence"] for frame in again]
    spoken = b"".join(frame["pcm"] for frame in again)
    assert TONE in spoken


async def test_a_session_that_is_not_given_back_ends_with_the_reason() -> None:
    async def story(session: Session) -> None:
        if not lost:
            assert "start" == (await session.next())["type"]
            await session.say("ready", resumeToken="t-1")
            lost.append(session)
            session.socket.transport.abort()
            return
        await session.next()
        await session.say("error", code="conversation_unknown", message="There is no such session.")
        await session.socket.close(4410, "conversation_unknown")

    lost: list[Session] = []
    async with serving(story) as (url, _):
        conversation = await hold_conversation(url, [QUESTION], choices=IMPATIENT)

    assert conversation.failure is not None
    assert "There is no such session." in conversation.failure


@pytest.mark.parametrize("resumed", [True, False])
async def test_a_typed_question_whose_connection_is_lost_is_typed_again_and_answered(
    *, resumed: bool
) -> None:
    async def story(session: Session) -> None:
        if not lost:
            assert "start" == (await session.next())["type"]
            await session.say("ready", sessionId="s-1", resumeToken="t-1")
            await session.say("state listening")
            await session.until(is_typed)
            lost.append(session)
            session.socket.transport.abort()
            return
        await session.next()
        await session.say("ready", seq=3, resumeToken="t-2", resumed=resumed)
        typed = await session.until(is_typed)
        assert "What time is it?" == typed["text"]
        await session.reply()
        await session.finish()
        await session.goodbye()

    lost: list[Session] = []
    async with serving(story) as (url, sessions):
        conversation = await hold_conversation(url, [Typed(text="What time is it?")])

    assert (1000, None, True) == (conversation.close_code, conversation.failure, conversation.heard_replies)
    assert 1 == len([message for message in sessions[1].received if is_typed(message)])


async def test_what_is_asked_in_writing_while_there_is_no_connection_is_sent_with_the_next_one() -> None:
    async def story(session: Session) -> None:
        if not lost:
            assert "start" == (await session.next())["type"]
            await session.say("ready", sessionId="s-1", resumeToken="t-1")
            lost.append(session)
            # The client learns in one breath that it may ask and that nobody is there.
            await session.say("state listening")
            session.socket.transport.abort()
            return
        await session.next()
        await session.say("ready", seq=3, resumeToken="t-2", resumed=True)
        await session.until(is_typed)
        await session.reply()
        await session.finish()
        await session.goodbye()

    lost: list[Session] = []
    async with serving(story) as (url, _):
        conversation = await hold_conversation(url, [Typed(text="What time is it?")])

    assert (None, True) == (conversation.failure, conversation.heard_replies)


def is_typed(message: dict[str, Any]) -> bool:
    return bool(message["type"] == "text")
