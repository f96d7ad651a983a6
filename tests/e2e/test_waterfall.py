"""The waterfall of a turn through real processes, with every delay put there by the test.

The network is a line that carries everything later, on both sides of the service; the model thinks as long as its
script says; what lies between socket and ear is the test's own. What nobody puts there (the emulator's own work) is
measured with the same processes and no delay, and taken off.
"""

import statistics
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.e2e.caller import FRAME_S, calling
from tests.e2e.conftest import in_one_loop
from tests.e2e.measured_caller import Ear, MeasuredCaller
from tests.e2e.processes import Emulator, Service, running_service
from tests.e2e.slow_line import SlowLine, slow_line

pytestmark = [pytest.mark.process, in_one_loop]

PARTS: Final = (
    *("uplinkMs", "serviceInMs", "endpointingMs", "modelMs"),
    *("serviceOutMs", "downlinkMs", "jitterBufferMs", "outputMs"),
)
WITHIN_MS: Final = 10.0
_TURNS: Final = 3
_THINKS: Final = """
about = "Thinks, and answers for half a second."
[[turn]]
heard = "a question"
[[turn.step]]
say = "An answer."
after_s = {after_s}
audio_s = 0.5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """The delays of one run."""

    client_line_s: float
    model_line_s: float
    thinks_s: float
    pause_frames: int
    ear: Ear
    skew_ms: float = 0.0


NOTHING: Final = Injected(
    client_line_s=0.0,
    model_line_s=0.0,
    thinks_s=0.0,
    pause_frames=2,
    ear=Ear(jitter_buffer_ms=0, output_ms=0),
)
MUCH: Final = Injected(
    client_line_s=0.06,
    model_line_s=0.04,
    thinks_s=0.4,
    pause_frames=12,
    ear=Ear(jitter_buffer_ms=120, output_ms=35),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A service between two lines."""

    emulator: Emulator
    service: Service
    to_service: SlowLine
    to_model: SlowLine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(shared_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("waterfall")
    async with AsyncExitStack() as stack:
        to_model = await stack.enter_async_context(slow_line(shared_emulator.url, delay_s=0.0))
        service = stack.enter_context(
            running_service(
                folder, shared_emulator, name="measured-service", VOICE_MODEL_ENDPOINT=to_model.url
            )
        )
        to_service = await stack.enter_async_context(slow_line(service.socket_url, delay_s=0.0))
        yield Stage(emulator=shared_emulator, service=service, to_service=to_service, to_model=to_model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came out of a run: medians over its turns, each turn, and what was kept of them."""

    parts: Mapping[str, float]
    turns: list[dict[str, Any]]
    wholes_ms: list[float]
    stored: list[dict[str, Any]]
    exported: list[dict[str, Any]]


async def run(stage: Stage, injected: Injected) -> Seen:
    stage.emulator.play(_THINKS.format(after_s=injected.thinks_s))
    stage.to_service.delay_s, stage.to_model.delay_s = injected.client_line_s, injected.model_line_s
    turns, wholes_ms = [], []
    async with calling(stage.to_service.url) as caller:
        ready = await caller.start()
        measured = MeasuredCaller(caller=caller, skew_ms=injected.skew_ms, ear=injected.ear)
        await measured.synchronise()
        # The first turn of a stream is the first for everything.
        await measured.ask(pause_frames=injected.pause_frames)
        for _ in range(_TURNS):
            turn, whole_ms = await measured.ask(pause_frames=injected.pause_frames)
            turns.append(turn["waterfall"])
            wholes_ms.append(whole_ms)
        await caller.until("turn", saved=True)
        await caller.end()
    path = f"/api/conversations/{ready['conversationId']}"
    kept, exported = (
        [turn["figures"]["waterfall"] for turn in stage.service.get(path + way)[1]["turns"]][1:]
        for way in ("", "/export?format=json")
    )
    return Seen(
        parts={name: statistics.median(turn[name] for turn in turns) for name in PARTS},
        turns=turns,
        wholes_ms=wholes_ms,
        stored=kept,
        exported=exported,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bare(stage: Stage) -> Seen:
    """What is there without anybody's doing."""
    return await run(stage, NOTHING)


CLOCKS: Final = {"right": 0.0, "seven minutes ahead": 420_000.0, "seven minutes behind": -420_000.0}
STORED: Final = (
    *("uplink_ms", "service_in_ms", "endpointing_ms", "model_ms"),
    *("service_out_ms", "downlink_ms", "jitter_buffer_ms", "output_ms", "total_ms"),
)


@pytest.mark.parametrize("clock", CLOCKS)
async def test_every_part_is_what_was_put_there_and_is_kept_and_exported_with_its_turn(
    stage: Stage, bare: Seen, clock: str
) -> None:
    seen = await run(stage, replace(MUCH, skew_ms=CLOCKS[clock]))

    injected = {
        "uplinkMs": 60.0,
        "serviceInMs": 0.0,
        "endpointingMs": MUCH.pause_frames * FRAME_S * 1_000,
        "modelMs": 400.0 + 2 * 40.0 + bare.parts["modelMs"],
        "serviceOutMs": 0.0,
        "downlinkMs": 60.0,
        "jitterBufferMs": 120.0,
        "outputMs": 35.0,
    }
    assert {} == {
        name: (ms, seen.parts[name])
        for name, ms in injected.items()
        if abs(seen.parts[name] - ms) > WITHIN_MS
    }
    for turn, whole_ms in zip(seen.turns, seen.wholes_ms, strict=True):
        assert abs(sum(turn[name] for name in PARTS) - turn["totalMs"]) <= 0.01 * turn["totalMs"]
        assert abs(turn["totalMs"] - whole_ms) <= WITHIN_MS
    told = [[turn[name] for name in (*PARTS, "totalMs")] for turn in seen.turns]
    assert told == [[kept[name] for name in STORED] for kept in seen.stored]
    assert seen.stored == seen.exported
