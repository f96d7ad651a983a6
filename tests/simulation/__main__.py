"""Run the simulation as long as you like: `make simulate SEEDS=1000000`, or one seed again: `make simulate SCENARIO=calm SEED=7`."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final

from tests.simulation.running import Figures, SeedFailedError, run
from tests.simulation.scenarios import SCENARIOS

_BATCH: Final = 50


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--scenario", choices=list(SCENARIOS), default=None, help="only this one")
    parser.add_argument("--seed", type=int, default=None, help="only this one")
    parser.add_argument("--seeds", type=int, default=200, help="how many for each scenario")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    failed = 0
    for name in [chosen.scenario] if chosen.scenario else SCENARIOS:
        first, count = (chosen.first, chosen.seeds) if chosen.seed is None else (chosen.seed, 1)
        failed += _explore(name, first, count, chosen.jobs)
    return 1 if failed else 0


def _explore(name: str, first: int, count: int, jobs: int) -> bool:
    begun_at = time.monotonic()
    total, failures = Figures(), []
    with ProcessPoolExecutor(max_workers=jobs) as workers:
        batches = [
            workers.submit(run_batch, name, start, min(start + _BATCH, first + count))
            for start in range(first, first + count, _BATCH)
        ]
        for batch in as_completed(batches):
            outcome = batch.result()
            if isinstance(outcome, str):
                failures.append(outcome)
            else:
                total.add(outcome)
    print(f"{name}: {total} in {time.monotonic() - begun_at:.1f} s", flush=True)
    for failure in failures:
        print(failure, file=sys.stderr, flush=True)
    return bool(failures)


def run_batch(name: str, start: int, end: int) -> Figures | str:
    """So many seeds in a process of their own; a failure comes back as text."""
    try:
        return run(name, range(start, end))
    except SeedFailedError as failure:
        return f"{failure}\n{failure.__cause__!r}"


if __name__ == "__main__":
    sys.exit(main())
