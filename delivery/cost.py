"""What a month of a stage costs, from its templates and a dated price table. The model's own price is not in it.

`python -m delivery.cost cdk.out` writes docs/cost.md.
"""

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from delivery.templates import StageView, view
from stacks.metric_table import METRICS
from stacks.paths import CONFIG, ROOT
from stacks.stage_config import Budget
from stacks.stage_parsing import load, stage_names

PRICES: Final = CONFIG / "prices.toml"
PAGE: Final = ROOT / "docs/cost.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that costs: how many, and what they cost in a month."""

    what: str
    count: float
    monthly_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A stage's month without sessions, by line, and what each hour of conversation adds."""

    lines: tuple[Line, ...]
    session_hour_usd: float

    @property
    def idle_usd(self) -> float:
        return sum(line.monthly_usd for line in self.lines)

    def busy_usd(self, session_hours: int) -> float:
        return self.idle_usd + session_hours * self.session_hour_usd


def prices() -> dict[str, Any]:
    return tomllib.loads(PRICES.read_text(encoding="utf-8"))


def estimate(stage: StageView, table: dict[str, Any]) -> Estimate:
    """Count what the templates hold and price it. Tasks run at their minimum when nobody talks."""
    hours, hourly, monthly = table["hours_per_month"], table["fixed_per_hour"], table["fixed_per_month"]

    def count(kind: str) -> int:
        return len(list(stage.resources(kind)))

    endpoint_zones = sum(
        len(endpoint["Properties"].get("SubnetIds", []))
        for _, _, endpoint in stage.resources("AWS::EC2::VPCEndpoint")
        if endpoint["Properties"].get("VpcEndpointType") == "Interface"
    )
    alarms = [alarm["Properties"] for _, _, alarm in stage.resources("AWS::CloudWatch::Alarm")]
    in_math = sum(sum("MetricStat" in query for query in alarm.get("Metrics", [])) for alarm in alarms)
    rules = sum(len(acl["Properties"]["Rules"]) for _, _, acl in stage.resources("AWS::WAFv2::WebACL"))
    tasks = stage.config.service.min_tasks
    by_hour = (
        (
            f"tasks, {stage.config.service.architecture}",
            tasks,
            hourly[f"task_{stage.config.service.architecture}"],
        ),
        ("load balancers", count("AWS::ElasticLoadBalancingV2::LoadBalancer"), hourly["load_balancer"]),
        ("NAT gateways", count("AWS::EC2::NatGateway"), hourly["nat_gateway"]),
        ("interface endpoints, by zone", endpoint_zones, hourly["interface_endpoint_zone"]),
    )
    by_month = (
        (
            "the canary's tasks, by minute",
            _canary_minutes(stage, hours),
            hourly[f"task_{stage.config.service.architecture}"] / 60,
        ),
        ("composite alarms", count("AWS::CloudWatch::CompositeAlarm"), monthly["composite_alarm"]),
        ("keys", count("AWS::KMS::Key"), monthly["key"]),
        ("alarms on one metric", sum("MetricName" in alarm for alarm in alarms), monthly["alarm"]),
        ("metrics inside other alarms", in_math, monthly["alarm_metric"]),
        ("dashboards", count("AWS::CloudWatch::Dashboard"), monthly["dashboard"]),
        ("custom metrics", _custom_metrics(), monthly["custom_metric"]),
        ("firewalls", count("AWS::WAFv2::WebACL"), monthly["web_acl"]),
        ("firewall rules", rules, monthly["web_acl_rule"]),
        ("secrets", count("AWS::SecretsManager::Secret"), monthly["secret"]),
        ("container insights, by task", tasks, monthly["container_insights_task"]),
    )
    lines = [Line(what=what, count=n, monthly_usd=n * price * hours) for what, n, price in by_hour]
    lines += [Line(what=what, count=n, monthly_usd=n * price) for what, n, price in by_month]
    return Estimate(
        lines=tuple(line for line in lines if line.count),
        session_hour_usd=sum(table["per_session_hour"].values()),
    )


def _canary_minutes(stage: StageView, hours: float) -> int:
    """Fargate bills a minute at least, and a sentence takes no longer."""
    config = stage.config
    return round(hours * 60 / config.canary.every_minutes) if config.has_canary else 0


def _custom_metrics() -> int:
    """A metric counts once for each combination of dimensions: each outcome is one."""
    return sum(max(1, len(metric.outcomes)) for metric in METRICS.values())


def page(estimates: Iterable[tuple[StageView, Estimate]], as_of: date) -> str:
    """The whole of docs/cost.md."""
    text = [
        "# What a month costs",
        "",
        f"Written by `make cost` from the templates and `config/prices.toml` (list prices of {as_of}, us-east-1); a test",
        "holds the sums below the budgets in `config/*.toml`. **The model's own price is not in it**, and soon exceeds the",
        "rest. Tasks are counted at their minimum; each further one adds its line.",
        "",
    ]
    for stage, found in estimates:
        budget = stage.config.budget
        text += [
            f"## {stage.config.stage.name}",
            "",
            "| what | count | USD a month |",
            "| --- | ---: | ---: |",
            *(f"| {line.what} | {line.count:g} | {line.monthly_usd:.2f} |" for line in found.lines),
            f"| **idle** (budget {budget.idle_usd}) | | **{found.idle_usd:.2f}** |",
            f"| one hour of conversation | | {found.session_hour_usd:.4f} |",
            _busy_row(found, budget),
            "",
        ]
    return "\n".join(text)


def _busy_row(found: Estimate, budget: Budget) -> str:
    what = f"with {budget.session_hours} hours of conversation** (budget {budget.busy_usd})"
    return f"| **{what} | | **{found.busy_usd(budget.session_hours):.2f}** |"


def main(arguments: list[str]) -> int:
    """Write docs/cost.md from an assembly."""
    folder = Path(arguments[0] if arguments else "cdk.out")
    table = prices()
    stages = [view(folder, load(CONFIG, name)) for name in stage_names(CONFIG)]
    PAGE.write_text(
        page([(stage, estimate(stage, table)) for stage in stages], table["as_of"]), encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
