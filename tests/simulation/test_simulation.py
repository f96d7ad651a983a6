"""The whole service on virtual time: what people were promised holds under every seed that is tried."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.simulation.__main__ import run_batch
from tests.simulation.plants import PLANTS, Plant
from tests.simulation.running import Figures, SeedFailedError, run
from tests.simulation.scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
SHARE = float(os.environ.get("SEEDS_SHARE", "1"))
"""Of the seeds a scenario asks for."""


_BATCH = 25
_SECONDS_LONG = 10
"""Scenarios with so few seeds have seeds that take seconds: each is a batch of its own."""

type Batches = Mapping[str, Sequence[Future[Figures | str]]]


@pytest.fixture(scope="module")
def batches(request: pytest.FixtureRequest) -> Iterator[Batches]:
    """Every seed of every scenario that was asked for, begun at once on every core, so that none waits for the slowest."""
    asked = [item for item in request.session.items if isinstance(item, pytest.Function)]
    names = [str(item.callspec.params["name"]) for item in asked if item.originalname == _SEEDS_TEST]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield {name: [pool.submit(run_batch, name, *batch) for batch in _batches(name)] for name in names}
        pool.shutdown(cancel_futures=True)


def _batches(name: str) -> Sequence[tuple[int, int]]:
    seeds = max(1, round(SCENARIOS[name].seeds * SHARE))
    size = 1 if SCENARIOS[name].seeds < _SECONDS_LONG else _BATCH
    return [(begin, min(begin + size, seeds)) for begin in range(0, seeds, size)]


@pytest.mark.usefixtures("batches")  # they run meanwhile
@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.patch(monkeypatch)

    with pytest.raises(SeedFailedError, match=f"SCENARIO='{plant.scenario}'"):
        run(plant.scenario, range(plant.seeds))


@pytest.mark.timeout(900)  # the first of them waits for seeds of all
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_seed_breaks_a_promise(name: str, batches: Batches) -> None:
    outcomes = [batch.result() for batch in batches[name]]

    assert [] == [outcome for outcome in outcomes if isinstance(outcome, str)]


_SEEDS_TEST = test_no_seed_breaks_a_promise.__name__


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
