"""Every metric that the service emits wakes somebody, or is left alone for a reason."""

from delivery.templates import StageView
from stacks.metric_table import METRICS, NAMESPACE
from tests.stacks.assemblies import Assembly

# What is looked at when another alarm is red, or is no trouble by itself.
WITHOUT_ALARM = {
    "SessionsActive": "how many people talk is no trouble; SessionUtilization says when it becomes one",
    "SessionSetupTime": "session-starts counts those that fail, the page shows that it connects",
    "TurnCompletionRate": "rates of unequal parts have no mean; the alarms divide sums of Turn",
    "EndpointingDelay": "a part of AudioLatency, looked at from there",
    "ServiceAddedLatencyIn": "the way in is a part of AudioLatency, and the same loop as the way out",
    "BargeIn": "people interrupt",
    "BargeInStopTime": "looked at when people complain of being talked over",
    "AudioGap": "the client buffers; what is heard is in PlaybackUnderrun",
    "PlaybackUnderrun": "mostly the network of one person, about which nobody here can do anything",
    "InputLate": "a client's fault",
    "InputDropped": "a model that takes nothing fails its turns, and turns have an alarm",
    "QueueDepth": "a client that reads slowly is let go alone",
    "ModelError": "errors by kind explain ModelStreamOpen and Turn, which have alarms",
    "RotationGap": "part of Rotation, and within a turn's latency",
    "ResumeGap": "how long a client was away",
    "Tokens": "what EstimatedCost is computed of",
    "EstimatedCost": "BudgetSpent wakes; the rest is AWS Budgets' work",
    "PersistLag": "a turn that is saved late is saved; TurnsPersistFailed wakes",
    "DrainDuration": "DrainForced wakes",
    "ClientTimings": "what clients report of themselves",
    "CanaryLatency": "AudioLatency of real people wakes; this is its background",
}


def read_by_alarms(stage: StageView) -> set[str]:
    """Our metrics that an alarm or the scaling reads."""
    names = set()
    for _, _, alarm in stage.resources("AWS::CloudWatch::Alarm"):
        queries = alarm["Properties"].get("Metrics", [])
        for one in [alarm["Properties"], *(q["MetricStat"]["Metric"] for q in queries if "MetricStat" in q)]:
            if one.get("Namespace") == NAMESPACE:
                names.add(one["MetricName"])
    return names


def test_every_metric_wakes_somebody_or_has_a_reason_not_to(assembly: Assembly) -> None:
    read = read_by_alarms(assembly.stages["prod"])

    assert set() == METRICS.keys() - read - WITHOUT_ALARM.keys()
    assert set() == read & WITHOUT_ALARM.keys(), "these have an alarm now"
    assert set() == WITHOUT_ALARM.keys() - METRICS.keys(), "nobody emits these"
