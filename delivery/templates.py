"""Look at a synthesised stage as plain data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stacks.stage_config import StageConfig

type Template = dict[str, Any]
type Resource = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """The templates of one stage by the name of their part: network, service, ..."""

    config: StageConfig
    templates: Mapping[str, Template]
    regions: Mapping[str, str] = field(default_factory=dict)

    def resources(self, kind: str, part: str | None = None) -> Iterator[tuple[str, str, Resource]]:
        """Every resource of a type, as (part, logical id, resource)."""
        for name, template in self.templates.items():
            if part in {None, name}:
                for id_, resource in template["Resources"].items():
                    if resource["Type"] == kind:
                        yield name, id_, resource

    def only(self, kind: str, part: str | None = None, *, named: str = "") -> dict[str, Any]:
        """The properties of the one resource of a type, or of the one whose logical id begins so."""
        (resource,) = (found for _, id_, found in self.resources(kind, part) if id_.startswith(named))
        return dict(resource["Properties"])


def view(folder: Path, config: StageConfig) -> StageView:
    nested = folder / f"assembly-{config.stage.name}"
    artifacts = json.loads((nested / "manifest.json").read_text())["artifacts"]
    templates, regions = {}, {}
    for artifact in artifacts.values():
        if artifact["type"] == "aws:cloudformation:stack":
            properties = artifact["properties"]
            part = properties["stackName"].removeprefix(config.named(""))
            templates[part] = json.loads((nested / properties["templateFile"]).read_text())
            regions[part] = artifact["environment"].rsplit("/", 1)[1]
    return StageView(config=config, templates=templates, regions=regions)


def strings(value: object) -> Iterator[str]:
    """Every text anywhere inside a value."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)
        case _:  # a number or a truth value holds no text
            return


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
