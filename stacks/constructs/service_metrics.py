"""The service's metrics as CloudWatch reads them."""

import aws_cdk.aws_cloudwatch as cloudwatch
from aws_cdk import Duration

from stacks.metric_table import METRICS, NAMESPACE


def metric(
    name: str,
    *,
    stage: str,
    statistic: str,
    period_s: int,
    outcome: str | None = None,
    label: str | None = None,
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
