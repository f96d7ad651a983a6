"""What must agree with what before anything is synthesised. Each check raises one sentence or passes."""

import ipaddress
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Final, Literal, NoReturn

from stacks.errors import ConfigurationError
from stacks.stage_config import MINUTES_PER_DAY, Egress, Mfa, StageConfig

# Model ids and the regions that serve them; the model cards and price list, autumn 2026.
MODEL_REGIONS: Final = {
    "amazon.nova-2-sonic-v1:0": ("us-east-1", "us-west-2", "ap-northeast-1", "eu-north-1"),
    "amazon.nova-2-5-sonic": ("us-east-1", "eu-north-1", "ap-northeast-1"),
}
RETIRED_MODELS: Final = ("amazon.nova-sonic-v1:0",)
LOG_RETENTION_DAYS: Final = (30, 60, 90, 120, 150, 180, 365, 400, 545, 731)

# A stream of the model lives at most eight minutes; a task keeps its sockets that long after deregistration.
STREAM_LIFE_S: Final = 480
STREAM_MARGIN_S: Final = 60
# CloudFront closes a WebSocket on which the origin says nothing for ten minutes.
CLOUDFRONT_SILENCE_S: Final = 600
# What one subnet holds beside tasks: load balancer nodes, interface endpoints, VPC origin interfaces.
RESERVED_ADDRESSES: Final = 8 + 5 + 4
AWS_RESERVED_ADDRESSES: Final = 5
TASK_SUBNET_BITS: Final = 4

HOSTNAME: Final = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
CERTIFICATE: Final = re.compile(r"arn:aws:acm:([a-z0-9-]+):\d{12}:certificate/[0-9a-f-]{36}")


def check(config: StageConfig) -> None:
    """Run every check of one stage."""
    for one in (
        _stage, _network, _addresses, _domain, _edge, _identity, _keys, _model, _tasks, _timers, _canary, _users, _rest,
    ):  # fmt: skip
        one(config)


def check_together(configs: Sequence[StageConfig]) -> None:
    """Run the checks that need two stages: nothing that must be unique is used twice."""
    for earlier, later in itertools.combinations(configs, 2):
        refuse = _refusal(later)
        name = earlier.stage.name
        if ipaddress.ip_network(earlier.network.cidr).overlaps(ipaddress.ip_network(later.network.cidr)):
            refuse(
                "network.cidr",
                later.network.cidr,
                f"overlaps {earlier.network.cidr} of {name}; write a free range",
            )
        if (earlier.stage.account, earlier.stage.region) == (later.stage.account, later.stage.region):
            refuse(
                "stage.account",
                later.stage.account,
                f"{name} has this account and region; write one account a stage",
            )
        if earlier.identity.domain_prefix == later.identity.domain_prefix:
            refuse(
                "identity.domain_prefix",
                later.identity.domain_prefix,
                f"{name} has this prefix; write another",
            )
        if later.domain.site_name and earlier.domain.site_name == later.domain.site_name:
            refuse("domain.site_name", later.domain.site_name, f"{name} has this name; write another")


def _refusal(config: StageConfig) -> Callable[[str, object, str], NoReturn]:
    def refuse(key: str, value: object, remedy: str) -> NoReturn:
        raise ConfigurationError(source=config.source, key=key, value=value, remedy=remedy)

    return refuse


def _stage(config: StageConfig) -> None:
    refuse, stage = _refusal(config), config.stage
    if not re.fullmatch(r"[a-z][a-z0-9]{1,14}", stage.name):
        refuse("stage.name", stage.name, "write 2 to 15 small letters and digits, a letter first")
    if not re.fullmatch(r"\d{12}", stage.account):
        refuse("stage.account", stage.account, "write the 12 digits of an AWS account, in quotes")
    if not re.fullmatch(r"[a-z]{2}-[a-z]+-\d", stage.region):
        refuse("stage.region", stage.region, "write a region such as us-east-1")


def _network(config: StageConfig) -> None:
    refuse, network = _refusal(config), config.network
    zones = network.availability_zones
    if len(set(zones)) < 2 or len(set(zones)) != len(zones) or len(zones) > 3:
        refuse(
            "network.availability_zones",
            zones,
            "write two or three different zones; one alone cannot fail over",
        )
    for zone in zones:
        if not re.fullmatch(re.escape(config.stage.region) + "[a-z]", zone):
            refuse("network.availability_zones", zone, f"write zones of {config.stage.region}")
    region = config.stage.region
    for key, listed, value in (
        (
            "cloudfront_prefix_list",
            "com.amazonaws.global.cloudfront.origin-facing",
            network.cloudfront_prefix_list,
        ),
        ("s3_prefix_list", f"com.amazonaws.{region}.s3", network.s3_prefix_list),
        ("dynamodb_prefix_list", f"com.amazonaws.{region}.dynamodb", network.dynamodb_prefix_list),
    ):
        if not re.fullmatch(r"pl-[0-9a-f]{8,17}", value):
            refuse(f"network.{key}", value, f"write the id of the managed prefix list {listed}, pl-...")


