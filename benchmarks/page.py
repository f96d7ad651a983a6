"""docs/performance.md and its plots, from the results of the last runs."""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks import places
from benchmarks.plan import LATENCY_SESSIONS, QUOTA, QUOTA_P99_MS, RESULTS, Results
from benchmarks.plot import Bar, bars
from benchmarks.processes import PEERS, ROOT
from benchmarks.sessions import HEAD, Profile, Row, as_line
from benchmarks.subjects import FLOOR, PEERS_ALL, RELAY, SERVICE, SERVICE_JSON, SERVICE_SDK, SERVICE_SHARED

PAGE: Final = ROOT / "docs" / "performance.md"
PLOTS: Final = ROOT / "docs" / "performance"
ABOUT: Final = Path(__file__).parent / "about.md"
_LEVERS: Final = RESULTS / "levers.json"
_PACKAGES: Final = (
    "uvicorn",
    "websockets",
    "uvloop",
    "h2",
    "orjson",
    "pybase64",
    "aws-sdk-bedrock-runtime",
    "awscrt",
)
# With more than this waiting for the processors before we began, the figures are not this machine's best.
_QUIET_LOAD: Final = 0.5


def this_machine(command: str, network: str) -> dict[str, str]:
    """Read at the beginning of a run, so that the load is other people's."""
    cores = places.cores()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"`{command}`",
        "processor": f"{_processor()}, {os.cpu_count()} cores visible",
        "pinning": "none" if cores is None else "what is measured has a core to itself",
        "network": network,
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{package} {version(package)}" for package in _PACKAGES),
        "load average before": f"{os.getloadavg()[0]:.2f}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def write(*, service: Results | None, peers: Results | None) -> Path:
    """The page and its plots; each half is missing until it was measured."""
    text = [ABOUT.read_text(encoding="utf-8").rstrip()]
    if service is not None or peers is not None:
        text.append("## The figures\n")
        text += _figures(service, peers)
    else:
        text.append(
            "## The figures\n\nNothing was measured yet: `make bench && make bench-peers` write them here."
        )
    PLOTS.mkdir(parents=True, exist_ok=True)
    if peers is not None:
        text += ["\n## Beside what others would build\n", *_peers(peers)]
    if service is not None:
        text += ["\n## The service\n", *_service(service)]
    if _LEVERS.exists():
        text += ["\n## What each lever is worth\n", *_levers(json.loads(_LEVERS.read_text(encoding="utf-8")))]
    PAGE.write_text("\n".join(text) + "\n", encoding="utf-8")
    return PAGE


def _figures(service: Results | None, peers: Results | None) -> Iterator[str]:
    yield "| figure | measured | at least | aim |"
    yield "| --- | --- | --- | --- |"
    if service is not None:
        yield from _own_figures(service)
    ours = peers.best(SERVICE.name) if peers is not None else None
    if peers is None or ours is None:
        return
    for peer, goals in zip(PEERS_ALL, ("6x | 10x", "7x | 12x", "14x | 20x"), strict=True):
        if (row := peers.best(peer.name)) is not None:
            yield f"| against {peer.name} | {ours.at_70_percent / row.at_70_percent:.1f}x | {goals} |"


def _own_figures(results: Results) -> Iterator[str]:
    best, relay = results.best(SERVICE.name), results.best(RELAY.name)
    if best is not None:
        yield f"| sessions per core at 70 % | {best.at_70_percent:.0f} | 320 | 500 |"
    carried = results.carried(SERVICE.name)
    said = str(carried.sessions) if carried is not None else results.quota_problem or "none"
    yield f"| {QUOTA:g} vCPU, sessions with p99 below {QUOTA_P99_MS:g} ms | {said} | 150 | 200 |"
    for row in results.latency:
        for way, p50, p99 in (("in", row.in_p50, row.in_p99), ("out", row.out_p50, row.out_p99)):
            yield (
                f"| added delay at {LATENCY_SESSIONS} sessions, {way}, p50 / p99 | {p50} / {p99} ms"
                " | 0.3 / 2 ms | 0.15 / 1 ms |"
            )
    if best is not None:
        yield f"| memory per session | {best.bytes_per_session / 2**20:.2f} MB | 0.12 MB | 0.06 MB |"
    for row, goals in zip(results.opening, ("2 ms | -", "- | 0.3 ms (warm)"), strict=False):
        yield f"| opening a session, CPU: {row.subject} | {row.opening_ms:.2f} ms | {goals} |"
    if best is not None and relay is not None:
        more = best.ms_per_session_s / relay.ms_per_session_s - 1
        yield f"| everything the service guarantees, against a bare relay | {more:+.0%} CPU | 10 % | 5 % |"


