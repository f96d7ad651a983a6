"""Getting an access token as the page does: authorization code with PKCE, the password typed into the pool's own page.

    token = sign_in(fetch_config("ws://127.0.0.1:8000/ws"), user="demo@example.com", password="...")

Only a page that is a plain form can be filled in like this, as the stand-in's is. For a real user pool, whose managed
login wants a browser, give a token instead (`--token`, or TALK_TOKEN in the environment).
"""

import base64
import hashlib
import http.cookiejar
import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit, urlunsplit

from talk.connection import CannotConnect, get_json, socket_url

_CALLBACK_PATH: Final = "/auth/callback"
_HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_REDIRECTS: Final = frozenset({302, 303})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How the service says that one signs in, and the address that the page would be sent back to."""

    authority: str
    client_id: str
    scopes: Sequence[str]
    callback: str


def fetch_config(url: str, *, timeout_s: float) -> Config:
    """Read /config.json of the service; raises CannotConnect."""
    parts = urlsplit(socket_url(url))
    origin = urlunsplit(("https" if parts.scheme == "wss" else "http", parts.netloc, "", "", ""))
    match get_json(f"{origin}/config.json", timeout_s):
        case {"authority": str(authority), "clientId": str(client_id), "scopes": [*scopes]}:
            callback = origin + _CALLBACK_PATH
            return Config(authority=authority, client_id=client_id, scopes=scopes, callback=callback)
        case _:
            raise CannotConnect(f"{origin}/config.json does not say how to sign in; is it the assistant?")


def sign_in(config: Config, *, user: str, password: str, timeout_s: float) -> str:
    """An access token; raises CannotConnect with what is wrong."""
    browser = _Browser(timeout_s)
    endpoints = get_json(f"{config.authority}/.well-known/openid-configuration", timeout_s)
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    query = urlencode(
        {
            "client_id": config.client_id,
            "redirect_uri": config.callback,
            "response_type": "code",
            "scope": " ".join(config.scopes),
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
    )
    try:
        page_address, page = browser.open(f"{endpoints['authorization_endpoint']}?{query}")
        form = {name: unescape(value) for name, value in _HIDDEN.findall(page)}
        if not form:
            raise CannotConnect(
                f"{page_address} is no sign-in page that this client can fill in; give --token"
            )
        back, _ = browser.open(
            page_address, {**form, "username": user, "password": password}, stop_at=config.callback
        )
        told = parse_qs(urlsplit(back).query)
        if not back.startswith(config.callback) or told.get("state") != [state] or "code" not in told:
            raise CannotConnect(f"nobody could be signed in as {user}: wrong user or password")
        fields = {
            "grant_type": "authorization_code",
            "client_id": config.client_id,
            "code": told["code"][0],
            "redirect_uri": config.callback,
            "code_verifier": verifier,
        }
        _, answer = browser.open(endpoints["token_endpoint"], fields)
        return str(json.loads(answer)["access_token"])
    except (KeyError, ValueError, OSError) as failure:
        raise CannotConnect(f"signing in at {config.authority} failed: {failure}") from failure


def renew(domain: str, *, client_id: str, refresh_token: str, timeout_s: float) -> str:
    """A fresh access token for somebody who signed in once; raises CannotConnect.

    Unlike the pool's own API, the token endpoint of its domain gives tokens the scopes of the first sign-in.
    """
    fields = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
    try:
        _, answer = _Browser(timeout_s).open(f"{domain}/oauth2/token", fields)
        told = json.loads(answer)
    except (ValueError, OSError) as failure:
        raise CannotConnect(f"signing in at {domain} failed: {failure}") from failure
    match told:
        case {"access_token": str(token)}:
            return token
        case {"error": str(error)}:
            raise CannotConnect(f"{domain} does not take the refresh token ({error}); sign in once more")
        case _:
            raise CannotConnect(f"{domain} does not answer as a user pool does")


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to us: one of them leads to the page, which is not to be asked."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class _Browser:
    """Keeps cookies and follows redirects up to a given address."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(_NoRedirect, cookies)

    def open(
        self, address: str, form: Mapping[str, str] | None = None, *, stop_at: str | None = None
    ) -> tuple[str, str]:
        """The address where it ends, and the text there."""
        data = None if form is None else urlencode(form).encode()
        for _ in range(5):
            status, where, text = self._ask(address, data)
            if where is None or status not in _REDIRECTS:
                return address, text
            address, data = urljoin(address, where), None
            if stop_at is not None and address.startswith(stop_at):
                return address, ""
        raise CannotConnect(f"{address} redirects without end")

    def _ask(self, address: str, data: bytes | None) -> tuple[int, str | None, str]:
        if urlsplit(address).scheme not in {"http", "https"}:
            raise CannotConnect(f"{address} is no web address")
        try:
            answer = self._opener.open(address, data, timeout=self._timeout_s)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return (
                answer.status,
                answer.headers.get("location"),
                answer.read(100_000).decode(errors="replace"),
            )
