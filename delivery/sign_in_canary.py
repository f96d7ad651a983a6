"""Sign the canary in: once a year, by a person with a browser, as its user with its second factor.

`make sign-in-canary STAGE=prod` prints an address. Sign in there as the user that was made for the canary; the browser
ends at /config.json, and the whole address from its address bar, pasted here, becomes a refresh token in the stage's secret.
"""

import argparse
import base64
import hashlib
import json
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from delivery.publish import CannotPublishError, outputs_of

_TIMEOUT_S: Final = 15


class CannotSignInError(Exception):
    """Nothing was changed; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Where the canary signs in, and where its browser is sent afterwards."""

    domain: str
    client_id: str
    scopes: str
    callback: str


def pool_of(stage: str, region: str) -> Pool:
    """Read the outputs of the stage's stacks; raises CannotSignInError where there is no canary."""
    identity = outputs_of(stage, region, "identity")
    if "CanaryClientId" not in identity:
        raise CannotSignInError(
            f"{stage} has no canary; write canary.every_minutes and the page's address, and deploy"
        )
    return Pool(
        domain=identity["SignInUrl"],
        client_id=identity["CanaryClientId"],
        scopes=identity["Scopes"],
        callback=f"{outputs_of(stage, region, 'frontend')['SiteUrl'].rstrip('/')}/config.json",
    )


def invitation(pool: Pool, *, state: str, verifier: str) -> str:
    """The address at which the canary's user signs in."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "client_id": pool.client_id,
        "redirect_uri": pool.callback,
        "response_type": "code",
        "scope": pool.scopes,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{pool.domain}/oauth2/authorize?{urlencode(query)}"


def refresh_token(pool: Pool, *, pasted: str, state: str, verifier: str) -> str:
    """What the address that the browser ended at is worth; raises CannotSignInError."""
    told = parse_qs(urlsplit(pasted.strip()).query)
    if told.get("state") != [state] or "code" not in told:
        raise CannotSignInError(
            "this is not the address at which the browser ended; it holds code= and the state that was sent"
        )
    fields = {
        "grant_type": "authorization_code",
        "client_id": pool.client_id,
        "code": told["code"][0],
        "redirect_uri": pool.callback,
        "code_verifier": verifier,
    }
    answer = _post(f"{pool.domain}/oauth2/token", fields)
    if "refresh_token" not in answer:
        raise CannotSignInError(f"the pool gave no refresh token ({answer.get('error', 'no reason')})")
    return answer["refresh_token"]


def _post(address: str, fields: Mapping[str, str]) -> dict[str, str]:
    # The address is an output of our own stack, and Cognito's.
    request = urllib.request.Request(address, data=urlencode(fields).encode())  # noqa: S310 - see above
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - see above
            return dict(json.load(answer))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return dict(json.loads(refusal.read() or b"{}"))


def keep(stage: str, region: str, token: str) -> None:
    """Put the token where the canary's start reads it."""
    store = boto3.client("secretsmanager", region_name=region)
    store.put_secret_value(SecretId=f"voice-{stage}-canary", SecretString=token)


def main(arguments: Sequence[str], *, ask: Callable[[str], str] = input) -> int:
    parser = argparse.ArgumentParser(prog="sign-in-canary", description="Sign a stage's canary in.")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--region", default="us-east-1")
    given = parser.parse_args(arguments)
    state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
    try:
        pool = pool_of(given.stage, given.region)
        sys.stdout.write(
            f"Sign in as the canary's user at\n\n{invitation(pool, state=state, verifier=verifier)}\n\n"
        )
        pasted = ask("The address at which the browser ended: ")
        keep(given.stage, given.region, refresh_token(pool, pasted=pasted, state=state, verifier=verifier))
    except (CannotSignInError, CannotPublishError, BotoCoreError, ClientError, OSError, ValueError) as error:
        sys.stderr.write(f"sign-in-canary: {error}\n")
        return 1
    sys.stdout.write("The canary is signed in for a year.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
