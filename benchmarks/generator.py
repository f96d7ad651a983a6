"""`python -m benchmarks.generator`: many paced clients in one process, measured when told to.

Each client sends a frame every 32 ms at instants counted from its own start, so that lateness does not add up; the
starts are spread over one frame. On stdin, `measure` starts a measurement and `report` prints it as a line of JSON.
"""

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import uvloop

from benchmarks.client import FRAME_S, LoadClient
from benchmarks.commands import obey
from benchmarks.stamps import Delays

_READY_S: Final = 30.0
_OPENING_AT_ONCE: Final = 10


@dataclass(slots=True, kw_only=True)
class Figures:
    """What the generator saw since the last `measure`."""

    heard: Delays = field(default_factory=Delays)
    late: Delays = field(default_factory=Delays)
    """By how much the generator itself missed its instants."""
    errors: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        self.heard.clear()
        self.late.clear()

    def as_json(self, clients: list[LoadClient]) -> str:
        return json.dumps(
            {
                "heard": self.heard.as_json(),
                "late": self.late.as_json(),
                "errors": dict(self.errors),
                "open": sum(client.open for client in clients),
            }
        )


def _pace(client: LoadClient, due_at: float, figures: Figures) -> None:
    loop = asyncio.get_running_loop()
    if not client.open:
        return
    figures.late.add((loop.time() - due_at) * 1000)
    client.speak(due_at)
    due_at += FRAME_S
    loop.call_at(due_at, lambda: _pace(client, due_at, figures))


async def _open(number: int, options: argparse.Namespace, figures: Figures) -> LoadClient:
    loop = asyncio.get_running_loop()
    host, _, port = options.address.rpartition(":")
    _, client = await loop.create_connection(
        lambda: LoadClient(
            host=f"{host}:{port}",
            token=os.environ.get("TALK_TOKEN", ""),
            heard=figures.heard,
            broke=lambda why: figures.errors.update([why]),
            json_wire=options.wire == "json",
        ),
        host,
        int(port),
    )
    async with asyncio.timeout(_READY_S):
        await client.became_ready
    # Spread over one frame, as people are.
    due_at = loop.time() + FRAME_S * (number * 0.618 % 1)
    if not options.silent:
        loop.call_at(due_at, lambda: _pace(client, due_at, figures))
    return client


async def _run(options: argparse.Namespace) -> int:
    figures = Figures()
    clients: list[LoadClient] = []
    for first in range(0, options.sessions, _OPENING_AT_ONCE):
        numbers = range(first, min(first + _OPENING_AT_ONCE, options.sessions))
        opened = await asyncio.gather(
            *(_open(number, options, figures) for number in numbers), return_exceptions=True
        )
        clients += [client for client in opened if isinstance(client, LoadClient)]
        for failure in opened:
            if isinstance(failure, BaseException):
                figures.errors[f"not opened: {type(failure).__name__} {failure}".strip()] += 1
    print(f"ready http://{options.address} open={len(clients)}", flush=True)
    await obey(measure=figures.clear, report=lambda: figures.as_json(clients))
    for client in clients:
        client.close()
    await asyncio.sleep(0.5)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=__doc__)
    parser.add_argument("address", help="host:port of the service")
    parser.add_argument("--sessions", type=int, required=True)
    parser.add_argument("--silent", action="store_true", help="open, and say nothing")
    parser.add_argument("--wire", choices=("binary", "json"), default="binary")
    return uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
