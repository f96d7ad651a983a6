"""Properties 25 to 33 where one template does not show them."""

from collections.abc import Iterator
from typing import Any

from delivery.templates import StageView, as_list, strings
from stacks.stage_config import Mfa
from tests.stacks.assemblies import golden

STATEFUL = {
    "AWS::KMS::Key": "data",
    "AWS::DynamoDB::GlobalTable": "data",
    "AWS::ECR::Repository": "registry",
    "AWS::Cognito::UserPool": "identity",
    "AWS::S3::Bucket": "frontend",
}


def granted(stage: StageView, role: str) -> list[tuple[str, Any]]:
    """What the policies of a role allow, as (action, resource) pairs; `role` is a part of its logical id."""
    pairs = []
    for _, _, policy in stage.resources("AWS::IAM::ManagedPolicy"):
        if any(
            role == reference["Ref"].rstrip("0123456789ABCDEF") for reference in policy["Properties"]["Roles"]
        ):
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                pairs += [
                    (a, r) for a in as_list(statement["Action"]) for r in as_list(statement["Resource"])
                ]
    return pairs


# Asked by the agent inside the task, in the task role's name, where a stage wants its tasks protected.
PROTECTION = "ecs:UpdateTaskProtection"
TASK, EXECUTION = "TaskRole", "TaskExecutionRole"


def p25_the_model_and_no_other(stage: StageView) -> Iterator[str]:
    model = stage.config.model
    arn = f"arn:aws:bedrock:{model.region}::foundation-model/{model.id}"
    found = {pair for pair in granted(stage, TASK) if pair[0].startswith("bedrock:")}
    expected = {("bedrock:InvokeModel", arn), ("bedrock:InvokeModelWithBidirectionalStream", arn)}
    if found != expected:
        yield f"the task may {sorted(map(str, found))}"


def p27_the_two_roles_share_nothing(stage: StageView) -> Iterator[str]:
    task = {action.partition(":")[0] for action, _ in granted(stage, TASK)}
    execution = {action.partition(":")[0] for action, _ in granted(stage, EXECUTION)}
    if task & {"ecr", "logs"}:
        yield f"the service may do what only its start needs: {sorted(task)}"
    if execution != {"ecr", "logs"}:
        yield f"the start may do {sorted(execution)}, not ecr and logs alone"


def p27_the_canary_may_nothing_but_start(stage: StageView) -> Iterator[str]:
    if granted(stage, "CanaryRole"):
        yield f"the canary may {granted(stage, 'CanaryRole')}"
    if not stage.config.has_canary:
        return
    needed = {action for action, _ in granted(stage, EXECUTION)}
    more = {"secretsmanager:GetSecretValue", "kms:Decrypt"}
    start = {action for action, _ in granted(stage, "CanaryExecutionRole")}
    if start != needed | more:
        yield f"the canary's start may {sorted(start)}"
    (secret,) = {
        str(r)
        for action, r in granted(stage, "CanaryExecutionRole")
        if action in more and "Key" not in str(r)
    }
    if "CanarySignIn" not in secret:
        yield f"the canary's start reads {secret}"
    starter = {(action, "".join(strings(r))) for action, r in granted(stage, "CanaryStartRole")}
    if {action for action, _ in starter} != {"ecs:RunTask", "iam:PassRole"} or any(
        "Canary" not in resource for _, resource in starter
    ):
        yield f"the schedule may {sorted(starter)}"


def p28_tasks_act_for_this_cluster_region(stage: StageView) -> Iterator[str]:
    for part, id_, role in stage.resources("AWS::IAM::Role", "service"):
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
            condition = statement.get("Condition", {})
            if stage.config.stage.account != condition.get("StringEquals", {}).get("aws:SourceAccount"):
                yield f"{part} {id_} may be taken for another account"
            who = statement["Principal"]["Service"].removesuffix(".amazonaws.com").removesuffix("-tasks")
            if not str(condition.get("ArnLike", {}).get("aws:SourceArn", "")).startswith(
                f"arn:aws:{who}:{stage.config.stage.region}:{stage.config.stage.account}:"
            ):
                yield f"{part} {id_} may be taken for another region"


