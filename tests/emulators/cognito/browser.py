"""A pool in memory, and a browser and a client in front of it."""

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.testclient import TestClient

from emulators.cognito.app import create_app
from emulators.cognito.grants import challenge_of
from emulators.cognito.pool import load
from emulators.cognito.stand_in import StandIn

BASE: Final = "http://127.0.0.1:8446"
CLIENT: Final = "voice-page"
CALLBACK: Final = "http://127.0.0.1:8000/auth/callback"
SIGNED_OUT: Final = "http://127.0.0.1:8000/"
EMAIL, PASSWORD = "demo@example.com", "Talk-to-me-1"
ADMIN_EMAIL, ADMIN_PASSWORD = "admin@example.com", "Look-after-it-1"
SCOPE: Final = "openid email profile"


@dataclass
class Scene:
    """A stand-in whose clock a test moves, and a browser that follows no redirect by itself."""

    now: float = 1_800_000_000.25
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def __post_init__(self) -> None:
        self.stand_in = StandIn(pool=load(), base_url=BASE, clock=lambda: self.now)
        self.http = TestClient(create_app(self.stand_in), base_url=BASE, follow_redirects=False)

    def authorize_query(self, **changes: str | None) -> str:
        query = {
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": SCOPE,
            "state": "st/at=e",
            "nonce": "n-1",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        return urlencode({name: value for name, value in query.items() if value is not None})

    def authorize(self, **changes: str | None) -> Any:
        return self.http.get(f"/oauth2/authorize?{self.authorize_query(**changes)}")

    def type_password(self, email: str = EMAIL, password: str = PASSWORD, **changes: str | None) -> Any:
        """Open the sign-in page, and send its form."""
        address = f"/login?{self.authorize_query(**changes)}"
        page = self.http.get(address)
        csrf = re.search(r'name="_csrf" value="([^"]+)"', page.text)
        assert csrf is not None, page.text
        return self.http.post(address, data={"_csrf": csrf[1], "username": email, "password": password})

    def code(self, email: str = EMAIL, password: str = PASSWORD, **changes: str | None) -> str:
        return told(self.type_password(email, password, **changes))["code"]

    def token(self, **fields: str) -> Any:
        return self.http.post("/oauth2/token", data={"client_id": CLIENT, **fields})

    def exchange(self, code: str, **changes: str) -> Any:
        fields = {"redirect_uri": CALLBACK, "code_verifier": self.verifier, **changes}
        return self.token(grant_type="authorization_code", code=code, **fields)

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **changes: str | None) -> dict[str, Any]:
        """All of it, from the page to the tokens."""
        answer = self.exchange(self.code(email, password, **changes))
        assert 200 == answer.status_code, answer.text
        return dict(answer.json())

    def refresh(self, refresh_token: str, **changes: str) -> Any:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    def user_info(self, access_token: str) -> Any:
        return self.http.get("/oauth2/userInfo", headers={"authorization": f"Bearer {access_token}"})

    def control(self, path: str, body: object = None) -> Any:
        if body is None:
            return self.http.get(f"/control/{path}")
        return self.http.post(f"/control/{path}", json=body)


def told(answer: Any) -> dict[str, str]:
    """What a redirect tells the client."""
    assert 302 == answer.status_code, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def header_of(token: str) -> dict[str, Any]:
    return _part(token, 0)


def claims_of(token: str) -> dict[str, Any]:
    return _part(token, 1)


def _part(token: str, index: int) -> dict[str, Any]:
    text = token.split(".")[index]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read
