"""What was counted since the last flush, for every metric of the contract and for nothing else.

Its size is fixed by the contract: an outcome that is not listed there is counted as `OutcomeUnknown`, so ten thousand
different texts of errors cannot make ten thousand metrics. One event loop owns it, so there are no locks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from service.metrics.contract import CONTRACT, OUTCOME_UNKNOWN, Kind, Metric
from service.metrics.histogram import Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What one flush takes out."""

    counts: Mapping[tuple[str, str], int]
    spreads: Mapping[str, Histogram]
    gauges: Mapping[str, float] = field(default_factory=dict)


class Registry:
    """Integer adds by metric and outcome, histograms by metric."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._spreads: dict[str, Histogram] = {}
        self._begin()

    def _begin(self) -> None:
        self._counts = {
            (metric.name, outcome): 0
            for metric in CONTRACT.values()
            if metric.kind is Kind.COUNT
            for outcome in metric.outcomes or ("",)
        }
        self._spreads = {
            metric.name: Histogram() for metric in CONTRACT.values() if metric.kind is Kind.SPREAD
        }

    def add(self, metric: Metric, amount: int = 1, *, outcome: str = "") -> None:
        """Count so many more."""
        key = (metric.name, outcome)
        if key in self._counts:
            self._counts[key] += amount
        else:
            self._counts[_UNKNOWN] += amount

    def observe(self, metric: Metric, span_ms: float) -> None:
        """Take note of one span."""
        self._spreads[metric.name].add_ms(span_ms)

    def value(self, metric: Metric, outcome: str = "") -> int:
        """What was counted since the last flush."""
        return self._counts[metric.name, outcome]

    def spread(self, metric: Metric) -> Histogram:
        """The spans since the last flush."""
        return self._spreads[metric.name]

    def take(self, gauges: Mapping[str, float]) -> Snapshot:
        """Everything since the last flush; counting begins at nothing again."""
        snapshot = Snapshot(
            counts={key: count for key, count in self._counts.items() if count},
            spreads={name: spread for name, spread in self._spreads.items() if len(spread)},
            gauges=gauges,
        )
        self._begin()
        return snapshot


_UNKNOWN: Final = (OUTCOME_UNKNOWN.name, "")
