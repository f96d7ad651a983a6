"""The configurations that the tests synthesise: the committed stages, and one that takes every other mode."""

from pathlib import Path
from typing import Any, Final

from stacks.paths import CONFIG
from stacks.stage_config import StageConfig
from stacks.stage_parsing import load, parse

# A digest that no image has: the tests look at how it is used, not at what it names.
EXAMPLE_DIGEST: Final = "sha256:" + "0123456789abcdef" * 4
COMMITTED: Final = ("dev", "staging", "prod")

PUBLIC: Final[dict[str, Any]] = {
    "stage": {"name": "public", "account": "123456789012", "region": "us-west-2", "protected": True},
    "network": {
        "cidr": "10.50.0.0/22",
        "availability_zones": ["us-west-2a", "us-west-2b"],
        "egress": "endpoints",
        "cloudfront_prefix_list": "pl-82a045eb",
        "s3_prefix_list": "pl-68a54001",
        "dynamodb_prefix_list": "pl-00a54069",
    },
    "domain": {
        "origin_name": "origin.talk.example.org",
        "site_name": "talk.example.org",
        "zone_id": "Z0123456789EXAMPLE",
        "zone_name": "example.org",
    },
    "edge": {"mode": "public_alb", "countries": ["DE", "FR"], "requests_per_five_minutes": 2000},
    "identity": {
        "domain_prefix": "talk-example",
        "mfa": "required",
        "threat_protection": True,
        "self_sign_up": True,
        "keys_bucket": "talk-example-keys",
    },
    "model": {"id": "amazon.nova-2-sonic-v1:0", "region": "us-west-2", "concurrent_streams": 1000},
    "service": {"architecture": "x86_64", "sessions_per_task": 40, "min_tasks": 3, "log_retention_days": 731},
    "canary": {"every_minutes": 0},
    "alarms": {"email": "oncall@example.org"},
    "delivery": {
        "repository": "example/talk",
        "oidc_provider_arn": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
    },
    "budget": {"idle_usd": 400, "session_hours": 1000, "busy_usd": 500},
}

# A protected stage without a way out: nothing but AWS, and of that only what the tasks call.
SEALED: Final[dict[str, object]] = {
    "stage.name": "sealed",
    "stage.account": "210987654321",
    "network.cidr": "10.60.0.0/20",
    "network.egress": "endpoints",
    "domain.site_name": "sealed.voice.example.com",
    "domain.origin_name": "origin.sealed.voice.example.com",
    "identity.domain_prefix": "voice-assistant-sealed",
    "identity.keys_bucket": "voice-assistant-keys",
    "canary.every_minutes": 0,
    "service.protect_tasks": True,
}


def committed(name: str, folder: Path = CONFIG) -> StageConfig:
    return load(folder, name, overrides={"image_digest": EXAMPLE_DIGEST})


def sealed() -> StageConfig:
    return load(CONFIG, "prod", overrides={**SEALED, "image_digest": EXAMPLE_DIGEST})


def public() -> StageConfig:
    return parse({**PUBLIC, "image_digest": EXAMPLE_DIGEST}, source="the tests")
