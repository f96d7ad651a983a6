"""The two commands that a measuring process takes on stdin: `measure` starts anew, `report` answers with figures."""

import asyncio
import sys
from collections.abc import Callable


async def obey(*, measure: Callable[[], None], report: Callable[[], str]) -> None:
    """Until stdin closes."""
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin.buffer
    )
    while command := (await commands.readline()).strip():
        if command == b"measure":
            measure()
        elif command == b"report":
            print(report(), flush=True)
