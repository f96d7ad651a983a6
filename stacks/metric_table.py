"""The metrics that the service emits, as alarms, dashboard and scaling read them.

The table is a contract: `tests/contract/golden/service_metrics.json` says the same to the service, which writes
them as embedded-metric lines in its log. `Stage` is a dimension of each; an outcome is the second of some.
"""

from dataclasses import dataclass
from typing import Final

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
