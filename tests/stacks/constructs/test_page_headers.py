"""CloudFront serves the page under the headers that the service serves it under on a laptop: one file, read by both."""

import pytest

from service.api.page import security_headers
from stacks.constructs.page_headers import content_security_policy
from tests.stacks.assemblies import Assembly
from tests.stacks.variants import committed, public

HEADERS = "AWS::CloudFront::ResponseHeadersPolicy"


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "public"])
def test_the_policy_is_the_services_but_for_the_sockets_address(name: str) -> None:
    config = public() if name == "public" else committed(name)
    issuer = f"https://cognito-idp.{config.stage.region}.amazonaws.com/pool"
    local = security_headers((issuer, config.sign_in_url))["Content-Security-Policy"]
    deployed = content_security_policy(config)

    assert words(local) - {"ws:"} == {word for word in words(deployed) if not word.startswith("wss://")}


@pytest.mark.parametrize("stage", ["dev", "staging", "prod", "public", "sealed"])
def test_every_other_header_is_as_written(assembly: Assembly, stage: str) -> None:
    [policy] = [
        resource["Properties"]["ResponseHeadersPolicyConfig"]
        for template in assembly.stages[stage].templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == HEADERS
    ]
    deployed = {item["Header"]: item["Value"] for item in policy["CustomHeadersConfig"]["Items"]}
    fixed = policy["SecurityHeadersConfig"]
    deployed["Referrer-Policy"] = fixed["ReferrerPolicy"]["ReferrerPolicy"]
    deployed["X-Content-Type-Options"] = "nosniff" if fixed["ContentTypeOptions"] else ""
    written = dict(security_headers(()))
    del written["Content-Security-Policy"]

    assert written == deployed


def words(policy: str) -> set[str]:
    """Each directive with each of its sources."""
    return {
        f"{directive} {source}" if not source.startswith(("ws", "https:")) else source
        for directive, *sources in (part.split() for part in policy.split("; "))
        for source in sources
    }
