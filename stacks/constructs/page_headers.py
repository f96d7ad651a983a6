"""The headers under which the page is served."""

import aws_cdk.aws_cloudfront as cloudfront
from aws_cdk import Duration
from constructs import Construct

from stacks.stage_config import StageConfig


def content_security_policy(config: StageConfig) -> str:
    """Nothing but our own files; connections to our own origin, its socket, and the sign-in pages."""
    region = config.stage.region
    connect = [
        "'self'",
        config.sign_in_url,
        f"https://cognito-idp.{region}.amazonaws.com",
    ]
    if config.site_url is not None:
        # 'self' covers the socket in current browsers; the explicit form is for Safari before 15.4.
        connect.insert(1, config.site_url.replace("https://", "wss://"))
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "media-src": "'self' blob:",
        "worker-src": "'self'",
        "connect-src": " ".join(connect),
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


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
                custom(
                    header="Permissions-Policy",
                    value="microphone=(self), camera=(), geolocation=(), payment=()",
                    override=True,
                ),
                custom(header="Cross-Origin-Opener-Policy", value="same-origin", override=True),
                custom(header="Cross-Origin-Resource-Policy", value="same-origin", override=True),
            ]
        ),
        remove_headers=["Server"],
    )
