"""A second deployment changes nothing, a changed value changes what it should, and a failure says why."""

from collections.abc import Iterator

import pytest

from tests.deploy.deployment import Deployment, deployment, missing_tools

pytestmark = [pytest.mark.process, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    reason = missing_tools()
    if reason:
        pytest.skip(reason)
    with deployment("dev", tmp_path_factory.mktemp("changes")) as one:
        assert 0 == one.bootstrap().returncode
        yield one


def test_a_stage_is_deployed_found_unchanged_changed_and_destroyed(account: Deployment) -> None:
    account.configure(with_certificates=False)
    failed = account.deploy()
    assert 1 == failed.returncode
    assert "CertificateNotFound" in failed.stdout + failed.stderr, "the failing resource and its reason"
    assert "LoadBalancerHttps" in failed.stdout + failed.stderr

    account.configure()
    first = account.deploy()
    assert 0 == first.returncode, first.stdout + first.stderr

    second = account.deploy()
    assert 0 == second.returncode, second.stdout + second.stderr
    assert 9 == (second.stdout + second.stderr).count("(no changes)")
    before = account.changes()

    account.configure(("idle_timeout_s = 120", "idle_timeout_s = 180"))
    third = account.deploy()
    assert 0 == third.returncode, third.stdout + third.stderr
    assert {("LoadBalancer", "UPDATE_COMPLETE")} == account.changes() - before
    assert 8 == (third.stdout + third.stderr).count("(no changes)")

    destroyed = account.cdk(
        "destroy", "dev/*", "--app", str(account.folder / "out"), "--force"
    )  # fmt: skip
    assert 0 == destroyed.returncode, destroyed.stdout + destroyed.stderr
    left = account.client("cloudformation").list_stacks(
        StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"]
    )
    assert ["CDKToolkit"] == [stack["StackName"] for stack in left["StackSummaries"]]
