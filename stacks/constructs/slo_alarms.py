"""What we promise of turns and of audio, as alarms on how fast the month's allowance burns.

Each alarm needs two windows at once: the long one says that it matters, the short one that it is still so. Burn rates
and windows after the workbook of Google's reliability engineers: 14.4 for an hour spends 2 % of a month's allowance,
6 for six hours spends 5 %. Its third, three days at the rate of 1, is longer than a period of CloudWatch may be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_sns as sns
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.runbook_alarm import RUNBOOK
from stacks.constructs.service_metrics import metric
from stacks.stage_config import StageConfig

TURNS_ENDING_WELL_PERCENT: Final = 99
# From the end of speech to the first sample played, of which the silence that ends a turn is 1.5 s.
AUDIO_WITHIN_MS: Final = 3000
AUDIO_IN_TIME_PERCENT: Final = 95
# Fewer turns than this say nothing: at night one lost turn is a hundred percent.
FEWEST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """How much faster than allowed, seen over which windows."""

    name: str
    rate: float
    long_s: int
    short_s: int


BURNS: Final = (
    Burn(name="fast", rate=14.4, long_s=3600, short_s=300),
    Burn(name="slow", rate=6.0, long_s=21_600, short_s=1800),
)


class SloAlarms(Construct):
    """Two promises, two speeds, and for each of the four an alarm that needs both its windows."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, topic: sns.ITopic) -> None:
        super().__init__(scope, id_)
        self._stage, self._topic = config.stage.name, topic
        for burn in BURNS:
            self._promise(
                "Turns",
                f"turn-completion-{burn.name}",
                "Too many turns end with an error or without an answer.",
                self._turns_ending_well,
                burn,
                promised_percent=TURNS_ENDING_WELL_PERCENT,
            )
            self._promise(
                "Audio",
                f"audio-latency-{burn.name}",
                "Too many replies are heard too late.",
                self._audio_in_time,
                burn,
                promised_percent=AUDIO_IN_TIME_PERCENT,
            )

    def _promise(
        self,
        id_: str,
        slug: str,
        meaning: str,
        share: Callable[[int], cloudwatch.IMetric],
        burn: Burn,
        *,
        promised_percent: float,
    ) -> None:
        name = f"voice-{self._stage}-{slug}"
        windows = [
            cloudwatch.Alarm(
                self,
                f"{id_}{burn.name.capitalize()}{window.capitalize()}",
                alarm_name=f"{name}-{window}",
                alarm_description=f"Part of {name}, its {window} window. {RUNBOOK}#{slug}",
                metric=share(period_s),
                threshold=100 - burn.rate * (100 - promised_percent),
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                evaluation_periods=1,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            for window, period_s in (("long", burn.long_s), ("short", burn.short_s))
        ]
        both = cloudwatch.CompositeAlarm(
            self,
            f"{id_}{burn.name.capitalize()}",
            composite_alarm_name=name,
            alarm_description=f"{meaning} {RUNBOOK}#{slug}",
            alarm_rule=cloudwatch.AlarmRule.all_of(
                *(cloudwatch.AlarmRule.from_alarm(window, cloudwatch.AlarmState.ALARM) for window in windows)
            ),
        )
        both.add_alarm_action(actions.SnsAction(self._topic))
        both.add_ok_action(actions.SnsAction(self._topic))

    def _turns_ending_well(self, period_s: int) -> cloudwatch.IMetric:
        sums = {
            outcome: metric("Turn", stage=self._stage, statistic="Sum", period_s=period_s, outcome=outcome)
            for outcome in ("completed", "interrupted", "no_response", "error")
        }
        zero = {name: f"FILL({name}, 0)" for name in sums}
        total = "({completed} + {interrupted} + {no_response} + {error})".format(**zero)
        well = "({completed} + {interrupted})".format(**zero)
        return cloudwatch.MathExpression(
            expression=f"IF({total} >= {FEWEST}, 100 * {well} / {total}, 100)",
            using_metrics=sums,
            label="Turns that end well, %",
            period=Duration.seconds(period_s),
        )

    def _audio_in_time(self, period_s: int) -> cloudwatch.IMetric:
        measured = {
            "count": metric("AudioLatency", stage=self._stage, statistic="SampleCount", period_s=period_s),
            "intime": metric(
                "AudioLatency", stage=self._stage, statistic=f"PR(:{AUDIO_WITHIN_MS})", period_s=period_s
            ),
        }
        return cloudwatch.MathExpression(
            expression=f"IF(FILL(count, 0) >= {FEWEST}, FILL(intime, 100), 100)",
            using_metrics=measured,
            label=f"Replies heard within {AUDIO_WITHIN_MS} ms, %",
            period=Duration.seconds(period_s),
        )
