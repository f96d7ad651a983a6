"""Elastic Load Balancing, with the attributes that moto's own model leaves out."""

from typing import Any

from tests.deploy.cloudformation.registry import Api, Made, Properties, creates, deletes, updates

_TEXT = {True: "true", False: "false"}


def attributes(p: Properties, key: str) -> list[dict[str, str]]:
    """The attributes as texts, taken out of the properties."""
    return [
        {"Key": one["Key"], "Value": _TEXT.get(one["Value"], str(one["Value"]))} for one in p.pop(key, [])
    ]


@creates("AWS::ElasticLoadBalancingV2::LoadBalancer")
def load_balancer(api: Api, name: str, p: Properties) -> Made:
    wanted = attributes(p, "LoadBalancerAttributes")
    made = api.send("elbv2", "create_load_balancer", {"Name": name[-32:].strip("-"), **p})["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    api.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=wanted)
    return Made(
        id=arn,
        attributes={
            "LoadBalancerArn": arn,
            "DNSName": made["DNSName"],
            "CanonicalHostedZoneID": made["CanonicalHostedZoneId"],
            "LoadBalancerFullName": arn.split(":loadbalancer/")[1],
            "LoadBalancerName": made["LoadBalancerName"],
            "SecurityGroups": made.get("SecurityGroups", []),
        },
    )


@updates("AWS::ElasticLoadBalancingV2::LoadBalancer")
def new_load_balancer(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    wanted = attributes(p, "LoadBalancerAttributes")
    api.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=made.id, Attributes=wanted)
    return made


@deletes("AWS::ElasticLoadBalancingV2::LoadBalancer")
def no_load_balancer(api: Api, made: Made, _p: Properties) -> None:
    api.client("elbv2").delete_load_balancer(LoadBalancerArn=made.id)


@creates("AWS::ElasticLoadBalancingV2::TargetGroup")
def target_group(api: Api, name: str, p: Properties) -> Made:
    wanted = attributes(p, "TargetGroupAttributes")
    made = api.send("elbv2", "create_target_group", {"Name": name[-32:].strip("-"), **p})["TargetGroups"][0]
    arn = made["TargetGroupArn"]
    api.client("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=wanted)
    full = "targetgroup/" + arn.split(":targetgroup/")[1]
    named = {"TargetGroupArn": arn, "TargetGroupFullName": full, "TargetGroupName": made["TargetGroupName"]}
    return Made(id=arn, attributes=named)


@updates("AWS::ElasticLoadBalancingV2::TargetGroup")
def new_target_group(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    wanted = attributes(p, "TargetGroupAttributes")
    api.client("elbv2").modify_target_group_attributes(TargetGroupArn=made.id, Attributes=wanted)
    return made


@deletes("AWS::ElasticLoadBalancingV2::TargetGroup")
def no_target_group(api: Api, made: Made, _p: Properties) -> None:
    api.client("elbv2").delete_target_group(TargetGroupArn=made.id)


@creates("AWS::ElasticLoadBalancingV2::Listener")
def listener(api: Api, _name: str, p: Properties) -> Made:
    arn = api.send("elbv2", "create_listener", p)["Listeners"][0]["ListenerArn"]
    return Made(id=arn, attributes={"ListenerArn": arn})


@updates("AWS::ElasticLoadBalancingV2::Listener")
def new_listener(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    api.send("elbv2", "modify_listener", {**p, "ListenerArn": made.id}, unsent=("LoadBalancerArn", "Tags"))
    return made


@deletes("AWS::ElasticLoadBalancingV2::Listener")
def no_listener(api: Api, made: Made, _p: Properties) -> None:
    api.client("elbv2").delete_listener(ListenerArn=made.id)


@creates("AWS::ElasticLoadBalancingV2::ListenerRule")
def listener_rule(api: Api, _name: str, p: Properties) -> Made:
    arn = api.send("elbv2", "create_rule", p)["Rules"][0]["RuleArn"]
    return Made(id=arn, attributes={"RuleArn": arn})


@updates("AWS::ElasticLoadBalancingV2::ListenerRule")
def new_listener_rule(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    changed: dict[str, Any] = {"RuleArn": made.id, "Conditions": p["Conditions"], "Actions": p["Actions"]}
    api.send("elbv2", "modify_rule", changed)
    return made


@deletes("AWS::ElasticLoadBalancingV2::ListenerRule")
def no_listener_rule(api: Api, made: Made, _p: Properties) -> None:
    api.client("elbv2").delete_rule(RuleArn=made.id)
