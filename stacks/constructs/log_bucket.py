"""A bucket for access logs of load balancer, bucket and distribution."""

import aws_cdk.aws_s3 as s3
from aws_cdk import Duration, RemovalPolicy
from constructs import Construct


class LogBucket(Construct):
    """SSE-S3, because neither load balancers nor CloudFront can write with a customer's key; TLS only; expiring."""

    bucket: s3.Bucket

    def __init__(
        self, scope: Construct, id_: str, *, retention_days: int, kept: bool, written_by_acl: bool = False
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            # CloudFront's standard logging writes with an access control list.
            object_ownership=(
                s3.ObjectOwnership.BUCKET_OWNER_PREFERRED
                if written_by_acl
                else s3.ObjectOwnership.BUCKET_OWNER_ENFORCED
            ),
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="Expire",
                    expiration=Duration.days(retention_days),
                    noncurrent_version_expiration=Duration.days(7),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=RemovalPolicy.RETAIN if kept else RemovalPolicy.DESTROY,
        )
