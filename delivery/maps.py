"""Pages that are read off the templates: who may do what, who can talk to whom, which alarm has which page, one picture.

`python -m delivery.maps cdk.out` writes docs/infrastructure-map.md and docs/infrastructure.svg from the prod stage.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from delivery.templates import StageView, as_list, strings, view
from stacks.paths import CONFIG, ROOT
from stacks.stage_parsing import load

PAGE: Final = ROOT / "docs/infrastructure-map.md"
PICTURE: Final = ROOT / "docs/infrastructure.svg"
STAGE: Final = "prod"
_HASH_LENGTH: Final = 8
# The CDK's name of an output that another stack refers to: kind, logical id with its hash, attribute, hash.
_OUTPUT: Final = re.compile(r"PublishOutput(Ref|FnGetAtt)(?P<id>.+?)[0-9A-F]{8}\w*?[0-9A-F]{8}")


def short(logical_id: str) -> str:
    """A logical id without the hash that the CDK appends."""
    return logical_id[:-_HASH_LENGTH]


def told(value: Any) -> str:
    """A resource or a peer in as few words as name it."""
    match value:
        case str():
            return value
        case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), *_]}:
            return short(id_)
        case {"Fn::GetStackOutput": {"OutputName": str(name), "StackName": str(stack)}}:
            named = _OUTPUT.fullmatch(name)
            return f"{stack.rpartition('-')[2]}: {named['id'] if named else name}"
        case _:
            return "".join(told(part) if isinstance(part, dict) else part for part in _parts(value))


def _parts(value: Any) -> list[Any]:
    return (
        list(value["Fn::Join"][1])
        if isinstance(value, dict) and "Fn::Join" in value
        else list(strings(value))
    )


def permissions(stage: StageView) -> Iterator[tuple[str, str, str, str]]:
    """Every (role, action, resource, condition) of the stage."""
    for part, _, policy in stage.resources("AWS::IAM::ManagedPolicy"):
        for role in policy["Properties"]["Roles"]:
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                condition = ", ".join(
                    f"{key} {test} {told(wanted)}"
                    for test, keys in statement.get("Condition", {}).items()
                    for key, wanted in keys.items()
                )
                for action in as_list(statement["Action"]):
                    for resource in as_list(statement["Resource"]):
                        yield f"{part} {short(role['Ref'])}", action, told(resource), condition


def reaches(stage: StageView) -> Iterator[tuple[str, str, str, str]]:
    """Every (from, to, port, why) that the security groups let through."""
    for part, id_, group in stage.resources("AWS::EC2::SecurityGroup"):
        for rule in group["Properties"].get("SecurityGroupIngress", []):
            yield (
                told(rule.get("CidrIp", "?")),
                f"{part} {short(id_)}",
                str(rule["ToPort"]),
                rule["Description"],
            )
    for part, _, rule in stage.resources("AWS::EC2::SecurityGroupIngress"):
        properties = rule["Properties"]
        source = properties.get("SourcePrefixListId") or told(properties.get("SourceSecurityGroupId"))
        target = f"{part} {told(properties['GroupId'])}"
        yield source, target, str(properties["ToPort"]), properties["Description"]
    for part, _, rule in stage.resources("AWS::EC2::SecurityGroupEgress"):
        properties = rule["Properties"]
        target = properties.get("DestinationPrefixListId") or told(
            properties.get("DestinationSecurityGroupId")
        )
        source = f"{part} {told(properties['GroupId'])}"
        yield source, target, str(properties["ToPort"]), properties["Description"]


def alarms(stage: StageView) -> Iterator[tuple[str, str]]:
    """Every (slug, meaning)."""
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    found = (alarm for kind in kinds for _, _, alarm in stage.resources(kind))
    for alarm in found:
        if not alarm["Properties"].get("AlarmActions"):
            continue  # a part of another
        meaning, _, slug = alarm["Properties"]["AlarmDescription"].rpartition(" docs/operations.md#")
        yield slug, meaning


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    return lines + [f"| {' | '.join(row)} |" for row in sorted(set(rows))]


def page(stage: StageView) -> str:
    """The whole of docs/infrastructure-map.md."""
    text = [
        "# What the templates say",
        "",
        f"Written by `make maps` from the templates of the {stage.config.stage.name} stage; a test compares. The picture is",
        "[infrastructure.svg](infrastructure.svg).",
        "",
        "## Who may do what",
        "",
        *_table(("role", "action", "resource", "only if"), permissions(stage)),
        "",
        "## Who can talk to whom",
        "",
        "What is not here is refused by a security group.",
        "",
        *_table(("from", "to", "port", "why"), reaches(stage)),
        "",
        "## Which alarm has which page",
        "",
        *_table(
            ("alarm", "meaning", "page"),
            ((slug, meaning, f"[{slug}](operations.md#{slug})") for slug, meaning in alarms(stage)),
        ),
        "",
    ]
    return "\n".join(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box of the picture: where it is, what it is called, and the resources that must exist for it to be drawn."""

    x: int
    y: int
    title: str
    text: str
    kind: str


