"""The load balancer: TLS in, long-lived WebSockets through, and nobody but CloudFront at the door."""

from typing import Final

import aws_cdk.aws_certificatemanager as acm
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_elasticloadbalancingv2 as elbv2
import aws_cdk.aws_route53 as route53
import aws_cdk.aws_route53_targets as targets
from aws_cdk import Duration, SecretValue
from constructs import Construct

from stacks.constructs.log_bucket import LogBucket
from stacks.stage_config import EdgeMode, StageConfig

CONTAINER_PORT: Final = 8000
ORIGIN_SECRET_HEADER: Final = "X-Origin-Verify"  # noqa: S105 - a header's name


def origin_secret(config: StageConfig) -> str:
    """What CloudFront shows a public load balancer; resolved by CloudFormation, never written down."""
    return SecretValue.secrets_manager(config.named("origin-secret")).unsafe_unwrap()


class WebSocketLoadBalancer(Construct):
    """An application load balancer whose timers fit a call, with one target group for the tasks."""

    security_group: ec2.SecurityGroup
    balancer: elbv2.ApplicationLoadBalancer
    target_group: elbv2.ApplicationTargetGroup
    listener: elbv2.ApplicationListener

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, vpc: ec2.IVpc) -> None:
        super().__init__(scope, id_)
        public = config.edge.mode is EdgeMode.PUBLIC_ALB
        service = config.service

        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Load balancer: HTTPS from CloudFront, to the tasks only",
            allow_all_outbound=False,
        )
        self.security_group.add_ingress_rule(
            ec2.Peer.prefix_list(config.network.cloudfront_prefix_list),
            ec2.Port.tcp(443),
            "HTTPS from CloudFront's origin-facing addresses",
        )
        self.balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Resource",
            vpc=vpc,
            internet_facing=public,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="public" if public else "tasks"),
            security_group=self.security_group,
            idle_timeout=Duration.seconds(service.idle_timeout_s),
            client_keep_alive=Duration.hours(1),
            deletion_protection=config.stage.protected,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
            xff_header_processing_mode=elbv2.XffHeaderProcessingMode.APPEND,
            waf_fail_open=False,
        )
        self._log_requests(config)
        self.target_group = elbv2.ApplicationTargetGroup(
            self,
            "Tasks",
            vpc=vpc,
            port=CONTAINER_PORT,
            protocol=elbv2.ApplicationProtocol.HTTP,
            target_type=elbv2.TargetType.IP,
            # An open WebSocket counts as outstanding for its life, so this balances sessions.
            load_balancing_algorithm_type=elbv2.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
            deregistration_delay=Duration.seconds(service.deregistration_delay_s),
            health_check=elbv2.HealthCheck(
                path="/health",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
                healthy_http_codes="200",
            ),
        )
        self.listener = self._listen(config, public=public)

    def _log_requests(self, config: StageConfig) -> None:
        kept = config.stage.protected
        bucket = LogBucket(
            self, "Requests", retention_days=config.service.log_retention_days, kept=kept
        ).bucket
        self.balancer.log_access_logs(bucket, "requests")
        self.balancer.log_connection_logs(bucket, "connections")

    def _listen(self, config: StageConfig, *, public: bool) -> elbv2.ApplicationListener:
        conditions = []
        if public:
            conditions.append(
                elbv2.ListenerCondition.http_header(ORIGIN_SECRET_HEADER, [origin_secret(config)])
            )
        if config.domain.site_name:
            conditions.append(elbv2.ListenerCondition.host_headers([config.domain.site_name]))
        to_tasks = elbv2.ListenerAction.forward([self.target_group])
        refuse = elbv2.ListenerAction.fixed_response(403, content_type="text/plain", message_body="forbidden")
        listener = self.balancer.add_listener(
            "Https",
            port=443,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            certificates=[elbv2.ListenerCertificate.from_arn(self._certificate_arn(config))],
            ssl_policy=elbv2.SslPolicy.TLS13_12_RES_PQ,
            open=False,
            default_action=refuse if conditions else to_tasks,
        )
        if conditions:
            listener.add_action("FromOurEdge", priority=10, conditions=conditions, action=to_tasks)
        return listener

    def _certificate_arn(self, config: StageConfig) -> str:
        domain = config.domain
        zone = None
        if domain.zone_id and domain.zone_name:
            zone = route53.HostedZone.from_hosted_zone_attributes(
                self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
            )
            alias = route53.RecordTarget.from_alias(targets.LoadBalancerTarget(self.balancer))
            if config.edge.mode is EdgeMode.PUBLIC_ALB:
                route53.ARecord(
                    self, "OriginRecord", zone=zone, record_name=f"{domain.origin_name}.", target=alias
                )
        if domain.origin_certificate_arn is not None:
            return domain.origin_certificate_arn
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=domain.origin_name,
            validation=acm.CertificateValidation.from_dns(zone),
        )
        return certificate.certificate_arn
