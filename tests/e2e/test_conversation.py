"""Conversations through everything: a client, the service, the official SDK, the emulator; each in a process of its own."""

import asyncio
import json

import pytest

from tests.e2e.caller import ALL_JSON, BINARY, Caller, calling, tone
from tests.e2e.processes import Emulator, Service

pytestmark = pytest.mark.process


BOTH = pytest.mark.parametrize("subprotocol", [BINARY, ALL_JSON])


REPLY_BYTES = 2 * 24_000 * 15 // 100
"""0.15 s, as the quick scenario says."""


LONG_WAIT = """
about = "Thinks for ten seconds."
[[turn]]
heard = "what is the meaning of life"
[[turn.step]]
say = "Forty-two."
after_s = 10.0
"""


@BOTH
async def test_three_turns_are_heard_and_answered_in_one_call(
    emulator: Emulator, service: Service, subprotocol: str
) -> None:
    opened = emulator.status()["counters"]
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.start()
        for number in (1, 2, 3):
            await caller.say()
            await caller.until("state", state="thinking")
            await caller.until("state", state="speaking", responseId=number)
            turn = await caller.until("turn", turn=number)
            assert ("completed", "client", number) == (turn["outcome"], turn["closedBy"], turn["responseId"])
            await caller.until("state", state="listening")
        await caller.end()

    assert ["first question", "second question", "third question"] == caller.said("user")
    assert ["First answer.", "Second answer.", "Third answer."] == caller.said("assistant", "planned")
    assert [REPLY_BYTES] * 3 == [len(caller.audio(number)) for number in (1, 2, 3)]
    assert caller.audio(1) == caller.audio(2)
    assert 1 == emulator.status()["counters"]["streams_opened"] - opened["streams_opened"]
    caller.assert_orderly()


@BOTH
async def test_speech_over_a_reply_ends_it_once_and_is_answered(
    emulator: Emulator, service: Service, subprotocol: str
) -> None:
    emulator.play("long-reply")
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.start()
        await caller.say()
        await caller.until("audio")
        stopped_at = await caller.say(tone(0.6), end_of_utterance=False)
        await caller.until("interrupted", responseId=1, cause="speech")
        turn = await caller.until("turn", turn=1)
        answering = await caller.until("state", state="speaking", responseId=2)
        await caller.until("audio")
        await caller.end()

    assert "interrupted" == turn["outcome"]
    # The model noticed by itself, from the silence it was fed; the watchdog would have taken 2 s.
    assert caller.at(answering) - stopped_at < 1.7
    # The whole reply of 12 s had been sent; what the user heard of it is less than a fifth.
    assert 0 < turn["timings"]["replyMs"] < 2_400
    assert [1] == [message["responseId"] for message in caller.of("interrupted", cause="speech")]
    caller.assert_orderly()


@pytest.mark.parametrize(
    "switches",
    [
        {"interruption": "stop_reason_only"},
        {"interruption": "speech_start_only"},
        {"interruption": "text_and_stop_reason", "user_speech_events": False},
        {"interruption": "stop_reason_only", "user_speech_events": False},
    ],
    ids=json.dumps,
)
async def test_every_way_a_model_may_tell_of_an_interruption_is_understood(
    emulator: Emulator, service: Service, switches: dict[str, object]
) -> None:
    emulator.play("long-reply")
    emulator.switch(**switches)
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.say()
        await caller.until("audio")
        await caller.say(tone(0.6))
        await caller.until("interrupted", responseId=1, cause="speech")
        await caller.until("state", state="speaking", responseId=2)
        await caller.end()

    assert 1 == len(caller.of("interrupted", responseId=1))
    caller.assert_orderly()


@BOTH
async def test_the_client_stops_a_reply(emulator: Emulator, service: Service, subprotocol: str) -> None:
    emulator.play("long-reply")
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.start()
        await caller.say()
        await caller.until("audio")
        await caller.send("interrupt")
        await caller.until("interrupted", responseId=1, cause="client")
        assert "interrupted" == (await caller.until("turn", turn=1))["outcome"]
        await caller.until("state", state="listening")
        await caller.send("text", text="And then?")
        await caller.until("state", state="speaking", responseId=2)
        await caller.until("audio")
        await caller.end()

    caller.assert_orderly()


async def test_the_client_stops_a_reply_that_has_not_begun(emulator: Emulator, service: Service) -> None:
    emulator.play(LONG_WAIT)
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.send("text", text="What is the meaning of life?")
        await caller.until("state", state="thinking")
        await caller.send("interrupt")
        assert "interrupted" == (await caller.until("turn", turn=1))["outcome"]
        await caller.until("state", state="listening")
        await caller.end()

    assert [] == caller.of("audio")


async def test_an_interruption_of_nothing_is_nothing(service: Service) -> None:
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.send("interrupt")
        assert "completed" == (await caller.ask())["outcome"]
        await caller.end()

    assert [] == caller.of("interrupted")


