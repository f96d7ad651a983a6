"""How turns are closed and how streams are kept, ended and followed by others, with everything in between real."""

import asyncio
from typing import Any

import pytest

from tests.e2e.caller import ALL_JSON, BINARY, calling, eventually, tone
from tests.e2e.conftest import Serve
from tests.e2e.processes import Emulator, Service

pytestmark = pytest.mark.process


BOTH = pytest.mark.parametrize("subprotocol", [BINARY, ALL_JSON])


REPLY_BYTES = 2 * 24_000 * 15 // 100
"""0.15 s, as the quick scenario says."""


async def test_a_client_that_just_stops_sending_is_answered_after_the_watchdog(
    emulator: Emulator, services: Serve
) -> None:
    """Where the model's own ear does not close a turn, the watchdog does, 2 s after the last audio."""
    emulator.play(
        '[[turn]]\nheard = "hm"\n[[turn.step]]\nsay = "A long thought."\nafter_s = 2.5\naudio_s = 0.15\n'
    )
    async with calling(services(VOICE_CLOSURE="explicit").socket_url) as caller:
        await caller.start()
        stopped_at = await caller.say(end_of_utterance=False)
        thinking = await caller.until("state", state="thinking")
        turn = await caller.until("turn", turn=1)
        await caller.end()

    assert ("completed", "watchdog") == (turn["outcome"], turn["closedBy"])
    assert REPLY_BYTES == len(caller.audio(1))
    assert caller.at(thinking) - stopped_at == pytest.approx(2.0, abs=0.5)


async def test_the_watchdog_closes_a_turn_that_the_model_is_slow_to_notice(
    emulator: Emulator, services: Serve
) -> None:
    emulator.switch(endpointing="documented")  # 1.5 s
    service = services(VOICE_WATCHDOG_MS=900, VOICE_SILENCE_THRESHOLD_MS=500)
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.say(end_of_utterance=False)
        turn = await caller.until("turn", turn=1)
        await caller.end()

    assert ("completed", "watchdog") == (turn["outcome"], turn["closedBy"])
    assert REPLY_BYTES == len(caller.audio(1))


async def test_a_client_that_stops_sending_is_mostly_closed_by_the_model(service: Service) -> None:
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.say(end_of_utterance=False)
        turn = await caller.until("turn", turn=1)
        await caller.end()

    assert ("completed", "model") == (turn["outcome"], turn["closedBy"])
    assert ["first question"] == caller.said("user")


async def test_a_muted_client_keeps_its_stream_past_the_models_patience(
    emulator: Emulator, service: Service
) -> None:
    """Time passes 50 times as fast in the model: it gives up after 1.1 s without audio."""
    emulator.control("POST", "/time-scale", {"scale": 50})
    async with calling(service.socket_url) as caller:
        await caller.start()
        before = _stream(emulator)
        stream = await eventually(lambda: _stream(emulator), lambda now: now["ageS"] > 2.5)
        assert before["requestId"] == stream["requestId"]
        assert "completed" == (await caller.ask())["outcome"]
        await caller.end()

    assert [] == caller.of("error")


async def test_a_stream_that_the_model_gives_up_is_followed_by_one_that_knows_the_conversation(
    emulator: Emulator, service: Service
) -> None:
    """Time passes so fast in the model that it misses the user's audio 0.4 s after the last word."""
    emulator.control("POST", "/time-scale", {"scale": 120})
    async with calling(service.socket_url) as caller:
        await caller.start()
        assert "completed" == (await caller.ask())["outcome"]
        first = _stream(emulator)["requestId"]
        # The next stream shall not be judged as strictly.
        emulator.control("POST", "/time-scale", {"scale": 1})
        second = await eventually(
            lambda: _stream(emulator),
            lambda now: now.get("requestId", first) != first and "audioInput" in now["eventsIn"],
        )
        # The system prompt, the user's words, the assistant's.
        assert 3 == second["eventsIn"]["textInput"]
        assert "completed" == (await caller.ask("And now?"))["outcome"]
        await caller.end()

    assert [] == caller.of("error")
    caller.assert_orderly()


