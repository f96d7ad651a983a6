"""How it ends: the service told to go with sessions in every state, and the model killed under a conversation."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.caller import SPEECH, Caller, calling, eventually
from tests.e2e.processes import Emulator, Service, running_emulator, running_service
from tests.pool import connect

pytestmark = pytest.mark.process

DRAIN_S = 4
STOP_S = 8

THINKS = '[[turn]]\n[[turn.step]]\nsay = "At last."\nafter_s = 1.5\naudio_s = 0.15\n'
SPEAKS = '[[turn]]\n[[turn.step]]\nsay = "Some words."\naudio_s = 2.0\n'
SPEAKS_IN_TWO_PARTS = SPEAKS + '[[turn.step]]\nsay = "And more."\nafter_s = 5.0\n'
SPEAKS_FOR_EVER = '[[turn]]\n[[turn.step]]\nsay = "Many words."\naudio_s = 25.0\n'


@pytest.fixture
def service(emulator: Emulator, tmp_path: Path) -> Iterator[Service]:
    with running_service(
        tmp_path,
        emulator,
        VOICE_DRAIN_S=DRAIN_S,
        VOICE_STOP_TIMEOUT_S=STOP_S,
        VOICE_MODEL_CLOSE_TIMEOUT_S=1,
    ) as running:
        yield running


@pytest.fixture
async def calls() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_sessions_in_every_state_end_as_they_should_when_the_service_goes(
    emulator: Emulator, service: Service, calls: AsyncExitStack
) -> None:
    async def join() -> Caller:
        return await calls.enter_async_context(calling(service.socket_url))

    silent = await join()
    listening = await join()
    await listening.start()
    heard = await join()
    await heard.start()
    await heard.say(SPEECH, end_of_utterance=False)
    emulator.play(THINKS)
    thinking = await join()
    await thinking.start()
    emulator.play(SPEAKS)
    speaking = await join()
    await speaking.start()
    emulator.play(SPEAKS_FOR_EVER)
    endless = await join()
    await endless.start()
    for caller in (endless, speaking):
        await caller.send("text", text="Say something.")
        await caller.until("audio")
    await thinking.send("text", text="Think.")
    await thinking.until("state", state="thinking")

    service.stop()
    began_at = time.monotonic()
    everybody = (silent, listening, heard, thinking, speaking, endless)
    for caller in everybody[1:]:
        go_away = await caller.until("goAway")
        assert ("deploy", DRAIN_S * 1_000) == (go_away["reason"], go_away["deadlineMs"])
        assert 0 <= go_away["reconnectAfterMs"] <= 2_000
    with pytest.raises(InvalidStatus) as refused:
        await connect(service.socket_url)
    live, ready = service.get("/health/live"), service.get("/health/ready")
    for caller in everybody:
        assert "going_away" == (await caller.refused(4503))["code"]
        caller.assert_orderly()
    code = await asyncio.to_thread(service.ended, STOP_S)
    lasted_s = time.monotonic() - began_at

    assert 503 == refused.value.response.status_code
    assert "about to stop" in json.loads(refused.value.response.body or b"")["detail"]
    assert (200, 503) == (live[0], ready[0])
    assert ["draining"] == ready[1]["reasons"]
    # What could be finished within the drain was; what could not was cut at its end.
    assert ["completed"] == [turn["outcome"] for turn in thinking.of("turn", saved=False)]
    assert ["completed"] == [turn["outcome"] for turn in speaking.of("turn", saved=False)]
    assert ["interrupted"] == [turn["outcome"] for turn in endless.of("turn", saved=False)]
    assert 2 * 48_000 == len(speaking.audio(1))
    assert 0 == code
    assert DRAIN_S - 0.5 < lasted_s < STOP_S
    assert [0] == [line["sessions_left"] for line in service.lines("drained")]
    await eventually(lambda: emulator.status()["openStreams"], lambda count: count == 0)


async def test_nobody_talks_so_the_service_goes_at_once(service: Service, calls: AsyncExitStack) -> None:
    caller = await calls.enter_async_context(calling(service.socket_url))
    await caller.start()
    began_at = time.monotonic()
    service.stop(signal.SIGINT)

    assert "going_away" == (await caller.refused(4503))["code"]
    assert 0 == await asyncio.to_thread(service.ended)
    assert time.monotonic() - began_at < 4.0


async def test_a_second_signal_does_not_wait_for_anybody(
    emulator: Emulator, service: Service, calls: AsyncExitStack
) -> None:
    emulator.play(SPEAKS_FOR_EVER)
    caller = await calls.enter_async_context(calling(service.socket_url))
    await caller.start()
    await caller.send("text", text="Say something.")
    await caller.until("audio")
    service.stop()
    await caller.until("goAway")
    began_at = time.monotonic()
    service.stop()

    assert 1 == await asyncio.to_thread(service.ended)
    assert time.monotonic() - began_at < 1.0


async def test_a_service_told_to_go_while_it_starts_goes(emulator: Emulator, tmp_path: Path) -> None:
    """The model's check hangs: the endpoint is a port where nobody accepts."""
    with running_service(tmp_path, emulator, VOICE_MODEL_CONNECT_TIMEOUT_S=1) as service:
        service.stop()
        assert 0 == await asyncio.to_thread(service.ended)
    assert "Traceback" not in service.text


async def test_a_model_that_hangs_does_not_keep_the_service(
    emulator: Emulator, service: Service, calls: AsyncExitStack
) -> None:
    emulator.arm(kind="silence", on_input="textInput", nth=2)
    caller = await calls.enter_async_context(calling(service.socket_url))
    await caller.start()
    await caller.send("text", text="Are you there?")
    await caller.until("state", state="thinking")
    began_at = time.monotonic()
    service.stop()

    assert "going_away" == (await caller.refused(4503))["code"]
    assert 0 == await asyncio.to_thread(service.ended)
    assert time.monotonic() - began_at < STOP_S


async def test_a_model_that_dies_is_told_and_a_model_that_comes_back_is_used(tmp_path: Path) -> None:
    with running_emulator(tmp_path) as first:
        first.play(SPEAKS_IN_TWO_PARTS)
        port = first.url.rpartition(":")[2]
        with running_service(tmp_path, first) as service:
            async with calling(service.socket_url) as caller:
                await caller.start()
                await caller.say()
                await caller.until("audio")
                first.process.kill()
                first.ended()
                turn = await caller.until("turn", turn=1)
                # Three more tries within about four seconds.
                error = await caller.refused(4503)
            with running_emulator(tmp_path, "--port", port, name="emulator-again") as again:
                assert again.ca == first.ca
                async with calling(service.socket_url) as caller:
                    await caller.start()
                    assert "completed" == (await caller.ask())["outcome"]
                    await caller.end()

    assert "failed" == turn["outcome"]
    assert ("model_unavailable", True) == (error["code"], error["retryable"])


async def test_a_service_that_starts_before_its_model_says_so_and_serves_when_it_comes(
    tmp_path: Path,
) -> None:
    with running_emulator(tmp_path) as first:
        port = first.url.rpartition(":")[2]
    with running_service(tmp_path, first) as service:
        status, ready = await eventually(
            lambda: service.get("/health/ready"), lambda answer: "not been checked" not in str(answer)
        )
        assert 503 == status
        assert "localhost" in ready["reasons"][0]
        with running_emulator(tmp_path, "--port", port, name="emulator-again"):
            async with calling(service.socket_url) as caller:
                await caller.start()
                assert "completed" == (await caller.ask())["outcome"]
                await caller.end()
