"""One user pool for all tests that start processes, and somebody who is signed in there."""

import atexit
import base64
import functools
import hashlib
import json
import re
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
from websockets.asyncio.client import connect as websockets_connect

_CALLBACK: Final = "http://127.0.0.1:8000/auth/callback"
_PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPool:
    """A running stand-in for Cognito."""

    url: str
    facts: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What a service needs to take its users."""
        return {
            "VOICE_AUTH_ISSUER": self.facts["issuer"],
            "VOICE_AUTH_CLIENT_IDS": self.facts["client"],
            "VOICE_AUTH_DOMAIN": self.url,
        }

    def control(self, path: str, body: object) -> Any:
        """What an administrator does."""
        request = urllib.request.Request(  # noqa: S310 - our own http URL
            f"{self.facts['control']}/{path}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310 - as above
            return json.load(answer)

    def sign_in(self, user: str | None = None, password: str | None = None) -> dict[str, Any]:
        """Every token of a new sign-in, got as a browser and a page get them."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self.facts["client"],
            "redirect_uri": _CALLBACK,
            "response_type": "code",
            "scope": "openid email profile",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        with httpx2.Client(base_url=self.url, timeout=_PATIENCE_S, trust_env=False) as browser:
            csrf = re.search(r'name="_csrf" value="([^"]+)"', browser.get("/login", params=query).text)
            assert csrf is not None
            form = {
                "_csrf": csrf[1],
                "username": user or self.facts["user"],
                "password": password or self.facts["password"],
            }
            back = browser.post("/login", params=query, data=form).headers["location"]
            fields = {
                "grant_type": "authorization_code",
                "client_id": self.facts["client"],
                "code": parse_qs(urlsplit(back).query)["code"][0],
                "redirect_uri": _CALLBACK,
                "code_verifier": verifier,
            }
            tokens: dict[str, Any] = browser.post("/oauth2/token", data=fields).json()
            return tokens


@contextmanager
def running_pool() -> Iterator[UserPool]:
    """A pool of one's own, for tests that turn its keys or break it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulators.cognito", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        _, url, *facts = process.stdout.readline().split()
        yield UserPool(url=url, facts=dict(fact.split("=", 1) for fact in facts))
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)
        process.stdout.close()


@functools.cache
def user_pool() -> UserPool:
    """The pool of all, started when it is first asked for and ended with the tests."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(running_pool())


@functools.cache
def bearer() -> dict[str, str]:
    """The header that signs the pool's first user in."""
    return {"Authorization": f"Bearer {user_pool().sign_in()['access_token']}"}


def connect(url: str, **options: Any) -> websockets_connect:
    """A connection of somebody who is signed in; headers of one's own come on top, or instead."""
    headers = {**bearer(), **options.pop("additional_headers", {})}
    return websockets_connect(url, additional_headers=headers, **options)
