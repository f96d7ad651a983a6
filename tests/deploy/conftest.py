"""One deployment a stage for all tests that only read."""

from collections.abc import Iterator

import pytest

from stacks.packaged_node import use_packaged_node

use_packaged_node()

from tests.deploy.deployment import Deployment, deployment, missing_tools  # noqa: E402 - Node is chosen first


@pytest.fixture(scope="module", params=["dev", "staging", "prod"])
def deployed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A bootstrapped account with the stage in it."""
    reason = missing_tools()
    if reason:
        pytest.skip(reason)
    with deployment(request.param, tmp_path_factory.mktemp(request.param)) as one:
        bootstrapped = one.bootstrap()
        assert 0 == bootstrapped.returncode, bootstrapped.stderr
        one.configure()
        done = one.deploy()
        assert 0 == done.returncode, done.stdout + done.stderr
        yield one
