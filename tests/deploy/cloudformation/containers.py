"""ECS and its scaling."""

from typing import Any

from tests.deploy.cloudformation.registry import Api, Made, Properties, creates, deletes, lower_first, updates


@creates("AWS::ECS::Cluster")
def cluster(api: Api, name: str, p: Properties) -> Made:
    sent = {"clusterName": name, "settings": lower_first(p.pop("ClusterSettings", [])), **lower_first(p)}
    made = api.send("ecs", "create_cluster", sent)["cluster"]
    return Made(id=made["clusterName"], attributes={"Arn": made["clusterArn"]})


@deletes("AWS::ECS::Cluster")
def no_cluster(api: Api, made: Made, _p: Properties) -> None:
    api.client("ecs").delete_cluster(cluster=made.id)


@creates("AWS::ECS::TaskDefinition")
def task_definition(api: Api, name: str, p: Properties) -> Made:
    options = [c.get("LogConfiguration", {}).get("Options") for c in p["ContainerDefinitions"]]
    sent = {"family": name, **lower_first(p)}
    for container, given in zip(sent["containerDefinitions"], options, strict=True):
        if given is not None:  # the keys of log options are data
            container["logConfiguration"]["options"] = given
    arn = api.send("ecs", "register_task_definition", sent)["taskDefinition"]["taskDefinitionArn"]
    return Made(id=arn, attributes={"TaskDefinitionArn": arn})


@deletes("AWS::ECS::TaskDefinition")
def no_task_definition(api: Api, made: Made, _p: Properties) -> None:
    api.client("ecs").deregister_task_definition(taskDefinition=made.id)


@creates("AWS::ECS::Service")
def service(api: Api, name: str, p: Properties) -> Made:
    sent: dict[str, Any] = {"serviceName": name, "desiredCount": 2, **lower_first(p)}
    made = api.send("ecs", "create_service", sent)["service"]
    return Made(
        id=made["serviceArn"], attributes={"Name": made["serviceName"], "ServiceArn": made["serviceArn"]}
    )


@updates("AWS::ECS::Service")
def new_service(api: Api, made: Made, before: Properties, p: Properties) -> Made:
    changed = {key: value for key, value in p.items() if before.get(key) != value and key != "Tags"}
    sent = {"service": made.attributes["Name"], "cluster": p["Cluster"], **lower_first(changed)}
    api.send("ecs", "update_service", sent)
    return made


@deletes("AWS::ECS::Service")
def no_service(api: Api, made: Made, p: Properties) -> None:
    api.client("ecs").delete_service(cluster=p["Cluster"], service=made.attributes["Name"], force=True)


@creates("AWS::ApplicationAutoScaling::ScalableTarget")
def scalable_target(api: Api, _name: str, p: Properties) -> Made:
    tags = {tag["Key"]: tag["Value"] for tag in p.pop("Tags", [])}
    api.send("application-autoscaling", "register_scalable_target", {**p, "Tags": tags})
    return Made(id=f"{p['ResourceId']}|{p['ScalableDimension']}|{p['ServiceNamespace']}")


@updates("AWS::ApplicationAutoScaling::ScalableTarget")
def new_scalable_target(api: Api, _made: Made, _before: Properties, p: Properties) -> Made:
    return scalable_target(api, "", p)


@deletes("AWS::ApplicationAutoScaling::ScalableTarget")
def no_scalable_target(api: Api, _made: Made, p: Properties) -> None:
    named = {key: p[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace")}
    api.client("application-autoscaling").deregister_scalable_target(**named)


def _placed(p: Properties) -> Properties:
    resource, dimension, namespace = p.pop("ScalingTargetId").split("|")
    return {**p, "ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}


@creates("AWS::ApplicationAutoScaling::ScalingPolicy")
def scaling_policy(api: Api, _name: str, p: Properties) -> Made:
    arn = api.send("application-autoscaling", "put_scaling_policy", _placed(p))["PolicyARN"]
    return Made(id=arn, attributes={"Arn": arn})


@updates("AWS::ApplicationAutoScaling::ScalingPolicy")
def new_scaling_policy(api: Api, _made: Made, _before: Properties, p: Properties) -> Made:
    return scaling_policy(api, "", p)


@deletes("AWS::ApplicationAutoScaling::ScalingPolicy")
def no_scaling_policy(api: Api, _made: Made, p: Properties) -> None:
    placed = _placed(p)
    named = {
        key: placed[key] for key in ("PolicyName", "ResourceId", "ScalableDimension", "ServiceNamespace")
    }
    api.client("application-autoscaling").delete_scaling_policy(**named)
