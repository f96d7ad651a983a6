"""One environment: nine stacks, each given the objects of those before it."""

from pathlib import Path
from typing import Any

from aws_cdk import Environment, Stage, Tags
from constructs import Construct

from stacks.data_stack import DataStack
from stacks.delivery_stack import DeliveryStack
from stacks.edge_stack import EDGE_REGION, EdgeStack
from stacks.frontend_stack import FrontendStack
from stacks.identity_stack import IdentityStack
from stacks.network_stack import NetworkStack
from stacks.observability_stack import ObservabilityStack
from stacks.registry_stack import RegistryStack
from stacks.service_stack import ServiceStack
from stacks.stage_config import StageConfig


class VoiceStage(Stage):
    """The reading order is the order of deployment."""

    def __init__(self, scope: Construct, *, config: StageConfig, root: Path) -> None:
        home = Environment(account=config.stage.account, region=config.stage.region)
        super().__init__(scope, config.stage.name, env=home)
        self.config = config
        edge_home = Environment(account=config.stage.account, region=EDGE_REGION)

        def common(part: str, env: Environment = home, *, keep: bool = False) -> dict[str, Any]:
            return {
                "config": config,
                "stack_name": config.named(part),
                "env": env,
                "termination_protection": keep and config.stage.protected,
            }

        self.data = DataStack(self, "Data", **common("data", keep=True))
        self.registry = RegistryStack(self, "Registry", **common("registry", keep=True))
        self.network = NetworkStack(self, "Network", **common("network", keep=True), key=self.data.key)
        self.identity = IdentityStack(self, "Identity", **common("identity", keep=True))
        self.service = ServiceStack(
            self,
            "Service",
            **common("service"),
            root=root,
            vpc=self.network.vpc,
            task_subnets=self.network.task_subnets,
            endpoint_security_group=self.network.endpoint_security_group,
            repository=self.registry.repository,
            table=self.data.table,
            key=self.data.key,
            pool=self.identity.pool,
            client=self.identity.client,
            canary_client=self.identity.canary_client,
            alarm_topic=self.data.alarm_topic,
        )
        self.edge = EdgeStack(self, "Edge", **common("edge", edge_home))
        self.frontend = FrontendStack(
            self,
            "Frontend",
            **common("frontend"),
            load_balancer=self.service.load_balancer.balancer,
            web_acl_arn=self.edge.web_acl_arn,
            certificate=self.edge.certificate,
        )
        self.observability = ObservabilityStack(
            self,
            "Observability",
            **common("observability"),
            service=self.service,
            table=self.data.table,
            topic=self.data.alarm_topic,
        )
        self.delivery = DeliveryStack(
            self,
            "Delivery",
            **common("delivery", keep=True),
            repository=self.registry.repository,
            bucket=self.frontend.bucket,
            distribution=self.frontend.distribution,
        )
        for key, value in (
            ("Project", "voice-assistant"),
            ("Stage", config.stage.name),
            ("ManagedBy", "cdk"),
        ):
            # A VPC origin cannot be changed while a distribution uses it, not even in its tags.
            Tags.of(self).add(key, value, exclude_resource_types=["AWS::CloudFront::VpcOrigin"])
