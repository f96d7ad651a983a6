"""The task: one container, locked down, with two roles that share nothing."""

from collections.abc import Mapping
from typing import Final

import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.model_access import MODEL_ACTIONS
from stacks.constructs.service_image import image_repository_arn
from stacks.constructs.websocket_load_balancer import CONTAINER_PORT
from stacks.stage_config import Architecture, StageConfig

CPU_UNITS: Final = 512
MEMORY_MIB: Final = 1024
# Numeric, as the Dockerfile's: the kernel can tell that it is not root without reading a passwd file.
USER: Final = "10001:10001"
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
        task_role = iam.Role(self, "Role", assumed_by=self._tasks_principal(config))
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
        execution_role = iam.Role(self, "ExecutionRole", assumed_by=self._tasks_principal(config))
        self.execution_policy = self._let_start(
            execution_role, config=config, repository=repository, log_group=log_group
        )

        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=config.named("service"),
            cpu=CPU_UNITS,
            memory_limit_mib=MEMORY_MIB,
            runtime_platform=ecs.RuntimePlatform(
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
                cpu_architecture=(
                    ecs.CpuArchitecture.ARM64
                    if config.service.architecture is Architecture.ARM64
                    else ecs.CpuArchitecture.X86_64
                ),
            ),
            # Both are complete above; constructs that would widen them get a role that does not listen.
            task_role=task_role.without_policy_updates(),
            execution_role=execution_role.without_policy_updates(),
            volumes=[ecs.Volume(name="tmp")],
        )
        limits = ecs.LinuxParameters(self, "Limits", init_process_enabled=True)
        limits.drop_capabilities(ecs.Capability.ALL)
        container = self.definition.add_container(
            CONTAINER,
            image=image,
            essential=True,
            user=USER,
            readonly_root_filesystem=True,
            linux_parameters=limits,
            port_mappings=[ecs.PortMapping(container_port=CONTAINER_PORT)],
            environment=dict(environment),
            stop_timeout=Duration.seconds(config.service.stop_timeout_s),
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-c", _HEALTH],
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(30),
            ),
            # A stalled log pipe must not stall a call: lines beyond the buffer are lost instead.
            logging=ecs.LogDrivers.aws_logs(
                log_group=log_group, stream_prefix="task", mode=ecs.AwsLogDriverMode.NON_BLOCKING
            ),
        )
        # The one place that can be written to; it goes with the task.
        scratch = "/tmp"  # noqa: S108 - the task's own volume
        container.add_mount_points(
            ecs.MountPoint(container_path=scratch, source_volume="tmp", read_only=False)
        )

    def _tasks_principal(self, config: StageConfig) -> iam.ServicePrincipal:
        account, region = config.stage.account, config.stage.region
        return iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{region}:{account}:*"},
            },
        )

    def _let_start(
        self, role: iam.Role, *, config: StageConfig, repository: ecr.IRepository, log_group: logs.ILogGroup
    ) -> iam.ManagedPolicy:
        return iam.ManagedPolicy(
            self,
            "ExecutionPolicy",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    sid="PullTheImage",
                    actions=[
                        "ecr:BatchCheckLayerAvailability",
                        "ecr:BatchGetImage",
                        "ecr:GetDownloadUrlForLayer",
                    ],
                    resources=[image_repository_arn(config=config, repository=repository)],
                ),
                iam.PolicyStatement(
                    sid="SignInToTheRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"]
                ),
                iam.PolicyStatement(
                    sid="WriteTheLog",
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[log_group.log_group_arn],
                ),
            ],
        )
