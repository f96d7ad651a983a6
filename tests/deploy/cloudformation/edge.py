"""CloudFront and the firewall."""

import uuid
from typing import Any

from tests.deploy.cloudformation.kept import keep
from tests.deploy.cloudformation.registry import Api, Made, Properties, creates, deletes, updates


def counted(items: list[Any]) -> dict[str, Any]:
    """CloudFront's API writes a list with its length."""
    return {"Quantity": len(items), **({"Items": items} if items else {})}


def _behavior(p: Properties) -> Properties:
    behavior = dict(p)
    methods = counted(behavior.pop("AllowedMethods", ["GET", "HEAD"]))
    behavior["AllowedMethods"] = {
        **methods,
        "CachedMethods": counted(behavior.pop("CachedMethods", ["GET", "HEAD"])),
    }
    if "FunctionAssociations" in behavior:
        behavior["FunctionAssociations"] = counted(behavior["FunctionAssociations"])
    return behavior


def _origin(p: Properties) -> Properties:
    origin = {"OriginPath": "", **p}
    if "OriginCustomHeaders" in origin:
        origin["CustomHeaders"] = counted(origin.pop("OriginCustomHeaders"))
    if "CustomOriginConfig" in origin:
        custom = {"HTTPPort": 80, "HTTPSPort": 443, **origin["CustomOriginConfig"]}
        custom["OriginSslProtocols"] = counted(custom.pop("OriginSSLProtocols", []))
        origin["CustomOriginConfig"] = custom
    return origin


def distribution_config(p: Properties, *, reference: str) -> Properties:
    """The distribution as the API writes it."""
    config: dict[str, Any] = {"CallerReference": reference, "Comment": "", **p["DistributionConfig"]}
    config["Aliases"] = counted(config.get("Aliases", []))
    config["Origins"] = counted([_origin(origin) for origin in config["Origins"]])
    config["DefaultCacheBehavior"] = _behavior(config["DefaultCacheBehavior"])
    config["CacheBehaviors"] = counted([_behavior(one) for one in config.get("CacheBehaviors", [])])
    if "Logging" in config:
        config["Logging"] = {"Enabled": True, "IncludeCookies": False, "Prefix": "", **config["Logging"]}
    if "IPV6Enabled" in config:
        config["IsIPV6Enabled"] = config.pop("IPV6Enabled")
    if "Restrictions" in config:
        geo = config["Restrictions"]["GeoRestriction"]
        named = {"RestrictionType": geo["RestrictionType"], **counted(geo.get("Locations", []))}
        config["Restrictions"] = {"GeoRestriction": named}
    if "ViewerCertificate" in config:
        renamed = {"AcmCertificateArn": "ACMCertificateArn", "SslSupportMethod": "SSLSupportMethod"}
        config["ViewerCertificate"] = {
            renamed.get(key, key): v for key, v in config["ViewerCertificate"].items()
        }
    return config


@creates("AWS::CloudFront::Distribution")
def distribution(api: Api, name: str, p: Properties) -> Made:
    config = distribution_config(p, reference=name)
    tags = {"Items": p.get("Tags", [])}
    sent = {"DistributionConfigWithTags": {"DistributionConfig": config, "Tags": tags}}
    made = api.send("cloudfront", "create_distribution_with_tags", sent)["Distribution"]
    return Made(
        id=made["Id"], attributes={"Id": made["Id"], "DomainName": made["DomainName"], "Arn": made["ARN"]}
    )


