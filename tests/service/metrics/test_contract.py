"""A metric that is declared and that nobody feeds is a graph that is always empty, and an alarm that never rings."""

import ast
from collections.abc import Iterator
from pathlib import Path

from service.metrics import contract
from service.metrics.contract import CONTRACT, Emitter, Metric

_ROOT = Path(__file__).parents[3]
_NAMES = {name: value.name for name, value in vars(contract).items() if isinstance(value, Metric)}


def _fed(tree: ast.AST) -> Iterator[str]:
    """Metrics that this module adds to: `add(X...)`, `observe(X...)`, a gauge `{X.name: ...}`,
    a count kept elsewhere `(X, source.count)`, the registry's own `(X.name, "")`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="add" | "observe"), args=[first, *_]):
                yield from _named(first)
            case ast.Dict(keys=keys):
                for key in keys:
                    if isinstance(key, ast.Attribute) and key.attr == "name":
                        yield from _named(key.value)
            case ast.Tuple(elts=[ast.Attribute(value=named, attr="name"), ast.Constant()]):
                yield from _named(named)
            case ast.Tuple(elts=[first, ast.Attribute() | ast.IfExp()]):
                yield from _named(first)
            case _:
                pass


def _named(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _NAMES:
            yield _NAMES[name]
        case _:
            pass


def _fed_by(source: str) -> set[str]:
    return set(_fed(ast.parse(source)))


def test_every_metric_that_is_declared_is_fed_by_somebody() -> None:
    fed: set[str] = set()
    for file in (_ROOT / "service").rglob("*.py"):
        if file.name != "contract.py":
            fed |= _fed_by(file.read_text(encoding="utf-8"))
    # The canary is a program of its own, which has its own test.
    declared = {metric.name for metric in CONTRACT.values() if metric.emitter is not Emitter.CANARY}
    assert set() == declared - fed


def test_a_metric_that_is_only_named_is_not_fed() -> None:
    assert set() == _fed_by("from service.metrics.contract import UP\nprint(UP)\nUP.name\n")
    assert {"Up"} == _fed_by("registry.add(UP)")
    assert {"QueueDepth"} == _fed_by("gauges = {QUEUE_DEPTH.name: 1}")
    assert {"Rotation", "RotationGap"} == _fed_by(
        "r.add(c.ROTATION, outcome='x')\nr.observe(c.ROTATION_GAP, 1)"
    )