async def test_a_conversation_outlives_the_eight_minutes_of_a_stream(
    emulator: Emulator, service: Service
) -> None:
    """Time passes 80 times as fast in the model: a stream ends after 6 s, with ModelTimeoutException."""

    def ended() -> int:
        return int(emulator.status()["counters"]["exceptions"].get("ModelTimeoutException", 0))

    before = ended()
    emulator.control("POST", "/time-scale", {"scale": 80})
    outcomes = []
    async with calling(service.socket_url) as caller:
        await caller.start()
        async with asyncio.timeout(30.0):
            while await asyncio.to_thread(ended) == before:
                outcomes.append((await caller.ask())["outcome"])
        outcomes.append((await caller.ask("Are you still there?"))["outcome"])
        await caller.end()

    assert "completed" == outcomes[-1]
    # The end may have come in the middle of one answer.
    assert outcomes.count("completed") >= len(outcomes) - 1
    assert [] == caller.of("error")
    caller.assert_orderly()


@BOTH
async def test_explicit_closure_gives_each_turn_a_stream_that_knows_the_conversation(
    emulator: Emulator, services: Serve, subprotocol: str
) -> None:
    emulator.play('[[turn]]\nheard = "my name is Ada"\n[[turn.step]]\nsay = "Hello Ada."\naudio_s = 0.15\n')
    service = services(VOICE_CLOSURE="explicit")
    texts = []
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.start()
        for number in (1, 2, 3):
            stream = await eventually(
                lambda: _stream(emulator), lambda now: "audioInput" in now.get("eventsIn", ())
            )
            texts.append(stream["eventsIn"]["textInput"])
            await caller.say()
            turn = await caller.until("turn", turn=number)
            assert ("completed", "client", number) == (turn["outcome"], turn["closedBy"], turn["responseId"])
            await caller.until("state", state="listening")
        await caller.end()

    # The system prompt; then, for each turn before, one text of the user and one of the assistant.
    assert [1, 3, 5] == texts
    assert [REPLY_BYTES] * 3 == [len(caller.audio(number)) for number in (1, 2, 3)]
    caller.assert_orderly()


async def test_explicit_closure_lets_the_user_speak_over_a_reply(emulator: Emulator, services: Serve) -> None:
    emulator.play("long-reply")
    async with calling(services(VOICE_CLOSURE="explicit").socket_url) as caller:
        await caller.start()
        await caller.say()
        await caller.until("audio", responseId=1)
        await caller.say()
        await caller.until("interrupted", responseId=1, cause="speech")
        await caller.until("audio", responseId=2)
        await caller.end()

    caller.assert_orderly()


async def test_words_spoken_before_the_model_listens_are_heard(emulator: Emulator, service: Service) -> None:
    """A model does not answer speech that comes much faster than anybody speaks; what has waited must not."""
    emulator.arm(kind="late-headers", seconds=2.0)
    async with calling(service.socket_url) as caller:
        await caller.say(tone(1.6))
        assert [] == caller.of("ready")
        assert "completed" == (await caller.until("turn", turn=1))["outcome"]
        await caller.end()

    assert ["first question"] == caller.said("user")


async def test_words_spoken_to_a_stream_that_is_lost_are_heard_by_the_next(
    emulator: Emulator, service: Service
) -> None:
    emulator.arm(kind="abort", on_input="audioInput", nth=45)
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.say(tone(1.6))
        assert "completed" == (await caller.until("turn", turn=1))["outcome"]
        await caller.end()

    assert [1] == [fault["fired"] for fault in emulator.status()["faults"]]
    assert ["first question"] == caller.said("user")


def _stream(emulator: Emulator) -> dict[str, Any]:
    """The one stream that is open; empty when there is none."""
    streams = [stream for stream in emulator.status()["streams"] if stream["phase"] != "over"]
    assert len(streams) <= 1
    return dict(streams[0]) if streams else {}
