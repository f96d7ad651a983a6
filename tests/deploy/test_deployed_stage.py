"""What `cdk deploy` has made, read back from the services themselves."""

import json
from typing import Any

import pytest

from delivery.publish import File, publish, target_of
from stacks.stage_parsing import load
from tests.deploy.deployment import ACCOUNT, Deployment
from tests.stacks.variants import EXAMPLE_DIGEST

pytestmark = [pytest.mark.process, pytest.mark.timeout(900)]


def config_of(deployed: Deployment) -> Any:
    return load(deployed.folder / "config", deployed.stage)


def named(deployed: Deployment, part: str) -> str:
    return f"voice-{deployed.stage}-{part}"


def the_service(deployed: Deployment) -> Any:
    (found,) = deployed.client("ecs").describe_services(
        cluster=named(deployed, "cluster"), services=[named(deployed, "service")]
    )["services"]
    return found


def the_task(deployed: Deployment) -> Any:
    ecs = deployed.client("ecs")
    return ecs.describe_task_definition(taskDefinition=the_service(deployed)["taskDefinition"])[
        "taskDefinition"
    ]


def attributes(found: list[dict[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in found}


def test_all_nine_stacks_are_complete(deployed: Deployment) -> None:
    stacks = deployed.client("cloudformation").list_stacks()["StackSummaries"]
    statuses = {
        stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackName"] != "CDKToolkit"
    }

    parts = (
        "data",
        "registry",
        "network",
        "identity",
        "service",
        "edge",
        "frontend",
        "observability",
        "delivery",
    )
    assert {named(deployed, part): "CREATE_COMPLETE" for part in parts} == statuses


def test_the_service_runs_in_two_zones_behind_its_target_group(deployed: Deployment) -> None:
    service = the_service(deployed)
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    subnets = deployed.client("ec2").describe_subnets(SubnetIds=network["subnets"])["Subnets"]
    (group,) = deployed.client("elbv2").describe_target_groups()["TargetGroups"]

    assert "DISABLED" == network["assignPublicIp"]
    assert set(config_of(deployed).network.availability_zones) == {s["AvailabilityZone"] for s in subnets}
    assert {False} == {subnet["MapPublicIpOnLaunch"] for subnet in subnets}
    assert [(group["TargetGroupArn"], "service", 8000)] == [
        (one["targetGroupArn"], one["containerName"], one["containerPort"])
        for one in service["loadBalancers"]
    ]


def test_the_task_definition_is_the_locked_down_one(deployed: Deployment) -> None:
    task = the_task(deployed)
    (container,) = task["containerDefinitions"]

    assert ("512", "1024", "awsvpc") == (task["cpu"], task["memory"], task["networkMode"])
    assert "ARM64" == task["runtimePlatform"]["cpuArchitecture"]
    assert container["image"].endswith(f"{named(deployed, 'service')}@{EXAMPLE_DIGEST}")
    assert (True, "10001:10001") == (container["readonlyRootFilesystem"], container["user"])
    assert ["ALL"] == container["linuxParameters"]["capabilities"]["drop"]
    assert "/ecs/assistant-implementation" == container["logConfiguration"]["options"]["awslogs-group"]
    assert task["taskRoleArn"] != task["executionRoleArn"]


def test_the_roles_have_the_policies_and_nothing_else(deployed: Deployment) -> None:
    iam = deployed.client("iam")

    def allowed(role_arn: str) -> set[str]:
        role = role_arn.rsplit("/", 1)[1]
        assert [] == iam.list_role_policies(RoleName=role)["PolicyNames"]
        actions: set[str] = set()
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)[
                "PolicyVersion"
            ]["Document"]
            for statement in document["Statement"]:
                given = statement["Action"]
                actions |= {given} if isinstance(given, str) else set(given)
        return actions

    task = the_task(deployed)
    assert {"bedrock", "dynamodb", "kms"} == {
        action.partition(":")[0] for action in allowed(task["taskRoleArn"])
    }
    assert {"ecr", "logs"} == {action.partition(":")[0] for action in allowed(task["executionRoleArn"])}


def test_the_listener_speaks_modern_tls(deployed: Deployment) -> None:
    elbv2 = deployed.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    set_ = attributes(
        elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    )

    assert "internal" == balancer["Scheme"]
    assert ("HTTPS", 443) == (listener["Protocol"], listener["Port"])
    assert "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09" == listener["SslPolicy"]
    assert str(config_of(deployed).service.idle_timeout_s) == set_["idle_timeout.timeout_seconds"]
    assert ("true", "true") == (
        set_["access_logs.s3.enabled"],
        set_["routing.http.drop_invalid_header_fields.enabled"],
    )
    assert str(config_of(deployed).stage.protected).lower() == set_["deletion_protection.enabled"]


def test_targets_drain_as_long_as_a_stream_lives(deployed: Deployment) -> None:
    elbv2 = deployed.client("elbv2")
    (group,) = elbv2.describe_target_groups()["TargetGroups"]
    set_ = attributes(
        elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
    )

    assert ("/health", "ip") == (group["HealthCheckPath"], group["TargetType"])
    assert "600" == set_["deregistration_delay.timeout_seconds"]
    assert "least_outstanding_requests" == set_["load_balancing.algorithm.type"]


def test_the_service_scales_between_two_and_ten_by_its_policies(deployed: Deployment) -> None:
    scaling = deployed.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    tracked = {
        (p["TargetTrackingScalingPolicyConfiguration"].get("CustomizedMetricSpecification") or {}).get(
            "MetricName"
        )
        or p["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"][
            "PredefinedMetricType"
        ]
        for p in policies
        if p["PolicyType"] == "TargetTrackingScaling"
    }

    assert (2, 10) == (target["MinCapacity"], target["MaxCapacity"])
    assert f"service/{named(deployed, 'cluster')}/{named(deployed, 'service')}" == target["ResourceId"]
    assert {"SessionUtilization", "ECSServiceAverageCPUUtilizationHighResolution"} == tracked
    assert 3 == len(policies)


def test_the_table_can_be_restored_and_forgets(deployed: Deployment) -> None:
    dynamodb = deployed.client("dynamodb")
    (name,) = dynamodb.list_tables()["TableNames"]
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    forgets = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]

    assert ["pk", "sk"] == [key["AttributeName"] for key in table["KeySchema"]]
    assert config_of(deployed).stage.protected == table["DeletionProtectionEnabled"]
    assert "ENABLED" == backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert ("ENABLED", "expires_at") == (forgets["TimeToLiveStatus"], forgets["AttributeName"])
    assert table["SSEDescription"]["KMSMasterKeyArn"].startswith(f"arn:aws:kms:us-east-1:{ACCOUNT}:key/")


