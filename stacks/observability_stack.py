"""What wakes people, and what they then look at."""

from typing import Any

import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_sns as sns
from aws_cdk import Stack
from constructs import Construct

from stacks.constructs.platform_alarms import PlatformAlarms
from stacks.constructs.service_dashboard import service_dashboard
from stacks.constructs.slo_alarms import SloAlarms
from stacks.constructs.voice_alarms import VoiceAlarms
from stacks.service_stack import ServiceStack
from stacks.stage_config import StageConfig


class ObservabilityStack(Stack):
    """Alarms on what users hear, alarms on what carries it, and one dashboard for both."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        service: ServiceStack,
        table: dynamodb.ITableV2,
        topic: sns.ITopic,
        **stack: Any,
    ) -> None:
        super().__init__(scope, id_, **stack)
        SloAlarms(self, "Slo", config=config, topic=topic)
        VoiceAlarms(self, "Voice", config=config, topic=topic)
        PlatformAlarms(self, "Platform", config=config, service=service, table=table, topic=topic)
        service_dashboard(self, "Dashboard", config=config, service=service, table=table)
