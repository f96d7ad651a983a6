"""Properties 41 to 51 where one template does not show them."""

import json
import re
from collections.abc import Iterator

from delivery.templates import StageView, strings
from stacks.metric_table import METRICS, NAMESPACE
from stacks.paths import ROOT

ALARMS = {
    "added-latency", "audio-latency-fast", "audio-latency-slow", "auth-failures", "budget-spent", "cpu-high", "deployment-failed", "drain-forced", "event-loop-lag",
    "figures-dropped", "resume-failing", "firewall-blocks", "first-audio", "heartbeat-missing", "load-balancer-5xx", "memory-high", "model-denied",
    "model-throttled", "rejected-connections", "rotation-failed", "session-cap", "session-starts",
    "sessions-refused", "table-throttled", "target-5xx", "tasks-missing", "turn-completion-fast",
    "turn-completion-slow", "turns-not-saved", "unhealthy-tasks",
}  # fmt: skip
CANARY_ALARMS = {"canary-failed", "canary-missing"}
TAGGABLE = {
    "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::CloudFront::Distribution", "AWS::CloudWatch::Alarm",
    "AWS::Cognito::UserPool", "AWS::DynamoDB::GlobalTable", "AWS::EC2::FlowLog", "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway", "AWS::EC2::RouteTable", "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC",
    "AWS::ECR::Repository", "AWS::ECS::Cluster", "AWS::ECS::Service", "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::Events::Rule", "AWS::IAM::OIDCProvider", "AWS::IAM::Role",
    "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::SecretsManager::Secret",
    "AWS::WAFv2::WebACL",
}  # fmt: skip
MAX_RESOURCES = 500 * 8 // 10
MAX_BYTES = 1_000_000 * 8 // 10


def slugs(stage: StageView) -> set[str]:
    return {
        alarm["Properties"].get("AlarmDescription", "#").rpartition("#")[2]
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for _, _, alarm in stage.resources(kind)
        if alarm["Properties"].get("AlarmActions")
    }


def p41_a_part_of_an_alarm_is_read_by_the_whole(stage: StageView) -> Iterator[str]:
    read = [
        set(strings(alarm["Properties"]["AlarmRule"]))
        for _, _, alarm in stage.resources("AWS::CloudWatch::CompositeAlarm")
    ]
    for _, id_, alarm in stage.resources("AWS::CloudWatch::Alarm"):
        if not alarm["Properties"].get("AlarmActions") and not any(id_ in parts for parts in read):
            yield f"{id_} wakes nobody, and no other alarm reads it"
    for parts in read:
        if len(
            parts & {id_ for _, id_, _ in stage.resources("AWS::CloudWatch::Alarm")}
        ) != 2 or " AND " not in "".join(parts):
            yield f"a burn rate needs both windows, not {sorted(parts)}"


def p41_every_alarm_has_its_page(stage: StageView) -> Iterator[str]:
    runbook = (ROOT / "docs/operations.md").read_text()
    for slug in sorted(slugs(stage)):
        if f'<a id="{slug}"></a>' not in runbook:
            yield f"docs/operations.md has no page {slug!r}"


def p42_everything_that_can_break_has_an_alarm(stage: StageView) -> Iterator[str]:
    expected = ALARMS | (CANARY_ALARMS if stage.config.has_canary else set())
    for slug in sorted(expected - slugs(stage)):
        yield f"there is no alarm {slug}"


def p43_alarms_and_dashboard_read_what_exists(stage: StageView) -> Iterator[str]:
    body = stage.only("AWS::CloudWatch::Dashboard")["DashboardBody"]
    text = (
        body
        if isinstance(body, str)
        else "".join(p if isinstance(p, str) else "X" for p in body["Fn::Join"][1])
    )
    for widget in json.loads(text)["widgets"]:
        for row in widget["properties"].get("metrics", []):
            if row[0] == NAMESPACE:
                yield from _unknown(row[1], dict(zip(row[2:-1:2], row[3:-1:2], strict=False)), stage)
    for _, _, alarm in stage.resources("AWS::CloudWatch::Alarm"):
        single = [alarm["Properties"]] if "MetricName" in alarm["Properties"] else []
        queries = alarm["Properties"].get("Metrics", [])
        single += [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
        for metric in single:
            if metric["Namespace"] == NAMESPACE:
                dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
                yield from _unknown(metric["MetricName"], dimensions, stage)


def _unknown(name: str, dimensions: dict[str, str], stage: StageView) -> Iterator[str]:
    if name not in METRICS:
        yield f"the service emits no metric {name}"
    elif dimensions.get("Stage") != stage.config.stage.name:
        yield f"{name} is read for {dimensions}"
    elif (outcome := dimensions.get("Outcome")) is not None and outcome not in METRICS[name].outcomes:
        yield f"{name} has no outcome {outcome}"


def p45_everything_is_tagged(stage: StageView) -> Iterator[str]:
    expected = {"Project": "voice-assistant", "Stage": stage.config.stage.name, "ManagedBy": "cdk"}
    for part, template in stage.templates.items():
        for id_, resource in template["Resources"].items():
            if resource["Type"] not in TAGGABLE:
                continue
            properties = resource["Properties"]
            tags = properties.get(
                "Tags", properties.get("UserPoolTags", properties.get("Replicas", [{}])[0].get("Tags"))
            )
            found = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags or []}
            if expected.items() - found.items():
                yield f"{part} {id_} lacks {sorted(expected.keys() - found.keys())}"


def p48_templates_have_room(stage: StageView) -> Iterator[str]:
    for part, template in stage.templates.items():
        if len(template["Resources"]) > MAX_RESOURCES or len(json.dumps(template)) > MAX_BYTES:
            yield f"{part} is nearly too big for CloudFormation"


def p50_references_are_weak(stage: StageView) -> Iterator[str]:
    for part, template in stage.templates.items():
        if "Fn::ImportValue" in json.dumps(template):
            yield f"{part} imports a value"


def p51_nothing_runs_beside_the_service(stage: StageView) -> Iterator[str]:
    for part, template in stage.templates.items():
        for id_, resource in template["Resources"].items():
            if re.match(r"Custom::|AWS::Lambda::", resource["Type"]):
                yield f"{part} {id_} is {resource['Type']}"
    if not list(strings(stage.templates)):
        yield "there is nothing at all"


PROPERTIES = (
    p41_every_alarm_has_its_page,
    p41_a_part_of_an_alarm_is_read_by_the_whole,
    p42_everything_that_can_break_has_an_alarm,
    p43_alarms_and_dashboard_read_what_exists,
    p45_everything_is_tagged,
    p48_templates_have_room,
    p50_references_are_weak,
    p51_nothing_runs_beside_the_service,
)