def test_sign_in_is_by_code_with_rotation(deployed: Deployment) -> None:
    cognito = deployed.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=10)["UserPools"]
    listed = next(
        one
        for one in cognito.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
        if not one["ClientName"].endswith("-canary")
    )
    client = cognito.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=listed["ClientId"])[
        "UserPoolClient"
    ]

    assert ["code"] == client["AllowedOAuthFlows"]
    assert ["ALLOW_USER_SRP_AUTH"] == client["ExplicitAuthFlows"]
    assert "ClientSecret" not in client
    assert (
        config_of(deployed).identity.domain_prefix
        == cognito.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["Domain"]
    )


def test_the_distribution_joins_page_rest_and_socket(deployed: Deployment) -> None:
    cloudfront = deployed.client("cloudfront")
    (found,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    config = cloudfront.get_distribution(Id=found["Id"])["Distribution"]["DistributionConfig"]
    (acl,) = deployed.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]

    assert {"/api/*", "/ws"} == {behavior["PathPattern"] for behavior in config["CacheBehaviors"]["Items"]}
    assert {"https-only"} == {
        behavior["ViewerProtocolPolicy"] for behavior in config["CacheBehaviors"]["Items"]
    }
    assert "redirect-to-https" == config["DefaultCacheBehavior"]["ViewerProtocolPolicy"]
    assert acl["ARN"] == config["WebACLId"]
    assert config_of(deployed).domain.origin_name in {o["DomainName"] for o in config["Origins"]["Items"]}