@updates("AWS::CloudFront::Distribution")
def new_distribution(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    current = api.client("cloudfront").get_distribution_config(Id=made.id)
    config = distribution_config(p, reference=current["DistributionConfig"]["CallerReference"])
    sent = {"Id": made.id, "IfMatch": current["ETag"], "DistributionConfig": config}
    api.send("cloudfront", "update_distribution", sent)
    return made


@deletes("AWS::CloudFront::Distribution")
def no_distribution(api: Api, made: Made, _p: Properties) -> None:
    cloudfront = api.client("cloudfront")
    cloudfront.delete_distribution(Id=made.id, IfMatch=cloudfront.get_distribution(Id=made.id)["ETag"])


@creates("AWS::CloudFront::OriginAccessControl")
def origin_access_control(api: Api, _name: str, p: Properties) -> Made:
    id_ = api.send("cloudfront", "create_origin_access_control", p)["OriginAccessControl"]["Id"]
    return Made(id=id_, attributes={"Id": id_})


@deletes("AWS::CloudFront::OriginAccessControl")
def no_origin_access_control(api: Api, made: Made, _p: Properties) -> None:
    api.client("cloudfront").delete_origin_access_control(Id=made.id, IfMatch="*")


def _function(p: Properties) -> Properties:
    return {
        "Name": p["Name"],
        "FunctionConfig": p["FunctionConfig"],
        "FunctionCode": p["FunctionCode"].encode(),
    }


keep(
    "AWS::CloudFront::Function",
    service="cloudfront",
    operation="create_function",
    attribute="FunctionARN",
    wrap=_function,
)
keep(
    "AWS::CloudFront::VpcOrigin",
    service="cloudfront",
    operation="create_vpc_origin",
    attribute="Id",
    wrap=lambda p: {
        "VpcOriginEndpointConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            **{k: v for k, v in p["VpcOriginEndpointConfig"].items() if k != "OriginSSLProtocols"},
            "OriginSslProtocols": counted(p["VpcOriginEndpointConfig"]["OriginSSLProtocols"]),
        }
    },
)


def _headers(p: Properties) -> Properties:
    config = dict(p["ResponseHeadersPolicyConfig"])
    config["CustomHeadersConfig"] = counted(config["CustomHeadersConfig"]["Items"])
    config["RemoveHeadersConfig"] = counted(config["RemoveHeadersConfig"]["Items"])
    return {"ResponseHeadersPolicyConfig": config}


keep(
    "AWS::CloudFront::ResponseHeadersPolicy",
    service="cloudfront",
    operation="create_response_headers_policy",
    attribute="Id",
    wrap=_headers,
)


@creates("AWS::WAFv2::WebACL")
def web_acl(api: Api, name: str, p: Properties) -> Made:
    made = api.send("wafv2", "create_web_acl", {"Name": name, **p})["Summary"]
    named = {"Arn": made["ARN"], "Id": made["Id"]}
    return Made(id=f"{made['Name']}|{made['Id']}|{p['Scope']}", attributes=named)


@updates("AWS::WAFv2::WebACL")
def new_web_acl(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    name, id_, scope = made.id.split("|")
    token = api.client("wafv2").get_web_acl(Name=name, Scope=scope, Id=id_)["LockToken"]
    sent = {**p, "Name": name, "Id": id_, "LockToken": token}
    api.send("wafv2", "update_web_acl", sent, unsent=("Tags",))
    return made


@deletes("AWS::WAFv2::WebACL")
def no_web_acl(api: Api, made: Made, _p: Properties) -> None:
    name, id_, scope = made.id.split("|")
    waf = api.client("wafv2")
    waf.delete_web_acl(
        Name=name, Id=id_, Scope=scope, LockToken=waf.get_web_acl(Name=name, Scope=scope, Id=id_)["LockToken"]
    )


@creates("AWS::WAFv2::LoggingConfiguration")
def firewall_logging(api: Api, _name: str, p: Properties) -> Made:
    api.send("wafv2", "put_logging_configuration", {"LoggingConfiguration": p})
    return Made(id=p["ResourceArn"])


@updates("AWS::WAFv2::LoggingConfiguration")
def new_firewall_logging(api: Api, _made: Made, _before: Properties, p: Properties) -> Made:
    return firewall_logging(api, uuid.uuid4().hex, p)


@deletes("AWS::WAFv2::LoggingConfiguration")
def no_firewall_logging(api: Api, made: Made, _p: Properties) -> None:
    api.client("wafv2").delete_logging_configuration(ResourceArn=made.id)