_BOXES: Final = (
    Box(x=20, y=130, title="Browser", text="page, microphone", kind=""),
    Box(x=220, y=130, title="CloudFront", text="/  /api/*  /ws", kind="AWS::CloudFront::Distribution"),
    Box(x=220, y=20, title="Firewall", text="us-east-1", kind="AWS::WAFv2::WebACL"),
    Box(x=220, y=240, title="Page bucket", text="origin access control", kind="AWS::S3::Bucket"),
    Box(
        x=420, y=130, title="Load balancer", text="TLS, 443", kind="AWS::ElasticLoadBalancingV2::LoadBalancer"
    ),
    Box(x=620, y=130, title="Service", text="Fargate, 8000", kind="AWS::ECS::Service"),
    Box(x=820, y=20, title="Nova Sonic", text="Bedrock endpoint", kind="AWS::EC2::VPCEndpoint"),
    Box(x=820, y=130, title="Table", text="DynamoDB endpoint", kind="AWS::DynamoDB::GlobalTable"),
    Box(x=620, y=240, title="Users", text="Cognito", kind="AWS::Cognito::UserPool"),
    Box(x=820, y=240, title="Alarms", text="log, metrics, topic", kind="AWS::SNS::Topic"),
)
_ARROWS: Final = (
    ("Browser", "CloudFront"), ("Firewall", "CloudFront"), ("CloudFront", "Page bucket"), ("CloudFront", "Load balancer"),
    ("Load balancer", "Service"), ("Service", "Nova Sonic"), ("Service", "Table"), ("Service", "Users"), ("Service", "Alarms"),
)  # fmt: skip
_WIDTH, _HEIGHT = 160, 70


def picture(stage: StageView) -> str:
    """The stage as SVG: a box is there if its resource is, with how many there are where that is a choice."""
    boxes = {box.title: box for box in _BOXES if not box.kind or list(stage.resources(box.kind))}
    service = stage.config.service
    notes = {
        "Load balancer": stage.only("AWS::ElasticLoadBalancingV2::LoadBalancer")["Scheme"],
        "Service": f"{service.min_tasks} to {service.max_tasks} tasks, 8000",
        "Nova Sonic": stage.config.model.id,
    }
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 330" role="img" font-family="sans-serif">',
        f"  <title>The {escape(stage.config.stage.name)} stage</title>",
        '  <rect x="405" y="5" width="390" height="215" rx="8" fill="none" stroke="#888" stroke-dasharray="4"/>',
        f'  <text x="415" y="24" font-size="12" fill="#555">VPC {escape(stage.config.network.cidr)}</text>',
    ]
    for start, end in _ARROWS:
        if start in boxes and end in boxes:
            one, two = boxes[start], boxes[end]
            ends = (one.x + _WIDTH // 2, one.y + _HEIGHT // 2, two.x + _WIDTH // 2, two.y + _HEIGHT // 2)
            lines.append('  <line x1="{}" y1="{}" x2="{}" y2="{}" stroke="#555"/>'.format(*ends))
    for box in boxes.values():
        middle = box.x + _WIDTH // 2
        lines += [
            f'  <rect x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#fff" stroke="#222"/>',
            f'  <text x="{middle}" y="{box.y + 30}" text-anchor="middle" font-size="15">{escape(box.title)}</text>',
            _small(middle, box.y + 50, notes.get(box.title, box.text)),
        ]
    return "\n".join([*lines, "</svg>", ""])


def _small(x: int, y: int, text: str) -> str:
    return f'  <text x="{x}" y="{y}" text-anchor="middle" font-size="11" fill="#555">{escape(text)}</text>'


def main(arguments: list[str]) -> int:
    """Write both from an assembly."""
    stage = view(Path(arguments[0] if arguments else "cdk.out"), load(CONFIG, STAGE))
    PAGE.write_text(page(stage), encoding="utf-8")
    PICTURE.write_text(picture(stage), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
