"""Which AWS services may speak to an alarm topic."""

import aws_cdk.aws_iam as iam
import aws_cdk.aws_sns as sns


def let_publish(topic: sns.Topic, service: str, *, account: str) -> None:
    """Let one service publish, for resources of this account only."""
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid=f"Let{service.title()}Publish",
            principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": account}},
        )
    )
