"""PURE. Does a set of policy statements allow an action on a resource? The part of IAM's logic that our policies use.

A Deny wins, then an Allow, then nothing. Conditions are compared with the request's context; an operator that is not
known here is an error, never a yes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from delivery.templates import StageView, as_list

_ARN_FORMATS: Final = {
    "AWS::DynamoDB::GlobalTable": "arn:aws:dynamodb:{region}:{account}:table/voice-{stage}-{part}-{id}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{id}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}",
    "AWS::ECR::Repository": "arn:aws:ecr:{region}:{account}:repository/{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/voice-{stage}-{part}-{id}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call: what, on what, and under which circumstances."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


class UnknownPolicyPartError(ValueError):
    """Raised for what this evaluator does not understand: it must not guess."""


def allows(statements: Sequence[Mapping[str, Any]], request: Request) -> bool:
    """Whether the statements allow the request."""
    applying = [statement["Effect"] for statement in statements if applies(statement, request)]
    return "Allow" in applying and "Deny" not in applying


def applies(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether action, resource and every condition of a statement match."""
    if strange := set(statement) - {"Action", "Resource", "Effect", "Condition", "Sid", "Principal"}:
        raise UnknownPolicyPartError(f"a statement has {sorted(strange)}")
    return (
        any(_like(pattern, request.action, case=False) for pattern in as_list(statement["Action"]))
        and any(_like(pattern, request.resource) for pattern in as_list(statement["Resource"]))
        and all(_holds(*one, request.context) for one in statement.get("Condition", {}).items())
    )


def _holds(operator: str, keys: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    if operator not in {"StringEquals", "ArnLike", "StringLike"}:
        raise UnknownPolicyPartError(f"a condition uses {operator}")
    return all(
        key in context and any(_like(wanted, context[key]) for wanted in as_list(wanted_values))
        for key, wanted_values in keys.items()
    )


def _like(pattern: str, text: str, *, case: bool = True) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, 0 if case else re.IGNORECASE) is not None


def resolved(stage: StageView, part: str, value: Any) -> Any:
    """A part of a policy with every reference replaced by the ARN that deployment would give it."""
    match value:
        case {"Fn::GetAtt": [str(id_), "Arn"]}:
            return _arn(stage, part, id_)
        case {"Fn::GetStackOutput": {"StackName": str(stack), "OutputName": str(name)}}:
            other = stack.removeprefix(stage.config.named(""))
            return resolved(stage, other, stage.templates[other]["Outputs"][name]["Value"])
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(resolved(stage, part, one) for one in parts)
        case Mapping():
            if any(key.startswith("Fn::") or key == "Ref" for key in value):
                raise UnknownPolicyPartError(f"a policy refers to {value}")
            return {key: resolved(stage, part, inner) for key, inner in value.items()}
        case list():
            return [resolved(stage, part, inner) for inner in value]
        case _:
            return value


def _arn(stage: StageView, part: str, id_: str) -> str:
    kind = stage.templates[part]["Resources"][id_]["Type"]
    settings = stage.config.stage
    return _ARN_FORMATS[kind].format(
        region=settings.region, account=settings.account, stage=settings.name, part=part, id=id_
    )


def role_statements(stage: StageView, role: str) -> Iterator[Mapping[str, Any]]:
    """What a role's policies say; `role` is its logical id without the hash."""
    for part, _, policy in stage.resources("AWS::IAM::ManagedPolicy"):
        names = {reference["Ref"].rstrip("0123456789ABCDEF") for reference in policy["Properties"]["Roles"]}
        if role in names:
            yield from resolved(stage, part, policy["Properties"]["PolicyDocument"]["Statement"])


def endpoint_statements(stage: StageView, service: str) -> list[Mapping[str, Any]]:
    """What the policy of the VPC's door to a service says."""
    for part, _, endpoint in stage.resources("AWS::EC2::VPCEndpoint"):
        name = str(resolved_service(endpoint["Properties"]["ServiceName"], stage.config.stage.region))
        if name.endswith(f".{service}"):
            return list(resolved(stage, part, endpoint["Properties"]["PolicyDocument"]["Statement"]))
    return []


def resolved_service(name: Any, region: str) -> str:
    """com.amazonaws.REGION.SERVICE, whichever way it is written."""
    if isinstance(name, str):
        return name
    return "".join(one if isinstance(one, str) else region for one in name["Fn::Join"][1])
