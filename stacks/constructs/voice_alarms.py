"""Alarms on what people who talk to the assistant notice."""

from dataclasses import dataclass
from functools import partial
from typing import Final

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_sns as sns
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.runbook_alarm import RunbookAlarm
from stacks.constructs.service_metrics import metric
from stacks.stage_config import StageConfig

# What we promise beside what slo_alarms.py holds: so soon a reply begins, so little of that is our own doing.
FIRST_AUDIO_P95_MS: Final = 1500
ADDED_LATENCY_P99_MS: Final = 50
SESSION_STARTS_OK_PERCENT: Final = 99.5
# Burn rates after the workbook of Google's reliability engineers: an hour at 14.4 spends 2 % of a month's budget.
_FAST_BURN: Final = 14.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """When a measured value is too bad: so many of so many periods beyond the limit."""

    limit: float
    periods: int
    of_periods: int
    below: bool = False
    missing_is_bad: bool = False


class VoiceAlarms(Construct):
    """First audio, session starts, capacity, the model, what is kept, and whether we hear of all this at all."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, topic: sns.ITopic) -> None:
        super().__init__(scope, id_)
        self._stage, self._topic = config.stage.name, topic
        self._starts()
        self._latency()
        self._model()
        self._processes()
        if config.has_canary:
            self._canary(every_s=60 * config.canary.every_minutes)

    def _alarm(
        self, id_: str, slug: str, meaning: str, measured: cloudwatch.IMetric, threshold: Threshold
    ) -> None:
        RunbookAlarm(
            self,
            id_,
            slug=slug,
            stage=self._stage,
            meaning=meaning,
            metric=measured,
            topic=self._topic,
            threshold=threshold.limit,
            periods=threshold.periods,
            of_periods=threshold.of_periods,
            below=threshold.below,
            missing_is_bad=threshold.missing_is_bad,
        )

    def _starts(self) -> None:
        counted = partial(metric, "SessionStart", stage=self._stage, statistic="Sum", period_s=300)
        outcomes = {outcome: counted(outcome=outcome) for outcome in ("ok", "quota", "model", "overload")}
        self._alarm(
            "SessionStarts",
            "session-starts",
            "Too many people who may talk cannot start.",
            share(
                "100 * {ok} / ({ok} + {quota} + {model} + {overload})",
                label="Sessions started, %",
                period_s=300,
                **outcomes,
            ),
            Threshold(
                limit=100 - _FAST_BURN * (100 - SESSION_STARTS_OK_PERCENT),
                periods=2,
                of_periods=3,
                below=True,
            ),
        )
        self._alarm(
            "SignIns",
            "auth-failures",
            "Many handshakes are refused for their ticket or token: an attack, or a broken client.",
            counted(outcome="auth"),
            Threshold(limit=100, periods=2, of_periods=3),
        )
        self._alarm(
            "SessionCap",
            "session-cap",
            "The tasks are nearly full; the next people are turned away.",
            metric("SessionUtilization", stage=self._stage, statistic="Average", period_s=60),
            Threshold(limit=85, periods=3, of_periods=3),
        )

    def _latency(self) -> None:
        self._alarm(
            "FirstAudio",
            "first-audio",
            "Replies begin late: one in twenty takes longer than promised.",
            metric("TimeToFirstAudio", stage=self._stage, statistic="p95", period_s=300),
            Threshold(limit=FIRST_AUDIO_P95_MS, periods=3, of_periods=4),
        )
        self._alarm(
            "AddedLatency",
            "added-latency",
            "The service itself delays audio, whatever the model does.",
            metric("ServiceAddedLatencyOut", stage=self._stage, statistic="p99", period_s=300),
            Threshold(limit=ADDED_LATENCY_P99_MS, periods=3, of_periods=4),
        )
        self._alarm(
            "EventLoop",
            "event-loop-lag",
            "A task's event loop is late: something blocks it.",
            metric("EventLoopLag", stage=self._stage, statistic="p99", period_s=60),
            Threshold(limit=50, periods=5, of_periods=5),
        )

    def _model(self) -> None:
        opened = partial(metric, "ModelStreamOpen", stage=self._stage, statistic="Sum", period_s=300)
        self._alarm(
            "ModelThrottled",
            "model-throttled",
            "Bedrock refuses streams: the account's quota is reached.",
            share(
                "100 * {throttled} / ({ok} + {throttled})",
                label="Streams throttled, %",
                period_s=300,
                ok=opened(outcome="ok"),
                throttled=opened(outcome="throttled"),
            ),
            Threshold(limit=1, periods=1, of_periods=1),
        )
        self._alarm(
            "ModelDenied",
            "model-denied",
            "Bedrock denies access: model access, role or endpoint policy is wrong.",
            opened(outcome="denied"),
            Threshold(limit=1, periods=1, of_periods=1),
        )
        rotated = partial(metric, "Rotation", stage=self._stage, statistic="Sum", period_s=300)
        self._alarm(
            "Rotation",
            "rotation-failed",
            "Conversations do not survive the move to a fresh stream.",
            rotated(outcome="failed"),
            Threshold(limit=3, periods=1, of_periods=1),
        )

    def _processes(self) -> None:
        counted = partial(metric, stage=self._stage, statistic="Sum", period_s=300)
        self._alarm(
            "Heartbeat",
            "heartbeat-missing",
            "No task reports that it lives: all are gone, or metrics no longer arrive.",
            counted("Up"),
            Threshold(limit=1, periods=2, of_periods=2, below=True, missing_is_bad=True),
        )
        self._alarm(
            "Persistence",
            "turns-not-saved",
            "Turns cannot be written to the table.",
            counted("TurnsPersistFailed"),
            Threshold(limit=1, periods=2, of_periods=2),
        )
        self._alarm(
            "Drains",
            "drain-forced",
            "Tasks were stopped while people were still talking.",
            counted("DrainForced"),
            Threshold(limit=5, periods=1, of_periods=1),
        )
        self._alarm(
            "GivenUp",
            "figures-dropped",
            "Log lines, figures of the dashboard or spans are given up; what is seen is no longer everything.",
            cloudwatch.MathExpression(
                expression="FILL(lines, 0) + FILL(figures, 0) + FILL(spans, 0) + FILL(unknown, 0)",
                using_metrics={
                    "lines": counted("LogLinesDropped"),
                    "figures": counted("StatisticsDropped"),
                    "spans": counted("TracesDropped"),
                    "unknown": counted("OutcomeUnknown"),
                },
                label="Given up",
                period=Duration.minutes(5),
            ),
            Threshold(limit=1, periods=2, of_periods=3),
        )
        self._alarm(
            "Money",
            "budget-spent",
            "The day's budget of the whole deployment is spent: everybody hears a goodbye.",
            counted("BudgetSpent", outcome="deployment"),
            Threshold(limit=1, periods=1, of_periods=1),
        )
        resumed = partial(counted, "Resume")
        self._alarm(
            "Resumes",
            "resume-failing",
            "People who lost their connection do not get their conversation back.",
            share(
                "100 * {rejected} / ({ok} + {fresh} + {rejected})",
                label="Sessions that could not be taken up again, %",
                period_s=300,
                **{outcome: resumed(outcome=outcome) for outcome in ("ok", "fresh", "rejected")},
            ),
            Threshold(limit=5, periods=2, of_periods=3),
        )

    def _canary(self, *, every_s: int) -> None:
        turns = partial(metric, "CanaryTurn", stage=self._stage, statistic="Sum", period_s=every_s)
        self._alarm(
            "CanaryFailed",
            "canary-failed",
            "The scheduled conversation is not answered rightly.",
            turns(outcome="failed"),
            Threshold(limit=1, periods=2, of_periods=3),
        )
        self._alarm(
            "CanaryMissing",
            "canary-missing",
            "The scheduled conversation does not take place.",
            cloudwatch.MathExpression(
                expression="FILL(ok, 0) + FILL(failed, 0)",
                using_metrics={"ok": turns(outcome="ok"), "failed": turns(outcome="failed")},
                label="Scheduled conversations",
                period=Duration.seconds(every_s),
            ),
            Threshold(limit=1, periods=3, of_periods=3, below=True, missing_is_bad=True),
        )


def share(
    expression: str, *, label: str, period_s: int, **using: cloudwatch.IMetric
) -> cloudwatch.MathExpression:
    """A percentage out of counts, named in braces; a count of which nothing was reported is zero."""
    filled = expression.format(**{name: f"FILL({name}, 0)" for name in using})
    return cloudwatch.MathExpression(
        expression=filled, using_metrics=using, label=label, period=Duration.seconds(period_s)
    )
