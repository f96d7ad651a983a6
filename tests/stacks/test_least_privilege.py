"""Whatever the service asks of AWS it may ask, at its role and at the VPC's doors; and whatever it may, it asks."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from delivery.templates import StageView, as_list
from stacks.stage_config import Egress
from tests.stacks.assemblies import Assembly, golden
from tests.stacks.policy_evaluator import (
    Request,
    UnknownPolicyPartError,
    allows,
    applies,
    endpoint_statements,
    resolved,
    role_statements,
)
from tests.stacks.properties.permissions import PROTECTION

STAGES = ("dev", "staging", "prod", "public", "sealed")
TASK = "TaskRole"
# The doors through which each service is reached; KMS is asked by DynamoDB, not by us.
DOORS = {"bedrock": "bedrock-runtime", "dynamodb": "dynamodb"}
INTERFACES = {"bedrock-runtime"}


def resources(stage: StageView) -> dict[str, str]:
    """The ARNs behind the golden file's words."""
    (table,) = [(part, id_) for part, id_, _ in stage.resources("AWS::DynamoDB::GlobalTable")]
    (key,) = [(part, id_) for part, id_, _ in stage.resources("AWS::KMS::Key", "data")]
    arn = {name: resolved(stage, part, {"Fn::GetAtt": [id_, "Arn"]}) for name, (part, id_) in
           {"table": table, "key": key}.items()}  # fmt: skip
    home, cluster = stage.config.stage, stage.config.named("cluster")
    task = f"arn:aws:ecs:{home.region}:{home.account}:task/{cluster}/0123456789abcdef0123456789abcdef"
    return {**arn, "model": stage.config.model_arn, "task": task}


def requests(stage: StageView) -> list[Request]:
    """Every call of the service in this stage, with the circumstances under which AWS sees it."""
    calls = golden("service_calls.json")
    arns, settings = resources(stage), stage.config.stage
    context = {
        "aws:PrincipalArn": f"arn:aws:iam::{settings.account}:role/{stage.config.named('service')}-TaskRole30FC0FBB-x",
        "kms:ViaService": f"dynamodb.{settings.region}.amazonaws.com",
    }
    protected = [(PROTECTION, "task")] if stage.config.service.protect_tasks else []
    return [
        Request(action=action, resource=arns[resource], context=context)
        for action, resource, *_ in (*calls["called"], *calls["implied"], *protected)
    ]


def missing(stage: StageView) -> Iterator[str]:
    """Calls that somebody on the way refuses."""
    role = list(role_statements(stage, TASK))
    for request in requests(stage):
        if not allows(role, request):
            yield f"the role refuses {request.action} on {request.resource}"
        door = DOORS.get(request.action.partition(":")[0])
        is_open = stage.config.network.egress is Egress.NAT and door in INTERFACES
        if door is not None and not is_open and not allows(endpoint_statements(stage, door), request):
            yield f"the door {door} refuses {request.action} on {request.resource}"


def unused(stage: StageView) -> Iterator[str]:
    """(action, resource) pairs that are granted, and that no call uses."""
    places = {"the role": list(role_statements(stage, TASK))}
    places |= {f"the door {door}": endpoint_statements(stage, door) for door in DOORS.values()}
    for place, statements in places.items():
        for statement in statements:
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    one = {**statement, "Action": action, "Resource": resource}
                    if not any(applies(one, request) for request in requests(stage)):
                        yield f"{place} grants {action} on {resource} and nobody asks"


@pytest.mark.parametrize("name", STAGES)
def test_nothing_that_the_service_asks_is_refused(assembly: Assembly, name: str) -> None:
    assert [] == list(missing(assembly.stages[name]))


@pytest.mark.parametrize("name", STAGES)
def test_nothing_is_granted_that_the_service_does_not_ask(assembly: Assembly, name: str) -> None:
    assert [] == list(unused(assembly.stages[name]))


def statements_of(stage: StageView, kind: str) -> Iterator[dict[str, Any]]:
    """Statements in the templates themselves, to be broken: the task's policy, or the endpoints'."""
    if kind == "role":
        for _, _, policy in stage.resources("AWS::IAM::ManagedPolicy", "service"):
            if any("TaskRole" in role["Ref"] for role in policy["Properties"]["Roles"]):
                yield from policy["Properties"]["PolicyDocument"]["Statement"]
        return
    for _, _, endpoint in stage.resources("AWS::EC2::VPCEndpoint"):
        yield from endpoint["Properties"]["PolicyDocument"]["Statement"]


