"""Synthesise once, then look at templates as plain data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

from delivery.templates import StageView, view
from stacks.assembly import REPRODUCIBLE, build
from stacks.paths import ROOT
from stacks.stage_config import StageConfig
from stacks.voice_stage import VoiceStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What one synthesis wrote."""

    folder: Path
    stages: Mapping[str, StageView]
    report: Mapping[str, Any]


def feature_flags() -> dict[str, Any]:
    return dict(json.loads((ROOT / "cdk.json").read_text())["context"]) | REPRODUCIBLE


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


def golden(name: str) -> Any:
    return json.loads((ROOT / "tests/contract/golden" / name).read_text())
