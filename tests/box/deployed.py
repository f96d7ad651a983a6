"""What was deployed, read back through AWS's own APIs: the box is built from this and from nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tests.deploy.deployment import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A task definition and the load balancer in front of it."""

    task: Mapping[str, Any]
    balancer: Mapping[str, str]
    listener: Mapping[str, Any]
    group: Mapping[str, Any]
    group_attributes: Mapping[str, str]
    table: Mapping[str, Any]

    @classmethod
    def read(cls, deployment: Deployment) -> Self:
        """The one service of the stage, its task definition, and the load balancer that it names."""
        stage = deployment.stage
        ecs, elb = deployment.client("ecs"), deployment.client("elbv2")
        (service,) = ecs.describe_services(
            cluster=f"voice-{stage}-cluster", services=[f"voice-{stage}-service"]
        )["services"]
        (attached,) = service["loadBalancers"]
        (group,) = elb.describe_target_groups(TargetGroupArns=[attached["targetGroupArn"]])["TargetGroups"]
        (balancer,) = group["LoadBalancerArns"]
        (listener,) = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        told = {entry["name"]: entry["value"] for entry in task["containerDefinitions"][0]["environment"]}
        table = deployment.client("dynamodb").describe_table(TableName=told["VOICE_STORE_TABLE"])["Table"]
        return cls(
            task=task,
            table={key: table[key] for key in ("TableName", "KeySchema", "AttributeDefinitions")},
            balancer=_attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)),
            listener=listener,
            group=group,
            group_attributes=_attributes(
                elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
            ),
        )

    @property
    def image(self) -> str:
        return str(self.task["containerDefinitions"][0]["image"])

    @property
    def stop_timeout_s(self) -> int:
        return int(self.task["containerDefinitions"][0]["stopTimeout"])


def _attributes(answer: Mapping[str, Any]) -> dict[str, str]:
    return {attribute["Key"]: attribute["Value"] for attribute in answer["Attributes"]}
