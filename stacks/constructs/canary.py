"""A conversation on a schedule: a task of its own that comes in by the page's address and says what came of it."""

from typing import Final

import aws_cdk.aws_cognito as cognito
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_logs as logs
import aws_cdk.aws_secretsmanager as secretsmanager
from aws_cdk import Duration, RemovalPolicy
from constructs import Construct

from stacks.constructs.locked_task import (
    locked_container,
    locked_definition,
    tasks_principal,
    what_a_start_needs,
)
from stacks.stage_config import StageConfig

_STOP_S: Final = 30


class Canary(Construct):
    """The task, its two roles, the role that starts it, and the secret in which its sign-in lies.

    The task itself may do nothing in AWS; its start reads one secret more than the service's.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        cluster: ecs.ICluster,
        image: ecs.ContainerImage,
        repository: ecr.IRepository,
        log_group: logs.ILogGroup,
        key: kms.IKey,
        client: cognito.IUserPoolClient,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
    ) -> None:
        super().__init__(scope, id_)
        self._config = config
        secret = secretsmanager.Secret(
            self,
            "SignIn",
            secret_name=config.named("canary"),
            description="The canary's refresh token; make sign-in-canary writes it",
            encryption_key=key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        # By its ARN: the construct would put the role into the key's policy, in a stack before this one.
        by_arn = secretsmanager.Secret.from_secret_complete_arn(self, "SignInByArn", secret.secret_arn)
        task_role = iam.Role(self, "Role", assumed_by=tasks_principal(config))
        execution_role = iam.Role(self, "ExecutionRole", assumed_by=tasks_principal(config))
        start = iam.ManagedPolicy(
            self,
            "ExecutionPolicy",
            roles=[execution_role],
            statements=[
                *what_a_start_needs(config=config, repository=repository, log_group=log_group),
                iam.PolicyStatement(
                    sid="ReadItsSignIn",
                    actions=["secretsmanager:GetSecretValue"],
                    resources=[secret.secret_arn],
                ),
                iam.PolicyStatement(
                    sid="DecryptItsSignIn",
                    actions=["kms:Decrypt"],
                    resources=[key.key_arn],
                    conditions={
                        "StringEquals": {
                            "kms:ViaService": f"secretsmanager.{config.stage.region}.amazonaws.com"
                        }
                    },
                ),
            ],
        )
        definition = locked_definition(
            self,
            config=config,
            family=config.named("canary"),
            task_role=task_role,
            execution_role=execution_role,
        )
        locked_container(
            self,
            definition,
            "canary",
            log_group=log_group,
            stream_prefix="canary",
            stop_timeout_s=_STOP_S,
            image=image,
            entry_point=["python", "-m", "talk.canary"],
            environment={
                "CANARY_STAGE": config.stage.name,
                "CANARY_URL": str(config.site_url),
                "CANARY_SIGN_IN_URL": config.sign_in_url,
                "CANARY_CLIENT_ID": client.user_pool_client_id,
            },
            secrets={"CANARY_REFRESH_TOKEN": ecs.Secret.from_secrets_manager(by_arn)},
        )
        group = ec2.SecurityGroup(
            self,
            "Group",
            vpc=vpc,
            description="The canary: nobody in, HTTPS out, as a caller from outside",
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "HTTPS to the page, sign-in and AWS")
        rule = events.Rule(
            self,
            "Schedule",
            rule_name=config.named("canary"),
            description="Say a sentence to the assistant and check the answer",
            schedule=events.Schedule.rate(Duration.minutes(config.canary.every_minutes)),
            targets=[
                targets.EcsTask(
                    cluster=cluster,
                    task_definition=definition,
                    subnet_selection=subnets,
                    security_groups=[group],
                    assign_public_ip=False,
                    platform_version=ecs.FargatePlatformVersion.LATEST,
                    role=self._starter(cluster, definition, task_role, execution_role),
                    # A sentence that was not said on time need not be said twice.
                    retry_attempts=0,
                    max_event_age=Duration.minutes(1),
                )
            ],
        )
        rule.node.add_dependency(start)

    def _starter(
        self,
        cluster: ecs.ICluster,
        definition: ecs.FargateTaskDefinition,
        task_role: iam.Role,
        execution_role: iam.Role,
    ) -> iam.IRole:
        account, region = self._config.stage.account, self._config.stage.region
        role = iam.Role(
            self,
            "StartRole",
            assumed_by=iam.ServicePrincipal(
                "events.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnLike": {
                        "aws:SourceArn": f"arn:aws:events:{region}:{account}:rule/{self._config.named('canary')}"
                    },
                },
            ),
        )
        iam.ManagedPolicy(
            self,
            "StartPolicy",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    sid="StartIt",
                    actions=["ecs:RunTask"],
                    resources=[definition.task_definition_arn],
                    conditions={"ArnEquals": {"ecs:cluster": cluster.cluster_arn}},
                ),
                iam.PolicyStatement(
                    sid="WithItsRoles",
                    actions=["iam:PassRole"],
                    resources=[task_role.role_arn, execution_role.role_arn],
                    conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
                ),
            ],
        )
        return role.without_policy_updates()
