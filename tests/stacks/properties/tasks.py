"""Properties 11 to 24 where one template does not show them."""

import json
from collections.abc import Iterator
from typing import Any

from delivery.templates import StageView, strings
from stacks.metric_table import METRICS, NAMESPACE
from stacks.paths import ROOT
from stacks.stage_config import Architecture
from tests.stacks.assemblies import golden


def _attributes(stage: StageView, kind: str, key: str) -> dict[str, Any]:
    properties = stage.only(f"AWS::ElasticLoadBalancingV2::{kind}")
    return {attribute["Key"]: attribute["Value"] for attribute in properties[key]}


def _container(stage: StageView) -> dict[str, Any]:
    return dict(stage.only("AWS::ECS::TaskDefinition", named="Task")["ContainerDefinitions"][0])


def environment(stage: StageView) -> dict[str, Any]:
    return {entry["Name"]: entry["Value"] for entry in _container(stage)["Environment"]}


def p11_two_heartbeats_fit_into_the_idle_timeout(stage: StageView) -> Iterator[str]:
    idle_s = int(_attributes(stage, "LoadBalancer", "LoadBalancerAttributes")["idle_timeout.timeout_seconds"])
    heartbeat_ms = int(environment(stage)["VOICE_HEARTBEAT_MS"])
    if idle_s * 1000 < 2 * heartbeat_ms:
        yield f"the load balancer closes after {idle_s} s and a heartbeat comes every {heartbeat_ms} ms"


def p15_protection_and_logs_of_the_load_balancer(stage: StageView) -> Iterator[str]:
    protection = _attributes(stage, "LoadBalancer", "LoadBalancerAttributes").get(
        "deletion_protection.enabled"
    )
    if protection != str(stage.config.stage.protected).lower():
        yield f"deletion protection is {protection}"
    bucket = stage.only("AWS::S3::Bucket", "service")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    if rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] != "AES256":
        yield "a load balancer cannot write logs with a customer's key"


def p16_the_architecture_is_the_configured_one(stage: StageView) -> Iterator[str]:
    found = stage.only("AWS::ECS::TaskDefinition", named="Task")["RuntimePlatform"]["CpuArchitecture"]
    expected = "ARM64" if stage.config.service.architecture is Architecture.ARM64 else "X86_64"
    if found != expected:
        yield f"the tasks are {found}, configured is {expected}"


def p17_there_is_one_container(stage: StageView) -> Iterator[str]:
    containers = stage.only("AWS::ECS::TaskDefinition", named="Task")["ContainerDefinitions"]
    if len(containers) != 1:
        yield f"there are {len(containers)} containers"


def p18_the_image_is_named_by_digest_or_content(stage: StageView) -> Iterator[str]:
    image = "".join(strings(_container(stage)["Image"]))
    digest = stage.config.image_digest
    if digest is not None and not image.endswith(f"@{digest}"):
        yield f"the image is {image}, not {digest}"
    if digest is None and "container-assets" not in image:
        yield f"the image is {image}, neither a digest nor an asset"


def p20_the_scale_is_the_configured_one(stage: StageView) -> Iterator[str]:
    target = stage.only("AWS::ApplicationAutoScaling::ScalableTarget")
    service = stage.config.service
    if (target["MinCapacity"], target["MaxCapacity"]) != (service.min_tasks, service.max_tasks):
        yield f"the service scales from {target['MinCapacity']} to {target['MaxCapacity']}"


def p22_tasks_spread_over_two_zones(stage: StageView) -> Iterator[str]:
    subnets = stage.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
    wanted = {"".join(strings(subnet)) for subnet in subnets}
    zones = {
        subnet["Properties"]["AvailabilityZone"]
        for _, id_, subnet in stage.resources("AWS::EC2::Subnet")
        if any(id_ in reference for reference in wanted)
    }
    if len(zones) < 2:
        yield f"the tasks run in {sorted(zones)}"


def _tracking(stage: StageView) -> list[dict[str, Any]]:
    policies = stage.resources("AWS::ApplicationAutoScaling::ScalingPolicy")
    key = "TargetTrackingScalingPolicyConfiguration"
    return [policy["Properties"][key] for _, _, policy in policies if key in policy["Properties"]]


def _disagreements_with_capacity(stage: StageView, tracked: dict[str, Any]) -> Iterator[str]:
    held = json.loads((ROOT / "config/capacity.json").read_text())["held"]
    sessions = int(environment(stage)["VOICE_MAX_SESSIONS"])
    share = stage.config.service.target_utilization_percent / 100
    if sessions > held["sessions"]:
        yield f"a task takes {sessions} sessions and was measured to hold {held['sessions']}"
    wanted = min(max(held["cpuPercent"] * share, 20), 80)
    if abs(tracked.get("ECSServiceAverageCPUUtilizationHighResolution", 0) - wanted) > 1:
        yield f"scaling on CPU does not aim at the {wanted:.0f} % that were measured: {tracked}"


def p24_scaling_follows_sessions_and_cpu(stage: StageView) -> Iterator[str]:
    tracked = {
        (one.get("CustomizedMetricSpecification") or {}).get("MetricName")
        or one["PredefinedMetricSpecification"]["PredefinedMetricType"]: one["TargetValue"]
        for one in _tracking(stage)
    }
    if set(tracked) != {"SessionUtilization", "ECSServiceAverageCPUUtilizationHighResolution"}:
        yield f"the service scales on {sorted(tracked)}"
    if tracked.get("SessionUtilization") != stage.config.service.target_utilization_percent:
        yield f"the target is {tracked.get('SessionUtilization')} %"
    yield from _disagreements_with_capacity(stage, tracked)
    if any(one["ScaleInCooldown"] < one["ScaleOutCooldown"] for one in _tracking(stage)):
        yield "the service shrinks faster than it grows"
    monitoring = stage.only("AWS::ECS::Service").get("Monitoring", {}).get("MetricConfigurations", [])
    if not any(m["ResolutionSeconds"] == 20 and "CPUUtilization" in m["MetricNames"] for m in monitoring):
        yield "the high-resolution metric is tracked and not switched on"


def p24_the_metric_is_one_that_the_service_emits(stage: StageView) -> Iterator[str]:
    key = "CustomizedMetricSpecification"
    for own in (one[key] for one in _tracking(stage) if key in one):
        if own["Namespace"] != NAMESPACE or own["MetricName"] not in METRICS:
            yield f"the service does not emit {own['Namespace']} {own['MetricName']}"
        if own["Dimensions"] != [{"Name": "Stage", "Value": stage.config.stage.name}]:
            yield f"the service emits {own['MetricName']} by stage, not by {own['Dimensions']}"
        if own["Statistic"] != "Average":
            yield "utilisation is averaged over tasks, so that it falls when tasks are added"
    agreed = golden("service_metrics.json")
    table = {name: {"unit": m.unit, "outcomes": list(m.outcomes)} for name, m in METRICS.items()}
    if (agreed["namespace"], agreed["metrics"]) != (NAMESPACE, table):
        yield "the metric table and the golden file say different things"


PROPERTIES = (
    p11_two_heartbeats_fit_into_the_idle_timeout,
    p15_protection_and_logs_of_the_load_balancer,
    p16_the_architecture_is_the_configured_one,
    p17_there_is_one_container,
    p18_the_image_is_named_by_digest_or_content,
    p20_the_scale_is_the_configured_one,
    p22_tasks_spread_over_two_zones,
    p24_scaling_follows_sessions_and_cpu,
    p24_the_metric_is_one_that_the_service_emits,
)
