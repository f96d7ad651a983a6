"""`python -m benchmarks.instructions`: how many instructions of the interpreter a frame takes, each way.

Counts do not depend on the machine, its load or the hour, so that what makes the frame path longer is seen by a test
(`tests/benchmarks/test_instructions.py`) on any machine. They say nothing of what happens inside functions written in
C; those are counted as calls. `--write` records the counts as the new measure.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Self

from benchmarks.frame_path import way_in_and_out

RECORD: Final = Path(__file__).parent / "instructions.json"
FRAMES: Final = 400
_TOOL: Final = 4


class Counting:
    """What the interpreter does while this is entered."""

    def __init__(self) -> None:
        self.instructions = 0
        self.c_calls = 0

    def __enter__(self) -> Self:
        watched = sys.monitoring
        watched.use_tool_id(_TOOL, "instructions")
        watched.register_callback(_TOOL, watched.events.INSTRUCTION, self._instruction)
        watched.register_callback(_TOOL, watched.events.C_RETURN, self._c_return)
        watched.register_callback(_TOOL, watched.events.CALL, lambda *_: None)
        # C_RETURN is told together with CALL only.
        watched.set_events(_TOOL, watched.events.INSTRUCTION | watched.events.CALL)
        return self

    def __exit__(self, *_: object) -> None:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)

    def _instruction(self, _code: object, _offset: int) -> None:
        self.instructions += 1

    def _c_return(self, _code: object, _offset: int, _callable: object, _argument: object) -> None:
        self.c_calls += 1


def count() -> Mapping[str, int]:
    """Instructions and calls into C for one frame, on the average of many."""
    counts: dict[str, int] = {}

    def measure(name: str, step: Callable[[], None]) -> None:
        for _ in range(FRAMES):
            step()
        with Counting() as counting:
            for _ in range(FRAMES):
                step()
        counts[f"{name}, instructions"] = round(counting.instructions / FRAMES)
        counts[f"{name}, calls into C"] = round(counting.c_calls / FRAMES)

    async def run() -> None:
        async with way_in_and_out() as (way_in, way_out):
            measure("in", way_in)
            measure("out", way_out)

    asyncio.run(run())
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description=__doc__)
    parser.add_argument("--write", action="store_true", help="record these counts")
    options = parser.parse_args()
    counts = count()
    document = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "counts": counts}
    print(json.dumps(document, indent=1))
    if options.write:
        RECORD.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