def _facts(facts: Mapping[str, str]) -> Iterator[str]:
    yield "| | |"
    yield "| --- | --- |"
    for name, fact in facts.items():
        yield f"| {name} | {fact} |"
    if float(facts["load average before"]) > _QUIET_LOAD:
        yield "\n**The machine was busy with other work when this began: the figures are worse than its own.**"


def _peers(results: Results) -> Iterator[str]:
    yield from _facts(results.facts)
    yield (
        "| environments | "
        + ", ".join(f"`{PEERS.name}/{peer.peer}`" for peer in PEERS_ALL)
        + ", locked by hash |"
    )
    order = [SERVICE, *PEERS_ALL]
    best = [(subject, row) for subject in order if (row := results.best(subject.name)) is not None]
    _plot(
        "sessions-per-core.svg",
        "Sessions per core at 70 %, full duplex",
        [
            Bar(label=s.name, value=row.at_70_percent, shown=f"{row.at_70_percent:.0f}", ours=s is SERVICE)
            for s, row in best
        ],
    )
    yield "\n![Sessions per core](performance/sessions-per-core.svg)\n"
    yield from _table("what", [(row.subject, row) for row in results.cost])
    yield from _quota(results)


def _service(results: Results) -> Iterator[str]:
    yield from _facts(results.facts)
    order = (SERVICE, SERVICE_SHARED, SERVICE_JSON, SERVICE_SDK, RELAY, FLOOR)
    best = [(subject, row) for subject in order if (row := results.best(subject.name)) is not None]
    _plot(
        "cost.svg",
        "CPU of one session, ms per second, full duplex",
        [
            Bar(
                label=s.name,
                value=row.ms_per_session_s,
                shown=f"{row.ms_per_session_s:.2f}",
                ours=s is SERVICE,
            )
            for s, row in best
        ],
    )
    yield "\n![CPU of one session](performance/cost.svg)\n"
    named = [
        (row.subject if row.profile == Profile.DUPLEX.title else f"{row.subject}, {row.profile}", row)
        for row in results.cost
    ]
    yield from _table("what", [*named, *((f"{row.subject}, delays", row) for row in results.latency)])
    yield from _quota(results)


def _quota(results: Results) -> Iterator[str]:
    yield f"\n### Within {QUOTA:g} vCPU\n"
    if results.quota_problem:
        yield f"Not measured: {results.quota_problem}."
        return
    yield f"A row is the last of its kind when a p99 exceeds {QUOTA_P99_MS:g} ms or not all sessions opened.\n"
    yield from _table(
        "what", [(f"{row.subject}, throttled {row.throttled} times", row) for row in results.quota]
    )


def _table(first: str, rows: Sequence[tuple[str, Row]]) -> Iterator[str]:
    yield f"| {first} | {HEAD} |"
    yield "|" + " --- |" * (HEAD.count("|") + 2)
    for name, row in rows:
        yield f"| {name} | {as_line(row)} |"


def _levers(document: Mapping[str, Any]) -> Iterator[str]:
    yield from _facts(document["facts"])
    yield "\nCPU of the service without the lever, as a ratio to the service with it, measured in turns.\n"
    yield "| lever | without it | pairs |"
    yield "| --- | --- | --- |"
    for lever in document["levers"]:
        pairs = ", ".join(f"{pair:.2f}" for pair in lever["pairs"])
        yield f"| {lever['name']} | {lever['ratio']:.2f}x | {pairs} |"


def _plot(name: str, title: str, values: Sequence[Bar]) -> None:
    (PLOTS / name).write_text(bars(title, values), encoding="utf-8")
