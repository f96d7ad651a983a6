"""Properties 1 to 9 where one template does not show them: each yields a sentence for whatever is wrong."""

from collections.abc import Iterator

from delivery.templates import StageView, as_list
from stacks.stage_config import EdgeMode, Egress

INTERFACE = {"bedrock-runtime", "ecr.api", "ecr.dkr", "logs"}
GATEWAY = {"s3", "dynamodb"}


def p02_tasks_have_no_way_out_in_endpoints_mode(stage: StageView) -> Iterator[str]:
    if stage.config.network.egress is not Egress.ENDPOINTS:
        return
    if list(stage.resources("AWS::EC2::NatGateway")):
        yield "there is a NAT gateway"
    tables = {
        association["Properties"]["RouteTableId"]["Ref"]
        for _, id_, association in stage.resources("AWS::EC2::SubnetRouteTableAssociation")
        if "tasks" in id_
    }
    for _, id_, route in stage.resources("AWS::EC2::Route"):
        if route["Properties"]["RouteTableId"]["Ref"] in tables:
            yield f"{id_} leads out of a task subnet"


def p03_a_vpc_origin_needs_a_gateway(stage: StageView) -> Iterator[str]:
    if not list(stage.resources("AWS::CloudFront::VpcOrigin")):
        return
    for kind in ("AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment"):
        if not list(stage.resources(kind, "network")):
            yield f"there is a VPC origin and no {kind}"


def p04_endpoints_are_exactly_those_that_are_called(stage: StageView) -> Iterator[str]:
    found = set()
    for _, _, endpoint in stage.resources("AWS::EC2::VPCEndpoint"):
        name = endpoint["Properties"]["ServiceName"]
        text = (
            name if isinstance(name, str) else "".join(p for p in name["Fn::Join"][1] if isinstance(p, str))
        )
        found.add(
            text.removeprefix("com.amazonaws.").removeprefix(f"{stage.config.stage.region}.").lstrip(".")
        )
    expected = GATEWAY | (INTERFACE if stage.config.network.egress is Egress.ENDPOINTS else set())
    if found != expected:
        yield f"endpoints are {sorted(found)}, called are {sorted(expected)}"


def p07_tasks_reach_endpoints_and_prefix_lists_only(stage: StageView) -> Iterator[str]:
    endpoints = stage.config.network.egress is Egress.ENDPOINTS
    for _, id_, group in stage.resources("AWS::EC2::SecurityGroup"):
        for rule in as_list(group["Properties"].get("SecurityGroupEgress", [])):
            if endpoints and rule.get("CidrIp") == "0.0.0.0/0":
                yield f"{id_} lets everything out"
            if not endpoints and rule.get("CidrIp") == "0.0.0.0/0" and rule.get("ToPort") != 443:
                yield f"{id_} lets out more than HTTPS"
    tasks = [
        rule["Properties"]
        for _, id_, rule in stage.resources("AWS::EC2::SecurityGroupEgress", "service")
        if "TasksGroup" in str(rule["Properties"]["GroupId"])
    ]
    for rule in tasks:
        if (
            not rule.keys() & {"DestinationSecurityGroupId", "DestinationPrefixListId"}
            or rule["ToPort"] != 443
        ):
            yield f"the tasks reach {rule}"
    if endpoints and len(tasks) != 3:
        yield f"the tasks have {len(tasks)} ways out, not endpoints, S3 and DynamoDB"


def p09_the_load_balancer_is_behind_the_edge(stage: StageView) -> Iterator[str]:
    scheme = stage.only("AWS::ElasticLoadBalancingV2::LoadBalancer")["Scheme"]
    if stage.config.edge.mode is EdgeMode.VPC_ORIGIN:
        if scheme != "internal":
            yield f"the load balancer is {scheme}"
        return
    (default,) = stage.only("AWS::ElasticLoadBalancingV2::Listener")["DefaultActions"]
    if default["Type"] != "fixed-response" or default["FixedResponseConfig"]["StatusCode"] != "403":
        yield "a public load balancer answers requests that do not come from the edge"
    conditions = stage.only("AWS::ElasticLoadBalancingV2::ListenerRule")["Conditions"]
    if not any(
        "{{resolve:secretsmanager:" in str(c.get("HttpHeaderConfig", {}).get("Values")) for c in conditions
    ):
        yield "a public load balancer does not ask for the edge's secret"


PROPERTIES = (
    p02_tasks_have_no_way_out_in_endpoints_mode,
    p03_a_vpc_origin_needs_a_gateway,
    p04_endpoints_are_exactly_those_that_are_called,
    p07_tasks_reach_endpoints_and_prefix_lists_only,
    p09_the_load_balancer_is_behind_the_edge,
)
