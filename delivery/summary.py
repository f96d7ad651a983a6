"""One line a stage after synthesis: how many stacks and resources, and what was found."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from delivery.templates import view
from stacks.paths import CONFIG
from stacks.stage_parsing import load, stage_names


def findings(report: dict[str, Any]) -> Counter[str]:
    """Findings that nobody accepted, by stage."""
    return Counter(
        construct["constructPath"].partition("/")[0]
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    )


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else "cdk.out")
    found = findings(json.loads((folder / "validation-report.json").read_text(encoding="utf-8")))
    for name in stage_names(CONFIG):
        if not (folder / f"assembly-{name}").is_dir():
            continue
        templates = view(folder, load(CONFIG, name)).templates
        resources = sum(len(template["Resources"]) for template in templates.values())
        sys.stdout.write(
            f"{name:<8} {len(templates)} stacks, {resources} resources, {found[name]} findings\n"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
