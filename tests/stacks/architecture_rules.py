"""Run the architecture rules outside the CDK, as a platform team would."""

import json
from collections.abc import Iterable
from functools import cache

import cloudformation_validate as engine

from delivery.templates import StageView, Template
from stacks.paths import RULES


@cache
def _engine() -> engine.CompositeEngine:
    rules = engine.ExternalRuleSource(name="architecture", content=RULES.read_text())
    return engine.CompositeEngine(engine.CompositeEngineConfig(guard_rules=[rules]))


def rule_names() -> set[str]:
    """Every rule of the file."""
    return {rule.id for rule in _engine().list_rules() if rule.id.startswith("p") and rule.id[1].isdigit()}


def broken_rules(template: Template) -> set[str]:
    """The architecture rules that this template breaks."""
    content = engine.TemplateContent(json.dumps(template))
    return {
        d.rule_id for d in _engine().validate_template(content, engine.ValidateConfig()).diagnostics
    } & rule_names()


def errors(template: Template) -> list[str]:
    """What the engine's own rules call an error."""
    content = engine.TemplateContent(json.dumps(template))
    found = _engine().validate_template(content, engine.ValidateConfig()).diagnostics
    return [
        f"{d.rule_id}: {d.message}"
        for d in found
        if d.severity in {engine.Severity.ERROR, engine.Severity.FATAL}
    ]


def broken_in(stage: StageView, parts: Iterable[str] | None = None) -> set[str]:
    chosen = stage.templates if parts is None else {part: stage.templates[part] for part in parts}
    return set().union(*(broken_rules(template) for template in chosen.values()))
