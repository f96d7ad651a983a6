"""What outlives every deployment: the key, the table, and the topic that alarms speak to."""

from typing import Any

import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_kms as kms
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sns_subscriptions as subscriptions
from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from stacks.constructs.encryption import stage_key
from stacks.constructs.publishers import let_publish
from stacks.stage_config import StageConfig

# The attribute names are a contract with the service: tests/contract/golden/table_schema.json.
PARTITION_KEY = "pk"
SORT_KEY = "sk"
TTL_ATTRIBUTE = "expires_at"


class DataStack(Stack):
    """One key, one table, one topic; retained where the stage is protected."""

    key: kms.Key
    table: dynamodb.TableV2
    alarm_topic: sns.Topic

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, **stack: Any) -> None:
        super().__init__(scope, id_, **stack)
        protected = config.stage.protected
        kept = RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY

        self.key = stage_key(self, "Key", config=config, region=self.region, removal_policy=kept)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=PARTITION_KEY, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=SORT_KEY, type=dynamodb.AttributeType.STRING),
            time_to_live_attribute=TTL_ATTRIBUTE,
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(self.key),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=protected,
            removal_policy=kept,
        )
        self.alarm_topic = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True)
        self.alarm_topic.add_subscription(subscriptions.EmailSubscription(config.alarms.email))
        for publisher in ("cloudwatch", "events"):
            let_publish(self.alarm_topic, publisher, account=self.account)