def _addresses(config: StageConfig) -> None:
    refuse, cidr = _refusal(config), config.network.cidr
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        refuse("network.cidr", cidr, f"{error}; write a range such as 10.20.0.0/20")
    if not network.is_private or not 16 <= network.prefixlen <= 24:
        refuse("network.cidr", cidr, "write a private range between /16 and /24")
    # A deployment doubles the tasks, and one zone may have to hold all of them.
    needed = 2 * config.service.max_tasks + RESERVED_ADDRESSES
    held = 2 ** (32 - network.prefixlen - TASK_SUBNET_BITS) - AWS_RESERVED_ADDRESSES
    if held < needed:
        refuse(
            "network.cidr",
            cidr,
            f"a subnet of it holds {max(held, 0)} addresses and {needed} are needed; write /22 or wider",
        )


def _domain(config: StageConfig) -> None:
    refuse, domain = _refusal(config), config.domain
    if bool(domain.zone_id) != bool(domain.zone_name):
        refuse("domain.zone_id", domain.zone_id, "write zone_id and zone_name together, or neither")
    _name(config, part="origin", region=config.stage.region)
    _name(config, part="site", region="us-east-1")
    if domain.site_name == domain.origin_name:
        refuse("domain.site_name", domain.site_name, "write two different names for page and load balancer")
    if config.stage.protected and domain.site_name is None:
        remedy = "write the public name; a protected stage does not live under a generated one"
        refuse("domain.site_name", None, remedy)
    generated = domain.generated_site_url
    if generated and domain.site_name:
        refuse("domain.generated_site_url", generated, "leave it out where domain.site_name is written")
    if generated and not re.fullmatch(r"https://[a-z0-9]+\.cloudfront\.net", generated):
        refuse("domain.generated_site_url", generated, "write https://....cloudfront.net without a path")


def _name(config: StageConfig, *, part: Literal["origin", "site"], region: str) -> None:
    """One of the two names: well formed, inside the zone, and proven by a certificate in the right region."""
    refuse, domain = _refusal(config), config.domain
    name = domain.origin_name if part == "origin" else domain.site_name
    certificate = domain.origin_certificate_arn if part == "origin" else domain.site_certificate_arn
    if name is None:
        if certificate:
            remedy = f"write domain.{part}_name too, or leave this out"
            refuse(f"domain.{part}_certificate_arn", certificate, remedy)
        return
    if not HOSTNAME.fullmatch(name):
        remedy = "write a host name in small letters, such as voice.example.com"
        refuse(f"domain.{part}_name", name, remedy)
    if domain.zone_name and not f".{name}".endswith(f".{domain.zone_name}"):
        refuse(f"domain.{part}_name", name, f"write a name inside {domain.zone_name}")
    if certificate is None and domain.zone_id is None:
        remedy = (
            f"has no certificate; write domain.{part}_certificate_arn, or domain.zone_id to have one issued"
        )
        refuse(f"domain.{part}_name", name, remedy)
    found = CERTIFICATE.fullmatch(certificate) if certificate else None
    if certificate and (found is None or found[1] != region):
        remedy = f"write the ARN of an ACM certificate in {region}"
        refuse(f"domain.{part}_certificate_arn", certificate, remedy)


def _edge(config: StageConfig) -> None:
    refuse, edge = _refusal(config), config.edge
    for country in edge.countries:
        if not re.fullmatch(r"[A-Z]{2}", country):
            refuse("edge.countries", country, "write two capital letters a country, such as DE")
    if not 100 <= edge.requests_per_five_minutes <= 1_000_000:
        refuse("edge.requests_per_five_minutes", edge.requests_per_five_minutes, "write 100 to 1000000")