def test_behind_nat_only_the_free_endpoints_are_there(deployed: Deployment) -> None:
    found = {
        e["ServiceName"].rsplit(".", 1)[1]
        for e in deployed.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    }
    assert {"s3", "dynamodb"} == found


def test_every_alarm_tells_the_topic(deployed: Deployment) -> None:
    alarms = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    ours = [alarm for alarm in alarms if "docs/operations.md#" in alarm.get("AlarmDescription", "")]

    alone = [alarm for alarm in ours if not alarm["AlarmDescription"].startswith("Part of ")]
    assert 8 == len(ours) - len(alone), "two windows each of four burn rates"
    assert 26 + 2 * config_of(deployed).has_canary == len(alone)
    assert all(alarm["AlarmActions"] for alarm in alone)


def test_the_canary_is_started_on_its_schedule_with_its_sign_in(deployed: Deployment) -> None:
    rules = deployed.client("events").list_rules(NamePrefix=named(deployed, "canary"))["Rules"]
    assert config_of(deployed).has_canary == bool(rules)
    if not rules:
        return
    (target,) = deployed.client("events").list_targets_by_rule(Rule=named(deployed, "canary"))["Targets"]
    started = target["EcsParameters"]
    definition = deployed.client("ecs").describe_task_definition(taskDefinition=started["TaskDefinitionArn"])
    (container,) = definition["taskDefinition"]["containerDefinitions"]
    secret = deployed.client("secretsmanager").describe_secret(SecretId=named(deployed, "canary"))

    assert ("rate(5 minutes)", "ENABLED") == (rules[0]["ScheduleExpression"], rules[0]["State"])
    assert target["Arn"].endswith(f":cluster/{named(deployed, 'cluster')}")
    assert "DISABLED" == started["NetworkConfiguration"]["awsvpcConfiguration"]["AssignPublicIp"]
    assert ["python", "-m", "talk.canary"] == container["entryPoint"]
    assert [{"name": "CANARY_REFRESH_TOKEN", "valueFrom": secret["ARN"]}] == container["secrets"]
    assert f"https://{config_of(deployed).domain.site_name}" in {
        one["value"] for one in container["environment"]
    }


def test_the_dashboard_can_be_read(deployed: Deployment) -> None:
    body = deployed.client("cloudwatch").get_dashboard(DashboardName=named(deployed, "service"))[
        "DashboardBody"
    ]

    assert 18 == len(json.loads(body)["widgets"])
    assert named(deployed, "cluster") in body


def test_the_group_of_administrators_is_in_the_pool(deployed: Deployment) -> None:
    cognito = deployed.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=10)["UserPools"]

    assert ["admins"] == [one["GroupName"] for one in cognito.list_groups(UserPoolId=pool["Id"])["Groups"]]


def test_a_published_page_is_in_the_bucket_and_the_old_one_is_forgotten(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in deployed.environment.items():
        monkeypatch.setenv(name, value)
    target = target_of(deployed.stage, "us-east-1")
    page = File(key="index.html", body=b"<!doctype html>", cache_control="no-cache")

    assert ["index.html"] == publish(target, [page])
    assert [] == publish(target, [page])
    head = deployed.client("s3").head_object(Bucket=target.bucket, Key="index.html")
    assert ("no-cache", "text/html") == (head["CacheControl"], head["ContentType"])
    invalidations = deployed.client("cloudfront").list_invalidations(DistributionId=target.distribution_id)
    assert 1 == invalidations["InvalidationList"]["Quantity"]
    assert target.page_config["domain"].startswith(
        f"https://{config_of(deployed).identity.domain_prefix}.auth."
    )
