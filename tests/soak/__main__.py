"""`make soak`: fifty conversations for an hour against one process; memory, tasks, threads and descriptors must stay flat."""

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.e2e.processes import ROOT, running_emulator, running_module
from tests.soak.flat import Allowance, Trend, trend
from tests.soak.page import page
from tests.soak.talking import HEADINGS, Talk, talk

_FOLDER: Final = ROOT / ".run" / "soak"
_PAGE: Final = ROOT / "docs" / "soak.md"
_HOUR_MIN: Final = 60.0
# The emulator and the callers share this machine: how busy it is says nothing of the service. What its limits on
# load do is asked elsewhere (`tests/service/policies/test_pressure.py`, `benchmarks/`).
SETTINGS: Final[dict[str, Any]] = {
    "VOICE_MAX_CPU_PERCENT": 1_000,
    "VOICE_MAX_LAG_MS": 10_000,
    "VOICE_MAX_SESSIONS": 200,
    "VOICE_LOG_LEVEL": "warning",
}
_MEMORY: Final = Allowance(share=0.04, least=4.0)
_TASKS: Final = Allowance(share=0.1, least=6.0)
_THREADS: Final = Allowance(share=0.0, least=1.0)
_DESCRIPTORS: Final = Allowance(share=0.1, least=4.0)
_LEFT: Final = {"tasks": 2, "descriptors": 6, "threads": 12, "sessions": 0}
"""More than before the first call: a spare connection to the model and its task; the pools of threads at their size."""


def trends(seen: Talk) -> list[Trend]:
    """The four figures that must be flat."""
    return [
        trend("memory", [(s.at_s, s.rss_mb) for s in seen.busy], _MEMORY, unit=" MB"),
        trend("tasks", [(s.at_s, float(s.tasks)) for s in seen.busy], _TASKS),
        trend("threads", [(s.at_s, float(s.threads)) for s in seen.busy], _THREADS),
        trend("descriptors", [(s.at_s, float(s.descriptors)) for s in seen.busy], _DESCRIPTORS),
    ]


def left(seen: Talk) -> list[str]:
    """What is still there when everybody has gone."""
    return [
        f"{getattr(seen.after, name)} {name} are left of {getattr(seen.before, name)} before the first call"
        for name, more in _LEFT.items()
        if getattr(seen.after, name) > getattr(seen.before, name) + more
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=_HOUR_MIN)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--page", type=Path, help="where to write the figures; docs/soak.md for an hour")
    chosen = parser.parse_args()
    every_s = min(15.0, max(2.0, chosen.minutes * 60 / 60))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = folder / "counts"
        with (
            running_emulator(folder, "--quota", "200") as emulator,
            running_module("tests.soak.watched", folder, emulator, SOAK_COUNTS=counts, **SETTINGS) as service,
        ):
            print(HEADINGS, flush=True)
            seen = asyncio.run(
                talk(
                    service,
                    counts,
                    sessions=chosen.sessions,
                    minutes=chosen.minutes,
                    every_s=every_s,
                    show=lambda line: print(line, flush=True),
                )
            )
    judged = trends(seen)
    wrong = [str(found) for found in judged if not found.is_flat] + left(seen)
    for line in (*map(str, judged), *left(seen)):
        print(line)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    (_FOLDER / "figures.json").write_text(json.dumps(_figures(seen), indent=1), encoding="utf-8")
    target = chosen.page or (_PAGE if chosen.minutes >= _HOUR_MIN else _FOLDER / "soak.md")
    target.write_text(
        page(
            seen,
            judged,
            sessions=chosen.sessions,
            minutes=chosen.minutes,
            verdict="; ".join(wrong) or "flat",
        ),
        encoding="utf-8",
    )
    print(f"written: {target}")
    print(f"{seen.calls} calls, {seen.turns} turns saved: {'NOT FLAT' if wrong else 'flat'}")
    return 1 if wrong else 0


def _figures(seen: Talk) -> dict[str, Any]:
    return {
        "before": asdict(seen.before),
        "busy": [asdict(sample) for sample in seen.busy],
        "after": asdict(seen.after),
        "cpu_s": seen.cpu_s,
        "calls": seen.calls,
        "turns": seen.turns,
    }


if __name__ == "__main__":
    sys.exit(main())
