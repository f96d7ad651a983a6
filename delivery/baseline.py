"""What an update must not replace: the logical ids and the create-only properties of everything that holds state.

`python -m delivery.baseline cdk.out --write` records them; the test compares. The list of create-only properties
comes with cfn-lint, which carries the resource schemas that CloudFormation itself publishes.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from delivery.templates import StageView, view
from stacks.paths import CONFIG, ROOT
from stacks.stage_parsing import load, stage_names

BASELINE: Final = ROOT / "config/baseline.json"
STATEFUL: Final = (
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::VPC",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
)
# What the schemas leave out: CloudFormation refuses another key of an existing table by replacing it.
ALSO_FIXED: Final = {"AWS::DynamoDB::GlobalTable": {"KeySchema", "TableName"}}
# Cannot be updated while a distribution uses it, so that every property counts.
UNCHANGEABLE: Final = ("AWS::CloudFront::VpcOrigin",)

type Recorded = dict[str, dict[str, Any]]


def recorded(stage: StageView) -> Recorded:
    """Every stateful resource of a stage by part and logical id, with what cannot be changed in place."""
    return {
        f"{part}/{id_}": {"type": kind, "fixed": _fixed(kind, resource.get("Properties", {}), stage)}
        for kind in (*STATEFUL, *UNCHANGEABLE)
        for part, id_, resource in sorted(stage.resources(kind), key=lambda found: found[:2])
    }


def _fixed(kind: str, properties: Mapping[str, Any], stage: StageView) -> dict[str, Any]:
    if kind in UNCHANGEABLE:
        return dict(properties)
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(stage.config.stage.region, kind).schema
    names = {
        path.removeprefix("/properties/").partition("/")[0] for path in schema.get("createOnlyProperties", [])
    }
    names |= ALSO_FIXED.get(kind, set())
    return {name: properties[name] for name in sorted(names) if name in properties}


def replacements(before: Recorded, after: Recorded) -> Iterator[str]:
    """A sentence for each resource that an update would replace or delete."""
    for id_, old in before.items():
        new = after.get(id_)
        if new is None:
            moved = [
                other
                for other, entry in after.items()
                if entry["type"] == old["type"] and other not in before
            ]
            hint = f"; {moved[0]} is new: was it renamed?" if moved else ""
            yield f"{id_} ({old['type']}) would be deleted{hint}"
            continue
        for name in sorted(old["fixed"].keys() | new["fixed"].keys()):
            was, becomes = old["fixed"].get(name), new["fixed"].get(name)
            if was != becomes:
                yield f"{id_} ({old['type']}) would be replaced: {name} was {json.dumps(was)}, becomes {json.dumps(becomes)}"


def main(arguments: list[str]) -> int:
    """Compare an assembly with the baseline, or record it with --write."""
    folder = Path(arguments[0] if arguments else "cdk.out")
    found = {name: recorded(view(folder, load(CONFIG, name))) for name in stage_names(CONFIG)}
    if "--write" in arguments:
        BASELINE.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    before = json.loads(BASELINE.read_text(encoding="utf-8"))
    lost = [
        f"{stage}: {line}" for stage in found for line in replacements(before.get(stage, {}), found[stage])
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lost))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
