"""What the running service tells of itself and what it keeps to itself: logs, metric lines, traces, recordings, budgets."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from tests.e2e.caller import Caller, Message, calling, eventually
from tests.e2e.collector import collector
from tests.e2e.processes import ROOT, Emulator, Service, environment, running_service
from tests.pool import user_pool

pytestmark = pytest.mark.process

CANARY: Final = "Xylophonquarz"
_TELLS: Final = f"""
about = "Everything that can be said is said with one word."
[[turn]]
heard = "{CANARY} please"
[[turn.step]]
call = "{CANARY}"
arguments = {{ {CANARY} = "{CANARY}" }}
[[turn.step]]
call = "current_time"
arguments = {{ timeZone = "{CANARY}" }}
[[turn.step]]
say = "It is {CANARY}, and {{results}}."
audio_s = 0.3
"""


def administrator() -> str:
    return str(user_pool().sign_in("admin@example.com", "Look-after-it-1")["access_token"])


def download(service: Service, path: str, token: str) -> bytes:
    request = Request(service.url + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - our own
    with urlopen(request, timeout=20.0) as answer:  # noqa: S310 - as above
        body: bytes = answer.read()
        return body


async def spoken_turns(caller: Caller, turns: int = 1) -> Message:
    ready = await caller.start()
    for _ in range(turns):
        await caller.say()
        await caller.until("turn")
    return ready


async def test_a_recording_is_downloaded_and_replayed_offline_to_the_same_states(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.play("long-reply")
    with running_service(tmp_path, emulator, name="recording", VOICE_RECORDINGS=5) as service:
        async with calling(service.socket_url) as caller:
            ready = await caller.start()
            await caller.say()
            await caller.until("state", state="speaking")
            await caller.send("interrupt")
            turn = await caller.until("turn")
            await caller.ask("And then?")
            await caller.end()
        token = await asyncio.to_thread(administrator)
        document = await asyncio.to_thread(download, service, f"/api/recordings/{ready['sessionId']}", token)
    file = tmp_path / "recording.jsonl"
    file.write_bytes(document)
    replayed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "service.replay", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == replayed.returncode, replayed.stdout + replayed.stderr
    assert "interrupted" == turn["outcome"]
    for words in (
        ready["sessionId"],
        "the same states as recorded",
        "turn 1 interrupted",
        "endpointing",
        "US$",
    ):
        assert words in replayed.stdout


async def test_a_spent_budget_ends_the_call_with_words_that_are_heard(
    emulator: Emulator, tmp_path: Path
) -> None:
    with running_service(
        tmp_path, emulator, name="budget", VOICE_BUDGET_USER_USD="0.000001", VOICE_STAGE="test"
    ) as service:
        async with calling(service.socket_url) as caller:
            await caller.start()
            await caller.say()
            assert "budget" == (await caller.until("goAway"))["reason"]
            await caller.until("state", state="speaking", responseId=2)
            error = await caller.refused(4403)
            goodbye = caller.audio(2)
        assert "budget_spent" == error["code"]
        assert "First answer." in caller.said("assistant", "planned"), "what was being said was said first"
        assert len(goodbye) > 0, "the goodbye is spoken"
        assert max(goodbye) > 0
        service.stop()
        assert 0 == service.ended()
        assert 1.0 == service.metrics["BudgetSpent.user"]


ABSURD: Final[dict[str, dict[str, object]]] = {
    "negative": {"receivedAtMs": -5, "bufferedAtMs": -4, "playedAtMs": -3, "clockOffsetMs": 0, "roundTripMs": 1},
    "of next year": {
        "receivedAtMs": 2**52, "bufferedAtMs": 2**52, "playedAtMs": 2**52, "clockOffsetMs": 0, "roundTripMs": 1,
    },
    "before it was sent": {
        "receivedAtMs": 1, "bufferedAtMs": 2, "playedAtMs": 3, "clockOffsetMs": -(2**52), "roundTripMs": 0,
    },
    "a round trip of an hour": {
        "receivedAtMs": 1, "bufferedAtMs": 2, "playedAtMs": 3, "clockOffsetMs": 0, "roundTripMs": 3_600_000,
    },
    "a negative round trip": {
        "receivedAtMs": 1, "bufferedAtMs": 2, "playedAtMs": 3, "clockOffsetMs": 0, "roundTripMs": -1,
    },
}  # fmt: skip


async def test_timings_that_cannot_be_true_are_counted_and_change_nothing(
    emulator: Emulator, tmp_path: Path
) -> None:
    with running_service(tmp_path, emulator, name="absurd", VOICE_STAGE="test") as service:
        async with calling(service.socket_url) as caller:
            await caller.start()
            for number, timings in enumerate(ABSURD.values(), start=1):
                await caller.say()
                await caller.until("state", state="speaking")
                await caller.send("timings", responseId=number, **timings)
                waterfall = (await caller.until("turn"))["waterfall"]
                assert waterfall["downlinkMs"] is None
                assert min(ms for ms in waterfall.values() if ms is not None) >= 0
            await caller.end()
        assert [] == caller.of("error")
        service.stop()
        assert 0 == service.ended()
    counted = service.metrics
    assert len(ABSURD) == counted["ClientTimings.impossible"]
    assert "AudioLatency" not in counted


@pytest.fixture
def unread_service(emulator: Emulator, tmp_path: Path) -> Iterator[Service]:
    """A service whose log goes into a pipe that is full already, and that nobody reads; its `log` is the pipe's end."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4_096))
    os.set_blocking(writing, True)
    settings = {
        "VOICE_STORE_PATH": tmp_path / "conversations.sqlite",
        "VOICE_LOG_LEVEL": "debug",
        "VOICE_LOG_WAITING_BYTES": 65_536,
        "VOICE_STAGE": "test",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "service"],
        env=environment(emulator, **settings),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=writing,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        ready = process.stdout.readline().decode().split()
        yield Service(process=process, ready=ready[1:], log=Path(f"/dev/fd/{reading}"))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        os.close(reading)
        os.close(writing)