def p29_deployment_only_assumes_bootstrap_roles(stage: StageView) -> Iterator[str]:
    for role in ("Deploy", "Plan"):
        for action, resource in granted(stage, role):
            if action != "sts:AssumeRole" or ":role/cdk-hnb659fds-" not in str(resource):
                yield f"the {role} role may {action} on {resource}"
    if any("lookup-role" not in str(resource) for _, resource in granted(stage, "Plan")):
        yield "a pull request may do more than look"
    subjects = {
        id_.rstrip("0123456789ABCDEF"): statement["Condition"]["StringEquals"][
            "token.actions.githubusercontent.com:sub"
        ]
        for _, id_, role in stage.resources("AWS::IAM::Role", "delivery")
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    }
    source = f"repo:{stage.config.delivery.repository}"
    environment = f"{source}:environment:{stage.config.stage.name}"
    expected = {"Plan": f"{source}:pull_request", "Deploy": environment, "Publish": environment}
    if subjects != expected:
        yield f"workflows are trusted as {subjects}"


def p30_every_grant_is_called(stage: StageView) -> Iterator[str]:
    calls = golden("service_calls.json")
    expected = {pair[0] for group in ("called", "implied") for pair in calls[group]}
    if stage.config.service.protect_tasks:
        expected.add(PROTECTION)
    found = {action for action, _ in granted(stage, TASK)}
    for action in sorted(found - expected):
        yield f"{action} is granted and not called"
    for action in sorted(expected - found):
        yield f"{action} is called and not granted"


def p31_protected_things_stay(stage: StageView) -> Iterator[str]:
    protected = stage.config.stage.protected
    for kind, part in STATEFUL.items():
        for _, id_, resource in stage.resources(kind, part):
            policies = {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")}
            if protected and policies != {"Retain"}:
                yield f"{id_} goes with its stack: {policies}"
    table = stage.only("AWS::DynamoDB::GlobalTable")
    if protected != table["Replicas"][0].get("DeletionProtectionEnabled", False):
        yield "the table can be deleted by mistake, or a stage cannot be destroyed"
    if table["TimeToLiveSpecification"]["AttributeName"] != golden("table_schema.json")["ttlAttribute"]:
        yield "the service writes another attribute for what should go away"


def p32_the_table_has_the_keys_that_the_service_uses(stage: StageView) -> Iterator[str]:
    schema = golden("table_schema.json")
    table = stage.only("AWS::DynamoDB::GlobalTable")
    expected = [
        {"AttributeName": schema["partitionKey"], "KeyType": "HASH"},
        {"AttributeName": schema["sortKey"], "KeyType": "RANGE"},
    ]
    if table["KeySchema"] != expected:
        yield f"the keys are {table['KeySchema']}"
    indexes = [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])]
    if indexes != schema["indexes"]:
        yield f"the indexes are {indexes}"


def p33_sign_in_is_as_strict_as_the_stage(stage: StageView) -> Iterator[str]:
    pool, client = (
        stage.only("AWS::Cognito::UserPool"),
        stage.only("AWS::Cognito::UserPoolClient", named="UsersBrowser"),
    )
    identity = stage.config.identity
    expected_mfa = "ON" if identity.mfa is Mfa.REQUIRED else "OPTIONAL"
    if pool["MfaConfiguration"] != expected_mfa or (stage.config.stage.protected and expected_mfa != "ON"):
        yield f"the second factor is {pool['MfaConfiguration']}"
    if pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is identity.self_sign_up:
        yield "anybody may sign up, or nobody"
    for url in strings(client["CallbackURLs"]):
        if stage.config.stage.protected and not url.startswith("https://"):
            yield f"codes travel to {url}"
    if stage.config.stage.protected and pool.get("DeletionProtection") != "ACTIVE":
        yield "the pool can be deleted by mistake"


PROPERTIES = (
    p25_the_model_and_no_other,
    p27_the_two_roles_share_nothing,
    p27_the_canary_may_nothing_but_start,
    p28_tasks_act_for_this_cluster_region,
    p29_deployment_only_assumes_bootstrap_roles,
    p30_every_grant_is_called,
    p31_protected_things_stay,
    p32_the_table_has_the_keys_that_the_service_uses,
    p33_sign_in_is_as_strict_as_the_stage,
)
