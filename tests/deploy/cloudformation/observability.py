"""CloudWatch, its logs, and EventBridge."""

import json

from tests.deploy.cloudformation.kept import keep
from tests.deploy.cloudformation.registry import Api, Made, Properties, creates, deletes, updates


@creates("AWS::CloudWatch::Alarm")
def alarm(api: Api, name: str, p: Properties) -> Made:
    sent = {"AlarmName": name, **p}
    api.send("cloudwatch", "put_metric_alarm", sent)
    id_ = sent["AlarmName"]
    return Made(id=id_, attributes={"Arn": f"arn:aws:cloudwatch:{api.region}:{api.account}:alarm:{id_}"})


@updates("AWS::CloudWatch::Alarm")
def new_alarm(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    return alarm(api, made.id, p)


@deletes("AWS::CloudWatch::Alarm")
def no_alarm(api: Api, made: Made, _p: Properties) -> None:
    api.client("cloudwatch").delete_alarms(AlarmNames=[made.id])


keep(
    "AWS::CloudWatch::CompositeAlarm",
    service="cloudwatch",
    operation="put_composite_alarm",
    attribute="Arn",
    wrap=lambda p: p,
)


@creates("AWS::CloudWatch::Dashboard")
def dashboard(api: Api, name: str, p: Properties) -> Made:
    id_ = p.get("DashboardName", name)
    api.client("cloudwatch").put_dashboard(DashboardName=id_, DashboardBody=p["DashboardBody"])
    return Made(id=id_)


@updates("AWS::CloudWatch::Dashboard")
def new_dashboard(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    return dashboard(api, made.id, p)


@deletes("AWS::CloudWatch::Dashboard")
def no_dashboard(api: Api, made: Made, _p: Properties) -> None:
    api.client("cloudwatch").delete_dashboards(DashboardNames=[made.id])


@creates("AWS::Logs::LogGroup")
def log_group(api: Api, name: str, p: Properties) -> Made:
    logs = api.client("logs")
    id_ = p.get("LogGroupName", name)
    tags = {tag["Key"]: tag["Value"] for tag in p.get("Tags", [])}
    key = {"kmsKeyId": p["KmsKeyId"]} if "KmsKeyId" in p else {}
    logs.create_log_group(logGroupName=id_, tags=tags, **key)
    logs.put_retention_policy(logGroupName=id_, retentionInDays=int(p["RetentionInDays"]))
    arn = f"arn:aws:logs:{api.region}:{api.account}:log-group:{id_}:*"
    return Made(id=id_, attributes={"Arn": arn})


@updates("AWS::Logs::LogGroup")
def new_log_group(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    api.client("logs").put_retention_policy(logGroupName=made.id, retentionInDays=int(p["RetentionInDays"]))
    return made


@deletes("AWS::Logs::LogGroup")
def no_log_group(api: Api, made: Made, _p: Properties) -> None:
    api.client("logs").delete_log_group(logGroupName=made.id)


@creates("AWS::Events::Rule")
def rule(api: Api, name: str, p: Properties) -> Made:
    id_ = p.get("Name", name)
    sent = {"State": "ENABLED", **p, "Name": id_}
    targets = sent.pop("Targets")
    if "EventPattern" in sent:
        sent["EventPattern"] = json.dumps(sent["EventPattern"])
    arn = api.send("events", "put_rule", sent)["RuleArn"]
    for target in targets:
        # The one name that the API spells in another way than CloudFormation.
        network = target.get("EcsParameters", {}).get("NetworkConfiguration", {})
        if "AwsVpcConfiguration" in network:
            network["awsvpcConfiguration"] = network.pop("AwsVpcConfiguration")
    api.send("events", "put_targets", {"Rule": id_, "Targets": targets})
    return Made(id=id_, attributes={"Arn": arn})


@updates("AWS::Events::Rule")
def new_rule(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    return rule(api, made.id, p)


@deletes("AWS::Events::Rule")
def no_rule(api: Api, made: Made, p: Properties) -> None:
    events = api.client("events")
    events.remove_targets(Rule=made.id, Ids=[target["Id"] for target in p["Targets"]])
    events.delete_rule(Name=made.id)
