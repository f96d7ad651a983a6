"""`make soak`: fifty conversations for an hour against one process; memory, tasks, threads and descriptors must stay flat."""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psutil

from tests.e2e.processes import Service, running_emulator, running_service
from tests.pool import user_pool
from tests.simulation.caller import Caller, Habits

_SAMPLES = 12
_MAX_GROWTH_MB = 16.0
"""From the first third to the last: less than this is what allocators do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The process at one moment."""

    at_s: float
    rss_mb: float
    threads: int
    descriptors: int
    sessions: int

    def __str__(self) -> str:
        return (
            f"{self.at_s:>7.0f} s {self.rss_mb:>8.1f} MB {self.threads:>8} {self.descriptors:>12}"
            f" {self.sessions:>9}"
        )


def _sample(service: Service, process: psutil.Process, began_at: float) -> Sample:
    _, ready = service.get("/health/ready")
    return Sample(
        at_s=time.monotonic() - began_at,
        rss_mb=process.memory_info().rss / 1e6,
        threads=process.num_threads(),
        descriptors=process.num_fds(),
        sessions=int(ready["sessions"]),
    )


async def soak(service: Service, *, sessions: int, minutes: float) -> tuple[list[Sample], list[Caller]]:
    """Everybody talks, hangs up now and then, and calls again."""
    token = str((await asyncio.to_thread(user_pool().sign_in))["access_token"])
    port = int(service.url.rpartition(":")[2])
    began_at = time.monotonic()
    done: list[Caller] = []

    async def calls(number: int) -> None:
        dice = Random(number)
        call = 0
        while time.monotonic() - began_at < minutes * 60:
            call += 1
            caller = Caller(
                f"caller-{number}.{call}",
                dice=dice,
                pick=lambda _: ("127.0.0.1", port),
                habits=Habits(turns=dice.randrange(2, 30), speaks=0.0, pause_s=(0.2, 10.0)),
                bearer=token,
            )
            done.append(caller)
            await caller.converse()

    talks = [asyncio.create_task(calls(number)) for number in range(sessions)]
    process = psutil.Process(service.process.pid)
    samples = []
    for _ in range(_SAMPLES):
        await asyncio.sleep(minutes * 60 / _SAMPLES)
        samples.append(await asyncio.to_thread(_sample, service, process, began_at))
        print(samples[-1], flush=True)
        if failed := [talk for talk in talks if talk.done() and talk.exception()]:
            await failed[0]
    await asyncio.gather(*talks)
    await asyncio.sleep(5.0)
    samples.append(await asyncio.to_thread(_sample, service, process, began_at))
    print(samples[-1], "everybody has gone", flush=True)
    return samples, done


def _verdict(samples: list[Sample]) -> list[str]:
    busy, idle = samples[:-1], samples[-1]
    third = len(busy) // 3
    growth = sum(s.rss_mb for s in busy[-third:]) / third - sum(s.rss_mb for s in busy[:third]) / third
    print(f"memory grew by {growth:+.1f} MB between the first and the last third", flush=True)
    wrong = []
    if growth > _MAX_GROWTH_MB:
        wrong.append(f"memory grew by {growth:.1f} MB")
    if idle.sessions:
        wrong.append(f"{idle.sessions} sessions are left")
    if idle.descriptors > min(sample.descriptors for sample in busy):
        wrong.append(f"{idle.descriptors} descriptors are left")
    if max(sample.threads for sample in samples) > samples[0].threads + 8:
        wrong.append("threads grew")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--sessions", type=int, default=50)
    chosen = parser.parse_args()
    settings: dict[str, Any] = {
        "VOICE_MAX_CPU_PERCENT": 1_000,
        "VOICE_MAX_LAG_MS": 10_000,
        "VOICE_MAX_SESSIONS": 200,
        "VOICE_LOG_LEVEL": "warning",
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            running_emulator(folder, "--quota", "200") as emulator,
            running_service(folder, emulator, **settings) as service,
        ):
            print(f"{'at':>9} {'memory':>11} {'threads':>8} {'descriptors':>12} {'sessions':>9}", flush=True)
            samples, callers = asyncio.run(soak(service, sessions=chosen.sessions, minutes=chosen.minutes))
    wrong = _verdict(samples)
    turns = sum(len(caller.saved) for caller in callers)
    print(f"{len(callers)} calls, {turns} turns saved; {'; '.join(wrong) or 'flat'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
