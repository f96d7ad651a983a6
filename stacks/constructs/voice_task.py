"""The task: one container, locked down, with two roles that share nothing."""

from collections.abc import Mapping
from typing import Final

import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.locked_task import (
    locked_container,
    locked_definition,
    tasks_principal,
    what_a_start_needs,
)
from stacks.constructs.model_access import MODEL_ACTIONS
from stacks.constructs.websocket_load_balancer import CONTAINER_PORT
from stacks.stage_config import StageConfig

CONTAINER: Final = "service"
_HEALTH: Final = (
    "import sys, urllib.request as u; "
    f"sys.exit(u.urlopen('http://127.0.0.1:{CONTAINER_PORT}/health/live', timeout=3).status != 200)"
)


class VoiceTask(Construct):
    """A Fargate task definition; `policy` collects what the service itself may do."""

    definition: ecs.FargateTaskDefinition
    policy: iam.ManagedPolicy
    execution_policy: iam.ManagedPolicy

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        image: ecs.ContainerImage,
        repository: ecr.IRepository,
        log_group: logs.ILogGroup,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        task_role = iam.Role(self, "Role", assumed_by=tasks_principal(config))
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[task_role],
            statements=[
                iam.PolicyStatement(
                    sid="TalkToTheModel", actions=list(MODEL_ACTIONS), resources=[config.model_arn]
                )
            ],
        )
        if config.service.protect_tasks:
            # The agent inside the task asks in the task role's name.
            account, region = config.stage.account, config.stage.region
            self.policy.add_statements(
                iam.PolicyStatement(
                    sid="ProtectItself",
                    actions=["ecs:UpdateTaskProtection"],
                    resources=[f"arn:aws:ecs:{region}:{account}:task/{config.named('cluster')}/*"],
                )
            )
        execution_role = iam.Role(self, "ExecutionRole", assumed_by=tasks_principal(config))
        self.execution_policy = iam.ManagedPolicy(
            self,
            "ExecutionPolicy",
            roles=[execution_role],
            statements=what_a_start_needs(config=config, repository=repository, log_group=log_group),
        )
        self.definition = locked_definition(
            self,
            config=config,
            family=config.named("service"),
            task_role=task_role,
            execution_role=execution_role,
            volumes=[ecs.Volume(name="tmp")],
        )
        container = locked_container(
            self,
            self.definition,
            CONTAINER,
            log_group=log_group,
            stream_prefix="task",
            stop_timeout_s=config.service.stop_timeout_s,
            image=image,
            port_mappings=[ecs.PortMapping(container_port=CONTAINER_PORT)],
            environment=dict(environment),
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-c", _HEALTH],
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(30),
            ),
        )
        # The one place that can be written to; it goes with the task.
        scratch = "/tmp"  # noqa: S108 - the task's own volume
        container.add_mount_points(
            ecs.MountPoint(container_path=scratch, source_volume="tmp", read_only=False)
        )
