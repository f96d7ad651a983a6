"""The stand-in's state, and the few verbs that all its endpoints share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulators.cognito import tokens
from emulators.cognito.grants import Grants, SignIn
from emulators.cognito.keys import Keys
from emulators.cognito.pool import Client, Pool, User

MAX_BODY_BYTES = 16_384
_FORM = "application/x-www-form-urlencoded"

# The token endpoint and its neighbours are called by pages of other origins, without credentials.
CORS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(slots=True, kw_only=True)
class StandIn:
    """One user pool and everything it has handed out."""

    pool: Pool
    base_url: str
    clock: Callable[[], float]
    keys: Keys = field(default_factory=Keys)
    grants: Grants = field(default_factory=Grants)
    outage: HTTPStatus | None = None
    """When set, every endpoint but the control ones answers with this."""

    @property
    def issuer(self) -> str:
        """Cognito's is `https://cognito-idp.REGION.amazonaws.com/POOL`; the last part is the same here."""
        return f"{self.base_url}/{self.pool.pool_id}"

    def tokens_for(self, sign_in: SignIn, *, first: bool) -> dict[str, Any]:
        """Access, ID and refresh token of a sign-in."""
        client, user = self.client_of(sign_in), self.user_of(sign_in)
        answer = tokens.issue(
            keys=self.keys,
            issuer=self.issuer,
            user=user,
            client=client,
            sign_in=sign_in,
            now=self.clock(),
            first=first,
        )
        answer["refresh_token"] = self.grants.issue_refresh(sign_in, lifetime_s=client.refresh_token_s)
        return answer

    def client_of(self, sign_in: SignIn) -> Client:
        return self.pool.clients[sign_in.client_id]

    def user_of(self, sign_in: SignIn) -> User:
        user = self.pool.user_of(sign_in.sub)
        assert user is not None  # noqa: S101 - users are never deleted, so a sign-in of ours has one
        return user

    def is_good(self, sign_in: SignIn) -> bool:
        """Whether a sign-in still stands: not revoked, its user enabled and not signed out everywhere."""
        return self.user_of(sign_in).may_use(sign_in.at) and not self.grants.is_revoked(sign_in.origin_jti)


class FormError(Exception):
    """Raised when a request's body is no form, or names a field twice."""


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, each of which may come once (RFC 6749, section 3.2); raises FormError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise FormError(f"the body must be {_FORM}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise FormError(f"the body must not exceed {MAX_BODY_BYTES} bytes")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise FormError("the body is not readable as a form") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormError("a field comes twice")
    return fields


def oauth_error(
    error: str, description: str = "", *, status: HTTPStatus = HTTPStatus.BAD_REQUEST, challenge: str = ""
) -> Response:
    """An error as RFC 6749 and RFC 6750 spell it."""
    body = {"error": error, **({"error_description": description} if description else {})}
    headers = {**CORS, **({"WWW-Authenticate": challenge} if challenge else {})}
    return JSONResponse(body, status_code=status, headers=headers)
