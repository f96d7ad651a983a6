"""`make drill`: fifty conversations through twenty rolling restarts of two processes, behind a bad network."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.drill.rolling import Drill
from tests.e2e.processes import running_emulator


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running_emulator(Path(name), "--quota", "200") as emulator:
        drill = Drill(
            Path(name), emulator, sessions=chosen.sessions, restarts=chosen.restarts, seed=chosen.seed
        )
        report = asyncio.run(drill.run())
    print(report)
    return 1 if report.dropped or report.lost_turns else 0


if __name__ == "__main__":
    sys.exit(main())
