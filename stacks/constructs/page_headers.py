"""The headers under which the page is served.

What the page may do is the page's business and stands in one file, `service/api/page_headers.json`: the service reads it
on a laptop, this module for CloudFront. It is read as a file, not imported: the stacks know no code of the service.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import aws_cdk.aws_cloudfront as cloudfront
from aws_cdk import Duration
from constructs import Construct

from stacks.paths import PAGE_HEADERS
from stacks.stage_config import StageConfig

# These two have names of their own in CloudFront; so have sniffing and framing, which take no value.
_POLICY: Final = "Content-Security-Policy"
_OWN_FIELDS: Final = {_POLICY, "X-Content-Type-Options", "Referrer-Policy"}


def content_security_policy(config: StageConfig) -> str:
    """Nothing but our own files; connections to our own origin, its socket, and the sign-in pages."""
    sign_in = f"{config.sign_in_url} https://cognito-idp.{config.stage.region}.amazonaws.com"
    # 'self' covers the socket in current browsers; the explicit form is for Safari before 15.4.
    socket = "" if config.site_url is None else config.site_url.replace("https://", "wss://")
    policy = "; ".join(f"{directive} {value}" for directive, value in _written()[_POLICY].items())
    return policy.format(socket=socket, sign_in=sign_in).replace("  ", " ")


def page_headers(scope: Construct, id_: str, *, config: StageConfig) -> cloudfront.ResponseHeadersPolicy:
    """Transport security for two years, no framing, no sniffing, the microphone and nothing else."""
    custom = cloudfront.ResponseCustomHeader
    return cloudfront.ResponseHeadersPolicy(
        scope,
        id_,
        response_headers_policy_name=config.named("page"),
        comment="What the page may do in a browser",
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=Duration.days(730),
                include_subdomains=True,
                preload=True,
                override=True,
            ),
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=content_security_policy(config), override=True
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
        ),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                custom(header=name, value=value, override=True)
                for name, value in _written().items()
                if name not in _OWN_FIELDS
            ]
        ),
        remove_headers=["Server"],
    )


def _written() -> Mapping[str, Any]:
    headers: Mapping[str, Any] = json.loads(PAGE_HEADERS.read_text(encoding="utf-8"))
    return headers