async def test_typed_words_are_answered_and_stop_a_reply(emulator: Emulator, service: Service) -> None:
    emulator.play("long-reply")
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.send("text", text="Tell me a story \N{GRINNING FACE}")
        await caller.until("transcript", role="user", text="Tell me a story \N{GRINNING FACE}")
        await caller.until("audio", responseId=1)
        await caller.send("text", text="Another one.")
        await caller.until("interrupted", responseId=1, cause="text")
        await caller.until("audio", responseId=2)
        await caller.end()

    assert ["Tell me a story \N{GRINNING FACE}", "Another one."] == caller.said("user")
    caller.assert_orderly()


async def test_a_tool_is_used_and_its_result_spoken(emulator: Emulator, service: Service) -> None:
    emulator.play("""
[[turn]]
heard = "what time is it in Berlin"
[[turn.step]]
call = "current_time"
arguments = { timeZone = "Europe/Berlin" }
[[turn.step]]
say = "I looked: {results}"
audio_s = 0.15
""")
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.say()
        started = await caller.until("tool", name="current_time", status="started")
        await caller.until("tool", toolUseId=started["toolUseId"], status="finished")
        assert "completed" == (await caller.until("turn", turn=1))["outcome"]
        await caller.end()

    (said,) = caller.said("assistant", "planned")
    assert '"timeZone": "Europe/Berlin"' in said
    assert REPLY_BYTES == len(caller.audio(1))


async def test_a_tool_that_does_not_exist_is_answered_with_an_error_and_the_turn_goes_on(
    emulator: Emulator, service: Service
) -> None:
    emulator.play("""
[[turn]]
heard = "compare the weather"
[[turn.step]]
call = "getWeather"
arguments = { city = "Rome" }
[[turn.step]]
call = "getWeather"
arguments = { city = "Oslo" }
[[turn.step]]
say = "{results}"
audio_s = 0.15
""")
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.send("text", text="Compare the weather.")
        assert "completed" == (await caller.until("turn", turn=1))["outcome"]
        await caller.end()

    (said,) = caller.said("assistant", "planned")
    assert [{"error": "there is no tool 'getWeather'"}] * 2 == json.loads(said)


async def test_a_client_that_only_ever_sends_audio_gets_audio(service: Service) -> None:
    """The client this service was first written for: no subprotocol, no start, one kind of message each way."""
    async with calling(service.socket_url, None) as caller:
        assert None is caller.socket.subprotocol
        for number in (1, 2):
            await caller.say()
            # `_decoded` lets no other shape of audio pass than {"type","data","format":"audio/pcm"}.
            await caller.until("audio")
            await caller.until("turn", turn=number, outcome="completed")
        await caller.leave()

    assert [REPLY_BYTES] * 2 == [len(caller.audio(number)) for number in (1, 2)]


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        ({"language": "xx-XX"}, "start.language"),
        ({"language": "de-DE", "voice": "amy"}, "start.voice"),
        ({"voice": "nobody"}, "start.voice"),
        ({"inputSampleRateHz": 44_100}, "inputSampleRateHz"),
        ({"outputSampleRateHz": 48_000}, "outputSampleRateHz"),
    ],
    ids=str,
)
async def test_a_choice_the_model_does_not_have_is_refused(
    emulator: Emulator, service: Service, choices: dict[str, object], named: str
) -> None:
    opened = emulator.status()["counters"]["streams_opened"]
    async with calling(service.socket_url) as caller:
        await caller.send("start", **choices)
        error = await caller.refused(4400)

    assert ("protocol_error", False) == (error["code"], error["retryable"])
    assert named in error["message"]
    assert opened == emulator.status()["counters"]["streams_opened"]


async def test_every_language_that_is_offered_can_be_spoken(service: Service) -> None:
    _, options = service.get("/api/options")
    chosen = [
        (language["code"], voice["id"]) for language in options["languages"] for voice in language["voices"]
    ]
    assert len(chosen) > 10

    async def talk(language: str, voice: str) -> None:
        async with calling(service.socket_url) as caller:
            ready = await caller.start(language=language, voice=voice)
            assert (language, voice) == (ready["language"], ready["voice"])
            await caller.end()

    async with asyncio.TaskGroup() as calls:
        for language, voice in chosen:
            calls.create_task(talk(language, voice))


@pytest.mark.parametrize("rate_hz", [8_000, 24_000])
async def test_other_sample_rates_are_spoken_and_heard(service: Service, rate_hz: int) -> None:
    async with calling(service.socket_url) as caller:
        ready = await caller.start(inputSampleRateHz=rate_hz, outputSampleRateHz=rate_hz)
        assert (rate_hz, rate_hz) == (ready["inputSampleRateHz"], ready["outputSampleRateHz"])
        turn = await caller.ask()
        await caller.end()

    assert "completed" == turn["outcome"]
    assert rate_hz * 2 * 15 // 100 == len(caller.audio(1))


def test_a_caller_that_sees_an_interrupted_reply_go_on_says_so() -> None:
    caller = Caller.__new__(Caller)
    caller.heard = [
        {"type": "interrupted", "responseId": 1, "seq": 1},
        {"type": "audio", "responseId": 1, "pcm": b""},
    ]
    with pytest.raises(AssertionError, match="went on"):
        caller.assert_orderly()
