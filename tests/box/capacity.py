"""How many sessions the box holds: growing numbers of them, each in a fresh container, until a promise breaks."""

import json
import os
import platform
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import running as running_process
from benchmarks.sessions import Profile
from benchmarks.stamps import Delays
from tests.box import task_credentials
from tests.box.box import Ingredients, container

NUMBERS: Final = (20, 40, 60, 80, 100, 120, 140, 160)
PROFILE: Final = Profile.REALISTIC
# The part of the delay that we own: docs/infrastructure.md says where the promise comes from.
MOST_ADDED_MS: Final = 50.0
MOST_MEMORY_SHARE: Final = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One number of sessions. Delays in ms between socket and model; CPU in percent of the task's limit."""

    sessions: int
    opened: int
    cpu_percent: float
    throttled_percent: float
    in_p50_ms: float | None
    in_p99_ms: float | None
    out_p50_ms: float | None
    out_p99_ms: float | None
    memory_mib: float
    errors: dict[str, int]
    ended_for_memory: int

    def complaint(self, memory_mib: int) -> str | None:
        """Which promise this number breaks, if any."""
        if self.opened < self.sessions or self.errors:
            told = ", ".join(f"{count} x {error}" for error, count in self.errors.items()) or "no error"
            return f"{self.sessions - self.opened} did not open, {told}"
        slowest = max(self.in_p99_ms or 0.0, self.out_p99_ms or 0.0)
        if slowest > MOST_ADDED_MS:
            return f"p99 of the added delay is {slowest:.0f} ms"
        if self.memory_mib > MOST_MEMORY_SHARE * memory_mib or self.ended_for_memory:
            return f"{self.memory_mib:.0f} MiB of memory"
        return None


HEAD: Final = "sessions | CPU of the limit | throttled | in p50/p99 ms | out p50/p99 ms | memory MiB | held"


def as_line(row: Measured, memory_mib: int) -> str:
    return (
        f"{row.sessions} | {row.cpu_percent:.0f} % | {row.throttled_percent:.0f} %"
        f" | {row.in_p50_ms or 0:.1f}/{row.in_p99_ms or 0:.1f} | {row.out_p50_ms or 0:.1f}/{row.out_p99_ms or 0:.1f}"
        f" | {row.memory_mib:.0f} | {row.complaint(memory_mib) or 'yes'}"
    )


def measure(ingredients: Ingredients, sessions: int, *, settle_s: float, seconds: float) -> Measured:
    """Load generator and model run beside the container, outside its limits."""
    limit = int(ingredients.deployed.task["cpu"]) / 1024
    with ExitStack() as stack:
        stack.enter_context(task_credentials.agent())
        speaks = ("--speaks", str(PROFILE.speaks_s), "--period", str(PROFILE.period_s))
        model = stack.enter_context(running_process("benchmarks.model", *speaks))
        box = stack.enter_context(
            container(
                ingredients,
                model.url,
                Path(model.facts["ca"]),
                VOICE_MAX_SESSIONS=sessions + 10,
                # All callers are the one user that the stand-in knows, and the model here has no quota.
                VOICE_USER_SESSIONS=0,
                VOICE_USER_MINUTES_PER_DAY=0,
                VOICE_MODEL_QUOTA=0,
                VOICE_LOG_LEVEL="error",
                VOICE_DRAIN_S=0,
            )
        )
        token = ingredients.pool.sign_in()["access_token"]
        generator = stack.enter_context(
            running_process(
                "benchmarks.generator", "127.0.0.1:8000", "--sessions", str(sessions),
                environment={"TALK_TOKEN": token},
            )
        )  # fmt: skip
        opened = int(generator.facts["open"])
        time.sleep(settle_s)
        model.signal(signal.SIGUSR1)
        generator.tell("measure")
        began_at, cpu_s, throttled_s = time.monotonic(), box.cpu_s(), box.throttled_s()
        time.sleep(seconds)
        lasted_s = time.monotonic() - began_at
        cpu_s, throttled_s = box.cpu_s() - cpu_s, box.throttled_s() - throttled_s
        generator.tell("report")
        seen = generator.answer()
        model.signal(signal.SIGUSR2)
        arrived, heard = Delays.from_json(model.answer()), Delays.from_json(seen["heard"])
        return Measured(
            sessions=sessions,
            opened=min(opened, int(seen["open"])),
            cpu_percent=round(100 * cpu_s / lasted_s / limit, 1),
            throttled_percent=round(100 * throttled_s / lasted_s, 1),
            in_p50_ms=_rounded(arrived.quantile(0.5)),
            in_p99_ms=_rounded(arrived.quantile(0.99)),
            out_p50_ms=_rounded(heard.quantile(0.5)),
            out_p99_ms=_rounded(heard.quantile(0.99)),
            memory_mib=round(box.memory_bytes() / 2**20, 1),
            errors=seen["errors"],
            ended_for_memory=box.killed_for_memory(),
        )


def rows(
    ingredients: Ingredients, numbers: Sequence[int], *, settle_s: float, seconds: float
) -> Iterator[Measured]:
    """The rows end with the first that breaks a promise."""
    for sessions in numbers:
        row = measure(ingredients, sessions, settle_s=settle_s, seconds=seconds)
        yield row
        if row.complaint(int(ingredients.deployed.task["memory"])):
            return


def document(measured: Sequence[Measured], task: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What config/capacity.json says; the stage's configuration reads `held`."""
    memory = int(task["memory"])
    held = [row for row in measured if row.complaint(memory) is None]
    if not held:
        raise ValueError(f"the box holds not even {measured[0].sessions}: {measured[0].complaint(memory)}")
    best = held[-1]
    return {
        "held": {"sessions": best.sessions, "cpuPercent": best.cpu_percent, "memoryMib": best.memory_mib},
        "promise": {"addedP99Ms": MOST_ADDED_MS, "memoryShare": MOST_MEMORY_SHARE},
        "task": {"cpu": int(task["cpu"]), "memory": memory},
        "profile": PROFILE.title,
        "secondsEach": seconds,
        "measuredOn": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}",
        "rows": [asdict(row) for row in measured],
    }


def write(path: Path, measured: dict[str, Any]) -> None:
    path.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
