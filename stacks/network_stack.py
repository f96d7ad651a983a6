"""The VPC: private subnets for the tasks, and exactly the doors that the chosen modes need."""

from typing import Any

import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_logs as logs
import jsii
from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from stacks.constructs.endpoints import gateway_endpoints, interface_endpoints
from stacks.constructs.retention import retention
from stacks.stage_checks import TASK_SUBNET_BITS
from stacks.stage_config import EdgeMode, Egress, StageConfig

TASK_SUBNETS = "tasks"
PUBLIC_SUBNETS = "public"
_PUBLIC_SUBNET_BITS = 5


class NetworkStack(Stack):
    """A VPC whose tasks have no public address and, in endpoints mode, no route out of it."""

    vpc: ec2.Vpc
    task_subnets: ec2.SubnetSelection
    endpoint_security_group: ec2.SecurityGroup | None

    def __init__(
        self, scope: Construct, id_: str, *, config: StageConfig, key: kms.IKey, **stack: Any
    ) -> None:
        super().__init__(scope, id_, **stack)
        self._zones = config.network.availability_zones
        through_nat = config.network.egress is Egress.NAT
        has_public = through_nat or config.edge.mode is EdgeMode.PUBLIC_ALB
        prefix_length = int(config.network.cidr.partition("/")[2])

        tasks = ec2.SubnetConfiguration(
            name=TASK_SUBNETS,
            subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
            if through_nat
            else ec2.SubnetType.PRIVATE_ISOLATED,
            cidr_mask=prefix_length + TASK_SUBNET_BITS,
        )
        public = ec2.SubnetConfiguration(
            name=PUBLIC_SUBNETS,
            subnet_type=ec2.SubnetType.PUBLIC,
            cidr_mask=min(prefix_length + _PUBLIC_SUBNET_BITS, 28),
            map_public_ip_on_launch=False,
        )
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(config.network.cidr),
            availability_zones=list(config.network.availability_zones),
            # One gateway a zone where a zone's loss must not silence the others; one in all elsewhere.
            nat_gateways=(len(config.network.availability_zones) if config.stage.protected else 1)
            if through_nat
            else 0,
            subnet_configuration=[tasks, public] if has_public else [tasks],
            # The default group's rules would need a Lambda to remove; nothing uses the group.
            restrict_default_security_group=False,
        )
        self.task_subnets = ec2.SubnetSelection(subnet_group_name=TASK_SUBNETS)
        if not has_public:
            self._attach_unrouted_gateway()
        self._flow_logs(config=config, key=key)

        gateway_endpoints(self.vpc, config=config)
        self.endpoint_security_group = (
            None
            if through_nat
            else interface_endpoints(self, self.vpc, config=config, subnets=self.task_subnets)
        )

    @property
    @jsii.member(jsii_name="availabilityZones")
    def availability_zones(self) -> list[str]:
        """The configured zones. The CDK would ask the account for them, even of a VPC that names its own."""
        return list(self._zones)

    def _attach_unrouted_gateway(self) -> None:
        """CloudFront makes VPC origins only in a VPC with an internet gateway, even if no route leads to it."""
        gateway = ec2.CfnInternetGateway(self, "UnroutedGateway")
        ec2.CfnVPCGatewayAttachment(
            self,
            "UnroutedGatewayAttachment",
            vpc_id=self.vpc.vpc_id,
            internet_gateway_id=gateway.attr_internet_gateway_id,
        )

    def _flow_logs(self, *, config: StageConfig, key: kms.IKey) -> None:
        group = logs.LogGroup(
            self,
            "FlowLogs",
            retention=retention(config.service.log_retention_days),
            encryption_key=key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "FlowLogsRole",
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            ),
        )
        iam.ManagedPolicy(
            self,
            "FlowLogsPolicy",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    sid="WriteTheLog",
                    actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    resources=[group.log_group_arn],
                )
            ],
        )
        self.vpc.add_flow_log(
            "All",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role.without_policy_updates()),
            traffic_type=ec2.FlowLogTrafficType.ALL,
        )
