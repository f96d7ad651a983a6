"""The monthly estimate follows the templates, stays below the budget, and is what the page says."""

import tomllib
from pathlib import Path

import pytest

from delivery.cost import PAGE, estimate, page, prices
from delivery.templates import StageView
from tests.stacks.assemblies import Assembly
from tests.stacks.variants import COMMITTED


@pytest.mark.parametrize("stage", COMMITTED)
def test_a_month_stays_below_its_budget(assembly: Assembly, stage: str) -> None:
    view = assembly.stages[stage]
    found, budget = estimate(view, prices()), view.config.budget

    assert found.idle_usd <= budget.idle_usd
    assert found.busy_usd(budget.session_hours) <= budget.busy_usd
    assert 0.7 * budget.idle_usd <= found.idle_usd, "a budget far above the estimate watches nothing"


def test_the_page_is_what_the_templates_say(assembly: Assembly) -> None:
    table = prices()
    stages = [assembly.stages[name] for name in COMMITTED]

    expected = page([(stage, estimate(stage, table)) for stage in stages], table["as_of"])
    assert expected == PAGE.read_text(), "make cost"


def test_one_more_gateway_costs_its_hours(assembly: Assembly) -> None:
    view = assembly.stages["dev"]
    gateway = {"Type": "AWS::EC2::NatGateway", "Properties": {}}
    network = {
        **view.templates["network"],
        "Resources": {**view.templates["network"]["Resources"], "Nat": gateway},
    }
    dearer = StageView(
        config=view.config, templates={**view.templates, "network": network}, regions=view.regions
    )

    difference = estimate(dearer, prices()).idle_usd - estimate(view, prices()).idle_usd
    assert pytest.approx(0.045 * 730) == difference


def test_every_price_is_used() -> None:
    """A price that no line uses is a claim that nobody checks."""
    source = (Path(__file__).parents[2] / "delivery/cost.py").read_text()
    table = tomllib.loads((Path(__file__).parents[2] / "config/prices.toml").read_text())

    unused = [n for g in ("fixed_per_hour", "fixed_per_month") for n in table[g] if f'"{n}"' not in source]
    assert ["task_arm64", "task_x86_64"] == unused
