"""Alarms on what carries the conversations: load balancer, tasks, table, deployments."""

from typing import Final

import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_elasticloadbalancingv2 as elbv2
import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
import aws_cdk.aws_sns as sns
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.runbook_alarm import RunbookAlarm
from stacks.constructs.voice_alarms import Threshold
from stacks.service_stack import ServiceStack
from stacks.stage_config import StageConfig

_MINUTE: Final = Duration.minutes(1)


class PlatformAlarms(Construct):
    """One method, one thing that can break."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        service: ServiceStack,
        table: dynamodb.ITableV2,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, id_)
        self._stage, self._topic = config.stage.name, topic
        self._load_balancer(service.load_balancer.balancer)
        self._tasks(service)
        self._table(table)
        self._deployments(service)

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

    def _load_balancer(self, balancer: elbv2.ApplicationLoadBalancer) -> None:
        self._alarm(
            "LoadBalancerErrors",
            "load-balancer-5xx",
            "The load balancer itself answers with errors: no healthy task, or broken connections.",
            balancer.metrics.http_code_elb(elbv2.HttpCodeElb.ELB_5XX_COUNT, statistic="Sum", period=_MINUTE),
            Threshold(limit=10, periods=3, of_periods=5),
        )
        self._alarm(
            "RejectedConnections",
            "rejected-connections",
            "The load balancer is at its limit and rejects connections.",
            balancer.metrics.rejected_connection_count(statistic="Sum", period=_MINUTE),
            Threshold(limit=1, periods=1, of_periods=1),
        )

    def _tasks(self, service: ServiceStack) -> None:
        self._alarm(
            "Cpu",
            "cpu-high",
            "The tasks run out of processor time; audio will stutter.",
            service.service.metric_cpu_utilization(statistic="Average", period=_MINUTE),
            Threshold(limit=80, periods=5, of_periods=5),
        )
        self._alarm(
            "Memory",
            "memory-high",
            "The tasks run out of memory; the kernel will end one.",
            service.service.metric_memory_utilization(statistic="Maximum", period=_MINUTE),
            Threshold(limit=85, periods=5, of_periods=5),
        )
        dimensions = {
            "ClusterName": service.cluster.cluster_name,
            "ServiceName": service.service.service_name,
        }
        counts = {
            name: cloudwatch.Metric(
                namespace="ECS/ContainerInsights",
                metric_name=metric_name,
                dimensions_map=dimensions,
                statistic="Average",
                period=_MINUTE,
            )
            for name, metric_name in (("desired", "DesiredTaskCount"), ("running", "RunningTaskCount"))
        }
        self._alarm(
            "TasksMissing",
            "tasks-missing",
            "Fewer tasks run than should: they crash, or cannot start.",
            cloudwatch.MathExpression(
                expression="desired - running", using_metrics=counts, label="Tasks missing", period=_MINUTE
            ),
            Threshold(limit=1, periods=10, of_periods=10),
        )

    def _table(self, table: dynamodb.ITableV2) -> None:
        operations = [
            dynamodb.Operation.GET_ITEM,
            dynamodb.Operation.PUT_ITEM,
            dynamodb.Operation.QUERY,
            dynamodb.Operation.UPDATE_ITEM,
            dynamodb.Operation.DELETE_ITEM,
            dynamodb.Operation.TRANSACT_WRITE_ITEMS,
        ]
        self._alarm(
            "TableThrottled",
            "table-throttled",
            "DynamoDB throttles requests; turns are saved late.",
            table.metric_throttled_requests_for_operations(operations=operations, period=Duration.minutes(5)),
            Threshold(limit=1, periods=2, of_periods=2),
        )

    def _deployments(self, service: ServiceStack) -> None:
        rule = events.Rule(
            self,
            "DeploymentFailed",
            rule_name=f"voice-{self._stage}-deployment-failed",
            description="A deployment of the service failed or was rolled back",
            event_pattern=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Deployment State Change"],
                resources=[service.service.service_arn],
                detail={"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
            ),
            targets=[targets.SnsTopic(self._topic)],
        )
        self._alarm(
            "Deployments",
            "deployment-failed",
            "A deployment failed; the service went back to what ran before.",
            cloudwatch.Metric(
                namespace="AWS/Events",
                metric_name="TriggeredRules",
                dimensions_map={"RuleName": rule.rule_name},
                statistic="Sum",
                period=Duration.minutes(5),
            ),
            Threshold(limit=1, periods=1, of_periods=1),
        )
