"""`python -m service`, which also answers SIGUSR1: with how many tasks its loop has, one line into the file SOAK_COUNTS."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from service.__main__ import main


def _write_count(_number: int, _frame: FrameType | None) -> None:
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:  # no loop runs
        tasks = 0
    with Path(os.environ["SOAK_COUNTS"]).open("a", encoding="utf-8") as counts:
        counts.write(f"{tasks}\n")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _write_count)
    sys.exit(main())
