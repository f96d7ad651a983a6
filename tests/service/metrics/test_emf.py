from typing import Any

import jsonschema
import orjson
import pytest

from service.metrics.contract import CONTRACT, ESTIMATED_COST, TIME_TO_FIRST_AUDIO, TURN, UP, Kind
from service.metrics.emf import documents
from service.metrics.registry import Registry
from tests.service.metrics.emf_schema import judge


def _documents(registry: Registry, gauges: dict[str, float] | None = None) -> list[dict[str, Any]]:
    made = documents(
        registry.take(gauges or {}),
        stage="prod",
        timestamp_ms=1_700_000_000_000,
        properties={"service": "voice", "task": "t-1"},
    )
    return [orjson.loads(orjson.dumps(document)) for document in made]


def _everything() -> Registry:
    registry = Registry()
    for metric in CONTRACT.values():
        if metric.kind is Kind.SPREAD:
            for ms in range(1_000):
                registry.observe(metric, ms)
        elif metric.kind is Kind.COUNT:
            for outcome in metric.outcomes or ("",):
                registry.add(metric, 7, outcome=outcome)
    return registry


def test_every_metric_of_the_contract_makes_documents_that_the_published_schema_accepts() -> None:
    gauges = {metric.name: 1.5 for metric in CONTRACT.values() if metric.kind is Kind.GAUGE}
    made = _documents(_everything(), gauges)
    for document in made:
        judge(document)
    seen = {
        (metric["Name"], document.get("Outcome", ""))
        for document in made
        for metric in document["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    expected = {
        (metric.name, outcome) for metric in CONTRACT.values() for outcome in metric.outcomes or ("",)
    }
    assert expected == seen


def test_a_document_names_the_dimensions_that_alarms_look_for() -> None:
    registry = Registry()
    registry.add(TURN, outcome="error")
    registry.add(UP)
    plain, with_outcome = _documents(registry)
    assert [["Stage"]] == plain["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    assert [["Stage", "Outcome"]] == with_outcome["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    assert ("prod", "error", 1) == (with_outcome["Stage"], with_outcome["Outcome"], with_outcome["Turn"])


def test_more_than_a_hundred_spans_go_out_as_a_hundred() -> None:
    registry = Registry()
    for ms in range(5_000):
        registry.observe(TIME_TO_FIRST_AUDIO, ms)
    (document,) = _documents(registry)
    assert 100 == len(document["TimeToFirstAudio"])


def test_cost_is_told_in_dollars() -> None:
    registry = Registry()
    registry.add(ESTIMATED_COST, 2_700_000)
    assert 0.0027 == _documents(registry)[0]["EstimatedCost"]


def test_nothing_counted_makes_no_document() -> None:
    assert [] == _documents(Registry())


def test_the_judge_refuses_what_the_schema_refuses() -> None:
    registry = Registry()
    registry.add(UP)
    (document,) = _documents(registry)
    document["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] = "Furlongs"
    with pytest.raises(jsonschema.ValidationError):
        judge(document)
