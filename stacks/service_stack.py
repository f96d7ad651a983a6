"""The service on Fargate, reachable only through its load balancer."""

from pathlib import Path
from typing import Any, Final

import aws_cdk.aws_cognito as cognito
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_ecs as ecs
import aws_cdk.aws_elasticloadbalancingv2 as elbv2
import aws_cdk.aws_kms as kms
import aws_cdk.aws_logs as logs
import aws_cdk.aws_secretsmanager as secretsmanager
import aws_cdk.aws_sns as sns
from aws_cdk import Duration, Fn, RemovalPolicy, Stack
from constructs import Construct

from stacks.constructs.canary import Canary
from stacks.constructs.endpoints import TABLE_ACTIONS
from stacks.constructs.retention import retention
from stacks.constructs.runbook_alarm import RunbookAlarm
from stacks.constructs.service_environment import service_environment
from stacks.constructs.service_image import service_image
from stacks.constructs.session_scaling import SessionScaling
from stacks.constructs.sign_in import issuer_of
from stacks.constructs.voice_task import VoiceTask
from stacks.constructs.websocket_load_balancer import CONTAINER_PORT, WebSocketLoadBalancer
from stacks.stage_config import EdgeMode, Egress, StageConfig

LOG_GROUP: Final = "/ecs/assistant-implementation"


