"""What CloudFront needs in us-east-1: the firewall with its log, and the viewer certificate."""

from typing import Any, Final

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_kms as kms
import aws_cdk.aws_logs as logs
import aws_cdk.aws_route53 as route53
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sns_subscriptions as subscriptions
import aws_cdk.aws_wafv2 as wafv2
from aws_cdk import Duration, RemovalPolicy, Stack
from constructs import Construct

from stacks.constructs.encryption import stage_key
from stacks.constructs.publishers import let_publish
from stacks.constructs.retention import retention
from stacks.constructs.runbook_alarm import RunbookAlarm
from stacks.stage_config import StageConfig

EDGE_REGION: Final = "us-east-1"
_MANAGED_GROUPS: Final = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
)
# Tokens and tickets travel in these; the firewall's log must not keep them.
_REDACTED_HEADERS: Final = ("authorization", "cookie", "sec-websocket-protocol")


class EdgeStack(Stack):
    """A web ACL of scope CLOUDFRONT, its log and its alarm; and a certificate where the stage has a name."""

    web_acl_arn: str
    certificate: acm.ICertificate | None

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, **stack: Any) -> None:
        super().__init__(scope, id_, **stack)
        kept = RemovalPolicy.RETAIN if config.stage.protected else RemovalPolicy.DESTROY
        key = stage_key(self, "Key", config=config, region=EDGE_REGION, removal_policy=kept)
        acl = wafv2.CfnWebACL(
            self,
            "Firewall",
            name=config.named("edge"),
            description="In front of page, REST and WebSocket handshakes",
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("Edge"),
            rules=[
                *(_managed(name, priority=10 + position) for position, name in enumerate(_MANAGED_GROUPS)),
                _rate_rule(limit=config.edge.requests_per_five_minutes, priority=50),
            ],
        )
        self.web_acl_arn = acl.attr_arn
        log_group = logs.LogGroup(
            self,
            "FirewallLog",
            log_group_name=firewall_log(config),
            retention=retention(config.service.log_retention_days),
            encryption_key=key,
            removal_policy=kept,
        )
        wafv2.CfnLoggingConfiguration(
            self,
            "FirewallLogging",
            resource_arn=acl.attr_arn,
            log_destination_configs=[
                f"arn:aws:logs:{EDGE_REGION}:{config.stage.account}:log-group:{firewall_log(config)}"
            ],
            redacted_fields=[
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": header})
                for header in _REDACTED_HEADERS
            ],
        ).node.add_dependency(log_group)
        self._alarm(config, key=key)
        self.certificate = self._viewer_certificate(config)

    def _alarm(self, config: StageConfig, *, key: kms.IKey) -> None:
        topic = sns.Topic(self, "Alarms", master_key=key, enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(config.alarms.email))
        let_publish(topic, "cloudwatch", account=self.account)
        RunbookAlarm(
            self,
            "Blocks",
            slug="firewall-blocks",
            stage=config.stage.name,
            meaning="The firewall blocks far more requests than a stray scanner causes.",
            metric=cloudwatch.Metric(
                namespace="AWS/WAFV2",
                metric_name="BlockedRequests",
                dimensions_map={"WebACL": config.named("edge"), "Rule": "ALL"},
                statistic="Sum",
                period=Duration.minutes(5),
            ),
            topic=topic,
            threshold=500,
            periods=2,
        )

    def _viewer_certificate(self, config: StageConfig) -> acm.ICertificate | None:
        domain = config.domain
        if domain.site_name is None:
            return None
        if domain.site_certificate_arn is not None:
            return acm.Certificate.from_certificate_arn(self, "SiteCertificate", domain.site_certificate_arn)
        assert domain.zone_id is not None and domain.zone_name is not None  # noqa: S101, PT018 - stage_checks
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
        )
        return acm.Certificate(
            self,
            "SiteCertificate",
            domain_name=domain.site_name,
            validation=acm.CertificateValidation.from_dns(zone),
        )


def firewall_log(config: StageConfig) -> str:
    """WAF writes only to log groups of this prefix."""
    return f"aws-waf-logs-{config.named('edge')}"


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )


def _managed(name: str, *, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=name
            )
        ),
        visibility_config=_visibility(name),
    )


def _rate_rule(*, limit: int, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    """The firewall sees handshakes, not frames: everything about a message is the service's to limit."""
    return wafv2.CfnWebACL.RuleProperty(
        name="TooManyRequestsFromOneAddress",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(
            block=wafv2.CfnWebACL.BlockActionProperty(
                custom_response=wafv2.CfnWebACL.CustomResponseProperty(response_code=429)
            )
        ),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                limit=limit, aggregate_key_type="IP", evaluation_window_sec=300
            )
        ),
        visibility_config=_visibility("TooManyRequestsFromOneAddress"),
    )
