"""The properties of every template, of the committed stages and of one that takes every other mode."""

from collections.abc import Callable, Iterator

import pytest

from delivery.templates import StageView
from tests.stacks.architecture_rules import broken_in, errors, rule_names
from tests.stacks.assemblies import Assembly
from tests.stacks.properties import edge, network, operations, permissions, tasks

CHECKS: tuple[Callable[[StageView], Iterator[str]], ...] = (
    *network.PROPERTIES,
    *tasks.PROPERTIES,
    *permissions.PROPERTIES,
    *edge.PROPERTIES,
    *operations.PROPERTIES,
)
STAGES = ("dev", "staging", "prod", "public", "sealed")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_stage_has_the_property(
    assembly: Assembly, check: Callable[[StageView], Iterator[str]], stage: str
) -> None:
    assert [] == list(check(assembly.stages[stage]))


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_keeps_the_architecture_rules(assembly: Assembly, stage: str) -> None:
    assert set() == broken_in(assembly.stages[stage])


@pytest.mark.parametrize("stage", STAGES)
def test_the_engine_finds_no_error_of_its_own(assembly: Assembly, stage: str) -> None:
    view = assembly.stages[stage]

    assert [] == [error for template in view.templates.values() for error in errors(template)]


def test_the_rules_are_read() -> None:
    """A file that the engine skips would break nothing, and hold nothing either."""
    assert 40 <= len(rule_names())
