"""What every task of ours is: half a processor, one container, no rights of its own but those that are listed."""

from typing import Any, Final

import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.service_image import image_repository_arn
from stacks.stage_config import Architecture, StageConfig

CPU_UNITS: Final = 512
MEMORY_MIB: Final = 1024
# Numeric, as the Dockerfile's: the kernel can tell that it is not root without reading a passwd file.
USER: Final = "10001:10001"


def locked_definition(
    scope: Construct,
    *,
    config: StageConfig,
    family: str,
    task_role: iam.Role,
    execution_role: iam.Role,
    **more: Any,
) -> ecs.FargateTaskDefinition:
    """A definition whose roles are complete: constructs that would widen them get a role that does not listen."""
    return ecs.FargateTaskDefinition(
        scope,
        "Definition",
        family=family,
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
        task_role=task_role.without_policy_updates(),
        execution_role=execution_role.without_policy_updates(),
        **more,
    )


def locked_container(
    scope: Construct,
    definition: ecs.FargateTaskDefinition,
    name: str,
    *,
    log_group: logs.ILogGroup,
    stream_prefix: str,
    stop_timeout_s: int,
    **more: Any,
) -> ecs.ContainerDefinition:
    """The one container: not root, nothing to write to, no capability."""
    limits = ecs.LinuxParameters(scope, "Limits", init_process_enabled=True)
    limits.drop_capabilities(ecs.Capability.ALL)
    return definition.add_container(
        name,
        essential=True,
        user=USER,
        readonly_root_filesystem=True,
        linux_parameters=limits,
        stop_timeout=Duration.seconds(stop_timeout_s),
        # A stalled log pipe must not stall a call: lines beyond the buffer are lost instead.
        logging=ecs.LogDrivers.aws_logs(
            log_group=log_group, stream_prefix=stream_prefix, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
        **more,
    )


def tasks_principal(config: StageConfig) -> iam.ServicePrincipal:
    """ECS, acting for a task of this account and region."""
    account, region = config.stage.account, config.stage.region
    return iam.ServicePrincipal(
        "ecs-tasks.amazonaws.com",
        conditions={
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{region}:{account}:*"},
        },
    )


def what_a_start_needs(
    *, config: StageConfig, repository: ecr.IRepository, log_group: logs.ILogGroup
) -> list[iam.PolicyStatement]:
    """The execution role's part: pull the image, write the log."""
    return [
        iam.PolicyStatement(
            sid="PullTheImage",
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
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
    ]