def broken(stage: StageView, kind: str, change: Callable[[dict[str, Any]], None], action: str) -> StageView:
    """The stage with one statement changed: the one that holds the action."""
    other = replace(stage, templates=copy.deepcopy(dict(stage.templates)))
    (statement,) = [one for one in statements_of(other, kind) if action in as_list(one["Action"])]
    change(statement)
    return other


EVERY_ACTION = [pair[0] for group in ("called", "implied") for pair in golden("service_calls.json")[group]]


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_a_grant_that_is_taken_from_the_role_is_missed(assembly: Assembly, action: str) -> None:
    def take(statement: dict[str, Any]) -> None:
        statement["Action"] = [one for one in as_list(statement["Action"]) if one != action]

    sentences = list(missing(broken(assembly.stages["sealed"], "role", take, action)))

    assert [f"the role refuses {action}"] == [sentence.partition(" on ")[0] for sentence in sentences]


@pytest.mark.parametrize("action", [action for action in EVERY_ACTION if action.partition(":")[0] in DOORS])
def test_a_grant_that_is_taken_from_a_door_is_missed(assembly: Assembly, action: str) -> None:
    def take(statement: dict[str, Any]) -> None:
        statement["Action"] = [one for one in as_list(statement["Action"]) if one != action]

    (sentence,) = missing(broken(assembly.stages["sealed"], "door", take, action))

    assert sentence.startswith("the door ")


@pytest.mark.parametrize("kind", ["role", "door"])
@pytest.mark.parametrize("more", ["dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:DeleteTable"])
def test_a_grant_that_nobody_needs_is_found(assembly: Assembly, kind: str, more: str) -> None:
    def give(statement: dict[str, Any]) -> None:
        statement["Action"] = [*as_list(statement["Action"]), more]

    (sentence,) = unused(broken(assembly.stages["sealed"], kind, give, "dynamodb:Query"))

    assert f"grants {more} on " in sentence


def test_a_task_protects_itself_only_where_the_stage_wants_it(assembly: Assembly) -> None:
    wanted = {name: stage.config.service.protect_tasks for name, stage in assembly.stages.items()}
    asked = {
        name: any(PROTECTION in sentence for sentence in unused(_unprotected(stage)))
        for name, stage in assembly.stages.items()
    }

    assert {"sealed"} == {name for name, is_wanted in wanted.items() if is_wanted}
    assert wanted == asked, "the grant is there where it is wanted, and idle as soon as it is not"


def _unprotected(stage: StageView) -> StageView:
    """The same templates under a configuration that does not want the protection."""
    service = replace(stage.config.service, protect_tasks=False)
    return replace(stage, config=replace(stage.config, service=service))


def test_another_resource_is_no_grant_and_an_idle_one(assembly: Assembly) -> None:
    def turn(statement: dict[str, Any]) -> None:
        statement["Resource"] = "arn:aws:bedrock:us-east-1::foundation-model/another"

    stage = broken(assembly.stages["sealed"], "role", turn, "bedrock:InvokeModel")

    assert 2 == len(list(missing(stage)))
    assert 2 == len(list(unused(stage)))


def test_a_condition_for_somebody_else_is_a_refusal(assembly: Assembly) -> None:
    def turn(statement: dict[str, Any]) -> None:
        statement["Condition"]["ArnLike"]["aws:PrincipalArn"] = "arn:aws:iam::210987654321:role/other-*"

    assert list(missing(broken(assembly.stages["sealed"], "door", turn, "dynamodb:Query")))


ALLOW: Mapping[str, Any] = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([ALLOW], True),
        ([ALLOW, {**ALLOW, "Effect": "Deny"}], False),
        ([{**ALLOW, "Action": "s3:Put*"}], False),
        ([{**ALLOW, "Resource": "arn:aws:s3:::c/*"}], False),
        ([{**ALLOW, "Condition": {"StringEquals": {"aws:x": ["1", "2"]}}}], True),
        ([{**ALLOW, "Condition": {"StringEquals": {"aws:y": "2"}}}], False),
    ],
)
def test_the_evaluator_decides_as_iam_does(statements: list[Mapping[str, Any]], *, allowed: bool) -> None:
    request = Request(action="s3:GetObject", resource="arn:aws:s3:::b/k", context={"aws:x": "2"})

    assert allowed == allows(statements, request)


@pytest.mark.parametrize("more", [{"NotAction": "x"}, {"Condition": {"IpAddress": {"aws:SourceIp": "1"}}}])
def test_the_evaluator_does_not_guess(more: Mapping[str, Any]) -> None:
    with pytest.raises(UnknownPolicyPartError):
        allows([{**ALLOW, **more}], Request(action="s3:GetObject", resource="arn:aws:s3:::b/k"))
