"""The whole service on virtual time: what people were promised holds under every seed that is tried."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.plants import PLANTS, Plant
from tests.simulation.running import SeedFailedError, run
from tests.simulation.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
SHARE = float(os.environ.get("SEEDS_SHARE", "1"))
"""Of the seeds a scenario asks for."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_seed_breaks_a_promise(name: str) -> None:
    seeds = max(1, round(SCENARIOS[name].seeds * SHARE))

    assert seeds == run(name, range(seeds)).seeds


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
