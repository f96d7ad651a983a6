"""The other modes, deployed: a public load balancer behind CloudFront, another region, certificates from a hosted zone."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.deployment import Deployment, deployment, missing_tools
from tests.stacks.variants import PUBLIC

pytestmark = [pytest.mark.process, pytest.mark.timeout(1200)]

REGION = str(PUBLIC["stage"]["region"])
SITE, ORIGIN = str(PUBLIC["domain"]["site_name"]), str(PUBLIC["domain"]["origin_name"])


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    if reason := missing_tools():
        pytest.skip(reason)
    with deployment("public", tmp_path_factory.mktemp("public")) as one:
        assert 0 == one.bootstrap(REGION).returncode
        zone = one.client("route53").create_hosted_zone(
            Name=PUBLIC["domain"]["zone_name"], CallerReference="x"
        )
        domain = {**PUBLIC["domain"], "zone_id": zone["HostedZone"]["Id"].rpartition("/")[2]}
        one.configure_from({**PUBLIC, "domain": domain})
        done = one.deploy()
        assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
        yield one


def listener(public: Deployment) -> Any:
    elb = public.client("elbv2", REGION)
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    (found,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    return balancer, found


def test_the_load_balancer_is_public_and_refuses_whoever_does_not_come_from_the_edge(
    public: Deployment,
) -> None:
    balancer, found = listener(public)
    (default,) = found["DefaultActions"]

    assert "internet-facing" == balancer["Scheme"]
    assert ("fixed-response", "403") == (default["Type"], default["FixedResponseConfig"]["StatusCode"])


def test_the_secret_is_asked_for_and_shown_to_nobody_else(public: Deployment) -> None:
    _, found = listener(public)
    rules = public.client("elbv2", REGION).describe_rules(ListenerArn=found["ListenerArn"])["Rules"]
    (rule,) = [one for one in rules if one["Priority"] == "10"]
    (condition,) = [one for one in rule["Conditions"] if one["Field"] == "http-header"]
    (shown,) = [
        header
        for header in _origins(public)["service"]["CustomHeaders"]["Items"]
        if header["HeaderName"].lower() == condition["HttpHeaderConfig"]["HttpHeaderName"].lower()
    ]

    assert [shown["HeaderValue"]] == condition["HttpHeaderConfig"]["Values"]
    hosts = [one for one in rule["Conditions"] if one["Field"] == "host-header"]
    assert [[SITE]] == [one["HostHeaderConfig"]["Values"] for one in hosts]


def _origins(public: Deployment) -> dict[str, Any]:
    cloudfront = public.client("cloudfront")
    (summary,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    config = cloudfront.get_distribution_config(Id=summary["Id"])["DistributionConfig"]
    return {"service" if one["DomainName"] == ORIGIN else "page": one for one in config["Origins"]["Items"]}


def test_cloudfront_reaches_the_load_balancer_by_its_name_over_tls(public: Deployment) -> None:
    origin = _origins(public)["service"]["CustomOriginConfig"]

    assert "https-only" == origin["OriginProtocolPolicy"]
    assert ["TLSv1.2"] == origin["OriginSslProtocols"]["Items"]


def test_both_names_lead_where_they_should(public: Deployment) -> None:
    route53 = public.client("route53")
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    aliases = {
        one["Name"].rstrip("."): one["AliasTarget"]["DNSName"] for one in records if "AliasTarget" in one
    }

    assert "elb" in aliases[ORIGIN]
    assert aliases[SITE].rstrip(".").endswith("cloudfront.net")


def test_the_firewall_and_the_viewer_certificate_are_in_us_east_1_and_all_else_is_not(
    public: Deployment,
) -> None:
    assert ["voice-public-edge"] == [
        one["StackName"]
        for one in public.client("cloudformation").list_stacks()["StackSummaries"]
        if one["StackName"].startswith("voice-")
    ]
    home = public.client("cloudformation", REGION).list_stacks()["StackSummaries"]
    assert 8 == len([one for one in home if one["StackName"].startswith("voice-")])


def test_the_tasks_are_private_all_the_same(public: Deployment) -> None:
    (service,) = public.client("ecs", REGION).describe_services(
        cluster="voice-public-cluster", services=["voice-public-service"]
    )["services"]

    assert "DISABLED" == service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"]
    assert [] == public.client("ec2", REGION).describe_nat_gateways()["NatGateways"]
