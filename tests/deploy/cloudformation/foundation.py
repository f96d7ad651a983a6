"""IAM, KMS, S3, DynamoDB, SNS, SSM, Secrets Manager, ECR, ACM, Route 53: what the other stacks stand on."""

import json
from typing import Any

from tests.deploy.cloudformation.registry import Api, Made, Properties, creates, deletes, lower_first, updates


@creates("AWS::IAM::Role")
def role(api: Api, name: str, p: Properties) -> Made:
    iam = api.client("iam")
    inline, managed = p.pop("Policies", []), p.pop("ManagedPolicyArns", [])
    sent = {"RoleName": name[:64], **p}
    made = api.send("iam", "create_role", sent)["Role"]
    for policy in inline:
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(
            RoleName=made["RoleName"], PolicyName=policy["PolicyName"], PolicyDocument=document
        )
    for arn in managed:
        if ":aws:policy/" not in arn:  # moto has only some of AWS's own policies
            iam.attach_role_policy(RoleName=made["RoleName"], PolicyArn=arn)
    return Made(id=made["RoleName"], attributes={"Arn": made["Arn"], "RoleId": made["RoleId"]})


@updates("AWS::IAM::Role")
def new_role(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    trust = json.dumps(p["AssumeRolePolicyDocument"])
    api.client("iam").update_assume_role_policy(RoleName=made.id, PolicyDocument=trust)
    return made


@deletes("AWS::IAM::Role")
def no_role(api: Api, made: Made, _p: Properties) -> None:
    iam = api.client("iam")
    for policy in iam.list_attached_role_policies(RoleName=made.id)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=made.id, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=made.id)["PolicyNames"]:
        iam.delete_role_policy(RoleName=made.id, PolicyName=policy)
    iam.delete_role(RoleName=made.id)


@creates("AWS::IAM::ManagedPolicy")
def managed_policy(api: Api, name: str, p: Properties) -> Made:
    iam = api.client("iam")
    made = iam.create_policy(
        PolicyName=p.get("ManagedPolicyName", name)[:128], PolicyDocument=json.dumps(p["PolicyDocument"])
    )
    for role_name in p.get("Roles", []):
        iam.attach_role_policy(RoleName=role_name, PolicyArn=made["Policy"]["Arn"])
    return Made(id=made["Policy"]["Arn"], attributes={"PolicyArn": made["Policy"]["Arn"]})


@updates("AWS::IAM::ManagedPolicy")
def new_managed_policy(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    document = json.dumps(p["PolicyDocument"])
    api.client("iam").create_policy_version(PolicyArn=made.id, PolicyDocument=document, SetAsDefault=True)
    return made


@deletes("AWS::IAM::ManagedPolicy")
def no_managed_policy(api: Api, made: Made, p: Properties) -> None:
    iam = api.client("iam")
    for role_name in p.get("Roles", []):
        iam.detach_role_policy(RoleName=role_name, PolicyArn=made.id)
    iam.delete_policy(PolicyArn=made.id)


@creates("AWS::IAM::Policy")
def policy(api: Api, _name: str, p: Properties) -> Made:
    for role_name in p.get("Roles", []):
        document = json.dumps(p["PolicyDocument"])
        api.client("iam").put_role_policy(
            RoleName=role_name, PolicyName=p["PolicyName"], PolicyDocument=document
        )
    return Made(id=p["PolicyName"])


@deletes("AWS::IAM::Policy")
def no_policy(api: Api, _made: Made, p: Properties) -> None:
    for role_name in p.get("Roles", []):
        api.client("iam").delete_role_policy(RoleName=role_name, PolicyName=p["PolicyName"])


@creates("AWS::IAM::OIDCProvider")
def oidc_provider(api: Api, _name: str, p: Properties) -> Made:
    sent = {
        "Url": p["Url"],
        "ClientIDList": p.get("ClientIdList", []),
        "ThumbprintList": p.get("ThumbprintList", []),
    }
    arn = api.send("iam", "create_open_id_connect_provider", sent)["OpenIDConnectProviderArn"]
    return Made(id=arn, attributes={"Arn": arn})


@deletes("AWS::IAM::OIDCProvider")
def no_oidc_provider(api: Api, made: Made, _p: Properties) -> None:
    api.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=made.id)


