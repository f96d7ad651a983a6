"""What may differ between stages: `config/*.toml` as one frozen, typed value.

The shape is here, the parsing in `stage_parsing.py`, and what must agree with what in `stage_checks.py`.
Each field is documented where an operator meets it, beside its key in `config/dev.toml`.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from stacks.capacity import Capacity

# The object in `identity.keys_bucket`: a copy of the pool's public keys.
KEYS_OBJECT: Final = "jwks.json"
MINUTES_PER_DAY: Final = 1440


class Egress(StrEnum):
    """How the tasks reach AWS: by interface endpoints without a default route, or through NAT gateways."""

    ENDPOINTS = "endpoints"
    NAT = "nat"


class EdgeMode(StrEnum):
    """How CloudFront reaches the load balancer: an internal one inside the VPC, or a public one."""

    VPC_ORIGIN = "vpc_origin"
    PUBLIC_ALB = "public_alb"


class Architecture(StrEnum):
    """The processor of the tasks."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class Mfa(StrEnum):
    """Whether every user must have a second factor, or may."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Which environment this is."""

    name: str
    account: str
    region: str
    protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The VPC."""

    cidr: str
    availability_zones: tuple[str, ...]
    egress: Egress
    cloudfront_prefix_list: str
    s3_prefix_list: str
    dynamodb_prefix_list: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The names that browsers and CloudFront use, and the certificates that prove them."""

    origin_name: str
    origin_certificate_arn: str | None = None
    site_name: str | None = None
    site_certificate_arn: str | None = None
    zone_id: str | None = None
    zone_name: str | None = None
    generated_site_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """CloudFront and the firewall in front of it."""

    mode: EdgeMode
    countries: tuple[str, ...] = ()
    requests_per_five_minutes: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who may sign in, and how."""

    domain_prefix: str
    mfa: Mfa
    self_sign_up: bool = False
    threat_protection: bool = False
    access_token_minutes: int = 60
    local_site_url: str | None = None
    keys_bucket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The speech model and what the account may use of it."""

    id: str
    region: str
    concurrent_streams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The tasks, and the timers that must fit into one another."""

    architecture: Architecture
    min_tasks: int = 2
    max_tasks: int = 10
    sessions_per_task: int | None = None
    target_utilization_percent: int = 60
    heartbeat_s: int = 5
    idle_timeout_s: int = 120
    deregistration_delay_s: int = 600
    drain_s: int = 90
    stop_timeout_s: int = 120
    user_sessions: int = 3
    user_minutes_per_day: int = 120
    user_usd_per_day: int | None = None
    usd_per_day: int | None = None
    protect_tasks: bool = False
    log_retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """The scheduled conversation that notices before people do; every 0 minutes is never."""

    every_minutes: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Who is woken."""

    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Which repository's workflows may deploy here."""

    repository: str
    oidc_provider_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a month may cost, without the model: idle, and with so many hours of conversation."""

    idle_usd: int
    session_hours: int
    busy_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """Everything that a stage decides. Whatever is not here is the same in all stages."""

    stage: Stage
    network: Network
    domain: Domain
    edge: Edge
    identity: Identity
    model: Model
    service: Service
    canary: Canary
    alarms: Alarms
    delivery: Delivery
    budget: Budget
    capacity: Capacity
    image_digest: str | None = None
    source: str = field(default="config", compare=False)

    @property
    def site_url(self) -> str | None:
        """The one origin of page, REST and WebSocket; None until CloudFront has generated a name for it."""
        return f"https://{self.domain.site_name}" if self.domain.site_name else self.domain.generated_site_url

    @property
    def sessions_per_task(self) -> int:
        """As written; otherwise as many as were measured, as far as the model's quota goes round."""
        if self.service.sessions_per_task is not None:
            return self.service.sessions_per_task
        return min(self.capacity.sessions, self.model.concurrent_streams // self.service.max_tasks)

    @property
    def sign_in_url(self) -> str:
        """The pool's own domain: managed login, and where a token's standing is asked for."""
        return f"https://{self.identity.domain_prefix}.auth.{self.stage.region}.amazoncognito.com"

    @property
    def keys_url(self) -> str | None:
        """Where the pool's keys are read instead of at the pool; only tasks without a way out need that."""
        bucket = self.identity.keys_bucket
        return f"https://{bucket}.s3.{self.stage.region}.amazonaws.com/{KEYS_OBJECT}" if bucket else None

    @property
    def has_canary(self) -> bool:
        """Whether there is a canary: it comes from outside like everybody, so it needs the page's address."""
        return self.canary.every_minutes > 0 and self.site_url is not None

    @property
    def canary_minutes_per_day(self) -> int:
        """What the canary talks: a sentence and its answer, a quarter of a minute each time."""
        return math.ceil(MINUTES_PER_DAY / self.canary.every_minutes / 4) if self.has_canary else 0

    @property
    def model_arn(self) -> str:
        return f"arn:aws:bedrock:{self.model.region}::foundation-model/{self.model.id}"

    def named(self, part: str) -> str:
        """The physical name of a stack or of a thing that people look for by name."""
        return f"voice-{self.stage.name}-{part}"