def _identity(config: StageConfig) -> None:
    refuse, identity = _refusal(config), config.identity
    prefix = identity.domain_prefix
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", prefix) or re.search(
        "aws|amazon|cognito", prefix
    ):
        remedy = "write small letters, digits and hyphens, without aws, amazon or cognito"
        refuse("identity.domain_prefix", prefix, remedy)
    if not 5 <= identity.access_token_minutes <= 60:
        refuse("identity.access_token_minutes", identity.access_token_minutes, "write 5 to 60")
    if config.stage.protected and identity.mfa is not Mfa.REQUIRED:
        refuse(
            "identity.mfa", identity.mfa.value, 'write "required"; a protected stage demands a second factor'
        )
    local = identity.local_site_url
    if local and config.stage.protected:
        refuse(
            "identity.local_site_url",
            local,
            "leave it out; a protected stage never sends codes to localhost",
        )
    if local and not re.fullmatch(r"http://localhost(:\d{2,5})?", local):
        refuse("identity.local_site_url", local, "write http://localhost:PORT, without a path")
    if not local and config.site_url is None:
        remedy = (
            "write it, or domain.site_name, or domain.generated_site_url: sign-in must send people somewhere"
        )
        refuse("identity.local_site_url", local, remedy)


def _keys(config: StageConfig) -> None:
    """Whether tasks can have the pool's keys.

    Cognito's interface endpoint completes no request for a pool that has a domain, and managed login needs one
    (https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html, notes 1 and 2).
    """
    refuse, bucket = _refusal(config), config.identity.keys_bucket
    through_endpoints = config.network.egress is Egress.ENDPOINTS
    if through_endpoints and bucket is None:
        remedy = (
            "nobody could sign in: Cognito takes no request through an endpoint for a pool with a domain; "
            'write "nat", or identity.keys_bucket with a copy of the pool\'s keys that you keep current '
            "(a sign-in that was taken back then counts until its token ends)"
        )
        refuse("network.egress", config.network.egress.value, remedy)
    if bucket is not None and not through_endpoints:
        refuse(
            "identity.keys_bucket", bucket, "leave it out: behind NAT the keys are read at the pool itself"
        )
    if bucket is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", bucket):
        refuse(
            "identity.keys_bucket", bucket, "write the name of a bucket in the stage's region, without dots"
        )


def _model(config: StageConfig) -> None:
    refuse, model = _refusal(config), config.model
    if model.id in RETIRED_MODELS:
        refuse("model.id", model.id, f"it reached its end of life; write {next(iter(MODEL_REGIONS))}")
    regions = MODEL_REGIONS.get(model.id)
    if regions is None:
        refuse("model.id", model.id, f"write one of {', '.join(MODEL_REGIONS)}")
    if model.region not in regions:
        refuse("model.region", model.region, f"{model.id} is not there; write one of {', '.join(regions)}")
    if config.network.egress is Egress.ENDPOINTS and model.region != config.stage.region:
        remedy = f'an endpoint reaches only {config.stage.region}; write that, or network.egress = "nat"'
        refuse("model.region", model.region, remedy)


def _tasks(config: StageConfig) -> None:
    refuse, service = _refusal(config), config.service
    if not 2 <= service.min_tasks <= service.max_tasks:
        refuse("service.min_tasks", service.min_tasks, "write at least 2 and at most service.max_tasks")
    if service.max_tasks > 10:
        refuse("service.max_tasks", service.max_tasks, "write at most 10")
    if service.sessions_per_task is not None and service.sessions_per_task < 1:
        refuse("service.sessions_per_task", service.sessions_per_task, "write at least 1")
    if not 20 <= service.target_utilization_percent <= 80:
        refuse("service.target_utilization_percent", service.target_utilization_percent, "write 20 to 80")
    if config.model.concurrent_streams < service.max_tasks:
        remedy = f"{service.max_tasks} tasks need a stream each; write fewer in service.max_tasks"
        refuse("model.concurrent_streams", config.model.concurrent_streams, remedy)
    sessions = config.sessions_per_task * service.max_tasks
    if sessions > config.model.concurrent_streams:
        remedy = (
            f"{service.max_tasks} tasks could open {sessions} streams and the quota is "
            f"{config.model.concurrent_streams}; write at most {config.model.concurrent_streams // service.max_tasks}, "
            "or raise model.concurrent_streams once AWS has raised the quota"
        )
        refuse("service.sessions_per_task", service.sessions_per_task, remedy)
    if config.sessions_per_task > config.capacity.sessions:
        remedy = (
            f"a task was measured to hold {config.capacity.sessions} (config/capacity.json); write at most that, "
            "or leave the key out"
        )
        refuse("service.sessions_per_task", service.sessions_per_task, remedy)


