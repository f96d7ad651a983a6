"""Cognito."""

from tests.deploy.cloudformation.kept import keep
from tests.deploy.cloudformation.registry import Api, Made, Properties, creates, deletes, updates


@creates("AWS::Cognito::UserPool")
def user_pool(api: Api, name: str, p: Properties) -> Made:
    cognito = api.client("cognito-idp")
    factors = p.pop("EnabledMfas", [])
    sent = {"PoolName": p.pop("UserPoolName", name), **p}
    made = api.send("cognito-idp", "create_user_pool", sent)["UserPool"]
    if factors:
        cognito.set_user_pool_mfa_config(
            UserPoolId=made["Id"],
            SoftwareTokenMfaConfiguration={"Enabled": "SOFTWARE_TOKEN_MFA" in factors},
            MfaConfiguration=p.get("MfaConfiguration", "OFF"),
        )
    issuer = f"cognito-idp.{api.region}.amazonaws.com/{made['Id']}"
    named = {
        "Arn": made["Arn"],
        "ProviderName": issuer,
        "ProviderURL": f"https://{issuer}",
        "UserPoolId": made["Id"],
    }
    return Made(id=made["Id"], attributes=named)


@updates("AWS::Cognito::UserPool")
def new_user_pool(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    left_out = (
        "EnabledMfas",
        "UserPoolName",
        "Schema",
        "UsernameConfiguration",
        "UsernameAttributes",
        "AliasAttributes",
    )
    api.send("cognito-idp", "update_user_pool", {"UserPoolId": made.id, **p}, unsent=left_out)
    return made


@deletes("AWS::Cognito::UserPool")
def no_user_pool(api: Api, made: Made, _p: Properties) -> None:
    api.client("cognito-idp").delete_user_pool(UserPoolId=made.id)


@creates("AWS::Cognito::UserPoolClient")
def user_pool_client(api: Api, name: str, p: Properties) -> Made:
    made = api.send("cognito-idp", "create_user_pool_client", {"ClientName": name, **p})["UserPoolClient"]
    return Made(id=made["ClientId"], attributes={"ClientId": made["ClientId"]})


@updates("AWS::Cognito::UserPoolClient")
def new_user_pool_client(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    api.send("cognito-idp", "update_user_pool_client", {"ClientId": made.id, **p}, unsent=("GenerateSecret",))
    return made


@deletes("AWS::Cognito::UserPoolClient")
def no_user_pool_client(api: Api, made: Made, p: Properties) -> None:
    api.client("cognito-idp").delete_user_pool_client(UserPoolId=p["UserPoolId"], ClientId=made.id)


@creates("AWS::Cognito::UserPoolGroup")
def user_pool_group(api: Api, name: str, p: Properties) -> Made:
    made = api.send("cognito-idp", "create_group", {"GroupName": name, **p})["Group"]
    return Made(id=made["GroupName"], attributes={})


@updates("AWS::Cognito::UserPoolGroup")
def new_user_pool_group(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    api.send("cognito-idp", "update_group", {"GroupName": made.id, **p})
    return made


@deletes("AWS::Cognito::UserPoolGroup")
def no_user_pool_group(api: Api, made: Made, p: Properties) -> None:
    api.client("cognito-idp").delete_group(UserPoolId=p["UserPoolId"], GroupName=made.id)


@creates("AWS::Cognito::UserPoolDomain")
def user_pool_domain(api: Api, _name: str, p: Properties) -> Made:
    api.send("cognito-idp", "create_user_pool_domain", p)
    return Made(id=p["Domain"], attributes={"CloudFrontDistribution": ""})


@deletes("AWS::Cognito::UserPoolDomain")
def no_user_pool_domain(api: Api, _made: Made, p: Properties) -> None:
    api.client("cognito-idp").delete_user_pool_domain(Domain=p["Domain"], UserPoolId=p["UserPoolId"])


keep(
    "AWS::Cognito::ManagedLoginBranding",
    service="cognito-idp",
    operation="create_managed_login_branding",
    attribute="ManagedLoginBrandingId",
    wrap=lambda p: p,
)
