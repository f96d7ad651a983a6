"""Synthesise once, then look at templates as plain data."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_cdk import App

from stacks.assembly import ROOT, build
from stacks.stage_config import StageConfig
from stacks.voice_stage import VoiceStage

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

    def only(self, kind: str, part: str | None = None) -> dict[str, Any]:
        """The properties of the one resource of a type."""
        ((_, _, resource),) = self.resources(kind, part)
        return dict(resource["Properties"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What one synthesis wrote."""

    folder: Path
    stages: Mapping[str, StageView]
    report: Mapping[str, Any]


def feature_flags() -> dict[str, Any]:
    return dict(json.loads((ROOT / "cdk.json").read_text())["context"])


def synthesise(configs: Sequence[StageConfig], folder: Path, *, checked: bool = True) -> Assembly:
    """All rules of synthesis run, unless only the templates are wanted."""
    if checked:
        app = App(outdir=str(folder), context=feature_flags())
        build(app, configs)
    else:
        quick = {"@aws-cdk/core:validateAgainstDefaultRules": False}
        app = App(outdir=str(folder), context=feature_flags() | quick)
        for config in configs:
            VoiceStage(app, config=config, root=ROOT)
    app.synth()
    return read(folder, configs)


def read(folder: Path, configs: Sequence[StageConfig]) -> Assembly:
    report = folder / "validation-report.json"
    return Assembly(
        folder=folder,
        stages={config.stage.name: view(folder, config) for config in configs},
        report=json.loads(report.read_text()) if report.exists() else {},
    )


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


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def golden(name: str) -> Any:
    return json.loads((ROOT / "tests/contract/golden" / name).read_text())


def lines_of(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())
