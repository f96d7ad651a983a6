"""What the repository's workflows may do here, without a long-lived key."""

from typing import Any, Final

import aws_cdk.aws_cloudfront as cloudfront
import aws_cdk.aws_ecr as ecr
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3
from aws_cdk import CfnOutput, Duration, Stack
from constructs import Construct

from stacks.edge_stack import EDGE_REGION
from stacks.stage_config import StageConfig

_ISSUER: Final = "token.actions.githubusercontent.com"
_AUDIENCE: Final = "sts.amazonaws.com"
# The roles that `cdk bootstrap` makes; a deployment assumes these and has no right of its own.
_BOOTSTRAP_ROLES: Final = ("deploy-role", "file-publishing-role", "image-publishing-role", "lookup-role")


class DeliveryStack(Stack):
    """Three roles: read for pull requests, deploy for the protected environment, publish for image and page."""

    plan_role: iam.Role
    deploy_role: iam.Role
    publish_role: iam.Role

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        repository: ecr.IRepository,
        bucket: s3.IBucket,
        distribution: cloudfront.IDistribution,
        **stack: Any,
    ) -> None:
        super().__init__(scope, id_, **stack)
        self._provider_arn = config.delivery.oidc_provider_arn or self._provider().oidc_provider_arn
        source = f"repo:{config.delivery.repository}"
        environment = f"{source}:environment:{config.stage.name}"

        self.plan_role = self._role("Plan", f"{source}:pull_request", "cdk diff for a pull request")
        self._may_assume(self.plan_role, "PlanPolicy", config=config, roles=("lookup-role",))
        self.deploy_role = self._role("Deploy", environment, "cdk deploy from the main branch")
        self._may_assume(self.deploy_role, "DeployPolicy", config=config, roles=_BOOTSTRAP_ROLES)
        self.publish_role = self._role("Publish", environment, "Image to the registry, page to the bucket")
        self._may_publish(repository=repository, bucket=bucket, distribution=distribution)
        for name, role in (
            ("Plan", self.plan_role),
            ("Deploy", self.deploy_role),
            ("Publish", self.publish_role),
        ):
            CfnOutput(self, f"{name}RoleArn", value=role.role_arn)

    def _provider(self) -> iam.OidcProviderNative:
        return iam.OidcProviderNative(self, "GitHub", url=f"https://{_ISSUER}", client_ids=[_AUDIENCE])

    def _role(self, id_: str, subject: str, description: str) -> iam.Role:
        principal = iam.WebIdentityPrincipal(
            self._provider_arn,
            conditions={"StringEquals": {f"{_ISSUER}:aud": _AUDIENCE, f"{_ISSUER}:sub": subject}},
        )
        return iam.Role(
            self,
            id_,
            assumed_by=principal,
            description=description,
            max_session_duration=Duration.hours(1),
        )

    def _may_assume(self, role: iam.Role, id_: str, *, config: StageConfig, roles: tuple[str, ...]) -> None:
        account = config.stage.account
        regions = dict.fromkeys((config.stage.region, EDGE_REGION))
        iam.ManagedPolicy(
            self,
            id_,
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    sid="AssumeTheBootstrapRoles",
                    actions=["sts:AssumeRole"],
                    resources=[
                        f"arn:aws:iam::{account}:role/cdk-hnb659fds-{name}-{account}-{region}"
                        for region in regions
                        for name in roles
                    ],
                )
            ],
        )

    def _may_publish(
        self, *, repository: ecr.IRepository, bucket: s3.IBucket, distribution: cloudfront.IDistribution
    ) -> None:
        iam.ManagedPolicy(
            self,
            "PublishPolicy",
            roles=[self.publish_role],
            statements=[
                iam.PolicyStatement(
                    sid="SignInToTheRegistry", actions=["ecr:GetAuthorizationToken"], resources=["*"]
                ),
                iam.PolicyStatement(
                    sid="PushTheImage",
                    actions=[
                        "ecr:BatchCheckLayerAvailability",
                        "ecr:BatchGetImage",
                        "ecr:CompleteLayerUpload",
                        "ecr:DescribeImages",
                        "ecr:GetDownloadUrlForLayer",
                        "ecr:InitiateLayerUpload",
                        "ecr:PutImage",
                        "ecr:UploadLayerPart",
                    ],
                    resources=[repository.repository_arn],
                ),
                iam.PolicyStatement(
                    sid="ListThePage", actions=["s3:ListBucket"], resources=[bucket.bucket_arn]
                ),
                iam.PolicyStatement(
                    sid="WriteThePage",
                    actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    resources=[bucket.arn_for_objects("*")],
                ),
                iam.PolicyStatement(
                    sid="ForgetTheCachedPage",
                    actions=["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"],
                    resources=[distribution.distribution_arn],
                ),
            ],
        )