def _timers(config: StageConfig) -> None:
    refuse, service = _refusal(config), config.service
    if not 5 <= service.heartbeat_s <= CLOUDFRONT_SILENCE_S // 2:
        refuse("service.heartbeat_s", service.heartbeat_s, f"write 5 to {CLOUDFRONT_SILENCE_S // 2}")
    if not 2 * service.heartbeat_s <= service.idle_timeout_s <= 4000:
        remedy = f"write at least {2 * service.heartbeat_s}, two heartbeats, and at most 4000"
        refuse("service.idle_timeout_s", service.idle_timeout_s, remedy)
    shortest = STREAM_LIFE_S + STREAM_MARGIN_S
    if not shortest <= service.deregistration_delay_s <= 3600:
        remedy = f"write {shortest} to 3600: a stream lives {STREAM_LIFE_S} s and may end in peace"
        refuse("service.deregistration_delay_s", service.deregistration_delay_s, remedy)
    if not 30 <= service.stop_timeout_s <= 120:
        refuse("service.stop_timeout_s", service.stop_timeout_s, "write 30 to 120, what Fargate grants")
    if not 0 <= service.drain_s <= service.stop_timeout_s - 10:
        remedy = f"write 0 to {service.stop_timeout_s - 10}, ten seconds inside service.stop_timeout_s"
        refuse("service.drain_s", service.drain_s, remedy)
    if service.log_retention_days not in LOG_RETENTION_DAYS:
        remedy = f"write one of {', '.join(map(str, LOG_RETENTION_DAYS))}"
        refuse("service.log_retention_days", service.log_retention_days, remedy)


def _users(config: StageConfig) -> None:
    """What one user may have, of what all have together."""
    refuse, service = _refusal(config), config.service
    if not 1 <= service.user_sessions <= config.model.concurrent_streams:
        remedy = f"write 1 to {config.model.concurrent_streams}, the streams there are"
        refuse("service.user_sessions", service.user_sessions, remedy)
    if not 1 <= service.user_minutes_per_day <= MINUTES_PER_DAY:
        refuse("service.user_minutes_per_day", service.user_minutes_per_day, f"write 1 to {MINUTES_PER_DAY}")
    for key, value in (
        ("user_usd_per_day", service.user_usd_per_day),
        ("usd_per_day", service.usd_per_day),
    ):
        if value is not None and value < 1:
            refuse(f"service.{key}", value, "write whole dollars, or leave it out for no limit")
    if service.user_usd_per_day and service.usd_per_day and service.user_usd_per_day > service.usd_per_day:
        remedy = (
            f"write at most service.usd_per_day, {service.usd_per_day}: one user cannot spend more than all"
        )
        refuse("service.user_usd_per_day", service.user_usd_per_day, remedy)
    if config.has_canary and service.user_minutes_per_day < config.canary_minutes_per_day:
        remedy = (
            f"the canary alone talks {config.canary_minutes_per_day} minutes a day; write that or more, "
            "or a longer canary.every_minutes"
        )
        refuse("service.user_minutes_per_day", service.user_minutes_per_day, remedy)


def _canary(config: StageConfig) -> None:
    refuse, every = _refusal(config), config.canary.every_minutes
    if every != 0 and not 2 <= every <= 60:
        refuse("canary.every_minutes", every, "write 2 to 60, or 0 for none")
    if every != 0 and config.network.egress is Egress.ENDPOINTS:
        remedy = "write 0: a task without a way out cannot come in by the page's address, as people do"
        refuse("canary.every_minutes", every, remedy)


def _rest(config: StageConfig) -> None:
    refuse = _refusal(config)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", config.alarms.email):
        refuse("alarms.email", config.alarms.email, "write the address that alarms go to")
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", config.delivery.repository):
        refuse(
            "delivery.repository", config.delivery.repository, "write OWNER/NAME of the repository on GitHub"
        )
    provider = config.delivery.oidc_provider_arn
    expected = f"arn:aws:iam::{config.stage.account}:oidc-provider/token.actions.githubusercontent.com"
    if provider is not None and provider != expected:
        refuse("delivery.oidc_provider_arn", provider, f"write {expected}, or leave it out to have one made")
    if config.image_digest is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", config.image_digest):
        remedy = "write sha256: and 64 hexadecimal digits, as the registry printed it"
        refuse("image_digest", config.image_digest, remedy)
    if (
        config.budget.idle_usd < 1
        or config.budget.busy_usd < config.budget.idle_usd
        or config.budget.session_hours < 1
    ):
        refuse(
            "budget.busy_usd",
            config.budget.busy_usd,
            "write whole dollars, the busy month not below the idle one",
        )
