"""One dashboard: what users hear on top, what carries it below."""

from functools import partial

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_dynamodb as dynamodb
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.service_metrics import metric
from stacks.metric_table import METRICS
from stacks.service_stack import ServiceStack
from stacks.stage_config import StageConfig


def service_dashboard(
    scope: Construct, id_: str, *, config: StageConfig, service: ServiceStack, table: dynamodb.ITableV2
) -> cloudwatch.Dashboard:
    """Rows from the user inwards: turns, audio, sessions, model, tasks, table."""
    measured = partial(metric, stage=config.stage.name, period_s=60)

    def outcomes(name: str) -> list[cloudwatch.IMetric]:
        return [measured(name, statistic="Sum", outcome=outcome) for outcome in METRICS[name].outcomes]

    def graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8, period=Duration.minutes(1))

    balancer, tasks = service.load_balancer.balancer, service.service
    return cloudwatch.Dashboard(
        scope,
        id_,
        dashboard_name=config.named("service"),
        default_interval=Duration.hours(3),
        widgets=[
            [
                graph("Turns by outcome", *outcomes("Turn")),
                graph(
                    "Time to first audio, ms",
                    *(measured("TimeToFirstAudio", statistic=s, label=s) for s in ("p50", "p95", "p99")),
                ),
                graph(
                    "Interruptions",
                    measured("BargeIn", statistic="Sum"),
                    measured("AudioGap", statistic="Sum"),
                ),
            ],
            [
                graph(
                    "Heard after the end of speech, ms",
                    *(measured("AudioLatency", statistic=s, label=s) for s in ("p50", "p95", "p99")),
                ),
                graph("Scheduled conversations by outcome", *outcomes("CanaryTurn")),
                graph(
                    "First sound of the scheduled answer, ms", measured("CanaryLatency", statistic="Average")
                ),
            ],
            [
                graph("Sessions", measured("SessionsActive", statistic="Average", label="active, per task")),
                graph("Utilisation, %", measured("SessionUtilization", statistic="Average")),
                graph("Session starts by outcome", *outcomes("SessionStart")),
            ],
            [
                graph("Model streams by outcome", *outcomes("ModelStreamOpen")),
                graph("Moves to a fresh stream", *outcomes("Rotation")),
                graph("Estimated cost, USD", measured("EstimatedCost", statistic="Sum")),
            ],
            [
                graph(
                    "Added latency p99, ms",
                    measured("ServiceAddedLatencyIn", statistic="p99", label="in"),
                    measured("ServiceAddedLatencyOut", statistic="p99", label="out"),
                    measured("EventLoopLag", statistic="p99", label="event loop"),
                ),
                graph(
                    "Tasks, %",
                    tasks.metric_cpu_utilization(label="CPU"),
                    tasks.metric_memory_utilization(label="memory"),
                ),
                graph(
                    "Load balancer",
                    balancer.metrics.active_connection_count(label="connections"),
                    balancer.metrics.rejected_connection_count(label="rejected"),
                ),
            ],
            [
                graph(
                    "Table capacity",
                    table.metric_consumed_read_capacity_units(),
                    table.metric_consumed_write_capacity_units(),
                ),
                graph("Turns not saved", measured("TurnsPersistFailed", statistic="Sum")),
                graph("Resumed sessions by outcome", *outcomes("Resume")),
            ],
        ],
    )
