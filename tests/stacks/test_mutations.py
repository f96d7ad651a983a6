"""Every property of section "The 52 properties" is broken once or more, and something of its number notices."""

from typing import Any

import pytest

from delivery.templates import StageView
from tests.stacks.architecture_rules import broken_in
from tests.stacks.assemblies import Assembly
from tests.stacks.mutations import (
    Mutation,
    add,
    attribute,
    both,
    broken,
    drop,
    each,
    put,
    remove,
    statement,
    trust,
)
from tests.stacks.test_properties import CHECKS

LB, TG = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER, TASK, SERVICE = (
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ECS::TaskDefinition",
    "AWS::ECS::Service",
)
TABLE, POOL, CLIENT = "AWS::DynamoDB::GlobalTable", "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"
DISTRIBUTION, BUCKET, ACL = "AWS::CloudFront::Distribution", "AWS::S3::Bucket", "AWS::WAFv2::WebACL"
POLICY, ALARM = "AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::CloudWatch::Alarm"
CONFIG, CONTAINER = "DistributionConfig", ("ContainerDefinitions", 0)
OPEN = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "all"}
HEADERS = "AWS::CloudFront::ResponseHeadersPolicy"
HEADERS_CONFIG = "ResponseHeadersPolicyConfig"


def _allow(**statement: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/y", **statement}


def _route(templates: dict[str, Any]) -> None:
    table = next(
        resource["Properties"]["RouteTableId"]
        for resource in templates["network"]["Resources"].values()
        if resource["Type"] == "AWS::EC2::SubnetRouteTableAssociation"
    )
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
    templates["network"]["Resources"]["WayOut"] = {"Type": "AWS::EC2::Route", "Properties": route}


def _one_zone(templates: dict[str, Any]) -> None:
    put("AWS::EC2::Subnet", "AvailabilityZone", value="us-east-1a")(templates)


def _forget_retention(templates: dict[str, Any]) -> None:
    for resource in templates["data"]["Resources"].values():
        resource.pop("DeletionPolicy", None)


def _grow(templates: dict[str, Any]) -> None:
    for number in range(450):
        templates["data"]["Resources"][f"Topic{number}"] = {"Type": "AWS::SNS::Topic", "Properties": {}}


def _read_unknown_metric(templates: dict[str, Any]) -> None:
    body = next(r for r in templates["observability"]["Resources"].values() if "Dashboard" in r["Type"])[
        "Properties"
    ]
    parts = body["DashboardBody"]["Fn::Join"][1]
    body["DashboardBody"]["Fn::Join"][1] = [
        p.replace("SessionsActive", "Sessions") if isinstance(p, str) else p for p in parts
    ]


def _parts(rule: Any) -> list[Any]:
    return [part.replace(" AND ", " OR ") if isinstance(part, str) else part for part in rule["Fn::Join"][1]]


def _environment(name: str, value: str) -> Any:
    return each(
        TASK, lambda p: p["ContainerDefinitions"][0]["Environment"].append({"Name": name, "Value": value})
    )


def _behavior(key: str, value: object) -> Any:
    return each(DISTRIBUTION, lambda p: [b.update({key: value}) for b in p[CONFIG]["CacheBehaviors"]])


MUTATIONS = (
    Mutation(number=1, breaks="a subnet gives public addresses", change=put("AWS::EC2::Subnet", "MapPublicIpOnLaunch", value=True)),
    Mutation(number=2, breaks="a NAT gateway appears", stage="sealed", change=add("network", "Nat", {"Type": "AWS::EC2::NatGateway", "Properties": {}})),
    Mutation(number=2, breaks="task subnets get a default route", stage="sealed", change=_route),
    Mutation(number=3, breaks="the gateway goes", stage="sealed", change=remove("AWS::EC2::InternetGateway")),
    Mutation(number=3, breaks="the gateway is not attached", stage="sealed", change=remove("AWS::EC2::VPCGatewayAttachment")),
    Mutation(number=4, breaks="an endpoint goes", stage="sealed", change=remove("AWS::EC2::VPCEndpoint", "Bedrock")),
    Mutation(number=4, breaks="an endpoint too many", stage="sealed", change=add("network", "More", {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"ServiceName": "com.amazonaws.us-east-1.sqs"}})),
    Mutation(number=5, breaks="an endpoint without a policy", stage="sealed", change=drop("AWS::EC2::VPCEndpoint", "PolicyDocument")),
    Mutation(number=5, breaks="an endpoint for every action", stage="sealed", change=put("AWS::EC2::VPCEndpoint", "PolicyDocument", "Statement", 0, "Action", value="*")),
    Mutation(number=5, breaks="an endpoint for every resource", stage="sealed", change=put("AWS::EC2::VPCEndpoint", "PolicyDocument", "Statement", 0, "Resource", value="*")),
    Mutation(number=6, breaks="no flow logs", change=remove("AWS::EC2::FlowLog")),
    Mutation(number=6, breaks="flow logs of rejects only", change=put("AWS::EC2::FlowLog", "TrafficType", value="REJECT")),
    Mutation(number=7, breaks="a group lets everybody in", stage="sealed", change=put("AWS::EC2::SecurityGroup", "SecurityGroupIngress", value=[OPEN])),
    Mutation(number=7, breaks="a rule lets everybody in", stage="sealed", change=add("service", "In", {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": OPEN})),
    Mutation(number=7, breaks="tasks reach everything", stage="sealed", change=put("AWS::EC2::SecurityGroup", "SecurityGroupEgress", value=[OPEN])),
    Mutation(number=7, breaks="tasks reach every port", stage="sealed", change=put("AWS::EC2::SecurityGroupEgress", "ToPort", value=65535)),
    Mutation(number=8, breaks="a group is not described", change=put("AWS::EC2::SecurityGroup", "GroupDescription", value="prod/Service/Group")),
    Mutation(number=8, breaks="a rule is not described", change=drop("AWS::EC2::SecurityGroupIngress", "Description")),
    Mutation(number=8, breaks="a way out is not described", change=drop("AWS::EC2::SecurityGroupEgress", "Description")),
    Mutation(number=9, breaks="the load balancer is public", change=put(LB, "Scheme", value="internet-facing")),
    Mutation(number=9, breaks="the load balancer lets in a range", change=add("service", "In", {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {**OPEN, "CidrIp": "10.0.0.0/8"}})),
    Mutation(number=9, breaks="a public load balancer asks no secret", stage="public", change=each("AWS::ElasticLoadBalancingV2::ListenerRule", lambda p: p["Conditions"].pop(0))),
    Mutation(number=9, breaks="a public load balancer answers anybody", stage="public", change=put(LISTENER, "DefaultActions", value=[{"Type": "forward"}])),
    Mutation(number=10, breaks="a plain listener", change=put(LISTENER, "Protocol", value="HTTP")),
    Mutation(number=10, breaks="a listener on 80", change=put(LISTENER, "Port", value=80)),
    Mutation(number=10, breaks="old TLS", change=put(LISTENER, "SslPolicy", value="ELBSecurityPolicy-2016-08")),
    Mutation(number=11, breaks="the idle timeout is left alone", change=attribute(LB, "LoadBalancerAttributes", "idle_timeout.timeout_seconds", "39")),
    Mutation(number=11, breaks="heartbeats are too rare", change=_environment("VOICE_HEARTBEAT_MS", "90000")),
    Mutation(number=12, breaks="draining is cut", change=attribute(TG, "TargetGroupAttributes", "deregistration_delay.timeout_seconds", "300")),
    Mutation(number=13, breaks="round robin", change=attribute(TG, "TargetGroupAttributes", "load_balancing.algorithm.type", "round_robin")),
    Mutation(number=13, breaks="stickiness", change=attribute(TG, "TargetGroupAttributes", "stickiness.enabled", "true")),
    Mutation(number=14, breaks="readiness decides about life", change=put(TG, "HealthCheckPath", value="/health/ready")),
    Mutation(number=14, breaks="health checks overlap", change=put(TG, "HealthCheckTimeoutSeconds", value=30)),
    Mutation(number=15, breaks="no protection", change=attribute(LB, "LoadBalancerAttributes", "deletion_protection.enabled", "false")),
    Mutation(number=15, breaks="invalid headers pass", change=attribute(LB, "LoadBalancerAttributes", "routing.http.drop_invalid_header_fields.enabled", "false")),
    Mutation(number=15, breaks="no access log", change=attribute(LB, "LoadBalancerAttributes", "access_logs.s3.enabled", "false")),
    Mutation(number=15, breaks="a log bucket that cannot be written", change=each(BUCKET, lambda p: p["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"].update(SSEAlgorithm="aws:kms"))),
    Mutation(number=16, breaks="a bigger task", change=put(TASK, "Cpu", value="4096")),
    Mutation(number=16, breaks="another port", change=each(TASK, lambda p: [m.update(ContainerPort=80) for m in p["ContainerDefinitions"][0].get("PortMappings", [])])),
    Mutation(number=16, breaks="another architecture", change=put(TASK, "RuntimePlatform", "CpuArchitecture", value="X86_64")),
    Mutation(number=17, breaks="root", change=put(TASK, *CONTAINER, "User", value="0:0")),
    Mutation(number=17, breaks="a writable root", change=put(TASK, *CONTAINER, "ReadonlyRootFilesystem", value=False)),
    Mutation(number=17, breaks="capabilities", change=drop(TASK, *CONTAINER, "LinuxParameters", "Capabilities")),
    Mutation(number=17, breaks="a blocking log", change=put(TASK, *CONTAINER, "LogConfiguration", "Options", "mode", value="blocking")),
    Mutation(number=17, breaks="a stop that Fargate refuses", change=put(TASK, *CONTAINER, "StopTimeout", value=600)),
    Mutation(number=17, breaks="a second container", change=each(TASK, lambda p: p["ContainerDefinitions"].append(dict(p["ContainerDefinitions"][0])))),
    Mutation(number=18, breaks="latest", change=put(TASK, *CONTAINER, "Image", value="123456789012.dkr.ecr.us-east-1.amazonaws.com/voice:latest")),
    Mutation(number=18, breaks="another digest", change=put(TASK, *CONTAINER, "Image", value={"Fn::Join": ["", ["voice@sha256:", "f" * 64]]})),
    Mutation(number=19, breaks="a secret by name", change=_environment("VOICE_API_KEY", "x")),
    Mutation(number=19, breaks="a secret by value", change=_environment("VOICE_ID", "AKIAIOSFODNN7EXAMPLE")),
    Mutation(number=20, breaks="a deployment resets the scale", change=put(SERVICE, "DesiredCount", value=2)),
    Mutation(number=20, breaks="one task", change=put("AWS::ApplicationAutoScaling::ScalableTarget", "MinCapacity", value=1)),
    Mutation(number=20, breaks="a hundred tasks", change=put("AWS::ApplicationAutoScaling::ScalableTarget", "MaxCapacity", value=100)),
    Mutation(number=20, breaks="a deployment takes tasks away", change=put(SERVICE, "DeploymentConfiguration", "MinimumHealthyPercent", value=50)),
    Mutation(number=21, breaks="no circuit breaker", change=put(SERVICE, "DeploymentConfiguration", "DeploymentCircuitBreaker", "Enable", value=False)),
    Mutation(number=21, breaks="no way back", change=put(SERVICE, "DeploymentConfiguration", "Alarms", "Rollback", value=False)),
    Mutation(number=21, breaks="judged at once", change=put(SERVICE, "HealthCheckGracePeriodSeconds", value=0)),
    Mutation(number=22, breaks="one zone", change=_one_zone),
    Mutation(number=23, breaks="public tasks", change=put(SERVICE, "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp", value="ENABLED")),
    Mutation(number=23, breaks="a shell", change=put(SERVICE, "EnableExecuteCommand", value=True)),
    Mutation(number=24, breaks="no tracking", change=remove(POLICY, "Utilization")),
    Mutation(number=24, breaks="a target nobody measured", change=each(POLICY, lambda p: p.get("TargetTrackingScalingPolicyConfiguration", {}).update(TargetValue=60))),
    Mutation(number=24, breaks="more sessions than were measured", change=each(TASK, lambda p: [e.update(Value="5000") for e in p["ContainerDefinitions"][0]["Environment"] if e["Name"] == "VOICE_MAX_SESSIONS"])),
    Mutation(number=24, breaks="slow metrics", change=drop(SERVICE, "Monitoring")),
    Mutation(number=24, breaks="a metric that nobody emits", change=each(POLICY, lambda p: p.get("TargetTrackingScalingPolicyConfiguration", {}).get("CustomizedMetricSpecification", {}).update(MetricName="Load"))),
    Mutation(number=24, breaks="shrinking faster than growing", change=each(POLICY, lambda p: p.get("TargetTrackingScalingPolicyConfiguration", {}).update(ScaleInCooldown=1))),
    Mutation(number=25, breaks="every model", change=statement("service", "TaskPolicy", lambda s: s[0].update(Resource="arn:aws:bedrock:us-east-1::foundation-model/*"))),
    Mutation(number=25, breaks="one action missing", change=statement("service", "TaskPolicy", lambda s: s[0].update(Action="bedrock:InvokeModel"))),
    Mutation(number=26, breaks="a starred action", change=statement("service", "TaskPolicy", lambda s: s.append(_allow(Action="s3:*")))),
    Mutation(number=26, breaks="a starred action in a list", change=statement("delivery", "PublishPolicy", lambda s: s.append(_allow(Action=["s3:GetObject", "s3:Put*"])))),
    Mutation(number=26, breaks="every resource", change=statement("service", "TaskPolicy", lambda s: s.append(_allow(Resource="*")))),
    Mutation(number=26, breaks="a foreign policy", change=put("AWS::IAM::Role", "ManagedPolicyArns", value=["arn:aws:iam::aws:policy/AdministratorAccess"])),
    Mutation(number=27, breaks="the start reads data", change=statement("service", "TaskExecutionPolicy", lambda s: s.append(_allow(Action="dynamodb:GetItem")))),
    Mutation(number=27, breaks="the service pulls images", change=statement("service", "TaskPolicy", lambda s: s.append(_allow(Action="ecr:BatchGetImage")))),
    Mutation(number=27, breaks="the canary reads the table", change=statement("service", "CanaryExecutionPolicy", lambda s: s.append(_allow(Action="dynamodb:GetItem")))),
    Mutation(number=27, breaks="the schedule starts any task", change=statement("service", "CanaryStartPolicy", lambda s: s[0].update(Resource="arn:aws:ecs:us-east-1:777788889999:task-definition/other:1"))),
    Mutation(number=28, breaks="any account", change=trust("Service", lambda s: s.pop("Condition"))),
    Mutation(number=28, breaks="another region", change=trust("Service", lambda s: s["Condition"].pop("ArnLike", None))),
    Mutation(number=29, breaks="any repository", change=trust("Federated", lambda s: s["Condition"]["StringEquals"].update({"token.actions.githubusercontent.com:sub": "repo:*"}))),
    Mutation(number=29, breaks="any audience", change=trust("Federated", lambda s: s["Condition"]["StringEquals"].pop("token.actions.githubusercontent.com:aud"))),
    Mutation(number=29, breaks="deployment with rights of its own", change=statement("delivery", "DeployPolicy", lambda s: s.append(_allow(Action="iam:CreateRole")))),
    Mutation(number=30, breaks="a grant that nobody needs", change=statement("service", "TaskPolicy", lambda s: s.append(_allow()))),
    Mutation(number=30, breaks="a call that is not granted", change=statement("service", "TaskPolicy", lambda s: s.pop(1))),
    Mutation(number=31, breaks="no way back in time", change=put(TABLE, "Replicas", 0, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled", value=False)),
    Mutation(number=31, breaks="another TTL attribute", change=put(TABLE, "TimeToLiveSpecification", "AttributeName", value="ttl")),
    Mutation(number=31, breaks="a key that stays", change=put("AWS::KMS::Key", "EnableKeyRotation", value=False)),
    Mutation(number=31, breaks="the table goes with its stack", change=_forget_retention),
    Mutation(number=31, breaks="the table can be deleted", change=put(TABLE, "Replicas", 0, "DeletionProtectionEnabled", value=False)),
    Mutation(number=31, breaks="a plain table", change=add("data", "Plain", {"Type": "AWS::DynamoDB::Table", "Properties": {}})),
    Mutation(number=32, breaks="another key", change=put(TABLE, "KeySchema", 0, "AttributeName", value="id")),
    Mutation(number=33, breaks="no second factor", change=put(POOL, "MfaConfiguration", value="OFF")),
    Mutation(number=33, breaks="a second factor by choice", change=put(POOL, "MfaConfiguration", value="OPTIONAL")),
    Mutation(number=33, breaks="anybody signs up", change=put(POOL, "AdminCreateUserConfig", "AllowAdminCreateUserOnly", value=False)),
    Mutation(number=33, breaks="a refresh token for many uses", change=each(CLIENT, lambda p: p.pop("RefreshTokenRotation", None))),
    Mutation(number=33, breaks="another program that signs in", change=put(CLIENT, "ClientName", value="another")),
    Mutation(number=33, breaks="implicit flow", change=put(CLIENT, "AllowedOAuthFlows", value=["implicit", "code"])),
    Mutation(number=33, breaks="a secret in the browser", change=put(CLIENT, "GenerateSecret", value=True)),
    Mutation(number=33, breaks="a plain callback", change=put(CLIENT, "CallbackURLs", value=["http://voice.example.com/"])),
    Mutation(number=33, breaks="localhost in a protected stage", change=put(CLIENT, "CallbackURLs", value=["http://localhost:8000/"])),
    Mutation(number=33, breaks="a day's token", change=put(CLIENT, "AccessTokenValidity", value=1440)),
    Mutation(number=33, breaks="users can be guessed", change=put(CLIENT, "PreventUserExistenceErrors", value="LEGACY")),
    Mutation(number=33, breaks="tokens live on", change=put(CLIENT, "EnableTokenRevocation", value=False)),
    Mutation(number=34, breaks="a public bucket", change=put(BUCKET, "PublicAccessBlockConfiguration", "BlockPublicPolicy", value=False)),
    Mutation(number=34, breaks="a web site bucket", change=put(BUCKET, "WebsiteConfiguration", value={"IndexDocument": "index.html"})),
    Mutation(number=34, breaks="plain text to the bucket", change=remove("AWS::S3::BucketPolicy")),
    Mutation(number=34, breaks="no access control", change=each(DISTRIBUTION, lambda p: [o.pop("OriginAccessControlId", None) for o in p[CONFIG]["Origins"]])),
    Mutation(number=35, breaks="the service is cached", change=_behavior("CachePolicyId", "658327ea-f89d-4fab-a63d-7e88639e58f6")),
    Mutation(number=35, breaks="the service sees less", change=_behavior("OriginRequestPolicyId", "x")),
    Mutation(number=35, breaks="plain text to the service", change=_behavior("ViewerProtocolPolicy", "allow-all")),
    Mutation(number=35, breaks="no socket", change=each(DISTRIBUTION, lambda p: p[CONFIG]["CacheBehaviors"].pop())),
    Mutation(number=35, breaks="a path too many", change=each(DISTRIBUTION, lambda p: p[CONFIG]["CacheBehaviors"].append({**p[CONFIG]["CacheBehaviors"][0], "PathPattern": "/health"}))),
    Mutation(number=36, breaks="old TLS for viewers", change=put(DISTRIBUTION, CONFIG, "ViewerCertificate", "MinimumProtocolVersion", value="TLSv1.1_2016")),
    Mutation(number=37, breaks="no transport security", change=drop(HEADERS, HEADERS_CONFIG, "SecurityHeadersConfig", "StrictTransportSecurity")),
    Mutation(number=37, breaks="inline code", change=put(HEADERS, HEADERS_CONFIG, "SecurityHeadersConfig", "ContentSecurityPolicy", "ContentSecurityPolicy", value="default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'")),
    Mutation(number=37, breaks="frames", change=put(HEADERS, HEADERS_CONFIG, "SecurityHeadersConfig", "FrameOptions", "FrameOption", value="SAMEORIGIN")),
    Mutation(number=37, breaks="the microphone for all", change=put(HEADERS, HEADERS_CONFIG, "CustomHeadersConfig", "Items", 0, "Value", value="microphone=*")),
    Mutation(number=37, breaks="no headers", change=drop(DISTRIBUTION, CONFIG, "DefaultCacheBehavior", "ResponseHeadersPolicyId")),
    Mutation(number=38, breaks="a regional firewall", change=put(ACL, "Scope", value="REGIONAL")),
    Mutation(number=38, breaks="no rate rule", change=each(ACL, lambda p: p["Rules"].pop())),
    Mutation(number=38, breaks="no log", change=remove("AWS::WAFv2::LoggingConfiguration")),
    Mutation(number=38, breaks="tokens in the log", change=put("AWS::WAFv2::LoggingConfiguration", "RedactedFields", value=[])),
    Mutation(number=38, breaks="no firewall in front", change=drop(DISTRIBUTION, CONFIG, "WebACLId")),
    Mutation(number=39, breaks="tags on the VPC origin", change=put("AWS::CloudFront::VpcOrigin", "Tags", value=[{"Key": "Stage", "Value": "prod"}])),
    Mutation(number=40, breaks="every 404 is the page", change=put(DISTRIBUTION, CONFIG, "CustomErrorResponses", value=[{"ErrorCode": 404, "ResponsePagePath": "/index.html"}])),
    Mutation(number=40, breaks="routes are not the page", change=drop(DISTRIBUTION, CONFIG, "DefaultCacheBehavior", "FunctionAssociations")),
    Mutation(number=41, breaks="an alarm that nobody hears", change=put(ALARM, "AlarmActions", value=[])),
    Mutation(number=41, breaks="an alarm without a page", change=put(ALARM, "AlarmDescription", value="Something. docs/operations.md#unwritten")),
    Mutation(number=41, breaks="an alarm without a runbook", change=put(ALARM, "AlarmDescription", value="Something is wrong")),
    Mutation(number=41, breaks="silence is not judged", change=drop(ALARM, "TreatMissingData")),
    Mutation(number=41, breaks="a window that nobody reads", change=remove("AWS::CloudWatch::CompositeAlarm", "AudioFast")),
    Mutation(number=41, breaks="a composite alarm that nobody hears", change=drop("AWS::CloudWatch::CompositeAlarm", "AlarmActions")),
    Mutation(number=41, breaks="one window is enough", change=each("AWS::CloudWatch::CompositeAlarm", lambda p: p.update(AlarmRule={"Fn::Join": ["", _parts(p["AlarmRule"])]}))),
    Mutation(number=42, breaks="an alarm goes", change=remove(ALARM, "Heartbeat")),
    Mutation(number=43, breaks="the dashboard reads what nobody emits", change=_read_unknown_metric),
    Mutation(number=44, breaks="logs for ever", change=drop("AWS::Logs::LogGroup", "RetentionInDays")),
    Mutation(number=44, breaks="logs in the clear", change=drop("AWS::Logs::LogGroup", "KmsKeyId")),
    Mutation(number=45, breaks="no tags", change=drop("AWS::EC2::VPC", "Tags")),
    Mutation(number=48, breaks="a template of 450 resources", change=_grow),
    Mutation(number=50, breaks="an import", change=put("AWS::SNS::Subscription", "TopicArn", value={"Fn::ImportValue": "Topic"})),
    Mutation(number=50, breaks="an export", change=lambda t: t["data"].setdefault("Outputs", {}).update(X={"Value": "x", "Export": {"Name": "x"}})),
    Mutation(number=51, breaks="a function", change=add("frontend", "Code", {"Type": "AWS::Lambda::Function", "Properties": {}})),
    Mutation(number=51, breaks="a custom resource", change=add("frontend", "Code", {"Type": "Custom::Deployment", "Properties": {}})),
    Mutation(number=51, breaks="both at once", change=both(add("data", "A", {"Type": "Custom::A", "Properties": {}}), add("data", "B", {"Type": "AWS::Lambda::Function", "Properties": {}}))),
)  # fmt: skip

# Held by tests of their own, each of which shows that it can fail.
ELSEWHERE = {
    46: "test_synthesis.py",
    47: "test_baseline.py",
    49: "test_acknowledgments.py",
    52: "test_stage_checks.py",
}


def noticed(stage: StageView, number: int, *, parts: list[str]) -> set[str]:
    """The rules and checks of this number that find something wrong; rules look at the changed parts only."""
    prefix = f"p{number:02}_"
    rules = {rule for rule in broken_in(stage, parts) if rule.startswith(prefix)}
    return rules | {
        check.__name__ for check in CHECKS if check.__name__.startswith(prefix) and list(check(stage))
    }


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.number:02}-{m.breaks.replace(' ', '-')}")
def test_a_broken_property_is_noticed_by_its_own_rule(assembly: Assembly, mutation: Mutation) -> None:
    whole = assembly.stages[mutation.stage]
    changed = broken(whole, mutation)
    parts = [part for part in whole.templates if whole.templates[part] != changed.templates[part]]

    assert noticed(changed, mutation.number, parts=parts)


def test_every_property_is_broken_once() -> None:
    assert set(range(1, 53)) == {mutation.number for mutation in MUTATIONS} | set(ELSEWHERE)
