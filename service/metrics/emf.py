"""Metrics as lines of the CloudWatch Embedded Metric Format, which CloudWatch Logs reads without agent or credentials.

One line holds the metrics without outcomes, one more each outcome that something was counted under. The format's
limits are 100 metrics and 30 dimensions a line and 100 values a metric; the contract stays below them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from service.metrics.contract import CONTRACT, ESTIMATED_COST, NAMESPACE
from service.metrics.registry import Snapshot

MAX_VALUES: Final = 100
_NANO: Final = 1_000_000_000


def documents(
    snapshot: Snapshot, *, stage: str, timestamp_ms: int, properties: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The documents of one flush; `properties` are searchable in the log and no dimensions."""
    by_outcome: dict[str, dict[str, Any]] = {"": {}}
    for (name, outcome), count in snapshot.counts.items():
        value = count / _NANO if name == ESTIMATED_COST.name else count
        by_outcome.setdefault(outcome, {})[name] = value
    for name, spread in snapshot.spreads.items():
        by_outcome[""][name] = list(spread.values_ms(MAX_VALUES))
    by_outcome[""].update(snapshot.gauges)
    for outcome, values in by_outcome.items():
        if values:
            yield _document(values, outcome, stage, timestamp_ms, properties)


def _document(
    values: Mapping[str, Any],
    outcome: str,
    stage: str,
    timestamp_ms: int,
    properties: Mapping[str, str],
) -> dict[str, Any]:
    dimensions = {"Stage": stage} | ({"Outcome": outcome} if outcome else {})
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": CONTRACT[name].unit.value} for name in values],
    }
    return {
        "_aws": {"Timestamp": timestamp_ms, "CloudWatchMetrics": [directive]},
        **dimensions,
        **properties,
        **values,
    }
