"""One origin for everything a browser asks: the page from the bucket, `/api/*` and `/ws` from the service."""

from typing import Any, Final

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_cloudfront_origins as origins
import aws_cdk.aws_elasticloadbalancingv2 as elbv2
import aws_cdk.aws_route53 as route53
import aws_cdk.aws_route53_targets as targets
import aws_cdk.aws_s3 as s3
from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from constructs import Construct

from stacks.constructs.log_bucket import LogBucket
from stacks.constructs.page_headers import page_headers
from stacks.constructs.websocket_load_balancer import ORIGIN_SECRET_HEADER, origin_secret
from stacks.stage_config import EdgeMode, StageConfig

# Runs on page requests only, so /api and /ws keep their own 404s: a path without a file extension is the page.
_PAGE_ROUTES: Final = """\
function handler(event) {
  var request = event.request;
  var last = request.uri.split('/').pop();
  if (last.indexOf('.') === -1) {
    request.uri = '/index.html';
  }
  return request;
}
"""
_ORIGIN_TIMEOUT: Final = Duration.seconds(60)


class FrontendStack(Stack):
    """The bucket of the page and the distribution in front of page and service."""

    bucket: s3.Bucket
    distribution: cloudfront.Distribution

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        load_balancer: elbv2.IApplicationLoadBalancer,
        web_acl_arn: str,
        certificate: acm.ICertificate | None,
        **stack: Any,
    ) -> None:
        super().__init__(scope, id_, **stack)
        kept = config.stage.protected
        logs = LogBucket(
            self, "Visits", retention_days=config.service.log_retention_days, kept=kept, written_by_acl=True
        ).bucket
        self.bucket = s3.Bucket(
            self,
            "Page",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=logs,
            server_access_logs_prefix="bucket/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="ForgetReplacedFiles",
                    noncurrent_version_expiration=Duration.days(90),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=RemovalPolicy.RETAIN if kept else RemovalPolicy.DESTROY,
        )
        service = cloudfront.BehaviorOptions(
            origin=self._service_origin(config, load_balancer),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
            compress=False,
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Voice assistant, {config.stage.name}",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=page_headers(self, "Headers", config=config),
                function_associations=[self._page_routes(config)],
                compress=True,
            ),
            additional_behaviors={"/api/*": service, "/ws": service},
            default_root_object="index.html",
            domain_names=[config.domain.site_name] if config.domain.site_name else None,
            certificate=certificate,
            minimum_protocol_version=(
                cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if certificate is not None else None
            ),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            geo_restriction=(
                cloudfront.GeoRestriction.allowlist(*config.edge.countries) if config.edge.countries else None
            ),
            web_acl_id=web_acl_arn,
            enable_logging=True,
            log_bucket=logs,
            log_file_prefix="distribution/",
            log_includes_cookies=False,
        )
        self._records(config)
        # What `make publish-frontend` needs to know.
        CfnOutput(self, "PageBucket", value=self.bucket.bucket_name)
        CfnOutput(self, "DistributionId", value=self.distribution.distribution_id)
        CfnOutput(
            self, "SiteUrl", value=config.site_url or f"https://{self.distribution.distribution_domain_name}"
        )

    def _service_origin(
        self, config: StageConfig, load_balancer: elbv2.IApplicationLoadBalancer
    ) -> cloudfront.IOrigin:
        if config.edge.mode is EdgeMode.VPC_ORIGIN:
            return origins.VpcOrigin.with_application_load_balancer(
                load_balancer,
                vpc_origin_name=config.named("service"),
                domain_name=config.domain.origin_name,
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                read_timeout=_ORIGIN_TIMEOUT,
                keepalive_timeout=_ORIGIN_TIMEOUT,
            )
        return origins.HttpOrigin(
            config.domain.origin_name,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers={ORIGIN_SECRET_HEADER: origin_secret(config)},
            read_timeout=_ORIGIN_TIMEOUT,
            keepalive_timeout=_ORIGIN_TIMEOUT,
        )

    def _page_routes(self, config: StageConfig) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            "PageRoutes",
            function_name=config.named("page-routes"),
            comment="A route of the page is the page",
            code=cloudfront.FunctionCode.from_inline(_PAGE_ROUTES),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        return cloudfront.FunctionAssociation(
            function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
        )

    def _records(self, config: StageConfig) -> None:
        domain = config.domain
        if domain.site_name is None or domain.zone_id is None or domain.zone_name is None:
            return
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
        )
        alias = route53.RecordTarget.from_alias(targets.CloudFrontTarget(self.distribution))
        route53.ARecord(self, "SiteV4", zone=zone, record_name=f"{domain.site_name}.", target=alias)
        route53.AaaaRecord(self, "SiteV6", zone=zone, record_name=f"{domain.site_name}.", target=alias)
