"""The metrics that the service emits, as alarms, dashboard and scaling read them.

The table is a contract: `tests/contract/golden/service_metrics.json` says the same to the service, which writes
them as embedded-metric lines in its log. `Stage` is a dimension of each; an outcome is the second of some.
"""

from dataclasses import dataclass
from typing import Final

import aws_cdk.aws_cloudwatch as cloudwatch
from aws_cdk import Duration

NAMESPACE: Final = "VoiceAssistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMetric:
    """One metric: its unit, and the outcomes that its second dimension takes."""

    unit: str
    outcomes: tuple[str, ...] = ()


METRICS: Final = {
    "Up": ServiceMetric(unit="Count"),
    "SessionsActive": ServiceMetric(unit="Count"),
    "SessionUtilization": ServiceMetric(unit="Percent"),
    "SessionStart": ServiceMetric(unit="Count", outcomes=("ok", "auth", "quota", "model", "overload")),
    "Turn": ServiceMetric(unit="Count", outcomes=("completed", "interrupted", "no_response", "error")),
    "TimeToFirstAudio": ServiceMetric(unit="Milliseconds"),
    "EndpointingDelay": ServiceMetric(unit="Milliseconds"),
    "ServiceAddedLatencyIn": ServiceMetric(unit="Milliseconds"),
    "ServiceAddedLatencyOut": ServiceMetric(unit="Milliseconds"),
    "BargeIn": ServiceMetric(unit="Count"),
    "BargeInStopTime": ServiceMetric(unit="Milliseconds"),
    "AudioGap": ServiceMetric(unit="Count"),
    "InputDropped": ServiceMetric(unit="Count"),
    "ModelStreamOpen": ServiceMetric(unit="Count", outcomes=("ok", "throttled", "denied", "timeout")),
    "ModelError": ServiceMetric(unit="Count"),
    "Rotation": ServiceMetric(unit="Count", outcomes=("planned", "forced", "failed")),
    "Resume": ServiceMetric(unit="Count", outcomes=("ok", "fresh", "rejected")),
    "EstimatedCost": ServiceMetric(unit="None"),
    "TurnsPersistFailed": ServiceMetric(unit="Count"),
    "EventLoopLag": ServiceMetric(unit="Milliseconds"),
    "DrainForced": ServiceMetric(unit="Count"),
}


def metric(
    name: str, *, stage: str, statistic: str, period_s: int, outcome: str | None = None, label: str | None = None
) -> cloudwatch.Metric:
    """A metric of the table; a name or an outcome that the service does not emit is a KeyError or ValueError here."""
    described = METRICS[name]
    if (outcome is None) != (not described.outcomes) or (outcome and outcome not in described.outcomes):
        raise ValueError(f"{name} has the outcomes {described.outcomes}, not {outcome!r}")
    dimensions = {"Stage": stage} if outcome is None else {"Stage": stage, "Outcome": outcome}
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=Duration.seconds(period_s),
        label=label or (f"{name} {outcome}" if outcome else name),
    )
