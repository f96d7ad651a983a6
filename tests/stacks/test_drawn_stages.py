"""Configurations that nobody wrote: an impossible one is refused with a sentence, a possible one has the properties."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stacks.capacity import load_capacity
from stacks.errors import ConfigurationError
from stacks.stage_checks import MODEL_REGIONS
from stacks.stage_parsing import parse
from tests.stacks.architecture_rules import broken_in
from tests.stacks.assemblies import synthesise
from tests.stacks.test_properties import CHECKS
from tests.stacks.variants import EXAMPLE_DIGEST

# Some by default, so that the suite stays fast; STAGE_EXAMPLES=200 for a night.
EXAMPLES = int(os.environ.get("STAGE_EXAMPLES", "4"))
PREFIX_LISTS = {
    "cloudfront_prefix_list": "pl-3b927c52",
    "s3_prefix_list": "pl-63a5400a",
    "dynamodb_prefix_list": "pl-02cd2c6b",
}
CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/00000000-0000-4000-8000-000000000001"
NAME = st.from_regex(r"[a-z][a-z0-9]{1,8}", fullmatch=True)


@st.composite
def possible(draw: st.DrawFn) -> dict[str, Any]:
    """A configuration in which everything agrees: choices first, then the values that they force."""
    model = draw(st.sampled_from(sorted(MODEL_REGIONS)))
    region = draw(st.sampled_from(MODEL_REGIONS[model]))
    protected = draw(st.booleans())
    named = protected or draw(st.booleans())
    zone = draw(st.booleans())
    zones = draw(st.integers(2, 3))
    max_tasks = draw(st.integers(2, 10))
    sessions = draw(st.integers(1, load_capacity().sessions))
    heartbeat = draw(st.integers(5, 300))
    stop = draw(st.integers(30, 120))
    egress = draw(st.sampled_from(["endpoints", "nat"]))
    every = 0 if egress == "endpoints" else draw(st.sampled_from([0, 5, 30, 60]))
    domain: dict[str, Any] = {"origin_name": "origin.voice.example.com"}
    if zone:
        domain |= {"zone_id": "Z0123456789EXAMPLE", "zone_name": "example.com"}
    else:
        domain["origin_certificate_arn"] = CERTIFICATE.format(region)
    if named:
        domain["site_name"] = "voice.example.com"
        if not zone:
            domain["site_certificate_arn"] = CERTIFICATE.format("us-east-1")
    return {
        "stage": {"name": draw(NAME), "account": "123456789012", "region": region, "protected": protected},
        "network": {
            "cidr": f"10.{draw(st.integers(0, 255))}.0.0/{draw(st.integers(16, 22))}",
            "availability_zones": [f"{region}{letter}" for letter in "abc"[:zones]],
            "egress": egress,
            **PREFIX_LISTS,
        },
        "domain": domain,
        "edge": {"mode": draw(st.sampled_from(["vpc_origin", "public_alb"]))},
        "identity": {
            "domain_prefix": "talk-" + draw(NAME).replace("aws", "x"),
            "mfa": "required" if protected else draw(st.sampled_from(["required", "optional"])),
            "self_sign_up": draw(st.booleans()),
            "threat_protection": draw(st.booleans()),
            **({} if named else {"local_site_url": "http://localhost:8000"}),
            **({"keys_bucket": "keys-of-the-pool"} if egress == "endpoints" else {}),
        },
        "model": {"id": model, "region": region, "concurrent_streams": sessions * max_tasks},
        "service": {
            "architecture": draw(st.sampled_from(["arm64", "x86_64"])),
            "min_tasks": draw(st.integers(2, max_tasks)),
            "max_tasks": max_tasks,
            **({"sessions_per_task": sessions} if draw(st.booleans()) else {}),
            "target_utilization_percent": draw(st.integers(20, 80)),
            "heartbeat_s": heartbeat,
            "idle_timeout_s": draw(st.integers(max(2 * heartbeat, 40), 4000)),
            "deregistration_delay_s": draw(st.integers(540, 3600)),
            "stop_timeout_s": stop,
            "drain_s": draw(st.integers(0, stop - 10)),
            "user_sessions": draw(st.integers(1, sessions * max_tasks)),
            "user_minutes_per_day": draw(st.integers(72, 1440)),
            "protect_tasks": draw(st.booleans()),
            **(
                {"usd_per_day": 100, "user_usd_per_day": draw(st.integers(1, 100))}
                if draw(st.booleans())
                else {}
            ),
            "log_retention_days": draw(st.sampled_from([30, 90, 365, 731])),
        },
        "canary": {"every_minutes": every},
        "alarms": {"email": "oncall@example.com"},
        "delivery": {"repository": "example/voice"},
        "budget": {"idle_usd": 1, "session_hours": 1, "busy_usd": 1},
        "image_digest": EXAMPLE_DIGEST,
    }


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.text(max_size=8), max_size=3)
)


@given(document=possible(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_parses_or_is_refused_with_one_sentence(
    document: dict[str, Any], data: st.DataObject
) -> None:
    table = data.draw(st.sampled_from(sorted(set(document) - {"image_digest"})))
    key = data.draw(st.sampled_from([*document[table], "unheard_of"]))
    document[table] = {**document[table], key: data.draw(ANYTHING)}

    sentence = refusal(document)
    assert sentence is None or sentence.startswith("config/drawn.toml: ")


def refusal(document: dict[str, Any]) -> str | None:
    """The sentence, or None; any other exception is a fault of ours."""
    try:
        parse(document, source="config/drawn.toml")
    except ConfigurationError as error:
        return str(error)
    return None


@given(document=possible())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 50,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_whatever_is_possible_has_the_properties(document: dict[str, Any]) -> None:
    config = parse(document, source="config/drawn.toml")
    with TemporaryDirectory() as folder:
        stage = synthesise([config], Path(folder), checked=False).stages[config.stage.name]

    assert set() == broken_in(stage)
    assert [] == [sentence for check in CHECKS for sentence in check(stage)]
