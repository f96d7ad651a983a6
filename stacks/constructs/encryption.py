"""The customer-managed key of a stage, and who beside the account may use it."""

import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from aws_cdk import Duration, RemovalPolicy
from constructs import Construct

from stacks.stage_config import StageConfig


def stage_key(
    scope: Construct, id_: str, *, config: StageConfig, region: str, removal_policy: RemovalPolicy
) -> kms.Key:
    """A rotating key that log groups, alarms and events of this one account and region may use."""
    key = kms.Key(
        scope,
        id_,
        description=f"Data at rest of the {config.stage.name} stage",
        enable_key_rotation=True,
        pending_window=Duration.days(30),
        removal_policy=removal_policy,
    )
    account = config.stage.account
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="LetLogGroupsOfThisAccountEncrypt",
            principals=[iam.ServicePrincipal(f"logs.{region}.amazonaws.com")],
            actions=[
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:DescribeKey",
            ],
            resources=["*"],  # In a key policy this means the key itself.
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"
                }
            },
        )
    )
    for publisher in ("cloudwatch", "events"):
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"Let{publisher.title()}PublishToEncryptedTopics",
                principals=[iam.ServicePrincipal(f"{publisher}.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": account}},
            )
        )
    return key