class ServiceStack(Stack):
    """Cluster, task, load balancer, service and scaling."""

    cluster: ecs.Cluster
    service: ecs.FargateService
    load_balancer: WebSocketLoadBalancer
    scaling: SessionScaling
    log_group: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        root: Path,
        vpc: ec2.IVpc,
        task_subnets: ec2.SubnetSelection,
        endpoint_security_group: ec2.ISecurityGroup | None,
        repository: ecr.IRepository,
        table: dynamodb.ITableV2,
        key: kms.IKey,
        pool: cognito.IUserPool,
        client: cognito.IUserPoolClient,
        canary_client: cognito.IUserPoolClient | None,
        alarm_topic: sns.ITopic,
        **stack: Any,
    ) -> None:
        super().__init__(scope, id_, **stack)
        self.log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=LOG_GROUP,
            retention=retention(config.service.log_retention_days),
            encryption_key=key,
            removal_policy=RemovalPolicy.RETAIN if config.stage.protected else RemovalPolicy.DESTROY,
        )
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=config.named("cluster"),
            vpc=vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        if config.edge.mode is EdgeMode.PUBLIC_ALB:
            self._origin_secret(config, key=key)
        self.load_balancer = WebSocketLoadBalancer(self, "LoadBalancer", config=config, vpc=vpc)
        image = service_image(self, config=config, root=root)
        # The first is the page's.
        clients = [one.user_pool_client_id for one in (client, canary_client) if one is not None]
        task = VoiceTask(
            self,
            "Task",
            config=config,
            image=image,
            repository=repository,
            log_group=self.log_group,
            environment=service_environment(
                config,
                {
                    "VOICE_STAGE": config.stage.name,
                    "VOICE_STORE": "dynamodb",
                    "VOICE_STORE_TABLE": table.table_name,
                    "VOICE_AUTH_ISSUER": issuer_of(config, pool),
                    "VOICE_AUTH_CLIENT_IDS": Fn.join(",", clients),
                    "VOICE_AUTH_DOMAIN": config.sign_in_url,
                },
            ),
        )
        table.grant(task.policy, *TABLE_ACTIONS)
        # DynamoDB asks the key in the caller's name; the service itself never encrypts.
        key.grant(task.policy, "kms:Decrypt", "kms:DescribeKey").principal_statements[0].add_condition(
            "StringEquals", {"kms:ViaService": f"dynamodb.{config.stage.region}.amazonaws.com"}
        )
        self.service = self._run(
            config,
            task=task,
            vpc=vpc,
            subnets=task_subnets,
            endpoint_security_group=endpoint_security_group,
            alarm_topic=alarm_topic,
        )
        self.scaling = SessionScaling(self, "Scaling", config=config, service=self.service)
        if canary_client is not None:
            Canary(
                self,
                "Canary",
                config=config,
                cluster=self.cluster,
                image=image,
                repository=repository,
                log_group=self.log_group,
                key=key,
                client=canary_client,
                vpc=vpc,
                subnets=task_subnets,
            )

    def _run(
        self,
        config: StageConfig,
        *,
        task: VoiceTask,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        endpoint_security_group: ec2.ISecurityGroup | None,
        alarm_topic: sns.ITopic,
    ) -> ecs.FargateService:
        group = ec2.SecurityGroup(
            self,
            "TasksGroup",
            vpc=vpc,
            description="Tasks: the service port from the load balancer, HTTPS to AWS",
            allow_all_outbound=False,
        )
        if config.network.egress is Egress.NAT:
            group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "HTTPS to AWS through NAT")
        elif endpoint_security_group is not None:
            group.add_egress_rule(
                endpoint_security_group, ec2.Port.tcp(443), "HTTPS to the interface endpoints"
            )
            for name, listed in (
                ("S3, for image layers", config.network.s3_prefix_list),
                ("DynamoDB", config.network.dynamodb_prefix_list),
            ):
                group.add_egress_rule(ec2.Peer.prefix_list(listed), ec2.Port.tcp(443), f"HTTPS to {name}")

        service = ecs.FargateService(
            self,
            "Service",
            service_name=config.named("service"),
            cluster=self.cluster,
            task_definition=task.definition,
            assign_public_ip=False,
            vpc_subnets=subnets,
            security_groups=[group],
            platform_version=ecs.FargatePlatformVersion.LATEST,
            min_healthy_percent=100,
            max_healthy_percent=200,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED,
            health_check_grace_period=Duration.seconds(60),
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            deployment_alarms=ecs.DeploymentAlarmConfig(
                alarm_names=self._rollback_alarms(config, alarm_topic),
                behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
            ),
            # A shell into a task would see speech; where it is allowed, it leaves a trace in CloudTrail.
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        service.attach_to_application_target_group(self.load_balancer.target_group)
        service.connections.allow_from(
            self.load_balancer.balancer,
            ec2.Port.tcp(CONTAINER_PORT),
            "The service port from the load balancer",
        )
        # Roles that do not listen also do not wait: the first task must find its permissions.
        service.node.add_dependency(task.policy, task.execution_policy)
        # The listener binds the target group to the load balancer; ECS refuses a group without one.
        service.node.add_dependency(self.load_balancer.listener)
        return service

    def _rollback_alarms(self, config: StageConfig, topic: sns.ITopic) -> list[str]:
        """The alarms that undo a deployment. They live here because the service refers to them."""
        metrics = self.load_balancer.target_group.metrics
        alarms = [
            RunbookAlarm(
                self,
                "TargetErrors",
                slug="target-5xx",
                stage=config.stage.name,
                meaning="The tasks answer requests with server errors; a running deployment is rolled back.",
                metric=metrics.http_code_target(
                    elbv2.HttpCodeTarget.TARGET_5XX_COUNT, statistic="Sum", period=Duration.minutes(1)
                ),
                topic=topic,
                threshold=10,
                periods=3,
                of_periods=5,
            ),
            RunbookAlarm(
                self,
                "UnhealthyTasks",
                slug="unhealthy-tasks",
                stage=config.stage.name,
                meaning="Tasks fail the load balancer's health check; a running deployment is rolled back.",
                metric=metrics.unhealthy_host_count(statistic="Maximum", period=Duration.minutes(1)),
                topic=topic,
                threshold=1,
                periods=5,
            ),
        ]
        return [alarm.alarm.alarm_name for alarm in alarms]

    def _origin_secret(self, config: StageConfig, *, key: kms.IKey) -> None:
        secretsmanager.Secret(
            self,
            "OriginSecret",
            secret_name=config.named("origin-secret"),
            description="What CloudFront shows the public load balancer",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=48, exclude_punctuation=True
            ),
        )
