"""Where the service's images lie: immutable, scanned, and cleared of what nobody runs."""

from typing import Any

import aws_cdk.aws_ecr as ecr
from aws_cdk import Duration, RemovalPolicy, Stack
from constructs import Construct

from stacks.constructs.service_image import repository_name
from stacks.stage_config import StageConfig


class RegistryStack(Stack):
    """One repository. A tag is a commit and never moves; a deployment names the digest."""

    repository: ecr.Repository

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, **stack: Any) -> None:
        super().__init__(scope, id_, **stack)
        self.repository = ecr.Repository(
            self,
            "Service",
            repository_name=repository_name(config),
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            encryption=ecr.RepositoryEncryption.KMS,
            removal_policy=RemovalPolicy.RETAIN if config.stage.protected else RemovalPolicy.DESTROY,
            empty_on_delete=False,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    description="Images without a tag are left-overs of interrupted pushes",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=Duration.days(7),
                ),
                ecr.LifecycleRule(
                    description="The last hundred releases can be rolled back to", max_image_count=100
                ),
            ],
        )
