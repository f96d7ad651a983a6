"""What is measured in one run, in which order, and what becomes of it: one file of results a part."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from benchmarks import places
from benchmarks.processes import ROOT
from benchmarks.sessions import HEAD, Profile, Row, Span, as_line, measure, near_target, within_quota
from benchmarks.subjects import (
    AWS_SAMPLE,
    FLOOR,
    NAIVE,
    PEERS_ALL,
    PIPECAT,
    RELAY,
    SERVICE,
    SERVICE_JSON,
    SERVICE_SDK,
    SERVICE_SHARED,
    Subject,
)

RESULTS: Final = ROOT / "benchmarks" / "results"
LATENCY_SESSIONS: Final = 200
QUOTA: Final = 0.5
QUOTA_P99_MS: Final = 10.0
_OPENINGS: Final = 100
_QUOTA_NUMBERS: Final = {
    SERVICE.name: (60, 80, 100, 120, 150, 180, 200),
    NAIVE.name: (10, 15, 20, 25, 30),
    AWS_SAMPLE.name: (8, 12, 16, 20, 25),
    PIPECAT.name: (3, 5, 8, 11, 15),
}


@dataclass(slots=True, kw_only=True)
class Results:
    """One run."""

    facts: dict[str, str]
    cost: list[Row] = field(default_factory=list)
    """Each subject where it uses about 70 % of a core, and the first row that led there."""
    latency: list[Row] = field(default_factory=list)
    opening: list[Row] = field(default_factory=list)
    quota: list[Row] = field(default_factory=list)
    quota_problem: str = ""

    def best(self, name: str) -> Row | None:
        """The row of a subject that is nearest to 70 %."""
        rows = [row for row in self.cost if row.subject == name and row.profile == Profile.DUPLEX.title]
        return min(rows, key=lambda row: abs(row.cpu_share - 0.7), default=None)

    def carried(self, name: str) -> Row | None:
        """The most sessions of a subject that kept the promise within the quota."""
        kept = [
            row
            for row in self.quota
            if row.subject == name
            and row.slowest_p99 <= QUOTA_P99_MS
            and row.opened == row.sessions
            and not row.errors
        ]
        return max(kept, key=lambda row: row.sessions, default=None)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows = {
            name: [Row(**row) for row in document[name]] for name in ("cost", "latency", "opening", "quota")
        }
        return cls(facts=document["facts"], quota_problem=document["quota_problem"], **rows)


@dataclass(slots=True, kw_only=True)
class Run:
    """Measures, tells, and keeps what it measured."""

    results: Results
    span: Span
    tell: Callable[[str], None]

    def service(self) -> None:
        """The product in its settings, and its parts."""
        self._title(SERVICE, "full duplex")
        self._keep(self.results.cost, near_target(SERVICE, Profile.DUPLEX, self.span))
        sessions = self.results.cost[-1].sessions
        for subject in (SERVICE_JSON, SERVICE_SHARED, RELAY, FLOOR):
            self._title(subject, "full duplex")
            self._keep(self.results.cost, [measure(subject, Profile.DUPLEX, sessions, self.span)])
        self._title(SERVICE_SDK, "full duplex")
        self._keep(self.results.cost, near_target(SERVICE_SDK, Profile.DUPLEX, self.span))
        self._title(SERVICE, Profile.REALISTIC.title)
        self._keep(self.results.cost, [measure(SERVICE, Profile.REALISTIC, sessions, self.span)])
        self._title(SERVICE, "delays")
        self._keep(self.results.latency, [measure(SERVICE, Profile.DUPLEX, LATENCY_SESSIONS, self.span)])
        short = Span(settle_s=1.0, seconds=1.0)
        for subject in (SERVICE, SERVICE_SHARED):
            self._title(subject, "opening, nobody speaks")
            self._keep(
                self.results.opening, [measure(subject, Profile.DUPLEX, _OPENINGS, short, silent=True)]
            )

    def peers(self) -> None:
        """What others would build, and the product once more between them."""
        for subject in (*PEERS_ALL, SERVICE):
            self._title(subject, "full duplex")
            self._keep(self.results.cost, near_target(subject, Profile.DUPLEX, self.span))

    def quota(self, subjects: Iterable[Subject]) -> None:
        """Within half a vCPU."""
        with places.quota(QUOTA) as group:
            if isinstance(group, str):
                self.results.quota_problem = group
                self.tell(f"\nno run within {QUOTA:g} vCPU: {group}")
                return
            for subject in subjects:
                self._title(subject, f"within {QUOTA:g} vCPU")
                numbers = _QUOTA_NUMBERS[subject.name]
                rows = within_quota(subject, numbers, self.span, group, most_p99_ms=QUOTA_P99_MS)
                self._keep(self.results.quota, rows)

    def _title(self, subject: Subject, what: str) -> None:
        self.tell(f"\n{subject.name}, {what}\n{HEAD}")

    def _keep(self, kept: list[Row], rows: Iterable[Row]) -> None:
        for row in rows:
            kept.append(row)
            self.tell(as_line(row))
            for error, count in row.errors.items():
                self.tell(f"    {count} x {error[:200]}")
