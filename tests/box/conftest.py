"""The deployed dev stage as a running box: deployed outside, run inside a network of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks.packaged_node import use_packaged_node

use_packaged_node()

from tests.box.box import Box, Ingredients, boxed, missing  # noqa: E402 - Node is chosen before aws_cdk starts it
from tests.box.container import unpacked  # noqa: E402 - as above
from tests.box.deployed import Deployed  # noqa: E402 - as above
from tests.box.network import own_network  # noqa: E402 - as above
from tests.deploy import built_stage  # noqa: E402 - as above
from tests.deploy.deployment import deployment  # noqa: E402 - as above
from tests.pool import user_pool  # noqa: E402 - as above


@pytest.fixture(scope="session")
def ingredients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingredients]:
    if reason := built_stage.missing() or missing():
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("box")
    with built_stage.built_stage("dev", folder) as stage:
        deployed = Deployed.read(stage)
    with (
        unpacked(built_stage.IMAGES, deployed.image) as (rootfs, image),
        own_network(),
        deployment("dev", folder) as aws,
    ):
        aws.client("dynamodb").create_table(**deployed.table, BillingMode="PAY_PER_REQUEST")
        yield Ingredients(
            deployed=deployed, image=image, rootfs=rootfs, folder=folder, pool=user_pool(), aws=aws
        )


@pytest.fixture(scope="module")
def box(ingredients: Ingredients) -> Iterator[Box]:
    with boxed(ingredients) as one:
        yield one
