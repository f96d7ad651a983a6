"""The VPC's doors to AWS, each with a policy that repeats what the roles may do."""

from typing import Final

import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_iam as iam
from constructs import Construct

from stacks.constructs.model_access import MODEL_ACTIONS
from stacks.stage_config import KEYS_OBJECT, StageConfig

# A transaction has no action of its own; it needs those of its parts.
TABLE_ACTIONS: Final = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
)


def gateway_endpoints(vpc: ec2.Vpc, *, config: StageConfig) -> None:
    """S3 for image layers and DynamoDB for the table; both are free."""
    region, account = config.stage.region, config.stage.account
    s3 = vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
    s3.add_to_policy(
        iam.PolicyStatement(
            sid="ImageLayersOnly",
            principals=[iam.AnyPrincipal()],
            actions=["s3:GetObject"],
            # The bucket in which ECR keeps the layers of every image of the region.
            resources=[f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*"],
        )
    )
    if config.identity.keys_bucket is not None:
        s3.add_to_policy(
            iam.PolicyStatement(
                sid="TheCopyOfThePoolsKeys",
                # Public keys, fetched without a signature: no principal can be named.
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject"],
                resources=[f"arn:aws:s3:::{config.identity.keys_bucket}/{KEYS_OBJECT}"],
            )
        )
    table = vpc.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
    table.add_to_policy(
        iam.PolicyStatement(
            sid="OwnTablesOnly",
            principals=[iam.AnyPrincipal()],
            actions=list(TABLE_ACTIONS),
            resources=[f"arn:aws:dynamodb:{region}:{account}:table/{config.named('data')}-*"],
            conditions=_own_roles(config),
        )
    )


def interface_endpoints(
    scope: Construct, vpc: ec2.Vpc, *, config: StageConfig, subnets: ec2.SubnetSelection
) -> ec2.SecurityGroup:
    """One door for each service that a role or an agent calls, and no other. Returns the group that guards them."""
    region, account = config.stage.region, config.stage.account
    group = ec2.SecurityGroup(
        scope,
        "EndpointsGroup",
        vpc=vpc,
        description="Interface endpoints: HTTPS from the VPC",
        allow_all_outbound=False,
    )
    # The literal range, not the VPC's attribute: linters can read it.
    group.add_ingress_rule(ec2.Peer.ipv4(config.network.cidr), ec2.Port.tcp(443), "HTTPS from inside the VPC")

    repository = f"arn:aws:ecr:{region}:{account}:repository/*"
    log_streams = f"arn:aws:logs:{region}:{account}:log-group:/ecs/*"
    services = ec2.InterfaceVpcEndpointAwsService
    doors: list[tuple[str, ec2.InterfaceVpcEndpointAwsService, list[iam.PolicyStatement]]] = [
        ("Bedrock", services.BEDROCK_RUNTIME, [_statement(config, MODEL_ACTIONS, config.model_arn)]),
        (
            "EcrApi",
            services.ECR,
            [
                _statement(config, ("ecr:GetAuthorizationToken",), "*"),
                _statement(config, ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"), repository),
                _statement(config, ("ecr:BatchCheckLayerAvailability",), repository),
            ],
        ),
        (
            "EcrImages",
            services.ECR_DOCKER,
            [
                _statement(config, ("ecr:GetAuthorizationToken",), "*"),
                _statement(config, ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"), repository),
                _statement(config, ("ecr:BatchCheckLayerAvailability",), repository),
            ],
        ),
        (
            "Logs",
            services.CLOUDWATCH_LOGS,
            [_statement(config, ("logs:CreateLogStream", "logs:PutLogEvents"), log_streams)],
        ),
        # No door to Cognito: it would take no request for a pool that has a domain (`stage_checks.py`).
    ]
    for id_, service, statements in doors:
        endpoint = vpc.add_interface_endpoint(
            id_,
            service=service,
            subnets=subnets,
            security_groups=[group],
            open=False,
            private_dns_enabled=True,
        )
        for statement in statements:
            endpoint.add_to_policy(statement)
    return group


def _own_roles(config: StageConfig) -> dict[str, dict[str, str]]:
    """Only the roles of this stage's service stack; their generated names begin with the stack's."""
    return {
        "ArnLike": {
            "aws:PrincipalArn": f"arn:aws:iam::{config.stage.account}:role/{config.named('service')}-*"
        }
    }


def _statement(config: StageConfig, actions: tuple[str, ...], resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()],
        actions=list(actions),
        resources=[resource],
        conditions=_own_roles(config),
    )
