"""The moto extension itself: complete for what we use, loud about what it does not know."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stacks.packaged_node import use_packaged_node
from tests.deploy.cloudformation import providers
from tests.deploy.cloudformation.engine import in_order, references
from tests.deploy.cloudformation.registry import (
    PROVIDERS,
    Api,
    UnknownTypeError,
    UnsentPropertyError,
    provider,
)

use_packaged_node()
providers.load()

API = Api(account="123456789012", region="us-east-1", endpoint=None)


@pytest.fixture(scope="module")
def cloudformation() -> Iterator[Any]:
    """The extension installed in this process, in a process of its own for nobody else: moto is only used here."""
    from tests.deploy.cloudformation.engine import install  # noqa: PLC0415 - it changes moto for good

    install(None)
    with mock_aws():
        yield API.client("cloudformation")


def create(cloudformation: Any, name: str, resources: dict[str, Any], **rest: Any) -> Any:
    template = json.dumps({"Resources": resources, **rest})
    cloudformation.create_stack(StackName=name, TemplateBody=template)
    return cloudformation.describe_stacks(StackName=name)["Stacks"][0]


def events(cloudformation: Any, name: str) -> dict[str, str]:
    found = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return {
        event["LogicalResourceId"]: event["ResourceStatus"]
        for event in reversed(found)
        if event["ResourceType"] != "AWS::CloudFormation::Stack"
    }


ALARM = {
    "AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
    "Threshold": "5", "ComparisonOperator": "LessThanThreshold",
}  # fmt: skip


def test_a_type_without_a_provider_is_refused_by_name() -> None:
    with pytest.raises(UnknownTypeError, match="AWS::Made::Up"):
        provider("AWS::Made::Up")


@pytest.mark.parametrize("kind", sorted(PROVIDERS))
def test_whatever_can_be_made_can_be_deleted(kind: str) -> None:
    assert provider(kind).delete is not None


@pytest.mark.usefixtures("cloudformation")
def test_a_property_that_the_api_does_not_take_is_an_error_and_not_dropped() -> None:
    with pytest.raises(UnsentPropertyError, match="put_metric_alarm takes no Colour"):
        API.send("cloudwatch", "put_metric_alarm", {**ALARM, "Colour": "red"})


@pytest.mark.usefixtures("cloudformation")
def test_numbers_written_as_text_arrive_as_numbers() -> None:
    API.send("cloudwatch", "put_metric_alarm", ALARM)

    (alarm,) = API.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert 5.0 == alarm["Threshold"]


def test_a_resource_that_fails_says_why_and_what_was_made_goes_again(cloudformation: Any) -> None:
    made = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/made", "Type": "String", "Value": "x"}}
    fails = {
        "Type": "AWS::CloudWatch::Alarm",
        "DependsOn": "Made",
        "Properties": {**ALARM, "Colour": "red"},
    }
    stack = create(cloudformation, "failing", {"Fails": fails, "Made": made})

    assert "ROLLBACK_COMPLETE" == stack["StackStatus"]
    assert "CREATE_FAILED" == events(cloudformation, "failing")["Fails"]
    reasons = [
        e.get("ResourceStatusReason", "")
        for e in cloudformation.describe_stack_events(StackName="failing")["StackEvents"]
    ]
    assert any("put_metric_alarm takes no Colour" in reason for reason in reasons)
    assert [] == API.client("ssm").describe_parameters()["Parameters"]


def test_a_change_reaches_what_refers_to_what_was_replaced(cloudformation: Any) -> None:
    """A new task definition has a new name, so the service that names it is updated although its text is the same."""

    def task(cpu: str) -> dict[str, Any]:
        container = [{"Name": "x", "Image": "x", "Memory": 128}]
        return {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Family": "f", "Cpu": cpu, "ContainerDefinitions": container},
        }

    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/p", "Type": "String", "Value": {"Ref": "Task"}},
    }
    create(cloudformation, "changing", {"Parameter": parameter, "Task": task("256")})
    before = API.client("ssm").get_parameter(Name="/p")["Parameter"]["Value"]
    untouched = {"Type": "AWS::CloudWatch::Alarm", "Properties": ALARM}
    template = json.dumps(
        {"Resources": {"Parameter": {**parameter, "DependsOn": []}, "Task": task("512"), "New": untouched}}
    )
    cloudformation.update_stack(StackName="changing", TemplateBody=template)

    assert {"Task": "UPDATE_COMPLETE", "Parameter": "UPDATE_COMPLETE", "New": "CREATE_COMPLETE"} == events(
        cloudformation, "changing"
    )
    assert before != API.client("ssm").get_parameter(Name="/p")["Parameter"]["Value"]


def test_a_reference_into_another_stack_is_its_output(cloudformation: Any) -> None:
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {**ALARM, "AlarmName": "giver"}}
    create(cloudformation, "giver", {"A": alarm}, Outputs={"Arn": {"Value": {"Fn::GetAtt": ["A", "Arn"]}}})
    value = {"Fn::GetStackOutput": {"StackName": "giver", "Region": "us-east-1", "OutputName": "Arn"}}
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/taken", "Type": "String", "Value": value},
    }
    create(cloudformation, "taker", {"P": parameter})

    taken = API.client("ssm").get_parameter(Name="/taken")["Parameter"]["Value"]
    assert "arn:aws:cloudwatch:us-east-1:123456789012:alarm:giver" == taken


def test_resources_come_after_what_they_refer_to() -> None:
    resources = {
        "C": {"Properties": {"X": {"Fn::Join": ["", [{"Ref": "B"}]]}}},
        "B": {"Properties": {"X": {"Fn::Sub": "a-${A.Arn}"}}},
        "A": {"DependsOn": ["D"], "Properties": {}},
        "D": {},
    }

    assert ["D", "A", "B", "C"] == in_order(resources)
    assert ["E"] == list(references({"Fn::GetAtt": "E.Arn"}))


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="depends on itself"):
        in_order({"A": {"DependsOn": "B"}, "B": {"DependsOn": "A"}})


@pytest.mark.usefixtures("cloudformation")
def test_boto3_is_never_sent_to_aws() -> None:
    """If this fails, the other tests would have asked the real services."""
    assert (
        "123456789012"
        == boto3.client(
            "sts", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        ).get_caller_identity()["Account"]
    )
