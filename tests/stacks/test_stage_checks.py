"""Whatever cannot be stops synthesis with one sentence: key, value, and what to write instead."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from stacks.errors import ConfigurationError
from stacks.paths import CONFIG
from stacks.stage_checks import check_together
from stacks.stage_parsing import load, parse
from tests.stacks.variants import COMMITTED, SEALED, committed

ARN = "arn:aws:acm:us-east-1:777788889999:certificate/00000000-0000-4000-8000-000000000009"

REFUSED = (
    ("stage.name", "Prod!", "2 to 15 small letters"),
    ("stage.account", "1234", "12 digits"),
    ("stage.region", "mars", "us-east-1"),
    ("network.cidr", "10.40.0.0/33", "10.20.0.0/20"),
    ("network.cidr", "10.40.0.1/20", "10.20.0.0/20"),
    ("network.cidr", "8.8.0.0/16", "private range"),
    ("network.cidr", "10.40.0.0/23", "37 are needed"),
    ("network.availability_zones", ["us-east-1a"], "two or three different zones"),
    ("network.availability_zones", ["us-east-1a", "us-east-1a"], "two or three different zones"),
    ("network.availability_zones", ["us-east-1a", "eu-west-1a"], "zones of us-east-1"),
    ("network.egress", "proxy", "endpoints, nat"),
    ("network.egress", "endpoints", "nobody could sign in: Cognito takes no request through an endpoint"),
    ("identity.keys_bucket", "keys", "leave it out: behind NAT"),
    ("network.s3_prefix_list", "s3", "com.amazonaws.us-east-1.s3"),
    ("network.cloudfront_prefix_list", "pl-", "origin-facing"),
    ("domain.origin_name", "Origin", "host name"),
    ("domain.origin_name", "voice.example.com", "two different names"),
    (
        "domain.origin_certificate_arn",
        "arn:aws:acm:eu-west-1:777788889999:certificate/x",
        "ACM certificate in us-east-1",
    ),
    ("domain.zone_id", "Z1", "zone_id and zone_name together"),
    ("domain.generated_site_url", "https://d1.cloudfront.net", "leave it out"),
    ("edge.mode", "open", "vpc_origin, public_alb"),
    ("edge.countries", ["Germany"], "two capital letters"),
    ("edge.requests_per_five_minutes", 5, "100 to 1000000"),
    ("identity.domain_prefix", "my-aws-login", "without aws"),
    ("identity.mfa", "optional", "second factor"),
    ("identity.access_token_minutes", 90, "5 to 60"),
    ("identity.local_site_url", "http://localhost:8000", "never sends codes to localhost"),
    ("model.id", "amazon.nova-sonic-v1:0", "end of life"),
    ("model.id", "amazon.nova-9", "amazon.nova-2-sonic-v1:0"),
    ("model.region", "eu-west-1", "is not there"),
    ("service.min_tasks", 1, "at least 2"),
    ("service.min_tasks", 11, "at most service.max_tasks"),
    ("service.max_tasks", 11, "at most 10"),
    ("service.sessions_per_task", 0, "at least 1"),
    ("model.concurrent_streams", 9, "10 tasks need a stream each; write fewer in service.max_tasks"),
    ("service.sessions_per_task", 51, "could open 510 streams and the quota is 500; write at most 50"),
    ("service.target_utilization_percent", 95, "20 to 80"),
    ("service.heartbeat_s", 1, "5 to 300"),
    ("service.heartbeat_s", 61, "at least 122, two heartbeats"),
    ("service.idle_timeout_s", 9, "at least 10"),
    ("service.idle_timeout_s", 4001, "at most 4000"),
    ("service.deregistration_delay_s", 480, "540 to 3600"),
    ("service.stop_timeout_s", 121, "30 to 120"),
    ("service.drain_s", 115, "ten seconds inside"),
    ("service.user_sessions", 0, "1 to 500, the streams there are"),
    ("service.user_sessions", 501, "1 to 500"),
    ("service.user_minutes_per_day", 1441, "1 to 1440"),
    ("service.user_minutes_per_day", 60, "the canary alone talks 72 minutes a day"),
    ("service.usd_per_day", 0, "whole dollars"),
    ("service.user_usd_per_day", 0, "whole dollars"),
    ("canary.every_minutes", 1, "2 to 60, or 0 for none"),
    ("canary.every_minutes", 61, "2 to 60"),
    ("service.log_retention_days", 7, "write one of 30"),
    ("alarms.email", "nobody", "address"),
    ("delivery.repository", "voice", "OWNER/NAME"),
    ("delivery.oidc_provider_arn", "arn:x", "oidc-provider/token.actions.githubusercontent.com"),
    ("budget.busy_usd", 1, "not below the idle one"),
    ("image_digest", "sha256:123", "64 hexadecimal digits"),
    ("image_digest", "latest", "64 hexadecimal digits"),
    ("service.sesions_per_task", 5, "did you mean sessions_per_task?"),
    ("service.sessions_per_task", "fifty", "whole number"),
    ("service.sessions_per_task", True, "whole number"),
    ("stage.protected", "yes", "true or false"),
    ("network.availability_zones", "us-east-1a", "list of texts"),
    ("alarms.email", "", "write a text"),
    ("netwrok", {"cidr": "x"}, "did you mean network?"),
    ("alarms", 5, "write a table [alarms]"),
)


def _shortest(key: str, blamed: str) -> bool:
    """Whether the blamed key is the changed one, or the other half of the pair that no longer agrees."""
    partners = {
        ("domain.origin_name", "domain.site_name"),
        ("service.heartbeat_s", "service.idle_timeout_s"),
        ("service.min_tasks", "service.max_tasks"),
    }
    return key == blamed or (key, blamed) in partners


@pytest.mark.parametrize(("key", "value", "remedy"), REFUSED, ids=lambda v: str(v)[:40])
def test_an_impossible_value_is_refused_with_its_remedy(key: str, value: object, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(CONFIG, "prod", overrides={key: value})

    assert _shortest(key, refused.value.key), refused.value
    assert str(refused.value).startswith("config/prod.toml: ")
    assert remedy in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())


@pytest.mark.parametrize(
    ("key", "value", "blamed", "remedy"),
    [
        ("identity.keys_bucket", None, "network.egress", 'write "nat", or identity.keys_bucket'),
        ("identity.keys_bucket", "my.bucket", "identity.keys_bucket", "without dots"),
        ("canary.every_minutes", 5, "canary.every_minutes", "cannot come in by the page's address"),
        ("model.region", "us-west-2", "model.region", "an endpoint reaches only us-east-1"),
    ],
)
def test_a_stage_without_a_way_out_says_what_it_cannot(
    key: str, value: object, blamed: str, remedy: str
) -> None:
    overrides = {name: one for name, one in {**SEALED, key: value}.items() if one is not None}

    with pytest.raises(ConfigurationError) as refused:
        load(CONFIG, "prod", overrides=overrides)

    assert blamed == refused.value.key
    assert remedy in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())


def test_one_user_never_has_more_money_than_all() -> None:
    overrides = {"service.user_usd_per_day": 6, "service.usd_per_day": 5}

    with pytest.raises(
        ConfigurationError, match=r"user_usd_per_day = 6: write at most service\.usd_per_day, 5"
    ):
        load(CONFIG, "prod", overrides=overrides)


def without(stage: str, table: str, key: str) -> dict[str, Any]:
    """A committed stage with one key left out."""
    document = tomllib.loads((CONFIG / f"{stage}.toml").read_text())
    del document[table][key]
    return document


def test_a_name_without_a_certificate_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"domain\.site_name = .* has no certificate; write domain\.site_cert"
    ):
        parse(without("prod", "domain", "site_certificate_arn"), source="config/prod.toml")


def test_a_key_without_which_nothing_works_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match=r"network\.cidr = \(missing\): write cidr = "):
        parse(without("prod", "network", "cidr"), source="config/prod.toml")


def test_a_certificate_without_a_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"write domain\.site_name too"):
        load(CONFIG, "dev", overrides={"domain.site_certificate_arn": ARN})


def test_a_protected_stage_needs_a_name_of_its_own() -> None:
    with pytest.raises(ConfigurationError, match=r"domain\.site_name = \(missing\): write the public name"):
        load(CONFIG, "dev", overrides={"stage.protected": True, "identity.mfa": "required"})


def test_a_stage_that_sign_in_cannot_return_to_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="sign-in must send people somewhere"):
        parse(without("dev", "identity", "local_site_url"), source="config/dev.toml")


def test_an_unknown_stage_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r'stage = "production": .* dev, staging, prod'):
        load(CONFIG, "production")


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"network.cidr": "10.20.0.0/16"}, "network.cidr"),
        ({"identity.domain_prefix": "voice-assistant-dev"}, "identity.domain_prefix"),
        ({"stage.account": "111122223333"}, "stage.account"),
    ],
)
def test_two_stages_never_claim_the_same(overrides: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_together([committed("dev"), load(CONFIG, "staging", overrides=overrides)])

    assert key == refused.value.key
    assert "dev" in str(refused.value) or "10.20" in str(refused.value)


def test_the_committed_stages_stand_together() -> None:
    check_together([committed(name) for name in COMMITTED])


def test_what_git_must_not_know_lies_over_the_committed_file(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text((CONFIG / "dev.toml").read_text())
    (tmp_path / "dev.local.toml").write_text('[stage]\naccount = "999900001111"\n')

    assert "999900001111" == load(tmp_path, "dev").stage.account
    assert committed("dev").network == load(tmp_path, "dev").network


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text("[stage\n")

    with pytest.raises(ConfigurationError, match=r"config/dev\.toml: the file = .*: write valid TOML"):
        load(tmp_path, "dev")
