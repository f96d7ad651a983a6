"""docs/metrics.md and the golden file say what service/metrics/contract.py says."""

import re

from docs.generate import metrics
from service.metrics.contract import CONTRACT, Kind, Unit


def test_the_page_is_what_the_contract_generates() -> None:
    assert metrics.page() == metrics.PAGE.read_text(encoding="utf-8"), "run `make docs`"


def test_the_golden_file_is_what_the_contract_generates() -> None:
    assert metrics.golden() == metrics.GOLDEN.read_text(encoding="utf-8"), "run `make docs`"


def test_every_metric_has_a_name_a_meaning_and_few_fixed_outcomes() -> None:
    for name, metric in CONTRACT.items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name)
        assert metric.meaning
        assert len(set(metric.outcomes)) == len(metric.outcomes) <= 16
        assert all(re.fullmatch(r"[a-z][a-z_]*", outcome) for outcome in metric.outcomes)
        assert (metric.kind is Kind.SPREAD) <= (metric.unit is Unit.MILLISECONDS)


def test_the_names_of_the_original_design_are_kept() -> None:
    assert {"TurnCompletionRate", "AudioLatency"} <= CONTRACT.keys()


def test_all_metrics_together_stay_below_what_one_line_may_hold() -> None:
    assert len(CONTRACT) <= 100
    assert sum(len(metric.outcomes) or 1 for metric in CONTRACT.values()) <= 120
