"""The whole service on virtual time: what people were promised holds under every seed that is tried."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.simulation.__main__ import run_batch
from tests.simulation.plants import PLANTS, Plant
from tests.simulation.running import SeedFailedError, run
from tests.simulation.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
SHARE = float(os.environ.get("SEEDS_SHARE", "1"))
"""Of the seeds a scenario asks for."""


_BATCH = 25


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessPoolExecutor]:
    """Every core, each with a Python of its own."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_seed_breaks_a_promise(name: str, workers: ProcessPoolExecutor) -> None:
    seeds = max(1, round(SCENARIOS[name].seeds * SHARE))
    batches = [
        workers.submit(run_batch, name, begin, min(begin + _BATCH, seeds))
        for begin in range(0, seeds, _BATCH)
    ]
    outcomes = [batch.result() for batch in batches]

    assert [] == [outcome for outcome in outcomes if isinstance(outcome, str)]


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.patch(monkeypatch)

    with pytest.raises(SeedFailedError, match=f"SCENARIO='{plant.scenario}'"):
        run(plant.scenario, range(plant.seeds))


@pytest.mark.parametrize("scenario", ["everything", "cut lines"])
def test_a_seed_is_the_same_run_in_every_process(scenario: str) -> None:
    """Whatever order a set of strings has there."""
    script = f"from tests.simulation.running import trace; print(trace({scenario!r}, 7))"
    traces = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert 1 == len(traces), traces
