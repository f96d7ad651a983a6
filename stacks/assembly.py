"""From configurations to one app, with every rule that is executed at synth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cdk_nag
from aws_cdk import App, CloudFormationValidatePlugin, ValidationRuleSource, Validations

from stacks.errors import ConfigurationError
from stacks.paths import CONFIG, ROOT, RULES
from stacks.rules.acknowledge import acknowledge
from stacks.stage_checks import check_together
from stacks.stage_config import StageConfig
from stacks.stage_parsing import load, stage_names
from stacks.voice_stage import VoiceStage

# Traces name the temporary folder of the run, and two runs should write the same bytes. (The command line refuses
# such keys in cdk.json.)
REPRODUCIBLE: Final = {"aws:cdk:disable-creation-stack-traces": True, "aws:cdk:disable-stack-trace": True}

PACKS: Final = (
    cdk_nag.AwsSolutionsChecks,
    cdk_nag.HIPAASecurityChecks,
    cdk_nag.NIST80053R5Checks,
    cdk_nag.PCIDSS321Checks,
    cdk_nag.ServerlessChecks,
)


def build(app: App, configs: Sequence[StageConfig], *, root: Path = ROOT) -> list[VoiceStage]:
    """Add every stage and every rule to the app. Synthesis then fails on whatever is not acknowledged."""
    check_together(configs)
    stages = [VoiceStage(app, config=config, root=root) for config in configs]
    for pack in PACKS:
        Validations.of(app).add_plugins(pack(app))
    Validations.of(app).add_plugins(
        CloudFormationValidatePlugin(
            guard_rules=[
                ValidationRuleSource(name="architecture", content=RULES.read_text(encoding="utf-8"))
            ],
            include_default_rules=True,
        )
    )
    for stage in stages:
        acknowledge(stage, stage.config)
    return stages


def chosen(context: Mapping[str, str | None], *, folder: Path = CONFIG) -> list[StageConfig]:
    """The stages that the command line asks for: all of them, or one, with its account and image.

    `-c stage=prod -c account=... -c image_digest=sha256:...`; an account needs its stage.
    """
    overrides = {
        key: value
        for key, value in (
            ("stage.account", context.get("account")),
            ("image_digest", context.get("image_digest")),
        )
        if value
    }
    stage = context.get("stage")
    if "stage.account" in overrides and not stage:
        raise ConfigurationError(
            source="the command line",
            key="account",
            value=overrides["stage.account"],
            remedy="say which stage it is for: -c stage=dev",
        )
    return [load(folder, name, overrides=overrides) for name in ([stage] if stage else stage_names(folder))]
