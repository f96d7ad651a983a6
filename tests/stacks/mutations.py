"""One way to break each property in a template. A rule or a check of the same number must notice."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from delivery.templates import Resource, StageView

type Change = Callable[[dict[str, dict[str, Any]]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A property's number, the break in words, the stage it is broken in, and the break."""

    number: int
    breaks: str
    change: Change
    stage: str = "prod"


def broken(stage: StageView, mutation: Mutation) -> StageView:
    """The stage with the one break, everything else as it was."""
    templates = copy.deepcopy(dict(stage.templates))
    before = copy.deepcopy(templates)
    mutation.change(templates)
    assert before != templates, f"{mutation.breaks}: nothing was changed"
    return StageView(config=stage.config, templates=templates, regions=stage.regions)


def each(kind: str, change: Callable[[dict[str, Any]], object]) -> Change:
    """Change the properties of every resource of a type."""

    def apply(templates: dict[str, dict[str, Any]]) -> None:
        for template in templates.values():
            for resource in template["Resources"].values():
                if resource["Type"] == kind:
                    change(resource["Properties"])

    return apply


def put(kind: str, *path: str | int, value: object) -> Change:
    """Set one property, addressed by its path, on every resource of a type."""

    def change(properties: dict[str, Any]) -> None:
        target: Any = properties
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return each(kind, change)


def drop(kind: str, *path: str | int) -> Change:
    def change(properties: dict[str, Any]) -> None:
        target: Any = properties
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return each(kind, change)


def remove(kind: str, name: str = "") -> Change:
    """Take away every resource of a type whose logical id holds a name."""

    def apply(templates: dict[str, dict[str, Any]]) -> None:
        for template in templates.values():
            resources = template["Resources"]
            for id_ in [i for i, r in resources.items() if r["Type"] == kind and name in i]:
                del resources[id_]

    return apply


def add(part: str, id_: str, resource: Resource) -> Change:
    def apply(templates: dict[str, dict[str, Any]]) -> None:
        templates[part]["Resources"][id_] = resource

    return apply


def attribute(kind: str, key: str, name: str, value: str) -> Change:
    """Set an attribute of a load balancer or a target group."""

    def change(properties: dict[str, Any]) -> None:
        for entry in properties[key]:
            if entry["Key"] == name:
                entry["Value"] = value

    return each(kind, change)


def statement(part: str, policy: str, change: Callable[[list[dict[str, Any]]], object]) -> Change:
    """Change the statements of a managed policy whose logical id holds a name."""

    def apply(templates: dict[str, dict[str, Any]]) -> None:
        for id_, resource in templates[part]["Resources"].items():
            if resource["Type"] == "AWS::IAM::ManagedPolicy" and id_.startswith(policy):
                change(resource["Properties"]["PolicyDocument"]["Statement"])

    return apply


def trust(kind: str, change: Callable[[dict[str, Any]], object]) -> Change:
    """Change the trust of every role that a `Service` or a `Federated` principal may take."""

    def apply(properties: dict[str, Any]) -> None:
        for one in properties["AssumeRolePolicyDocument"]["Statement"]:
            if kind in one["Principal"]:
                change(one)

    return each("AWS::IAM::Role", apply)


def both(*changes: Change) -> Change:
    def apply(templates: dict[str, dict[str, Any]]) -> None:
        for change in changes:
            change(templates)

    return apply
