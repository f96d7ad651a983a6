"""A person signs the canary in, and the canary can renew that; anything else changes nothing."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import boto3
import httpx2
import pytest
from moto import mock_aws

from delivery import sign_in_canary
from delivery.sign_in_canary import CannotSignInError, Pool, invitation, keep, main, refresh_token
from talk.sign_in import renew
from tests.pool import user_pool

pytestmark = [pytest.mark.process, pytest.mark.timeout(60)]

STATE, VERIFIER = "the-state-that-was-sent", "v" * 64


def pool() -> Pool:
    running = user_pool()
    return Pool(
        domain=running.url,
        client_id=running.facts["client"],
        scopes="openid email profile",
        callback="http://127.0.0.1:8000/auth/callback",
    )


def ended_at(address: str) -> str:
    """Where a browser ends in which the canary's user signs in."""
    facts = user_pool().facts
    with httpx2.Client(timeout=20, trust_env=False, follow_redirects=True) as browser:
        page = browser.get(address)
        hidden = re.search(r'name="_csrf" value="([^"]+)"', page.text)
        assert hidden is not None
        form = {"_csrf": hidden[1], "username": facts["user"], "password": facts["password"]}
        return browser.post(page.url, data=form, follow_redirects=False).headers["location"]


def test_the_pasted_address_is_worth_a_token_that_can_be_renewed() -> None:
    wanted = pool()
    pasted = ended_at(invitation(wanted, state=STATE, verifier=VERIFIER))

    token = refresh_token(wanted, pasted=pasted, state=STATE, verifier=VERIFIER)

    assert renew(wanted.domain, client_id=wanted.client_id, refresh_token=token, timeout_s=10).count(".") == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "another"}, "not the address at which the browser ended"),
        ({"code": "invented"}, "no refresh token \\(invalid_grant\\)"),
    ],
)
def test_another_address_is_refused(change: dict[str, str], reason: str) -> None:
    wanted = pool()
    parts = urlsplit(ended_at(invitation(wanted, state=STATE, verifier=VERIFIER)))
    pasted = urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | change)))

    with pytest.raises(CannotSignInError, match=reason):
        refresh_token(wanted, pasted=pasted, state=STATE, verifier=VERIFIER)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_the_token_lies_where_the_canary_reads_it() -> None:
    store = boto3.client("secretsmanager", region_name="us-east-1")
    store.create_secret(Name="voice-prod-canary", SecretString="nothing yet")

    keep("prod", "us-east-1", "a token")

    assert "a token" == store.get_secret_value(SecretId="voice-prod-canary")["SecretString"]


@pytest.mark.usefixtures("aws")
def test_a_stage_that_is_not_deployed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["--stage", "prod"])
    assert "there is no stack voice-prod-identity" in capsys.readouterr().err


def test_a_stage_without_a_canary_says_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    def outputs(*_: Any) -> dict[str, str]:
        return {"SignInUrl": "https://x", "Scopes": "openid"}

    monkeypatch.setattr(sign_in_canary, "outputs_of", outputs)

    with pytest.raises(CannotSignInError, match=r"prod has no canary; write canary\.every_minutes"):
        sign_in_canary.pool_of("prod", "us-east-1")
