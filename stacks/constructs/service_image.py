"""Which image the tasks run: the one that the pipeline built, by digest, or one built here from the source."""

from pathlib import Path
from typing import Final

import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_ecr_assets as assets
import aws_cdk.aws_ecs as ecs
from aws_cdk import IgnoreMode
from constructs import Construct

from stacks.errors import ConfigurationError
from stacks.stage_config import Architecture, StageConfig

# Only what the Dockerfile copies may change the image; everything else is left out of the build context.
_CONTEXT: Final = ("**", "!service/**", "!talk/**", "!requirements/service.txt", "**/__pycache__", "**/*.pyc")
_PLATFORMS: Final = {
    Architecture.ARM64: assets.Platform.LINUX_ARM64,
    Architecture.X86_64: assets.Platform.LINUX_AMD64,
}
DOCKERFILE: Final = "service/Dockerfile"


def repository_name(config: StageConfig) -> str:
    """The registry's one repository; `registry_stack.py` makes it under this name."""
    return config.named("service")


def service_image(scope: Construct, *, config: StageConfig, root: Path) -> ecs.ContainerImage:
    """By digest where one is given; else an asset named by its content. Never a tag that can move."""
    if config.image_digest is not None:
        # By name: the image's address is made by splitting the repository's ARN, and CloudFormation does not promise
        # to split a reference into another stack.
        account, region = config.stage.account, config.stage.region
        repository = ecr.Repository.from_repository_attributes(
            scope,
            "Images",
            repository_name=repository_name(config),
            repository_arn=f"arn:aws:ecr:{region}:{account}:repository/{repository_name(config)}",
        )
        return ecs.ContainerImage.from_ecr_repository(repository, config.image_digest)
    if not (root / DOCKERFILE).exists():
        raise ConfigurationError(
            source=config.source,
            key="image_digest",
            value=None,
            remedy=f"there is no {DOCKERFILE} to build from; give -c image_digest=sha256:... of a pushed image",
        )
    return ecs.ContainerImage.from_asset(
        str(root),
        file=DOCKERFILE,
        platform=_PLATFORMS[config.service.architecture],
        exclude=list(_CONTEXT),
        ignore_mode=IgnoreMode.DOCKER,
    )


def image_repository_arn(*, config: StageConfig, repository: ecr.IRepository) -> str:
    """The one repository that the execution role may pull from."""
    if config.image_digest is not None:
        return repository.repository_arn
    account, region = config.stage.account, config.stage.region
    return f"arn:aws:ecr:{region}:{account}:repository/cdk-hnb659fds-container-assets-{account}-{region}"