async def test_a_log_that_nobody_reads_costs_lines_and_never_a_call(unread_service: Service) -> None:
    service = unread_service
    async with calling(service.socket_url) as caller:
        await spoken_turns(caller)

        def health() -> Any:
            return service.get("/health/ready")[1]

        seen = await eventually(health, lambda body: body["log"] == "stalled", within_s=30.0)
        assert "stalled" == seen["log"]
        began = time.monotonic()
        await caller.say()
        await caller.until("turn")
        assert time.monotonic() - began < 5.0, "the loop goes on"
        await caller.end()
    service.stop()
    assert 0 == await asyncio.to_thread(service.ended), "nor does it keep the process"


_CHATTY: Final = """
about = "One word at a time."
[[turn]]
heard = "a question"
[[turn.step]]
say = "Yes."
audio_s = 0.02
"""


async def test_lines_that_were_given_up_are_counted_as_soon_as_somebody_reads(
    emulator: Emulator, unread_service: Service
) -> None:
    emulator.play(_CHATTY)

    async def chat() -> None:
        async with calling(unread_service.socket_url) as caller:
            await caller.start()
            for _ in range(15):
                await caller.ask()
            await caller.end()

    async with asyncio.TaskGroup() as calls:
        for _ in range(8):
            calls.create_task(chat())
    read = asyncio.create_task(asyncio.to_thread(_read_until, unread_service.log, b'"LogLinesDropped":'))
    text = await asyncio.wait_for(read, 40.0)

    entries = [json.loads(line) for line in text.lstrip(bytes(1)).splitlines() if line.endswith(b"}")]
    told = next(entry for entry in entries if entry.get("event") == "log lines were dropped")
    counted = next(entry for entry in entries if "LogLinesDropped" in entry)
    assert 0 < told["lines"] <= counted["LogLinesDropped"]
    assert "ok" == unread_service.get("/health/ready")[1]["log"]


def _read_until(pipe: Path, words: bytes) -> bytes:
    text = b""
    with pipe.open("rb", buffering=0) as reading:
        while words not in text or not text.endswith(b"\n"):
            text += reading.read(65_536)
    return text


@pytest.mark.parametrize("case", ["dead", "silent"])
async def test_a_collector_that_is_dead_or_silent_changes_nothing_and_is_counted(
    emulator: Emulator, tmp_path: Path, case: str
) -> None:
    with collector(answers=False) as silent:
        endpoint = silent.url if case == "silent" else "http://127.0.0.1:9"
        with running_service(
            tmp_path,
            emulator,
            name=f"traced-{case}",
            VOICE_TRACES="true",
            VOICE_STAGE="test",
            OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
            OTEL_EXPORTER_OTLP_TIMEOUT="1",
        ) as service:
            async with calling(service.socket_url) as caller:
                await spoken_turns(caller, turns=2)
                await eventually(
                    lambda: service.metrics.get("TracesDropped", 0.0),
                    lambda dropped: dropped > 0,
                    within_s=40.0,
                )
                await caller.say()
                await caller.until("turn")
                await caller.end()
            began = time.monotonic()
            service.stop()
            assert 0 == await asyncio.to_thread(service.ended)
            assert time.monotonic() - began < 6.0, "nor does it keep the process"
            assert 1 == len(service.lines("traces cannot be exported"))


async def test_a_phrase_that_is_said_heard_typed_and_called_is_in_nothing_that_leaves_the_processes(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.play(_TELLS)
    with (
        collector() as traces,
        running_service(
            tmp_path,
            emulator,
            name="private",
            VOICE_LOG_LEVEL="debug",
            VOICE_STAGE="test",
            VOICE_RECORDINGS=5,
            VOICE_TRACES="true",
            OTEL_EXPORTER_OTLP_ENDPOINT=traces.url,
        ) as service,
    ):
        async with calling(service.socket_url) as caller:
            ready = await caller.start()
            await caller.say()
            await caller.until("turn")
            await caller.send("text", text=f"{CANARY} again")
            await caller.until("turn", turn=2)
            await caller.send("auth", ticket=CANARY)
            await caller.send(CANARY)
            await caller.refused(4400)
        assert any(CANARY in text for text in caller.said("user")), "it was really said"
        assert any(CANARY in text for text in caller.said("assistant", "planned"))
        token = await asyncio.to_thread(administrator)
        recording = await asyncio.to_thread(download, service, f"/api/recordings/{ready['sessionId']}", token)
        figures = await asyncio.to_thread(download, service, "/api/analytics", token)
        service.stop()
        assert 0 == await asyncio.to_thread(service.ended)
        written = {
            "service": service.text,
            "recording": recording.decode(),
            "figures": figures.decode(),
            "traces": traces.text(),
            "emulator": emulator.text,
        }
    assert traces.text(), "spans came"
    assert '"_aws"' in written["service"]
    assert "ToolUse" in written["recording"]
    assert [] == [name for name, text in written.items() if CANARY.casefold() in text.casefold()]
    assert [] == [name for name, text in written.items() if token in text]
