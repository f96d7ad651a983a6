"""Write docs/metrics.md and the golden file of metrics from the contract; `python -m docs.generate.metrics`, or `make docs`."""

import json
from pathlib import Path
from typing import Final

from service.metrics.contract import CONTRACT, NAMESPACE, Metric

PAGE: Final = Path(__file__).parent.parent / "metrics.md"
GOLDEN: Final = Path(__file__).parent.parent.parent / "tests" / "contract" / "golden" / "service_metrics.json"

_OPENING: Final = f"""\
# Metrics

Generated from `service/metrics/contract.py` by `make docs`. Each process writes lines of the CloudWatch Embedded Metric
Format into its log every ten seconds, in the namespace `{NAMESPACE}`, when `VOICE_STAGE` is set. `Stage` is a dimension
of every metric, `Outcome` a second one where outcomes are listed; there is no other. Spans are kept in buckets of 1.6 %
width, at most a hundred values a line, so their percentiles are right and their sample counts are not: count with the
counters. What is counted for a frame of audio is an integer; clocks are read for one frame in 64.

| metric | unit | outcomes | meaning | from |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    return _OPENING + "".join(_row(metric) for metric in CONTRACT.values())


def golden() -> str:
    """What alarms, dashboard and scaling are held against."""
    document = {
        "about": "Written from service/metrics/contract.py by `make docs`. Every metric has the dimension Stage; one with"
        " outcomes has Outcome as well.",
        "namespace": NAMESPACE,
        "dimensions": ["Stage"],
        "metrics": {
            metric.name: {"unit": metric.unit.value, "outcomes": list(metric.outcomes)}
            for metric in CONTRACT.values()
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _row(metric: Metric) -> str:
    outcomes = ", ".join(f"`{outcome}`" for outcome in metric.outcomes)
    return f"| `{metric.name}` | {metric.unit.value} | {outcomes} | {metric.meaning} | {metric.emitter.value} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    GOLDEN.write_text(golden(), encoding="utf-8")
