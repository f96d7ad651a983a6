"""How many tasks run: enough for the sessions they hold, and for the work those make."""

from typing import Final

import aws_cdk.aws_applicationautoscaling as autoscaling
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_ecs as ecs
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.runbook_alarm import RUNBOOK
from stacks.constructs.service_metrics import metric
from stacks.stage_config import StageConfig

_SCALE_OUT_COOLDOWN: Final = Duration.seconds(60)
# Sessions stay where they are, so a task that is not needed empties slowly.
_SCALE_IN_COOLDOWN: Final = Duration.seconds(600)


class SessionScaling(Construct):
    """Target tracking on session utilisation, on CPU in 20-second resolution, and steps once sessions are refused."""

    target: ecs.ScalableTaskCount

    def __init__(
        self, scope: Construct, id_: str, *, config: StageConfig, service: ecs.FargateService
    ) -> None:
        super().__init__(scope, id_)
        self.target = service.auto_scale_task_count(
            min_capacity=config.service.min_tasks, max_capacity=config.service.max_tasks
        )
        self.target.scale_to_track_custom_metric(
            "SessionUtilization",
            metric=metric("SessionUtilization", stage=config.stage.name, statistic="Average", period_s=60),
            target_value=config.service.target_utilization_percent,
            scale_out_cooldown=_SCALE_OUT_COOLDOWN,
            scale_in_cooldown=_SCALE_IN_COOLDOWN,
        )
        self.target.scale_on_metric(
            "SessionsRefused",
            metric=metric(
                "SessionStart", stage=config.stage.name, outcome="overload", statistic="Sum", period_s=60
            ),
            adjustment_type=autoscaling.AdjustmentType.CHANGE_IN_CAPACITY,
            scaling_steps=[
                autoscaling.ScalingInterval(upper=1, change=0),
                autoscaling.ScalingInterval(lower=1, upper=10, change=1),
                autoscaling.ScalingInterval(lower=10, change=3),
            ],
            cooldown=_SCALE_OUT_COOLDOWN,
        )
        self._describe_step_alarm()
        self._track_cpu(service, config)

    def _describe_step_alarm(self) -> None:
        """The alarm behind the steps is made by the L2 construct, which neither describes it nor judges silence."""
        for alarm in self.target.node.find_all():
            if isinstance(alarm, cloudwatch.CfnAlarm):
                alarm.alarm_description = (
                    f"People were turned away; tasks are added. {RUNBOOK}#sessions-refused"
                )
                alarm.treat_missing_data = "notBreaching"

    def _track_cpu(self, service: ecs.FargateService, config: StageConfig) -> None:
        """Twenty-second CPU data halves the reaction time; the L2 constructs do not know the metric yet."""
        self.target.scale_on_cpu_utilization(
            "Cpu",
            # What so many sessions used when they were measured: both policies ask for a task at the same point.
            target_utilization_percent=config.capacity.cpu_percent_at(
                config.service.target_utilization_percent
            ),
            scale_out_cooldown=_SCALE_OUT_COOLDOWN,
            scale_in_cooldown=_SCALE_IN_COOLDOWN,
        )
        policy = next(
            child
            for child in self.target.node.find_all()
            if isinstance(child, autoscaling.CfnScalingPolicy) and "Cpu" in child.node.path
        )
        policy.add_property_override(
            "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType",
            "ECSServiceAverageCPUUtilizationHighResolution",
        )
        resource = service.node.find_child("Service")
        assert isinstance(resource, ecs.CfnService)  # noqa: S101 - what the L2 construct is made of
        resource.monitoring = ecs.CfnService.MonitoringConfigurationProperty(
            metric_configurations=[
                ecs.CfnService.MetricConfigurationProperty(
                    metric_names=["CPUUtilization", "MemoryUtilization"], resolution_seconds=20
                )
            ]
        )
