"""The page that tells what was measured: docs/performance.md."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

from benchmarks.sessions import HEAD, Peer, Profile, Row, as_line

_PACKAGES: Final = (
    "uvicorn",
    "fastapi",
    "websockets",
    "uvloop",
    "orjson",
    "pybase64",
    "aws-sdk-bedrock-runtime",
    "smithy-aws-core",
    "awscrt",
)
# With more than this waiting for the processors before we began, the figures are not this machine's best.
_QUIET_LOAD: Final = 0.5

_ABOUT: Final = """\
# Performance

What one session costs the service, as measured on one machine. Written by `make bench`; nothing here is estimated.

- **What runs:** a load generator, the service and the model's stand-in, each a process of its own, over loopback. The
  service is the product unchanged: one process, official SDK, TLS and HTTP/2 to the model, every frame signed.
- **Full duplex** is the worst case: the client sends 31.25 frames of 32 ms a second, the model speaks without a pause in
  25 pieces a second. In **{realistic}** it speaks 5 s and rests 5 s; the microphone never rests.
- **CPU** is user and system time of the service's process; 100 % is one core. **ms/s a session** is the milliseconds of it
  that one session takes of each second. **us/event** divides it by the events that crossed, both ways.
- **in** is from the client's send to the model's receipt of the same audio, **out** from the model's send to the client's
  receipt, read from send times inside the audio: the whole path through the service, kernel and generator included.
- A row is **saturated** when the service uses 95 % of a core, when a delay's p99 exceeds 200 ms while it uses 60 %, or when
  not every session opened. It is shown, and nothing beyond it is measured.
- **The WebSocket alone** takes and sends the same frames and does nothing with them. **The way to the model alone** is the
  same transport and SDK without WebSocket and session. What the service costs above both is the session itself.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where and when it was measured."""

    facts: Mapping[str, str]

    @property
    def was_busy(self) -> bool:
        return float(self.facts["load average before"]) > _QUIET_LOAD


def this_machine(command: str) -> Machine:
    """Read at the beginning of the measurement, so that the load is other people's."""
    packages = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return Machine(
        facts={
            "date": datetime.now(UTC).date().isoformat(),
            "command": f"`{command}`",
            "processor": f"{_processor()}, {os.cpu_count()} cores visible",
            "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
            "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
            "packages": packages,
            "load average before": f"{os.getloadavg()[0]:.2f}",
        }
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def render(rows: Sequence[Row], machine: Machine) -> str:
    """The whole page."""
    text = [_ABOUT.format(realistic=Profile.REALISTIC.title)]
    text += ["## Where and when\n", "| | |", "| --- | --- |"]
    text += [f"| {name} | {fact} |" for name, fact in machine.facts.items()]
    if machine.was_busy:
        text.append(
            "\nThe machine was busy with other work when this began, so the figures are worse than its own."
        )
    for peer in Peer:
        for profile in Profile:
            of_both = [row for row in rows if row.peer is peer and row.profile is profile]
            if of_both:
                text += [f"\n## {peer.value.capitalize()}, {profile.title}\n", *_table(of_both)]
    return "\n".join(text) + "\n"


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [f"| {HEAD} |", "|" + " --- |" * (HEAD.count("|") + 1)]
    lines += [f"| {as_line(row)} |" for row in rows]
    if unsaturated := [row for row in rows if not row.saturated]:
        last = unsaturated[-1]
        lines.append(
            f"\nUnsaturated up to {last.sessions} sessions: {last.ms_per_session_s:.1f} ms/s a session, so a core at 70 % "
            f"carries about {700 / last.ms_per_session_s:.0f} of them here."
        )
    for row in rows:
        lines += [
            f"- {row.sessions} sessions: {count} x {error[:200]}" for error, count in row.errors.items()
        ]
    return lines
