"""Properties 34 to 40 where one template does not show them."""

from collections.abc import Iterator

from delivery.templates import StageView, strings


def p34_the_bucket_is_read_by_the_distribution_only(stage: StageView) -> Iterator[str]:
    origins = stage.only("AWS::CloudFront::Distribution")["DistributionConfig"]["Origins"]
    for origin in origins:
        if "S3OriginConfig" in origin and "OriginAccessControlId" not in origin:
            yield "the distribution reads the bucket without an origin access control"
    for _, id_, policy in stage.resources("AWS::S3::BucketPolicy", "frontend"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow" and statement["Principal"] in ("*", {"AWS": "*"}):
                yield f"{id_} lets everybody read"


def p35_no_other_path_reaches_the_service(stage: StageView) -> Iterator[str]:
    config = stage.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    patterns = sorted(behavior["PathPattern"] for behavior in config["CacheBehaviors"])
    if patterns != ["/api/*", "/ws"]:
        yield f"the service answers under {patterns}"


def p38_the_firewall_is_in_its_region_and_in_front(stage: StageView) -> Iterator[str]:
    if stage.regions["edge"] != "us-east-1":
        yield f"the firewall is in {stage.regions['edge']}"
    reference = stage.only("AWS::CloudFront::Distribution")["DistributionConfig"].get("WebACLId", {})
    if stage.config.named("edge") not in set(strings(reference)):
        yield "the distribution has another firewall than ours"


def p40_only_the_page_is_rewritten(stage: StageView) -> Iterator[str]:
    config = stage.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    if not config["DefaultCacheBehavior"].get("FunctionAssociations"):
        yield "a route of the page is not the page"
    code = stage.only("AWS::CloudFront::Function")["FunctionCode"]
    if "/api" in code or "/ws" in code:
        yield "the rewrite knows paths of the service"


PROPERTIES = (
    p34_the_bucket_is_read_by_the_distribution_only,
    p35_no_other_path_reaches_the_service,
    p38_the_firewall_is_in_its_region_and_in_front,
    p40_only_the_page_is_rewritten,
)
