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
    "SessionSetupTime": ServiceMetric(unit="Milliseconds"),
    "Turn": ServiceMetric(unit="Count", outcomes=("completed", "interrupted", "no_response", "error")),
    "TurnCompletionRate": ServiceMetric(unit="Percent"),
    "AudioLatency": ServiceMetric(unit="Milliseconds"),
    "TimeToFirstAudio": ServiceMetric(unit="Milliseconds"),
    "EndpointingDelay": ServiceMetric(unit="Milliseconds"),
    "ServiceAddedLatencyIn": ServiceMetric(unit="Milliseconds"),
    "ServiceAddedLatencyOut": ServiceMetric(unit="Milliseconds"),
    "BargeIn": ServiceMetric(unit="Count"),
    "BargeInStopTime": ServiceMetric(unit="Milliseconds"),
    "AudioGap": ServiceMetric(unit="Count"),
    "PlaybackUnderrun": ServiceMetric(unit="Count"),
    "InputLate": ServiceMetric(unit="Count"),
    "InputDropped": ServiceMetric(unit="Count"),
    "QueueDepth": ServiceMetric(unit="Bytes"),
    "ModelStreamOpen": ServiceMetric(
        unit="Count", outcomes=("ok", "throttled", "denied", "timeout", "failed")
    ),
    "ModelError": ServiceMetric(
        unit="Count",
        outcomes=(
            "throttled",
            "timed_out",
            "validation",
            "access_denied",
            "not_found",
            "not_ready",
            "quota",
            "unavailable",
            "internal",
            "stream_error",
            "connection_lost",
            "unreachable",
            "credentials",
            "protocol",
        ),
    ),
    "Rotation": ServiceMetric(unit="Count", outcomes=("planned", "forced", "failed")),
    "RotationGap": ServiceMetric(unit="Milliseconds"),
    "Resume": ServiceMetric(unit="Count", outcomes=("ok", "fresh", "rejected")),
    "ResumeGap": ServiceMetric(unit="Milliseconds"),
    "Tokens": ServiceMetric(unit="Count", outcomes=("in_speech", "in_text", "out_speech", "out_text")),
    "EstimatedCost": ServiceMetric(unit="None"),
    "BudgetSpent": ServiceMetric(unit="Count", outcomes=("user", "deployment")),
    "TurnsPersistFailed": ServiceMetric(unit="Count"),
    "PersistLag": ServiceMetric(unit="Milliseconds"),
    "EventLoopLag": ServiceMetric(unit="Milliseconds"),
    "DrainDuration": ServiceMetric(unit="Milliseconds"),
    "DrainForced": ServiceMetric(unit="Count"),
    "ClientTimings": ServiceMetric(unit="Count", outcomes=("used", "impossible", "late")),
    "LogLinesDropped": ServiceMetric(unit="Count"),
    "StatisticsDropped": ServiceMetric(unit="Count"),
    "TracesDropped": ServiceMetric(unit="Count"),
    "OutcomeUnknown": ServiceMetric(unit="Count"),
    "CanaryTurn": ServiceMetric(unit="Count", outcomes=("ok", "failed")),
    "CanaryLatency": ServiceMetric(unit="Milliseconds"),
}