@creates("AWS::KMS::Key")
def key(api: Api, _name: str, p: Properties) -> Made:
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in p.pop("Tags", [])]
    rotates = str(p.pop("EnableKeyRotation", False)).lower() == "true"
    sent = {"Policy": p.pop("KeyPolicy"), "Tags": tags, **p}
    made = api.send("kms", "create_key", sent, unsent=("PendingWindowInDays",))["KeyMetadata"]
    if rotates:
        api.client("kms").enable_key_rotation(KeyId=made["KeyId"])
    return Made(id=made["KeyId"], attributes={"Arn": made["Arn"], "KeyId": made["KeyId"]})


@updates("AWS::KMS::Key")
def new_key(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    api.client("kms").put_key_policy(KeyId=made.id, PolicyName="default", Policy=json.dumps(p["KeyPolicy"]))
    return made


@deletes("AWS::KMS::Key")
def no_key(api: Api, made: Made, p: Properties) -> None:
    api.client("kms").schedule_key_deletion(
        KeyId=made.id, PendingWindowInDays=int(p.get("PendingWindowInDays", 30))
    )


@creates("AWS::KMS::Alias")
def alias(api: Api, _name: str, p: Properties) -> Made:
    api.send("kms", "create_alias", p)
    return Made(id=p["AliasName"])


@deletes("AWS::KMS::Alias")
def no_alias(api: Api, made: Made, _p: Properties) -> None:
    api.client("kms").delete_alias(AliasName=made.id)


@creates("AWS::S3::Bucket")
def bucket(api: Api, name: str, p: Properties) -> Made:
    s3 = api.client("s3")
    id_ = p.get("BucketName", name.lower()[-63:].strip("-"))
    where = (
        {} if api.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": api.region}}
    )
    rules = p.get("OwnershipControls", {}).get("Rules", [])
    s3.create_bucket(
        Bucket=id_, **({"ObjectOwnership": rules[0]["ObjectOwnership"]} if rules else {}), **where
    )
    _configure_bucket(api, id_, p)
    domains = {
        "DomainName": f"{id_}.s3.amazonaws.com",
        "RegionalDomainName": f"{id_}.s3.{api.region}.amazonaws.com",
        "DualStackDomainName": f"{id_}.s3.dualstack.{api.region}.amazonaws.com",
    }
    return Made(id=id_, attributes={"Arn": f"arn:aws:s3:::{id_}", **domains})


def _configure_bucket(api: Api, id_: str, p: Properties) -> None:
    s3 = api.client("s3")
    if "PublicAccessBlockConfiguration" in p:
        block = {k: str(v).lower() == "true" for k, v in p["PublicAccessBlockConfiguration"].items()}
        s3.put_public_access_block(Bucket=id_, PublicAccessBlockConfiguration=block)
    if "BucketEncryption" in p:
        rules = [
            {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
            for rule in p["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        ]
        s3.put_bucket_encryption(Bucket=id_, ServerSideEncryptionConfiguration={"Rules": rules})
    if "VersioningConfiguration" in p:
        s3.put_bucket_versioning(Bucket=id_, VersioningConfiguration=p["VersioningConfiguration"])
    if "Tags" in p:
        s3.put_bucket_tagging(Bucket=id_, Tagging={"TagSet": p["Tags"]})


@updates("AWS::S3::Bucket")
def new_bucket(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    _configure_bucket(api, made.id, p)
    return made


@deletes("AWS::S3::Bucket")
def no_bucket(api: Api, made: Made, _p: Properties) -> None:
    s3 = api.client("s3")
    versions = s3.list_object_versions(Bucket=made.id)
    if versions.get("Versions"):
        raise ValueError("the bucket is not empty")
    s3.delete_bucket(Bucket=made.id)


@creates("AWS::S3::BucketPolicy")
def bucket_policy(api: Api, _name: str, p: Properties) -> Made:
    # moto applies a Deny without looking at its conditions, so those that demand TLS would shut out everybody.
    kept = [one for one in p["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    if kept:
        document = json.dumps({**p["PolicyDocument"], "Statement": kept})
        api.client("s3").put_bucket_policy(Bucket=p["Bucket"], Policy=document)
    return Made(id=p["Bucket"])


@deletes("AWS::S3::BucketPolicy")
def no_bucket_policy(api: Api, made: Made, _p: Properties) -> None:
    api.client("s3").delete_bucket_policy(Bucket=made.id)


@updates("AWS::S3::BucketPolicy")
def new_bucket_policy(api: Api, _made: Made, _before: Properties, p: Properties) -> Made:
    return bucket_policy(api, "", p)


@creates("AWS::DynamoDB::GlobalTable")
def global_table(api: Api, name: str, p: Properties) -> Made:
    dynamodb = api.client("dynamodb")
    id_ = p.get("TableName", name)
    (replica,) = p["Replicas"]
    sent: dict[str, Any] = {
        key: p[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode") if key in p
    }
    encryption = p.get("SSESpecification")
    if encryption:
        key_id = replica["SSESpecification"]["KMSMasterKeyId"]
        sent["SSESpecification"] = {
            "Enabled": True,
            "SSEType": encryption["SSEType"],
            "KMSMasterKeyId": key_id,
        }
    sent |= {"TableName": id_, "Tags": replica.get("Tags", [])}
    sent["DeletionProtectionEnabled"] = replica.get("DeletionProtectionEnabled", False)
    made = api.send("dynamodb", "create_table", sent)["TableDescription"]
    if "TimeToLiveSpecification" in p:
        api.send(
            "dynamodb",
            "update_time_to_live",
            {"TableName": id_, "TimeToLiveSpecification": p["TimeToLiveSpecification"]},
        )
    recovery = replica.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb.update_continuous_backups(TableName=id_, PointInTimeRecoverySpecification=recovery)
    return Made(id=id_, attributes={"Arn": made["TableArn"], "TableId": made.get("TableId", id_)})


@updates("AWS::DynamoDB::GlobalTable")
def new_global_table(api: Api, made: Made, before: Properties, p: Properties) -> Made:
    if before["KeySchema"] != p["KeySchema"]:
        raise ValueError(
            "another key schema replaces the table, and a table with a custom name cannot be replaced"
        )
    (replica,) = p["Replicas"]
    protected = replica.get("DeletionProtectionEnabled", False)
    api.client("dynamodb").update_table(TableName=made.id, DeletionProtectionEnabled=protected)
    return made


@deletes("AWS::DynamoDB::GlobalTable")
def no_global_table(api: Api, made: Made, _p: Properties) -> None:
    api.client("dynamodb").delete_table(TableName=made.id)


@creates("AWS::SNS::Topic")
def topic(api: Api, name: str, p: Properties) -> Made:
    attributes = {key: p[key] for key in ("KmsMasterKeyId", "DisplayName") if key in p}
    id_ = p.get("TopicName", name)
    arn = api.client("sns").create_topic(Name=id_, Attributes=attributes, Tags=p.get("Tags", []))["TopicArn"]
    return Made(id=arn, attributes={"TopicArn": arn, "TopicName": id_})


@deletes("AWS::SNS::Topic")
def no_topic(api: Api, made: Made, _p: Properties) -> None:
    api.client("sns").delete_topic(TopicArn=made.id)


@creates("AWS::SNS::TopicPolicy")
def topic_policy(api: Api, name: str, p: Properties) -> Made:
    for arn in p["Topics"]:
        document = json.dumps(p["PolicyDocument"])
        api.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document)
    return Made(id=name)


@deletes("AWS::SNS::TopicPolicy")
def no_topic_policy(_api: Api, _made: Made, _p: Properties) -> None:
    """A topic cannot be without a policy; it goes with its topic."""


@creates("AWS::SNS::Subscription")
def subscription(api: Api, _name: str, p: Properties) -> Made:
    return Made(id=api.send("sns", "subscribe", p)["SubscriptionArn"])


@deletes("AWS::SNS::Subscription")
def no_subscription(api: Api, made: Made, _p: Properties) -> None:
    api.client("sns").unsubscribe(SubscriptionArn=made.id)


@creates("AWS::SSM::Parameter")
def parameter(api: Api, name: str, p: Properties) -> Made:
    api.send("ssm", "put_parameter", {"Name": name, **p})
    return Made(id=p.get("Name", name), attributes={"Value": p["Value"]})


@updates("AWS::SSM::Parameter")
def new_parameter(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    api.send("ssm", "put_parameter", {"Name": made.id, **p, "Overwrite": True})
    return made


@deletes("AWS::SSM::Parameter")
def no_parameter(api: Api, made: Made, _p: Properties) -> None:
    api.client("ssm").delete_parameter(Name=made.id)


@creates("AWS::SecretsManager::Secret")
def secret(api: Api, name: str, p: Properties) -> Made:
    sent = {"Name": p.get("Name", name), "SecretString": "generated-in-the-test", **p}
    arn = api.send("secretsmanager", "create_secret", sent, unsent=("GenerateSecretString",))["ARN"]
    return Made(id=arn, attributes={"Id": arn})


@deletes("AWS::SecretsManager::Secret")
def no_secret(api: Api, made: Made, _p: Properties) -> None:
    api.client("secretsmanager").delete_secret(SecretId=made.id, ForceDeleteWithoutRecovery=True)


@creates("AWS::ECR::Repository")
def repository(api: Api, name: str, p: Properties) -> Made:
    ecr = api.client("ecr")
    id_ = p.get("RepositoryName", name.lower())
    lifecycle, text = p.pop("LifecyclePolicy", None), p.pop("RepositoryPolicyText", None)
    sent = lower_first(
        {"RepositoryName": id_, **{k: v for k, v in p.items() if k not in {"Tags", "EmptyOnDelete"}}}
    )
    made = api.send("ecr", "create_repository", {**sent, "tags": p.get("Tags", [])})["repository"]
    if lifecycle:
        ecr.put_lifecycle_policy(repositoryName=id_, lifecyclePolicyText=lifecycle["LifecyclePolicyText"])
    if text:
        ecr.set_repository_policy(repositoryName=id_, policyText=json.dumps(text))
    return Made(id=id_, attributes={"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})


@updates("AWS::ECR::Repository")
def new_repository(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    text = p["LifecyclePolicy"]["LifecyclePolicyText"]
    api.client("ecr").put_lifecycle_policy(repositoryName=made.id, lifecyclePolicyText=text)
    return made


@deletes("AWS::ECR::Repository")
def no_repository(api: Api, made: Made, _p: Properties) -> None:
    api.client("ecr").delete_repository(repositoryName=made.id)


@creates("AWS::CertificateManager::Certificate")
def certificate(api: Api, _name: str, p: Properties) -> Made:
    arn = api.send("acm", "request_certificate", p, unsent=("DomainValidationOptions",))["CertificateArn"]
    return Made(id=arn)


@deletes("AWS::CertificateManager::Certificate")
def no_certificate(api: Api, made: Made, _p: Properties) -> None:
    api.client("acm").delete_certificate(CertificateArn=made.id)


def _change_record(api: Api, action: str, p: Properties) -> None:
    record = {key: value for key, value in p.items() if key != "HostedZoneId"}
    if "AliasTarget" in record:
        record["AliasTarget"] = {"EvaluateTargetHealth": False, **record["AliasTarget"]}
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    api.client("route53").change_resource_record_sets(HostedZoneId=p["HostedZoneId"], ChangeBatch=batch)


@creates("AWS::Route53::RecordSet")
def record_set(api: Api, _name: str, p: Properties) -> Made:
    _change_record(api, "CREATE", p)
    return Made(id=p["Name"])


@deletes("AWS::Route53::RecordSet")
def no_record_set(api: Api, _made: Made, p: Properties) -> None:
    _change_record(api, "DELETE", p)
