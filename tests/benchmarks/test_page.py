"""The page says what was measured, and says so when something was not."""

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import page, places
from benchmarks.plan import Results
from benchmarks.plot import Bar, bars
from benchmarks.sessions import Profile, Row, Span
from benchmarks.subjects import NAIVE, RELAY, SERVICE, SERVICE_SHARED, SUBJECTS

ROW = Row(
    subject=SERVICE.name,
    profile=Profile.DUPLEX.title,
    sessions=200,
    opened=200,
    seconds=8.0,
    cpu_share=0.5,
    model_cpu_share=0.3,
    generator_cpu_share=0.2,
    events_per_s=11_250.0,
    in_p50=0.2,
    in_p99=1.0,
    in_p999=2.0,
    out_p50=0.3,
    out_p99=1.5,
    out_p999=2.5,
    generator_late_p99=1.0,
    bytes_per_session=131_072,
    opening_ms=1.5,
    throttled=0,
    errors={},
)
FACTS = {"date": "2026-11-23", "load average before": "0.10"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "PLOTS", tmp_path / "performance")
    monkeypatch.setattr(page, "_LEVERS", tmp_path / "levers.json")
    return tmp_path


def service_results() -> Results:
    return Results(
        facts=FACTS,
        cost=[ROW, replace(ROW, subject=RELAY.name, cpu_share=0.48)],
        latency=[ROW],
        opening=[ROW, replace(ROW, subject=SERVICE_SHARED.name, opening_ms=0.2)],
        quota=[replace(ROW, sessions=150, opened=150), replace(ROW, out_p99=29.0)],
    )


def test_cost_is_counted_for_what_opened() -> None:
    assert (2.5, 280) == (ROW.ms_per_session_s, ROW.at_70_percent)
    assert math.isclose(44.4, ROW.us_per_event, abs_tol=0.1)
    assert not ROW.saturated
    assert all(
        row.saturated
        for row in (
            replace(ROW, cpu_share=0.96),
            replace(ROW, opened=199),
            replace(ROW, out_p99=300.0, cpu_share=0.7),
        )
    )


def test_every_figure_stands_beside_its_goal(home: Path) -> None:
    peers = Results(facts=FACTS, cost=[ROW, replace(ROW, subject=NAIVE.name, sessions=50, opened=50)])
    page.write(service=service_results(), peers=peers)
    text = (home / "performance.md").read_text()

    assert "| sessions per core at 70 % | 280 | 320 | 500 |" in text
    assert "| 0.5 vCPU, sessions with p99 below 10 ms | 150 | 150 | 200 |" in text
    assert "| against FastAPI and the SDK | 4.0x | 6x | 10x |" in text
    assert "against a bare relay | +4% CPU | 10 % | 5 % |" in text
    assert "was busy" not in text
    assert {"cost.svg", "sessions-per-core.svg"} == {path.name for path in (home / "performance").iterdir()}


def test_a_busy_machine_and_a_missing_quota_are_admitted(home: Path) -> None:
    results = service_results()
    results.facts = FACTS | {"load average before": "3.20"}
    results.quota, results.quota_problem = [], "control groups cannot be written here"
    page.write(service=results, peers=None)
    text = (home / "performance.md").read_text()

    assert "The machine was busy" in text
    assert "Not measured: control groups cannot be written here." in text


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    results = service_results()
    results.write(tmp_path / "made" / "service.json")

    assert results == Results.read(tmp_path / "made" / "service.json")


def test_a_plot_is_an_image_that_can_be_read_without_seeing_it() -> None:
    values = [Bar(label="<one>", value=1.0, shown="1"), Bar(label="two", value=0.0, shown="0")]
    svg = ET.fromstring(bars("A & B", values))  # noqa: S314 - our own

    assert "A & B: <one> 1, two 0" == svg.get("aria-label")
    assert 2 == len(svg.findall("{http://www.w3.org/2000/svg}rect"))


def test_a_quota_that_cannot_be_set_has_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "_V2", ())
    monkeypatch.setattr(places, "_V1", tmp_path / "none")
    with places.quota(0.5) as group:
        assert "no control group of CPU is mounted here" == group


@pytest.mark.process
@pytest.mark.parametrize("name", ["service", "json", "shared", "sdk", "relay", "floor"])
def test_every_part_of_ours_can_be_measured(name: str) -> None:
    """Two sessions for a moment: whether it runs, not how fast."""
    from benchmarks.sessions import measure  # noqa: PLC0415 - a module of processes

    row = measure(SUBJECTS[name], Profile.DUPLEX, 2, Span(settle_s=0.2, seconds=0.5))

    assert (2, {}) == (row.opened, row.errors)
    assert row.out_p50 is not None
