"""A type that a stack begins to use needs its provider at once, not when the deployment's tests run."""

import pytest

from tests.deploy.cloudformation import providers
from tests.deploy.cloudformation.registry import provider
from tests.stacks.assemblies import Assembly


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "public", "sealed"])
def test_every_type_of_a_stage_can_be_made_and_deleted_by_the_extension(
    assembly: Assembly, name: str
) -> None:
    providers.load()
    used = {
        resource["Type"]
        for template in assembly.stages[name].templates.values()
        for resource in template["Resources"].values()
    }

    assert len(used) > 30
    for kind in sorted(used):
        provider(kind)
