"""An alarm that says what it means, whom it wakes, and where to read on."""

from typing import Final

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_sns as sns
from constructs import Construct

RUNBOOK: Final = "docs/operations.md"


class RunbookAlarm(Construct):
    """One alarm. Its slug names it in the account and is its anchor in the runbook."""

    alarm: cloudwatch.Alarm

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        slug: str,
        stage: str,
        meaning: str,
        metric: cloudwatch.IMetric,
        topic: sns.ITopic,
        threshold: float,
        periods: int,
        of_periods: int | None = None,
        below: bool = False,
        missing_is_bad: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        operator = cloudwatch.ComparisonOperator
        self.alarm = cloudwatch.Alarm(
            self,
            "Resource",
            alarm_name=f"voice-{stage}-{slug}",
            alarm_description=f"{meaning} {RUNBOOK}#{slug}",
            metric=metric,
            threshold=threshold,
            comparison_operator=operator.LESS_THAN_THRESHOLD
            if below
            else operator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=of_periods or periods,
            datapoints_to_alarm=periods,
            treat_missing_data=(
                cloudwatch.TreatMissingData.BREACHING
                if missing_is_bad
                else cloudwatch.TreatMissingData.NOT_BREACHING
            ),
        )
        notify = actions.SnsAction(topic)
        self.alarm.add_alarm_action(notify)
        self.alarm.add_ok_action(notify)
