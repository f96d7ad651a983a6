"""What outlives a connection and a process: the network cut, `kill -9`, and a restart, over one file of conversations."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.caller import Caller, Message, calling
from tests.e2e.processes import ROOT, Emulator, Service, environment, running_service

pytestmark = pytest.mark.process


@pytest.fixture
def first(emulator: Emulator, tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path, emulator, name="first", VOICE_PARK_S=15) as running:
        yield running


@pytest.fixture
def second(emulator: Emulator, tmp_path: Path) -> Iterator[Service]:
    """Another process over the same file."""
    with running_service(tmp_path, emulator, name="second") as running:
        yield running


def resume(ready: Message, caller: Caller) -> dict[str, Any]:
    return {
        "sessionId": ready["sessionId"],
        "resumeToken": ready["resumeToken"],
        "lastSeq": caller.texts[-1]["seq"],
    }


async def saved_turn(caller: Caller, text: str) -> Message:
    await caller.ask(text)
    return await caller.until("turn", saved=True)


async def test_a_conversation_outlives_kill_9_in_another_process(first: Service, second: Service) -> None:
    async with calling(first.socket_url) as caller:
        ready = await caller.start()
        await saved_turn(caller, "What is a fox?")
        first.stop(signal.SIGKILL)
        await caller.closed()
        back = resume(ready, caller)
    async with calling(second.socket_url) as caller:
        again = await caller.start(resume=back)
        turn = await saved_turn(caller, "And its colour?")
        await caller.end()
    _, read = second.get(f"/api/conversations/{ready['conversationId']}")

    assert (False, ready["conversationId"], 2, 2) == (
        again["resumed"],
        again["conversationId"],
        again["epoch"],
        turn["turn"],
    )
    assert ["What is a fox?", "And its colour?"] == [said["user"] for said in read["turns"]]


async def test_a_process_that_is_told_to_go_sends_its_conversations_on_and_loses_nothing(
    first: Service, second: Service
) -> None:
    async with calling(first.socket_url) as caller:
        ready = await caller.start()
        await caller.send("text", text="What is a fox?")
        first.stop()
        go_away = await caller.until("goAway")
        turn = await caller.until("turn", saved=True)
        assert "going_away" == (await caller.refused(4503))["code"]
        back = resume(ready, caller)
    async with calling(second.socket_url) as caller:
        again = await caller.start(resume=back)
        await saved_turn(caller, "And its colour?")
        await caller.end()
    _, read = second.get(f"/api/conversations/{ready['conversationId']}")

    assert ("deploy", "completed") == (go_away["reason"], turn["outcome"])
    assert (False, 1, 2) == (again["resumed"], again["lastTurn"], again["epoch"])
    assert ["What is a fox?", "And its colour?"] == [said["user"] for said in read["turns"]]
    assert 0 == first.ended()


async def test_a_conversation_is_continued_after_a_restart(
    emulator: Emulator, first: Service, tmp_path: Path
) -> None:
    async with calling(first.socket_url) as caller:
        ready = await caller.start()
        await caller.ask("What is a fox?")
        # It was not saved yet: that is done on the way out.
        first.stop()
        await caller.closed()
    assert 0 == first.ended()
    with running_service(tmp_path, emulator, name="third") as third:
        async with calling(third.socket_url) as caller:
            await caller.start(conversationId=ready["conversationId"])
            turn = await saved_turn(caller, "And its colour?")
            await caller.end()
        _, read = third.get(f"/api/conversations/{ready['conversationId']}")

    assert 2 == turn["turn"]
    assert ["What is a fox?", "And its colour?"] == [said["user"] for said in read["turns"]]


async def test_a_cut_connection_is_taken_up_by_the_same_process_without_a_gap(first: Service) -> None:
    async with calling(first.socket_url) as caller:
        ready = await caller.start()
        await caller.ask("What is a fox?")
        back = resume(ready, caller)
        caller.socket.transport.abort()
        await caller.closed()
    async with calling(first.socket_url) as caller:
        await caller.send("start", resume=back)
        again = await caller.until("ready")
        turn = await caller.ask("And its colour?")
        await caller.end()

    assert (True, ready["sessionId"], 2) == (again["resumed"], again["sessionId"], turn["turn"])
    assert [*range(back["lastSeq"] + 1, caller.texts[-1]["seq"] + 1)] == [
        said["seq"] for said in caller.texts
    ]


async def test_a_conversation_continued_in_a_second_tab_ends_in_the_first(first: Service) -> None:
    async with calling(first.socket_url) as tab:
        ready = await tab.start()
        await saved_turn(tab, "What is a fox?")
        async with calling(first.socket_url) as other:
            await other.start(conversationId=ready["conversationId"])
            assert "superseded" == (await tab.refused(4409))["code"]
            await saved_turn(other, "And its colour?")
            await other.end()
    _, read = first.get(f"/api/conversations/{ready['conversationId']}")

    assert ["What is a fox?", "And its colour?"] == [said["user"] for said in read["turns"]]


def test_a_store_that_is_no_database_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "conversations.sqlite").write_bytes(b"garbage" * 1_000)
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "service"],
        env=environment(VOICE_STORE_PATH=tmp_path / "conversations.sqlite"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 2 == ended.returncode
    assert (
        "voice service: the store of conversations cannot be used: conversations.sqlite: file is not a database"
        == ended.stderr.strip().splitlines()[-1]
    )
    assert "Traceback" not in ended.stderr


async def test_an_event_loop_that_stands_still_for_three_seconds_loses_nobody(first: Service) -> None:
    async with calling(first.socket_url) as caller, calling(first.socket_url) as other:
        for one in (caller, other):
            await one.start()
            await saved_turn(one, "What is a fox?")
        first.stop(signal.SIGSTOP)
        await asyncio.sleep(3.0)
        first.stop(signal.SIGCONT)
        turns = [await saved_turn(one, "And its colour?") for one in (caller, other)]
        pings = [one.of("error") for one in (caller, other)]
        for one in (caller, other):
            await one.end()

    assert [2, 2] == [turn["turn"] for turn in turns]
    assert [[], []] == pings
